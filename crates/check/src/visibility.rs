//! What a replicated data type must show, given the operations that are visible and which of them had seen which: the specifications of
//! Burckhardt, Gotsman, Yang and Zawirski, "Replicated data types: specification, verification, optimality" (POPL 2014, §3), computed
//! from the operations as slowly and plainly as they are written down. Two replicas that agree may both be wrong; this says so.

use crate::Verdict;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// An operation that took effect.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// Who did it.
    pub origin: u64,
    /// The how-many-th of its origin, from 1.
    pub number: u32,
    /// How many operations of each origin it had seen, ascending by origin: all up to that number.
    pub past: Vec<(u64, u32)>,
    /// What it did.
    pub did: Did,
}

/// What an operation did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Did {
    /// Added so much to a number; put an element into a set.
    Add {
        /// Which number or element.
        key: u32,
        /// How much; of an element it says nothing.
        amount: i64,
    },
    /// Took an element out of a set.
    Remove {
        /// Which.
        key: u32,
    },
    /// Forgot all that it had seen of a number.
    Clear {
        /// Which.
        key: u32,
    },
    /// Wrote a register.
    Write {
        /// Which.
        key: u32,
        /// What.
        value: u64,
        /// The time that it was given.
        stamp: i64,
        /// The values that its client had read, where it said so: it takes the place of these, and of no others that it had seen.
        over: Option<Vec<u64>>,
    },
    /// Put a node of a tree below another.
    Move {
        /// Which: not the root, 0.
        node: u32,
        /// Below which.
        parent: u32,
        /// The time that it was given.
        stamp: i64,
    },
    /// Nothing that is shown.
    Nothing,
}

/// What a type promises to show.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Specification {
    /// One number: the sum of what was added, whatever the keys.
    Sum,
    /// One number, without what a clearing had seen.
    ClearableSum,
    /// A number under each key that was ever added to.
    Sums,
    /// A number under each key that has something added that no clearing had seen.
    ClearableSums,
    /// The elements that were ever put in.
    GrowOnly,
    /// The elements that were put in and never taken out.
    TwoPhase,
    /// The elements of which some addition was seen by no removal.
    AddWins,
    /// The elements that were added, and each of whose removals was seen by an addition.
    RemoveWins,
    /// Under each key the value with the greatest (stamp, origin, number).
    LastWriter,
    /// Under each key the value with the smallest.
    FirstWriter,
    /// One number: the value with the greatest, as a sum that was written; 0 before the first.
    LastSum,
    /// Under each key the values that no other write had seen.
    MultiValue,
    /// The moves one after the other by (stamp, origin, number), but for those that would make a circle.
    Tree,
}

/// What is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Shown {
    /// One number.
    Number(i128),
    /// Numbers under keys.
    Numbers(BTreeMap<u32, i128>),
    /// Elements.
    Elements(BTreeSet<u32>),
    /// The values under keys, ascending.
    Values(BTreeMap<u32, Vec<u64>>),
    /// The parent of each node.
    Parents(BTreeMap<u32, u32>),
}

impl Event {
    /// Whether this one had seen the other.
    pub fn has_seen(&self, other: &Event) -> bool {
        let count = self.past.binary_search_by_key(&other.origin, |(origin, _)| *origin).map_or(0, |place| self.past[place].1);
        other.number <= count
    }

    /// Whether this write took the place of the other.
    fn overwrites(&self, other: &Event) -> bool {
        let had_read = match (&self.did, &other.did) {
            (Did::Write { over: Some(over), .. }, Did::Write { value, .. }) => over.contains(value),
            _ => true,
        };
        had_read && self.has_seen(other)
    }

    fn name(&self) -> (u64, u32) {
        (self.origin, self.number)
    }

    fn key(&self) -> Option<u32> {
        match self.did {
            Did::Add { key, .. } | Did::Remove { key } | Did::Clear { key } | Did::Write { key, .. } => Some(key),
            Did::Move { .. } | Did::Nothing => None,
        }
    }
}

