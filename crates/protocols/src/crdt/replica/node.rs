//! The replica itself: clients, disk, rounds; what travels in which form stands beside it.

use super::super::data::{Data, Kind};
use super::super::monitor::Watching;
use super::super::types::dot::{Dot, NUMBER_MAX, Origin, VersionVector};
use super::super::types::{At, Clock, Crdt, Request as Ask, Value};
use super::deltas::{Deltas, nothing};
use super::message::{Envelope, Fact, Known, Message, Record, Request, Response, Tick};
use super::operations::Operations;
use super::options::{Mistake, Options, Replication, Spread, Summary};
use crate::epidemic::gossip::actor::draw_distinct;
use crate::epidemic::gossip::options::{Mode, Partners, Reply, Start};
use quorate_engine::{Actor, Content, Context, NodeId, OpId, Wire};
use std::collections::VecDeque;
use std::rc::Rc;

pub(super) type Ctx<'a> = Context<'a, Replica>;

/// A replica of a data type.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Replica {
    pub(super) data: Data,
    /// Which operations are in it. Replicas that send operations live by it; to the others it is auxiliary: see [`Known`].
    pub(super) history: VersionVector,
    me: Origin,
    /// How many records were appended to the log.
    appended: u64,
    /// The data as they are sent, since their last change.
    shared: Option<Content<Known>>,
    /// The state as at the replica's own latest round; kept only where replies carry it.
    round_start: Option<Content<Known>>,
    writing: Option<Box<Writing>>,
    waiting: VecDeque<(OpId, Request)>,
    /// What arrived while an operation was being written: it is prepared and carried out in one and the same state.
    held: VecDeque<(NodeId, Message)>,
    pub(super) deltas: Deltas,
    pub(super) operations: Operations,
}

/// An operation that is in the log and not yet durable.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Writing {
    operation: Option<OpId>,
    envelope: Rc<Envelope>,
    /// It is durable when so many records are.
    upto: u64,
}

/// Changes of a counter that one fact tells, and the tallies that are looked through for them.
const CHANGES_TOLD_MAX: usize = 8;
const TALLIES_LOOKED_AT_MAX: usize = 64;

impl Replica {
    /// What is replicated.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// Which operations the replica has.
    pub fn history(&self) -> &VersionVector {
        &self.history
    }

    /// Under which name it prepares operations.
    pub fn origin(&self) -> Origin {
        self.me
    }

    /// The state, ready to be sent.
    pub(super) fn state(&mut self, _: &Ctx<'_>) -> Content<Known> {
        let (data, history) = (&self.data, &self.history);
        self.shared.get_or_insert_with(|| Content::new(Known { data: data.clone(), history: history.clone() })).clone()
    }

    pub(super) fn append(&mut self, ctx: &mut Ctx<'_>, record: Record) {
        self.appended += 1;
        ctx.append(record);
    }

    /// The operation is here now.
    pub(super) fn learn(&mut self, ctx: &mut Ctx<'_>, dot: Dot) {
        self.history.raise(dot);
        ctx.holds(dot.update());
    }

    /// All these operations are here now.
    pub(super) fn learn_all(&mut self, ctx: &mut Ctx<'_>, history: &VersionVector) {
        for (origin, count) in history.iter() {
            let first = self.history.count(origin) + 1;
            if first <= count {
                ctx.holds_range(origin.node, origin.dot(first).update().number, origin.dot(count).update().number);
            }
        }
        self.history.merge(history);
    }

    /// The data are other than before: says so.
    pub(super) fn changed(&mut self, ctx: &mut Ctx<'_>) {
        self.shared = None;
        let digest = self.data.digest();
        ctx.publish(digest);
        ctx.fact(Fact::State { history: self.history.wire_digest(), total: self.history.total(), digest });
        self.tell_list(ctx, false);
    }

    /// Takes in a state or a delta; what of it was new.
    pub(super) fn absorb(&mut self, ctx: &mut Ctx<'_>, from: NodeId, known: &Content<Known>) -> Option<Content<Known>> {
        let rule = &ctx.options().rule;
        let fresh = known.data.beyond(rule, &self.data);
        if fresh.is_none() && self.history.covers(&known.history) {
            return None;
        }
        self.tell_counter(ctx, from, &known.data);
        let data = fresh.unwrap_or_else(|| nothing(ctx.options()));
        let fresh = Content::new(Known { data, history: known.history.clone() });
        self.append(ctx, Record::Joined(fresh.clone()));
        self.data.merge(rule, &known.data);
        self.learn_all(ctx, &known.history);
        self.changed(ctx);
        Some(fresh)
    }

