//! The client's part of a protocol: f + 1 matching replies, and reads in two rounds that write back what they found.

use crate::store::{Silence, closed, constant};
use quorate_engine::outcome::OperationStatus;
use quorate_engine::random::Probability;
use quorate_engine::replay::replay;
use quorate_engine::setup::{Population, Setup, Workload};
use quorate_engine::simulate::{Run, simulate};
use quorate_engine::time::MILLISECOND;
use quorate_engine::workload::{Ask, Backoff, Retries};
use quorate_engine::*;
use std::collections::BTreeMap;
use std::rc::Rc;

/// How clients ask.
#[derive(Clone, Copy, Debug)]
enum Rule {
    /// All, and wait for so many equal answers.
    Matching(usize),
    /// As Attiya, Bar-Noy and Dolev, "Sharing Memory Robustly in Message-Passing Systems", JACM 42(1), 1995: a majority says what it
    /// has, and a majority is told the newest.
    TwoRounds,
}

#[derive(Clone, Debug)]
struct Options {
    rule: Rule,
    /// These lie about what they hold.
    liars: u32,
    /// This one takes so long for what it has to write, in ms.
    slow: Option<(u32, u64)>,
}

type Version = (u64, u64);

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Holder {
    held: Version,
    /// Who is answered when the timer fires.
    owed: Vec<(OpId, Version)>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Request {
    /// What have you? A writer then writes this value.
    Look(Option<u64>),
    /// Have at least this.
    Store(Version),
}

impl Wire for Request {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Request::Look(value) => value.encode(sink),
            Request::Store(version) => version.encode(sink),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Soon;

impl Timer for Soon {
    type Slots = [TimerSlot; 1];

    fn index(self) -> usize {
        0
    }

    fn from_index(_: usize) -> Soon {
        Soon
    }
}

impl Actor for Holder {
    type Options = Options;
    type Message = Silence;
    type Timer = Soon;
    type Record = ();
    type Fact = ();
    type Request = Request;
    type Response = Version;
    type Monitor = ();

    fn new(_: NodeId, _: u32, _: &Options) -> Holder {
        Holder { held: (0, 0), owed: Vec::new() }
    }

    fn recover(&mut self, _: &mut Context<'_, Holder>, _: &[()]) {}

    fn message(&mut self, _: &mut Context<'_, Holder>, _: NodeId, message: Silence) {
        match message {}
    }

    fn timer(&mut self, ctx: &mut Context<'_, Holder>, Soon: Soon) {
        self.owed.drain(..).for_each(|(operation, version)| ctx.reply(operation, version));
    }

    fn request(&mut self, ctx: &mut Context<'_, Holder>, operation: OpId, request: Request) {
        let answer = match (request, ctx.options().rule) {
            (Request::Look(Some(value)), Rule::Matching(_)) => {
                self.held = (self.held.0 + 1, value);
                self.held
            }
            (Request::Look(_), _) => self.held,
            (Request::Store(version), _) => {
                self.held = self.held.max(version);
                if let Some((_, ms)) = ctx.options().slow.filter(|(slow, _)| *slow == ctx.node().0) {
                    self.owed.push((operation, version));
                    return ctx.set_timer(Soon, ms * MILLISECOND);
                }
                version
            }
        };
        let lies = ctx.node().0 < ctx.options().liars;
        ctx.reply(operation, if lies { (answer.0, answer.1 + 1_000_000 + u64::from(ctx.node().0)) } else { answer });
    }

    fn ask(_: &Options, nodes: u32, _: &Request, _: NodeId, to: &mut Vec<NodeId>) {
        to.extend((0..nodes).map(NodeId));
    }

    fn heard(options: &Options, request: &Request, answers: &[(NodeId, Version)]) -> Heard<Holder> {
        let latest = answers[answers.len() - 1].1;
        match (options.rule, request) {
            (Rule::Matching(needed), _) => match answers.iter().filter(|(_, answer)| *answer == latest).count() {
                enough if enough >= needed => Heard::Answer(latest),
                _ => Heard::Wait,
            },
            // Five replicas: three are a majority.
            (Rule::TwoRounds, _) if answers.len() < 3 => Heard::Wait,
            (Rule::TwoRounds, Request::Look(write)) => {
                let newest = answers.iter().map(|(_, answer)| *answer).max().expect("three answers");
                Heard::Next(Request::Store(match write {
                    Some(value) => (newest.0 + 1, *value),
                    None => newest,
                }))
            }
            (Rule::TwoRounds, Request::Store(version)) => Heard::Answer(*version),
        }
    }
}

fn workload() -> Workload<Request> {
    let make = |number, ask: &Ask| Request::Look(matches!(ask, Ask::Update { .. }).then_some(number));
    Workload { planned: Vec::new(), make: Rc::new(make) }
}

fn run(setup: &Setup, options: &Options) -> Run<Holder> {
    let run = simulate::<Holder>(setup, options, workload()).unwrap();
    assert_eq!(replay::<Holder>(setup, options, workload()).unwrap().1, None);
    run
}

fn tally(run: &Run<Holder>, kind: &str) -> quorate_engine::ledger::Tally {
    run.outcome.ledger.by_kind().find(|(of, _)| of.name == kind).unwrap().1
}

#[test]
fn matching_replies_outvote_liars() {
    let clients = Population { operations: Some(10), ..closed(0, 1, 1, constant(1)) };
    let setup = crate::store::world(4, 5, vec![clients]);
    let honest = |liars| {
        let run = run(&setup, &Options { rule: Rule::Matching(2), liars, slow: None });
        let answers: Vec<Version> = run.history().map(|entry| *entry.answer.expect("two are enough")).collect();
        assert_eq!((tally(&run, "request").sent, tally(&run, "response").delivered), (40, 40));
        assert!(run.outcome.operations.iter().all(|known| known.delays == 2 && known.attempts == 1));
        answers
    };
    assert_eq!(honest(1), honest(0));
    // No two liars tell the same lie: of two honest ones, both must be heard.
    assert_eq!(honest(2), honest(0));
    let run = run(&setup, &Options { rule: Rule::Matching(2), liars: 3, slow: None });
    assert!(run.outcome.operations.iter().all(|known| known.status == OperationStatus::Unknown));
}

fn rounds() -> Setup {
    let clients = Population { operations: Some(50), ..closed(0, 5, 5, constant(3)) };
    crate::store::world(5, 20, vec![clients])
}

const TWO_ROUNDS: Options = Options { rule: Rule::TwoRounds, liars: 0, slow: None };

/// Reads that begin after an operation ended are not older than it.
fn assert_atomic(run: &Run<Holder>) {
    let mut ended: BTreeMap<Time, Version> = BTreeMap::new();
    for entry in run.history() {
        if let (Some(at), Some(version)) = (entry.returned, entry.answer) {
            let known = ended.entry(at).or_default();
            *known = version.max(known).to_owned();
        }
    }
    let mut newest = (0, 0);
    let newest: BTreeMap<Time, Version> = ended
        .into_iter()
        .map(|(at, version)| {
            newest = version.max(newest);
            (at, newest)
        })
        .collect();
    for entry in run.history() {
        let Some(version) = entry.answer else { continue };
        let before = newest.range(..entry.invoked).next_back().map_or((0, 0), |(_, version)| *version);
        assert!(*version >= before, "{:?} at {} after {before:?}", version, entry.invoked);
    }
}

#[test]
fn two_rounds_cost_four_delays_and_are_atomic() {
    let run = run(&rounds(), &TWO_ROUNDS);
    assert_eq!(run.outcome.operations.len(), 250);
    assert!(run.outcome.operations.iter().all(|known| (known.status, known.delays) == (OperationStatus::Ok, 4)));
    // What the slower two of five answer is late, and is an answer all the same.
    assert_eq!((tally(&run, "request").delivered, tally(&run, "response").delivered), (2_500, 2_500));
    assert_atomic(&run);
}

#[test]
fn a_lost_round_is_asked_again_and_late_answers_to_the_first_do_not_count_in_the_second() {
    let backoff = Backoff { first: MILLISECOND, factor: 1_000, most: MILLISECOND, jitter: true };
    let retries = Retries { attempts: 60, patience: 30 * MILLISECOND, backoff, elsewhere: false, refusals: false, budget: None };
    let mut setup = rounds();
    setup.populations[0].retries = Some(retries);
    setup.network.client_latency =
        Some(quorate_engine::latency::Distribution::Uniform { low_ns: MILLISECOND, high_ns: 40 * MILLISECOND }.into());
    setup.network.links[0].loss = Probability::from_f64(0.3).unwrap();
    setup.duration *= 20;
    let run = run(&setup, &Options { slow: Some((4, 15)), ..TWO_ROUNDS });
    assert!(run.outcome.operations.iter().all(|known| known.status == OperationStatus::Ok));
    let retried = run.outcome.operations.iter().filter(|known| known.retries() > 0).count();
    assert!(retried > 100, "{retried}");
    assert_atomic(&run);
}
