//! Partitions: who cannot reach whom, as groups that people list or that have a name.

use super::befallen;
use crate::plan::Flapping;
use crate::text::error::Read;
use crate::text::nodes::{Replicas, node_set};
use crate::text::spot::Spot;
use quorate_engine::fault::{Partition, Who};
use quorate_engine::id::{NodeId, NodeSet};
use quorate_engine::time::{Nanos, show};

pub(super) fn partition(spot: &Spot<'_>, who: Option<Who>, replicas: &Replicas<'_>) -> Read<Partition> {
    let given: Vec<_> = FORMS.iter().filter_map(|form| Some((*form, spot.get(form)?))).collect();
    match &given[..] {
        [("groups", list)] => groups(list, replicas),
        [("from", from), ("to", to)] => one_way(spot, node_set(from, replicas)?, node_set(to, replicas)?),
        [("isolate", isolated)] => isolate(isolated, who, replicas),
        [("bridge", bridge)] => bridged(bridge, replicas),
        [("ring-of-majorities", ring)] => ring_of_majorities(ring, replicas),
        [("partial", sides)] => partial(sides, replicas),
        _ => Err(spot.fail(
            "a partition is { groups = [SET, SET] }, or { isolate = SET }, or one way only: { from = SET, to = SET }; or of \
             a kind: bridge, ring-of-majorities, partial",
        )),
    }
}

/// The keys that say who is cut off from whom.
const FORMS: [&str; 7] = ["groups", "from", "to", "isolate", "bridge", "ring-of-majorities", "partial"];

/// A set apart from all others.
fn isolate(spot: &Spot<'_>, who: Option<Who>, replicas: &Replicas<'_>) -> Read<Partition> {
    let set = befallen(spot, who, replicas)?;
    if set.is_empty() {
        return Ok(Partition::Groups(vec![NodeSet::default(); 2]));
    }
    let others = NodeSet::range(0, replicas.count).without(&set);
    match others.is_empty() {
        true => Err(spot.fail("isolates everyone, and so nobody from anybody; name a part of the nodes")),
        false => Ok(Partition::Groups(vec![set, others])),
    }
}

/// The most groups of one partition: a node's place in it is 64 bits.
const GROUPS_MAX: usize = 64;

fn groups(spot: &Spot<'_>, replicas: &Replicas<'_>) -> Read<Partition> {
    let Some(items) = spot.list() else {
        return Err(spot.fail(format!("{} stands where a list of groups should, such as [\"0..60\", \"60..100\"]", spot.shown())));
    };
    if items.len() < 2 {
        return Err(spot.fail(format!("a partition has at least 2 groups, and here is {}", items.len())));
    }
    if items.len() > GROUPS_MAX {
        return Err(spot.fail(format!("a partition has at most {GROUPS_MAX} groups, and here are {}", items.len())));
    }
    items.iter().map(|item| node_set(item, replicas)).collect::<Result<_, _>>().map(Partition::Groups)
}

fn one_way(spot: &Spot<'_>, from: NodeSet, to: NodeSet) -> Read<Partition> {
    if from.len() == 1 && from == to {
        return Err(spot.fail("a node is not cut off from itself; name two different sides"));
    }
    Ok(Partition::OneWay(from, to))
}

/// The others in two halves, in the order of their numbers, and one node that is in both.
fn bridged(spot: &Spot<'_>, replicas: &Replicas<'_>) -> Read<Partition> {
    let bridge = node_set(spot, replicas)?;
    if bridge.len() != 1 {
        return Err(spot.fail(format!("names {} nodes, and a bridge is one; write groups where more are", bridge.len())));
    }
    let others: Vec<NodeId> = NodeSet::range(0, replicas.count).without(&bridge).iter().collect();
    if others.len() < 2 {
        return Err(spot.fail("there are no two halves for it to join; a bridge needs at least 3 nodes"));
    }
    let half = |nodes: &[NodeId]| with(&bridge, nodes);
    let (low, high) = others.split_at(others.len().div_ceil(2));
    Ok(Partition::Groups(vec![half(low), half(high)]))
}

fn with(set: &NodeSet, nodes: &[NodeId]) -> NodeSet {
    NodeSet::from_ranges(nodes.iter().map(|node| (node.0, node.0 + 1)).chain(set.ranges().iter().copied()))
}

