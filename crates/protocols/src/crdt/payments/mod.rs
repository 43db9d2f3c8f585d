//! Payments that are safe to repeat (S2, "Idempotent Design": "Process payment ID=abc-123", an upsert by id). Clients ask any node; a node
//! that does not keep the books hands the payment on to the one that does, and says it again until it hears back. Between them, clients,
//! gateways and links deliver a payment at least once. Only the books can make it exactly once: they keep each payment's id, on disk and
//! together with the charge, and a payment whose id they know is answered again and not charged again (Birrell and Nelson, "Implementing
//! remote procedure calls", 1984, "call identifier"; Helland, "Idempotence is not a medical condition", 2012).
//!
//! Ids cannot be kept for ever. They must outlive the last retry of everybody on the way, and that is the sum of everybody's patience:
//! `remember` says how long they are kept.
//!
//! | S2 | here |
//! |---|---|
//! | "Process payment" | the variant `without-ids` |
//! | "Process payment ID=abc-123" | [`message::Request::Pay`], under the number of its operation |
//! | "UPSERT with ID" | `deliver` of [`node::Node`] |
//! | "Append events, calculate balance" | [`node::Node::balance`] over [`node::Node::books`] |
//!
//! Node 0 keeps the books; all others are gateways. Not here: books that outlive node 0's disk (`primary-backup`), and money that must not
//! run out (`two-phase-commit`, `object = "bank"`).

mod evidence;
pub mod message;
pub mod monitor;
pub mod node;
pub mod options;

use crate::harness::{self, CONVERGES, Glue, Replicates, VERIFIED, cannot};
use crate::history::{self, Telling};
use crate::registry::{Ask, CheckInfo, MetricInfo, Protocol};
use message::{Request, Response};
use monitor::{CHARGED_ONCE, Fact};
use node::Node;
use options::Options;
use quorate_check::history::{Answer, Call, Model};

/// The registry's line.
pub const PROTOCOL: Protocol = Protocol {
    name: "payments",
    family: "crdt",
    summary: "payments delivered at least once, and charged once because the books keep their ids",
    source: "S2, Idempotent Design; Helland 2012",
    catalogue: &["B8"],
    options: options::FIELDS,
    variants: options::VARIANTS,
    kinds: harness::kinds::<Node>(),
    records: harness::keeps_records::<Node>(),
    facts: <Fact as quorate_engine::Fact>::KINDS,
    checks: &[
        CONVERGES,
        VERIFIED,
        CheckInfo { name: CHARGED_ONCE, summary: "no payment is charged more than once, however often it is delivered" },
        CheckInfo {
            name: PAID_IS_CHARGED,
            summary: "in the end each acknowledged payment is in the books, and every charge is a payment that was asked",
        },
    ],
    metrics: &[
        MetricInfo { name: DOUBLE_CHARGED, unit: "", summary: "charges beyond the first of their payment" },
        MetricInfo { name: OVERCHARGED, unit: "", summary: "the amounts of charges beyond the first of their payment, together" },
        MetricInfo {
            name: TURNED_AWAY,
            unit: "",
            summary: "deliveries of payments that were charged already, as their ids showed",
        },
    ],
    scenarios: &["crdt/payments.toml", "crdt/payments-swarm.toml"],
    run: |job| harness::run(&GLUE, job),
    explore: |job, bounds| harness::explore(&GLUE, job, bounds),
    replay: |job| harness::replay(&GLUE, job),
    laws: None,
};

const PAID_IS_CHARGED: &str = "paid-is-charged";
const DOUBLE_CHARGED: &str = "payments.double_charged";
const OVERCHARGED: &str = "payments.overcharged";
const TURNED_AWAY: &str = "payments.turned_away";

const GLUE: Glue<Node> = Glue {
    options: options::options,
    request,
    replicates: |_| Replicates::Updates,
    history: |_| Telling {
        model: Model::Counter,
        concerns: |_| true,
        call: |request, names| match *request {
            Request::Pay { account, amount } => (history::key(account, names), Call::Increment(i64::from(amount))),
            Request::Balance(account) => (history::key(account, names), Call::Read),
        },
        answer: |response, _| {
            Some(match *response {
                Response::Charged => Answer::Done,
                Response::Balance(sum) => Answer::Number(sum.cast_signed()),
            })
        },
    },
    report: evidence::report,
};

fn request(_: &Options, _: u64, ask: &Ask) -> Result<Request, String> {
    Ok(match *ask {
        Ask::Update { key, amount } => match u32::try_from(amount) {
            Ok(amount) if amount > 0 => Request::Pay { account: key, amount },
            _ => return Err(format!("nobody pays {amount}; a payment is of 1 to {}", u32::MAX)),
        },
        Ask::Read { key } => Request::Balance(key),
        _ => return Err(cannot(ask)),
    })
}
