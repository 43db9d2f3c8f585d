//! The worlds under which every protocol of the registry is run: for each seed a nemesis and a workload, the same for a right protocol
//! and its planted variants.

#![allow(dead_code, reason = "each test uses a part of it")]

use quorate_engine::clock::Spread;
use quorate_engine::fault::{Fault, Partition, Tail, Timed};
use quorate_engine::latency::Distribution;
use quorate_engine::random::{Probability, StreamKey};
use quorate_engine::setup::{Clocks, Disks, Link, Network, Setup};
use quorate_engine::time::{MICROSECOND, MILLISECOND, Nanos, SECOND};
use quorate_engine::workload::{Aim, KeyChoice, Mix, Pace, Population};
use quorate_engine::{NodeId, NodeSet, Time};
use quorate_protocols::options::{FieldKind, Value, Values};
use quorate_protocols::registry::{Ask, Asked, Job, Keep, Protocol, Report};

/// Replicas in either world.
pub(crate) const NODES: u32 = 5;

/// What befalls replicas, and what clients ask of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum World {
    /// Skewed clocks, loss, duplication, a partition, a crash, a pause and a clock jump, at the same instants in every seed.
    Partition,
    /// Slow disks, and crashes at any instant: of one node, of some, of all, some of them in the midst of a cut.
    Crashes,
}

pub(crate) const WORLDS: [World; 2] = [World::Partition, World::Crashes];

impl World {
    pub(crate) fn setup(self, seed: u64) -> Setup {
        let latency = Distribution::Uniform { low_ns: MILLISECOND, high_ns: 20 * MILLISECOND };
        let skew = Spread::Uniform(-300 * MILLISECOND as i64, 300 * MILLISECOND as i64);
        let plain = Setup {
            clients: 1,
            clocks: Clocks::of_all(NODES, skew, Spread::Uniform(-50_000, 50_000)),
            round: 200 * MILLISECOND,
            verify: true,
            ..Setup::plain(seed, NODES, 20 * SECOND, latency.clone())
        };
        let rarely = Probability::from_f64(0.05).expect("a probability");
        let lossy = Network::mesh(Link { loss: rarely, duplication: rarely, ..Link::faultless(latency) });
        match self {
            World::Partition => Setup { network: lossy, faults: partition(), ..plain },
            World::Crashes => {
                let sync = Distribution::Uniform { low_ns: 2 * MILLISECOND, high_ns: 15 * MILLISECOND };
                let disks = Disks { nodes: NodeSet::range(0, NODES), sync: Some(sync.into()), capacity_bytes: None };
                Setup { clients: CLIENTS, network: lossy, faults: crashes(seed), disks: vec![disks], ..plain }
            }
        }
    }

    pub(crate) fn workload(self, seed: u64) -> Vec<Asked> {
        match self {
            World::Partition => few(),
            World::Crashes => many(seed),
        }
    }

    pub(crate) fn run(self, protocol: &Protocol, seed: u64, values: &Values, variant: &str) -> Report {
        let (mut setup, mut workload) = (self.setup(seed), self.workload(seed));
        if values.iter().any(|(name, value)| name == "object" && *value == Value::Choice("lock")) {
            setup.populations.push(lockers());
            workload.clear();
        }
        let job = Job { setup: &setup, options: values, variant, workload: &workload, text: None, keep: Keep::Evidence };
        (protocol.run)(&job).unwrap_or_else(|error| panic!("{} {variant} in {self:?} seed {seed}: {error:?}", protocol.name))
    }
}

fn one(node: u32) -> NodeSet {
    NodeSet::one(NodeId(node))
}

fn partition() -> Vec<Timed> {
    let strike = |at_ms: u64, fault| Timed::new(Time(at_ms * MILLISECOND), fault);
    let sides = vec![NodeSet::range(0, 3), NodeSet::range(3, 5)];
    vec![
        strike(4_000, Fault::Pause(one(1))),
        strike(5_000, Fault::Resume(one(1))),
        strike(5_500, Fault::ClockJump(one(2), -250 * MILLISECOND as i64)),
        strike(6_000, Fault::Partition(0, Partition::Groups(sides))),
        strike(9_000, Fault::Crash(one(0), Tail::Lost)),
        strike(10_000, Fault::Restart(one(0))),
        strike(12_000, Fault::Heal(0)),
    ]
}

