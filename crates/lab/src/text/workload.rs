//! `[workload]`: what clients ask. Each entry becomes its operations, one by one; the number of operations is held against a
//! limit before any is made.

use super::error::{Problems, Read};
use super::files::Included;
use super::nodes::{Replicas, node_set};
use super::scenario::MEMORY_MAX;
use super::spot::Spot;
use super::trace::{self, Trace};
use crate::plan::{AskEntry, TraceEntry};
use quorate_engine::id::{NodeId, NodeSet};
use quorate_engine::time::{Nanos, Time, show};
use quorate_engine::workload::{Change, Edit};
use quorate_protocols::registry::{Ask, Asked};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The most operations of one run.
pub(crate) const OPERATIONS_MAX: u64 = 10_000_000;

/// The most registers that one transaction reads, and that it updates.
const PARTS_MAX: u32 = 100_000;

/// What is kept of an operation: what was asked, answered and known of it, and of the update that it may be.
const OPERATION_BYTES: u64 = 200;

/// The operations counted so far.
#[derive(Default)]
pub(crate) struct Total(u64);

impl Total {
    /// So many more, from this entry on.
    pub(super) fn add(&mut self, spot: &Spot<'_>, replicas: &Replicas<'_>, operations: u64) -> Read<()> {
        self.0 = self.0.saturating_add(operations);
        let total = self.0;
        if total > OPERATIONS_MAX {
            return Err(spot.fail(format!("the workload comes to {total} operations here; {OPERATIONS_MAX} is the most")));
        }
        // Who holds an update is a bit for each node.
        let bytes = u128::from(total) * u128::from(u64::from(replicas.count) / 8 + OPERATION_BYTES);
        match bytes > u128::from(MEMORY_MAX) {
            true => Err(spot.fail(format!(
                "{total} operations over {} nodes would need about {} GiB, and the limit is {}; ask fewer",
                replicas.count,
                bytes >> 30,
                MEMORY_MAX >> 30
            ))),
            false => Ok(()),
        }
    }
}

/// What an entry asks.
type Reader = fn(&Spot<'_>, &Replicas<'_>) -> Read<Ask>;

/// The entries: updates, removals, clearings, edits, moves, reads, transactions, then changes, each in the order of the file.
pub(crate) fn entries(
    section: Option<Spot<'_>>,
    replicas: &Replicas<'_>,
    duration: Nanos,
    total: &mut Total,
    problems: &mut Problems,
) -> Vec<AskEntry> {
    let Some(section) = section else { return Vec::new() };
    let mut entries = Vec::new();
    let kinds: [(&str, Reader); 8] = [
        ("updates", update),
        ("removes", remove),
        ("clears", clear),
        ("edits", edit),
        ("moves", move_below),
        ("reads", read),
        ("transactions", transaction),
        ("changes", change),
    ];
    for (kind, ask) in kinds {
        let Some(spot) = section.get(kind) else { continue };
        for spot in spot.list().unwrap_or_else(|| vec![spot]) {
            let entry = problems.take(entry(&spot, replicas, duration, ask).and_then(|entry| {
                total.add(&spot, replicas, entry.from.len().saturating_mul(u64::from(entry.count))).map(|()| entry)
            }));
            entries.extend(entry);
        }
    }
    entries
}

/// The recorded session to be replayed, if there is one.
pub(crate) fn replayed(section: Option<Spot<'_>>, replicas: &Replicas<'_>, total: &mut Total) -> Read<Option<TraceEntry>> {
    let Some(spot) = section.and_then(|section| section.get("trace")) else { return Ok(None) };
    let (json, trace) = match spot.itself() {
        Some(json) => (json, trace::trace(json).map_err(|wrong| spot.fail(wrong.message))?),
        None => read_trace(&spot.included()?)?,
    };
    if trace.agents > replicas.count {
        return Err(spot.fail(format!(
            "the recorded session has {} agents, and the scenario {} nodes; it needs a node for each",
            trace.agents, replicas.count
        )));
    }
    total.add(&spot, replicas, trace.transactions.len() as u64)?;
    Ok(Some(TraceEntry { json: json.to_string(), trace: Arc::new(trace) }))
}

