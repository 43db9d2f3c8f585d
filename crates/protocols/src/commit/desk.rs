//! What clients have asked of a node that begins their transactions, and what they were told.

use super::options::Common;
use super::transaction::{Found, Refusal, Transaction, Tx, Value};
use quorate_engine::time::Nanos;
use quorate_engine::{Actor, Context, NodeId, OpId};
use std::collections::BTreeMap;

/// The operations that clients wait for at one node, and its answers.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Desk {
    open: BTreeMap<OpId, Open>,
    answers: BTreeMap<OpId, Found>,
    /// Transactions that the node has begun since it was started.
    begun: u32,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Open {
    transaction: Transaction,
    /// How often it was tried again.
    tries: u32,
}

/// An actor that answers with what a transaction found.
pub trait Answers: Actor<Request = Transaction, Response = Found> {}

impl<A: Actor<Request = Transaction, Response = Found>> Answers for A {}

impl Desk {
    /// Whether an operation is new; one that was answered is answered again.
    pub fn is_new<A: Answers>(&self, ctx: &mut Context<'_, A>, operation: OpId) -> bool {
        if let Some(found) = self.answers.get(&operation) {
            ctx.reply(operation, found.clone());
            return false;
        }
        !self.open.contains_key(&operation)
    }

    /// A client waits for this.
    pub fn open(&mut self, operation: OpId, transaction: Transaction) {
        self.open.insert(operation, Open { transaction, tries: 0 });
    }

    /// What a client waits for.
    pub fn transaction(&self, operation: OpId) -> Option<&Transaction> {
        self.open.get(&operation).map(|open| &open.transaction)
    }

    /// A name for a transaction that nothing had before.
    pub fn name<A: Actor>(&mut self, ctx: &Context<'_, A>, operation: OpId) -> Tx {
        self.begun += 1;
        Tx { operation, origin: ctx.node(), attempt: u64::from(ctx.restarts()) << 32 | u64::from(self.begun) }
    }

    /// Tells the client what all found.
    pub fn reply<A: Answers>(
        &mut self,
        ctx: &mut Context<'_, A>,
        operation: OpId,
        keepers: u32,
        found: &BTreeMap<NodeId, Vec<Value>>,
    ) {
        if let Some(open) = self.open.remove(&operation) {
            // What was found may have gone with a crash, and the decision not: then nobody can tell the client.
            if let Some(found) = open.transaction.gather(keepers, found).map(Found) {
                self.answers.insert(operation, found.clone());
                ctx.reply(operation, found);
            }
        }
    }

    /// Tells the client that nothing was done.
    pub fn refuse<A: Actor>(&mut self, ctx: &mut Context<'_, A>, operation: OpId) {
        if self.open.remove(&operation).is_some() {
            ctx.refuse(operation);
        }
    }

    /// What becomes of an operation whose transaction was aborted: how long to wait before it is tried again where others stood in the way,
    /// else the client is refused.
    pub fn put_off<A: Actor>(
        &mut self,
        ctx: &mut Context<'_, A>,
        common: &Common,
        operation: OpId,
        why: Option<Refusal>,
    ) -> Option<Nanos> {
        let open = self.open.get_mut(&operation)?;
        match why {
            // Another transaction carries it out: who asked that one is told.
            Some(Refusal::Known) => _ = self.open.remove(&operation),
            Some(Refusal::Conflict) if open.tries < common.retries => {
                let wait = common.doubled(common.backoff, open.tries);
                open.tries += 1;
                // Whoever was in each other's way should not meet again.
                return Some(wait / 2 + wait / 16 * ctx.choose(9));
            }
            _ => self.refuse(ctx, operation),
        }
        None
    }
}
