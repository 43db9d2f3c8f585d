//! Judges strong eventual consistency at every step, from a stream of observations (Shapiro, Preguiça, Baquero and Zawirski,
//! "Conflict-free replicated data types", SSS 2011, definition 2.2):
//!
//! - **strong convergence**: replicas that have delivered the same updates are in equal states, at once ([`Watch`]);
//! - **eventual delivery**: what one correct replica has delivered, and so all that was acknowledged, all have in the end ([`Watch::judge`]);
//! - the state in which they end is one that the type allows ([`judge_outcome`]): replicas can agree on a wrong one.
//!
//! A delivered set is known by the sum of 128-bit hashes of its updates, so that a delivery costs the logarithm of the set and a
//! comparison one look-up. Two different sets with one sum would pass for equal: with good hashes, once in about 2^64 sets. Updates are
//! told apart by number only; that a replica delivered one, which it must have before its state can show it, is for whoever
//! observes to say. Whether its state then shows it is judged only in comparison with others, and by the outcome.

use crate::Verdict;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

/// How many replicas or updates the evidence names.
const NAMED_MAX: usize = 5;

/// Watches replicas as they deliver updates. Keeps what each has delivered, and a few words for each different set of updates in which
/// one was seen.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    delivered: BTreeMap<u32, Delivered>,
    /// For each set of updates seen, the state that it led to.
    states: BTreeMap<u128, State>,
    steps: u64,
    offence: Option<String>,
}

#[derive(Clone, Debug, Default)]
struct Delivered {
    updates: BTreeSet<u64>,
    sum: u128,
}

/// A state that somebody was in.
#[derive(Clone, Copy, Debug)]
struct State {
    digest: u128,
    replica: u32,
    step: u64,
}

impl Watch {
    /// A replica has delivered an update. Once more is no matter: a set has it once.
    pub fn delivered(&mut self, replica: u32, update: u64) {
        let delivered = self.delivered.entry(replica).or_default();
        if delivered.updates.insert(update) {
            delivered.sum = delivered.sum.wrapping_add(hash(update));
        }
    }

    /// A replica has restarted, and has delivered just these updates as far as it knows: those it finds on its disk.
    pub fn restarted(&mut self, replica: u32, updates: impl IntoIterator<Item = u64>) {
        self.delivered.remove(&replica);
        self.delivered.entry(replica).or_default();
        updates.into_iter().for_each(|update| self.delivered(replica, update));
    }

    /// A replica is in a state with this digest. `false` when that is the first offence; later ones are not looked at.
    pub fn state(&mut self, replica: u32, digest: u128) -> bool {
        self.steps += 1;
        if self.offence.is_some() {
            return true;
        }
        let delivered = self.delivered.entry(replica).or_default();
        let now = State { digest, replica, step: self.steps };
        let first = *self.states.entry(delivered.sum).or_insert(now);
        if first.digest == digest {
            return true;
        }
        let count = delivered.updates.len();
        self.offence = Some(if first.replica == replica {
            format!(
                "n{replica} has had the same {count} updates since step {}, and is in another state at step {}",
                first.step, self.steps
            )
        } else {
            format!(
                "n{replica} at step {} has the same {count} updates as n{} had at step {}, and is in another state",
                self.steps, first.replica, first.step
            )
        });
        false
    }

    /// How many states were looked at.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Holds when all states agreed, and, once the replicas are `settled`, each of the `live` ones has delivered all that was acknowledged
    /// and all that any of them has. Updates are named by number.
    pub fn judge(&self, live: &[u32], acknowledged: &[u64], settled: bool) -> Verdict {
        if let Some(offence) = &self.offence {
            return Verdict::Violation(offence.clone());
        }
        if self.steps == 0 {
            return Verdict::Unknown("no state was observed".to_string());
        }
        if !settled {
            return Verdict::Unknown("all states agreed, but the replicas had not settled at the end".to_string());
        }
        let none = BTreeSet::new();
        let has = |replica: &u32| self.delivered.get(replica).map_or(&none, |delivered| &delivered.updates);
        let acknowledged: BTreeSet<u64> = acknowledged.iter().copied().collect();
        let wanted: BTreeSet<u64> = live.iter().flat_map(has).copied().chain(acknowledged.iter().copied()).collect();
        for replica in live {
            let missing: Vec<u64> = wanted.difference(has(replica)).copied().collect();
            let lost: Vec<u64> = missing.iter().copied().filter(|update| acknowledged.contains(update)).collect();
            if !lost.is_empty() {
                return Verdict::Violation(format!("n{replica} never delivered the acknowledged {}", names(&lost)));
            }
            if !missing.is_empty() {
                return Verdict::Violation(format!("n{replica} never delivered {}, which others did", names(&missing)));
            }
        }
        Verdict::Ok
    }
}

