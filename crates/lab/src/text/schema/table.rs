//! The keys of a table file.

use super::{Holds, Key, key};

/// The top level of a table file.
pub const TABLE: &[Key] = &[
    key("schema", "1", "The version of this format.").required(),
    key("name", "a-z, 0-9 and -", "The table's name, as commands and files have it.").required(),
    key("summary", "text", "What it compares, in a sentence.").required(),
    key("source", "text", "Where the numbers come from: authors, title, year, and the figure or section.").required(),
    key("claimed", "\"claimed\" or \"published\"", "The word for what the source says; without it, \"claimed\"."),
    key("note", "text", "What a reader must know of all of it, such as a convention."),
    SCENARIO,
    SEEDS,
    SET,
    key("where", "[where]", "Names for closed forms: NAME = \"expression\".").holds(Holds::Names),
    key("columns", "[[columns]]", "What is varied.").required().holds(Holds::Tables(COLUMN)),
    key("rows", "[[rows]]", "What is measured.").required().holds(Holds::Tables(ROW)),
];

/// An entry of `[[columns]]`.
pub const COLUMN: &[Key] =
    &[key("name", "text", "What is particular about it, in at most 40 characters.").required(), SCENARIO, SEEDS, SET];

/// An entry of `[[rows]]`.
pub const ROW: &[Key] = &[
    key("name", "text", "What is measured, in words.").required(),
    key(
        "measure",
        "text",
        "A metric, a statistic of one over the seeds such as \"p99(op.latency)\", an expression over metrics, or \
         \"rate(EXPECTATION)\".",
    )
    .required(),
    key(
        "claimed",
        "one value, or a list of one for each column",
        "What the source says, in the unit of the measure; \"\" for nothing.",
    ),
    key(
        "closed",
        "one text, or a list of one for each column",
        "A closed form over nodes, options, parameters and [where]; \"\" for none.",
    ),
    key(
        "tolerance",
        "one value, or a list of one for each column",
        "How far is near enough: \"exact\", \"3%\" of what is claimed, \"10ms\" or 0.2 either way, or \"3 sigma\" of the mean; \
         without it, \"exact\".",
    ),
    key("note", "text", "What a reader must know of this row."),
    SCENARIO,
    SEEDS,
    SET,
];

const SCENARIO: Key = key(
    "scenario",
    "path",
    "The scenario that runs, from the folder of this file. A row's goes before a column's, and that before the table's.",
);
const SEEDS: Key = key(
    "seeds",
    "whole number",
    "How many seeds a cell runs, from the scenario's own on; a row's number goes before a column's; without it, 1.",
);
const SET: Key = key(
    "set",
    "{ \"KEY\" = value }",
    "Keys of the scenario that are changed, as --set does: the table's, then the column's, then the row's.",
)
.holds(Holds::Names);
