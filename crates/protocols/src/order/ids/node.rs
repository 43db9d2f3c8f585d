//! A node: it gives its clients ids, by itself or with the allocator's help; node 0 is the allocator too.

use super::allocator::Allocator;
use super::ceiling::Ceiling;
use super::message::{Message, Request, Response, Timer, Want};
use super::monitor::{Fact, Ids};
use super::options::{Mistake, Options, Scheme};
use super::snowflake::{self, Last, Wait};
use quorate_engine::{Actor, Context, NodeId, OpId};
use std::collections::{BTreeMap, VecDeque};

type Ctx<'a> = Context<'a, Node>;

/// Who gives out ids or blocks.
pub const ALLOCATOR: NodeId = NodeId(0);

/// A node.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Node {
    node: NodeId,
    /// The allocator's, or that of the node's clock.
    ceiling: Ceiling,
    allocator: Option<Allocator>,
    /// Of blocks: what is left of the one in hand, both ends included.
    block: Option<(u64, u64)>,
    /// Blocks that it asked for since it started.
    blocks: u64,
    last: Last,
    /// Since when the clock stands behind while somebody waits, on the elapsed clock.
    behind_since: Option<u64>,
    /// Clients that wait for an id of this node's own.
    parked: VecDeque<OpId>,
    /// What the allocator was asked and has not answered, with the waits that are over.
    open: BTreeMap<Want, u32>,
    given: u64,
    is_out: bool,
}

/// The most waits between two times that the allocator is asked the same.
const WAITS_MAX: u32 = 16;

impl Node {
    /// Ids that were set aside and that this node can still give, to a client or a node.
    pub(super) fn left(&self) -> u64 {
        let of_block = self.block.map_or(0, |(first, last)| last - first + 1);
        of_block + self.allocator.as_ref().map_or(0, |allocator| allocator.left(&self.ceiling))
    }

    /// The bound that it has on disk.
    pub(super) fn bound(&self) -> u64 {
        self.ceiling.durable()
    }

    fn answer(&mut self, ctx: &mut Ctx<'_>, operation: OpId, id: u64) {
        self.given += 1;
        ctx.reply(operation, Response::Id(id));
    }

    /// Asks the allocator, which may be this node.
    fn ask(&mut self, ctx: &mut Ctx<'_>, want: Want) {
        if self.open.is_empty() {
            ctx.set_timer(Timer::Resend, ctx.options().resend);
        }
        self.open.insert(want, 0);
        if self.node == ALLOCATOR {
            self.asked(ctx, self.node, want);
        } else {
            ctx.send(ALLOCATOR, Message::Ask { want, again: false });
        }
    }

    /// The allocator is asked.
    fn asked(&mut self, ctx: &mut Ctx<'_>, from: NodeId, want: Want) {
        if let Some(allocator) = &mut self.allocator {
            let served = allocator.ask(ctx, &mut self.ceiling, from, want);
            self.hand_out(ctx, served);
        }
    }

    fn hand_out(&mut self, ctx: &mut Ctx<'_>, served: Vec<(NodeId, Want, u64)>) {
        for (to, want, id) in served {
            if let Want::Id(_) = want {
                ctx.fact(Fact::Gave(id));
            }
            if to == self.node {
                self.told(ctx, want, id);
            } else {
                ctx.send(to, Message::Tell(want, id));
            }
        }
    }

    /// The allocator has answered.
    fn told(&mut self, ctx: &mut Ctx<'_>, want: Want, id: u64) {
        if self.open.remove(&want).is_none() {
            return;
        }
        match want {
            Want::Id(operation) => self.answer(ctx, operation, id),
            Want::Block { .. } => {
                self.block = Some((id, id + ctx.options().block - 1));
                self.give(ctx);
            }
        }
    }

    /// Gives the clients that wait ids of its own, as far as there are any.
    fn give(&mut self, ctx: &mut Ctx<'_>) {
        match ctx.options().scheme {
            Scheme::Counter => {}
            Scheme::Blocks => self.give_of_block(ctx),
            Scheme::Snowflake => self.give_of_clock(ctx),
        }
    }

    fn give_of_block(&mut self, ctx: &mut Ctx<'_>) {
        while let Some((first, last)) = self.block
            && let Some(operation) = self.parked.pop_front()
        {
            self.block = (first < last).then_some((first + 1, last));
            ctx.fact(Fact::Gave(first));
            self.answer(ctx, operation, first);
        }
        if !self.parked.is_empty() && self.open.is_empty() {
            self.blocks += 1;
            let restarts = match ctx.options().mistake {
                Some(Mistake::BlockReused) => 0,
                _ => ctx.restarts(),
            };
            self.ask(ctx, Want::Block { restarts, number: self.blocks });
        }
    }

