//! Sets of nodes as people write them: `7`, `"0..60"` (the end excluded), `"all"`, `[1, 5, "10..20"]`, always held against the
//! number of nodes.

use super::error::Read;
use super::spot::Spot;
use super::tree::Tree;
use crate::units::quoted;
use quorate_engine::id::NodeSet;

/// Reads a set that must not be empty; `nodes` is how many there are.
pub(crate) fn node_set(spot: &Spot<'_>, nodes: u32) -> Read<NodeSet> {
    let Some(items) = spot.list() else {
        return range(spot, nodes).map(|(low, high)| NodeSet::range(low, high));
    };
    if items.is_empty() {
        return Err(spot.fail("is an empty set of nodes; name at least one, such as [0] or \"0..3\""));
    }
    let ranges = items.iter().map(|item| range(item, nodes)).collect::<Result<Vec<_>, _>>()?;
    let mut sorted = ranges.clone();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[1].0 < pair[0].1) {
        Some(pair) => Err(spot.fail(format!("names node {} twice", pair[1].0))),
        None => Ok(NodeSet::from_ranges(ranges)),
    }
}

fn range(spot: &Spot<'_>, nodes: u32) -> Read<(u32, u32)> {
    match &spot.node.tree {
        Tree::Integer(Some(number)) => one(spot, *number, nodes),
        Tree::Integer(None) => one(spot, i128::MAX, nodes),
        Tree::Text(text) => words(spot, text, nodes),
        _ => Err(spot.fail(format!("{} is no set of nodes; {FORMS}", spot.shown()))),
    }
}

const FORMS: &str = "write 7, \"0..60\" (without node 60), \"all\", or a list of these";

fn words(spot: &Spot<'_>, text: &str, nodes: u32) -> Read<(u32, u32)> {
    if text == "all" {
        return Ok((0, nodes));
    }
    let no_set = || spot.fail(format!("{} is no set of nodes; {FORMS}", quoted(text)));
    let number = |digits: &str| match digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.is_empty() {
        // Whatever does not fit is beyond the last node.
        true => Ok(digits.parse::<i128>().unwrap_or(i128::MAX)),
        false => Err(no_set()),
    };
    let Some((low, high)) = text.split_once("..") else {
        return one(spot, number(text)?, nodes);
    };
    let (low, high) = (number(low)?, number(high)?);
    if low >= high {
        return Err(spot.fail(format!("{} is empty: the end of a range is not part of it", quoted(text))));
    }
    if high > i128::from(nodes) {
        return Err(spot.fail(format!("{} names nodes that are not there; {}", quoted(text), there_are(nodes))));
    }
    Ok((low as u32, high as u32))
}

fn one(spot: &Spot<'_>, number: i128, nodes: u32) -> Read<(u32, u32)> {
    match u32::try_from(number) {
        Ok(node) if node < nodes => Ok((node, node + 1)),
        _ => Err(spot.fail(format!("node {} is not there; {}", spot.shown().trim_matches('"'), there_are(nodes)))),
    }
}

fn there_are(nodes: u32) -> String {
    match nodes {
        1 => "the only node is 0".to_string(),
        _ => format!("the nodes are 0 to {}, {nodes} in all", nodes - 1),
    }
}
