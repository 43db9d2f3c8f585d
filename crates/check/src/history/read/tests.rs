use super::super::write;
use super::*;

fn read(text: &str) -> std::result::Result<History, String> {
    let mut reader = Reader::new(None, 1 << 20);
    for line in text.split_inclusive('\n') {
        reader.line(line.as_bytes()).map_err(|stop| match stop {
            Stop::Malformed(malformed) => malformed.to_string(),
            Stop::Memory { operations, bytes } => format!("{bytes} bytes hold {operations} operations"),
        })?;
    }
    reader.finish().map_err(|malformed| malformed.to_string())
}

fn header(model: &str, init: &str) -> String {
    format!("{{\"history\":\"quorate/1\",\"model\":\"{model}\",\"init\":{init},\"source\":\"test\"}}\n")
}

fn line(id: i64, op: &str, value: &str, result: &str, status: &str, invoke: i64, end: &str) -> String {
    format!(
        "{{\"id\":{id},\"process\":{id},\"op\":\"{op}\",\"value\":{value},\"result\":{result},\"status\":\"{status}\",\
         \"invoke\":{invoke},\"return\":{end}}}\n"
    )
}

/// One operation of one model, and what is said of it.
fn check(model: &str, init: &str, operation: (&str, &str, &str, &str), expect: &str) {
    let (op, value, result, status) = operation;
    let end = if status == "unknown" { "null" } else { "5" };
    let text = header(model, init) + &line(0, op, value, result, status, 1, end);
    let said = match read(&text) {
        Ok(history) => {
            let again = write::text(&history);
            let twice = write::text(&read(&again).expect("what was written can be read"));
            assert_eq!(again, twice, "{text}");
            again.lines().nth(1).expect("an operation").to_string()
        }
        Err(said) => said,
    };
    assert!(said.contains(expect), "{text}{said}\ndoes not contain\n{expect}");
}

