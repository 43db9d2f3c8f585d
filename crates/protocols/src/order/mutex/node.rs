//! A node: clients' wishes one after the other, each a stay in the critical section.

use super::monitor::{Fact, Sections};
use super::options::Options;
use super::{Algorithm, Step};
use crate::order::links::{Links, Packet};
use quorate_engine::{Actor, Context, NodeId, OpId, Sink, TimerSlot, Wire};
use std::collections::{BTreeSet, VecDeque};

type Ctx<'a, A> = Context<'a, Node<A>>;

/// What a client asks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Request {
    /// Enter once.
    Enter,
    /// Tell how often this node has entered.
    Entries,
}

/// What a client is told.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Response {
    /// It was in, and has left.
    WasIn,
    /// It has entered so often.
    Entries(u64),
}

/// The timers of a node.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Timer {
    /// What it does in the section is done.
    Leave,
    /// The links look at what is not acknowledged.
    Resend,
}

impl quorate_engine::Timer for Timer {
    type Slots = [TimerSlot; 2];

    fn index(self) -> usize {
        self as usize
    }

    fn from_index(index: usize) -> Timer {
        [Timer::Leave, Timer::Resend][index]
    }
}

/// Where a node is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Place {
    /// Elsewhere, and wants nothing.
    Elsewhere,
    /// It has asked.
    Waiting,
    /// In the critical section.
    In,
    /// It has crashed once, and takes no part.
    Gone,
}

/// A node.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Node<A: Algorithm> {
    node: NodeId,
    nodes: u32,
    links: Links<A::Body>,
    algorithm: A,
    place: Place,
    /// For whom to enter. Invariant: it waits or is in for the first; if it does neither, there is none.
    wishes: VecDeque<OpId>,
    /// For whom it was in, so that a client that asks again does not send it in again.
    served: BTreeSet<OpId>,
}

impl<A: Algorithm> Node<A> {
    /// A step of the algorithm, and what comes of it.
    fn step<R>(&mut self, ctx: &mut Ctx<'_, A>, what: impl FnOnce(&mut A, &mut Step<'_, A::Body>) -> R) -> R {
        let options = ctx.options();
        let mut step = Step { node: self.node, nodes: self.nodes, options, sends: Vec::new() };
        let result = what(&mut self.algorithm, &mut step);
        let mut sends: VecDeque<(NodeId, A::Body)> = step.sends.into();
        while let Some((to, body)) = sends.pop_front() {
            if to == self.node {
                let mut step = Step { node: self.node, nodes: self.nodes, options, sends: Vec::new() };
                self.algorithm.hear(&mut step, to, body);
                sends.extend(step.sends);
            } else {
                self.links.send(ctx, &options.links, to, body);
            }
        }
        result
    }

    /// Asks for the next wish, and enters if it may.
    fn proceed(&mut self, ctx: &mut Ctx<'_, A>) {
        if self.place == Place::Elsewhere && !self.wishes.is_empty() {
            self.place = Place::Waiting;
            ctx.fact(Fact::Asked);
            self.step(ctx, A::ask);
        }
        if self.place == Place::Waiting && self.algorithm.may_enter(ctx.options()) {
            self.place = Place::In;
            self.algorithm.enter();
            ctx.fact(Fact::Entered);
            ctx.set_timer(Timer::Leave, ctx.options().hold);
        }
    }

    fn leave(&mut self, ctx: &mut Ctx<'_, A>) {
        self.place = Place::Elsewhere;
        ctx.fact(Fact::Left);
        if let Some(operation) = self.wishes.pop_front() {
            self.served.insert(operation);
            ctx.reply(operation, Response::WasIn);
        }
        self.step(ctx, A::leave);
    }
}

impl<A: Algorithm> Actor for Node<A> {
    type Options = Options;
    type Message = Packet<A::Body>;
    type Timer = Timer;
    type Record = ();
    type Fact = Fact;
    type Request = Request;
    type Response = Response;
    type Monitor = Sections;

    fn new(node: NodeId, nodes: u32, _: &Options) -> Node<A> {
        Node {
            node,
            nodes,
            links: Links::default(),
            algorithm: A::new(node, nodes),
            place: Place::Elsewhere,
            wishes: VecDeque::new(),
            served: BTreeSet::new(),
        }
    }

    /// The papers know no crashes. Whoever comes back does not know what it had promised to whom, so it says nothing any more.
    fn recover(&mut self, ctx: &mut Ctx<'_, A>, _: &[()]) {
        if ctx.restarts() > 0 {
            self.place = Place::Gone;
            ctx.fact(Fact::StaysOut);
        }
    }

    fn message(&mut self, ctx: &mut Ctx<'_, A>, from: NodeId, packet: Packet<A::Body>) {
        if self.place == Place::Gone {
            return;
        }
        for body in self.links.receive(ctx, &ctx.options().links, from, packet) {
            self.step(ctx, |algorithm, step| algorithm.hear(step, from, body));
            self.proceed(ctx);
        }
    }

    fn timer(&mut self, ctx: &mut Ctx<'_, A>, timer: Timer) {
        match timer {
            Timer::Resend => self.links.resend(ctx, &ctx.options().links),
            Timer::Leave => {
                self.leave(ctx);
                self.proceed(ctx);
            }
        }
    }

    fn request(&mut self, ctx: &mut Ctx<'_, A>, operation: OpId, request: Request) {
        match request {
            _ if self.place == Place::Gone => {}
            Request::Entries => ctx.reply(operation, Response::Entries(self.served.len() as u64)),
            Request::Enter if self.served.contains(&operation) => ctx.reply(operation, Response::WasIn),
            Request::Enter if self.wishes.contains(&operation) => {}
            Request::Enter => {
                self.wishes.push_back(operation);
                self.proceed(ctx);
            }
        }
    }
}

impl Wire for Request {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u8(*self as u8);
    }
}

impl Wire for Response {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Response::WasIn => sink.u8(0),
            Response::Entries(entries) => {
                sink.u8(1);
                sink.u64(*entries);
            }
        }
    }
}
