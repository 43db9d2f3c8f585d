//! Maekawa's algorithm. Each node has one vote. Who wants to enter asks the members of its quorum (`quorums`), and enters
//! with all of their votes; since any two quorums meet, no two nodes have them. Several may then hold some votes each and
//! wait for the rest: a voter who hears of an older request than the one it has voted for inquires whether it may have its
//! vote back, and gets it from one who knows that it cannot win.
//!
//! | Maekawa 1985, §3 | here |
//! |---|---|
//! | `REQUEST`, `LOCKED`, `FAILED`, `INQUIRE`, `RELINQUISH`, `RELEASE` | [`Body`] |
//! | "locked for" | `locked` of the voter |
//! | `WAITING QUEUE` | `waiting` |
//! | `S_i`, of K members | `quorums` |
//!
//! As published the algorithm can come to a halt: a request that waits as the oldest, and is overtaken by one that is older
//! still, is not told that it failed. Sanders ("The information structure of distributed mutual exclusion algorithms", 1987)
//! tells it, and so do we.

use super::monitor::MUTUAL_EXCLUSION;
use super::options::{Mistake, Options};
use super::{Algorithm, SERVED, Stamp, Step, quorums};
use crate::harness::planted;
use crate::options::OptionError;
use crate::order::links::{ACK, AGAIN};
use crate::registry::Variant;
use quorate_engine::{Kind, Message, NodeId, Sink, Wire};
use serde_json::json;
use std::collections::BTreeSet;

/// The planted variants.
pub(super) const VARIANTS: &[Variant; 3] = &[
    Variant {
        name: "no-inquiry",
        summary: "voters never ask for their votes back: nodes that hold some votes each wait for each other",
        caught_by: SERVED,
    },
    Variant {
        name: "overtaken-untold",
        summary: "as published: a request that waits as the oldest is not told when an older one overtakes it, and keeps its votes",
        caught_by: SERVED,
    },
    Variant {
        name: "columns-only",
        summary: "a quorum is a column of the grid without the row: quorums of different columns do not meet",
        caught_by: MUTUAL_EXCLUSION,
    },
];

/// What nodes say to each other.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Body {
    /// I want to enter, since this time on my logical clock.
    Request(u64),
    /// You have my vote.
    Locked,
    /// Somebody comes before you.
    Failed,
    /// Can you win? If not, give my vote for this request back.
    Inquire(u64),
    /// Here it is: I cannot win now.
    Relinquish,
    /// I have left.
    Release,
}

/// A node's part.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Maekawa {
    /// Its request, until it has left.
    own: Option<Stamp>,
    is_in: bool,
    /// The latest time that it has heard of.
    highest: u64,
    /// Who has voted for it.
    votes: BTreeSet<NodeId>,
    /// Who prefers somebody else, as far as it knows. Invariant: none of them is in `votes`.
    failed: BTreeSet<NodeId>,
    /// Who wants its vote back, should it fail.
    inquirers: BTreeSet<NodeId>,
    quorum_size: usize,
    voter: Voter,
}

/// A node's vote.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
struct Voter {
    /// For whom.
    locked: Option<Stamp>,
    /// Whether that one was asked to give it back.
    has_inquired: bool,
    /// Who else wants it. Invariant: all but the first know that somebody comes before them, and the first knows unless it is
    /// older than `locked`.
    waiting: BTreeSet<Stamp>,
}

impl Voter {
    fn request(&mut self, step: &mut Step<'_, Body>, request: Stamp) {
        let Some(locked) = self.locked else {
            self.waiting.insert(request);
            return self.vote(step);
        };
        let first = self.waiting.first().copied();
        if request > locked || first.is_some_and(|first| request > first) {
            step.send(request.node, Body::Failed);
        } else {
            if !self.has_inquired && step.options.mistake != Some(Mistake::NoInquiry) {
                self.has_inquired = true;
                step.send(locked.node, Body::Inquire(locked.clock));
            }
            // Sanders: it was the first until now, and does not know of anybody before it.
            let untold = step.options.mistake == Some(Mistake::OvertakenUntold);
            if let Some(first) = first.filter(|first| *first < locked && !untold) {
                step.send(first.node, Body::Failed);
            }
        }
        self.waiting.insert(request);
    }

    fn relinquish(&mut self, step: &mut Step<'_, Body>, from: NodeId) {
        if let Some(locked) = self.locked.take_if(|locked| locked.node == from) {
            self.waiting.insert(locked);
            self.vote(step);
        }
    }

    fn release(&mut self, step: &mut Step<'_, Body>, from: NodeId) {
        if self.locked.take_if(|locked| locked.node == from).is_some() {
            self.vote(step);
        }
    }

    /// Votes for whoever asked first.
    fn vote(&mut self, step: &mut Step<'_, Body>) {
        self.has_inquired = false;
        self.locked = self.waiting.pop_first();
        if let Some(locked) = self.locked {
            step.send(locked.node, Body::Locked);
        }
    }
}

