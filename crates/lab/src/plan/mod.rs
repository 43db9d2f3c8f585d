//! A plan: a scenario as resolved, checked and complete, as plain data. Whoever holds one can run it without asking anything
//! about the text that it came from. It is made by [`crate::text::parse`] and nowhere else.

mod faults;
mod network;

pub use faults::{FaultEntry, Flapping, What};
pub(crate) use network::{BY_REGION, PLAIN, Unfit, setup as links};
pub use network::{ChangeEntry, ChangeKind, Ends, Matrix, Members, NetworkPlan, Region, SpecialLinks};

use crate::arithmetic::Measure;
use crate::expect::{Expectation, Of, Reading};
use crate::resolved;
use crate::text::Trace;
use quorate_engine::fault::Timed;
use quorate_engine::id::NodeSet;
use quorate_engine::nemesis::{Nemesis, Scene};
use quorate_engine::random::{Draw, Keys, Probability, Purpose};
use quorate_engine::setup::{Clocks, Disks, Hosts, Network, Population, Setup, Ties, Until};
use quorate_engine::time::{Nanos, SECOND, Time};
use quorate_engine::wire::Wire;
use quorate_protocols::options::{Value, Values};
use quorate_protocols::registry::{Ask, Asked, Job, Keep, Protocol};
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// The version of the scenario format.
pub const SCHEMA: u32 = 1;

/// The number of seeds that continuous integration runs when the scenario is silent.
pub const CI_SEEDS: u32 = 20;

/// A scenario, resolved.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    /// The scenario's name: a-z, 0-9 and -.
    pub name: String,
    /// What happens, in a sentence; may be empty.
    pub summary: String,
    /// What there is to learn from it.
    pub teaches: Option<String>,
    /// The first seed.
    pub seed: u64,
    /// The run ends here.
    pub duration: Nanos,
    /// Whether it may end earlier.
    pub until: Until,
    /// The protocol.
    pub protocol: ProtocolRef,
    /// Its options, each within its bounds, defaults filled in. Whether they go together, the protocol says when it runs.
    pub options: Values,
    /// Those that are drawn anew for each seed: what each may be, at least two values. In `options` stands the first.
    pub drawn: Vec<(&'static str, Vec<Value>)>,
    /// `right`, or one of the protocol's planted variants.
    pub variant: &'static str,
    /// Who goes first at one instant.
    pub ties: Ties,
    /// Replicas: at least 1.
    pub nodes: u32,
    /// What the scenario gave names, worked out, in its order. The other fields hold what their expressions came to.
    pub parameters: Vec<(String, Measure)>,
    /// Client pseudo-nodes: one for each replica that is asked, in the replicas' order.
    pub clients: u32,
    /// Where replicas stand.
    pub regions: Vec<Region>,
    /// The links, as written.
    pub network: NetworkPlan,
    /// The links, as the engine has them. Invariant: made of `network` and `regions`.
    pub links: Network,
    /// The machines, where they take time.
    pub hosts: Vec<Hosts>,
    /// The disks, where forced writes take time or room is short.
    pub disks: Vec<Disks>,
    /// The clocks, where they are not true.
    pub clocks: Vec<Clocks>,
    /// What goes wrong, as written.
    pub faults: Vec<FaultEntry>,
    /// What goes wrong, instant by instant, in ascending order of time. Invariant: made of `faults`.
    pub timeline: Vec<Timed>,
    /// What goes wrong at random. Its kinds are numbered by their patterns' places and their own.
    pub nemesis: Option<Nemesis>,
    /// Clients that ask by themselves.
    pub populations: Vec<ClientsEntry>,
    /// What clients ask one by one, as written.
    pub asks: Vec<AskEntry>,
    /// The recorded editing session that is replayed.
    pub trace: Option<TraceEntry>,
    /// What clients ask, one by one, in ascending order of time. Invariant: made of `asks` and `trace`.
    pub workload: Vec<Asked>,
    /// What must hold.
    pub expectations: Vec<Expectation>,
    /// Parts of the messages that somebody asks for: each is measured in every run, beside the registry's metrics. No two are the same.
    pub slices: Vec<Reading>,
    /// How continuous integration runs it.
    pub ci: Ci,
}

/// A protocol of the registry; equal when the names are.
#[derive(Clone, Copy)]
pub struct ProtocolRef(pub &'static Protocol);

/// An entry of `[workload]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AskEntry {
    /// When the first is asked.
    pub at: Time,
    /// Which replicas are asked, each by a client of its own.
    pub from: NodeSet,
    /// How often each is asked: at least once.
    pub count: u32,
    /// From one time to the next; there whenever `count` is above 1.
    pub every: Option<Nanos>,
    /// When a client gives up.
    pub timeout: Option<Nanos>,
    /// What is asked.
    pub ask: Ask,
}

/// A recorded editing session that is replayed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TraceEntry {
    /// The recording, as it was read.
    pub json: String,
    /// What was recorded.
    pub trace: Arc<Trace>,
}

