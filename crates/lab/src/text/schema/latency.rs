//! The keys of a latency.

use super::{Holds, Key, key};

/// A latency, unless it is a plain duration.
pub const LATENCY: &[Key] = &KINDS;

// What holds latencies is static: a constant cannot hold itself.
static KINDS: [Key; 10] = [
    key("constant", "duration", "Always the same."),
    key("uniform", "[\"1ms\", \"10ms\"]", "Every nanosecond between the two equally likely."),
    key("lognormal", "{ median = \"5ms\", p99 = \"40ms\" }", "Most are near the median, few are far above.")
        .holds(Holds::Table(LOGNORMAL)),
    key("exponential", "{ mean = \"5ms\" }", "Memoryless; a rate of 2 per millisecond is a mean of \"500us\".")
        .holds(Holds::Table(EXPONENTIAL)),
    key("normal", "{ mean = \"5ms\", stddev = \"1ms\" }", "Normal, on condition that it is not negative.")
        .holds(Holds::Table(NORMAL)),
    key("pareto", "{ scale = \"1ms\", shape = 1.5 }", "Heavy tail: more than x with probability (scale/x)^shape.")
        .holds(Holds::Table(PARETO)),
    key(
        "mixture",
        "[{ weight = 9, latency = \"1ms\" }, { weight = 1, latency = LATENCY }]",
        "Each from one of several latencies.",
    )
    .holds(Holds::Tables(&COMPONENT)),
    key("empirical", "{ samples = [\"1ms\", \"1.2ms\", \"9ms\"] }", "As measured: one of the samples, and nothing between them.")
        .holds(Holds::Table(EMPIRICAL)),
    key("shifted", "{ by = \"2ms\", latency = LATENCY }", "Another latency, and always so much more.")
        .holds(Holds::Table(&SHIFTED)),
    key(
        "truncated",
        "{ low = \"1ms\", high = \"50ms\", latency = LATENCY }",
        "Another latency on condition that it lies within bounds, as if others were drawn again.",
    )
    .holds(Holds::Table(&TRUNCATED)),
];

const LOGNORMAL: &[Key] = &[
    key("median", "duration", "Half of all are below.").required(),
    key("p99", "duration", "99 % of all are below.").required(),
];
const EXPONENTIAL: &[Key] = &[key("mean", "duration", "The mean.").required()];
const NORMAL: &[Key] = &[
    key("mean", "duration", "The mean, before what is negative is left out.").required(),
    key("stddev", "duration", "The standard deviation, likewise.").required(),
];
const PARETO: &[Key] = &[
    key("scale", "duration", "The least.").required(),
    key("shape", "number", "The tail's index alpha, above 0: the smaller, the heavier; up to 1, the mean is infinite.")
        .required(),
];
static COMPONENT: [Key; 2] = [
    key("weight", "number", "How often it is drawn, relative to the other weights; they need not add up to 1.").required(),
    other(),
];
const EMPIRICAL: &[Key] = &[
    key("samples", "[duration, duration, …]", "1 to 100000, in any order; each equally likely."),
    key("file", "path", "The same from a file: a duration a line, or a head such as latency_ms and a number a line.")
        .holds(Holds::File),
];
static SHIFTED: [Key; 2] = [key("by", "duration", "How much more.").required(), other()];
static TRUNCATED: [Key; 3] = [
    key("low", "duration", "The least that stays; without it, no lower bound."),
    key("high", "duration", "The greatest that stays; without it, no upper bound."),
    other(),
];

const fn other() -> Key {
    key("latency", "latency", "Any latency, one made of others too.").required().holds(Holds::ValueOrTable(&KINDS))
}
