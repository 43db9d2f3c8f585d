//! The protocols as their users meet them: through the registry. One program, for each links every protocol.

mod common;
mod elections;
mod registry;
mod replication;
mod reports;
mod rounds;
mod rumors;
mod three_phase;
