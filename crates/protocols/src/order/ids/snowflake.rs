//! Ids made of a clock: milliseconds, the node, and a count within the millisecond (Twitter, "Announcing Snowflake", 2010).

use super::ceiling::Ceiling;
use super::options::{Mistake, Options};
use quorate_engine::time::MILLISECOND;

const WORKER_BITS: u32 = 10;
const SEQUENCE_BITS: u32 = 12;
/// Worker numbers that there are.
pub(super) const WORKERS_MAX: u32 = 1 << WORKER_BITS;
/// The most ids of one node in one millisecond.
const SEQUENCES: u64 = 1 << SEQUENCE_BITS;
/// Ids count from 24 hours before the run begins, so that a clock that is behind at its beginning gives no negative time.
const EPOCH_MS: i64 = -86_400_000;

/// The millisecond that a wall clock shows, since the epoch of ids.
pub fn milliseconds(wall_ns: i64) -> u64 {
    let since = wall_ns.div_euclid(MILLISECOND.cast_signed()) - EPOCH_MS;
    since.max(0).cast_unsigned()
}

/// How long until a wall clock shows a millisecond, in ns; at least 1.
pub(super) fn until(wall_ns: i64, millisecond: u64) -> u64 {
    let then = (millisecond.cast_signed() + EPOCH_MS).saturating_mul(MILLISECOND.cast_signed());
    then.saturating_sub(wall_ns).max(1).cast_unsigned()
}

/// The parts of an id: millisecond, worker, sequence.
pub fn parts(id: u64) -> (u64, u64, u64) {
    let worker = (id >> SEQUENCE_BITS) & (u64::from(WORKERS_MAX) - 1);
    (id >> (WORKER_BITS + SEQUENCE_BITS), worker, id & (SEQUENCES - 1))
}

/// When the last id was given.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Last {
    millisecond: u64,
    sequence: u64,
}

/// Why there is no id now.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Wait {
    /// Until the clock shows this millisecond.
    Clock(u64),
    /// Until the disk says that the node may go on.
    Disk,
}

impl Last {
    /// After a start: nothing up to the bound on disk may be given any more.
    pub(super) fn recovered(ceiling: &Ceiling) -> Last {
        Last { millisecond: ceiling.durable(), sequence: SEQUENCES - 1 }
    }

    /// The next id, now that the clock shows `now`.
    pub(super) fn next(&mut self, options: &Options, ceiling: &Ceiling, worker: u32, now: u64) -> Result<u64, Wait> {
        if now < self.millisecond && options.mistake != Some(Mistake::StepsBack) {
            return Err(Wait::Clock(self.millisecond));
        }
        let is_same = now == self.millisecond;
        if is_same && self.sequence + 1 == SEQUENCES {
            return Err(Wait::Clock(now + 1));
        }
        if now > ceiling.durable() {
            return Err(Wait::Disk);
        }
        *self = Last { millisecond: now, sequence: if is_same { self.sequence + 1 } else { 0 } };
        let worker = match options.mistake {
            Some(Mistake::WorkerReused) => worker / 2,
            _ => worker,
        };
        Ok(now << (WORKER_BITS + SEQUENCE_BITS) | u64::from(worker) << SEQUENCE_BITS | self.sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_their_parts() {
        let id = 5 << 22 | 3 << 12 | 7;
        assert_eq!(parts(id), (5, 3, 7));
    }

    #[test]
    fn a_clock_behind_the_start_is_no_negative_time() {
        assert_eq!(milliseconds(-1), 86_399_999);
        assert_eq!(milliseconds(1_999_999), 86_400_001);
        assert_eq!(milliseconds(i64::MIN), 0);
        assert_eq!(until(0, 86_400_002), 2_000_000);
        assert_eq!(until(5_000_000, 86_400_002), 1);
    }
}
