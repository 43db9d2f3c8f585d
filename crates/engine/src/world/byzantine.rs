//! Byzantine nodes: between what a node's protocol tells it to send and what leaves stands its behaviour. The protocol itself is
//! honest and knows of nothing. A node that was byzantine once counts as faulty to the end of the run: nobody waits for it to agree.

use super::operations::Word;
use super::{Status, World};
use crate::actor::{Actor, Message};
use crate::fault::Behaviour;
use crate::id::NodeId;
use crate::latency::Sampler;
use crate::ledger::Observer;
use crate::outcome::RunError;
use crate::queue::Key;
use crate::random::{Draw, StreamKey, lane, mix};
use crate::schedule::{Event, Schedule};
use crate::time::Nanos;
use crate::wire::Wire;
use std::collections::{BTreeMap, VecDeque};

/// The byzantine nodes of a run.
#[derive(Clone)]
pub(crate) struct Byzantine<A: Actor> {
    key: StreamKey,
    acting: BTreeMap<NodeId, Acting<A::Message>>,
    /// What leaves later, by number, if the node is then still in that life.
    detained: BTreeMap<u64, (u16, Detained<A>)>,
    next: u64,
    /// How often anything was drawn for each node.
    drawn: BTreeMap<NodeId, u32>,
    /// Who has ever been byzantine.
    faulty: Vec<NodeId>,
}

/// What leaves later.
#[derive(Clone)]
enum Detained<A: Actor> {
    /// A message: to whom, at which depth.
    Message(NodeId, u16, A::Message),
    /// A word to a client, and its depth.
    Word(Word<A>, u16),
}

#[derive(Clone, Debug)]
struct Acting<M> {
    behaviour: Behaviour,
    delay: Option<Sampler>,
    /// The fault's place in the setup.
    strike: usize,
    /// Who hears its lies, and which.
    spell: u64,
    /// The latest of them, for one that repeats itself.
    said: VecDeque<M>,
}

/// Messages that a node that repeats itself remembers.
const SAID_MAX: usize = 32;

impl<A: Actor> Byzantine<A> {
    pub(super) fn new(key: StreamKey) -> Byzantine<A> {
        Byzantine { key, acting: BTreeMap::new(), detained: BTreeMap::new(), next: 0, drawn: BTreeMap::new(), faulty: Vec::new() }
    }

    /// Whether every node is honest now.
    pub(super) fn is_empty(&self) -> bool {
        self.acting.is_empty()
    }

    /// Whether the node is honest now.
    pub(super) fn is_honest(&self, node: NodeId) -> bool {
        !self.acting.contains_key(&node)
    }

    /// The node's next draw.
    fn draw(&mut self, node: NodeId) -> u64 {
        let drawn = self.drawn.entry(node).or_insert(0);
        *drawn = drawn.wrapping_add(1);
        self.key.draw(node.0, *drawn)
    }

    /// Who has ever been byzantine, in ascending order.
    pub(crate) fn faulty(&self) -> &[NodeId] {
        &self.faulty
    }
}

/// What becomes of a message.
enum Twisted<M> {
    Leaves(M),
    Never,
}

impl<A: Actor, O: Observer, S: Schedule<A::Message>> World<A, O, S> {
    /// A node begins to behave so; whether it behaved otherwise.
    pub(super) fn turn_byzantine(&mut self, id: NodeId, behaviour: &Behaviour, strike: usize) -> bool {
        let delay = if let Behaviour::Delaying(delay) = behaviour { Some(delay.sampler()) } else { None };
        let acting =
            Acting { behaviour: behaviour.clone(), delay, strike, spell: self.byzantine.draw(id), said: VecDeque::new() };
        let before = self.byzantine.acting.insert(id, acting);
        if let Err(place) = self.byzantine.faulty.binary_search(&id) {
            self.byzantine.faulty.insert(place, id);
            self.convergence.exclude(self.now, id);
        }
        self.look_closely();
        before.is_none_or(|before| before.behaviour != *behaviour)
    }

    /// A node sends again what its protocol tells it to; whether it did not.
    pub(super) fn turn_honest(&mut self, id: NodeId) -> bool {
        let acted = self.byzantine.acting.remove(&id).is_some();
        self.look_closely();
        acted
    }

    /// A byzantine node's protocol sends.
    #[cold]
    #[inline(never)]
    pub(super) fn send_byzantine(&mut self, from: NodeId, to: NodeId, depth: u16, message: A::Message) {
        match self.twist(from, to, depth, message) {
            Twisted::Never => {}
            Twisted::Leaves(message) => self.send_honestly(from, to, depth, message),
        }
    }

