//! How fast, what and whom clients ask.

use crate::store::*;
use quorate_engine::latency::Distribution;
use quorate_engine::outcome::{OperationStatus, Stop};
use quorate_engine::setup::{Hosts, Population, Until};
use quorate_engine::time::{MILLISECOND, SECOND};
use quorate_engine::workload::{Aim, Ask, KeyChoice, Mix, Pace, Zipf};
use quorate_engine::{NodeId, NodeSet, Time};
use std::collections::BTreeMap;

fn open(clients: u32, every: Distribution) -> Population {
    Population::plain(0, clients, NodeSet::range(0, 2), Pace::Open { every: every.into() })
}

#[test]
fn an_open_loop_keeps_its_beat_and_goes_round_its_clients() {
    let mut population = open(3, constant(10));
    (population.from, population.until) = (Time(100 * MILLISECOND), Time(151 * MILLISECOND));
    // Nobody answers: the beat does not care, and a client has several operations open at once.
    let run = run(&world(2, 1, vec![population]), &Manners { deaf: vec![0, 1], ..Manners::default() });
    let operations = &run.outcome.operations;
    assert_eq!(times(operations), [110, 120, 130, 140, 150].map(|at| (at, None)));
    assert_eq!(operations.iter().map(|known| known.client).collect::<Vec<_>>(), [0, 1, 2, 0, 1]);
    assert_eq!(operations.iter().map(|known| known.to.0).collect::<Vec<_>>(), [0, 1, 0, 0, 1], "clients live on the two in turn");
    assert_eq!((run.outcome.stopped, run.outcome.ended), (Stop::Quiet, Time(155 * MILLISECOND)));
}

#[test]
fn poisson_arrivals_have_their_rate_and_no_memory() {
    let population = open(10, Distribution::Exponential { mean_ns: 2 * MILLISECOND });
    let run = run(&world(2, 100, vec![population]), &Manners::default());
    let at: Vec<u64> = run.outcome.operations.iter().map(|known| known.invoked().unwrap().0).collect();
    // Of a Poisson number with the mean 50,000 the standard deviation is 224: 4.9 of them at level 1e-6.
    assert!((at.len() as f64 - 50_000.0).abs() < 4.9 * 224.0, "{}", at.len());
    // Over cells of 100 ms the counts vary as much as their mean of 50: the index of dispersion times 999 is chi-square.
    let mut cells = [0.0f64; 1_000];
    at.iter().for_each(|at| cells[(at / (100 * MILLISECOND)) as usize] += 1.0);
    let mean = at.len() as f64 / 1_000.0;
    let dispersion: f64 = cells.iter().map(|count| (count - mean) * (count - mean) / mean).sum();
    assert!((dispersion - 999.0).abs() < 4.9 * libm::sqrt(2.0 * 999.0), "{dispersion}");
}

/// Exact throughput of `clients` that think for `think` and are served by one server in `service`, both exponential, in operations a
/// second: the machine repairman (Kleinrock, Queueing Systems 1, 1975, §3.8).
fn repairman(clients: u32, think: f64, service: f64) -> f64 {
    let mut weight = 1.0;
    let mut all = 1.0;
    for waiting in 0..clients {
        weight *= f64::from(clients - waiting) * service / think;
        all += weight;
    }
    (1.0 - 1.0 / all) / service
}

