//! Registers under keys.

use super::{Access, Effect, Request, Response};
use quorate_engine::{Sink, Update, Wire};
use std::collections::BTreeMap;

/// The registers.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Registers {
    by_key: BTreeMap<u32, Register>,
    /// Invariant: the sum of the digests of all registers.
    pub(super) digest: u64,
}

/// What is under a key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Register {
    value: u64,
    /// The write that put it there.
    update: Update,
}

impl Registers {
    pub(super) fn read(&self, request: &Request) -> Option<Response> {
        match request {
            Request::Read(key) => Some(Response::Value(self.value(*key))),
            Request::Transaction(accesses) => Some(Response::Values(
                accesses
                    .iter()
                    .filter_map(|access| match access {
                        Access::Read(key) => Some(self.value(*key)),
                        Access::Write(..) => None,
                    })
                    .collect(),
            )),
            _ => None,
        }
    }

    pub(super) fn apply(&mut self, request: &Request, update: Update, effect: &mut Effect) -> Option<Response> {
        Some(match request {
            Request::Read(key) => Response::Value(self.value(*key)),
            Request::Write(key, value) => {
                effect.replaces(self.put(*key, *value, update));
                Response::Done
            }
            Request::Cas { key, expected, value } => match self.value(*key) {
                held if held == *expected => {
                    effect.replaces(self.put(*key, *value, update));
                    Response::Swapped
                }
                held => Response::Held(held),
            },
            Request::Transaction(accesses) => {
                let mut found = Vec::new();
                for access in accesses {
                    match *access {
                        Access::Read(key) => found.push(self.value(key)),
                        Access::Write(key, value) => effect.replaces(self.put(key, value, update)),
                    }
                }
                Response::Values(found)
            }
            _ => return None,
        })
    }

    /// What this one holds in the place of what another held: the old update and the new one.
    pub(super) fn instead_of(&self, before: &Registers) -> impl Iterator<Item = (Update, Update)> {
        let now = |(key, old): (&u32, &Register)| self.by_key.get(key).map(|now| (old.update, now.update));
        before.by_key.iter().filter_map(now)
    }

    pub(super) fn updates(&self) -> impl Iterator<Item = Update> {
        self.by_key.values().map(|register| register.update)
    }

    /// Every register's key and value, ascending by key.
    pub(super) fn values(&self) -> impl Iterator<Item = (u32, u64)> {
        self.by_key.iter().map(|(key, register)| (*key, register.value))
    }

    pub(super) fn digest_anew(&self) -> u64 {
        self.by_key.iter().fold(0, |sum, (key, register)| sum.wrapping_add(register.digest(*key)))
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    fn value(&self, key: u32) -> Option<u64> {
        self.by_key.get(&key).map(|register| register.value)
    }

    /// Puts a value under a key; the update that it replaces.
    fn put(&mut self, key: u32, value: u64, update: Update) -> Option<Update> {
        let register = Register { value, update };
        let old = self.by_key.insert(key, register);
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

impl Wire for Registers {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.by_key.len() as u32);
        for (key, register) in &self.by_key {
            sink.u32(*key);
            sink.u64(register.value);
            register.update.encode(sink);
        }
    }
}
