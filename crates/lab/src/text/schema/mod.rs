//! The keys of a scenario file, and of a table, as data: where each may stand, what it takes, what holds without it. The walk checks a file
//! against it, and the printed schema and help are made from it. What a value must satisfy is said by its section's reader.

mod clients;
mod faults;
mod latency;
mod nemesis;
mod network;
mod table;
mod topology;

pub use clients::CLIENTS;
pub use faults::{BEHAVIOUR, FAULT, WHEN};
pub use latency::LATENCY;
pub use nemesis::NEMESIS;
pub use network::{HOSTS, NETWORK, OVERFLOW};
pub use table::{COLUMN, ROW, TABLE};
pub use topology::TOPOLOGY;

/// A key and what may stand under it.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The key.
    pub name: &'static str,
    /// Whether its table is invalid without it.
    pub required: bool,
    /// What shape stands under it.
    pub holds: Holds,
    /// What it takes, in words or by example.
    pub takes: &'static str,
    /// What it means, and what holds without it.
    pub doc: &'static str,
}

/// The shape of what stands under a key.
#[derive(Clone, Copy, Debug)]
pub enum Holds {
    /// A value that its section reads.
    Value,
    /// The path of a file that the scenario needs: in the scenario relative to it, in an override to the working directory.
    File,
    /// A table of these keys.
    Table(&'static [Key]),
    /// A list of tables, each of these keys.
    Tables(&'static [Key]),
    /// One table of these keys, or a list of them.
    TableOrTables(&'static [Key]),
    /// A plain value, or a table of these keys.
    ValueOrTable(&'static [Key]),
    /// One table, named after a protocol, of that protocol's options; or the protocol's plain name.
    Protocol,
    /// A list of lists of plain values, or of tables of these keys.
    Rows(&'static [Key]),
    /// A table of names of the author's choosing.
    Names,
}

pub(super) const fn key(name: &'static str, takes: &'static str, doc: &'static str) -> Key {
    Key { name, required: false, holds: Holds::Value, takes, doc }
}

impl Key {
    pub(super) const fn required(self) -> Key {
        Key { required: true, ..self }
    }

    pub(super) const fn holds(self, holds: Holds) -> Key {
        Key { holds, ..self }
    }
}

/// The top level.
pub const SCENARIO: &[Key] = &[
    key("schema", "1", "The version of this format.").required(),
    key("name", "a-z, 0-9 and -", "The scenario's name, as reports and files have it.").required(),
    key("summary", "text", "What happens, in a sentence."),
    key("teaches", "text", "What there is to learn from it, for students."),
    key("seed", "whole number", "All chance of a run comes from it; without it, 1."),
    key("duration", "duration", "A run ends here, whatever is still under way.").required(),
    key("until", "\"duration\" or \"converged\"", "Whether a run may end earlier; without it, \"duration\"."),
    key("variant", "\"right\" or a planted variant", "Which variant of the protocol runs; without it, \"right\"."),
    key("ties", "\"permuted\" or \"source\"", "Who goes first at one instant; without it, \"permuted\": as the seed shuffles."),
    key("nodes", "whole number", "How many replicas, numbered from 0.").required(),
    key("parameters", "[parameters]", "Values with names, for expressions: f = 1 makes nodes = \"3*f+1\" a number of nodes.")
        .holds(Holds::Names),
    key("protocol", "[protocol.NAME] or PROTOCOL", "Which protocol runs: with its options, or by its name alone.")
        .required()
        .holds(Holds::Protocol),
    key("regions", "[regions]", "Where replicas stand: NAME = SET, or \"NAME/ZONE\" = SET.").holds(Holds::Names),
    key("network", "[network]", "The links; without it, 1 ms and nothing lost.").holds(Holds::Table(NETWORK)),
    key("hosts", "[hosts] or [[hosts]]", "The machines; without it, they take no time.").holds(Holds::TableOrTables(HOSTS)),
    key("disks", "[disks] or [[disks]]", "The disks; without it, they take any number of records, and force them at once.")
        .holds(Holds::TableOrTables(DISKS)),
    key("clocks", "[clocks] or [[clocks]]", "The clocks; without it, they read true time.").holds(Holds::TableOrTables(CLOCKS)),
    key("faults", "[[faults]]", "What goes wrong, and when.").holds(Holds::Tables(FAULT)),
    key("nemesis", "[nemesis]", "What goes wrong at random.").holds(Holds::Table(NEMESIS)),
    key("workload", "[workload]", "What clients ask.").holds(Holds::Table(WORKLOAD)),
    key("expect", "[expect]", "What must hold: name = \"expectation\".").holds(Holds::Names),
    key("ci", "[ci]", "How continuous integration runs the scenario.").holds(Holds::Table(CI)),
];

/// `[disks]`, or an entry of `[[disks]]`.
pub const DISKS: &[Key] = &[
    key("nodes", "SET", "Whose disks; without it, all."),
    key("sync", "latency", "How long a forced write takes, one after the other; without it, no time.")
        .holds(Holds::ValueOrTable(LATENCY)),
    key("capacity", "bytes", "How much fits, 12 bytes for each record besides what is in it; without it, any amount."),
];

/// `[clocks]`, or an entry of `[[clocks]]`.
pub const CLOCKS: &[Key] = &[
    key("nodes", "SET", "Whose clocks; without it, all."),
    key("offset", "duration, negative allowed, or spread", "Wall clocks against true time at the start; without it, 0.")
        .holds(Holds::ValueOrTable(SPREAD)),
    key("drift_ppm", "number or spread", "What clocks gain, in parts per million; without it, 0.")
        .holds(Holds::ValueOrTable(SPREAD)),
    key(
        "wander",
        "{ ppm = 5, period = \"1h\" }",
        "A drift that rises and falls, as with the temperature of the day; without it, none.",
    )
    .holds(Holds::Table(WANDER)),
    key(
        "bound",
        "duration",
        "What replicas are told of how far their wall clocks may be off at most, be it true or not; without it, nothing.",
    ),
    key("jumps", "{ every = \"10m\", by = \"200ms\" }", "Wall clocks that are set again and again; without it, never.")
        .holds(Holds::Table(JUMPS)),
];

const WANDER: &[Key] = &[
    key("ppm", "number", "The most that it adds to or takes from the drift, in parts per million.").required(),
    key("period", "duration", "From one maximum to the next; each clock is at a point of its own.").required(),
];
const JUMPS: &[Key] = &[
    key("every", "latency", "From one jump to the next.").required().holds(Holds::ValueOrTable(LATENCY)),
    key("by", "duration, negative allowed, or spread", "By how much.").required().holds(Holds::ValueOrTable(SPREAD)),
];

const SPREAD: &[Key] = &[
    key("constant", "value", "The same on every node."),
    key("uniform", "[low, high]", "Uniform between the two, both included."),
    key("normal", "{ mean = 0, stddev = 20 }", "Normal.").holds(Holds::Table(NORMAL)),
];
const NORMAL: &[Key] =
    &[key("mean", "value", "The mean.").required(), key("stddev", "value", "The standard deviation.").required()];

/// `[workload]`
pub const WORKLOAD: &[Key] = &[
    key("updates", "[workload.updates]", "Changes of the replicated state.").holds(Holds::TableOrTables(UPDATES)),
    key("removes", "[workload.removes]", "Removals: of an element, of so much of a counter, of a character.")
        .holds(Holds::TableOrTables(REMOVES)),
    key("edits", "[workload.edits]", "Edits of a text.").holds(Holds::TableOrTables(EDITS)),
    key("moves", "[workload.moves]", "Moves in a tree.").holds(Holds::TableOrTables(MOVES)),
    key("reads", "[workload.reads]", "Reads of it.").holds(Holds::TableOrTables(READS)),
    key("clears", "[workload.clears]", "All under a key is forgotten.").holds(Holds::TableOrTables(READS)),
    key("transactions", "[[workload.transactions]]", "Reads and updates of several registers, all at once or none.")
        .holds(Holds::TableOrTables(TRANSACTIONS)),
    key("changes", "[workload.changes]", "An operator's orders: who is a member, and who leads.")
        .holds(Holds::TableOrTables(CHANGES)),
    key(
        "trace",
        "path",
        "A recorded editing session to replay, as JSON, gzip too: agent k's transactions are asked of replica k. Or the JSON itself.",
    )
    .holds(Holds::File),
    key("clients", "[[workload.clients]]", "Clients that ask by themselves.").holds(Holds::Tables(CLIENTS)),
];

/// `[workload.updates]`
pub const UPDATES: &[Key] =
    &[AT, FROM, COUNT, EVERY, KEY, key("amount", "whole number", "By how much a counter changes; without it, 1."), TIMEOUT];

/// `[workload.removes]`
pub const REMOVES: &[Key] =
    &[AT, FROM, COUNT, EVERY, KEY, key("amount", "whole number", "How much goes, where it is a number; without it, 1."), TIMEOUT];

/// `[workload.edits]`
pub const EDITS: &[Key] = &[
    AT,
    FROM,
    COUNT,
    EVERY,
    key("place", "whole number", "Before which character, counted from 0; without it, drawn by each replica."),
    key("delete", "whole number", "How many characters from there on go; without it, none."),
    key("insert", "text", "What comes in their stead; without it, nothing."),
    TIMEOUT,
];

/// `[workload.moves]`
pub const MOVES: &[Key] = &[
    AT,
    FROM,
    COUNT,
    EVERY,
    key("key", "whole number", "Which node of the tree: any but 0, the root. It comes into being if it was not there.")
        .required(),
    key("parent", "whole number", "Below which node it goes; without it, drawn by each replica."),
    TIMEOUT,
];

/// `[workload.reads]`, `[workload.clears]`
pub const READS: &[Key] = &[AT, FROM, COUNT, EVERY, KEY, TIMEOUT];

/// `[workload.transactions]`
pub const TRANSACTIONS: &[Key] = &[
    AT,
    FROM,
    COUNT,
    EVERY,
    KEY,
    key("reads", "whole number", "It reads so many registers, from `key` on; without it, none."),
    key("updates", "whole number", "It then updates so many, from `key` on; without it, none."),
    key("amount", "whole number", "By how much each is changed where it holds a number; without it, 1."),
    TIMEOUT,
];

/// `[workload.changes]`: exactly one of `add`, `learn`, `remove`, `members` and `lead`.
pub const CHANGES: &[Key] = &[
    AT,
    FROM,
    COUNT,
    EVERY,
    key("add", "SET", "These are members from then on, beside those who are."),
    key("learn", "SET", "These follow what the members decide, without a vote."),
    key("remove", "SET", "These are members no more."),
    key("members", "SET", "These, and nobody else, are members from then on."),
    key("lead", "node", "This one leads from then on."),
    TIMEOUT,
];

const AT: Key = key("at", "duration", "When the first one is asked.").required();
const FROM: Key = key("from", "SET", "Which replicas are asked, each by a client of its own.").required();
const COUNT: Key = key("count", "whole number", "How often each is asked; without it, once.");
const EVERY: Key = key("every", "duration", "From one time to the next; needed when count is above 1.");
const KEY: Key = key("key", "whole number", "Which register; without it, 0.");
const TIMEOUT: Key = key("timeout", "duration", "When a client gives up and calls the outcome unknown; without it, never.");

/// `[ci]`
pub const CI: &[Key] = &[
    key("seeds", "whole number", "How many seeds are run; without it, 20."),
    key("skip", "true or false", "Leave the scenario out; without it, false."),
];

/// What the design names and this version does not have: a better answer than "unknown". Table by path, then key.
pub(crate) const NOT_YET: &[(&str, &[&str])] = &[("", &["monitors"])];

/// Whether the design names that key, in that kind of table, for a later version.
pub(crate) fn not_yet(table: &str, name: &str) -> bool {
    NOT_YET.iter().any(|(kind, names)| *kind == table && names.contains(&name))
}

/// What people look for under a name of their own, and how it is written.
const WRITTEN: &[(&str, &str, &str)] = &[
    ("fault", "outage", "a region that fails is a crash: crash = \"region:eu\"; all of it: crash = \"all\""),
    ("fault", "churn", "what comes and goes at random stands under [nemesis]: quorate describe nemesis.churn"),
    ("fault", "isolate", "write partition = { isolate = SET }"),
    ("fault", "bridge", "write partition = { bridge = NODE }"),
    (
        "fault",
        "flapping",
        "write partition = { groups = [SET, SET], flapping = { down = \"300ms\", up = \"200ms\" } }, with \"for\"",
    ),
    ("fault", "latency", "write degrade = { between = [SET, SET], delay = \"50ms\" }"),
    ("fault", "loss", "write degrade = { between = [SET, SET], loss = 0.1 }"),
    ("fault", "kill", "write crash = SET"),
    ("degrade", "latency", "write delay = \"50ms\": how much later messages arrive"),
];

/// How what stands under that name is written here.
pub(crate) fn written(table: &str, name: &str) -> Option<&'static str> {
    WRITTEN.iter().find(|(kind, key, _)| *kind == table && *key == name).map(|(.., how)| *how)
}
