//! What servers say to each other (figures 2 and 13; thesis §3.10, §9.6), and what they write down.

use super::config::Configuration;
use super::log::{Entries, Entry, Index, Position, Term};
use crate::replication::machine::Machine;
use quorate_engine::{Content, Kind, Message as Counted, NodeId, NodeSet, Role, Sink, Timer as Named, TimerSlot, Wire};

/// What stands for the log up to its last entry (§7).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Snapshot {
    /// The last entry that it stands for.
    pub last: Position,
    /// Who belonged to the cluster then.
    pub configuration: Configuration,
    /// The entry that said so.
    pub configured: Index,
    /// The state machine after it.
    pub machine: Machine,
}

/// Entries for a follower: AppendEntries.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Append {
    /// The leader's term.
    pub term: Term,
    /// Where the entries go on from.
    pub previous: Position,
    /// The entries; none for a heartbeat.
    pub entries: Content<Entries>,
    /// The leader's commit index.
    pub commit: Index,
    /// The leader's latest round: an answer says that the sender took it for its leader then (thesis §6.4).
    pub round: u64,
}

/// What became of an append.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Result {
    /// The follower's log is the leader's up to here, and on disk.
    Matches(Index),
    /// The follower has no such entry to go on from: what it has instead, so that a leader goes back by terms (§5.3).
    Conflicts {
        /// The place that the leader meant.
        meant: Index,
        /// The last entry there or before that the follower has, of a term that is not above the leader's.
        has: Position,
    },
}

/// A part of a snapshot.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Chunk {
    /// The leader's term.
    pub term: Term,
    /// The snapshot; only a part of its bytes is in this message.
    pub snapshot: Content<Snapshot>,
    /// The first byte of the part.
    pub offset: u64,
    /// How many bytes it has.
    pub length: u64,
    /// Whether it is the last.
    pub is_last: bool,
    /// As in [`Append::round`].
    pub round: u64,
}

/// Why entries are sent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Reason {
    /// They are new.
    New,
    /// They, or the answer, may have been lost; or the follower's log is not known yet.
    Again,
    /// There are none: a sign of life.
    Heartbeat,
}

/// A message.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Message {
    /// A candidate asks for a vote.
    RequestVote {
        /// Its term; before a pre-vote, the one that it would begin.
        term: Term,
        /// Where its log ends.
        end: Position,
        /// Whether it only asks whether it could win.
        pre: bool,
        /// Whether its leader wants it to win: then voters need not keep to that leader.
        transfer: bool,
    },
    /// The answer.
    Vote {
        /// The voter's term; when it grants a pre-vote, the one that it was asked for.
        term: Term,
        /// Whether it grants it.
        granted: bool,
        /// Whether it is an answer before an election.
        pre: bool,
        /// The voter's [`Server::life`].
        life: u64,
    },
    /// A leader's entries.
    Append(Reason, Append),
    /// The answer, to a sign of life or to all others.
    Appended {
        /// The follower's term.
        term: Term,
        /// What became of it.
        result: Result,
        /// Whether it answers a heartbeat.
        is_beat: bool,
        /// The round that it answers.
        round: u64,
        /// The follower's [`Server::life`].
        life: u64,
    },
    /// A part of a leader's snapshot.
    InstallSnapshot(Chunk),
    /// The answer: of the snapshot up to that entry, so many bytes have come.
    Installed {
        /// The follower's term.
        term: Term,
        /// The snapshot's last entry.
        last: Index,
        /// The bytes.
        bytes: u64,
        /// The round that it answers.
        round: u64,
        /// The follower's [`Server::life`].
        life: u64,
    },
    /// A leader wants the receiver to lead: it need not wait for its election timeout (thesis §3.10).
    TimeoutNow {
        /// The leader's term.
        term: Term,
    },
    /// Who stood for election is no member by the sender's configuration.
    Removed {
        /// The entry that holds it.
        configured: Index,
        /// What the sender knows to be committed.
        commit: Index,
        /// Who votes by it, and may know more.
        voters: NodeSet,
    },
}

