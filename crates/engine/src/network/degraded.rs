//! Links that are worse than usual for a while.

use super::Fate;
use super::rules::{Altered, Bad, COPY_DELAY, Rules};
use crate::fault::Degradation;
use crate::id::NodeId;
use crate::latency::Sampler;
use crate::random::{lane, mix};
use crate::spells::{Ending, Spells};
use crate::time::Time;

/// What makes links worse now, in the order in which it began.
#[derive(Clone, Debug, Default)]
pub(super) struct Degraded {
    active: Vec<Active>,
    /// How many have begun so far.
    begun: u64,
}

#[derive(Clone, Debug)]
struct Active {
    number: u32,
    of: Degradation,
    spells: Spells,
    rules: Rules,
    /// What its draws are made of besides the crossing's: which links, and since when. Its number says nothing of it, and moves
    /// when faults before it in a file are taken out.
    salt: u64,
    bad: Bad,
    toll: Toll,
}

/// What a degradation did to messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Toll {
    /// The place of the fault in the setup.
    pub(crate) strike: usize,
    /// Messages that were lost to it.
    pub(crate) lost: u64,
    /// Messages that it delayed, copied, held back or gave another content.
    pub(crate) changed: u64,
}

impl Degraded {
    pub(super) fn is_empty(&self) -> bool {
        self.active.is_empty()
    }

    pub(super) fn begin(&mut self, now: Time, number: u32, degradation: &Degradation, strike: usize) {
        self.begun += 1;
        if let Some(same) = self.active.iter_mut().find(|active| active.number == number && active.of == *degradation) {
            return same.spells.another(self.begun);
        }
        let Degradation { from, to, .. } = degradation;
        let ranges = from.ranges().iter().chain(to.ranges());
        let mut salt = ranges
            .fold(mix(now.0, from.ranges().len() as u64), |salt, &(low, high)| mix(salt, u64::from(low) << 32 | u64::from(high)));
        while self.active.iter().any(|active| active.salt == salt) {
            salt = mix(salt, 1);
        }
        let rules = Rules::of_degradation(degradation);
        let toll = Toll { strike, lost: 0, changed: 0 };
        let spells = Spells::first(self.begun);
        self.active.push(Active { number, of: degradation.clone(), spells, rules, salt, bad: Bad::default(), toll });
    }

    /// Ends those of that number; what each of them did.
    pub(super) fn end(&mut self, number: u32, ending: Ending) -> Vec<Toll> {
        let mut of_number = self.active.iter_mut().filter(|active| active.number == number);
        let over: Vec<u64> = match ending {
            Ending::All => of_number.map(|active| active.salt).collect(),
            Ending::Oldest => {
                let oldest = of_number.by_ref().min_by_key(|active| active.spells.oldest());
                oldest.and_then(|oldest| oldest.spells.end_oldest().then_some(oldest.salt)).into_iter().collect()
            }
        };
        let (ended, left) = std::mem::take(&mut self.active).into_iter().partition(|active| over.contains(&active.salt));
        self.active = left;
        Vec::from_iter(ended.iter().map(|active: &Active| active.toll))
    }

    /// What those in force have done so far.
    pub(super) fn tolls(&self) -> impl Iterator<Item = Toll> + '_ {
        self.active.iter().map(|active| active.toll)
    }

    /// What they make of a message's fate; `delay` is the usual one, for copies.
    pub(super) fn worsen(&mut self, from: NodeId, to: NodeId, draw: u64, delay: &Sampler, fate: Fate) -> Fate {
        let mut fate = fate;
        for active in self.active.iter_mut().filter(|active| active.concerns(from, to)) {
            let Fate::Arrives { delay: arrives, copy, altered } = fate else { return fate };
            let draw = active.draw(draw);
            let ruling = active.rules.judge(from, to, draw, &mut active.bad);
            if ruling.lost || (ruling.altered == Some(Altered::Detected) && altered != Some(Altered::Detected)) {
                active.toll.lost += 1;
            }
            if ruling.lost {
                return Fate::Lost;
            }
            let copied = ruling.copied && copy.is_none();
            let later = |delay: u64| delay.saturating_add(ruling.later);
            let forged = matches!(ruling.altered, Some(Altered::Forged(_))) && altered.is_none();
            active.toll.changed += u64::from(ruling.later > 0 || copied || forged);
            fate = Fate::Arrives {
                delay: later(arrives),
                copy: if copied { Some(later(delay.sample(lane(draw, COPY_DELAY)))) } else { copy.map(later) },
                altered: worse(altered, ruling.altered),
            };
        }
        fate
    }

    /// What they make of a message's content alone.
    pub(super) fn alter(&self, from: NodeId, to: NodeId, draw: u64) -> Option<Altered> {
        let concerned = self.active.iter().filter(|active| active.concerns(from, to));
        concerned.fold(None, |altered, active| worse(altered, active.rules.alter(active.draw(draw))))
    }
}

impl Active {
    fn concerns(&self, from: NodeId, to: NodeId) -> bool {
        let of = &self.of;
        let there = of.from.contains(from) && of.to.contains(to);
        there || (of.both_ways && of.from.contains(to) && of.to.contains(from))
    }

    /// The degradation's own draw for a crossing.
    fn draw(&self, draw: u64) -> u64 {
        mix(draw, self.salt)
    }
}

/// A checksum that tells tells of every change.
pub(super) fn worse(one: Option<Altered>, other: Option<Altered>) -> Option<Altered> {
    match (one, other) {
        (Some(Altered::Detected), _) | (_, Some(Altered::Detected)) => Some(Altered::Detected),
        (Some(first), _) => Some(first),
        (None, other) => other,
    }
}
