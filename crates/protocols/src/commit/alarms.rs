//! Deadlines, as many as there are transactions, over one timer of the engine.

use quorate_engine::time::Nanos;
use quorate_engine::{Actor, Context, Timer as Named, TimerSlot};
use std::collections::{BTreeMap, BTreeSet};

/// The timer of a node.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Timer {
    /// The next of its alarms.
    Alarm,
}

impl Named for Timer {
    type Slots = [TimerSlot; 1];

    fn index(self) -> usize {
        0
    }

    fn from_index(_: usize) -> Timer {
        Timer::Alarm
    }
}

/// What is to happen when, by the node's elapsed clock.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Alarms<T: Ord> {
    by_time: BTreeSet<(u64, T)>,
    by_name: BTreeMap<T, u64>,
}

impl<T: Ord> Default for Alarms<T> {
    fn default() -> Alarms<T> {
        Alarms { by_time: BTreeSet::new(), by_name: BTreeMap::new() }
    }
}

impl<T: Ord + Copy> Alarms<T> {
    /// That is to happen so long from now, and no earlier than that.
    pub fn set<A: Actor<Timer = Timer>>(&mut self, ctx: &mut Context<'_, A>, what: T, after: Nanos) {
        let due = ctx.elapsed().saturating_add(after);
        if let Some(before) = self.by_name.insert(what, due) {
            self.by_time.remove(&(before, what));
        }
        self.by_time.insert((due, what));
        self.arm(ctx);
    }

    /// That is not to happen.
    pub fn cancel<A: Actor<Timer = Timer>>(&mut self, ctx: &mut Context<'_, A>, what: T) {
        if let Some(due) = self.by_name.remove(&what) {
            self.by_time.remove(&(due, what));
            self.arm(ctx);
        }
    }

    /// What is due when the timer fires: all of the earliest deadline. Whoever fires it says that it has come.
    pub fn due<A: Actor<Timer = Timer>>(&mut self, ctx: &mut Context<'_, A>) -> Vec<T> {
        let mut due = Vec::new();
        if let Some(&(first, _)) = self.by_time.first() {
            while let Some(&(at, what)) = self.by_time.first()
                && at == first
            {
                self.by_time.pop_first();
                self.by_name.remove(&what);
                due.push(what);
            }
        }
        self.arm(ctx);
        due
    }

    fn arm<A: Actor<Timer = Timer>>(&self, ctx: &mut Context<'_, A>) {
        match self.by_time.first() {
            Some((due, _)) => {
                let now = ctx.elapsed();
                ctx.set_timer(Timer::Alarm, due.saturating_sub(now));
            }
            None => ctx.cancel_timer(Timer::Alarm),
        }
    }
}
