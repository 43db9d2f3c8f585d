//! The disks of the replicas: records that are appended, writes that are forced, and what befalls them. Where a disk's speed is
//! said, forced writes queue like messages before a link: the disk remembers when it will be free.

use super::triggers::Occasion;
use super::{Held, Status, World};
use crate::actor::Actor;
use crate::disk::{Damage, Disk, size};
use crate::fault::Tail;
use crate::histogram::Waits;
use crate::id::NodeId;
use crate::latency::{Sampler, Span};
use crate::ledger::Observer;
use crate::outcome::{DiskTotals, RunError};
use crate::queue::Key;
use crate::random::{Draw, StreamKey};
use crate::schedule::{Event, Schedule};
use crate::setup::Setup;
use crate::wire::Wire;
use std::sync::Arc;

/// Marks in a node's chain.
const SYNCED: u64 = 2 << 56;
const SLOWED: u64 = 32 << 56;
const FILLED: u64 = 33 << 56;
const ROOM: u64 = 34 << 56;
const CORRUPTED: u64 = 35 << 56;
const WIPED: u64 = 36 << 56;

/// All disks of a run.
#[derive(Clone, Debug)]
pub(crate) struct Disks<R> {
    key: StreamKey,
    /// What the setup says of some disks, after the kind of those of which it says nothing.
    kinds: Arc<[Kind]>,
    /// One for each replica; empty until one is needed.
    pub(crate) each: Vec<Disk<R>>,
    /// How long forced writes waited for those before them; none when they take no time.
    pub(crate) waits: Option<Waits>,
    pub(crate) totals: DiskTotals,
    /// The replica that is being told that its disk is full.
    telling: Option<NodeId>,
}

#[derive(Debug)]
struct Kind {
    sync: Option<Sampler>,
    capacity_bytes: Option<u64>,
}

impl<R: Wire> Disks<R> {
    pub(super) fn new(setup: &Setup, key: StreamKey) -> Disks<R> {
        let mut kinds = vec![Kind { sync: None, capacity_bytes: None }];
        let mut each = Vec::new();
        for disks in &setup.disks {
            each.resize_with(setup.nodes as usize, || Disk::new(0));
            disks.nodes.iter().for_each(|node| each[node.index()].kind = kinds.len() as u32);
            kinds.push(Kind { sync: disks.sync.as_ref().map(Span::sampler), capacity_bytes: disks.capacity_bytes });
        }
        let waits = kinds.iter().any(|kind| kind.sync.is_some()).then(Waits::default);
        Disks { key, kinds: kinds.into(), each, waits, totals: DiskTotals::default(), telling: None }
    }

    /// A draw of what befalls a disk. Forced writes have the even counters: a fault does not change how long they take.
    fn chance(&mut self, id: NodeId) -> Draw {
        let counter = self.each[id.index()].chance().wrapping_mul(2) | 1;
        Draw(self.key.draw(id.0, counter))
    }
}

impl<A: Actor, O: Observer, S: Schedule<A::Message>> World<A, O, S> {
    fn disk(&mut self, id: NodeId) -> &mut Disk<A::Record> {
        if self.disks.each.is_empty() {
            self.disks.each.resize_with(self.nodes.len(), || Disk::new(0));
        }
        &mut self.disks.each[id.index()]
    }

    /// These records were written before the start.
    pub(crate) fn stock_disk(&mut self, id: NodeId, records: Vec<A::Record>) {
        self.disk(id).stock(records);
    }

    /// What a driver has put on a disk before the start.
    pub(super) fn stocked(&self, id: NodeId) -> Vec<A::Record> {
        self.disks.each.get(id.index()).map_or_else(Vec::new, |disk| disk.records().to_vec())
    }

    pub(super) fn append(&mut self, id: NodeId, depth: u16, record: A::Record) {
        let bytes = size(&record);
        let kind = self.disk(id).kind;
        let capacity = self.disks.kinds[kind as usize].capacity_bytes;
        let disk = self.disk(id);
        let number = disk.appended();
        if disk.append(record, bytes, capacity) {
            self.disks.totals.records += 1;
            self.disks.totals.bytes += bytes;
        } else {
            self.no_room(id, depth, number);
        }
    }

    /// What the handler asked for after the record could claim it, and is not done.
    #[cold]
    fn no_room(&mut self, id: NodeId, depth: u16, number: u64) {
        self.effects.clear();
        self.addressed.clear();
        self.disks.totals.refused += 1;
        if self.disks.telling.replace(id) == Some(id) {
            self.crash(id);
        } else {
            self.handle(id, depth, |actor, ctx| actor.disk_full(ctx, number));
            self.disks.telling = None;
        }
        if self.nodes[id.index()].status == Status::Down {
            self.disk(id).halt();
        }
    }

    pub(super) fn sync(&mut self, id: NodeId, depth: u16) {
        let disk = self.disk(id);
        let (upto, asked, kind) = (disk.appended() as u32, disk.ask(), disk.kind);
        let Disks { key, kinds, each, waits, .. } = &mut self.disks;
        // Where instants do not matter, the write is at once among what may complete next.
        let complete = match kinds[kind as usize].sync.as_ref().filter(|_| S::TIMED) {
            None => self.now,
            Some(sync) => {
                let takes = sync.sample(key.draw(id.0, asked.wrapping_mul(2)));
                let (waited, complete) = each[id.index()].queue(self.now, takes);
                waits.iter_mut().for_each(|all| all.record(waited));
                complete
            }
        };
        let node = &mut self.nodes[id.index()];
        let Some(sequence) = node.take_sequence() else {
            return self.fail(RunError::SequenceOverflow(id));
        };
        self.observer.forced(&mut node.observed);
        let key = Key::new(complete.0, node.rank, sequence);
        self.schedule.event(key, id, depth, Event::Synced(node.incarnation, upto));
        self.set_off(id, Occasion::Sync);
    }