/// What a replica ended with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome<V> {
    /// The replica's number.
    pub replica: u32,
    /// Its value.
    pub value: V,
}

/// Holds when all replicas ended with one value and it is among those that are allowed. Which these are depends on the type: every
/// outcome of some order of the updates that respects causality, say. `allowed` may be a predicate or ask a closed set.
pub fn judge_outcome<V: Eq + Display>(outcomes: &[Outcome<V>], allowed: impl Fn(&V) -> bool, settled: bool) -> Verdict {
    let Some(first) = outcomes.first() else {
        return Verdict::Unknown("no replica was up at the end".to_string());
    };
    if !settled {
        return Verdict::Unknown("the replicas had not settled at the end".to_string());
    }
    if let Some(other) = outcomes.iter().find(|other| other.value != first.value) {
        return Verdict::Violation(format!(
            "n{} ended with {}, n{} with {}",
            first.replica, first.value, other.replica, other.value
        ));
    }
    if allowed(&first.value) {
        return Verdict::Ok;
    }
    let count = outcomes.len();
    Verdict::Violation(format!("all {count} replicas ended with {}, which no order of the updates allows", first.value))
}

fn names(updates: &[u64]) -> String {
    let shown: Vec<String> = updates.iter().take(NAMED_MAX).map(|update| format!("update {update}")).collect();
    let more = updates.len().saturating_sub(NAMED_MAX);
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{tail}", shown.join(", "))
}

