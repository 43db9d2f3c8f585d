//! What the machine holds under its keys, as a scenario chooses it, and which requests it knows.

use super::{Access, Request};
use crate::options::{Choice, Default, Field, FieldKind, Values};
use crate::registry::Ask;

/// What is under a key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Object {
    /// A register: read, written, compared and set; several at once.
    Kv,
    /// A list that grows at its end; several at once.
    ListAppend,
    /// A sum.
    Counter,
    /// A lock with fencing tokens.
    Lock,
}

/// The option that chooses it, for every protocol that orders commands for a machine.
pub(crate) const OBJECT: Field = Field {
    name: "object",
    kind: FieldKind::Choice(&[
        Choice { name: "kv", doc: "registers: reads, updates, compare-and-set, and transactions of reads and updates" },
        Choice {
            name: "list-append",
            doc: "lists: an update appends, a read gives the whole list, transactions do several of these",
        },
        Choice { name: "counter", doc: "sums: an update adds its amount, a read gives the sum" },
        Choice {
            name: "lock",
            doc: "locks: who acquires one gets a token that is greater than every token before, and releases it by that",
        },
    ]),
    default: Default::Choice("kv"),
    doc: "What the replicated state machine holds under each key.",
};

/// Between the values that one transaction puts under one key: above every operation's number.
const NEXT_VALUE: u64 = 10_000_000_000;

impl Object {
    /// What the options say.
    pub(crate) fn of(values: &Values) -> Object {
        match values.choice(OBJECT.name) {
            "list-append" => Object::ListAppend,
            "counter" => Object::Counter,
            "lock" => Object::Lock,
            _ => Object::Kv,
        }
    }

    /// The request that a scenario's operation of this number asks for. Every operation writes a value of its own: its number, from 1.
    pub(crate) fn request(self, operation: u64, ask: &Ask) -> Result<Request, String> {
        let value = operation + 1;
        Ok(match (self, ask) {
            (Object::Kv | Object::ListAppend | Object::Counter, Ask::Read { key }) => Request::Read(*key),
            (Object::Kv | Object::ListAppend, Ask::Update { key, .. }) => Request::Write(*key, value),
            (Object::Kv | Object::ListAppend, Ask::Transaction(asks)) => Request::Transaction(accesses(value, asks)?),
            (Object::Kv, Ask::Cas { key, expected }) => Request::Cas { key: *key, expected: *expected, value },
            (Object::Counter, Ask::Update { key, amount }) => Request::Add(*key, *amount),
            (Object::Lock, Ask::Acquire { key, owner }) => Request::Acquire { key: *key, owner: *owner },
            (Object::Lock, Ask::Release { key, owner, token }) => Request::Release { key: *key, owner: *owner, token: *token },
            (Object::Kv, _) => return Err(format!("a register does not know {}; for locks set object = \"lock\"", ask.name())),
            (Object::ListAppend, _) => {
                return Err(format!("a list does not know {}; ask for reads, updates and transactions", ask.name()));
            }
            (Object::Counter, _) => return Err(format!("a counter does not know {}; ask for reads and updates", ask.name())),
            (Object::Lock, _) => return Err(format!("a lock does not know {}; ask for locks", ask.name())),
        })
    }
}

/// The parts of a transaction. What it puts under one key a second time is another value: who reads it can tell.
fn accesses(value: u64, asks: &[Ask]) -> Result<Vec<Access>, String> {
    let mut accesses = Vec::with_capacity(asks.len());
    for ask in asks {
        accesses.push(match ask {
            Ask::Read { key } => Access::Read(*key),
            Ask::Update { key, .. } => {
                let before = accesses.iter().filter(|access| matches!(access, Access::Write(of, _) if of == key)).count();
                Access::Write(*key, value + before as u64 * NEXT_VALUE)
            }
            _ => return Err(format!("a transaction holds reads and updates, and this one holds {}", ask.name())),
        });
    }
    Ok(accesses)
}