/// Each node of a ring reaches those within a distance at which it sees a majority of the ring, itself included. Two nodes
/// share a group of neighbours when they are so near.
fn ring_of_majorities(spot: &Spot<'_>, replicas: &Replicas<'_>) -> Read<Partition> {
    let set = node_set(spot, replicas)?;
    if set.len() > GROUPS_MAX as u64 {
        return Err(spot.fail(format!(
            "a ring of majorities has a group for each node, and a partition has at most {GROUPS_MAX} groups; here are {} nodes",
            set.len()
        )));
    }
    let ring: Vec<NodeId> = set.iter().collect();
    let size = ring.len();
    if size < 4 {
        return Err(
            spot.fail(format!("in a ring of {size} everyone would reach everyone; a ring of majorities has at least 4 nodes"))
        );
    }
    let distance = (size / 2).div_ceil(2);
    let group = |first: usize| {
        let members: Vec<NodeId> = (first..=first + distance).map(|place| ring[place % size]).collect();
        with(&NodeSet::default(), &members)
    };
    Ok(Partition::Groups((0..size).map(group).collect()))
}

/// Two sets that do not reach each other; who is in neither is untouched.
fn partial(spot: &Spot<'_>, replicas: &Replicas<'_>) -> Read<Partition> {
    let [these, those] = spot.pair("[\"0..2\", \"3..5\"]")?;
    let (these, those) = (node_set(&these, replicas)?, node_set(&those, replicas)?);
    let both = these.iter().find(|node| those.contains(*node));
    match both {
        Some(node) => Err(spot.fail(format!("node {} is on both sides, and would reach everybody", node.0))),
        None => Ok(Partition::Groups(vec![these, those])),
    }
}

/// How often a partition may come.
const FLAPS_MAX: u64 = 10_000;

/// A partition that comes and goes as long as its entry lasts.
pub(super) fn flapping(spot: &Spot<'_>, lasts: Option<Nanos>) -> Read<Flapping> {
    let Some(lasts) = lasts else {
        return Err(spot.fail("comes and goes without end; say how long: for = \"10s\""));
    };
    let (down, up) = (spot.need("down")?.positive_duration()?, spot.need("up")?.positive_duration()?);
    if down >= lasts {
        return Err(spot.fail(format!(
            "is cut off for {} of {}, and so never comes back; leave flapping out",
            show(down),
            show(lasts)
        )));
    }
    match lasts.div_ceil(down.saturating_add(up)) {
        often if often > FLAPS_MAX => {
            Err(spot.fail(format!("comes {often} times within {}; {FLAPS_MAX} times is the most", show(lasts))))
        }
        _ => Ok(Flapping { down, up }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether `from` reaches `to` where nodes reach each other when they share a group.
    fn reach(groups: &[NodeSet], from: u32, to: u32) -> bool {
        groups.iter().any(|group| group.contains(NodeId(from)) && group.contains(NodeId(to)))
    }

    fn read(kind: &str, value: &str, nodes: u32) -> Read<Partition> {
        use crate::arithmetic::Parameters;
        use crate::text::spot::Given;
        use crate::text::{Files, tree};
        let document = tree::document(&format!("{kind} = {value}")).unwrap();
        let given = Given { parameters: &Parameters::default(), files: &Files::default() };
        partition(&Spot::root(&document, given), None, &Replicas::numbered(nodes))
    }

    #[test]
    fn in_a_ring_everyone_sees_a_majority_and_no_two_see_the_same() {
        for nodes in 4..=64 {
            let Ok(Partition::Groups(groups)) = read("ring-of-majorities", "\"all\"", nodes) else { panic!("{nodes}") };
            assert_eq!(groups.len(), nodes as usize);
            let sees = |from: u32| (0..nodes).filter(|&to| reach(&groups, from, to)).collect::<Vec<u32>>();
            let mut seen: Vec<Vec<u32>> = (0..nodes).map(sees).collect();
            // The smallest majority is half and one more; a ring is even, so it may take one more still.
            let least = nodes as usize / 2 + 1;
            assert!(seen.iter().all(|sees| (least..=least + 1).contains(&sees.len()) && sees.len() < nodes as usize), "{seen:?}");
            seen.sort();
            seen.dedup();
            assert_eq!(seen.len(), nodes as usize, "two of {nodes} see the same");
        }
        assert!(read("ring-of-majorities", "\"0..3\"", 9).is_err());
        assert!(read("ring-of-majorities", "\"0..65\"", 99).is_err());
    }

    #[test]
    fn a_bridge_reaches_both_halves_and_they_do_not_reach_each_other() {
        for nodes in 3..20 {
            for bridge in 0..nodes {
                let Ok(Partition::Groups(groups)) = read("bridge", &bridge.to_string(), nodes) else { panic!("{nodes}") };
                assert_eq!(groups.len(), 2);
                assert!(groups[0].len() - groups[1].len() <= 1, "{groups:?}");
                assert!((0..nodes).all(|to| reach(&groups, bridge, to)));
                let others: Vec<u32> = (0..nodes).filter(|&node| node != bridge).collect();
                let met = others.iter().filter(|&&to| reach(&groups, others[0], to)).count();
                assert_eq!(met, others.len().div_ceil(2));
            }
        }
    }
}