#[test]
fn a_closed_loop_has_the_throughput_of_the_machine_repairman() {
    for (clients, think_ms, service_ms) in [(1, 30, 10), (5, 30, 10), (20, 100, 10)] {
        let think = Distribution::Exponential { mean_ns: think_ms * MILLISECOND };
        let mut setup = world(1, 2_000, vec![closed(0, clients, 1, think)]);
        setup.network.client_latency = None;
        let service = Distribution::Exponential { mean_ns: service_ms * MILLISECOND };
        let nodes = NodeSet::range(0, 1);
        setup.hosts = vec![Hosts {
            nodes,
            service: Some(service.into()),
            inbox: None,
            overflow: quorate_engine::setup::Overflow::Shed,
            egress: None,
        }];
        let run = run(&setup, &Manners::default());
        let done = count(&run.outcome, OperationStatus::Ok) as f64;
        let expected = 2_000.0 * repairman(clients, think_ms as f64 / 1e3, service_ms as f64 / 1e3);
        // Completions vary less than a Poisson number of that mean: the loop is closed.
        assert!((done - expected).abs() < 4.9 * libm::sqrt(expected), "{clients}: {done}, not {expected}");
        // N = X (R + Z), of what was measured itself: all that is missing is what is under way at the end.
        let answered = run.outcome.operations.iter().filter_map(|known| Some(known.completed()?.since(known.invoked()?)));
        let responding: f64 = answered.map(|nanos| nanos as f64 / SECOND as f64).sum();
        let mut thinking = 0.0;
        let mut free: BTreeMap<u32, Time> = BTreeMap::new();
        for known in &run.outcome.operations {
            let since = free.insert(known.client, known.completed().unwrap_or(Time::NEVER)).unwrap_or(Time::ZERO);
            thinking += known.invoked().unwrap().since(since) as f64 / SECOND as f64;
        }
        let at_work = (responding + thinking) / 2_000.0;
        assert!(at_work <= f64::from(clients) && at_work > f64::from(clients) * 0.999, "{clients} clients, {at_work} at work");
        // Thoughts are as long as they should be: a mean over `done` draws.
        let thought = thinking / run.outcome.operations.len() as f64;
        let deviation = think_ms as f64 / 1e3 / libm::sqrt(done);
        assert!((thought - think_ms as f64 / 1e3).abs() < 4.9 * deviation, "{thought}");
    }
}

#[test]
fn a_closed_loop_ends_after_its_operations_and_convergence_waits_for_it() {
    let mut population = closed(0, 2, 2, constant(20));
    population.operations = Some(3);
    let setup = world(2, 10, vec![population]);
    let outcome = run(&setup, &Manners::default()).outcome;
    // Each thinks for 20 ms and is answered in 10.
    let each = [(20, Some(30)), (50, Some(60)), (80, Some(90))];
    let both: Vec<_> = each.iter().flat_map(|times| [*times; 2]).collect();
    assert_eq!(times(&outcome.operations), both);
    assert_eq!((outcome.stopped, outcome.ended), (Stop::Quiet, Time(90 * MILLISECOND)));
    let converged = run(&quorate_engine::setup::Setup { until: Until::Converged, ..setup }, &Manners::default()).outcome;
    assert_eq!(converged.digest, outcome.digest);
}

fn mixed(number: u32, clients: u32) -> Population {
    let mix = Mix {
        reads: 5,
        updates: 3,
        removes: 0,
        cas: 1,
        transactions: 1,
        locks: 0,
        joins: 0,
        leaves: 0,
        transfers: 0,
        transaction_length: (2, 4),
    };
    let keys = KeyChoice::Zipf(Zipf::new(50, 0.99));
    Population { mix, keys, ..closed(number, clients, 2, Distribution::Exponential { mean_ns: 10 * MILLISECOND }) }
}

/// What is compared and set depends on what was seen, and so on timing; all else does not.
fn apart_from_sight(asked: Vec<Vec<Ask>>) -> Vec<Vec<Ask>> {
    let blind = |ask| match ask {
        Ask::Cas { key, .. } => Ask::Cas { key, expected: None },
        ask => ask,
    };
    asked.into_iter().map(|asked| asked.into_iter().map(blind).collect()).collect()
}

fn assert_prefixes(one: &[Vec<Ask>], other: &[Vec<Ask>]) {
    for (one, other) in one.iter().zip(other) {
        let both = one.len().min(other.len());
        assert!(both > 50);
        assert_eq!(one[..both], other[..both]);
    }
}