    /// S1's `merge_operations`: whose tally a merge changes.
    fn tell_counter(&self, ctx: &mut Ctx<'_>, from: NodeId, theirs: &Data) {
        let (Data::Counter(ours), Data::Counter(theirs)) = (&self.data, theirs) else { return };
        let before = |origin| ours.tally(origin);
        let changes: Vec<(Origin, i64, i64)> = theirs
            .tallies()
            .take(TALLIES_LOOKED_AT_MAX)
            .filter(|(origin, tally)| before(*origin).max(tally) != before(*origin))
            .map(|(origin, tally)| (origin, before(origin).shown(), before(origin).max(tally).shown()))
            .take(CHANGES_TOLD_MAX)
            .collect();
        if !changes.is_empty() {
            ctx.fact(Fact::Merged { from, changes });
        }
    }

    /// Begins what can be begun: delivers what others did, then takes on what clients ask.
    pub(super) fn go_on(&mut self, ctx: &mut Ctx<'_>) {
        loop {
            let delivered = self.deliver(ctx);
            let began = self.writing.is_none() && self.is_seen() && self.begin_next(ctx);
            if !delivered && !began {
                return;
            }
        }
    }

    /// Takes on the next request; whether there was one.
    fn begin_next(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let Some((operation, request)) = self.waiting.pop_front() else { return false };
        if let Err(why) = self.begin(ctx, Some(operation), &request.ask) {
            ctx.fact(Fact::Refused(why));
            ctx.refuse(operation);
        }
        true
    }

    /// Prepares an operation and forces it to disk: only what is durable is shown to anybody.
    fn begin(&mut self, ctx: &mut Ctx<'_>, operation: Option<OpId>, ask: &Ask) -> Result<(), &'static str> {
        let number = self.history.count(self.me) + 1;
        if number > NUMBER_MAX {
            return Err("this replica has no names left for operations");
        }
        let (dot, rule) = (self.me.dot(number), &ctx.options().rule);
        let wall = if rule.clock == Clock::Lamport { 0 } else { ctx.wall() };
        let prepared = self.data.prepare(rule, ask, &mut At { dot, wall, choose: &mut |bound| ctx.choose(bound) })?;
        let envelope = Rc::new(Envelope { dot, past: self.history.clone(), operation: prepared });
        self.tell_edit(ctx, &envelope, ask);
        self.append(ctx, Record::Own(operation, Rc::clone(&envelope)));
        ctx.sync();
        self.writing = Some(Box::new(Writing { operation, envelope, upto: self.appended }));
        Ok(())
    }

    /// An operation of this replica is durable, and takes effect.
    fn finish(&mut self, ctx: &mut Ctx<'_>, operation: Option<OpId>, envelope: Rc<Envelope>) {
        let options = ctx.options();
        if let Some(operation) = operation {
            ctx.accept(operation, envelope.dot.update());
        }
        ctx.fact(Fact::Did(Rc::clone(&envelope), operation));
        let delta = (options.replication == Replication::Delta)
            .then(|| self.data.delta(&options.rule, envelope.dot, &envelope.operation));
        self.data.apply(&options.rule, envelope.dot, &envelope.operation);
        self.history.raise(envelope.dot);
        self.changed(ctx);
        if let Some(data) = delta {
            let from = (ctx.node(), self.deltas.session());
            self.deltas.push(options, from, Content::new(Known { data, history: self.history.clone() }));
        }
        if options.replication == Replication::Operation {
            self.operations.log.insert(envelope.dot, Rc::clone(&envelope));
        }
        if let Some(operation) = operation {
            ctx.reply(operation, Response::Done);
        }
        if options.spread == Spread::Direct {
            self.spread(ctx, &envelope);
        }
    }

    /// Tells all at once.
    fn spread(&mut self, ctx: &mut Ctx<'_>, envelope: &Rc<Envelope>) {
        match ctx.options().replication {
            Replication::State => {
                let state = self.state(ctx);
                ctx.peers().iter().for_each(|peer| ctx.send(peer, Message::Push(state.clone())));
            }
            Replication::Delta => ctx.peers().iter().for_each(|peer| self.send_delta(ctx, peer)),
            Replication::Operation => ctx.broadcast(Message::Operations(Rc::new(vec![Rc::clone(envelope)]))),
        }
    }

    /// What a replica does with each peer that it meets in a round.
    fn meet(&mut self, ctx: &mut Ctx<'_>, peer: NodeId) {
        let options = ctx.options();
        match (options.replication, options.spread) {
            (Replication::Operation, _) => self.tell_have(ctx, peer, true),
            (Replication::Delta, _) => self.send_delta(ctx, peer),
            (Replication::State, Spread::AntiEntropy) if options.summary != Summary::Full => {
                ctx.send(peer, Message::Compare(self.data.digest()));
            }
            (Replication::State, Spread::Direct) => {
                let state = self.state(ctx);
                ctx.send(peer, Message::Push(state));
            }
            (Replication::State, _) => match options.rounds.mode {
                Mode::Push if self.history.is_empty() => {} // nothing to push
                Mode::Push => ctx.send(peer, Message::Push(self.state(ctx))),
                Mode::Pull => ctx.send(peer, Message::Pull),
                Mode::PushPull => ctx.send(peer, Message::PushPull(self.state(ctx))),
            },
        }
    }

    /// The state that a reply carries.
    fn reply_state(&mut self, ctx: &Ctx<'_>) -> Content<Known> {
        match (ctx.options().rounds.reply, &self.round_start) {
            (Reply::RoundStart, Some(state)) => state.clone(),
            _ => self.state(ctx),
        }
    }

    /// Whether the next request, if it is of a recorded user, was made in just this state.
    fn is_seen(&self) -> bool {
        let Some((_, Request { seen: Some(seen), .. })) = self.waiting.front() else { return true };
        (0..).map(NodeId).zip(seen.iter()).all(|(node, count)| self.history.count(Origin { node, life: 0 }) == *count)
    }

    /// Whether the next request, if it is of a recorded user, was made when this operation was there.
    pub(super) fn may_see(&self, dot: Dot) -> bool {
        let Some((_, Request { seen: Some(seen), .. })) = self.waiting.front() else { return true };
        seen.get(dot.origin.node.index()).is_some_and(|count| dot.number <= *count)
    }
}

impl Actor for Replica {
    type Options = Options;
    type Message = Message;
    type Timer = Tick;
    type Record = Record;
    type Fact = Fact;
    type Request = Request;
    type Response = Response;
    type Monitor = Watching;

