//! Parameters: what expressions come to, where they may stand, and what is said of those that cannot be meant.

use crate::common::{Case, DESIGN, check, read};
use quorate_engine::clock::Spread;
use quorate_engine::fault::{Fault, Partition, Tail};
use quorate_engine::id::NodeSet;
use quorate_engine::latency::Distribution;
use quorate_engine::time::{MILLISECOND, SECOND, Time};
use quorate_lab::expect::Claim;
use quorate_lab::plan::What;

const PARAMETERS: &str = include_str!("data/parameters.toml");

#[test]
fn every_place_takes_an_expression() {
    let plan = read(PARAMETERS.as_bytes(), &[]).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!((plan.duration, plan.nodes, plan.seed), (61 * SECOND, 7, 42));
    assert_eq!((plan.options.integer("fanout"), plan.round(plan.seed)), (2, 500 * MILLISECOND));
    let link = &plan.network.link;
    assert_eq!(link.latency, Distribution::Uniform { low_ns: 5 * MILLISECOND, high_ns: 25 * MILLISECOND });
    assert_eq!((link.loss.to_f64(), link.duplication.to_f64()), (0.05, 1.0 / 3.0));
    let bandwidth = link.bandwidth.as_ref().unwrap();
    assert_eq!((bandwidth.bytes_per_second, bandwidth.queue_bytes), (5_000_000, Some(64_000)));
    assert_eq!(link.reordering.as_ref().unwrap().extra, Distribution::Exponential { mean_ns: 50 * MILLISECOND }.into());
    assert_eq!(plan.clocks[0].offset_ns, Spread::Uniform(-50_000_000, 50_000_000));
    assert_eq!(plan.clocks[0].drift_ppb, Spread::Normal(0.0, 2_000.0));
    assert_eq!(plan.faults[0].lasts, Some(10 * SECOND + 100_000));
    let halves = Partition::Groups(vec![NodeSet::range(0, 2), NodeSet::range(2, 7)]);
    assert_eq!(plan.faults[0].what, What::One(Fault::Partition(0, halves)));
    assert_eq!(plan.faults[1].what, What::One(Fault::Crash(NodeSet::range(2, 4), Tail::Lost)));
    let ask = &plan.asks[0];
    assert_eq!((ask.at, ask.count, ask.every), (Time(6 * SECOND), 1, Some(50 * MILLISECOND)));
    let bounds: Vec<_> = plan
        .expectations
        .iter()
        .filter_map(|each| match &each.claim {
            Claim::Compare(comparison) => Some(comparison.bound),
            Claim::Check(_) => None,
        })
        .collect();
    assert_eq!(bounds, [1_400_000.0, 25.5]);
}

#[test]
fn the_plan_keeps_the_parameters_and_what_they_came_to() {
    let plan = read(PARAMETERS.as_bytes(), &[]).unwrap();
    let resolved = plan.to_json();
    let expected = r#"{"f":2,"rtt":"50ms","p":0.1,"third":"1/3","size":"1KB","pace":"2/min","line-speed":"10MB/s"}"#;
    assert_eq!(resolved["parameters"].to_string(), expected);
    assert_eq!(resolved["expect"]["cheap"], "messages.total <= 100000*f*nodes");
    assert_eq!((&resolved["nodes"], &resolved["faults"][1]["crash"]), (&7.into(), &"2..4".into()));
    let whole: toml::Table = serde_json::from_value(resolved).unwrap();
    assert_eq!(read(toml::to_string(&whole).unwrap().as_bytes(), &[]).as_ref(), Ok(&plan));
}