/// Two rounds of splitmix64 from different starts.
fn hash(update: u64) -> u128 {
    let mix = |start: u64| {
        let word = update.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(start);
        let word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ word >> 31
    };
    u128::from(mix(0x6a09_e667_f3bc_c908)) << 64 | u128::from(mix(0xbb67_ae85_84ca_a73b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Chance, expect};

    /// Words: `a+1` replica a delivers update 1, `a=7` it is in state 7, `a!12` it restarts with updates 1 and 2.
    fn watch(text: &str) -> Watch {
        let mut watch = Watch::default();
        for word in text.split_whitespace() {
            let replica = u32::from(word.as_bytes()[0] - b'a');
            let digits = word[2..].bytes().map(|digit| u64::from(digit - b'0'));
            match word.as_bytes()[1] {
                b'+' => digits.for_each(|update| watch.delivered(replica, update)),
                b'=' => drop(watch.state(replica, digits.sum::<u64>().into())),
                _ => watch.restarted(replica, digits),
            }
        }
        watch
    }

    fn check(text: &str, acknowledged: &[u64], settled: bool, verdict: &str) {
        expect(&watch(text).judge(&[0, 1], acknowledged, settled), verdict);
    }

    #[test]
    fn clean_streams_pass() {
        check("", &[], true, "unknown: no state was observed");
        check("a=0 b=0 a+1 a=5 b+2 b=6 a+2 a=9 b+1 b=9 b+1 b=9", &[1, 2], true, "ok");
        check("a=0 a+1 a=5 b=0", &[1], false, "unknown: all states agreed");
        check("a+12 a=3 a! a=0 b=0 a+1 a=1 b+1 b=1", &[], true, "ok");
        check("a+12 a=3 b+12 b=3 a!12 a=3", &[1, 2], true, "ok");
    }

    #[test]
    fn planted_differences_are_named() {
        check(
            "a+1 a=5 b+1 b=6",
            &[],
            false,
            "violation: n1 at step 2 has the same 1 updates as n0 had at step 1, and is in another state",
        );
        // They agree in the end, but did not in between.
        check("a+12 a=5 b+21 b=6 a+3 a=7 b+3 b=7", &[], true, "violation: n1 at step 2");
        // A duplicate changed the state.
        check(
            "a+1 a=5 a+1 a=6",
            &[],
            false,
            "violation: n0 has had the same 1 updates since step 1, and is in another state at step 2",
        );
        check("a+1 a=5 b=0", &[1], true, "violation: n1 never delivered the acknowledged update 1");
        check("a+1 a=5 b=0", &[], true, "violation: n1 never delivered update 1, which others did");
        check(
            "a=0 b=0",
            &[1, 2, 3, 4, 5, 6],
            true,
            "violation: n0 never delivered the acknowledged update 1, update 2, update 3, update 4, update 5 and 1 more",
        );
        check("a+1 a=5 b+1 b=5 b! b=0", &[1], true, "violation: n1 never delivered the acknowledged update 1");
    }

    #[test]
    fn outcomes() {
        let end = |values: &[i64]| -> Vec<Outcome<i64>> {
            values.iter().zip(0..).map(|(&value, replica)| Outcome { replica, value }).collect()
        };
        let allowed = |value: &i64| [3, 5].contains(value);
        expect(&judge_outcome(&end(&[3, 3]), allowed, true), "ok");
        expect(&judge_outcome(&end(&[3, 5]), allowed, true), "violation: n0 ended with 3, n1 with 5");
        expect(&judge_outcome(&end(&[4, 4]), allowed, true), "violation: all 2 replicas ended with 4, which no order");
        expect(&judge_outcome(&end(&[4, 5]), allowed, false), "unknown");
        expect(&judge_outcome(&end(&[]), allowed, true), "unknown");
    }

    fn against_all_pairs(seeds: std::ops::Range<u64>) -> [u64; 2] {
        let mut counts = [0; 2];
        for seed in seeds {
            let mut chance = Chance::new(seed);
            let faulty = chance.one_in(2);
            let (mut watch, mut sets) = (Watch::default(), [const { BTreeSet::new() }; 3]);
            let mut seen: Vec<(BTreeSet<u64>, u128)> = Vec::new();
            let mut wanted = true;
            for _ in 0..30 {
                let replica = chance.below(3) as usize;
                if chance.one_in(20) {
                    sets[replica].pop_last();
                    watch.restarted(replica as u32, sets[replica].iter().copied());
                } else {
                    let update = chance.below(4);
                    sets[replica].insert(update);
                    watch.delivered(replica as u32, update);
                }
                let digest = sets[replica].iter().map(|update| 1u128 << update).sum::<u128>()
                    + u128::from(faulty && chance.one_in(60)) * 100;
                let agrees = seen.iter().all(|(set, other)| *set != sets[replica] || *other == digest);
                seen.push((sets[replica].clone(), digest));
                assert_eq!(watch.state(replica as u32, digest), agrees || !wanted, "seed {seed}");
                wanted &= agrees;
            }
            assert_eq!(matches!(watch.judge(&[], &[], false), Verdict::Violation(_)), !wanted, "seed {seed}");
            let live = [0, 1, 2];
            let union: BTreeSet<u64> = sets.iter().flatten().copied().collect();
            let acknowledged: Vec<u64> = union.iter().copied().filter(|_| chance.one_in(3)).collect();
            let all_have = sets.iter().all(|set| *set == union);
            assert_eq!(watch.judge(&live, &acknowledged, true) == Verdict::Ok, wanted && all_have, "seed {seed}");
            counts[usize::from(wanted)] += 1;
        }
        counts
    }

    #[test]
    fn small_streams_agree_with_all_pairs() {
        let counts = against_all_pairs(0..2_000);
        assert!(counts.iter().all(|count| *count > 300), "{counts:?}");
    }

    #[test]
    #[ignore = "long"]
    fn many_small_streams_agree_with_all_pairs() {
        println!("[violation, ok]: {:?}", against_all_pairs(0..100_000));
    }
}