    fn twist(&mut self, from: NodeId, to: NodeId, depth: u16, message: A::Message) -> Twisted<A::Message> {
        let draw = self.byzantine.draw(from);
        let acting = self.byzantine.acting.get_mut(&from).expect("an honest node's messages leave as they are");
        let strike = &mut self.strikes[acting.strike];
        match &acting.behaviour {
            Behaviour::Silent => {
                strike.messages_lost += 1;
                Twisted::Never
            }
            Behaviour::Delaying(_) => {
                strike.messages_changed += 1;
                let delay = acting.delay.as_ref().expect("who delays knows by how much").sample(draw);
                self.detain(from, depth, delay, Detained::Message(to, depth, message));
                Twisted::Never
            }
            Behaviour::Equivocating => {
                // Who hears the lies does not change, and one message is one lie, whoever hears it.
                let lies = (acting.spell ^ u64::from(to.0)) & 1 != 0;
                let lie = if lies { message.forge(mix(message.wire_digest(), acting.spell)) } else { None };
                strike.messages_changed += u64::from(lie.is_some());
                Twisted::Leaves(lie.unwrap_or(message))
            }
            Behaviour::Forging(probability) => {
                let lie = if probability.strikes(draw) { message.forge(lane(draw, 0)) } else { None };
                strike.messages_changed += u64::from(lie.is_some());
                Twisted::Leaves(lie.unwrap_or(message))
            }
            Behaviour::Replaying(probability) => {
                let again = if probability.strikes(draw) && !acting.said.is_empty() {
                    let which = Draw(lane(draw, 0)).below(acting.said.len() as u64);
                    strike.messages_changed += 1;
                    acting.said.get(which as usize).cloned()
                } else {
                    None
                };
                if acting.said.len() == SAID_MAX {
                    acting.said.pop_front();
                }
                acting.said.push_back(message.clone());
                self.send_honestly(from, to, depth, message);
                // A fault may have waited for that.
                let again = again.filter(|_| self.nodes[from.index()].status != Status::Down);
                again.map_or(Twisted::Never, Twisted::Leaves)
            }
        }
    }

    fn detain(&mut self, from: NodeId, depth: u16, delay: Nanos, what: Detained<A>) {
        let node = &mut self.nodes[from.index()];
        let Some(sequence) = node.take_sequence() else {
            return self.fail(RunError::SequenceOverflow(from));
        };
        let number = self.byzantine.next;
        self.byzantine.next += 1;
        self.byzantine.detained.insert(number, (node.incarnation, what));
        // A driver that lets anything happen next has no use for instants.
        let key = Key::new((self.now + if S::TIMED { delay } else { 0 }).0, node.rank, sequence);
        self.schedule.event(key, from, depth, Event::Detained(number));
    }

    /// A byzantine node answers a client: with what its protocol says, for to clients nobody lies, but late or never.
    #[cold]
    #[inline(never)]
    pub(super) fn answer_byzantine(&mut self, from: NodeId, depth: u16, word: Word<A>) {
        let acting = &self.byzantine.acting[&from];
        let strike = acting.strike;
        match &acting.behaviour {
            Behaviour::Silent => self.strikes[strike].messages_lost += 1,
            Behaviour::Delaying(_) => {
                self.strikes[strike].messages_changed += 1;
                let draw = self.byzantine.draw(from);
                let delay = self.byzantine.acting[&from].delay.as_ref().expect("who delays knows by how much").sample(draw);
                self.detain(from, depth, delay, Detained::Word(word, depth));
            }
            Behaviour::Equivocating | Behaviour::Replaying(_) | Behaviour::Forging(_) => self.say(word, depth),
        }
    }

    /// What a byzantine node kept back leaves, unless the node has stopped meanwhile.
    pub(super) fn let_go(&mut self, from: NodeId, number: u64) {
        let kept = match S::TIMED {
            true => self.byzantine.detained.remove(&number),
            false => self.byzantine.detained.get(&number).cloned(),
        };
        let (incarnation, kept) = kept.expect("what is let go was kept");
        let node = &self.nodes[from.index()];
        match kept {
            _ if node.status == Status::Down || node.incarnation != incarnation => {}
            Detained::Message(to, depth, message) => self.send_honestly(from, to, depth, message),
            Detained::Word(word, depth) => self.say(word, depth),
        }
    }
}
