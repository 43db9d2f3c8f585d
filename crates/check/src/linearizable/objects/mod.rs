//! The sequential objects, each in a file, and what the operations of a history come to on them.

pub(super) mod counter;
pub(super) mod fates;
pub(super) mod register;
pub(super) mod sequence;
pub(super) mod set;
pub(super) mod text;
