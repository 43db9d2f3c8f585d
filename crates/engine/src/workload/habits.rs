//! What the clients of a population do next, drawn. All draws are keyed by the population's number, the client's place in it and the
//! client's own counter: what a client's k-th operation asks depends on nothing that happens in the run, nor on other clients, but for what
//! a compare-and-set expects, and whether a client that uses locks has one.

use super::{Aim, Ask, Change, KeyChoice, Pace, Population};
use crate::id::{NodeId, NodeSet};
use crate::latency::Sampler;
use crate::random::{Draw, Keys, Purpose, StreamKey, lane};
use crate::time::Nanos;

/// Lanes of the draw of an operation. The thought before it takes the draw itself.
const WHAT: u32 = 1;
const KEY: u32 = 2;
const WHOM: u32 = 3;
const LENGTH: u32 = 4;
const NODE: u32 = 5;
/// Of the waits before further attempts, from 2 on.
const WAIT: u32 = 1 << 16;
/// What a transaction's parts do, and to which keys.
const PARTS: u32 = 1 << 30;

/// The owner of the arrivals of an open loop: no client has this place.
const ARRIVALS: u32 = u32::MAX;

/// A population, ready to be asked what its clients do.
#[derive(Clone, Debug)]
pub(crate) struct Habits {
    pub(crate) population: Population,
    key: StreamKey,
    /// Of what becomes of the clients' words on their way.
    pub(crate) crossings: StreamKey,
    pace: Sampler,
    nodes: u32,
}

impl Habits {
    pub(crate) fn new(population: &Population, keys: &Keys, nodes: u32) -> Habits {
        let mix = &population.mix;
        assert!(population.clients > 0 && !population.homes.is_empty(), "a population without clients or homes: {population:?}");
        assert!(mix.weights().iter().any(|weight| *weight > 0), "a population that asks nothing: {population:?}");
        let (shortest, longest) = mix.transaction_length;
        assert!(1 <= shortest && shortest <= longest, "transactions of {shortest} to {longest} parts");
        let waits = matches!(population.pace, Pace::Closed { .. });
        assert!(mix.locks == 0 || waits && mix.cas == 0, "locks in an open loop, or beside compare-and-set: {population:?}");
        let derive = |purpose| {
            let of_all: StreamKey = keys.stream(purpose);
            // No node has the last number of all.
            let half = |lane| of_all.draw_lane(u32::MAX, population.number, lane);
            StreamKey::new(half(0), half(1))
        };
        let (Pace::Open { every: pace } | Pace::Closed { think: pace }) = &population.pace;
        Habits {
            key: derive(Purpose::Workload),
            crossings: derive(Purpose::Network),
            pace: pace.sampler(),
            nodes,
            population: population.clone(),
        }
    }

    /// How long a client thinks before its operation of this number, from 0.
    pub(crate) fn thought(&self, client: u32, number: u32) -> Nanos {
        self.pace.sample(self.key.draw(client, number))
    }

    /// How long after the arrival before comes the population's arrival of this number, from 0.
    pub(crate) fn interval(&self, number: u32) -> Nanos {
        self.pace.sample(self.key.draw(ARRIVALS, number)).max(1)
    }

    /// What a client's operation of this number asks; `saw` says what the client saw last under a key. As `owner` it has asked for the lock
    /// `lock`, and has this token; 0 for none, as far as it knows.
    pub(crate) fn ask(
        &self,
        client: u32,
        number: u32,
        saw: impl Fn(u32) -> Option<u64>,
        owner: u32,
        lock: Option<(u32, u64)>,
    ) -> Ask {
        let draw = self.key.draw(client, number);
        let mix = &self.population.mix;
        let key = self.key_of(lane(draw, KEY));
        let weights = mix.weights().map(u64::from);
        let mut place = Draw(lane(draw, WHAT)).below(weights.iter().sum());
        let what = weights.iter().position(|weight| match place.checked_sub(*weight) {
            Some(rest) => {
                place = rest;
                false
            }
            None => true,
        });
        match what {
            Some(0) => Ask::Read { key },
            Some(1) => Ask::Update { key, amount: 1 },
            Some(2) => Ask::Remove { key, amount: 1 },
            Some(3) => Ask::Cas { key, expected: saw(key) },
            Some(4) => self.transaction(draw),
            Some(5) => match lock {
                None => Ask::Acquire { key, owner },
                Some((key, 0)) => Ask::Acquire { key, owner },
                Some((key, token)) => Ask::Release { key, owner, token },
            },
            Some(6) => Ask::Change(Change::Add(NodeSet::one(self.any_node(draw)))),
            Some(7) => Ask::Change(Change::Remove(NodeSet::one(self.any_node(draw)))),
            _ => Ask::Change(Change::Lead(self.any_node(draw))),
        }
    }

    fn transaction(&self, draw: u64) -> Ask {
        let mix = &self.population.mix;
        let (shortest, longest) = mix.transaction_length;
        let length = shortest + Draw(lane(draw, LENGTH)).below(u64::from(longest - shortest) + 1) as u32;
        let (reads, all) = match u64::from(mix.reads) + u64::from(mix.updates) {
            0 => (1, 2),
            all => (u64::from(mix.reads), all),
        };
        let part = |number: u32| {
            let key = self.key_of(lane(draw, PARTS + 2 * number + 1));
            match Draw(lane(draw, PARTS + 2 * number)).below(all) < reads {
                true => Ask::Read { key },
                false => Ask::Update { key, amount: 1 },
            }
        };
        Ask::Transaction((0..length).map(part).collect())
    }

    fn any_node(&self, draw: u64) -> NodeId {
        NodeId(Draw(lane(draw, NODE)).below(u64::from(self.nodes)) as u32)
    }

    fn key_of(&self, draw: u64) -> u32 {
        match &self.population.keys {
            KeyChoice::Uniform { keys } => Draw(draw).below(u64::from(*keys)) as u32,
            KeyChoice::Zipf(zipf) => zipf.key(draw),
        }
    }

    /// Whom a client asks first in its operation of this number; `favourite` is whom it sticks to.
    pub(crate) fn aim(&self, client: u32, number: u32, favourite: NodeId) -> NodeId {
        match self.population.aim {
            Aim::Home => self.population.home(client),
            Aim::Any => {
                let draw = lane(self.key.draw(client, number), WHOM);
                NodeId(Draw(draw).below(u64::from(self.nodes)) as u32)
            }
            Aim::Turn => {
                let home = self.population.home(client).0;
                NodeId(((u64::from(home) + u64::from(number)) % u64::from(self.nodes)) as u32)
            }
            Aim::Sticky => favourite,
        }
    }

    /// The draw of the wait before an attempt, from 2 on, of a client's operation of this number.
    pub(crate) fn jitter(&self, client: u32, number: u32, attempt: u32) -> u64 {
        self.key.draw_lane(client, number, WAIT + (attempt & 0xffff))
    }
}
