//! The keys of `[[faults]]`.

use super::network::{BURSTS_KEY, CORRUPTION_KEY, REORDERING};
use super::{Holds, Key, LATENCY, key};

/// An entry of `[[faults]]`: `at` or `when`, perhaps `for`, and exactly one fault.
pub const FAULT: &[Key] = &[
    key("at", "duration", "When it strikes; with \"when\", from when on that counts. Without it, beside \"when\", \"0s\"."),
    key(
        "when",
        "FACT or { fact = \"wrote\", nth = 2 }",
        "What it waits for: a replica states that fact, or sends, receives or forces a write; without it, for its time alone.",
    )
    .holds(Holds::ValueOrTable(WHEN)),
    key(
        "for",
        "duration",
        "How long it lasts: then a partition heals, the crashed restart, the paused resume, who left joins, and all else is as usual.",
    ),
    key(
        "partition",
        "{ groups = [SET, SET] }, { isolate = SET }, { from = SET, to = SET }, { bridge = 2 } or { ring-of-majorities = SET }",
        "Who cannot reach whom; from and to: one way only.",
    )
    .holds(Holds::Table(PARTITION)),
    key("heal", "\"all\"", "Every partition in force ends."),
    key("crash", "SET, WHOM or { nodes = SET, tail = \"torn\" }", "The nodes stop and lose what was not synced.")
        .holds(Holds::ValueOrTable(CRASH)),
    key("restart", "SET", "Crashed nodes come back with their disks."),
    key("pause", "SET or WHOM", "The nodes stand still; messages and timers wait."),
    key("resume", "SET", "Paused nodes go on."),
    key("leave", "SET or WHOM", "The nodes stop, and their disks are gone."),
    key("join", "SET", "The nodes start with empty disks; who joins before anything else befalls it is not there at the start."),
    key("slow", "{ nodes = SET, factor = 10 }", "Hosts take so many times as long for everything.").holds(Holds::Table(SLOW)),
    key("degrade", "{ between = [SET, SET], loss = 0.3 }", "Links do this to messages on top of what they do anyway.")
        .holds(Holds::Table(DEGRADE)),
    key("mend", "\"all\"", "Every degradation in force ends."),
    key("slow-disk", "{ nodes = SET, factor = 10 }", "Forced writes take so many times as long.").holds(Holds::Table(SLOW)),
    key("full-disk", "SET or WHOM", "The disks take no more records."),
    key("corrupt", "{ nodes = SET, bits = 2 }", "Bits of durable records flip; recovery finds it by their checksums.")
        .holds(Holds::Table(CORRUPT)),
    key("wipe", "SET or WHOM", "The disks are gone; what runs does not notice until it recovers."),
    key("clock-jump", "{ nodes = SET, by = \"-2s\" }", "Wall clocks move.").holds(Holds::Table(CLOCK_JUMP)),
    key("drift", "{ nodes = SET, ppm = 100 }", "Clocks gain so much from now on.").holds(Holds::Table(DRIFT)),
    key("byzantine", "{ nodes = SET, behaviour = \"silent\" }", "The nodes do not send what their protocol tells them to.")
        .holds(Holds::Table(BYZANTINE)),
];

/// What a fault waits for, unless it is the name of a fact.
pub const WHEN: &[Key] = &[
    key("fact", "FACT", "A replica states it."),
    key("sent", "KIND", "A replica sends another a message of this kind; one to many counts for each."),
    key("received", "KIND", "A replica handles a message of this kind."),
    key("sync", "true", "A replica begins a forced write."),
    key("synced", "true", "A replica's forced write is complete, and it has not been told yet."),
    key("by", "SET", "Only these replicas count; without it, all."),
    key("nth", "whole number or \"every\"", "The how manyth time, from 1; without it, the first."),
    key("after", "duration", "How long after; without it, at once, before anything else happens."),
];

