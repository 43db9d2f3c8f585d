//! The grow-only set (Shapiro et al. 2011, specification 11): elements are added, and none is ever removed.

use super::super::cells::{Cell, Cells};
use super::super::dot::Dot;
use super::super::{At, Request, Rule, Value};

/// A set that only grows.
pub type GrowSet = Cells<Grow>;

/// Its cells: an element is there or not.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Grow;

impl Cell for Grow {
    type Key = u32;
    type Held = ();
    /// The element to add.
    type Operation = u32;

    fn prepare(_: &GrowSet, _: &Rule, request: &Request, _: &mut At<'_>) -> Result<u32, &'static str> {
        match *request {
            Request::Add { key, .. } => Ok(key),
            Request::Remove { .. } => Err("nothing is removed from a set that only grows"),
            _ => Err("a grow-only set is added to"),
        }
    }

    fn changes(_: &GrowSet, _: &Rule, _: Dot, element: &u32) -> Vec<(u32, ())> {
        vec![(*element, ())]
    }

    fn join(_: &Rule, (): &(), (): &()) {}

    fn part(element: u32) -> u64 {
        u64::from(element)
    }

    fn value(set: &GrowSet, _: &Rule) -> Value {
        Value::Elements(set.held.iter().map(|(element, ())| element).collect())
    }

    fn read(set: &GrowSet, _: &Rule, element: u32) -> Value {
        Value::Present(set.held.contains(element))
    }
}
