//! Deadlines, as many as there are transactions, over one timer of the engine.

use quorate_engine::time::Nanos;
use quorate_engine::{Actor, Context};
use std::collections::{BTreeMap, BTreeSet};

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
    pub fn set<A: Actor>(&mut self, ctx: &mut Context<'_, A>, timer: A::Timer, what: T, after: Nanos) {
        let due = ctx.elapsed().saturating_add(after);
        if let Some(before) = self.by_name.insert(what, due) {
            self.by_time.remove(&(before, what));
        }
        self.by_time.insert((due, what));
        self.arm(ctx, timer);
    }

    /// That is not to happen.
    pub fn cancel<A: Actor>(&mut self, ctx: &mut Context<'_, A>, timer: A::Timer, what: T) {
        if let Some(due) = self.by_name.remove(&what) {
            self.by_time.remove(&(due, what));
            self.arm(ctx, timer);
        }
    }

    /// What is due when the timer fires: all of the earliest deadline. Whoever fires it says that it has come.
    pub fn due<A: Actor>(&mut self, ctx: &mut Context<'_, A>, timer: A::Timer) -> Vec<T> {
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
        self.arm(ctx, timer);
        due
    }

    fn arm<A: Actor>(&self, ctx: &mut Context<'_, A>, timer: A::Timer) {
        match self.by_time.first() {
            Some((due, _)) => {
                let now = ctx.elapsed();
                ctx.set_timer(timer, due.saturating_sub(now));
            }
            None => ctx.cancel_timer(timer),
        }
    }
}
