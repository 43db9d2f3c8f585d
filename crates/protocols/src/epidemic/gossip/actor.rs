//! The spreading: in every round a replica meets `fanout` peers drawn at random and exchanges whole states with them
//! (S1 Pattern 2, `gossip_round`). What the states are, and what a merge means, is the business of [`State`].
//!
//! S1 exchanges by a call into the peer's memory. Here it is messages, so states cross each other, get lost and arrive late.

use super::message::{Message, Tick};
use super::options::{Mode, Options, Partners, Reply, Start};
use super::record::Logged;
use super::state::State;
use crate::sorted::Merged;
use quorate_engine::{Actor, Content, Context, NodeId, OpId, Update};
use std::collections::VecDeque;

/// The most peers that a replica may meet in one round.
pub const FANOUT_MAX: usize = 32;

/// A replica that gossips.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Gossip<S: State> {
    /// What the replica knows; absent while that is nothing.
    state: Option<Content<S>>,
    /// The state as at the replica's own latest tick; kept only where replies carry it.
    round_start: Option<Content<S>>,
    /// Updates that this replica has accepted.
    /// Invariant: the number of durable records in the log.
    updates: u32,
    writing: Option<Box<Writing<S>>>,
}

/// A change that is in the log but not yet durable, and what waits behind it.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Writing<S: State> {
    logged: Logged<S::Change>,
    waiting: VecDeque<(OpId, S::Request)>,
}

impl<S: State> Gossip<S> {
    /// What the replica knows; `None` while that is nothing.
    pub fn state(&self) -> Option<&Content<S>> {
        self.state.as_ref()
    }

    /// Runs `look` on what the replica knows.
    pub fn view<R>(&self, look: impl FnOnce(&S) -> R) -> R {
        match &self.state {
            Some(state) => look(state),
            None => look(&S::default()),
        }
    }

    /// The state becomes `next`.
    fn become_state(&mut self, ctx: &mut Context<'_, Gossip<S>>, next: Content<S>) {
        ctx.publish(next.digest());
        self.state = Some(next);
    }

    /// S1 `apply_updates`: what is newer in `theirs` is taken over.
    #[inline]
    fn merge(&mut self, ctx: &mut Context<'_, Gossip<S>>, theirs: Option<Content<S>>) {
        let Some(theirs) = theirs else { return };
        if let Some(ours) = &self.state
            && (ours.same(&theirs) || ours.digest() == theirs.digest())
        {
            return;
        }
        self.merge_other(ctx, theirs);
    }

    fn merge_other(&mut self, ctx: &mut Context<'_, Gossip<S>>, theirs: Content<S>) {
        let next = match &self.state {
            None => theirs,
            Some(ours) => match ours.merge(&theirs, &ctx.options().rule) {
                Merged::Ours => return theirs.tell_refused(ctx, ours),
                Merged::Theirs => theirs,
                Merged::New(both) => {
                    theirs.tell_refused(ctx, &both);
                    Content::new(both)
                }
            },
        };
        self.view(|before| before.tell_merge(ctx, &next));
        self.become_state(ctx, next);
    }

    /// The state that a reply carries.
    fn reply_state(&self, reply: Reply) -> Option<Content<S>> {
        match reply {
            Reply::Live => self.state.clone(),
            Reply::RoundStart => self.round_start.clone(),
        }
    }

    /// Sends what the mode asks for to one peer.
    #[inline]
    fn meet(&self, ctx: &mut Context<'_, Gossip<S>>, peer: NodeId) {
        match ctx.options().mode {
            Mode::Push if self.state.is_none() => {} // nothing to push
            Mode::Push => ctx.send(peer, Message::Push(self.state.clone())),
            Mode::Pull => ctx.send(peer, Message::Pull),
            Mode::PushPull => ctx.send(peer, Message::PushPull(self.state.clone())),
        }
    }

    /// Logs a change and forces it to disk: only what is durable is shown to anybody.
    fn begin(&mut self, ctx: &mut Context<'_, Gossip<S>>, operation: OpId, request: &S::Request, waiting: Waiting<S>) {
        let logged = Logged { operation, change: self.view(|state| state.change(ctx, request)) };
        ctx.append(logged.clone());
        ctx.sync();
        self.writing = Some(Box::new(Writing { logged, waiting }));
    }
}

type Waiting<S> = VecDeque<(OpId, <S as State>::Request)>;

impl<S: State> Actor for Gossip<S> {
    type Options = Options<S::Rule>;
    type Message = Message<S>;
    type Timer = Tick;
    type Record = Logged<S::Change>;
    type Fact = S::Fact;
    type Request = S::Request;
    type Response = S::Response;
    type Monitor = S::Monitor;

