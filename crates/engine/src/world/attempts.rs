//! How an operation fares: its client asks, waits, hears, follows redirects, goes through the rounds of its protocol, tries again, and
//! knows in the end, or gives up. The operation's number stays the same throughout. What follows from what a client hears begins
//! with an event of its own: a client beside its replica hears in the midst of a handler's effects.

use super::World;
use super::operations::{Open, Phase, Said, Word};
use crate::actor::{Actor, Heard};
use crate::id::{NodeId, OpId};
use crate::ledger::Observer;
use crate::outcome::OperationStatus;
use crate::schedule::{Event, Schedule};
use crate::time::Nanos;

/// Redirects that a client follows in one attempt.
const REDIRECTS_MAX: u32 = 8;

impl<A: Actor, O: Observer, S: Schedule<A::Message>> World<A, O, S> {
    /// The client of a planned operation sends it.
    pub(crate) fn invoke(&mut self, operation: OpId) {
        let timeout = self.operations.timeout(operation);
        let aim = self.operations.known[operation.index()].to;
        self.begin(operation, timeout, Open::new(None, aim));
    }

    /// A client asks a replica what nobody planned, and does not give up.
    pub(crate) fn ask_besides(&mut self, to: NodeId, request: A::Request) -> OpId {
        let operation = self.operations.add(0, to, request);
        self.begin(operation, None, Open::new(None, to));
        operation
    }

    /// An operation begins.
    pub(super) fn begin(&mut self, operation: OpId, timeout: Option<Nanos>, open: Open<A>) {
        self.waiting += 1;
        let place = self.operations.place();
        let known = &mut self.operations.known[operation.index()];
        known.begin(self.now, place);
        let client = known.client;
        self.operations.open.insert(operation, open);
        if let Some(timeout) = timeout {
            self.client_event(client, timeout, Event::Timeout(operation));
        }
        self.ask(operation);
    }

    /// The client asks whom the protocol says.
    fn ask(&mut self, operation: OpId) {
        let open = self.operations.open.get_mut(&operation).expect("only a client that waits asks");
        let known = &mut self.operations.known[operation.index()];
        if open.phase == Phase::Begins {
            open.attempts += 1;
            open.hops = 0;
            (open.depth, known.depth) = (0, 0);
            known.attempts = known.attempts.saturating_add(1);
        }
        open.phase = Phase::Waits;
        open.waits += 1;
        known.to = open.aim;
        let request = open.request.as_ref().unwrap_or(&self.operations.said[operation.index()].0);
        let mut to = std::mem::take(&mut self.asked);
        A::ask(&self.options, self.setup.nodes, request, open.aim, &mut to);
        assert!(!to.is_empty(), "the client of operation {} asks nobody", operation.0);
        open.asked.extend(to.iter().map(|to| (open.attempts, *to)));
        let later = open.request.clone().map(|request| (open.round, request));
        let (depth, waits, client) = (open.depth, open.waits, known.client);
        if let Some((population, _)) = open.of
            && let Some(retries) = &self.populations[population as usize].habits.population.retries
        {
            let patience = retries.patience;
            self.client_event(client, patience, Event::Resume(operation, waits));
        }
        for to in to.drain(..) {
            self.send_request(operation, to, depth, later.clone());
        }
        self.asked = to;
    }

    /// What the client waited for is over: it asks, or an attempt has failed.
    pub(super) fn resume(&mut self, operation: OpId, waits: u32) {
        match self.operations.open.get(&operation) {
            Some(open) if open.waits == waits => match open.phase {
                Phase::Begins | Phase::GoesOn => self.ask(operation),
                Phase::Waits => self.attempt_failed(operation),
            },
            _ => {} // it is over, or something else came first
        }
    }

    /// The client will ask, after a while.
    fn ask_after(&mut self, operation: OpId, phase: Phase, wait: Nanos) {
        let open = self.operations.open.get_mut(&operation).expect("only a client that waits goes on");
        open.phase = phase;
        open.waits += 1;
        let waits = open.waits;
        self.client_event(self.operations.known[operation.index()].client, wait, Event::Resume(operation, waits));
    }

