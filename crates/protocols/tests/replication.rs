//! What the replicated registers promise beyond what every protocol of the registry is held to: what an operation costs, what a disk
//! may lose, and what one copy cannot know.

use crate::common::{QUIET, World, is_of_other_objects};
use quorate_engine::fault::{Behaviour, Fault, Partition, Tail, Timed};
use quorate_engine::latency::Distribution;
use quorate_engine::outcome::OperationStatus;
use quorate_engine::random::{Probability, StreamKey};
use quorate_engine::setup::{Disks, Setup};
use quorate_engine::time::{MILLISECOND, SECOND};
use quorate_engine::workload::{Aim, Backoff, KeyChoice, Mix, Pace, Population, Retries};
use quorate_engine::{NodeId, NodeSet, Time};
use quorate_protocols::options::{Value, Values};
use quorate_protocols::registry::{Ask, Asked, Job, Keep, Report, find};

fn values(protocol: &str, set: &[(&'static str, Value)]) -> Values {
    let mut values = Values::defaults(find(protocol).expect("a protocol").options);
    set.iter().for_each(|(name, value)| values.set(name, value.clone()));
    values
}

fn pair(mode: &'static str, failover: &'static str) -> Values {
    values("primary-backup", &[("mode", Value::Choice(mode)), ("failover", Value::Choice(failover))])
}

fn run(protocol: &str, setup: &Setup, options: &Values, workload: &[Asked]) -> Report {
    let job = Job { setup, options, variant: "right", workload, text: None, keep: Keep::Evidence };
    let mut report = (find(protocol).expect("a protocol").run)(&job).unwrap_or_else(|error| panic!("{protocol}: {error:?}"));
    report.checks.retain(|check| !is_of_other_objects(find(protocol).expect("a protocol"), check.name));
    report
}

fn ask(at_ms: u64, to: u32, ask: Ask) -> Asked {
    Asked { at: Time(at_ms * MILLISECOND), client: 0, to: NodeId(to), ask, timeout: None }
}

fn write(at_ms: u64, to: u32, key: u32) -> Asked {
    ask(at_ms, to, Ask::Update { key, amount: 1 })
}

fn read(at_ms: u64, to: u32, key: u32) -> Asked {
    ask(at_ms, to, Ask::Read { key })
}

fn verdict(report: &Report, check: &str) -> String {
    let check = report.checks.iter().find(|found| found.name == check).expect("the check is judged");
    format!("{}: {}", check.verdict.name(), check.verdict.evidence())
}

fn metric(report: &Report, name: &str) -> f64 {
    report.metrics.iter().find(|(metric, _)| *metric == name).unwrap_or_else(|| panic!("{name} is measured")).1
}

fn world(seed: u64, nodes: u32) -> Setup {
    Setup { clients: 1, verify: true, ..Setup::plain(seed, nodes, 20 * SECOND, Distribution::Constant { ns: 5 * MILLISECOND }) }
}

fn slow_disks(setup: Setup, low_ms: u64, high_ms: u64) -> Setup {
    let sync = Distribution::Uniform { low_ns: low_ms * MILLISECOND, high_ns: high_ms * MILLISECOND };
    let disks = vec![Disks { nodes: NodeSet::range(0, setup.nodes), sync: Some(sync.into()), capacity_bytes: None }];
    Setup { disks, ..setup }
}

fn one(node: u32) -> NodeSet {
    NodeSet::one(NodeId(node))
}

fn strike(at_ms: u64, fault: Fault) -> Timed {
    Timed::new(Time(at_ms * MILLISECOND), fault)
}

#[test]
fn operations_that_run_alone_cost_the_closed_form() {
    const WRITES: u64 = 20;
    const READS: u64 = 10;
    let writes = (0..WRITES).map(|number| write(2_000 + 100 * number, 0, number as u32 % 3));
    let workload: Vec<Asked> = writes.chain((0..READS).map(|number| read(5_000 + 100 * number, 0, number as u32 % 3))).collect();
    for (nodes, mode, failover) in [
        (2, "synchronous", "none"),
        (2, "asynchronous", "none"),
        (3, "synchronous", "none"),
        (3, "synchronous", "view-server"),
        (3, "asynchronous", "view-server"),
        (5, "synchronous", "view-server"),
    ] {
        let what = format!("{nodes} nodes, {mode}, failover {failover}");
        let setup = world(1, nodes);
        let report = run("primary-backup", &setup, &pair(mode, failover), &workload);
        let idle = run("primary-backup", &setup, &pair(mode, failover), &[]);
        let sent = |report: &Report, name: &str| {
            let found = report.outcome.ledger.by_kind().find(|(kind, _)| kind.name == name);
            found.expect("a kind of message").1.sent
        };
        let of_operations = |name: &str| sent(&report, name) - sent(&idle, name);
        let closed = |name: &str| report.evidence["closed_form"][name].as_u64().expect("a number");
        let messages = of_operations("append") + of_operations("confirm") + of_operations("acked");
        let expect = WRITES * closed("messages_per_write") + READS * closed("messages_per_read");
        assert_eq!(messages, expect, "{what}");
        assert_eq!((sent(&report, "append-again"), sent(&report, "behind")), (0, 0), "{what}");
        let forced = report.outcome.ledger.forced_writes - idle.outcome.ledger.forced_writes;
        assert_eq!(forced, WRITES * closed("forced_writes_per_write"), "{what}");
        for operation in &report.outcome.operations[..WRITES as usize] {
            assert_eq!(u64::from(operation.delays), closed("delays_before_answer"), "{what}");
        }
        assert!(report.outcome.operations.iter().all(|operation| operation.status == OperationStatus::Ok), "{what}");
        assert!(report.checks.iter().all(|check| check.verdict.name() == "ok"), "{what}: {:?}", report.checks);
    }
}

#[test]
fn group_commit_forces_once_for_all_that_waits() {
    // Four writes arrive while the first is being forced, and four while those are.
    let workload: Vec<Asked> = (0..9).map(|number| write(1_000 + 5 * number, 0, number as u32)).collect();
    let forced = |group: bool| {
        let options = values("register", &[("group-commit", Value::Flag(group))]);
        let report = run("register", &slow_disks(world(1, 1), 20, 20), &options, &workload);
        assert!(report.checks.iter().all(|check| check.verdict.name() == "ok"), "{:?}", report.checks);
        let last = report.outcome.operations.iter().filter_map(|operation| operation.completed()).max().expect("answers");
        (report.outcome.ledger.forced_writes, metric(&report, "replication.per_force"), last)
    };
    assert_eq!(forced(true), (3, 3.0, Time(1_060 * MILLISECOND)));
    assert_eq!(forced(false), (9, 1.0, Time(1_180 * MILLISECOND)), "one after the other");
}

#[test]
fn a_register_that_lost_what_was_durable_says_so_and_refuses_for_ever() {
    let workload: Vec<Asked> = (0..20)
        .map(|number| write(1_000 + 100 * number, 0, number as u32))
        .chain([read(5_500, 0, 1), read(8_500, 0, 1)])
        .collect();
    let (mut told, mut cut) = (0, 0);
    for seed in 0..200 {
        let mut setup = slow_disks(world(seed, 1), 2, 10);
        setup.faults = vec![
            strike(4_000, Fault::Corrupt(one(0), 1)),
            strike(4_500, Fault::Crash(one(0), Tail::Torn)),
            strike(5_000, Fault::Restart(one(0))),
            strike(6_000, Fault::Crash(one(0), Tail::Lost)),
            strike(7_000, Fault::Restart(one(0))),
        ];
        let report = run("register", &setup, &values("register", &[]), &workload);
        let [.., first, second] = &report.outcome.operations[..] else { panic!("two reads") };
        assert_eq!(first.status, second.status, "seed {seed}: a second restart finds out as much as the first");
        if first.status == OperationStatus::Refused {
            told += 1;
            assert!(verdict(&report, "nothing-lost").starts_with("unknown: n0 found its log damaged"), "seed {seed}");
            assert!(verdict(&report, "linearizable").starts_with("ok"), "seed {seed}: nothing wrong was ever answered");
        } else {
            // The last record was hit: nothing tells it from a write that a crash cut short.
            cut += 1;
            let lost = verdict(&report, "nothing-lost");
            assert!(lost.starts_with("violation: acknowledged and lost: client 0's Write(19, 20)"), "seed {seed}: {lost}");
        }
    }
    println!("said so in {told} seeds, took the last record for torn in {cut}");
    assert!(told > 150 && (1..50).contains(&cut), "{told} and {cut}");
}

/// The crashes of the registry's world, but of three nodes, and now and then the disk of one copy is spoilt or gone. A copy gets time
/// to be repaired before the next disk fails.
fn failing_disks(seed: u64) -> Setup {
    let base = World::Crashes.setup(seed);
    let key = StreamKey::new(seed, 3);
    let mut faults = Vec::new();
    for number in 0..6 {
        let draw = |lane: u32, bound: u64| key.below(number, lane, bound);
        let at = 1_500 + 2_000 * u64::from(number) + draw(0, 500);
        let node = draw(1, 2) as u32;
        let back = at + 1 + draw(2, 1_000);
        match draw(3, 3) {
            0 => faults.push(strike(at, Fault::Wipe(one(node)))),
            1 => faults.push(strike(at, Fault::Corrupt(one(node), 1 + draw(4, 3) as u32))),
            _ => {}
        }
        let tail = [Tail::Lost, Tail::Torn][draw(5, 2) as usize];
        faults.push(strike(at, Fault::Crash(one(node), tail)));
        if draw(6, 4) == 0 {
            faults.push(strike(at + draw(7, 50), Fault::Crash(one(2), tail)));
            faults.push(strike(at + 50 + draw(8, 900), Fault::Restart(one(2))));
        }
        faults.push(strike(back, Fault::Restart(one(node))));
    }
    faults.sort_by_key(|timed| timed.at);
    let disks = Disks { nodes: NodeSet::range(0, 3), ..base.disks[0].clone() };
    Setup { nodes: 3, clocks: Vec::new(), disks: vec![disks], faults, ..base }
}

#[test]
fn a_pair_survives_the_loss_of_either_disk() {
    let (mut takeovers, mut damaged, mut answered) = (0.0, 0, 0);
    // So much patience that no run of lost pings makes the view server drop a copy that is there: then one disk would be all.
    let mut options = pair("synchronous", "view-server");
    options.set("patience", Value::Duration(SECOND));
    for seed in 0..300 {
        let setup = failing_disks(seed);
        let mut workload = World::Crashes.workload(seed);
        workload.iter_mut().for_each(|asked| asked.to = NodeId(asked.to.0 % 2));
        let report = run("primary-backup", &setup, &options, &workload);
        for check in &report.checks {
            assert_eq!(check.verdict.name(), "ok", "seed {seed}: {}: {}", check.name, check.verdict.evidence());
        }
        let spoilt =
            report.outcome.strikes.iter().filter(|strike| matches!(strike.planned.fault, Fault::Wipe(_) | Fault::Corrupt(..)));
        damaged += spoilt.filter(|strike| strike.touched > 0).count();
        takeovers += metric(&report, "replication.takeovers");
        let ok = |operation: &&quorate_engine::outcome::OperationOutcome| operation.status == OperationStatus::Ok;
        let late = report.outcome.operations.iter().filter(|operation| operation.invoked() > Some(Time(QUIET + 5 * SECOND)));
        answered += late.filter(ok).count();
    }
    println!("{damaged} disks spoilt or wiped, {takeovers} takeovers, {answered} reads answered at the end");
    assert!(damaged > 500 && takeovers > 300.0 && answered > 1_000, "{damaged}, {takeovers}, {answered}");
}

#[test]
fn without_failover_the_backup_gives_the_primary_its_log_back() {
    for seed in 0..50 {
        let mut setup = slow_disks(world(seed, 2), 2, 10);
        setup.faults = vec![
            strike(3_000, Fault::Wipe(one(0))),
            strike(3_000, Fault::Crash(one(0), Tail::Lost)),
            strike(4_000, Fault::Restart(one(0))),
            strike(6_000, Fault::Corrupt(one(0), 2)),
            strike(6_000, Fault::Crash(one(0), Tail::Torn)),
            strike(7_000, Fault::Restart(one(0))),
        ];
        let workload: Vec<Asked> =
            (0..8).map(|number| write(1_000 + 1_000 * number, 0, number as u32 % 4)).chain([read(10_000, 0, 2)]).collect();
        let report = run("primary-backup", &setup, &pair("synchronous", "none"), &workload);
        for check in &report.checks {
            assert_eq!(check.verdict.name(), "ok", "seed {seed}: {}: {}", check.name, check.verdict.evidence());
        }
        let last = report.outcome.operations.last().expect("a read");
        assert_eq!(last.status, OperationStatus::Ok, "seed {seed}");
    }
}

#[test]
fn a_failover_loses_writes_only_where_they_were_answered_early() {
    // The primary is cut off from its backup, then from everybody; its clients go on writing all the time.
    let writes = (0..60).map(|number| write(1_000 + 50 * number, 0, number as u32 % 5));
    let workload: Vec<Asked> = writes.chain([read(8_000, 1, 0), read(8_100, 1, 1)]).collect();
    let apart = |nodes: &[u32]| Partition::Groups(nodes.iter().map(|node| one(*node)).collect());
    let mut setup = world(3, 3);
    setup.faults = vec![
        strike(2_000, Fault::Partition(0, apart(&[0, 1]))),
        strike(2_600, Fault::Partition(1, Partition::Groups(vec![one(0), NodeSet::range(1, 3)]))),
        strike(5_000, Fault::Heal(0)),
        strike(5_000, Fault::Heal(1)),
    ];
    let lost = |mode| {
        let report = run("primary-backup", &setup, &pair(mode, "view-server"), &workload);
        for check in &report.checks {
            let of_order = ["linearizable", "session-guarantees", "nothing-lost"];
            let is_promised = mode == "synchronous" || !of_order.contains(&check.name);
            let expected = if is_promised { "ok" } else { "not-judged" };
            assert_eq!(check.verdict.name(), expected, "{mode}: {}: {}", check.name, check.verdict.evidence());
        }
        assert_eq!(metric(&report, "replication.takeovers"), 1.0, "{mode}");
        metric(&report, "replication.lost_writes")
    };
    assert_eq!(lost("synchronous"), 0.0);
    assert_eq!(lost("asynchronous"), 40.0, "every write from the cut at 2 s on");
}

#[test]
fn liars_do_not_bring_nodes_down() {
    let always = Probability::from_f64(0.5).expect("a probability");
    for protocol in ["gossip", "g-counter", "pn-counter", "primary-backup"] {
        let options = crate::common::options(find(protocol).expect("a protocol"));
        let mut changed = 0;
        for seed in 0..60 {
            for behaviour in [Behaviour::Forging(always), Behaviour::Equivocating, Behaviour::Replaying(always)] {
                let liar = (seed % 5) as u32;
                let mut setup = World::Crashes.setup(seed);
                setup.faults.insert(0, strike(500, Fault::Byzantine(one(liar), behaviour)));
                let report = run(protocol, &setup, &options, &World::Crashes.workload(seed));
                changed += report.outcome.strikes[0].messages_changed;
            }
        }
        println!("{protocol}: {changed} messages forged or repeated");
        assert!(changed > 1_000, "{protocol}: {changed}");
    }
}

/// Clients that read, write, compare and set and do several of these at once, that try again elsewhere, and look back at the end.
fn busy(setup: Setup, nodes: u32) -> Setup {
    let pace = Pace::Closed { think: Distribution::Uniform { low_ns: MILLISECOND, high_ns: 150 * MILLISECOND }.into() };
    let backoff = Backoff { first: 50 * MILLISECOND, factor: 2_000, most: 800 * MILLISECOND, jitter: true };
    let retries = Retries { attempts: 6, patience: 300 * MILLISECOND, backoff, elsewhere: true, refusals: true, budget: None };
    let busy = Population {
        until: Time(QUIET),
        mix: Mix { reads: 4, updates: 3, cas: 3, transactions: 1, transaction_length: (1, 3), ..Mix::READS_AND_UPDATES },
        keys: KeyChoice::Uniform { keys: 4 },
        aim: Aim::Sticky,
        timeout: Some(3 * SECOND),
        retries: Some(retries),
        ..Population::plain(0, 8, NodeSet::range(0, nodes), pace.clone())
    };
    let late = Population {
        from: Time(QUIET + 4 * SECOND),
        mix: Mix { updates: 0, ..Mix::READS_AND_UPDATES },
        operations: Some(4),
        ..Population { number: 1, clients: 4, until: Time(u64::MAX), ..busy.clone() }
    };
    let mut network = setup.network.clone();
    network.client_latency = Some(Distribution::Uniform { low_ns: MILLISECOND, high_ns: 5 * MILLISECOND }.into());
    Setup { populations: vec![busy, late], network, ..setup }
}

#[test]
fn whatever_clients_do_takes_effect_once() {
    for (protocol, failover) in [("register", None), ("primary-backup", Some("none")), ("primary-backup", Some("view-server"))] {
        let options = values(protocol, &failover.map(|name| ("failover", Value::Choice(name))).into_iter().collect::<Vec<_>>());
        let (mut retried, mut redirected, mut answered, mut late) = (0u64, 0u64, 0, 0);
        for seed in 0..100 {
            let setup = busy(World::Crashes.setup(seed), crate::common::NODES);
            let report = run(protocol, &setup, &options, &[]);
            for check in &report.checks {
                let found = check.verdict.name();
                assert_eq!(found, "ok", "{protocol} {failover:?} seed {seed}: {}: {}", check.name, check.verdict.evidence());
            }
            for operation in &report.outcome.operations {
                retried += u64::from(operation.retries());
                redirected += u64::from(operation.redirects);
                let ok = operation.status == OperationStatus::Ok;
                answered += usize::from(ok);
                late += usize::from(ok && operation.invoked() > Some(Time(QUIET + 4 * SECOND)));
            }
        }
        println!("{protocol} {failover:?}: {answered} answered, {retried} retries, {redirected} redirects, {late} at the end");
        assert!(retried > 5_000 && redirected > 500 && answered > 20_000 && late > 1_500);
    }
}
