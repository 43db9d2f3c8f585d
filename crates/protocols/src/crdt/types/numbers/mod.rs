//! Numbers beside the plain counter: an account as a log of its events, a number that is read, changed and written back, a counter that
//! goes back to zero, and one that never goes below it.

mod bounded;
mod event_log;
mod read_add_write;
mod resettable;

pub use bounded::{BoundedCounter, Operation as BoundedOperation};
pub use event_log::{EventLog, Events};
pub use read_add_write::{Operation as ReadAddWriteOperation, ReadAddWrite};
pub use resettable::{Operation as ResettableOperation, ResettableCounter};

/// A sum as people see it.
fn number(sum: i128) -> i64 {
    sum.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

#[cfg(test)]
mod tests {
    use super::super::dot::Origin;
    use super::super::laws::Choose;
    use super::super::laws::tests::{add_or_remove, breaks, lawful};
    use super::super::tests::{Site, add, remove};
    use super::super::{Clock, Crdt, Mistake, PnCounter, Request, Rule, Value};
    use super::*;
    use quorate_engine::NodeId;

    fn or_clear(choose: &mut Choose<'_>) -> Request {
        if choose(3) == 0 { Request::Clear { key: 0 } } else { add_or_remove(choose) }
    }

    fn or_share(choose: &mut Choose<'_>) -> Request {
        if choose(3) == 0 { Request::Share } else { add_or_remove(choose) }
    }

    fn escrow() -> Rule {
        Rule { rights: (2, 3), ..Rule::default() }
    }

    fn two<T: Crdt + Default>(rule: &Rule) -> [Site<T>; 2] {
        [0, 1].map(|node| Site::new(node, rule))
    }

    /// Each hears of the other.
    fn meet<T: Crdt>([one, two]: &mut [Site<T>; 2]) {
        one.merge(two);
        two.merge(one);
        assert_eq!(one.value(), two.value());
    }

    #[test]
    fn all_numbers_are_lawful() {
        lawful::<EventLog>(&Rule::default(), &add_or_remove);
        lawful::<EventLog>(&Rule { floor: Some(0), ..Rule::default() }, &add_or_remove);
        lawful::<ReadAddWrite>(&Rule::default(), &add_or_remove);
        lawful::<ReadAddWrite>(&Rule { clock: Clock::Wall, ..Rule::default() }, &add_or_remove);
        lawful::<ResettableCounter>(&Rule::default(), &or_clear);
        lawful::<BoundedCounter>(&escrow(), &or_share);
    }

    #[test]
    fn a_reset_that_writes_zeros_breaks_the_laws() {
        let expect = ["operations commute", "merge is monotone", "merge is the union of operations", "delta"];
        breaks::<ResettableCounter>(Mistake::PnReset, &or_clear, &expect);
    }

    #[test]
    fn a_reset_takes_what_it_has_seen_and_no_more() {
        for (mistake, expect) in [(None, 1), (Some(Mistake::PnReset), 6)] {
            let mut sites = two::<ResettableCounter>(&Rule { mistake, ..Rule::default() });
            sites[0].ask(add(0, 5));
            meet(&mut sites);
            sites[1].ask(Request::Clear { key: 0 });
            assert_eq!(sites[1].value(), Value::Number(0));
            sites[0].ask(add(0, 1));
            meet(&mut sites);
            assert_eq!(sites[0].value(), Value::Number(expect), "{mistake:?}");
        }
    }

    #[test]
    fn zeros_drop_what_is_added_after_them() {
        for (mistake, expect) in [(None, 2), (Some(Mistake::PnReset), 5)] {
            let mut sites = two::<ResettableCounter>(&Rule { mistake, ..Rule::default() });
            sites[0].ask(add(0, 5));
            meet(&mut sites);
            sites[0].ask(Request::Clear { key: 0 });
            sites[0].ask(add(0, 2));
            meet(&mut sites);
            assert_eq!(sites[0].value(), Value::Number(expect), "{mistake:?}");
        }
    }

    #[test]
    fn two_resets_at_once_take_away_once() {
        let mut sites = two::<ResettableCounter>(&Rule::default());
        sites[0].ask(add(0, 5));
        meet(&mut sites);
        sites.iter_mut().for_each(|site| site.ask(Request::Clear { key: 0 }));
        sites[1].ask(remove(0, 3));
        meet(&mut sites);
        assert_eq!(sites[0].value(), Value::Number(-3));
    }

    /// Both take 8 of 10 at once.
    fn overdraw<T: Crdt + Default>(rule: &Rule, expect: i64) {
        let mut sites = two::<T>(rule);
        sites[0].ask(add(0, 10));
        meet(&mut sites);
        sites.iter_mut().for_each(|site| site.ask(remove(0, 8)));
        assert_eq!(sites[0].try_ask(remove(0, 8)).err(), Some("it would go below its floor"));
        meet(&mut sites);
        assert_eq!(sites[0].value(), Value::Number(expect));
    }

    #[test]
    fn a_floor_that_each_replica_keeps_by_itself_is_not_kept_by_all() {
        let rule = Rule { floor: Some(0), ..Rule::default() };
        overdraw::<PnCounter>(&rule, -6);
        overdraw::<EventLog>(&rule, -6);
        overdraw::<ResettableCounter>(&rule, -6);
        // Here an update is lost: it shows money that is gone.
        overdraw::<ReadAddWrite>(&rule, 2);
    }

    #[test]
    fn additions_at_once_are_lost_where_the_sum_is_written() {
        fn both<T: Crdt + Default>() -> Value {
            let mut sites = two::<T>(&Rule::default());
            sites.iter_mut().for_each(|site| site.ask(add(0, 3)));
            meet(&mut sites);
            sites[0].value()
        }
        assert_eq!(both::<EventLog>(), Value::Number(6));
        assert_eq!(both::<PnCounter>(), Value::Number(6));
        assert_eq!(both::<ReadAddWrite>(), Value::Number(3));
    }

    #[test]
    fn rights_are_used_up_and_given_away() {
        let rule = Rule { rights: (10, 2), ..Rule::default() };
        let mut sites = two::<BoundedCounter>(&rule);
        let rights = |sites: &[Site<BoundedCounter>; 2]| {
            [0, 1].map(|node| sites[0].state.rights(&rule, Origin { node: NodeId(node), life: 0 }))
        };
        assert_eq!(sites[0].value(), Value::Number(20));
        sites[0].ask(remove(0, 8));
        assert_eq!(sites[0].try_ask(remove(0, 8)).err(), Some("it has too few rights left"));
        sites[1].ask(Request::Share);
        meet(&mut sites);
        assert_eq!((sites[0].value(), rights(&sites)), (Value::Number(12), [7, 5]));
        sites[0].ask(remove(0, 7));
        assert_eq!(sites[0].try_ask(Request::Share).err(), Some("it has no rights to give away"));
        sites[0].ask(add(0, 1));
        assert_eq!((sites[0].value(), rights(&sites)), (Value::Number(6), [1, 5]));
    }
}
