//! The shopping cart (S1 Pattern 4): for each item a counter that goes both ways, with a tally for each *replica*. Nothing is clamped: more
//! taken out than was ever put in is a debt, and is shown as one.
//!
//! The cart of S1 differs in three places, and each is a planted mistake: its counters have the cart's id for all replicas
//! ([`Mistake::CartId`]), taking out what is not there yet is dropped ([`Mistake::CartRemoveFirst`]), and a debt is shown as nothing
//! ([`Mistake::CartClamp`]).

use super::cells::{Cell, Cells};
use super::counter::Tally;
use super::dot::{Dot, Origin};
use super::{At, Mistake, Request, Rule, Value};
use quorate_engine::NodeId;

/// A cart.
pub type Cart = Cells<Items>;

/// Its cells: what a replica has put in and taken out of an item. The dot is number 0 of the replica.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Items;

/// The one id of S1's cart.
const CART: Origin = Origin { node: NodeId(0), life: 0 };

fn tallies(cart: &Cart, item: u32) -> impl Iterator<Item = &Tally> {
    cart.held.range((item, Dot::FIRST)..=(item, Dot::LAST)).map(|(_, tally)| tally)
}

/// S1 `get_quantity`.
fn quantity(cart: &Cart, rule: &Rule, item: u32) -> i64 {
    let sum: i128 = tallies(cart, item).map(Tally::value).sum();
    let least = if rule.mistake == Some(Mistake::CartClamp) { 0 } else { i64::MIN };
    sum.clamp(i128::from(least), i128::from(i64::MAX)) as i64
}

impl Cell for Items {
    type Key = (u32, Dot);
    type Held = Tally;
    /// The item, and how many of it go in.
    type Operation = (u32, i64);

    /// S1 `add_item`, `remove_item`.
    fn prepare(_: &Cart, _: &Rule, request: &Request, _: &mut At<'_>) -> Result<(u32, i64), &'static str> {
        match *request {
            Request::Add { key, amount, .. } => Ok((key, amount)),
            Request::Remove { key, amount } => Ok((key, -amount)),
            _ => Err("items are put into a cart and taken out"),
        }
    }

    fn changes(cart: &Cart, rule: &Rule, dot: Dot, &(item, amount): &(u32, i64)) -> Vec<((u32, Dot), Tally)> {
        // S1: `if item_id in self.items`.
        if rule.mistake == Some(Mistake::CartRemoveFirst) && amount < 0 && tallies(cart, item).next().is_none() {
            return Vec::new();
        }
        // S1: `PNCounter(self.cart_id)`.
        let origin = if rule.mistake == Some(Mistake::CartId) { CART } else { dot.origin };
        let key = (item, origin.dot(0));
        let before = cart.held.get(key).copied().unwrap_or_default();
        vec![(key, before.and(amount))]
    }

    fn join(_: &Rule, ours: &Tally, theirs: &Tally) -> Tally {
        ours.max(theirs)
    }

    fn part((item, _): (u32, Dot)) -> u64 {
        u64::from(item)
    }

    /// The items that were ever put in or taken out.
    fn value(cart: &Cart, rule: &Rule) -> Value {
        let mut items: Vec<u32> = cart.held.iter().map(|((item, _), _)| item).collect();
        items.dedup();
        Value::Entries(items.into_iter().map(|item| (item, Value::Number(quantity(cart, rule, item)))).collect())
    }

    fn read(cart: &Cart, rule: &Rule, item: u32) -> Value {
        Value::Number(quantity(cart, rule, item))
    }
}

#[cfg(test)]
mod tests {
    use super::super::laws::tests::{add_or_remove, breaks, lawful};
    use super::super::laws::{Asked, converge, execution_orders};
    use super::super::tests::{Site, add, remove};
    use super::*;

    const BOOK: u32 = 1;

    fn books(quantity: i64) -> Value {
        Value::Entries(vec![(BOOK, Value::Number(quantity))])
    }

    fn planted(mistake: Mistake) -> Rule {
        Rule { mistake: Some(mistake), ..Rule::default() }
    }

    /// S1's evidence: +2 at replica_1, +3 at replica_2, -1 at replica_1, in every order.
    fn evidence(rule: &Rule) -> (Vec<Value>, bool) {
        let asked =
            [(0, add(BOOK, 2)), (1, add(BOOK, 3)), (0, remove(BOOK, 1))].map(|(replica, request)| Asked { replica, request });
        let orders = execution_orders(&Cart::default(), rule, &asked);
        // Each order ends alike at both replicas, if the merge is one at all.
        (orders.iter().map(|order| order.values[0].clone()).collect(), converge(&orders))
    }

    #[test]
    fn the_cart_is_lawful() {
        lawful::<Cart>(&Rule::default(), &add_or_remove);
        lawful::<Cart>(&planted(Mistake::CartClamp), &add_or_remove);
    }

    #[test]
    fn two_of_the_mistakes_break_laws() {
        let expect = ["operations commute", "merge is the union of operations", "delta"];
        breaks::<Cart>(Mistake::CartRemoveFirst, &add_or_remove, &expect);
        let expect = ["merge is the union of operations", "delta"];
        breaks::<Cart>(Mistake::CartId, &add_or_remove, &expect);
    }

    #[test]
    fn two_and_three_less_one_are_four_books_in_every_order() {
        assert_eq!(evidence(&Rule::default()), (vec![books(4); 6], true));
    }

    #[test]
    fn with_one_id_for_all_replicas_they_are_two() {
        assert_eq!(evidence(&planted(Mistake::CartId)), (vec![books(2); 6], true));
    }

    #[test]
    fn a_removal_that_comes_first_is_dropped_and_leaves_five() {
        let (values, converge) = evidence(&planted(Mistake::CartRemoveFirst));
        // The orders 1 2 3, 1 3 2, 2 1 3, 2 3 1, 3 1 2, 3 2 1: in the last three replica_1 takes out before it puts in.
        assert_eq!(values, [4, 4, 4, 5, 5, 5].map(books));
        assert!(!converge);
    }

    #[test]
    fn a_clamp_hides_that_the_last_item_was_taken_twice() {
        for (rule, shown) in [(Rule::default(), -1), (planted(Mistake::CartClamp), 0)] {
            let (mut one, mut two) = (Site::<Cart>::new(0, &rule), Site::<Cart>::new(1, &rule));
            one.ask(add(BOOK, 1));
            two.merge(&one);
            one.ask(remove(BOOK, 1));
            two.ask(remove(BOOK, 1));
            one.merge(&two);
            assert_eq!((one.value(), one.read(BOOK)), (books(shown), Value::Number(shown)));
        }
    }
}