#[test]
fn every_operation_of_every_model_can_be_read_and_written() {
    let same = |model: &str, op: &str, value: &str, result: &str| {
        check(model, "null", (op, value, result, "ok"), &format!("\"value\":{value},\"result\":{result},\"status\":\"ok\""));
        check(model, "null", (op, value, "null", "fail"), &format!("\"value\":{value},\"result\":null,\"status\":\"fail\""));
        check(model, "null", (op, value, "null", "unknown"), "\"status\":\"unknown\",\"invoke\":1,\"return\":null");
    };
    same("register", "read", "null", "5");
    same("register", "read", "null", "null");
    same("register", "write", "\"five\"", "null");
    same("cas-register", "cas", "[1,2]", "true");
    same("cas-register", "cas", "[null,2]", "false");
    same("multi-register", "txn", r#"[["w","x",1],["r","x",null]]"#, r#"[["w","x",1],["r","x",1]]"#);
    same("mutex", "acquire", "null", "null");
    same("mutex", "release", "null", "null");
    same("queue", "enqueue", "1", "null");
    same("queue", "dequeue", "null", "1");
    same("queue", "dequeue", "null", "null");
    same("stack", "push", "1", "null");
    same("stack", "pop", "null", "1");
    same("set", "add", "1", "null");
    same("set", "add", "1", "true");
    same("set", "remove", "1", "false");
    same("set", "contains", "1", "false");
    same("set", "read", "null", "[1,2]");
    same("counter", "add", "-3", "null");
    same("counter", "read", "null", "7");
    same("list-append", "txn", r#"[["append","x",1],["r","y",null]]"#, r#"[["append","x",1],["r","y",[]]]"#);
    same("rw-register", "txn", r#"[["w","x",1],["r","y",null]]"#, r#"[["w","x",1],["r","y",null]]"#);
    same("unique-ids", "generate", "null", "17");
    same("broadcast", "broadcast", "17", "null");
    same("broadcast", "read", "null", "[17]");
}

#[test]
fn every_start_can_be_read() {
    let starts = [
        ("register", "5"),
        ("kv", "\"a\""),
        ("multi-register", r#"{"x":0,"y":1}"#),
        ("mutex", "true"),
        ("queue", "[1,2]"),
        ("set", "[1]"),
        ("counter", "-4"),
    ];
    for (model, init) in starts {
        let history = read(&header(model, init)).expect(model);
        assert!(write::header(&history).contains(&format!("\"init\":{init},")), "{model} {init}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    check(
        "registre",
        "null",
        ("read", "null", "5", "ok"),
        "line 1, column 32: \"model\" is \"registre\"; it may be \"register\", ",
    );
    check("mutex", "5", ("acquire", "null", "null", "ok"), "line 1, column 47: \"init\" is 5; it must be true when it is held");
    check("register", "null", ("cas", "[1,2]", "true", "ok"), "\"op\" is \"cas\"; for model register it may be");
    check("register", "null", ("read", "1", "5", "ok"), "\"value\" of read is 1; it must be null");
    check("cas-register", "null", ("cas", "[1]", "true", "ok"), "\"value\" of cas is [1]; it must be [from, to]");
    check("cas-register", "null", ("cas", "[1,2]", "5", "ok"), "\"result\" is 5; it must be true when it put its value");
    check(
        "cas-register",
        "null",
        ("cas", "[1,\"b\"]", "true", "ok"),
        "is of the wrong type: the values of this history are whole",
    );
    check(
        "register",
        "3",
        ("read", "null", "\"five\"", "ok"),
        "\"five\" is of the wrong type: the values of this history are whole",
    );
    check("register", "3", ("read", "null", "[3]", "ok"), "invalid type: sequence, expected a whole number, a text");
    check("register", "3", ("read", "null", "1.5", "ok"), "invalid type: floating point `1.5`, expected a whole number");
    check("register", "3", ("write", "4", "4", "ok"), "\"result\" is 4; it must be null");
    check(
        "register",
        "3",
        ("read", "null", "3", "fail"),
        "\"result\" is 3, but an operation that is not ok has none: write null",
    );
    check("register", "3", ("read", "null", "3", "maybe"), "\"status\" is \"maybe\"; it may be \"ok\", \"fail\" or \"unknown\"");
    check("kv", "\"\"", ("get", "null", "\"\"", "ok"), "a kv operation needs its \"key\"");
    check("list-append", "null", ("txn", r#"[["w","x",1]]"#, "null", "ok"), "\"w\" is no access; each access of a transaction");
    check("list-append", "null", ("txn", r#"[["r","x",null]]"#, r#"[["r","x",1]]"#, "ok"), "the read found 1; it must be a list");
    check("list-append", "null", ("txn", r#"[["r","x",null]]"#, "[]", "ok"), "\"result\" has 0 accesses, \"value\" 1");
    check("list-append", "null", ("txn", r#"[["append","x",1]]"#, r#"[["append","x",2]]"#, "ok"), "this is not the access");
    check("counter", "null", ("add", "1.5", "null", "ok"), "\"value\" of add is 1.5; it must be a whole number");
    check("register", "null", ("write", "99999999999999999999", "null", "ok"), "invalid type: floating point");
}

#[test]
fn files_that_do_not_hang_together_are_refused() {
    let wrong = |lines: &[String], expect: &str| {
        let text = header("register", "null") + &lines.concat();
        let said = read(&text).expect_err(expect);
        assert!(said.contains(expect), "{text}{said}\ndoes not contain\n{expect}");
    };
    let write = |id, invoke, end: &str| line(id, "write", "1", "null", if end == "null" { "unknown" } else { "ok" }, invoke, end);
    let by_one = |text: String| text.replace("\"process\":1", "\"process\":0");
    wrong(&[write(0, 5, "4")], "line 2, column 83: \"return\" 4 is before \"invoke\" 5");
    wrong(&[write(0, 5, "6"), write(1, 4, "6")], "line 3, column 72: \"invoke\" 4 is before the line above's 5");
    wrong(&[write(0, 5, "6"), write(0, 7, "8")], "line 3, column 2: \"id\" 0 is taken");
    wrong(&[write(0, 5, "9"), by_one(write(1, 7, "8"))], "line 3, column 9: process 0 has two operations open at 7");
    wrong(&[write(0, 5, "null"), by_one(write(1, 7, "8"))], "line 3, column 9: process 0 cannot go on");
    wrong(&["\n".to_string()], "line 2, column 1: the line is empty");
    wrong(&[write(0, 5, "6")[..20].to_string()], "the file ends in the middle of this line");
    wrong(&[write(0, 5, "6").replace("\"return\"", "\"retrun\"")], "unknown field `retrun`");
    wrong(&[write(0, 5, "6").replace(",\"return\":6", "")], "missing field `return`");
    assert!(read("").expect_err("empty").contains("line 1, column 1: there is no history here"));
    let promised = header("register", "null").replace("}", ",\"ops\":2}") + &write(0, 5, "6");
    assert!(read(&promised).expect_err("too few").contains("promises 2 operations, but 1 follow"));
    let mut reader = Reader::new(None, 1 << 20);
    let Err(Stop::Malformed(malformed)) = reader.line(b"{\"history\":\"\xff\"}") else { panic!("no UTF-8") };
    assert_eq!(malformed.to_string(), "line 1, column 13: this is not UTF-8");
}

#[test]
fn a_return_at_the_next_invoke_is_no_overlap() {
    let text = header("register", "null")
        + &line(0, "write", "1", "null", "ok", 1, "5")
        + &line(1, "write", "2", "null", "ok", 5, "6").replace("\"process\":1", "\"process\":0");
    assert_eq!(read(&text).map(|history| history.operations.len()), Ok(2));
}

#[test]
fn memory_is_bounded() {
    let lines: String = (0..100_000).map(|id| line(id, "write", &id.to_string(), "null", "ok", id, &id.to_string())).collect();
    let said = read(&(header("register", "null") + &lines)).expect_err("too much");
    assert!(said.starts_with("1048576 bytes hold "), "{said}");
}
