//! Registers under keys: what is written takes the place of what was there. They differ in what becomes of concurrent writes: of a
//! [`LastWriter`] one is kept, of a [`MultiValue`] all.

mod last_writer;
mod multi_value;

pub use last_writer::{LastWriter, Operation as LastWriterOperation, Stamped, Write};
pub use multi_value::{MultiValue, Siblings};

#[cfg(test)]
mod tests {
    use super::super::laws::Choose;
    use super::super::laws::tests::{add_or_remove, breaks, lawful};
    use super::super::tests::{Site, write};
    use super::super::{Clock, Mistake, Request, Rule, Value};
    use super::*;

    /// Writes in place of what was read: nothing, or what some write may have left.
    fn write_over(choose: &mut Choose<'_>) -> Request {
        let over = (0..choose(3)).map(|_| choose(3)).collect();
        Request::Write { key: choose(2) as u32, value: choose(3), over }
    }

    #[test]
    fn all_registers_are_lawful() {
        for clock in [Clock::Wall, Clock::Lamport, Clock::Hybrid] {
            for first_wins in [false, true] {
                lawful::<LastWriter>(&Rule { clock, first_wins, ..Rule::default() }, &add_or_remove);
            }
        }
        lawful::<MultiValue>(&Rule::default(), &add_or_remove);
        lawful::<MultiValue>(&Rule::default(), &write_over);
    }

    #[test]
    fn ties_that_arrival_decides_depend_on_the_order() {
        let expect = ["operations commute", "merge is commutative", "merge is the union of operations"];
        breaks::<LastWriter>(Mistake::LwwTie, &add_or_remove, &expect);
    }

    /// Two replicas write at the same time by their clocks, and each hears of the other.
    fn tie(rule: &Rule) -> [Value; 2] {
        let mut sites = [0, 1].map(|node| Site::<LastWriter>::new(node, rule));
        sites[0].ask(write(5, 10));
        sites[1].ask(write(5, 11));
        let before = sites.clone();
        sites[0].merge(&before[1]);
        sites[1].merge(&before[0]);
        sites.map(|site| site.read(5))
    }

    #[test]
    fn a_tie_goes_to_one_of_the_two_for_everybody() {
        let written = |value| Value::Written(Some(value));
        assert_eq!(tie(&Rule::default()), [written(11), written(11)]);
        assert_eq!(tie(&Rule { first_wins: true, ..Rule::default() }), [written(10), written(10)]);
        assert_eq!(tie(&Rule { mistake: Some(Mistake::LwwTie), ..Rule::default() }), [written(10), written(11)]);
    }

    #[test]
    fn a_slow_wall_clock_loses_the_later_write() {
        for (clock, stays) in [(Clock::Wall, 10), (Clock::Lamport, 11), (Clock::Hybrid, 11)] {
            let rule = Rule { clock, ..Rule::default() };
            let (mut fast, mut slow) = (Site::<LastWriter>::new(0, &rule), Site::<LastWriter>::new(1, &rule));
            fast.wall = 5_000_000_000;
            fast.ask(write(5, 10));
            slow.merge(&fast);
            slow.ask(write(5, 11));
            assert_eq!(slow.read(5), Value::Written(Some(stays)), "{clock:?}");
        }
    }

    #[test]
    fn concurrent_writes_stay_until_one_has_seen_them_all() {
        let rule = Rule::default();
        let (mut one, mut two) = (Site::<MultiValue>::new(0, &rule), Site::<MultiValue>::new(1, &rule));
        one.ask(write(5, 10));
        two.ask(write(5, 11));
        one.merge(&two);
        assert_eq!(one.read(5), Value::Several(vec![10, 11]));
        one.ask(write(5, 12));
        two.merge(&one);
        assert_eq!(two.read(5), Value::Several(vec![12]));
        assert_eq!(two.read(6), Value::Several(vec![]));
    }

    /// Preguiça et al. 2010: two clients read nothing, then each writes through the same server.
    #[test]
    fn of_two_clients_of_one_server_neither_has_seen_the_others_write() {
        for (mistake, left) in [(None, vec![10, 11]), (Some(Mistake::PerServer), vec![11])] {
            let rule = Rule { mistake, ..Rule::default() };
            let mut server = Site::<MultiValue>::new(0, &rule);
            server.ask(Request::Write { key: 5, value: 10, over: vec![] });
            server.ask(Request::Write { key: 5, value: 11, over: vec![] });
            assert_eq!(server.read(5), Value::Several(left.clone()));
            server.ask(Request::Write { key: 5, value: 12, over: left });
            assert_eq!(server.read(5), Value::Several(vec![12]));
        }
    }
}
