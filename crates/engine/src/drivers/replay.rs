//! Replay: a recorded run again, step by step, in a world that has no notion of what is due when. That both ends are equal
//! shows that a run is nothing but its steps: the seam between the world and its drivers holds.

use crate::actor::Actor;
use crate::collections::HashMap;
use crate::id::NodeId;
use crate::ledger::{Blind, Ledger};
use crate::outcome::RunError;
use crate::schedule::{Bag, InFlight};
use crate::setup::{Setup, Workload};
use crate::simulate::{Happening, Simulation, Step};
use crate::timers::Slots;
use crate::world::World;

/// A recorded run.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Record {
    steps: Vec<Step>,
}

impl Record {
    /// How many things happened.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether nothing happened.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

/// Runs the simulator, replays what it recorded, and holds both ends against each other: the record, and the first replica
/// that differs, if any does.
///
/// # Errors
/// When the run itself has no result.
pub fn replay<A: Actor>(
    setup: &Setup,
    options: &A::Options,
    workload: impl Into<Workload<A::Request>>,
) -> Result<(Record, Option<String>), RunError> {
    let workload = workload.into();
    let mut simulation = Simulation::<A, Ledger>::new(setup, options, workload.clone());
    simulation.record();
    simulation.run()?;
    let record = Record { steps: simulation.steps() };
    let replicas = match follow::<A>(setup, options, workload, &record) {
        Ok(replicas) => replicas,
        Err(stuck) => return Ok((record, Some(stuck))),
    };
    let different = simulation.replicas().zip(&replicas).position(|((simulated, _), replayed)| simulated != replayed);
    Ok((record, different.map(|node| format!("n{node} ends in another state when the record is replayed"))))
}

/// Follows a record from the start; the replicas at its end.
///
/// # Errors
/// The step that could not be taken, when the record is not one of this setup.
pub fn follow<A: Actor>(
    setup: &Setup,
    options: &A::Options,
    workload: impl Into<Workload<A::Request>>,
    record: &Record,
) -> Result<Vec<A>, String> {
    let mut world = World::<A, Blind, Bag<A::Message>>::new(setup, options, workload.into());
    world.start();
    // A message may arrive twice, so what arrived is kept.
    let mut in_flight: HashMap<(NodeId, u32), InFlight<A::Message>> = HashMap::default();
    for (index, step) in record.steps.iter().enumerate() {
        while let Some((place, message)) = world.schedule.messages.pop_first() {
            in_flight.insert(place, message);
        }
        world.now = step.at;
        match step.happening {
            Happening::Arrive { from, to, sequence } => {
                // A copy has the number of its original, plus one.
                let Some(found) = in_flight.get(&(from, sequence & !1)).filter(|found| found.to == to) else {
                    return Err(format!("step {index} delivers message {sequence} of {from} to {to}, which was never sent"));
                };
                let (found, depth) = (found.clone(), found.depth);
                world.arrive(found.letter(), to, depth);
            }
            Happening::Fire { node, timer } => {
                let slot = &world.nodes[node.index()].timers.slots()[usize::from(timer)];
                if slot.deadline != step.at.0 {
                    return Err(format!("step {index} fires timer {timer} of {node} at {}, when it is not due", step.at));
                }
                world.due(node, timer);
            }
            Happening::Occur { to, depth, event } => world.occur(to, depth, event),
            Happening::Moment(moment) => world.moment(moment),
        }
    }
    Ok(world.nodes.into_iter().map(|node| node.actor).collect())
}
