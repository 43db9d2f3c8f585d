//! What each pattern says besides whom it befalls and how often.

use super::Scene;
use crate::text::clocks::{drift_spread, jump_spread};
use crate::text::error::Read;
use crate::text::faults::{behaviour, factor, tail, worse};
use crate::text::latency::span;
use crate::text::spot::Spot;
use quorate_engine::fault::Degradation;
use quorate_engine::id::NodeSet;
use quorate_engine::latency::Span;
use quorate_engine::nemesis::{Away, Cut, Kind, Pattern, RING_MAX, Whose};

/// Reads a pattern of that name.
pub(super) fn pattern(spot: &Spot<'_>, name: &str, whose: &Whose, scene: &Scene<'_>) -> Read<Pattern> {
    let length = |key: &str| span(&spot.need(key)?);
    let on_disk = |what: &str| scene.among.replicas.keep_records(spot, what);
    Ok(match name {
        "partition" => Pattern::Partition(ways(spot, whose)?),
        "flapping-link" => Pattern::FlappingLink { down: length("down")?, up: length("up")? },
        "degrade" => {
            let one_way = spot.get("one-way").map_or(Ok(false), |one_way| one_way.flag())?;
            let nobody = Degradation::nothing(NodeSet::default(), NodeSet::default());
            Pattern::Degrade(worse(spot, Degradation { both_ways: !one_way, ..nobody })?)
        }
        "crash" => Pattern::Crash(tail(spot)?),
        "crash-storm" => Pattern::CrashStorm { gap: length("gap")?, down: length("down")?, tail: tail(spot)? },
        "rolling-restart" => Pattern::RollingRestart { gap: length("gap")?, tail: tail(spot)? },
        "outage" => {
            let of_region = spot.need("of")?.word(["region", "everything"])? == "region";
            Pattern::Outage { of_region, tail: tail(spot)? }
        }
        "churn" => Pattern::Churn { up: length("up")?, away: length("away")?, how: how(spot)? },
        "pause" => Pattern::Pause,
        "slow" => {
            let serving = scene.among.hosts.iter().filter(|hosts| hosts.service.is_some());
            if !takes_time(whose, serving.map(|hosts| &hosts.nodes)) {
                return Err(spot.fail(
                    "no host of these nodes takes any time, and so none can be slow; say how long: [hosts] service = \"50us\"",
                ));
            }
            Pattern::Slow(factor(&spot.need("factor")?)?)
        }
        "slow-disk" => {
            on_disk("forced write to be slow")?;
            let timed = scene.among.disks.iter().filter(|disks| disks.sync.is_some());
            if !takes_time(whose, timed.map(|disks| &disks.nodes)) {
                return Err(spot.fail(
                    "no forced write of these nodes takes any time, and so none can be slow; say how long: [disks] sync = \"2ms\"",
                ));
            }
            Pattern::SlowDisk(factor(&spot.need("factor")?)?)
        }
        "full-disk" => {
            on_disk("disk to be full")?;
            Pattern::FullDisk
        }
        "corrupt" => {
            on_disk("record to corrupt")?;
            Pattern::Corrupt(spot.get("bits").map_or(Ok(1), |bits| bits.integer(1..=u32::MAX))?)
        }
        "wipe" => {
            on_disk("disk to wipe")?;
            Pattern::Wipe
        }
        "clock-jump" => Pattern::ClockJump { by_ns: jump_spread(&spot.need("by")?)?, back: spot.get("lasts").is_some() },
        "drift" => Pattern::Drift(drift_spread(&spot.need("ppm")?)?),
        "byzantine" => Pattern::Byzantine(behaviour(&spot.need("behaviour")?)?),
        other => return Err(spot.fail(format!("{other} is no pattern"))),
    })
}

fn ways(spot: &Spot<'_>, whose: &Whose) -> Read<Vec<Cut>> {
    let whom = matches!(whose, Whose::Stated(_));
    let Some(list) = spot.get("ways") else { return Ok(vec![if whom { Cut::Isolate } else { Cut::Halves }]) };
    let names = Cut::ALL.iter().map(|cut| cut.name());
    let way = |item: &Spot<'_>| {
        let name = item.word(names.clone())?;
        match Cut::ALL.into_iter().find(|cut| cut.name() == name) {
            Some(cut) if whom && cut != Cut::Isolate => {
                Err(item.fail("who is named by what happens can only be isolated; write ways = [\"isolate\"]"))
            }
            Some(cut) => Ok(cut),
            None => Err(item.fail("is no way to cut nodes off")),
        }
    };
    match list.list() {
        Some(items) if !items.is_empty() => items.iter().map(way).collect(),
        _ => Err(list.fail(format!("{} stands where a list of ways should, such as [\"halves\", \"bridge\"]", list.shown()))),
    }
}

fn how(spot: &Spot<'_>) -> Read<Away> {
    let by = spot.get("by").map_or(Ok("leave"), |by| by.word(["leave", "crash", "pause"]))?;
    match (by, spot.get("tail")) {
        ("crash", _) => tail(spot).map(Away::Crashed),
        (_, Some(tail)) => Err(tail.fail("a tail is what a crash leaves; write by = \"crash\" beside it")),
        ("pause", None) => Ok(Away::Paused),
        (_, None) => Ok(Away::Left),
    }
}

