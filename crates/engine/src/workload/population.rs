//! Populations of clients that ask by themselves.

use super::Zipf;
use crate::id::{NodeId, NodeSet};
use crate::latency::Span;
use crate::random::{Draw, Probability};
use crate::time::{Nanos, Time};

/// Clients of one kind.
#[derive(Clone, PartialEq, Debug)]
pub struct Population {
    /// Its draws are keyed by this and by its clients' own places in it: they stay as they are whatever other populations there are.
    /// No two have the same.
    pub number: u32,
    /// How many: at least 1.
    pub clients: u32,
    /// The replicas beside which they live, in turn: not empty.
    pub homes: NodeSet,
    /// When they begin: the first operation comes one interval later, or after the first thought.
    pub from: Time,
    /// When they ask nothing new any more: before [`crate::setup::Setup::duration`] they go on waiting for what they have asked.
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

impl Population {
    /// Clients beside these replicas that read and update one register, half each, from the start to the end of the run, each asking the
    /// replica at home, once: to be built upon.
    pub fn plain(number: u32, clients: u32, homes: NodeSet, pace: Pace) -> Population {
        Population {
            number,
            clients,
            homes,
            from: Time::ZERO,
            until: Time(u64::MAX),
            operations: None,
            pace,
            mix: Mix::READS_AND_UPDATES,
            keys: KeyChoice::Uniform { keys: 1 },
            aim: Aim::Home,
            timeout: None,
            retries: None,
        }
    }

    /// Where a client lives.
    pub(crate) fn home(&self, client: u32) -> NodeId {
        let mut place = u64::from(client) % self.homes.len();
        for &(low, high) in self.homes.ranges() {
            match u64::from(high - low) {
                here if place < here => return NodeId(low + place as u32),
                here => place -= here,
            }
        }
        unreachable!("the place is below the number of homes")
    }
}

/// How fast clients ask.
#[derive(Clone, PartialEq, Debug)]
pub enum Pace {
    /// Open loop: the population's next operation comes so long after the one before, whether that was answered or not. Operations go round the clients.
    Open {
        /// From one to the next, over the whole population; at least 1 ns.
        every: Span,
    },
    /// Closed loop: each client asks, waits for the outcome, thinks, and asks again.
    Closed {
        /// From an outcome to the next operation.
        think: Span,
    },
}

/// What clients ask, by weight: not all 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mix {
    /// Of reads.
    pub reads: u32,
    /// Of updates.
    pub updates: u32,
    /// Of removals, of one each.
    pub removes: u32,
    /// Of compare-and-set.
    pub cas: u32,
    /// Of transactions.
    pub transactions: u32,
    /// Of locks: acquire one, release it at the next time, and so on; a client that does not know whether it has the lock asks again until
    /// it knows, and one that was told that another has it goes on to another key. Only in a closed loop, and not beside `cas`: what
    /// [`crate::Actor::told`] tells is then a token.
    pub locks: u32,
    /// Of orders that a node, any of them, be a member from then on.
    pub joins: u32,
    /// Of orders that a node, any of them, be a member no more.
    pub leaves: u32,
    /// Of orders that a node, any of them, lead.
    pub transfers: u32,
    /// How many reads and updates, in the ratio of their weights (evenly when both are 0), a transaction has: the least and the most,
    /// from 1 on.
    pub transaction_length: (u32, u32),
}

impl Mix {
    /// Half each.
    pub const READS_AND_UPDATES: Mix = Mix {
        reads: 1,
        updates: 1,
        removes: 0,
        cas: 0,
        transactions: 0,
        locks: 0,
        joins: 0,
        leaves: 0,
        transfers: 0,
        transaction_length: (1, 1),
    };

    /// The weights, in the order of the fields.
    pub const fn weights(&self) -> [u32; 9] {
        [self.reads, self.updates, self.removes, self.cas, self.transactions, self.locks, self.joins, self.leaves, self.transfers]
    }
}

/// Which register an operation is about.
#[derive(Clone, PartialEq, Debug)]
pub enum KeyChoice {
    /// Any below this number, all equally likely.
    Uniform {
        /// How many there are: at least 1.
        keys: u32,
    },
    /// The k-th, from 1, with a probability in proportion to `1 / k^skew`.
    Zipf(Zipf),
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
    /// Whoever answered it last, or whom it was redirected to; at first the one at home.
    Sticky,
}

/// How a client tries again.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Retries {
    /// The most attempts of an operation, the first included: at least 2.
    pub attempts: u32,
    /// How long after it asked it waits before it counts an attempt as failed: after each round of an attempt, and each redirect, anew.
    pub patience: Nanos,
    /// How long it then waits before the next.
    pub backoff: Backoff,
    /// Whether the next attempt goes to the next replica, or to the same.
    pub elsewhere: bool,
    /// Whether a refusal counts as a failed attempt, to be tried again.
    pub refusals: bool,
    /// The most retries as a share of first attempts, over the whole population; `None`: any number. As a bucket of ten tokens, full at
    /// first: each first attempt puts in so much of one, each retry takes one out, and where there is none, the client gives up
    /// (Beyer et al., Site Reliability Engineering, 2016, ch. 21, "client-side retry budget"; gRPC proposal A6, "retry throttling").
    pub budget: Option<Probability>,
}

/// How long a client waits before it tries again: `first`, and `factor` times as long each time, at most `most`. With jitter, the "full
/// jitter" of Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
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

impl Backoff {
    /// The wait before the attempt of that number, from 2 on, in ns; `draw` is for the jitter.
    pub(crate) fn before(&self, attempt: u32, draw: u64) -> Nanos {
        let mut wait = u128::from(self.first.min(self.most));
        for _ in 2..attempt {
            if wait == 0 || wait >= u128::from(self.most) || self.factor == 1_000 {
                break;
            }
            wait = (wait * u128::from(self.factor) / 1_000).min(u128::from(self.most));
        }
        let wait = wait as Nanos;
        match self.jitter {
            true if wait == Nanos::MAX => draw,
            true => Draw(draw).below(wait + 1),
            false => wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_by_the_factor_up_to_the_most() {
        let backoff = Backoff { first: 100, factor: 2_500, most: 1_000, jitter: false };
        let waits: Vec<Nanos> = (2..8).map(|attempt| backoff.before(attempt, 0)).collect();
        assert_eq!(waits, [100, 250, 625, 1_000, 1_000, 1_000]);
        let endless = Backoff { first: 1, factor: u32::MAX, most: Nanos::MAX, jitter: true };
        assert_eq!((endless.before(u32::MAX, 77), endless.before(2, u64::MAX)), (77, 1));
        let still = Backoff { first: 7, factor: 1_001, most: 1_000, jitter: false };
        assert_eq!(still.before(u32::MAX, 0), 7, "a thousandth of 7 is no nanosecond");
    }

    #[test]
    fn homes_are_given_in_turn() {
        let homes = NodeSet::from_ranges([(1, 3), (7, 8)]);
        let population = Population::plain(0, 5, homes, Pace::Closed { think: Span::constant(0) });
        assert_eq!([0, 1, 2, 3, 4].map(|client| population.home(client).0), [1, 2, 7, 1, 2]);
    }
}
