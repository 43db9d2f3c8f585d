//! Names what is wrong with a history, and tells it.
//!
//! A cycle is G0 when all its dependencies are ww (Adya); G1c when they are ww and wr; G-single when one is rw; G-nonadjacent when
//! several are, no two of them next to each other; else G2. Where it needs the order of a process or of real time too, its name
//! ends in `-process` or `-realtime`, as Elle has it.

use super::Level;
use super::edges::{Edges, Ground, Kind, Shape, before, known};
use super::read::{Broken, NONE, Trace, What};
use super::solve::Refutation;
use super::versions::{Chain, LostUpdate, Versions};
use crate::history::Value;
use cycles::Step;
use serde_json::{Value as Json, json};
use tell::Teller;

mod cycles;
mod tell;

/// Something that a level forbids.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Anomaly {
    pub(super) name: String,
    /// The ids of the transactions.
    pub(super) transactions: Vec<i64>,
    pub(super) edges: Vec<Json>,
    pub(super) text: String,
}

impl Anomaly {
    /// As facts have it.
    pub(super) fn json(&self) -> Json {
        json!({ "name": self.name, "transactions": self.transactions, "edges": self.edges })
    }
}

/// What a cycle is, the worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Class {
    G0,
    G1c,
    GSingle,
    GNonadjacent,
    G2,
}

impl Class {
    const ALL: [Class; 5] = [Class::G0, Class::G1c, Class::GSingle, Class::GNonadjacent, Class::G2];

    fn name(self) -> &'static str {
        match self {
            Class::G0 => "G0",
            Class::G1c => "G1c",
            Class::GSingle => "G-single",
            Class::GNonadjacent => "G-nonadjacent",
            Class::G2 => "G2",
        }
    }

    /// What a level forbids.
    fn of(level: Level) -> &'static [Class] {
        match level {
            Level::ReadUncommitted => &Class::ALL[..1],
            Level::ReadCommitted => &Class::ALL[..2],
            level if level.is_snapshot() => &Class::ALL[..4],
            _ => &Class::ALL,
        }
    }
}

/// One example of each kind of anomaly, the worst first; at least one, as the history was refuted.
pub(super) fn anomalies(trace: &Trace<'_>, versions: &Versions, level: Level, refutation: &Refutation) -> Vec<Anomaly> {
    let teller = Teller { trace };
    // Severity: what makes no sense at all, then by Adya's numbers.
    let mut ranked: Vec<(u32, Anomaly)> = broken(trace, &teller);
    let edges = with(trace, versions, level, &forced(refutation));
    ranked.extend(
        in_graph(trace, &edges, level)
            .into_iter()
            .map(|(class, cycle)| (rank(class), teller.cycle(&name(class, &cycle), &cycle))),
    );
    if let Some(lost) = versions.lost.first() {
        ranked.push((LOST_UPDATE, lost_update(trace, lost, &teller)));
    }
    if !refutation.open.is_empty() && ranked.is_empty() {
        let told = Branches { trace, versions, level, teller: &teller };
        ranked.push((0, told.tell(refutation)));
    }
    if ranked.is_empty() {
        // On a large graph the search for short cycles ends before it has seen all.
        let text = "cycle: a cycle too long to be told".to_string();
        ranked.push((0, Anomaly { name: "cycle".into(), transactions: Vec::new(), edges: Vec::new(), text }));
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, anomaly)| anomaly).collect()
}

const LOST_UPDATE: u32 = 14;

fn rank(class: Class) -> u32 {
    match class {
        Class::G0 => 10,
        Class::G1c => 13,
        Class::GSingle => 15,
        Class::GNonadjacent => 16,
        Class::G2 => 17,
    }
}

/// A chain before another, and why.
type Order = (Chain, Chain, Ground);

fn forced(refutation: &Refutation) -> Vec<Order> {
    refutation.forced.iter().map(|(first, second)| (*first, *second, Ground::Forced)).collect()
}

/// The graph in which cycles are told, with orders of chains that are taken for given.
fn with(trace: &Trace<'_>, versions: &Versions, level: Level, orders: &[Order]) -> Edges {
    let mut edges = known(trace, versions, level, Shape::Simple);
    for (first, second, ground) in orders {
        edges.list.extend(before(versions, *first, *second, Shape::Simple, *ground));
    }
    edges
}

fn in_graph(trace: &Trace<'_>, edges: &Edges, level: Level) -> Vec<(Class, Vec<Step>)> {
    let cycles = cycles::Cycles::new(edges, trace.transactions.len() as u32);
    Class::of(level).iter().filter_map(|class| Some((*class, cycles.shortest(*class)?))).collect()
}

/// The name of a cycle.
fn name(class: Class, cycle: &[Step]) -> String {
    let has = |kind: Kind| cycle.iter().any(|step| step.kind == kind);
    let suffix = match () {
        () if has(Kind::RealTime) => "-realtime",
        () if has(Kind::Process) => "-process",
        () => "",
    };
    format!("{}{suffix}", class.name())
}

