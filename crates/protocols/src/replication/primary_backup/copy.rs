//! A node that keeps a copy: its log and what is safe of it, how it comes back from a crash, and how it goes from view to view. What it
//! does as the primary stands in `leading.rs`, as a backup in `following.rs`.

use super::actor::{Ctx, Node};
use super::following::Following;
use super::leading::Leading;
use super::log::{Entry, Log, Position};
use super::message::{Message, Record, Report, Timer, View};
use super::monitor::Fact;
use super::options::Mode;
use crate::replication::journal::Journal;
use crate::replication::machine::{Machine, Object, Request};
use quorate_engine::{Content, NodeId, OpId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Who is primary when nobody decides.
pub(super) const FIXED: NodeId = NodeId(0);

/// A node with a copy.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Copy {
    pub(super) id: NodeId,
    pub(super) journal: Journal,
    pub(super) log: Log,
    /// Records that are not durable and the length of the log with each.
    storing: VecDeque<(u64, u32)>,
    /// Entries that are durable.
    /// Invariant: `stored <= log.len()`.
    stored: u32,
    machine: Machine,
    /// Entries that are carried out.
    /// Invariant: `applied <= committed <= log.len()`.
    applied: u32,
    /// Entries that are committed, as far as the copy knows.
    pub(super) committed: u32,
    /// What the log is worth.
    standing: Standing,
    /// The record that says that it comes level in the next view, and that view.
    joining: Option<(u64, u32)>,
    /// The record that remembers what could not be read: before it is durable, nobody hears of this copy.
    remembering: u64,
    /// The latest view of which the copy knows; older ones are over.
    pub(super) latest: u32,
    /// The view that it is in; `None` after a start, until it learns of one.
    pub(super) view: Option<View>,
    pub(super) role: Role,
    /// Clients that wait until it is known who is primary, and serves.
    pub(super) held: VecDeque<(OpId, Request)>,
    /// Clients of a primary that wait for the end of a command in the log.
    pub(super) waiting: BTreeSet<OpId>,
}

/// What a log is worth after what befell it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Standing {
    /// There is none, or there is none any more.
    Fresh,
    /// In this view it came level with the primary's, and it is whole since.
    Joined(u32),
    /// Its end could not be read: it may be whole.
    Torn,
    /// Something durable could not be read: it is not whole.
    Lost,
}

/// What a copy does in its view.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// Nothing, until it learns of a view or is taken up by one.
    Idle,
    /// Asks all others for their logs: the fixed primary after it lost its own.
    Collecting(BTreeMap<NodeId, (u32, Content<Vec<Entry>>)>),
    /// Primary.
    Leading(Leading),
    /// Backup.
    Following(Following),
}

impl Copy {
    pub(super) fn new(id: NodeId, object: Object) -> Copy {
        Copy {
            id,
            journal: Journal::recovered(0),
            log: Log::default(),
            storing: VecDeque::new(),
            stored: 0,
            machine: Machine::new(object),
            applied: 0,
            committed: 0,
            standing: Standing::Fresh,
            joining: None,
            remembering: 0,
            latest: 0,
            view: None,
            role: Role::Idle,
            held: VecDeque::new(),
            waiting: BTreeSet::new(),
        }
    }

    /// The log.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The registers.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// The latest view in which the log came level with the primary's, and is whole since; 0 for none.
    pub fn joined(&self) -> u32 {
        match self.standing {
            Standing::Joined(view) => view,
            Standing::Fresh | Standing::Torn | Standing::Lost => 0,
        }
    }

    /// The view in which this copy is an active primary.
    pub fn leads(&self) -> Option<u32> {
        match &self.role {
            Role::Leading(leading) if leading.active => self.view.as_ref().map(|view| view.number),
            _ => None,
        }
    }

