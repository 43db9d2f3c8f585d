//! What single protocols say of their runs: the evidence fields that S1 shows, refusals, and verdicts in words when a scenario
//! asks for more than can be. That checks catch planted variants is shown in `registry.rs`.

use quorate_engine::fault::{Fault, Partition, Tail, Timed};
use quorate_engine::latency::Distribution;
use quorate_engine::outcome::OperationStatus;
use quorate_engine::setup::Setup;
use quorate_engine::time::{MILLISECOND, SECOND};
use quorate_engine::{NodeId, NodeSet, Time};
use quorate_protocols::options::Values;
use quorate_protocols::registry::{Ask, Asked, Job, JobError, Keep, Report, find};
use serde_json::{Value, json};

fn world(nodes: u32) -> Setup {
    Setup { clients: 1, ..Setup::plain(7, nodes, 20 * SECOND, Distribution::Constant { ns: 5 * MILLISECOND }) }
}

fn ask(at_ms: u64, to: u32, ask: Ask) -> Asked {
    Asked { at: Time(at_ms * MILLISECOND), client: 0, to: NodeId(to), ask, timeout: None }
}

fn update(at_ms: u64, to: u32, amount: i64) -> Asked {
    ask(at_ms, to, Ask::Update { key: 1, amount })
}

fn run(name: &str, setup: &Setup, workload: &[Asked], variant: &str) -> Result<Report, JobError> {
    let protocol = find(name).expect("a registered protocol");
    (protocol.run)(&Job {
        setup,
        options: &Values::defaults(protocol.options),
        variant,
        workload,
        text: None,
        keep: Keep::Evidence,
    })
}

fn verdict(report: &Report, check: &str) -> String {
    let check = report.checks.iter().find(|found| found.name == check).expect("the check is judged");
    format!("{}: {}", check.verdict.name(), check.verdict.evidence())
}

#[test]
fn gossip_reports_s1s_fields() {
    let report = run("gossip", &world(100), &[update(1_500, 0, 1)], "right").expect("it runs");
    let evidence = &report.evidence;
    assert_eq!(evidence["gossip_protocol"], "push_pull");
    assert_eq!((&evidence["network_size"], &evidence["fanout"]), (&json!(100), &json!(3)));
    let analysis = &evidence["convergence_analysis"];
    assert_eq!((&analysis["theoretical_rounds"], &analysis["theoretical_rounds_fanout"]), (&json!(7), &json!(4)));
    assert_eq!((&analysis["nodes_updated"], &analysis["nodes_total"]), (&json!(100), &json!(100)));
    assert_eq!(analysis["final_consistency"], json!(1.0));
    let rounds = analysis["actual_rounds"].as_u64().expect("all came to hold it");
    assert!((2..=7).contains(&rounds), "{rounds} rounds");
    assert_eq!(report.metrics, [("gossip.rounds", rounds as f64)]);
    let by_round = evidence["round_by_round"].as_array().expect("a list");
    assert_eq!(by_round[0], json!({ "round": 0, "nodes_with_update": 1, "coverage": 0.01 }));
    assert_eq!(by_round[rounds as usize]["coverage"], json!(1.0));
    assert_eq!(evidence["propagation_guarantee"], "probabilistic_eventual_consistency");
}

#[test]
fn a_counter_goes_below_zero_and_reports_s1s_fields() {
    let workload = [update(1_000, 0, 5), update(2_000, 1, -12), update(3_000, 0, 3), ask(15_000, 2, Ask::Read { key: 1 })];
    let report = run("pn-counter", &world(4), &workload, "right").expect("it runs");
    assert!(report.checks.iter().all(|check| check.verdict.name() == "ok"), "{:?}", report.checks);
    let evidence = &report.evidence;
    assert_eq!((&evidence["crdt_type"], &evidence["node_id"]), (&json!("pn_counter"), &json!("n0")));
    assert_eq!(evidence["vector_clock"], json!({ "n0": 8, "n1": -12 }));
    assert_eq!(evidence["current_value"], json!(-4));
    assert_eq!(evidence["local_operations"][1], json!({ "timestamp": 2.0, "node_id": "n1", "decrement": 12 }));
    let merges = evidence["merge_operations"].as_array().expect("a list");
    assert!(merges.iter().any(|merge| merge["changes"]["n0"] == "5->8"), "{merges:?}");
    let laws = |evidence: &Value| evidence["convergence_evidence"].clone();
    let right = json!({ "deterministic": true, "commutative": true, "idempotent": true, "coordination_required": false });
    assert_eq!(laws(evidence), right);
    let wrong = run("pn-counter", &world(4), &workload, "sum-merge").expect("it runs");
    assert_eq!(laws(&wrong.evidence)["idempotent"], json!(false), "the laws are tried, not asserted");
}

