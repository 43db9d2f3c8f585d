//! How fast the replicated data types are by themselves, without replicas or messages: operations, and merges of two states that differ
//! in one operation of a hundred, by the whole state and by a delta. Rates belong to the machine; what is told of them as a ratio does
//! not: how many times faster the delta is, by turns. Both have to give the same state.

use super::{REPEATS, median, round, timed};
use quorate_engine::{NodeId, Wire};
use quorate_protocols::crdt::data::{Data, Kind};
use quorate_protocols::crdt::types::dot::Origin;
use quorate_protocols::crdt::types::{At, Crdt, Edit, Request, Rule};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::time::Duration;

/// A type under measurement, and what its k-th operation asks.
struct Measured {
    name: &'static str,
    kind: Kind,
    ask: fn(u32) -> Request,
}

const ALL: [Measured; 16] = [
    Measured { name: "pn-counter", kind: Kind::Counter, ask: one },
    Measured { name: "bounded-counter", kind: Kind::Bounded, ask: one },
    Measured { name: "resettable", kind: Kind::Resettable, ask: one },
    Measured { name: "event-log", kind: Kind::Log, ask: one },
    Measured { name: "read-add-write", kind: Kind::ReadAddWrite, ask: one },
    Measured { name: "lww-register", kind: Kind::LastWriter, ask: keyed },
    Measured { name: "mv-register", kind: Kind::MultiValue, ask: keyed },
    Measured { name: "g-set", kind: Kind::GrowSet, ask: keyed },
    Measured { name: "two-phase-set", kind: Kind::TwoPhaseSet, ask: keyed },
    Measured { name: "or-set, tombst.", kind: Kind::TombstoneSet, ask: keyed },
    Measured { name: "or-set", kind: Kind::AddWinsSet, ask: keyed },
    Measured { name: "remove-wins-set", kind: Kind::RemoveWinsSet, ask: keyed },
    Measured { name: "or-map", kind: Kind::Map, ask: keyed },
    Measured { name: "shopping-cart", kind: Kind::Cart, ask: keyed },
    Measured { name: "text", kind: Kind::Text, ask: typed },
    Measured { name: "replicated-tree", kind: Kind::Tree, ask: moved },
];

fn one(number: u32) -> Request {
    Request::Add { key: 0, amount: 1, value: u64::from(number) }
}

/// Each operation has a key of its own, in an order that is not theirs.
fn keyed(number: u32) -> Request {
    Request::Add { key: scattered(number), amount: 1, value: u64::from(number) }
}

/// A letter, anywhere in the first half: the text has one for nearly each operation before.
fn typed(number: u32) -> Request {
    let place = Some(scattered(number) % (number / 2 + 1));
    Request::Edit(vec![Edit { place, deleted: 0, inserted: "x".to_string() }])
}

/// A node below another that is there: below the root at first.
fn moved(number: u32) -> Request {
    Request::Move { node: number + 1, parent: Some(number.div_ceil(2)) }
}

/// A permutation of all numbers: the multiplier is odd.
fn scattered(number: u32) -> u32 {
    number.wrapping_mul(0x9E37_79B1)
}

/// Origins that do operations in turn; half of them on either side when the two states part.
const ORIGINS: u32 = 64;

/// Measures them all.
pub(super) fn measure(quick: bool) -> Result<Vec<Value>, String> {
    let operations = if quick { 400 } else { 10_000 };
    ALL.iter().map(|measured| measured.measure(operations, if quick { 1 } else { REPEATS })).collect()
}

/// A state, and how many operations each origin has done.
#[derive(Clone)]
struct Site {
    state: Data,
    done: [u32; ORIGINS as usize],
}

