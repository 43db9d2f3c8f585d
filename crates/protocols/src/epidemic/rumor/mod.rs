//! Rumor mongering (Demers et al., "Epidemic algorithms for replicated database maintenance", PODC 1987, and CSL-89-1, §1.4): who hears a rumor
//! tells it to others, and loses interest when they know it already. It costs far less than anti-entropy, and it ends; but there is a
//! chance that somebody never hears.
//!
//! **A cycle** is a node's turn to meet one other, all equally likely. With `start` together all nodes have it at the same instants, and with
//! latencies far below the interval, cycles are synchronous as in the paper. A client's write makes its node infective; what a node hears it
//! logs and forces to disk before it believes it. Of one key the newest rumor wins, and an older one is spread no further.
//!
//! **The end.** Who only pushes and has nothing to tell is quiet, so a run of `push` ends by itself. Nodes that pull cannot know that there is
//! nothing to hear, and ask until the run's duration is over. The requests are cheap, and are not in the paper's traffic.
//!
//! **Two questions** that the paper leaves open are options: on which state of the recipient a contact is judged (`judged`), and whether a
//! useful contact resets the counter (`reset`). Its tables are those of the defaults.
//!
//! | literature | here |
//! |---|---|
//! | susceptible, infective, removed (§1.4) | a key or rumor that is not in [`node::Node`], that it is interested in, that it only knows |
//! | blind or feedback, counter or coin, push or pull, k (§1.4) | [`options::Options`] |
//! | minimization (§1.4) | [`options::Mode::PushPull`] |
//! | several requests in one cycle (§1.4, the note of table 3) | `settle` of [`node::Node`] |
//! | residue s, traffic m, delay t_ave and t_last (§1.4) | `rumor.residue`, `rumor.traffic`, `rumor.t_ave`, `rumor.t_last` |
//!
//! Not here: connection limit and hunting (§1.4), a backup by anti-entropy (§1.5), death certificates (§2), spatial distributions (§3).

pub(crate) mod evidence;
pub mod message;
pub mod monitor;
pub mod node;
pub mod options;

use crate::harness::{self, Glue, Replicates, VERIFIED};
use crate::registers;
use crate::registry::{CheckInfo, MetricInfo, Protocol};
use monitor::{Fact, NEWEST_WINS, NO_FORGETTING};
use node::Node;

/// The registry's line.
pub const PROTOCOL: Protocol = Protocol {
    name: "rumor-mongering",
    family: "epidemic",
    summary: "who hears a rumor spreads it until too many know it already: cheap, it ends, and some may never hear",
    source: "Demers et al. 1987, §1.4",
    catalogue: &["C2"],
    options: options::FIELDS,
    variants: options::VARIANTS,
    kinds: harness::kinds::<Node>(),
    records: harness::keeps_records::<Node>(),
    facts: <Fact as quorate_engine::Fact>::KINDS,
    checks: &[
        VERIFIED,
        CheckInfo { name: NEWEST_WINS, summary: "under each key of a node a newer rumor never gives way to an older one" },
        CheckInfo {
            name: NO_FORGETTING,
            summary: "what a node has heard it knows until something newer comes, through restarts too",
        },
        CheckInfo { name: NO_INVENTION, summary: "what nodes hear and hold is what a client has written under that key" },
    ],
    metrics: &[
        MetricInfo {
            name: RESIDUE,
            unit: "ratio",
            summary: "share of the nodes that never heard a rumor, over those rumors that nothing newer replaced",
        },
        MetricInfo {
            name: TRAFFIC,
            unit: "",
            summary: "messages sent with a rumor in them (told, or answered to who asked), a node and a rumor",
        },
        MetricInfo {
            name: T_LAST,
            unit: "",
            summary: "cycles until the last of those who heard a rumor did, as the residue's mean",
        },
        MetricInfo { name: T_AVE, unit: "", summary: "cycles until those who heard a rumor did, their mean, as the residue's" },
    ],
    scenarios: &["gossip/rumor.toml", "gossip/rumor-table.toml", "gossip/rumor-swarm.toml"],
    run: |job| harness::run(&GLUE, job),
    explore: |job, bounds| harness::explore(&GLUE, job, bounds),
    replay: |job| harness::replay(&GLUE, job),
    laws: None,
};

const NO_INVENTION: &str = "no-invention";
const RESIDUE: &str = "rumor.residue";
const TRAFFIC: &str = "rumor.traffic";
const T_LAST: &str = "rumor.t_last";
const T_AVE: &str = "rumor.t_ave";

const GLUE: Glue<Node> = Glue {
    options: options::options,
    request: registers::request,
    // Nobody promises that all hear.
    replicates: |_| Replicates::Nothing,
    history: |_| registers::telling(),
    report: evidence::report,
};
