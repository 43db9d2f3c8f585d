//! What goes wrong, as a scenario says it. The timeline that it comes to is the engine's.

use quorate_engine::fault::{Fault, Trigger, Who};
use quorate_engine::time::{Nanos, Time};

/// An entry of `[[faults]]`.
#[derive(Clone, PartialEq, Debug)]
pub struct FaultEntry {
    /// When it strikes, or from when on its trigger counts: before the run's end.
    pub at: Time,
    /// What it waits for.
    pub trigger: Option<Trigger>,
    /// How long it lasts, for what ends by itself; it ends at the run's end at the latest.
    pub lasts: Option<Nanos>,
    /// Whom it befalls, where only the run knows; then the fault's own sets are empty.
    pub who: Option<Who>,
    /// A partition that comes and goes as long as it lasts.
    pub flapping: Option<Flapping>,
    /// What happens.
    pub what: What,
}

/// What an entry of `[[faults]]` does.
#[derive(Clone, PartialEq, Debug)]
#[expect(clippy::large_enum_variant, reason = "a scenario has few of them, and they are read once")]
pub enum What {
    /// This. A partition or a degradation has the number of its entry, from 0.
    One(Fault),
    /// Every partition in force ends.
    HealAll,
    /// Every degradation in force ends.
    MendAll,
}

/// The two phases of a partition that comes and goes, both longer than 0. It begins with the first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Flapping {
    /// Nodes are cut off.
    pub down: Nanos,
    /// They reach each other.
    pub up: Nanos,
}

impl What {
    /// The name that scenario files have.
    pub fn name(&self) -> &'static str {
        match self {
            What::One(fault) => fault.name(),
            What::HealAll => "heal",
            What::MendAll => "mend",
        }
    }
}