    fn give_of_clock(&mut self, ctx: &mut Ctx<'_>) {
        while !self.parked.is_empty() {
            let wall = ctx.wall();
            let now = snowflake::milliseconds(wall);
            let ahead = ctx.options().ahead_ms;
            // In good time, so that nobody waits for the disk in the long run.
            if now + ahead / 2 > self.ceiling.appended() {
                self.ceiling.raise(ctx, now + ahead);
            }
            match self.last.next(ctx.options(), &self.ceiling, self.node.0, now) {
                Ok(id) => {
                    if let Some(since) = self.behind_since.take() {
                        let waited = ctx.elapsed().saturating_sub(since);
                        ctx.fact(Fact::Waited(waited));
                    }
                    ctx.fact(Fact::Gave(id));
                    if let Some(operation) = self.parked.pop_front() {
                        self.answer(ctx, operation, id);
                    }
                }
                Err(Wait::Disk) => return,
                Err(Wait::Clock(then)) => {
                    if self.behind_since.is_none() {
                        self.behind_since = Some(ctx.elapsed());
                    }
                    ctx.set_timer(Timer::Clock, snowflake::until(wall, then));
                    return;
                }
            }
        }
    }
}

impl Actor for Node {
    type Options = Options;
    type Message = Message;
    type Timer = Timer;
    type Record = u64;
    type Fact = Fact;
    type Request = Request;
    type Response = Response;
    type Monitor = Ids;

    fn new(node: NodeId, _: u32, _: &Options) -> Node {
        let ceiling = Ceiling::recovered(&[]);
        Node {
            node,
            allocator: None,
            block: None,
            blocks: 0,
            last: Last::recovered(&ceiling),
            ceiling,
            behind_since: None,
            parked: VecDeque::new(),
            open: BTreeMap::new(),
            given: 0,
            is_out: false,
        }
    }

    /// Records are bounds. What a bound had covered may be given already, and is given no more.
    fn recover(&mut self, ctx: &mut Ctx<'_>, records: &[u64]) {
        let keeps_bound = self.node == ALLOCATOR || ctx.options().scheme == Scheme::Snowflake;
        // A record that nothing readable follows may be the end of a write that a crash cut short; nobody was told of that
        // bound.
        let is_damaged = ctx.damage().is_some_and(|damage| damage.readable_after > 0);
        if keeps_bound && (ctx.disk_is_new() || is_damaged) {
            self.is_out = true;
            ctx.fact(Fact::StaysOut);
            return;
        }
        self.ceiling = Ceiling::recovered(records);
        self.last = Last::recovered(&self.ceiling);
        self.allocator = (self.node == ALLOCATOR).then(|| Allocator::recovered(&self.ceiling));
    }

    fn message(&mut self, ctx: &mut Ctx<'_>, from: NodeId, message: Message) {
        match message {
            Message::Ask { want, .. } => self.asked(ctx, from, want),
            Message::Tell(want, id) => self.told(ctx, want, id),
        }
    }

    fn timer(&mut self, ctx: &mut Ctx<'_>, timer: Timer) {
        match timer {
            Timer::Clock => self.give(ctx),
            Timer::Resend => {
                for (want, waits) in &mut self.open {
                    *waits += 1;
                    let is_due = (*waits < WAITS_MAX && waits.is_power_of_two()) || waits.is_multiple_of(WAITS_MAX);
                    // The allocator does not forget what it was asked by itself.
                    if is_due && self.node != ALLOCATOR {
                        ctx.send(ALLOCATOR, Message::Ask { want: *want, again: true });
                    }
                }
                if !self.open.is_empty() {
                    ctx.set_timer(Timer::Resend, ctx.options().resend);
                }
            }
        }
    }

    fn request(&mut self, ctx: &mut Ctx<'_>, operation: OpId, request: Request) {
        match request {
            Request::Given => ctx.reply(operation, Response::Given(self.given)),
            Request::Generate if self.is_out => {}
            Request::Generate if ctx.options().scheme == Scheme::Counter => {
                if !self.open.contains_key(&Want::Id(operation)) {
                    self.ask(ctx, Want::Id(operation));
                }
            }
            Request::Generate => {
                if !self.parked.contains(&operation) {
                    self.parked.push_back(operation);
                }
                self.give(ctx);
            }
        }
    }

    fn synced(&mut self, ctx: &mut Ctx<'_>, upto: u64) {
        let raised = self.ceiling.synced(ctx, upto);
        if let Some(allocator) = &mut self.allocator {
            if ctx.options().scheme != Scheme::Snowflake {
                ctx.fact(Fact::SetAside(raised));
            }
            let served = allocator.serve(ctx, &mut self.ceiling);
            self.hand_out(ctx, served);
        }
        self.give(ctx);
    }

    fn reads_clocks(options: &Options) -> bool {
        options.scheme == Scheme::Snowflake
    }
}
