//! The laboratory as its users meet it: texts in, plans and reports out. One program, for each links every protocol.

mod accepted;
mod clients;
mod common;
mod disks;
mod faults;
mod files;
mod json;
mod latency;
mod manual;
mod mutations;
mod nemesis;
mod overlap;
mod overload;
mod parameters;
mod places;
mod reports;
mod right;
mod table;
mod topology;
mod wan;
mod wrong;
