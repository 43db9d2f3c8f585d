//! Locks under keys, with fencing tokens: each grant has a token that is greater than every one before it, with which a resource can turn
//! away whoever lost the lock and does not know it yet (Burrows, "The Chubby lock service for loosely-coupled distributed systems", OSDI 2006,
//! §2.4, "sequencers"; Kleppmann, "How to do distributed locking", 2016).
//!
//! The owner is the client, not the operation: who asks again gets the same token. A release names the token of its grant, so that one that
//! arrives late takes no later grant away. Nothing expires: leases and sessions are not here.

use super::{Effect, Request, Response};
use quorate_engine::{Sink, Update, Wire};
use std::collections::BTreeMap;

/// The locks.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Locks {
    by_key: BTreeMap<u32, Lock>,
    /// Invariant: the sum of the digests of all locks.
    pub(super) digest: u64,
}

/// A lock that was ever granted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Lock {
    /// Of the latest grant.
    token: u64,
    /// Who has it.
    owner: Option<u32>,
    /// The grant or release that made it so.
    update: Update,
}

impl Locks {
    pub(super) fn apply(&mut self, request: &Request, update: Update, effect: &mut Effect) -> Option<Response> {
        match *request {
            Request::Acquire { key, owner } => {
                let lock = self.by_key.get(&key);
                Some(match lock {
                    Some(Lock { owner: Some(holder), token, .. }) if *holder == owner => Response::Granted(*token),
                    Some(Lock { owner: Some(_), .. }) => Response::Busy,
                    _ => {
                        let token = lock.map_or(0, |lock| lock.token) + 1;
                        effect.replaces(self.put(key, Lock { token, owner: Some(owner), update }));
                        Response::Granted(token)
                    }
                })
            }
            Request::Release { key, owner, token } => Some(match self.by_key.get(&key) {
                Some(lock) if lock.owner == Some(owner) && lock.token == token => {
                    effect.replaces(self.put(key, Lock { token, owner: None, update }));
                    Response::Done
                }
                _ => Response::NotHeld,
            }),
            _ => None,
        }
    }

    /// See [`super::registers::Registers::instead_of`].
    pub(super) fn instead_of(&self, before: &Locks) -> impl Iterator<Item = (Update, Update)> {
        let now = |(key, old): (&u32, &Lock)| self.by_key.get(key).map(|now| (old.update, now.update));
        before.by_key.iter().filter_map(now)
    }

    pub(super) fn updates(&self) -> impl Iterator<Item = Update> {
        self.by_key.values().map(|lock| lock.update)
    }

    pub(super) fn digest_anew(&self) -> u64 {
        self.by_key.iter().map(|(key, lock)| lock.digest(*key)).fold(0, u64::wrapping_add)
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Changes a lock; the update that made it what it was.
    fn put(&mut self, key: u32, lock: Lock) -> Option<Update> {
        let old = self.by_key.insert(key, lock);
        self.digest = self.digest.wrapping_add(lock.digest(key));
        let old = old?;
        self.digest = self.digest.wrapping_sub(old.digest(key));
        Some(old.update)
    }
}

impl Lock {
    fn digest(self, key: u32) -> u64 {
        ((key, self.token), (self.owner, self.update)).wire_digest()
    }
}

impl Wire for Locks {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.by_key.len() as u32);
        for (key, lock) in &self.by_key {
            sink.u32(*key);
            sink.u64(lock.token);
            lock.owner.encode(sink);
            lock.update.encode(sink);
        }
    }
}
