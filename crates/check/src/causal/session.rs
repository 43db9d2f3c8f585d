//! Causal memory: the order of happening before (HB) that each session comes to believe in. It begins as causality, and grows: when a
//! read of the session saw `w2`, then every other write of that key that is before the read is before `w2` too. It is enough to look
//! at the last event of each session, since what it believes contains what it believed before.

use super::{Bad, Cause};
use crate::budget::{Budget, Exhausted};
use crate::traces::Source;
use crate::traces::bits::{Bits, way};

/// WriteHBInitRead or CyclicHB, in whichever session has it first.
pub(super) fn bad_pattern(cause: &Cause<'_>, budget: &mut Budget<'_>) -> Result<Option<Bad>, Exhausted> {
    let events = &cause.trace.events;
    let lasts = (0..events.len()).filter(|event| events.get(event + 1).is_none_or(|next| next.session != events[*event].session));
    for last in lasts {
        if let Some(bad) = Belief::new(cause, last, budget)?.grow(budget)? {
            return Ok(Some(bad));
        }
    }
    Ok(None)
}

/// What one session believes to have happened before what.
struct Belief<'a> {
    cause: &'a Cause<'a>,
    session: usize,
    /// The events in the session's past, so that causes come first.
    members: Vec<usize>,
    /// For each event all that is before it.
    before: Bits,
    /// For each event those directly before it, causes among them.
    direct: Vec<Vec<u32>>,
    /// Which read put the first write before the second.
    reasons: Vec<(usize, usize, usize)>,
}

impl<'a> Belief<'a> {
    fn new(cause: &'a Cause<'a>, last: usize, budget: &mut Budget<'_>) -> Result<Belief<'a>, Exhausted> {
        let events = cause.trace.events.len();
        let mut members: Vec<usize> = cause.past.iter(last).chain([last]).collect();
        budget.spend(1 + members.len() as u64 * cause.past.words())?;
        budget.hold(16 * events as u64 * cause.past.words())?;
        // An effect has all the past of its cause, and the cause.
        members.sort_by_cached_key(|event| cause.past.row(*event).iter().map(|word| word.count_ones()).sum::<u32>());
        let (before, direct) = (cause.past.clone(), cause.direct.clone());
        Ok(Belief { cause, session: cause.trace.events[last].session, members, before, direct, reasons: Vec::new() })
    }

    fn grow(&mut self, budget: &mut Budget<'_>) -> Result<Option<Bad>, Exhausted> {
        let trace = self.cause.trace;
        let reads: Vec<usize> = self
            .members
            .iter()
            .copied()
            .filter(|event| trace.events[*event].session == self.session && !trace.is_write(*event))
            .collect();
        loop {
            let mut grown = false;
            for read in &reads {
                match trace.source(*read) {
                    Some(Source::Initial) => {
                        if let Some(bad) = self.initial(*read, budget)? {
                            return Ok(Some(bad));
                        }
                    }
                    Some(Source::Write(source)) => grown |= self.learn(*read, *source, budget)?,
                    _ => {}
                }
            }
            if !grown {
                return Ok(None);
            }
            if self.close(budget)? {
                return self.cyclic(budget).map(Some);
            }
        }
    }

    /// Puts the writes before a read before the one that it saw. Whether that is news.
    fn learn(&mut self, read: usize, source: usize, budget: &mut Budget<'_>) -> Result<bool, Exhausted> {
        let writes = &self.cause.writes[&self.cause.trace.events[read].key];
        budget.spend(1 + writes.len() as u64)?;
        let mut grown = false;
        for write in writes.iter().filter(|write| **write != source) {
            if self.before.has(read, *write) && !self.before.has(source, *write) {
                self.direct[source].push(*write as u32);
                self.reasons.push((*write, source, read));
                self.before.set(source, *write);
                grown = true;
            }
        }
        Ok(grown)
    }

    /// Closes the order under transitivity. Whether it has come to have a cycle.
    fn close(&mut self, budget: &mut Budget<'_>) -> Result<bool, Exhausted> {
        loop {
            let mut changed = false;
            for &event in &self.members {
                for &before in &self.direct[event] {
                    budget.spend(1 + self.before.words())?;
                    changed |= self.before.merge(event, before as usize);
                }
                if self.before.has(event, event) {
                    return Ok(true);
                }
            }
            if !changed {
                return Ok(false);
            }
        }
    }

    fn initial(&self, read: usize, budget: &mut Budget<'_>) -> Result<Option<Bad>, Exhausted> {
        let trace = self.cause.trace;
        let Some(writes) = self.cause.writes.get(&trace.events[read].key) else { return Ok(None) };
        budget.spend(1 + writes.len() as u64)?;
        let Some(write) = writes.iter().find(|write| self.before.has(read, **write)) else { return Ok(None) };
        let way = way(&self.direct, read, *write, budget)?.expect("it is before the read");
        let text = format!(
            "{} saw what was there at the start, though for process {} {} is before it: {}",
            trace.tell(read),
            trace.operation(read).process,
            trace.tell(*write),
            self.tell_way(&way)
        );
        Ok(Some(Bad { pattern: "WriteHBInitRead", events: vec![read, *write], text }))
    }

    fn cyclic(&self, budget: &mut Budget<'_>) -> Result<Bad, Exhausted> {
        let trace = self.cause.trace;
        let event = self.members.iter().copied().find(|event| self.before.has(*event, *event)).expect("there is a cycle");
        let mut events = way(&self.direct, event, event, budget)?.expect("it is before itself");
        let process = self.members.iter().find(|event| trace.events[**event].session == self.session);
        let process = trace.operation(*process.expect("a session has events")).process;
        let text = format!("for process {process} the writes come in a circle: {}", self.tell_way(&events));
        events.pop();
        Ok(Bad { pattern: "CyclicHB", events, text })
    }

    fn tell_way(&self, way: &[usize]) -> String {
        way.windows(2).map(|pair| self.tell_step(pair[0], pair[1])).collect::<Vec<_>>().join("; ")
    }

    fn tell_step(&self, event: usize, before: usize) -> String {
        let trace = self.cause.trace;
        if self.cause.direct[event].contains(&(before as u32)) {
            return self.cause.tell_step(event, before);
        }
        let reason = self.reasons.iter().find(|(first, second, _)| (*first, *second) == (before, event));
        let (_, _, read) = reason.expect("a read put them in this order");
        format!(
            "{} was there before {} saw {}, so that {} comes before {}",
            trace.tell(before),
            trace.tell(*read),
            trace.tell(event),
            trace.id(before),
            trace.id(event)
        )
    }
}
