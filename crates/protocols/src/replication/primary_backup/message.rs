//! What copies and the view server say to each other, and what they write down.

use super::log::{Ends, Entry, Position};
use crate::replication::machine::{Access, Request};
use quorate_engine::{Content, Kind, Message as Counted, NodeId, Role, Sink, Timer as Named, TimerSlot, Wire};

/// Who leads and who backs up, from one change to the next.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct View {
    /// From 1; 0 before there is any.
    pub number: u32,
    /// Who orders commands.
    pub primary: NodeId,
    /// Who must have each before it is acknowledged; ascending.
    pub backups: Vec<NodeId>,
    /// The last view that was active before this one: the primary must have joined it. 0 asks nothing.
    pub after: u32,
    /// The log that the primary was chosen for.
    pub expects: Position,
}

impl View {
    /// A view that asks nothing of its primary.
    pub fn new(number: u32, primary: NodeId, backups: Vec<NodeId>) -> View {
        View { number, primary, backups, after: 0, expects: Position::default() }
    }

    /// What there is before there is any.
    pub fn none() -> View {
        View::new(0, NodeId(0), Vec::new())
    }
}

/// What a copy says of itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct Report {
    /// The view that it is in; 0 when it has just started and knows none.
    pub view: u32,
    /// The latest view in which its log came level with the primary's, and is whole since.
    pub joined: u32,
    /// The end of its log could not be read: it may be whole, or not.
    pub torn: bool,
    /// Where its log ends.
    pub position: Position,
}

/// Entries for a backup.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Append {
    /// The primary's view.
    pub view: u32,
    /// How many entries the primary had when the view began.
    pub start: u32,
    /// The latest round of confirmations.
    pub round: u32,
    /// The view of the entry before the first of these.
    pub before: u32,
    /// The place of the first of these.
    pub from: u32,
    /// The entries.
    pub entries: Content<Vec<Entry>>,
    /// How many entries are committed.
    pub commit: u32,
}

/// Why entries are sent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Reason {
    /// They are new; none, to ask whether the backup is still in the view.
    New,
    /// They may have been lost.
    Again,
    /// The backup said that it lacks them.
    Lacking,
}

/// A message.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Message {
    /// Primary to backup.
    Append(Reason, Append),
    /// Backup to primary: in this view, having seen that round, it has so many entries safe.
    Acked {
        /// The view.
        view: u32,
        /// The latest round that it has seen.
        round: u32,
        /// How many entries it shares with the primary, all of them safe.
        upto: u32,
    },
    /// Backup to primary: what it was sent does not go on from what it has.
    Behind {
        /// The view.
        view: u32,
        /// Where its entries of each view end.
        ends: Ends,
    },
    /// Primary to backup, now and then.
    Heartbeat {
        /// The view.
        view: u32,
        /// How many entries are committed.
        commit: u32,
    },
    /// Copy to view server, now and then.
    Ping(Report),
    /// View server to copies, and a copy to one that is behind the times.
    View(View),
    /// Primary to view server: all of the view have come level.
    Activate(u32),
    /// View server to primary: the view is active.
    Activated(u32),
    /// Without a view server: a primary that cannot trust its own log asks for the others'.
    Fetch,
    /// The answer.
    Copied {
        /// The latest view that the sender knows of.
        view: u32,
        /// Its log.
        entries: Content<Vec<Entry>>,
    },
}

impl Counted for Message {
    const KINDS: &'static [Kind] = &[
        Kind::protocol("append"),
        Kind::protocol("confirm"),
        Kind { name: "append-again", role: Role::Retry },
        Kind { name: "transfer", role: Role::Recovery },
        Kind::protocol("acked"),
        Kind { name: "behind", role: Role::Recovery },
        Kind { name: "heartbeat", role: Role::Heartbeat },
        Kind { name: "ping", role: Role::Heartbeat },
        Kind::protocol("view"),
        Kind::protocol("activate"),
        Kind::protocol("activated"),
        Kind { name: "fetch", role: Role::Recovery },
        Kind { name: "copied", role: Role::Recovery },
    ];

    fn kind(&self) -> usize {
        match self {
            Message::Append(Reason::New, append) => usize::from(append.entries.is_empty()),
            Message::Append(Reason::Again, _) => 2,
            Message::Append(Reason::Lacking, _) => 3,
            Message::Acked { .. } => 4,
            Message::Behind { .. } => 5,
            Message::Heartbeat { .. } => 6,
            Message::Ping(_) => 7,
            Message::View(_) => 8,
            Message::Activate(_) => 9,
            Message::Activated(_) => 10,
            Message::Fetch => 11,
            Message::Copied { .. } => 12,
        }
    }

    /// Lies about values, about what is safe, and about who is whole: what a fault of memory or an adversary might say.
    fn forge(&self, choice: u64) -> Option<Message> {
        let mut forged = self.clone();
        match &mut forged {
            Message::Append(_, Append { entries, .. }) | Message::Copied { entries, .. } => {
                *entries = forged_entries(entries, choice)?
            }
            Message::Acked { upto, .. } => *upto = upto.saturating_add(1 + (choice % 8) as u32),
            Message::Heartbeat { commit, .. } => *commit = commit.saturating_add(1 + (choice % 8) as u32),
            Message::Behind { ends, .. } => {
                ends.pop()?;
            }
            Message::Ping(report) => {
                report.joined = if report.joined == 0 { report.view } else { 0 };
                report.position.entries = report.position.entries.saturating_add((choice % 8) as u32);
            }
            Message::View(view) => {
                let place = usize::try_from(choice % view.backups.len().max(1) as u64).expect("a small number");
                std::mem::swap(view.backups.get_mut(place)?, &mut view.primary);
                view.backups.sort_unstable();
            }
            Message::Activate(_) | Message::Activated(_) | Message::Fetch => return None,
        }
        (forged != *self).then_some(forged)
    }
}

