//! Sets of elements that are named by numbers. They differ in what becomes of an element that is added and removed at once.
//!
//! | Set | Added and removed concurrently | What a removed element leaves |
//! |---|---|---|
//! | [`GrowSet`] | nothing is ever removed | |
//! | [`TwoPhaseSet`] | gone for good | a mark for ever |
//! | [`TombstoneSet`] | there: the addition was not seen | a tombstone for each addition, for ever |
//! | [`AddWinsSet`] | there: the addition was not seen | nothing |
//! | [`RemoveWinsSet`] | gone, until it is added again | one dot |

mod add_wins;
mod grow;
mod remove_wins;
mod tombstones;
mod two_phase;

pub use add_wins::{AddWins, AddWinsSet};
pub use grow::{Grow, GrowSet};
pub use remove_wins::{RemoveWins, RemoveWinsSet};
pub use tombstones::{Operation as TombstoneOperation, TombstoneSet, Tombstones, tagged};
pub use two_phase::{TwoPhase, TwoPhaseSet};

#[cfg(test)]
mod tests {
    use super::super::laws::tests::{BOTH, breaks, lawful};
    use super::super::laws::{Asked, converge, execution_orders};
    use super::super::tests::{Site, add, remove};
    use super::super::{Crdt, Mistake, Rule, Value};
    use super::*;
    use quorate_engine::Wire;

    fn elements<T: Crdt>(site: &Site<T>) -> Vec<u32> {
        match site.value() {
            Value::Elements(elements) => elements,
            value => panic!("{value} is no set"),
        }
    }

    const ALICE: u32 = 1;
    const BOB: u32 = 2;

    #[test]
    fn all_sets_are_lawful() {
        lawful::<GrowSet>(&Rule::default(), &BOTH);
        lawful::<TwoPhaseSet>(&Rule::default(), &BOTH);
        lawful::<TombstoneSet>(&Rule::default(), &BOTH);
        lawful::<AddWinsSet>(&Rule::default(), &BOTH);
        lawful::<RemoveWinsSet>(&Rule::default(), &BOTH);
    }

    #[test]
    fn a_set_without_tombstones_breaks_the_laws_of_merging() {
        let expect = ["merge is monotone", "merge is the union of operations", "delta"];
        breaks::<TombstoneSet>(Mistake::OrSetNoTombstone, &BOTH, &expect);
    }

    #[test]
    fn one_that_throws_its_tombstones_away_breaks_the_same() {
        let expect = ["merge is monotone", "merge is the union of operations", "delta"];
        breaks::<TombstoneSet>(Mistake::Doomstone, &BOTH, &expect);
    }

    /// S1: alice was added at two nodes and is there; bob was added at one, and removed by one that had seen it.
    fn alice_and_bob<T: Crdt + Default>(mistake: Option<Mistake>) -> Vec<u32> {
        let rule = Rule { mistake, ..Rule::default() };
        let (mut one, mut two) = (Site::<T>::new(0, &rule), Site::<T>::new(1, &rule));
        one.ask(add(ALICE, 1));
        two.ask(add(ALICE, 1));
        one.ask(add(BOB, 1));
        two.merge(&one);
        two.ask(remove(BOB, 1));
        two.merge(&one);
        one.merge(&two);
        assert_eq!(elements(&one), elements(&two));
        elements(&one)
    }

    #[test]
    fn bob_is_gone_unless_his_removal_leaves_no_trace() {
        assert_eq!(alice_and_bob::<TombstoneSet>(None), [ALICE]);
        assert_eq!(alice_and_bob::<AddWinsSet>(None), [ALICE]);
        assert_eq!(alice_and_bob::<RemoveWinsSet>(None), [ALICE]);
        assert_eq!(alice_and_bob::<TwoPhaseSet>(None), [ALICE]);
        assert_eq!(alice_and_bob::<TombstoneSet>(Some(Mistake::OrSetNoTombstone)), [ALICE, BOB]);
    }

