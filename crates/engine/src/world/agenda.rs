//! The run's timeline: what no node causes. Most of it is known at the start; what a trigger sets off joins it as the run goes.

use super::Moment;
use crate::time::Time;
use std::collections::BTreeMap;

/// What is still to come.
#[derive(Clone, Debug)]
pub(crate) struct Agenda {
    /// Known from the start, in ascending order; those before `next` are past.
    planned: Vec<(Time, Moment)>,
    next: usize,
    /// What joined since, in the order of time and of joining.
    sudden: BTreeMap<(Time, u64), Moment>,
    joined: u64,
    end: u64,
    horizon: u64,
}

impl Agenda {
    pub(super) fn new(mut planned: Vec<(Time, Moment)>, end: u64) -> Agenda {
        planned.sort();
        let mut agenda = Agenda { planned, next: 0, sudden: BTreeMap::new(), joined: 0, end, horizon: 0 };
        agenda.look_ahead();
        agenda
    }

    /// The instant of the next moment or of the end: nothing at or after it happens before it.
    #[inline]
    pub(crate) fn horizon(&self) -> u64 {
        self.horizon
    }

    /// Whether there is nothing to wait for, whatever may still join.
    pub(crate) fn is_over(&self) -> bool {
        self.next == self.planned.len() && self.sudden.is_empty()
    }

    /// Adds a moment. At one instant, what was planned comes first.
    pub(super) fn join(&mut self, at: Time, moment: Moment) {
        self.sudden.insert((at, self.joined), moment);
        self.joined += 1;
        self.look_ahead();
    }

    /// Takes out the next moment; none when the end comes first.
    pub(crate) fn take(&mut self) -> Option<(Time, Moment)> {
        let planned = self.planned.get(self.next).copied();
        let sudden = self.sudden.first_key_value().map(|((at, _), moment)| (*at, *moment));
        let next = match (planned, sudden) {
            (Some(planned), Some(sudden)) if sudden.0 < planned.0 => sudden,
            (Some(planned), _) => planned,
            (None, sudden) => sudden?,
        };
        if next.0.0 >= self.end {
            return None;
        }
        if Some(next) == planned {
            self.next += 1;
        } else {
            self.sudden.pop_first();
        }
        self.look_ahead();
        Some(next)
    }

    /// For drivers that choose what happens: nothing is on the timeline.
    pub(crate) fn clear(&mut self) {
        *self = Agenda::new(Vec::new(), self.end);
    }

    fn look_ahead(&mut self) {
        let planned = self.planned.get(self.next).map_or(u64::MAX, |(at, _)| at.0);
        let sudden = self.sudden.first_key_value().map_or(u64::MAX, |((at, _), _)| at.0);
        self.horizon = planned.min(sudden).min(self.end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::OpId;

    #[test]
    fn what_joins_comes_in_its_time_and_after_what_was_planned_for_it() {
        let op = |number| Moment::Invoke(OpId(number));
        let mut agenda = Agenda::new(vec![(Time(20), op(2)), (Time(10), op(1)), (Time(90), op(9))], 50);
        assert_eq!(agenda.horizon(), 10);
        assert_eq!(agenda.take(), Some((Time(10), op(1))));
        agenda.join(Time(20), op(3));
        agenda.join(Time(15), op(4));
        agenda.join(Time(15), op(5));
        assert_eq!(agenda.horizon(), 15);
        let came: Vec<_> = std::iter::from_fn(|| agenda.take()).map(|(_, moment)| moment).collect();
        assert_eq!(came, [op(4), op(5), op(2), op(3)]);
        assert_eq!(agenda.horizon(), 50, "the end comes before what is left");
        assert!(!agenda.is_over());
    }
}
