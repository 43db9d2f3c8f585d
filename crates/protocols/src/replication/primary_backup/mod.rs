//! A primary and its backups (catalogue I10): one node orders all commands, the others have them too, and one of those takes over.
//!
//! **Synchronous**: a command is acknowledged when the primary and every backup of its view have it on disk. A primary that is cut off
//! from a backup answers nobody until the view is another: consistent, and for so long not available. **Asynchronous**: when the
//! primary has it on disk. It answers sooner, and a failover loses what no backup had yet; `replication.lost_writes` says how much.
//!
//! **Who is primary.** A pair by itself cannot fail over: neither can tell a dead partner from a cut cable, and both would lead. So with
//! `failover = "none"` node 0 is the primary for ever, and while it is down nobody is. With `failover = "view-server"` the last node
//! keeps no copy and alone decides, view after view, each on its disk before anybody hears of it. No clock is trusted: silence makes the
//! view server go on to the next view, and never makes anybody right.
//!
//! 1. A view number stands for one uninterrupted order by one primary. A primary that restarts gets another number.
//! 2. A primary brings every backup of its view level (what they have of older views that it lacks is cut off: it was never
//!    acknowledged), and then has the view server record that the view is *active*; only then does it serve.
//! 3. It answers a command when all backups have it safe, and a read when all backups have said since it came that the view is still
//!    theirs. A backup that is in a later view refuses. So a primary that was replaced answers nobody, whatever it believes.
//! 4. The next primary is chosen among the members of the last *active* view that have joined it. Each of them has everything that was
//!    acknowledged, by 2 and 3.
//! 5. A primary alone in an active view asks nobody: by 4 its only successor is itself.
//!
//! **Disks.** A copy that restarts has what it forced, and gets the rest from the primary. One whose log could not be read says so and is not
//! chosen until it has come level again: the other copy repairs it, which one copy alone cannot (Alagappan et al., FAST 2018). If every
//! member's log ends in something unreadable, as after a crash of all in the midst of writing, the longest is taken. What protects is that
//! disks fail one at a time; a crash between finding damage and remembering it makes a log look short and whole.
//!
//! | literature | here |
//! |---|---|
//! | primary host, backup hosts (Alsberg and Day, "A principle for resilient sharing of distributed resources", ICSE 1976) | [`leading`], [`following`] |
//! | *Pb1*: at most one primary; *Pb2*, *Pb3*: clients learn of it and others refuse them (Budhiraja, Marzullo, Schneider and Toueg, "The primary-backup approach", 1993, §8.2) | [`monitor::ONE_PRIMARY`]; redirects |
//! | failover time (Budhiraja et al. 1993, §8.2) | `patience`, then a message each for view, level, acknowledgement, activation, activated |
//! | view, view number, view change (Oki and Liskov, "Viewstamped replication", PODC 1988) | [`message::View`] |
//! | viewstamp | the view of an [`log::Entry`] and its place |
//! | view service, `Ping`, acknowledged view (MIT 6.824, lab 2, 2012 to 2015) | [`view_server::ViewServer`], [`message::Message::Ping`], [`message::Message::Activate`] |
//!
//! Differences: Viewstamped Replication decides by a majority of the copies and can do without synchronous disks; here one node decides,
//! which may be down without harm as long as nobody else fails, and two copies survive the loss of one.

pub mod actor;
pub mod copy;
mod evidence;
mod following;
mod leading;
pub mod log;
pub mod message;
pub mod monitor;
pub mod options;
pub mod view_server;

use super::judge::{EXCLUSION, FENCING, LINEARIZABLE, NOTHING_LOST, SESSIONS, STRICT, WRITTEN, telling};
use crate::harness::{self, CONVERGES, Glue, Replicates, VERIFIED};
use crate::registry::{CheckInfo, MetricInfo, Protocol, Variant};
use actor::Node;
use monitor::{Fact, HANDED_OVER, ONE_PRIMARY};
use options::Mode;

/// The registry's line.
pub const PROTOCOL: Protocol = Protocol {
    name: "primary-backup",
    scenarios: &["replication/primary-backup.toml"],
    family: "replication",
    summary: "a primary orders writes and its backups have them too; a view server may decide who is primary",
    source: "Alsberg and Day 1976; Budhiraja, Marzullo, Schneider and Toueg 1993",
    catalogue: &["I10"],
    options: options::FIELDS,
    variants: &[
        Variant {
            name: "answer-before-sync",
            summary: "counts what is appended as safe, before it is on disk: when both crash, what clients were told is gone",
            caught_by: NOTHING_LOST.name,
        },
        Variant {
            name: "recover-without-replay",
            summary: "comes back from a crash without the entries of its log, and takes itself for whole",
            caught_by: NOTHING_LOST.name,
        },
        Variant {
            name: "two-primaries",
            summary: "the old primary is not fenced: when it hears nothing of its backups it goes on serving by itself",
            caught_by: LINEARIZABLE.name,
        },
    ],
    kinds: harness::kinds::<Node>(),
    records: harness::keeps_records::<Node>(),
    facts: <Fact as quorate_engine::Fact>::KINDS,
    checks: &[
        CONVERGES,
        VERIFIED,
        CheckInfo { name: ONE_PRIMARY, summary: "a view has at most one primary, and the views of each primary grow" },
        CheckInfo {
            name: HANDED_OVER,
            summary: "a view begins with all that was acknowledged in the views before it; judged in synchronous mode",
        },
        LINEARIZABLE,
        SESSIONS,
        STRICT,
        EXCLUSION,
        FENCING,
        WRITTEN,
        NOTHING_LOST,
    ],
    metrics: &[
        MetricInfo { name: LOST_WRITES, unit: "", summary: "Acknowledged writes that are in no log that counts at the end" },
        MetricInfo { name: TAKEOVERS, unit: "", summary: "Views with another primary than the one before" },
    ],
    run: |job| harness::run(&GLUE, job),
    explore: |job, bounds| harness::explore(&GLUE, job, bounds),
    replay: |job| harness::replay(&GLUE, job),
    laws: None,
};

/// The names of the metrics.
const LOST_WRITES: &str = "replication.lost_writes";
const TAKEOVERS: &str = "replication.takeovers";

const GLUE: Glue<Node> = Glue {
    options: options::options,
    request: |options, operation, ask| options.object.request(operation, ask),
    replicates: |options| match options.mode {
        Mode::Synchronous => Replicates::Updates,
        // What a failover loses is in no copy; that copies agree is still promised.
        Mode::Asynchronous => Replicates::States,
    },
    history: |options| telling(options.object),
    report: evidence::report,
};
