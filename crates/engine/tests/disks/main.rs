//! The disks' promises: a crash loses exactly what was not synced, damage is found, a full disk lets nobody claim what it did not
//! take, and each of their faults touches nothing else.

mod alone;
mod damage;
mod exploring;
mod full;
mod keeper;
mod queue;
mod tails;