    /// An element is added here and removed there, where it was before, at once.
    fn at_once<T: Crdt + Default>() -> bool {
        let rule = Rule::default();
        let (mut one, mut two) = (Site::<T>::new(0, &rule), Site::<T>::new(1, &rule));
        one.ask(add(ALICE, 1));
        two.merge(&one);
        one.ask(add(ALICE, 1));
        two.ask(remove(ALICE, 1));
        one.merge(&two);
        two.merge(&one);
        assert_eq!(elements(&one), elements(&two));
        one.read(ALICE) == Value::Present(true)
    }

    #[test]
    fn what_is_added_and_removed_at_once() {
        assert!(at_once::<TombstoneSet>());
        assert!(at_once::<AddWinsSet>());
        assert!(!at_once::<RemoveWinsSet>());
        assert!(!at_once::<TwoPhaseSet>());
    }

    #[test]
    fn only_a_two_phase_set_keeps_what_was_removed_away() {
        fn again<T: Crdt + Default>() -> bool {
            let mut one = Site::<T>::new(0, &Rule::default());
            [add(ALICE, 1), remove(ALICE, 1), add(ALICE, 1)].into_iter().for_each(|request| one.ask(request));
            one.read(ALICE) == Value::Present(true)
        }
        assert!(again::<TombstoneSet>() && again::<AddWinsSet>() && again::<RemoveWinsSet>());
        assert!(!again::<TwoPhaseSet>());
    }

    #[test]
    fn a_tombstone_that_is_thrown_away_too_soon_lets_the_element_rise_again() {
        for (mistake, risen) in [(None, false), (Some(Mistake::Doomstone), true)] {
            let rule = Rule { mistake, ..Rule::default() };
            let (mut one, mut away) = (Site::<TombstoneSet>::new(0, &rule), Site::<TombstoneSet>::new(1, &rule));
            one.ask(add(ALICE, 1));
            away.merge(&one);
            one.ask(remove(ALICE, 1));
            (10..14).for_each(|element| one.ask(add(element, 1)));
            one.merge(&away);
            assert_eq!(one.read(ALICE), Value::Present(risen), "{mistake:?}");
        }
    }

    #[test]
    fn a_removed_element_leaves_nothing_where_additions_win() {
        let mut one = Site::<AddWinsSet>::new(0, &Rule::default());
        for element in 0..100 {
            one.ask(add(element, 1));
            one.ask(remove(element, 1));
        }
        assert!(one.state.is_empty());
        assert!(one.state.wire_len() < 40);
    }

    #[test]
    fn orders_of_additions_and_removals_at_two_replicas() {
        let asked =
            [(0, add(ALICE, 1)), (1, add(BOB, 1)), (0, remove(ALICE, 1))].map(|(replica, request)| Asked { replica, request });
        let orders = execution_orders(&AddWinsSet::default(), &Rule::default(), &asked);
        assert_eq!(orders.len(), 6);
        // A removal that comes first finds nothing to remove.
        assert!(!converge(&orders));
        assert_eq!(orders[0].values, vec![Value::Elements(vec![BOB]); 2]);
    }

    #[test]
    fn two_large_sets_that_differ_in_little_meet_by_what_they_lack() {
        let rule = Rule::default();
        let mut one = Site::<AddWinsSet>::new(0, &rule);
        (0..20_000).for_each(|element| one.ask(add(element, 1)));
        let mut two = Site::<AddWinsSet>::new(1, &rule);
        two.merge(&one);
        two.ask(remove(7, 1));
        two.ask(add(20_000, 1));
        let beyond = two.state.beyond(&rule, &one.state).expect("two has more");
        assert!(beyond.wire_len() < 200, "{beyond:?}");
        one.state.merge(&rule, &beyond);
        assert_eq!(one.state, two.state);
        assert_eq!(one.state.digest(), one.state.digest_anew());
        assert_eq!(two.state.beyond(&rule, &one.state), None);
    }
}
