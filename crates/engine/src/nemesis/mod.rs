//! Nemeses: random schedules of faults, drawn from rates and durations. A nemesis is data; with a seed and a [`Scene`] it becomes
//! the faults of one run, to be merged into the setup's.
//!
//! Three steps: each kind of fault draws its strikes by itself (one file a family: `partitions`, `crashes`, …), so that one kind
//! more or less shifts no draw of another; `admission` goes through all of them in order of time and leaves out what cannot be;
//! `timeline` turns intervals that overlap into faults that begin and end so that none undoes what another began.
//!
//! To add a pattern: its drawing in one of these files or a new one, its variant in `pattern.rs`; the compiler lists the rest.

mod admission;
mod churn;
mod crashes;
mod draws;
mod links;
mod nodes;
mod own;
mod partitions;
mod pattern;
mod strike;
mod timeline;

use crate::fault::Timed;
use crate::id::NodeSet;
use crate::latency::Span;
use crate::random::{Keys, Purpose, StreamKey};
use crate::setup::Clocks;
use crate::time::Time;
use draws::Draws;
pub use partitions::{Cut, RING_MAX};
pub use pattern::{Away, PATTERNS, Pattern, Whose};
use strike::Strike;

/// A random schedule of faults.
#[derive(Clone, PartialEq, Debug)]
pub struct Nemesis {
    /// Nothing strikes before.
    pub from: Time,
    /// The quiet end begins, so that liveness can be judged: all that the nemesis began is over. After `from`.
    pub until: Time,
    /// Each run leaves every kind out with probability 1/2, and those that stay come more or less often by a factor from 1/4 to 4
    /// (A. Groce et al., "Swarm Testing", ISSTA 2012: runs that leave features out find more than runs that mix them all).
    pub swarm: bool,
    /// How many replicas may be away at once; `None`: any number. Away is who is down, paused, gone or byzantine, and who is cut
    /// off from that replica which then reaches the most others, both ways. The scenario's own faults count as far as instants and
    /// nodes are known. Only this bound couples kinds: a strike that would break it is left out.
    pub spare: Option<u32>,
    /// What there is of faults.
    pub kinds: Vec<Kind>,
}

/// One sort of faults that come again and again.
#[derive(Clone, PartialEq, Debug)]
pub struct Kind {
    /// Its draws are keyed by it: below [`KINDS_MAX`], no two kinds with the same.
    pub number: u32,
    /// From the end of one spell, or from the nemesis's beginning, to the beginning of the next. The least is 1 ns.
    pub every: Span,
    /// How long a spell lasts; the least is 1 ns. Of no use to those patterns that have lengths of their own ([`Pattern::lasts`]).
    pub lasts: Span,
    /// Whom it may befall.
    pub whose: Whose,
    /// How many of them at once. Those who are drawn and cannot be befallen are spared, without anybody in their place.
    pub count: u32,
    /// What happens.
    pub pattern: Pattern,
}

/// Kinds are numbered below.
pub const KINDS_MAX: u32 = 256;

/// What a nemesis meets.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// Replicas.
    pub nodes: u32,
    /// Whether there are clients besides: they are a class of their own to partitions.
    pub clients: bool,
    /// The replicas of each region.
    pub regions: &'a [NodeSet],
    /// The clocks: drifts become again what they were.
    pub clocks: &'a [Clocks],
    /// The scenario's own faults, in ascending order of time. Nodes are left alone as far as these befall them, where that is known.
    pub own: &'a [Timed],
    /// Partitions, degradations and [`crate::fault::Whom`] are numbered from here on, beyond those of the scenario's own.
    pub base: u32,
}

impl Nemesis {
    /// The faults of the run with this seed, in ascending order of time. The same seed draws the same, whatever other kinds there
    /// are.
    pub fn schedule(&self, seed: u64, scene: &Scene<'_>) -> Vec<Timed> {
        assert!(self.from < self.until, "a nemesis from {} until {} has no time", self.from, self.until);
        let key = Keys::from_seed(seed).stream(Purpose::Nemesis);
        let mut strikes: Vec<Strike> = Vec::new();
        for kind in &self.kinds {
            assert!(kind.number < KINDS_MAX, "a kind has number {} and the last is {}", kind.number, KINDS_MAX - 1);
            if let Some(pace) = self.pace(key, kind) {
                let mut course = Course { kind, scene, from: self.from, until: self.until, key, pace, strikes: Vec::new() };
                kind.pattern.draw(&mut course);
                course.strikes.sort_by_key(|strike| strike.start);
                strikes.extend(course.strikes);
            }
        }
        strikes.sort_by_key(|strike| (strike.start, strike.kind));
        number(&mut strikes);
        timeline::timeline(&admission::admitted(strikes, scene, self.spare), scene, seed)
    }

    /// How often a kind strikes in this run; `None` for not at all.
    fn pace(&self, key: StreamKey, kind: &Kind) -> Option<Pace> {
        if !self.swarm {
            return Some(Pace::USUAL);
        }
        let draws = Draws::swarm(key, kind.number);
        // Who is byzantine has no rate.
        (draws.below(draws::OFF, 2) == 1).then(|| Pace::ALL[draws.below(draws::PACE, Pace::ALL.len() as u64) as usize])
    }
}

/// Each kind counts for itself, so that a strike's number does not depend on others.
fn number(strikes: &mut [Strike]) {
    let mut counts = [0; KINDS_MAX as usize];
    for strike in strikes {
        strike.number = counts[strike.kind as usize];
        counts[strike.kind as usize] += 1;
    }
}

/// By how much pauses between spells are longer than usual, in quarters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Pace(u64);

impl Pace {
    const USUAL: Pace = Pace(4);
    const ALL: [Pace; 5] = [Pace(1), Pace(2), Pace(4), Pace(8), Pace(16)];

    fn of(self, nanos: u64) -> u64 {
        u64::try_from(u128::from(nanos) * u128::from(self.0) / 4).unwrap_or(u64::MAX)
    }
}

/// One kind in one run, as it draws.
struct Course<'a> {
    kind: &'a Kind,
    scene: &'a Scene<'a>,
    from: Time,
    until: Time,
    key: StreamKey,
    pace: Pace,
    strikes: Vec<Strike>,
}

impl Course<'_> {
    /// Goes from spell to spell; each says what happens from its beginning on, and when it is over.
    fn spells(&mut self, mut spell: impl FnMut(&mut Self, Draws, Time) -> Time) {
        let mut at = self.from;
        for number in 0.. {
            let draws = Draws::of(self.key, self.kind.number, number);
            at = later(at, self.pace.of(self.kind.every.sample(draws.word(draws::EVERY))));
            if at >= self.until {
                return;
            }
            at = spell(self, draws, at).min(self.until);
        }
    }

    /// A spell's end by `lasts`: the quiet end at the latest.
    fn end(&self, draws: Draws, start: Time) -> Time {
        later(start, self.kind.lasts.sample(draws.word(draws::LASTS))).min(self.until)
    }

    /// Something strikes, unless it would after the beginning of the quiet end.
    fn strike(&mut self, start: Time, end: Time, effect: strike::Effect) {
        if start < self.until {
            let end = end.min(self.until);
            self.strikes.push(Strike { start, end, kind: self.kind.number, number: 0, effect });
        }
    }
}

/// After so long, at least 1 ns; never beyond the end of time.
fn later(at: Time, nanos: u64) -> Time {
    Time(at.0.saturating_add(nanos.max(1)))
}
