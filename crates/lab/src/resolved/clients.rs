//! Clients that ask by themselves, as a scenario has them.

use super::latency::span;
use super::{Table, nodes};
use crate::plan::ClientsEntry;
use crate::units::{Rate, show_rate};
use quorate_engine::latency::Distribution;
use quorate_engine::time::{Nanos, show};
use quorate_engine::workload::{Aim, Backoff, KeyChoice, Mix, Pace, Retries};
use serde_json::{Value, json};

pub(super) fn clients(entry: &ClientsEntry) -> Value {
    let of = &entry.population;
    let table = Table::default()
        .with_some("name", entry.name.as_deref())
        .with_some("odds", (!entry.odds.is_always()).then(|| entry.odds.to_f64()))
        .with("count", of.clients)
        .with("homes", nodes(&of.homes))
        .with("at", show(of.from.0))
        .with("until", show(of.until.0))
        .with_some("operations", of.operations);
    let table = match &of.pace {
        Pace::Open { every } => match every.distribution() {
            Distribution::Exponential { mean_ns } => table.with("rate", show_rate(Rate { count: 1, per: *mean_ns })),
            _ => table.with("every", span(every)),
        },
        Pace::Closed { think } => table.with("think", span(think)),
    };
    let table = table
        .with("mix", mix(&of.mix))
        .with("keys", keys(&of.keys))
        .with("ask", aim(of.aim))
        .with_some("timeout", of.timeout.map(show))
        .with_some("retries", of.retries.as_ref().map(retries));
    table.into()
}

fn mix(mix: &Mix) -> Value {
    let (least, most) = mix.transaction_length;
    json!({
        "reads": mix.reads,
        "updates": mix.updates,
        "removes": mix.removes,
        "cas": mix.cas,
        "transactions": mix.transactions,
        "locks": mix.locks,
        "joins": mix.joins,
        "leaves": mix.leaves,
        "transfers": mix.transfers,
        "length": [least, most],
    })
}

fn keys(keys: &KeyChoice) -> Value {
    match keys {
        KeyChoice::Uniform { keys } => (*keys).into(),
        KeyChoice::Zipf(zipf) => json!({ "count": zipf.keys(), "zipf": zipf.skew() }),
    }
}

fn aim(aim: Aim) -> &'static str {
    match aim {
        Aim::Home => "home",
        Aim::Any => "any",
        Aim::Turn => "turn",
        Aim::Sticky => "sticky",
    }
}

fn retries(retries: &Retries) -> Value {
    let table = Table::default()
        .with("attempts", retries.attempts)
        .with("patience", show(retries.patience))
        .with("backoff", backoff(&retries.backoff))
        .with("elsewhere", retries.elsewhere)
        .with("refusals", retries.refusals)
        .with_some("budget", retries.budget.map(|budget| budget.to_f64()));
    table.into()
}

fn backoff(backoff: &Backoff) -> Value {
    let table = Table::default()
        .with("first", show(backoff.first))
        .with("factor", f64::from(backoff.factor) / 1e3)
        .with_some("most", (backoff.most < Nanos::MAX).then(|| show(backoff.most)))
        .with("jitter", backoff.jitter);
    table.into()
}
