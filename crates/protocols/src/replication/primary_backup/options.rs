//! How a primary and its backups work together.

use crate::harness::no_variant;
use crate::options::{Choice, Default, Field, FieldKind, OptionError};
use crate::registry::Job;
use crate::replication::machine::{OBJECT, Object};
use quorate_engine::NodeId;
use quorate_engine::time::{MILLISECOND, Nanos};

/// The parameters of all nodes.
#[derive(Clone, Debug)]
pub struct Options {
    /// When a client is answered.
    pub mode: Mode,
    /// The node that decides who is primary; `None`: node 0 is, always.
    pub view_server: Option<NodeId>,
    /// From one sign of life to the next, in ns.
    pub heartbeat: Nanos,
    /// How long a node may be silent before it counts as down, in ns.
    pub patience: Nanos,
    /// How long a primary waits for an answer before it asks again, in ns; at most twice that.
    pub resend: Nanos,
    /// What the state machine holds.
    pub object: Object,
    /// A planted mistake: a record counts as safe when it is appended.
    pub answers_early: bool,
    /// A planted mistake: recovery ignores the entries of the log.
    pub forgets: bool,
    /// A planted mistake: a primary that hears nothing of a backup goes on without it, whatever the view server says.
    pub unfenced: bool,
}

/// When a client is answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// When the primary and every backup have its command safe.
    Synchronous,
    /// When the primary has.
    Asynchronous,
}

impl Options {
    /// Signs of life that may be missing before a node counts as down.
    pub fn missing_max(&self) -> u32 {
        u32::try_from(self.patience.div_ceil(self.heartbeat)).unwrap_or(u32::MAX)
    }
}

const MODE: Field = Field {
    name: "mode",
    kind: FieldKind::Choice(&[
        Choice {
            name: "synchronous",
            doc: "when the primary and all its backups have it on disk; reads are confirmed by the backups",
        },
        Choice { name: "asynchronous", doc: "when the primary has it on disk; what backups lack at a failover is lost" },
    ]),
    default: Default::Choice("synchronous"),
    doc: "When a client is told that its write took effect.",
};

const FAILOVER: Field = Field {
    name: "failover",
    kind: FieldKind::Choice(&[
        Choice { name: "none", doc: "node 0 is the primary, and while it is down nobody is" },
        Choice { name: "view-server", doc: "the last node keeps no copy; it alone decides who is primary, view after view" },
    ]),
    default: Default::Choice("none"),
    doc: "Who takes over from a primary that is down.",
};

const HEARTBEAT: Field = Field::duration(
    "heartbeat",
    100 * MILLISECOND,
    "From one sign of life of a node to its next; backups learn with it what is committed.",
);
const PATIENCE: Field = Field::duration(
    "patience",
    500 * MILLISECOND,
    "How long the view server hears nothing of a node before it takes it for down.",
);
const RESEND: Field = Field::duration(
    "resend",
    100 * MILLISECOND,
    "How long a primary waits for an answer of a backup, at most twice that, before it says the same again.",
);

pub(super) const FIELDS: &[Field] = &[MODE, FAILOVER, HEARTBEAT, PATIENCE, RESEND, OBJECT];

pub(super) fn options(job: &Job<'_>) -> Result<Options, OptionError> {
    let values = job.options;
    let nodes = job.setup.nodes;
    let served = values.choice(FAILOVER.name) == "view-server";
    if served && nodes < 3 {
        return Err(OptionError {
            field: FAILOVER.name,
            message: format!(
                "a view server and a pair are three nodes, and there are {nodes}; set `nodes = 3`, or failover to `none`"
            ),
        });
    }
    let right = Options {
        mode: if values.choice(MODE.name) == "asynchronous" { Mode::Asynchronous } else { Mode::Synchronous },
        view_server: served.then_some(NodeId(nodes - 1)),
        heartbeat: values.duration(HEARTBEAT.name),
        patience: values.duration(PATIENCE.name),
        resend: values.duration(RESEND.name),
        object: Object::of(values),
        answers_early: false,
        forgets: false,
        unfenced: false,
    };
    if right.patience < right.heartbeat {
        return Err(OptionError {
            field: PATIENCE.name,
            message: "it is shorter than the heartbeat, so that every node would count as down; make it longer".to_string(),
        });
    }
    Ok(match job.variant {
        "right" => right,
        "answer-before-sync" => Options { answers_early: true, ..right },
        "recover-without-replay" => Options { forgets: true, ..right },
        "two-primaries" => Options { unfenced: true, ..right },
        other => return Err(no_variant(other)),
    })
}
