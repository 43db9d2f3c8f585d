//! The keys of `[[workload.clients]]`.

use super::latency::LATENCY;
use super::{Holds, Key, key};

/// An entry of `[[workload.clients]]`: exactly one of `rate`, `every` and `think`.
pub const CLIENTS: &[Key] = &[
    key(
        "name",
        "a-z, 0-9 and -",
        "What they draw goes by it, whatever other entries there are; without it, by the entry's place.",
    ),
    key("odds", "probability", "In which share of the seeds they are there at all; without it, in all."),
    key("count", "whole number", "How many; without it, 1."),
    key("homes", "SET", "Beside which replicas they live, in turn; without it, all."),
    key("at", "duration", "When they begin; without it, at the start."),
    key("until", "duration", "When they ask nothing new any more; without it, at the end of the run."),
    key("operations", "whole number", "The most that each of them asks; without it, any number."),
    key(
        "rate",
        "frequency",
        "Open loop: how many operations they ask together, answered or not, as independent people would (Poisson).",
    ),
    key("every", "latency", "Open loop with other intervals: from one operation to the next, over all of them together.")
        .holds(Holds::ValueOrTable(LATENCY)),
    key("think", "latency", "Closed loop: each asks, waits for the outcome, thinks so long, and asks again.")
        .holds(Holds::ValueOrTable(LATENCY)),
    key("mix", "{ reads = 9, updates = 1 }", "What they ask, by weight; without it, reads and updates, half each.")
        .holds(Holds::Table(MIX)),
    key("keys", "whole number or { count = 1000, zipf = 0.99 }", "About how many registers; without it, one: register 0.")
        .holds(Holds::ValueOrTable(KEYS)),
    key(
        "ask",
        "\"home\", \"any\", \"turn\" or \"sticky\"",
        "Whom: the replica at home; any, drawn each time; one after the other; who answered last, or whom they were redirected to. Without it, \"home\".",
    ),
    key(
        "timeout",
        "duration",
        "When a client gives an operation up, all attempts included: its outcome is unknown; without it, never.",
    ),
    key("retries", "{ attempts = 3, patience = \"100ms\" }", "Whether and how they try again; without it, they do not.")
        .holds(Holds::Table(RETRIES)),
];

const MIX: &[Key] = &[
    key("reads", "whole number", "Without it, 0."),
    key("updates", "whole number", "Without it, 0."),
    key("removes", "whole number", "Takes one away, where the protocol knows that; without it, 0."),
    key("cas", "whole number", "Writes if the register still holds what the client saw there last; without it, 0."),
    key("transactions", "whole number", "Several reads and updates at once, in the ratio of their weights; without it, 0."),
    key("locks", "whole number", "Acquire a lock, hold it for a thought, release it, and so on; without it, 0."),
    key("joins", "whole number", "Orders that a node, drawn among all, be a member from then on; without it, 0."),
    key("leaves", "whole number", "Orders that a node, drawn among all, be a member no more; without it, 0."),
    key("transfers", "whole number", "Orders that a node, drawn among all, lead; without it, 0."),
    key("length", "[2, 4]", "How many parts a transaction has, at least and at most; without it, two."),
];

const KEYS: &[Key] = &[
    key("count", "whole number", "How many registers.").required(),
    key("zipf", "number", "Skew s above 0: the k-th is asked about in proportion to 1/k^s; without it, all alike."),
];

const RETRIES: &[Key] = &[
    key("attempts", "whole number", "The most, the first included: at least 2.").required(),
    key("patience", "duration", "How long after it asked a client counts an attempt as failed.").required(),
    key("backoff", "duration or { first = \"10ms\", most = \"1s\" }", "How long it then waits; without it, not at all.")
        .holds(Holds::ValueOrTable(BACKOFF)),
    key("elsewhere", "true or false", "Whether the next attempt goes to the next replica; without it, false."),
    key("refusals", "true or false", "Whether a refusal is a failed attempt too; without it, false: the outcome."),
    key("budget", "probability", "The most retries as a share of first attempts, with a reserve of ten; without it, any number."),
];

const BACKOFF: &[Key] = &[
    key("first", "duration", "Before the second attempt.").required(),
    key("factor", "number from 1", "How many times as long each time; without it, 2."),
    key("most", "duration", "The longest; without it, as long as it grows."),
    key(
        "jitter",
        "true or false",
        "Drawn evenly from nothing to that, so that clients do not all come back at once; without it, true.",
    ),
];
