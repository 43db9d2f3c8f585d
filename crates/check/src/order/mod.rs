//! Judges broadcast by what was delivered where (Hadzilacos and Toueg, "A modular approach to fault-tolerant broadcasts and related
//! problems", 1994; Défago, Schiper and Urbán, "Total order broadcast and multicast algorithms", ACM Computing Surveys 2004; Cachin,
//! Guerraoui and Rodrigues, "Introduction to Reliable and Secure Distributed Programming", 2011). Each [`Property`] is judged by
//! itself; [`judge`] takes those that are promised and names the first offence against the first that does not hold.
//!
//! Processes are correct or crashed. Where [`Scope::Correct`] is asked for, only correct ones are held to a property; [`Scope::All`]
//! is the uniform form, in which crashed ones are too, for what they did before they crashed. What must happen in the end, validity and agreement, is
//! judged only of a run that is `settled`; else it is unknown, and only that. A process that restarts and has forgotten what it delivered
//! is another process, with a number of its own. The order properties look at the first delivery of a message at a process: that there is
//! no second is a property of its own.
//!
//! Time is linear in events and processes, but for maps; total order compares each two processes, and so takes processes squared times messages.

mod ordered;
#[cfg(test)]
mod tests;

use crate::Verdict;
use std::collections::{BTreeMap, BTreeSet};

/// A run.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// Everybody.
    pub processes: &'a [Process],
    /// What happened, so that what one process did is in its order, and each broadcast before the deliveries of its message.
    pub events: &'a [Event],
    /// Whether all was delivered that would be: nothing is under way, everything is repaired.
    pub settled: bool,
}

/// A process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Process {
    /// Its number.
    pub process: u32,
    /// Whether it never crashed.
    pub correct: bool,
}

/// Something that a process did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Event {
    /// Its number.
    pub process: u32,
    /// The message, by a number of its own.
    pub message: u64,
    /// What it did with it.
    pub what: What,
}

/// What a process did with a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// Sent it to all. Each message is broadcast once; if it is sent again, only the first time counts.
    Broadcast,
    /// Delivered it.
    Deliver {
        /// At this place in the sequence, if there are numbers.
        number: Option<u64>,
    },
}

/// Who is held to a property.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Those who never crashed.
    Correct,
    /// Everybody: the uniform form.
    All,
}

/// What can be promised.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Property {
    /// What a correct process broadcasts, it delivers. With agreement, all do.
    Validity,
    /// What one process in the scope delivers, every correct one does.
    Agreement(Scope),
    /// What is delivered was broadcast before.
    NoCreation,
    /// Nobody delivers a message twice.
    NoDuplication,
    /// Nobody delivers a message before all that its sender had broadcast before it.
    Fifo(Scope),
    /// Nobody delivers a message before all that its sender had broadcast or delivered before it, and all before those.
    Causal(Scope),
    /// Two processes that both deliver two messages do so in one order. Each may leave out what the other has.
    TotalOrder(Scope),
    /// Of what any two processes delivered, one is the beginning of the other: total order without gaps.
    Prefix(Scope),
    /// No number stands for two messages, and no message has two; at each process numbers go up by one, from the lowest that anybody
    /// delivered. That all start too late is not seen.
    Numbers(Scope),
}

/// Holds when all these properties do.
pub fn judge(run: &Run<'_>, properties: &[Property]) -> Verdict {
    let seen = Seen::new(run);
    if let Some(evidence) = properties.iter().find_map(|property| seen.offence(*property)) {
        return Verdict::Violation(evidence);
    }
    let in_the_end = |property: &Property| matches!(property, Property::Validity | Property::Agreement(_));
    if !run.settled && properties.iter().any(in_the_end) {
        return Verdict::Unknown("deliveries were still to come when the run ended".to_string());
    }
    Verdict::Ok
}

/// A run, sorted.
struct Seen<'a> {
    run: &'a Run<'a>,
    correct: BTreeSet<u32>,
    /// What each process delivered, in order, with the places of the events. Invariant: an entry for each process.
    delivered: BTreeMap<u32, Vec<Delivery>>,
    /// The same without what had been delivered before, as places by message.
    places: BTreeMap<u32, BTreeMap<u64, usize>>,
    /// Who broadcast a message first, and in which event.
    broadcast: BTreeMap<u64, (u32, usize)>,
}

