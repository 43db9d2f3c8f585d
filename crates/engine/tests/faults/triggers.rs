//! Faults that wait for something to happen.

use crate::clerk::{Facts, HABITS, Habits, Note, Said, at, facts, heard, node, run, world};
use quorate_engine::fault::{Fault, On, Tail, Timed, Trigger, Who, Whom};
use quorate_engine::time::{MILLISECOND, SECOND};
use quorate_engine::*;

fn when(on: On, nth: Option<u32>, after_ms: u64) -> Trigger {
    Trigger { on, by: None, nth, after: after_ms * MILLISECOND }
}

/// Whoever did what the trigger waits for.
fn there(trigger: Trigger, fault: Fault) -> Timed {
    Timed { trigger: Some(trigger), whom: Some(Whom { who: Who::There, number: 0 }), ..at(0, fault) }
}

fn crash() -> Fault {
    Fault::Crash(NodeSet::default(), Tail::Lost)
}

fn of(facts: &Facts, by: u32) -> impl Iterator<Item = (Time, &Said)> {
    facts.iter().filter(move |fact| fact.1.0 == by).map(|(at, _, said)| (*at, said))
}

#[test]
fn a_fact_sets_off_a_fault_at_its_nth_time_after_a_while_or_every_time() {
    let (base, _) = facts(Vec::new());
    let counted: Vec<(Time, NodeId)> =
        base.iter().filter(|(_, _, said)| matches!(said, Said::Counted(_))).map(|fact| (fact.0, fact.1)).collect();
    // The seventh time that anybody counts, it stops at once: it does not even tell the others.
    let (faulty, run) = facts(vec![there(when(On::Fact("counted"), Some(7), 0), crash())]);
    let (instant, who) = counted[6];
    let strike = &run.outcome.strikes[0];
    assert_eq!((strike.times, strike.first, strike.touched), (1, Some(instant), 1));
    assert_eq!(strike.planned.fault, Fault::Crash(NodeSet::one(who), Tail::Lost));
    assert!(run.replicas[who.index()].is_none());
    assert!(!of(&faulty, who.0).any(|(at, said)| at > instant || (at == instant && matches!(said, Said::Synced(_)))));
    let told = of(&base, who.0).filter(|(at, said)| *at <= instant && matches!(said, Said::Counted(_))).count() as u32;
    assert!(!heard(&faulty).any(|(_, _, from, number)| from == who.0 && number >= told));
    // 30 ms later it has told them.
    let (faulty, run) = facts(vec![there(when(On::Fact("counted"), Some(7), 30), crash())]);
    assert_eq!(run.outcome.strikes[0].first, Some(instant + 30 * MILLISECOND));
    assert_eq!(heard(&faulty).filter(|&(_, _, from, number)| from == who.0 && number == told).count(), 3);
    // From 3 s on, only node 2, every time: it is paused for 10 ms each time that it counts.
    let by_2 = |after| Trigger { by: Some(node(2)), ..when(On::Fact("counted"), None, after) };
    let pause = Timed { at: Time(3 * SECOND), ..there(by_2(0), Fault::Pause(NodeSet::default())) };
    let resume = Timed { at: Time(3 * SECOND), ..there(by_2(10), Fault::Resume(NodeSet::default())) };
    let (faulty, run) = facts(vec![pause, resume]);
    let times = of(&faulty, 2).filter(|(at, said)| at.0 >= 3 * SECOND && matches!(said, Said::Counted(_))).count() as u32;
    assert!(times > 50);
    assert_eq!(run.outcome.strikes[0].times, times);
    assert!(run.outcome.strikes[1].times + 1 >= times);
}

#[test]
fn a_node_may_stop_between_two_messages_of_one_handler() {
    // A count goes to three others: after the second of them, the sender is no more.
    let (faulty, run) = facts(vec![there(when(On::Sent("count"), Some(8), 0), crash())]);
    let (who, _) = run.replicas.iter().enumerate().find(|(_, replica)| replica.is_none()).unwrap();
    let last = of(&faulty, who as u32)
        .filter_map(|(_, said)| if let Said::Counted(number) = said { Some(*number) } else { None })
        .last()
        .unwrap();
    assert_eq!(heard(&faulty).filter(|&(_, _, from, number)| from == who as u32 && number == last).count(), 2);
    assert_eq!(run.outcome.strikes[0].times, 1);
}

#[test]
fn a_node_may_stop_while_it_writes_or_before_it_is_told() {
    for (on, records) in [(On::Sync, 4), (On::Synced, 5)] {
        let trigger = Trigger { by: Some(node(1)), ..when(on, Some(5), 0) };
        let (faulty, _) = facts(vec![there(trigger, crash()), at(8_000, Fault::Restart(node(1)))]);
        let began: Vec<_> =
            of(&faulty, 1).filter(|(_, said)| matches!(said, Said::Began { .. })).map(|(_, said)| said.clone()).collect();
        assert_eq!(began, [Said::Began { records: 0 }, Said::Began { records }], "{on:?}");
        let told = of(&faulty, 1).filter(|(at, said)| at.0 < 8 * SECOND && matches!(said, Said::Synced(_))).count();
        assert_eq!(told, 4, "{on:?}");
    }
}

#[test]
fn a_receipt_sets_off_a_fault_once_it_has_been_handled() {
    let thankful = Habits { thanks: true, ..HABITS };
    let trigger = Trigger { by: Some(node(3)), ..when(On::Received("count"), Some(2), 0) };
    let run = run(&world(4, vec![there(trigger, crash())]), thankful);
    let last = of(&run.facts, 3).last().map(|(at, said)| (at, said.clone())).unwrap();
    assert!(matches!(last.1, Said::Heard { .. }));
    assert_eq!(run.outcome.strikes[0].first, Some(last.0));
    let notes = |by: Option<u32>, from: Option<u32>, thanks: bool| {
        let told = |fact: &&(Time, NodeId, Said)| {
            let Said::Heard { from: sender, note } = &fact.2 else { return false };
            by.is_none_or(|by| fact.1.0 == by)
                && from.is_none_or(|from| sender.0 == from)
                && matches!(note, Note::Thanks(_)) == thanks
        };
        run.facts.iter().filter(told).count()
    };
    assert_eq!(notes(Some(3), None, false), 2);
    assert_eq!(notes(None, Some(3), true), 2, "its thanks are on their way");
}

#[test]
fn what_never_happens_sets_off_nothing() {
    let (_, run) = facts(vec![there(when(On::Received("thanks"), Some(1), 0), crash())]);
    assert!(!run.outcome.strikes[0].struck());
    assert!(run.replicas.iter().all(Option::is_some));
}
