//! Lists under keys, which grow at their ends: what was appended stays.

use super::{Access, Effect, Request, Response};
use quorate_engine::{Sink, Update, Wire};
use std::collections::BTreeMap;

/// The lists.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Lists {
    by_key: BTreeMap<u32, List>,
    /// All that appended. No part of what is sent: the answers name the same operations.
    pub(super) updates: Vec<Update>,
    /// Invariant: the sum of the digests of all lists.
    pub(super) digest: u64,
}

#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
struct List {
    values: Vec<u64>,
    /// Of the values in their order.
    chain: u64,
}

impl Lists {
    pub(super) fn read(&self, request: &Request) -> Option<Response> {
        match request {
            Request::Read(key) => Some(Response::List(self.values(*key))),
            Request::Transaction(accesses) => Some(Response::Lists(
                accesses
                    .iter()
                    .filter_map(|access| match access {
                        Access::Read(key) => Some(self.values(*key)),
                        Access::Write(..) => None,
                    })
                    .collect(),
            )),
            _ => None,
        }
    }

    pub(super) fn apply(&mut self, request: &Request, update: Update, effect: &mut Effect) -> Option<Response> {
        let response = match request {
            Request::Read(_) => return self.read(request),
            Request::Write(key, value) => {
                self.append(*key, *value, effect);
                Response::Done
            }
            Request::Transaction(accesses) => {
                let mut found = Vec::new();
                for access in accesses {
                    match *access {
                        Access::Read(key) => found.push(self.values(key)),
                        Access::Write(key, value) => self.append(key, value, effect),
                    }
                }
                Response::Lists(found)
            }
            _ => return None,
        };
        self.updates.extend(effect.changed.then_some(update));
        Some(response)
    }

    pub(super) fn digest_anew(&self) -> u64 {
        let digest =
            |(key, list): (&u32, &List)| (*key, list.values.iter().fold(0, |chain, value| link(chain, *value))).wire_digest();
        self.by_key.iter().map(digest).fold(0, u64::wrapping_add)
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Every key and its values, ascending by key.
    pub(super) fn each(&self) -> impl Iterator<Item = (u32, &[u64])> {
        self.by_key.iter().map(|(key, list)| (*key, list.values.as_slice()))
    }

    fn values(&self, key: u32) -> Vec<u64> {
        self.by_key.get(&key).map_or_else(Vec::new, |list| list.values.clone())
    }

    fn append(&mut self, key: u32, value: u64, effect: &mut Effect) {
        let list = self.by_key.entry(key).or_default();
        let before = if list.values.is_empty() { 0 } else { (key, list.chain).wire_digest() };
        list.values.push(value);
        list.chain = link(list.chain, value);
        self.digest = self.digest.wrapping_sub(before).wrapping_add((key, list.chain).wire_digest());
        effect.changed = true;
    }
}

fn link(chain: u64, value: u64) -> u64 {
    (chain, value).wire_digest()
}

impl Wire for Lists {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.by_key.len() as u32);
        for (key, list) in &self.by_key {
            sink.u32(*key);
            list.values.encode(sink);
        }
    }
}
