//! The commands that help to write and to understand a scenario file: validate, show, describe, new, completions and man.

mod common;

use common::{Ended, end, json, quorate, root, run, scenario, scenarios, tables};
use quorate_lab::plan::Plan;
use quorate_lab::text::{Files, Source, files_needed, parse};
use quorate_protocols::registry::protocols;
use serde_json::Value;
use std::fs;
use std::path::Path;

#[track_caller]
fn check(ended: &Ended, status: i32, told: &[&str]) {
    assert_eq!(ended.status, status, "stdout: {}\nstderr: {}", ended.stdout, ended.stderr);
    for part in told {
        assert!(ended.stderr.contains(part), "{part:?} is not in {}", ended.stderr);
    }
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
}

#[track_caller]
fn narrow(text: &str) {
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

/// A folder with a right scenario, a wrong one and things that are no scenarios.
fn mixed() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let right = fs::read_to_string(scenario("gossip/push.toml")).unwrap();
    write("b/right.toml", &right);
    write("a/wrong.toml", &right.replace("nodes =", "nods =").replace("[network]", "[network]\nlos = 0.1"));
    write("notes.txt", "no scenario");
    write("scenario.schema.json", "{}");
    write(".hidden/x.toml", "");
    folder
}

#[test]
fn validate_tells_all_that_is_wrong_and_names_what_is_right() {
    let folder = mixed();
    let at = |args: &[&str]| end(quorate(args).current_dir(folder.path()));
    let ended = at(&["validate", "b/right.toml"]);
    check(&ended, 0, &[]);
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("ok  gossip-push  b/right.toml\n", ""));
    let ended = at(&["validate", "."]);
    check(&ended, 2, &["./a/wrong.toml:", "did you mean \"nodes\"?", "did you mean \"loss\"?", "1 of 2 files"]);
    assert_eq!(ended.stdout, "ok  gossip-push  ./b/right.toml\n");
    check(&at(&["validate", "b/right.toml", "--set", "network.loss=2"]), 2, &["--set network.loss=2", "0 to 1"]);
    check(&at(&["validate", "b/right.toml", "--set", "nodes"]), 2, &["KEY=VALUE"]);
    let ended = at(&["validate", "a", "missing.toml", "b"]);
    check(&ended, 4, &["a/wrong.toml:", "missing.toml"]);
    assert!(ended.stdout.contains("b/right.toml"), "what can be read is checked: {}", ended.stdout);
    fs::create_dir(folder.path().join("empty")).unwrap();
    check(&at(&["validate", "empty"]), 4, &["empty", "no .toml or .json"]);
}

#[test]
fn validate_asks_the_protocol_too() {
    let file = scenario("crdt/counter-growing.toml");
    let ended = run(&["validate", &file, "--set", "workload.updates.amount=-1"]);
    check(&ended, 2, &["counter-growing.toml:50:2: error: workload: ", "cannot take away"]);
}

#[test]
fn validate_as_json_is_one_document() {
    let folder = mixed();
    let ended = end(quorate(&["validate", "a", "missing.toml", "b", "--format", "json"]).current_dir(folder.path()));
    check(&ended, 4, &[]);
    assert_eq!(ended.stderr, "");
    let document: Value = serde_json::from_str(&ended.stdout).unwrap();
    let [wrong, missing, right] = &document.as_array().unwrap()[..] else { panic!("{document}") };
    assert_eq!((&right["ok"], &right["name"], &right["path"]), (&true.into(), &"gossip-push".into(), &"b/right.toml".into()));
    assert_eq!((&wrong["ok"], &wrong["name"], &missing["ok"]), (&false.into(), &Value::Null, &false.into()));
    let problem = wrong["problems"].as_array().unwrap().iter().find(|problem| problem["path"] == "network.los").unwrap();
    assert!(problem["line"].as_u64().unwrap() > 1 && problem["column"] == 1, "{problem}");
    assert!(problem["message"].as_str().unwrap().starts_with("\"los\" is not known here"), "{problem}");
    assert!(problem["help"].as_str().unwrap().contains("latency"), "{problem}");
    assert!(missing["problems"][0]["message"].as_str().unwrap().contains("missing.toml"), "{missing}");
    assert!(missing["problems"][0]["line"].is_null(), "{missing}");
}

#[test]
fn every_scenario_and_every_table_validates() {
    let ended = run(&["validate", "scenarios"]);
    check(&ended, 0, &[]);
    assert_eq!(ended.stdout.lines().count(), scenarios().len() + tables().len());
}

fn plan(text: &str) -> Plan {
    plan_in(Path::new(""), text)
}

