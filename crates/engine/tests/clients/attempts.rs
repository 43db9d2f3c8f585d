//! Attempts, timeouts, redirects, budgets.

use crate::store::*;
use quorate_engine::fault::{Fault, Partition, Tail, Timed};
use quorate_engine::latency::Distribution;
use quorate_engine::ledger::Cause;
use quorate_engine::outcome::OperationStatus;
use quorate_engine::random::Probability;
use quorate_engine::setup::{Population, Setup};
use quorate_engine::simulate::Run;
use quorate_engine::time::MILLISECOND;
use quorate_engine::workload::{Backoff, Mix, Pace, Retries};
use quorate_engine::{NodeSet, Time};

const NO_JITTER: Backoff = Backoff { first: 10 * MILLISECOND, factor: 2_000, most: 35 * MILLISECOND, jitter: false };

const RETRIES: Retries =
    Retries { attempts: 5, patience: 30 * MILLISECOND, backoff: NO_JITTER, elsewhere: false, refusals: false, budget: None };

const WRITES: Mix = Mix {
    reads: 0,
    updates: 1,
    removes: 0,
    cas: 0,
    transactions: 0,
    locks: 0,
    joins: 0,
    leaves: 0,
    transfers: 0,
    transaction_length: (1, 1),
};

/// One client that asks once, at 1 ms.
fn once(retries: Option<Retries>) -> Population {
    Population { operations: Some(1), mix: WRITES, retries, ..closed(0, 1, 1, constant(1)) }
}

fn requests(run: &Run<Store>) -> u64 {
    run.outcome.ledger.by_kind().find(|(kind, _)| kind.name == "request").unwrap().1.sent
}

/// When each request arrived, in ms: from what the run did at every instant.
fn arrivals(setup: &Setup, manners: &Manners) -> Vec<u64> {
    let until = |ms: u64| {
        let mut cut = setup.clone();
        cut.duration = ms * MILLISECOND + 1;
        let ledger = run(&cut, manners).outcome.ledger;
        ledger.by_kind().find(|(kind, _)| kind.name == "request").unwrap().1.delivered
    };
    let mut before = 0;
    let mut all = Vec::new();
    for ms in 0..setup.duration / MILLISECOND {
        let now = until(ms);
        (before..now).for_each(|_| all.push(ms));
        before = now;
    }
    all
}

#[test]
fn a_deaf_replica_is_asked_at_exact_instants_and_no_more() {
    let deaf = Manners { deaf: vec![0], ..Manners::default() };
    let mut setup = world(1, 1, vec![once(Some(RETRIES))]);
    setup.duration = 400 * MILLISECOND;
    // 5 ms there; 30 ms of patience; then 10, 20, 35 and 35 ms.
    assert_eq!(arrivals(&setup, &deaf), [6, 46, 96, 161, 226]);
    let run = run(&setup, &deaf);
    let known = &run.outcome.operations[0];
    assert_eq!((known.status, known.attempts, known.retries(), known.completed()), (OperationStatus::Unknown, 5, 4, None));
    assert_eq!(run.outcome.ended, Time(251 * MILLISECOND), "it gives up when the fifth has failed");
    // The whole operation's timeout cuts the attempts short, and also the wait before one.
    for (timeout, attempts) in [(39, 1), (40, 2), (100, 3)] {
        let population = Population { timeout: Some(timeout * MILLISECOND), ..once(Some(RETRIES)) };
        let outcome = crate::store::run(&world(1, 1, vec![population]), &deaf).outcome;
        // At one instant the timeout was there first.
        let attempts = if timeout == 40 { 1 } else { attempts };
        assert_eq!((outcome.operations[0].status, outcome.operations[0].attempts), (OperationStatus::Unknown, attempts));
    }
}

#[test]
fn jitter_spreads_waits_evenly() {
    let jitter = Backoff { first: 40 * MILLISECOND, factor: 1_000, most: 40 * MILLISECOND, jitter: true };
    let retries = Retries { attempts: 2, backoff: jitter, elsewhere: true, ..RETRIES };
    let every = Distribution::Constant { ns: MILLISECOND };
    let mut population = Population::plain(0, 10, NodeSet::range(0, 1), Pace::Open { every: every.into() });
    population.retries = Some(retries);
    let run = run(&world(2, 20, vec![population]), &Manners { deaf: vec![0], ..Manners::default() });
    // Asked at 0, patient until 30, waiting up to 40, asking and hearing for 10.
    let waits: Vec<f64> = run
        .outcome
        .operations
        .iter()
        .filter_map(|known| Some(known.completed()?.since(known.invoked()?)))
        .map(|nanos| {
            assert!((40 * MILLISECOND..=80 * MILLISECOND).contains(&nanos));
            (nanos - 40 * MILLISECOND) as f64 / (40 * MILLISECOND) as f64
        })
        .collect();
    let n = waits.len() as f64;
    assert!(n > 19_000.0);
    // Mean 1/2 with variance 1/12; Kolmogorov's distance below 2.69 / sqrt(n) at level 1e-6.
    let mut sorted = waits;
    sorted.sort_by(f64::total_cmp);
    let distance = sorted.iter().enumerate().map(|(place, wait)| (wait - place as f64 / n).abs()).fold(0.0, f64::max);
    assert!(distance < 2.69 / libm::sqrt(n), "{distance}");
}

