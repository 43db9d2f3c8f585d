//! Sentences about transactions.

use super::cycles::Step;
use super::{Anomaly, Kind};
use crate::history::{Act, Found, Model, Operation, Value};
use crate::isolation::edges::Ground;
use crate::isolation::read::{Broken, NONE, Trace, What, accesses, found};
use serde_json::json;

/// Tells of the transactions of a history.
pub(super) struct Teller<'a> {
    pub(super) trace: &'a Trace<'a>,
}

/// Elements of a list that are told, from its end.
const ELEMENTS_TOLD: usize = 8;

impl Teller<'_> {
    /// The id of a transaction.
    pub(super) fn id(&self, transaction: u32) -> i64 {
        self.operation(transaction).id
    }

    fn operation(&self, transaction: u32) -> &Operation {
        &self.trace.history.operations[self.trace.transactions[transaction as usize] as usize]
    }

    fn is_list(&self) -> bool {
        self.trace.history.model == Model::ListAppend
    }

    fn name(&self, value: Value) -> String {
        self.trace.history.names.tell(value)
    }

    /// A cycle, a sentence for each edge.
    pub(super) fn cycle(&self, name: &str, steps: &[Step]) -> Anomaly {
        let transactions: Vec<i64> = steps.iter().map(|step| self.id(step.from)).collect();
        let path: Vec<String> = transactions.iter().chain(&transactions[..1]).map(|id| format!("T{id}")).collect();
        let mut text = format!("{name}: {}", path.join(" -> "));
        let mut edges = Vec::new();
        for step in steps {
            let told = self.step(step);
            text += &format!("\n  {told}");
            let key = if step.key == NONE { Value::NULL } else { self.trace.keys[step.key as usize].name };
            edges.push(json!({
                "from": self.id(step.from),
                "to": self.id(step.to),
                "kind": kind_name(step.kind),
                "key": self.trace.history.names.json(key),
                "text": told,
            }));
        }
        text += "\n  a cycle: each of them would have to come before itself";
        Anomaly { name: name.to_string(), transactions, edges, text }
    }

    fn step(&self, step: &Step) -> String {
        let (from, to) = (self.operation(step.from), self.operation(step.to));
        let (one, other) = (from.id, to.id);
        let why = match step.ground {
            Ground::Known => "",
            Ground::Forced => ", as there would be a cycle the other way round",
            Ground::Assumed => ", if so",
        };
        let key = if step.key == NONE { Value::NULL } else { self.trace.keys[step.key as usize].name };
        let name = self.name(key);
        match step.kind {
            Kind::Ww => {
                let (first, second) = (self.written(from, key, true), self.written(to, key, false));
                let verb = if self.is_list() { "appended" } else { "wrote" };
                let into = if self.is_list() { "to " } else { "" };
                match self.is_list() {
                    true => format!("T{other} {verb} {second} {into}{name} after T{one}'s {first} (ww){why}"),
                    false => format!("T{other} wrote {name} = {second} after T{one}'s {first} (ww){why}"),
                }
            }
            Kind::Wr if self.is_list() => {
                format!("T{other} saw T{one}'s append of {} to {name} (wr)", self.seen(from, to, key))
            }
            Kind::Wr => format!("T{other} read {name} = {}, which T{one} wrote (wr)", self.written(from, key, true)),
            Kind::Rw => {
                let second = self.written(to, key, false);
                let read = self.read_without(from, to, key);
                match self.is_list() {
                    true => format!("T{one} did not see T{other}'s append of {second} to {name}: it read {read} (rw){why}"),
                    false => format!("T{one} read {name} = {read}, before T{other} wrote {second} (rw){why}"),
                }
            }
            Kind::Process => format!("T{other} came after T{one} in process {} (process)", to.process),
            _ => {
                let at = from.response.unwrap_or(i64::MAX);
                format!("T{one} returned at {at}, before T{other} was invoked at {} (real time)", to.invoke)
            }
        }
    }

    /// What a transaction wrote to a key last, or first.
    fn written(&self, operation: &Operation, key: Value, last: bool) -> String {
        let mut values = self.writes(operation, key);
        let value = if last { values.next_back() } else { values.next() };
        value.map_or_else(String::new, |value| self.name(value))
    }

    fn writes<'o>(&self, operation: &'o Operation, key: Value) -> impl DoubleEndedIterator<Item = Value> + 'o {
        let written = move |access: &crate::history::Access| match access.act {
            Act::Write(value) if access.key == key => Some(value),
            _ => None,
        };
        accesses(operation).iter().filter_map(written)
    }

    /// What a transaction found under a key, read by read, in its order.
    fn reads<'o>(&self, operation: &'o Operation, key: Value) -> impl Iterator<Item = &'o Found> {
        let keys = accesses(operation).iter().filter(|access| access.act == Act::Read).map(|access| access.key);
        keys.zip(found(operation)).filter(move |(of, _)| *of == key).map(|(_, found)| found)
    }

    /// The last element of a transaction that another one saw.
    fn seen(&self, writer: &Operation, reader: &Operation, key: Value) -> String {
        let is_seen = |value: &Value| self.reads(reader, key).any(|found| holds(found, *value));
        let seen = self.writes(writer, key).rev().find(is_seen);
        seen.map_or_else(|| self.written(writer, key, true), |value| self.name(value))
    }

    /// What a transaction read that does not show another's write.
    fn read_without(&self, reader: &Operation, writer: &Operation, key: Value) -> String {
        let misses = |found: &&Found| !self.writes(writer, key).any(|value| holds(found, value));
        let read = self.reads(reader, key).find(misses).or_else(|| self.reads(reader, key).next());
        read.map_or_else(String::new, |found| self.found(found))
    }

    fn found(&self, found: &Found) -> String {
        match found {
            Found::Value(value) => self.name(*value),
            Found::List(list) => {
                let told: Vec<String> =
                    list.iter().skip(list.len().saturating_sub(ELEMENTS_TOLD)).map(|value| self.name(*value)).collect();
                let cut = if list.len() > ELEMENTS_TOLD { "…, " } else { "" };
                format!("[{cut}{}]", told.join(", "))
            }
        }
    }

    /// What a transaction read of a key, in words.
    pub(super) fn what_was_read(&self, reader: u32, key: Value, version: u32) -> String {
        match self.reads(self.operation(reader), key).next() {
            _ if version == 0 => "the initial value".to_string(),
            Some(found) => self.found(found),
            None => "the same version".to_string(),
        }
    }

    /// What is wrong with a single read.
    pub(super) fn broken(&self, broken: &Broken) -> Anomaly {
        let operations = &self.trace.history.operations;
        let reader = &operations[broken.reader as usize];
        let read = self.found(&found(reader)[broken.nth as usize]);
        let (id, key, value) = (reader.id, self.name(broken.key), self.name(broken.value));
        let other = operations.get(broken.other as usize).map_or(id, |operation| operation.id);
        let (name, what) = match broken.what {
            What::Garbage => ("garbage-read", format!("but nobody wrote {value}")),
            What::Duplicates => ("duplicates", format!("with {value} twice, which was written once")),
            What::IncompatibleOrders => ("incompatible-orders", self.incompatible(broken)),
            What::Internal if self.is_list() => ("internal", format!("which does not end in its own {value}")),
            What::Internal => ("internal", format!("after it had written {}", self.written(reader, broken.key, true))),
            What::FutureRead => ("future-read", format!("but itself wrote {value} only later")),
            What::AbortedRead => ("G1a", format!("but T{other}, which wrote {value}, aborted")),
            What::IntermediateRead => ("G1b", format!("but T{other} wrote {key} again after {value}")),
        };
        let text = format!("{name}: T{id} read {key} = {read}, {what}");
        let mut transactions = vec![id];
        if other != id {
            transactions.push(other);
        }
        let edge = json!({
            "from": other, "to": id, "kind": "read", "key": self.trace.history.names.json(broken.key), "text": text,
        });
        Anomaly { name: name.to_string(), transactions, edges: vec![edge], text }
    }

    fn incompatible(&self, broken: &Broken) -> String {
        let other = &self.trace.history.operations[broken.other as usize];
        let reader = &self.trace.history.operations[broken.reader as usize];
        let Found::List(list) = &found(reader)[broken.nth as usize] else { return String::new() };
        let fits = |found: &&Found| match found {
            Found::List(other) => !other.starts_with(list) && !list.starts_with(other),
            Found::Value(_) => false,
        };
        match self.reads(other, broken.key).find(fits) {
            Some(found) => format!("but T{} read {}, and neither is the beginning of the other", other.id, self.found(found)),
            None => format!("with T{}'s {} before what it had appended earlier", other.id, self.name(broken.value)),
        }
    }
}

fn holds(found: &Found, value: Value) -> bool {
    match found {
        Found::Value(read) => *read == value,
        Found::List(list) => list.contains(&value),
    }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Ww => "ww",
        Kind::Wr => "wr",
        Kind::Rw => "rw",
        Kind::Process => "process",
        Kind::RealTime => "realtime",
        Kind::Within | Kind::Link => "within",
    }
}