    /// The client hears from a replica.
    pub(super) fn heard(&mut self, word: Word<A>, depth: u16) {
        let Word { operation, from, round, said } = word;
        let Some(open) = self.operations.open.get_mut(&operation) else { return };
        match said {
            // What was said to an earlier round is known already.
            _ if open.round != round => {}
            Said::Answer(answer) => {
                open.answers.retain(|(by, _)| *by != from);
                open.answers.push((from, answer));
                open.depth = open.depth.max(depth);
                let request = open.request.as_ref().unwrap_or(&self.operations.said[operation.index()].0);
                match A::heard(&self.options, request, &open.answers) {
                    Heard::Wait => {}
                    Heard::Answer(answer) => self.answered(operation, from, answer),
                    Heard::Next(request) => {
                        open.round += 1;
                        open.request = Some(request);
                        open.answers.clear();
                        self.ask_after(operation, Phase::GoesOn, 0);
                    }
                }
            }
            Said::Refusal => {
                if open.strike_out(from) && open.is_refused() {
                    open.depth = open.depth.max(depth);
                    let of = open.of;
                    let retries = of.and_then(|(of, _)| self.populations[of as usize].habits.population.retries);
                    match retries.is_some_and(|retries| retries.refusals) {
                        true => self.attempt_failed(operation),
                        false => self.give_up(operation),
                    }
                }
            }
            Said::Redirect(to) => {
                if open.strike_out(from) {
                    open.depth = open.depth.max(depth);
                    open.hops += 1;
                    if open.hops > REDIRECTS_MAX {
                        return self.attempt_failed(operation);
                    }
                    open.aim = to;
                    let known = &mut self.operations.known[operation.index()];
                    known.redirects = known.redirects.saturating_add(1);
                    let client = known.client;
                    self.stick(client, to);
                    self.ask_after(operation, Phase::GoesOn, 0);
                }
            }
        }
    }

    /// An attempt has failed: the client tries again after a while, if it may.
    fn attempt_failed(&mut self, operation: OpId) {
        let open = self.operations.open.get_mut(&operation).expect("only an operation under way fails");
        let Some((population, number)) = open.of else { return self.give_up(operation) };
        let of = &mut self.populations[population as usize];
        let Some(retries) = of.habits.population.retries.filter(|retries| open.attempts < retries.attempts) else {
            return self.give_up(operation);
        };
        if !of.take_token() {
            return self.give_up(operation);
        }
        if retries.elsewhere {
            open.aim = NodeId((open.aim.0 + 1) % self.setup.nodes);
        }
        let attempt = open.attempts + 1;
        let client = self.operations.known[operation.index()].client - of.first;
        let wait = retries.backoff.before(attempt, of.habits.jitter(client, number, attempt));
        self.ask_after(operation, Phase::Begins, wait);
    }

    /// The client asks no more: what nobody took in did not happen, and anything else may have.
    fn give_up(&mut self, operation: OpId) {
        let nothing_happened = self.operations.open[&operation].asked.is_empty();
        self.finish(operation, if nothing_happened { OperationStatus::Refused } else { OperationStatus::Unknown });
    }

    /// The client's patience with the whole operation ends.
    pub(super) fn timed_out(&mut self, operation: OpId) {
        if self.operations.open.contains_key(&operation) {
            self.finish(operation, OperationStatus::Unknown);
        }
    }

    fn answered(&mut self, operation: OpId, from: NodeId, answer: A::Response) {
        let index = operation.index();
        let client = self.operations.known[index].client;
        self.stick(client, from);
        self.convergence.acknowledge(self.now, operation, from);
        self.remember(client, &self.operations.said[index].0.clone(), &answer);
        self.operations.said[index].1 = Some(answer);
        self.finish(operation, OperationStatus::Ok);
    }

    fn finish(&mut self, operation: OpId, status: OperationStatus) {
        let open = self.operations.close(operation);
        self.waiting -= 1;
        let place = self.operations.place();
        let known = &mut self.operations.known[operation.index()];
        known.status = status;
        if status != OperationStatus::Unknown {
            known.end(self.now, place);
            known.delays = open.depth;
        }
        if let Some((population, _)) = open.of {
            let client = known.client;
            self.think(population, client);
        }
    }
}
