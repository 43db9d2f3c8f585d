//! Who reaches whom, over how many hops, and what that costs; and links that come and go.

use crate::courier::*;
use quorate_engine::fault::{Fault, Partition, Tail, Timed};
use quorate_engine::ledger::Cause;
use quorate_engine::setup::{Change, Changed, Routing};
use quorate_engine::time::{MILLISECOND, SECOND};
use quorate_engine::topology::Topology;
use quorate_engine::*;

#[test]
fn a_message_beyond_the_neighbours_is_handed_on_hop_by_hop() {
    let mut setup = world(7, 2);
    setup.network.topology = Topology::Line;
    let run = run(&setup, 0, vec![wish(SECOND, 1, Wish::Tell(NodeId(5)))]);
    assert_eq!(heard(&run), [(1_040, 5, 1)], "four hops of 10 ms; the receiver sees who sent it at first");
    let total = run.outcome.ledger.between_replicas();
    assert_eq!((total.sent, total.delivered, run.outcome.ledger.relayed), (4, 4, 3));
    assert_eq!(run.outcome.ledger.depth_max, 4, "each hop is a message delay");
}

#[test]
fn a_broadcast_goes_over_each_link_of_a_tree_once() {
    for topology in
        [Topology::Line, Topology::Star { hub: NodeId(2) }, Topology::Tree { branching: 2 }, Topology::Ring { reach: 1 }]
    {
        for from in [0, 3, 6] {
            let mut setup = world(7, 2);
            setup.network.topology = topology.clone();
            let run = run(&setup, 0, vec![wish(SECOND, from, Wish::TellAll)]);
            let mut who: Vec<u32> = heard(&run).iter().map(|(_, by, _)| *by).collect();
            who.sort_unstable();
            let others: Vec<u32> = (0..7).filter(|node| *node != from).collect();
            assert_eq!(who, others, "{topology:?} from {from}");
            assert!(heard(&run).iter().all(|(_, _, sender)| *sender == from));
            assert_eq!(run.outcome.ledger.between_replicas().sent, 6);
        }
    }
}

#[test]
fn in_a_mesh_a_broadcast_is_a_message_each() {
    let run = run(&world(7, 2), 0, vec![wish(SECOND, 3, Wish::TellAll)]);
    assert_eq!((run.outcome.ledger.between_replicas().sent, run.outcome.ledger.relayed), (6, 0));
}

#[test]
fn a_multicast_shares_the_links_that_its_receivers_have_in_common() {
    let mut setup = world(8, 2);
    setup.network.topology = Topology::Tree { branching: 2 };
    // Nodes 7 and 4 hang under 3 and 1: from 0 the way is 1, then 3 and 7, and 4.
    let some = vec![NodeId(7), NodeId(4), NodeId(4), NodeId(0)];
    let run = run(&setup, 0, vec![wish(SECOND, 0, Wish::TellSome(some))]);
    assert_eq!(heard(&run), [(1_020, 4, 0), (1_030, 7, 0)]);
    assert_eq!(run.outcome.ledger.between_replicas().sent, 4, "0-1, 1-4, 1-3, 3-7");
}

#[test]
fn who_reaches_only_neighbours_loses_what_goes_farther() {
    let mut setup = world(4, 2);
    setup.network.topology = Topology::Line;
    setup.network.routing = Routing::Neighbours;
    let wishes = vec![wish(SECOND, 0, Wish::Tell(NodeId(2))), wish(SECOND, 1, Wish::TellAll)];
    let run = run(&setup, 0, wishes);
    assert_eq!(heard(&run), [(1_010, 0, 1), (1_010, 2, 1)]);
    assert_eq!(run.outcome.ledger.between_replicas().dropped[Cause::NoRoute as usize], 2);
}

#[test]
fn a_relay_that_is_down_cut_off_or_paused_does_what_it_can() {
    let strike = |at_ms: u64, fault| Timed::new(Time(at_ms * MILLISECOND), fault);
    let one = || NodeSet::one(NodeId(1));
    let through = |faults| {
        let mut setup = world(3, 4);
        setup.network.topology = Topology::Line;
        setup.faults = faults;
        run(&setup, 0, vec![wish(SECOND, 0, Wish::Tell(NodeId(2)))])
    };
    let down = through(vec![strike(500, Fault::Crash(one(), Tail::Lost))]);
    assert_eq!((heard(&down), down.outcome.ledger.between_replicas().dropped[Cause::Down as usize]), (vec![], 1));
    let paused = through(vec![strike(500, Fault::Pause(one())), strike(2_000, Fault::Resume(one()))]);
    assert_eq!(heard(&paused), [(2_010, 2, 0)], "it waits at the relay");
    let cut = Partition::Groups(vec![NodeSet::range(0, 2), NodeSet::range(2, 3)]);
    let cut = through(vec![strike(500, Fault::Partition(0, cut))]);
    assert_eq!((heard(&cut), cut.outcome.strikes[0].messages_lost), (vec![], 1), "the second hop is lost");
    let ends = Partition::Groups(vec![NodeSet::one(NodeId(0)), NodeSet::one(NodeId(2))]);
    let around = through(vec![strike(500, Fault::Partition(0, ends))]);
    assert_eq!(heard(&around), [(1_020, 2, 0)], "neither hop is between the two that are cut off from each other");
}

