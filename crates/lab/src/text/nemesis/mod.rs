//! `[nemesis]`: random schedules of faults. What a pattern says stands in `pattern`; here is when it is at work, whom it befalls
//! and how often, and what could never come to pass is refused.

mod pattern;

use super::error::{Problems, Read};
use super::faults::Among;
use super::latency::span;
use super::nodes::node_set;
use super::schema;
use super::spot::Spot;
use super::tree::Tree;
use crate::plan::Region;
use pattern::pattern;
use quorate_engine::fault::Who;
use quorate_engine::id::NodeSet;
use quorate_engine::latency::Span;
use quorate_engine::nemesis::{Kind, Nemesis, PATTERNS, Pattern, Whose};
use quorate_engine::time::{Nanos, Time, show};

/// The most entries of one pattern.
const ENTRIES_MAX: usize = 8;

/// Patterns are numbered by their places, and their entries from there in steps of this.
const PATTERNS_MAX: usize = 32;

/// The most times that one entry may strike, as far as means tell.
const TIMES_MAX: f64 = 100_000.0;

/// What a pattern is held against.
struct Scene<'a> {
    among: Among<'a>,
    regions: Vec<NodeSet>,
    /// How long the nemesis is at work.
    window: Nanos,
    spare: Option<u32>,
}

/// Reads the section; `None` without it.
pub(crate) fn nemesis(section: Option<Spot<'_>>, among: Among<'_>, problems: &mut Problems) -> Option<Nemesis> {
    let section = section?;
    let (from, until) = problems.take(window(&section, among.duration))?;
    let swarm = problems.or(section.get("swarm").map_or(Ok(false), |swarm| swarm.flag()), false);
    let spare = problems.or(spare(section.get("spare"), among.replicas.count), None);
    let scene = Scene { among, regions: Region::whole(among.replicas.regions), window: until.0 - from.0, spare };
    let mut kinds = Vec::new();
    for name in schema::NEMESIS.iter().map(|key| key.name) {
        let Some(place) = PATTERNS.iter().position(|(pattern, _)| *pattern == name) else { continue };
        let Some(spot) = section.get(name) else { continue };
        let entries = spot.list().unwrap_or_else(|| vec![spot]);
        if let Some(more) = entries.get(ENTRIES_MAX) {
            problems.take::<()>(Err(more.fail(format!("{name} has at most {ENTRIES_MAX} entries"))));
        }
        for (entry, spot) in entries.iter().enumerate().take(ENTRIES_MAX) {
            let number = (place + PATTERNS_MAX * entry) as u32;
            kinds.extend(problems.take(kind(spot, name, number, &scene)));
        }
    }
    if kinds.is_empty() && problems.list.is_empty() {
        let names: Vec<&str> = PATTERNS.iter().map(|(name, _)| *name).collect();
        problems.take::<()>(Err(section.fail(format!("does nothing; add one of {}", names.join(", ")))));
    }
    Some(Nemesis { from, until, swarm, spare, kinds })
}

/// From when to when it is at work.
fn window(section: &Spot<'_>, duration: Nanos) -> Read<(Time, Time)> {
    let from = section.get("from").map_or(Ok(0), |from| from.duration())?;
    let quiet_spot = section.need("quiet")?;
    let quiet = quiet_spot.duration()?;
    match duration.checked_sub(quiet).filter(|until| *until > from) {
        Some(until) => Ok((Time(from), Time(until))),
        None => Err(quiet_spot.fail(format!(
            "the run ends at {}; with {} of quiet nothing is left for the nemesis, which begins at {}",
            show(duration),
            show(quiet),
            show(from)
        ))),
    }
}

fn spare(spot: Option<Spot<'_>>, nodes: u32) -> Read<Option<u32>> {
    let Some(spot) = spot else { return Ok(None) };
    match &spot.node.tree {
        Tree::Text(word) if word == "none" => Ok(None),
        Tree::Text(word) if word == "minority" => Ok(Some((nodes - 1) / 2)),
        Tree::Text(_) if spot.integer(0..=nodes).is_err() => spot.word(["minority", "none"]).map(|_| None),
        _ => spot.integer(0..=nodes).map(Some),
    }
}