/// Whatever a parameter comes to, what the plan writes comes to the same.
#[test]
fn every_value_is_written_exactly() {
    for value in [
        "0",
        "-7",
        "0.1",
        "1e-9",
        "123456789.987654321",
        "\"1/3\"",
        "\"-22/7\"",
        "\"9223372036854775808*1\"",
        "\"1/9223372036854775808\"",
        "\"0s\"",
        "\"-5ms\"",
        "\"1ns/3\"",
        "\"-1ns/7\"",
        "\"600*365*24h\"",
        "\"0B\"",
        "\"1KiB\"",
        "\"-3MB\"",
        "\"1KB/7\"",
        "\"10%\"",
        "\"0/s\"",
        "\"500/s\"",
        "\"2/min\"",
        "\"1/7ns\"",
        "\"5/h\"",
        "\"-2/s\"",
        "\"1Gbit/s\"",
        "\"1bit/s\"",
        "\"7KiB/min\"",
        "\"floor(22/7)\"",
        "\"ceil(-22ns/7)\"",
        "\"floor(10/7s)\"",
    ] {
        let text = format!("{DESIGN}[parameters]\nx = {value}\n");
        let plan = read(text.as_bytes(), &[]).expect(value);
        let resolved: toml::Table = serde_json::from_value(plan.to_json()).unwrap();
        let again = read(toml::to_string(&resolved).unwrap().as_bytes(), &[]);
        assert_eq!(again.as_ref(), Ok(&plan), "{value} was written as {:?}", resolved["parameters"]["x"]);
    }
}

#[test]
fn flags_set_parameters_and_expressions() {
    let plan = read(PARAMETERS.as_bytes(), &["parameters.f=4", "network.loss=p/4"]).unwrap();
    assert_eq!((plan.nodes, plan.seed, plan.network.link.loss.to_f64()), (13, 84, 0.025));
    let plan =
        read(PARAMETERS.as_bytes(), &["parameters.g=2*f+1", "nodes=2*g+1", "faults[0].partition.groups=[\"0..g\", \"g..11\"]"])
            .unwrap();
    assert_eq!((plan.nodes, plan.parameters.len()), (11, 8));
    let plan = read(DESIGN.as_bytes(), &["parameters.f=33", "nodes=3*f+1"]).unwrap();
    assert_eq!(plan.nodes, 100);
    // One that only an expectation or another parameter asks for is used.
    assert!(read(DESIGN.as_bytes(), &["parameters.f=33", "expect.x=messages.total <= f*nodes*400"]).is_ok());
    for (flags, expected) in [
        (&["parameters.F=3"][..], "x.toml: --set parameters.F=3: parameters.F: \"F\" is no name of a parameter"),
        (
            &["parameters.rtts=1ms"],
            "x.toml: --set parameters.rtts=1ms: parameters.rtts: nothing uses the parameter \"rtts\", so this would change nothing; did you mean \"rtt\"?",
        ),
        (
            &["nodes=3*f"],
            "faults[0].partition.groups[1]: \"f..3*f+1\", which is 2..7, names nodes that are not there; the nodes are 0 to 5",
        ),
        (&["nodes=3*g"], "x.toml: --set nodes=3*g: nodes: at \"g\": \"g\" is no parameter"),
        (
            &["parameters.f=rtt"],
            "x.toml: --set parameters.f=rtt: parameters.f: \"rtt\" stands further down; a parameter may use those above it",
        ),
        (&["parameters.f=1ms"], "x.toml:5:10: nodes: a time and a plain number do not add up"),
    ] {
        let errors = read(PARAMETERS.as_bytes(), flags).unwrap_err();
        assert!(errors.contains(expected), "{flags:?}\nexpected: {expected}\nsaid:     {errors}");
    }
}

const DURATION: &str = "duration = \"20*rtt + 60s\"";
const NODES: &str = "nodes = \"3*f+1\"";
const LOSS: &str = "loss = \"p/2\"";
const RATE: &str = "rate = \"line-speed/2\"";
const GROUPS: &str = "[\"0..f\", \"f..3*f+1\"]";
const F: &str = "f = 2\n";
const BOUND: &str = "<= 100000*f*nodes";

