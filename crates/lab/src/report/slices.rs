//! Operations over time: what became of those that were asked in each slice of the run.

use quorate_engine::outcome::{OperationStatus, Outcome};
use quorate_engine::time::{Nanos, SECOND};

/// What became of operations by when they were asked, a figure a slice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OverTime {
    /// The length of a slice.
    pub slice: Nanos,
    /// How many were asked.
    pub asked: Vec<u64>,
    /// Answered well, be it later.
    pub ok: Vec<u64>,
    /// Refused.
    pub refused: Vec<u64>,
    /// Not known.
    pub unknown: Vec<u64>,
}

/// No run has more slices.
pub const SLICES_MAX: u64 = 60;

/// The operations over time; none when nothing was asked.
pub fn over_time(outcome: &Outcome) -> Option<OverTime> {
    let last = outcome.operations.iter().filter_map(|operation| operation.invoked()).max()?;
    // What is asked at the very end is asked within the run.
    let run = outcome.ended.0.max(last.0.saturating_add(1));
    let slice = length(run);
    let slices = run.div_ceil(slice) as usize;
    let none = vec![0; slices];
    let mut all = OverTime { slice, asked: none.clone(), ok: none.clone(), refused: none.clone(), unknown: none };
    for operation in &outcome.operations {
        let Some(invoked) = operation.invoked() else { continue };
        let place = (invoked.0 / slice) as usize;
        all.asked[place] += 1;
        match operation.status {
            OperationStatus::Ok => all.ok[place] += 1,
            OperationStatus::Refused => all.refused[place] += 1,
            OperationStatus::Unknown => all.unknown[place] += 1,
            OperationStatus::Unsent => {}
        }
    }
    Some(all)
}

/// A length that people like, 1, 2 or 5 times a power of ten of seconds, that cuts the run into few slices.
fn length(run: Nanos) -> Nanos {
    let mut unit = 1;
    loop {
        for digit in [1, 2, 5] {
            let length: Nanos = digit * unit;
            // Whole hours would not be round in seconds; minutes and hours are not what runs are made of.
            if length.saturating_mul(SLICES_MAX) >= run || unit > SECOND.saturating_mul(1_000_000_000) {
                return length;
            }
        }
        unit = unit.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quorate_engine::time::MILLISECOND;

    #[test]
    fn slices_are_round_and_few() {
        for (run, slice) in [
            (0, 1),
            (60, 1),
            (61, 2),
            (SECOND, 20 * MILLISECOND),
            (60 * SECOND, SECOND),
            (61 * SECOND, 2 * SECOND),
            (3_600 * SECOND, 100 * SECOND),
            (u64::MAX, 500_000_000 * SECOND),
        ] {
            assert_eq!(length(run), slice, "{run}");
            assert!(run.div_ceil(length(run)) <= SLICES_MAX);
        }
    }
}
