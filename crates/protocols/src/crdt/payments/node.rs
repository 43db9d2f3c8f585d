//! A node: a gateway that says a payment until it hears of it, and, on node 0, the books.

use super::message::{Charge, Message, Request, Resend, Response};
use super::monitor::{Charges, Fact};
use super::options::Options;
use crate::replication::journal::{Journal, Waiting};
use quorate_engine::time::Nanos;
use quorate_engine::{Actor, Context, NodeId, OpId, Update, Wire};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

type Ctx<'a> = Context<'a, Node>;

/// Who keeps the books.
pub const BOOKS: NodeId = NodeId(0);

/// A gateway, and perhaps the books.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Node {
    journal: Journal,
    /// Whether it keeps the books.
    is_books: bool,
    /// The charges that are durable, in order.
    books: Vec<Charge>,
    /// Their digest, each charge's on top of those before it.
    digest: u64,
    /// Those that are in the log and not yet durable.
    writing: VecDeque<Charge>,
    ids: Ids,
    /// Who is told of a charge when it is durable.
    waiting: Waiting<(OpId, Asker)>,
    /// A gateway's: what the books have not answered.
    open: BTreeMap<OpId, Open>,
}

/// Who asked the books.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Asker {
    Client,
    Gateway(NodeId),
}

/// What a gateway has asked the books.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Open {
    request: Request,
    /// Waits that are over, each as long as the option `resend`.
    waits: u32,
}

/// The ids of payments that are charged, durably or not, for as long as they are kept.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
struct Ids {
    kept: BTreeSet<OpId>,
    /// Invariant: instants do not descend, and the ids are those that are kept, some perhaps several times.
    by_age: VecDeque<(u64, OpId)>,
}

impl Ids {
    fn keep(&mut self, charge: &Charge) {
        self.kept.insert(charge.operation);
        self.by_age.push_back((charge.at, charge.operation));
    }

    /// Forgets what was charged more than `memory` before `now`.
    fn expire(&mut self, now: u64, memory: Nanos) {
        while let Some((at, operation)) = self.by_age.front().copied()
            && now.saturating_sub(at) > memory
        {
            self.by_age.pop_front();
            self.kept.remove(&operation);
        }
    }
}

impl Node {
    /// Everything that is charged, durably, in order.
    pub fn books(&self) -> &[Charge] {
        &self.books
    }

    /// S2, "calculate balance": what is charged to an account.
    pub fn balance(&self, account: u32) -> u64 {
        let charges = self.books.iter().filter(|charge| charge.account == account);
        charges.map(|charge| u64::from(charge.amount)).sum()
    }

    /// S2, "UPSERT with ID": a payment reaches the books, for the first time or not.
    fn deliver(&mut self, ctx: &mut Ctx<'_>, operation: OpId, account: u32, amount: u32, asker: Asker) {
        let at = ctx.elapsed();
        let is_known = match ctx.options().memory() {
            Some(memory) => {
                self.ids.expire(at, memory);
                self.ids.kept.contains(&operation)
            }
            None => false,
        };
        if is_known {
            ctx.fact(Fact::TurnedAway(operation));
        } else {
            let charge = Charge { operation, account, amount, at };
            self.journal.append(ctx, charge);
            self.writing.push_back(charge);
            self.ids.keep(&charge);
        }
        // Nobody hears of a charge that a crash may take back, the second time no more than the first.
        self.waiting.push(&self.journal, (operation, asker));
        self.journal.force(ctx);
        self.settle(ctx);
    }

    /// What is durable is in the books, and those who wait for it are told.
    fn settle(&mut self, ctx: &mut Ctx<'_>) {
        let durable = self.journal.durable();
        while (self.books.len() as u64) < durable
            && let Some(charge) = self.writing.pop_front()
        {
            self.enter(ctx, charge);
            ctx.fact(Fact::Charged(charge));
            ctx.publish(self.digest);
        }
        while let Some((operation, asker)) = self.waiting.next(&self.journal) {
            answer(ctx, operation, Response::Charged, asker);
        }
    }

