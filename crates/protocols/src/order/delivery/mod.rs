//! Delivery of single messages (S2, "The Beginner's Coordination Cost Sheet"): sent and forgotten, acknowledged, or delivered once. Each node
//! sends to one other, and the client says by its key to which.
//!
//! Over links that lose and repeat, and among nodes that crash, a sender that hears nothing cannot know whether its message or the
//! acknowledgement was lost. Either it does not care (at most once, and perhaps twice if the network repeats it), or it says it
//! again until it hears (at least once); and only a receiver that remembers what it has delivered, on disk and together with the delivery,
//! makes that once (Birrell and Nelson 1984; Halpern 1987; Cachin, Guerraoui and Rodrigues 2011, §2.4). Its memory is bounded: the sender
//! numbers its messages to each receiver and never has more than `window` of them open, so that whatever is older than that
//! cannot be new. With a window of 1 this is the alternating bit (Bartlett, Scantlebury and Wilkinson 1969).
//!
//! | S2 | here |
//! |---|---|
//! | "Fire and forget" | `guarantee = "fire-and-forget"` |
//! | "Tell me when done" | `guarantee = "acknowledged"` |
//! | "Exactly once delivery", "Deduplication + Acks" | `guarantee = "exactly-once"`, `Ids` of [`node::Node`] |
//! | Cachin, Guerraoui and Rodrigues 2011, fair-loss, stubborn and perfect links | the same three |
//!
//! Not here: an order of messages (`fifo-broadcast`), and receivers that lose their disks, which no protocol between two can help.

mod evidence;
mod ids;
pub mod message;
pub mod monitor;
pub mod node;
pub mod options;

use crate::harness::{self, Glue, Replicates};
use crate::history::Telling;
use crate::order::deliveries::CHECKS;
use crate::order::request::{request, telling};
use crate::registry::Protocol;
use monitor::Fact;
use node::Node;

/// The registry's line.
pub const PROTOCOL: Protocol = Protocol {
    name: "delivery",
    family: "order",
    summary: "messages from one node to another: sent and forgotten, acknowledged, or delivered exactly once",
    source: "S2, The Beginner's Coordination Cost Sheet; Cachin, Guerraoui and Rodrigues 2011, §2.4",
    catalogue: &["E1"],
    options: options::FIELDS,
    variants: options::VARIANTS,
    kinds: harness::kinds::<Node>(),
    records: harness::keeps_records::<Node>(),
    facts: <Fact as quorate_engine::Fact>::KINDS,
    checks: &[CHECKS[0], CHECKS[1], evidence::ARRIVES],
    metrics: &evidence::METRICS,
    scenarios: &["order/delivery.toml", "order/delivery-cost.toml", "order/delivery-swarm.toml"],
    run: |job| harness::run(&GLUE, job),
    explore: |job, bounds| harness::explore(&GLUE, job, bounds),
    replay: |job| harness::replay(&GLUE, job),
    laws: None,
};

const GLUE: Glue<Node> = Glue {
    options: options::options,
    request,
    replicates: |_| Replicates::Nothing,
    // What is sent under a key is read by one node, and by no other.
    history: |_| Telling { concerns: |_| false, ..telling() },
    report: evidence::report,
};
