//! JSON is the other syntax of the same scenarios: one plan either way, and mistakes told with their places.

use crate::common::{Case, DESIGN, EVERYTHING, check, files_of, read, read_with};
use std::path::{Path, PathBuf};

const PARAMETERS: &str = include_str!("data/parameters.toml");

/// The scenario files of the repository.
fn scenarios(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // Tables are no scenarios.
        if path.is_dir() && !path.ends_with("tables") {
            found.extend(scenarios(&path));
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            found.push(path);
        }
    }
    found
}

/// A TOML text as JSON, key by key.
fn to_json(text: &str) -> String {
    let table: toml::Table = toml::from_str(text).unwrap();
    serde_json::to_string_pretty(&table).unwrap()
}

#[test]
fn both_syntaxes_make_one_plan() {
    let scenarios = scenarios(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios"));
    assert!(scenarios.len() > 5);
    let examples = [("design", DESIGN), ("everything", EVERYTHING), ("parameters", PARAMETERS)];
    let examples = examples.map(|(name, text)| (PathBuf::from(name), text.to_string()));
    let files = scenarios.into_iter().map(|path| (path.clone(), std::fs::read_to_string(path).unwrap()));
    for (path, text) in examples.into_iter().chain(files) {
        let name = path.display();
        let files = files_of(text.as_bytes(), path.parent().unwrap());
        let plan = read_with(text.as_bytes(), &[], &files).unwrap_or_else(|errors| panic!("{name}: {errors}"));
        assert_eq!(read_with(to_json(&text).as_bytes(), &[], &files).as_ref(), Ok(&plan), "{name}");
        // What a plan resolves to needs no file.
        let resolved = plan.to_json();
        for json in [resolved.to_string(), serde_json::to_string_pretty(&resolved).unwrap()] {
            assert_eq!(read(json.as_bytes(), &[]).as_ref(), Ok(&plan), "{name}, resolved");
        }
    }
}

#[test]
fn overrides_change_json_as_they_change_toml() {
    let flags = ["network.loss=0.05", "faults[0].at=3s", "network.latency={constant=\"2ms\"}", "expect.x=availability >= 0"];
    assert_eq!(read(to_json(DESIGN).as_bytes(), &flags), read(DESIGN.as_bytes(), &flags));
}

#[test]
fn numbers_are_exact_to_128_bits() {
    let example = to_json(DESIGN);
    let with = |seed: &str| read(example.replace("\"seed\": 42", &format!("\"seed\": {seed}")).as_bytes(), &[]);
    assert_eq!(with("18446744073709551615").unwrap().seed, u64::MAX);
    assert_eq!(with("-0").unwrap().seed, 0);
    for (seed, expected) in [
        ("18446744073709551616", "seed: 18446744073709551616 is out of range; it must be a whole number from 0"),
        ("170141183460469231731687303715884105727", "seed: 170141183460469231731687303715884105727 is out of range"),
        ("170141183460469231731687303715884105728", "seed: a number of more than 38 digits is out of range"),
        ("42.0", "seed: 42.0 stands where a whole number should"),
        ("1e2", "seed: 100.0 stands where a whole number should"),
        ("1e400", "seed: inf stands where a whole number should"),
    ] {
        let errors = with(seed).unwrap_err();
        assert!(errors.contains(expected), "{seed}: {errors}");
    }
}

const SHORT: &str = "{
  \"schema\": 1,
  \"name\": \"short\",
  \"duration\": \"1s\",
  \"nodes\": 3,
  \"protocol\": { \"gossip\": { \"fanout\": 2 } },
  \"network\": { \"loss\": 0.1 },
  \"expect\": { \"cheap\": \"messages.total <= nodes\" }
}";

