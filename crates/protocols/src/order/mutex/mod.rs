//! Mutual exclusion among nodes that share nothing but links: one at a time is in the critical section, and whoever asks
//! enters some day. Four algorithms, each without a coordinator:
//!
//! | algorithm | an entry costs | and the next one waits |
//! |---|---|---|
//! | [`lamport`] (1978): everybody keeps everybody's requests, in one order | 3(n-1) | T |
//! | [`ricart_agrawala`] (1981): a reply is the permission, and is kept back | 2(n-1) | T |
//! | [`suzuki_kasami`] (1985): who has the token may enter | 0 or n | T |
//! | [`maekawa`] (1985): a quorum's votes | 3(K-1) to 5(K-1) or so | 2T |
//!
//! where T is a message's delay, K the size of a quorum, and one's own vote costs nothing.
//!
//! Pieces that they share: [`node`], the actor that takes clients' wishes one by one, stays in for the option `hold`, and
//! leaves; [`Algorithm`], what each has of its own; [`monitor`], which judges at every step; `evidence`, which judges once
//! more at the end, from outside.
//!
//! All of them assume that what is sent arrives, Lamport's that it arrives in order too: [`crate::order::links`] see to both.
//! And all assume that nobody crashes. Here one that did stays out of the game, as if it had not come back: nobody knows what
//! it had promised. The others wait for it sooner or later, for ever, but never two of them are in.

mod evidence;
pub mod lamport;
pub mod maekawa;
pub mod monitor;
pub mod node;
pub mod options;
mod quorums;
pub mod ricart_agrawala;
mod stamp;
pub mod suzuki_kasami;

pub use stamp::Stamp;

use crate::harness::{self, Glue, Replicates, cannot};
use crate::history::{self, Telling};
use crate::options::OptionError;
use crate::registry::{Ask, CheckInfo, MetricInfo, Protocol, Variant};
use monitor::{Fact, MUTUAL_EXCLUSION};
use node::{Node, Request};
use options::{Mistake, Options};
use quorate_check::history::{Answer, Call, Model};
use quorate_engine::{Message, NodeId};
use std::fmt::Debug;
use std::hash::Hash;

/// What an algorithm has of its own: when a node may enter, and what it tells others. The node asks, enters and leaves in
/// turns.
pub trait Algorithm: Clone + Eq + Hash + Debug + 'static {
    /// What nodes say to each other. The kinds begin with those of the links.
    type Body: Message;

    /// The planted variant's mistake; `None` for the right one.
    ///
    /// # Errors
    /// When there is no such variant.
    fn mistake(variant: &str) -> Result<Option<Mistake>, OptionError>;

    /// What the paper says that an entry costs, for the report.
    fn closed_form(nodes: u32) -> serde_json::Value;

    /// A node that has not asked.
    fn new(node: NodeId, nodes: u32) -> Self;

    /// It wants to enter.
    fn ask(&mut self, step: &mut Step<'_, Self::Body>);

    /// It hears from a node; from itself too, where it sends to itself.
    fn hear(&mut self, step: &mut Step<'_, Self::Body>, from: NodeId, body: Self::Body);

    /// Whether it may enter, now that it has asked.
    fn may_enter(&self, options: &Options) -> bool;

    /// It enters.
    fn enter(&mut self);

    /// It leaves.
    fn leave(&mut self, step: &mut Step<'_, Self::Body>);
}

/// What a node knows of the world in a step of its algorithm, and what it sends.
pub struct Step<'a, B> {
    /// This node.
    pub node: NodeId,
    /// How many there are.
    pub nodes: u32,
    /// The parameters of all.
    pub options: &'a Options,
    sends: Vec<(NodeId, B)>,
}

impl<B: Clone> Step<'_, B> {
    /// Sends to one node; to itself costs nothing.
    pub fn send(&mut self, to: NodeId, body: B) {
        self.sends.push((to, body));
    }

    /// Sends to all others.
    pub fn broadcast(&mut self, body: B) {
        let (node, nodes) = (self.node, self.nodes);
        self.sends.extend((0..nodes).map(NodeId).filter(|to| *to != node).map(|to| (to, body.clone())));
    }
}

/// Lamport's line in the registry.
pub const LAMPORT: Protocol = protocol::<lamport::Lamport>(Named {
    name: "lamport-mutex",
    summary: "mutual exclusion by a queue of requests that everybody keeps, in the order of logical clocks",
    source: "Lamport, Time, clocks, and the ordering of events in a distributed system, CACM 21(7), 1978, pp. 561-562",
    variants: lamport::VARIANTS,
    scenarios: &[
        "order/mutex-lamport.toml",
        "order/mutex-lamport-crash.toml",
        "order/mutex-lamport-swarm.toml",
        "order/mutex-nofifo.toml",
        "order/mutex-cost.toml",
        "order/mutex-handover.toml",
        "order/mutex-crowd.toml",
    ],
});

