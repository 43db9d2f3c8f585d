//! Total order by a token that goes round. Who has it, and nobody else, gives numbers to messages, and passes it on. Two
//! protocols over one actor:
//!
//! - `token-ring`: who has the token numbers its own messages and broadcasts them (Amir, Moser, Melliar-Smith, Agarwal and
//!   Ciarfella, "The Totem single-ring ordering and membership protocol", ACM TOCS 13(4), 1995; privilege-based in Défago,
//!   Schiper and Urbán, "Total order broadcast and multicast algorithms", ACM Computing Surveys 36(4), 2004, §4.3);
//! - `moving-sequencer`: messages are broadcast at once, and who has the token numbers all that it has, whoever sent them (Chang
//!   and Maxemchuk, "Reliable broadcast protocols", ACM TOCS 2(3), 1984; Défago, Schiper and Urbán, §4.2).
//!
//! | paper | here |
//! |---|---|
//! | Totem: `token.seq` | [`message::Token::next`], less one |
//! | Totem: `token.aru`, all received up to | [`message::Token::stable`]: not by all, but by a majority |
//! | Totem: `token.rtr`, retransmission requests | [`message::Token::missing`] |
//! | Totem: the token's hop count | [`message::Place::hop`] |
//! | Totem: safe delivery; agreed delivery | `regeneration = "quorum"`; `"none"` |
//! | Totem: ring identifier; Chang and Maxemchuk: version of the token list | [`message::Generation`] |
//! | Totem: membership protocol; Chang and Maxemchuk: reformation phase | `regeneration` |
//! | Chang and Maxemchuk: token site, token list | who holds the token; [`message::Token::ring`] |
//! | Chang and Maxemchuk: acknowledgement with timestamp | [`message::Message::Number`] |
//!
//! Processes crash and come back with their disks, links lose and double. A token is lost when its holder crashes or cannot be
//! reached. Nobody can tell whether one that does not answer has it, so there is never a second token of one generation: a
//! majority is sealed, as in Paxos, and the new token begins after all that a majority may have accepted. Hence a message is
//! delivered only when a majority has accepted it, and all before it, from one token.
//!
//! Where `regeneration` is `none` nothing makes a token anew: it is kept by logs, and stands still while the process that has it
//! is down. Then a message is delivered as soon as it and all before it are there. A disk that is lost with the token on it stops
//! the ring for ever.
//!
//! Not here: Totem's partitions that each go on (extended virtual synchrony), its flow control over the whole ring, its rings of rings, and groups; Chang and Maxemchuk's token that rides on
//! acknowledgements.

mod accepting;
mod evidence;
pub mod message;
pub mod monitor;
pub mod node;
pub mod options;
mod recovery;
mod regeneration;
mod sequence;
mod token;
mod wire;

use super::deliveries;
use super::request;
use crate::harness::{self, CONVERGES, Glue, Replicates, VERIFIED};
use crate::registry::{CheckInfo, MetricInfo, Protocol, joined};
use monitor::{Fact, NUMBERED_ONCE};
use node::Process;
use options::Form;

const WAIT: &str = "ring.wait";
const ROTATION: &str = "ring.rotation";
const REGENERATIONS: &str = "ring.regenerations";
const MESSAGES: &str = "ring.messages";
const HOPS: &str = "ring.token_hops";
const BUSIEST: &str = "ring.busiest_share";

const METRICS: &[MetricInfo] = &[
    MetricInfo { name: WAIT, unit: "s", summary: "mean time from a message's being on its sender's disk until it has a number" },
    MetricInfo { name: ROTATION, unit: "s", summary: "mean time in which a token goes round, regenerations not counted" },
    MetricInfo { name: REGENERATIONS, unit: "", summary: "how often a token was lost and made anew" },
    MetricInfo {
        name: MESSAGES,
        unit: "",
        summary: "messages for each broadcast that got a number: without the token, its acknowledgements and all that is sent again",
    },
    MetricInfo { name: HOPS, unit: "", summary: "how often a process got the token" },
    MetricInfo {
        name: BUSIEST,
        unit: "ratio",
        summary: "the share of all numbers that the busiest process gave: 1/n where the load is shared, 1 at a fixed sequencer",
    },
];

const CHECKS: [CheckInfo; 3] = [
    CONVERGES,
    VERIFIED,
    CheckInfo { name: NUMBERED_ONCE, summary: "at every step, no token has given a number to two messages" },
];
const ALL_CHECKS: &[CheckInfo] = &joined::<CheckInfo, 3, 4, 7>(CHECKS, deliveries::CHECKS);

/// What both have in common.
macro_rules! ring {
    ($form:expr, $($own:tt)*) => {
        Protocol {
            family: "order",
            catalogue: &["E4"],
            options: options::FIELDS,
            variants: options::VARIANTS,
            kinds: harness::kinds::<Process>(),
            records: harness::keeps_records::<Process>(),
            facts: <Fact as quorate_engine::Fact>::KINDS,
            checks: ALL_CHECKS,
            metrics: METRICS,
            run: |job| harness::run(&glue($form), job),
            explore: |job, bounds| harness::explore(&glue($form), job, bounds),
            replay: |job| harness::replay(&glue($form), job),
            laws: None,
            $($own)*
        }
    };
}

/// The registry's line of the token ring.
pub const TOKEN_RING: Protocol = ring!(Form::Privilege,
    name: "token-ring",
    summary: "total order by a token that goes round: who has it numbers its own messages and broadcasts them",
    source: "Amir et al. 1995 (Totem); Défago, Schiper and Urbán 2004, §4.3",
    scenarios: &["order/token-ring.toml", "order/token-wait.toml", "order/token-loss.toml", "order/token-ring-swarm.toml"],
);

/// The registry's line of the moving sequencer.
pub const MOVING_SEQUENCER: Protocol = ring!(Form::Sequencer,
    name: "moving-sequencer",
    summary: "total order by a sequencer that moves: messages go to all, and who has the token numbers those that have no number yet",
    source: "Chang and Maxemchuk 1984; Défago, Schiper and Urbán 2004, §4.2",
    scenarios: &["order/moving-sequencer.toml", "order/moving-sequencer-swarm.toml"],
);

fn glue(form: Form) -> Glue<Process> {
    Glue {
        options: match form {
            Form::Privilege => |job| options::options(job, Form::Privilege),
            Form::Sequencer => |job| options::options(job, Form::Sequencer),
        },
        request: request::request,
        replicates: |_| Replicates::Updates,
        history: |_| request::telling(),
        report: evidence::report,
    }
}
