//! Two-phase commit: all vote, one decides (Gray, "Notes on data base operating systems", 1978, §5.8.3.3). Who has voted yes waits for
//! the decision, whatever becomes of the coordinator: it blocks.
//!
//! **Who.** Nodes `0..participants` keep the keys. Where there are more nodes, those coordinate: a client may ask one of them, or a
//! participant, which does its own part and has a coordinator see to the rest. Else whoever is asked coordinates, and its own part costs no
//! message.
//!
//! **What is asked** comes with the question whether it can be committed: a participant takes all its locks at once, votes, and holds them until
//! it knows the outcome. So no two transactions deadlock on one node, and `concurrency` says what happens over several.
//!
//! **What is known after a restart** is what was forced: a participant's yes before it is said, a commit before anybody is told. Of what
//! is not on record, `presumption` says what it was. Nobody uses a name twice: a transaction is named by its operation, the node that began
//! it, how often that had been restarted, and a number.
//!
//! | literature | here |
//! |---|---|
//! | transaction manager, resource manager (Gray and Lamport, "Consensus on transaction commit", TODS 31(1), 2006, §2) | coordinator, participant |
//! | BeginCommit, Prepare, Prepared, Commit (the same, §3) | [`message::Message::Begin`], [`message::Message::Prepare`], [`message::Message::Vote`], [`message::Message::Decision`] |
//! | presumed nothing, abort, commit; collecting, prepared, commit, abort and end records (Mohan, Lindsay and Obermarck, "Transaction management in the R* distributed database management system", TODS 11(4), 1986, §2 and §3) | [`options::Presumption`], [`message::Record`] |
//! | read-only optimisation (the same, §3.1) | `read-only` |
//! | heuristic decision (the same, §2.3) | `heuristic`, and what it damaged in `commit.damaged` |
//! | cooperative termination protocol (Bernstein, Hadzilacos and Goodman 1987, §7.4) | `cooperative`, [`message::Message::Inquire`] |
//! | linear, decentralised two-phase commit (the same, §7.4) | `form` |

mod coordinator;
mod doubt;
mod forms;
pub mod message;
pub mod node;
pub mod options;
mod participant;

use super::monitor::Fact;
use super::report::{self, CHECKS, METRICS, telling};
use crate::harness::{self, Glue, Replicates};
use crate::registry::Protocol;
use node::Node;
use options::{Form, Options, Presumption};
use serde_json::{Value, json};

/// The registry's line.
pub const PROTOCOL: Protocol = Protocol {
    name: "two-phase-commit",
    family: "commit",
    summary: "all participants of a transaction vote, and a coordinator decides; who has voted waits for it",
    source: "Gray 1978; Mohan, Lindsay and Obermarck 1986; Gray and Lamport 2006",
    catalogue: &["F1", "F4"],
    options: options::FIELDS,
    variants: &options::VARIANTS,
    kinds: harness::kinds::<Node>(),
    records: harness::keeps_records::<Node>(),
    facts: <Fact as quorate_engine::Fact>::KINDS,
    checks: &CHECKS,
    metrics: &METRICS,
    scenarios: &[
        "commit/bench.toml",
        "commit/conflict.toml",
        "commit/coordinator-crash.toml",
        "commit/coordinator-steps.toml",
        "commit/cost.toml",
        "commit/forms-swarm.toml",
        "commit/heuristic.toml",
        "commit/lost-decision.toml",
        "commit/optimistic-swarm.toml",
        "commit/participant-crash.toml",
        "commit/partition.toml",
        "commit/side-by-side.toml",
        "commit/slow-participant.toml",
        "commit/swarm.toml",
        "commit/two-phase.toml",
    ],
    run: |job| harness::run(&GLUE, job),
    explore: |job, bounds| harness::explore(&GLUE, job, bounds),
    replay: |job| harness::replay(&GLUE, job),
    laws: None,
};

const GLUE: Glue<Node> = Glue {
    options: options::options,
    request: |options, operation, ask| options.common.object.request(operation, ask),
    replicates: |_| Replicates::Nothing,
    history: |options| telling(options.common.object),
    report: |seen, report| report::report(seen, report, seen.options.common.object, &closed_form(seen.options)),
};

/// What one transaction that all participants change and commit costs, by the papers.
fn closed_form(options: &Options) -> Value {
    let n = u64::from(options.common.keepers);
    let apart = options.common.nodes > options.common.keepers;
    match (options.form, options.presumption) {
        (Form::Linear, _) => json!({ "messages": 2 * n, "delays": 2 * n }),
        (Form::Decentralised, _) => json!({ "messages": n * n + n, "delays": 2 }),
        (Form::Central, Presumption::Remember) if apart => {
            json!({ "messages": (3 * n).saturating_sub(1), "delays": 4, "forced_writes": n + 1, "asked": "a participant" })
        }
        (Form::Central, Presumption::Remember) => {
            json!({ "messages": (3 * n).saturating_sub(3), "delays": 3, "forced_writes": n + 1 })
        }
        (Form::Central, Presumption::Commit) => json!({ "messages": 3 * n, "forced_writes": n + 2, "asked": "a coordinator" }),
        (Form::Central, _) => json!({ "messages": 4 * n, "forced_writes": 2 * n + 1, "asked": "a coordinator" }),
    }
}
