//! The keys of `[network]`.

use super::{Holds, Key, LATENCY, key};

/// `[network]`
pub const NETWORK: &[Key] = &[
    key("topology", "\"mesh\"", "Who is linked to whom; without it, \"mesh\": everyone to everyone."),
    key("latency", "latency", "One-way delay of a message; without it, \"1ms\".").holds(Holds::ValueOrTable(LATENCY)),
    key("loss", "probability", "That a message never arrives; without it, 0."),
    key("duplication", "probability", "That a message arrives twice; without it, 0."),
    key("reordering", "{ probability = 0.1, extra = \"20ms\" }", "Some messages are held back; without it, none.")
        .holds(Holds::Table(REORDERING)),
    key("client-latency", "latency", "One-way delay between client and replica; without it, clients live beside their replica.")
        .holds(Holds::ValueOrTable(LATENCY)),
];

const REORDERING: &[Key] = &[
    key("probability", "probability", "That a message is held back.").required(),
    key("extra", "latency", "By how long, on top of its delay.").required().holds(Holds::ValueOrTable(LATENCY)),
];
