//! The two-phase set (Shapiro et al. 2011, specification 12): an element is added, then removed, and never comes back.

use super::super::cells::{Cell, Cells};
use super::super::dot::Dot;
use super::super::{At, Request, Rule, Value};

/// A set in which an element that was removed once stays so.
pub type TwoPhaseSet = Cells<TwoPhase>;

/// Its cells: whether the element was removed, once it was added.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TwoPhase;

impl Cell for TwoPhase {
    type Key = u32;
    type Held = bool;
    /// The element, and whether it is removed or added.
    type Operation = (u32, bool);

    fn prepare(set: &TwoPhaseSet, _: &Rule, request: &Request, _: &mut At<'_>) -> Result<(u32, bool), &'static str> {
        match *request {
            Request::Add { key, .. } => Ok((key, false)),
            // The paper's precondition: what was never seen cannot be removed, for it could then never be added.
            Request::Remove { key, .. } if set.held.get(key) == Some(&false) => Ok((key, true)),
            Request::Remove { .. } => Err("the element is not there"),
            _ => Err("a set is added to and removed from"),
        }
    }

    fn changes(_: &TwoPhaseSet, _: &Rule, _: Dot, (element, removed): &(u32, bool)) -> Vec<(u32, bool)> {
        vec![(*element, *removed)]
    }

    fn join(_: &Rule, ours: &bool, theirs: &bool) -> bool {
        *ours || *theirs
    }

    fn part(element: u32) -> u64 {
        u64::from(element)
    }

    fn value(set: &TwoPhaseSet, _: &Rule) -> Value {
        Value::Elements(set.held.iter().filter(|(_, removed)| !**removed).map(|(element, _)| element).collect())
    }

    fn read(set: &TwoPhaseSet, _: &Rule, element: u32) -> Value {
        Value::Present(set.held.get(element) == Some(&false))
    }
}
