//! The observed-remove map (Almeida, Shoker and Baquero 2018, §7.4): entries come into being when something is done to them, and removing
//! one takes away what was seen of it. What is embedded must be able to lose just that, or else an entry that is changed here and removed
//! there comes back with its past (Baquero, Almeida and Lerche 2016); so it has to be a causal type itself, and all of the map's entries
//! share one context.
//!
//! Here the embedded values are counters with an observed reset. Every addition is a dot of its own, which is exact, and costs one dot for
//! each addition since the entry was removed last; folding an origin's additions into one dot would bring back the anomaly of the paper.
//! Another causal type takes no more than another [`Dotted`]: what the dots of a key carry, and how they are read.

use super::causal::{Causal, Change, Dotted};
use super::{At, Request, Rule, Value};

/// A map from keys to counters.
pub type CounterMap = Causal<Counters>;

/// Its store: a key has the dots of its additions, each with the amount.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Counters;

impl Dotted for Counters {
    type Held = i64;

    fn prepare(map: &CounterMap, _: &Rule, request: &Request, _: &At<'_>) -> Result<Change<i64>, &'static str> {
        match *request {
            Request::Add { key, amount, .. } => Ok(Change { key, seen: Vec::new(), put: Some(amount) }),
            Request::Remove { key, amount } => Ok(Change { key, seen: Vec::new(), put: Some(-amount) }),
            Request::Clear { key } => Ok(Change { key, seen: map.seen(key), put: None }),
            _ => Err("a map's entries are added to, taken from and removed"),
        }
    }

    fn read<'a>(held: impl Iterator<Item = &'a i64>) -> Value {
        let sum: i128 = held.map(|amount| i128::from(*amount)).sum();
        Value::Number(sum.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64)
    }

    fn value(read: impl Iterator<Item = (u32, Value)>) -> Value {
        Value::Entries(read.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::laws::tests::{add_or_remove, lawful};
    use super::super::tests::{Site, add};
    use super::*;

    #[test]
    fn the_map_is_lawful() {
        lawful::<CounterMap>(&Rule::default(), &|choose| match choose(3) {
            0 => Request::Clear { key: choose(2) as u32 },
            _ => add_or_remove(choose),
        });
    }

    /// Baquero, Almeida and Lerche 2016, §2: the entry has 5, one removes it while another adds 1.
    #[test]
    fn an_entry_that_comes_back_has_only_what_its_removal_had_not_seen() {
        let rule = Rule::default();
        let (mut one, mut two) = (Site::<CounterMap>::new(0, &rule), Site::<CounterMap>::new(1, &rule));
        one.ask(add(7, 5));
        two.merge(&one);
        two.ask(Request::Clear { key: 7 });
        assert_eq!(two.value(), Value::Entries(vec![]));
        one.ask(add(7, 1));
        one.merge(&two);
        two.merge(&one);
        let left = Value::Entries(vec![(7, Value::Number(1))]);
        assert_eq!((one.value(), two.value()), (left.clone(), left));
    }
}
