//! Right scenarios become the plan that they describe.

use crate::common::{DESIGN, EVERYTHING, read};
use quorate_engine::clock::Spread;
use quorate_engine::fault::{Fault, Partition};
use quorate_engine::id::{NodeId, NodeSet};
use quorate_engine::latency::Distribution;
use quorate_engine::setup::{Ties, Until};
use quorate_engine::time::{MILLISECOND, SECOND, Time};
use quorate_lab::expect::{Claim, Comparator, Subject};
use quorate_protocols::registry::Ask;

#[test]
fn the_example_of_the_design() {
    let plan = read(DESIGN.as_bytes(), &[]).unwrap();
    assert_eq!((plan.name.as_str(), plan.seed, plan.nodes, plan.variant), ("gossip-push-pull-100", 42, 100, "right"));
    assert_eq!(plan.protocol.name, "gossip");
    assert_eq!((plan.options.choice("mode"), plan.options.integer("fanout")), ("push-pull", 3));
    assert_eq!(plan.network.link.latency, Distribution::Lognormal { median_ns: 5 * MILLISECOND, p99_ns: 40 * MILLISECOND });
    assert_eq!(plan.network.link.loss.to_f64(), 0.01);
    assert_eq!(plan.clocks[0].offset_ns, Spread::Uniform(-50_000_000, 50_000_000));
    assert_eq!(plan.clocks[0].drift_ppb, Spread::Normal(0.0, 20_000.0));
    let struck: Vec<_> = plan.timeline.iter().map(|timed| (timed.at, timed.fault.to_string())).collect();
    let partition = "partition {0..60} | {60..100}".to_string();
    assert_eq!(struck, [(Time(5 * SECOND), partition), (Time(15 * SECOND), "heal".to_string())]);
    let [asked] = &plan.workload[..] else { panic!("{:?}", plan.workload) };
    assert_eq!(
        (asked.at, asked.client, asked.to, asked.ask.clone()),
        (Time(6 * SECOND), 0, NodeId(0), Ask::Update { key: 0, amount: 1 })
    );
    let claims: Vec<_> = plan.expectations.iter().map(|each| (each.name.as_str(), &each.claim)).collect();
    assert_eq!(claims[0], ("converges", &Claim::Check("converges")));
    let Claim::Compare(cheap) = claims[2].1 else { panic!("{claims:?}") };
    let Subject::Each(metric) = &cheap.subject else { panic!("{cheap:?}") };
    assert_eq!((&*metric.name, cheap.comparator, cheap.bound), ("messages.total", Comparator::AtMost, 40_000.0));
    let setup = plan.setup(43);
    assert_eq!((setup.seed, setup.clients, setup.round, setup.until), (43, 1, SECOND, Until::Duration));
}

#[test]
fn every_key_is_heard() {
    let plan = read(EVERYTHING.as_bytes(), &[]).unwrap();
    assert_eq!((plan.until, plan.ties, plan.ci.seeds, plan.ci.skip), (Until::Converged, Ties::Source, 50, true));
    let setup = plan.setup(plan.seed);
    assert_eq!((setup.round, setup.clients), (500 * MILLISECOND, 4));
    let struck: Vec<_> = plan.timeline.iter().map(|timed| format!("{} {}", timed.at, timed.fault)).collect();
    let expected = [
        "5s partition {0..10} | {10..18} | {18..20}",
        "6s one-way partition {3} -/-> {4..8}",
        "15s heal",
        "20s heal",
        "21s crash {0, 5..7}",
        "22s crash {9}",
        "25s restart {0, 5..7}",
        "30s restart {9}", // "all" who are down
        "31s pause {0..20}",
        "32s resume {0..20}",
        "33s wall clocks of {0..3} jump by -2s",
        "34s clocks of {4} drift at 100500 ppb",
    ];
    assert_eq!(struck, expected);
    assert!(matches!(plan.timeline[2].fault, Fault::Heal(0)) && matches!(plan.timeline[3].fault, Fault::Heal(1)));
    let asked: Vec<_> = plan.workload.iter().map(|asked| (asked.at.0 / MILLISECOND, asked.to.0, asked.client)).collect();
    let round = |at| [(at, 3, 1), (at, 4, 2), (at, 9, 3)];
    let expected = [&round(500)[..], &[(1_000, 0, 0)], &round(1_500), &[(1_500, 3, 1)], &round(2_500)].concat();
    assert_eq!(asked, expected);
    let bounds = plan.expectations.iter().filter_map(|each| match &each.claim {
        Claim::Compare(comparison) => Some((comparison.bound, comparison.confidence)),
        Claim::Check(_) => None,
    });
    assert_eq!(bounds.collect::<Vec<_>>(), [(30.0, Some(0.99)), (8_040.0, None), (10_000.0, None), (0.995, None), (100.0, None)]);
}

#[test]
fn overrides_change_the_plan() {
    let flags = [
        "network.loss=0.05",
        "protocol.gossip.fanout=5",
        "variant=right",
        "faults[0].at=3s",
        "duration=90s",
        "seed=9",
        "clocks={offset=\"-1ms\"}",
        "workload.reads.at=1s",
        "workload.reads.from=5..8",
        "expect.extra=messages.total <= 1000",
        "network.latency={constant=\"2ms\"}",
        "faults[0].partition.groups=[\"0..50\", \"50..100\"]",
    ];
    let plan = read(DESIGN.as_bytes(), &flags).unwrap();
    assert_eq!((plan.network.link.loss.to_f64(), plan.options.integer("fanout"), plan.seed), (0.05, 5, 9));
    assert_eq!((plan.timeline[0].at, plan.timeline[1].at, plan.duration), (Time(3 * SECOND), Time(13 * SECOND), 90 * SECOND));
    assert_eq!((plan.clocks[0].offset_ns, plan.workload.len()), (Spread::Constant(-1_000_000), 4));
    assert_eq!((plan.expectations.len(), plan.network.link.latency), (4, Distribution::Constant { ns: 2 * MILLISECOND }));
    let halves = Partition::Groups(vec![NodeSet::range(0, 50), NodeSet::range(50, 100)]);
    assert_eq!(plan.timeline[0].fault, Fault::Partition(0, halves));
}

/// A changed one is blessed with `QUORATE_BLESS=1 cargo test -p quorate-lab --test lab right`, with the reason in the commit.
#[test]
fn the_resolved_scenario_is_the_golden_one() {
    for (text, name) in [(DESIGN, "design"), (EVERYTHING, "everything")] {
        let resolved = serde_json::to_string_pretty(&read(text.as_bytes(), &[]).unwrap().to_json()).unwrap();
        let path = format!("{}/tests/data/{name}.json", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("QUORATE_BLESS").is_some_and(|value| value == "1") {
            std::fs::write(&path, format!("{resolved}\n")).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap();
        assert_eq!(resolved.trim(), golden.trim(), "the resolved scenario is now:\n{resolved}");
    }
}

#[test]
fn a_resolved_scenario_is_a_scenario_with_the_same_plan() {
    for text in [DESIGN, EVERYTHING] {
        let plan = read(text.as_bytes(), &[]).unwrap();
        let resolved: toml::Table = serde_json::from_value(plan.to_json()).unwrap();
        let again = read(toml::to_string(&resolved).unwrap().as_bytes(), &[]);
        assert_eq!(again.as_ref(), Ok(&plan), "{:?}", again.as_ref().err());
    }
}