/// Writes one after another on different replicas, two at one instant, and some on both sides of the cut; and reads.
fn few() -> Vec<Asked> {
    let ask = |at_ms: u64, to: u32, ask| Asked { at: Time(at_ms * MILLISECOND), client: 0, to: NodeId(to), ask, timeout: None };
    let update = |at_ms, to, key, amount| ask(at_ms, to, Ask::Update { key, amount });
    vec![
        update(1_000, 0, 1, 5),
        update(1_300, 1, 1, 3),
        update(1_600, 2, 1, 2),
        update(2_000, 3, 2, 7),
        update(2_000, 4, 2, 1),
        update(3_000, 0, 3, 4),
        update(3_300, 4, 3, 6),
        update(7_000, 0, 4, 2),
        update(7_100, 4, 4, 9),
        update(8_000, 1, 1, 1),
        update(8_200, 3, 4, 3),
        ask(8_500, 0, Ask::Read { key: 4 }),
        ask(8_500, 3, Ask::Read { key: 4 }),
        update(13_000, 3, 5, 8),
        ask(14_000, 2, Ask::Read { key: 1 }),
        update(14_000, 2, 5, 3),
    ]
}

/// Clients of the world of crashes, each with one operation at a time as long as it is answered.
const CLIENTS: u32 = 6;
/// Nothing goes wrong any more.
pub(crate) const QUIET: Nanos = 13 * SECOND;

/// Chance for one purpose of a seed.
struct Lots {
    key: StreamKey,
    drawn: u32,
}

impl Lots {
    fn new(seed: u64, purpose: u64) -> Lots {
        Lots { key: StreamKey::new(seed, purpose), drawn: 0 }
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.drawn += 1;
        self.key.below(0, self.drawn, bound)
    }

    /// How long something lasts.
    fn length(&mut self) -> Nanos {
        20 * MILLISECOND + self.below(1_500) * MILLISECOND
    }
}

/// A node crashes, and comes back.
fn blow(faults: &mut Vec<Timed>, lots: &mut Lots, node: u32, at: Nanos) {
    let tail = [Tail::Lost, Tail::Torn][lots.below(2) as usize];
    faults.push(Timed::new(Time(at), Fault::Crash(one(node), tail)));
    faults.push(Timed::new(Time(at + lots.length()), Fault::Restart(one(node))));
}

/// A blow every second or so: one node, a few, or all crash for some time, most of them at the instant of another's trouble; and now
/// and then the network is cut in two.
fn crashes(seed: u64) -> Vec<Timed> {
    let mut lots = Lots::new(seed, 1);
    let mut faults = Vec::new();
    let mut at = SECOND;
    for number in 0.. {
        at += 200 * MILLISECOND + lots.below(SECOND);
        if at >= QUIET - 3 * SECOND {
            break;
        }
        match lots.below(6) {
            0..3 => {
                let node = lots.below(u64::from(NODES)) as u32;
                blow(&mut faults, &mut lots, node, at);
            }
            3 => (0..NODES).for_each(|node| blow(&mut faults, &mut lots, node, at)),
            4 => (0..NODES - 1).for_each(|node| {
                let late = lots.below(100) * MILLISECOND;
                blow(&mut faults, &mut lots, node, at + late);
            }),
            _ => {
                let alone = lots.below(u64::from(NODES)) as u32;
                let others = NodeSet::range(0, NODES).without(&one(alone));
                let sides = Partition::Groups(vec![one(alone), others]);
                faults.push(Timed::new(Time(at), Fault::Partition(number, sides)));
                faults.push(Timed::new(Time(at + lots.length()), Fault::Heal(number)));
            }
        }
    }
    faults.sort_by_key(|timed| timed.at);
    faults
}

