//! An account as the set of all that ever happened to it: each event once, under its name, and the balance is their sum. That a set may be
//! merged twice is what makes it safe; what it costs is that it never forgets. Nothing in it keeps the balance above zero.

use super::super::cells::{Cell, Cells};
use super::super::dot::Dot;
use super::super::{At, BELOW, Request, Rule, Value};
use super::number;

/// A grow-only set of events.
pub type EventLog = Cells<Events>;

/// Its cells: by how much an event changed the balance.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Events;

fn balance(log: &EventLog) -> i64 {
    number(log.held.iter().map(|(_, amount)| i128::from(*amount)).sum())
}

impl Cell for Events {
    type Key = Dot;
    type Held = i64;
    /// By how much.
    type Operation = i64;

    fn prepare(log: &EventLog, rule: &Rule, request: &Request, _: &mut At<'_>) -> Result<i64, &'static str> {
        match *request {
            Request::Add { amount, .. } => Ok(amount),
            Request::Remove { amount, .. } if rule.floor.is_none() || rule.allows(balance(log), amount) => Ok(-amount),
            Request::Remove { .. } => Err(BELOW),
            _ => Err("an account is added to and taken from"),
        }
    }

    fn changes(_: &EventLog, _: &Rule, dot: Dot, amount: &i64) -> Vec<(Dot, i64)> {
        vec![(dot, *amount)]
    }

    fn join(_: &Rule, ours: &i64, _: &i64) -> i64 {
        *ours
    }

    fn part(dot: Dot) -> u64 {
        // Life and number share four bytes, as on the wire.
        u64::from(dot.origin.node.0) << 32 | u64::from(dot.update().number)
    }

    fn value(log: &EventLog, _: &Rule) -> Value {
        Value::Number(balance(log))
    }

    fn read(log: &EventLog, rule: &Rule, _: u32) -> Value {
        Events::value(log, rule)
    }
}