    fn new(node: NodeId, _: u32, options: &Options) -> Replica {
        Replica {
            data: nothing(options),
            history: VersionVector::default(),
            me: Origin { node, life: 0 },
            appended: 0,
            shared: None,
            round_start: None,
            writing: None,
            waiting: VecDeque::new(),
            held: VecDeque::new(),
            deltas: Deltas::default(),
            operations: Operations::default(),
        }
    }

    fn recover(&mut self, ctx: &mut Ctx<'_>, records: &[Record]) {
        let options = ctx.options();
        self.appended = records.len() as u64;
        let believed = believed(records);
        for record in believed {
            self.replay(ctx, record);
        }
        let is_whole = !believed.is_empty() && ctx.damage().is_none() && !ctx.disk_is_new();
        if !is_whole {
            // Whoever does not know all the names that it has given takes another.
            self.me.life = if options.mistake == Some(Mistake::ActorIdReuse) { 0 } else { ctx.restarts() as u8 };
            self.append(ctx, Record::Life { life: self.me.life, goes_on: !believed.is_empty() });
        }
        self.tell_list(ctx, true);
        self.changed(ctx);
        if options.replication == Replication::Delta {
            self.deltas = Deltas::begin(ctx, ctx.restarts() > 0);
        }
        if options.rounds.reply == Reply::RoundStart {
            self.round_start = Some(self.state(ctx));
        }
        match options.rounds.start {
            Start::Together => ctx.set_timer(Tick, options.rounds.interval),
            Start::Spread => ctx.set_timer_within(Tick, 0, options.rounds.interval - 1),
        }
    }

    fn timer(&mut self, ctx: &mut Ctx<'_>, _: Tick) {
        let options = ctx.options();
        let rounds = &options.rounds;
        if rounds.reply == Reply::RoundStart {
            self.round_start = Some(self.state(ctx));
        }
        if options.replication == Replication::Delta {
            self.ask_unheard(ctx);
        }
        if options.kind == Kind::Bounded && self.writing.is_none() && self.waiting.is_empty() {
            // Nobody asked for it, and nobody hears when there is nothing to share.
            let _ = self.begin(ctx, None, &Ask::Share);
        }
        let peers = match rounds.partners {
            Partners::Neighbours => ctx.peers(),
            Partners::Anyone => ctx.others(),
        };
        // Operations went to all at once: a round only mends what was lost.
        let fanout = match (options.spread, options.replication) {
            (Spread::Direct, Replication::Operation) => 1,
            (Spread::Direct, _) => peers.len() as usize,
            _ => rounds.fanout,
        };
        if fanout as u32 >= peers.len() {
            peers.iter().for_each(|peer| self.meet(ctx, peer));
        } else {
            draw_distinct(ctx, peers.len(), fanout, |ctx, index| self.meet(ctx, peers.get(index)));
        }
        ctx.set_timer(Tick, rounds.interval);
    }

