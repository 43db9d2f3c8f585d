//! The keys of a latency.

use super::{Holds, Key, key};

/// A latency, unless it is a plain duration.
pub const LATENCY: &[Key] = &[
    key("constant", "duration", "Always the same."),
    key("uniform", "[\"1ms\", \"10ms\"]", "Every nanosecond between the two equally likely."),
    key("lognormal", "{ median = \"5ms\", p99 = \"40ms\" }", "Most are near the median, few are far above.")
        .holds(Holds::Table(LOGNORMAL)),
    key("exponential", "{ mean = \"5ms\" }", "Memoryless.").holds(Holds::Table(EXPONENTIAL)),
];

const LOGNORMAL: &[Key] = &[
    key("median", "duration", "Half of all are below.").required(),
    key("p99", "duration", "99 % of all are below.").required(),
];
const EXPONENTIAL: &[Key] = &[key("mean", "duration", "The mean.").required()];
