//! The session guarantees of Terry, Demers, Petersen, Spreitzer, Theimer and Welch ("Session guarantees for weakly consistent
//! replicated data", PDIS 1994), decided exactly where each value is written once to its key. A process is a session; a transaction
//! is judged as its accesses, one after the other.
//!
//! In the way of Viotti and Vukolić ("Consistency in non-transactional distributed storage systems", 2016): a history has a guarantee
//! when there is a relation *sees* from reads to writes, and one total order of all writes, such that each read returns, of the writes
//! to its key that it sees, the last in the order (for lists: all that it sees, in the order), and
//!
//! - **read your writes**: a read sees all writes before it in its session;
//! - **monotonic reads**: a read sees all that the reads before it in its session saw;
//! - **monotonic writes**: the writes of a session are ordered as they were made, and who sees one sees those before it;
//! - **writes follow reads**: what a session has seen is ordered before what it writes then, and who sees the latter sees the former.
//!
//! The last two are as Terry has them: the half about what is seen is missing in Viotti and Vukolić. Each guarantee is judged
//! as if it were the only one. That says little for the last two where every read is of one key: a client may always have gone to a
//! server that has seen less. [`Guarantee::ALL`] together (`session-guarantees`) are what a client feels as order.
//!
//! The decision: the guarantees say of everything seen what must be seen then too, so there is a least *sees*, by reachability. A read of
//! `w` that must see `w'` under the same key puts `w'` before `w`. The history is fine exactly when no read of an initial value (or of a
//! list without it) must see something, and these constraints have no cycle. A step of the budget is about a word of 64 bits.

#[cfg(test)]
mod tests;

use crate::Verdict;
use crate::budget::{Budget, Exhausted};
use crate::checks::Judgement;
use crate::history::{History, Model, Operation, Value};
use crate::traces::bits::{Bits, Steps, reach, way};
use crate::traces::{Source, Trace};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// A session guarantee.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Guarantee {
    /// A read sees the writes before it in its session.
    ReadYourWrites,
    /// A read sees what the reads before it in its session saw.
    MonotonicReads,
    /// Who sees a write sees those before it in its session, and before it.
    MonotonicWrites,
    /// Who sees a write sees what its session had seen before it, and before it.
    WritesFollowReads,
}

impl Guarantee {
    /// All of them.
    pub const ALL: [Guarantee; 4] =
        [Guarantee::ReadYourWrites, Guarantee::MonotonicReads, Guarantee::MonotonicWrites, Guarantee::WritesFollowReads];
}

/// The models that can be judged.
pub const MODELS: &[Model] =
    &[Model::Register, Model::CasRegister, Model::MultiRegister, Model::Kv, Model::ListAppend, Model::RwRegister];

/// Judges one guarantee.
pub fn read_your_writes(history: &History, budget: &mut Budget<'_>) -> Judgement {
    judge(history, &[Guarantee::ReadYourWrites], budget)
}

/// Judges one guarantee.
pub fn monotonic_reads(history: &History, budget: &mut Budget<'_>) -> Judgement {
    judge(history, &[Guarantee::MonotonicReads], budget)
}

/// Judges one guarantee.
pub fn monotonic_writes(history: &History, budget: &mut Budget<'_>) -> Judgement {
    judge(history, &[Guarantee::MonotonicWrites], budget)
}

/// Judges one guarantee.
pub fn writes_follow_reads(history: &History, budget: &mut Budget<'_>) -> Judgement {
    judge(history, &[Guarantee::WritesFollowReads], budget)
}

/// Judges all four together.
pub fn all(history: &History, budget: &mut Budget<'_>) -> Judgement {
    judge(history, &Guarantee::ALL, budget)
}

/// The same as [`all`] of a history of which [`crate::linearizable::judge`] has said that it holds: if every process ended each operation
/// before it began the next, all reads see what is before them in the one order of all operations, which has the four guarantees.
/// What remains is whether it can be told what each read saw.
pub fn all_of_linearizable(history: &History, budget: &mut Budget<'_>) -> Judgement {
    let mut ended: BTreeMap<i64, i64> = BTreeMap::new();
    let goes_on_too_soon = |operation: &Operation| {
        let end = operation.response.unwrap_or(i64::MAX);
        ended.insert(operation.process, end).is_some_and(|before| before >= operation.invoke)
    };
    if !MODELS.contains(&history.model) || history.operations.iter().any(goes_on_too_soon) {
        return all(history, budget);
    }
    Trace::new(history).clean()
}

