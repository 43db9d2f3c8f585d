//! The register: log, force, carry out, answer. Nothing in here knows of other nodes, but that clients may have asked the wrong one.

use crate::replication::journal::Journal;
use crate::replication::machine::{Command, Machine, Request, Response};
use quorate_engine::{
    Actor, Broken, Context, Fact as Named, FactKind, Kind, Message, Monitor, NoTimer, NodeId, OpId, Sink, Wire,
};
use std::collections::VecDeque;

/// Where the registers are.
pub const HOME: NodeId = NodeId(0);

/// How a register works.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether one forced write covers all that waits.
    pub group_commit: bool,
    /// A planted mistake: a record is answered when it is appended.
    pub answers_early: bool,
    /// A planted mistake: recovery ignores the log.
    pub forgets: bool,
}

/// The node.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Register {
    home: bool,
    journal: Journal,
    machine: Machine,
    /// The operations that were carried out, in order.
    log: Vec<OpId>,
    /// Records that are not durable, with their numbers, in order.
    waiting: VecDeque<(u64, Command)>,
    /// A durable record has changed: nothing is answered any more.
    damaged: bool,
}

/// What the node logs.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Record {
    /// A command.
    Command(Command),
    /// A record before this one was durable and is gone. What is cut off the log would not be missed by the next recovery.
    Damaged,
}

/// What the node states.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Fact {
    /// It serves clients, with so many commands carried out.
    Serving(u32),
    /// Recovery found that a durable record has changed.
    Damaged,
    /// Clients have been told that the first so many commands were carried out.
    Acknowledged(u32),
}

impl Named for Fact {
    const KINDS: &'static [FactKind] = &[
        FactKind { name: "serving", summary: "The node has read its log and serves clients.", leads: true },
        FactKind {
            name: "damaged",
            summary: "Recovery found that a durable record has changed; clients are refused.",
            leads: false,
        },
    ];

    fn kind(&self) -> Option<usize> {
        match self {
            Fact::Serving(_) => Some(0),
            Fact::Damaged => Some(1),
            Fact::Acknowledged(_) => None,
        }
    }

    fn is_kept(&self) -> bool {
        self.kind().is_some()
    }
}

/// The property that the monitor judges.
pub const REMEMBERS: &str = "remembers";

/// The most commands that were ever acknowledged.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Acknowledged(u32);

impl Monitor<Register> for Acknowledged {
    const PROPERTIES: &'static [&'static str] = &[REMEMBERS];

    fn fact(&mut self, _: &Options, node: NodeId, fact: &Fact) -> Result<(), Broken> {
        match *fact {
            Fact::Acknowledged(commands) => self.0 = self.0.max(commands),
            Fact::Serving(commands) if commands < self.0 => {
                let Acknowledged(told) = self;
                let evidence = format!("{node} starts with {commands} writes, and clients had been told of {told}");
                return Err(Broken { property: REMEMBERS, evidence });
            }
            Fact::Serving(_) | Fact::Damaged => {}
        }
        Ok(())
    }
}

impl Register {
    /// The operations that were carried out, in order; `None` when the log was damaged, and nobody can say.
    pub fn log(&self) -> Option<&[OpId]> {
        (!self.damaged).then_some(&self.log)
    }

    fn carry_out(&mut self, ctx: &mut Context<'_, Register>, command: &Command) -> Response {
        self.log.push(command.operation);
        self.machine.apply(ctx, command, HOME)
    }

    /// Carries out and answers what is safe to answer.
    fn advance(&mut self, ctx: &mut Context<'_, Register>) {
        let safe = if ctx.options().answers_early { self.journal.appended() } else { self.journal.durable() };
        let before = self.log.len();
        while self.waiting.front().is_some_and(|(record, _)| *record <= safe) {
            let (_, command) = self.waiting.pop_front().expect("there is a first");
            let response = self.carry_out(ctx, &command);
            ctx.reply(command.operation, response);
        }
        if self.log.len() > before {
            ctx.fact(Fact::Acknowledged(self.log.len() as u32));
            ctx.publish(self.machine.digest());
        }
    }

    fn force(&mut self, ctx: &mut Context<'_, Register>) {
        self.journal.force(ctx);
    }
}

impl Actor for Register {
    type Options = Options;
    type Message = Silence;
    type Timer = NoTimer;
    type Record = Record;
    type Fact = Fact;
    type Request = Request;
    type Response = Response;
    type Monitor = Acknowledged;

    fn new(node: NodeId, _: u32, _: &Options) -> Register {
        Register {
            home: node == HOME,
            journal: Journal::recovered(0),
            machine: Machine::default(),
            log: Vec::new(),
            waiting: VecDeque::new(),
            damaged: false,
        }
    }

    fn recover(&mut self, ctx: &mut Context<'_, Register>, records: &[Record]) {
        if !self.home {
            return;
        }
        self.journal = Journal::recovered(records.len());
        let found = ctx.damage().is_some_and(|damage| damage.readable_after > 0);
        self.damaged = found || records.contains(&Record::Damaged);
        if found {
            self.journal.append(ctx, Record::Damaged);
            self.force(ctx);
        }
        if self.damaged {
            return ctx.fact(Fact::Damaged);
        }
        let forgets = ctx.options().forgets;
        for record in records {
            if let Record::Command(command) = record
                && !forgets
            {
                self.carry_out(ctx, command);
            }
        }
        ctx.publish(self.machine.digest());
        ctx.fact(Fact::Serving(self.log.len() as u32));
    }

    fn message(&mut self, _: &mut Context<'_, Register>, _: NodeId, message: Silence) {
        match message {}
    }

    fn timer(&mut self, _: &mut Context<'_, Register>, timer: NoTimer) {
        match timer {}
    }

    fn synced(&mut self, ctx: &mut Context<'_, Register>, upto: u64) {
        self.journal.synced(upto);
        self.advance(ctx);
        self.force(ctx);
    }

    fn request(&mut self, ctx: &mut Context<'_, Register>, operation: OpId, request: Request) {
        if !self.home {
            ctx.redirect(operation, HOME);
        } else if self.damaged {
            ctx.refuse(operation);
        } else if let Some(answer) = self.machine.answer(operation) {
            ctx.reply(operation, answer.clone());
        } else if !request.changes() {
            ctx.reply(operation, self.machine.read(&request));
        } else if self.waiting.iter().all(|(_, command)| command.operation != operation) {
            let command = Command { operation, request };
            let number = self.journal.append(ctx, Record::Command(command.clone()));
            self.waiting.push_back((number, command));
            if ctx.options().group_commit {
                self.force(ctx)
            } else {
                self.journal.force_now(ctx)
            }
            self.advance(ctx);
        }
    }

    fn replica_digest(&self) -> Option<u64> {
        (self.home && !self.damaged).then(|| self.machine.digest_anew())
    }

    fn keeps_state(_: &Options, node: NodeId, _: u32) -> bool {
        node == HOME
    }

    fn told(request: &Request, response: &Response) -> Option<(u32, u64)> {
        request.told(response)
    }
}

/// Nodes have nothing to say to each other.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Silence {}

impl Message for Silence {
    const KINDS: &'static [Kind] = &[];

    fn kind(&self) -> usize {
        match *self {}
    }
}

impl Wire for Silence {
    fn encode(&self, _: &mut impl Sink) {
        match *self {}
    }
}

impl Wire for Record {
    fn encode(&self, sink: &mut impl Sink) {
        match self {
            Record::Command(command) => {
                sink.u8(0);
                command.encode(sink);
            }
            Record::Damaged => sink.u8(1),
        }
    }
}
