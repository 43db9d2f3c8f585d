//! Faults as a scenario has them.

use super::latency::span;
use super::network::{bursts, corruption, reordering};
use super::{Table, nodes, ppm};
use crate::plan::{FaultEntry, What};
use crate::units::show_signed;
use quorate_engine::fault::{Behaviour, Degradation, Fault, On, Partition, Tail, Trigger, Who};
use quorate_engine::id::NodeSet;
use quorate_engine::time::show;
use serde_json::{Value, json};

pub(super) fn entry(entry: &FaultEntry) -> Value {
    Table::default()
        .with("at", show(entry.at.0))
        .with_some("when", entry.trigger.as_ref().map(when))
        .with_some("for", entry.lasts.map(show))
        .with(entry.what.name(), what(entry))
        .into()
}

fn when(trigger: &Trigger) -> Value {
    let table = Table::default();
    let table = match trigger.on {
        On::Fact(name) => table.with("fact", name),
        On::Sent(kind) => table.with("sent", kind),
        On::Received(kind) => table.with("received", kind),
        On::Sync => table.with("sync", true),
        On::Synced => table.with("synced", true),
    };
    table
        .with_some("by", trigger.by.as_ref().map(nodes))
        .with("nth", trigger.nth.map_or("every".into(), Value::from))
        .with("after", show(trigger.after))
        .into()
}

fn what(entry: &FaultEntry) -> Value {
    let What::One(fault) = &entry.what else { return "all".into() };
    // A set that the run fills stands under the word for who that is.
    let who = |set: &NodeSet| match entry.who {
        Some(Who::Stated(fact)) => format!("fact:{fact}").into(),
        Some(Who::There) => "there".into(),
        None => nodes(set),
    };
    match fault {
        Fault::Partition(_, partition) => partitioned(entry, partition, who),
        Fault::Crash(set, Tail::Lost) => who(set),
        Fault::Crash(set, Tail::Torn) => json!({ "nodes": who(set), "tail": "torn" }),
        Fault::Restart(set)
        | Fault::Pause(set)
        | Fault::Resume(set)
        | Fault::Leave(set)
        | Fault::Join(set)
        | Fault::FullDisk(set)
        | Fault::Wipe(set) => who(set),
        Fault::Slow(set, factor) | Fault::SlowDisk(set, factor) => json!({ "nodes": who(set), "factor": thousandths(*factor) }),
        Fault::Degrade(_, degradation) => degraded(entry.who, degradation, who),
        Fault::Corrupt(set, bits) => json!({ "nodes": who(set), "bits": bits }),
        Fault::ClockJump(set, by) => json!({ "nodes": who(set), "by": show_signed(*by) }),
        Fault::Drift(set, ppb) => json!({ "nodes": who(set), "ppm": ppm(*ppb) }),
        Fault::Byzantine(set, behaviour) => json!({ "nodes": who(set), "behaviour": behaving(behaviour) }),
        Fault::Heal(_) | Fault::Mend(_) | Fault::RoomOnDisk(_) | Fault::Honest(_) => unreachable!("no entry has only an end"),
    }
}

fn partitioned(entry: &FaultEntry, partition: &Partition, who: impl Fn(&NodeSet) -> Value) -> Value {
    let table = match partition {
        Partition::Groups(_) if entry.who.is_some() => Table::default().with("isolate", who(&NodeSet::default())),
        Partition::Groups(groups) => Table::default().with("groups", groups.iter().map(nodes).collect::<Vec<_>>()),
        Partition::OneWay(from, to) => Table::default().with("from", nodes(from)).with("to", nodes(to)),
    };
    let flapping = entry.flapping.map(|flapping| json!({ "down": show(flapping.down), "up": show(flapping.up) }));
    table.with_some("flapping", flapping).into()
}

fn degraded(whom: Option<Who>, degradation: &Degradation, who: impl Fn(&NodeSet) -> Value) -> Value {
    let Degradation { from, to, both_ways, .. } = degradation;
    let table = match both_ways {
        true if whom.is_some() => Table::default().with("around", who(from)),
        true if from == to => Table::default().with("within", nodes(from)),
        true => Table::default().with("between", json!([nodes(from), nodes(to)])),
        false => Table::default().with("from", who(from)).with("to", nodes(to)),
    };
    worse(table, degradation).into()
}

/// What becomes of messages on links that are degraded.
pub(super) fn worse(table: Table, degradation: &Degradation) -> Table {
    let Degradation { delay, loss, bursts: lost, duplication, reordering: held, corruption: changed, .. } = degradation;
    table
        .with_some("delay", delay.as_ref().map(span))
        .with("loss", loss.to_f64())
        .with_some("bursts", lost.as_ref().map(bursts))
        .with("duplication", duplication.to_f64())
        .with_some("reordering", held.as_ref().map(reordering))
        .with_some("corruption", changed.as_ref().map(corruption))
}

pub(super) fn behaving(behaviour: &Behaviour) -> Value {
    match behaviour {
        Behaviour::Silent | Behaviour::Equivocating => behaviour.name().into(),
        Behaviour::Delaying(by) => json!({ "delaying": span(by) }),
        Behaviour::Replaying(probability) => json!({ "replaying": probability.to_f64() }),
        Behaviour::Forging(probability) => json!({ "forging": probability.to_f64() }),
    }
}

pub(super) fn thousandths(factor: u32) -> Value {
    if factor.is_multiple_of(1_000) { (factor / 1_000).into() } else { (f64::from(factor) / 1e3).into() }
}
