//! Transactions over accounts, registers or lists that several nodes keep: what clients ask, and what each part says.

use crate::options::{Choice, Default, Field, FieldKind, Values};
use crate::registry::Ask;
use quorate_engine::{NodeId, OpId, Sink, Wire};
use std::collections::BTreeMap;
use std::fmt;

/// One attempt to carry out a client's operation. The order is that of age: the lower the operation's number, the older, however often
/// it is tried again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Tx {
    /// The client's operation.
    pub operation: OpId,
    /// The node that began it.
    pub origin: NodeId,
    /// Which of that node's: its restarts, and a number since. No two are alike.
    pub attempt: u64,
}

impl fmt::Display for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tx { operation, origin, attempt } = self;
        write!(f, "operation {} ({origin}'s {}.{})", operation.0, attempt >> 32, attempt & u64::from(u32::MAX))
    }
}

/// What is under a key.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Value {
    /// A register.
    Register(Option<u64>),
    /// A list that grows at its end.
    List(Vec<u64>),
    /// An account's balance: never below 0.
    Balance(i64),
}

/// What is done to a key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Act {
    /// Tell what is there, the transaction's own changes before included.
    Read,
    /// Put a value there, or at the end of its list.
    Write(u64),
    /// Add to the balance, or take from it.
    Add(i64),
}

/// A part of a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Part {
    /// The key.
    pub key: u32,
    /// What is done to it.
    pub act: Act,
}

impl Part {
    /// Whether it changes anything.
    pub fn changes(self) -> bool {
        self.act != Act::Read
    }
}

/// What a client asks: all of these parts, or none.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Transaction(pub Vec<Part>);

impl Transaction {
    /// The parts by the node that keeps their keys, where so many share them.
    pub fn by_keeper(&self, keepers: u32) -> BTreeMap<NodeId, Vec<Part>> {
        let mut parts: BTreeMap<NodeId, Vec<Part>> = BTreeMap::new();
        for part in &self.0 {
            parts.entry(keeper(part.key, keepers)).or_default().push(*part);
        }
        parts
    }

    /// What its reads found, in their order, of what each keeper's reads found in theirs; `None` when something is missing.
    pub fn gather(&self, keepers: u32, found: &BTreeMap<NodeId, Vec<Value>>) -> Option<Vec<Value>> {
        let mut next: BTreeMap<NodeId, usize> = BTreeMap::new();
        let reads = self.0.iter().filter(|part| part.act == Act::Read).map(|part| {
            let keeper = keeper(part.key, keepers);
            let place = next.entry(keeper).or_default();
            *place += 1;
            found.get(&keeper)?.get(*place - 1).cloned()
        });
        reads.collect()
    }
}

/// The node that keeps a key, where so many share them.
pub fn keeper(key: u32, keepers: u32) -> NodeId {
    NodeId(key % keepers)
}

/// Why a participant votes no.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Refusal {
    /// Another transaction is in the way, or was: later it may do.
    Conflict,
    /// An account would fall below nothing.
    Uncovered,
    /// The same operation is, or was, carried out as another transaction.
    Known,
}

/// A participant's part.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Work {
    /// What it is to do.
    pub parts: Vec<Part>,
    /// What its reads must find (optimistic); empty asks nothing.
    pub expects: Vec<Value>,
    /// All who have a part, in ascending order.
    pub participants: Vec<NodeId>,
}

/// What a client is told of a transaction that was committed: what its reads found. One that was aborted is refused.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Found(pub Vec<Value>);

/// What is under the keys.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Object {
    /// Registers.
    Kv,
    /// Lists.
    ListAppend,
    /// Accounts.
    Bank,
}

/// The option that chooses it.
pub(super) const OBJECT: Field = Field {
    name: "object",
    kind: FieldKind::Choice(&[
        Choice {
            name: "bank",
            doc: "accounts: a transaction moves money from the first that it updates to the others, an update to the next",
        },
        Choice { name: "kv", doc: "registers that are read and written" },
        Choice { name: "list-append", doc: "lists: an update appends, a read gives the whole list" },
    ]),
    default: Default::Choice("bank"),
    doc: "What is under each key.",
};