    fn enter(&mut self, ctx: &mut Ctx<'_>, charge: Charge) {
        self.books.push(charge);
        self.digest = chain(self.digest, &charge);
        ctx.accept(charge.operation, Update { origin: BOOKS, number: self.books.len() as u32 });
    }

    /// The books are asked.
    fn serve(&mut self, ctx: &mut Ctx<'_>, operation: OpId, request: Request, asker: Asker) {
        match request {
            Request::Pay { account, amount } => self.deliver(ctx, operation, account, amount, asker),
            Request::Balance(account) => answer(ctx, operation, Response::Balance(self.balance(account)), asker),
        }
    }
}

fn chain(digest: u64, charge: &Charge) -> u64 {
    (digest, *charge).wire_digest()
}

fn answer(ctx: &mut Ctx<'_>, operation: OpId, response: Response, asker: Asker) {
    match asker {
        Asker::Client => ctx.reply(operation, response),
        Asker::Gateway(gateway) => ctx.send(gateway, Message::Tell(operation, response)),
    }
}

impl Actor for Node {
    type Options = Options;
    type Message = Message;
    type Timer = Resend;
    type Record = Charge;
    type Fact = Fact;
    type Request = Request;
    type Response = Response;
    type Monitor = Charges;

    fn new(node: NodeId, _: u32, _: &Options) -> Node {
        Node {
            journal: Journal::recovered(0),
            is_books: node == BOOKS,
            books: Vec::new(),
            digest: 0,
            writing: VecDeque::new(),
            ids: Ids::default(),
            waiting: Waiting::default(),
            open: BTreeMap::new(),
        }
    }

    /// Ids come back with the charges: they are the same records. What a gateway was asked its clients ask again.
    fn recover(&mut self, ctx: &mut Ctx<'_>, records: &[Charge]) {
        if !self.is_books {
            return;
        }
        self.journal = Journal::recovered(records.len());
        for charge in records {
            self.enter(ctx, *charge);
            self.ids.keep(charge);
        }
        ctx.fact(Fact::Opened(self.books.clone()));
        ctx.publish(self.digest);
    }

    fn message(&mut self, ctx: &mut Ctx<'_>, from: NodeId, message: Message) {
        match message {
            Message::Ask { operation, request, .. } => self.serve(ctx, operation, request, Asker::Gateway(from)),
            Message::Tell(operation, response) => {
                if self.open.remove(&operation).is_some() {
                    ctx.reply(operation, response);
                }
            }
        }
    }

    /// A gateway says again what is not answered, after one wait, two more, four more, and so on.
    fn timer(&mut self, ctx: &mut Ctx<'_>, _: Resend) {
        let options = ctx.options();
        self.open.retain(|operation, open| {
            open.waits += 1;
            let goes_on = (open.waits + 1) >> options.attempts == 0;
            if goes_on && (open.waits + 1).is_power_of_two() {
                ctx.send(BOOKS, Message::Ask { operation: *operation, request: open.request, again: true });
            }
            goes_on
        });
        if !self.open.is_empty() {
            ctx.set_timer(Resend, options.resend);
        }
    }

    fn request(&mut self, ctx: &mut Ctx<'_>, operation: OpId, request: Request) {
        if self.is_books {
            return self.serve(ctx, operation, request, Asker::Client);
        }
        if self.open.is_empty() {
            ctx.set_timer(Resend, ctx.options().resend);
        }
        let again = self.open.contains_key(&operation);
        self.open.entry(operation).or_insert(Open { request, waits: 0 });
        ctx.send(BOOKS, Message::Ask { operation, request, again });
    }

    fn synced(&mut self, ctx: &mut Ctx<'_>, upto: u64) {
        self.journal.synced(upto);
        self.settle(ctx);
        self.journal.force(ctx);
    }

    fn replica_digest(&self) -> Option<u64> {
        self.is_books.then(|| self.books.iter().fold(0, chain))
    }

    fn keeps_state(_: &Options, node: NodeId, _: u32) -> bool {
        node == BOOKS
    }

    fn reads_clocks(_: &Options) -> bool {
        true
    }
}
