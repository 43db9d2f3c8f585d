//! The judges: plain histories and observations in, a verdict with its evidence out. This crate knows neither the engine nor
//! any protocol, so nobody who wrote those can talk it round.

pub mod budget;
pub mod checks;
pub mod counter;
pub mod durable;
pub mod eventual;
pub mod history;
pub mod isolation;
pub mod linearizable;
pub mod register;

/// What a judge found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The property held.
    Ok,
    /// It did not: what a person needs to see why.
    Violation(String),
    /// A budget ran out, or there was nothing to judge: which.
    Unknown(String),
}

impl Verdict {
    /// `ok`, `violation` or `unknown`, as reports have it.
    pub fn name(&self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Violation(_) => "violation",
            Verdict::Unknown(_) => "unknown",
        }
    }

    /// The evidence, empty when the property held.
    pub fn evidence(&self) -> &str {
        match self {
            Verdict::Ok => "",
            Verdict::Violation(text) | Verdict::Unknown(text) => text,
        }
    }
}
