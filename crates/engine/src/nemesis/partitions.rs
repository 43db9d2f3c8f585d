//! Who is cut off: the ways of partitions, and links that flap.

use super::draws::{self, Draws};
use super::strike::Effect;
use super::{Course, Whose, later};
use crate::fault::Partition;
use crate::id::{NodeId, NodeSet};
use crate::latency::Span;

/// A way in which nodes are cut off. Some are known from Jepsen's nemeses (K. Kingsbury, github.com/jepsen-io/jepsen).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut {
    /// The kind's nodes in two halves; the first is the smaller where `spare` leaves no more room.
    Halves,
    /// So many nodes as the kind's count says, apart from all others.
    Isolate,
    /// Likewise, but only what they send is lost, or only what they should receive.
    OneWay,
    /// Two halves, and one node that reaches both.
    Bridge,
    /// Each node reaches the nearest in a ring, just so many that it sees a majority, and no two see the same. Beyond
    /// [`RING_MAX`] nodes, those of each of 32 slices of the ring share their sight.
    RingOfMajorities,
    /// Two nodes do not reach each other; all others reach both.
    Partial,
    /// A region apart from all others.
    Region,
}

/// A ring of more nodes than this is made of slices: a partition has at most 64 groups, and clients are a class besides.
pub const RING_MAX: u64 = 63;

const SLICES: usize = 32;

impl Cut {
    /// All of them.
    pub const ALL: [Cut; 7] =
        [Cut::Halves, Cut::Isolate, Cut::OneWay, Cut::Bridge, Cut::RingOfMajorities, Cut::Partial, Cut::Region];

    /// Its name in scenario files.
    pub fn name(self) -> &'static str {
        match self {
            Cut::Halves => "halves",
            Cut::Isolate => "isolate",
            Cut::OneWay => "one-way",
            Cut::Bridge => "bridge",
            Cut::RingOfMajorities => "ring-of-majorities",
            Cut::Partial => "partial",
            Cut::Region => "region",
        }
    }

    /// How many nodes a kind must have for it, at least.
    pub fn nodes_min(self) -> u64 {
        match self {
            Cut::Isolate | Cut::OneWay | Cut::Region => 1,
            Cut::Halves | Cut::Partial => 2,
            Cut::Bridge => 3,
            // With three, who sees a majority both ways sees everyone.
            Cut::RingOfMajorities => 4,
        }
    }
}

/// A cut with its nodes; how many of them it cuts off is seen when it strikes.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    Halves(Vec<NodeId>),
    Isolate(Vec<NodeId>),
    /// What they send is lost.
    Mute(Vec<NodeId>),
    /// What they should receive is lost.
    Deaf(Vec<NodeId>),
    /// The first reaches both halves of the others.
    Bridge(Vec<NodeId>),
    Ring(Vec<NodeId>),
    Pair(NodeId, NodeId),
    Region(NodeSet),
}

impl Shape {
    /// The partition, with at most `room` nodes cut off by it; `None` when it would cut nobody off from anybody.
    pub(super) fn partition(&self, nodes: u32, room: u64) -> Option<Partition> {
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        let first = |order: &[NodeId]| set(&order[..order.len().min(room)]);
        let others = |set: &NodeSet| NodeSet::range(0, nodes).without(set);
        let (groups, one_way) = match self {
            Shape::Halves(order) => {
                let (one, _) = order.split_at(order.len() / 2);
                let one = &one[..one.len().min(room)];
                (vec![set(one), set(&order[one.len()..])], None)
            }
            Shape::Isolate(order) => {
                let apart = first(order);
                let others = others(&apart);
                (vec![apart, others], None)
            }
            Shape::Mute(order) | Shape::Deaf(order) => {
                let apart = first(order);
                let others = others(&apart);
                let mute = matches!(self, Shape::Mute(_));
                (vec![apart.clone(), others.clone()], Some(if mute { (apart, others) } else { (others, apart) }))
            }
            Shape::Bridge(order) => {
                let (bridge, rest) = order.split_first()?;
                let (one, other) = rest.split_at(rest.len() / 2);
                let with = |half: &[NodeId]| set(&[half, &[*bridge]].concat());
                (vec![with(one), with(other)], None)
            }
            Shape::Ring(order) => (ring(order), None),
            Shape::Pair(one, other) => (vec![NodeSet::one(*one), NodeSet::one(*other)], None),
            Shape::Region(region) => (vec![region.clone(), others(region)], None),
        };
        let nobody = groups.iter().any(NodeSet::is_empty);
        (!nobody).then(|| one_way.map_or(Partition::Groups(groups), |(from, to)| Partition::OneWay(from, to)))
    }
}

