//! A node: a coordinator, and on node 0 the worker too.

use super::coordinator::Coordinator;
use super::message::{Item, Message, Request, Resend, Response, Step};
use super::monitor::{Fact, Results};
use super::options::Options;
use super::worker::Worker;
use quorate_engine::{Actor, Context, NodeId, OpId};

pub(super) type Ctx<'a> = Context<'a, Node>;

/// Who processes items.
pub const WORKER: NodeId = NodeId(0);

/// A node.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Node {
    is_worker: bool,
    coordinator: Coordinator,
    worker: Worker,
}

impl Actor for Node {
    type Options = Options;
    type Message = Message;
    type Timer = Resend;
    type Record = Item;
    type Fact = Fact;
    type Request = Request;
    type Response = Response;
    type Monitor = Results;

    fn new(node: NodeId, _: u32, _: &Options) -> Node {
        Node { is_worker: node == WORKER, coordinator: Coordinator::default(), worker: Worker::new() }
    }

    fn recover(&mut self, ctx: &mut Ctx<'_>, records: &[Item]) {
        if self.is_worker {
            self.worker.recover(ctx, records);
        }
    }

    fn message(&mut self, ctx: &mut Ctx<'_>, from: NodeId, message: Message) {
        match message {
            Message::Say(step @ (Step::Process | Step::Here | Step::TellWhenDone | Step::Commit), name, again) => {
                self.worker.hear(ctx, from, step, name, again);
            }
            Message::Say(step, name, _) => self.coordinator.hear(ctx, step, name),
            Message::Here(item, again) => self.worker.take(ctx, from, item, again),
            Message::Batch(items, _) => self.worker.take_batch(ctx, from, &items),
            Message::BatchDone(job) => self.coordinator.finished(ctx, job),
            Message::Lost(name) => self.coordinator.lost(ctx, name),
        }
    }

    fn timer(&mut self, ctx: &mut Ctx<'_>, _: Resend) {
        self.coordinator.look(ctx);
    }

    fn request(&mut self, ctx: &mut Ctx<'_>, operation: OpId, request: Request) {
        match request {
            Request::Job { key, amount } => self.coordinator.ask(ctx, operation, key, amount),
            Request::Total(key) if self.is_worker => ctx.reply(operation, Response::Total(self.worker.total(key))),
            Request::Total(_) => ctx.redirect(operation, WORKER),
        }
    }

    fn synced(&mut self, ctx: &mut Ctx<'_>, upto: u64) {
        self.worker.synced(ctx, upto);
    }

    fn replica_digest(&self) -> Option<u64> {
        self.is_worker.then(|| self.worker.recomputed())
    }

    fn keeps_state(_: &Options, node: NodeId, _: u32) -> bool {
        node == WORKER
    }
}