impl Specification {
    /// What must be shown when just these operations are visible.
    pub fn shown(self, visible: &[&Event]) -> Shown {
        match self {
            Specification::Sum => Shown::Number(visible.iter().map(|event| amount(event)).sum()),
            Specification::ClearableSum => Shown::Number(left(visible).iter().map(|event| amount(event)).sum()),
            Specification::Sums => Shown::Numbers(by_key(visible, sum)),
            Specification::ClearableSums => Shown::Numbers(by_key(visible, |events| sum(&left(events)))),
            Specification::LastWriter => {
                Shown::Values(by_key(visible, |events| writes(events).max().map(|(_, value)| vec![value])))
            }
            Specification::FirstWriter => {
                Shown::Values(by_key(visible, |events| writes(events).min().map(|(_, value)| vec![value])))
            }
            Specification::LastSum => Shown::Number(writes(visible).max().map_or(0, |(_, sum)| i128::from(sum.cast_signed()))),
            Specification::MultiValue => Shown::Values(by_key(visible, maximal)),
            Specification::Tree => Shown::Parents(tree(visible)),
            Specification::GrowOnly | Specification::TwoPhase | Specification::AddWins | Specification::RemoveWins => {
                let present = by_key(visible, |events| self.is_present(events).then_some(()));
                Shown::Elements(present.into_keys().collect())
            }
        }
    }

    /// Whether the element that all of these are about is in the set.
    fn is_present(self, events: &[&Event]) -> bool {
        let is_add = |event: &&&Event| matches!(event.did, Did::Add { .. });
        let is_remove = |event: &&&Event| matches!(event.did, Did::Remove { .. });
        let (adds, removes): (Vec<&Event>, Vec<&Event>) =
            (events.iter().filter(is_add).copied().collect(), events.iter().filter(is_remove).copied().collect());
        match self {
            Specification::GrowOnly => !adds.is_empty(),
            Specification::TwoPhase => !adds.is_empty() && removes.is_empty(),
            Specification::AddWins => adds.iter().any(|add| !removes.iter().any(|remove| remove.has_seen(add))),
            _ => !adds.is_empty() && removes.iter().all(|remove| adds.iter().any(|add| add.has_seen(remove))),
        }
    }
}

/// For each key of these, what its own operations give; nothing where they give nothing.
fn by_key<T>(visible: &[&Event], show: impl Fn(&[&Event]) -> Option<T>) -> BTreeMap<u32, T> {
    let mut keys: BTreeMap<u32, Vec<&Event>> = BTreeMap::new();
    for event in visible {
        if let Some(key) = event.key() {
            keys.entry(key).or_default().push(event);
        }
    }
    keys.into_iter().filter_map(|(key, events)| Some((key, show(&events)?))).collect()
}

fn amount(event: &Event) -> i128 {
    match event.did {
        Did::Add { amount, .. } => i128::from(amount),
        _ => 0,
    }
}

fn sum(events: &[&Event]) -> Option<i128> {
    let is_add = |event: &&Event| matches!(event.did, Did::Add { .. });
    events.iter().any(is_add).then(|| events.iter().map(|event| amount(event)).sum())
}

/// The additions that no clearing had seen.
fn left<'a>(events: &[&'a Event]) -> Vec<&'a Event> {
    let clears: Vec<&Event> = events.iter().filter(|event| matches!(event.did, Did::Clear { .. })).copied().collect();
    let is_left = |event: &&Event| matches!(event.did, Did::Add { .. }) && !clears.iter().any(|clear| clear.has_seen(event));
    events.iter().copied().filter(is_left).collect()
}

type Stamped = ((i64, (u64, u32)), u64);

fn writes(events: &[&Event]) -> impl Iterator<Item = Stamped> {
    events.iter().filter_map(|event| match event.did {
        Did::Write { value, stamp, .. } => Some(((stamp, event.name()), value)),
        _ => None,
    })
}

fn maximal(events: &[&Event]) -> Option<Vec<u64>> {
    let is_last = |event: &&&Event| !events.iter().any(|other| other.name() != event.name() && other.overwrites(event));
    let mut values: Vec<u64> = events
        .iter()
        .filter(is_last)
        .filter_map(|event| match event.did {
            Did::Write { value, .. } => Some(value),
            _ => None,
        })
        .collect();
    values.sort_unstable();
    (!values.is_empty()).then_some(values)
}

fn tree(visible: &[&Event]) -> BTreeMap<u32, u32> {
    let mut moves: Vec<(i64, (u64, u32), u32, u32)> = visible
        .iter()
        .filter_map(|event| match event.did {
            Did::Move { node, parent, stamp } => Some((stamp, event.name(), node, parent)),
            _ => None,
        })
        .collect();
    moves.sort_unstable();
    let mut parents: BTreeMap<u32, u32> = BTreeMap::new();
    for (_, _, node, parent) in moves {
        let is_below = std::iter::successors(Some(parent), |at| parents.get(at).copied()).any(|at| at == node);
        if !is_below {
            parents.insert(node, parent);
        }
    }
    parents
}

