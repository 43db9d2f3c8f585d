//! Sets of nodes as people write them: `7`, `"0..60"` (the end excluded), `"all"`, `"region:eu"`, `[1, 5, "10..20"]`, and with
//! parameters `"f..3*f+1"`; always held against the nodes that there are.

use super::error::{Problem, Read};
use super::nearest::did_you_mean;
use super::spot::Spot;
use super::tree::Tree;
use crate::plan::Region;
use crate::units::quoted;
use quorate_engine::FactKind;
use quorate_engine::fault::Who;
use quorate_engine::id::NodeSet;
use quorate_protocols::registry::Protocol;

/// The replicas of a scenario, as far as sets of nodes need to know them.
#[derive(Clone, Copy)]
pub(crate) struct Replicas<'a> {
    /// How many there are.
    pub(crate) count: u32,
    /// Where they stand.
    pub(crate) regions: &'a [Region],
    /// What they run, if that is known.
    pub(crate) protocol: Option<&'static Protocol>,
}

impl Replicas<'_> {
    /// Replicas that have numbers and stand nowhere.
    pub(crate) fn numbered(count: u32) -> Replicas<'static> {
        Replicas { count, regions: &[], protocol: None }
    }

    /// The replica that the value names by what happens in the run, if it is of that form: `"leader"`, `"fact:NAME"` for whoever stated
    /// it last, or `"there"`, where what the fault waits for happened; `waits` says whether it waits for anything.
    pub(crate) fn who(&self, spot: &Spot<'_>, waits: bool) -> Read<Option<Who>> {
        let Tree::Text(text) = &spot.node.tree else { return Ok(None) };
        match text.as_str() {
            "there" if waits => Ok(Some(Who::There)),
            "there" => Err(spot.fail("\"there\" is where something happened, and this fault waits for nothing; add \"when\"")),
            text if !known_later(text) => Ok(None),
            text => self.stater(spot, text.strip_prefix("fact:")).map(|fact| Some(Who::Stated(fact))),
        }
    }

    /// The fact of that name, or the one that says who leads.
    fn stater(&self, spot: &Spot<'_>, name: Option<&str>) -> Read<&'static str> {
        let facts = self.facts();
        let found = facts.iter().find(|fact| name.map_or(fact.leads, |name| fact.name == name));
        if let Some(fact) = found {
            return Ok(fact.name);
        }
        let names: Vec<String> = facts.iter().map(|fact| format!("\"fact:{}\"", fact.name)).collect();
        let problem = match name {
            None => spot.fail(format!("{} has no leader: none of its facts says who leads", self.protocol_name())),
            Some(name) => self.no_fact(spot, name),
        };
        Err(match names.is_empty() {
            true => problem,
            false => Box::new(problem.help(format!("who stated a fact last: {}", names.join(", ")))),
        })
    }

    /// The fact that the value names.
    pub(crate) fn fact(&self, spot: &Spot<'_>) -> Read<&'static str> {
        let name = spot.text()?;
        let facts = self.facts();
        let found = facts.iter().find(|fact| fact.name == name);
        found.map(|fact| fact.name).ok_or_else(|| {
            let names: Vec<&str> = facts.iter().map(|fact| fact.name).collect();
            match names.is_empty() {
                true => self.no_fact(spot, name),
                false => Box::new(self.no_fact(spot, name).help(format!("its facts: {}", names.join(", ")))),
            }
        })
    }

    fn no_fact(&self, spot: &Spot<'_>, name: &str) -> Box<Problem> {
        let guess = did_you_mean(name, self.facts().iter().map(|fact| fact.name));
        spot.fail(format!("{} states no fact {}{guess}", self.protocol_name(), quoted(name)))
    }

    /// The kind of message that the value names.
    pub(crate) fn kind(&self, spot: &Spot<'_>) -> Read<&'static str> {
        let name = spot.text()?;
        let kinds: Vec<&'static str> =
            self.protocol.map_or(&[][..], |protocol| protocol.kinds).iter().map(|kind| kind.name).collect();
        kinds.iter().find(|kind| **kind == name).copied().ok_or_else(|| {
            let guess = did_you_mean(name, kinds.iter().copied());
            let message = format!("replicas of {} send each other no {}{guess}", self.protocol_name(), quoted(name));
            Box::new(spot.fail(message).help(format!("the kinds of their messages: {}", kinds.join(", "))))
        })
    }

    /// Refuses what is about the records of replicas that keep none.
    pub(crate) fn keep_records(&self, spot: &Spot<'_>, what: &str) -> Read<()> {
        match self.protocol {
            Some(protocol) if !protocol.records => {
                Err(spot.fail(format!("replicas of {} keep no records on disk, and so there is no {what}", protocol.name)))
            }
            _ => Ok(()),
        }
    }

    fn facts(&self) -> &'static [FactKind] {
        self.protocol.map_or(&[][..], |protocol| protocol.facts)
    }

    fn protocol_name(&self) -> &'static str {
        self.protocol.map_or("the protocol", |protocol| protocol.name)
    }

    /// The region or zone that the value names, if it is one of that form.
    pub(crate) fn region<'s>(&self, spot: &Spot<'s>) -> Read<Option<&'s str>> {
        let Tree::Text(text) = &spot.node.tree else { return Ok(None) };
        let Some(name) = text.strip_prefix("region:").or_else(|| text.strip_prefix("zone:")) else { return Ok(None) };
        if self.regions.iter().any(|region| region.goes_by(name)) {
            return Ok(Some(name));
        }
        let mut names: Vec<&str> =
            self.regions.iter().flat_map(|region| [region.name.as_str(), Region::of(&region.name)]).collect();
        names.sort_unstable();
        names.dedup();
        let guess = did_you_mean(name, names.iter().copied());
        let problem = spot.fail(format!("{} is no region of this scenario{guess}", quoted(name)));
        Err(Box::new(match names.is_empty() {
            true => problem.help("there are no regions; declare them under [regions], as in eu = \"0..30\""),
            false => problem.help(format!("the regions are {}", names.join(", "))),
        }))
    }
}