fn kind(spot: &Spot<'_>, name: &str, number: u32, scene: &Scene<'_>) -> Read<Kind> {
    let whose = whose(spot, name, scene)?;
    let all = scene.among.replicas.count;
    let nodes = match &whose {
        Whose::Nodes(nodes) => nodes.clone(),
        Whose::Stated(_) => NodeSet::range(0, all),
    };
    let pattern = pattern(spot, name, &whose, scene)?;
    let usual = if matches!(pattern, Pattern::Degrade(_)) { nodes.len() as u32 } else { 1 };
    let count = match spot.get("count") {
        Some(count) if matches!(whose, Whose::Stated(_)) => {
            return Err(count.fail("who is named by what happens is one replica; leave \"count\" out"));
        }
        Some(count) => counted(&count, nodes.len() as u32)?,
        None => usual,
    };
    let length = |key: &str| spot.get(key).map_or(Ok(Span::constant(0)), |spot| span(&spot));
    let kind = Kind { number, every: length("every")?, lasts: length("lasts")?, whose, count, pattern };
    begins(spot, &kind, scene)?;
    pattern::possible(spot, &kind, nodes.len(), scene)?;
    Ok(kind)
}

fn whose(spot: &Spot<'_>, name: &str, scene: &Scene<'_>) -> Read<Whose> {
    let replicas = scene.among.replicas;
    let Some(nodes) = spot.get("nodes") else { return Ok(Whose::Nodes(NodeSet::range(0, replicas.count))) };
    match replicas.who(&nodes, false)? {
        Some(Who::Stated(fact)) if ["crash", "pause", "partition"].contains(&name) => Ok(Whose::Stated(fact)),
        Some(_) => Err(nodes.fail(format!(
            "{} befalls nodes that are known before; crash, pause and partition can wait to know who it is",
            name
        ))),
        None => node_set(&nodes, replicas).map(Whose::Nodes),
    }
}

/// How many at once.
fn counted(spot: &Spot<'_>, nodes: u32) -> Read<u32> {
    let count = match &spot.node.tree {
        Tree::Text(word) if word == "all" => nodes,
        Tree::Text(word) if word == "majority" => nodes / 2 + 1,
        Tree::Text(word) if word == "minority" => (nodes - 1) / 2,
        Tree::Text(_) if spot.integer(1..=u32::MAX).is_err() => return spot.word(["minority", "majority", "all"]).map(|_| 0),
        _ => spot.integer(1..=u32::MAX)?,
    };
    match count {
        0 => Err(spot.fail(format!("a minority of {nodes} is nobody"))),
        count if count > nodes => Err(spot.fail(format!("{count} of {nodes} cannot be; the set has {nodes}"))),
        count => Ok(count),
    }
}

/// Holds how often it strikes against the time that there is.
fn begins(spot: &Spot<'_>, kind: &Kind, scene: &Scene<'_>) -> Read<()> {
    let (key, pause) = match &kind.pattern {
        Pattern::Churn { up, .. } => ("up", up),
        Pattern::Byzantine(_) => return Ok(()),
        _ => ("every", &kind.every),
    };
    let place = spot.need(key)?;
    // What is less likely than once in a billion times does not count.
    let least = pause.distribution().quantile(1e-9);
    if least >= scene.window as f64 {
        return Err(place.fail(format!(
            "is at least {}, and the nemesis is at work for {} only: nothing would ever strike",
            show(least as u64),
            show(scene.window)
        )));
    }
    let times = pattern::times(kind, scene);
    if times > TIMES_MAX {
        return Err(place.fail(format!("would strike about {times:.0} times in a run; {TIMES_MAX} is the most")));
    }
    Ok(())
}