/// The same entries with another value in one that writes.
fn forged_entries(entries: &[Entry], choice: u64) -> Option<Content<Vec<Entry>>> {
    let mut entries = entries.to_vec();
    let place = usize::try_from(choice % entries.len().max(1) as u64).expect("a small number");
    let lie = 1 + choice / 64 % 1024;
    match &mut entries.get_mut(place)?.command.request {
        Request::Write(_, value) | Request::Cas { value, .. } => *value = value.wrapping_add(lie),
        Request::Transaction(accesses) => {
            let value = accesses.iter_mut().find_map(|access| match access {
                Access::Write(_, value) => Some(value),
                Access::Read(_) => None,
            })?;
            *value = value.wrapping_add(lie);
        }
        Request::Add(_, amount) => *amount = amount.wrapping_add_unsigned(lie),
        Request::Acquire { owner, .. } | Request::Release { owner, .. } => *owner = owner.wrapping_add(1),
        Request::Read(_) | Request::Change(_) => return None,
    }
    Some(Content::new(entries))
}

/// What a node writes down.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Record {
    /// A copy: the next entry of the log.
    Entry(Entry),
    /// A copy: what comes after so many entries is no longer in the log.
    Cut(u32),
    /// A copy: in this view its log has come level with the primary's, before this record.
    Joined(u32),
    /// A copy: the end of the log could not be read.
    Torn,
    /// A copy: a durable record could not be read.
    Lost,
    /// The view server: the next view.
    View(View),
    /// The view server: that view is active.
    Active(u32),
    /// The view server: it has forgotten views that there were.
    ViewsLost,
}

/// A node's timers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Timer {
    /// It is time to say that one is there, or to see who is not.
    Heartbeat,
    /// It is time to say again what may have been lost.
    Resend,
}

impl Named for Timer {
    type Slots = [TimerSlot; 2];

    fn index(self) -> usize {
        self as usize
    }

    fn from_index(index: usize) -> Timer {
        [Timer::Heartbeat, Timer::Resend][index]
    }
}

impl Wire for Message {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u8(self.kind() as u8);
        match self {
            Message::Append(_, append) => append.encode(sink),
            Message::Acked { view, round, upto } => [*view, *round, *upto].iter().for_each(|part| sink.u32(*part)),
            Message::Behind { view, ends } => {
                sink.u32(*view);
                ends.encode(sink);
            }
            Message::Heartbeat { view, commit } => {
                sink.u32(*view);
                sink.u32(*commit);
            }
            Message::Ping(report) => report.encode(sink),
            Message::View(view) => view.encode(sink),
            Message::Activate(view) | Message::Activated(view) => sink.u32(*view),
            Message::Fetch => {}
            Message::Copied { view, entries } => {
                sink.u32(*view);
                entries.encode(sink);
            }
        }
    }
}

impl Wire for Append {
    fn encode(&self, sink: &mut impl Sink) {
        [self.view, self.start, self.round, self.before, self.from, self.commit].iter().for_each(|part| sink.u32(*part));
        self.entries.encode(sink);
    }
}

impl Wire for View {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.number);
        self.primary.encode(sink);
        self.backups.encode(sink);
        sink.u32(self.after);
        self.expects.encode(sink);
    }
}

impl Wire for Report {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.view);
        sink.u32(self.joined);
        sink.u8(u8::from(self.torn));
        self.position.encode(sink);
    }
}

impl Wire for Record {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Record::Entry(entry) => {
                sink.u8(0);
                entry.encode(sink);
            }
            Record::Cut(entries) => {
                sink.u8(1);
                sink.u32(*entries);
            }
            Record::Joined(view) => {
                sink.u8(2);
                sink.u32(*view);
            }
            Record::Torn => sink.u8(3),
            Record::Lost => sink.u8(4),
            Record::View(view) => {
                sink.u8(5);
                view.encode(sink);
            }
            Record::Active(view) => {
                sink.u8(6);
                sink.u32(*view);
            }
            Record::ViewsLost => sink.u8(7),
        }
    }
}
