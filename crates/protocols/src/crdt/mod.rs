//! Conflict-free replicated data types (Shapiro et al. 2011; S1 Pattern 1): every replica takes what it is asked at once and on its
//! own, and states, deltas or operations make the others' copies alike, in whatever order and however often they arrive.
//!
//! - [`types`]: the types themselves, as plain values;
//! - [`replica`]: the actor that keeps copies of one at many nodes, whichever type it is ([`data`]);
//! - [`monitor`] and `judge`: what holds at every step, and at the end;
//! - `trial`: whether the laws hold that make coordination needless;
//! - `objects`: the registry's lines.
//!
//! Beside them stand protocols of their own: [`hybrid`], a counter with a fast path and a slow one, and [`payments`], which are made
//! safe to repeat by their names, and [`riak`], counters on a ring.

pub mod data;
mod evidence;
pub mod hybrid;
mod judge;
pub mod monitor;
mod objects;
pub mod payments;
pub mod replica;
pub mod riak;
mod telling;
mod trial;
pub mod types;
mod variants;

pub use objects::{
    BOUNDED_COUNTER, EVENT_LOG, G_COUNTER, G_SET, LWW_REGISTER, MV_REGISTER, OR_MAP, OR_SET, PN_COUNTER, READ_ADD_WRITE,
    REMOVE_WINS_SET, REPLICATED_TREE, RESETTABLE_COUNTER, SHOPPING_CART, TEXT, TWO_PHASE_SET,
};
