//! Causal consistency, causal convergence and causal memory, after Bouajjani, Enea, Guerraoui and Hamza ("On verifying causal
//! consistency", POPL 2017): where each value is written once to its key, a history lacks one of them exactly when it has one of that
//! one's *bad patterns* (theorems 3 to 5 there). A process is a session; a transaction is judged as its accesses, one after the other.
//!
//! Causality (CO) is session order and reads-from, closed under transitivity. The patterns:
//!
//! - **ThinAirRead**: a read of what nobody wrote. **CyclicCO**: causality has a cycle.
//! - **WriteCOInitRead**: a read of the initial value, though a write of its key caused it.
//! - **WriteCORead**: a read of a write, though that write caused another of the same key which caused the read.
//! - **CyclicCF**: the writes of each key cannot be ordered once for all: `w1` conflicts with `w2`, and must come before it, when `w1`
//!   caused a read of `w2`.
//! - **WriteHBInitRead, CyclicHB**: the same, session by session: what a session has read orders the writes in its past, and what is
//!   before a read in that order counts as what caused it.
//!
//! Causal consistency forbids the first four, causal convergence CyclicCF too, causal memory the last two. Reads that see a write from
//! later in real time, but not in any session, are nothing to these. A step of the budget is about a word of 64 bits.

mod session;
#[cfg(test)]
pub(crate) mod tests;

use crate::Verdict;
use crate::budget::{Budget, Exhausted};
use crate::checks::Judgement;
use crate::history::{History, Model, Value};
use crate::traces::bits::{Bits, reach, way};
use crate::traces::{Source, Trace};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// The models that can be judged.
pub const MODELS: &[Model] = &[Model::Register, Model::CasRegister, Model::MultiRegister, Model::Kv, Model::RwRegister];

/// Which of the three is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flavour {
    /// Causal consistency.
    Plain,
    /// Causal convergence: all see conflicting writes in one order.
    Convergence,
    /// Causal memory: each session sees conflicting writes in one order.
    Memory,
}

/// Judges causal consistency.
pub fn plain(history: &History, budget: &mut Budget<'_>) -> Judgement {
    judge(history, Flavour::Plain, budget)
}

/// Judges causal convergence.
pub fn convergence(history: &History, budget: &mut Budget<'_>) -> Judgement {
    judge(history, Flavour::Convergence, budget)
}

/// Judges causal memory.
pub fn memory(history: &History, budget: &mut Budget<'_>) -> Judgement {
    judge(history, Flavour::Memory, budget)
}

/// Holds when the history has none of the bad patterns of the flavour. Facts of a violation: `pattern`, its name, and `operations`,
/// the ids of those in it.
pub fn judge(history: &History, flavour: Flavour, budget: &mut Budget<'_>) -> Judgement {
    if !MODELS.contains(&history.model) {
        return Verdict::Unknown(format!("causality is not judged for model {}", history.model.name())).into();
    }
    let trace = Trace::new(history);
    let found = match trace.thin_air() {
        Some((event, text)) => Ok(Some(Bad { pattern: "ThinAirRead", events: vec![event], text })),
        None => bad_pattern(&trace, flavour, budget),
    };
    match found {
        Err(exhausted) => Verdict::Unknown(exhausted.to_string()).into(),
        Ok(None) => trace.clean(),
        Ok(Some(bad)) => {
            let operations: Vec<Json> = bad.events.iter().map(|event| trace.id(*event).into()).collect();
            let verdict = Verdict::Violation(format!("{}: {}", bad.pattern, bad.text));
            Judgement::from(verdict).with("pattern", bad.pattern).with("operations", operations)
        }
    }
}

/// A bad pattern that was found.
struct Bad {
    pattern: &'static str,
    events: Vec<usize>,
    text: String,
}

fn bad_pattern(trace: &Trace<'_>, flavour: Flavour, budget: &mut Budget<'_>) -> Result<Option<Bad>, Exhausted> {
    let cause = Cause::new(trace, budget)?;
    if let Some(bad) = cause.cyclic(budget)? {
        return Ok(Some(bad));
    }
    if let Some(bad) = cause.stale_read(budget)? {
        return Ok(Some(bad));
    }
    match flavour {
        Flavour::Plain => Ok(None),
        Flavour::Convergence => cause.conflict(budget),
        Flavour::Memory => session::bad_pattern(&cause, budget),
    }
}

/// What caused what.
struct Cause<'a> {
    trace: &'a Trace<'a>,
    /// For each event those directly before it: in its session, and what it read.
    direct: Vec<Vec<u32>>,
    /// For each event all that caused it.
    past: Bits,
    writes: BTreeMap<Value, Vec<usize>>,
}

