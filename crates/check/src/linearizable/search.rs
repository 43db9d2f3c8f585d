//! The search of Wing and Gong over one object: place first whichever operation can come next, go on with the rest, and come back when
//! none is left to try. A pair of placed operations and state is entered once (Lowe 2017, §4).
//!
//! These things spare it most of the work, and none changes the verdict:
//! - What was answered, can come next and never changes anything, is placed as soon as it fits: whatever follows, follows then too.
//! - What is unknown is placed only where it changes something, and where what comes next would notice: else no order needs it, or one
//!   in which it comes later will do.
//! - Of unknown operations that are alike, the one that began first is placed first: whatever the later can do, the earlier can.
//! - Where the object is a single value, [`Demand`] knows more. Where every write has a value of its own, this leaves little to try,
//!   as Gibbons and Korach ("Testing shared memories", 1997, §5) lead one to expect.

use super::demand::Demand;
use super::memo::Memo;
use super::object::Object;
use super::order::{NONE, Order, Times};
use super::print::{Kind, zobrist};
use crate::budget::{Budget, Exhausted};
use crate::history::Names;

/// An operation as the search sees it.
pub(super) struct Entry<Op> {
    pub(super) op: Op,
    pub(super) times: Times,
    /// Its index in the history.
    pub(super) source: u32,
}

/// A search that can be interrupted.
pub(super) struct Search<O: Object, T: Order> {
    object: O,
    entries: Vec<Entry<O::Op>>,
    /// The unknown operation before each unknown one that is the same but for its times.
    twins: Vec<u32>,
    is_placed: Vec<bool>,
    order: T,
    demand: Option<Demand>,
    /// The operation to try next.
    cursor: u32,
    /// Nothing was tried yet of what may come next.
    is_fresh: bool,
    /// The operation placed last, if it is unknown: the next one must notice it.
    idle: u32,
    placed: Vec<Placed<O::Undo>>,
    /// Zobrist hash of the placed operations.
    hash: u128,
    /// Answered operations that are not placed.
    owed: usize,
    memo: Memo,
    steps: u64,
    /// How many responses it got past.
    passed: usize,
}

/// An operation in its place.
struct Placed<U> {
    operation: u32,
    undo: U,
    /// The value held before, where [`Demand`] keeps it.
    now: u32,
    /// There is no need to try another in its place.
    is_forced: bool,
    idle: u32,
}

/// How far a search has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Progress {
    /// There is an order.
    Placed,
    /// There is none.
    Stuck,
    /// The steps of this turn are used up.
    More,
}

/// A search, whatever its object.
pub(super) trait Running {
    /// Goes on for so many steps, or a few more. `held` is what others hold in memory.
    fn run(&mut self, budget: &mut Budget<'_>, turn: u64, held: u64) -> Result<Progress, Exhausted>;
    /// How many bytes it holds.
    fn bytes(&self) -> u64;
    /// How many answered operations there are, and how many of them end before the latest end that the search could not pass.
    fn passed(&self) -> (usize, usize);
    /// The placed operations in their order, by index in the history.
    fn order(&self) -> Vec<u32>;
    /// The object's state in words.
    fn tell(&self, names: &Names) -> String;
}

impl<O: Object, T: Order> Search<O, T> {
    /// Begins with an object in its first state; the entries are in the order of their invocations.
    pub(super) fn new(object: O, entries: Vec<Entry<O::Op>>) -> Search<O, T> {
        let times: Vec<Times> = entries.iter().map(|entry| entry.times).collect();
        let order = T::new(&times);
        let answered = entries.iter().map(|entry| (&entry.op, entry.times.response.is_some()));
        Search {
            demand: Demand::new(&object, answered),
            twins: twins(&entries),
            is_placed: vec![false; entries.len()],
            cursor: NONE,
            is_fresh: true,
            idle: NONE,
            placed: Vec::with_capacity(entries.len()),
            hash: 0,
            owed: times.iter().filter(|times| times.response.is_some()).count(),
            memo: Memo::default(),
            steps: 0,
            passed: 0,
            order,
            object,
            entries,
        }
    }