#[derive(Clone, Copy)]
struct Delivery {
    message: u64,
    number: Option<u64>,
}

impl<'a> Seen<'a> {
    fn new(run: &'a Run<'a>) -> Seen<'a> {
        let correct = run.processes.iter().filter(|process| process.correct).map(|process| process.process).collect();
        let mut delivered: BTreeMap<u32, Vec<Delivery>> =
            run.processes.iter().map(|process| (process.process, Vec::new())).collect();
        let mut places: BTreeMap<u32, BTreeMap<u64, usize>> = BTreeMap::new();
        let mut broadcast = BTreeMap::new();
        for (index, event) in run.events.iter().enumerate() {
            match event.what {
                What::Broadcast => drop(broadcast.entry(event.message).or_insert((event.process, index))),
                What::Deliver { number } => {
                    let list = delivered.entry(event.process).or_default();
                    places.entry(event.process).or_default().entry(event.message).or_insert(list.len());
                    list.push(Delivery { message: event.message, number });
                }
            }
        }
        Seen { run, correct, delivered, places, broadcast }
    }

    fn offence(&self, property: Property) -> Option<String> {
        match property {
            Property::Validity => self.validity(),
            Property::Agreement(scope) => self.agreement(scope),
            Property::NoCreation => self.creation(),
            Property::NoDuplication => self.duplication(),
            Property::Fifo(scope) => self.fifo(scope),
            Property::Causal(scope) => self.causal(scope),
            Property::TotalOrder(scope) => self.total_order(scope),
            Property::Prefix(scope) => self.prefix(scope),
            Property::Numbers(scope) => self.numbers(scope),
        }
    }

    fn is_in(&self, scope: Scope, process: u32) -> bool {
        scope == Scope::All || self.correct.contains(&process)
    }

    /// What each process in the scope delivered.
    fn within(&self, scope: Scope) -> impl Iterator<Item = (u32, &[Delivery])> {
        self.delivered
            .iter()
            .filter(move |(process, _)| self.is_in(scope, **process))
            .map(|(process, list)| (*process, &list[..]))
    }

    /// The place of a message among what a process delivered.
    fn place(&self, process: u32, message: u64) -> Option<usize> {
        self.places.get(&process)?.get(&message).copied()
    }

    fn is_first(&self, process: u32, place: usize, message: u64) -> bool {
        self.place(process, message) == Some(place)
    }

    fn validity(&self) -> Option<String> {
        if !self.run.settled {
            return None;
        }
        let sent = self.run.events.iter().filter(|event| event.what == What::Broadcast && self.correct.contains(&event.process));
        let lost = sent.into_iter().find(|event| self.place(event.process, event.message).is_none())?;
        Some(format!("validity: n{} broadcast message {} and never delivered it", lost.process, lost.message))
    }

    fn agreement(&self, scope: Scope) -> Option<String> {
        if !self.run.settled {
            return None;
        }
        let mut wanted: BTreeMap<u64, u32> = BTreeMap::new();
        for (process, list) in self.within(scope) {
            for delivery in list {
                wanted.entry(delivery.message).or_insert(process);
            }
        }
        self.correct.iter().find_map(|process| {
            let (message, by) = wanted.iter().find(|(message, _)| self.place(*process, **message).is_none())?;
            let crashed = if self.correct.contains(by) { "" } else { " before it crashed" };
            Some(format!("agreement: n{by} delivered message {message}{crashed}, n{process} never did"))
        })
    }

    fn creation(&self) -> Option<String> {
        self.run.events.iter().enumerate().find_map(|(index, event)| match (event.what, self.broadcast.get(&event.message)) {
            (What::Broadcast, _) => None,
            (_, Some((_, sent))) if *sent < index => None,
            (_, Some((sender, _))) => Some(format!(
                "no creation: n{} delivered message {}, which n{sender} broadcast only later",
                event.process, event.message
            )),
            _ => Some(format!("no creation: n{} delivered message {}, which nobody broadcast", event.process, event.message)),
        })
    }

    fn duplication(&self) -> Option<String> {
        self.within(Scope::All).find_map(|(process, list)| {
            let again = (0..list.len()).find(|place| !self.is_first(process, *place, list[*place].message))?;
            let message = list[again].message;
            let first = self.place(process, message)?;
            Some(format!(
                "no duplication: n{process} delivered message {message} as its delivery {} and again as {}",
                first + 1,
                again + 1
            ))
        })
    }
}
