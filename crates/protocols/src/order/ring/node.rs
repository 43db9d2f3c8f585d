//! A process. What it broadcasts, accepts and delivers stands in `accepting`, how it has the token in `token`, how a lost one is
//! made anew in `regeneration`, and how it comes back from a crash in `recovery`.

use super::accepting::chain;
use super::message::{Generation, Member, Message, Place, Posted, Record, Timer};
use super::monitor::{Fact, Watch};
use super::options::Options;
use super::regeneration::Campaign;
use super::sequence::Sequence;
use super::token::{Holding, Passing};
use crate::order::request::{Request, Response};
use crate::replication::journal::{Journal, Waiting};
use quorate_engine::{Actor, Context, NodeId, OpId, Update};
use std::collections::BTreeMap;

pub(super) type Ctx<'a> = Context<'a, Process>;

/// A process of the ring.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Process {
    pub(super) journal: Journal,
    pub(super) waiting: Waiting<Then>,
    /// Whether it has lost its disk, and with it its name.
    pub(super) is_out: bool,
    /// The numbers of its own messages, by what clients call them.
    pub(super) asked: BTreeMap<OpId, u32>,
    /// Its own messages that are on disk, and with a moving sequencer those that it was sent, until they are delivered.
    pub(super) pool: BTreeMap<Update, Posted>,
    /// With a moving sequencer: numbers whose messages have not arrived.
    pub(super) names: BTreeMap<u64, (Generation, Update)>,
    pub(super) sequence: Sequence,
    /// What is delivered, the disk says so. The first has the number 1.
    pub(super) log: Vec<Posted>,
    pub(super) digest: u64,
    /// It accepts nothing from tokens before this.
    pub(super) promised: Generation,
    /// The last that it knows of where the token is.
    pub(super) latest: Place,
    /// Where the token was when it had it last, in this life.
    pub(super) taken: Option<Place>,
    pub(super) held: Option<Holding>,
    pub(super) passing: Option<Passing>,
    /// Who wants to be a member: in which life, and what it has promised.
    pub(super) joins: BTreeMap<NodeId, (u32, Generation)>,
    /// Whether something was heard of the token lately.
    pub(super) is_lively: bool,
    pub(super) campaign: Option<Campaign>,
    /// What the token would have given next when it was here last: what is missing below that is not just late.
    pub(super) lacked: u64,
}

/// What waits for the disk.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Then {
    /// A message of its own waits for a number.
    Own(Posted),
    /// A number is accepted.
    Accepted(u64, Generation),
    /// A message is delivered.
    Delivered(u64, Posted),
    /// Numbers that it gave go out, and the token with them.
    Given(Place),
    /// Others are asked to promise this, too.
    Seals(Generation),
    /// Who seals is told that it is promised, and what there is beyond a number.
    Promised(NodeId, Generation, u64),
    /// A new token is there.
    Formed(Generation),
    /// The token is taken, from that process.
    Took(NodeId, Place),
    /// The token leaves.
    Passes(Place),
}

impl Process {
    /// What is delivered, in order.
    pub(super) fn delivered(&self) -> &[Posted] {
        &self.log
    }

    /// A process accepts from this token, and from none before it.
    pub(super) fn adopt(&mut self, ctx: &mut Ctx<'_>, generation: Generation) {
        if generation <= self.promised {
            return;
        }
        self.promised = generation;
        if self.held.take().is_some() {
            ctx.cancel_timer(Timer::Pace);
        }
        if self.passing.take().is_some() {
            ctx.cancel_timer(Timer::Resend);
        }
        self.joins.clear();
        self.names.clear();
        self.campaign = None;
        self.lacked = 0;
    }

    /// Writes a record, and does that when it is on disk.
    pub(super) fn write(&mut self, ctx: &mut Ctx<'_>, record: Record, then: Then) {
        self.journal.append(ctx, record);
        self.waiting.push(&self.journal, then);
    }

    /// What is durable goes on.
    pub(super) fn settle(&mut self, ctx: &mut Ctx<'_>) {
        self.deliver(ctx);
        self.journal.force(ctx);
        while let Some(then) = self.waiting.next(&self.journal) {
            match then {
                Then::Own(posted) => self.broadcasts(ctx, posted),
                Then::Accepted(number, generation) => self.sequence.written(number, generation),
                Then::Delivered(number, posted) => self.delivers(ctx, number, posted),
                Then::Given(place) => self.gave(ctx, place),
                Then::Seals(generation) => self.seals(ctx, generation),
                Then::Promised(to, generation, beyond) if generation == self.promised => {
                    let given = self.sequence.beyond(beyond).into();
                    ctx.send(to, Message::Sealed { generation, life: ctx.restarts(), given });
                }
                Then::Promised(..) => {}
                Then::Formed(generation) => self.formed(ctx, generation),
                Then::Took(from, place) => self.took(ctx, from, place),
                Then::Passes(place) => self.passes(ctx, place),
            }
        }
        self.deliver(ctx);
        self.journal.force(ctx);
    }
}