/// Holds when the history has all these guarantees at once. Facts of a violation: `operations`, the ids of those in the evidence.
pub fn judge(history: &History, guarantees: &[Guarantee], budget: &mut Budget<'_>) -> Judgement {
    if !MODELS.contains(&history.model) {
        return Verdict::Unknown(format!("sessions are not judged for model {}", history.model.name())).into();
    }
    let trace = Trace::new(history);
    if let Some((event, text)) = trace.thin_air() {
        return Judgement::from(Verdict::Violation(text)).with("operations", vec![Json::from(trace.id(event))]);
    }
    match Sessions::new(&trace, guarantees, budget).and_then(|sessions| sessions.offence(budget)) {
        Err(exhausted) => Verdict::Unknown(exhausted.to_string()).into(),
        Ok(None) => trace.clean(),
        Ok(Some(offence)) => {
            let operations: Vec<Json> = offence.operations.iter().map(|event| trace.id(*event).into()).collect();
            Judgement::from(Verdict::Violation(offence.text)).with("operations", operations)
        }
    }
}

struct Offence {
    operations: Vec<usize>,
    text: String,
}

/// What must be seen by whom.
struct Sessions<'a> {
    trace: &'a Trace<'a>,
    /// What a node must see once it sees or is the other. Nodes: the events; then for each event the writes of its session up to it,
    /// as one node; then the reads of its session up to it.
    steps: Steps,
    /// For each event, the writes that it must see, by number.
    sees: Bits,
    /// The events of the writes, by number.
    writes: Vec<usize>,
    /// The numbers of the writes, by event.
    numbers: Vec<Option<usize>>,
    /// The numbers of the writes of each key.
    by_key: BTreeMap<Value, Vec<usize>>,
}