    /// Places what need not be tried, then looks whether the search has been here; `false` when it has.
    fn begin(&mut self, budget: &mut Budget<'_>, held: u64) -> Result<bool, Exhausted> {
        if let Some((operation, undo)) = self.forced(budget)? {
            self.place(operation, undo, true);
            return Ok(true);
        }
        if self.memo.is_full() {
            budget.hold(held + self.bytes() + 2 * self.memo.bytes())?;
        }
        let idle = if self.idle == NONE { 0 } else { zobrist(Kind::Flag, u64::from(self.idle)) };
        if !self.memo.insert(self.hash ^ self.object.print() ^ idle) {
            return Ok(false);
        }
        self.is_fresh = false;
        self.cursor = self.order.first();
        Ok(true)
    }

    /// An answered operation that may be placed without trying others.
    fn forced(&mut self, budget: &mut Budget<'_>) -> Result<Option<(u32, O::Undo)>, Exhausted> {
        let mut next = self.order.first();
        while next != NONE {
            if !self.is_answered(next) {
                if T::ANSWERED_FIRST {
                    break;
                }
                next = self.order.after(next);
                continue;
            }
            let is_unnoticed = self.idle == NONE && self.demand.as_ref().is_some_and(|demand| demand.is_unnoticed(next));
            if (is_unnoticed || O::looks(&self.entries[next as usize].op))
                && let Some(undo) = self.apply(next, budget)?
            {
                return Ok(Some((next, undo)));
            }
            next = self.order.after(next);
        }
        Ok(None)
    }

    /// Tries the operation at the cursor; `false` when there is none left to try.
    fn try_next(&mut self, budget: &mut Budget<'_>) -> Result<bool, Exhausted> {
        let operation = self.cursor;
        if operation == NONE {
            self.passed = self.passed.max(self.order.passed());
            return Ok(false);
        }
        if self.has_reason(operation)
            && let Some(undo) = self.apply(operation, budget)?
        {
            self.place(operation, undo, false);
        } else {
            self.cursor = self.order.after(operation);
        }
        Ok(true)
    }

    /// Whether an order could be lost if the operation were not tried here.
    fn has_reason(&self, operation: u32) -> bool {
        let entry = &self.entries[operation as usize];
        let is_answered = entry.times.response.is_some();
        if let Some(idle) = self.entries.get(self.idle as usize) {
            // Of two unknown ones that could change places, the one that began first comes first.
            let goes_first = is_answered || operation < self.idle;
            if O::overwrites(&entry.op, &idle.op) || goes_first && O::commutes(&entry.op, &idle.op) {
                return false;
            }
        }
        if let Some(demand) = &self.demand
            && (demand.leaves_somebody(operation) || !is_answered && demand.is_useless(operation))
        {
            return false;
        }
        is_answered || self.is_first_of_twins(operation)
    }

    fn is_first_of_twins(&self, operation: u32) -> bool {
        let mut twin = self.twins[operation as usize];
        while twin != NONE {
            if !self.is_placed[twin as usize] && self.order.is_open(twin) {
                return false;
            }
            twin = self.twins[twin as usize];
        }
        true
    }

    /// Carries an operation out, if it fits; an unknown one only if it changes something.
    fn apply(&mut self, operation: u32, budget: &mut Budget<'_>) -> Result<Option<O::Undo>, Exhausted> {
        self.steps += 1;
        budget.spend(1)?;
        if self.demand.as_ref().is_some_and(|demand| !demand.fits(operation)) {
            return Ok(None);
        }
        let is_answered = self.is_answered(operation);
        let op = &self.entries[operation as usize].op;
        if is_answered {
            return Ok(self.object.apply(op));
        }
        let before = self.object.print();
        let Some(undo) = self.object.apply(op) else { return Ok(None) };
        if self.object.print() == before {
            self.object.undo(op, undo);
            return Ok(None);
        }
        Ok(Some(undo))
    }

