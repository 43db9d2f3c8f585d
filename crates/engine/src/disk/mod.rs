//! A node's disk: an append-only log of records. What was appended is on disk once a forced write has completed; a crash loses
//! the rest, or leaves its first bytes. Recovery reads what is on disk, and nothing else of a node survives.
//!
//! A log is an array of slots with known boundaries, as in journals whose records begin at sectors: a record that cannot be read
//! does not hide those after it. With one copy, recovery cannot tell a durable last record that has changed from a write that a
//! crash cut short; only records after the bad one that can be read tell (R. Alagappan, A. Ganesan et al., "Protocol-Aware Recovery
//! for Consensus-Based Storage", FAST 2018; the extended version in ACM Transactions on Storage 14(3) has the proof). So the actor is
//! told of both, and decides.
//!
//! As long as nothing befalls a disk, its records are kept as they are and no byte of them is made.

mod frame;
#[cfg(test)]
mod tests;

use crate::time::{Nanos, Time};
use crate::wire::Wire;
pub use frame::FRAME_BYTES;
pub(crate) use frame::size;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

/// What recovery could not read.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Damage {
    /// The number of the first record whose checksum is wrong, counted from 0.
    pub record: u64,
    /// Records after it that could be read. None: it may be the end of a write that a crash cut short, or a durable record that has
    /// changed; one copy cannot tell. Any: a durable record has changed.
    pub readable_after: u64,
}

/// The log of one node, and the queue of its forced writes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Disk<R> {
    records: Vec<R>,
    /// How many of them are on disk. Invariant: `durable <= records.len()`.
    durable: u32,
    /// Forced writes asked for: the index of their draws.
    asked: u32,
    /// Of these, those that are not complete.
    under_way: u32,
    /// What is said of its speed and its room: a place in the setup's disks, from 1; 0: nothing.
    pub(crate) kind: u32,
    /// Bytes of the records, frames included.
    bytes: u64,
    /// When the last forced write that was asked for is complete.
    free: Time,
    /// What few disks have.
    trouble: Option<Box<Trouble>>,
}

/// What has befallen a disk.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Trouble {
    /// Records of the node's present life that were wiped: the first that is there has this number.
    gone: u64,
    /// What lies in the slots of records whose bytes are not what they should be.
    changed: BTreeMap<u32, Changed>,
    /// How much chance has had to say: the index of its draws.
    draws: u32,
    /// Forced writes take so many thousandths of their time.
    thousandths: u32,
    /// The disk takes nothing more.
    full: bool,
    /// An append went beyond the capacity, and there has been no more room since.
    short: bool,
    /// The node stopped because of it.
    halted: bool,
    /// Room besides the capacity, in bytes.
    spared: u64,
    /// Whether it has taken the place of another.
    replaced: Replaced,
}

/// Whether a disk has taken the place of another.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Replaced {
    /// It has not, or the node has started with it and written to it since.
    No,
    /// The node has not started since.
    Unseen,
    /// The node has started with it, and not written anything yet.
    Seen,
}

impl Trouble {
    fn none() -> Box<Trouble> {
        Box::new(Trouble {
            gone: 0,
            changed: BTreeMap::new(),
            draws: 0,
            thousandths: 1_000,
            full: false,
            short: false,
            halted: false,
            spared: 0,
            replaced: Replaced::No,
        })
    }
}

/// What lies in a slot in the place of a record.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Changed {
    bytes: Vec<u8>,
    /// Which fault of the setup did it, if it was one.
    by: Option<usize>,
}

/// What recovery found besides records that can be read.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Found {
    pub(crate) damage: Option<Damage>,
    /// Records that a crash had cut short: the last, or none.
    pub(crate) torn: u64,
    /// Other records that cannot be read.
    pub(crate) corrupt: u64,
    /// Durable records that were cut off the log: the first that cannot be read and all after it.
    pub(crate) lost: u64,
    /// The fault to blame for these.
    pub(crate) by: Option<usize>,
}

impl<R: Wire> Disk<R> {
    /// An empty one.
    pub(crate) fn new(kind: u32) -> Disk<R> {
        Disk { records: Vec::new(), durable: 0, asked: 0, under_way: 0, kind, bytes: 0, free: Time::ZERO, trouble: None }
    }

    fn trouble(&mut self) -> &mut Trouble {
        self.trouble.get_or_insert_with(Trouble::none)
    }

    /// How many records the node has appended in this life, with those that it was given at its start: the number of the next.
    pub(crate) fn appended(&self) -> u64 {
        self.gone() + self.records.len() as u64
    }

    fn gone(&self) -> u64 {
        self.trouble.as_ref().map_or(0, |trouble| trouble.gone)
    }

