//! The registry's lines: the same actor with one type after the other.

use super::data::Kind;
use super::evidence::{self, GONE, REFUSED, SETS, STATE_BYTES};
use super::judge::{NOTHING_LOST, SPECIFIED};
use super::monitor::STRONGLY_CONVERGES;
use super::replica::Replica;
use super::replica::message::{Fact, Request, Response};
use super::replica::options::{COMMON, Mistake as Spreading, Options};
use super::types::{Mistake, Request as Do, Rule, Value};
use crate::epidemic::gossip::ROUNDS;
use crate::harness::{self, CONVERGES, Glue, Replicates, VERIFIED, cannot, no_variant};
use crate::history::Telling;
use crate::options::OptionError;
use crate::registry::{Ask, CheckInfo, Job, MetricInfo, Protocol, Variant};
use quorate_check::history::{Answer, Call, Model, Value as Name};
use std::rc::Rc;

const CHECKS: &[CheckInfo] = &[
    CONVERGES,
    VERIFIED,
    CheckInfo {
        name: STRONGLY_CONVERGES,
        summary: "at every step, replicas that have the same operations are in the same state",
    },
    SPECIFIED,
    NOTHING_LOST,
];
const METRICS: &[MetricInfo] = &[
    MetricInfo { name: ROUNDS, unit: "", summary: "rounds from the last update until every live replica held it" },
    STATE_BYTES,
    REFUSED,
    GONE,
    SETS,
];

/// The planted mistakes of replication, which every type has.
const DELTA_GAP: Variant = Variant {
    name: "delta-gap",
    summary: "a delta is joined although what came before it is missing",
    caught_by: STRONGLY_CONVERGES,
};
const COUNTER_DUP_OP: Variant =
    Variant { name: "counter-dup-op", summary: "an operation is applied as often as it arrives", caught_by: STRONGLY_CONVERGES };
const ACTOR_ID_REUSE: Variant = Variant {
    name: "actor-id-reuse",
    summary: "who has lost its disk counts its operations from 1 again, under its old name",
    caught_by: STRONGLY_CONVERGES,
};
const SUM_MERGE: Variant = Variant {
    name: "sum-merge",
    summary: "a merge adds the counts instead of taking the maximum: what is met twice counts twice",
    caught_by: STRONGLY_CONVERGES,
};

/// Which planted mistakes there are, by name.
fn mistakes(name: &str) -> Result<(Option<Mistake>, Option<Spreading>), OptionError> {
    Ok(match name {
        "right" => (None, None),
        "delta-gap" => (None, Some(Spreading::DeltaGap)),
        "counter-dup-op" => (None, Some(Spreading::ApplyTwice)),
        "actor-id-reuse" => (None, Some(Spreading::ActorIdReuse)),
        "sum-merge" => (Some(Mistake::SumMerge), None),
        _ => return Err(no_variant(name)),
    })
}

fn options(job: &Job<'_>, kind: Kind, rule: Rule) -> Result<Options, OptionError> {
    let (mistake, spreading) = mistakes(job.variant)?;
    Options::new(job.options, kind, Rule { mistake, ..rule }, spreading)
}

/// What all of them share.
const BASE: Protocol = Protocol {
    name: "",
    scenarios: &[],
    family: "crdt",
    summary: "",
    source: "",
    catalogue: &[],
    options: &COMMON,
    variants: &[],
    kinds: harness::kinds::<Replica>(),
    records: harness::keeps_records::<Replica>(),
    facts: <Fact as quorate_engine::Fact>::KINDS,
    checks: CHECKS,
    metrics: METRICS,
    run: |job| harness::run(&BOTH_WAYS, job),
    explore: |job, bounds| harness::explore(&BOTH_WAYS, job, bounds),
    replay: |job| harness::replay(&BOTH_WAYS, job),
};

/// The registry's line of the counter that only grows.
pub const G_COUNTER: Protocol = Protocol {
    name: "g-counter",
    scenarios: &["crdt/counter-growing.toml"],
    summary: "a counter that only grows, kept alike by states, deltas or operations",
    source: "S1 Pattern 1; Shapiro et al. 2011, specification 6",
    catalogue: &["B2"],
    variants: &[SUM_MERGE, DELTA_GAP, COUNTER_DUP_OP, ACTOR_ID_REUSE],
    run: |job| harness::run(&GROWING, job),
    explore: |job, bounds| harness::explore(&GROWING, job, bounds),
    replay: |job| harness::replay(&GROWING, job),
    ..BASE
};

/// The registry's line of the counter that goes both ways.
pub const PN_COUNTER: Protocol = Protocol {
    name: "pn-counter",
    scenarios: &["crdt/counter-partition.toml", "crdt/counter-crash.toml", "world/churn.toml"],
    summary: "a counter that goes both ways, kept alike by states, deltas or operations",
    source: "S1 Pattern 1; Shapiro et al. 2011, specification 7",
    catalogue: &["B2"],
    variants: &[SUM_MERGE, DELTA_GAP, COUNTER_DUP_OP, ACTOR_ID_REUSE],
    ..BASE
};

const GROWING: Glue<Replica> = Glue {
    request: |_, operation, ask| match *ask {
        Ask::Update { amount, .. } if amount < 0 => {
            Err(format!("a g-counter cannot take away, and the amount is {amount}; use a pn-counter or an amount of 0 or more"))
        }
        Ask::Remove { .. } => Err("a g-counter cannot take away; use a pn-counter".to_string()),
        _ => counted(operation, ask),
    },
    report: |seen, report| evidence::report("g_counter", seen, report),
    ..BOTH_WAYS
};

const BOTH_WAYS: Glue<Replica> = Glue {
    options: |job| options(job, Kind::Counter, Rule::default()),
    request: |_, operation, ask| counted(operation, ask),
    replicates: |_| Replicates::States,
    history: |_| Telling {
        model: Model::Counter,
        concerns: |_| true,
        call: |request, _| match request.ask {
            Do::Add { amount, .. } => (Name::NULL, Call::Increment(amount)),
            Do::Remove { amount, .. } => (Name::NULL, Call::Increment(-amount)),
            _ => (Name::NULL, Call::Read),
        },
        answer: |response, _| {
            Some(match response {
                Response::Value(Value::Number(number)) => Answer::Number(*number),
                _ => Answer::Done,
            })
        },
    },
    report: |seen, report| evidence::report("pn_counter", seen, report),
};

/// What a counter can be asked.
fn counted(operation: u64, ask: &Ask) -> Result<Request, String> {
    match ask {
        Ask::Update { .. } | Ask::Remove { .. } | Ask::Read { .. } => request(operation, ask),
        _ => Err(cannot(ask)),
    }
}

/// What is asked, as the types know it.
fn request(operation: u64, ask: &Ask) -> Result<Request, String> {
    let mut seen = None;
    let ask = match ask {
        Ask::Update { key, amount } => Do::Add { key: *key, amount: *amount, value: operation + 1 },
        Ask::Remove { key, amount } => Do::Remove { key: *key, amount: *amount },
        Ask::Clear { key } => Do::Clear { key: *key },
        Ask::Move { key, parent } => Do::Move { node: *key, parent: *parent },
        Ask::Read { key } => Do::Read { key: *key },
        Ask::Edit { edits, seen: had } => {
            seen = had.clone().map(Rc::new);
            Do::Edit(edits.clone())
        }
        _ => return Err(cannot(ask)),
    };
    Ok(Request { ask, seen })
}