#[test]
fn links_come_and_go_and_ways_follow() {
    let change = |at_ms: u64, what| Change { at: Time(at_ms * MILLISECOND), what };
    let mut setup = world(5, 6);
    setup.network.topology = Topology::Ring { reach: 1 };
    setup.network.changes = vec![
        change(1_000, Changed::Links(0, false, vec![(0, 1)])),
        change(2_000, Changed::Links(1, true, vec![(1, 0)])),
        change(3_000, Changed::Attach(NodeSet::one(NodeId(1)), NodeSet::one(NodeId(4)))),
        change(4_000, Changed::Links(2, false, vec![(4, 1)])),
    ];
    let at = |ms| wish(ms * MILLISECOND, 0, Wish::Tell(NodeId(1)));
    let run = run(&setup, 0, [500, 1_000, 2_500, 3_500, 4_500].map(at).to_vec());
    // Direct; all the way round; direct again; over node 4; and then to nobody.
    assert_eq!(heard(&run), [(510, 1, 0), (1_040, 1, 0), (2_510, 1, 0), (3_520, 1, 0)]);
    assert_eq!(run.outcome.ledger.between_replicas().dropped[Cause::NoRoute as usize], 1);
}

#[test]
fn of_a_link_holds_what_was_said_last_and_is_not_undone() {
    let said = |at_ms: u64, what| Change { at: Time(at_ms * MILLISECOND), what };
    let mut setup = world(6, 20);
    setup.network.topology = Topology::Ring { reach: 1 };
    setup.network.changes = vec![
        said(1_000, Changed::Links(0, false, vec![(0, 1)])),
        said(2_000, Changed::Links(1, false, vec![(1, 0)])),
        said(3_000, Changed::Undo(0)), // the other still holds
        said(4_000, Changed::Links(2, true, vec![(0, 1), (0, 3)])),
        said(5_000, Changed::Undo(1)),
        said(6_000, Changed::Undo(2)), // as the topology has it
        said(7_000, Changed::Links(3, false, vec![(0, 3)])),
        said(8_000, Changed::Undo(3)), // there was no such link, and there is none now
    ];
    let tell = |ms, to| wish(ms * MILLISECOND, 0, Wish::Tell(NodeId(to)));
    let at = [500, 1_500, 2_500, 3_500, 4_500, 5_500, 6_500, 8_500];
    let run = run(&setup, 0, at.iter().flat_map(|ms| [tell(*ms, 1), tell(*ms, 3)]).collect());
    let took = |to| -> Vec<u64> {
        let heard = heard(&run).into_iter().filter(|(_, by, _)| *by == to).map(|(ms, ..)| ms);
        heard.zip(at).map(|(ms, at)| (ms - at) / 10).collect()
    };
    assert_eq!(took(1), [1, 5, 5, 5, 1, 1, 1, 1]);
    assert_eq!(took(3), [3, 3, 3, 3, 1, 1, 3, 3]);
}

#[test]
fn what_goes_to_many_follows_the_tree_as_it_was_and_counts_whom_it_cannot_reach() {
    let with = |topology: &Topology, changes: Vec<(u64, Changed)>, wish_: Wish| {
        let mut setup = world(5, 3);
        setup.network.topology = topology.clone();
        setup.network.changes = changes.into_iter().map(|(ms, what)| Change { at: Time(ms * MILLISECOND), what }).collect();
        let run = run(&setup, 0, vec![wish(SECOND, 0, wish_)]);
        let mut who: Vec<u32> = heard(&run).iter().map(|(_, by, _)| *by).collect();
        who.sort_unstable();
        (who, run.outcome.ledger.between_replicas().dropped[Cause::NoRoute as usize])
    };
    let line = Topology::Line;
    // A link that comes while it is under way changes nothing; nor does one that was away and comes back.
    let comes = vec![(1_005, Changed::Links(0, true, vec![(0, 3)]))];
    assert_eq!(with(&line, comes.clone(), Wish::TellAll), (vec![1, 2, 3, 4], 0));
    assert_eq!(with(&line, comes, Wish::TellSome(vec![NodeId(3)])), (vec![3], 0));
    let back = vec![(500, Changed::Links(0, false, vec![(0, 1)])), (1_005, Changed::Undo(0))];
    assert_eq!(with(&Topology::Ring { reach: 1 }, back, Wish::TellAll), (vec![1, 2, 3, 4], 0));
    // A link that goes ahead of it costs those behind.
    let goes = vec![(1_005, Changed::Links(0, false, vec![(2, 3)]))];
    assert_eq!(with(&line, goes.clone(), Wish::TellAll), (vec![1, 2], 2));
    assert_eq!(with(&line, goes.clone(), Wish::TellSome(vec![NodeId(2), NodeId(4)])), (vec![2], 1));
    assert_eq!(with(&line, goes, Wish::Tell(NodeId(4))), (vec![], 1));
}

