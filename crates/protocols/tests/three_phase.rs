//! The shortest history in which three-phase commit without quorums splits, and that there is none with quorums, as long as that.

use quorate_engine::explore::{Bounds, Explored};
use quorate_engine::latency::Distribution;
use quorate_engine::random::Probability;
use quorate_engine::setup::{Link, Network, Setup};
use quorate_engine::time::{MILLISECOND, SECOND};
use quorate_engine::{NodeId, Time};
use quorate_protocols::options::{Value, Values};
use quorate_protocols::registry::{Ask, Asked, Job, Keep, find};

/// One transaction over two participants, of which the first coordinates. Nothing is lost and nobody crashes: but any message may be later
/// than any timeout, as in a network that is cut.
fn search(termination: &'static str, depth: u32) -> Explored {
    let three_phase = find("three-phase-commit").expect("it is in the registry");
    // Where nothing is ever lost, nobody may take a late message for a failure.
    let loss = Probability::from_f64(0.01).expect("a probability");
    let latency = Distribution::Constant { ns: MILLISECOND };
    let network = Network::mesh(Link { loss, ..Link::faultless(latency.clone()) });
    let setup = Setup { clients: 1, network, ..Setup::plain(1, 2, 20 * SECOND, latency) };
    let mut values = Values::defaults(three_phase.options);
    values.set("termination", Value::Choice(termination));
    values.set("retries", Value::Integer(0));
    // In a bank, an update alone takes from the next account: both have a part.
    let ask = Ask::Update { key: 0, amount: 1 };
    let workload = [Asked { at: Time::ZERO, client: 0, to: NodeId(0), ask, timeout: None }];
    let job = Job { setup: &setup, options: &values, variant: "right", workload: &workload, text: None, keep: Keep::Evidence };
    let bounds = Bounds { depth, states: 2_000_000, losses: 0, duplications: 0, crashes: 0 };
    let explored = (three_phase.explore)(&job, &bounds).expect("the job is explored");
    let Explored { states, transitions, complete, .. } = explored;
    println!("{termination}: {states} states, {transitions} transitions, complete {complete}");
    for step in explored.violation.iter().flat_map(|(_, path)| path) {
        println!("    {step}");
    }
    explored
}

/// Both vote; the coordinator precommits and commits, because the other seems to have crashed; and the other, which is ready, has asked
/// and hears nothing, aborts.
const SHORTEST: u32 = 12;

#[test]
fn without_quorums_the_shortest_split_is_found() {
    let explored = search("skeen", SHORTEST + 1);
    let (violation, path) = explored.violation.expect("late messages split it");
    assert_eq!((violation.broken.property, path.len()), ("atomic-agreement", SHORTEST as usize));
}

#[test]
fn with_quorums_there_is_none_as_short() {
    let explored = search("quorum", SHORTEST + 1);
    assert_eq!(explored.violation, None);
    assert!(explored.complete);
}
