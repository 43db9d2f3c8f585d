//! `[nemesis]` as the scenario that it is.

use super::faults::{behaving, thousandths, worse};
use super::latency::span;
use super::{Table, nodes, ppm, spread};
use crate::units::show_signed;
use quorate_engine::fault::Tail;
use quorate_engine::nemesis::{Away, Cut, Kind, Nemesis, PATTERNS, Pattern, Whose};
use quorate_engine::time::{Nanos, show};
use serde_json::Value;

pub(super) fn nemesis(nemesis: &Nemesis, duration: Nanos) -> Table {
    let mut table = Table::default()
        .with("from", show(nemesis.from.0))
        .with("quiet", show(duration - nemesis.until.0))
        .with("swarm", nemesis.swarm)
        .with("spare", nemesis.spare.map_or("none".into(), Value::from));
    for (name, _) in PATTERNS {
        let mut entries: Vec<Value> = Vec::new();
        entries.extend(nemesis.kinds.iter().filter(|kind| kind.pattern.name() == *name).map(|each| kind(each).into()));
        table = match entries.len() {
            0 => table,
            1 => table.with_some(name, entries.pop()),
            _ => table.with(name, entries),
        };
    }
    table
}

fn kind(kind: &Kind) -> Table {
    let table = Table::default();
    let table = if kind.pattern.comes_again() { table.with("every", span(&kind.every)) } else { table };
    let table = if kind.pattern.lasts() { table.with("lasts", span(&kind.lasts)) } else { table };
    let table = match (&kind.whose, &kind.pattern) {
        (_, Pattern::Outage { .. }) => table,
        (Whose::Nodes(set), _) => table.with("nodes", nodes(set)),
        (Whose::Stated(fact), _) => table.with("nodes", format!("fact:{fact}")),
    };
    let single = matches!(
        kind.pattern,
        Pattern::FlappingLink { .. }
            | Pattern::CrashStorm { .. }
            | Pattern::RollingRestart { .. }
            | Pattern::Outage { .. }
            | Pattern::Churn { .. }
    ) || matches!(kind.whose, Whose::Stated(_));
    let table = if single { table } else { table.with("count", kind.count) };
    match &kind.pattern {
        Pattern::Partition(ways) => table.with("ways", ways.iter().map(|way: &Cut| way.name()).collect::<Vec<_>>()),
        Pattern::FlappingLink { down, up } => table.with("down", span(down)).with("up", span(up)),
        Pattern::Degrade(template) => worse(table.with("one-way", !template.both_ways), template),
        Pattern::Crash(left) => table.with("tail", tail(*left)),
        Pattern::CrashStorm { gap, down, tail: left } => {
            table.with("gap", span(gap)).with("down", span(down)).with("tail", tail(*left))
        }
        Pattern::RollingRestart { gap, tail: left } => table.with("gap", span(gap)).with("tail", tail(*left)),
        Pattern::Outage { of_region, tail: left } => {
            table.with("of", if *of_region { "region" } else { "everything" }).with("tail", tail(*left))
        }
        Pattern::Churn { up, away, how } => gone(table.with("up", span(up)).with("away", span(away)), *how),
        Pattern::Pause | Pattern::FullDisk | Pattern::Wipe => table,
        Pattern::Slow(factor) | Pattern::SlowDisk(factor) => table.with("factor", thousandths(*factor)),
        Pattern::Corrupt(bits) => table.with("bits", *bits),
        Pattern::ClockJump { by_ns, .. } => table.with("by", spread(by_ns, |ns| show_signed(ns).into())),
        Pattern::Drift(ppb) => table.with("ppm", spread(ppb, ppm)),
        Pattern::Byzantine(behaviour) => table.with("behaviour", behaving(behaviour)),
    }
}

fn gone(table: Table, how: Away) -> Table {
    match how {
        Away::Left => table.with("by", "leave"),
        Away::Paused => table.with("by", "pause"),
        Away::Crashed(left) => table.with("by", "crash").with("tail", tail(left)),
    }
}

fn tail(tail: Tail) -> &'static str {
    match tail {
        Tail::Lost => "lost",
        Tail::Torn => "torn",
    }
}
