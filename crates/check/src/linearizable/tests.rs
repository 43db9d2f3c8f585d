//! The search against the oracle, planted violations and clean histories, and histories of others.

use super::generate::{self, KINDS, Kind, Shape};
use super::oracle;
use super::part::Respect;
use super::*;
use crate::history::read::Reader;
use crate::history::write;
use crate::sessions;

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
        assert_eq!(
            judgement.verdict.name(),
            line["expect"].as_str().expect("a verdict"),
            "{file}: {}",
            judgement.verdict.evidence()
        );
        seen += 1;
    }
    assert!(seen > 0);
}

/// `process op value result status invoke return [key]`, a line each.
fn plain(model: &str, init: &str, lines: &[&str]) -> History {
    let mut text = format!("{{\"history\":\"quorate/1\",\"model\":\"{model}\",\"init\":{init}}}\n");
    for (line, id) in lines.iter().zip(0..) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [process, op, value, result, status, invoke, end, key @ ..] = &words[..] else { panic!("{line}") };
        let key = key.first().map_or(String::new(), |key| format!("\"key\":\"{key}\","));
        text += &format!(
            "{{\"id\":{id},\"process\":{process},\"op\":\"{op}\",{key}\"value\":{value},\"result\":{result},\
             \"status\":\"{status}\",\"invoke\":{invoke},\"return\":{end}}}\n"
        );
    }
    read(&text)
}

/// A history that both checks must judge so.
fn check(model: &str, init: &str, lines: &[&str], linearizable: &str, sequential: &str) {
    let history = plain(model, init, lines);
    for (respect, expect) in [(Respect::RealTime, linearizable), (Respect::ProgramOrder, sequential)] {
        let judgement = judged(&history, respect);
        let text = format!("{}: {}", judgement.verdict.name(), judgement.verdict.evidence());
        assert!(text.starts_with(expect), "{respect:?} of {model} {lines:#?}:\n{text}\ndoes not start with\n{expect}");
        if judgement.verdict.name() == "violation" && history.operations.len() <= oracle::OPERATIONS_MAX {
            check_evidence(&history, respect, &judgement);
        }
    }
}

#[test]
fn registers() {
    let ok = |lines: &[&str]| check("register", "null", lines, "ok", "ok");
    ok(&[]);
    // Two overlapping writes may take effect in either order, and a read at the same time see either.
    ok(&["0 write 5 null ok 1 5", "1 write 6 null ok 1 5", "2 read null 6 ok 2 3", "2 read null 5 ok 6 7"]);
    // What ends when another begins is concurrent to it.
    ok(&["0 write 5 null ok 1 2", "1 read null null ok 2 3"]);
    // An unknown write takes effect long after its client gave up, or never.
    ok(&["0 write 5 null unknown 1 null", "1 read null null ok 2 3", "1 read null 5 ok 4 5"]);
    ok(&["0 write 5 null unknown 1 null", "1 read null null ok 2 3", "1 read null null ok 4 5"]);
    // An acknowledged write that nobody sees yet is late, but nobody can tell without a clock.
    check("register", "null", &["0 write 5 null ok 1 2", "1 read null null ok 3 4"], "violation: process 1's read nothing", "ok");
    // It is seen, and then not.
    let lines = ["0 write 5 null unknown 1 null", "1 read null 5 ok 2 3", "1 read null null ok 4 5"];
    check("register", "null", &lines, "violation", "violation");
    check("register", "7", &["0 read null 7 ok 1 2"], "ok", "ok");
    // A failed write is never seen.
    let lines = ["0 write 5 null fail 1 2", "1 read null 5 ok 3 4"];
    let expect = "violation: process 1's read 5 (3 to 4) was told 5, which nobody wrote there";
    check("register", "null", &lines, expect, expect);
    let lines = ["2 read null 8 ok 1 2", "0 write 8 null ok 3 4"];
    check(
        "register",
        "null",
        &lines,
        "violation: process 2's read 8 (1 to 2) was told 8, which process 0 asked to be written only at 3",
        "ok",
    );
}

