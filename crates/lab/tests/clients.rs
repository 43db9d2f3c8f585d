//! What entries of `[[workload.clients]]` come to, what protocols refuse of them before they run, and what reports say of them.

use crate::common::read;
use quorate_engine::explore::Bounds;
use quorate_engine::id::NodeSet;
use quorate_engine::latency::Distribution;
use quorate_engine::random::Probability;
use quorate_engine::time::{MILLISECOND, Nanos, SECOND, Time};
use quorate_engine::workload::{Aim, Backoff, KeyChoice, Mix, Pace, Population, Retries, Zipf};
use quorate_lab::plan::Plan;
use quorate_lab::run::{Verify, run_seed};

const HEAD: &str = "schema = 1\nname = \"x\"\nduration = \"20s\"\nnodes = 4\n[protocol.local]\n";

fn plan(lines: &str) -> Plan {
    let plan = read(format!("{HEAD}{lines}").as_bytes(), &[]).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(read(plan.to_json().to_string().as_bytes(), &[]).as_ref(), Ok(&plan), "what it resolves to says the same");
    plan
}

/// The one population of an entry with these lines.
fn population(lines: &str) -> Population {
    let mut plan = plan(&format!("[[workload.clients]]\n{lines}\n"));
    assert_eq!(plan.populations.len(), 1);
    plan.populations.remove(0).population
}

fn check(lines: &str, expected: &Population) {
    assert_eq!(population(lines), *expected, "{lines}");
}

/// What an entry that says only how fast comes to.
fn silent(pace: Pace) -> Population {
    let mix = Mix { transaction_length: (2, 2), ..Mix::READS_AND_UPDATES };
    Population { mix, until: Time(20 * SECOND), ..Population::plain(0, 1, NodeSet::range(0, 4), pace) }
}

fn thinking() -> Population {
    silent(Pace::Closed { think: Distribution::Constant { ns: SECOND }.into() })
}

#[test]
fn a_pace_is_a_rate_intervals_or_thoughts() {
    check("think = \"1s\"", &thinking());
    let poisson = |mean_ns| silent(Pace::Open { every: Distribution::Exponential { mean_ns }.into() });
    for (rate, mean_ns) in [
        ("500/s", 2 * MILLISECOND),
        ("0.5/s", 2 * SECOND),
        ("2/min", 30 * SECOND),
        ("3/s", 333_333_333),
        ("2 * 250/s", 2 * MILLISECOND),
        ("1000000000/s", 1),
    ] {
        // Ten million operations are the most.
        check(&format!("operations = 9\nrate = \"{rate}\""), &Population { operations: Some(9), ..poisson(mean_ns) });
    }
    let every = Distribution::Uniform { low_ns: 0, high_ns: SECOND };
    check("every = { uniform = [\"0s\", \"1s\"] }", &silent(Pace::Open { every: every.into() }));
}

#[test]
fn every_key_says_what_it_says() {
    let base = thinking();
    for (lines, expected) in [
        ("count = 7", Population { clients: 7, ..base.clone() }),
        ("homes = [1, 3]", Population { homes: NodeSet::from_ranges([(1, 2), (3, 4)]), ..base.clone() }),
        ("at = \"2s\"", Population { from: Time(2 * SECOND), ..base.clone() }),
        ("until = \"3s\"", Population { until: Time(3 * SECOND), ..base.clone() }),
        ("until = \"3h\"", base.clone()),
        ("operations = 5", Population { operations: Some(5), ..base.clone() }),
        ("keys = 9", Population { keys: KeyChoice::Uniform { keys: 9 }, ..base.clone() }),
        ("keys = { count = 9 }", Population { keys: KeyChoice::Uniform { keys: 9 }, ..base.clone() }),
        ("keys = { count = 9, zipf = 0.5 }", Population { keys: KeyChoice::Zipf(Zipf::new(9, 0.5)), ..base.clone() }),
        ("ask = \"any\"", Population { aim: Aim::Any, ..base.clone() }),
        ("ask = \"turn\"", Population { aim: Aim::Turn, ..base.clone() }),
        ("ask = \"sticky\"", Population { aim: Aim::Sticky, ..base.clone() }),
        ("timeout = \"2s\"", Population { timeout: Some(2 * SECOND), ..base.clone() }),
        (
            "mix = { reads = 1, updates = 2, removes = 5, cas = 3, transactions = 4, locks = 7, joins = 8, leaves = 9, transfers = 10, length = [5, 6] }",
            Population {
                mix: Mix {
                    reads: 1,
                    updates: 2,
                    removes: 5,
                    cas: 3,
                    transactions: 4,
                    locks: 7,
                    joins: 8,
                    leaves: 9,
                    transfers: 10,
                    transaction_length: (5, 6),
                },
                ..base.clone()
            },
        ),
    ] {
        check(&format!("think = \"1s\"\n{lines}"), &expected);
    }
}

#[test]
fn retries_wait_as_they_say() {
    let backoff = |first: Nanos, factor, most, jitter| Backoff { first: first * MILLISECOND, factor, most, jitter };
    for (written, backoff) in [
        ("", backoff(0, 1_000, 0, false)),
        ("backoff = \"20ms\"", backoff(20, 1_000, 20 * MILLISECOND, false)),
        ("backoff = { first = \"20ms\" }", backoff(20, 2_000, u64::MAX, true)),
        ("backoff = { first = \"20ms\", factor = 1.5, most = \"1s\", jitter = false }", backoff(20, 1_500, SECOND, false)),
    ] {
        let retries = Retries { attempts: 3, patience: SECOND, backoff, elsewhere: false, refusals: false, budget: None };
        let lines = "think = \"1s\"\nretries.attempts = 3\nretries.patience = \"1s\"\n";
        let with = if written.is_empty() { lines.to_string() } else { format!("{lines}retries.{written}\n") };
        check(&with, &Population { retries: Some(retries), ..thinking() });
        let more = Retries { elsewhere: true, refusals: true, budget: Probability::from_f64(0.25).ok(), ..retries };
        let with = format!("{with}retries.elsewhere = true\nretries.refusals = true\nretries.budget = 0.25\n");
        check(&with, &Population { retries: Some(more), ..thinking() });
    }
}

