//! The multi-value register (DeCandia et al. 2007; Shapiro et al. 2011, specification 10; as a causal store, Almeida, Shoker and Baquero
//! 2018, §7.2): a write takes the place of those that it has seen, and concurrent writes stay side by side until one has seen them all.
//!
//! What a write has seen is what its client has read, where the request says so ([`Request::Write`]), and else what its replica holds.

use super::super::causal::{Causal, Change, Dotted};
use super::super::dot::Dot;
use super::super::{At, Mistake, Request, Rule, Value};

/// Registers that keep all concurrent writes.
pub type MultiValue = Causal<Siblings>;

/// Their store: the writes that no other has seen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Siblings;

impl Dotted for Siblings {
    type Held = u64;

    fn prepare(registers: &MultiValue, rule: &Rule, request: &Request, at: &At<'_>) -> Result<Change<u64>, &'static str> {
        match request {
            Request::Add { key, value, .. } => Ok(Change { key: *key, seen: registers.seen(*key), put: Some(*value) }),
            Request::Write { key, value, over } => {
                // A version vector with one count for each server cannot say "this server's second write, but not its first" (Preguiça
                // et al. 2010, §2): every write follows all that went through its server before, whatever its client has read.
                let per_server = rule.mistake == Some(Mistake::PerServer);
                let sees = |dot: Dot, held: &u64| over.contains(held) || (per_server && dot.origin == at.dot.origin);
                let seen = registers.under(*key).filter(|(dot, held)| sees(*dot, held)).map(|(dot, _)| dot).collect();
                Ok(Change { key: *key, seen, put: Some(*value) })
            }
            _ => Err("a register is written"),
        }
    }

    fn read<'a>(held: impl Iterator<Item = &'a u64>) -> Value {
        let mut values: Vec<u64> = held.copied().collect();
        values.sort_unstable();
        Value::Several(values)
    }

    fn value(read: impl Iterator<Item = (u32, Value)>) -> Value {
        Value::Entries(read.collect())
    }
}
