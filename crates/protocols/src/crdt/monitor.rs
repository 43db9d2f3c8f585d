//! The monitor of replicated data types, over what replicas state: that equal sets of operations are equal states, at every step and at
//! every replica (strong convergence: Shapiro, Preguiça, Baquero and Zawirski 2011, definition 2.2). What was done and read is kept for
//! the judges that look at a run as a whole.

use super::data::Operation;
use super::replica::Replica;
use super::replica::message::{Envelope, Fact};
use super::replica::options::Options;
use super::types::Value;
use super::types::dot::{Dot, VersionVector};
use super::types::numbers::BoundedOperation as Bounded;
use quorate_check::list::Change;
use quorate_engine::{Broken, Monitor, NodeId, OpId};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::rc::Rc;

/// The property that the monitor judges.
pub const STRONGLY_CONVERGES: &str = "strongly-converges";

/// Reads that are kept to be judged.
pub const READS_KEPT_MAX: usize = 10_000;

/// Lists that are kept to be judged.
const LISTS_KEPT_MAX: usize = 5_000;

/// What was seen so far.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Watching {
    /// For each set of operations that some replica had, the digest of its state.
    states: BTreeMap<(u64, u64), (u64, NodeId)>,
    /// Every operation that took effect, and who asked for it.
    done: BTreeMap<Dot, (Rc<Envelope>, Option<OpId>)>,
    reads: Vec<Read>,
    reads_left_out: u64,
    /// Requests that a replica could not do.
    refused: u64,
    /// What texts were told and showed, in order.
    texts: Vec<Step>,
    lists: usize,
    /// What is being written.
    edits: BTreeMap<Dot, Rc<Vec<Change>>>,
    /// The sum of all amounts that took effect, and the least that it ever was.
    sum: (i128, i128),
}

/// What happened to a replica of a text.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Step {
    /// It carried out an edit of its own.
    Edited(NodeId, Dot, Rc<Vec<Change>>),
    /// It has started, with these edits.
    Started(NodeId, Rc<VersionVector>),
    /// It showed this list, with these edits.
    Shows(NodeId, Rc<VersionVector>, Rc<Vec<u64>>),
}

/// A read that was answered.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Read {
    /// By whom.
    pub node: NodeId,
    /// Under which key.
    pub key: u32,
    /// With what.
    pub value: Value,
    /// When these operations were there.
    pub history: Rc<VersionVector>,
}

impl Watching {
    /// Every operation that took effect somewhere, in the order of their names.
    pub fn done(&self) -> impl Iterator<Item = (&Envelope, Option<OpId>)> {
        self.done.values().map(|(envelope, operation)| (&**envelope, *operation))
    }

    /// The first reads.
    pub fn reads(&self) -> &[Read] {
        &self.reads
    }

    /// How many more there were.
    pub fn reads_left_out(&self) -> u64 {
        self.reads_left_out
    }

    /// How many requests a replica could not do.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// What texts were told and showed.
    pub fn texts(&self) -> &[Step] {
        &self.texts
    }

    /// The least that the sum of all amounts ever was, in the order in which they took effect.
    pub fn least_sum(&self) -> i128 {
        self.sum.1
    }

    /// How many different sets of operations replicas have had.
    pub fn sets(&self) -> usize {
        self.states.len()
    }

    fn done_now(&mut self, node: NodeId, envelope: &Rc<Envelope>, operation: Option<OpId>) {
        if self.done.insert(envelope.dot, (Rc::clone(envelope), operation)).is_some() {
            return; // it is recalled
        }
        if let Some(changes) = self.edits.remove(&envelope.dot) {
            self.texts.push(Step::Edited(node, envelope.dot, changes));
        }
        self.sum.0 += amount(&envelope.operation);
        self.sum.1 = self.sum.1.min(self.sum.0);
    }

    fn state(&mut self, node: NodeId, history: (u64, u64), digest: u64) -> Result<(), Broken> {
        match self.states.entry(history) {
            Entry::Vacant(place) => {
                place.insert((digest, node));
                Ok(())
            }
            Entry::Occupied(first) if first.get().0 == digest => Ok(()),
            Entry::Occupied(first) => {
                let (total, other) = (history.1, first.get().1);
                let whom = if other == node { "it had before".to_string() } else { format!("{other} had") };
                Err(Broken {
                    property: STRONGLY_CONVERGES,
                    evidence: format!("{node} has the same {total} operations that {whom}, and is in another state"),
                })
            }
        }
    }
}

impl Monitor<Replica> for Watching {
    const PROPERTIES: &'static [&'static str] = &[STRONGLY_CONVERGES];

    fn fact(&mut self, _: &Options, node: NodeId, fact: &Fact) -> Result<(), Broken> {
        match fact {
            Fact::State { history, total, digest } => return self.state(node, (*history, *total), *digest),
            Fact::Did(envelope, operation) | Fact::Recalled(envelope, operation) => {
                self.done_now(node, envelope, *operation);
            }
            Fact::Read { key, value, history } if self.reads.len() < READS_KEPT_MAX => {
                self.reads.push(Read { node, key: *key, value: value.clone(), history: Rc::clone(history) });
            }
            Fact::Read { .. } => self.reads_left_out += 1,
            Fact::Refused(_) => self.refused += 1,
            Fact::Merged { .. } => {}
            Fact::Edits(dot, changes) => drop(self.edits.insert(*dot, Rc::clone(changes))),
            Fact::Shows { history, restarted: true, .. } => self.texts.push(Step::Started(node, Rc::clone(history))),
            Fact::Shows { history, list: Some(list), .. } if self.lists < LISTS_KEPT_MAX => {
                self.lists += 1;
                self.texts.push(Step::Shows(node, Rc::clone(history), Rc::clone(list)));
            }
            Fact::Shows { .. } => {}
        }
        Ok(())
    }
}

/// By how much an operation changes a number.
fn amount(operation: &Operation) -> i128 {
    match operation {
        Operation::Counter(amount) | Operation::Log(amount) => i128::from(*amount),
        Operation::Bounded(Bounded::Add(amount)) => i128::from(*amount),
        Operation::Bounded(Bounded::Take(amount)) => -i128::from(*amount),
        _ => 0,
    }
}
