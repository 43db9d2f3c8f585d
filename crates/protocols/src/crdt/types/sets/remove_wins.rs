//! The remove-wins set (Bieniusa et al. 2012; as a causal store, Almeida, Shoker and Baquero 2018, §7.3): an element is there when the
//! last that was done to it, by everybody who did something last, was to add it.

use super::super::causal::{Causal, Change, Dotted};
use super::super::{At, Request, Rule, Value};

/// A set in which a removal outlives the additions that have not seen it.
pub type RemoveWinsSet = Causal<RemoveWins>;

/// Its store: an element has the dots of additions (true) and removals (false) that no other has followed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RemoveWins;

impl Dotted for RemoveWins {
    type Held = bool;

    fn prepare(set: &RemoveWinsSet, _: &Rule, request: &Request, _: &At<'_>) -> Result<Change<bool>, &'static str> {
        match *request {
            Request::Add { key, .. } => Ok(Change { key, seen: set.seen(key), put: Some(true) }),
            Request::Remove { key, .. } => Ok(Change { key, seen: set.seen(key), put: Some(false) }),
            _ => Err("a set is added to and removed from"),
        }
    }

    fn read<'a>(held: impl Iterator<Item = &'a bool>) -> Value {
        let mut held = held.peekable();
        Value::Present(held.peek().is_some() && held.all(|added| *added))
    }

    fn value(read: impl Iterator<Item = (u32, Value)>) -> Value {
        Value::Elements(read.filter(|(_, there)| *there == Value::Present(true)).map(|(element, _)| element).collect())
    }
}
