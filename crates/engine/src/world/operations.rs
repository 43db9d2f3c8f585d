//! The operations of a run: what is known of each for good, and what is kept of those under way. What stays is small, and stands as
//! the outcome gives it away: a run may have millions.

use super::World;
use crate::actor::Actor;
use crate::collections::HashMap;
use crate::id::{NodeId, OpId};
use crate::ledger::Observer;
use crate::outcome::{OperationOutcome, OperationStatus};
use crate::schedule::{Event, Schedule};
use crate::setup::Planned;
use crate::time::Nanos;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

/// All operations, by number: those planned one by one, then those of populations in the order in which they were asked.
#[derive(Clone, Debug)]
pub(crate) struct Operations<A: Actor> {
    /// What is known of each.
    pub(crate) known: Vec<OperationOutcome>,
    /// What each asks, and was answered, once the client knows.
    pub(crate) said: Vec<(A::Request, Option<A::Response>)>,
    /// The digest of the first answer that a replica gave, whether the client heard it or not; 0 for none.
    pub(crate) given: Vec<u64>,
    /// When the clients of those planned one by one give up.
    timeouts: Vec<Option<Nanos>>,
    /// Those whose clients still wait.
    pub(crate) open: BTreeMap<OpId, Open<A>>,
    /// Requests of later rounds under way, by the words' numbers.
    pub(crate) later: HashMap<u32, (u32, A::Request)>,
    /// The round whose request reached a replica last, where that was a later one.
    pub(crate) reached: BTreeMap<(OpId, NodeId), u32>,
    /// Answers under way, by the words' numbers.
    pub(crate) words: HashMap<u32, Word<A>>,
    next_word: u32,
    /// What clients have sent and heard so far.
    told: u32,
}

/// An operation whose client waits.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Open<A: Actor> {
    /// The place of the client's population and the number of the operation among the client's own; `None` for one planned.
    pub(crate) of: Option<(u32, u32)>,
    pub(crate) phase: Phase,
    /// How often the client has begun to wait for something: only the last wait counts.
    pub(crate) waits: u32,
    /// Attempts begun.
    pub(crate) attempts: u32,
    /// Redirects that this attempt followed.
    pub(crate) hops: u32,
    /// The client's own choice of whom to ask.
    pub(crate) aim: NodeId,
    /// From 1.
    pub(crate) round: u32,
    /// What the round asks; `None` in the first.
    pub(crate) request: Option<A::Request>,
    /// Who was asked in which attempt and has not refused: what they were asked may have taken effect.
    pub(crate) asked: Vec<(u32, NodeId)>,
    /// What the round was answered, by whom, the latest last; of each replica the last answer.
    pub(crate) answers: Vec<(NodeId, A::Response)>,
    /// Message delays of the longest chain from the invocation to what the client knows.
    pub(crate) depth: u16,
}

/// What the client of an operation does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Phase {
    /// It is about to begin an attempt.
    Begins,
    /// It is about to ask on in the same attempt: in the next round, or where it was redirected.
    GoesOn,
    /// It has asked.
    Waits,
}

/// What a replica says to a client.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Word<A: Actor> {
    pub(crate) operation: OpId,
    pub(crate) from: NodeId,
    /// The round that it answers.
    pub(crate) round: u32,
    pub(crate) said: Said<A::Response>,
}

/// See [`Word`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Said<R> {
    Answer(R),
    Refusal,
    Redirect(NodeId),
}

impl<A: Actor> Operations<A> {
    pub(super) fn new(planned: Vec<Planned<A::Request>>) -> Operations<A> {
        let mut operations = Operations {
            known: Vec::new(),
            said: Vec::with_capacity(planned.len()),
            given: Vec::new(),
            timeouts: planned.iter().map(|planned| planned.timeout).collect(),
            open: BTreeMap::new(),
            later: HashMap::default(),
            reached: BTreeMap::new(),
            words: HashMap::default(),
            next_word: 0,
            told: 0,
        };
        for planned in planned {
            operations.add(planned.client, planned.to, planned.request);
        }
        operations
    }

    /// One more, not sent yet.
    pub(super) fn add(&mut self, client: u32, to: NodeId, request: A::Request) -> OpId {
        let id = OpId(u32::try_from(self.known.len()).expect("a run has fewer than 2^32 operations"));
        self.known.push(OperationOutcome::unsent(client, to));
        self.said.push((request, None));
        self.given.push(0);
        id
    }

    /// The place of what a client sends or hears now among all that clients send and hear; beyond 2^32 they share the last.
    pub(super) fn place(&mut self) -> u32 {
        self.told = self.told.saturating_add(1);
        self.told
    }

    /// The number of the next operation.
    pub(super) fn next(&self) -> u64 {
        self.known.len() as u64
    }