    /// A forced write is complete, unless its node has crashed meanwhile. One that stands still is told when it goes on.
    pub(super) fn written(&mut self, id: NodeId, depth: u16, incarnation: u16, upto: u32) {
        if self.nodes[id.index()].incarnation != incarnation {
            return;
        }
        self.disks.each[id.index()].complete(u64::from(upto));
        self.set_off(id, Occasion::Synced);
        match self.nodes[id.index()].status {
            Status::Paused => self.held.entry(id).or_default().push(Held::Event(Event::Synced(incarnation, upto), depth)),
            _ => self.synced(id, depth, incarnation, upto),
        }
    }

    /// A replica is told that a forced write is complete.
    pub(super) fn synced(&mut self, id: NodeId, depth: u16, incarnation: u16, upto: u32) {
        let node = &mut self.nodes[id.index()];
        if node.incarnation == incarnation {
            self.observer.happened(&mut node.observed, self.now.0, SYNCED | u64::from(upto));
            self.handle(id, depth, |actor, ctx| actor.synced(ctx, u64::from(upto)));
        }
    }

    /// The node has crashed: what was not forced is lost, or all but its first bytes.
    pub(super) fn disk_crashes(&mut self, id: NodeId, tail: Tail, by: Option<usize>) {
        let Some(disk) = self.disks.each.get(id.index()) else { return };
        let unsynced = if tail == Tail::Torn { disk.unsynced_bytes() } else { 0 };
        let kept = if unsynced > 0 { self.disks.chance(id).below(unsynced + 1) } else { 0 };
        let (lost, cut) = self.disks.each[id.index()].crash(kept, by);
        self.disks.totals.writes_cut += cut;
        self.lose_records(lost, by);
    }

    fn lose_records(&mut self, lost: u64, by: Option<usize>) {
        self.disks.totals.records_lost += lost;
        if let Some(fault) = by {
            self.strikes[fault].records_lost += lost;
        }
    }

    /// What recovery reads, what it cannot read, and whether the disk is another one than the node had.
    pub(super) fn read_disk(&mut self, id: NodeId) -> (Vec<A::Record>, Option<Damage>, bool) {
        let Some(disk) = self.disks.each.get_mut(id.index()) else { return (Vec::new(), None, false) };
        let found = disk.recover();
        let (records, is_new) = (disk.records().to_vec(), disk.is_new());
        self.disks.totals.torn += found.torn;
        self.disks.totals.corrupt += found.corrupt;
        self.lose_records(found.lost, found.by);
        (records, found.damage, is_new)
    }

    /// So many bits flip; whether there were any.
    pub(super) fn corrupt_disk(&mut self, id: NodeId, times: u32, by: usize) -> bool {
        let ends = self.disk(id).ends();
        let Some(&bytes) = ends.last() else { return false };
        for _ in 0..times {
            let bit = self.disks.chance(id).below(bytes * 8);
            self.disk(id).flip(bit, &ends, Some(by));
        }
        self.disks.totals.bits_flipped += u64::from(times);
        self.mark(id, CORRUPTED | u64::from(times));
        times > 0
    }

    /// The disk is gone, and an empty one there; whether there was anything on it. What runs goes on, and does not notice.
    pub(super) fn wipe_disk(&mut self, id: NodeId, by: Option<usize>) -> bool {
        let (lost, anything) = self.disk(id).wipe();
        if anything {
            self.disks.totals.wiped += 1;
            self.lose_records(lost, by);
            self.mark(id, WIPED);
        }
        anything
    }

    /// The disk is gone with its machine, and whoever comes has a new one.
    pub(super) fn renew_disk(&mut self, id: NodeId, by: Option<usize>) {
        if !self.disks.each.is_empty() {
            self.wipe_disk(id, by);
            self.disk(id).renew();
        }
    }

    /// Forced writes take so many thousandths of their time; whether they take any.
    pub(super) fn slow_disk(&mut self, id: NodeId, thousandths: u32) -> bool {
        let kind = self.disk(id).kind;
        if self.disks.kinds[kind as usize].sync.is_none() {
            return false;
        }
        self.disk(id).slow(thousandths);
        self.mark(id, SLOWED | u64::from(thousandths));
        true
    }

    /// The disk takes nothing more; whether it would have.
    pub(super) fn fill_disk(&mut self, id: NodeId) -> bool {
        let filled = self.disk(id).fill();
        if filled {
            self.mark(id, FILLED);
        }
        filled
    }

    /// A disk without room has room again, and a node that stopped for want of it comes back; whether it had none.
    pub(super) fn room_on_disk(&mut self, id: NodeId) -> bool {
        let (had_none, halted) = self.disk(id).make_room();
        if had_none {
            self.mark(id, ROOM);
        }
        if halted {
            self.restart(id);
        }
        had_none
    }

    /// A node that had stopped for want of room does not come back with it; whether it would have.
    pub(super) fn disk_stays_down(&mut self, id: NodeId) -> bool {
        self.disks.each.get_mut(id.index()).is_some_and(Disk::stay_down)
    }

    fn mark(&mut self, id: NodeId, mark: u64) {
        self.observer.happened(&mut self.nodes[id.index()].observed, self.now.0, mark);
    }
}