#[test]
fn evidence_is_told() {
    let lines = [
        "0 write 5 null ok 1 2",
        "3 write 9 null unknown 2 null",
        "1 write 6 null ok 3 4",
        "4 write 1 null ok 3 4",
        "2 read null 5 ok 5 6",
        "2 read null 9 ok 7 8",
    ];
    let history = plain("register", "null", &lines);
    let judgement = judged(&history, Respect::RealTime);
    let expect = "process 2's read 5 (5 to 6) was told 5, which process 4's write 1 (3 to 4) had overwritten for certain before\n\
        the 3 operations that had ended before 6 do: process 0's write 5 (1 to 2), process 1's write 6 (3 to 4), \
        process 4's write 1 (3 to 4), and it holds 1\n\
        still under way then: process 3's write 9 (from 2)\n\
        these 3 operations are a violation by themselves:\n  \
          p0  |-write 5-|\n  \
          p1              |-write 6-|\n  \
          p2                          |-read 5-|  <- cannot be placed";
    assert_eq!(judgement.verdict.evidence(), expect);
    let facts = serde_json::Value::Object(judgement.facts);
    let steps = &facts["steps"];
    let expect = serde_json::json!({
        "unplaceable": 4, "prefix": 3, "order": [0, 2, 3], "open": [1], "minimal": [0, 2, 4], "steps": steps
    });
    assert_eq!(facts, expect);
}

#[test]
fn compare_and_set() {
    let lines = ["0 cas [null,5] true ok 1 2", "1 cas [4,6] false ok 3 4", "1 read null 5 ok 5 6"];
    check("cas-register", "null", &lines, "ok", "ok");
    // Two that both swapped the same value.
    let lines = ["0 write 5 null ok 1 2", "1 cas [5,6] true ok 3 4", "2 cas [5,7] true ok 3 4"];
    check("cas-register", "null", &lines, "violation: process ", "violation: there is no order");
    // One that lost against what it asked for.
    check("cas-register", "5", &["0 cas [5,6] false ok 1 2"], "violation", "violation");
}

