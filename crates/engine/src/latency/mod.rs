//! Latency: how long a message is under way, as data ([`Distribution`]) and as something fast to draw from ([`Sampler`]).
//!
//! A scenario's distribution is checked and made into a sampler once; the engine then samples with one 64-bit draw a message,
//! in integers only. All floating point happens while the sampler is built, and there by `libm` alone, so that every platform
//! builds, and draws, the same integers. On the way a distribution comes to its parts (`parts.rs`): evenly spread, in steps, or
//! a smooth law (`law.rs`) within bounds (`window.rs`), of which a table is made (`table.rs`).
//!
//! It deliberately does not decide *which* distribution a message gets (that is the network), does not draw (that is
//! [`crate::random`]), and does not add latency to time: a sample may be as large as `u64::MAX`, so add saturating.

mod distribution;
#[cfg(test)]
mod golden;
mod invalid;
mod law;
mod normal;
mod parts;
mod sampler;
mod span;
mod table;
#[cfg(test)]
mod tests;
mod window;

pub use distribution::{Component, Distribution};
pub use invalid::InvalidDistribution;
pub use normal::normal_quantile;
pub use sampler::Sampler;
pub use span::Span;
