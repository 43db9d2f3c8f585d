//! The replicated object: registers under keys. Clients read, write, compare and set, and do several of these at once; what changes
//! anything is a [`Command`], logged before it is carried out, and carried out once however often its client asks.

use crate::harness::cannot;
use crate::registry::Ask;
use quorate_engine::workload::Change;
use quorate_engine::{Actor, Context, NodeId, NodeSet, OpId, Sink, Update, Wire};
use std::collections::BTreeMap;

/// What a client asks.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Request {
    /// Tell what is under a key.
    Read(u32),
    /// Put a value under a key.
    Write(u32, u64),
    /// Put a value under a key if it holds another, or nothing.
    Cas {
        /// The key.
        key: u32,
        /// What it must hold.
        expected: Option<u64>,
        /// What it is to hold.
        value: u64,
    },
    /// All of these with nothing in between.
    Transaction(Vec<Access>),
    /// An operator's order to the cluster; the object knows nothing of it.
    Change(Change),
}

/// A part of a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Access {
    /// Tell what is under a key, the transaction's own writes included.
    Read(u32),
    /// Put a value under a key.
    Write(u32, u64),
}

/// What a client is told.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Response {
    /// The value is there.
    Done,
    /// What is under the key.
    Value(Option<u64>),
    /// The compare-and-set put its value.
    Swapped,
    /// It did not: this is under the key.
    Held(Option<u64>),
    /// What the reads of a transaction found, in their order.
    Values(Vec<Option<u64>>),
}

/// A request that changes the registers, as it is logged.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Command {
    /// The client's operation: a retry has the same.
    pub operation: OpId,
    /// What it asks.
    pub request: Request,
}

impl Request {
    /// The request that a scenario's operation of this number asks for. Every operation writes a value of its own: its number, from 1.
    pub(crate) fn of(operation: u64, ask: &Ask) -> Result<Request, String> {
        let value = operation + 1;
        Ok(match ask {
            Ask::Read { key } => Request::Read(*key),
            Ask::Update { key, .. } => Request::Write(*key, value),
            Ask::Cas { key, expected } => Request::Cas { key: *key, expected: *expected, value },
            Ask::Transaction(asks) => {
                let access = |ask: &Ask| match ask {
                    Ask::Read { key } => Ok(Access::Read(*key)),
                    Ask::Update { key, .. } => Ok(Access::Write(*key, value)),
                    Ask::Cas { .. } | Ask::Transaction(_) | Ask::Change(_) => {
                        Err(format!("a transaction holds reads and updates, and this one holds {}", ask.name()))
                    }
                };
                Request::Transaction(asks.iter().map(access).collect::<Result<Vec<Access>, String>>()?)
            }
            Ask::Change(_) => return Err(cannot(ask)),
        })
    }

    /// Whether it may change a register.
    pub fn changes(&self) -> bool {
        match self {
            Request::Read(_) | Request::Change(_) => false,
            Request::Write(..) | Request::Cas { .. } => true,
            Request::Transaction(accesses) => accesses.iter().any(|access| matches!(access, Access::Write(..))),
        }
    }

    /// The register and value that a client knows of once it has the answer.
    pub(crate) fn told(&self, response: &Response) -> Option<(u32, u64)> {
        match (self, response) {
            (Request::Write(key, value), _) | (Request::Cas { key, value, .. }, Response::Swapped) => Some((*key, *value)),
            (Request::Read(key), Response::Value(value)) | (Request::Cas { key, .. }, Response::Held(value)) => {
                value.map(|value| (*key, value))
            }
            _ => None,
        }
    }
}

/// The registers, and what was answered to the commands that made them what they are.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Machine {
    registers: BTreeMap<u32, Register>,
    answers: BTreeMap<OpId, Response>,
    /// Invariant: the sum of the digests of all registers.
    digest: u64,
}

/// What is under a key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Register {
    value: u64,
    /// The write that put it there.
    update: Update,
}

impl Machine {
    /// What was answered to an operation that was carried out.
    pub fn answer(&self, operation: OpId) -> Option<&Response> {
        self.answers.get(&operation)
    }

    /// The answer to a request that changes nothing.
    pub fn read(&self, request: &Request) -> Response {
        match request {
            Request::Read(key) => Response::Value(self.value(*key)),
            Request::Transaction(accesses) => Response::Values(
                accesses
                    .iter()
                    .filter_map(|access| match access {
                        Access::Read(key) => Some(self.value(*key)),
                        Access::Write(..) => None,
                    })
                    .collect(),
            ),
            Request::Write(..) | Request::Cas { .. } | Request::Change(_) => unreachable!("{request:?} is a command"),
        }
    }

