//! Sums under keys: what was added stays in them.

use super::{Effect, Request, Response};
use quorate_engine::{Sink, Update, Wire};
use std::collections::BTreeMap;

/// The counters.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Counters {
    by_key: BTreeMap<u32, i64>,
    /// All that added. No part of what is sent: the answers name the same operations.
    pub(super) updates: Vec<Update>,
    /// Invariant: the sum of the digests of all counters.
    pub(super) digest: u64,
}

impl Counters {
    pub(super) fn read(&self, request: &Request) -> Option<Response> {
        match request {
            Request::Read(key) => Some(Response::Count(self.by_key.get(key).copied().unwrap_or(0))),
            _ => None,
        }
    }

    pub(super) fn apply(&mut self, request: &Request, update: Update, effect: &mut Effect) -> Option<Response> {
        let Request::Add(key, amount) = request else { return self.read(request) };
        let before = self.by_key.get(key).copied();
        // Sums wrap, and so stay the same in whatever order they are made.
        let after = before.unwrap_or(0).wrapping_add(*amount);
        self.by_key.insert(*key, after);
        let before = before.map_or(0, |before| digest(*key, before));
        self.digest = self.digest.wrapping_sub(before).wrapping_add(digest(*key, after));
        self.updates.push(update);
        effect.changed = true;
        Some(Response::Done)
    }

    pub(super) fn digest_anew(&self) -> u64 {
        self.by_key.iter().map(|(key, sum)| digest(*key, *sum)).fold(0, u64::wrapping_add)
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }
}

fn digest(key: u32, sum: i64) -> u64 {
    (key, sum).wire_digest()
}

impl Wire for Counters {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.by_key.len() as u32);
        for (key, sum) in &self.by_key {
            sink.u32(*key);
            sum.encode(sink);
        }
    }
}
