//! Faults that wait for something that a replica says or does. Each counts how often it has happened, and strikes when its turn
//! has come: at once where it can, so that a node may crash between two messages of one handler.

use super::{Moment, World};
use crate::actor::{Actor, Fact, Message};
use crate::fault::{Fault, On};
use crate::id::NodeId;
use crate::ledger::Observer;
use crate::schedule::Schedule;
use crate::setup::Setup;

/// The faults that wait, by what they wait for: places in the setup's faults, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Triggers {
    facts: Vec<Vec<usize>>,
    sent: Vec<Vec<usize>>,
    received: Vec<Vec<usize>>,
    sync: Vec<usize>,
    synced: Vec<usize>,
    /// How often each fault of the setup has met what it waits for.
    counts: Vec<u32>,
}

/// What a replica says or does.
#[derive(Clone, Copy)]
pub(super) enum Occasion {
    /// The place of a fact's kind.
    Fact(usize),
    /// The place of a message's kind.
    Sent(usize),
    Received(usize),
    Sync,
    Synced,
}

impl Triggers {
    /// # Panics
    /// When a trigger waits for a fact or a message that the protocol does not have.
    pub(super) fn new<A: Actor>(setup: &Setup) -> Triggers {
        let mut triggers = Triggers { counts: vec![0; setup.faults.len()], ..Triggers::default() };
        let messages: Vec<&str> = A::Message::KINDS.iter().map(|kind| kind.name).collect();
        let facts: Vec<&str> = A::Fact::KINDS.iter().map(|kind| kind.name).collect();
        for (index, timed) in setup.faults.iter().enumerate() {
            let Some(trigger) = &timed.trigger else { continue };
            match trigger.on {
                On::Fact(name) => add(&mut triggers.facts, &facts, name, index),
                On::Sent(name) => add(&mut triggers.sent, &messages, name, index),
                On::Received(name) => add(&mut triggers.received, &messages, name, index),
                On::Sync => triggers.sync.push(index),
                On::Synced => triggers.synced.push(index),
            }
        }
        triggers
    }

    /// Whether any waits for a message to be sent.
    pub(super) fn heed_sends(&self) -> bool {
        !self.sent.is_empty()
    }

    /// Whether any waits for a message to be handled.
    pub(super) fn heed_receipts(&self) -> bool {
        !self.received.is_empty()
    }

    fn waiting(&self, occasion: Occasion) -> &[usize] {
        match occasion {
            Occasion::Fact(kind) => self.facts.get(kind).map_or(&[], Vec::as_slice),
            Occasion::Sent(kind) => self.sent.get(kind).map_or(&[], Vec::as_slice),
            Occasion::Received(kind) => self.received.get(kind).map_or(&[], Vec::as_slice),
            Occasion::Sync => &self.sync,
            Occasion::Synced => &self.synced,
        }
    }
}

fn add(lists: &mut Vec<Vec<usize>>, names: &[&str], name: &str, index: usize) {
    let place = names.iter().position(|known| *known == name);
    let place = place.unwrap_or_else(|| panic!("a fault waits for \"{name}\", and there are {names:?}"));
    lists.resize(names.len(), Vec::new());
    lists[place].push(index);
}

impl<A: Actor, O: Observer, S: Schedule<A::Message>> World<A, O, S> {
    /// A replica did what faults may wait for.
    #[inline]
    pub(super) fn set_off(&mut self, node: NodeId, occasion: Occasion) {
        // A driver that chooses what happens has no faults of its own.
        if !self.triggers.waiting(occasion).is_empty() && self.script.is_none() {
            self.count(node, occasion);
        }
    }

    #[cold]
    #[inline(never)]
    fn count(&mut self, node: NodeId, occasion: Occasion) {
        for place in 0..self.triggers.waiting(occasion).len() {
            let index = self.triggers.waiting(occasion)[place];
            let timed = &self.setup.faults[index];
            let trigger = timed.trigger.as_ref().expect("only faults with a trigger wait");
            if self.now < timed.at || trigger.by.as_ref().is_some_and(|by| !by.contains(node)) {
                continue;
            }
            self.triggers.counts[index] = self.triggers.counts[index].saturating_add(1);
            if trigger.nth.is_some_and(|nth| nth != self.triggers.counts[index]) {
                continue;
            }
            if trigger.after == 0 && is_immediate(&timed.fault) {
                self.moment(Moment::Triggered(index, node));
            } else {
                self.agenda.join(self.now + trigger.after, Moment::Triggered(index, node));
            }
        }
    }
}

/// Whether the fault can strike while a handler's effects are carried out: it must not make any replica run.
fn is_immediate(fault: &Fault) -> bool {
    !matches!(fault, Fault::Restart(_) | Fault::Join(_) | Fault::Resume(_) | Fault::RoomOnDisk(_))
}