    fn message(&mut self, ctx: &mut Ctx<'_>, from: NodeId, message: Message) {
        match self.writing {
            Some(_) => self.held.push_back((from, message)),
            None => self.hear(ctx, from, message),
        }
    }

    fn synced(&mut self, ctx: &mut Ctx<'_>, upto: u64) {
        let Some(Writing { operation, envelope, .. }) =
            self.writing.take_if(|writing| writing.upto <= upto).map(|writing| *writing)
        else {
            return;
        };
        self.finish(ctx, operation, envelope);
        while self.writing.is_none() {
            let Some((from, message)) = self.held.pop_front() else { break };
            self.hear(ctx, from, message);
        }
        self.go_on(ctx);
    }

    fn request(&mut self, ctx: &mut Ctx<'_>, operation: OpId, request: Request) {
        if let Ask::Read { key } = request.ask {
            let value = self.data.read(&ctx.options().rule, key);
            ctx.fact(Fact::Read { key, value: value.clone(), history: Rc::new(self.history.clone()) });
            return ctx.reply(operation, Response::Value(value));
        }
        self.waiting.push_back((operation, request));
        self.go_on(ctx);
    }

    fn told(request: &Request, response: &Response) -> Option<(u32, u64)> {
        let Response::Value(value) = response else { return None };
        let Ask::Read { key } = request.ask else { return None };
        match value {
            Value::Written(value) => value.map(|value| (key, value)),
            Value::Several(values) => values.last().map(|value| (key, *value)),
            _ => None,
        }
    }

    fn replica_digest(&self) -> Option<u64> {
        Some(self.data.digest_anew())
    }

    fn reads_clocks(options: &Options) -> bool {
        options.rule.clock != Clock::Lamport
    }
}

impl Replica {
    /// A message that it has time for.
    fn hear(&mut self, ctx: &mut Ctx<'_>, from: NodeId, message: Message) {
        match message {
            Message::Push(known) | Message::PullReply(known) | Message::PushPullReply(known) => {
                self.absorb(ctx, from, &known);
            }
            Message::Pull => {
                let state = self.reply_state(ctx);
                ctx.send(from, Message::PullReply(state));
            }
            Message::PushPull(known) => {
                self.absorb(ctx, from, &known);
                let state = self.reply_state(ctx);
                ctx.send(from, Message::PushPullReply(state));
            }
            Message::Delta { sessions, from: first, upto, delta } => self.delta(ctx, from, sessions, (first, upto), delta),
            Message::Acknowledge { sessions, upto } => self.acknowledged(ctx, from, sessions, upto),
            Message::Want => self.wanted(ctx, from),
            Message::Operations(envelopes) => self.operations(ctx, &envelopes),
            Message::Have(vector, wants) => self.have(ctx, from, &vector, wants),
            Message::Compare(digest) => self.compare(ctx, from, digest),
            Message::Nodes(walk, nodes) => self.nodes(ctx, from, walk, &nodes),
            Message::Pieces(walk, leaves, known, wants) => self.pieces(ctx, from, walk, &leaves, &known, wants),
        }
    }
}

/// What of a log counts: nothing when its beginning is lost.
fn believed(records: &[Record]) -> &[Record] {
    let from = records.iter().rposition(|record| matches!(record, Record::Life { goes_on: false, .. }));
    from.map_or(&[], |from| &records[from..])
}

impl Replica {
    /// A record of the log.
    fn replay(&mut self, ctx: &mut Ctx<'_>, record: &Record) {
        let rule = &ctx.options().rule;
        let envelope = match record {
            Record::Life { life, .. } => {
                self.me.life = *life;
                return;
            }
            Record::Joined(known) => {
                self.data.merge(rule, &known.data);
                return self.learn_all(ctx, &known.history);
            }
            Record::Applied(envelope) => envelope,
            Record::Own(operation, envelope) => {
                // A crash may leave what was not forced yet: an operation that nobody has been told of.
                if let Some(operation) = operation {
                    ctx.accept(*operation, envelope.dot.update());
                }
                ctx.fact(Fact::Recalled(Rc::clone(envelope), *operation));
                envelope
            }
        };
        self.data.apply(rule, envelope.dot, &envelope.operation);
        self.learn(ctx, envelope.dot);
        if ctx.options().replication == Replication::Operation {
            self.operations.log.insert(envelope.dot, Rc::clone(envelope));
        }
    }
}