impl Measured {
    fn measure(&self, operations: u32, repeats: usize) -> Result<Value, String> {
        let (mut rates, mut whole, mut parts, mut ratios) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut told = (0, 0, 0);
        let rule = Rule::default();
        for _ in 0..repeats {
            let (made, spent) = timed(|| self.sides(&rule, operations));
            let [left, right] = made.map_err(|why| format!("{}: {why}", self.name))?;
            rates.push(f64::from(operations) / spent.as_secs_f64());
            let delta = right.beyond(&rule, &left).ok_or_else(|| format!("{}: the two sides are equal", self.name))?;
            let (by_state, by_delta) = merges(&rule, &left, &right, &delta)
                .ok_or_else(|| format!("{}: the merges of a state and of its delta give two states", self.name))?;
            whole.push(1.0 / by_state.as_secs_f64());
            parts.push(1.0 / by_delta.as_secs_f64());
            ratios.push(by_state.as_secs_f64() / by_delta.as_secs_f64());
            let mut both = left;
            both.merge(&rule, &right);
            told = (both.wire_len(), delta.wire_len(), both.digest_anew());
        }
        let (bytes, delta_bytes, digest) = told;
        Ok(json!({
            "name": self.name,
            "operations": operations,
            "operations_per_second": median(&mut rates).round(),
            "merges_per_second": round(median(&mut whole)),
            "delta_merges_per_second": round(median(&mut parts)),
            "delta_over_state": round(median(&mut ratios)),
            "spread": [round(ratios[0]), round(ratios[ratios.len() - 1])],
            "bytes_per_operation": round(bytes as f64 / f64::from(operations)),
            "delta_bytes": delta_bytes,
            "digest": format!("{digest:016x}"),
        }))
    }

    /// Two states that have 99 operations of a hundred in common, and half of the rest each.
    fn sides(&self, rule: &Rule, operations: u32) -> Result<[Data; 2], &'static str> {
        let apart = operations / 200;
        let common = operations - 2 * apart;
        let mut left = Site { state: Data::new(self.kind), done: [0; ORIGINS as usize] };
        for number in 0..common {
            left.ask(rule, number % ORIGINS, &(self.ask)(number))?;
        }
        let mut right = left.clone();
        for number in common..common + apart {
            left.ask(rule, number % (ORIGINS / 2), &(self.ask)(number))?;
            right.ask(rule, ORIGINS / 2 + number % (ORIGINS / 2), &(self.ask)(number + apart))?;
        }
        Ok([left.state, right.state])
    }
}

impl Site {
    fn ask(&mut self, rule: &Rule, origin: u32, request: &Request) -> Result<(), &'static str> {
        let done = &mut self.done[origin as usize];
        *done += 1;
        let dot = Origin { node: NodeId(origin), life: 0 }.dot(*done);
        let operation = self.state.prepare(rule, request, &mut At { dot, wall: 0, choose: &mut |_| 0 })?;
        self.state.apply(rule, dot, &operation);
        Ok(())
    }
}

/// How long it takes to merge the whole state, and the delta; nothing when they do not give the same.
fn merges(rule: &Rule, left: &Data, right: &Data, delta: &Data) -> Option<(Duration, Duration)> {
    let merged = |with: &Data| {
        let mut state = left.clone();
        let ((), spent) = timed(|| state.merge(rule, with));
        (state, spent)
    };
    let ((whole, by_state), (part, by_delta)) = (merged(right), merged(delta));
    (whole == part).then_some((by_state, by_delta))
}

/// At most 80 columns.
pub(super) fn text(text: &mut String, rows: &[Value]) {
    let operations = rows[0]["operations"].as_u64().unwrap_or(0);
    let title = format!("{operations} operations");
    let _ = writeln!(
        text,
        "\n{title:18}{:>8}{:>11}{:>11}{:>7}{:>7}{:>18}",
        "k ops/s", "merges/s", "deltas/s", "ratio", "B/op", "digest"
    );
    for row in rows {
        let number = |key: &str| row[key].as_f64().unwrap_or(f64::NAN);
        let _ = writeln!(
            text,
            "{:18}{:>8.0}{:>11.0}{:>11.0}{:>7.1}{:>7.1}{:>18}",
            row["name"].as_str().unwrap_or(""),
            number("operations_per_second") / 1e3,
            number("merges_per_second"),
            number("delta_merges_per_second"),
            number("delta_over_state"),
            number("bytes_per_operation"),
            row["digest"].as_str().unwrap_or(""),
        );
    }
}