    /// When the client of one planned gives up.
    pub(super) fn timeout(&self, planned: OpId) -> Option<Nanos> {
        self.timeouts[planned.index()]
    }

    /// The first of those planned that was not sent yet.
    pub(crate) fn next_planned(&self) -> Option<OpId> {
        let unsent = |known: &OperationOutcome| known.status == OperationStatus::Unsent;
        self.known[..self.timeouts.len()].iter().position(unsent).map(|index| OpId(index as u32))
    }

    /// A number for what is said next, by a client or to one. Lost words have one too, so that a replay gives the same numbers.
    pub(super) fn number_word(&mut self) -> u32 {
        let number = self.next_word;
        self.next_word = number.wrapping_add(1);
        number
    }

    /// What a request under way asks.
    pub(crate) fn request(&self, operation: OpId, word: u32) -> &A::Request {
        self.later.get(&word).map_or(&self.said[operation.index()].0, |(_, request)| request)
    }

    /// The round that a replica answers.
    pub(super) fn round(&self, operation: OpId, by: NodeId) -> u32 {
        self.reached.get(&(operation, by)).copied().unwrap_or(1)
    }

    /// A client waits no longer.
    pub(super) fn close(&mut self, operation: OpId) -> Open<A> {
        let open = self.open.remove(&operation).expect("only what is open is closed");
        if open.round > 1 {
            let of = (operation, NodeId(0))..=(operation, NodeId(u32::MAX));
            let reached: Vec<_> = self.reached.range(of).map(|(place, _)| *place).collect();
            reached.iter().for_each(|place| {
                self.reached.remove(place);
            });
        }
        open
    }
}

impl<A: Actor> Open<A> {
    pub(super) fn new(of: Option<(u32, u32)>, aim: NodeId) -> Open<A> {
        Open {
            of,
            phase: Phase::Begins,
            waits: 0,
            attempts: 0,
            hops: 0,
            aim,
            round: 1,
            request: None,
            asked: Vec::new(),
            answers: Vec::new(),
            depth: 0,
        }
    }

    /// A replica did nothing and will do nothing; whether this says something of the present attempt.
    pub(super) fn strike_out(&mut self, from: NodeId) -> bool {
        // Who was not asked speaks for who was.
        let place = self.asked.iter().rposition(|(_, node)| *node == from).or(self.asked.len().checked_sub(1));
        let attempt = place.map(|place| self.asked.remove(place).0);
        attempt == Some(self.attempts) && self.phase == Phase::Waits
    }

    /// Whether everybody who was asked in the present attempt has refused.
    pub(super) fn is_refused(&self) -> bool {
        self.asked.iter().all(|(attempt, _)| *attempt != self.attempts)
    }
}

impl<A: Actor, O: Observer, S: Schedule<A::Message>> World<A, O, S> {
    /// Whether an event that is to come still changes anything: a client that waits no longer is not woken.
    pub(crate) fn matters(&self, event: Event) -> bool {
        match event {
            Event::Timeout(operation) => self.operations.open.contains_key(&operation),
            Event::Resume(operation, waits) => self.operations.open.get(&operation).is_some_and(|open| open.waits == waits),
            _ => true,
        }
    }

    /// Hashes what an event is, without the numbers that tell only in which order things were said.
    pub(crate) fn hash_event(&self, event: Event, hasher: &mut impl Hasher) {
        let Operations { later, words, .. } = &self.operations;
        match event {
            Event::Request(operation, word) => (0, operation, later.get(&word)).hash(hasher),
            Event::Response(word) => (1, &words[&word]).hash(hasher),
            Event::Resume(operation, _) => (2, operation).hash(hasher),
            event => (3, event).hash(hasher),
        }
    }

    /// Hashes what clients know, and what they will do.
    pub(crate) fn hash_clients(&self, hasher: &mut impl Hasher) {
        let Operations { known, said, given: _, timeouts, open, later: _, reached, words: _, next_word: _, told: _ } =
            &self.operations;
        for (known, (_, answer)) in known.iter().zip(said) {
            (known.status, answer).hash(hasher);
        }
        // What was planned is the same in every state.
        for (known, (request, _)) in known.iter().zip(said).skip(timeouts.len()) {
            (known.client, request).hash(hasher);
        }
        for (operation, open) in open {
            // How often it waited tells of the path; the last wait is an event.
            (operation, Open { waits: 0, depth: 0, ..open.clone() }).hash(hasher);
        }
        (reached, &self.seen, &self.locks).hash(hasher);
        for client in &self.clients {
            (client.asked, client.favourite).hash(hasher);
        }
        self.populations.iter().for_each(|group| group.state().hash(hasher));
    }
}
