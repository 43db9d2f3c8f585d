//! A plan written down as the scenario that it is: every default filled in, keys as in the file, in a fixed order. Reports
//! carry it, so that they can be run again.

mod clients;
mod faults;
mod latency;
mod nemesis;
mod network;
mod topology;

use crate::arithmetic::{Dimension, Measure};
use crate::plan::{AskEntry, Plan, SCHEMA};
use crate::units::{exact_float, show_signed};
use latency::span;
use quorate_engine::clock::Spread;
use quorate_engine::id::NodeSet;
use quorate_engine::setup::{Clocks, Disks, Hosts, Jumps, Overflow, Ties, Until, Wander};
use quorate_engine::time::show;
use quorate_engine::workload::Change;
use quorate_engine::workload::Edit;
use quorate_protocols::options::Value as OptionValue;
use quorate_protocols::registry::Ask;
use serde_json::{Map, Value, json};

/// A table whose keys stand in the order in which they are added.
#[derive(Default)]
struct Table(Map<String, Value>);

impl Table {
    fn with(mut self, key: &str, value: impl Into<Value>) -> Table {
        self.0.insert(key.to_string(), value.into());
        self
    }

    fn with_some(self, key: &str, value: Option<impl Into<Value>>) -> Table {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }
}

impl From<Table> for Value {
    fn from(table: Table) -> Value {
        Value::Object(table.0)
    }
}

pub(crate) fn scenario(plan: &Plan) -> Value {
    let given = |name: &str, value: &OptionValue| match plan.drawn.iter().find(|(drawn, _)| *drawn == name) {
        Some((_, values)) => json!({ "any": values.iter().map(option).collect::<Vec<_>>() }),
        None => option(value),
    };
    let options = plan.options.iter().fold(Table::default(), |table, (name, value)| table.with(name, given(name, value)));
    let expect = plan.expectations.iter().fold(Table::default(), |table, each| table.with(&each.name, each.text.as_str()));
    Table::default()
        .with("schema", SCHEMA)
        .with("name", plan.name.as_str())
        .with("summary", plan.summary.as_str())
        .with_some("teaches", plan.teaches.as_deref())
        .with("seed", plan.seed)
        .with("duration", show(plan.duration))
        .with("until", if plan.until == Until::Converged { "converged" } else { "duration" })
        .with("variant", plan.variant)
        .with("ties", if plan.ties == Ties::Source { "source" } else { "permuted" })
        .with("nodes", plan.nodes)
        .with_some("parameters", parameters(&plan.parameters))
        .with("protocol", Table::default().with(plan.protocol.name, options))
        .with_some("regions", (!plan.regions.is_empty()).then(|| network::regions(&plan.regions)))
        .with("network", network::network(&plan.network))
        .with_some("hosts", by_nodes(plan, &plan.hosts, |each| &each.nodes, hosts))
        .with_some("disks", by_nodes(plan, &plan.disks, |each| &each.nodes, disks))
        .with_some("clocks", by_nodes(plan, &plan.clocks, |each| &each.nodes, clocks))
        .with("faults", plan.faults.iter().map(faults::entry).collect::<Vec<_>>())
        .with_some("nemesis", plan.nemesis.as_ref().map(|nemesis| nemesis::nemesis(nemesis, plan.duration)))
        .with("workload", workload(plan))
        .with("expect", expect)
        .with("ci", Table::default().with("seeds", plan.ci.seeds).with("skip", plan.ci.skip))
        .into()
}

/// None without parameters.
fn parameters(parameters: &[(String, Measure)]) -> Option<Table> {
    let table = parameters.iter().fold(Table::default(), |table, (name, value)| table.with(name, parameter(*value)));
    (!parameters.is_empty()).then_some(table)
}

/// A plain number as a number if both syntaxes hold it exactly; all else as the text that reads as the same value.
fn parameter(measure: Measure) -> Value {
    let value = measure.value;
    if measure.dimension != Dimension::Plain {
        return measure.written().into();
    }
    let float = value.to_f64();
    match value.to_whole().map(i64::try_from) {
        Some(Ok(number)) => number.into(),
        None if exact_float(float) == Some(value) => float.into(),
        _ => format!("{}/{}", value.numerator(), value.denominator()).into(),
    }
}

fn option(value: &OptionValue) -> Value {
    match value {
        OptionValue::Integer(number) => (*number).into(),
        OptionValue::Duration(nanos) => show(*nanos).into(),
        OptionValue::Choice(word) => (*word).into(),
        OptionValue::Flag(flag) => (*flag).into(),
    }
}

/// A list of tables; nothing when it is empty.
fn list(tables: impl Iterator<Item = Table>) -> Option<Value> {
    let tables: Vec<Value> = tables.map(Value::from).collect();
    (!tables.is_empty()).then_some(tables.into())
}

/// One table when it is about all nodes, else a list of tables with the nodes of each.
fn by_nodes<T>(plan: &Plan, all: &[T], whose: fn(&T) -> &NodeSet, table: fn(&T) -> Table) -> Option<Value> {
    match all {
        [only] if *whose(only) == NodeSet::range(0, plan.nodes) => Some(table(only).into()),
        _ => list(all.iter().map(|each| {
            let mut with_nodes = Table::default().with("nodes", nodes(whose(each)));
            with_nodes.0.extend(table(each).0);
            with_nodes
        })),
    }
}

fn hosts(hosts: &Hosts) -> Table {
    Table::default()
        .with_some("service", hosts.service.as_ref().map(span))
        .with_some("inbox", hosts.inbox)
        .with_some("overflow", hosts.inbox.map(|_| overflow(hosts.overflow)))
        .with_some("egress", hosts.egress.as_ref().map(network::bandwidth))
}

