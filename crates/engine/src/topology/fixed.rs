//! The topologies in which nothing is random: their edges. An edge may be named twice where a topology is so small that two of
//! its rules make the same one; [`super::Graph::new`] makes it one.

use super::{Edge, Inside};

/// All to the hub.
pub(super) fn star(nodes: u32, hub: u32) -> Vec<Edge> {
    (0..nodes).filter(|&node| node != hub).map(|node| (hub, node)).collect()
}

/// Each but the root to its parent.
pub(super) fn tree(nodes: u32, branching: u32) -> Vec<Edge> {
    (1..nodes).map(|node| ((node - 1) / branching, node)).collect()
}

/// Each to the `reach` that follow.
pub(super) fn ring(nodes: u32, reach: u32) -> Vec<Edge> {
    let after = |node: u32, steps: u32| ((u64::from(node) + u64::from(steps)) % u64::from(nodes)) as u32;
    (0..nodes).flat_map(|node| (1..=reach).map(move |steps| (node, after(node, steps)))).collect()
}

/// Each to the one that follows.
pub(super) fn line(nodes: u32) -> Vec<Edge> {
    (1..nodes).map(|node| (node - 1, node)).collect()
}

/// Each to the right and below; on a torus, the last of each row and column to its first.
pub(super) fn grid(nodes: u32, columns: Option<u32>, wraps: bool) -> Vec<Edge> {
    let columns = columns.unwrap_or_else(|| squarish_columns(nodes));
    let mut edges = Vec::new();
    for node in 0..nodes {
        let row_start = node - node % columns;
        let ends_row = node + 1 == nodes || node + 1 == row_start + columns;
        let below = node.checked_add(columns).filter(|&below| below < nodes);
        match ends_row {
            false => edges.push((node, node + 1)),
            true if wraps => edges.push((row_start, node)),
            true => {}
        }
        match below {
            Some(below) => edges.push((node, below)),
            None if wraps => edges.push((node % columns, node)),
            None => {}
        }
    }
    edges
}

/// The least number of columns that leaves no more rows than columns.
fn squarish_columns(nodes: u32) -> u32 {
    let root = nodes.isqrt();
    if root * root == nodes { root } else { root + 1 }
}

/// The first node of each group, and the number of nodes as the end of the last: group i has those from i·n/g on.
fn group_start(nodes: u32, groups: u32, group: u32) -> u32 {
    (u64::from(nodes) * u64::from(group) / u64::from(groups)) as u32
}

/// Gateways to gateways, and members as `inside` says.
pub(super) fn two_level(nodes: u32, groups: u32, gateways: u32, inside: Inside) -> Vec<Edge> {
    let ranges = || (0..groups).map(|group| group_start(nodes, groups, group)..group_start(nodes, groups, group + 1));
    let all: Vec<u32> = ranges().flat_map(|range| range.start..range.start + gateways).collect();
    let between = all.iter().enumerate().flat_map(|(index, &a)| all[index + 1..].iter().map(move |&b| (a, b)));
    let within = ranges().flat_map(|range| {
        // Gateways are linked among themselves already.
        let members = range.start + gateways..range.end;
        members.flat_map(move |member| {
            let linked = match inside {
                Inside::Mesh => range.start..member,
                Inside::Star => range.start..range.start + gateways,
            };
            linked.map(move |other| (other, member))
        })
    });
    between.chain(within).collect()
}

/// How many edges [`two_level`] makes, at most: no group is larger than the smallest and one.
pub(super) fn two_level_edges(nodes: u32, groups: u32, gateways: u32, inside: Inside) -> u64 {
    let pairs = |count: u64| count * count.saturating_sub(1) / 2;
    let largest = u64::from(nodes.div_ceil(groups));
    let within = match inside {
        Inside::Mesh => u64::from(groups) * pairs(largest),
        Inside::Star => u64::from(nodes) * u64::from(gateways),
    };
    pairs(u64::from(groups) * u64::from(gateways)).saturating_add(within)
}
