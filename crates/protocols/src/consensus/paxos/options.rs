//! What the two protocols' options and planted variants have in common.

use crate::harness::planted;
use crate::options::{Field, OptionError};
use crate::registry::{Job, Variant};
use quorate_engine::time::SECOND;

/// What a planted variant does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mistake {
    /// An acceptor that accepts in a ballot does not promise it.
    AcceptsWithoutPromise,
    /// Promises and acceptances are not written down.
    Forgets,
    /// Ballots lack the proposer's number.
    SharesBallots,
    /// What was accepted expires by the wall clock.
    Expires,
}

/// How long an acceptor remembers that forgets ([`Mistake::Expires`]), in ns of its wall clock.
pub(super) const EXPIRES_AFTER: i64 = SECOND as i64;

const MISTAKES: [Mistake; 4] = [Mistake::AcceptsWithoutPromise, Mistake::Forgets, Mistake::SharesBallots, Mistake::Expires];

/// The planted variants, in the order of [`MISTAKES`].
pub(super) const VARIANTS: [Variant; MISTAKES.len()] = [
    Variant {
        name: "accept-no-promise",
        summary: "an acceptor that accepts in a ballot does not raise its promise to it, and accepts in lower ones afterwards",
        caught_by: super::monitor::AGREEMENT,
    },
    Variant {
        name: "acceptor-amnesia",
        summary: "promises and acceptances are kept in memory only: a restart forgets them",
        caught_by: super::monitor::AGREEMENT,
    },
    Variant {
        name: "ballot-reuse",
        summary: "ballots lack the proposer's number, so that two proposers may use the same",
        caught_by: super::monitor::ONE_VALUE_PER_BALLOT,
    },
    Variant {
        name: "state-ttl",
        summary: "an acceptor forgets what it accepted more than a second ago by its wall clock",
        caught_by: super::monitor::AGREEMENT,
    },
];

/// What every server of either protocol needs to know.
#[derive(Clone, Debug)]
pub struct Common {
    /// Acceptors.
    pub nodes: u32,
    /// One forced write covers all that came in during the last one.
    pub group_commit: bool,
    /// What is wrong on purpose.
    pub mistake: Option<Mistake>,
}

impl Common {
    pub(super) fn of(job: &Job<'_>) -> Result<Common, OptionError> {
        let mistake = planted(job.variant, &VARIANTS, &MISTAKES)?;
        Ok(Common { nodes: job.setup.nodes, group_commit: job.options.flag(GROUP_COMMIT.name), mistake })
    }

    /// Whether this mistake is made.
    pub(super) fn makes(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    /// Whether so many acceptors are a majority.
    pub(super) fn is_majority(&self, acceptors: usize) -> bool {
        acceptors > self.nodes as usize / 2
    }
}

pub(super) const GROUP_COMMIT: Field =
    Field::flag("group-commit", true, "What is to be written during a forced write shares the next one.");
