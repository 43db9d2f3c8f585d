//! The observed-remove set without tombstones (Bieniusa et al. 2012; Almeida, Shoker and Baquero 2018, §7.3): of an addition that was
//! removed the context says that it was there once, and so that it is there no more. Of concurrent additions and removals of an element
//! the additions win.

use super::super::causal::{Causal, Change, Dotted};
use super::super::{At, Request, Rule, Value};

/// A set in which an addition outlives the removals that have not seen it.
pub type AddWinsSet = Causal<AddWins>;

/// Its store: an element has the dots of its additions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct AddWins;

impl Dotted for AddWins {
    type Held = ();

    fn prepare(set: &AddWinsSet, _: &Rule, request: &Request, _: &At<'_>) -> Result<Change<()>, &'static str> {
        match *request {
            // An addition takes the place of those that it has seen: one dot is enough.
            Request::Add { key, .. } => Ok(Change { key, seen: set.seen(key), put: Some(()) }),
            Request::Remove { key, .. } => Ok(Change { key, seen: set.seen(key), put: None }),
            _ => Err("a set is added to and removed from"),
        }
    }

    fn read<'a>(mut held: impl Iterator<Item = &'a ()>) -> Value {
        Value::Present(held.next().is_some())
    }

    fn value(read: impl Iterator<Item = (u32, Value)>) -> Value {
        Value::Elements(read.filter(|(_, there)| *there == Value::Present(true)).map(|(element, _)| element).collect())
    }
}