    /// Carries out a command that `origin` logged first, and tells the world what it changed.
    pub fn apply<A: Actor>(&mut self, ctx: &mut Context<'_, A>, command: &Command, origin: NodeId) -> Response {
        let Command { operation, request } = command;
        let update = Update { origin, number: operation.0 + 1 };
        let mut written = Vec::new();
        let response = match request {
            Request::Read(key) => Response::Value(self.value(*key)),
            Request::Write(key, value) => {
                written.push((*key, self.put(*key, *value, update)));
                Response::Done
            }
            Request::Cas { key, expected, value } => match self.value(*key) {
                held if held == *expected => {
                    written.push((*key, self.put(*key, *value, update)));
                    Response::Swapped
                }
                held => Response::Held(held),
            },
            Request::Transaction(accesses) => {
                let mut found = Vec::new();
                for access in accesses {
                    match *access {
                        Access::Read(key) => found.push(self.value(key)),
                        Access::Write(key, value) => written.push((key, self.put(key, value, update))),
                    }
                }
                Response::Values(found)
            }
            Request::Change(_) => unreachable!("{request:?} is no command"),
        };
        if !written.is_empty() {
            ctx.accept(*operation, update);
        }
        for old in written.into_iter().filter_map(|(_, old)| old).filter(|old| *old != update) {
            ctx.supersede(old, update);
        }
        self.answers.insert(*operation, response.clone());
        response
    }

    /// States for every register of `before`, which was to be given up, what this machine holds in its place.
    pub fn take_the_place_of<A: Actor>(&self, ctx: &mut Context<'_, A>, before: &Machine) {
        for (key, old) in &before.registers {
            if let Some(now) = self.registers.get(key)
                && now.update != old.update
            {
                ctx.supersede(old.update, now.update);
            }
        }
    }

    /// States that whoever took this machine over holds what it holds.
    pub fn hold<A: Actor>(&self, ctx: &mut Context<'_, A>) {
        self.registers.values().for_each(|register| ctx.holds(register.update));
    }

    /// The digest of the registers.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// The same, computed from the registers.
    pub fn digest_anew(&self) -> u64 {
        self.registers.iter().fold(0, |sum, (key, register)| sum.wrapping_add(register.digest(*key)))
    }

    /// How many registers were written.
    pub fn len(&self) -> usize {
        self.registers.len()
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.registers.is_empty()
    }

    fn value(&self, key: u32) -> Option<u64> {
        self.registers.get(&key).map(|register| register.value)
    }

    /// Puts a value under a key; the update that it replaces.
    fn put(&mut self, key: u32, value: u64, update: Update) -> Option<Update> {
        let register = Register { value, update };
        let old = self.registers.insert(key, register);
        self.digest = self.digest.wrapping_add(register.digest(key));
        let old = old?;
        self.digest = self.digest.wrapping_sub(old.digest(key));
        Some(old.update)
    }
}

impl Register {
    fn digest(self, key: u32) -> u64 {
        (key, (self.value, self.update)).wire_digest()
    }
}

impl Wire for Request {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Request::Read(key) => {
                sink.u8(0);
                sink.u32(*key);
            }
            Request::Write(key, value) => {
                sink.u8(1);
                sink.u32(*key);
                sink.u64(*value);
            }
            Request::Cas { key, expected, value } => {
                sink.u8(2);
                sink.u32(*key);
                expected.encode(sink);
                sink.u64(*value);
            }
            Request::Transaction(accesses) => {
                sink.u8(3);
                accesses.encode(sink);
            }
            Request::Change(change) => {
                sink.u8(4);
                encode_change(change, sink);
            }
        }
    }
}

fn encode_change(change: &Change, sink: &mut impl Sink) {
    let (order, whom) = match change {
        Change::Add(whom) => (0, whom),
        Change::Learn(whom) => (1, whom),
        Change::Remove(whom) => (2, whom),
        Change::Become(whom) => (3, whom),
        Change::Lead(who) => (4, &NodeSet::one(*who)),
    };
    sink.u8(order);
    sink.u32(whom.len() as u32);
    whom.iter().for_each(|node| node.encode(sink));
}

impl Wire for Access {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Access::Read(key) => {
                sink.u8(0);
                sink.u32(*key);
            }
            Access::Write(key, value) => {
                sink.u8(1);
                sink.u32(*key);
                sink.u64(*value);
            }
        }
    }
}

impl Wire for Response {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Response::Done => sink.u8(0),
            Response::Value(value) => {
                sink.u8(1);
                value.encode(sink);
            }
            Response::Swapped => sink.u8(2),
            Response::Held(value) => {
                sink.u8(3);
                value.encode(sink);
            }
            Response::Values(values) => {
                sink.u8(4);
                values.encode(sink);
            }
        }
    }
}

impl Wire for Machine {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.registers.len() as u32);
        for (key, register) in &self.registers {
            sink.u32(*key);
            sink.u64(register.value);
            register.update.encode(sink);
        }
        sink.u32(self.answers.len() as u32);
        for (operation, answer) in &self.answers {
            operation.encode(sink);
            answer.encode(sink);
        }
    }
}

impl Wire for Command {
    fn encode(&self, sink: &mut impl Sink) {
        self.operation.encode(sink);
        self.request.encode(sink);
    }
}