#[test]
fn several_registers() {
    let both = r#"0 txn [["w",1,7],["w",2,7]] [["w",1,7],["w",2,7]] ok 1 4"#;
    let half = r#"1 txn [["r",1,null],["r",2,null]] [["r",1,7],["r",2,null]] ok 2 3"#;
    let whole = r#"1 txn [["r",1,null],["r",2,null]] [["r",1,7],["r",2,7]] ok 2 3"#;
    for model in ["multi-register", "rw-register"] {
        let expect = "violation: keys 1, 2: process 1's txn 1 = 7, 2 = nothing (2 to 3) fits into no order";
        check(model, "null", &[both, half], expect, "violation: there is no order");
        check(model, "null", &[both, whole], "ok", "ok");
        check(model, r#"{"2":3}"#, &[r#"1 txn [["r",2,null]] [["r",2,3]] ok 2 3"#], "ok", "ok");
    }
    // Keys are judged each for itself in real time, and together in program order.
    let lines = ["0 write 1 null ok 1 2 x", "1 write 1 null ok 1 2 y", "0 read null null ok 3 4 y", "1 read null null ok 3 4 x"];
    check("multi-register", "null", &lines, "violation: key ", "violation: there is no order of all");
}

#[test]
fn texts() {
    let lines = ["0 append \"a\" null ok 1 4 k", "1 append \"b\" null ok 1 4 k", "2 get null \"ba\" ok 5 6 k"];
    check("kv", "null", &lines, "ok", "ok");
    check("kv", "\"x\"", &["0 get null \"x\" ok 1 2 k"], "ok", "ok");
    let lines = ["0 append \"a\" null ok 1 2 k", "1 append \"b\" null ok 3 4 k", "2 get null \"ba\" ok 5 6 k"];
    check("kv", "null", &lines, "violation: key k: process 2's get ba (5 to 6) fits into no order", "ok");
    let lines = ["0 append \"a\" null ok 1 2 k", "0 put \"b\" null ok 3 4 k", "2 get null \"ab\" ok 5 6 k"];
    check("kv", "null", &lines, "violation", "violation");
}

#[test]
fn locks() {
    let lines = ["0 acquire null null ok 1 2", "0 release null null ok 3 4", "1 acquire null null ok 3 6"];
    check("mutex", "null", &lines, "ok", "ok");
    check("mutex", "true", &["1 release null null ok 3 6"], "ok", "ok");
    let lines = ["0 acquire null null ok 1 2", "1 acquire null null ok 3 4"];
    check("mutex", "null", &lines, "violation: process 1's acquire (3 to 4) fits into no order", "violation");
    check("mutex", "null", &["1 release null null ok 3 6"], "violation", "violation");
    // Whoever never heard may hold it.
    let lines = ["0 acquire null null unknown 1 null", "1 release null null ok 3 4"];
    check("mutex", "null", &lines, "ok", "ok");
}

#[test]
fn queues_and_stacks() {
    let put = |op: &str| [format!("0 {op} 1 null ok 1 2"), format!("0 {op} 2 null ok 3 4")];
    let take =
        |op: &str, first: &str, second: &str| [format!("1 {op} null {first} ok 5 6"), format!("1 {op} null {second} ok 7 8")];
    let lines = |put: &[String], take: &[String]| -> Vec<String> { put.iter().chain(take).cloned().collect() };
    for (model, first, second) in [("queue", "1", "2"), ("stack", "2", "1")] {
        let (insert, remove) = if model == "queue" { ("enqueue", "dequeue") } else { ("push", "pop") };
        let right = lines(&put(insert), &take(remove, first, second));
        let wrong = lines(&put(insert), &take(remove, second, first));
        let early = lines(&put(insert), &take(remove, "null", first));
        let twice = lines(&put(insert), &take(remove, first, first));
        let check_all = |lines: &[String], one: &str, two: &str| {
            check(model, "null", &lines.iter().map(String::as_str).collect::<Vec<_>>(), one, two);
        };
        check_all(&right, "ok", "ok");
        // A stack's elements could be taken between the insertions.
        check_all(&wrong, "violation", if model == "queue" { "violation" } else { "ok" });
        check_all(&early, "violation", "ok");
        check_all(&twice, "violation", "violation");
        check(model, "[1,2]", &[&*format!("0 {remove} null {first} ok 1 2")], "ok", "ok");
    }
}

#[test]
fn sets_and_counters() {
    let lines = ["0 add 1 null ok 1 2", "0 add 2 true ok 3 4", "1 read null [2,1] ok 5 6", "1 contains 3 false ok 7 8"];
    check("set", "null", &lines, "ok", "ok");
    check("set", "null", &["0 add 1 null ok 1 2", "1 read null [] ok 3 4"], "violation", "ok");
    check("set", "null", &["0 add 1 null ok 1 2", "0 read null [1,1] ok 3 4"], "violation", "violation");
    check("set", "[1]", &["0 add 1 false ok 1 2", "0 remove 1 true ok 3 4", "0 contains 1 false ok 5 6"], "ok", "ok");
    let lines = ["0 add 2 null unknown 1 null", "1 add 3 null ok 1 2", "1 read null 5 ok 3 4"];
    check("counter", "null", &lines, "ok", "ok");
    let lines = ["0 add 2 null unknown 1 null", "1 add 3 null ok 1 2", "1 read null 2 ok 3 4"];
    check("counter", "null", &lines, "violation: process 1's read 2 (3 to 4) fits into no order", "violation");
}

#[test]
fn lists() {
    let append = |process: u32, value: u32, from: u32| {
        format!("{process} txn [[\"append\",\"x\",{value}]] [[\"append\",\"x\",{value}]] ok {from} {}", from + 1)
    };
    let found = |list: &str| format!("2 txn [[\"r\",\"x\",null]] [[\"r\",\"x\",{list}]] ok 5 6");
    check("list-append", "null", &[&append(0, 1, 1), &append(1, 2, 1), &found("[2,1]")], "ok", "ok");
    check("list-append", "null", &[&append(0, 1, 1), &append(1, 2, 3), &found("[2,1]")], "violation: key x", "ok");
    check("list-append", "null", &[&append(0, 1, 1), &append(0, 2, 3), &found("[2,1]")], "violation", "violation");
}

/// Transactions of which each joins two keys, so that states say little: hard for any search.
fn hard() -> Vec<String> {
    let both = |client: u32| {
        format!(
            "{client} txn [[\"w\",1,{client}],[\"w\",2,{}]] [[\"w\",1,{client}],[\"w\",2,{}]] ok 1 100",
            client % 3,
            client % 3
        )
    };
    let mut lines: Vec<String> = (0..24).map(both).collect();
    let look = |client: u32| {
        format!("{} txn [[\"r\",{k},null]] [[\"r\",{k},{}]] ok 101 110", 30 + client, client % 3, k = 1 + client % 2)
    };
    lines.extend((0..24).map(look));
    lines
}

#[test]
fn an_easy_violation_is_found_beside_a_hard_part() {
    let mut lines = hard();
    // Either of two writes may come last, but not both: no refutation sees that without a search.
    for (process, value) in [(60, 5), (61, 6)] {
        lines.push(format!("{process} txn [[\"w\",3,{value}]] [[\"w\",3,{value}]] ok 111 118"));
    }
    for (value, at) in [(6, 112), (5, 114), (6, 116)] {
        lines.push(format!("62 txn [[\"r\",3,null]] [[\"r\",3,{value}]] ok {at} {}", at + 1));
    }
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let judgement = judged(&plain("rw-register", "null", &lines), Respect::RealTime);
    assert!(judgement.verdict.evidence().starts_with("key 3: process 62's txn 3 = 6 (116 to 117) fits"), "{judgement:?}");
}

#[test]
fn a_budget_that_runs_out_is_admitted() {
    let lines = hard();
    let history = plain("rw-register", "null", &lines.iter().map(String::as_str).collect::<Vec<_>>());
    let said = |budget: &mut Budget<'_>| {
        let verdict = judge(&history, budget).verdict;
        assert_eq!(verdict.name(), "unknown");
        verdict.evidence().to_string()
    };
    let expect = "keys 1, 2: the 10000 steps allowed are used up: the search got past the end of ";
    let text = said(&mut Budget::new(10_000, BYTES));
    assert!(text.starts_with(expect), "{text}");
    let text = said(&mut Budget::new(u64::MAX, 100_000));
    assert!(text.starts_with("keys 1, 2: the 100000 bytes of memory allowed are used up"), "{text}");
    let text = said(&mut Budget::new(u64::MAX, BYTES).until(&|| true));
    assert!(text.starts_with("keys 1, 2: the time allowed was used up after "), "{text}");
}

