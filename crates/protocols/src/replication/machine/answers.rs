//! What was answered to the commands that were carried out: by operation, as most operations come in their order.

use super::Response;
use quorate_engine::{OpId, Sink, Wire};

/// Answers by operation.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Answers {
    // Invariant: operations ascend.
    entries: Vec<(OpId, Response)>,
}

impl Answers {
    /// The answer to an operation.
    pub(super) fn get(&self, operation: OpId) -> Option<&Response> {
        self.place(operation).ok().map(|place| &self.entries[place].1)
    }

    /// This is the answer to an operation from now on.
    pub(super) fn insert(&mut self, operation: OpId, answer: Response) {
        match self.place(operation) {
            Ok(place) => self.entries[place].1 = answer,
            Err(place) => self.entries.insert(place, (operation, answer)),
        }
    }

    /// Where an operation stands, or else where it would.
    fn place(&self, operation: OpId) -> Result<usize, usize> {
        match self.entries.last() {
            // Mostly it is a new one.
            Some((last, _)) if *last >= operation => self.entries.binary_search_by_key(&operation, |(other, _)| *other),
            _ => Err(self.entries.len()),
        }
    }
}

impl Wire for Answers {
    fn encode(&self, sink: &mut impl Sink) {
        self.entries.encode(sink);
    }
}
