//! Options that all protocols that commit transactions have.

use super::monitor::Promises;
use super::store::{CONCURRENCY, Waits};
use super::transaction::{BALANCE, Object};
use crate::options::{Field, OptionError};
use crate::registry::Job;
use quorate_engine::NodeId;
use quorate_engine::random::Probability;
use quorate_engine::setup::Setup;
use quorate_engine::time::{Nanos, SECOND};

/// Nodes that keep keys.
pub(super) const KEEPERS: Field = Field::integer(
    "participants",
    0,
    1_000_000,
    0,
    "Nodes that keep keys, from node 0 on: key k is on node k modulo these. The others keep none. 0 stands for all nodes.",
);
/// How long one waits for a lock.
pub(super) const LOCK_TIMEOUT: Field =
    Field::duration("lock-timeout", SECOND, "How long a transaction waits for a lock, where concurrency is timeout.");
/// How long votes are waited for.
pub(super) const PREPARE_TIMEOUT: Field =
    Field::duration("prepare-timeout", 10 * SECOND, "How long a coordinator waits for all votes before it aborts.");
/// How often things are tried again.
pub(super) const RETRIES: Field = Field::integer(
    "retries",
    0,
    16,
    3,
    "How often a coordinator tries a transaction again that a timeout or another transaction aborted; and how often waits double.",
);
/// How long one waits before that.
pub(super) const BACKOFF: Field =
    Field::duration("backoff", SECOND, "How long it waits before the first of these; each further wait is twice as long.");
/// Whether forced writes are shared.
pub(super) const GROUP_COMMIT: Field =
    Field::flag("group-commit", true, "What is to be written during a forced write shares the next one.");

/// The name of the timeout that every protocol describes for itself.
pub(super) const COMMIT_TIMEOUT: &str = "commit-timeout";

/// What all of them have.
#[derive(Clone, Debug)]
pub struct Common {
    /// Nodes `0..keepers` keep the keys.
    pub keepers: u32,
    /// All nodes.
    pub nodes: u32,
    /// What is under the keys.
    pub object: Object,
    /// What every account holds at the beginning.
    pub balance: i64,
    /// What becomes of who finds a lock taken.
    pub waits: Waits,
    /// How long one waits for a lock with [`Waits::Timeout`], in ns.
    pub lock_timeout: Nanos,
    /// How long a coordinator waits for votes, in ns.
    pub prepare_timeout: Nanos,
    /// How long one waits for a decision, or for its acknowledgement, in ns.
    pub commit_timeout: Nanos,
    /// How often a transaction that was aborted for others' sake is tried again, and how often a wait doubles.
    pub retries: u32,
    /// The wait before the first of these, in ns.
    pub backoff: Nanos,
    /// One forced write covers all that came in during the last one.
    pub group_commit: bool,
    /// Nothing can fail.
    pub calm: bool,
}

impl Common {
    /// What a job says of them.
    ///
    /// # Errors
    /// When more nodes are to keep keys than there are.
    pub(super) fn of(job: &Job<'_>) -> Result<Common, OptionError> {
        let values = job.options;
        let nodes = job.setup.nodes;
        let keepers = match values.integer(KEEPERS.name) as u32 {
            0 => nodes,
            keepers if keepers <= nodes => keepers,
            keepers => {
                let message = format!("{keepers} nodes are to keep keys, and there are {nodes}; say fewer, or 0 for all");
                return Err(OptionError { field: KEEPERS.name, message });
            }
        };
        Ok(Common {
            keepers,
            nodes,
            object: Object::of(values),
            balance: values.integer(BALANCE.name).cast_signed(),
            waits: Waits::of(values),
            lock_timeout: values.duration(LOCK_TIMEOUT.name),
            prepare_timeout: values.duration(PREPARE_TIMEOUT.name),
            commit_timeout: values.duration(COMMIT_TIMEOUT),
            retries: values.integer(RETRIES.name) as u32,
            backoff: values.duration(BACKOFF.name),
            group_commit: values.flag(GROUP_COMMIT.name),
            calm: is_calm(job.setup),
        })
    }

    /// Refuses the ways of locking that need the centre of two-phase commit.
    ///
    /// # Errors
    /// For wound-wait and optimistic transactions.
    pub(super) fn waits_for_locks(&self) -> Result<(), OptionError> {
        match self.waits {
            Waits::WaitDie | Waits::Timeout => Ok(()),
            Waits::WoundWait | Waits::Never => {
                let message = "two-phase-commit alone has it; set concurrency = \"wait-die\" or \"timeout\"".to_string();
                Err(OptionError { field: CONCURRENCY.name, message })
            }
        }
    }

    /// Whether a node keeps keys.
    pub(super) fn keeps(&self, node: NodeId) -> bool {
        node.0 < self.keepers
    }

    /// How long the wait of this number is, from 0: each is twice as long as the one before.
    pub(super) fn doubled(&self, wait: Nanos, number: u32) -> Nanos {
        wait.saturating_mul(1 << number.min(self.retries))
    }
}

impl Promises for Common {
    fn calm(&self) -> bool {
        self.calm
    }
}

/// Whether nothing can fail: no faults, and no message is lost.
fn is_calm(setup: &Setup) -> bool {
    setup.faults.is_empty() && setup.network.links.iter().all(|link| link.loss == Probability::never())
}