#[test]
fn a_small_budget_never_makes_a_wrong_verdict() {
    for seed in 0..300 {
        let shape = Shape { count: 30, processes: 4, keys: 2, values: 3, unknown: 10 };
        let model = MODELS[seed as usize % MODELS.len()];
        let history = generate::history(seed, model, KINDS[seed as usize % KINDS.len()], shape);
        let whole = judged(&history, Respect::RealTime).verdict;
        for steps in [10, 40, 100, 300] {
            let verdict = judge(&history, &mut Budget::new(steps, BYTES)).verdict;
            assert!(verdict.name() == "unknown" || verdict.name() == whole.name(), "seed {seed}, {steps} steps");
        }
    }
}

#[test]
fn values_that_are_written_once_leave_little_to_try() {
    // Sixty clients write at one time, and the order shows in reads that come much later, or nowhere.
    let mut lines: Vec<String> = (0..60).map(|client| format!("{client} write {client} null ok 1 1000")).collect();
    lines.extend((0..9).map(|index| format!("{} write {} null unknown 2 null", 100 + index, 500 + index)));
    lines.extend((0..30).map(|index| format!("200 read null {} ok {} {}", index * 7 % 60, 10 + 4 * index, 12 + 4 * index)));
    lines.push("210 read null 500 ok 300 310".to_string());
    let judged = |lines: &[String]| {
        let history = plain("register", "null", &lines.iter().map(String::as_str).collect::<Vec<_>>());
        judge(&history, &mut Budget::new(50_000, BYTES)).verdict
    };
    assert_eq!(judged(&lines).name(), "ok");
    lines.push("211 read null 0 ok 320 330".to_string());
    let verdict = judged(&lines);
    assert!(verdict.evidence().starts_with("process 211's read 0 (320 to 330) fits into no order"), "{verdict:?}");
}

#[test]
fn what_is_linearizable_has_the_session_guarantees() {
    let (mut clear, mut doubtful) = (0, 0);
    for seed in 0..6_000 {
        let model = [Model::MultiRegister, Model::CasRegister, Model::ListAppend, Model::RwRegister][seed as usize % 4];
        let values = [3, 30][seed as usize / 4 % 2];
        let shape = Shape { count: 12, processes: 4, keys: 2, values, unknown: [0, 15][seed as usize / 8 % 2] };
        let history = generate::history(seed, model, KINDS[seed as usize / 16 % KINDS.len()], shape);
        if judged(&history, Respect::RealTime).verdict == Verdict::Ok {
            let budget = || Budget::new(STEPS, BYTES);
            let whole = sessions::all(&history, &mut budget()).verdict;
            let told = || format!("seed {seed}, {}:\n{}", model.name(), write::text(&history));
            assert_eq!(sessions::all_of_linearizable(&history, &mut budget()).verdict, whole, "{}", told());
            *(if whole == Verdict::Ok { &mut clear } else { &mut doubtful }) += 1;
        }
    }
    assert!(clear > 500 && doubtful > 500, "{clear} clear, {doubtful} doubtful");
}