    pub(super) fn recover(&mut self, ctx: Ctx<'_, '_>, records: &[Record]) {
        let options = ctx.options();
        self.journal = Journal::recovered(records.len());
        for record in records {
            match record {
                Record::Entry(_) if options.forgets => {}
                Record::Entry(entry) => self.log.push(entry.clone()),
                Record::Cut(entries) => self.log.cut(*entries),
                Record::Joined(view) => {
                    self.standing = Standing::Joined(*view);
                    self.latest = self.latest.max(*view);
                }
                Record::Torn => self.standing = Standing::Torn,
                Record::Lost => self.standing = Standing::Lost,
                Record::View(_) | Record::Active(_) | Record::ViewsLost => unreachable!("a copy does not decide on views"),
            }
        }
        self.stored = self.log.len();
        self.latest = self.latest.max(self.log.position().view);
        if let Some(damage) = ctx.damage() {
            ctx.fact(Fact::Damaged);
            let (standing, record) = match damage.readable_after {
                0 => (Standing::Torn, Record::Torn),
                _ => (Standing::Lost, Record::Lost),
            };
            self.standing = standing;
            self.remembering = self.journal.append(ctx, record);
            self.journal.force(ctx);
        }
        ctx.publish(self.machine.digest());
        ctx.set_timer(Timer::Heartbeat, options.heartbeat);
        match options.view_server {
            Some(_) => self.ping(ctx),
            None if self.id != FIXED => {}
            None => {
                // An empty disk may have had a log once, and of a torn end backups may have more. Where there are none, it is all there is.
                let backups = ctx.nodes() > 1;
                let asks = match self.standing {
                    Standing::Joined(_) => false,
                    Standing::Fresh => backups,
                    Standing::Torn => backups && options.mode == Mode::Synchronous,
                    Standing::Lost => true,
                };
                if asks {
                    self.role = Role::Collecting(BTreeMap::new());
                    ctx.broadcast(Message::Fetch);
                    ctx.set_timer(Timer::Resend, options.resend);
                } else {
                    self.lead_next(ctx, self.latest);
                }
            }
        }
    }

    /// The fixed primary begins the view after `latest`, with all others as its backups.
    fn lead_next(&mut self, ctx: Ctx<'_, '_>, latest: u32) {
        let backups = ctx.others().iter().collect();
        self.enter(ctx, View::new(latest + 1, self.id, backups));
    }

    /// A log came that was asked for. With all of them, the fixed primary goes on from the one that has most: each backup has
    /// everything that was acknowledged synchronously.
    pub(super) fn copied(&mut self, ctx: Ctx<'_, '_>, from: NodeId, latest: u32, entries: Content<Vec<Entry>>) {
        let others = ctx.nodes() as usize - 1;
        let Role::Collecting(copies) = &mut self.role else { return };
        copies.insert(from, (latest, entries));
        if copies.len() < others {
            return;
        }
        let copies = std::mem::take(copies);
        let latest = copies.values().map(|(latest, _)| *latest).fold(self.latest, u32::max);
        let position =
            |entries: &[Entry]| Position { view: entries.last().map_or(0, |entry| entry.view), entries: entries.len() as u32 };
        let most = copies.values().map(|(_, entries)| entries).max_by_key(|entries| position(entries));
        if let Some(most) = most.filter(|entries| position(entries) > self.log.position()) {
            let mut theirs = Log::default();
            most.iter().for_each(|entry| theirs.push(entry.clone()));
            self.take_over(ctx, self.log.common(&theirs.ends()), &most[..]);
        }
        self.lead_next(ctx, latest);
    }

    /// The log becomes its first `common` entries and what follows these in `whole`.
    fn take_over(&mut self, ctx: Ctx<'_, '_>, common: u32, whole: &[Entry]) {
        self.cut(ctx, common);
        whole[common as usize..].iter().for_each(|entry| self.store(ctx, entry.clone()));
    }

    /// Appends an entry.
    pub(super) fn store(&mut self, ctx: Ctx<'_, '_>, entry: Entry) {
        let record = self.journal.append(ctx, Record::Entry(entry.clone()));
        self.log.push(entry);
        self.storing.push_back((record, self.log.len()));
    }

    /// Cuts off the log what comes after so many entries.
    pub(super) fn cut(&mut self, ctx: Ctx<'_, '_>, entries: u32) {
        if entries >= self.log.len() {
            return;
        }
        self.journal.append(ctx, Record::Cut(entries));
        self.log.cut(entries);
        self.stored = self.stored.min(entries);
        self.storing.iter_mut().for_each(|(_, length)| *length = entries.min(*length));
        self.committed = self.committed.min(entries);
        if self.applied > entries {
            self.undo(ctx);
        }
    }