#[test]
fn a_name_keeps_draws_whatever_stands_before() {
    let numbers = |lines: &str| -> Vec<u32> { plan(lines).populations.iter().map(|entry| entry.population.number).collect() };
    let entry = |name: &str| format!("[[workload.clients]]\n{name}\nthink = \"1s\"\n");
    let both = numbers(&(entry("") + &entry("name = \"readers\"")));
    assert_eq!(both[0], 0);
    assert_eq!(numbers(&entry("name = \"readers\"")), both[1..]);
    assert!(both[1] >= 1 << 31, "no place is that far");
}

#[test]
fn the_most_operations_are_reckoned_beforehand() {
    let refused = |lines: &str| {
        let scenario = format!("{HEAD}{lines}");
        read(scenario.as_bytes(), &[]).err()
    };
    let of = |count: u32, lines: &str| {
        format!("[network]\nclient-latency = \"1ms\"\n[[workload.clients]]\ncount = {count}\n{lines}\n")
    };
    // In twenty seconds a client without thoughts asks ten thousand times.
    assert_eq!(refused(&of(990, "think = \"0s\"")), None);
    assert!(refused(&of(1_001, "think = \"0s\"")).is_some_and(|said| said.contains("10000000 is the most")));
    assert_eq!(refused(&of(1_001, "think = \"0s\"\noperations = 9000")), None);
    assert_eq!(refused(&of(1, "rate = \"490000/s\"")), None);
    assert!(refused(&of(1, "rate = \"500000/s\"")).is_some());
    assert_eq!(refused(&of(1, "rate = \"500000/s\"\nuntil = \"19s\"")), None);
}

#[test]
fn who_uses_locks_waits_for_answers() {
    let lines = "[[workload.clients]]\nrate = \"1/s\"\nmix.locks = 1\n";
    let refused = read(format!("{HEAD}{lines}").as_bytes(), &[]).unwrap_err();
    assert!(refused.contains("write think"), "{refused}");
}

#[test]
fn what_a_protocol_cannot_do_is_refused_before_the_run() {
    for (protocol, mix, expected) in [
        ("gossip", "cas = 1", "compare-and-set"),
        ("local", "transactions = 1", "a transaction"),
        ("gossip", "reads = 9, transactions = 1", "a transaction"),
        ("register", "locks = 1", "a lock"),
    ] {
        let lines = format!("[[workload.clients]]\nthink = \"1s\"\n[[workload.clients]]\nthink = \"1s\"\nmix = {{ {mix} }}\n");
        let scenario = HEAD.replace("local", protocol) + &lines;
        let plan = read(scenario.as_bytes(), &[]).unwrap();
        let failure = run_seed(&plan, 1, Verify::IfExpected).map(|_| ()).unwrap_err();
        let said = failure.to_string();
        assert!(said.contains("workload.clients[1]") && said.contains(expected), "{said}");
    }
}

#[test]
fn reports_count_operations_by_outcome_and_attempts() {
    let plan = plan(
        "[network]\nclient-latency = \"5ms\"\nloss = 0.2\n[[workload.clients]]\ncount = 10\nrate = \"50/s\"\nkeys = 10\n\
         retries = { attempts = 4, patience = \"50ms\" }\n",
    );
    let report = run_seed(&plan, 7, Verify::Always).unwrap();
    let json = report.to_json();
    let number = |name: &str| json["operations"][name].as_u64().unwrap();
    let metric = |name: &str| json["metrics"][name].as_f64().unwrap();
    assert!(number("ok") > 700 && number("unknown") > 0 && number("refused") == 0);
    assert_eq!(number("total"), number("ok") + number("unknown"));
    assert_eq!(metric("ops.ok"), number("ok") as f64);
    assert_eq!(metric("ops.unknown"), number("unknown") as f64);
    assert_eq!(metric("ops.retries"), (number("attempts") - number("total")) as f64);
    assert_eq!(metric("ops.throughput"), number("ok") as f64 / report.outcome.ended.seconds());
    let text = report.to_text(quorate_lab::report::text::Style::Plain, "replay");
    let line = format!("{} of them beyond the first; 0 redirects followed", metric("ops.retries"));
    assert!(text.contains(&line), "{line}\n{text}");
}

#[test]
fn other_drivers_know_populations_too() {
    let plan = plan(
        "[network]\nclient-latency = \"5ms\"\n[[workload.clients]]\ncount = 3\nthink = \"1s\"\noperations = 2\nask = \"any\"\n\
         retries = { attempts = 2, patience = \"8ms\", elsewhere = true }\n",
    );
    let setup = plan.setup(3);
    let replayed = (plan.protocol.replay)(&plan.job(&setup, &plan.options)).unwrap();
    assert!(replayed.steps > 6 * 3 && replayed.difference.is_none(), "{replayed:?}");
    let bounds = Bounds { depth: 6, states: 100_000, losses: 0, duplications: 0, crashes: 0 };
    let explored = (plan.protocol.explore)(&plan.job(&setup, &plan.options), &bounds).unwrap();
    assert!(explored.complete && explored.states > 100 && explored.violation.is_none(), "{explored:?}");
}