/// Windows over a circle: two places reach each other when a window has both, which is when they are less than a window apart.
fn ring(order: &[NodeId]) -> Vec<NodeSet> {
    let slices = if order.len() as u64 <= RING_MAX { order.len() } else { SLICES };
    // A place sees itself and `window - 1` on either side: 2 * window - 1 make more than half, and less than all from 4 on.
    let window = (slices / 2 + 2).div_ceil(2);
    let slice = |place: usize| &order[place * order.len() / slices..(place + 1) * order.len() / slices];
    let windows = (0..slices).map(|start| (start..start + window).flat_map(|place| slice(place % slices)).copied().collect());
    windows.map(|window: Vec<NodeId>| set(&window)).collect()
}

fn set(nodes: &[NodeId]) -> NodeSet {
    NodeSet::from_ranges(nodes.iter().map(|node| (node.0, node.0 + 1)))
}

/// Each spell in one of the ways.
pub(super) fn draw(course: &mut Course<'_>, ways: &[Cut]) {
    course.spells(|course, draws, start| {
        let end = course.end(draws, start);
        let way = ways[draws.below(draws::WAY, ways.len() as u64) as usize];
        let effect = match &course.kind.whose {
            Whose::Stated(fact) => Some(Effect::CutWhom(fact)),
            Whose::Nodes(nodes) => shape(course, draws, way, nodes).map(Effect::Cut),
        };
        if let Some(effect) = effect {
            course.strike(start, end, effect);
        }
        end
    });
}

fn shape(course: &Course<'_>, draws: Draws, way: Cut, nodes: &NodeSet) -> Option<Shape> {
    if nodes.len() < way.nodes_min() {
        return None;
    }
    let some = || draws.pick(nodes, course.kind.count);
    let all = || draws.pick(nodes, u32::MAX);
    Some(match way {
        Cut::Halves => Shape::Halves(all()),
        Cut::Isolate => Shape::Isolate(some()),
        Cut::OneWay if draws.below(draws::SIDE, 2) == 0 => Shape::Mute(some()),
        Cut::OneWay => Shape::Deaf(some()),
        Cut::Bridge => Shape::Bridge(all()),
        Cut::RingOfMajorities => Shape::Ring(all()),
        Cut::Partial => pair(draws, nodes)?,
        Cut::Region => Shape::Region(region(course, draws)?.clone()),
    })
}

fn pair(draws: Draws, nodes: &NodeSet) -> Option<Shape> {
    match draws.pick(nodes, 2)[..] {
        [one, other] => Some(Shape::Pair(one, other)),
        _ => None,
    }
}

/// One of the regions in which there is anybody.
pub(super) fn region<'a>(course: &Course<'a>, draws: Draws) -> Option<&'a NodeSet> {
    let there: Vec<&NodeSet> = course.scene.regions.iter().filter(|region| !region.is_empty()).collect();
    (!there.is_empty()).then(|| there[draws.below(draws::SIDE, there.len() as u64) as usize])
}

/// The link between two nodes goes and comes.
pub(super) fn flap(course: &mut Course<'_>, down: &Span, up: &Span) {
    course.spells(|course, draws, start| {
        let end = course.end(draws, start);
        let Whose::Nodes(nodes) = &course.kind.whose else { return end };
        let Some(shape) = pair(draws, nodes) else { return end };
        let mut at = start;
        for turn in 0.. {
            if at >= end {
                break;
            }
            let lane = draws::TURNS + 2 * turn;
            let back = later(at, down.sample(draws.word(lane))).min(end);
            course.strike(at, back, Effect::Cut(shape.clone()));
            at = later(back, up.sample(draws.word(lane + 1)));
        }
        end
    });
}