/// Somebody among them must have a host that takes time, or a disk.
fn takes_time<'s>(whose: &Whose, mut sets: impl Iterator<Item = &'s NodeSet>) -> bool {
    match whose {
        Whose::Nodes(nodes) => sets.any(|set| nodes.without(set).len() < nodes.len()),
        Whose::Stated(_) => true,
    }
}

/// Refuses what could never come to pass, be it for want of nodes or of those that may be away.
pub(super) fn possible(spot: &Spot<'_>, kind: &Kind, set: u64, scene: &Scene<'_>) -> Read<()> {
    let all = u64::from(scene.among.replicas.count);
    let spare = scene.spare.map_or(u64::MAX, u64::from);
    let takes_away = matches!(
        kind.pattern,
        Pattern::Crash(_)
            | Pattern::CrashStorm { .. }
            | Pattern::RollingRestart { .. }
            | Pattern::Churn { .. }
            | Pattern::Pause
            | Pattern::Byzantine(_)
    );
    if takes_away && spare == 0 {
        return Err(spot.fail(format!("takes nodes away, and \"spare\" is 0: {} would never strike", kind.pattern.name())));
    }
    match &kind.pattern {
        Pattern::Partition(ways) => {
            let never = ways.iter().find_map(|way| Some((way, impossible(*way, kind, set, scene)?)));
            match never {
                Some((way, why)) => Err(spot
                    .get("ways")
                    .unwrap_or_else(|| spot.clone())
                    .fail(format!("\"{}\" could never be: {why}", way.name()))),
                None => Ok(()),
            }
        }
        Pattern::FlappingLink { .. } if set < 2 => Err(spot.fail("a link is between two nodes, and the set has one")),
        Pattern::Outage { of_region: true, .. } => match smallest(&scene.regions) {
            None => Err(spot.fail("there is nobody in any region; declare them under [regions], as in eu = \"0..30\"")),
            Some(nodes) if nodes > spare => Err(spot
                .fail(format!("the smallest region has {nodes} nodes, and \"spare\" lets {spare} be away: it could never be"))),
            Some(_) => Ok(()),
        },
        Pattern::Outage { of_region: false, .. } if all > spare => {
            Err(spot.fail(format!("takes all {all} nodes away, and \"spare\" lets {spare} be: it could never be")))
        }
        _ => Ok(()),
    }
}

/// Why a way to cut nodes off can never be.
fn impossible(way: Cut, kind: &Kind, set: u64, scene: &Scene<'_>) -> Option<String> {
    let all = u64::from(scene.among.replicas.count);
    let spare = scene.spare.map_or(u64::MAX, u64::from);
    let least = way.nodes_min();
    if set < least {
        return Some(format!("it takes {least} nodes, and there are {set}"));
    }
    match way {
        Cut::Isolate | Cut::OneWay if u64::from(kind.count) == all => Some("who is cut off from nobody is everyone".to_string()),
        Cut::Isolate | Cut::OneWay | Cut::Halves if spare == 0 => Some("\"spare\" is 0".to_string()),
        Cut::Partial if all == 2 && spare == 0 => Some("\"spare\" is 0".to_string()),
        Cut::RingOfMajorities => {
            let sight = if set <= RING_MAX { 2 * (set / 2 + 2).div_ceil(2) - 1 } else { set * 17 / 32 };
            let away = set - sight;
            (away > spare).then(|| format!("each sees {sight} of {set}, and \"spare\" lets {spare} be away"))
        }
        Cut::Region => match smallest(&scene.regions) {
            None => Some("there is nobody in any region; declare them under [regions], as in eu = \"0..30\"".to_string()),
            Some(nodes) if nodes == all => Some("all are in one region".to_string()),
            Some(nodes) if nodes > spare => {
                Some(format!("the smallest region has {nodes} nodes, and \"spare\" lets {spare} be away"))
            }
            Some(_) => None,
        },
        _ => None,
    }
}

/// How many are in the smallest region in which there is anybody.
fn smallest(regions: &[NodeSet]) -> Option<u64> {
    regions.iter().map(NodeSet::len).filter(|nodes| *nodes > 0).min()
}

/// How often it strikes in a run, as the means of its lengths tell.
pub(super) fn times(kind: &Kind, scene: &Scene<'_>) -> f64 {
    let mean = |span: &Span| span.distribution().mean().max(1.0);
    let window = scene.window as f64;
    let nodes = match &kind.whose {
        Whose::Nodes(nodes) => nodes.len() as f64,
        Whose::Stated(_) => 1.0,
    };
    let lasts = if kind.pattern.lasts() { mean(&kind.lasts) } else { 0.0 };
    let spells = window / (mean(&kind.every) + lasts).min(window);
    match &kind.pattern {
        Pattern::FlappingLink { down, up } => spells * (lasts.min(window) / (mean(down) + mean(up))).max(1.0),
        Pattern::CrashStorm { gap, .. } => spells * (lasts.min(window) / mean(gap)).max(1.0),
        Pattern::RollingRestart { gap, .. } => {
            let round = nodes * (lasts + mean(gap));
            nodes * (window / (mean(&kind.every) + round)).max(1.0)
        }
        Pattern::Churn { up, away, .. } => nodes * window / (mean(up) + mean(away)),
        Pattern::Byzantine(_) => 1.0,
        Pattern::Drift(_) | Pattern::ClockJump { .. } => spells * f64::from(kind.count),
        _ => spells,
    }
}