const PARTITION: &[Key] = &[
    key("groups", "[SET, SET, …]", "Nodes reach each other when they share a group; who is in none is untouched."),
    key("from", "SET", "What these send to the others is lost."),
    key("to", "SET", "The others."),
    key("isolate", "SET or WHOM", "These on one side and all others on the other."),
    key("bridge", "node", "The other nodes in two halves, and this one reaches both."),
    key(
        "ring-of-majorities",
        "SET",
        "In a ring, each reaches its neighbours, just so far that it sees a majority, and no two see the same; 4 to 64 nodes.",
    ),
    key("partial", "[SET, SET]", "These and those do not reach each other; all others reach both."),
    key(
        "flapping",
        "{ down = \"300ms\", up = \"200ms\" }",
        "As long as the entry lasts, the partition comes and goes; without it, it stays.",
    )
    .holds(Holds::Table(FLAPPING)),
];
const FLAPPING: &[Key] = &[
    key("down", "duration", "How long nodes are cut off each time, beginning at once.").required(),
    key("up", "duration", "How long they reach each other in between.").required(),
];
const CRASH: &[Key] = &[
    key("nodes", "SET or WHOM", "Who.").required(),
    key(
        "tail",
        "\"lost\" or \"torn\"",
        "What is left of records that were not synced: nothing, or their first bytes, as many as chance has it; without it, \"lost\".",
    ),
];
const SLOW: &[Key] = &[
    key("nodes", "SET or WHOM", "Whose.").required(),
    key("factor", "number from 1", "How many times as long, to a thousandth.").required(),
];
const DEGRADE: &[Key] = &[
    key("from", "SET or WHOM", "Messages from these, one way; with \"to\"."),
    key("to", "SET", "Messages to these."),
    key("between", "[SET, SET]", "Messages between the one and the other, both ways."),
    key("within", "SET", "Messages that begin and end in the set."),
    key("around", "SET or WHOM", "Messages from these to anybody, and from anybody to these."),
    key("delay", "latency", "How much later a message arrives; without it, no later.").holds(Holds::ValueOrTable(LATENCY)),
    key("loss", "probability", "That a message is lost; without it, 0."),
    BURSTS_KEY,
    key("duplication", "probability", "That a message arrives twice; without it, 0."),
    key("reordering", "{ probability = 0.1, extra = \"20ms\" }", "Some messages are held back; without it, none.")
        .holds(Holds::Table(REORDERING)),
    CORRUPTION_KEY,
];
const CORRUPT: &[Key] = &[
    key("nodes", "SET or WHOM", "Whose.").required(),
    key("bits", "whole number", "How many on the disk of each, drawn among those of durable records; without it, 1."),
];
const CLOCK_JUMP: &[Key] =
    &[key("nodes", "SET or WHOM", "Whose.").required(), key("by", "duration, negative allowed", "By how much.").required()];
const DRIFT: &[Key] = &[key("nodes", "SET or WHOM", "Whose.").required(), key("ppm", "number", "Parts per million.").required()];
const BYZANTINE: &[Key] = &[
    key("nodes", "SET or WHOM", "Who.").required(),
    key("behaviour", "\"silent\", \"equivocating\" or { delaying = \"50ms\" }", "What becomes of what they should send.")
        .required()
        .holds(Holds::ValueOrTable(BEHAVIOUR)),
];

/// What a byzantine node does, or its plain name where it needs no more.
pub const BEHAVIOUR: &[Key] = &[
    key("silent", "no options", "They send nothing, and answer no client.").holds(Holds::Table(&[])),
    key("delaying", "latency", "All that they send leaves so much later.").holds(Holds::ValueOrTable(LATENCY)),
    key("equivocating", "no options", "They tell half of the others one thing and the other half another.")
        .holds(Holds::Table(&[])),
    key("replaying", "probability", "That a message is followed by one that they sent before."),
    key("forging", "probability", "That a message has another content."),
];