#[rustfmt::skip]
const WRONG: &[Case] = &[
    Case(NODES, "nodes = \"3*g+1\"", "x.toml:5:12: nodes: at \"g\": \"g\" is no parameter\n  help: parameters are: f, rtt, p, third, size, pace, line-speed"),
    Case(NODES, "nodes = \"3f+1\"", "x.toml:5:10: nodes: at \"3f\": \"3f\" is a product without its sign; write 3*f"),
    Case(NODES, "nodes = \"3*f/4\"", "x.toml:5:9: nodes: \"3*f/4\" is 1.5, and a whole number should stand here; write floor(3*f/4) or ceil(3*f/4)"),
    Case(NODES, "nodes = \"f/0\"", "x.toml:5:10: nodes: comes to inf, which is no value: the divisor is 0"),
    Case(NODES, "nodes = \"1 + f/(f-2)\"", "x.toml:5:14: nodes: at \"f/(f-2)\": comes to inf"),
    Case(NODES, "nodes = \"f+rtt\"", "x.toml:5:10: nodes: a plain number and a time do not add up"),
    Case(NODES, "nodes = \"rtt\"", "x.toml:5:9: nodes: \"rtt\" comes to 50ms, a time, where a whole number should stand"),
    Case(NODES, "nodes = \"(f\"", "x.toml:5:11: nodes: at \"f\": \")\" is expected here, not the end"),
    Case(NODES, "nodes = \"f)\"", "x.toml:5:11: nodes: at \")\": \")\" is left over; between two values stands one of + - * /"),
    Case(NODES, "nodes = \"f f\"", "x.toml:5:12: nodes: at \"f\": \"f\" is left over"),
    Case(NODES, "nodes = \"f*\"", "x.toml:5:11: nodes: at \"*\": a number or a parameter is expected here, not the end"),
    Case(NODES, "nodes = \"flor(f)\"", "x.toml:5:10: nodes: at \"flor\": \"flor\" is no function; did you mean \"floor\"?\n  help: functions are min, max, floor, ceil"),
    Case(NODES, "nodes = \"floor(f, 2)\"", "x.toml:5:17: nodes: at \",\": floor takes one value, and here is a second"),
    Case(NODES, "nodes = \"max(f, rtt)\"", "x.toml:5:14: nodes: at \"f, rtt\": a plain number and a time cannot be compared"),
    Case(NODES, "nodes = \"-f\"", "x.toml:5:9: nodes: \"-f\", which is -2, is out of range; it must be a whole number from 1"),
    Case(NODES, "nodes = \"f^2\"", "x.toml:5:11: nodes: at \"^\": \"^\" means nothing here; write a power as a product"),
    Case(NODES, "nodes = \"10000000000*10000000000*10000000000*10000000000\"", "x.toml:5:10: nodes: comes to more than 38 digits"),
    Case(NODES, "nodes = \"f*100000000000000000000000000000000000000000\"", "x.toml:5:12: nodes: at \"100000000000000000000000000000000000000000\": \"100000000000000000000000000000000000000000\" has more digits than can be worked out exactly: 38"),
    Case(NODES, "nodes = \"f*10000000000\"", "nodes: 20000000000 nodes would need about 7450 GiB"),
    Case(NODES, "nodes = \"nodes-1\"", "x.toml:5:10: nodes: at \"nodes\": \"nodes\" is no parameter"),
    Case(NODES, "nodes = \"rt\"", "x.toml:5:10: nodes: \"rt\" is no parameter; did you mean \"rtt\"?"),
    Case(NODES, "nodes = \"seven\"", "x.toml:5:9: nodes: \"seven\" stands where a whole number should"),
    Case(NODES, "nodes = \"7\"", "x.toml:5:9: nodes: \"7\" stands where a whole number should"),
    Case(NODES, "nodes = \"\"", "x.toml:5:9: nodes: \"\" stands where a whole number should"),
    Case(NODES, "nodes = \"\\u0033*g\"", "x.toml:5:9: nodes: at \"g\": \"g\" is no parameter"),
    Case(NODES, "nodes = \"1e400*f\"", "x.toml:5:10: nodes: at \"1e400\": \"1e400\" has an unknown unit"),
    Case(DURATION, "duration = \"20*rtt + 60\"", "x.toml:4:13: duration: a time and a plain number do not add up"),
    Case(DURATION, "duration = \"f\"", "x.toml:4:12: duration: \"f\" comes to 2, a plain number, where a duration such as \"5ms\" should stand"),
    Case(DURATION, "duration = \"rtt*rtt\"", "x.toml:4:13: duration: a time cannot be multiplied with a time"),
    Case(DURATION, "duration = \"rtt - 2*rtt\"", "x.toml:4:12: duration: \"rtt - 2*rtt\" is negative; a duration here is at least 0s"),
    Case(DURATION, "duration = \"rtt-rtt\"", "x.toml:4:12: duration: \"rtt-rtt\" is no time at all"),
    Case(DURATION, "duration = \"rtt/3\"", "duration: \"rtt/3\" comes to about 16666666.666667 nanoseconds, which is not whole; write floor(rtt/3) or ceil(rtt/3)"),
    Case(DURATION, "duration = \"99999999999999999999*rtt\"", "duration: \"99999999999999999999*rtt\" is longer than 584 years, the most that fits"),
    Case(DURATION, "duration = \"rrt\"", "x.toml:4:13: duration: \"rrt\" is no parameter; did you mean \"rtt\"?"),
    Case(DURATION, "duration = \"-60s\"", "duration: \"-60s\" is negative"),
    Case(LOSS, "loss = \"p*20\"", "x.toml:23:8: network.loss: 2 is not a probability"),
    Case(LOSS, "loss = \"q/2\"", "x.toml:23:9: network.loss: at \"q\": \"q\" is no parameter"),
    Case(LOSS, "loss = \"1%\"", "network.loss: \"1%\" is not how a probability is written; write 0.01"),
    Case(RATE, "rate = \"size\"", "network.bandwidth.rate: \"size\" comes to 1KB, a size, where a bandwidth such as \"10MB/s\" should stand"),
    Case(RATE, "rate = \"10MB/sec\"", "network.bandwidth.rate: \"10MB/sec\" has no time that is known behind the /; write \"10MB/s\"; known are s, ms, min, h"),
    Case(RATE, "rate = \"size/(3*rtt)\"", "network.bandwidth.rate: \"size/(3*rtt)\" comes to about 6666.666667 bytes a second, which is not whole"),
    Case(RATE, "rate = 10", "network.bandwidth.rate: \"10\" has no unit; write \"10MB/s\" or \"10Mbit/s\""),
    Case(GROUPS, "[\"0..g\", \"f..3*f+1\"]", "x.toml:35:29: faults[0].partition.groups[0]: \"g\" is no parameter\n  help: parameters are: f"),
    Case(GROUPS, "[\"0..f\", \"f..3*f+2\"]", "x.toml:35:33: faults[0].partition.groups[1]: \"f..3*f+2\", which is 2..8, names nodes that are not there; the nodes are 0 to 6"),
    Case(GROUPS, "[\"0..f\", \"f..f\"]", "faults[0].partition.groups[1]: \"f..f\", which is 2..2, is empty: the end of a range is not part of it"),
    Case(GROUPS, "[\"0..f\", \"f..3*f/4\"]", "faults[0].partition.groups[1]: \"3*f/4\" is 1.5, and a whole number should stand here"),
    Case(GROUPS, "[\"-f..f\", \"f..7\"]", "faults[0].partition.groups[0]: \"-f..f\", which is -2..2, names nodes that are not there"),
    Case(GROUPS, "[\"0-2\", \"f..7\"]", "faults[0].partition.groups[0]: \"0-2\" is no set of nodes; write 7, \"0..60\""),
    Case(GROUPS, "[\"3*f+1\", \"0..f\"]", "faults[0].partition.groups[0]: node 3*f+1, which is 7, is not there; the nodes are 0 to 6"),
    Case(F, "f = \"2\"\n", "x.toml:9:5: parameters.f: \"2\" is a number in quotes; write 2"),
    Case(F, "f = 2\nf = 3\n", "x.toml:10:1: f: \"f\" stands here a second time; keep one"),
    Case(F, "f = 2\nP = 2\n", "parameters.P: \"P\" is no name of a parameter: a-z, 0-9, _ and -, and first a letter"),
    Case(F, "f = 2\nRtt = 2\n", "and first a letter; did you mean \"rtt\"?"),
    Case(F, "f = 2\nnodes-f = 2\n", "parameters.nodes-f: \"nodes-f\" could also mean nodes minus f"),
    Case(F, "f = 2\nf-fanout = 2\n", "parameters.f-fanout: \"f-fanout\" could also mean f minus fanout"),
    Case(F, "F = 2\n", "x.toml:9:5: parameters.F: \"F\" is no name of a parameter: a-z, 0-9, _ and -, and first a letter"),
    Case(F, "f = true\n", "parameters.f: true is no value of a parameter; write a number, or a text such as \"5ms\", \"1KB\", \"500/s\" or \"2*f+1\""),
    Case(F, "f = [2]\n", "parameters.f: a list is no value of a parameter"),
    Case(F, "f = 1e300\n", "parameters.f: 1e300 has more digits than can be worked out exactly: 38"),
    Case(F, "f = 1e-300\n", "parameters.f: 1e-300 has more digits than can be worked out exactly: 38"),
    Case(F, "f = inf\n", "parameters.f: inf is no value of a parameter"),
    Case(F, "f = \"2*f\"\n", "x.toml:9:8: parameters.f: at \"f\": \"f\" would be made of itself"),
    Case(F, "f = \"2*p\"\n", "x.toml:9:8: parameters.f: at \"p\": \"p\" stands further down; a parameter may use those above it"),
    Case(F, "f = 2\nnodes = 3\n", "x.toml:10:9: parameters.nodes: \"nodes\" is a word of the format already; choose another name"),
    Case(F, "f = 2\nfanout = 3\n", "parameters.fanout: \"fanout\" is an option of gossip already"),
    Case(F, "f = 2\nmin = 3\n", "parameters.min: \"min\" is a function already"),
    Case(F, "f = 2\navailability = 3\n", "parameters.availability: \"availability\" is a metric already"),
    Case(F, "f = 2\nconverges = 3\n", "parameters.converges: \"converges\" is a check already"),
    Case(F, "f = 2\ns = 3\n", "parameters.s: \"s\" is a unit of time already"),
    Case(F, "f = 2\nf-p = 3\n", "parameters.f-p: \"f-p\" could also mean f minus p"),
    Case(F, "f = 2\na-1 = 3\n", "parameters.a-1: \"a-1\" is no name of a parameter: behind a - stands a letter, or it would be a minus"),
    Case(F, "f = 2\n\"\" = 3\n", "parameters.: \"\" is no name of a parameter"),
    Case(F, "f = 2\nx = \"(rtt\"\ny = \"x+1\"\nz = \"q\"\n", "x.toml:12:6: parameters.z: \"q\" is no parameter"),
    Case(F, "f = 2\nx = \"five\"\n", "x.toml:10:6: parameters.x: \"five\" is no parameter"),
    Case(F, "f = 2\nx = \"\"\n", "parameters.x: a number or a parameter is expected here, not the end"),
    Case(BOUND, "<= 100000*g*nodes", "x.toml:50:35: expect.cheap: at \"g\": \"g\" is no number\n  help: in a bound may stand: nodes, quorum, fanout, interval, f, rtt"),
    Case(BOUND, "<= 100000*rtt*nodes", "messages.total is a plain number, and the bound is a time"),
    Case(BOUND, "<= max(f, nodes", "\")\" is expected here, not the end"),
];

#[test]
fn what_cannot_be_meant_is_told_with_its_place() {
    check(PARAMETERS, WRONG);
}
