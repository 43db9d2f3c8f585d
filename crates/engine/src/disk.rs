//! A node's disk: an append-only log of records. What was appended is durable once a forced write has completed; a crash
//! loses the rest. Recovery reads what is durable, and nothing else of a node survives.

/// Bytes that a record has on disk besides its encoding: its length and its checksum.
pub const FRAME_BYTES: u64 = 12;

/// What recovery could not read.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Damage {
    /// The number of the first record whose checksum is wrong, counted from 0.
    pub record: u64,
    /// Records after it that could be read. None: it may be the end of a write that a crash cut short, or a durable record that has
    /// changed; one copy cannot tell. Any: a durable record has changed.
    pub readable_after: u64,
}

/// The log of one node.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Disk<R> {
    records: Vec<R>,
    /// Invariant: `durable <= records.len()`.
    durable: usize,
}

impl<R> Disk<R> {
    pub(crate) fn new() -> Disk<R> {
        Disk { records: Vec::new(), durable: 0 }
    }

    pub(crate) fn append(&mut self, record: R) {
        self.records.push(record);
    }

    /// How many records a forced write that starts now will make durable.
    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// A forced write that covered the first `upto` records has completed.
    pub(crate) fn complete(&mut self, upto: usize) {
        self.durable = self.durable.max(upto).min(self.records.len());
    }

    /// Loses what is not durable.
    pub(crate) fn crash(&mut self) {
        self.records.truncate(self.durable);
    }

    /// What recovery reads.
    pub(crate) fn records(&self) -> &[R] {
        &self.records
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_loses_exactly_what_was_not_forced() {
        // Every interleaving point of: append, append, start of a forced write, append, its completion, append.
        for crash_after in 0..=6 {
            let mut disk = Disk::new();
            let mut upto = 0;
            for step in 0..crash_after {
                match step {
                    0 | 1 | 3 | 5 => disk.append(step),
                    2 => upto = disk.len(),
                    _ => disk.complete(upto),
                }
            }
            disk.crash();
            let kept: &[i32] = if crash_after >= 5 { &[0, 1] } else { &[] };
            assert_eq!(disk.records(), kept, "crash after step {crash_after}");
        }
    }
}