impl Maekawa {
    fn quorum(step: &Step<'_, Body>) -> Vec<NodeId> {
        quorums::quorum(step.node, step.nodes, step.options.mistake == Some(Mistake::ColumnsOnly))
    }

    /// One that cannot win gives back all votes that somebody wants back.
    fn yield_votes(&mut self, step: &mut Step<'_, Body>) {
        if self.failed.is_empty() {
            return;
        }
        for voter in std::mem::take(&mut self.inquirers) {
            self.votes.remove(&voter);
            self.failed.insert(voter);
            step.send(voter, Body::Relinquish);
        }
    }
}

impl Algorithm for Maekawa {
    type Body = Body;

    fn mistake(variant: &str) -> Result<Option<Mistake>, OptionError> {
        planted(variant, VARIANTS, &[Mistake::NoInquiry, Mistake::OvertakenUntold, Mistake::ColumnsOnly])
    }

    fn closed_form(nodes: u32) -> serde_json::Value {
        let sizes: Vec<usize> = (0..nodes).map(|node| quorums::quorum(NodeId(node), nodes, false).len()).collect();
        let (least, most) = (sizes.iter().min().copied().unwrap_or(0), sizes.iter().max().copied().unwrap_or(0));
        json!({
            "quorum_size": { "least": least, "most": most },
            "messages_per_entry_alone": { "least": 3 * least.saturating_sub(1), "most": 3 * most.saturating_sub(1) },
            "sync_delay_in_message_delays": 2,
        })
    }

    fn new(_: NodeId, _: u32) -> Maekawa {
        Maekawa {
            own: None,
            is_in: false,
            highest: 0,
            votes: BTreeSet::new(),
            failed: BTreeSet::new(),
            inquirers: BTreeSet::new(),
            quorum_size: 0,
            voter: Voter::default(),
        }
    }

    fn ask(&mut self, step: &mut Step<'_, Body>) {
        self.highest = self.highest.saturating_add(1);
        let own = Stamp { clock: self.highest, node: step.node };
        self.own = Some(own);
        let quorum = Maekawa::quorum(step);
        self.quorum_size = quorum.len();
        for member in quorum {
            step.send(member, Body::Request(own.clock));
        }
    }

    fn hear(&mut self, step: &mut Step<'_, Body>, from: NodeId, body: Body) {
        match body {
            Body::Request(clock) => {
                self.highest = self.highest.max(clock);
                self.voter.request(step, Stamp { clock, node: from });
            }
            Body::Locked => {
                self.failed.remove(&from);
                self.votes.insert(from);
            }
            Body::Failed => {
                self.failed.insert(from);
                self.yield_votes(step);
            }
            Body::Inquire(clock) => {
                // Who is in has won; and an inquiry may come after the request that it is about is over.
                let is_open = !self.is_in && self.own.is_some_and(|own| own.clock == clock);
                if is_open && self.votes.contains(&from) {
                    self.inquirers.insert(from);
                    self.yield_votes(step);
                }
            }
            Body::Relinquish => self.voter.relinquish(step, from),
            Body::Release => self.voter.release(step, from),
        }
    }

    fn may_enter(&self, _: &Options) -> bool {
        self.votes.len() == self.quorum_size
    }

    fn enter(&mut self) {
        self.is_in = true;
        self.inquirers.clear();
    }

    fn leave(&mut self, step: &mut Step<'_, Body>) {
        self.own = None;
        self.is_in = false;
        self.votes.clear();
        for member in Maekawa::quorum(step) {
            step.send(member, Body::Release);
        }
    }
}

impl Message for Body {
    const KINDS: &'static [Kind] = &[
        ACK,
        AGAIN,
        Kind::protocol("request"),
        Kind::protocol("locked"),
        Kind::protocol("failed"),
        Kind::protocol("inquire"),
        Kind::protocol("relinquish"),
        Kind::protocol("release"),
    ];

    fn kind(&self) -> usize {
        match self {
            Body::Request(_) => 2,
            Body::Locked => 3,
            Body::Failed => 4,
            Body::Inquire(_) => 5,
            Body::Relinquish => 6,
            Body::Release => 7,
        }
    }

    /// Another time.
    fn forge(&self, choice: u64) -> Option<Body> {
        let later = |clock: u64| clock.saturating_add(1 + choice % 1024);
        match *self {
            Body::Request(clock) => Some(Body::Request(later(clock))),
            Body::Inquire(clock) => Some(Body::Inquire(later(clock))),
            _ => None,
        }
    }
}

impl Wire for Body {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u8(self.kind() as u8);
        if let Body::Request(clock) | Body::Inquire(clock) = self {
            sink.u64(*clock);
        }
    }
}