/// The first of each kind of what is wrong with single reads.
fn broken(trace: &Trace<'_>, teller: &Teller<'_>) -> Vec<(u32, Anomaly)> {
    let mut all: Vec<&Broken> = trace.broken.iter().collect();
    all.sort_by_key(|broken| broken.what);
    all.dedup_by_key(|broken| broken.what);
    let rank = |what: What| match what {
        What::AbortedRead => 11,
        What::IntermediateRead => 12,
        other => other as u32,
    };
    all.into_iter().map(|broken| (rank(broken.what), teller.broken(broken))).collect()
}

fn lost_update(trace: &Trace<'_>, lost: &LostUpdate, teller: &Teller<'_>) -> Anomaly {
    let LostUpdate { key, version, first, second } = *lost;
    let (one, other) = (teller.id(first), teller.id(second));
    let key = trace.keys[key as usize].name;
    let what = teller.what_was_read(first, key, version);
    let told = trace.history.names.tell(key);
    let text = format!(
        "lost update: T{one} and T{other} both read {what} of {told} and wrote {told}: one did not see the other's write"
    );
    let edge = |from: i64, to: i64| {
        let text = format!("T{from} read {told} without T{to}'s write (rw)");
        json!({ "from": from, "to": to, "kind": "rw", "key": trace.history.names.json(key), "text": text })
    };
    Anomaly { name: "lost-update".into(), transactions: vec![one, other], edges: vec![edge(one, other), edge(other, one)], text }
}

/// Tells choices that cannot be made, each way of them with its cycle.
struct Branches<'b, 'a> {
    trace: &'b Trace<'a>,
    versions: &'b Versions,
    level: Level,
    teller: &'b Teller<'b>,
}

/// Choices of which every combination is told.
const TOLD_MAX: usize = 3;

/// What is told of all ways.
#[derive(Default)]
struct Told {
    text: String,
    edges: Vec<Json>,
    transactions: Vec<i64>,
    /// The least bad class on any way: there is none that is better.
    class: Option<Class>,
    name: String,
}

impl Branches<'_, '_> {
    fn tell(&self, refutation: &Refutation) -> Anomaly {
        let mut told = Told::default();
        let open = &refutation.open[..refutation.open.len().min(TOLD_MAX)];
        if refutation.open.len() <= TOLD_MAX {
            self.branch(&mut forced(refutation), open, 1, &mut told);
        }
        let pairs: Vec<String> = open.iter().map(|pair| self.pair(pair)).collect();
        let more = refutation.open.len() - open.len();
        let others = if more > 0 { format!(", and {more} more such pairs") } else { String::new() };
        for (one, other) in &refutation.open {
            told.transactions.extend([self.writer(one.head), self.writer(other.head)]);
        }
        told.transactions.sort_unstable();
        told.transactions.dedup();
        let name = if told.name.is_empty() { "cycle".to_string() } else { told.name };
        let text = format!("{name}: whichever of {}{others} was first, there is a cycle{}", pairs.join(", and "), told.text);
        Anomaly { name, transactions: told.transactions, edges: told.edges, text }
    }

    fn branch(&self, orders: &mut Vec<Order>, open: &[(Chain, Chain)], depth: usize, told: &mut Told) {
        let Some(((one, other), rest)) = open.split_first() else { return };
        for (first, second) in [(one, other), (other, one)] {
            orders.push((*first, *second, Ground::Assumed));
            let (before, after) = (self.writer(first.tail), self.writer(second.head));
            let key = self.trace.history.names.tell(self.trace.keys[first.key as usize].name);
            told.text += &format!("\n{}if T{before} wrote {key} before T{after}:", "  ".repeat(depth));
            let edges = with(self.trace, self.versions, self.level, orders);
            match in_graph(self.trace, &edges, self.level).into_iter().next() {
                Some((class, cycle)) => self.leaf(class, &cycle, depth, told),
                None => self.branch(orders, rest, depth + 1, told),
            }
            orders.pop();
        }
    }

    fn leaf(&self, class: Class, cycle: &[Step], depth: usize, told: &mut Told) {
        let anomaly = self.teller.cycle(&name(class, cycle), cycle);
        told.text += &format!(" {}", anomaly.text.replace('\n', &format!("\n{}", "  ".repeat(depth))));
        told.edges.extend(anomaly.edges);
        told.transactions.extend(anomaly.transactions);
        if told.class.is_none_or(|best| best < class) {
            (told.class, told.name) = (Some(class), anomaly.name);
        }
    }

    fn writer(&self, version: u32) -> i64 {
        self.teller.id(self.versions.writer[version as usize])
    }

    fn pair(&self, (one, other): &(Chain, Chain)) -> String {
        let key: Value = self.trace.keys[one.key as usize].name;
        format!("T{} and T{} to write {}", self.writer(one.head), self.writer(other.head), self.trace.history.names.tell(key))
    }
}

/// Whether a transaction number is one.
fn is_transaction(node: u32, transactions: u32) -> bool {
    node != NONE && node < transactions
}