/// Updates and reads of a few keys at instants of no pattern, most of them asked of the first nodes; reads of everything at the end.
fn many(seed: u64) -> Vec<Asked> {
    let mut lots = Lots::new(seed, 2);
    let mut asked = Vec::new();
    let mut at = [500 * MILLISECOND; CLIENTS as usize];
    while let Some(client) = (0..CLIENTS).filter(|client| at[*client as usize] < QUIET).min_by_key(|client| at[*client as usize])
    {
        let next = &mut at[client as usize];
        *next += 50 * MILLISECOND + lots.below(500_000) * MICROSECOND;
        let to = NodeId([0, 0, 0, 1, 2, 3][lots.below(6) as usize]);
        let key = lots.below(3) as u32;
        let ask = if lots.below(3) == 0 { Ask::Read { key } } else { Ask::Update { key, amount: 1 } };
        asked.push(Asked { at: Time(*next), client, to, ask, timeout: None });
    }
    for (node, key) in (0..NODES).flat_map(|node| (0..3).map(move |key| (node, key))) {
        let at = Time(QUIET + 5 * SECOND + u64::from(node * 3 + key) * MILLISECOND);
        asked.push(Asked { at, client: node, to: NodeId(node), ask: Ask::Read { key }, timeout: None });
    }
    asked
}

/// Clients that take locks and release them.
fn lockers() -> Population {
    let pace = Pace::Closed { think: Distribution::Exponential { mean_ns: 100 * MILLISECOND }.into() };
    Population {
        mix: Mix { reads: 0, updates: 0, locks: 1, ..Mix::READS_AND_UPDATES },
        keys: KeyChoice::Uniform { keys: 3 },
        aim: Aim::Sticky,
        until: Time(QUIET + 2 * SECOND),
        timeout: Some(SECOND),
        ..Population::plain(1, CLIENTS, NodeSet::range(0, NODES - 1), pace)
    }
}

/// Whether a check is of other objects than those of a protocol's defaults: lists and locks where there are registers, all that is no
/// account where there are accounts, and reads that ask everybody where a replica answers by itself.
pub(crate) fn is_of_other_objects(protocol: &Protocol, check: &str) -> bool {
    ["strict-serializable", "mutual-exclusion", "fencing-tokens"].contains(&check)
        || (["commit", "crdt"].contains(&protocol.family) && check == "linearizable")
}

/// The defaults, but rounds of 200 ms where there are rounds, somebody who decides where somebody may, and no patience beyond the run's end.
pub(crate) fn options(protocol: &Protocol) -> Values {
    let mut values = Values::defaults(protocol.options);
    let has = |name: &str| protocol.options.iter().any(|field| field.name == name);
    if has("interval") {
        values.set("interval", Value::Duration(200 * MILLISECOND));
    }
    if has("failover") {
        values.set("failover", Value::Choice("view-server"));
    }
    for (name, milliseconds) in
        [("prepare-timeout", 400), ("commit-timeout", 200), ("backoff", 50), ("lock-timeout", 100), ("sync-interval", 1_000)]
    {
        if has(name) {
            values.set(name, Value::Duration(milliseconds * MILLISECOND));
        }
    }
    values
}

/// Every choice of every option by itself, the others as in [`options`].
pub(crate) fn settings(protocol: &Protocol) -> Vec<Values> {
    let first = options(protocol);
    let mut all = vec![first.clone()];
    for field in protocol.options {
        let values: Vec<Value> = match field.kind {
            FieldKind::Choice(choices) => choices.iter().map(|choice| Value::Choice(choice.name)).collect(),
            FieldKind::Flag => vec![Value::Flag(true), Value::Flag(false)],
            FieldKind::Integer(..) | FieldKind::Duration(..) => continue,
        };
        for value in values {
            // Three-phase commit without quorums is right where nothing but crashes goes wrong, and here the network is cut.
            if field.name == "termination" && value == Value::Choice("skeen") {
                continue;
            }
            let mut setting = first.clone();
            // The forms of commitment without a centre know one presumption.
            if field.name == "form" && value != Value::Choice("central") {
                setting.set("presumption", Value::Choice("remember"));
            }
            setting.set(field.name, value);
            if setting != first {
                all.push(setting);
            }
        }
    }
    all
}
