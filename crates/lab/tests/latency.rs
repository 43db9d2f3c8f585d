//! Every form of a latency becomes the distribution that it describes, and is written back as itself. (What is wrong with a
//! latency is in `wrong.rs`, what is drawn from one in the engine.)

use crate::common::{DESIGN, read};
use quorate_engine::latency::Distribution;
use quorate_engine::time::MILLISECOND as MS;

const WRITTEN: &str = "{ lognormal = { median = \"5ms\", p99 = \"40ms\" } }";

fn constant(ns: u64) -> Distribution {
    Distribution::Constant { ns }
}

/// The forms and what they are.
fn forms() -> Vec<(&'static str, Distribution)> {
    let exponential = |mean_ns| Distribution::Exponential { mean_ns };
    let pareto = |scale_ns, shape| Distribution::Pareto { scale_ns, shape };
    vec![
        ("\"5ms\"", constant(5 * MS)),
        ("{ constant = \"5ms\" }", constant(5 * MS)),
        ("{ uniform = [\"1ms\", \"10ms\"] }", Distribution::Uniform { low_ns: MS, high_ns: 10 * MS }),
        (WRITTEN, Distribution::Lognormal { median_ns: 5 * MS, p99_ns: 40 * MS }),
        ("{ exponential = { mean = \"602.41us\" } }", exponential(602_410)),
        ("{ normal = { mean = \"5ms\", stddev = \"1ms\" } }", Distribution::Normal { mean_ns: 5 * MS, stddev_ns: MS }),
        ("{ normal = { mean = \"0s\", stddev = \"0s\" } }", Distribution::Normal { mean_ns: 0, stddev_ns: 0 }),
        ("{ pareto = { scale = \"235us\", shape = 10 } }", pareto(235_000, 10.0)),
        ("{ pareto = { scale = \"1.05ms\", shape = 1.51 } }", pareto(1_050_000, 1.51)),
        ("{ pareto = { scale = \"1ns\", shape = 1e-300 } }", pareto(1, 1e-300)),
        (
            "{ mixture = [{ weight = 91.22, latency = { pareto = { scale = \"235us\", shape = 10 } } }, \
             { weight = 8.78, latency = { exponential = { mean = \"602us\" } } }] }",
            Distribution::mixture([(91.22, pareto(235_000, 10.0)), (8.78, exponential(602_000))]),
        ),
        (
            "{ mixture = [{ weight = 1, latency = \"1ms\" }, { weight = 0.1, latency = { mixture = \
             [{ weight = 1e300, latency = \"2ms\" }] } }] }",
            Distribution::mixture([(1.0, constant(MS)), (0.1, Distribution::mixture([(1e300, constant(2 * MS))]))]),
        ),
        ("{ empirical = { samples = [\"9ms\", \"1ms\", \"1ms\"] } }", Distribution::empirical(vec![MS, MS, 9 * MS])),
        ("{ shifted = { by = \"75ms\", latency = \"1ms\" } }", constant(MS).shifted(75 * MS)),
        (
            "{ shifted = { by = \"2ms\", latency = { pareto = { scale = \"3ms\", shape = 3.35 } } } }",
            pareto(3 * MS, 3.35).shifted(2 * MS),
        ),
        (
            "{ truncated = { low = \"1ms\", high = \"50ms\", latency = { exponential = { mean = \"5ms\" } } } }",
            exponential(5 * MS).truncated(Some(MS), Some(50 * MS)),
        ),
        (
            "{ truncated = { high = \"50ms\", latency = { shifted = { by = \"1ms\", latency = { truncated = \
             { low = \"2ms\", latency = { normal = { mean = \"5ms\", stddev = \"2ms\" } } } } } } } }",
            Distribution::Normal { mean_ns: 5 * MS, stddev_ns: 2 * MS }
                .truncated(Some(2 * MS), None)
                .shifted(MS)
                .truncated(None, Some(50 * MS)),
        ),
    ]
}

#[test]
fn every_form_is_heard_and_written_back() {
    for (form, expected) in forms() {
        let plan = read(DESIGN.replace(WRITTEN, form).as_bytes(), &[]).expect(form);
        assert_eq!(plan.network.link.latency, expected, "{form}");
        let resolved: toml::Table = serde_json::from_value(plan.to_json()).expect(form);
        assert_eq!(read(toml::to_string(&resolved).expect(form).as_bytes(), &[]).as_ref(), Ok(&plan), "{form}");
    }
}

#[test]
fn tables_in_their_own_sections_are_the_same() {
    let text = DESIGN.replace(&format!("latency = {WRITTEN}\n"), "").replace(
        "[clocks]",
        "[[network.latency.mixture]]\nweight = 3\nlatency = \"1ms\"\n\
         [[network.latency.mixture]]\nweight = 1\nlatency.exponential.mean = \"9ms\"\n[clocks]",
    );
    let expected = Distribution::mixture([(3.0, constant(MS)), (1.0, Distribution::Exponential { mean_ns: 9 * MS })]);
    assert_eq!(read(text.as_bytes(), &[]).unwrap().network.link.latency, expected);
    let flag = "network.latency.mixture[1].weight=5";
    let expected = Distribution::mixture([(3.0, constant(MS)), (5.0, Distribution::Exponential { mean_ns: 9 * MS })]);
    assert_eq!(read(text.as_bytes(), &[flag]).unwrap().network.link.latency, expected);
}

#[test]
fn as_many_samples_as_there_may_be_and_one_more() {
    let text = |count: usize| {
        let samples: String = (0..count).rev().map(|ns| format!("\"{ns}ns\",")).collect();
        DESIGN.replace(WRITTEN, &format!("{{ empirical = {{ samples = [{samples}] }} }}"))
    };
    let plan = read(text(100_000).as_bytes(), &[]).unwrap();
    assert_eq!(plan.network.link.latency, Distribution::empirical((0..100_000).collect()));
    let refused = read(text(100_001).as_bytes(), &[]).unwrap_err();
    assert!(refused.contains("network.latency: there are 100001 samples; an empirical latency has at most 100000"), "{refused}");
}

#[test]
fn too_many_components_and_too_deep_a_nest_are_refused() {
    let components = "{ weight = 1, latency = \"1ms\" },".repeat(65);
    let refused = read(DESIGN.replace(WRITTEN, &format!("{{ mixture = [{components}] }}")).as_bytes(), &[]).unwrap_err();
    assert!(refused.contains("network.latency: a mixture of 65 components"), "{refused}");
    let nest =
        |depth| (0..depth).fold("\"1ms\"".to_string(), |of, _| format!("{{ shifted = {{ by = \"1ms\", latency = {of} }} }}"));
    let plan = read(DESIGN.replace(WRITTEN, &nest(10)).as_bytes(), &[]).unwrap();
    assert_eq!(plan.network.link.latency.mean(), 11.0 * MS as f64);
    let refused = read(DESIGN.replace(WRITTEN, &nest(40)).as_bytes(), &[]).unwrap_err();
    assert!(refused.contains("nested more than 32 levels deep"), "{refused}");
}
