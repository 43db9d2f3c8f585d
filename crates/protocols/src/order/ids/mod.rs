//! Ids that nobody else has, three ways, which differ in whom a node must ask and in what the ids tell:
//!
//! | `scheme` | an id costs | order | who can stop it |
//! |---|---|---|---|
//! | `counter-service`: node 0 counts | 2 messages, 1/`reserve` forced writes | as they were given | node 0 |
//! | `blocks`: node 0 gives out ranges, of which nodes give ids by themselves | 2/`block` messages, 1/`block` forced writes | within a node | node 0, when a block is used up |
//! | `snowflake`: the clock, the node and a count (Twitter 2010) | no message, a forced write every `ahead`/2 | roughly that of the clocks | a clock that steps back |
//!
//! Blocks are also known as "hi/lo" (Ambler, "Mapping objects to relational databases", 2000); what is left of one is lost in
//! a crash.
//!
//! None gives an id above what it has on disk as its bound (`ceiling`), and after a crash begins above that bound: a node
//! need not write each id down, and still gives none twice. An operation that is asked again may get a second id; the first
//! is then nobody's.
//!
//! | Twitter Snowflake, `IdWorker.scala` | here |
//! |---|---|
//! | `timeGen`, 41 bits of milliseconds since `twepoch` | [`snowflake::milliseconds`] |
//! | `workerId`, 10 bits, with the data centre | the node's number |
//! | `sequence`, 12 bits | `sequence` of [`snowflake::Last`] |
//! | "Clock moved backwards. Refusing to generate id" | it waits: metric `ids.waited` |
//! | `tilNextMillis` | the same wait |
//!
//! Snowflake keeps nothing on disk, and so could give an id twice if its clock stood behind after a restart; here it writes
//! down how far it may have come. Ids are unique as long as disks keep what was forced: a node whose disk was replaced or has
//! holes stays out.

mod allocator;
mod ceiling;
mod evidence;
pub mod message;
pub mod monitor;
pub mod node;
pub mod options;
pub mod snowflake;

use crate::harness::{self, Glue, Replicates, cannot};
use crate::history::{self, Telling};
use crate::registry::{Ask, CheckInfo, MetricInfo, Protocol};
use message::{Request, Response};
use monitor::{Fact, GIVEN_ONCE};
use node::Node;
use options::Options;
use quorate_check::history::{Answer, Call, Model, Value};

/// The registry's line.
pub const PROTOCOL: Protocol = Protocol {
    name: "unique-ids",
    family: "order",
    summary: "ids that are all different: by a counter, by blocks of a counter, or by clocks",
    source: "Twitter, Announcing Snowflake, 2010 (IdWorker.scala); blocks: Ambler, Mapping objects to relational databases, 2000",
    catalogue: &["E3"],
    options: options::FIELDS,
    variants: options::VARIANTS,
    kinds: harness::kinds::<Node>(),
    records: harness::keeps_records::<Node>(),
    facts: <Fact as quorate_engine::Fact>::KINDS,
    checks: &[
        CheckInfo { name: GIVEN_ONCE, summary: "no id is given out twice, at every step, whoever hears of it" },
        CheckInfo { name: UNIQUE, summary: "no two clients were told the same id, judged from outside" },
    ],
    metrics: &[
        MetricInfo { name: GIVEN, unit: "", summary: "ids that clients were told" },
        MetricInfo {
            name: MESSAGES_PER_ID,
            unit: "",
            summary: "messages for each id that a client was told, without those that were sent again",
        },
        MetricInfo { name: FORCED_PER_ID, unit: "", summary: "forced writes for each id that a client was told" },
        MetricInfo {
            name: WASTED,
            unit: "",
            summary: "ids that were set aside or given, that nobody was told, and nobody can give any more",
        },
        MetricInfo {
            name: WAITED,
            unit: "s",
            summary: "time for which nodes could give no id because their clocks stood behind, all nodes together",
        },
        MetricInfo {
            name: DISORDER,
            unit: "ratio",
            summary: "share of the ids told that are less than one that was told before they were asked for",
        },
    ],
    scenarios: &["order/ids.toml", "order/ids-clock-step.toml", "order/ids-swarm.toml"],
    run: |job| harness::run(&GLUE, job),
    explore: |job, bounds| harness::explore(&GLUE, job, bounds),
    replay: |job| harness::replay(&GLUE, job),
    laws: None,
};

const UNIQUE: &str = "unique";
const GIVEN: &str = "ids.given";
const MESSAGES_PER_ID: &str = "ids.messages_per_id";
const FORCED_PER_ID: &str = "ids.forced_per_id";
const WASTED: &str = "ids.wasted";
const WAITED: &str = "ids.waited";
const DISORDER: &str = "ids.disorder";

const GLUE: Glue<Node> = Glue {
    options: options::options,
    request,
    replicates: |_| Replicates::Nothing,
    history: |_| telling(),
    report: evidence::report,
};

/// How ids stand in a history.
fn telling() -> Telling<Node> {
    Telling {
        model: Model::UniqueIds,
        concerns: |request| *request == Request::Generate,
        call: |_, _| (Value::NULL, Call::Generate),
        answer: |response, names| match *response {
            Response::Id(id) => Some(Answer::Value(history::value(id, names))),
            Response::Given(_) => None,
        },
    }
}

fn request(_: &Options, _: u64, ask: &Ask) -> Result<Request, String> {
    Ok(match ask {
        Ask::Update { .. } => Request::Generate,
        Ask::Read { .. } => Request::Given,
        _ => return Err(cannot(ask)),
    })
}