    /// Commands that were carried out are no longer in the log: begins anew without them. That happens to a primary that answered
    /// before its backups knew.
    fn undo(&mut self, ctx: Ctx<'_, '_>) {
        let before = std::mem::replace(&mut self.machine, Machine::new(ctx.options().object));
        self.applied = 0;
        self.log.reopen();
        self.apply(ctx);
        self.machine.take_the_place_of(ctx, &before);
        ctx.publish(self.machine.digest());
    }

    /// Carries out what is committed, and answers clients that wait for it; whether there were any.
    fn apply(&mut self, ctx: Ctx<'_, '_>) -> bool {
        let (before, mut told) = (self.applied, false);
        while self.applied < self.committed {
            let Entry { by, command, .. } = self.log.entry(self.applied).clone();
            self.applied += 1;
            self.log.close(command.operation);
            let response = self.machine.apply(ctx, &command, by);
            if self.waiting.remove(&command.operation) {
                ctx.reply(command.operation, response);
                told = true;
            }
        }
        if self.applied > before {
            ctx.publish(self.machine.digest());
        }
        told
    }

    /// So many entries are committed; whether a client was answered.
    pub(super) fn commit(&mut self, ctx: Ctx<'_, '_>, entries: u32) -> bool {
        self.committed = self.committed.max(entries.min(self.log.len()));
        self.apply(ctx)
    }

    /// Entries that a crash of this node leaves.
    pub(super) fn safe(&self, ctx: &quorate_engine::Context<'_, Node>) -> u32 {
        if ctx.options().answers_early { self.log.len() } else { self.stored }
    }

    /// Records in the log that the copy has come level with the primary in this view.
    pub(super) fn join(&mut self, ctx: Ctx<'_, '_>, view: u32) {
        if self.joined() < view && self.joining.is_none_or(|(_, joining)| joining < view) {
            let record = self.journal.append(ctx, Record::Joined(view));
            self.joining = Some((record, view));
        }
    }

    pub(super) fn synced(&mut self, ctx: Ctx<'_, '_>, upto: u64) {
        self.journal.synced(upto);
        while let Some((_, entries)) = self.storing.front().copied().filter(|(record, _)| *record <= upto) {
            self.storing.pop_front();
            self.stored = entries;
        }
        if let Some((_, view)) = self.joining.filter(|(record, _)| *record <= upto) {
            self.joining = None;
            self.standing = Standing::Joined(view);
            match self.role {
                Role::Leading(_) => self.probe_all(ctx),
                _ => ctx.fact(Fact::SyncedUp(view)),
            }
        }
        let begun = self.journal.force(ctx);
        match self.role {
            Role::Leading(_) => self.stored_more(ctx, begun),
            Role::Following(_) => self.acknowledge(ctx),
            Role::Idle | Role::Collecting(_) => {}
        }
    }

    /// Goes into a view, out of any other.
    pub(super) fn enter(&mut self, ctx: Ctx<'_, '_>, view: View) {
        self.resign(ctx);
        self.latest = self.latest.max(view.number);
        if view.primary == self.id {
            self.role = Role::Leading(Leading::new(&view, self.log.len()));
            self.join(ctx, view.number);
            self.journal.force(ctx);
        } else if view.backups.contains(&self.id) {
            ctx.fact(Fact::Backup(view.number));
            self.role = Role::Following(Following::default());
        } else {
            self.role = Role::Idle;
        }
        self.view = Some(view);
        self.send_on(ctx);
    }

    /// Sends clients that wait to whoever is primary, if that is another. Those whose commands are in the log it cannot send on: they
    /// may still take effect.
    fn send_on(&mut self, ctx: Ctx<'_, '_>) {
        let Some(primary) = self.view.as_ref().map(|view| view.primary).filter(|primary| *primary != self.id) else { return };
        self.waiting.clear();
        for (operation, _) in self.held.drain(..) {
            ctx.redirect(operation, primary);
        }
    }

    /// Clients that waited for an active primary get their turn.
    pub(super) fn release(&mut self, ctx: Ctx<'_, '_>) {
        for (operation, request) in std::mem::take(&mut self.held) {
            self.request(ctx, operation, request);
        }
    }