/// The balance of every account at the beginning.
pub(super) const BALANCE: Field = Field::integer(
    "balance",
    0,
    1_000_000_000_000,
    100,
    "What every account holds at the beginning; none falls below 0: a transaction that would make it is refused.",
);

/// Between the values that one transaction puts under one key: above every operation's number.
const NEXT_VALUE: u64 = 10_000_000_000;

impl Object {
    /// What the options say.
    pub(super) fn of(values: &Values) -> Object {
        match values.choice(OBJECT.name) {
            "kv" => Object::Kv,
            "list-append" => Object::ListAppend,
            _ => Object::Bank,
        }
    }

    /// What is under a key that nothing was done to, where accounts begin with this balance.
    pub(super) fn nothing(self, balance: i64) -> Value {
        match self {
            Object::Kv => Value::Register(None),
            Object::ListAppend => Value::List(Vec::new()),
            Object::Bank => Value::Balance(balance),
        }
    }

    /// The transaction that a scenario's operation of this number asks for. What is written is the operation's number, from 1: no two write
    /// the same. In a bank, the first account that is updated pays what all others get; one that is updated alone pays the next.
    ///
    /// # Errors
    /// For what cannot be asked.
    pub(super) fn request(self, operation: u64, ask: &Ask) -> Result<Transaction, String> {
        let asks = match ask {
            Ask::Transaction(asks) => asks.as_slice(),
            Ask::Update { key, amount } if self == Object::Bank => {
                &[Ask::Update { key: *key, amount: 0 }, Ask::Update { key: key.wrapping_add(1), amount: *amount }][..]
            }
            Ask::Update { .. } | Ask::Read { .. } => std::slice::from_ref(ask),
            _ => return Err(format!("the protocol does not know {}; ask for reads, updates and transactions", ask.name())),
        };
        let mut parts: Vec<Part> = Vec::with_capacity(asks.len());
        for ask in asks {
            let (key, act) = match *ask {
                Ask::Read { key } => (key, Act::Read),
                Ask::Update { key, amount } if self == Object::Bank => (key, Act::Add(amount)),
                Ask::Update { key, .. } => {
                    let before = parts.iter().filter(|part| part.key == key && part.changes()).count();
                    (key, Act::Write(operation + 1 + before as u64 * NEXT_VALUE))
                }
                _ => return Err(format!("a transaction holds reads and updates, and this one holds {}", ask.name())),
            };
            parts.push(Part { key, act });
        }
        if self == Object::Bank {
            pay(&mut parts);
        }
        Ok(Transaction(parts))
    }
}

/// The first account that is changed pays what all others get.
fn pay(parts: &mut [Part]) {
    let sum = |part: &Part| if let Act::Add(amount) = part.act { amount } else { 0 };
    let mut changing: Vec<&mut Part> = parts.iter_mut().filter(|part| part.changes()).collect();
    if let Some((first, others)) = changing.split_first_mut() {
        let all: i64 = others.iter().map(|part| sum(part)).sum();
        first.act = Act::Add(-all);
    }
}

impl Wire for Tx {
    fn encode(&self, sink: &mut impl Sink) {
        self.operation.encode(sink);
        self.origin.encode(sink);
        sink.u64(self.attempt);
    }
}

impl Wire for Value {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Value::Register(value) => {
                sink.u8(0);
                value.encode(sink);
            }
            Value::List(values) => {
                sink.u8(1);
                values.encode(sink);
            }
            Value::Balance(balance) => {
                sink.u8(2);
                sink.i64(*balance);
            }
        }
    }
}

impl Wire for Part {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.key);
        match self.act {
            Act::Read => sink.u8(0),
            Act::Write(value) => {
                sink.u8(1);
                sink.u64(value);
            }
            Act::Add(amount) => {
                sink.u8(2);
                sink.i64(amount);
            }
        }
    }
}

impl Wire for Transaction {
    fn encode(&self, sink: &mut impl Sink) {
        self.0.encode(sink);
    }
}

impl Wire for Found {
    fn encode(&self, sink: &mut impl Sink) {
        self.0.encode(sink);
    }
}

impl Wire for Work {
    fn encode(&self, sink: &mut impl Sink) {
        self.parts.encode(sink);
        self.expects.encode(sink);
        self.participants.encode(sink);
    }
}
