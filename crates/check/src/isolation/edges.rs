//! The edges of the graph of a history: what must come before what.

use super::Level;
use super::read::{NONE, Trace};
use super::versions::{Chain, Versions};

/// Why one thing comes before another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Kind {
    /// It wrote an earlier version.
    Ww,
    /// It wrote what the other read.
    Wr,
    /// It read what the other wrote a later version of.
    Rw,
    /// The same process did it before.
    Process,
    /// It returned before the other was invoked.
    RealTime,
    /// A start is before its commit.
    Within,
    /// From a helper node: the edge into the first helper goes on.
    Link,
}

/// An edge.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) from: u32,
    pub(super) to: u32,
    /// The key of a dependency.
    pub(super) key: u32,
    pub(super) kind: Kind,
    pub(super) ground: Ground,
}

/// What an edge rests on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ground {
    /// The history itself.
    Known,
    /// The other way round there would be a cycle.
    Forced,
    /// It is one of two ways, to see where it leads.
    Assumed,
}

/// What the nodes are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    /// A transaction.
    Simple,
    /// Its start and its commit.
    Doubled,
}

impl Shape {
    /// The shape in which a level is decided.
    pub(super) fn of(level: Level) -> Shape {
        if level.is_snapshot() { Shape::Doubled } else { Shape::Simple }
    }

    /// Where a transaction reads.
    pub(super) fn start(self, transaction: u32) -> u32 {
        if self == Shape::Simple { transaction } else { 2 * transaction }
    }

    /// Where it writes.
    pub(super) fn commit(self, transaction: u32) -> u32 {
        if self == Shape::Simple { transaction } else { 2 * transaction + 1 }
    }
}

/// The edges that are there whatever is chosen.
pub(super) struct Edges {
    /// Transactions, then helpers.
    pub(super) nodes: u32,
    pub(super) list: Vec<Edge>,
}

/// The known edges of a level.
pub(super) fn known(trace: &Trace<'_>, versions: &Versions, level: Level, shape: Shape) -> Edges {
    let count = trace.transactions.len() as u32;
    let nodes = if shape == Shape::Simple { count } else { 2 * count };
    let mut building = Building { shape, nodes, list: Vec::with_capacity(2 * trace.reads.len() + 4 * count as usize) };
    if shape == Shape::Doubled {
        for transaction in 0..count {
            building.push(2 * transaction, 2 * transaction + 1, NONE, Kind::Within);
        }
    }
    let kinds = match level {
        Level::ReadUncommitted => Kinds { reads: false, anti: false },
        Level::ReadCommitted => Kinds { reads: true, anti: false },
        _ => Kinds { reads: true, anti: true },
    };
    for key in 0..trace.keys.len() {
        building.key(versions, key as u32, kinds);
    }
    for lost in versions.lost.iter().take(LOST_MAX) {
        building.dependency(lost.first, lost.second, lost.key, Kind::Rw);
        building.dependency(lost.second, lost.first, lost.key, Kind::Rw);
    }
    if level.keeps_sessions() {
        building.sessions(trace);
    }
    if level.keeps_real_time() {
        building.real_time(trace);
    }
    Edges { nodes: building.nodes, list: building.list }
}

/// Which dependencies count.
#[derive(Clone, Copy)]
struct Kinds {
    reads: bool,
    anti: bool,
}

struct Building {
    shape: Shape,
    nodes: u32,
    list: Vec<Edge>,
}

/// Lost updates whose edges are drawn: one is enough to be wrong.
const LOST_MAX: usize = 1_000;

/// Up to so many edges from readers to heads are drawn one by one.
const DIRECT_MAX: usize = 16;

impl Building {
    fn push(&mut self, from: u32, to: u32, key: u32, kind: Kind) {
        self.list.push(Edge { from, to, key, kind, ground: Ground::Known });
    }

    fn helper(&mut self) -> u32 {
        self.nodes += 1;
        self.nodes - 1
    }

    fn dependency(&mut self, from: u32, to: u32, key: u32, kind: Kind) {
        if from != to && from != NONE && to != NONE {
            let (from, to) = ends(self.shape, from, to, kind);
            self.push(from, to, key, kind);
        }
    }

    fn key(&mut self, versions: &Versions, key: u32, kinds: Kinds) {
        for version in versions.of(key) {
            let writer = versions.writer[version as usize];
            if kinds.reads {
                for reader in versions.readers(version) {
                    self.dependency(writer, *reader, key, Kind::Wr);
                }
            }
            let next = versions.next[version as usize];
            if next != NONE {
                self.follow(versions, version, next, key, kinds);
            }
        }
        self.anchor(versions, key, kinds);
    }

