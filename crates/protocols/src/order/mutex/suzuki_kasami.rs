//! Suzuki's and Kasami's algorithm. There is one token, on node 0 at first, and who has it may enter, as often as it likes
//! and without a word. Who has not asks everybody for it, since nobody knows where it is. The token knows which request of
//! each node was the last to be served, and who is next.
//!
//! | Suzuki and Kasami 1985, their program | here |
//! |---|---|
//! | `RN`, the largest request number heard of each node | `requested` |
//! | `LN`, the request of each node that was served last | [`Token::served`] |
//! | `Q` | [`Token::queue`] |
//! | `HavePrivilege` | `token` is there |
//! | `REQUEST(j, n)`, `PRIVILEGE(Q, LN)` | [`Body`] |

use super::monitor::MUTUAL_EXCLUSION;
use super::options::{Mistake, Options};
use super::{Algorithm, SERVED, Step};
use crate::harness::planted;
use crate::options::OptionError;
use crate::order::links::{ACK, AGAIN};
use crate::registry::Variant;
use quorate_engine::{Kind, Message, NodeId, Sink, Wire};
use serde_json::json;
use std::collections::VecDeque;

/// The planted variants.
pub(super) const VARIANTS: &[Variant; 2] = &[
    Variant {
        name: "token-doubled",
        summary: "a node that sends the token on to one that asks keeps one too",
        caught_by: MUTUAL_EXCLUSION,
    },
    Variant {
        name: "forgetful",
        summary: "who leaves does not look at who has asked in the meantime: they wait, and the token lies idle",
        caught_by: SERVED,
    },
];

/// The permission to enter.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Token {
    /// Who is to have it next.
    pub queue: VecDeque<NodeId>,
    /// The number of the last request of each node that was served.
    pub served: Vec<u64>,
}

/// What nodes say to each other.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Body {
    /// I want to enter: my request of that number.
    Request(u64),
    /// You have it.
    Token(Token),
}

/// A node's part.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SuzukiKasami {
    node: NodeId,
    requested: Vec<u64>,
    token: Option<Token>,
    /// Whether it wants to enter, or is in.
    is_requesting: bool,
}

impl SuzukiKasami {
    /// Whether a node has asked, and was not served since.
    fn is_waiting(&self, token: &Token, node: NodeId) -> bool {
        self.requested[node.index()] == token.served[node.index()].saturating_add(1)
    }

    fn send_token(&mut self, step: &mut Step<'_, Body>, to: NodeId) {
        let token = match step.options.mistake {
            Some(Mistake::TokenDoubled) => self.token.clone(),
            _ => self.token.take(),
        };
        if let Some(token) = token {
            step.send(to, Body::Token(token));
        }
    }
}

impl Algorithm for SuzukiKasami {
    type Body = Body;

    fn mistake(variant: &str) -> Result<Option<Mistake>, OptionError> {
        planted(variant, VARIANTS, &[Mistake::TokenDoubled, Mistake::Forgetful])
    }

    fn closed_form(nodes: u32) -> serde_json::Value {
        json!({
            "messages_per_entry_of_the_holder": 0,
            "messages_per_entry_of_another": nodes,
            "sync_delay_in_message_delays": 1,
        })
    }

    fn new(node: NodeId, nodes: u32) -> SuzukiKasami {
        let none = vec![0; nodes as usize];
        let token = (node == NodeId(0)).then(|| Token { queue: VecDeque::new(), served: none.clone() });
        SuzukiKasami { node, requested: none, token, is_requesting: false }
    }

    fn ask(&mut self, step: &mut Step<'_, Body>) {
        self.is_requesting = true;
        if self.token.is_none() {
            let number = &mut self.requested[step.node.index()];
            *number += 1;
            let number = *number;
            step.broadcast(Body::Request(number));
        }
    }

    fn hear(&mut self, step: &mut Step<'_, Body>, from: NodeId, body: Body) {
        match body {
            Body::Request(number) => {
                let requested = &mut self.requested[from.index()];
                *requested = number.max(*requested);
                let hands_on = !self.is_requesting && self.token.as_ref().is_some_and(|token| self.is_waiting(token, from));
                if hands_on {
                    self.send_token(step, from);
                }
            }
            Body::Token(token) => self.token = Some(token),
        }
    }

    fn may_enter(&self, _: &Options) -> bool {
        self.token.is_some()
    }

    fn enter(&mut self) {}

    fn leave(&mut self, step: &mut Step<'_, Body>) {
        self.is_requesting = false;
        let Some(mut token) = self.token.take() else { return };
        token.served[self.node.index()] = self.requested[self.node.index()];
        if step.options.mistake != Some(Mistake::Forgetful) {
            for node in (0..step.nodes).map(NodeId) {
                if self.is_waiting(&token, node) && !token.queue.contains(&node) {
                    token.queue.push_back(node);
                }
            }
        }
        let next = token.queue.pop_front();
        self.token = Some(token);
        if let Some(next) = next {
            self.send_token(step, next);
        }
    }
}

impl Message for Body {
    const KINDS: &'static [Kind] = &[ACK, AGAIN, Kind::protocol("request"), Kind::protocol("token")];

    fn kind(&self) -> usize {
        match self {
            Body::Request(_) => 2,
            Body::Token(_) => 3,
        }
    }

    /// A request from the future, or a token under which everybody was served more often.
    fn forge(&self, choice: u64) -> Option<Body> {
        let more = 1 + choice % 1024;
        Some(match self {
            Body::Request(number) => Body::Request(number.saturating_add(more)),
            Body::Token(token) => {
                let served = token.served.iter().map(|number| number.saturating_add(more)).collect();
                Body::Token(Token { served, ..token.clone() })
            }
        })
    }
}

impl Wire for Token {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.queue.len() as u32);
        for node in &self.queue {
            node.encode(sink);
        }
        self.served.encode(sink);
    }
}

impl Wire for Body {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u8(self.kind() as u8);
        match self {
            Body::Request(number) => sink.u64(*number),
            Body::Token(token) => token.encode(sink),
        }
    }
}