impl<'a> Sessions<'a> {
    fn new(trace: &'a Trace<'a>, guarantees: &[Guarantee], budget: &mut Budget<'_>) -> Result<Sessions<'a>, Exhausted> {
        let steps = steps(trace, guarantees);
        let writes: Vec<usize> = (0..trace.events.len()).filter(|event| trace.is_write(*event)).collect();
        let mut numbers = vec![None; trace.events.len()];
        let mut by_key: BTreeMap<Value, Vec<usize>> = BTreeMap::new();
        for (number, event) in writes.iter().enumerate() {
            numbers[*event] = Some(number);
            by_key.entry(trace.events[*event].key).or_default().push(number);
        }
        let column = |node: usize| numbers.get(node).copied().flatten();
        let sees = reach(&steps, column, writes.len(), budget)?;
        Ok(Sessions { trace, steps, sees, writes, numbers, by_key })
    }

    fn offence(&self, budget: &mut Budget<'_>) -> Result<Option<Offence>, Exhausted> {
        for read in 0..self.trace.events.len() {
            let unseen = match self.trace.source(read) {
                Some(Source::Initial) => self.must_see(read, budget)?.next(),
                Some(Source::List(list)) => {
                    let mut list = list.clone();
                    list.sort_unstable();
                    self.must_see(read, budget)?.find(|event| list.binary_search(event).is_err())
                }
                _ => None,
            };
            if let Some(write) = unseen {
                let reasons = self.reasons(read, write, budget)?;
                let text = format!("{} did not see {}: {reasons}", self.trace.tell(read), self.trace.tell(write));
                return Ok(Some(Offence { operations: vec![read, write], text }));
            }
        }
        let order = self.order(budget)?;
        match order.cycle(budget)? {
            None => Ok(None),
            Some(cycle) => {
                self.tell_cycle(&cycle.iter().map(|number| self.writes[*number]).collect::<Vec<_>>(), budget).map(Some)
            }
        }
    }

    /// The writes to the key of a read that it must see, by event.
    fn must_see(&self, read: usize, budget: &mut Budget<'_>) -> Result<impl Iterator<Item = usize> + '_, Exhausted> {
        let numbers = self.by_key.get(&self.trace.events[read].key).map_or(&[][..], Vec::as_slice);
        budget.spend(1 + numbers.len() as u64)?;
        Ok(numbers.iter().filter(move |number| self.sees.has(read, **number)).map(|number| self.writes[*number]))
    }

    /// For each write, by number, those that the total order must have before it.
    fn order(&self, budget: &mut Budget<'_>) -> Result<Bits, Exhausted> {
        let mut order = Bits::new(self.writes.len(), self.writes.len(), budget)?;
        for (number, event) in self.writes.iter().enumerate() {
            budget.spend(1 + order.words())?;
            order.add(number, self.sees.row(*event));
        }
        let number = |event: usize| self.numbers[event].expect("a write");
        for read in 0..self.trace.events.len() {
            match self.trace.source(read) {
                Some(Source::Write(write)) => {
                    for before in self.must_see(read, budget)?.filter(|before| before != write) {
                        order.set(number(*write), number(before));
                    }
                }
                Some(Source::List(list)) => list.windows(2).for_each(|pair| order.set(number(pair[1]), number(pair[0]))),
                _ => {}
            }
        }
        Ok(order)
    }

    fn tell_cycle(&self, cycle: &[usize], budget: &mut Budget<'_>) -> Result<Offence, Exhausted> {
        if let [write] = cycle {
            let reasons = self.reasons(*write, *write, budget)?;
            let text = format!("{} must come before itself: {reasons}", self.trace.tell(*write));
            return Ok(Offence { operations: vec![*write], text });
        }
        let mut operations = Vec::new();
        let mut sentences = Vec::new();
        for (index, before) in cycle.iter().enumerate() {
            let after = cycle[(index + 1) % cycle.len()];
            let (witness, sentence) = self.tell_order(*before, after, budget)?;
            operations.push(*before);
            operations.extend(witness);
            sentences.push(sentence);
        }
        let text = format!("no order of the writes explains the reads: {}", sentences.join(". "));
        Ok(Offence { operations, text })
    }

    /// Why one write comes before another: the read that shows it, if one does, and a sentence.
    fn tell_order(&self, before: usize, after: usize, budget: &mut Budget<'_>) -> Result<(Option<usize>, String), Exhausted> {
        let number = self.numbers[before].expect("a write");
        let key = self.trace.events[before].key;
        let (first, second) = (self.trace.tell(before), self.trace.tell(after));
        for read in 0..self.trace.events.len() {
            match self.trace.source(read) {
                Some(Source::Write(write))
                    if *write == after && self.trace.events[read].key == key && self.sees.has(read, number) =>
                {
                    let (id, reasons) = (self.trace.id(read), self.reasons(read, before, budget)?);
                    let sentence = format!(
                        "{second} comes after {first}, since operation {id} saw the former and must see both ({reasons})"
                    );
                    return Ok((Some(read), sentence));
                }
                Some(Source::List(list)) if list.windows(2).any(|pair| pair == [before, after]) => {
                    return Ok((
                        Some(read),
                        format!("{first} comes before {second} in the list of operation {}", self.trace.id(read)),
                    ));
                }
                _ => {}
            }
        }
        Ok((None, format!("{first} comes before {second} ({})", self.reasons(after, before, budget)?)))
    }

    /// Why a node must see a write, a reason for each step.
    fn reasons(&self, from: usize, write: usize, budget: &mut Budget<'_>) -> Result<String, Exhausted> {
        let way = way(&self.steps, from, write, budget)?.unwrap_or_default();
        let events: Vec<usize> = way.into_iter().filter(|node| *node < self.trace.events.len()).collect();
        let reason = |pair: &[usize]| {
            let (one, other) = (pair[0], pair[1]);
            let (id, other_id) = (self.trace.id(one), self.trace.id(other));
            match (self.trace.is_write(one), self.trace.is_write(other)) {
                (false, true) if self.saw(one, other) => format!("{id} saw {other_id}"),
                (false, true) => format!("{id} must see {other_id}, a write before it in its session"),
                (false, false) => format!("{id} must see what {other_id} saw before it in its session"),
                (true, true) => format!("who sees {id} must see {other_id}, a write before it in its session"),
                (true, false) => format!("who sees {id} must see what {other_id} had seen before it in its session"),
            }
        };
        Ok(events.windows(2).map(reason).collect::<Vec<_>>().join("; "))
    }

    fn saw(&self, read: usize, write: usize) -> bool {
        match self.trace.source(read) {
            Some(Source::Write(source)) => *source == write,
            Some(Source::List(list)) => list.contains(&write),
            _ => false,
        }
    }
}

/// What must be seen with what, by the guarantees asked for.
fn steps(trace: &Trace<'_>, guarantees: &[Guarantee]) -> Steps {
    let events = trace.events.len();
    let asked = |guarantee: Guarantee| guarantees.contains(&guarantee);
    let (writes_to, reads_to) = (|event: usize| events + event, |event: usize| 2 * events + event);
    let mut steps = Steps::default();
    for event in 0..events {
        let seen = match trace.source(event) {
            Some(Source::Write(write)) => std::slice::from_ref(write),
            Some(Source::List(list)) => list,
            _ => &[],
        };
        let (for_writes, for_reads) = match trace.is_write(event) {
            true => (Guarantee::MonotonicWrites, Guarantee::WritesFollowReads),
            false => (Guarantee::ReadYourWrites, Guarantee::MonotonicReads),
        };
        let before = trace.before(event);
        let writes = before.filter(|_| asked(for_writes)).map(writes_to);
        let reads = before.filter(|_| asked(for_reads)).map(reads_to);
        steps.node(seen.iter().copied().chain(writes).chain(reads));
    }
    for event in 0..events {
        let own = Some(event).filter(|event| trace.is_write(*event));
        steps.node(own.into_iter().chain(trace.before(event).map(writes_to)));
    }
    for event in 0..events {
        let own = Some(event).filter(|event| !trace.is_write(*event));
        steps.node(own.into_iter().chain(trace.before(event).map(reads_to)));
    }
    steps
}
