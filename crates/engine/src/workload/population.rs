//! Populations of clients that ask by themselves.

use crate::id::NodeSet;
use crate::latency::Distribution;
use crate::random::Probability;
use crate::time::{Nanos, Time};

/// Clients of one kind.
#[derive(Clone, PartialEq, Debug)]
pub struct Population {
    /// How many: at least 1.
    pub clients: u32,
    /// The replicas beside which they live, in turn: not empty.
    pub homes: NodeSet,
    /// When they begin.
    pub from: Time,
    /// When they ask nothing new any more.
    pub until: Time,
    /// The most operations that each of them asks; `None`: any number.
    pub operations: Option<u32>,
    /// How fast.
    pub pace: Pace,
    /// What.
    pub mix: Mix,
    /// About which registers.
    pub keys: KeyChoice,
    /// Whom.
    pub aim: Aim,
    /// How long a client waits for the end of an operation, all its attempts included, before it calls the outcome unknown. `None`: until the end of the run.
    pub timeout: Option<Nanos>,
    /// Whether and how it tries again.
    pub retries: Option<Retries>,
}

/// How fast clients ask.
#[derive(Clone, PartialEq, Debug)]
pub enum Pace {
    /// Open loop: the population's next operation comes so long after the one before, whether that was answered or not. Operations go round the clients.
    Open {
        /// From one to the next, over the whole population.
        every: Distribution,
    },
    /// Closed loop: each client asks, waits for the outcome, thinks, and asks again.
    Closed {
        /// From an outcome to the next operation.
        think: Distribution,
    },
}

/// What clients ask, by weight: not all 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mix {
    /// Of reads.
    pub reads: u32,
    /// Of updates.
    pub updates: u32,
    /// Of compare-and-set.
    pub cas: u32,
    /// Of transactions.
    pub transactions: u32,
    /// How many reads and updates, in the ratio of their weights, a transaction has: the least and the most, from 1 on.
    pub transaction_length: (u32, u32),
}

/// Which register an operation is about.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum KeyChoice {
    /// Any below this number, all equally likely.
    Uniform {
        /// How many there are: at least 1.
        keys: u32,
    },
    /// The k-th, from 1, with a probability in proportion to `1 / k^skew`.
    Zipf {
        /// How many there are: at least 1.
        keys: u32,
        /// Above 0.
        skew: f64,
    },
}

/// Whom a client asks first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Aim {
    /// The replica beside which it lives.
    Home,
    /// Any replica, drawn anew for each operation.
    Any,
    /// One after the other, beginning at home.
    Turn,
    /// Whoever answered it last, or whom it was sent to; at first the one at home.
    Sticky,
}

/// How a client tries again.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Retries {
    /// The most attempts of an operation, the first included: at least 2.
    pub attempts: u32,
    /// How long it waits for an answer before it counts an attempt as failed.
    pub patience: Nanos,
    /// How long it then waits before the next.
    pub backoff: Backoff,
    /// Whether the next attempt goes to the next replica, or to the same.
    pub elsewhere: bool,
    /// Whether a refusal counts as a failed attempt, to be tried again.
    pub refusals: bool,
    /// The most retries as a share of first attempts, over the whole population; `None`: any number. Ten may run ahead of it.
    pub budget: Option<Probability>,
}

/// How long a client waits before it tries again: `first`, and `factor` times as long each time, at most `most`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Backoff {
    /// Before the second attempt, in ns.
    pub first: Nanos,
    /// In thousandths, at least 1000.
    pub factor: u32,
    /// The longest.
    pub most: Nanos,
    /// Draw it evenly from 0 to that, so that clients do not all come back at once.
    pub jitter: bool,
}