#[test]
fn what_a_client_asks_depends_on_no_other_client_and_no_timing() {
    let of = |setup| run(&setup, &Manners::default());
    let both = of(world(2, 5, vec![mixed(3, 4), mixed(8, 5)]));
    let second = apart_from_sight(asked(&both, 4, 5));
    let alone = of(world(2, 5, vec![mixed(8, 5)]));
    assert_eq!(apart_from_sight(asked(&alone, 0, 5)), second, "nor does it when they ask it");
    let fewer = of(world(2, 5, vec![mixed(3, 4), mixed(8, 3)]));
    assert_prefixes(&apart_from_sight(asked(&fewer, 4, 3)), &second);
    let mut slower = world(2, 5, vec![mixed(3, 4), mixed(8, 5)]);
    slower.network.client_latency = Some(constant(20).into());
    assert_prefixes(&apart_from_sight(asked(&of(slower), 4, 5)), &second);
    let first = apart_from_sight(asked(&both, 0, 4));
    assert!(first.iter().zip(&second).all(|(one, other)| one[..20] != other[..20]), "populations draw for themselves");
    assert!(first[0][..20] != first[1][..20], "and so do clients");
}

#[test]
fn crossings_of_a_population_are_its_own() {
    let lossy = |populations| {
        let mut setup = world(2, 5, populations);
        setup.network.links[0].loss = quorate_engine::random::Probability::from_f64(0.2).unwrap();
        run(&setup, &Manners::default())
    };
    let patient = |number, clients| Population { timeout: Some(50 * MILLISECOND), ..mixed(number, clients) };
    let fates = |run: &quorate_engine::simulate::Run<Store>, first: u32| -> Vec<_> {
        let of = run.outcome.operations.iter().filter(|known| known.client >= first);
        of.map(|known| (known.client - first, known.invoked(), known.completed())).collect()
    };
    let both = lossy(vec![patient(3, 4), patient(8, 5)]);
    assert_eq!(fates(&both, 4), fates(&lossy(vec![patient(8, 5)]), 0));
    assert!(count(&both.outcome, OperationStatus::Unknown) > 100);
}

#[test]
fn mixes_and_keys_come_by_their_weights() {
    let run = run(&world(2, 100, vec![mixed(0, 20)]), &Manners::default());
    let asks: Vec<Ask> = asked(&run, 0, 20).into_iter().flatten().collect();
    let share = |wanted: fn(&Ask) -> bool| asks.iter().filter(|ask| wanted(ask)).count() as f64;
    let check = |found: f64, of: f64, share: f64| {
        assert!((found - of * share).abs() < 4.9 * libm::sqrt(of * share * (1.0 - share)), "{found} of {of}, not {share}");
    };
    let all = asks.len() as f64;
    check(share(|ask| matches!(ask, Ask::Read { .. })), all, 0.5);
    check(share(|ask| matches!(ask, Ask::Update { amount: 1, .. })), all, 0.3);
    check(share(|ask| matches!(ask, Ask::Cas { .. })), all, 0.1);
    let transactions: Vec<&Vec<Ask>> =
        asks.iter().filter_map(|ask| if let Ask::Transaction(parts) = ask { Some(parts) } else { None }).collect();
    check(transactions.len() as f64, all, 0.1);
    for length in 2..=4 {
        check(transactions.iter().filter(|parts| parts.len() == length).count() as f64, transactions.len() as f64, 1.0 / 3.0);
    }
    let parts: Vec<&Ask> = transactions.into_iter().flatten().collect();
    let reads = parts.iter().filter(|part| matches!(part, Ask::Read { .. })).count();
    check(reads as f64, parts.len() as f64, 5.0 / 8.0);
    let commonest = asks.iter().filter(|ask| matches!(ask, Ask::Read { key: 0 })).count() as f64;
    let harmonic: f64 = (1..=50).map(|key| libm::pow(f64::from(key), -0.99)).sum();
    check(commonest, share(|ask| matches!(ask, Ask::Read { .. })), 1.0 / harmonic);
}

