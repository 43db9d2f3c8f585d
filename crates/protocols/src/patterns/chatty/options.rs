//! What a scenario says: how many items a job has, and how they are handed over.

use super::monitor::{FINISHED_IS_PROCESSED, PROCESSED_ONCE};
use crate::harness::planted;
use crate::options::{Choice, Default, Field, FieldKind, OptionError};
use crate::registry::{Job, Variant};
use quorate_engine::time::{MILLISECOND, Nanos};

/// The parameters of all nodes.
#[derive(Clone, Debug)]
pub struct Options {
    /// Items of a job.
    pub items: u32,
    /// How many items of a job are under way at once; `None`: all go in one message.
    pub window: Option<u32>,
    /// How often a coordinator looks at what was not answered, in ns.
    pub resend: Nanos,
    /// What is wrong on purpose.
    pub mistake: Option<Mistake>,
}

/// What a planted variant does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mistake {
    /// What comes again is processed again.
    ProcessesAgain,
    /// What is not answered in time is counted as done.
    CountsLost,
    /// The worker says that items are processed before they are on its disk.
    AnswersBeforeForce,
}

const MODES: &[Choice] = &[
    Choice { name: "chatty", doc: "S2's eight messages an item, one item after the other" },
    Choice { name: "pipelined", doc: "the same eight messages, `window` items of a job at a time" },
    Choice { name: "batch", doc: "all items in one message, one answer" },
];

const MODE: Field =
    Field { name: "mode", kind: FieldKind::Choice(MODES), default: Default::Choice("batch"), doc: "How items are handed over." };
const ITEMS: Field = Field::integer("items", 1, 100_000, 4, "Items of a job.");
const WINDOW: Field = Field::integer("window", 1, 100_000, 100, "Pipelined: how many items of a job are under way at a time.");
const RESEND: Field = Field::duration(
    "resend",
    200 * MILLISECOND,
    "How often a coordinator says again what was not answered; the first wait is of one to two times that.",
);

pub(super) const FIELDS: &[Field] = &[MODE, ITEMS, WINDOW, RESEND];

/// The planted variants.
pub(super) const VARIANTS: &[Variant; 3] = &[
    Variant {
        name: "process-again",
        summary: "the worker does not look at names, and what is said again is processed again",
        caught_by: PROCESSED_ONCE,
    },
    Variant {
        name: "lost-is-done",
        summary: "what is not answered in time is counted as done",
        caught_by: FINISHED_IS_PROCESSED,
    },
    Variant {
        name: "answer-before-force",
        summary: "the worker says that an item is processed before it is on its disk",
        caught_by: FINISHED_IS_PROCESSED,
    },
];

pub(super) fn options(job: &Job<'_>) -> Result<Options, OptionError> {
    let values = job.options;
    Ok(Options {
        items: values.integer(ITEMS.name) as u32,
        window: match values.choice(MODE.name) {
            "batch" => None,
            "pipelined" => Some(values.integer(WINDOW.name) as u32),
            _ => Some(1),
        },
        resend: values.duration(RESEND.name),
        mistake: planted(job.variant, VARIANTS, &[Mistake::ProcessesAgain, Mistake::CountsLost, Mistake::AnswersBeforeForce])?,
    })
}

impl Options {
    /// Whether this is what is wrong.
    pub(super) fn makes(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }
}
