//! What a leader knows: how far each follower is, who was heard, which reads wait.

use super::config::Server;
use super::log::{Index, Term};
use super::membership::Order;
use super::transfer::Transfer;
use crate::consensus::reads::Reads;
use crate::replication::machine::Request;
use crate::sorted::Sorted;
use quorate_engine::{NodeId, OpId};
use std::collections::{BTreeSet, VecDeque};

/// A leader's volatile state (figure 2), reinitialised after election.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Leader {
    pub(super) term: Term,
    /// How far each of the others is: members, those that were members until a change that is not committed, and those that are to be.
    pub(super) followers: Sorted<NodeId, Progress>,
    /// Its own log is on disk up to here.
    pub(super) stored: Index,
    /// Who was heard since it last looked.
    pub(super) heard: BTreeSet<Server>,
    /// Reads, and the rounds of messages that show that it still leads.
    pub(super) reads: Reads,
    /// Commands that wait for the forced write under way.
    pub(super) queue: VecDeque<(OpId, Request)>,
    /// Operations whose entries are not applied yet.
    pub(super) open: BTreeSet<OpId>,
    /// There is nothing to do about members.
    pub(super) is_settled: bool,
    /// Changes of members, the first of them under way.
    pub(super) orders: VecDeque<Order>,
    /// To whom its leadership goes.
    pub(super) transfer: Option<Transfer>,
    /// It told somebody to stand for election at once, which no lease outlasts.
    pub(super) lease_is_void: bool,
}

/// How far a follower is.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Progress {
    /// Its [`Server::life`]; `None` until a node that is to be a member has answered.
    pub(super) life: Option<u64>,
    /// `nextIndex`.
    pub(super) next: Index,
    /// `matchIndex`.
    pub(super) matched: Index,
    pub(super) sending: Sending,
    /// The latest round that it has answered.
    pub(super) round: u64,
}

/// What a leader sends to a follower.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Sending {
    /// One append at a time, until it is known where the logs part; whether one is under way.
    Probing(bool),
    /// Appends one after the other: where each that is not answered ends, and whether any was so since the last heartbeat.
    Streaming {
        /// The last index of each.
        in_flight: VecDeque<Index>,
        /// It was not empty at the last heartbeat, and nothing was answered since.
        is_stale: bool,
    },
    /// A snapshot: its last entry, how many bytes have come, and whether a part is under way.
    Snapshot {
        /// The last entry.
        last: Index,
        /// Bytes.
        bytes: u64,
        /// A part is under way since the last heartbeat.
        is_under_way: bool,
    },
}

impl Progress {
    /// Of a server of which nothing is known but how far the leader's log goes.
    pub(super) fn of(life: Option<u64>, last: Index) -> Progress {
        Progress { life, next: last + 1, matched: 0, sending: Sending::Probing(false), round: 0 }
    }
}

impl Leader {
    pub(super) fn of(term: Term) -> Leader {
        Leader {
            term,
            followers: Sorted::default(),
            stored: 0,
            heard: BTreeSet::new(),
            reads: Reads::default(),
            queue: VecDeque::new(),
            open: BTreeSet::new(),
            is_settled: false,
            orders: VecDeque::new(),
            transfer: None,
            lease_is_void: false,
        }
    }

    /// Clients that it has not served, when it is deposed: nothing was done for them.
    pub(super) fn into_queue(self) -> impl Iterator<Item = (OpId, Request)> {
        let orders = self.orders.into_iter().filter_map(Order::into_request);
        self.queue.into_iter().chain(self.reads.into_waiting()).chain(orders)
    }

    /// How far each follower is, for the evidence.
    pub(super) fn tell(&self) -> serde_json::Value {
        let one = |(follower, progress): (NodeId, &Progress)| {
            let sending = match progress.sending {
                Sending::Probing(_) => "probing",
                Sending::Streaming { .. } => "streaming",
                Sending::Snapshot { .. } => "snapshot",
            };
            let told = serde_json::json!({ "next": progress.next, "matched": progress.matched, "sending": sending });
            (follower.to_string(), told)
        };
        self.followers.iter().map(one).collect::<serde_json::Map<_, _>>().into()
    }

    /// What is known of a server; nothing when its node has come back as another.
    pub(super) fn of_server(&self, server: Server) -> Option<&Progress> {
        self.followers.get(server.node).filter(|progress| progress.life == Some(server.life))
    }

    /// `matchIndex` of any server, the leader's own included.
    pub(super) fn matched(&self, me: Server, server: Server) -> Index {
        if server == me { self.stored } else { self.of_server(server).map_or(0, |progress| progress.matched) }
    }
}