#[test]
fn the_next_attempt_goes_elsewhere_and_the_first_answer_counts() {
    let retries = Retries { elsewhere: true, ..RETRIES };
    let run = run(&world(3, 1, vec![once(Some(retries))]), &Manners { deaf: vec![0], ..Manners::default() });
    let known = &run.outcome.operations[0];
    assert_eq!((known.status, known.to.0, known.attempts, known.delays), (OperationStatus::Ok, 1, 2, 2));
    assert_eq!(times(&run.outcome.operations), [(1, Some(51))]);
    // Slow replicas that both answer: the first answer ends it, the second is counted by the ledger and ignored by the client.
    let mut slow = world(2, 1, vec![once(Some(Retries { patience: 25 * MILLISECOND, attempts: 2, ..retries }))]);
    slow.network.client_latency = Some(constant(20).into());
    let run = crate::store::run(&slow, &Manners::default());
    assert_eq!(times(&run.outcome.operations), [(1, Some(41))]);
    let responses = run.outcome.ledger.by_kind().find(|(kind, _)| kind.name == "response").unwrap().1;
    assert_eq!((responses.sent, responses.delivered), (2, 2));
    assert_eq!(run.replicas.iter().map(|store| store.as_ref().unwrap().writes).collect::<Vec<_>>(), [1, 1]);
    let outcome = &run.outcome.operations[0];
    assert_eq!((outcome.attempts, outcome.status), (2, OperationStatus::Ok));
}

#[test]
fn a_refusal_is_final_unless_it_is_to_be_tried_again() {
    let manners = Manners { refusing: vec![0, 1], ..Manners::default() };
    let status = |retries, nodes| {
        let run = run(&world(nodes, 1, vec![once(retries)]), &manners);
        let known = &run.outcome.operations[0];
        (known.status, known.attempts, times(&run.outcome.operations)[0].1)
    };
    assert_eq!(status(None, 2), (OperationStatus::Refused, 1, Some(11)));
    assert_eq!(status(Some(Retries { elsewhere: true, ..RETRIES }), 3), (OperationStatus::Refused, 1, Some(11)));
    let again = Retries { refusals: true, elsewhere: true, ..RETRIES };
    // Refused after 10 ms, twice, with waits of 10 and 20 ms between.
    assert_eq!(status(Some(again), 3), (OperationStatus::Ok, 3, Some(61)));
    assert_eq!(status(Some(Retries { attempts: 2, ..again }), 3), (OperationStatus::Refused, 2, Some(31)), "nobody took it in");
    // The first may have taken it in, whatever the second says.
    let deaf_first = Manners { deaf: vec![0], refusing: vec![1], ..Manners::default() };
    let run = run(&world(2, 1, vec![once(Some(Retries { attempts: 2, ..again }))]), &deaf_first);
    assert_eq!(run.outcome.operations[0].status, OperationStatus::Unknown);
}

#[test]
fn redirects_cross_the_network_again_and_end_somewhere() {
    let follow = |redirects: Vec<(u32, u32)>, retries| {
        let manners = Manners { redirects, ..Manners::default() };
        let run = run(&world(4, 1, vec![once(retries)]), &manners);
        let known = run.outcome.operations[0].clone();
        (
            known.status,
            known.to.0,
            known.attempts,
            known.redirects,
            known.delays,
            times(&run.outcome.operations)[0].1,
            requests(&run),
        )
    };
    assert_eq!(follow(vec![(0, 2), (2, 3)], None), (OperationStatus::Ok, 3, 1, 2, 6, Some(31), 3));
    // A circle: eight redirects, and the ninth is one too many. Nothing was done.
    assert_eq!(follow(vec![(0, 1), (1, 0)], None), (OperationStatus::Refused, 0, 1, 8, 18, Some(91), 9));
    // The second attempt goes elsewhere, out of the circle.
    let retries = Retries { attempts: 2, elsewhere: true, patience: 20 * MILLISECOND, ..RETRIES };
    assert_eq!(follow(vec![(0, 3), (3, 0)], Some(retries)), (OperationStatus::Ok, 1, 2, 8, 2, Some(111), 10));
}

