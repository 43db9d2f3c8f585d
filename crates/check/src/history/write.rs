//! Writes `quorate/1`.

use super::{Act, Answer, Call, Found, History, Init, Model, Names, Operation, Outcome, Scalar, TimeUnit, Value};
use serde_json::{Map, Value as Json, json};

/// The header's line, without its end.
pub fn header(history: &History) -> String {
    let names = &history.names;
    let init = match &history.init {
        Init::Default => Json::Null,
        Init::Value(value) => names.json(*value),
        Init::Keyed(pairs) => {
            let text = |key: Value| match names.scalar(key) {
                Scalar::Text(text) => text.to_string(),
                _ => names.tell(key),
            };
            Json::Object(pairs.iter().map(|(key, value)| (text(*key), names.json(*value))).collect::<Map<_, _>>())
        }
        Init::Values(values) => list(names, values),
        Init::Number(number) => (*number).into(),
        Init::Held(held) => (*held).into(),
    };
    let mut header = json!({
        "history": "quorate/1",
        "model": history.model.name(),
        "init": init,
        "source": history.source,
        "ops": history.operations.len(),
    });
    match history.time {
        TimeUnit::Unspecified => {}
        TimeUnit::Nanoseconds => header["time"] = "ns".into(),
        TimeUnit::Picoseconds => header["time"] = "ps".into(),
    }
    header.to_string()
}

/// An operation's line, without its end.
pub fn operation(history: &History, operation: &Operation) -> String {
    let (names, model) = (&history.names, history.model);
    let mut line = Map::new();
    line.insert("id".into(), operation.id.into());
    line.insert("process".into(), operation.process.into());
    line.insert("op".into(), name(model, &operation.call).into());
    if operation.key != Value::NULL {
        line.insert("key".into(), names.json(operation.key));
    }
    line.insert("value".into(), asked(names, model, &operation.call));
    line.insert("result".into(), operation.answer().map_or(Json::Null, |answer| answered(names, model, &operation.call, answer)));
    let status = match operation.outcome {
        Outcome::Ok(_) => "ok",
        Outcome::Fail => "fail",
        Outcome::Unknown => "unknown",
    };
    line.insert("status".into(), status.into());
    line.insert("invoke".into(), operation.invoke.into());
    line.insert("return".into(), operation.response.into());
    Json::Object(line).to_string()
}

/// The whole history as the file has it.
pub fn text(history: &History) -> String {
    let mut text = header(history) + "\n";
    for each in &history.operations {
        text += &operation(history, each);
        text.push('\n');
    }
    text
}

/// What files call the operation.
pub fn name(model: Model, call: &Call) -> &'static str {
    match (call, model) {
        (Call::Read, Model::Kv) => "get",
        (Call::Read, _) => "read",
        (Call::Write(_), Model::Kv) => "put",
        (Call::Write(_), _) => "write",
        (Call::Cas { .. }, _) => "cas",
        (Call::Append(_), _) => "append",
        (Call::Acquire, _) => "acquire",
        (Call::Release, _) => "release",
        (Call::Insert(_), Model::Stack) => "push",
        (Call::Insert(_), _) => "enqueue",
        (Call::Take, Model::Stack) => "pop",
        (Call::Take, _) => "dequeue",
        (Call::Add(_), Model::Broadcast) => "broadcast",
        (Call::Add(_) | Call::Increment(_), _) => "add",
        (Call::Remove(_), _) => "remove",
        (Call::Contains(_), _) => "contains",
        (Call::Generate, _) => "generate",
        (Call::Transaction(_), _) => "txn",
    }
}

fn asked(names: &Names, model: Model, call: &Call) -> Json {
    match call {
        Call::Read | Call::Acquire | Call::Release | Call::Take | Call::Generate => Json::Null,
        Call::Write(value)
        | Call::Append(value)
        | Call::Insert(value)
        | Call::Add(value)
        | Call::Remove(value)
        | Call::Contains(value) => names.json(*value),
        Call::Cas { expected, new } => Json::Array(vec![names.json(*expected), names.json(*new)]),
        Call::Increment(by) => (*by).into(),
        Call::Transaction(accesses) => {
            let access = |access: &super::Access| match access.act {
                Act::Read => json!(["r", names.json(access.key), null]),
                Act::Write(value) => json!([write(model), names.json(access.key), names.json(value)]),
            };
            Json::Array(accesses.iter().map(access).collect())
        }
    }
}

fn answered(names: &Names, model: Model, call: &Call, answer: &Answer) -> Json {
    match (answer, call) {
        (Answer::Done, _) => Json::Null,
        (Answer::Value(value), _) => names.json(*value),
        (Answer::Flag(flag), _) => (*flag).into(),
        (Answer::Number(number), _) => (*number).into(),
        (Answer::Values(values), _) => list(names, values),
        (Answer::Found(found), Call::Transaction(accesses)) => {
            let mut found = found.iter();
            let access = |access: &super::Access| match access.act {
                Act::Write(value) => json!([write(model), names.json(access.key), names.json(value)]),
                Act::Read => match found.next() {
                    Some(Found::Value(value)) => json!(["r", names.json(access.key), names.json(*value)]),
                    Some(Found::List(values)) => json!(["r", names.json(access.key), list(names, values)]),
                    None => unreachable!("every read found something"),
                },
            };
            Json::Array(accesses.iter().map(access).collect())
        }
        (Answer::Found(_), _) => unreachable!("only transactions find several things"),
    }
}

fn write(model: Model) -> &'static str {
    if model == Model::ListAppend { "append" } else { "w" }
}

fn list(names: &Names, values: &[Value]) -> Json {
    Json::Array(values.iter().map(|value| names.json(*value)).collect())
}