impl<'a> Cause<'a> {
    fn new(trace: &'a Trace<'a>, budget: &mut Budget<'_>) -> Result<Cause<'a>, Exhausted> {
        let events = trace.events.len();
        let mut direct: Vec<Vec<u32>> = vec![Vec::new(); events];
        for (event, before) in direct.iter_mut().enumerate() {
            before.extend(trace.before(event).map(|before| before as u32));
            if let Some(Source::Write(write)) = trace.source(event) {
                before.push(*write as u32);
            }
        }
        let past = reach(&direct, Some, events, budget)?;
        Ok(Cause { trace, direct, past, writes: trace.writes() })
    }

    fn cyclic(&self, budget: &mut Budget<'_>) -> Result<Option<Bad>, Exhausted> {
        let Some(event) = (0..self.trace.events.len()).find(|event| self.past.has(*event, *event)) else { return Ok(None) };
        let mut events = way(&self.direct, event, event, budget)?.expect("it is in its own past");
        let text = self.tell_way(&events);
        events.pop();
        Ok(Some(Bad { pattern: "CyclicCO", events, text: format!("what was read caused itself: {text}") }))
    }

    /// WriteCOInitRead and WriteCORead.
    fn stale_read(&self, budget: &mut Budget<'_>) -> Result<Option<Bad>, Exhausted> {
        for read in 0..self.trace.events.len() {
            let writes = self.writes.get(&self.trace.events[read].key).map_or(&[][..], |writes| writes);
            budget.spend(1 + writes.len() as u64)?;
            let in_past = |write: &&usize| self.past.has(read, **write);
            match self.trace.source(read) {
                Some(Source::Initial) => {
                    if let Some(write) = writes.iter().find(in_past) {
                        let text = format!(
                            "{} saw what was there at the start, though {} had happened before it: {}",
                            self.trace.tell(read),
                            self.trace.tell(*write),
                            self.tell_cause(read, *write, budget)?
                        );
                        return Ok(Some(Bad { pattern: "WriteCOInitRead", events: vec![read, *write], text }));
                    }
                }
                Some(Source::Write(source)) => {
                    let newer = writes.iter().filter(in_past).find(|write| self.past.has(**write, *source));
                    if let Some(write) = newer {
                        let text = format!(
                            "{} saw {}, though {} had come in between: {}. {}",
                            self.trace.tell(read),
                            self.trace.tell(*source),
                            self.trace.tell(*write),
                            self.tell_cause(*write, *source, budget)?,
                            self.tell_cause(read, *write, budget)?
                        );
                        return Ok(Some(Bad { pattern: "WriteCORead", events: vec![read, *source, *write], text }));
                    }
                }
                _ => {}
            }
        }
        Ok(None)
    }

    /// CyclicCF.
    fn conflict(&self, budget: &mut Budget<'_>) -> Result<Option<Bad>, Exhausted> {
        let events = self.trace.events.len();
        let mut order = Bits::new(events, events, budget)?;
        for (event, direct) in self.direct.iter().enumerate() {
            direct.iter().for_each(|before| order.set(event, *before as usize));
        }
        for read in 0..events {
            let Some(Source::Write(source)) = self.trace.source(read) else { continue };
            let writes = &self.writes[&self.trace.events[read].key];
            budget.spend(1 + writes.len() as u64)?;
            for write in writes.iter().filter(|write| *write != source && self.past.has(read, **write)) {
                order.set(*source, *write);
            }
        }
        let Some(mut cycle) = order.cycle(budget)? else { return Ok(None) };
        cycle.reverse();
        let mut sentences = Vec::new();
        for (index, after) in cycle.iter().enumerate() {
            let before = cycle[(index + 1) % cycle.len()];
            if self.direct[*after].contains(&(before as u32)) {
                sentences.push(self.tell_step(*after, before));
            } else {
                let read = self.reader(*after, before).expect("a read put them in this order");
                sentences.push(format!(
                    "{} saw {}, though {} had happened before it ({}), so that {} comes before {}",
                    self.trace.tell(read),
                    self.trace.tell(*after),
                    self.trace.tell(before),
                    self.tell_cause(read, before, budget)?,
                    self.trace.id(before),
                    self.trace.id(*after)
                ));
            }
        }
        let text = format!("the writes cannot be ordered once for all: {}", sentences.join(". "));
        Ok(Some(Bad { pattern: "CyclicCF", events: cycle, text }))
    }

    /// A read of a write that the other write had caused.
    fn reader(&self, source: usize, cause: usize) -> Option<usize> {
        let reads = |read: &usize| self.trace.source(*read) == Some(&Source::Write(source));
        (0..self.trace.events.len()).filter(reads).find(|read| self.past.has(*read, cause))
    }

    /// How one event caused another, a reason for each step.
    fn tell_cause(&self, effect: usize, cause: usize, budget: &mut Budget<'_>) -> Result<String, Exhausted> {
        let way = way(&self.direct, effect, cause, budget)?.expect("it is in the past");
        Ok(self.tell_way(&way))
    }

    fn tell_way(&self, way: &[usize]) -> String {
        way.windows(2).map(|pair| self.tell_step(pair[0], pair[1])).collect::<Vec<_>>().join("; ")
    }

    fn tell_step(&self, event: usize, before: usize) -> String {
        let (id, other) = (self.trace.id(event), self.trace.id(before));
        match self.trace.source(event) {
            Some(Source::Write(source)) if *source == before => {
                format!("{} read what {} wrote", self.trace.tell(event), self.trace.tell(before))
            }
            _ if id == other => format!("operation {id} did so before it wrote"),
            _ => format!("process {} did {other} before {id}", self.trace.operation(event).process),
        }
    }
}
