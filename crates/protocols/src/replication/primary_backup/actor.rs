//! A node: a copy, or the view server.

use super::copy::Copy;
use super::message::{Message, Record, Timer};
use super::monitor::{Fact, Views};
use super::options::Options;
use super::view_server::ViewServer;
use crate::replication::machine::{Request, Response};
use quorate_engine::{Actor, Context, NodeId, OpId};

/// A node.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Node {
    /// It keeps a copy.
    Copy(Box<Copy>),
    /// It decides who is primary.
    Server(Box<ViewServer>),
}

pub(super) type Ctx<'c, 'w> = &'c mut Context<'w, Node>;

impl Actor for Node {
    type Options = Options;
    type Message = Message;
    type Timer = Timer;
    type Record = Record;
    type Fact = Fact;
    type Request = Request;
    type Response = Response;
    type Monitor = Views;

    fn new(node: NodeId, nodes: u32, options: &Options) -> Node {
        if options.view_server == Some(node) {
            Node::Server(Box::new(ViewServer::new(nodes)))
        } else {
            Node::Copy(Box::new(Copy::new(node, options.object)))
        }
    }

    fn recover(&mut self, ctx: &mut Context<'_, Node>, records: &[Record]) {
        match self {
            Node::Copy(copy) => copy.recover(ctx, records),
            Node::Server(server) => server.recover(ctx, records),
        }
    }

    fn message(&mut self, ctx: &mut Context<'_, Node>, from: NodeId, message: Message) {
        match self {
            Node::Copy(copy) => copy.message(ctx, from, message),
            Node::Server(server) => server.message(ctx, from, message),
        }
    }

    fn timer(&mut self, ctx: &mut Context<'_, Node>, timer: Timer) {
        match self {
            Node::Copy(copy) => copy.timer(ctx, timer),
            Node::Server(server) => server.timer(ctx),
        }
    }

    fn synced(&mut self, ctx: &mut Context<'_, Node>, upto: u64) {
        match self {
            Node::Copy(copy) => copy.synced(ctx, upto),
            Node::Server(server) => server.synced(ctx, upto),
        }
    }

    fn request(&mut self, ctx: &mut Context<'_, Node>, operation: OpId, request: Request) {
        match self {
            Node::Copy(copy) => copy.request(ctx, operation, request),
            Node::Server(server) => server.request(ctx, operation, &request),
        }
    }

    fn replica_digest(&self) -> Option<u64> {
        match self {
            Node::Copy(copy) => Some(copy.machine().digest_anew()),
            Node::Server(_) => None,
        }
    }

    fn keeps_state(options: &Options, node: NodeId, _: u32) -> bool {
        options.view_server != Some(node)
    }

    fn told(request: &Request, response: &Response) -> Option<(u32, u64)> {
        request.told(response)
    }
}
