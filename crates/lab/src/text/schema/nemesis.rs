//! The keys of `[nemesis]`.

use super::faults::BEHAVIOUR;
use super::network::{BURSTS_KEY, CORRUPTION_KEY, REORDERING};
use super::{Holds, Key, LATENCY, SPREAD, key};

/// `[nemesis]`: when it is at work, and a key for each pattern.
pub const NEMESIS: &[Key] = &[
    key("from", "duration", "Nothing strikes before; without it, from the beginning."),
    key("quiet", "duration", "So long before the end of the run everything is well again, so that what must come back can.")
        .required(),
    key(
        "swarm",
        "true or false",
        "Each run leaves every pattern out with probability 1/2, and has the others more or less often; without it, false.",
    ),
    key(
        "spare",
        "whole number, \"minority\" or \"none\"",
        "At most so many nodes are away at once: down, paused, gone, byzantine or cut off; without it, \"none\": any number may be.",
    ),
    pattern(
        "partition",
        "{ every = \"10s\", lasts = \"2s\" }",
        "Nodes are cut off again and again, each time in one of some ways.",
        PARTITION,
    ),
    pattern(
        "flapping-link",
        "{ every = \"10s\", lasts = \"2s\", down = \"50ms\", up = \"50ms\" }",
        "A link between two nodes comes and goes as long as the spell lasts.",
        FLAPPING,
    ),
    pattern(
        "degrade",
        "{ every = \"10s\", lasts = \"2s\", loss = 0.3 }",
        "Messages to and from some nodes fare worse, on top of what links do anyway.",
        DEGRADE,
    ),
    pattern("crash", "{ every = \"10s\", lasts = \"2s\" }", "Nodes stop and lose what was not synced; then they restart.", CRASH),
    pattern(
        "crash-storm",
        "{ every = \"30s\", lasts = \"5s\", gap = \"200ms\", down = \"1s\" }",
        "As long as the spell lasts, one node after another crashes.",
        STORM,
    ),
    pattern(
        "rolling-restart",
        "{ every = \"30s\", lasts = \"500ms\", gap = \"1s\" }",
        "Each node crashes and restarts once, in the order of their numbers.",
        ROLLING,
    ),
    pattern(
        "outage",
        "{ every = \"30s\", lasts = \"5s\", of = \"region\" }",
        "A region, or everything, crashes at once.",
        OUTAGE,
    ),
    pattern("churn", "{ up = \"30s\", away = \"5s\" }", "Each node for itself is up and away in turns.", CHURN),
    pattern("pause", "{ every = \"10s\", lasts = \"2s\" }", "Nodes stand still; messages and timers wait.", PAUSE),
    pattern("slow", "{ every = \"10s\", lasts = \"2s\", factor = 10 }", "Hosts take so many times as long for everything.", SLOW),
    pattern("slow-disk", "{ every = \"10s\", lasts = \"2s\", factor = 10 }", "Forced writes take so many times as long.", SLOW),
    pattern("full-disk", "{ every = \"10s\", lasts = \"2s\" }", "Disks take no more records.", SPELLS),
    pattern(
        "corrupt",
        "{ every = \"10s\", bits = 2 }",
        "Bits of durable records flip; recovery finds it by their checksums.",
        CORRUPT,
    ),
    pattern("wipe", "{ every = \"10s\" }", "Disks are gone; what runs does not notice until it recovers.", WIPE),
    pattern(
        "clock-jump",
        "{ every = \"10s\", by = { uniform = [\"-1s\", \"1s\"] } }",
        "Wall clocks move, each by a draw of its own.",
        CLOCK_JUMP,
    ),
    pattern(
        "drift",
        "{ every = \"10s\", lasts = \"5s\", ppm = { uniform = [-500, 500] } }",
        "Clocks gain so much, each a draw of its own, and then what they did before.",
        DRIFT,
    ),
    pattern(
        "byzantine",
        "{ count = 1, behaviour = \"silent\" }",
        "Some nodes, the same from the nemesis's beginning to the quiet end, do not send what their protocol tells them to.",
        BYZANTINE,
    ),
];

/// One table of these keys, or several.
const fn pattern(name: &'static str, takes: &'static str, doc: &'static str, keys: &'static [Key]) -> Key {
    key(name, takes, doc).holds(Holds::TableOrTables(keys))
}

const EVERY: Key = key("every", "latency", "From the end of one spell, or the nemesis's beginning, to the next.")
    .required()
    .holds(Holds::ValueOrTable(LATENCY));
const LASTS: Key = key("lasts", "latency", "How long a spell lasts.").required().holds(Holds::ValueOrTable(LATENCY));
const NODES: Key = key("nodes", "SET", "Whom it may befall; without it, all.");
const NODES_OR_WHOM: Key = key("nodes", "SET or WHOM", "Whom it may befall; without it, all.");
const COUNT: Key = key(
    "count",
    "whole number, \"minority\", \"majority\" or \"all\"",
    "How many of these at once, drawn anew each time; without it, 1.",
);
const TAIL: Key = key(
    "tail",
    "\"lost\" or \"torn\"",
    "What is left of records that were not synced: nothing, or their first bytes; without it, \"lost\".",
);