/// The plan of a scenario that stands in that folder.
fn plan_in(folder: &Path, text: &str) -> Plan {
    let source = Source { name: "x".to_string(), bytes: text.as_bytes() };
    let mut files = Files::default();
    for needed in files_needed(&source, &[]).unwrap_or_default() {
        let bytes = fs::read(folder.join(&needed.path)).map_err(|error| error.to_string());
        files.add(needed, "beside it", bytes);
    }
    parse(&source, &[], &files).unwrap_or_else(|errors| panic!("{}: {text}", errors.problems[0]))
}

#[test]
fn a_shown_scenario_is_that_scenario() {
    let everything = root().join("crates/lab/tests/data/everything.toml").to_str().unwrap().to_string();
    for file in scenarios().iter().map(|name| scenario(name)).chain([everything]) {
        let meant = plan_in(Path::new(&file).parent().unwrap(), &fs::read_to_string(&file).unwrap());
        for format in ["toml", "json"] {
            let shown = run(&["show", &file, "--format", format]);
            check(&shown, 0, &[]);
            assert_eq!(plan(&shown.stdout), meant, "{file} as {format}");
        }
        assert_eq!(json(&["show", &file, "--format", "json"]), meant.to_json(), "{file}");
    }
}

#[test]
fn a_shown_scenario_gives_the_same_digest() {
    let folder = tempfile::tempdir().unwrap();
    let digest = |file: &str, seed: &[&str]| {
        let ended = end(quorate(&["run", file, "--format", "json"]).args(seed));
        serde_json::from_str::<Value>(&ended.stdout).unwrap()["digest"].clone()
    };
    for name in ["gossip/push.toml", "crdt/counter-partition.toml", "local/baseline.toml"] {
        for format in ["toml", "json"] {
            let (file, written) = (scenario(name), folder.path().join(format!("shown.{format}")));
            fs::write(&written, run(&["show", &file, "--seed", "9", "--format", format]).stdout).unwrap();
            assert_eq!(digest(written.to_str().unwrap(), &[]), digest(&file, &["--seed", "9"]), "{name} as {format}");
        }
    }
}

#[test]
fn show_takes_overrides_and_refuses_what_run_refuses() {
    let push = scenario("gossip/push.toml");
    let shown = run(&["show", &push, "--set", "network.loss=0.25"]);
    assert!(shown.stdout.contains("\nloss = 0.25\n"), "{}", shown.stdout);
    check(&run(&["show", &push, "--set", "network.los=1"]), 2, &["did you mean \"loss\"?"]);
    check(&run(&["show", &scenario("gossip/pussh.toml")]), 4, &["did you mean"]);
}

#[test]
fn everything_that_there_is_can_be_described() {
    let overview = json(&["describe", "--format", "json"]);
    let listed = run(&["describe"]);
    check(&listed, 0, &[]);
    narrow(&listed.stdout);
    let mut names: Vec<&str> = overview.as_array().unwrap().iter().map(|thing| thing["name"].as_str().unwrap()).collect();
    assert!(
        ["gossip", "partition", "convergence.time", "converges", "lognormal", "network.loss", "fanout", "wall-clock"]
            .iter()
            .all(|name| names.contains(name))
    );
    names.sort_unstable();
    names.dedup();
    for name in names {
        let text = run(&["describe", name]);
        check(&text, 0, &[]);
        // A fault is told instead of its key, and so is a pattern of a nemesis.
        let last = ["faults.", "nemesis."].into_iter().find_map(|section| name.strip_prefix(section));
        let called = last.filter(|last| text.stdout.starts_with(&format!("{last}: "))).unwrap_or(name);
        assert!(text.stdout.contains(&format!("{called}: ")), "{name}: {}", text.stdout);
        narrow(&text.stdout);
        let document = json(&["describe", name, "--format", "json"]);
        for thing in document.as_array().unwrap() {
            for key in ["name", "summary", "kind"] {
                assert!(thing[key].is_string(), "{name}: {thing}");
            }
        }
    }
}

#[test]
fn a_description_holds_what_the_registry_holds() {
    for protocol in protocols() {
        let text = run(&["describe", protocol.name]).stdout;
        let names = protocol.options.iter().map(|field| field.name).chain(protocol.variants.iter().map(|variant| variant.name));
        let names =
            names.chain(protocol.checks.iter().map(|check| check.name)).chain(protocol.metrics.iter().map(|metric| metric.name));
        for name in names.chain(protocol.catalogue.iter().copied()) {
            assert!(text.contains(name), "{name} is not in the description of {}: {text}", protocol.name);
        }
        let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for field in protocol.options {
            assert!(folded.contains(field.doc), "{}: {}", protocol.name, field.doc);
        }
        for scenario in protocol.scenarios {
            assert!(folded.contains(scenario), "{}: {scenario}", protocol.name);
        }
    }
    let partition = run(&["describe", "partition"]).stdout;
    assert!(partition.contains("  partition = { groups = [\"0..3\", \"3..5\"] }\n"), "{partition}");
}

