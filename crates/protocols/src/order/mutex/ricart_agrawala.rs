//! Ricart's and Agrawala's algorithm: a reply is both Lamport's acknowledgement and his release. Who wants to enter asks
//! everybody, and enters when all have replied. Who is in, or wants to enter and came first, replies when it has left. 2(n-1)
//! messages are as few as an algorithm can do with in which nobody knows more than others and all decide at once.
//!
//! | Ricart and Agrawala 1981, their program | here |
//! |---|---|
//! | `Our_Sequence_Number`, `Requesting_Critical_Section` | `own` |
//! | `Highest_Sequence_Number` | `highest` |
//! | `Outstanding_Reply_Count` | `outstanding` |
//! | `Reply_Deferred` | `deferred` |
//! | `REQUEST`, `REPLY` | [`Body`] |

use super::monitor::MUTUAL_EXCLUSION;
use super::options::{Mistake, Options};
use super::{Algorithm, Stamp, Step};
use crate::harness::planted;
use crate::options::OptionError;
use crate::order::links::{ACK, AGAIN};
use crate::registry::Variant;
use quorate_engine::{Kind, Message, NodeId, Sink, Wire};
use serde_json::json;
use std::collections::BTreeSet;

/// The planted variants.
pub(super) const VARIANTS: &[Variant; 2] = &[
    Variant {
        name: "answers-always",
        summary: "a node keeps its reply back only while it is in: one that wants to enter, and came first, replies at once",
        caught_by: MUTUAL_EXCLUSION,
    },
    Variant {
        name: "ties",
        summary: "of two requests with one sequence number neither comes first: both nodes reply",
        caught_by: MUTUAL_EXCLUSION,
    },
];

/// What nodes say to each other.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Body {
    /// I want to enter, under this sequence number.
    Request(u64),
    /// You may, as far as I am concerned.
    Reply,
}

/// A node's part.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RicartAgrawala {
    /// Its request, until it has left.
    own: Option<Stamp>,
    is_in: bool,
    /// The highest sequence number that it has seen.
    highest: u64,
    /// Replies that it waits for.
    outstanding: u32,
    deferred: BTreeSet<NodeId>,
}

impl RicartAgrawala {
    /// Whether another's request has to wait.
    fn defers(&self, options: &Options, request: Stamp) -> bool {
        let Some(own) = self.own else { return false };
        match options.mistake {
            Some(Mistake::AnswersAlways) => self.is_in,
            Some(Mistake::Ties) => self.is_in || own.clock < request.clock,
            _ => own < request,
        }
    }
}

impl Algorithm for RicartAgrawala {
    type Body = Body;

    fn mistake(variant: &str) -> Result<Option<Mistake>, OptionError> {
        planted(variant, VARIANTS, &[Mistake::AnswersAlways, Mistake::Ties])
    }

    fn closed_form(nodes: u32) -> serde_json::Value {
        json!({ "messages_per_entry": 2 * (nodes - 1), "sync_delay_in_message_delays": 1 })
    }

    fn new(_: NodeId, _: u32) -> RicartAgrawala {
        RicartAgrawala { own: None, is_in: false, highest: 0, outstanding: 0, deferred: BTreeSet::new() }
    }

    fn ask(&mut self, step: &mut Step<'_, Body>) {
        let clock = self.highest.saturating_add(1);
        self.own = Some(Stamp { clock, node: step.node });
        self.outstanding = step.nodes - 1;
        step.broadcast(Body::Request(clock));
    }

    fn hear(&mut self, step: &mut Step<'_, Body>, from: NodeId, body: Body) {
        match body {
            Body::Request(clock) => {
                self.highest = self.highest.max(clock);
                if self.defers(step.options, Stamp { clock, node: from }) {
                    self.deferred.insert(from);
                } else {
                    step.send(from, Body::Reply);
                }
            }
            Body::Reply => self.outstanding = self.outstanding.saturating_sub(1),
        }
    }

    fn may_enter(&self, _: &Options) -> bool {
        self.outstanding == 0
    }

    fn enter(&mut self) {
        self.is_in = true;
    }

    fn leave(&mut self, step: &mut Step<'_, Body>) {
        self.own = None;
        self.is_in = false;
        for node in std::mem::take(&mut self.deferred) {
            step.send(node, Body::Reply);
        }
    }
}

impl Message for Body {
    const KINDS: &'static [Kind] = &[ACK, AGAIN, Kind::protocol("request"), Kind::protocol("reply")];

    fn kind(&self) -> usize {
        match self {
            Body::Request(_) => 2,
            Body::Reply => 3,
        }
    }

    /// Another sequence number.
    fn forge(&self, choice: u64) -> Option<Body> {
        match self {
            Body::Request(clock) => Some(Body::Request(clock.saturating_add(1 + choice % 1024))),
            Body::Reply => None,
        }
    }
}

impl Wire for Body {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u8(self.kind() as u8);
        if let Body::Request(clock) = self {
            sink.u64(*clock);
        }
    }
}
