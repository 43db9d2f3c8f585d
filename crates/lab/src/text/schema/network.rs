//! The keys of `[network]`.

use super::{Holds, Key, LATENCY, TOPOLOGY, key};

/// `[network]`
pub const NETWORK: &[Key] = &[
    key(
        "topology",
        "\"ring\", { small-world = { degree = 6, rewire = 0.1 } }",
        "Who is linked to whom; without it, \"mesh\": everyone to everyone.",
    )
    .holds(Holds::ValueOrTable(TOPOLOGY)),
    key(
        "routing",
        "\"fewest-hops\" or \"neighbours\"",
        "What becomes of a message to a replica that is no neighbour: others hand it on, each hop a message; or it is lost. Without it, \"fewest-hops\".",
    ),
    LATENCY_KEY,
    LOSS,
    DUPLICATION,
    REORDERING_KEY,
    BURSTS_KEY,
    CORRUPTION_KEY,
    BANDWIDTH_KEY,
    PACKETS_KEY,
    key("client-latency", "latency", "One-way delay between client and replica; without it, clients live beside their replica.")
        .holds(Holds::ValueOrTable(LATENCY)),
    key("matrix", "[network.matrix]", "Latencies between regions; where it is silent, \"latency\" holds.")
        .holds(Holds::Table(MATRIX)),
    key("links", "[[network.links]]", "Links that differ from the others; the first entry that fits holds.")
        .holds(Holds::Tables(LINKS)),
    key("changes", "[[network.changes]]", "Links that come and go, and replicas that move.").holds(Holds::Tables(CHANGES)),
];

const LATENCY_KEY: Key =
    key("latency", "latency", "One-way delay of a message; without it, \"1ms\".").holds(Holds::ValueOrTable(LATENCY));
const LOSS: Key = key("loss", "probability", "That a message never arrives; without it, 0.");
const DUPLICATION: Key = key("duplication", "probability", "That a message arrives twice; without it, 0.");
const REORDERING_KEY: Key =
    key("reordering", "{ probability = 0.1, extra = \"20ms\" }", "Some messages are held back; without it, none.")
        .holds(Holds::Table(REORDERING));
pub(super) const BURSTS_KEY: Key = key(
    "bursts",
    "{ begin = 0.01, end = 0.2 }",
    "Losses that come in bursts: each link is good or bad, from message to message (Gilbert and Elliott); without it, none.",
)
.holds(Holds::Table(BURSTS));
pub(super) const CORRUPTION_KEY: Key =
    key("corruption", "{ probability = 0.01 }", "Some messages arrive with another content; without it, none.")
        .holds(Holds::Table(CORRUPTION));
const BANDWIDTH_KEY: Key = key(
    "bandwidth",
    "rate or { rate = \"10MB/s\", queue = \"64KB\" }",
    "How fast each link, of one node to one other, takes messages in, one after the other; without it, at once.",
)
.holds(Holds::ValueOrTable(BANDWIDTH));
const PACKETS_KEY: Key = key(
    "packets",
    "{ payload = \"1460B\", header = \"40B\" }",
    "How messages are cut; headers count as bytes sent. Without it, a message goes as it is.",
)
.holds(Holds::Table(PACKETS));

/// A bandwidth, unless it is a plain rate.
pub(super) const BANDWIDTH: &[Key] = &[
    key("rate", "rate", "Bytes or bits a second: \"10MB/s\", \"1Gbit/s\".").required(),
    key(
        "queue",
        "bytes",
        "How much may wait, the message under way included; what finds no room is dropped. Without it, any amount.",
    ),
];

const PACKETS: &[Key] = &[
    key("payload", "bytes", "How much of a message one packet carries.").required(),
    key("header", "bytes", "What each packet has besides.").required(),
];

const MATRIX: &[Key] = &[
    key("regions", "[\"eu\", \"us\"]", "The regions or zones, in the order of rows and columns."),
    key(
        "one-way",
        "rows of latencies",
        "From the row's region to the column's; \"-\": as the other way, or as the file says elsewhere.",
    )
    .holds(Holds::Rows(LATENCY)),
    key("rtt", "rows of durations", "The same as round trips, of which each way is half.").holds(Holds::Rows(&[])),
    key("file", "path", "The same from a CSV file: a head such as rtt ms, eu, us, and a row for each region.").holds(Holds::File),
    key(
        "tail",
        "number from 1",
        "The 99th percentile over the median: makes each plain figure the median of a lognormal. Without it, figures are exact.",
    ),
];

