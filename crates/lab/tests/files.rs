//! The files that a scenario names: they are listed, their contents enter the plan, and what is wrong in one is told with its
//! own name, line and column.

use crate::common::{DESIGN, read, read_with};
use quorate_engine::latency::Distribution;
use quorate_engine::topology::Topology;
use quorate_lab::plan::Plan;
use quorate_lab::text::{Base, Files, Needed, Override, Source, files_needed};

const LATENCY: &str = "latency = { lognormal = { median = \"5ms\", p99 = \"40ms\" } }";
const BY_FILE: &str = "latency = { empirical = { file = \"latency.csv\" } }";
const TOPOLOGY: &str = "topology = \"mesh\"";
const EDGES: &str = "topology = { edge-list = { file = \"../edges.txt\" } }";

fn needed(text: &str, flags: &[&str]) -> Vec<(String, Base)> {
    let overrides: Vec<_> = flags.iter().map(|flag| Override::of(flag).unwrap()).collect();
    let source = Source { name: "x.toml".to_string(), bytes: text.as_bytes() };
    files_needed(&source, &overrides).unwrap().into_iter().map(|needed| (needed.path, needed.base)).collect()
}

fn brought(path: &str, base: Base, bytes: &[u8]) -> Files {
    let mut files = Files::default();
    files.add(Needed { path: path.to_string(), base }, format!("dir/{path}"), Ok(bytes.to_vec()));
    files
}

/// A scenario whose latency is measured, with that file.
fn with_samples(contents: &[u8]) -> Result<Plan, String> {
    read_with(DESIGN.replace(LATENCY, BY_FILE).as_bytes(), &[], &brought("latency.csv", Base::Scenario, contents))
}

fn with_edges(contents: &[u8]) -> Result<Plan, String> {
    read_with(DESIGN.replace(TOPOLOGY, EDGES).as_bytes(), &[], &brought("../edges.txt", Base::Scenario, contents))
}

#[test]
fn a_scenario_lists_the_files_that_it_needs() {
    assert_eq!(needed(DESIGN, &[]), []);
    let text = DESIGN.replace(LATENCY, BY_FILE).replace(TOPOLOGY, EDGES);
    let both = text.replace(
        "loss",
        "client-latency = { shifted = { by = \"1ms\", latency = { empirical = { file = \"latency.csv\" } } } }\nloss",
    );
    let expected = [("../edges.txt".to_string(), Base::Scenario), ("latency.csv".to_string(), Base::Scenario)];
    assert_eq!((needed(&text, &[]), needed(&both, &[])), (expected.to_vec(), expected.to_vec()));
    let flagged = needed(&text, &["network.latency={empirical={file=\"latency.csv\"}}"]);
    assert_eq!(flagged, [expected[0].clone(), ("latency.csv".to_string(), Base::Working)]);
    let flagged = needed(&text, &["network.latency.empirical.file=a/b.csv", "network.topology=ring"]);
    assert_eq!(flagged, [("a/b.csv".to_string(), Base::Working)]);
    let mixed = "{ mixture = [{ weight = 1, latency = { empirical = { file = \"a\" } } }, { weight = 1, latency = \"1ms\" }] }";
    assert_eq!(needed(&DESIGN.replace(LATENCY, &format!("latency = {mixed}")), &[]), [("a".to_string(), Base::Scenario)]);
}

#[test]
fn contents_enter_the_plan() {
    let plan = with_samples(include_bytes!("data/latency.csv")).unwrap();
    assert_eq!(plan.network.link.latency, Distribution::empirical(vec![412_000, 398_000, 1_500_000, 12_000_000]));
    for text in [
        "412us\n398us\r\n1.5ms\n12ms",
        "# x\n  0.398ms\n\n412us # y\n1500us\n12ms\n",
        "rtt [us]\n412\n398\n1500\n12000",
        "\"ms\"\n.412\n",
    ] {
        let other = with_samples(text.as_bytes());
        assert_eq!(other.is_ok(), !text.contains("\n.4"), "{text:?}: {other:?}");
        assert!(other.is_err() || other.as_ref() == Ok(&plan), "{text:?}");
    }
    let edges = with_edges(b"# a path\n0 1\n1,2\n").unwrap();
    assert_eq!(edges.network.topology, Topology::Edges([(0, 1), (1, 2)].into()));
    for plan in [plan, edges] {
        // The resolved scenario needs no file.
        assert_eq!(read(plan.to_json().to_string().as_bytes(), &[]), Ok(plan));
    }
}