/// What a replica showed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Observation {
    /// Which replica.
    pub replica: u32,
    /// How many operations of each origin were visible there, ascending by origin.
    pub visible: Vec<(u64, u32)>,
    /// Under which key it was looked; all that it shows, when there is none.
    pub key: Option<u32>,
    /// What it showed. Of a key that is not there it shows nothing.
    pub shown: Shown,
}

/// The most operations that are looked at in all: each observation looks at each that it sees.
const LOOKED_AT_MAX: usize = 20_000_000;

/// Holds when each replica showed just what the operations that were visible there demand.
pub fn judge(specification: Specification, events: &[Event], observations: &[Observation]) -> Verdict {
    let mut budget = LOOKED_AT_MAX;
    let mut known: BTreeMap<&[(u64, u32)], Shown> = BTreeMap::new();
    for observation in observations {
        if !known.contains_key(&observation.visible[..]) {
            let Some(left) = budget.checked_sub(events.len()) else {
                return Verdict::Unknown(format!(
                    "{} observations of {} operations are more than are looked at",
                    observations.len(),
                    events.len()
                ));
            };
            budget = left;
            let visible: Vec<&Event> = events.iter().filter(|event| is_visible(event, &observation.visible)).collect();
            known.insert(&observation.visible, specification.shown(&visible));
        }
        let whole = &known[&observation.visible[..]];
        let wanted = observation.key.map_or_else(|| whole.clone(), |key| whole.under(key));
        if wanted != observation.shown {
            let under = observation.key.map_or_else(String::new, |key| format!(" under {key}"));
            let count: u64 = observation.visible.iter().map(|(_, count)| u64::from(*count)).sum();
            return Verdict::Violation(format!(
                "n{} showed {}{under}, and the {count} operations that it had demand {wanted}",
                observation.replica, observation.shown
            ));
        }
    }
    Verdict::Ok
}

fn is_visible(event: &Event, visible: &[(u64, u32)]) -> bool {
    visible.binary_search_by_key(&event.origin, |(origin, _)| *origin).is_ok_and(|place| event.number <= visible[place].1)
}

impl Shown {
    /// What is shown under one key.
    #[must_use]
    pub fn under(&self, key: u32) -> Shown {
        match self {
            Shown::Number(number) => Shown::Number(*number),
            Shown::Numbers(numbers) => Shown::Number(numbers.get(&key).copied().unwrap_or(0)),
            Shown::Elements(elements) => Shown::Elements(elements.iter().copied().filter(|element| *element == key).collect()),
            Shown::Values(values) => Shown::Values(values.get(&key).map(|values| (key, values.clone())).into_iter().collect()),
            Shown::Parents(parents) => Shown::Parents(parents.clone()),
        }
    }
}

