//! Populations under the other drivers, updates that are accepted twice, and many operations.

use crate::store::*;
use quorate_engine::explore::{Bounds, explore};
use quorate_engine::monitor::UNIQUE_UPDATES;
use quorate_engine::outcome::OperationStatus;
use quorate_engine::setup::{Planned, Population, Setup};
use quorate_engine::simulate::simulate;
use quorate_engine::time::MILLISECOND;
use quorate_engine::workload::{Backoff, Mix, Retries};
use quorate_engine::*;

/// Numbers the updates that it takes in, and forgets its numbers in a crash. More than two writes break its property.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Counter {
    taken: u32,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Taken(u32);

impl Fact for Taken {
    const KINDS: &'static [FactKind] = &[];

    fn kind(&self) -> Option<usize> {
        None
    }
}

/// No replica takes in more than this.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Few;

impl Monitor<Counter> for Few {
    const PROPERTIES: &'static [&'static str] = &["few"];

    fn fact(&mut self, most: &u32, _: NodeId, Taken(number): &Taken) -> Result<(), Broken> {
        match number > most {
            true => Err(Broken { property: "few", evidence: format!("{number}") }),
            false => Ok(()),
        }
    }
}

impl Actor for Counter {
    /// How much is too much.
    type Options = u32;
    type Message = Silence;
    type Timer = NoTimer;
    type Record = ();
    type Fact = Taken;
    type Request = u64;
    type Response = ();
    type Monitor = Few;

    fn new(_: NodeId, _: u32, _: &u32) -> Counter {
        Counter { taken: 0 }
    }

    fn recover(&mut self, ctx: &mut Context<'_, Counter>, _: &[()]) {
        ctx.publish(0);
    }

    fn message(&mut self, _: &mut Context<'_, Counter>, _: NodeId, message: Silence) {
        match message {}
    }

    fn timer(&mut self, _: &mut Context<'_, Counter>, timer: NoTimer) {
        match timer {}
    }

    fn request(&mut self, ctx: &mut Context<'_, Counter>, operation: OpId, _: u64) {
        self.taken += 1;
        ctx.fact(Taken(self.taken));
        ctx.accept(operation, Update { origin: ctx.node(), number: self.taken });
        ctx.reply(operation, ());
    }
}

fn asking() -> setup::Workload<u64> {
    setup::Workload { planned: Vec::new(), make: std::rc::Rc::new(|number, _| number) }
}

const RETRIES: Retries = Retries {
    attempts: 2,
    patience: 30 * MILLISECOND,
    backoff: Backoff { first: MILLISECOND, factor: 1_000, most: MILLISECOND, jitter: false },
    elsewhere: true,
    refusals: false,
    budget: None,
};

#[test]
fn a_search_finds_what_a_second_attempt_does() {
    let clients = |operations, retries| {
        let population = Population { operations: Some(operations), retries, ..closed(0, 1, 1, constant(1)) };
        world(1, 1, vec![population])
    };
    let bounds = Bounds { depth: 20, states: 100_000, losses: 0, duplications: 0, crashes: 0 };
    let search = |setup: &Setup, most| explore::explore::<Counter>(setup, &most, asking(), &bounds);
    let plain = search(&clients(3, None), 3);
    // Begin; then of each operation: asked, taken in, heard. The client turns to the next when it has heard.
    assert_eq!((plain.complete, plain.violation.is_none(), plain.states), (true, true, 10));
    let (violation, path) = search(&clients(3, None), 2).violation.expect("three are too many for two");
    assert_eq!((violation.broken.property, path.len()), ("few", 8));
    let retried = search(&clients(1, Some(RETRIES)), 1).violation.expect("the attempt of an impatient client is a second one");
    // It turns, asks, loses patience, asks again; both arrive.
    assert_eq!(retried.1.len(), 5);
    assert_eq!(
        explore::follow::<Counter>(&clients(1, Some(RETRIES)), &1, asking(), &retried.1).map(|found| found.broken.property),
        Some("few")
    );
    let silent = search(&clients(1, Some(RETRIES)), 2);
    assert!(silent.complete && silent.violation.is_none());
    assert!(explore::<Counter>(&clients(1, None), &1, asking(), &bounds).violation.is_none());
}

#[test]
fn an_update_accepted_twice_is_a_violation_and_no_panic() {
    let mut setup = Setup { clients: 1, ..Setup::plain(1, 2, time::SECOND, constant(1)) };
    let ask = |ms: u64, to| Planned { at: Time(ms * MILLISECOND), client: 0, to: NodeId(to), request: 0, timeout: None };
    setup.faults = vec![
        fault::Timed::new(Time(20 * MILLISECOND), fault::Fault::Crash(NodeSet::range(0, 1), fault::Tail::Lost)),
        fault::Timed::new(Time(30 * MILLISECOND), fault::Fault::Restart(NodeSet::range(0, 1))),
    ];
    let run = simulate::<Counter>(&setup, &9, vec![ask(10, 0), ask(40, 0), ask(50, 1)]).unwrap();
    let [violation] = &run.outcome.violations[..] else { panic!("{:?}", run.outcome.violations) };
    assert_eq!((violation.broken.property, violation.at, violation.node), (UNIQUE_UPDATES, Time(40 * MILLISECOND), NodeId(0)));
    assert_eq!(violation.broken.evidence, "n0 accepted operation 1 as n0#1, which was operation 0");
    assert_eq!(run.outcome.convergence.updates.len(), 2, "the later one counts for nothing");
}

#[test]
fn one_operation_may_be_several_updates() {
    // Impatient clients: the answer comes after 10 ms, and they wait for 8.
    let retries = Retries { patience: 8 * MILLISECOND, ..RETRIES };
    let population = Population { operations: Some(5), retries: Some(retries), ..closed(0, 2, 2, constant(1)) };
    let run = simulate::<Counter>(&world(2, 1, vec![population]), &1_000, asking()).unwrap();
    assert_eq!((run.outcome.operations.len(), run.outcome.convergence.updates.len()), (10, 20));
    let told = run.outcome.convergence.updates.iter().filter(|update| update.acknowledged).count();
    assert_eq!((told, run.outcome.convergence.unacknowledged), (10, 10), "of each the one whose replica answered first");
}

#[test]
fn what_is_kept_of_an_operation_is_small() {
    // Eight of them say what came first of two things at one instant, without which no history could be judged strictly.
    assert_eq!(size_of::<outcome::OperationOutcome>(), 40);
    let mix = Mix { reads: 1, ..Mix::READS_AND_UPDATES };
    let population = Population { mix, ..closed(0, 100, 3, constant(1)) };
    let outcome = simulate::<Counter>(&world(3, 10, vec![population]), &u32::MAX, asking()).unwrap().outcome;
    // A hundred clients, each with one operation in 11 ms; the last are answered a millisecond before the end.
    assert_eq!(outcome.operations.len(), 100 * 9_999 / 11);
    assert!(outcome.operations.iter().all(|known| known.status == OperationStatus::Ok));
}
