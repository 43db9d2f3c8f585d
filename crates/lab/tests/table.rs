//! Whatever a table file holds, reading it ends in a table or in errors, and planning it too: no panic, no place outside the file.

use quorate_lab::plan::Plan;
use quorate_lab::table::{self, Worlds};
use quorate_lab::text::{Errors, Files, Override, Source, parse};
use std::path::Path;

const SCENARIO: &str = "schema = 1\nname = \"small\"\nduration = \"5s\"\nnodes = 4\n\n[parameters]\nf = 1\n\n\
    [protocol.gossip]\nfanout = \"f\"\n\n[workload.updates]\nat = \"1s\"\nfrom = 0\n";

const EVERYTHING: &str = r#"
schema = 1
name = "everything"
summary = "Every key."
source = "Nobody, Nothing, 1900, table 3"
claimed = "published"
note = "A note."
scenario = "small.toml"
seeds = 2
set = { "network.loss" = 0.1, "network.latency" = { uniform = ["1ms", "2ms"] } }

[where]
n = "nodes - 1"
twice = "2*n"

[[columns]]
name = "one"
scenario = "small.toml"
seeds = 3

[[columns]]
name = "two"
set = { "parameters.f" = 2, nodes = 6 }

[[rows]]
name = "messages"
measure = "max(messages.total / (nodes - 1))"
claimed = [3, "10%"]
closed = "twice + fanout"
tolerance = ["exact", 0.2]
note = "Of a row."

[[rows]]
name = "time"
measure = "convergence.time"
claimed = ["430ms", ""]
closed = ["", "3*interval"]
tolerance = ["3 sigma", "10ms"]
seeds = 1
scenario = "small.toml"
set = { "network.loss" = 0.2 }

[[rows]]
name = "later"
measure = "rate(views.split == 0)"
set = { protocol = "viewstamped" }
"#;

/// The plan of the scenario with these overrides.
fn plan_of(overrides: &[Override]) -> Result<Plan, Errors> {
    parse(&Source { name: "small.toml".to_string(), bytes: SCENARIO.as_bytes() }, overrides, &Files::default())
}

fn read(text: &[u8]) -> Result<Worlds, Errors> {
    table::read(&Source { name: "x.toml".to_string(), bytes: text })?.worlds(&[], None)
}

/// As far as the text comes; whatever is wrong has a place in it.
fn survives(text: &[u8]) -> bool {
    let checked = |errors: Errors| {
        assert!(!errors.problems.is_empty());
        let within = |problem: &quorate_lab::text::Problem| {
            problem.span.as_ref().is_none_or(|span| span.start <= span.end && span.end <= text.len())
        };
        assert!(errors.problems.iter().all(within), "{errors:?}");
    };
    let worlds = match read(text) {
        Ok(worlds) => worlds,
        Err(errors) => {
            checked(errors);
            return false;
        }
    };
    let mut plans = Vec::new();
    for world in worlds.list() {
        match plan_of(&world.overrides) {
            Ok(plan) => plans.push(plan),
            Err(errors) => {
                world.blamed(&errors).into_iter().for_each(checked);
                return false;
            }
        }
    }
    worlds.plan(plans).map(|_| ()).map_err(checked).is_ok()
}

#[test]
fn every_key_is_understood_and_cells_share_worlds() {
    assert!(survives(EVERYTHING.as_bytes()), "{:?}", read(EVERYTHING.as_bytes()).err());
    let worlds = read(EVERYTHING.as_bytes()).unwrap();
    let told: Vec<(usize, u32)> = worlds.list().iter().map(|world| (world.overrides.len(), world.seeds)).collect();
    assert_eq!(told, [(2, 3), (4, 2), (2, 1), (4, 1)]);
    let plans = worlds.list().iter().map(|world| plan_of(&world.overrides).unwrap()).collect();
    let plan = worlds.plan(plans).unwrap();
    assert_eq!(plan.jobs().len(), 7);
    let results: Vec<_> = plan.jobs().into_iter().map(|job| plan.run(job).unwrap()).collect();
    assert!(results.iter().all(|result| result.metrics.len() <= 2), "of a run only that is kept at which a cell looks");
    let report = plan.report(&results);
    assert_eq!(report.to_json(), plan.report(&results).to_json());
    assert_eq!(report.rows[1].cells[1].closed_form, Some(3.0), "three rounds of a second each");
    assert_eq!(report.rows[0].cells[1].closed_form, Some(12.0), "2 * (6 - 1) + 2");
}

/// Every line left out, every line cut short, and words in place of others.
#[test]
fn no_text_is_a_panic() {
    let lines: Vec<&str> = EVERYTHING.lines().collect();
    let mut right = 0;
    for place in 0..lines.len() {
        let mut without = lines.clone();
        without.remove(place);
        right += usize::from(survives(without.join("\n").as_bytes()));
        for cut in (0..lines[place].len()).filter(|&cut| lines[place].is_char_boundary(cut)) {
            let mut short = lines.clone();
            short[place] = &lines[place][..cut];
            right += usize::from(survives(short.join("\n").as_bytes()));
        }
        let Some((key, _)) = lines[place].split_once(" = ") else { continue };
        for value in [
            "0",
            "-1",
            "1e999",
            "nan",
            "true",
            "\"\"",
            "\"\\u0000\"",
            "\"(\"",
            "\"ü%\"",
            "\"% sigma\"",
            "\"-3%\"",
            "\"1/0\"",
            "\"nodes\"",
            "\"messages.total\"",
            "\"rate()\"",
            "\"p0(messages.total)\"",
            "[]",
            "[[]]",
            "{}",
            "{ a = 1 }",
            "{ \"a.b\" = {} }",
            "[\"\", \"\"]",
            "{ nodes = 0 }",
            "{ protocol = 3 }",
            "{ protocol = \"\" }",
            "{ seed = 18446744073709551615 }",
            "1979-05-27",
            "4294967296",
            "340282366920938463463374607431768211456",
            "{ name = 1979-05-27 }",
        ] {
            let other = format!("{key} = {value}");
            let mut changed = lines.clone();
            changed[place] = &other;
            right += usize::from(survives(changed.join("\n").as_bytes()));
        }
    }
    assert!(right > 30, "{right} changed tables are right");
    assert!(!survives(b"") && !survives(b"\xff") && !survives(SCENARIO.as_bytes()));
    for deep in ["[", "{ a = "] {
        assert!(!survives(format!("set = {}", deep.repeat(10_000)).as_bytes()));
    }
}

/// The tables of the repository, as far as they can be read without their scenarios.
#[test]
fn every_table_of_the_repository_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/tables");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let source = Source { name: path.display().to_string(), bytes: &bytes };
        let read = table::read(&source).unwrap_or_else(|errors| panic!("{}", errors.plain(&source, &Files::default())));
        assert_eq!(Some(read.name.as_str()), path.file_stem().and_then(|stem| stem.to_str()));
        count += 1;
    }
    assert!(count > 0);
}