#[test]
fn what_is_wrong_in_a_file_has_its_place_there() {
    let at = "network.latency.empirical.file";
    let large = "1ms\n".repeat(100_001);
    let cases: &[(&[u8], &str)] = &[
        (b"5ms\nsix\n", &format!("dir/latency.csv:2:1: {at}: \"six\" is no duration")),
        (b"5ms\n  6\n", &format!("dir/latency.csv:2:3: {at}: \"6\" has no unit; write \"6ms\" or \"6s\"")),
        (
            b"ms\n5\n\xc3\xbc\n6ms",
            &format!("dir/latency.csv:3:1: {at}: \"ü\" is no number; the head says that all below are numbers of ms"),
        ),
        (b"ms\n5\n6ms", &format!("dir/latency.csv:3:1: {at}: \"6ms\" is no number; the head says")),
        (b"ms\n-5\n", &format!("dir/latency.csv:2:1: {at}: \"-5ms\" is negative")),
        (b"ns\n0.5\n", &format!("dir/latency.csv:2:1: {at}: \"0.5ns\" is not a whole number of nanoseconds")),
        (
            b"latency\n5\n",
            &format!("dir/latency.csv:1:1: {at}: \"latency\" is no duration, and no head that names a unit; write 12.5ms"),
        ),
        (b"from,to,ms\n1,2,5\n", "no head that names a unit; a file of samples has one column"),
        (b"# nothing\n\n", &format!("dir/latency.csv:1:1: {at}: there is no duration; write one a line, such as 12.5ms")),
        (b"ms\n", "x.toml:17:11: network.latency: "),
        (b"5ms\n\xff\n", &format!("dir/latency.csv:2:1: {at}: byte 0xff here is not UTF-8 text; save the file as UTF-8")),
        (large.as_bytes(), &format!("dir/latency.csv:100001:1: {at}: more than 100000 samples")),
    ];
    for (contents, expected) in cases {
        let errors = with_samples(contents).unwrap_err();
        assert!(errors.contains(expected), "expected: {expected}\nsaid:     {errors}");
    }
    let at = "network.topology.edge-list.file";
    let cases: &[(&[u8], &str)] = &[
        (b"0 1\n0 x\n", &format!("dir/../edges.txt:2:3: {at}: \"x\" is no node")),
        (b"0 1\n# far\n99 100\n", &format!("dir/../edges.txt:3:1: {at}: node 100 is not there; the nodes are 0 to 99")),
        (b"", &format!("dir/../edges.txt:1:1: {at}: there is no edge")),
    ];
    for (contents, expected) in cases {
        let errors = with_edges(contents).unwrap_err();
        assert!(errors.contains(expected), "expected: {expected}\nsaid:     {errors}");
    }
}

#[test]
fn what_could_not_be_read_is_told_where_it_is_named() {
    let text = DESIGN.replace(LATENCY, BY_FILE);
    let mut files = Files::default();
    let missing = Needed { path: "latency.csv".to_string(), base: Base::Scenario };
    files.add(missing, "dir/latency.csv", Err("No such file or directory (os error 2)".to_string()));
    let errors = read_with(text.as_bytes(), &[], &files).unwrap_err();
    let expected =
        "x.toml:17:34: network.latency.empirical.file: cannot read dir/latency.csv: No such file or directory (os error 2)";
    assert!(errors.contains(expected), "{errors}");
    for (text, flags, expected) in [
        (
            text.clone(),
            &[][..],
            "x.toml:17:34: network.latency.empirical.file: the contents of \"latency.csv\" are not at hand here",
        ),
        (
            text.replace("\"latency.csv\"", "3"),
            &[],
            "network.latency.empirical.file: 3 stands where the path of a file should, such as \"latency.csv\"",
        ),
        (
            text.replace("latency.csv", ""),
            &[],
            "network.latency.empirical.file: \"\" is no path; write one relative to this scenario",
        ),
        (
            text.replace("{ file", "{ samples = [\"1ms\"], file"),
            &[],
            "network.latency.empirical: has its samples once: samples = [\"5ms\", …], or file = \"latency.csv\"",
        ),
        (text.replace("file = \"latency.csv\"", ""), &[], "network.latency.empirical: has its samples once"),
        (
            text,
            &["network.latency.empirical.file=b.csv"],
            "--set network.latency.empirical.file=b.csv: network.latency.empirical.file: the contents of \"b.csv\" are not at hand",
        ),
    ] {
        let errors = read(text.as_bytes(), flags).unwrap_err();
        assert!(errors.contains(expected), "expected: {expected}\nsaid:     {errors}");
    }
}
