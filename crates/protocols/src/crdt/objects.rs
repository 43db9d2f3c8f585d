//! The registry's lines: the same actor with one type after the other.

use super::data::Kind;
use super::evidence::{self, GONE, INTERLEAVED, LEAST, MISSING, PAIRS, REFUSED, SETS, STATE_BYTES, UNSEEN};
use super::judge::{NEVER_OVERDRAWN, NO_LOST_UPDATE, NOTHING_LOST, SPECIFIED};
use super::monitor::STRONGLY_CONVERGES;
use super::replica::Replica;
use super::replica::message::{Fact, Request};
use super::replica::options::{COMMON, Options};
use super::telling;
use super::trial;
use super::types::{Clock, Request as Do, Rule, TextOrder};
use super::variants::{self, planted};
use crate::epidemic::gossip::ROUNDS;
use crate::harness::{self, CONVERGES, Glue, Replicates, VERIFIED, cannot};
use crate::options::{Choice, Default as By, Field, FieldKind, OptionError};
use crate::registry::{Ask, CheckInfo, Job, MetricInfo, Protocol, joined};
use std::rc::Rc;

const CHECKS: [CheckInfo; 5] = [
    CONVERGES,
    VERIFIED,
    CheckInfo {
        name: STRONGLY_CONVERGES,
        summary: "at every step, replicas that have the same operations are in the same state",
    },
    SPECIFIED,
    NOTHING_LOST,
];
const METRICS: [MetricInfo; 5] = [
    MetricInfo { name: ROUNDS, unit: "", summary: "rounds from the last update until every live replica held it" },
    STATE_BYTES,
    REFUSED,
    GONE,
    SETS,
];

const FLOOR: Field =
    Field::flag("floor", false, "Whether a replica refuses to take away what would bring the sum that it sees below 0.");
const RIGHTS: Field =
    Field::integer("rights", 0, 1_000_000, 10, "How much each replica may take away at first: the number begins with the sum.");
const CLOCK: Field = Field {
    name: "clock",
    kind: FieldKind::Choice(&[
        Choice { name: "wall", doc: "the local wall clock, whatever it says" },
        Choice { name: "lamport", doc: "one more than any stamp that the replica knows" },
        Choice { name: "hybrid", doc: "the wall clock, but always later than any stamp that the replica knows" },
    ]),
    default: By::Choice("lamport"),
    doc: "Where the stamp of a write comes from.",
};
const WINS: Field = Field {
    name: "wins",
    kind: FieldKind::Choice(&[
        Choice { name: "last", doc: "the write with the last stamp" },
        Choice { name: "first", doc: "the write with the first stamp" },
    ]),
    default: By::Choice("last"),
    doc: "Which write stays.",
};
const FORM: Field = Field {
    name: "form",
    kind: FieldKind::Choice(&[
        Choice { name: "tombstones", doc: "every addition that was removed leaves its tag for ever" },
        Choice { name: "optimised", doc: "what was removed leaves nothing but a place in the context" },
    ]),
    default: By::Choice("optimised"),
    doc: "How the set remembers what was removed.",
};
const ORDER: Field = Field {
    name: "order",
    kind: FieldKind::Choice(&[
        Choice { name: "rga", doc: "replicated growable array: what two type backwards at one place is mixed" },
        Choice { name: "fugue", doc: "a tree with two sides: what two type at one place is not mixed" },
    ]),
    default: By::Choice("rga"),
    doc: "How insertions at one place are ordered.",
};

const FLOORED: [Field; 12] = joined(COMMON, [FLOOR]);
const ESCROW: [Field; 12] = joined(COMMON, [RIGHTS]);
const CLOCKED: [Field; 13] = joined(COMMON, [CLOCK, FLOOR]);
const STAMPED: [Field; 13] = joined(COMMON, [CLOCK, WINS]);
const FORMED: [Field; 12] = joined(COMMON, [FORM]);
const ORDERED: [Field; 12] = joined(COMMON, [ORDER]);

const BOUNDED: [CheckInfo; 6] = joined(CHECKS, [NEVER_OVERDRAWN]);
const LAST: [CheckInfo; 6] = joined(CHECKS, [NO_LOST_UPDATE]);

const SUMMED: [MetricInfo; 7] = joined(METRICS, [MISSING, LEAST]);
const OVERWRITTEN: [MetricInfo; 6] = joined(METRICS, [UNSEEN]);
const TYPED: [MetricInfo; 7] = joined(METRICS, [PAIRS, INTERLEAVED]);