    fn is_answered(&self, operation: u32) -> bool {
        self.entries[operation as usize].times.response.is_some()
    }

    fn place(&mut self, operation: u32, undo: O::Undo, is_forced: bool) {
        let now = self.demand.as_ref().map_or(0, Demand::now);
        self.placed.push(Placed { operation, undo, now, is_forced, idle: self.idle });
        self.hash ^= zobrist(Kind::Operation, u64::from(operation));
        self.order.lift(operation);
        self.is_placed[operation as usize] = true;
        if let Some(demand) = &mut self.demand {
            demand.lift(operation);
        }
        let is_answered = self.is_answered(operation);
        self.owed -= usize::from(is_answered);
        self.idle = if is_answered { NONE } else { operation };
        self.is_fresh = true;
    }

    /// Takes back what was placed last, and with it what was placed only because nothing else needed to be; `false` when there is
    /// nothing to take back.
    fn turn_back(&mut self) -> bool {
        while let Some(Placed { operation, undo, now, is_forced, idle }) = self.placed.pop() {
            self.object.undo(&self.entries[operation as usize].op, undo);
            self.hash ^= zobrist(Kind::Operation, u64::from(operation));
            self.order.put_back(operation);
            self.is_placed[operation as usize] = false;
            if let Some(demand) = &mut self.demand {
                demand.put_back(operation, now);
            }
            self.owed += usize::from(self.is_answered(operation));
            self.idle = idle;
            if !is_forced {
                self.is_fresh = false;
                self.cursor = self.order.after(operation);
                return true;
            }
        }
        false
    }
}

/// For each unknown operation the latest one before it that is the same but for its times.
fn twins<Op: PartialEq>(entries: &[Entry<Op>]) -> Vec<u32> {
    let mut twins = vec![NONE; entries.len()];
    let unknown: Vec<usize> = (0..entries.len()).filter(|index| entries[*index].times.response.is_none()).collect();
    for (position, index) in unknown.iter().enumerate() {
        let before = &unknown[position.saturating_sub(TWINS_LOOKED_AT)..position];
        let twin = before.iter().rev().find(|before| entries[**before].op == entries[*index].op);
        twins[*index] = twin.map_or(NONE, |twin| *twin as u32);
    }
    twins
}

/// How many unknown operations back a twin is looked for. One that is not found costs time and nothing else.
const TWINS_LOOKED_AT: usize = 256;

impl<O: Object, T: Order> Running for Search<O, T> {
    fn run(&mut self, budget: &mut Budget<'_>, turn: u64, held: u64) -> Result<Progress, Exhausted> {
        let limit = self.steps.saturating_add(turn);
        while self.owed > 0 {
            if self.steps >= limit {
                return Ok(Progress::More);
            }
            let goes_on = if self.is_fresh { self.begin(budget, held)? } else { self.try_next(budget)? };
            if !goes_on && !self.turn_back() {
                return Ok(Progress::Stuck);
            }
        }
        Ok(Progress::Placed)
    }

    fn bytes(&self) -> u64 {
        let each = size_of::<Entry<O::Op>>() + size_of::<Placed<O::Undo>>() + 64;
        self.memo.bytes() + (self.entries.len() * each) as u64
    }

    fn passed(&self) -> (usize, usize) {
        let answered = self.entries.iter().filter(|entry| entry.times.response.is_some()).count();
        (answered, self.passed.max(self.order.passed()))
    }

    fn order(&self) -> Vec<u32> {
        self.placed.iter().map(|placed| self.entries[placed.operation as usize].source).collect()
    }

    fn tell(&self, names: &Names) -> String {
        self.object.tell(names)
    }
}