#[test]
fn the_laws_of_every_data_type_are_tried_and_hold() {
    let typed = protocols().iter().filter(|protocol| protocol.laws.is_some());
    for protocol in typed {
        let text = run(&["describe", protocol.name, "--laws"]);
        check(&text, 0, &[]);
        narrow(&text.stdout);
        assert!(text.stdout.contains("May be used without coordination"), "{}", text.stdout);
    }
    let document = json(&["describe", "pn-counter", "--laws", "--format", "json"]);
    assert_eq!((&document["name"], &document["variant"]), (&"pn-counter".into(), &"right".into()));
    assert_eq!(document["coordination_free"], true);
    for law in document["laws"].as_array().unwrap() {
        assert!(law["histories"].as_u64().unwrap() > 1_000, "{law}");
        assert_eq!(law["holds"].as_bool().unwrap(), law["counterexample"].is_null(), "{law}");
    }
}

#[test]
fn the_laws_of_a_variant_are_broken_where_it_is() {
    for (protocol, variant, broken) in [
        ("pn-counter", "sum-merge", "merge is idempotent"),
        ("shopping-cart", "cart-id", "merge is the union of operations"),
        ("or-set", "orset-no-tombstone", "merge is monotone"),
    ] {
        let args = ["describe", protocol, "--laws", "--variant", variant];
        let document = json(&[&args[..], &["--format", "json"]].concat());
        let law = document["laws"].as_array().unwrap().iter().find(|law| law["name"] == broken).unwrap();
        let counterexample = law["counterexample"].as_str().unwrap_or_else(|| panic!("{protocol}: {law}"));
        assert_eq!(document["coordination_free"], false);
        let text = run(&args);
        check(&text, 0, &[]);
        narrow(&text.stdout);
        let folded = text.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(folded.contains(&format!("not so: {counterexample}")), "{folded}");
        assert!(folded.contains("Needs coordination"), "{folded}");
    }
    let clamp = run(&["describe", "shopping-cart", "--laws", "--variant", "clamp"]).stdout;
    assert!(clamp.contains("clamp breaks no law"), "{clamp}");
}

#[test]
fn who_has_no_laws_is_told_who_has() {
    check(&run(&["describe", "raft", "--laws"]), 2, &["raft keeps no data type", "g-counter", "replicated-tree"]);
    check(&run(&["describe", "partition", "--laws"]), 2, &["partition keeps no data type", "text"]);
    check(&run(&["describe", "or-sat", "--laws"]), 2, &["did you mean", "or-set"]);
    check(&run(&["describe", "or-set", "--laws", "--variant", "cart-id"]), 2, &["no variant", "orset-no-tombstone"]);
    check(&run(&["describe", "--laws"]), 2, &[]);
    check(&run(&["describe", "or-set", "--variant", "delta-gap"]), 2, &["--laws"]);
}

#[test]
fn an_unknown_name_has_near_ones() {
    for (typed, meant) in
        [("gosip", "gossip"), ("clock-jmp", "clock-jump"), ("messages.totl", "messages.total"), ("network.los", "network.loss")]
    {
        let ended = run(&["describe", typed]);
        check(&ended, 2, &[typed, "did you mean", meant]);
        assert_eq!(ended.stdout, "");
    }
    check(&run(&["describe", "temperature"]), 2, &["nothing is called", "quorate describe lists what there is"]);
}

#[test]
fn a_new_scenario_of_any_protocol_is_right_and_holds() {
    let folder = tempfile::tempdir().unwrap();
    for protocol in protocols() {
        let (name, file) = (format!("my-{}", protocol.name), folder.path().join(format!("{}.toml", protocol.name)));
        let file = file.to_str().unwrap();
        check(&run(&["new", &name, "--protocol", protocol.name, "--out", file]), 0, &["wrote", file]);
        let text = fs::read_to_string(file).unwrap();
        narrow(&text);
        assert_eq!(text, run(&["new", &name, "--protocol", protocol.name]).stdout);
        assert_eq!(run(&["validate", file]).stdout, format!("ok  {name}  {file}\n"));
        check(&run(&["run", file, "--seeds", "20"]), 0, &[]);
        for field in protocol.options {
            assert!(text.contains(&format!("\n# {} = ", field.name)), "{}: {}", protocol.name, field.name);
        }
        for check in protocol.checks {
            assert!(text.contains(&format!("{0} = \"{0}\"\n", check.name)), "{}: {}", protocol.name, check.name);
        }
        // With every option at its default and no longer a comment it is the same scenario.
        let options: Vec<String> = protocol.options.iter().map(|field| format!("# {} = ", field.name)).collect();
        let open = |line: &str| options.iter().any(|option| line.starts_with(option));
        let lines = text.lines().map(|line| if open(line) { line.trim_start_matches("# ") } else { line });
        assert_eq!(plan(&lines.collect::<Vec<_>>().join("\n")), plan(&text), "{}", protocol.name);
    }
}