fn read_trace<'a>(file: &Included<'a>) -> Read<(&'a str, Trace)> {
    let text = file.text()?;
    let read = trace::trace(text).map(|trace| (text, trace));
    read.map_err(|wrong| {
        // Where no place is known, the message has the path to the value.
        let (line, column) = wrong.at.unwrap_or((1, 1));
        let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let column = (start + column.saturating_sub(1)).min(text.len());
        let place = (start..=column).rev().find(|place| text.is_char_boundary(*place)).unwrap_or(start);
        file.fail(place..place, wrong.message)
    })
}

fn entry(spot: &Spot<'_>, replicas: &Replicas<'_>, duration: Nanos, ask: Reader) -> Read<AskEntry> {
    let at_spot = spot.need("at")?;
    let at = Time(at_spot.duration()?);
    if at.0 >= duration {
        return Err(at_spot.fail(format!("asked at {at}, and the run ends at {}; ask earlier", show(duration))));
    }
    let count = spot.get("count").map_or(Ok(1), |count| count.integer(1..=u32::MAX))?;
    let every = match spot.get("every") {
        Some(every) => Some(repeated(&every, spot, at, count, duration)?),
        None if count > 1 => {
            return Err(spot.fail(format!("asks {count} times and does not say how far apart; add every = \"100ms\"")));
        }
        None => None,
    };
    let timeout = spot.get("timeout").map(|timeout| timeout.positive_duration()).transpose()?;
    Ok(AskEntry { at, from: node_set(&spot.need("from")?, replicas)?, count, every, timeout, ask: ask(spot, replicas)? })
}

fn repeated(every: &Spot<'_>, entry: &Spot<'_>, at: Time, count: u32, duration: Nanos) -> Read<Nanos> {
    let Some(count_spot) = entry.get("count") else {
        return Err(every.fail("\"every\" needs to know how often; add count = 10"));
    };
    let nanos = every.duration()?;
    let last = u128::from(at.0) + u128::from(nanos) * u128::from(count - 1);
    if last < u128::from(duration) {
        return Ok(nanos);
    }
    let fits = u128::from(duration - 1 - at.0) / u128::from(nanos) + 1;
    Err(count_spot.fail(format!(
        "the last of {count}, one every {} from {at}, would be asked after the end of the run at {}; at most {fits} fit",
        show(nanos),
        show(duration)
    )))
}

fn key(spot: &Spot<'_>) -> Read<u32> {
    spot.get("key").map_or(Ok(0), |key| key.integer(0..=u32::MAX))
}

fn update(spot: &Spot<'_>, _: &Replicas<'_>) -> Read<Ask> {
    let amount = spot.get("amount").map_or(Ok(1), |amount| amount.integer(i64::MIN..=i64::MAX))?;
    Ok(Ask::Update { key: key(spot)?, amount })
}

fn remove(spot: &Spot<'_>, _: &Replicas<'_>) -> Read<Ask> {
    let amount = spot.get("amount").map_or(Ok(1), |amount| amount.integer(1..=i64::MAX))?;
    Ok(Ask::Remove { key: key(spot)?, amount })
}

fn clear(spot: &Spot<'_>, _: &Replicas<'_>) -> Read<Ask> {
    Ok(Ask::Clear { key: key(spot)? })
}

fn edit(spot: &Spot<'_>, _: &Replicas<'_>) -> Read<Ask> {
    let place = spot.get("place").map(|place| place.integer(0..=u32::MAX)).transpose()?;
    let deleted = spot.get("delete").map_or(Ok(0), |count| count.integer(0..=u32::MAX))?;
    let inserted = spot.get("insert").map_or(Ok(""), |text| text.text())?.to_string();
    if deleted == 0 && inserted.is_empty() {
        return Err(spot.fail("changes nothing; write insert = \"some text\", or delete = 1"));
    }
    Ok(Ask::Edit { edits: vec![Edit { place, deleted, inserted }], seen: None })
}

fn move_below(spot: &Spot<'_>, _: &Replicas<'_>) -> Read<Ask> {
    let parent = spot.get("parent").map(|parent| parent.integer(0..=u32::MAX)).transpose()?;
    Ok(Ask::Move { key: spot.need("key")?.integer(1..=u32::MAX)?, parent })
}

fn read(spot: &Spot<'_>, _: &Replicas<'_>) -> Read<Ask> {
    Ok(Ask::Read { key: key(spot)? })
}