#[rustfmt::skip]
const WRONG: &[Case] = &[
    Case("\"nodes\": 3", "\"nodes\": \"3\"", "x.toml:5:12: nodes: \"3\" stands where a whole number should"),
    Case("\"duration\": \"1s\"", "\"duratoin\": \"1s\"", "x.toml:4:3: duratoin: \"duratoin\" is not known here; did you mean \"duration\"?"),
    Case("\"duration\": \"1s\",", "", "x.toml: duration: \"duration\" is missing; it takes duration"),
    Case("\"loss\": 0.1", "\"loss\": 5", "x.toml:7:24: network.loss: 5 is not a probability"),
    Case("\"nodes\": 3", "\"nodes\": 3, \"nodes\": 4", "x.toml:5:15: nodes: \"nodes\" stands here a second time; keep one"),
    Case("\"nodes\": 3", "\"nodes\": 3, \"n\\u006fdes\": 4", "x.toml:5:15: nodes: \"nodes\" stands here a second time; keep one"),
    Case("\"nodes\": 3", "\"nodes\": null", "x.toml:5:12: null is no value of a scenario; leave the key out"),
    Case("<= nodes", "<= nodse", "x.toml:8:43: expect.cheap: at \"nodse\": \"nodse\" is no number; did you mean \"nodes\"?"),
    Case("messages.total <= nodes", "messages.total \\u003c= nodse", "x.toml:8:24: expect.cheap: at \"nodse\": \"nodse\" is no number"),
    Case("\"network\": {", "\"network\": [", "x.toml:7:22: this is not JSON: unexpected colon"),
    Case("\"network\": { \"loss\": 0.1 }", "\"network\": 5", "x.toml:7:14: network: 5 stands where a table should: [network]"),
    Case("\"nodes\": 3,", "\"nodes\": 3", "x.toml:5:13: this is not JSON: expected comma"),
    Case("\"loss\": 0.1", "\"loss\": 0.1,", "x.toml:7:27: this is not JSON: trailing commas are not allowed"),
    Case("\"nodes\": 3,", "\"nodes\": 3, // three", "x.toml:5:15: this is not JSON: comments are not allowed"),
    Case("\"nodes\": 3,", "\"nodes\": 3, /* three */", "x.toml:5:15: this is not JSON: comments are not allowed"),
    Case("\"nodes\": 3", "nodes: 3", "x.toml:5:3: this is not JSON: expected string for object property"),
    Case("\"nodes\": 3", "'nodes': 3", "x.toml:5:3: this is not JSON: single-quoted strings are not allowed"),
    Case("\"nodes\": 3", "\"nodes\": 0x3", "this is not JSON: hexadecimal numbers are not allowed"),
    Case("\"nodes\": 3", "\"nodes\": +3", "this is not JSON: unary plus on numbers is not allowed"),
    Case("\"nodes\": 3", "\"nodes\": 03", "x.toml:5:"),
    Case("\"nodes\": 3", "\"nodes\": .3", "this is not JSON: leading or trailing decimal points on numbers are not allowed"),
    Case("\"nodes\": 3", "\"nodes\": NaN", "x.toml:5:12: this is not JSON: unexpected token"),
    Case("\"nodes\": 3", "\"nodes\": three", "x.toml:5:12: this is not JSON: unexpected token"),
    Case("\"nodes\": 3", "\"nodes\" 3", "x.toml:5:11: this is not JSON: expected colon after the string or word in object property"),
    Case("\"nodes\": 3", "\"nodes\":\u{a0}3", "x.toml:5:11: this is not JSON: \\u{a0} is no white space here"),
    Case("\"short\"", "\"sho\trt\"", "x.toml:3:15: this is not JSON: a control character in a text; write \\u0009"),
    Case("\"short\"", "\"sho\\xrt\"", "this is not JSON: invalid escape"),
    Case("\"short\"", "\"\\ud800\"", "this is not JSON: invalid unicode escape sequence"),
    Case("\"short\"", "\"short", "x.toml:3:18: this is not JSON: a text ends in its line; a quote is missing, or \\n is meant"),
    Case("nodes\" }\n}", "nodes\" }\n}\n{}", "x.toml:10:1: this is not JSON: text cannot contain more than one JSON value"),
    Case("nodes\" }\n}", "nodes\" }\n", "x.toml:1:1: this is not JSON: unterminated object"),
];

#[test]
fn what_is_no_json_is_told_with_its_place() {
    assert!(read(SHORT.as_bytes(), &[]).is_ok());
    check(SHORT, WRONG);
}

#[test]
fn whole_documents() {
    let deep = |open: &str, close: &str, depth: usize| format!("{{\"a\": {}1{}}}", open.repeat(depth), close.repeat(depth));
    let unclosed = "[".repeat(100_000);
    let cases = [
        ("{}".to_string(), "x.toml: the file is empty; a scenario has at least schema, name"),
        (" \n\t{ } ".to_string(), "x.toml: the file is empty"),
        ("{".to_string(), "x.toml:1:1: this is not JSON: unterminated object"),
        (deep("[", "]", 31), "x.toml:1:2: a: \"a\" is not known here"),
        (deep("[", "]", 33), "nested more than 32 levels deep"),
        (deep("{\"a\":", "}", 33), "nested more than 32 levels deep"),
        (deep("[", "]", 100_000), "nested more than 32 levels deep"),
        (deep("{\"a\":", "}", 100_000), "nested more than 32 levels deep"),
        (format!("{{\"a\": {unclosed}"), "nested more than 32 levels deep"),
        ("{\"a".to_string(), "x.toml:1:2: this is not JSON: unterminated string literal"),
    ];
    for (text, expected) in cases {
        let errors = read(text.as_bytes(), &[]).unwrap_err();
        assert!(errors.contains(expected), "expected: {expected}\nsaid:     {errors}");
    }
    // The mark that some programs write in front, and places behind it.
    assert_eq!(read(format!("\u{feff}{SHORT}").as_bytes(), &[]), read(SHORT.as_bytes(), &[]));
    let errors = read(format!("\u{feff}{}", SHORT.replace("0.1", "7")).as_bytes(), &[]).unwrap_err();
    assert!(errors.contains("x.toml:7:24: network.loss: 7 is not a probability"), "{errors}");
}