    /// One version directly after another.
    fn follow(&mut self, versions: &Versions, version: u32, next: u32, key: u32, kinds: Kinds) {
        let next = versions.writer[next as usize];
        self.dependency(versions.writer[version as usize], next, key, Kind::Ww);
        if kinds.anti {
            for reader in versions.readers(version) {
                self.dependency(*reader, next, key, Kind::Rw);
            }
        }
    }

    /// The first chain is before all others of its key.
    fn anchor(&mut self, versions: &Versions, key: u32, kinds: Kinds) {
        let tail = versions.anchored[key as usize];
        // Sorted, as versions of a key are by writer where reads show no order.
        let heads: Vec<u32> = versions.free_of(key).iter().map(|chain| versions.writer[chain.head as usize]).collect();
        for head in &heads {
            self.dependency(versions.writer[tail as usize], *head, key, Kind::Ww);
        }
        let readers = versions.readers(tail);
        if !kinds.anti || readers.is_empty() || heads.is_empty() {
            return;
        }
        if readers.len() * heads.len() <= DIRECT_MAX {
            for head in &heads {
                for reader in readers {
                    self.dependency(*reader, *head, key, Kind::Rw);
                }
            }
            return;
        }
        let helper = self.helper();
        for reader in readers {
            // Only a history that is wrong anyway has a reader here that heads a chain: its edges may be few, but not false.
            if heads.binary_search(reader).is_ok() {
                let other = heads.iter().find(|head| *head != reader).unwrap_or(reader);
                self.dependency(*reader, *other, key, Kind::Rw);
            } else {
                self.push(self.shape.start(*reader), helper, key, Kind::Rw);
            }
        }
        for head in &heads {
            self.push(helper, self.shape.commit(*head), key, Kind::Link);
        }
    }

    /// Each process's transactions, one after the other.
    fn sessions(&mut self, trace: &Trace<'_>) {
        let process = |number: u32| trace.history.operations[trace.transactions[number as usize] as usize].process;
        let mut order: Vec<u32> = (0..trace.transactions.len() as u32).collect();
        order.sort_unstable_by_key(|number| (process(*number), *number));
        for pair in order.windows(2).filter(|pair| process(pair[0]) == process(pair[1])) {
            self.push(self.shape.commit(pair[0]), self.shape.start(pair[1]), NONE, Kind::Process);
        }
    }

    /// A chain of helpers in the order of returns: each is after what returned by then, and before what was invoked later.
    fn real_time(&mut self, trace: &Trace<'_>) {
        let operation = |number: u32| &trace.history.operations[trace.transactions[number as usize] as usize];
        let count = trace.transactions.len() as u32;
        let mut returns: Vec<(i64, u32)> = (0..count).filter_map(|number| Some((operation(number).response?, number))).collect();
        returns.sort_unstable();
        let first = self.nodes;
        for (_, number) in &returns {
            let helper = self.helper();
            self.push(self.shape.commit(*number), helper, NONE, Kind::RealTime);
            if helper > first {
                self.push(helper - 1, helper, NONE, Kind::Link);
            }
        }
        // Operations are in the order of their invocations.
        let mut returned = 0;
        for number in 0..count {
            while returns.get(returned).is_some_and(|(at, _)| *at < operation(number).invoke) {
                returned += 1;
            }
            if returned > 0 {
                self.push(first + returned as u32 - 1, self.shape.start(number), NONE, Kind::Link);
            }
        }
    }
}

/// The nodes that a dependency joins.
fn ends(shape: Shape, from: u32, to: u32, kind: Kind) -> (u32, u32) {
    match kind {
        Kind::Rw => (shape.start(from), shape.commit(to)),
        _ => (shape.commit(from), shape.start(to)),
    }
}

/// The edges of one chain before another of its key.
pub(super) fn before(versions: &Versions, first: Chain, second: Chain, shape: Shape, ground: Ground) -> Vec<Edge> {
    let next = versions.writer[second.head as usize];
    let edge = |from: u32, kind: Kind| {
        let (from, to) = ends(shape, from, next, kind);
        Edge { from, to, key: first.key, kind, ground }
    };
    let mut edges = vec![edge(versions.writer[first.tail as usize], Kind::Ww)];
    let readers = versions.readers(first.tail).iter().filter(|reader| **reader != next);
    edges.extend(readers.map(|reader| edge(*reader, Kind::Rw)));
    edges
}
