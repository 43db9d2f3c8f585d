//! Monitors judge the facts that replicas state, event by event, inside the world: so a violation is found at the very
//! event that caused it, and exploration can search for one. Judging whole histories afterwards is not done here.

use crate::actor::Actor;
use crate::id::NodeId;
use crate::time::Time;
use std::fmt::Debug;
use std::hash::Hash;

/// A judge over the facts of one protocol. Its state is part of an explored state, hence the bounds.
pub trait Monitor<A: Actor>: Clone + Eq + Hash + Default + Debug + 'static {
    /// The names of the properties that the monitor judges.
    const PROPERTIES: &'static [&'static str];

    /// Judges a fact that `node` states.
    ///
    /// # Errors
    /// The property that the fact violates, with what a person needs to see why.
    fn fact(&mut self, options: &A::Options, node: NodeId, fact: &A::Fact) -> Result<(), Broken>;
}

impl<A: Actor> Monitor<A> for () {
    const PROPERTIES: &'static [&'static str] = &[];

    fn fact(&mut self, _: &A::Options, _: NodeId, _: &A::Fact) -> Result<(), Broken> {
        Ok(())
    }
}

/// A property that does not hold.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Broken {
    /// One of [`Monitor::PROPERTIES`], or [`UNIQUE_UPDATES`].
    pub property: &'static str,
    /// What happened, with the facts in it.
    pub evidence: String,
}

/// The property that the world itself judges: an update's number names one operation for ever ([`crate::Context::accept`]).
pub const UNIQUE_UPDATES: &str = "unique-updates";

/// When and where a property broke.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Violation {
    /// The instant of the event.
    pub at: Time,
    /// The replica that stated the fact.
    pub node: NodeId,
    /// What broke.
    pub broken: Broken,
}
