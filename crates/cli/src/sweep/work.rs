//! Does the runs of parts, over the machine's cores. Threads take blocks of rows in the order of the rows; who does the last block of
//! a part makes the part of them, and one thread more writes. So at most a few parts are in memory, whatever the number of runs.

use super::folder::Folder;
use super::part;
use crate::output::Stop;
use indicatif::ProgressBar;
use quorate_lab::run::RunFailure;
use quorate_lab::sweep::{Rows, Sweep};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Why the parts could not all be done.
pub(crate) enum Failed {
    /// The run of that row: the first that could not be done, whatever the number of threads.
    Run(u64, RunFailure),
    /// Something else.
    Stop(Stop),
}

/// Parts that wait to be written.
const WAITING: usize = 2;
/// Rows of a block: few, so that all threads end at about the same time.
const BLOCKS_PER_PART: u64 = 64;
const BLOCK_MAX: u64 = 256;

/// Does these parts and puts them into the folder.
pub(crate) fn work(
    sweep: &Sweep,
    folder: &Folder,
    parts: &[u64],
    pool: &rayon::ThreadPool,
    progress: &ProgressBar,
) -> Result<(), Failed> {
    let block = (sweep.manifest.cut.rows_per_part / BLOCKS_PER_PART).clamp(1, BLOCK_MAX);
    let work = Work {
        sweep,
        parts,
        block,
        open_max: pool.current_num_threads() + 1,
        state: Mutex::new(State::default()),
        changed: Condvar::new(),
        progress,
    };
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel::<(u64, Vec<u8>)>(WAITING);
        let work = &work;
        scope.spawn(move || {
            for (part, bytes) in receiver {
                if let Err(stop) = folder.put(part, &bytes) {
                    work.stop(stop);
                    break;
                }
            }
        });
        pool.broadcast(|_| work.thread(&sender));
    });
    let state = work.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    match (state.stopped, state.failed) {
        (Some(stop), _) => Err(Failed::Stop(stop)),
        (None, Some((row, failure))) => Err(Failed::Run(row, failure)),
        (None, None) => Ok(()),
    }
}

struct Work<'a> {
    sweep: &'a Sweep,
    parts: &'a [u64],
    /// Rows of a block.
    block: u64,
    /// So many parts may be begun and not done.
    open_max: usize,
    state: Mutex<State>,
    changed: Condvar,
    progress: &'a ProgressBar,
}

#[derive(Default)]
struct State {
    /// The block to hand out next: which of the parts, and which of its blocks.
    next: (usize, u64),
    /// The parts that are begun, by their places among all.
    open: BTreeMap<usize, Vec<Option<Rows>>>,
    /// The first run that could not be done.
    failed: Option<(u64, RunFailure)>,
    /// Nothing more can be written, or a thread has broken down.
    stopped: Option<Stop>,
}

/// A block of rows to do.
struct Block {
    place: usize,
    number: u64,
    first: u64,
    last: u64,
}

impl Work<'_> {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn thread(&self, written: &SyncSender<(u64, Vec<u8>)>) {
        while let Some(block) = self.claim() {
            // Who waits for this part to be done would wait for ever.
            let done = catch_unwind(AssertUnwindSafe(|| self.rows(&block))).unwrap_or_else(|panic| {
                self.stop(Stop::Machine("a run broke down".to_string()));
                resume_unwind(panic)
            });
            let Some(rows) = done else { return };
            let Some(blocks) = self.done(&block, rows) else { continue };
            let part = self.parts[block.place];
            let range = self.sweep.manifest.cut.rows_of(part);
            let mut all = self.sweep.rows_from(range.start);
            all.reserve((range.end - range.start) as usize);
            blocks.into_iter().flatten().for_each(|rows| all.append(rows));
            match part::encode(&self.sweep.manifest, part, &all) {
                // Nobody takes it any more: then it is known why.
                Ok(bytes) => drop(written.send((part, bytes))),
                Err(error) => self.stop(Stop::Machine(format!("cannot make part {part}: {error}"))),
            }
        }
    }

    /// The next block, as soon as there is room for its part.
    fn claim(&self) -> Option<Block> {
        let mut state = self.state();
        loop {
            let (place, number) = state.next;
            let part = *self.parts.get(place)?;
            if state.failed.is_some() || state.stopped.is_some() {
                return None;
            }
            if number > 0 || state.open.len() < self.open_max {
                let range = self.sweep.manifest.cut.rows_of(part);
                let blocks = (range.end - range.start).div_ceil(self.block);
                if number == 0 {
                    state.open.insert(place, vec![None; blocks as usize]);
                }
                state.next = if number + 1 == blocks { (place + 1, 0) } else { (place, number + 1) };
                let first = range.start + number * self.block;
                return Some(Block { place, number, first, last: (first + self.block).min(range.end) });
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Does the runs; nothing when one cannot be done. Blocks are handed out in order and each goes to its end or its first such run, so
    /// the first of all is met.
    fn rows(&self, block: &Block) -> Option<Rows> {
        let mut rows = self.sweep.rows_from(block.first);
        rows.reserve((block.last - block.first) as usize);
        for row in block.first..block.last {
            match self.sweep.run(row) {
                Ok(result) => self.sweep.push(&mut rows, &result),
                Err(failure) => {
                    let mut state = self.state();
                    if state.failed.as_ref().is_none_or(|(first, _)| row < *first) {
                        state.failed = Some((row, failure));
                    }
                    self.changed.notify_all();
                    return None;
                }
            }
        }
        self.progress.inc(block.last - block.first);
        Some(rows)
    }

    /// Puts a block to its part; all blocks when it was the last.
    fn done(&self, block: &Block, rows: Rows) -> Option<Vec<Option<Rows>>> {
        let mut state = self.state();
        let blocks = state.open.get_mut(&block.place)?;
        blocks[block.number as usize] = Some(rows);
        if blocks.iter().any(Option::is_none) {
            return None;
        }
        self.changed.notify_all();
        state.open.remove(&block.place)
    }

    fn stop(&self, stop: Stop) {
        self.state().stopped.get_or_insert(stop);
        self.changed.notify_all();
    }
}
