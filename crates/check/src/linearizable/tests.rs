use super::generate::{self, KINDS, Kind, Shape};
use super::oracle;
use super::part::Respect;
use super::*;
use crate::history::read::Reader;
use crate::history::write;

const STEPS: u64 = 1_000_000;
const BYTES: u64 = 1 << 30;

fn judged(history: &History, respect: Respect) -> Judgement {
    let mut budget = Budget::new(STEPS, BYTES);
    match respect {
        Respect::RealTime => judge(history, &mut budget),
        Respect::ProgramOrder => sequential(history, &mut budget),
    }
}

/// Compares the search with the oracle on small histories of a model.
fn compare(model: Model, respect: Respect, seeds: std::ops::Range<u64>) {
    let (mut right, mut wrong) = (0u64, 0u64);
    let count = seeds.end - seeds.start;
    for seed in seeds {
        let mut chance = generate::Chance::new(!seed);
        let shape = Shape {
            count: chance.below(oracle::OPERATIONS_MAX as u64 + 1) as usize,
            processes: 2 + chance.below(3),
            keys: 1 + chance.below(2),
            values: 2 + chance.below(3),
            unknown: [0, 15, 50][chance.below(3) as usize],
        };
        let kind = KINDS[seed as usize % KINDS.len()];
        let history = generate::history(seed, model, kind, shape);
        let expect = oracle::has_order(&history, respect);
        let must = kind == Kind::Correct || kind == Kind::Reordered && respect == Respect::ProgramOrder;
        let told = || format!("seed {seed}, {}, {respect:?}, {kind:?}:\n{}", model.name(), write::text(&history));
        assert!(expect || !must, "the generator's own order is one: {}", told());
        let judgement = judged(&history, respect);
        let name = if expect { "ok" } else { "violation" };
        assert_eq!(judgement.verdict.name(), name, "{} {}", told(), judgement.verdict.evidence());
        if !expect {
            check_evidence(&history, respect, &judgement);
        }
        *(if expect { &mut right } else { &mut wrong }) += 1;
    }
    assert!(right > count / 4 && wrong > count / 20, "{}: {right} right, {wrong} wrong: both must be met often", model.name());
}

/// What is told of a violation holds.
fn check_evidence(history: &History, respect: Respect, judgement: &Judgement) {
    let told = || format!("{}\n{}", write::text(history), judgement.verdict.evidence());
    let ids = |name: &str| -> Vec<i64> {
        let fact = judgement.facts.get(name).unwrap_or_else(|| panic!("no {name}: {}", told()));
        fact.as_array().expect("ids").iter().map(|id| id.as_i64().expect("an id")).collect()
    };
    let only = |kept: &dyn Fn(&crate::history::Operation) -> bool| {
        let mut part = history.clone();
        part.operations.retain(kept);
        part
    };
    let minimal = ids("minimal");
    let kept = only(&|operation| minimal.contains(&operation.id));
    assert!(!oracle::has_order(&kept, respect), "the minimal history is a violation: {}", told());
    for line in judgement.verdict.evidence().lines().filter(|line| line.starts_with("  p")) {
        assert!(line.chars().count() <= 80, "{}", told());
    }
    if respect == Respect::ProgramOrder {
        return;
    }
    let unplaceable = judgement.facts["unplaceable"].as_i64().expect("an id");
    assert!(minimal.contains(&unplaceable), "{}", told());
    assert!(!ids("order").contains(&unplaceable) || ids("order").len() > 1, "{}", told());
}

fn compare_all(seeds: std::ops::Range<u64>) {
    for model in MODELS {
        for respect in [Respect::RealTime, Respect::ProgramOrder] {
            compare(*model, respect, seeds.clone());
        }
    }
}

#[test]
fn small_histories_agree_with_the_oracle() {
    compare_all(0..1_000);
}

#[test]
#[ignore = "takes minutes: run it in release"]
fn many_small_histories_agree_with_the_oracle() {
    compare_all(1_000_000..1_100_000);
}

fn read(text: &str) -> History {
    let mut reader = Reader::new(None, 1 << 30);
    for line in text.split_inclusive('\n') {
        reader.line(line.as_bytes()).unwrap_or_else(|stop| panic!("{stop:?} in {line}"));
    }
    reader.finish().expect("a whole history")
}

/// Histories of others, where they are at hand, with the verdicts that they must get.
#[test]
fn histories_of_others_get_their_verdicts() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/histories");
    let Ok(expected) = std::fs::read_to_string(format!("{folder}/EXPECTED.jsonl")) else {
        eprintln!("skipped: there is no {folder}/EXPECTED.jsonl");
        return;
    };
    let mut seen = 0;
    for line in expected.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        if line["check"] != "linearizable" {
            continue;
        }
        let file = line["file"].as_str().expect("a file");
        let history = read(&std::fs::read_to_string(format!("{folder}/{file}")).expect("the file"));
        let judgement = judge(&history, &mut Budget::new(20_000_000, 1 << 30));
        assert_eq!(judgement.verdict.name(), line["expect"].as_str().expect("a verdict"), "{file}: {}", judgement.verdict.evidence());
        seen += 1;
    }
    assert!(seen > 0);
}
