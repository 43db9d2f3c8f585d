//! The laws of each type, tried, and what that means: over which network copies of it may be kept alike although nobody waits for anybody.
//! That is the coordination-free half of CALM (Hellerstein and Alvaro 2020): what only grows may be sent in any order. The laws make
//! copies alike; that what they show is what was wanted is for the checks of a run.

use super::data::{Data, Kind, Operation};
use super::judge;
use super::types::laws::{self, Allows, Ask, Effort, MEANINGS, is_required, request_of};
use super::types::{Request, Rule};
use super::variants::planted;
use crate::registry::{Law, Laws, Way};

/// Additions, or writes.
pub(super) const GROW: &[Ask] = &[Ask::Add];
/// Additions and removals.
pub(super) const BOTH: &[Ask] = &[Ask::Add, Ask::Remove];
/// And going back to nothing.
pub(super) const CLEARED: &[Ask] = &[Ask::Add, Ask::Remove, Ask::Clear];
/// And sharing rights.
pub(super) const SHARED: &[Ask] = &[Ask::Add, Ask::Remove, Ask::Share];
/// Writes, by those who have read and those who have not.
pub(super) const WRITTEN: &[Ask] = &[Ask::Add, Ask::Write];
/// Of a text.
pub(super) const EDITED: &[Ask] = &[Ask::Edit];
/// Of a tree.
pub(super) const MOVED: &[Ask] = &[Ask::Move];

/// What replicas of a bounded counter begin with: few rights, so that they run out.
const RIGHTS: (u64, u32) = (2, 3);

/// Tries the laws of a type with what it may be asked, with the mistake of a variant, if that is one of the type.
pub(super) fn laws(kind: Kind, asks: &'static [Ask], variant: &str) -> Laws {
    // A mistake of replication is none of the type's.
    let (mistake, _, clock) = planted(variant).unwrap_or_default();
    let plain = Rule { rights: RIGHTS, mistake, ..Rule::default() };
    let rule = Rule { clock: clock.unwrap_or(plain.clock), ..plain };
    let effort = Effort::default();
    let found = laws::laws(&Data::new(kind), &rule, &effort, &|choose| request_of(asks, choose), &told);
    let ways = ways(&found, &Allows::of(&found));
    let required = |law: &&laws::Law| is_required(law.name);
    let coordination_free = found.iter().filter(required).all(|law| law.holds);
    let tried = format!(
        "all histories of up to {} operations at 2 replicas, at most {} of a length and then as many drawn at random, and {} drawn of \
         up to {} operations at 3 replicas whose clocks are wrong",
        effort.exhaustive_operations, effort.histories_max, effort.random_histories, effort.random_operations,
    );
    let meaning = meaning(coordination_free, &ways);
    let row = |(law, summary): (laws::Law, &'static str)| Law {
        name: law.name,
        summary,
        required: is_required(law.name),
        holds: law.holds,
        tried: law.tried,
        histories: law.histories,
        counterexample: law.counterexample,
    };
    Laws { tried, laws: found.into_iter().zip(MEANINGS).map(row).collect(), ways, coordination_free, meaning }
}

/// An operation in words.
fn told(request: &Request, operation: &Operation) -> String {
    match request {
        Request::Edit(edits) => {
            let edit = |edit: &super::types::Edit| match (edit.deleted, edit.inserted.as_str()) {
                (0, inserted) => format!("insert {inserted:?}"),
                (deleted, "") => format!("delete {deleted}"),
                (deleted, inserted) => format!("put {inserted:?} in place of {deleted}"),
            };
            edits.iter().map(edit).collect::<Vec<_>>().join(", ")
        }
        Request::Share => "give rights away".to_string(),
        Request::Remove { amount, .. }
            if matches!(operation, Operation::Counter(_) | Operation::Log(_) | Operation::Bounded(_)) =>
        {
            format!("take {amount}")
        }
        _ => judge::told(operation),
    }
}

