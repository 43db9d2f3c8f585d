//! Local state without coordination: the row of the comparison that every other protocol is held against (S1's "no
//! coordination", catalogue B1). A replica applies what its own clients ask, logs it, and never says a word.
//!
//! | S1 | here |
//! |---|---|
//! | `update_local` | `request` and `synced` of [`Local`] |
//!
//! Nothing spreads, so replicas that were asked different things stay different: `converges` is not among the checks, and a
//! scenario that asks for it fails, as it should.

use crate::harness::{self, Glue, Replicates, Seen, VERIFIED, no_variant};
use crate::registers::{self, Request, Response};
use crate::registry::{Check, CheckInfo, Protocol, Report};
use crate::sorted::Sorted;
use quorate_check::{Verdict, register};
use quorate_engine::outcome::OperationStatus;
use quorate_engine::{Actor, Context, Kind, Message, NoTimer, NodeId, OpId, Sink, Time, Update, Wire};
use std::collections::VecDeque;

/// The registry's line.
pub const PROTOCOL: Protocol = Protocol {
    name: "local",
    scenarios: &["local/baseline.toml", "world/overload.toml", "world/retries.toml"],
    family: "local",
    summary: "no coordination: each replica keeps its own state and never sends",
    source: "S1, scope of coordination: per node",
    catalogue: &["B1"],
    options: &[],
    variants: &[],
    kinds: harness::kinds::<Local>(),
    records: harness::keeps_records::<Local>(),
    facts: &[],
    checks: &[
        VERIFIED,
        CheckInfo { name: NO_MESSAGES, summary: "replicas send each other nothing" },
        CheckInfo { name: REGISTER, summary: "each replica reads what was last written there" },
    ],
    metrics: &[],
    run: |job| harness::run(&GLUE, job),
    explore: |job, bounds| harness::explore(&GLUE, job, bounds),
    replay: |job| harness::replay(&GLUE, job),
    laws: None,
};

const NO_MESSAGES: &str = "no-messages";
const REGISTER: &str = "register";

const GLUE: Glue<Local> = Glue {
    options: |job| if job.variant == "right" { Ok(()) } else { Err(no_variant(job.variant)) },
    request: registers::request,
    replicates: |()| Replicates::Nothing,
    history: |()| registers::telling(),
    report,
};

/// A replica for itself.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Local {
    values: Sorted<u32, (u64, Update)>,
    /// Writes that are durable and applied.
    applied: u32,
    /// Writes in the log that are not yet durable, in order.
    pending: VecDeque<(OpId, Write)>,
}

/// A write as it is logged.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Write {
    key: u32,
    value: u64,
}

/// Replicas have nothing to say to each other.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Silence {}

impl Local {
    fn apply(&mut self, ctx: &mut Context<'_, Local>, write: &Write) -> (Option<Update>, Update) {
        self.applied += 1;
        let update = Update { origin: ctx.node(), number: self.applied };
        let old = self.values.get(write.key).map(|(_, update)| *update);
        self.values = self.values.with(write.key, (write.value, update));
        (old, update)
    }
}

impl Actor for Local {
    type Options = ();
    type Message = Silence;
    type Timer = NoTimer;
    type Record = Write;
    type Fact = ();
    type Request = Request;
    type Response = Response;
    type Monitor = ();

    fn new(_: NodeId, _: u32, (): &()) -> Local {
        Local { values: Sorted::default(), applied: 0, pending: VecDeque::new() }
    }

    fn recover(&mut self, ctx: &mut Context<'_, Local>, records: &[Write]) {
        for write in records {
            let (_, update) = self.apply(ctx, write);
            ctx.holds(update);
        }
        ctx.publish(self.values.wire_digest());
    }

    fn message(&mut self, _: &mut Context<'_, Local>, _: NodeId, message: Silence) {
        match message {}
    }

    fn timer(&mut self, _: &mut Context<'_, Local>, timer: NoTimer) {
        match timer {}
    }

    fn request(&mut self, ctx: &mut Context<'_, Local>, operation: OpId, request: Request) {
        match request {
            Request::Read(key) => ctx.reply(operation, Response::Value(self.values.get(key).map(|(value, _)| *value))),
            Request::Write(key, value) => {
                let write = Write { key, value };
                ctx.append(write.clone());
                ctx.sync();
                self.pending.push_back((operation, write));
            }
        }
    }

    fn synced(&mut self, ctx: &mut Context<'_, Local>, upto: u64) {
        while u64::from(self.applied) < upto {
            let Some((operation, write)) = self.pending.pop_front() else { return };
            let (old, update) = self.apply(ctx, &write);
            ctx.accept(operation, update);
            if let Some(old) = old {
                ctx.supersede(old, update);
            }
            ctx.publish(self.values.wire_digest());
            ctx.reply(operation, Response::Done);
        }
    }

    fn replica_digest(&self) -> Option<u64> {
        Some(self.values.wire_digest())
    }
}

fn report(seen: &Seen<'_, Local>, report: &mut Report) {
    let sent = report.outcome.ledger.between_replicas().sent;
    let verdict = match sent {
        0 => Verdict::Ok,
        _ => Verdict::Violation(format!("replicas sent each other {sent} messages")),
    };
    report.checks.push(Check { name: NO_MESSAGES, verdict });
    let verdict = seen
        .live()
        .filter(|(_, replica)| !replica.values.is_empty())
        .map(|(number, replica)| registers(seen, report, number, replica))
        .find(|verdict| *verdict != Verdict::Ok)
        .unwrap_or(Verdict::Ok);
    report.checks.push(Check { name: REGISTER, verdict });
    let updates: Vec<u32> = seen.replicas.iter().map(|replica| replica.as_ref().map_or(0, |replica| replica.applied)).collect();
    report.evidence = seen.told(|| {
        serde_json::json!({
            "coordination_required": false,
            "messages_between_replicas": sent,
            "different_states": report.outcome.convergence.states,
            "updates_by_node": updates.iter().take(NODES_SHOWN_MAX).collect::<Vec<_>>(),
        })
    });
}

/// Nodes whose updates the evidence counts one by one.
const NODES_SHOWN_MAX: usize = 100;

/// Of a replica's own writes, one that was sent after another was answered is over it.
fn registers(seen: &Seen<'_, Local>, report: &Report, number: u32, replica: &Local) -> Verdict {
    let mut answered: Vec<(register::Write, Time)> = Vec::new();
    let mut writes: Vec<register::Write> = Vec::new();
    for ((request, _), operation) in seen.answers.iter().zip(&report.outcome.operations) {
        // What was tried more than once may be here too, and be written once more later: nothing here knows it again.
        let retried = operation.retries() > 0;
        let acknowledged = operation.status == OperationStatus::Ok && !retried;
        let here = operation.to == NodeId(number) && (acknowledged || operation.status == OperationStatus::Unknown);
        if let Request::Write(key, value) = *request
            && (here || retried)
        {
            let before = answered.iter().rfind(|(write, at)| write.key == key && operation.invoked() >= Some(*at));
            let write = register::Write { key, value, over: before.map(|(write, _)| write.value), acknowledged };
            answered.extend(operation.completed().filter(|_| acknowledged).map(|at| (write, at)));
            writes.push(write);
        }
    }
    let finals: Vec<register::Final> =
        replica.values.iter().map(|(key, (value, _))| register::Final { replica: number, key, value: *value }).collect();
    register::judge(&writes, &finals, true)
}

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

impl Wire for Write {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.key);
        sink.u64(self.value);
    }
}
