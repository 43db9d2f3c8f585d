//! Which nodes serve which channel: consistent hashing (Karger et al. 1997) with bounded loads (Mirrokni, Thorup and Zadimoghaddam, "Consistent
//! hashing with bounded loads", SODA 2018): channels and sequencers have places on a circle, a channel belongs to the first sequencer from its
//! place on that still has room, and no sequencer has more than ⌈(1+ε)m/n⌉ of m channels.

use quorate_engine::NodeId;
use quorate_engine::random::mix;
use std::collections::BTreeMap;

/// Places that each sequencer has on the circle.
const PLACES: u64 = 64;

/// Where everything is, at first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Placement {
    /// The nodes that keep a channel's order, the one that sequences it first: never empty.
    replicas: Vec<Vec<NodeId>>,
    /// Who delivers a channel's messages, in ascending order, those that keep its order included.
    hearers: Vec<Vec<NodeId>>,
    shape: Shape,
}

/// How many of what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shape {
    /// Channels: at least 1.
    pub channels: u32,
    /// Nodes that may sequence, from node 0 on; the others only send and deliver. At least 1, at most all.
    pub sequencers: u32,
    /// How many of them keep a channel's order: at least 1.
    pub replicas: u32,
    /// How many of the other nodes deliver a channel's messages; 0: all.
    pub members: u32,
    /// ε, in hundredths.
    pub slack: u32,
    /// All nodes.
    pub nodes: u32,
}

impl Shape {
    /// The most channels that one of so many sequencers may have.
    fn capacity(&self, sequencers: u32) -> u32 {
        let with_slack = u64::from(100 + self.slack) * u64::from(self.channels);
        u32::try_from(with_slack.div_ceil(100 * u64::from(sequencers.max(1)))).unwrap_or(u32::MAX)
    }
}

impl Placement {
    /// Everything in its place.
    pub fn new(shape: Shape) -> Placement {
        let circle = circle(0..shape.sequencers);
        let others = circle_of_members(&shape);
        let capacity = shape.capacity(shape.sequencers);
        let mut loads = vec![0; shape.sequencers as usize];
        let place = |channel| mix(1, u64::from(channel));
        let mut replicas = Vec::with_capacity(shape.channels as usize);
        let mut hearers = Vec::with_capacity(shape.channels as usize);
        for channel in 0..shape.channels {
            let list = clockwise(&circle, place(channel), shape.sequencers);
            let owner = list.iter().position(|node| loads[node.index()] < capacity).unwrap_or(0);
            loads[list[owner].index()] += 1;
            let mut of_channel = vec![list[owner]];
            of_channel.extend(list.iter().copied().filter(|node| *node != list[owner]));
            of_channel.truncate(shape.replicas.max(1) as usize);
            let members = if shape.members == 0 { shape.nodes } else { shape.members };
            let mut heard = clockwise(&others, place(channel), members);
            heard.extend(&of_channel);
            if shape.members == 0 {
                heard.extend((0..shape.nodes).map(NodeId));
            }
            heard.sort_unstable();
            heard.dedup();
            replicas.push(of_channel);
            hearers.push(heard);
        }
        Placement { replicas, hearers, shape }
    }

    /// The first node of all sequences first, and the others follow in their order.
    pub(super) fn begin_with_the_first(&mut self) {
        self.replicas.iter_mut().for_each(|nodes| nodes.sort_unstable());
    }

    /// How many channels there are.
    pub fn channels(&self) -> u32 {
        self.replicas.len() as u32
    }

    /// Who keeps a channel's order, the first sequencer in front.
    pub fn replicas(&self, channel: u32) -> &[NodeId] {
        &self.replicas[channel as usize]
    }

    /// Who delivers its messages, in ascending order.
    pub fn hearers(&self, channel: u32) -> &[NodeId] {
        &self.hearers[channel as usize]
    }

    /// The nodes that may sequence.
    pub fn sequencers(&self) -> impl Iterator<Item = NodeId> {
        (0..self.shape.sequencers).map(NodeId)
    }

    /// Whether a node may sequence.
    pub fn sequences(&self, node: NodeId) -> bool {
        node.0 < self.shape.sequencers
    }

    /// The most channels that one of so many sequencers may have.
    pub fn capacity_of(&self, sequencers: u32) -> u32 {
        self.shape.capacity(sequencers)
    }

    /// Whether a node delivers its messages.
    pub fn hears(&self, channel: u32, node: NodeId) -> bool {
        self.hearers(channel).binary_search(&node).is_ok()
    }
}

fn circle_of_members(shape: &Shape) -> BTreeMap<u64, NodeId> {
    circle(shape.sequencers..if shape.members == 0 { shape.sequencers } else { shape.nodes })
}

fn circle(nodes: std::ops::Range<u32>) -> BTreeMap<u64, NodeId> {
    nodes.flat_map(|node| (0..PLACES).map(move |place| (mix(2, u64::from(node) << 32 | place), NodeId(node)))).collect()
}

/// The nodes from a place on, each once, at most so many.
fn clockwise(circle: &BTreeMap<u64, NodeId>, place: u64, most: u32) -> Vec<NodeId> {
    let mut list = Vec::new();
    for (_, node) in circle.range(place..).chain(circle.range(..place)) {
        if list.len() == most as usize {
            break;
        }
        if !list.contains(node) {
            list.push(*node);
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { channels: 256, sequencers: 16, replicas: 3, members: 4, slack: 25, nodes: 48 };

    #[test]
    fn nobody_has_more_than_the_bound() {
        for (channels, sequencers) in [(1, 1), (7, 3), (256, 16), (1_000, 7)] {
            let placement = Placement::new(Shape { channels, sequencers, ..SHAPE });
            let mut loads = vec![0; sequencers as usize];
            (0..channels).for_each(|channel| loads[placement.replicas(channel)[0].index()] += 1);
            assert!(loads.iter().all(|load| *load <= placement.capacity_of(sequencers)), "{channels} on {sequencers}: {loads:?}");
            assert_eq!(placement.capacity_of(sequencers), (channels * 5).div_ceil(sequencers * 4));
        }
    }

    #[test]
    fn lists_have_different_nodes() {
        let placement = Placement::new(SHAPE);
        for channel in 0..SHAPE.channels {
            let replicas = placement.replicas(channel);
            assert!(replicas.len() == 3 && replicas.iter().all(|node| node.0 < 16 && placement.hears(channel, *node)));
            assert!(replicas[0] != replicas[1] && replicas[1] != replicas[2] && replicas[0] != replicas[2]);
            assert_eq!(placement.hearers(channel).len(), 7);
        }
        let all = Placement::new(Shape { members: 0, ..SHAPE });
        assert_eq!(all.hearers(9).len(), 48);
    }

    #[test]
    fn one_sequencer_less_moves_few_channels_of_the_others() {
        let (all, fewer) = (Placement::new(SHAPE), Placement::new(Shape { sequencers: 15, ..SHAPE }));
        let owners = (0..SHAPE.channels).map(|channel| (all.replicas(channel)[0], fewer.replicas(channel)[0]));
        let moved = owners.filter(|(before, after)| before.0 != 15 && before != after).count();
        assert!(moved < 60, "{moved} of 256 channels moved that had no need to");
    }
}
