//! Replication of one key-value store (catalogue I): what a write costs before it is acknowledged, and what is then certain. Here
//! stands what its protocols share: what clients ask ([`machine`]), how records become durable ([`journal`]), and how what clients
//! saw is judged.

pub mod journal;
pub(crate) mod judge;
pub mod machine;
pub mod primary_backup;
pub mod register;
