//! Lamport's algorithm. Every node keeps a queue of all requests, its own included, in the order of their timestamps, and
//! answers each request. It enters when its request is the first and it has heard something later from everybody: since
//! messages between two nodes arrive in order, no older request can be under way.
//!
//! | Lamport 1978, p. 561 | here |
//! |---|---|
//! | rule 1, "the message T_m:P_i requests resource" | [`Body::Request`] |
//! | rule 2, "a (timestamped) acknowledgment message" | [`Body::Reply`] |
//! | rules 3 and 4, "P_i releases resource" | [`Body::Release`] |
//! | rule 5 (i), (ii) | [`Lamport::may_enter`] |
//! | "request queue" | `requests` |

use super::monitor::MUTUAL_EXCLUSION;
use super::options::{Mistake, Options};
use super::{Algorithm, Stamp, Step};
use crate::harness::planted;
use crate::options::OptionError;
use crate::order::links::{ACK, AGAIN};
use crate::registry::Variant;
use quorate_engine::{Kind, Message, NodeId, Sink, Wire};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// The planted variants.
pub(super) const VARIANTS: &[Variant; 2] = &[
    Variant {
        name: "lamport-mutex-nofifo",
        summary: "links deliver messages as they come, so that a reply overtakes an older request",
        caught_by: MUTUAL_EXCLUSION,
    },
    Variant {
        name: "hasty",
        summary: "a node enters as soon as its request is the oldest that it knows, and waits for nobody's reply",
        caught_by: MUTUAL_EXCLUSION,
    },
];

/// What nodes say to each other. Each message has its sender's clock.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Body {
    /// I want to enter.
    Request(u64),
    /// I have seen that you want to.
    Reply(u64),
    /// I have left: forget my request.
    Release(u64),
}

/// A node's part.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Lamport {
    clock: u64,
    own: Option<Stamp>,
    /// At most one of each node.
    requests: BTreeSet<Stamp>,
    /// The latest that each other node has said.
    heard: BTreeMap<NodeId, Stamp>,
}

impl Lamport {
    fn tick(&mut self) -> u64 {
        self.clock = self.clock.saturating_add(1);
        self.clock
    }
}

impl Algorithm for Lamport {
    type Body = Body;

    fn mistake(variant: &str) -> Result<Option<Mistake>, OptionError> {
        planted(variant, VARIANTS, &[Mistake::NoFifo, Mistake::Hasty])
    }

    fn closed_form(nodes: u32) -> serde_json::Value {
        json!({ "messages_per_entry": 3 * (nodes - 1), "sync_delay_in_message_delays": 1 })
    }

    fn new(node: NodeId, nodes: u32) -> Lamport {
        let heard = (0..nodes).map(NodeId).filter(|other| *other != node).map(|other| (other, Stamp { clock: 0, node: other }));
        Lamport { clock: 0, own: None, requests: BTreeSet::new(), heard: heard.collect() }
    }

    fn ask(&mut self, step: &mut Step<'_, Body>) {
        let own = Stamp { clock: self.tick(), node: step.node };
        self.own = Some(own);
        self.requests.insert(own);
        step.broadcast(Body::Request(own.clock));
    }

    fn hear(&mut self, step: &mut Step<'_, Body>, from: NodeId, body: Body) {
        let (Body::Request(clock) | Body::Reply(clock) | Body::Release(clock)) = body;
        self.clock = self.clock.max(clock);
        self.tick();
        let stamp = Stamp { clock, node: from };
        if let Some(heard) = self.heard.get_mut(&from) {
            *heard = stamp.max(*heard);
        }
        match body {
            Body::Request(_) => {
                self.requests.insert(stamp);
                let clock = self.tick();
                step.send(from, Body::Reply(clock));
            }
            Body::Reply(_) => {}
            Body::Release(_) => self.requests.retain(|request| request.node != from),
        }
    }

    fn may_enter(&self, options: &Options) -> bool {
        let is_first = self.own.is_some() && self.own == self.requests.first().copied();
        if options.mistake == Some(Mistake::Hasty) {
            return is_first;
        }
        is_first && self.heard.values().all(|heard| Some(*heard) > self.own)
    }

    fn enter(&mut self) {}

    fn leave(&mut self, step: &mut Step<'_, Body>) {
        if let Some(own) = self.own.take() {
            self.requests.remove(&own);
        }
        let clock = self.tick();
        step.broadcast(Body::Release(clock));
    }
}

impl Message for Body {
    const KINDS: &'static [Kind] = &[ACK, AGAIN, Kind::protocol("request"), Kind::protocol("reply"), Kind::protocol("release")];

    fn kind(&self) -> usize {
        match self {
            Body::Request(_) => 2,
            Body::Reply(_) => 3,
            Body::Release(_) => 4,
        }
    }

    /// A later clock.
    fn forge(&self, choice: u64) -> Option<Body> {
        let mut forged = *self;
        let (Body::Request(clock) | Body::Reply(clock) | Body::Release(clock)) = &mut forged;
        *clock = clock.saturating_add(1 + choice % 1024);
        Some(forged)
    }
}

impl Wire for Body {
    fn encode(&self, sink: &mut impl Sink) {
        let (Body::Request(clock) | Body::Reply(clock) | Body::Release(clock)) = self;
        sink.u8(self.kind() as u8);
        sink.u64(*clock);
    }
}