/// An entry of `[[workload.clients]]`.
#[derive(Clone, PartialEq, Debug)]
pub struct ClientsEntry {
    /// What the scenario calls them.
    pub name: Option<String>,
    /// In which share of seeds they are there at all.
    pub odds: Probability,
    /// What they do. Invariant: its number is made of the name, or is the entry's place.
    pub population: Population,
}

/// How continuous integration runs a scenario.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ci {
    /// How many seeds: at least 1.
    pub seeds: u32,
    /// Leave it out.
    pub skip: bool,
}

impl Plan {
    /// Has that measured in every run.
    pub(crate) fn measure(&mut self, reading: &Reading) {
        if matches!(reading.of, Of::Messages(_)) && !self.slices.contains(reading) {
            self.slices.push(reading.clone());
        }
    }

    /// The world of one run.
    pub fn setup(&self, seed: u64) -> Setup {
        Setup {
            seed,
            nodes: self.nodes,
            clients: self.clients,
            duration: self.duration,
            until: self.until,
            ties: self.ties,
            network: self.links.clone(),
            populations: self.populations_of(seed),
            hosts: self.hosts.clone(),
            disks: self.disks.clone(),
            clocks: self.clocks.clone(),
            faults: self.faults_of(seed),
            round: self.round(seed),
            verify: false,
        }
    }

    /// The clients that are there in the run with this seed, whatever others there may be.
    fn populations_of(&self, seed: u64) -> Vec<Population> {
        if self.populations.is_empty() {
            return Vec::new();
        }
        let key = Keys::from_seed(seed).stream(Purpose::Options);
        let is_there = |entry: &&ClientsEntry| entry.odds.strikes(key.draw(entry.population.number, 1));
        self.populations.iter().filter(is_there).map(|entry| entry.population.clone()).collect()
    }

    /// What goes wrong in the run with this seed: the timeline, and what its nemesis draws. At one instant the timeline goes first.
    fn faults_of(&self, seed: u64) -> Vec<Timed> {
        let mut faults = self.timeline.clone();
        if let Some(nemesis) = &self.nemesis {
            let regions = Region::whole(&self.regions);
            faults.extend(nemesis.schedule(
                seed,
                &Scene {
                    nodes: self.nodes,
                    clients: self.clients > 0 || !self.populations.is_empty(),
                    regions: &regions,
                    clocks: &self.clocks,
                    own: &self.timeline,
                    base: self.faults.len() as u32,
                },
            ));
            faults.sort_by_key(|timed| timed.at);
        }
        faults
    }

    /// The protocol's options in the run with this seed. What each option comes to does not depend on the others.
    pub fn options_of(&self, seed: u64) -> Values {
        let mut options = self.options.clone();
        if self.drawn.is_empty() {
            return options;
        }
        let key = Keys::from_seed(seed).stream(Purpose::Options);
        for (name, values) in &self.drawn {
            let place = Draw(key.draw(name.wire_digest() as u32, 0)).below(values.len() as u64);
            options.set(name, values[place as usize].clone());
        }
        options
    }

    /// The length of a round in the run with this seed: the protocol's option `interval`, or a second where it has none.
    pub fn round(&self, seed: u64) -> Nanos {
        let options = self.options_of(seed);
        let interval = options.iter().find(|(name, _)| *name == "interval");
        match interval {
            Some((_, Value::Duration(nanos))) => *nanos,
            _ => SECOND,
        }
    }

    /// How many ways there are to draw the options.
    pub fn ways(&self) -> u64 {
        self.drawn.iter().map(|(_, values)| values.len() as u64).product()
    }

    /// The protocol's options when they are drawn in one of these [`Plan::ways`].
    pub fn options_by(&self, mut way: u64) -> Values {
        let mut options = self.options.clone();
        for (name, values) in &self.drawn {
            options.set(name, values[(way % values.len() as u64) as usize].clone());
            way /= values.len() as u64;
        }
        options
    }

    /// The job of one run: its world is what [`Plan::setup`] made, its options are those of the same seed.
    pub fn job<'a>(&'a self, setup: &'a Setup, options: &'a Values) -> Job<'a> {
        let text = self.trace.as_ref().map(|entry| entry.trace.end.as_str());
        Job { setup, options, variant: self.variant, workload: &self.workload, text, keep: Keep::Metrics }
    }

    /// The scenario as resolved, every default filled in, under the keys of the file: it would itself be a valid scenario.
    /// Keys stand in a fixed order.
    pub fn to_json(&self) -> serde_json::Value {
        resolved::scenario(self)
    }
}

impl Deref for ProtocolRef {
    type Target = Protocol;

    fn deref(&self) -> &Protocol {
        self.0
    }
}

impl PartialEq for ProtocolRef {
    fn eq(&self, other: &ProtocolRef) -> bool {
        self.name == other.name
    }
}

impl fmt::Debug for ProtocolRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ProtocolRef").field(&self.name).finish()
    }
}