/// Registers in a row: some are read, some are updated.
fn transaction(spot: &Spot<'_>, _: &Replicas<'_>) -> Read<Ask> {
    let first = key(spot)?;
    let count = |name: &str| spot.get(name).map_or(Ok(0), |count| count.integer(0..=PARTS_MAX));
    let (reads, updates) = (count("reads")?, count("updates")?);
    if reads.max(updates) == 0 {
        return Err(spot.fail("does nothing; add reads = 2, or updates = 2"));
    }
    if u64::from(first) + u64::from(reads.max(updates)) > 1 << 32 {
        return Err(spot.fail("goes beyond the last register, 4294967295; begin with a lower key"));
    }
    let amount = spot.get("amount").map_or(Ok(1), |amount| amount.integer(i64::MIN..=i64::MAX))?;
    let reads = (first..).take(reads as usize).map(|key| Ask::Read { key });
    let updates = (first..).take(updates as usize).map(|key| Ask::Update { key, amount });
    Ok(Ask::Transaction(reads.chain(updates).collect()))
}

/// What is ordered of some nodes.
type Order = fn(NodeSet) -> Change;

fn change(spot: &Spot<'_>, replicas: &Replicas<'_>) -> Read<Ask> {
    let orders: [(&str, Order); 4] =
        [("add", Change::Add), ("learn", Change::Learn), ("remove", Change::Remove), ("members", Change::Become)];
    let mut said = Vec::new();
    for (name, order) in orders {
        if let Some(whom) = spot.get(name) {
            said.push(order(node_set(&whom, replicas)?));
        }
    }
    if let Some(whom) = spot.get("lead") {
        said.push(Change::Lead(NodeId(whom.integer(0..=replicas.count - 1)?)));
    }
    match said.len() {
        1 => Ok(Ask::Change(said.remove(0))),
        0 => Err(spot.fail("orders nothing; write one of \"add\", \"learn\", \"remove\", \"members\" and \"lead\"")),
        _ => Err(spot.fail("orders several things; write one of them here, and the others in entries of their own")),
    }
}

/// The operations in ascending order of time, at one instant in the order of the entries; and how many clients ask them: one
/// beside each replica that is asked at all, numbered in the replicas' order.
pub(crate) fn operations(entries: &[AskEntry], trace: Option<&TraceEntry>) -> (Vec<Asked>, u32) {
    let ranges = entries.iter().flat_map(|entry| entry.from.ranges().iter().copied());
    let ranges = ranges.chain(trace.map(|entry| (0, entry.trace.agents)));
    let clients = Clients::of(&NodeSet::from_ranges(ranges));
    let mut operations = Vec::new();
    for entry in entries {
        for turn in 0..entry.count {
            let at = entry.at + entry.every.unwrap_or(0) * u64::from(turn);
            operations.extend(entry.from.iter().map(|to| Asked {
                at,
                client: clients.beside(to),
                to,
                ask: entry.ask.clone(),
                timeout: entry.timeout,
            }));
        }
    }
    operations.extend(trace.into_iter().flat_map(|entry| transactions(entry, &clients)));
    operations.sort_by_key(|asked| asked.at);
    (operations, clients.count)
}

/// A recorded session as operations: each waits at its agent's replica until that knows what the agent knew. All are asked at once, for a
/// replica that has none to do takes in whatever there is, and the next may have been done without it.
fn transactions<'a>(entry: &'a TraceEntry, clients: &'a Clients) -> impl Iterator<Item = Asked> + 'a {
    entry.trace.transactions.iter().map(|transaction| {
        let to = NodeId(transaction.agent);
        let ask = Ask::Edit { edits: transaction.edits.clone(), seen: Some(transaction.seen.clone()) };
        Asked { at: Time(0), client: clients.beside(to), to, ask, timeout: None }
    })
}

/// Which client is beside which replica.
struct Clients {
    /// The first client of each range of replicas, by the range's first replica.
    first: BTreeMap<u32, u32>,
    count: u32,
}

impl Clients {
    fn of(asked: &NodeSet) -> Clients {
        let mut clients = Clients { first: BTreeMap::new(), count: 0 };
        for &(low, high) in asked.ranges() {
            clients.first.insert(low, clients.count);
            clients.count += high - low;
        }
        clients
    }

    fn beside(&self, replica: NodeId) -> u32 {
        let (low, first) = self.first.range(..=replica.0).next_back().expect("every replica that is asked has a client");
        first + (replica.0 - low)
    }
}