/// Ricart's and Agrawala's line in the registry.
pub const RICART_AGRAWALA: Protocol = protocol::<ricart_agrawala::RicartAgrawala>(Named {
    name: "ricart-agrawala",
    summary: "mutual exclusion by everybody's permission, which who comes first keeps back",
    source: "Ricart and Agrawala, An optimal algorithm for mutual exclusion in computer networks, CACM 24(1), 1981",
    variants: ricart_agrawala::VARIANTS,
    scenarios: &[
        "order/mutex-ricart-agrawala.toml",
        "order/mutex-ricart-agrawala-crash.toml",
        "order/mutex-ricart-agrawala-swarm.toml",
    ],
});

/// Suzuki's and Kasami's line in the registry.
pub const SUZUKI_KASAMI: Protocol = protocol::<suzuki_kasami::SuzukiKasami>(Named {
    name: "suzuki-kasami",
    summary: "mutual exclusion by a token, for which one asks everybody",
    source: "Suzuki and Kasami, A distributed mutual exclusion algorithm, ACM TOCS 3(4), 1985",
    variants: suzuki_kasami::VARIANTS,
    scenarios: &[
        "order/mutex-suzuki-kasami.toml",
        "order/mutex-suzuki-kasami-crash.toml",
        "order/mutex-suzuki-kasami-swarm.toml",
    ],
});

/// Maekawa's line in the registry.
pub const MAEKAWA: Protocol = protocol::<maekawa::Maekawa>(Named {
    name: "maekawa",
    summary: "mutual exclusion by the votes of a quorum of about twice the root of n, with inquiries against deadlock",
    source: "Maekawa, A square root n algorithm for mutual exclusion in decentralized systems, ACM TOCS 3(2), 1985; Sanders, ACM TOCS 5(3), 1987",
    variants: maekawa::VARIANTS,
    scenarios: &["order/mutex-maekawa.toml", "order/mutex-maekawa-crash.toml", "order/mutex-maekawa-swarm.toml"],
});

const SECTIONS: &str = "sections-apart";
const SERVED: &str = "served";
const ENTRIES: &str = "mutex.entries";
const MESSAGES_PER_ENTRY: &str = "mutex.messages_per_entry";
const WAIT: &str = "mutex.wait";
const SYNC_DELAY: &str = "mutex.sync_delay";

/// How an algorithm is known.
struct Named {
    name: &'static str,
    summary: &'static str,
    source: &'static str,
    variants: &'static [Variant],
    scenarios: &'static [&'static str],
}

const fn protocol<A: Algorithm>(named: Named) -> Protocol {
    Protocol {
        name: named.name,
        family: "order",
        summary: named.summary,
        source: named.source,
        catalogue: &["E4"],
        options: options::FIELDS,
        variants: named.variants,
        kinds: harness::kinds::<Node<A>>(),
        records: harness::keeps_records::<Node<A>>(),
        facts: <Fact as quorate_engine::Fact>::KINDS,
        checks: &[
            CheckInfo { name: MUTUAL_EXCLUSION, summary: "nobody enters while somebody is in, at every step" },
            CheckInfo { name: SECTIONS, summary: "no two stays in the critical section overlap, judged from outside" },
            CheckInfo { name: SERVED, summary: "unless somebody crashed: nobody waits for ever while the section is free" },
        ],
        metrics: &[
            MetricInfo { name: ENTRIES, unit: "", summary: "entries into the critical section" },
            MetricInfo {
                name: MESSAGES_PER_ENTRY,
                unit: "",
                summary: "messages of the algorithm for each entry, without acknowledgements and what is said again",
            },
            MetricInfo { name: WAIT, unit: "s", summary: "from a node's asking to its entering, on average" },
            MetricInfo {
                name: SYNC_DELAY,
                unit: "s",
                summary: "from one's leaving to the entering of the next one, which had asked before, on average",
            },
        ],
        scenarios: named.scenarios,
        run: |job| harness::run(&Node::<A>::GLUE, job),
        explore: |job, bounds| harness::explore(&Node::<A>::GLUE, job, bounds),
        replay: |job| harness::replay(&Node::<A>::GLUE, job),
        laws: None,
    }
}

impl<A: Algorithm> Node<A> {
    const GLUE: Glue<Node<A>> = Glue {
        options: options::options::<A>,
        request,
        replicates: |_| Replicates::Nothing,
        // Each node counts its own entries, and a count of all of them nobody has: only what was added stands in a history.
        history: |_| Telling {
            model: Model::Counter,
            concerns: |request| *request == Request::Enter,
            call: |_, names| (history::key(0, names), Call::Increment(1)),
            answer: |_, _| Some(Answer::Done),
        },
        report: evidence::report::<A>,
    };
}

fn request(_: &Options, _: u64, ask: &Ask) -> Result<Request, String> {
    Ok(match ask {
        Ask::Update { .. } => Request::Enter,
        Ask::Read { .. } => Request::Entries,
        _ => return Err(cannot(ask)),
    })
}