const LINKS: &[Key] = &[
    key("name", "a-z, 0-9 and -", "The class under which the ledger counts these links.").required(),
    key("from", "SET", "Links from these, one way; with \"to\"."),
    key("to", "SET", "Links to these."),
    key("between", "[SET, SET]", "Links between the one and the other, both ways."),
    key("within", "SET", "Links that begin and end in the set."),
    key("latency", "latency", "One-way delay of a message. What an entry does not say of its links is as without the entry.")
        .holds(Holds::ValueOrTable(LATENCY)),
    key("loss", "probability", "That a message never arrives."),
    key("duplication", "probability", "That a message arrives twice."),
    key("reordering", "{ probability = 0.1, extra = \"20ms\" }", "Some messages are held back.").holds(Holds::Table(REORDERING)),
    key("bursts", "{ begin = 0.01, end = 0.2 }", "Losses that come in bursts.").holds(Holds::Table(BURSTS)),
    key("corruption", "{ probability = 0.01 }", "Some messages arrive with another content.").holds(Holds::Table(CORRUPTION)),
    key(
        "bandwidth",
        "rate or { rate = \"10MB/s\", queue = \"64KB\" }",
        "How fast each of these links takes messages in; a link is one ordered pair of nodes, and none is shared.",
    )
    .holds(Holds::ValueOrTable(BANDWIDTH)),
    key("packets", "{ payload = \"1460B\", header = \"40B\" }", "How messages are cut.").holds(Holds::Table(PACKETS)),
];

const CHANGES: &[Key] = &[
    key("at", "duration", "When.").required(),
    key("for", "duration", "After so long it is undone; without it, it stays."),
    key("add", "[[0, 1], [1, 2]]", "These links come."),
    key("remove", "[[0, 1]]", "These links go."),
    key("attach", "{ nodes = SET, to = SET }", "The nodes let go of all their neighbours and get those instead.")
        .holds(Holds::Table(ATTACH)),
    key("move", "{ nodes = SET, to = \"eu\" }", "The nodes move to another region or zone.").holds(Holds::Table(MOVE)),
];

const ATTACH: &[Key] = &[key("nodes", "SET", "Whose links.").required(), key("to", "SET", "Their new neighbours.").required()];
const MOVE: &[Key] = &[key("nodes", "SET", "Who moves.").required(), key("to", "a region or zone", "Where to.").required()];

pub(super) const REORDERING: &[Key] = &[
    key("probability", "probability", "That a message is held back.").required(),
    key("extra", "latency", "By how long, on top of its delay.").required().holds(Holds::ValueOrTable(LATENCY)),
];

const BURSTS: &[Key] = &[
    key("begin", "probability", "That a good link is bad from the next message on.").required(),
    key("end", "probability", "That a bad link is good from the next message on.").required(),
    key("loss-good", "probability", "That a good link loses a message; without it, 0."),
    key("loss-bad", "probability", "That a bad link does; without it, 1."),
];

const CORRUPTION: &[Key] = &[
    key("probability", "probability", "That a message's content changes.").required(),
    key(
        "undetected",
        "probability",
        "That its checksum does not tell, and the receiver takes it for what was sent; all else is dropped. Without it, 0.",
    ),
];

/// What becomes of what finds no room, or its plain name.
pub const OVERFLOW: &[Key] = &[
    key("shed", "no options", "It is dropped.").holds(Holds::Table(&[])),
    key("crash", "{ restart-after = \"2s\" }", "The host crashes.").holds(Holds::Table(OVERFLOW_CRASH)),
];
const OVERFLOW_CRASH: &[Key] =
    &[key("restart-after", "duration", "How long after the host restarts by itself; without it, never.")];

/// `[hosts]`, or an entry of `[[hosts]]`.
pub const HOSTS: &[Key] = &[
    key("nodes", "SET", "Whose machines; without it, all."),
    key("service", "latency", "How long a machine takes for each message or request, one after the other; without it, no time.")
        .holds(Holds::ValueOrTable(LATENCY)),
    key("inbox", "whole number", "How many may wait or be served; without it, any number."),
    key(
        "overflow",
        "\"shed\", \"crash\" or { crash = { restart-after = \"2s\" } }",
        "What becomes of what finds no room: it is dropped, or the host runs out of memory and crashes; without it, \"shed\".",
    )
    .holds(Holds::ValueOrTable(OVERFLOW)),
    key(
        "egress",
        "rate or { rate = \"125MB/s\", queue = \"1MB\" }",
        "The interface through which all that the machine sends leaves; without it, at once.",
    )
    .holds(Holds::ValueOrTable(BANDWIDTH)),
];
