//! The versions of every key, as chains whose order within is known: what is next to each other there has nothing between.

use super::Level;
use super::read::{NONE, Trace};

/// Versions that follow each other directly.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Chain {
    pub(super) key: u32,
    pub(super) head: u32,
    pub(super) tail: u32,
}

/// Two committed transactions that read the same version and both write its key.
#[derive(Clone, Copy)]
pub(super) struct LostUpdate {
    pub(super) key: u32,
    /// Counted within the key; 0 is the initial one.
    pub(super) version: u32,
    pub(super) first: u32,
    pub(super) second: u32,
}

/// More than one transaction.
const MANY: u32 = NONE - 1;

/// All versions of all keys.
pub(super) struct Versions {
    /// Of each key, and then the end: its first version, which is the initial one.
    first: Vec<u32>,
    /// Of each version its writer; [`NONE`] wrote the initial one.
    pub(super) writer: Vec<u32>,
    /// The version after it in its chain; [`NONE`] at the tail.
    pub(super) next: Vec<u32>,
    /// Of each version, and then the end: its first place in `readers`.
    readers_from: Vec<u32>,
    /// Transactions; who read a version twice may be there twice.
    readers: Vec<u32>,
    /// The tail of each key's first chain, which begins with the initial version.
    pub(super) anchored: Vec<u32>,
    /// The other chains, by key.
    pub(super) free: Vec<Chain>,
    /// What no level from repeatable read on, and no kind of snapshot isolation, allows.
    pub(super) lost: Vec<LostUpdate>,
}

impl Versions {
    /// The versions and chains at a level.
    pub(super) fn new(trace: &Trace<'_>, level: Level) -> Versions {
        let mut versions = Versions {
            first: Vec::with_capacity(trace.keys.len() + 1),
            writer: Vec::new(),
            next: Vec::new(),
            readers_from: Vec::new(),
            readers: Vec::new(),
            anchored: Vec::new(),
            free: Vec::new(),
            lost: Vec::new(),
        };
        versions.list(trace);
        versions.index_readers(trace);
        // Whether a version has one before it in its chain.
        let mut has_before = versions.seen_before(trace);
        if level.has_snapshots_or_more() {
            versions.updates(trace, &mut has_before);
        }
        versions.chain(trace, &has_before);
        versions
    }

    /// Who read a version.
    pub(super) fn readers(&self, version: u32) -> &[u32] {
        &self.readers[self.readers_from[version as usize] as usize..self.readers_from[version as usize + 1] as usize]
    }

    /// The free chains of each key that has several.
    pub(super) fn open(&self) -> impl Iterator<Item = &[Chain]> {
        self.free.chunk_by(|one, next| one.key == next.key).filter(|chains| chains.len() > 1)
    }

    /// The versions of a key.
    pub(super) fn of(&self, key: u32) -> std::ops::Range<u32> {
        self.first[key as usize]..self.first[key as usize + 1]
    }

    /// The chains of a key that do not begin with its initial version.
    pub(super) fn free_of(&self, key: u32) -> &[Chain] {
        let start = self.free.partition_point(|chain| chain.key < key);
        let count = self.free[start..].partition_point(|chain| chain.key == key);
        &self.free[start..start + count]
    }

    fn list(&mut self, trace: &Trace<'_>) {
        for key in &trace.keys {
            self.first.push(self.writer.len() as u32);
            self.writer.push(NONE);
            self.writer.extend(key.seen.iter().chain(&key.free));
        }
        self.first.push(self.writer.len() as u32);
        self.next = vec![NONE; self.writer.len()];
    }

    fn index_readers(&mut self, trace: &Trace<'_>) {
        self.readers_from = vec![0; self.writer.len() + 1];
        let version = |read: &super::read::Read| (self.first[read.key as usize] + read.version) as usize;
        for read in &trace.reads {
            self.readers_from[version(read) + 1] += 1;
        }
        for place in 0..self.writer.len() {
            self.readers_from[place + 1] += self.readers_from[place];
        }
        let mut next = self.readers_from.clone();
        self.readers = vec![NONE; trace.reads.len()];
        for read in &trace.reads {
            let place = &mut next[version(read)];
            self.readers[*place as usize] = read.reader;
            *place += 1;
        }
    }

    /// Chains the versions whose order reads showed.
    fn seen_before(&mut self, trace: &Trace<'_>) -> Vec<bool> {
        let mut has_before = vec![false; self.writer.len()];
        for (key, place) in trace.keys.iter().zip(0..) {
            let initial = self.first[place];
            for version in initial..initial + key.seen.len() as u32 {
                self.next[version as usize] = version + 1;
                has_before[version as usize + 1] = true;
            }
        }
        has_before
    }

    /// Chains a version and the one that its reader makes of it.
    fn updates(&mut self, trace: &Trace<'_>, has_before: &mut [bool]) {
        let mut updater = vec![NONE; self.writer.len()];
        for read in trace.reads.iter().filter(|read| read.updates) {
            let version = self.first[read.key as usize] + read.version;
            match updater[version as usize] {
                NONE => updater[version as usize] = read.reader,
                first if first == read.reader || first == MANY => {}
                first => {
                    updater[version as usize] = MANY;
                    self.lost.push(LostUpdate { key: read.key, version: read.version, first, second: read.reader });
                }
            }
        }
        for read in trace.reads.iter().filter(|read| read.updates) {
            let (key, initial) = (&trace.keys[read.key as usize], self.first[read.key as usize]);
            let version = (initial + read.version) as usize;
            let Ok(place) = key.free.binary_search(&read.reader) else { continue };
            let own = initial + 1 + (key.seen.len() + place) as u32;
            // Who read two versions and wrote a third is found by its cycles.
            if updater[version] != MANY && self.next[version] == NONE && !has_before[own as usize] {
                self.next[version] = own;
                has_before[own as usize] = true;
            }
        }
    }

    /// Lists the chains.
    fn chain(&mut self, trace: &Trace<'_>, has_before: &[bool]) {
        for key in 0..trace.keys.len() {
            let initial = self.first[key];
            let tail = self.tail(initial);
            self.anchored.push(tail);
            for head in initial + 1..self.first[key + 1] {
                if !has_before[head as usize] {
                    self.free.push(Chain { key: key as u32, head, tail: self.tail(head) });
                }
            }
            // What is in no chain with a head is a ring: each made of the one before, a cycle of wr edges whatever is chosen.
        }
    }

    fn tail(&self, head: u32) -> u32 {
        let mut version = head;
        while self.next[version as usize] != NONE {
            version = self.next[version as usize];
        }
        version
    }
}