    pub(super) fn request(&mut self, ctx: Ctx<'_, '_>, operation: OpId, request: Request) {
        match &self.view {
            Some(view) if view.primary != self.id => ctx.redirect(operation, view.primary),
            _ if self.leads().is_some() => self.take_in(ctx, operation, request),
            // A client that asks twice need not wait twice.
            _ => {
                self.held.retain(|(waiting, _)| *waiting != operation);
                self.held.push_back((operation, request));
            }
        }
    }

    /// Says to the view server how things stand.
    fn ping(&self, ctx: Ctx<'_, '_>) {
        let Some(server) = ctx.options().view_server else { return };
        if self.journal.durable() < self.remembering {
            return;
        }
        let view = self.view.as_ref().map_or(0, |view| view.number);
        let torn = self.standing == Standing::Torn;
        ctx.send(server, Message::Ping(Report { view, joined: self.joined(), torn, position: self.log.position() }));
    }

    /// The view server, or a node that is in a later view, tells which it is.
    pub(super) fn told(&mut self, ctx: Ctx<'_, '_>, from: NodeId, view: View) {
        let by_server = ctx.options().view_server == Some(from);
        let news = match &self.view {
            Some(mine) => view.number > mine.number,
            // After a start, what another copy knows may be over.
            None => by_server && view.number >= self.latest,
        };
        if !news || view.primary == self.id && !(by_server && self.may_lead(&view)) {
            return;
        }
        self.enter(ctx, view);
        self.ping(ctx);
    }

    /// Whether this is the log that the view server chose, and it has not led the view before.
    fn may_lead(&self, view: &View) -> bool {
        view.number > self.latest && self.joined() >= view.after && self.log.position() >= view.expects
    }

    /// Whether a message of `from` as the primary of that view is to be heard; if it is of a later view, that begins.
    pub(super) fn hears(&mut self, ctx: Ctx<'_, '_>, from: NodeId, number: u32) -> bool {
        let served = ctx.options().view_server.is_some();
        let known = self.view.as_ref().map(|view| view.number);
        if known.is_none() && served {
            return false; // whether the sender is still primary, only the view server knows
        }
        if known == Some(number) {
            return self.view.as_ref().is_some_and(|view| view.primary == from);
        }
        if number < self.latest {
            if let Some(view) = self.view.as_ref().filter(|_| served) {
                ctx.send(from, Message::View(view.clone()));
            }
            return false;
        }
        self.enter(ctx, View::new(number, from, vec![self.id]));
        true
    }

    pub(super) fn timer(&mut self, ctx: Ctx<'_, '_>, timer: Timer) {
        match timer {
            Timer::Heartbeat => {
                self.ping(ctx);
                if let Role::Leading(leading) = &self.role {
                    leading.beat(ctx, self.committed);
                }
                ctx.set_timer(Timer::Heartbeat, ctx.options().heartbeat);
            }
            Timer::Resend => match &self.role {
                Role::Leading(_) => self.resend(ctx),
                Role::Collecting(copies) => {
                    let silent = ctx.others().iter().filter(|node| !copies.contains_key(node)).collect::<Vec<NodeId>>();
                    ctx.multicast(silent, Message::Fetch);
                    ctx.set_timer(Timer::Resend, ctx.options().resend);
                }
                Role::Following(_) | Role::Idle => {}
            },
        }
    }

    pub(super) fn message(&mut self, ctx: Ctx<'_, '_>, from: NodeId, message: Message) {
        match message {
            Message::Append(_, append) => self.append(ctx, from, append),
            Message::Heartbeat { view, commit } => self.heartbeat(ctx, from, view, commit),
            Message::Acked { view, round, upto } => self.acked(ctx, from, view, round, upto),
            Message::Behind { view, ends } => self.behind(ctx, from, view, &ends),
            Message::View(view) => self.told(ctx, from, view),
            Message::Activated(view) => self.activated(ctx, view),
            Message::Fetch => {
                let entries = Content::new(self.log.between(0, self.log.len()).to_vec());
                ctx.send(from, Message::Copied { view: self.latest, entries });
            }
            Message::Copied { view, entries } => self.copied(ctx, from, view, entries),
            Message::Ping(_) | Message::Activate(_) => {} // meant for a view server
        }
    }
}