    fn new(_: NodeId, _: u32, _: &Options<S::Rule>) -> Gossip<S> {
        Gossip { state: None, round_start: None, updates: 0, writing: None }
    }

    fn recover(&mut self, ctx: &mut Context<'_, Gossip<S>>, records: &[Logged<S::Change>]) {
        let options = ctx.options();
        let mut state = S::default();
        for Logged { operation, change } in records {
            self.updates += 1;
            let update = Update { origin: ctx.node(), number: self.updates };
            // A crash may leave what was not forced yet: a change that nobody has been told of.
            ctx.accept(*operation, update);
            state.tell_replay(ctx, change, update);
            state = state.apply(&options.rule, change, update);
        }
        if records.is_empty() {
            ctx.publish(S::default().wire_digest());
        } else {
            S::default().tell_merge(ctx, &state);
            self.become_state(ctx, Content::new(state));
            self.round_start = self.state.clone().filter(|_| options.reply == Reply::RoundStart);
        }
        match options.start {
            Start::Together => ctx.set_timer(Tick, options.interval),
            Start::Spread => ctx.set_timer_within(Tick, 0, options.interval - 1),
        }
    }

    /// S1 `gossip_round`.
    fn timer(&mut self, ctx: &mut Context<'_, Gossip<S>>, _: Tick) {
        let options = ctx.options();
        if options.reply == Reply::RoundStart {
            self.round_start = self.state.clone();
        }
        if options.mode != Mode::Push || self.state.is_some() {
            let peers = match options.partners {
                Partners::Neighbours => ctx.peers(),
                Partners::Anyone => ctx.others(),
            };
            if options.fanout as u32 >= peers.len() {
                peers.iter().for_each(|peer| self.meet(ctx, peer));
            } else {
                draw_distinct(ctx, peers.len(), options.fanout, |ctx, index| self.meet(ctx, peers.get(index)));
            }
        }
        ctx.set_timer(Tick, options.interval);
    }

    fn message(&mut self, ctx: &mut Context<'_, Gossip<S>>, from: NodeId, message: Message<S>) {
        match message {
            Message::Push(theirs) | Message::PullReply(theirs) | Message::PushPullReply(theirs) => self.merge(ctx, theirs),
            Message::Pull => ctx.send(from, Message::PullReply(self.reply_state(ctx.options().reply))),
            Message::PushPull(theirs) => {
                self.merge(ctx, theirs);
                ctx.send(from, Message::PushPullReply(self.reply_state(ctx.options().reply)));
            }
        }
    }

    /// S1 `update_local`, logged first.
    fn request(&mut self, ctx: &mut Context<'_, Gossip<S>>, operation: OpId, request: S::Request) {
        if let Some(response) = self.view(|state| state.answer(&request)) {
            ctx.reply(operation, response);
        } else if let Some(writing) = &mut self.writing {
            writing.waiting.push_back((operation, request));
        } else {
            self.begin(ctx, operation, &request, VecDeque::new());
        }
    }

    fn synced(&mut self, ctx: &mut Context<'_, Gossip<S>>, upto: u64) {
        if upto <= u64::from(self.updates) {
            return;
        }
        let Some(writing) = self.writing.take() else { return };
        let Writing { logged: Logged { operation, change }, mut waiting } = *writing;
        self.updates += 1;
        let update = Update { origin: ctx.node(), number: self.updates };
        ctx.accept(operation, update);
        let next = self.view(|before| {
            let next = before.apply(&ctx.options().rule, &change, update);
            before.tell_change(ctx, &next, &change, update);
            next
        });
        self.become_state(ctx, Content::new(next));
        ctx.reply(operation, S::done());
        if let Some((operation, request)) = waiting.pop_front() {
            self.begin(ctx, operation, &request, waiting);
        }
    }

    fn replica_digest(&self) -> Option<u64> {
        Some(self.view(S::wire_digest))
    }

    fn reads_clocks(options: &Options<S::Rule>) -> bool {
        S::reads_clocks(&options.rule)
    }
}

/// Draws `count` different numbers below `bound`, all sets and orders equally likely, one choice a number.
#[inline]
pub(crate) fn draw_distinct<A: Actor>(
    ctx: &mut Context<'_, A>,
    bound: u32,
    count: usize,
    mut each: impl FnMut(&mut Context<'_, A>, u32),
) {
    let mut drawn = [0u32; FANOUT_MAX];
    for taken in 0..count {
        // The choice counts only the numbers that are left: step over those taken, in ascending order.
        let mut number = ctx.choose(u64::from(bound - taken as u32)) as u32;
        let mut place = 0;
        while place < taken && drawn[place] <= number {
            number += 1;
            place += 1;
        }
        drawn.copy_within(place..taken, place + 1);
        drawn[place] = number;
        each(ctx, number);
    }
}
