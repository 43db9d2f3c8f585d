//! A job of many items, handed to a worker one item and eight messages at a time, or all at once (S2, "Anti-Pattern Gallery", 1: "The Chatty
//! Protocol"). Each item is to be processed once, however often anybody says anything again.
//!
//! | S2 | here |
//! |---|---|
//! | "Process item?", "OK", "Here's the item", "Got it", "Tell me when done", "Done", "Great, commit", "Committed" | [`message::Step`], in that order |
//! | "for each of 1000 items" | `items`; one after the other with `mode = "chatty"` |
//! | "Batch into 1 request/response" | `mode = "batch"` |
//! | | `mode = "pipelined"`: the same eight messages, many items at a time; the messages remain, the waiting goes |
//!
//! Node 0 is the worker. Any other node coordinates the jobs that clients ask of it; so does the worker, with itself. An item is processed
//! when its result is on the worker's disk, together with the item's name, by which it is known again. A coordinator that crashes forgets
//! its jobs; a client that asks again, with the number of its operation, has the same items processed, and none of them twice.

pub mod coordinator;
mod evidence;
pub mod message;
pub mod monitor;
pub mod node;
pub mod options;
pub mod worker;

use crate::harness::{self, CONVERGES, Glue, Replicates, VERIFIED, cannot};
use crate::history::{self, Telling};
use crate::registry::{Ask, CheckInfo, MetricInfo, Protocol};
use message::{Request, Response};
use monitor::{FINISHED_IS_PROCESSED, Fact, PROCESSED_ONCE};
use node::Node;
use options::Options;
use quorate_check::history::{Answer, Call, Model};

/// The registry's line.
pub const PROTOCOL: Protocol = Protocol {
    name: "chatty-worker",
    family: "patterns",
    summary: "a job of many items for a worker: eight messages an item, one item after the other or many at a time, or one batch",
    source: "S2, Anti-Pattern Gallery 1",
    catalogue: &["E7"],
    options: options::FIELDS,
    variants: options::VARIANTS,
    kinds: harness::kinds::<Node>(),
    records: harness::keeps_records::<Node>(),
    facts: <Fact as quorate_engine::Fact>::KINDS,
    checks: &[
        CONVERGES,
        VERIFIED,
        CheckInfo { name: PROCESSED_ONCE, summary: "no item is processed more than once, however often it is handed over" },
        CheckInfo {
            name: FINISHED_IS_PROCESSED,
            summary: "when a coordinator says that a job is finished, each of its items is processed, on the worker's disk",
        },
    ],
    metrics: &[
        MetricInfo { name: MESSAGES, unit: "", summary: "Messages for each job that was asked, without what was said again" },
        MetricInfo {
            name: MESSAGES_PER_ITEM,
            unit: "",
            summary: "Messages for each item of the jobs that were asked, without what was said again",
        },
        MetricInfo { name: RETRIES, unit: "", summary: "What was said again for each job, and the answers to that" },
        MetricInfo {
            name: TIME,
            unit: "s",
            summary: "From the asking until the client hears that a job is finished, on average",
        },
        MetricInfo { name: FORCED, unit: "", summary: "Forced writes of the worker for each job" },
        MetricInfo { name: TWICE, unit: "", summary: "Times that an item was processed beyond the first" },
    ],
    scenarios: &["patterns/chatty.toml", "patterns/chatty-swarm.toml"],
    run: |job| harness::run(&GLUE, job),
    explore: |job, bounds| harness::explore(&GLUE, job, bounds),
    replay: |job| harness::replay(&GLUE, job),
    laws: None,
};

const MESSAGES: &str = "work.messages";
const MESSAGES_PER_ITEM: &str = "work.messages_per_item";
const RETRIES: &str = "work.retries";
const TIME: &str = "work.time";
const FORCED: &str = "work.forced_writes";
const TWICE: &str = "work.processed_again";

const GLUE: Glue<Node> = Glue {
    options: options::options,
    request,
    replicates: |_| Replicates::Updates,
    history: |_| Telling {
        model: Model::Counter,
        // What is processed of a job that is not finished shows in the totals: only jobs are told.
        concerns: |request| matches!(request, Request::Job { .. }),
        call: |request, names| match *request {
            Request::Job { key, amount } => (history::key(key, names), Call::Increment(i64::from(amount))),
            Request::Total(key) => (history::key(key, names), Call::Read),
        },
        answer: |response, _| {
            Some(match *response {
                Response::Finished => Answer::Done,
                Response::Total(total) => Answer::Number(total.cast_signed()),
            })
        },
    },
    report: evidence::report,
};

fn request(_: &Options, _: u64, ask: &Ask) -> Result<Request, String> {
    Ok(match *ask {
        Ask::Update { key, amount } => match u32::try_from(amount) {
            Ok(amount) => Request::Job { key, amount },
            Err(_) => return Err(format!("the totals only grow, and {amount} is not from 0 to {}", u32::MAX)),
        },
        Ask::Read { key } => Request::Total(key),
        _ => return Err(cannot(ask)),
    })
}