#[test]
fn a_mesh_can_lose_a_link_too() {
    let mut setup = world(4, 3);
    setup.network.changes = vec![Change { at: Time(SECOND), what: Changed::Links(0, false, vec![(0, 1)]) }];
    let run = run(&setup, 0, vec![wish(500 * MILLISECOND, 0, Wish::Tell(NodeId(1))), wish(SECOND, 0, Wish::Tell(NodeId(1)))]);
    assert_eq!(heard(&run), [(510, 1, 0), (1_020, 1, 0)]);
}

#[test]
fn a_fault_befalls_whoever_stated_a_fact_last_and_ends_for_the_same() {
    let strike = |at_ms: u64, number, fault| Timed {
        whom: Some(fault::Whom { who: fault::Who::Stated("heard"), number }),
        ..Timed::new(Time(at_ms * MILLISECOND), fault)
    };
    let nobody = NodeSet::default;
    let mut setup = world(4, 9);
    setup.faults = vec![
        strike(500, 0, Fault::Crash(nobody(), Tail::Lost)),
        strike(1_500, 1, Fault::Crash(nobody(), Tail::Lost)),
        strike(2_500, 2, Fault::Partition(7, Partition::Groups(vec![nobody(), nobody()]))),
        strike(3_500, 1, Fault::Restart(nobody())),
        strike(3_600, 0, Fault::Restart(nobody())),
    ];
    let tell = |at, from, to| wish(at * SECOND, from, Wish::Tell(NodeId(to)));
    let run = run(&setup, 0, vec![tell(1, 0, 2), tell(2, 0, 3), tell(3, 3, 1), tell(4, 1, 2)]);
    // Node 2 hears and is crashed; node 3 hears and is isolated; it is node 2 that restarts.
    assert_eq!(heard(&run), [(1_010, 2, 0), (2_010, 3, 0), (4_010, 2, 1)]);
    let struck: Vec<_> = run.outcome.strikes.iter().map(|strike| (strike.struck(), strike.planned.fault.to_string())).collect();
    assert_eq!(struck[0], (false, "crash {}".to_string()), "nobody had heard anything by then");
    assert_eq!(struck[1], (true, "crash {2}".to_string()));
    assert_eq!(struck[2], (true, "partition {3} | {0..3}".to_string()));
    assert_eq!(struck[3], (true, "restart {2}".to_string()));
    assert!(!struck[4].0, "what did not befall it does not end");
}

/// Exploration takes no hops, waits nowhere and meets no clock that jumps; but who cannot be reached is not.
#[test]
fn a_search_takes_a_way_of_several_hops_as_one() {
    let mut setup = world(4, 9);
    setup.network.topology = Topology::Edges([(0, 1), (1, 2)].into());
    setup.hosts = vec![setup::Hosts {
        overflow: setup::Overflow::Shed,
        nodes: NodeSet::range(0, 4),
        service: Some(latency::Distribution::Constant { ns: SECOND }.into()),
        inbox: Some(1),
        egress: None,
    }];
    let jumps = setup::Jumps { every: latency::Distribution::Constant { ns: 1 }.into(), by_ns: clock::Spread::Constant(1) };
    setup.clocks = setup::Clocks::of_all(4, clock::Spread::ZERO, clock::Spread::ZERO);
    setup.clocks[0].jumps = Some(jumps);
    let wishes = vec![wish(0, 0, Wish::Tell(NodeId(2))), wish(0, 1, Wish::TellAll), wish(0, 0, Wish::Tell(NodeId(3)))];
    let bounds = explore::Bounds { depth: 12, states: 10_000, losses: 1, duplications: 1, crashes: 0 };
    let explored = explore::explore::<Courier>(&setup, &0, wishes, &bounds);
    assert!(explored.complete && explored.violation.is_none(), "{} states", explored.states);
    assert!(explored.states > 50, "{} states", explored.states);
}