#[test]
fn a_budget_holds_exactly() {
    // All 1,000 want to be tried again. What the first puts in, the full bucket cannot hold.
    for (budget, retries_made) in [(0.0, 10), (0.25, 10 + 999 / 4), (1.0, 1_000)] {
        let retries =
            Retries { attempts: 2, patience: MILLISECOND, budget: Some(Probability::from_f64(budget).unwrap()), ..RETRIES };
        let every = Distribution::Constant { ns: 100 * MILLISECOND };
        let mut population = Population::plain(0, 7, NodeSet::range(0, 1), Pace::Open { every: every.into() });
        (population.retries, population.operations) = (Some(retries), None);
        population.until = Time(100_000 * MILLISECOND + 1);
        let run = run(&world(1, 200, vec![population]), &Manners { deaf: vec![0], ..Manners::default() });
        let made: u64 = run.outcome.operations.iter().map(|known| u64::from(known.retries())).sum();
        assert_eq!((run.outcome.operations.len(), made), (1_000, retries_made), "budget {budget}");
        assert_eq!(requests(&run), 1_000 + retries_made);
        assert_eq!(count(&run.outcome, OperationStatus::Unknown), 1_000);
    }
}

#[test]
fn a_full_bucket_earns_nothing() {
    // No failure for 1,000 operations; then all fail, and ten and a tenth of the rest may be tried again.
    let retries = Retries { attempts: 2, budget: Some(Probability::from_f64(0.1).unwrap()), ..RETRIES };
    let every = Distribution::Constant { ns: 100 * MILLISECOND };
    let mut population = Population::plain(0, 1, NodeSet::range(0, 1), Pace::Open { every: every.into() });
    population.retries = Some(retries);
    let mut setup = world(1, 150, vec![population]);
    let crash = Fault::Crash(NodeSet::range(0, 1), Tail::Lost);
    setup.faults = vec![Timed::new(Time(100_050 * MILLISECOND), crash)];
    let run = run(&setup, &Manners::default());
    let made: u64 = run.outcome.operations.iter().map(|known| u64::from(known.retries())).sum();
    // The first failing operation puts its tenth into a full bucket.
    let failing = 1_499 - 1_000;
    assert_eq!(made, 10 + (failing - 1) / 10);
}

#[test]
fn a_partition_between_client_and_replica_is_met_and_tried_through() {
    let retries = Retries { attempts: 20, ..RETRIES };
    let mut setup = world(2, 1, vec![once(Some(retries))]);
    // The client's pseudo-node is the one after the replicas.
    let sides = vec![NodeSet::range(0, 1), NodeSet::range(2, 3)];
    setup.faults = vec![
        Timed::new(Time(0), Fault::Partition(0, Partition::Groups(sides))),
        Timed::new(Time(100 * MILLISECOND), Fault::Heal(0)),
    ];
    let run = run(&setup, &Manners::default());
    // Asked at 1, 41, 91, all in vain, and at 156.
    assert_eq!((times(&run.outcome.operations), run.outcome.operations[0].attempts), (vec![(1, Some(166))], 4));
    let request = run.outcome.ledger.by_kind().find(|(kind, _)| kind.name == "request").unwrap().1;
    assert_eq!((request.sent, request.dropped[Cause::Partition as usize], request.delivered), (4, 3, 1));
}

#[test]
fn beside_its_replica_a_client_sees_that_it_is_down() {
    let mut setup = world(2, 1, vec![once(Some(Retries { refusals: true, elsewhere: true, ..RETRIES }))]);
    setup.network.client_latency = None;
    setup.faults = vec![Timed::new(Time(0), Fault::Crash(NodeSet::range(0, 1), Tail::Lost))];
    let run = run(&setup, &Manners::default());
    assert_eq!(times(&run.outcome.operations), [(1, Some(11))], "refused at once, and asked again elsewhere 10 ms later");
    assert_eq!(run.outcome.operations[0].delays, 0);
}

#[test]
fn lossy_links_with_retries_have_exactly_once_effects_where_operations_are_known_again() {
    let retries = Retries { attempts: 50, ..RETRIES };
    let lossy = |dedups| {
        let population =
            Population { operations: Some(100), mix: WRITES, retries: Some(retries), ..closed(0, 10, 1, constant(1)) };
        let mut setup = world(1, 100, vec![population]);
        setup.network.links[0].loss = Probability::from_f64(0.2).unwrap();
        let run = run(&setup, &Manners { dedups, ..Manners::default() });
        assert_eq!(count(&run.outcome, OperationStatus::Ok), 1_000);
        let attempts: u64 = run.outcome.operations.iter().map(|known| u64::from(known.attempts)).sum();
        assert_eq!(attempts, requests(&run));
        // An attempt succeeds when request and response do: with 0.64.
        assert!((attempts as f64 - 1_000.0 / 0.64).abs() < 4.9 * libm::sqrt(1_000.0 * 0.36) / 0.64, "{attempts}");
        (run.replicas[0].as_ref().unwrap().writes, attempts)
    };
    let (writes, _) = lossy(true);
    assert_eq!(writes, 1_000);
    let (writes, attempts) = lossy(false);
    // Every request that arrived was carried out: 0.8 of the attempts.
    let expected = attempts as f64 * 0.8;
    assert!(writes > 1_000 && (f64::from(writes) - expected).abs() < 4.9 * libm::sqrt(attempts as f64 * 0.16), "{writes}");
}