#[test]
fn a_new_scenario_overwrites_nothing_and_finds_its_schema() {
    let folder = tempfile::tempdir().unwrap();
    let at = |args: &[&str]| end(quorate(args).current_dir(folder.path()));
    fs::create_dir_all(folder.path().join("scenarios/mine/deep")).unwrap();
    fs::write(folder.path().join("scenarios/scenario.schema.json"), "{}").unwrap();
    check(
        &at(&["new", "x", "--protocol", "gossip", "--out", "scenarios/mine/deep/x.toml"]),
        0,
        &["quorate run scenarios/mine/deep/x.toml"],
    );
    let written = || fs::read_to_string(folder.path().join("scenarios/mine/deep/x.toml")).unwrap();
    let before = written();
    assert!(before.starts_with("#:schema ../../scenario.schema.json\n# gossip: "), "{before}");
    check(&at(&["new", "y", "--protocol", "local", "--out", "scenarios/mine/deep/x.toml"]), 4, &["is there already"]);
    assert_eq!(written(), before);
    check(&at(&["new", "x", "--protocol", "gossip", "--out", "no/such/folder/x.toml"]), 4, &["no/such/folder/x.toml"]);
    check(&at(&["new", "x", "--protocol", "gossip", "--out", "x.toml"]), 0, &[]);
    assert!(fs::read_to_string(folder.path().join("x.toml")).unwrap().starts_with("# gossip: "));
    check(&at(&["new", "My First", "--protocol", "gossip", "--out", "y.toml"]), 2, &["my-first"]);
    assert!(!folder.path().join("y.toml").exists());
    let sneaky = "a\"\nteaches = \"b";
    check(&at(&["new", sneaky, "--protocol", "gossip"]), 2, &["is no name of a scenario"]);
    check(&at(&["new", "x", "--protocol", "gosip"]), 2, &["gossip"]);
}

/// The commands, from the help of the command itself.
fn commands() -> Vec<String> {
    let help = run(&["--help"]).stdout;
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    listed
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next().map(str::to_string))
        .collect()
}

/// Beside the scenarios, with results to compare: what examples write is written there.
#[cfg(unix)]
#[test]
fn the_example_of_every_command_works() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["scenarios", "docs"] {
        std::os::unix::fs::symlink(root().join(name), folder.path().join(name)).unwrap();
    }
    let there = |words: &[&str]| end(quorate(words).current_dir(folder.path()));
    for out in ["baselines/push", "results/push"] {
        check(&there(&["run", "scenarios/gossip/push.toml", "--seeds", "3", "--out", out]), 0, &[]);
    }
    for command in commands() {
        let help = run(&[&command, "--help"]);
        check(&help, 0, &[]);
        let example = help
            .stdout
            .lines()
            .find_map(|line| line.strip_prefix("Example: quorate "))
            .unwrap_or_else(|| panic!("{command} has no example"));
        let words: Vec<&str> = example.split(" > ").next().unwrap().split(' ').collect();
        check(&there(&words), 0, &[]);
    }
}

#[test]
fn completions_and_the_manual_page_know_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = run(&["completions", shell]);
        check(&script, 0, &[]);
        for command in commands() {
            assert!(script.stdout.contains(&command), "{shell}: {command}");
        }
        // Some shells' scripts have no values.
        if ["bash", "zsh"].contains(&shell) {
            assert!(script.stdout.contains("pn-counter") && script.stdout.contains("topologies"), "{shell}");
        }
    }
    let page = run(&["man"]);
    check(&page, 0, &[]);
    assert!(page.stdout.contains(".TH quorate 1"), "{}", page.stdout);
    for command in commands() {
        assert!(page.stdout.contains(&format!(".SH \"{}\"\n", command.to_uppercase())), "{command}");
    }
}

/// The paths under scenarios/ that a person reads in lists are those that there are.
#[test]
fn described_scenarios_exist() {
    for protocol in json(&["list", "protocols", "--format", "json"]).as_array().unwrap() {
        for name in protocol["scenarios"].as_array().unwrap() {
            assert!(Path::new(&scenario(name.as_str().unwrap())).exists(), "{name}");
        }
    }
}