/// Keys that are told.
const TOLD_MAX: usize = 20;

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let many = |words: Vec<String>, count: usize| match count.saturating_sub(TOLD_MAX) {
            0 => format!("{{{}}}", words.join(", ")),
            more => format!("{{{}, and {more} more}}", words.join(", ")),
        };
        let text = match self {
            Shown::Number(number) => number.to_string(),
            Shown::Numbers(numbers) => {
                many(numbers.iter().take(TOLD_MAX).map(|(key, number)| format!("{key}: {number}")).collect(), numbers.len())
            }
            Shown::Elements(elements) => many(elements.iter().take(TOLD_MAX).map(u32::to_string).collect(), elements.len()),
            Shown::Values(values) => {
                many(values.iter().take(TOLD_MAX).map(|(key, values)| format!("{key}: {values:?}")).collect(), values.len())
            }
            Shown::Parents(parents) => many(
                parents.iter().take(TOLD_MAX).map(|(node, parent)| format!("{node} below {parent}")).collect(),
                parents.len(),
            ),
        };
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::expect;

    /// Words: `a:+5` origin a adds element or key 5; `a:-5` removes it; `b:x5(a1)` clears 5 having seen a's first; `a:w5=7@3` writes 7 under
    /// 5 with stamp 3; `a:m5<2@3` moves node 5 below 2.
    fn events(text: &str) -> Vec<Event> {
        let mut counts: BTreeMap<u64, u32> = BTreeMap::new();
        let mut events = Vec::new();
        for word in text.split_whitespace() {
            let (word, seen) = word.split_once('(').unwrap_or((word, ""));
            let (origin, what) = word.split_once(':').expect("an origin");
            let origin = u64::from(origin.as_bytes()[0]);
            let mut past: BTreeMap<u64, u32> = counts.get(&origin).map(|count| (origin, *count)).into_iter().collect();
            for seen in seen.trim_end_matches(')').split(',').filter(|seen| !seen.is_empty()) {
                past.insert(u64::from(seen.as_bytes()[0]), seen[1..].parse().expect("a number"));
            }
            let number = *counts.entry(origin).and_modify(|count| *count += 1).or_insert(1);
            let digits = |text: &str| text.parse::<i64>().expect("digits");
            let key = |text: &str| text.parse::<u32>().expect("a key");
            let did = match (what.as_bytes()[0], &what[1..]) {
                (b'+', rest) => match rest.split_once('*') {
                    Some((rest, amount)) => Did::Add { key: key(rest), amount: digits(amount) },
                    None => Did::Add { key: key(rest), amount: 1 },
                },
                (b'-', rest) => Did::Remove { key: key(rest) },
                (b'x', rest) => Did::Clear { key: key(rest) },
                (b'w', rest) => {
                    let (rest, stamp) = rest.split_once('@').expect("a stamp");
                    let (rest, value) = rest.split_once('=').expect("a value");
                    Did::Write { key: key(rest), value: digits(value) as u64, stamp: digits(stamp), over: None }
                }
                (_, rest) => {
                    let (rest, stamp) = rest.split_once('@').expect("a stamp");
                    let (node, parent) = rest.split_once('<').expect("a parent");
                    Did::Move { node: key(node), parent: key(parent), stamp: digits(stamp) }
                }
            };
            events.push(Event { origin, number, past: past.into_iter().collect(), did });
        }
        events
    }

    fn check(specification: Specification, text: &str, shown: &str) {
        let events = events(text);
        let visible: Vec<&Event> = events.iter().collect();
        assert_eq!(specification.shown(&visible).to_string(), shown, "{specification:?} of {text}");
    }

    #[test]
    fn what_each_type_shows() {
        check(Specification::Sum, "a:+1*5 b:+2*-3", "2");
        check(Specification::ClearableSum, "a:+0*5 b:x0(a1) a:+0*2", "2");
        check(Specification::ClearableSum, "a:+0*5 b:x0", "5");
        check(Specification::Sums, "a:+1*2 b:+1*3 a:+1*-1 b:+2", "{1: 4, 2: 1}");
        check(Specification::ClearableSums, "a:+1*2 b:+2*3 b:x1(a1)", "{2: 3}");
        check(Specification::GrowOnly, "a:+1 b:+2", "{1, 2}");
        check(Specification::TwoPhase, "a:+1 a:-1 a:+1 b:+2", "{2}");
        // A removal takes what it has seen; what is added beside it stays.
        check(Specification::AddWins, "a:+1 b:+1 a:-1", "{1}");
        check(Specification::AddWins, "a:+1 b:+1 a:-1(b1)", "{}");
        check(Specification::RemoveWins, "a:+1 b:+1 a:-1", "{}");
        check(Specification::RemoveWins, "a:+1 a:-1 b:+1(a2)", "{1}");
        check(Specification::LastWriter, "a:w1=7@3 b:w1=8@3 b:w2=9@1", "{1: [8], 2: [9]}");
        check(Specification::FirstWriter, "a:w1=7@3 b:w1=8@3", "{1: [7]}");
        check(Specification::MultiValue, "a:w1=7@0 b:w1=8@0 c:w1=9@0(a1)", "{1: [8, 9]}");
        // Of two moves that would make a circle together, the later is skipped.
        check(Specification::Tree, "a:m1<0@1 a:m2<0@2 a:m1<2@3 b:m2<1@4(a2)", "{1 below 2, 2 below 0}");
    }

    #[test]
    fn a_replica_that_shows_something_else_is_named() {
        let events = events("a:+1 b:+1 a:-1");
        let look = |visible: &[(u64, u32)], elements: &[u32]| Observation {
            replica: 3,
            visible: visible.to_vec(),
            key: None,
            shown: Shown::Elements(elements.iter().copied().collect()),
        };
        let (a, b) = (u64::from(b'a'), u64::from(b'b'));
        let right = [look(&[(a, 1)], &[1]), look(&[(a, 2)], &[]), look(&[(a, 2), (b, 1)], &[1])];
        expect(&judge(Specification::AddWins, &events, &right), "ok");
        let wrong = [look(&[(a, 2), (b, 1)], &[])];
        expect(
            &judge(Specification::AddWins, &events, &wrong),
            "violation: n3 showed {}, and the 3 operations that it had demand {1}",
        );
        let under = Observation { key: Some(2), ..look(&[(a, 1)], &[]) };
        expect(&judge(Specification::AddWins, &events, &[under]), "ok");
    }
}