impl Actor for Process {
    type Options = Options;
    type Message = Message;
    type Timer = Timer;
    type Record = Record;
    type Fact = Fact;
    type Request = Request;
    type Response = Response;
    type Monitor = Watch;

    fn new(_: NodeId, _: u32, _: &Options) -> Process {
        Process {
            journal: Journal::recovered(0),
            waiting: Waiting::default(),
            is_out: false,
            asked: BTreeMap::new(),
            pool: BTreeMap::new(),
            names: BTreeMap::new(),
            sequence: Sequence::default(),
            log: Vec::new(),
            digest: 0,
            promised: Generation::FIRST,
            latest: Place { generation: Generation::FIRST, hop: 0 },
            taken: None,
            held: None,
            passing: None,
            joins: BTreeMap::new(),
            is_lively: false,
            campaign: None,
            lacked: 0,
        }
    }

    fn recover(&mut self, ctx: &mut Ctx<'_>, records: &[Record]) {
        let has_lost = ctx.disk_is_new() || ctx.damage().is_some_and(|damage| damage.readable_after > 0);
        if has_lost {
            self.is_out = true;
            return ctx.withdraw();
        }
        self.journal = Journal::recovered(records.len());
        let token = self.read(records, ctx);
        self.latest.generation = self.promised;
        self.tell_anew(ctx);
        self.begin(ctx, token);
        self.settle(ctx);
    }

    fn message(&mut self, ctx: &mut Ctx<'_>, from: NodeId, message: Message) {
        if self.is_out {
            return;
        }
        match message {
            Message::Posted(posted, _) => self.posted(ctx, posted),
            Message::Numbered { place, stable, given, .. } => self.numbered(ctx, place, stable, given),
            Message::Number { place, stable, number, id } => self.number(ctx, place, stable, number, id),
            Message::Token(token, _) => self.arrives(ctx, from, token),
            Message::Taken(place) => self.is_taken(ctx, place),
            Message::Refused(place, promised) => self.is_refused(ctx, place, promised),
            Message::Join { life, promised } => self.join(ctx, Member { node: from, life }, promised),
            Message::Probe(place) => self.probed(ctx, from, place),
            Message::Quiet(place) => self.quiet(ctx, from, place),
            Message::Lively(place) => self.lively(ctx, from, place),
            Message::Seal { generation, beyond } => self.seal(ctx, from, generation, beyond),
            Message::Sealed { generation, life, given } => self.sealed(ctx, Member { node: from, life }, generation, given),
        }
        self.settle(ctx);
    }

    fn timer(&mut self, ctx: &mut Ctx<'_>, timer: Timer) {
        match timer {
            Timer::Pace => self.pass(ctx),
            Timer::Resend => self.pass_again(ctx),
            Timer::Quiet => self.falls_quiet(ctx),
            Timer::Attempt => self.attempt(ctx),
            Timer::Gather => self.gather(ctx),
        }
        self.settle(ctx);
    }

    fn synced(&mut self, ctx: &mut Ctx<'_>, upto: u64) {
        self.journal.synced(upto);
        self.settle(ctx);
    }

    fn request(&mut self, ctx: &mut Ctx<'_>, operation: OpId, request: Request) {
        if self.is_out {
            return ctx.refuse(operation);
        }
        match request {
            Request::Read { channel } => {
                let heard = self.log.iter().filter(|posted| posted.channel == channel);
                ctx.reply(operation, Response::Has(heard.map(|posted| posted.value).collect()));
            }
            Request::Broadcast { channel, value } => {
                let number = self.asked.len() as u32 + 1;
                let first = *self.asked.entry(operation).or_insert(number);
                if first == number {
                    let id = Update { origin: ctx.node(), number };
                    let posted = Posted { id, operation, channel, value };
                    self.write(ctx, Record::Own(posted), Then::Own(posted));
                    self.settle(ctx);
                } else if self.log.iter().any(|posted| posted.operation == operation && posted.id.origin == ctx.node()) {
                    ctx.reply(operation, Response::Delivered);
                }
            }
        }
    }

    fn replica_digest(&self) -> Option<u64> {
        (!self.is_out).then(|| self.log.iter().fold(0, chain))
    }
}