    /// Appends a record of so many bytes; whether there was room, with so many bytes in all.
    pub(crate) fn append(&mut self, record: R, bytes: u64, capacity: Option<u64>) -> bool {
        let (full, spared) = self.trouble.as_ref().map_or((false, 0), |trouble| (trouble.full, trouble.spared));
        let after = self.bytes + bytes;
        let short = capacity.is_some_and(|capacity| after > capacity.saturating_add(spared));
        if short {
            self.trouble().short = true;
        }
        if full || short {
            return false;
        }
        self.bytes = after;
        self.records.push(record);
        true
    }

    /// Records that are on disk before the start.
    pub(crate) fn stock(&mut self, records: Vec<R>) {
        self.bytes = records.iter().map(size).sum();
        self.durable = records.len() as u32;
        self.records = records;
    }

    /// A forced write of what has been appended is asked for: the index of its draw.
    pub(crate) fn ask(&mut self) -> u32 {
        self.under_way += 1;
        self.asked = self.asked.wrapping_add(1);
        self.asked.wrapping_sub(1)
    }

    /// A forced write that takes so long by itself joins the queue: how long it waits, and when it is complete.
    pub(crate) fn queue(&mut self, now: Time, takes: Nanos) -> (Nanos, Time) {
        let thousandths = self.trouble.as_ref().map_or(1_000, |trouble| trouble.thousandths);
        let takes = u128::from(takes) * u128::from(thousandths) / 1_000;
        let begins = now.max(self.free);
        self.free = begins + Nanos::try_from(takes).unwrap_or(Nanos::MAX);
        (begins.since(now), self.free)
    }

    /// A forced write that covered the first `upto` records of this life has completed.
    pub(crate) fn complete(&mut self, upto: u64) {
        self.under_way -= 1;
        // What was wiped after the write was asked for stays gone.
        let covered = upto.saturating_sub(self.gone());
        debug_assert!(covered <= self.records.len() as u64, "a write of {covered} of {} records", self.records.len());
        self.durable = self.durable.max(covered as u32);
        if let Some(trouble) = &mut self.trouble
            && trouble.replaced == Replaced::Seen
            && covered > 0
        {
            trouble.replaced = Replaced::No;
        }
    }

    /// Bytes of the records that are not on disk.
    pub(crate) fn unsynced_bytes(&self) -> u64 {
        self.records[self.durable as usize..].iter().map(size).sum()
    }

    /// The node crashes: of what is not on disk, the first `kept` bytes get there. How many records did not whole, and how many
    /// forced writes were under way.
    pub(crate) fn crash(&mut self, kept: u64, by: Option<usize>) -> (u64, u64) {
        let (mut end, mut survivors) = (0, self.durable as usize);
        let cut = loop {
            let Some(record) = self.records.get(survivors) else { break 0 };
            let size = size(record);
            if end + size > kept {
                break kept - end;
            }
            end += size;
            survivors += 1;
        };
        let lost = self.records.len() - survivors;
        if cut > 0 {
            let mut bytes = frame::frame(&self.records[survivors]);
            bytes.truncate(cut as usize);
            self.trouble().changed.insert(survivors as u32, Changed { bytes, by });
            survivors += 1;
        }
        self.keep(survivors);
        self.free = Time::ZERO;
        (lost as u64, u64::from(std::mem::take(&mut self.under_way)))
    }

    /// Only the first records are left, and they are on disk.
    fn keep(&mut self, records: usize) {
        self.bytes -= self.records[records..].iter().map(size).sum::<u64>();
        self.records.truncate(records);
        self.durable = records as u32;
    }

    /// Where the slot of each record that is on disk ends, in bytes.
    pub(crate) fn ends(&self) -> Vec<u64> {
        let changed = self.trouble.as_ref().map(|trouble| &trouble.changed);
        let length = |(index, record): (usize, &R)| match changed.and_then(|changed| changed.get(&(index as u32))) {
            Some(there) => there.bytes.len() as u64,
            None => size(record),
        };
        let mut end = 0;
        self.records[..self.durable as usize]
            .iter()
            .enumerate()
            .map(|slot| {
                end += length(slot);
                end
            })
            .collect()
    }

    /// A bit of what is on disk flips: counted from the first of the first byte, with the slots as [`Disk::ends`] has them.
    pub(crate) fn flip(&mut self, bit: u64, ends: &[u64], by: Option<usize>) {
        let byte = bit / 8;
        let slot = ends.partition_point(|&end| end <= byte);
        let first = if slot == 0 { 0 } else { ends[slot - 1] };
        let record = &self.records[slot];
        let changed = &mut self.trouble.get_or_insert_with(Trouble::none).changed;
        let there = changed.entry(slot as u32).or_insert_with(|| Changed { bytes: frame::frame(record), by });
        there.bytes[(byte - first) as usize] ^= 1 << (bit % 8);
    }

