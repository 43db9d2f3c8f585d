//! Objects under keys, for judges of one object: each key's operations are a history of their own.

use crate::Verdict;
use crate::budget::Budget;
use crate::checks::Judgement;
use crate::history::{History, Operation, Value};
use std::collections::BTreeMap;

/// Judges each key's object by itself. A violation or doubt names its key, and its facts are that key's.
pub(crate) fn each(history: &History, budget: &mut Budget<'_>, judge: fn(&History, &mut Budget<'_>) -> Judgement) -> Judgement {
    if history.operations.iter().all(|operation| operation.key == Value::NULL) {
        return judge(history, budget);
    }
    let mut by_key: BTreeMap<Value, Vec<Operation>> = BTreeMap::new();
    for operation in &history.operations {
        by_key.entry(operation.key).or_default().push(Operation { key: Value::NULL, ..operation.clone() });
    }
    let objects = by_key.len();
    let mut part = History { operations: Vec::new(), ..history.clone() };
    let mut doubt = None;
    for (key, operations) in by_key {
        part.operations = operations;
        let judgement = judge(&part, budget);
        let named = |text: &str| format!("key {}: {text}", history.names.tell(key));
        match &judgement.verdict {
            Verdict::Ok => {}
            Verdict::Violation(text) => return Judgement { verdict: Verdict::Violation(named(text)), ..judgement },
            Verdict::Unknown(text) | Verdict::NotJudged(text) => {
                let verdict = Verdict::Unknown(named(text));
                doubt.get_or_insert(Judgement { verdict, ..judgement });
            }
        }
    }
    doubt.unwrap_or_else(|| Judgement::from(Verdict::Ok).with("objects", objects))
}

#[cfg(test)]
mod tests {
    use crate::Verdict;
    use crate::budget::Budget;
    use crate::checks::named;
    use crate::history::read::Reader;

    fn check(check: &str, model: &str, lines: &[&str], expect: &str) {
        let mut reader = Reader::new(None, 1 << 20);
        let header = format!("{{\"history\":\"quorate/1\",\"model\":\"{model}\",\"init\":null}}");
        for (line, id) in [&*header].iter().chain(lines).zip(-1i64..) {
            let line = line.replacen('{', &format!("{{\"id\":{id},\"process\":{id},"), usize::from(id >= 0));
            reader.line(line.as_bytes()).unwrap_or_else(|stop| panic!("{stop:?} in {line}"));
        }
        let history = reader.finish().expect("a history");
        let verdict = (named(check).expect(check).judge)(&history, &mut Budget::new(1 << 20, 1 << 20)).verdict;
        let told = format!("{}: {}", verdict.name(), verdict.evidence());
        assert!(told.starts_with(expect), "{told}");
        assert_eq!(verdict == Verdict::Ok, expect == "ok");
    }

    #[test]
    fn keys_are_objects_of_their_own() {
        let acquire = |key: &str, from: u32, to: u32| {
            format!(
                "{{\"op\":\"acquire\",\"key\":\"{key}\",\"value\":null,\"result\":null,\"status\":\"ok\",\"invoke\":{from},\"return\":{to}}}"
            )
        };
        check("mutual-exclusion", "mutex", &[&acquire("a", 0, 1), &acquire("b", 2, 3)], "ok");
        check("mutual-exclusion", "mutex", &[&acquire("a", 0, 1), &acquire("a", 2, 3)], "violation: key a: ");
        let add = |key: &str, from: u32| {
            format!(
                "{{\"op\":\"add\",\"key\":\"{key}\",\"value\":1,\"result\":null,\"status\":\"ok\",\"invoke\":{from},\"return\":{}}}",
                from + 1
            )
        };
        let read = |key: &str, result: &str, from: u32| {
            format!(
                "{{\"op\":\"read\",\"key\":\"{key}\",\"value\":null,\"result\":{result},\"status\":\"ok\",\"invoke\":{from},\"return\":{}}}",
                from + 1
            )
        };
        check("counter-bounds", "counter", &[&add("a", 0), &read("b", "0", 2)], "ok");
        check("counter-bounds", "counter", &[&add("a", 0), &read("b", "1", 2)], "violation: key b: ");
        check("nothing-lost", "set", &[&add("a", 0), &read("a", "[1]", 2), &read("b", "[]", 4)], "ok");
        check("nothing-lost", "set", &[&add("a", 0), &read("a", "[]", 2), &read("b", "[1]", 4)], "violation: key a: lost");
        check("nothing-lost", "set", &[&add("a", 0)], "unknown: key a: nothing was read");
    }
}