fn overflow(overflow: Overflow) -> Value {
    match overflow {
        Overflow::Shed => "shed".into(),
        Overflow::Crash { restart_after: None } => "crash".into(),
        Overflow::Crash { restart_after: Some(after) } => json!({ "crash": { "restart-after": show(after) } }),
    }
}

fn disks(disks: &Disks) -> Table {
    Table::default()
        .with_some("sync", disks.sync.as_ref().map(span))
        .with_some("capacity", disks.capacity_bytes.map(|bytes| format!("{bytes}B")))
}

fn clocks(clocks: &Clocks) -> Table {
    let duration = |ns| show_signed(ns).into();
    let wander = |wander: &Wander| Table::default().with("ppm", ppm(wander.amplitude_ppb)).with("period", show(wander.period));
    let jumps = |jumps: &Jumps| Table::default().with("every", span(&jumps.every)).with("by", spread(&jumps.by_ns, duration));
    Table::default()
        .with("offset", spread(&clocks.offset_ns, duration))
        .with("drift_ppm", spread(&clocks.drift_ppb, ppm))
        .with_some("wander", clocks.wander.as_ref().map(wander))
        .with_some("jumps", clocks.jumps.as_ref().map(jumps))
        .with_some("bound", clocks.bound_ns.map(show))
}

fn spread(spread: &Spread, figure: fn(i64) -> Value) -> Value {
    match *spread {
        Spread::Constant(value) => figure(value),
        Spread::Uniform(low, high) => json!({ "uniform": [figure(low), figure(high)] }),
        // Both were read as whole numbers.
        Spread::Normal(mean, stddev) => json!({ "normal": { "mean": figure(mean as i64), "stddev": figure(stddev as i64) } }),
    }
}

fn ppm(ppb: i64) -> Value {
    if ppb % 1_000 == 0 { (ppb / 1_000).into() } else { (ppb as f64 / 1e3).into() }
}

/// One node as its number, one range as its text, more as a list of these.
fn nodes(set: &NodeSet) -> Value {
    let range = |&(low, high): &(u32, u32)| if high - low == 1 { low.into() } else { Value::from(format!("{low}..{high}")) };
    match set.ranges() {
        [only] => range(only),
        ranges => ranges.iter().map(range).collect::<Vec<_>>().into(),
    }
}

fn workload(plan: &Plan) -> Table {
    let of = |is_such: fn(&Ask) -> bool| plan.asks.iter().filter(|entry| is_such(&entry.ask)).map(ask).collect::<Vec<Value>>();
    let changes = of(|ask| matches!(ask, Ask::Change(_)));
    let transactions = of(|ask| matches!(ask, Ask::Transaction(_)));
    let [removes, clears, edits, moves] = [
        of(|ask| matches!(ask, Ask::Remove { .. })),
        of(|ask| matches!(ask, Ask::Clear { .. })),
        of(|ask| matches!(ask, Ask::Edit { .. })),
        of(|ask| matches!(ask, Ask::Move { .. })),
    ];
    let table = Table::default()
        .with("updates", of(|ask| matches!(ask, Ask::Update { .. })))
        .with("reads", of(|ask| matches!(ask, Ask::Read { .. })))
        .with_some("removes", (!removes.is_empty()).then_some(removes))
        .with_some("clears", (!clears.is_empty()).then_some(clears))
        .with_some("edits", (!edits.is_empty()).then_some(edits))
        .with_some("moves", (!moves.is_empty()).then_some(moves))
        .with_some("transactions", (!transactions.is_empty()).then_some(transactions))
        .with_some("changes", (!changes.is_empty()).then_some(changes));
    let table = table.with_some("trace", plan.trace.as_ref().map(|entry| entry.json.as_str()));
    let clients = plan.populations.iter().map(clients::clients).collect::<Vec<Value>>();
    table.with_some("clients", (!clients.is_empty()).then_some(clients))
}

fn ask(entry: &AskEntry) -> Value {
    let table = Table::default()
        .with("at", show(entry.at.0))
        .with("from", nodes(&entry.from))
        .with("count", entry.count)
        .with_some("every", entry.every.map(show));
    let table = match &entry.ask {
        Ask::Update { key, amount } => table.with("key", *key).with("amount", *amount),
        Ask::Remove { key, amount } => table.with("key", *key).with("amount", *amount),
        Ask::Read { key } | Ask::Clear { key } => table.with("key", *key),
        Ask::Edit { edits, .. } => {
            let Edit { place, deleted, inserted } = edits.first().expect("an entry edits one place");
            table.with_some("place", *place).with("delete", *deleted).with("insert", inserted.as_str())
        }
        Ask::Move { key, parent } => table.with("key", *key).with_some("parent", *parent),
        Ask::Transaction(parts) => {
            let (reads, updates): (Vec<&Ask>, Vec<&Ask>) = parts.iter().partition(|part| matches!(part, Ask::Read { .. }));
            let table = match parts.first() {
                Some(Ask::Read { key } | Ask::Update { key, .. }) => table.with("key", *key),
                _ => table,
            };
            let table = table.with("reads", reads.len() as u64).with("updates", updates.len() as u64);
            match updates.first() {
                Some(Ask::Update { amount, .. }) => table.with("amount", *amount),
                _ => table,
            }
        }
        Ask::Change(Change::Add(whom)) => table.with("add", nodes(whom)),
        Ask::Change(Change::Learn(whom)) => table.with("learn", nodes(whom)),
        Ask::Change(Change::Remove(whom)) => table.with("remove", nodes(whom)),
        Ask::Change(Change::Become(whom)) => table.with("members", nodes(whom)),
        Ask::Change(Change::Lead(who)) => table.with("lead", who.0),
        _ => unreachable!("no entry plans one"),
    };
    table.with_some("timeout", entry.timeout.map(show)).into()
}