    /// The index of chance's next draw.
    pub(crate) fn chance(&mut self) -> u32 {
        let trouble = self.trouble();
        trouble.draws = trouble.draws.wrapping_add(1);
        trouble.draws.wrapping_sub(1)
    }

    /// Everything is gone: how many whole records, and whether there was anything. The node, if it runs, counts on.
    pub(crate) fn wipe(&mut self) -> (u64, bool) {
        let (appended, slots) = (self.appended(), self.records.len() as u64);
        let whole = slots - u64::from(self.is_torn());
        let trouble = self.trouble();
        trouble.gone = appended;
        trouble.replaced = Replaced::Unseen;
        trouble.changed.clear();
        (trouble.short, trouble.spared) = (false, 0);
        self.records.clear();
        (self.durable, self.bytes) = (0, 0);
        (whole, slots > 0)
    }

    /// The disk, which is empty, is another one: nothing has befallen it yet.
    pub(crate) fn renew(&mut self) {
        let draws = self.trouble().draws;
        *self.trouble() = Trouble { draws, replaced: Replaced::Unseen, ..*Trouble::none() };
    }

    /// Whether a crash has cut the last record short.
    fn is_torn(&self) -> bool {
        let last = self.trouble.as_ref().and_then(|trouble| trouble.changed.last_key_value());
        last.is_some_and(|(&slot, there)| (there.bytes.len() as u64) < size(&self.records[slot as usize]))
    }

    /// Forced writes asked for from now on take so many thousandths of their time.
    pub(crate) fn slow(&mut self, thousandths: u32) {
        self.trouble().thousandths = thousandths;
    }

    /// The disk takes nothing more; whether it did before.
    pub(crate) fn fill(&mut self) -> bool {
        !std::mem::replace(&mut self.trouble().full, true)
    }

    /// The node has stopped for want of room.
    pub(crate) fn halt(&mut self) {
        self.trouble().halted = true;
    }

    /// A node that had stopped for want of room stays down, room or not; whether it had.
    pub(crate) fn stay_down(&mut self) -> bool {
        self.trouble.as_mut().is_some_and(|trouble| std::mem::take(&mut trouble.halted))
    }

    /// A disk that was full, or had no room for something, has room again: what is on it no longer counts against its capacity.
    /// Whether there was such a need, and whether the node had stopped because of it.
    pub(crate) fn make_room(&mut self) -> (bool, bool) {
        let Some(trouble) = &mut self.trouble else { return (false, false) };
        let (full, short, halted) = (trouble.full, trouble.short, trouble.halted);
        if short {
            trouble.spared = self.bytes;
        }
        (trouble.full, trouble.short, trouble.halted) = (false, false, false);
        (full || short || halted, halted)
    }

    /// A new life: what cannot be read is cut off with all after it, and the records are numbered from the first again.
    pub(crate) fn recover(&mut self) -> Found {
        debug_assert_eq!(self.durable as usize, self.records.len(), "a crash leaves only what is on disk");
        let torn = u64::from(self.is_torn());
        let Some(trouble) = &mut self.trouble else { return Found::default() };
        trouble.gone = 0;
        trouble.halted = false;
        let mut changed = std::mem::take(&mut trouble.changed);
        changed.retain(|_, there| !frame::verifies(&there.bytes));
        let Some((&first, there)) = changed.first_key_value() else { return Found::default() };
        let cut = u64::from(self.durable - first);
        let unreadable = changed.len() as u64;
        let found = Found {
            damage: Some(Damage { record: u64::from(first), readable_after: cut - unreadable }),
            torn,
            corrupt: unreadable - torn,
            lost: cut - torn,
            by: there.by,
        };
        self.keep(first as usize);
        found
    }

    /// The node starts: whether it finds another disk than it had when it last started and wrote anything.
    pub(crate) fn is_new(&mut self) -> bool {
        let Some(trouble) = &mut self.trouble else { return false };
        if trouble.replaced == Replaced::Unseen {
            trouble.replaced = Replaced::Seen;
        }
        trouble.replaced == Replaced::Seen
    }

    /// What recovery reads.
    pub(crate) fn records(&self) -> &[R] {
        &self.records
    }
}

/// Of what a search compares: how it came to be, how fast it is, and what follows from the rest is left out.
impl<R: Hash> Hash for Disk<R> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Disk { records, durable, asked: _, under_way: _, kind: _, bytes: _, free: _, trouble } = self;
        records.hash(state);
        durable.hash(state);
        if let Some(trouble) = trouble {
            let Trouble { gone, changed, draws: _, thousandths: _, full, short, halted, spared, replaced } = &**trouble;
            (gone, changed, full, short, halted, spared, replaced).hash(state);
        }
    }
}
