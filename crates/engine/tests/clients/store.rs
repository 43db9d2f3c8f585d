//! A protocol of the tests' own: registers of one replica each, that answer, refuse, redirect or stay silent as they are told.

use quorate_engine::latency::Distribution;
use quorate_engine::outcome::{OperationOutcome, OperationStatus, Outcome};
use quorate_engine::replay::replay;
use quorate_engine::setup::{Population, Setup, Workload};
use quorate_engine::simulate::{Run, simulate};
use quorate_engine::time::{MILLISECOND, SECOND};
use quorate_engine::workload::{Ask, Pace};
use quorate_engine::*;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// What replicas do with requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Manners {
    /// They know an operation again that they have done.
    pub(crate) dedups: bool,
    /// These never answer.
    pub(crate) deaf: Vec<u32>,
    /// These refuse.
    pub(crate) refusing: Vec<u32>,
    /// The first of each pair sends clients to the second.
    pub(crate) redirects: Vec<(u32, u32)>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Store {
    registers: BTreeMap<u32, u64>,
    done: BTreeSet<OpId>,
    /// How often something was written.
    pub(crate) writes: u32,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Silence {}

impl Wire for Silence {
    fn encode(&self, _: &mut impl Sink) {
        match *self {}
    }
}

impl Message for Silence {
    const KINDS: &'static [Kind] = &[];

    fn kind(&self) -> usize {
        match *self {}
    }
}

/// What is asked, and under which number it was made.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Request {
    pub(crate) number: u64,
    pub(crate) ask: Ask,
}

impl Wire for Request {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u64(self.number);
        sink.bytes(format!("{:?}", self.ask).as_bytes());
    }
}

impl Actor for Store {
    type Options = Manners;
    type Message = Silence;
    type Timer = NoTimer;
    type Record = ();
    type Fact = ();
    type Request = Request;
    /// What the register held after the operation, and whether a comparison failed.
    type Response = (u64, u64);
    type Monitor = ();

    fn new(_: NodeId, _: u32, _: &Manners) -> Store {
        Store { registers: BTreeMap::new(), done: BTreeSet::new(), writes: 0 }
    }

    fn recover(&mut self, _: &mut Context<'_, Store>, _: &[()]) {}

    fn message(&mut self, _: &mut Context<'_, Store>, _: NodeId, message: Silence) {
        match message {}
    }

    fn timer(&mut self, _: &mut Context<'_, Store>, timer: NoTimer) {
        match timer {}
    }

    fn request(&mut self, ctx: &mut Context<'_, Store>, operation: OpId, request: Request) {
        let (me, manners) = (ctx.node().0, ctx.options());
        if manners.deaf.contains(&me) {
            return;
        }
        if manners.refusing.contains(&me) {
            return ctx.refuse(operation);
        }
        if let Some((_, to)) = manners.redirects.iter().find(|(from, _)| *from == me) {
            return ctx.redirect(operation, NodeId(*to));
        }
        let known = manners.dedups && !self.done.insert(operation);
        let (key, writes, failed) = match request.ask {
            Ask::Read { key } => (key, false, 0),
            Ask::Update { key, .. } => (key, true, 0),
            Ask::Cas { key, expected } => {
                let fits = expected == self.registers.get(&key).copied();
                (key, fits, u64::from(!fits))
            }
            // Whoever asks gets it, with the number of the operation for a token.
            Ask::Acquire { .. } | Ask::Release { .. } => return ctx.reply(operation, (request.number + 1, 0)),
            Ask::Transaction(_)
            | Ask::Change(_)
            | Ask::Remove { .. }
            | Ask::Clear { .. }
            | Ask::Edit { .. }
            | Ask::Move { .. } => return ctx.reply(operation, (0, 0)),
        };
        if writes && !known {
            self.writes += 1;
            self.registers.insert(key, request.number + 1);
        }
        ctx.reply(operation, (self.registers.get(&key).copied().unwrap_or(0), failed));
    }

    fn told(request: &Request, (value, _): &(u64, u64)) -> Option<(u32, u64)> {
        match request.ask {
            Ask::Read { key } | Ask::Update { key, .. } | Ask::Cas { key, .. } => {
                Some((key, *value)).filter(|(_, value)| *value > 0)
            }
            Ask::Acquire { key, .. } => Some((key, *value)),
            Ask::Release { key, .. } => Some((key, 0)),
            _ => None,
        }
    }
}

/// Replicas whose clients are 5 ms away, for so many seconds.
pub(crate) fn world(nodes: u32, seconds: u64, populations: Vec<Population>) -> Setup {
    let mut setup = Setup::plain(1, nodes, seconds * SECOND, constant(10));
    setup.network.client_latency = Some(constant(5).into());
    Setup { populations, ..setup }
}

pub(crate) fn constant(ms: u64) -> Distribution {
    Distribution::Constant { ns: ms * MILLISECOND }
}

/// So many clients that live beside the first replicas and think so long.
pub(crate) fn closed(number: u32, clients: u32, homes: u32, think: Distribution) -> Population {
    Population::plain(number, clients, NodeSet::range(0, homes), Pace::Closed { think: think.into() })
}

/// A workload of populations alone.
pub(crate) fn asking() -> Workload<Request> {
    Workload { planned: Vec::new(), make: Rc::new(|number, ask| Request { number, ask: ask.clone() }) }
}

/// Runs, and holds the run to what every run must keep: a replay ends alike, and what clients know is possible.
pub(crate) fn run(setup: &Setup, manners: &Manners) -> Run<Store> {
    let run = simulate::<Store>(setup, manners, asking()).unwrap();
    let (_, different) = replay::<Store>(setup, manners, asking()).unwrap();
    assert_eq!(different, None);
    for (entry, known) in run.history().zip(&run.outcome.operations) {
        assert_eq!(entry.answer.is_some(), entry.status == OperationStatus::Ok);
        assert_eq!(entry.returned.is_some(), matches!(entry.status, OperationStatus::Ok | OperationStatus::Refused));
        assert!(entry.returned.is_none_or(|at| at >= entry.invoked) && known.attempts > 0);
    }
    run
}

pub(crate) fn count(outcome: &Outcome, status: OperationStatus) -> usize {
    outcome.operations.iter().filter(|known| known.status == status).count()
}

/// When each was sent and ended, in ms.
pub(crate) fn times(operations: &[OperationOutcome]) -> Vec<(u64, Option<u64>)> {
    let ms = |at: Time| at.0 / MILLISECOND;
    operations.iter().map(|known| (ms(known.invoked().unwrap()), known.completed().map(ms))).collect()
}

/// What the clients of a population asked, client by client, in their order.
pub(crate) fn asked(run: &Run<Store>, first: u32, clients: u32) -> Vec<Vec<Ask>> {
    let mut all = vec![Vec::new(); clients as usize];
    for entry in run.history().filter(|entry| (first..first + clients).contains(&entry.client)) {
        all[(entry.client - first) as usize].push(entry.request.ask.clone());
    }
    all
}