impl Counted for Message {
    const KINDS: &'static [Kind] = &[
        Kind::protocol("request-vote"),
        Kind::protocol("pre-vote"),
        Kind::protocol("vote"),
        Kind::protocol("append"),
        Kind { name: "append-again", role: Role::Retry },
        Kind { name: "heartbeat", role: Role::Heartbeat },
        Kind::protocol("appended"),
        Kind { name: "heartbeat-answer", role: Role::Heartbeat },
        Kind { name: "install-snapshot", role: Role::Recovery },
        Kind { name: "installed", role: Role::Recovery },
        Kind::protocol("timeout-now"),
        Kind::protocol("removed"),
    ];

    fn kind(&self) -> usize {
        match self {
            Message::RequestVote { pre: false, .. } => 0,
            Message::RequestVote { .. } => 1,
            Message::Vote { .. } => 2,
            Message::Append(Reason::New, _) => 3,
            Message::Append(Reason::Again, _) => 4,
            Message::Append(Reason::Heartbeat, _) => 5,
            Message::Appended { is_beat: false, .. } => 6,
            Message::Appended { .. } => 7,
            Message::InstallSnapshot(_) => 8,
            Message::Installed { .. } => 9,
            Message::TimeoutNow { .. } => 10,
            Message::Removed { .. } => 11,
        }
    }
}

/// What a server writes down: figure 2's persistent state, as changes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Record {
    /// `currentTerm` and `votedFor`.
    Term(Term, Option<NodeId>),
    /// `log[index]`; what the log had from there on is gone.
    Entry(Index, Content<Entry>),
    /// A snapshot stands for the log up to its last entry, and for all of it where the log does not go on from there.
    Snapshot(Content<Snapshot>),
    /// The server is another one from here on, with this [`Server::life`]: what stands before is void.
    Born(u64),
}

/// The timers of a server.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Timer {
    /// No leader was heard for an election timeout.
    Election,
    /// No leader was heard for the least election timeout: another may be elected.
    Silence,
    /// A leader gives a sign of life.
    Heartbeat,
    /// A leader looks whether it has heard of a majority.
    Quorum,
    /// A leader gives a transfer of its leadership up.
    Transfer,
}

impl Named for Timer {
    type Slots = [TimerSlot; 5];

    fn index(self) -> usize {
        self as usize
    }

    fn from_index(index: usize) -> Timer {
        [Timer::Election, Timer::Silence, Timer::Heartbeat, Timer::Quorum, Timer::Transfer][index]
    }
}

impl Wire for Snapshot {
    fn encode(&self, sink: &mut impl Sink) {
        self.last.encode(sink);
        self.configuration.encode(sink);
        sink.u64(self.configured);
        self.machine.encode(sink);
    }
}

impl Wire for Result {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Result::Matches(index) => {
                sink.u8(0);
                sink.u64(*index);
            }
            Result::Conflicts { meant, has } => {
                sink.u8(1);
                sink.u64(*meant);
                has.encode(sink);
            }
        }
    }
}

impl Wire for Append {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u64(self.term);
        self.previous.encode(sink);
        self.entries.encode(sink);
        sink.u64(self.commit);
        sink.u64(self.round);
    }
}

impl Wire for Chunk {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u64(self.term);
        self.snapshot.last.encode(sink);
        sink.u64(self.offset);
        sink.u8(u8::from(self.is_last));
        sink.u64(self.round);
        sink.known(self.length, self.snapshot.digest() ^ self.offset);
    }
}

impl Wire for Message {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u8(self.kind() as u8);
        match self {
            Message::RequestVote { term, end, transfer, .. } => {
                sink.u64(*term);
                end.encode(sink);
                sink.u8(u8::from(*transfer));
            }
            Message::Vote { term, granted, pre, life } => {
                sink.u64(*term);
                sink.u64(*life);
                sink.u8(u8::from(*granted) | u8::from(*pre) << 1);
            }
            Message::Append(_, append) => append.encode(sink),
            Message::Appended { term, result, round, life, .. } => {
                sink.u64(*term);
                result.encode(sink);
                sink.u64(*round);
                sink.u64(*life);
            }
            Message::InstallSnapshot(chunk) => chunk.encode(sink),
            Message::Installed { term, last, bytes, round, life } => {
                for number in [term, last, bytes, round, life] {
                    sink.u64(*number);
                }
            }
            Message::TimeoutNow { term } => sink.u64(*term),
            Message::Removed { configured, commit, voters } => {
                sink.u64(*configured);
                sink.u64(*commit);
                sink.u32(voters.len() as u32);
                voters.iter().for_each(|node| node.encode(sink));
            }
        }
    }
}

impl Wire for Record {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Record::Term(term, voted_for) => {
                sink.u8(0);
                sink.u64(*term);
                voted_for.encode(sink);
            }
            Record::Entry(index, entry) => {
                sink.u8(1);
                sink.u64(*index);
                Entry::encode(entry, sink);
            }
            Record::Snapshot(snapshot) => {
                sink.u8(2);
                snapshot.encode(sink);
            }
            Record::Born(life) => {
                sink.u8(3);
                sink.u64(*life);
            }
        }
    }
}