/// What all of them share.
const BASE: Protocol = Protocol {
    name: "",
    scenarios: &[],
    family: "crdt",
    summary: "",
    source: "",
    catalogue: &[],
    options: &COMMON,
    variants: &[],
    kinds: harness::kinds::<Replica>(),
    records: harness::keeps_records::<Replica>(),
    facts: <Fact as quorate_engine::Fact>::KINDS,
    checks: &CHECKS,
    metrics: &METRICS,
    run: |job| harness::run(&PLAIN, job),
    explore: |job, bounds| harness::explore(&PLAIN, job, bounds),
    replay: |job| harness::replay(&PLAIN, job),
    laws: None,
};

const PLAIN: Glue<Replica> = Glue {
    options: |job| options(job, Kind::Counter),
    request: |_, operation, ask| counted(operation, ask),
    replicates: |_| Replicates::States,
    history: |_| telling::COUNTER,
    report: |seen, report| evidence::report("pn_counter", seen, report),
};

/// A line of the registry, with the functions that its glue makes.
macro_rules! object {
    ($(#[$doc:meta])* $name:ident, $glue:expr, { $($field:tt)* }) => {
        $(#[$doc])*
        pub const $name: Protocol = {
            const GLUE: Glue<Replica> = $glue;
            Protocol {
                run: |job| harness::run(&GLUE, job),
                explore: |job, bounds| harness::explore(&GLUE, job, bounds),
                replay: |job| harness::replay(&GLUE, job),
                $($field)*
                ..BASE
            }
        };
    };
}

object!(
    /// The counter that only grows.
    G_COUNTER,
    Glue { request: |_, operation, ask| growing(operation, ask), report: |seen, report| evidence::report("g_counter", seen, report), ..PLAIN },
    {
        name: "g-counter",
        scenarios: &["crdt/counter-growing.toml", "crdt/counter-of-three.toml", "crdt/growing-swarm.toml"],
        summary: "a counter that only grows, kept alike by states, deltas or operations",
        source: "S1 Pattern 1; Shapiro et al. 2011, specification 6",
        catalogue: &["B2"],
        metrics: &SUMMED,
        variants: &variants::COUNTER,
        laws: Some(|variant| trial::laws(Kind::Counter, trial::GROW, variant)),
    }
);

object!(
    /// The counter that goes both ways.
    PN_COUNTER,
    PLAIN,
    {
        name: "pn-counter",
        scenarios: &["crdt/counter-partition.toml", "crdt/counter-crash.toml", "crdt/plus-one-sent.toml", "crdt/counter-swarm.toml", "crdt/ten-thousand.toml", "world/churn.toml"],
        summary: "a counter that goes both ways, kept alike by states, deltas or operations",
        source: "S1 Pattern 1; Shapiro et al. 2011, specification 7",
        catalogue: &["B2", "B10", "B13"],
        options: &FLOORED,
        metrics: &SUMMED,
        variants: &variants::COUNTER,
        laws: Some(|variant| trial::laws(Kind::Counter, trial::BOTH, variant)),
    }
);

object!(
    /// The counter that is never below zero.
    BOUNDED_COUNTER,
    Glue { options: |job| options(job, Kind::Bounded), report: |seen, report| evidence::report("bounded_counter", seen, report), ..PLAIN },
    {
        name: "bounded-counter",
        scenarios: &["crdt/overdraft.toml", "crdt/bounded-swarm.toml"],
        summary: "a counter that never goes below zero: each replica takes away only what it has the rights to",
        source: "Balegas et al. 2015; S1 introduction, S2 level 4",
        catalogue: &["B13"],
        options: &ESCROW,
        checks: &BOUNDED,
        metrics: &SUMMED,
        variants: &variants::REPLICATION,
        laws: Some(|variant| trial::laws(Kind::Bounded, trial::SHARED, variant)),
    }
);

object!(
    /// The counter that goes back to zero.
    RESETTABLE_COUNTER,
    Glue {
        options: |job| options(job, Kind::Resettable),
        request: |_, operation, ask| match ask {
            Ask::Clear { .. } => request(operation, ask),
            _ => counted(operation, ask),
        },
        history: |_| telling::NOTHING,
        report: |seen, report| evidence::report("resettable_counter", seen, report),
        ..PLAIN
    },
    {
        name: "resettable-counter",
        scenarios: &["crdt/reset-swarm.toml"],
        summary: "a counter that can be reset: what was added beside the reset stays",
        source: "Baquero, Almeida and Lerche 2016",
        catalogue: &["B2"],
        options: &FLOORED,
        variants: &variants::RESETTABLE,
        laws: Some(|variant| trial::laws(Kind::Resettable, trial::CLEARED, variant)),
    }
);

object!(
    /// The account that is a log of events.
    EVENT_LOG,
    Glue { options: |job| options(job, Kind::Log), report: |seen, report| evidence::report("event_log", seen, report), ..PLAIN },
    {
        name: "event-log",
        scenarios: &["crdt/account.toml", "crdt/log-swarm.toml"],
        summary: "an account as the log of all that happened to it; the balance is their sum",
        source: "S2 level 4, event sourcing",
        catalogue: &["B9", "B13"],
        options: &FLOORED,
        metrics: &SUMMED,
        variants: &variants::REPLICATION,
        laws: Some(|variant| trial::laws(Kind::Log, trial::BOTH, variant)),
    }
);

object!(
    /// The number that is read, added to and written.
    READ_ADD_WRITE,
    Glue { options: |job| options(job, Kind::ReadAddWrite), report: |seen, report| evidence::report("read_add_write", seen, report), ..PLAIN },
    {
        name: "read-add-write",
        scenarios: &["crdt/plus-one.toml", "crdt/read-add-write-swarm.toml"],
        summary: "a number that is read, added to and written back: concurrent additions are lost, and counted",
        source: "S2 level 4, commutative operations: the bad way",
        catalogue: &["B9", "B10"],
        options: &CLOCKED,
        metrics: &SUMMED,
        variants: &variants::REPLICATION,
        laws: Some(|variant| trial::laws(Kind::ReadAddWrite, trial::BOTH, variant)),
    }
);

object!(
    /// The registers of which one write stays.
    LWW_REGISTER,
    Glue {
        options: |job| options(job, Kind::LastWriter),
        request: |_, operation, ask| written(operation, ask),
        history: |_| telling::REGISTER,
        report: |seen, report| evidence::report("lww_register", seen, report),
        ..PLAIN
    },
    {
        name: "lww-register",
        scenarios: &["crdt/clocks.toml", "crdt/register-swarm.toml", "crdt/first-writer-swarm.toml"],
        summary: "registers of which the last write stays, or the first, by wall, Lamport or hybrid clocks",
        source: "Shapiro et al. 2011, specifications 8 and 9; S4 conflict resolution",
        catalogue: &["B4"],
        options: &STAMPED,
        checks: &LAST,
        metrics: &OVERWRITTEN,
        variants: &variants::REGISTER,
        laws: Some(|variant| trial::laws(Kind::LastWriter, trial::GROW, variant)),
    }
);

object!(
    /// The registers that keep concurrent writes.
    MV_REGISTER,
    Glue {
        options: |job| options(job, Kind::MultiValue),
        request: |_, operation, ask| match *ask {
            Ask::Cas { key, expected } => {
                let ask = Do::Write { key, value: operation + 1, over: expected.into_iter().collect() };
                Ok(Request { ask, seen: None })
            }
            _ => written(operation, ask),
        },
        history: |_| telling::NOTHING,
        report: |seen, report| evidence::report("mv_register", seen, report),
        ..PLAIN
    },
    {
        name: "mv-register",
        scenarios: &["crdt/siblings-swarm.toml"],
        summary: "registers that keep what was written side by side until somebody who has read it writes",
        source: "DeCandia et al. 2007; Preguiça et al. 2010; Shapiro et al. 2011, specification 10",
        catalogue: &["B4"],
        variants: &variants::SIBLINGS,
        laws: Some(|variant| trial::laws(Kind::MultiValue, trial::WRITTEN, variant)),
    }
);

object!(
    /// The set that only grows.
    G_SET,
    Glue {
        options: |job| options(job, Kind::GrowSet),
        request: |_, operation, ask| match ask {
            Ask::Remove { .. } => Err("a g-set only grows; use an or-set".to_string()),
            _ => counted(operation, ask),
        },
        history: |_| telling::SET,
        report: |seen, report| evidence::report("g_set", seen, report),
        ..PLAIN
    },
    {
        name: "g-set",
        scenarios: &["crdt/merkle.toml", "crdt/grow-set-swarm.toml"],
        summary: "a set that only grows",
        source: "Shapiro et al. 2011, specification 11",
        catalogue: &["B3"],
        variants: &variants::REPLICATION,
        laws: Some(|variant| trial::laws(Kind::GrowSet, trial::GROW, variant)),
    }
);

object!(
    /// The set whose elements go for good.
    TWO_PHASE_SET,
    Glue {
        options: |job| options(job, Kind::TwoPhaseSet),
        history: |_| telling::SET,
        report: |seen, report| evidence::report("two_phase_set", seen, report),
        ..PLAIN
    },
    {
        name: "two-phase-set",
        scenarios: &["crdt/two-phase-swarm.toml"],
        summary: "a set whose elements, once removed, never come back",
        source: "Shapiro et al. 2011, specification 12",
        catalogue: &["B3"],
        variants: &variants::REPLICATION,
        laws: Some(|variant| trial::laws(Kind::TwoPhaseSet, trial::BOTH, variant)),
    }
);

object!(
    /// The set in which additions win.
    OR_SET,
    Glue {
        options: |job| {
            let tombstones = job.options.choice(FORM.name) == "tombstones" || variants::is_of_tombstones(job.variant);
            options(job, if tombstones { Kind::TombstoneSet } else { Kind::AddWinsSet })
        },
        history: |_| telling::SET,
        report: |seen, report| evidence::report("or_set", seen, report),
        ..PLAIN
    },
    {
        name: "or-set",
        scenarios: &["crdt/alice-and-bob.toml", "crdt/set-swarm.toml", "crdt/anti-entropy-swarm.toml", "crdt/delta-sizes.toml", "crdt/million.toml"],
        summary: "a set in which an addition wins over a removal that had not seen it, with tombstones or without",
        source: "S1 Pattern 1; Shapiro et al. 2011, specification 15; Bieniusa et al. 2012",
        catalogue: &["B3"],
        options: &FORMED,
        variants: &variants::SET,
        laws: Some(|variant| {
            let tombstones = variants::is_of_tombstones(variant);
            trial::laws(if tombstones { Kind::TombstoneSet } else { Kind::AddWinsSet }, trial::BOTH, variant)
        }),
    }
);

object!(
    /// The set in which removals win.
    REMOVE_WINS_SET,
    Glue {
        options: |job| options(job, Kind::RemoveWinsSet),
        history: |_| telling::SET,
        report: |seen, report| evidence::report("remove_wins_set", seen, report),
        ..PLAIN
    },
    {
        name: "remove-wins-set",
        scenarios: &["crdt/removes-win-swarm.toml"],
        summary: "a set in which a removal wins over an addition that had not seen it",
        source: "Bieniusa et al. 2012",
        catalogue: &["B3"],
        variants: &variants::REPLICATION,
        laws: Some(|variant| trial::laws(Kind::RemoveWinsSet, trial::BOTH, variant)),
    }
);

object!(
    /// The map of counters.
    OR_MAP,
    Glue {
        options: |job| options(job, Kind::Map),
        request: |_, operation, ask| match ask {
            Ask::Clear { .. } => request(operation, ask),
            _ => counted(operation, ask),
        },
        history: |_| telling::NOTHING,
        report: |seen, report| evidence::report("or_map", seen, report),
        ..PLAIN
    },
    {
        name: "or-map",
        scenarios: &["crdt/map-swarm.toml"],
        summary: "a map of counters, of which removing an entry takes away what was seen of it",
        source: "Almeida, Shoker and Baquero 2018, §7.4; S1 Pattern 4",
        catalogue: &["B6"],
        variants: &variants::REPLICATION,
        laws: Some(|variant| trial::laws(Kind::Map, trial::CLEARED, variant)),
    }
);

object!(
    /// The shopping cart.
    SHOPPING_CART,
    Glue {
        options: |job| options(job, Kind::Cart),
        history: |_| telling::KEYED_COUNTER,
        report: |seen, report| evidence::report("shopping_cart", seen, report),
        ..PLAIN
    },
    {
        name: "shopping-cart",
        scenarios: &["crdt/book-cart.toml", "crdt/cart-swarm.toml"],
        summary: "a cart with a counter for each item",
        source: "S1 Pattern 4",
        catalogue: &["B6"],
        variants: &variants::CART,
        laws: Some(|variant| trial::laws(Kind::Cart, trial::BOTH, variant)),
    }
);

object!(
    /// The text.
    TEXT,
    Glue {
        options: |job| options(job, Kind::Text),
        request: |_, operation, ask| match ask {
            Ask::Edit { .. } => request(operation, ask),
            _ => counted(operation, ask),
        },
        history: |_| telling::NOTHING,
        report: |seen, report| evidence::report("text", seen, report),
        ..PLAIN
    },
    {
        name: "text",
        scenarios: &["crdt/three-editors.toml", "crdt/interleaving.toml", "crdt/text-swarm.toml", "crdt/text-trace.toml"],
        summary: "a text that several edit at once, by RGA or Fugue",
        source: "S1 part VI; Roh et al. 2011; Attiya et al. 2016; Weidner and Kleppmann 2023",
        catalogue: &["B5"],
        options: &ORDERED,
        metrics: &TYPED,
        variants: &variants::TEXT,
        laws: Some(|variant| trial::laws(Kind::Text, trial::EDITED, variant)),
    }
);

object!(
    /// The tree.
    REPLICATED_TREE,
    Glue {
        options: |job| options(job, Kind::Tree),
        request: |_, operation, ask| match *ask {
            Ask::Update { key, .. } => request(operation, &Ask::Move { key: key + 1, parent: None }),
            Ask::Move { .. } | Ask::Read { .. } => request(operation, ask),
            _ => Err(cannot(ask)),
        },
        history: |_| telling::NOTHING,
        report: |seen, report| evidence::report("replicated_tree", seen, report),
        ..PLAIN
    },
    {
        name: "replicated-tree",
        scenarios: &["crdt/tree.toml", "crdt/tree-swarm.toml"],
        summary: "a tree whose nodes are moved about, and which stays one",
        source: "Kleppmann, Mulligan, Gomes and Beresford 2022",
        catalogue: &["B5"],
        variants: &variants::TREE,
        laws: Some(|variant| trial::laws(Kind::Tree, trial::MOVED, variant)),
    }
);

fn options(job: &Job<'_>, kind: Kind) -> Result<Options, OptionError> {
    let has = |field: &Field| job.options.iter().any(|(name, _)| name == field.name);
    let (mistake, spreading, clock) = planted(job.variant)?;
    let scenario = match has(&CLOCK).then(|| job.options.choice(CLOCK.name)) {
        Some("wall") => Clock::Wall,
        Some("hybrid") => Clock::Hybrid,
        _ => Clock::Lamport,
    };
    let rule = Rule {
        clock: clock.unwrap_or(scenario),
        order: if has(&ORDER) && job.options.choice(ORDER.name) == "fugue" { TextOrder::Fugue } else { TextOrder::Rga },
        rights: if has(&RIGHTS) { (job.options.integer(RIGHTS.name), job.setup.nodes) } else { (0, 1) },
        floor: (has(&FLOOR) && job.options.flag(FLOOR.name)).then_some(0),
        first_wins: has(&WINS) && job.options.choice(WINS.name) == "first",
        mistake,
    };
    Options::new(job.options, kind, rule, spreading)
}

/// What a counter can be asked, and a set.
fn counted(operation: u64, ask: &Ask) -> Result<Request, String> {
    match ask {
        Ask::Update { .. } | Ask::Remove { .. } | Ask::Read { .. } => request(operation, ask),
        _ => Err(cannot(ask)),
    }
}

fn growing(operation: u64, ask: &Ask) -> Result<Request, String> {
    match *ask {
        Ask::Update { amount, .. } if amount < 0 => {
            Err(format!("a g-counter cannot take away, and the amount is {amount}; use a pn-counter or an amount of 0 or more"))
        }
        Ask::Remove { .. } => Err("a g-counter cannot take away; use a pn-counter".to_string()),
        _ => counted(operation, ask),
    }
}

/// What a register can be asked.
fn written(operation: u64, ask: &Ask) -> Result<Request, String> {
    match ask {
        Ask::Update { .. } | Ask::Read { .. } => request(operation, ask),
        _ => Err(cannot(ask)),
    }
}

/// What is asked, as the types know it.
fn request(operation: u64, ask: &Ask) -> Result<Request, String> {
    let mut seen = None;
    let ask = match ask {
        Ask::Update { key, amount } => Do::Add { key: *key, amount: *amount, value: operation + 1 },
        Ask::Remove { key, amount } => Do::Remove { key: *key, amount: *amount },
        Ask::Clear { key } => Do::Clear { key: *key },
        Ask::Move { key, parent } => Do::Move { node: *key, parent: *parent },
        Ask::Read { key } => Do::Read { key: *key },
        Ask::Edit { edits, seen: had } => {
            seen = had.clone().map(Rc::new);
            Do::Edit(edits.clone())
        }
        _ => return Err(cannot(ask)),
    };
    Ok(Request { ask, seen })
}
