//! The judges: plain histories and observations in, a verdict with its evidence out. This crate knows neither the engine nor
//! any protocol, so nobody who wrote those can talk it round.
//!
//! | what is judged | judges |
//! |---|---|
//! | histories: what clients asked and were told, from runs or files ([`history`]), by name ([`checks`]) | [`linearizable`], [`isolation`], [`sessions`], [`causal`], [`membership`], [`counter_bounds`], [`exclusion`], [`unique`]; against a bound, [`staleness`] |
//! | observations of what replicas did, as protocols state them: deliveries, votes and decisions, terms and leases, sections and fencing tokens, states at every step, what data types and lists show | [`order`], [`commit`], [`leader`], [`exclusion`], [`strong_eventual`], [`visibility`], [`list`] |
//! | the end of a run: states, registers, counters and logs | [`eventual`], [`register`], [`counter`], [`durable`] |

pub mod budget;
pub mod causal;
pub mod checks;
pub mod commit;
pub mod counter;
pub mod counter_bounds;
pub mod durable;
pub mod eventual;
pub mod exclusion;
pub mod history;
pub mod isolation;
mod keys;
pub mod leader;
pub mod linearizable;
pub mod list;
pub mod loads;
pub mod membership;
pub mod order;
pub mod register;
#[cfg(test)]
mod sample;
pub mod sessions;
pub mod staleness;
pub mod strong_eventual;
mod traces;
pub mod unique;
pub mod visibility;

/// What a judge found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The property held.
    Ok,
    /// It did not: what a person needs to see why.
    Violation(String),
    /// A budget ran out, or there was nothing to judge: which.
    Unknown(String),
    /// Nobody promised it under the circumstances: which they were. No run is held back by that.
    NotJudged(String),
}

impl Verdict {
    /// `ok`, `violation`, `unknown` or `not-judged`, as reports have it.
    pub fn name(&self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Violation(_) => "violation",
            Verdict::Unknown(_) => "unknown",
            Verdict::NotJudged(_) => "not-judged",
        }
    }

    /// The evidence, empty when the property held.
    pub fn evidence(&self) -> &str {
        match self {
            Verdict::Ok => "",
            Verdict::Violation(text) | Verdict::Unknown(text) | Verdict::NotJudged(text) => text,
        }
    }
}
