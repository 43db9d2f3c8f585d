//! Hosts that take time under what befalls them: overload, standstill, crashes.

use crate::courier::*;
use quorate_engine::fault::{Fault, Timed};
use quorate_engine::latency::Distribution;
use quorate_engine::ledger::Cause;
use quorate_engine::outcome::OperationStatus;
use quorate_engine::setup::{Hosts, Setup};
use quorate_engine::time::{MILLISECOND, SECOND};
use quorate_engine::*;

/// Node 1 takes 100 ms for each word.
fn slow(inbox: Option<u32>, faults: Vec<Timed>) -> Setup {
    let mut setup = world(3, 10);
    let service = Some(Distribution::Constant { ns: 100 * MILLISECOND }.into());
    setup.hosts = vec![Hosts {
        nodes: NodeSet::one(NodeId(1)),
        service,
        inbox,
        overflow: quorate_engine::setup::Overflow::Shed,
        egress: None,
    }];
    setup.faults = faults;
    setup
}

fn at(at_ms: u64, fault: impl Fn(NodeSet) -> Fault) -> Timed {
    Timed::new(Time(at_ms * MILLISECOND), fault(NodeSet::one(NodeId(1))))
}

/// Node 0 tells node 1 four words 10 ms apart, from 1 s on.
fn four() -> Vec<setup::Planned<Wish>> {
    (0..4).map(|index| wish(SECOND + index * 10 * MILLISECOND, 0, Wish::Tell(NodeId(1)))).collect()
}

#[test]
fn words_are_served_one_after_the_other() {
    let run = run(&slow(None, Vec::new()), 0, four());
    assert_eq!(heard(&run), [(1_110, 1, 0), (1_210, 1, 0), (1_310, 1, 0), (1_410, 1, 0)]);
    assert_eq!(run.outcome.busiest_host, Some((NodeId(1), 400 * MILLISECOND)));
    assert_eq!((run.outcome.host_waits.longest, run.outcome.host_waits.total), (270 * MILLISECOND, 540 * MILLISECOND as u128));
}

#[test]
fn an_inbox_that_is_full_turns_away_what_comes() {
    let run = run(&slow(Some(2), Vec::new()), 0, [four(), vec![wish(1_050 * MILLISECOND, 1, Wish::Nothing)]].concat());
    assert_eq!(heard(&run), [(1_110, 1, 0), (1_210, 1, 0)]);
    assert_eq!(run.outcome.ledger.between_replicas().dropped[Cause::Inbox as usize], 2);
    assert_eq!(run.outcome.operations[4].status, OperationStatus::Refused, "a client on the machine sees it");
}

#[test]
fn a_standstill_delays_all_that_was_taken_in() {
    let stands = vec![at(1_150, Fault::Pause), at(2_150, Fault::Resume)];
    let run = run(&slow(None, stands), 0, [four(), vec![wish(1_500 * MILLISECOND, 0, Wish::Tell(NodeId(1)))]].concat());
    // 60 ms of the second are left at 1,150; what came meanwhile joins the end.
    assert_eq!(heard(&run), [(1_110, 1, 0), (2_210, 1, 0), (2_310, 1, 0), (2_410, 1, 0), (2_510, 1, 0)]);
}

#[test]
fn two_standstills_delay_twice() {
    let stands = vec![at(1_150, Fault::Pause), at(1_250, Fault::Resume), at(1_280, Fault::Pause), at(3_000, Fault::Resume)];
    let run = run(&slow(None, stands), 0, four());
    assert_eq!(heard(&run), [(1_110, 1, 0), (3_030, 1, 0), (3_130, 1, 0), (3_230, 1, 0)]);
}

#[test]
fn a_crash_loses_the_inbox() {
    let dies = vec![at(1_150, |nodes| Fault::Crash(nodes, quorate_engine::fault::Tail::Lost)), at(1_160, Fault::Restart)];
    let run = run(&slow(None, dies), 0, [four(), vec![wish(1_500 * MILLISECOND, 0, Wish::Tell(NodeId(1)))]].concat());
    assert_eq!(heard(&run), [(1_110, 1, 0), (1_610, 1, 0)]);
    assert_eq!(run.outcome.ledger.between_replicas().dropped[Cause::Down as usize], 3);
    assert_eq!(run.outcome.busiest_host, Some((NodeId(1), (100 + 40 + 100) * MILLISECOND)), "what it never did, it did not do");
}

#[test]
fn a_crash_in_a_standstill_loses_the_inbox_too() {
    let dies = vec![
        at(1_150, Fault::Pause),
        at(1_450, |nodes| Fault::Crash(nodes, quorate_engine::fault::Tail::Lost)),
        at(1_460, Fault::Restart),
    ];
    let run = run(&slow(None, dies), 0, [four(), vec![wish(1_500 * MILLISECOND, 0, Wish::Tell(NodeId(1)))]].concat());
    assert_eq!(heard(&run), [(1_110, 1, 0), (1_610, 1, 0)]);
    assert_eq!(run.outcome.ledger.between_replicas().dropped[Cause::Down as usize], 3);
}

#[test]
fn requests_in_an_inbox_are_delivered_when_they_are_handled() {
    let mut setup = slow(Some(1), vec![at(1_050, |nodes| Fault::Crash(nodes, quorate_engine::fault::Tail::Lost))]);
    setup.network.client_latency = Some(Distribution::Constant { ns: MILLISECOND }.into());
    let wishes = (0..3).map(|index| wish(SECOND + index * MILLISECOND, 1, Wish::Nothing)).collect();
    let run = run(&setup, 0, wishes);
    let requests = run.outcome.ledger.by_kind().find(|(kind, _)| kind.name == "request").unwrap().1;
    let dropped = |cause| requests.dropped[cause as usize];
    assert_eq!((requests.sent, requests.delivered, dropped(Cause::Inbox), dropped(Cause::Down)), (3, 0, 2, 1));
}

#[test]
fn equal_ends_of_service_keep_the_order_of_arrival_over_a_standstill() {
    let part = |ms| (1.0, Distribution::Constant { ns: ms * MILLISECOND });
    for seed in 0..200 {
        let mut setup = Setup { seed, ..slow(None, vec![at(1_150, Fault::Pause), at(3_000, Fault::Resume)]) };
        setup.hosts[0].service = Some(Distribution::mixture([part(0), part(100)]).into());
        let run = run(&setup, 0, (0..8).map(|index| wish(SECOND + index * MILLISECOND, 0, Wish::Tell(NodeId(1)))).collect());
        let numbers: Vec<u32> = run
            .facts
            .iter()
            .filter_map(|(_, _, said)| if let Said::Heard { number, .. } = said { Some(*number) } else { None })
            .collect();
        assert_eq!(numbers, (0..8).collect::<Vec<_>>(), "seed {seed}");
    }
}

#[test]
fn a_host_that_stands_still_does_not_work() {
    let run = run(&slow(None, vec![at(1_030, Fault::Pause)]), 0, four());
    assert_eq!(run.outcome.busiest_host, Some((NodeId(1), 20 * MILLISECOND)));
}

#[test]
fn a_standstill_counts_as_waiting() {
    let stands = vec![at(1_050, Fault::Pause), at(3_050, Fault::Resume)];
    assert_eq!(run(&slow(None, stands), 0, four()).outcome.host_waits.longest, 2_270 * MILLISECOND);
}
