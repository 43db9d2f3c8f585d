//! State-based counters (Shapiro, Preguiça, Baquero and Zawirski, "A comprehensive study of convergent and commutative
//! replicated data types", 2011, specifications 6 and 7), as in S1 Pattern 1: `g-counter` only grows, `pn-counter` goes both
//! ways. One actor serves both, embedded in gossip; they differ in what they let a client ask.
//!
//! | S1 | here |
//! |---|---|
//! | `GCounter.counts` | [`counts::Counts`], the `added` of each [`counts::Tally`] |
//! | `PNCounter.increments`, `PNCounter.decrements` | `added` and `removed` of each [`counts::Tally`] |
//! | `increment`, `decrement` | `apply` of [`counts::Counts`] |
//! | `value` | [`counts::Counts::value`] |
//! | `merge` | `merge` of [`counts::Counts`]; adding instead of taking the maximum is the variant `sum-merge` |
//!
//! S1's shopping cart gives every replica the same id; here a replica's id is its node, and that mistake is not built.

pub mod actor;
pub mod bounds;
pub mod counts;
mod evidence;

use crate::epidemic::gossip::ROUNDS;
use crate::epidemic::gossip::options::{FANOUT, INTERVAL, MODE, Options, PARTNERS, REPLY, START};
use crate::harness::{self, CONVERGES, Glue, Replicates, VERIFIED, cannot, no_variant};
use crate::history::Telling;
use crate::options::{Field, OptionError};
use crate::registry::{Ask, CheckInfo, Job, MetricInfo, Protocol, Variant};
use actor::{Counter, Request, Response};
use counts::Combine;
use quorate_check::history::{Answer, Call, Model, Value};

const OPTIONS: &[Field] = &[MODE, FANOUT, INTERVAL, START, REPLY, PARTNERS];
const VARIANTS: &[Variant] = &[Variant {
    name: "sum-merge",
    summary: "a merge adds the counts instead of taking the maximum: what is met twice counts twice",
    caught_by: COUNTER_VALUE,
}];
const CHECKS: &[CheckInfo] = &[
    CONVERGES,
    VERIFIED,
    CheckInfo { name: bounds::VALUE_BOUNDED, summary: "no replica ever counts what the additions so far cannot explain" },
    CheckInfo { name: COUNTER_VALUE, summary: "at the end every replica counts the sum of what clients were told is added" },
];
const METRICS: &[MetricInfo] =
    &[MetricInfo { name: ROUNDS, unit: "", summary: "rounds from the last update until every live replica held it" }];

/// The registry's line of the counter that only grows.
pub const G_COUNTER: Protocol = Protocol {
    name: "g-counter",
    scenarios: &["crdt/counter-growing.toml"],
    family: "crdt",
    summary: "a counter that only grows; replicas merge by maximum and gossip",
    source: "S1 Pattern 1; Shapiro et al. 2011, specification 6",
    catalogue: &["B2"],
    options: OPTIONS,
    variants: VARIANTS,
    kinds: harness::kinds::<Counter>(),
    records: harness::keeps_records::<Counter>(),
    facts: <actor::Fact as quorate_engine::Fact>::KINDS,
    checks: CHECKS,
    metrics: METRICS,
    run: |job| harness::run(&GROWING, job),
    explore: |job, bounds| harness::explore(&GROWING, job, bounds),
    replay: |job| harness::replay(&GROWING, job),
};

/// The registry's line of the counter that goes both ways.
pub const PN_COUNTER: Protocol = Protocol {
    name: "pn-counter",
    scenarios: &["crdt/counter-partition.toml", "crdt/counter-crash.toml", "world/churn.toml"],
    family: "crdt",
    summary: "a counter that goes both ways; replicas merge by maximum and gossip",
    source: "S1 Pattern 1; Shapiro et al. 2011, specification 7",
    catalogue: &["B2"],
    options: OPTIONS,
    variants: VARIANTS,
    kinds: harness::kinds::<Counter>(),
    records: harness::keeps_records::<Counter>(),
    facts: <actor::Fact as quorate_engine::Fact>::KINDS,
    checks: CHECKS,
    metrics: METRICS,
    run: |job| harness::run(&BOTH_WAYS, job),
    explore: |job, bounds| harness::explore(&BOTH_WAYS, job, bounds),
    replay: |job| harness::replay(&BOTH_WAYS, job),
};

/// The name of the check of final values.
const COUNTER_VALUE: &str = "counter-value";

const GROWING: Glue<Counter> = Glue {
    options,
    request: |_, _, ask| match *ask {
        Ask::Update { amount, .. } if amount < 0 => {
            Err(format!("a g-counter cannot take away, and the amount is {amount}; use a pn-counter or an amount of 0 or more"))
        }
        _ => request(ask),
    },
    replicates: |_| Replicates::Updates,
    history: |_| Telling {
        model: Model::Counter,
        concerns: |_| true,
        call: |request, _| match *request {
            Request::Add(amount) => (Value::NULL, Call::Increment(amount)),
            Request::Read => (Value::NULL, Call::Read),
        },
        answer: |response, _| {
            Some(match *response {
                Response::Done => Answer::Done,
                Response::Value(value) => Answer::Number(value),
            })
        },
    },
    report: |seen, report| evidence::report("g_counter", seen, report),
};

const BOTH_WAYS: Glue<Counter> =
    Glue { request: |_, _, ask| request(ask), report: |seen, report| evidence::report("pn_counter", seen, report), ..GROWING };

fn options(job: &Job<'_>) -> Result<Options<Combine>, OptionError> {
    let rule = match job.variant {
        "right" => Combine::Maximum,
        "sum-merge" => Combine::Sum,
        _ => return Err(no_variant(job.variant)),
    };
    Ok(Options::new(job.options, rule))
}

fn request(ask: &Ask) -> Result<Request, String> {
    Ok(match *ask {
        Ask::Update { amount, .. } => Request::Add(amount),
        Ask::Read { .. } => Request::Read,
        _ => return Err(cannot(ask)),
    })
}