/// Reads a set that must not be empty.
pub(crate) fn node_set(spot: &Spot<'_>, replicas: &Replicas<'_>) -> Read<NodeSet> {
    let Some(items) = spot.list() else {
        return Ok(NodeSet::from_ranges(ranges(spot, replicas)?));
    };
    if items.is_empty() {
        return Err(spot.fail("is an empty set of nodes; name at least one, such as [0] or \"0..3\""));
    }
    let mut all = Vec::new();
    for item in &items {
        all.extend(ranges(item, replicas)?);
    }
    let mut sorted = all.clone();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[1].0 < pair[0].1) {
        Some(pair) => Err(spot.fail(format!("names node {} twice", pair[1].0))),
        None => Ok(NodeSet::from_ranges(all)),
    }
}

fn ranges(spot: &Spot<'_>, replicas: &Replicas<'_>) -> Read<Vec<(u32, u32)>> {
    let Some(name) = replicas.region(spot)? else {
        return Ok(vec![range(spot, replicas.count)?]);
    };
    let there = replicas.regions.iter().filter(|region| region.goes_by(name));
    let ranges: Vec<_> = there.flat_map(|region| region.nodes.ranges()).copied().collect();
    match ranges.is_empty() {
        true => Err(spot.fail(format!("nobody stands in {} at the start, and so the set is empty", quoted(name)))),
        false => Ok(ranges),
    }
}

fn range(spot: &Spot<'_>, nodes: u32) -> Read<(u32, u32)> {
    match &spot.node.tree {
        Tree::Integer(Some(number)) => one(spot, *number, nodes),
        Tree::Integer(None) => one(spot, i128::MAX, nodes),
        Tree::Text(text) => words(spot, text, nodes),
        _ => Err(no_set(spot)),
    }
}

/// Whether the run alone says who that is.
fn known_later(text: &str) -> bool {
    text == "leader" || text == "there" || text.starts_with("fact:")
}

const FORMS: &str = "write 7, \"0..60\" (without node 60), \"all\", \"region:NAME\", \"zone:NAME\", or a list of these";

fn words(spot: &Spot<'_>, text: &str, nodes: u32) -> Read<(u32, u32)> {
    if text == "all" {
        return Ok((0, nodes));
    }
    if known_later(text) {
        return Err(spot.fail(format!(
            "who {} is, is known only as the run goes; what befalls nodes can wait for it, as crash, pause and isolate do, and name \
             nobody else beside",
            quoted(text)
        )));
    }
    let Some((low, high)) = text.split_once("..") else {
        // "60-100" is a range in other notations, and a difference in none that anybody means.
        let one_node = is_digits(text) || spot.names_parameter(text) || text.contains(['+', '*', '/', '(']);
        return if one_node { one(spot, end(spot, text, 0)?, nodes) } else { Err(no_set(spot)) };
    };
    let plain = is_digits(low) && is_digits(high);
    let (low, high) = (end(spot, low, 0)?, end(spot, high, text.len() - high.len())?);
    let shown = if plain { quoted(text) } else { format!("{}, which is {low}..{high},", quoted(text)) };
    if low >= high {
        return Err(spot.fail(format!("{shown} is empty: the end of a range is not part of it")));
    }
    if low < 0 || high > i128::from(nodes) {
        return Err(spot.fail(format!("{shown} names nodes that are not there; {}", there_are(nodes))));
    }
    Ok((low as u32, high as u32))
}

/// A number in a set: digits, or an expression that begins at byte `from` of the text.
fn end(spot: &Spot<'_>, part: &str, from: usize) -> Read<i128> {
    if is_digits(part) {
        // Whatever does not fit is beyond the last node.
        return Ok(part.parse::<i128>().unwrap_or(i128::MAX));
    }
    spot.whole_part(part, from)?.ok_or_else(|| no_set(spot))
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty()
}

fn no_set(spot: &Spot<'_>) -> Box<Problem> {
    let guess = match &spot.node.tree {
        Tree::Text(text) => did_you_mean(text, ["all", "leader", "there"]),
        _ => String::new(),
    };
    spot.fail(format!("{} is no set of nodes; {FORMS}{guess}", spot.shown()))
}

fn one(spot: &Spot<'_>, number: i128, nodes: u32) -> Read<(u32, u32)> {
    match u32::try_from(number) {
        Ok(node) if node < nodes => Ok((node, node + 1)),
        _ => {
            let value = match &spot.node.tree {
                Tree::Text(text) if !is_digits(text) => format!(", which is {number},"),
                _ => String::new(),
            };
            let shown = spot.shown();
            Err(spot.fail(format!("node {}{value} is not there; {}", shown.trim_matches('"'), there_are(nodes))))
        }
    }
}

fn there_are(nodes: u32) -> String {
    match nodes {
        1 => "the only node is 0".to_string(),
        _ => format!("the nodes are 0 to {}, {nodes} in all", nodes - 1),
    }
}
