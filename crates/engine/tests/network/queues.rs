//! Queues against their closed forms: M/D/1 and M/M/1, before a link and in a host, by mean time in the system over
//! independent runs, each after a warm-up.

use crate::courier::*;
use quorate_engine::latency::{Distribution, Sampler};
use quorate_engine::ledger::Cause;
use quorate_engine::random::{Keys, Purpose};
use quorate_engine::setup::{Bandwidth, Hosts, Link, Planned, Setup, Sites};
use quorate_engine::time::{MICROSECOND, MILLISECOND, SECOND};
use quorate_engine::*;

/// The mean service time: 1 ms.
const SERVICE: u64 = MILLISECOND;
const RUNS: u64 = 24;
const WARM_UP: usize = 5_000;

/// How many are counted in a run: the heavier the load, the longer its memory.
fn counted(load: f64) -> usize {
    if load > 0.9 { 300_000 } else { 30_000 }
}

/// Asks a node at the instants of a Poisson process of so many a service time.
fn poisson(seed: u64, load: f64, request: &Wish) -> Vec<Planned<Wish>> {
    let gaps = Sampler::new(&Distribution::Exponential { mean_ns: (SERVICE as f64 / load) as u64 });
    let key = Keys::from_seed(seed).stream(Purpose::Workload);
    let mut at = 0;
    let next = |index| {
        at += gaps.sample(key.draw(0, index));
        wish(at, 0, request.clone())
    };
    (0..(WARM_UP + counted(load)) as u32).map(next).collect()
}

/// The mean time in the system, in service times: over independent runs, with its interval at level 1e-6.
fn measured(setup: impl Fn() -> Setup, load: f64, request: &Wish) -> (f64, f64) {
    let means: Vec<f64> = (0..RUNS)
        .map(|seed| {
            let setup = Setup { seed, duration: 1_000_000 * SECOND, ..setup() };
            let run = simulate::simulate::<Courier>(&setup, &96, poisson(1_000 + seed, load, request)).unwrap();
            let counted = &run.outcome.operations[WARM_UP..];
            let times = counted.iter().map(|done| done.completed().unwrap().since(done.invoked().unwrap()) as f64);
            times.sum::<f64>() / counted.len() as f64 / SERVICE as f64
        })
        .collect();
    let mean = means.iter().sum::<f64>() / RUNS as f64;
    let variance = means.iter().map(|each| (each - mean) * (each - mean)).sum::<f64>() / (RUNS - 1) as f64;
    // Student's t with 23 degrees of freedom: 6.6 at 1e-6, both sides.
    (mean, 6.6 * (variance / RUNS as f64).sqrt())
}

fn check(name: &str, setup: impl Fn() -> Setup, request: &Wish, exact: impl Fn(f64) -> f64) {
    for load in [0.5, 0.8, 0.95] {
        let (mean, half) = measured(&setup, load, request);
        let exact = exact(load);
        println!("{name} at {load}: {mean:.4} +-{half:.4}, exactly {exact:.4}");
        assert!((mean - exact).abs() <= half, "{name} at {load}: {mean} +-{half}, exactly {exact}");
        assert!(half < 0.1 * exact, "{name} at {load}: the interval {half} says nothing");
    }
}

/// M/D/1 by Pollaczek and Khinchine, in service times.
fn m_d_1(load: f64) -> f64 {
    1.0 + load / (2.0 * (1.0 - load))
}

fn m_m_1(load: f64) -> f64 {
    1.0 / (1.0 - load)
}

fn host(service: Distribution) -> Setup {
    let mut setup = world(1, 1);
    setup.hosts = vec![Hosts {
        nodes: NodeSet::range(0, 1),
        service: Some(service.into()),
        inbox: None,
        overflow: quorate_engine::setup::Overflow::Shed,
        egress: None,
    }];
    setup
}

/// Words of 100 bytes from node 0 to node 1 at 100 bytes a millisecond, and answers at once.
fn link() -> Setup {
    let mut setup = world(2, 1);
    let at_once = Link::faultless(Distribution::Constant { ns: 0 });
    let slow = Bandwidth { bytes_per_second: 100_000, queue_bytes: None };
    setup.network.links = vec![at_once.clone(), Link { bandwidth: Some(slow), ..at_once }];
    let members = (0..2).map(|node| NodeSet::one(NodeId(node))).collect();
    setup.network.sites = Sites { members, between: vec![0, 1, 0, 0] };
    setup
}

#[test]
fn a_host_with_a_constant_service_is_an_m_d_1_queue() {
    check("M/D/1 host", || host(Distribution::Constant { ns: SERVICE }), &Wish::Nothing, m_d_1);
}

#[test]
fn a_host_with_an_exponential_service_is_an_m_m_1_queue() {
    check("M/M/1 host", || host(Distribution::Exponential { mean_ns: SERVICE }), &Wish::Nothing, m_m_1);
}

#[test]
fn a_link_with_a_rate_is_an_m_d_1_queue() {
    check("M/D/1 link", link, &Wish::Ask(NodeId(1)), m_d_1);
}

#[test]
fn an_interface_serialises_what_a_host_sends_to_all() {
    let mut setup = world(5, 2);
    let egress = Some(Bandwidth { bytes_per_second: 1_000_000, queue_bytes: Some(350) });
    setup.hosts = vec![Hosts {
        nodes: NodeSet::one(NodeId(0)),
        service: None,
        inbox: None,
        overflow: quorate_engine::setup::Overflow::Shed,
        egress,
    }];
    let run = run(&setup, 96, vec![wish(SECOND, 0, Wish::TellAll), wish(SECOND, 1, Wish::TellAll)]);
    let of = |from| -> Vec<u64> {
        let facts = run.facts.iter().filter(|(_, _, said)| matches!(said, Said::Heard { from: sender, .. } if sender.0 == from));
        facts.map(|(at, ..)| (at.0 - SECOND) / MICROSECOND).collect()
    };
    assert_eq!(of(0), [10_100, 10_200, 10_300], "100 us each; the fourth finds no room");
    assert_eq!(of(1), [10_000; 4], "a host of which nothing is said");
    assert_eq!(run.outcome.ledger.between_replicas().dropped[Cause::Queue as usize], 1);
    assert_eq!(run.outcome.link_waits.longest, 200_000);
}
