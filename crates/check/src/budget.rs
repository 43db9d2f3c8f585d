//! What a judge may spend before it has to say *unknown*: steps, which are the same on every machine, memory, and, where a person
//! waits, time. A judge that is stopped at a limit has found nothing; it never guesses.

use std::fmt;

/// What a judge may spend, and what it has spent.
pub struct Budget<'a> {
    steps_max: u64,
    steps: u64,
    bytes_max: u64,
    /// Held by others at the same time.
    beside: u64,
    is_late: &'a dyn Fn() -> bool,
    next_look: u64,
}

/// Steps between two looks at the clock.
const STEPS_PER_LOOK: u64 = 1 << 14;

impl<'a> Budget<'a> {
    /// So many steps and bytes. Each judge says what its step is; most take well under a microsecond.
    pub fn new(steps_max: u64, bytes_max: u64) -> Budget<'a> {
        Budget { steps_max, steps: 0, bytes_max, beside: 0, is_late: &|| false, next_look: STEPS_PER_LOOK }
    }

    /// Also ends when `is_late` says so. Verdicts then depend on the machine, but only between *unknown* and the right one.
    pub fn until(self, is_late: &'a dyn Fn() -> bool) -> Budget<'a> {
        Budget { is_late, ..self }
    }

    /// So many of the bytes are held by others.
    pub fn beside(self, bytes: u64) -> Budget<'a> {
        Budget { beside: bytes, ..self }
    }

    /// A budget of at most so many of the steps that are left, for a first attempt whose failure is no failure. What it spends is to be
    /// taken from this one too.
    pub(crate) fn share(&self, steps: u64) -> Budget<'a> {
        let steps_max = steps.min(self.steps_left());
        Budget { steps_max, steps: 0, next_look: STEPS_PER_LOOK, ..*self }
    }

    /// Takes steps, `Err` when they are used up or it is late.
    pub fn spend(&mut self, steps: u64) -> Result<(), Exhausted> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > self.steps_max {
            return Err(Exhausted::Steps(self.steps_max));
        }
        if self.steps >= self.next_look {
            self.next_look = self.steps.saturating_add(STEPS_PER_LOOK);
            if (self.is_late)() {
                return Err(Exhausted::Time { steps: self.steps });
            }
        }
        Ok(())
    }

    /// `Err` when a judge that holds so many bytes holds too much.
    pub fn hold(&self, bytes: u64) -> Result<(), Exhausted> {
        if bytes.saturating_add(self.beside) > self.bytes_max { Err(Exhausted::Memory(self.bytes_max)) } else { Ok(()) }
    }

    /// Steps taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Steps left.
    pub fn steps_left(&self) -> u64 {
        self.steps_max.saturating_sub(self.steps)
    }
}

/// Which limit ended a judge's work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exhausted {
    /// So many steps were allowed.
    Steps(u64),
    /// So many bytes were allowed.
    Memory(u64),
    /// Time was up after so many steps.
    Time {
        /// Steps taken by then.
        steps: u64,
    },
}

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exhausted::Steps(steps) => write!(f, "the {steps} steps allowed are used up"),
            Exhausted::Memory(bytes) => write!(f, "the {bytes} bytes of memory allowed are used up"),
            Exhausted::Time { steps } => write!(f, "the time allowed was used up after {steps} steps"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_budget_ends_at_its_limits() {
        let mut budget = Budget::new(10, 100);
        assert_eq!(budget.spend(10), Ok(()));
        assert_eq!(budget.steps_left(), 0);
        assert_eq!(budget.spend(1), Err(Exhausted::Steps(10)));
        assert_eq!(budget.hold(100), Ok(()));
        assert_eq!(budget.hold(101), Err(Exhausted::Memory(100)));
        let looks = Cell::new(0);
        let is_late = || {
            looks.set(looks.get() + 1);
            looks.get() == 2
        };
        let mut budget = Budget::new(u64::MAX, 0).until(&is_late);
        let ended = (0..).find_map(|step| budget.spend(1).err().map(|why| (step, why)));
        assert_eq!(ended, Some((2 * STEPS_PER_LOOK - 1, Exhausted::Time { steps: 2 * STEPS_PER_LOOK })));
    }
}
