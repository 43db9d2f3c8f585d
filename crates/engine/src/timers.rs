//! Keyed timers. Re-arming an armed timer only changes the stored deadline: the entry that waits in the schedule requeues
//! itself when it surfaces, so a timeout that every message pushes back costs one store, not one entry.

/// One timer of one node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimerSlot {
    /// The true instant at which the timer is due, in ns; `u64::MAX` when it is not armed.
    pub(crate) deadline: u64,
    /// The instant of the live entry in the schedule; `u64::MAX` when there is none. An entry that surfaces at another
    /// instant, because the timer was re-armed earlier, is stale.
    /// Invariant: `queued <= deadline` while the timer is armed and the schedule keeps entries for it.
    pub(crate) queued: u64,
    /// The sequence number that the last arming took: it, not that of the first, orders the timer among equals.
    pub(crate) sequence: u32,
}

/// What an entry that surfaces means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Surfaced {
    /// The timer is due now. It stays armed until its handler runs: a paused node may still move it.
    Due,
    /// The timer was moved later: put an entry at this deadline with this sequence number.
    Requeue(u64, u32),
    /// Nothing to do.
    Stale,
}

impl TimerSlot {
    pub(crate) const UNARMED: TimerSlot = TimerSlot { deadline: u64::MAX, queued: u64::MAX, sequence: 0 };

    pub(crate) fn is_armed(&self) -> bool {
        self.deadline != u64::MAX
    }

    /// Arms the timer; true when the schedule needs a new entry for it.
    #[inline]
    pub(crate) fn arm(&mut self, deadline: u64, sequence: u32) -> bool {
        self.deadline = deadline;
        self.sequence = sequence;
        if self.queued <= deadline {
            return false;
        }
        self.queued = deadline;
        true
    }

    #[inline]
    pub(crate) fn cancel(&mut self) {
        self.deadline = u64::MAX;
    }

    /// Judges an entry of this timer that surfaced with this instant and sequence number.
    #[inline]
    pub(crate) fn surface(&mut self, time: u64, sequence: u32) -> Surfaced {
        if self.deadline == time && self.sequence == sequence {
            // A stale twin may still wait at a later instant; it will find another deadline or none.
            self.queued = u64::MAX;
            return Surfaced::Due;
        }
        if self.queued != time {
            return Surfaced::Stale;
        }
        self.queued = self.deadline;
        if self.is_armed() { Surfaced::Requeue(self.deadline, self.sequence) } else { Surfaced::Stale }
    }
}

/// The timers of one node, kept inside it: `[TimerSlot; N]`.
pub trait Slots: Clone + 'static {
    /// All unarmed.
    const UNARMED: Self;

    /// The slots in the order of [`crate::Timer::index`].
    fn slots(&self) -> &[TimerSlot];

    /// The slots, to change.
    fn slots_mut(&mut self) -> &mut [TimerSlot];
}

impl<const N: usize> Slots for [TimerSlot; N] {
    const UNARMED: Self = {
        assert!(N <= 64, "a protocol has at most 64 timers");
        [TimerSlot::UNARMED; N]
    };

    #[inline]
    fn slots(&self) -> &[TimerSlot] {
        self
    }

    #[inline]
    fn slots_mut(&mut self) -> &mut [TimerSlot] {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_later_requeues_and_moving_earlier_leaves_a_stale_entry() {
        let mut slot = TimerSlot::UNARMED;
        assert!(slot.arm(100, 1));
        assert!(!slot.arm(300, 2), "later: the entry at 100 will requeue itself");
        assert_eq!(slot.surface(100, 1), Surfaced::Requeue(300, 2));
        assert!(slot.arm(200, 3), "earlier: a new entry");
        assert_eq!(slot.surface(200, 3), Surfaced::Due);
        assert_eq!(slot.surface(300, 2), Surfaced::Stale);
    }

    #[test]
    fn a_cancelled_timer_never_fires_and_can_be_armed_again() {
        let mut slot = TimerSlot::UNARMED;
        assert!(slot.arm(100, 1));
        slot.cancel();
        assert!(!slot.arm(150, 2), "the entry at 100 still waits and serves again");
        assert_eq!(slot.surface(100, 1), Surfaced::Requeue(150, 2));
        slot.cancel();
        assert_eq!(slot.surface(150, 2), Surfaced::Stale);
        assert!(slot.arm(400, 3));
    }
}
