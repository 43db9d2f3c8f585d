//! The simulated world of quorate: time, order, chance, links, disks, clocks, faults and the ledger, and the drivers over it.
//!
//! A protocol is an [`Actor`]: handlers that read what arrives and leave [`Effect`]s in a [`Context`]. A [`setup::Setup`] says
//! what the world is like and what befalls it. A driver decides what happens next: [`simulate::simulate`] lets time decide,
//! [`explore::explore`] tries every order within bounds, [`replay::replay`] follows a record, a
//! [`bench::Bench`] leaves it to its caller. The same setup and seed give
//! the same result, to the byte, on every platform.
//!
//! There are no protocols, files, threads, wall clocks or reports in here, and nothing that depends on a hash seed or on the
//! platform's maths.

pub mod actor;
mod chance;
pub mod clock;
pub mod collections;
pub mod context;
pub mod convergence;
pub mod disk;
mod drivers;
pub mod fault;
pub mod histogram;
pub mod id;
pub mod latency;
pub mod ledger;
pub mod loads;
pub mod monitor;
pub mod nemesis;
mod network;
pub mod outcome;
pub mod queue;
pub mod random;
pub mod reach;
mod schedule;
pub mod setup;
mod spells;
pub mod time;
pub mod timers;
pub mod topology;
pub mod wire;
pub mod workload;
mod world;

pub use actor::{Actor, Fact, FactKind, Heard, Kind, Message, NoTimer, Role, Timer};
pub use context::{Context, Effect, Embeds, Peers};
pub use drivers::{bench, explore, replay, simulate};
pub use id::{NodeId, NodeSet, OpId, Update};
pub use monitor::{Broken, Monitor, Violation};
pub use time::{Nanos, Time};
pub use timers::TimerSlot;
pub use wire::{Content, Sink, Wire};