const SPELLS: &[Key] = &[EVERY, LASTS, NODES, COUNT];
const PAUSE: &[Key] = &[EVERY, LASTS, NODES_OR_WHOM, COUNT];
const CRASH: &[Key] = &[EVERY, LASTS, NODES_OR_WHOM, COUNT, TAIL];
const PARTITION: &[Key] = &[
    EVERY,
    LASTS,
    NODES_OR_WHOM,
    key(
        "count",
        "whole number, \"minority\", \"majority\" or \"all\"",
        "How many are cut off, where the way is \"isolate\" or \"one-way\"; without it, 1.",
    ),
    key(
        "ways",
        "[\"halves\", \"bridge\"]",
        "One is drawn each time: \"halves\", \"isolate\", \"one-way\", \"bridge\" (two halves, and one node that reaches both), \"ring-of-majorities\", \"partial\" (two nodes that do not reach each other) or \"region\". Without it, [\"halves\"]; with a WHOM, [\"isolate\"].",
    ),
];
const FLAPPING: &[Key] = &[
    EVERY,
    LASTS,
    NODES,
    key("down", "latency", "How long the link is gone each time.").required().holds(Holds::ValueOrTable(LATENCY)),
    key("up", "latency", "How long it is there each time.").required().holds(Holds::ValueOrTable(LATENCY)),
];
const DEGRADE: &[Key] = &[
    EVERY,
    LASTS,
    NODES,
    key(
        "count",
        "whole number, \"minority\", \"majority\" or \"all\"",
        "The links of how many of these, drawn anew each time; without it, \"all\".",
    ),
    key("one-way", "true or false", "Only what they send, and not what they are sent; without it, false."),
    key("delay", "latency", "How much later a message arrives; without it, no later.").holds(Holds::ValueOrTable(LATENCY)),
    key("loss", "probability", "That a message is lost; without it, 0."),
    BURSTS_KEY,
    key("duplication", "probability", "That a message arrives twice; without it, 0."),
    key("reordering", "{ probability = 0.1, extra = \"20ms\" }", "Some messages are held back; without it, none.")
        .holds(Holds::Table(REORDERING)),
    CORRUPTION_KEY,
];
const STORM: &[Key] = &[
    EVERY,
    LASTS,
    NODES,
    key("gap", "latency", "From one crash to the next.").required().holds(Holds::ValueOrTable(LATENCY)),
    key("down", "latency", "How long each is down; several may be at once.").required().holds(Holds::ValueOrTable(LATENCY)),
    TAIL,
];
const ROLLING: &[Key] = &[
    key("every", "latency", "From the end of one round, or the nemesis's beginning, to the next.")
        .required()
        .holds(Holds::ValueOrTable(LATENCY)),
    key("lasts", "latency", "How long each node is down.").required().holds(Holds::ValueOrTable(LATENCY)),
    key("gap", "latency", "From one node's restart to the next one's crash.").required().holds(Holds::ValueOrTable(LATENCY)),
    key("nodes", "SET", "Who restarts; without it, all."),
    TAIL,
];
const OUTAGE: &[Key] = &[
    EVERY,
    LASTS,
    key("of", "\"region\" or \"everything\"", "One of [regions], drawn anew each time, or all nodes.").required(),
    TAIL,
];
const CHURN: &[Key] = &[
    key("up", "latency", "How long a node is up each time.").required().holds(Holds::ValueOrTable(LATENCY)),
    key("away", "latency", "How long it is away each time.").required().holds(Holds::ValueOrTable(LATENCY)),
    NODES,
    key(
        "by",
        "\"leave\", \"crash\" or \"pause\"",
        "How it is away: gone with its disk, down, or standing still; without it, \"leave\".",
    ),
    key("tail", "\"lost\" or \"torn\"", "Of crashes: what is left of records that were not synced; without it, \"lost\"."),
];
const SLOW: &[Key] =
    &[EVERY, LASTS, NODES, COUNT, key("factor", "number from 1", "How many times as long, to a thousandth.").required()];
const CORRUPT: &[Key] = &[
    EVERY,
    NODES,
    COUNT,
    key("bits", "whole number", "How many on the disk of each, drawn among those of durable records; without it, 1."),
];
const WIPE: &[Key] = &[EVERY, NODES, COUNT];
const CLOCK_JUMP: &[Key] = &[
    EVERY,
    key("lasts", "latency", "After so long they jump back; without it, never.").holds(Holds::ValueOrTable(LATENCY)),
    NODES,
    COUNT,
    key("by", "duration, negative allowed, or spread", "By how much.").required().holds(Holds::ValueOrTable(SPREAD)),
];
const DRIFT: &[Key] = &[
    EVERY,
    LASTS,
    NODES,
    COUNT,
    key("ppm", "number or spread", "Parts per million.").required().holds(Holds::ValueOrTable(SPREAD)),
];
const BYZANTINE: &[Key] = &[
    NODES,
    key("count", "whole number, \"minority\", \"majority\" or \"all\"", "How many of these; without it, 1."),
    key("behaviour", "\"silent\", \"equivocating\" or { delaying = \"50ms\" }", "What becomes of what they should send.")
        .required()
        .holds(Holds::ValueOrTable(BEHAVIOUR)),
];
