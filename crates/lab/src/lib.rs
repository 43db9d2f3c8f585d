//! The laboratory: scenario text becomes a [`plan::Plan`] that is valid by construction, and what its runs showed is judged
//! against what the scenario expects. No I/O, threads or clocks: whoever calls brings the bytes and takes plain data.

pub mod arithmetic;
pub mod compare;
pub mod describe;
pub mod expect;
pub mod metrics;
pub mod plan;
pub mod report;
mod resolved;
pub mod run;
pub mod statistics;
pub mod sweep;
pub mod table;
pub mod text;
pub mod units;