#[test]
fn a_growing_counter_refuses_to_take_away() {
    let error = run("g-counter", &world(3), &[update(1_000, 0, 5), update(2_000, 1, -1)], "right").expect_err("it refuses");
    let JobError::Workload(index, why) = error else { panic!("{error:?}") };
    assert_eq!(index, 1);
    assert!(why.contains("-1") && why.contains("pn-counter"), "{why}");
}

#[test]
fn a_variant_that_is_not_there_is_an_error() {
    for name in ["local", "gossip", "g-counter", "pn-counter"] {
        let error = run(name, &world(3), &[], "nonesuch").expect_err("there is none");
        assert!(matches!(error, JobError::Options(error) if error.message.contains("nonesuch")), "{name}");
    }
}

#[test]
fn a_partition_that_never_heals_is_told_in_words() {
    let sides = vec![NodeSet::range(0, 2), NodeSet::range(2, 5)];
    let mut setup = world(5);
    setup.faults = vec![Timed::new(Time(SECOND), Fault::Partition(0, Partition::Groups(sides)))];
    let report = run("gossip", &setup, &[update(2_000, 0, 1)], "right").expect("it runs");
    let text = verdict(&report, "converges");
    assert!(text.starts_with("violation: 5 live replicas are in 2 different states: n2, n3, n4 | n0, n1"), "{text}");
    assert!(text.contains("n0#1 (operation 0 Write(1, 1)) not at every live replica (n0#1"), "{text}");
    let report = run("g-counter", &setup, &[update(2_000, 0, 1)], "right").expect("it runs");
    assert_eq!(verdict(&report, "specified"), "ok: ", "each reads what it has");
    assert_eq!(verdict(&report, "nothing-lost"), "violation: n2 does not have n0#1, which a client was told is done");
}

#[test]
fn what_was_acknowledged_survives_the_crash_of_the_only_replica_that_has_it() {
    let one = || NodeSet::one(NodeId(0));
    let mut setup = world(3);
    setup.faults = vec![
        Timed::new(Time(SECOND), Fault::Partition(0, Partition::Groups(vec![one(), NodeSet::range(1, 3)]))),
        Timed::new(Time(3 * SECOND), Fault::Crash(one(), Tail::Lost)),
        Timed::new(Time(4 * SECOND), Fault::Restart(one())),
        Timed::new(Time(5 * SECOND), Fault::Heal(0)),
    ];
    let workload = [update(2_000, 0, 5), update(2_000, 0, 6), update(3_500, 0, 7), update(4_500, 0, 8)];
    for name in ["gossip", "g-counter", "pn-counter"] {
        let report = run(name, &setup, &workload, "right").expect("it runs");
        assert!(report.checks.iter().all(|check| check.verdict.name() == "ok"), "{name}: {:?}", report.checks);
        let status: Vec<OperationStatus> = report.outcome.operations.iter().map(|operation| operation.status).collect();
        use OperationStatus::{Ok, Refused};
        assert_eq!(status, [Ok, Ok, Refused, Ok], "{name}: nobody answers for a replica that is down");
        assert_eq!(report.outcome.convergence.updates.len(), 3, "{name}");
        assert_eq!(report.outcome.ledger.forced_writes, 3, "{name}");
    }
}

#[test]
fn local_replicas_never_speak_and_never_agree() {
    let report = run("local", &world(3), &[update(1_000, 0, 1), update(2_000, 0, 1)], "right").expect("it runs");
    assert!(report.checks.iter().all(|check| check.verdict.name() == "ok"), "{:?}", report.checks);
    assert_eq!(report.outcome.ledger.between_replicas().sent, 0);
    let convergence = &report.outcome.convergence;
    assert!(convergence.replicated && convergence.since.is_none());
    assert_eq!((report.evidence["different_states"].clone(), &report.evidence["updates_by_node"]), (json!(2), &json!([2, 0, 0])));
}
