//! A participant's keys, and what it knows of transactions (the resource manager of Gray and Lamport 2006, §2): the same in every protocol.

use super::options::Common;
use super::store::{Asked, Store, Waits};
use super::transaction::{Part, Refusal, Tx, Value};
use quorate_engine::OpId;
use std::collections::BTreeMap;

/// What one participant keeps.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Resource {
    /// Its keys and their locks.
    pub store: Store,
    /// What was acted on: whether it was committed.
    pub ended: BTreeMap<Tx, bool>,
    /// The transaction as which an operation is, or was, carried out.
    pub operations: BTreeMap<OpId, Tx>,
}

/// What a transaction that asks for its locks is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Taken {
    /// It has them.
    Granted,
    /// It is told when it has them; these, which are in its way, are to be aborted if they still can be.
    Waits(Vec<Tx>),
    /// It is to be aborted.
    Refused(Refusal),
}

impl Resource {
    /// One of which nobody has asked anything.
    pub fn new(common: &Common) -> Resource {
        let store = Store::new(common.object, common.balance);
        Resource { store, ended: BTreeMap::new(), operations: BTreeMap::new() }
    }

    /// A transaction asks for the locks of its parts here.
    pub fn take(&mut self, tx: Tx, parts: &[Part], waits: Waits) -> Taken {
        if self.operations.contains_key(&tx.operation) {
            return Taken::Refused(Refusal::Known);
        }
        self.operations.insert(tx.operation, tx);
        match self.store.lock(tx, parts, waits) {
            Asked::Granted => Taken::Granted,
            Asked::Waits(younger) => Taken::Waits(younger),
            Asked::Refused => Taken::Refused(Refusal::Conflict),
        }
    }

    /// What the reads among parts find, if these can be carried out; `expects` are the values that they must find, if there are any.
    ///
    /// # Errors
    /// With the reason against it.
    pub fn found(&self, parts: &[Part], expects: &[Value]) -> Result<Vec<Value>, Refusal> {
        match self.store.evaluate(parts) {
            None => Err(Refusal::Uncovered),
            Some(found) if !expects.is_empty() && expects != found => Err(Refusal::Conflict),
            Some(found) => Ok(found),
        }
    }

    /// Reads a record after a restart: a transaction had prepared with these parts. Its locks are its own again with [`Resource::reclaim`].
    pub fn prepared(&mut self, tx: Tx) {
        self.operations.insert(tx.operation, tx);
    }

    /// Takes the locks again that a transaction held before a crash; what its reads find.
    pub fn reclaim(&mut self, tx: Tx, parts: &[Part]) -> Vec<Value> {
        let found = self.store.evaluate(parts).unwrap_or_default();
        self.store.grant(tx, parts);
        found
    }

    /// A transaction was carried out, or given up.
    pub fn end(&mut self, tx: Tx, parts: &[Part], commit: bool) {
        self.ended.insert(tx, commit);
        if commit {
            self.store.apply(parts);
        }
    }

    /// An operation whose transaction was not carried out here may be asked for under another name.
    pub fn forget(&mut self, tx: Tx) {
        if self.operations.get(&tx.operation) == Some(&tx) && self.ended.get(&tx) != Some(&true) {
            self.operations.remove(&tx.operation);
        }
    }

    /// Gives locks back; those who had waited for them, and hold theirs now.
    pub fn release(&mut self, tx: Tx) -> Vec<Tx> {
        self.store.release(tx).into_iter().map(|(next, _)| next).collect()
    }
}