/// States, deltas and operations: whether they may be sent without coordination, and over which network.
fn ways(found: &[laws::Law], allows: &Allows) -> Vec<Way> {
    let broken: Vec<&str> = found.iter().filter(|law| !law.holds && is_required(law.name)).map(|law| law.name).collect();
    let unless = |works: bool, network: &str| match works {
        true => network.to_string(),
        false => format!("copies may differ, whatever the network does: broken are {}", broken.join(", ")),
    };
    let order = if allows.any_order { "in any order" } else { "in causal order: each after those that its source had seen" };
    let number = if allows.any_number { "at least once: duplicates do no harm" } else { "exactly once" };
    let way = |sends, works, network: &str| Way { sends, works, network: unless(works, network) };
    vec![
        way("states", allows.states, "any that delivers one now and then: lost, repeated, in any order"),
        way("deltas", allows.deltas, "the same, as long as a lost one is sent again: repeated, in any order"),
        way("operations", allows.operations, &format!("one that delivers each {number}; {order}")),
    ]
}

/// The line that says what it means.
fn meaning(coordination_free: bool, ways: &[Way]) -> String {
    let works: Vec<&str> = ways.iter().filter(|way| way.works).map(|way| way.sends).collect();
    match (coordination_free, &works[..]) {
        (true, _) => {
            "may be used without coordination: replicas answer at once and alone, and are alike when they have heard the \
                      same, over the networks named above"
                .to_string()
        }
        (false, []) => {
            "needs coordination: however it is sent, copies that have heard the same may differ, unless one order of all \
                        operations is agreed on first"
                .to_string()
        }
        (false, works) => format!(
            "needs coordination, or other wiring: it is safe only when copies send {}, as named above, and nothing else",
            works.join(" or ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use crate::crdt::*;
    use crate::registry::{Laws, Protocol};

    static TYPES: [Protocol; 16] = [
        G_COUNTER,
        PN_COUNTER,
        BOUNDED_COUNTER,
        RESETTABLE_COUNTER,
        EVENT_LOG,
        READ_ADD_WRITE,
        LWW_REGISTER,
        MV_REGISTER,
        G_SET,
        TWO_PHASE_SET,
        OR_SET,
        REMOVE_WINS_SET,
        OR_MAP,
        SHOPPING_CART,
        TEXT,
        REPLICATED_TREE,
    ];

    fn of(protocol: &Protocol, variant: &str) -> Laws {
        protocol.laws.expect("it has laws")(variant)
    }

    fn works(laws: &Laws) -> Vec<bool> {
        laws.ways.iter().map(|way| way.works).collect()
    }

    #[test]
    fn every_type_may_be_used_without_coordination_and_only_as_they_are_right() {
        for protocol in &TYPES {
            let laws = of(protocol, "right");
            let broken: Vec<_> = laws.laws.iter().filter(|law| law.required && !law.holds).collect();
            assert!(laws.coordination_free, "{}: {broken:#?}", protocol.name);
            assert_eq!(works(&laws), [true; 3], "{}", protocol.name);
        }
    }

    #[test]
    fn a_counter_needs_each_operation_once_and_a_merge_that_adds_needs_operations() {
        let laws = of(&PN_COUNTER, "right");
        assert_eq!(laws.ways[2].network, "one that delivers each exactly once; in any order");
        let laws = of(&PN_COUNTER, "sum-merge");
        assert_eq!((laws.coordination_free, works(&laws)), (false, vec![false, false, true]));
        let idempotent = laws.laws.iter().find(|law| law.name == "merge is idempotent").expect("it is one");
        assert_eq!(idempotent.counterexample.as_deref(), Some("n0#1: add 1: 1 merged with itself gives 2, not 1"));
    }

    #[test]
    fn what_is_wrong_in_no_law_is_left_to_the_checks() {
        assert!(of(&SHOPPING_CART, "clamp").coordination_free);
        assert!(!of(&SHOPPING_CART, "cart-id").coordination_free);
        assert_eq!(works(&of(&SHOPPING_CART, "remove-first")), [false; 3]);
        assert!(!of(&TEXT, "rga-no-skip").coordination_free);
    }
}