#[test]
fn compare_and_set_expects_what_the_client_saw_last() {
    let mix = Mix {
        reads: 0,
        updates: 0,
        removes: 0,
        cas: 1,
        transactions: 0,
        locks: 0,
        joins: 0,
        leaves: 0,
        transfers: 0,
        transaction_length: (1, 1),
    };
    let alone = Population { mix, operations: Some(20), ..closed(0, 1, 1, constant(1)) };
    let one = run(&world(1, 5, vec![alone.clone()]), &Manners::default());
    let failed = one.history().filter(|entry| entry.answer.unwrap().1 == 1).count();
    assert_eq!((failed, one.replicas[0].as_ref().unwrap().writes), (0, 20), "alone, it always knows");
    let two = run(&world(1, 5, vec![alone.clone(), Population { number: 1, ..alone }]), &Manners::default());
    // They ask at the same instants: of each pair the first wins, and the other learns.
    let writes = two.replicas[0].as_ref().unwrap().writes;
    assert!((20..40).contains(&writes), "{writes}");
}

#[test]
fn clients_aim_as_they_are_told() {
    let to = |aim, manners: &Manners| -> Vec<u32> {
        let population = Population { aim, operations: Some(60), ..closed(0, 1, 1, constant(1)) };
        let setup = world(5, 10, vec![Population { homes: NodeSet::one(NodeId(3)), ..population }]);
        run(&setup, manners).outcome.operations.iter().map(|known| known.to.0).collect()
    };
    let manners = Manners::default();
    assert_eq!(to(Aim::Home, &manners), [3; 60]);
    assert_eq!(to(Aim::Turn, &manners), (0..60).map(|number| (3 + number) % 5).collect::<Vec<_>>());
    let any = to(Aim::Any, &manners);
    assert!((0..5).all(|node| any.iter().filter(|to| **to == node).count() > 2), "{any:?}");
    assert_eq!(to(Aim::Sticky, &manners), [3; 60]);
    let sent_on = Manners { redirects: vec![(3, 1)], ..Manners::default() };
    assert_eq!(to(Aim::Sticky, &sent_on), [1; 60]);
    let run = |aim| {
        let population = Population { aim, operations: Some(6), homes: NodeSet::one(NodeId(3)), ..closed(0, 1, 1, constant(1)) };
        run(&world(5, 10, vec![population]), &sent_on).outcome.operations.iter().map(|known| known.redirects).collect::<Vec<_>>()
    };
    assert_eq!(run(Aim::Sticky), [1, 0, 0, 0, 0, 0], "it remembers");
    assert_eq!(run(Aim::Home), [1; 6], "it does not");
}

#[test]
fn who_uses_locks_releases_each_before_the_next_and_asks_again_while_in_doubt() {
    let mix = Mix { reads: 0, updates: 0, locks: 1, ..Mix::READS_AND_UPDATES };
    let keys = KeyChoice::Uniform { keys: 1_000 };
    let few = Population { mix, keys, operations: Some(20), timeout: Some(30 * MILLISECOND), ..closed(0, 2, 1, constant(1)) };
    let answered = run(&world(1, 5, vec![few.clone()]), &Manners::default());
    for (client, asked) in asked(&answered, 0, 2).iter().enumerate() {
        let keys: Vec<u32> = asked
            .chunks(2)
            .map(|pair| match pair {
                [Ask::Acquire { key, owner }, Ask::Release { key: same, owner: by, token }] => {
                    assert_eq!((key, *owner, *by), (same, client as u32, client as u32));
                    assert!(*token > 0);
                    *key
                }
                other => panic!("{other:?}"),
            })
            .collect();
        assert!(keys.windows(2).any(|pair| pair[0] != pair[1]), "{keys:?}");
    }
    let deaf = run(&world(1, 5, vec![few]), &Manners { deaf: vec![0], ..Manners::default() });
    for asked in asked(&deaf, 0, 2) {
        assert!(asked.len() == 20 && asked.iter().all(|ask| *ask == asked[0] && matches!(ask, Ask::Acquire { .. })), "{asked:?}");
    }
}
