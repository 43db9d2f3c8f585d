//! Reads `quorate/1` a line at a time, so that a history need not be in memory as text, and says of what is wrong where it stands and
//! what would be right. It takes lines and reads no file itself.

use super::{Access, Act, Answer, Call, Found, History, Init, Model, Names, Operation, Outcome, Scalar, TimeUnit, Value};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;

/// What is wrong with a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Malformed {
    /// The line, from 1.
    pub line: u64,
    /// The byte in the line, from 1.
    pub column: usize,
    /// What is wrong there, and what would be right.
    pub message: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

/// Why reading ended early.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stop {
    /// The file is wrong.
    Malformed(Malformed),
    /// The history does not fit into the memory allowed; so many operations did.
    Memory {
        /// Operations read.
        operations: usize,
        /// Bytes allowed.
        bytes: u64,
    },
}

/// The longest line that is taken, in bytes.
pub const LINE_MAX: usize = 64 << 20;

/// Reads a history, a line at a time.
pub struct Reader {
    /// Invariant: there from the second line on.
    history: Option<History>,
    asked: Option<Model>,
    promised: Option<u64>,
    line: u64,
    bytes: u64,
    bytes_max: u64,
    /// The ids seen, as long as they are not simply one more than the one before.
    ids: Ids,
    /// What each process did last.
    latest: BTreeMap<i64, Latest>,
    last_invoke: i64,
    kind: Option<(&'static str, u64)>,
}

struct Latest {
    line: u64,
    /// `None` while it is open.
    response: Option<i64>,
}

/// A line as it stands.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    id: i64,
    process: i64,
    #[serde(borrow)]
    op: &'a RawValue,
    #[serde(borrow, default)]
    key: Option<&'a RawValue>,
    #[serde(borrow)]
    value: &'a RawValue,
    #[serde(borrow)]
    result: &'a RawValue,
    #[serde(borrow)]
    status: &'a RawValue,
    invoke: i64,
    #[serde(rename = "return", deserialize_with = "Option::deserialize")]
    response: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header<'a> {
    #[serde(borrow)]
    history: &'a RawValue,
    #[serde(borrow)]
    model: &'a RawValue,
    #[serde(borrow)]
    init: &'a RawValue,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    ops: Option<u64>,
    #[serde(borrow, default)]
    time: Option<&'a RawValue>,
}

/// Something wrong in a line, before its number is known.
struct Wrong {
    column: usize,
    message: String,
}

type Result<T> = std::result::Result<T, Wrong>;

impl Reader {
    /// Reads a history into at most so many bytes of memory; `model`, where given, takes the place of the one in the header.
    pub fn new(model: Option<Model>, bytes_max: u64) -> Reader {
        Reader {
            history: None,
            asked: model,
            promised: None,
            line: 0,
            bytes: 0,
            bytes_max,
            ids: Ids::default(),
            latest: BTreeMap::new(),
            last_invoke: i64::MIN,
            kind: None,
        }
    }

    /// Takes the next line, with or without its end.
    pub fn line(&mut self, line: &[u8]) -> std::result::Result<(), Stop> {
        self.line += 1;
        let read = self.read(line);
        read.map_err(|wrong| Stop::Malformed(Malformed { line: self.line, column: wrong.column, message: wrong.message }))?;
        let Some(history) = &self.history else { return Ok(()) };
        let held = self.bytes + history.names.bytes() + self.ids.bytes();
        if held > self.bytes_max {
            return Err(Stop::Memory { operations: history.operations.len(), bytes: self.bytes_max });
        }
        Ok(())
    }

    /// The history, when all lines are read.
    pub fn finish(self) -> std::result::Result<History, Malformed> {
        let wrong = |message: String| Malformed { line: self.line.max(1), column: 1, message };
        let Some(history) = self.history else {
            return Err(wrong(format!("there is no history here: the first line must be a header such as {HEADER_EXAMPLE}")));
        };
        let found = history.operations.len() as u64;
        match self.promised {
            Some(promised) if promised != found => Err(wrong(format!(
                "the header promises {promised} operations, but {found} follow: the file is cut off, or not one file"
            ))),
            _ => Ok(history),
        }
    }

    fn read(&mut self, line: &[u8]) -> Result<()> {
        if line.len() > LINE_MAX {
            return Err(Wrong { column: LINE_MAX, message: format!("the line is longer than {LINE_MAX} bytes") });
        }
        let is_cut = line.last() != Some(&b'\n');
        let text = std::str::from_utf8(line)
            .map_err(|error| Wrong { column: error.valid_up_to() + 1, message: "this is not UTF-8".to_string() })?;
        let text = text.trim_end_matches(['\n', '\r']);
        if text.trim().is_empty() {
            return Err(Wrong { column: 1, message: "the line is empty; every line is one operation".to_string() });
        }
        let cut = |wrong: Wrong| match is_cut && wrong.column >= text.len() {
            true => Wrong { message: format!("{}; the file ends in the middle of this line", wrong.message), ..wrong },
            false => wrong,
        };
        match self.history.take() {
            None => self.header(text).map_err(cut),
            Some(mut history) => {
                let operation = self.operation(text, &mut history).map_err(cut);
                let pushed = operation.map(|operation| {
                    self.bytes += operation.bytes();
                    history.operations.push(operation);
                });
                self.history = Some(history);
                pushed
            }
        }
    }

    fn header(&mut self, text: &str) -> Result<()> {
        let header: Header<'_> = serde_json::from_str(text).map_err(|error| {
            let wrong = json(&error, 0);
            Wrong { message: format!("{}; the first line must be a header such as {HEADER_EXAMPLE}", wrong.message), ..wrong }
        })?;
        let at = |raw: &RawValue| offset(text, raw);
        if header.history.get() != "\"quorate/1\"" {
            let message = format!("the format is {}, but only \"quorate/1\" is known", header.history.get());
            return Err(Wrong { column: at(header.history) + 1, message });
        }
        let model = match self.asked {
            Some(model) => model,
            None => model_of(header.model, at(header.model))?,
        };
        let time = match header.time.map(|raw| (raw.get(), at(raw))) {
            None | Some(("null", _)) => TimeUnit::Unspecified,
            Some(("\"ns\"", _)) => TimeUnit::Nanoseconds,
            Some((other, column)) => {
                return Err(Wrong {
                    column: column + 1,
                    message: format!("\"time\" is {other}; it may be \"ns\", or be left out"),
                });
            }
        };
        let mut names = Names::default();
        let mut values = Values { names: &mut names, kind: &mut self.kind, line: self.line };
        let init = values.init(model, header.init, at(header.init))?;
        self.promised = header.ops;
        let source = header.source.unwrap_or_default();
        self.history = Some(History { model, init, source, time, operations: Vec::new(), names });
        Ok(())
    }

    fn operation(&mut self, text: &str, history: &mut History) -> Result<Operation> {
        let line: Line<'_> = serde_json::from_str(text).map_err(|error| json(&error, 0))?;
        let field = |name: &str| text.find(&format!("\"{name}\"")).map_or(1, |column| column + 1);
        let wrong = |name: &str, message: String| Wrong { column: field(name), message };
        let at = |raw: &RawValue| offset(text, raw);
        let mut values = Values { names: &mut history.names, kind: &mut self.kind, line: self.line };
        let info = history.model.info();

        if !self.ids.insert(line.id) {
            return Err(wrong("id", format!("\"id\" {} is taken by an earlier operation; each needs its own", line.id)));
        }
        let key = match line.key.filter(|raw| raw.get() != "null") {
            Some(raw) if matches!(history.model, Model::ListAppend | Model::RwRegister) => {
                return Err(Wrong { column: at(raw) + 1, message: "a transaction has no \"key\"; its accesses do".to_string() });
            }
            Some(raw) => values.key(raw, at(raw))?,
            None if info.needs_key => return Err(wrong("op", format!("a {} operation needs its \"key\"", info.name))),
            None => Value::NULL,
        };
        let op: &str = match serde_json::from_str(line.op.get()) {
            Ok(op) if info.operations.contains(&op) => op,
            _ => {
                let message =
                    format!("\"op\" is {}; for model {} it may be {}", line.op.get(), info.name, any_of(info.operations));
                return Err(Wrong { column: at(line.op) + 1, message });
            }
        };
        if history.model == Model::MultiRegister && (op == "txn") != (key == Value::NULL) {
            let message =
                if op == "txn" { "a transaction has no \"key\"; its accesses do" } else { "the operation needs its \"key\"" };
            return Err(wrong("op", message.to_string()));
        }
        let call = values.call(history.model, op, line.value, at(line.value))?;
        let outcome = match line.status.get() {
            "\"ok\"" => Outcome::Ok(values.answer(history.model, &call, line.result, at(line.result))?),
            "\"fail\"" => Outcome::Fail,
            "\"unknown\"" => Outcome::Unknown,
            other => {
                let message = format!("\"status\" is {other}; it may be \"ok\", \"fail\" or \"unknown\"");
                return Err(Wrong { column: at(line.status) + 1, message });
            }
        };
        if !matches!(outcome, Outcome::Ok(_)) && line.result.get() != "null" {
            let message =
                format!("\"result\" is {}, but an operation that is not ok has none: write null", shorten(line.result.get()));
            return Err(Wrong { column: at(line.result) + 1, message });
        }
        match (&outcome, line.response) {
            (Outcome::Unknown, Some(at)) => {
                return Err(wrong("return", format!("\"return\" is {at}, but an unknown operation never returned: write null")));
            }
            (Outcome::Ok(_) | Outcome::Fail, None) => {
                return Err(wrong("return", "\"return\" is null, but only an unknown operation has none".to_string()));
            }
            (_, Some(response)) if response < line.invoke => {
                return Err(wrong("return", format!("\"return\" {response} is before \"invoke\" {}", line.invoke)));
            }
            _ => {}
        }
        if line.invoke < self.last_invoke {
            let before = self.last_invoke;
            return Err(wrong(
                "invoke",
                format!("\"invoke\" {} is before the line above's {before}; sort by invoke", line.invoke),
            ));
        }
        self.last_invoke = line.invoke;
        let now = Latest { line: self.line, response: line.response };
        if let Some(last) = self.latest.insert(line.process, now) {
            let (process, earlier) = (line.process, last.line);
            let message = match last.response {
                None => format!(
                    "process {process} cannot go on: what became of its operation in line {earlier} is unknown, so that it is open \
                     still; whoever goes on takes a new number"
                ),
                Some(end) if end > line.invoke => format!(
                    "process {process} has two operations open at {}: the one in line {earlier} returned only at {end}; whatever \
                     works side by side needs a number each",
                    line.invoke
                ),
                Some(_) => String::new(),
            };
            if !message.is_empty() {
                return Err(wrong("process", message));
            }
        }
        Ok(Operation { id: line.id, process: line.process, key, call, outcome, invoke: line.invoke, response: line.response })
    }
}

const HEADER_EXAMPLE: &str = r#"{"history":"quorate/1","model":"register","init":null,"source":"…","ops":3}"#;

fn model_of(raw: &RawValue, column: usize) -> Result<Model> {
    let name: Option<String> = serde_json::from_str(raw.get()).ok();
    name.as_deref().and_then(Model::named).ok_or_else(|| {
        let names: Vec<&str> = super::model::MODELS.iter().map(|info| info.name).collect();
        Wrong { column: column + 1, message: format!("\"model\" is {}; it may be {}", shorten(raw.get()), any_of(&names)) }
    })
}

/// What values a line's texts are.
struct Values<'a> {
    names: &'a mut Names,
    /// Of what kind the values of this history are, and the line that said so.
    kind: &'a mut Option<(&'static str, u64)>,
    line: u64,
}

impl Values<'_> {
    fn init(&mut self, model: Model, raw: &RawValue, column: usize) -> Result<Init> {
        let text = raw.get();
        if text == "null" {
            return Ok(Init::Default);
        }
        let expected =
            |what: &str| Wrong { column: column + 1, message: format!("\"init\" is {}; it must be {what}", shorten(text)) };
        match model {
            Model::Register | Model::CasRegister => self.value(text, column).map(Init::Value),
            Model::Kv => self.text(text, column).map(Init::Value).map_err(|_| expected("a text, or null")),
            Model::MultiRegister | Model::RwRegister => {
                let pairs: BTreeMap<String, &RawValue> =
                    serde_json::from_str(text).map_err(|_| expected("an object of keys and values, or null"))?;
                let pair = |(key, raw): (String, &RawValue)| {
                    let value = self.value(raw.get(), column + offset(text, raw))?;
                    Ok((self.names.text(&key), value))
                };
                pairs.into_iter().map(pair).collect::<Result<_>>().map(Init::Keyed)
            }
            Model::Queue | Model::Stack | Model::Set => {
                self.list(text, column).map(Init::Values).map_err(|_| expected("a list of values, or null"))
            }
            Model::Counter => serde_json::from_str(text).map(Init::Number).map_err(|_| expected("a whole number, or null")),
            Model::Mutex => {
                serde_json::from_str(text).map(Init::Held).map_err(|_| expected("true when it is held, false or null when not"))
            }
            Model::ListAppend | Model::UniqueIds | Model::Broadcast => Err(expected("null")),
        }
    }

    fn call(&mut self, model: Model, op: &str, raw: &RawValue, column: usize) -> Result<Call> {
        let text = raw.get();
        let expected = |what: &str| {
            let message = format!("\"value\" of {op} is {}; it must be {what}", shorten(text));
            Wrong { column: column + 1, message }
        };
        let nothing = |call: Call| if text == "null" { Ok(call) } else { Err(expected("null")) };
        let something = |value: Value| if value == Value::NULL { Err(expected("a value")) } else { Ok(value) };
        match op {
            "read" | "get" => nothing(Call::Read),
            "dequeue" | "pop" => nothing(Call::Take),
            "acquire" => nothing(Call::Acquire),
            "release" => nothing(Call::Release),
            "generate" => nothing(Call::Generate),
            "write" => self.value(text, column).map(Call::Write),
            "put" => self.text(text, column).map(Call::Write).map_err(|_| expected("a text")),
            "append" => self.text(text, column).map(Call::Append).map_err(|_| expected("a text")),
            "cas" => match self.list(text, column).map_err(|wrong| self.keep_kind(wrong, || expected("[from, to]")))?[..] {
                [expected, new] => Ok(Call::Cas { expected, new }),
                _ => Err(expected("[from, to]")),
            },
            "enqueue" | "push" => something(self.value(text, column)?).map(Call::Insert),
            "add" if model == Model::Counter => {
                serde_json::from_str(text).map(Call::Increment).map_err(|_| expected("a whole number"))
            }
            "add" | "broadcast" => something(self.value(text, column)?).map(Call::Add),
            "remove" => something(self.value(text, column)?).map(Call::Remove),
            "contains" => something(self.value(text, column)?).map(Call::Contains),
            "txn" => self.accesses(model, text, column).map(|accesses| Call::Transaction(accesses.into())),
            other => unreachable!("the table of models has an operation {other} that nobody reads"),
        }
    }

    fn answer(&mut self, model: Model, call: &Call, raw: &RawValue, column: usize) -> Result<Answer> {
        let text = raw.get();
        let expected =
            |what: &str| Wrong { column: column + 1, message: format!("\"result\" is {}; it must be {what}", shorten(text)) };
        let flag = || match text {
            "true" => Some(Answer::Flag(true)),
            "false" => Some(Answer::Flag(false)),
            _ => None,
        };
        let done = || (text == "null").then_some(Answer::Done);
        match (call, model) {
            (Call::Read, Model::Counter) => {
                serde_json::from_str(text).map(Answer::Number).map_err(|_| expected("a whole number, what the counter holds"))
            }
            (Call::Read, Model::Set | Model::Broadcast) => {
                let values = self.list(text, column).map_err(|wrong| self.keep_kind(wrong, || expected("a list of values")))?;
                Ok(Answer::Values(values.into()))
            }
            (Call::Read, Model::Kv) => self.text(text, column).map(Answer::Value).map_err(|_| expected("a text")),
            (Call::Read | Call::Take, _) => self.value(text, column).map(Answer::Value),
            (Call::Generate, _) => match self.value(text, column)? {
                Value::NULL => Err(expected("the id")),
                value => Ok(Answer::Value(value)),
            },
            (Call::Cas { .. }, _) => flag().ok_or_else(|| expected("true when it put its value, false when not")),
            (Call::Contains(_), _) => flag().ok_or_else(|| expected("true or false")),
            (Call::Add(_) | Call::Remove(_), Model::Set) => {
                done().or_else(flag).ok_or_else(|| expected("null, or true when the set changed and false when not"))
            }
            (Call::Transaction(accesses), _) => self.found(model, accesses, text, column),
            _ => done().ok_or_else(|| expected("null")),
        }
    }

    /// The accesses of a transaction as it was asked.
    fn accesses(&mut self, model: Model, text: &str, column: usize) -> Result<Vec<Access>> {
        let write = if model == Model::ListAppend { "append" } else { "w" };
        let shape = || format!("each access of a transaction is [\"r\", key, null] or [\"{write}\", key, value]");
        let each: Vec<(&RawValue, &RawValue, &RawValue)> = serde_json::from_str(text).map_err(|error| {
            let wrong = json(&error, column);
            Wrong { message: format!("{}; {}", wrong.message, shape()), ..wrong }
        })?;
        let access = |(function, key, argument): (&RawValue, &RawValue, &RawValue)| {
            let at = |raw: &RawValue| column + offset(text, raw);
            let function_text = function.get();
            let key = self.key(key, at(key))?;
            let act = if function_text == "\"r\"" {
                if argument.get() != "null" {
                    let message = format!("a read is asked with null, not with {}", shorten(argument.get()));
                    return Err(Wrong { column: at(argument) + 1, message });
                }
                Act::Read
            } else if function_text.trim_matches('"') == write {
                match self.value(argument.get(), at(argument))? {
                    Value::NULL => return Err(Wrong { column: at(argument) + 1, message: shape() }),
                    value => Act::Write(value),
                }
            } else {
                return Err(Wrong {
                    column: at(function) + 1,
                    message: format!("{} is no access; {}", shorten(function_text), shape()),
                });
            };
            Ok(Access { key, act })
        };
        each.into_iter().map(access).collect()
    }

    /// What the reads of a transaction found: its accesses once more, with the reads filled in.
    fn found(&mut self, model: Model, accesses: &[Access], text: &str, column: usize) -> Result<Answer> {
        let again = "the accesses of \"value\" once more, with what the reads found";
        let each: Vec<(&RawValue, &RawValue, &RawValue)> = serde_json::from_str(text).map_err(|error| {
            let wrong = json(&error, column);
            Wrong { message: format!("{}; \"result\" must be {again}", wrong.message), ..wrong }
        })?;
        if each.len() != accesses.len() {
            let message = format!("\"result\" has {} accesses, \"value\" {}; it must be {again}", each.len(), accesses.len());
            return Err(Wrong { column: column + 1, message });
        }
        let mut found = Vec::new();
        for ((function, key, argument), asked) in each.into_iter().zip(accesses) {
            let at = |raw: &RawValue| column + offset(text, raw);
            let same_key = self.key(key, at(key))? == asked.key;
            let is_read = function.get() == "\"r\"";
            let same = match asked.act {
                Act::Read => is_read,
                Act::Write(value) => !is_read && self.value(argument.get(), at(argument))? == value,
            };
            if !same || !same_key {
                let message = "this is not the access that \"value\" has in its place".to_string();
                return Err(Wrong { column: at(function), message });
            }
            if asked.act == Act::Read {
                let (text, column) = (argument.get(), at(argument));
                found.push(if model == Model::ListAppend {
                    let list = self.list(text, column).map_err(|wrong| {
                        self.keep_kind(wrong, || Wrong {
                            column: column + 1,
                            message: format!("the read found {}; it must be a list, [] when empty", shorten(text)),
                        })
                    })?;
                    Found::List(list.into())
                } else {
                    Found::Value(self.value(text, column)?)
                });
            }
        }
        Ok(Answer::Found(found.into()))
    }

    /// A value of the history. All values of a history are of one kind, so that a text where numbers are meant is found.
    fn value(&mut self, text: &str, column: usize) -> Result<Value> {
        let scalar = scalar(text, column)?;
        self.same_kind(&scalar, text, column)?;
        Ok(self.names.number(scalar.plain()))
    }

    fn same_kind(&mut self, scalar: &Scalar, text: &str, column: usize) -> Result<()> {
        let kind = match scalar {
            Scalar::Null => return Ok(()),
            Scalar::Bool(_) => "truth values",
            Scalar::Int(_) => "whole numbers",
            Scalar::Text(_) => "texts",
        };
        match *self.kind {
            None => *self.kind = Some((kind, self.line)),
            Some((before, line)) if before != kind => {
                let message =
                    format!("{} is of the wrong type: the values of this history are {before} (line {line})", shorten(text));
                return Err(Wrong { column: column + 1, message });
            }
            Some(_) => {}
        }
        Ok(())
    }

    /// The complaint about the kind of a value says more than the one about the shape of what it stands in.
    fn keep_kind(&self, wrong: Wrong, shape: impl FnOnce() -> Wrong) -> Wrong {
        if wrong.message.contains("of the wrong type") { wrong } else { shape() }
    }

    fn text(&mut self, text: &str, column: usize) -> Result<Value> {
        match scalar(text, column)? {
            Scalar::Text(text) => Ok(self.names.text(&text)),
            _ => Err(Wrong { column: column + 1, message: format!("{} is no text", shorten(text)) }),
        }
    }

    fn key(&mut self, raw: &RawValue, column: usize) -> Result<Value> {
        match scalar(raw.get(), column)? {
            key @ (Scalar::Text(_) | Scalar::Int(_)) => Ok(self.names.number(key.plain())),
            _ => Err(Wrong { column: column + 1, message: format!("a key is a text, not {}", shorten(raw.get())) }),
        }
    }

    fn list(&mut self, text: &str, column: usize) -> Result<Vec<Value>> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let mut kinds = (None, None);
        let values = deserializer.deserialize_seq(List { names: self.names, kinds: &mut kinds });
        let values = values.and_then(|values| deserializer.end().map(|()| values)).map_err(|error| json(&error, column))?;
        for scalar in [kinds.0, kinds.1].into_iter().flatten() {
            self.same_kind(&scalar, text, column)?;
        }
        Ok(values)
    }
}

/// A list of values, with the first of them and the first of another kind.
struct List<'a> {
    names: &'a mut Names,
    kinds: &'a mut (Option<Scalar>, Option<Scalar>),
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = Vec<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of values")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut sequence: S) -> std::result::Result<Vec<Value>, S::Error> {
        let mut values = Vec::with_capacity(sequence.size_hint().unwrap_or(0));
        while let Some(scalar) = sequence.next_element_seed(One)? {
            values.push(self.names.number(scalar.plain()));
            match &self.kinds.0 {
                _ if scalar == Scalar::Null => {}
                None => self.kinds.0 = Some(scalar),
                Some(first) if std::mem::discriminant(first) != std::mem::discriminant(&scalar) => self.kinds.1 = Some(scalar),
                Some(_) => {}
            }
        }
        Ok(values)
    }
}

/// One value.
struct One;

impl<'de> DeserializeSeed<'de> for One {
    type Value = Scalar;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Scalar, D::Error> {
        deserializer.deserialize_any(One)
    }
}

impl Visitor<'_> for One {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number, a text, true, false or null")
    }

    fn visit_unit<E>(self) -> std::result::Result<Scalar, E> {
        Ok(Scalar::Null)
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Scalar, E> {
        Ok(Scalar::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<Scalar, E> {
        Ok(Scalar::Int(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> std::result::Result<Scalar, E> {
        i64::try_from(value)
            .map(Scalar::Int)
            .map_err(|_| E::custom(format!("{value} is larger than a 64-bit number; write it as a text")))
    }

    fn visit_str<E>(self, value: &str) -> std::result::Result<Scalar, E> {
        Ok(Scalar::Text(value.into()))
    }
}

fn scalar(text: &str, column: usize) -> Result<Scalar> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let scalar = One.deserialize(&mut deserializer).and_then(|scalar| deserializer.end().map(|()| scalar));
    scalar.map_err(|error| Wrong { column: column + 1, ..json(&error, column) })
}

/// Where a part of a line stands in it.
fn offset(line: &str, raw: &RawValue) -> usize {
    raw.get().as_ptr() as usize - line.as_ptr() as usize
}

/// What the JSON library says, without the place, which it takes for one in a whole file.
fn json(error: &serde_json::Error, column: usize) -> Wrong {
    let text = error.to_string();
    let message = text.rsplit_once(" at line ").map_or(&*text, |(message, _)| message).to_string();
    Wrong { column: column + error.column().max(1), message }
}

fn any_of(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    match &quoted[..] {
        [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// A text of a file, cut where it would hide the rest of the message.
fn shorten(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}

/// The ids of a history: runs of numbers that follow each other, which are all that most histories have.
#[derive(Default)]
struct Ids {
    /// First and last of each run.
    runs: BTreeMap<i64, i64>,
}

impl Ids {
    /// Adds an id; whether it is new.
    fn insert(&mut self, id: i64) -> bool {
        let before = self.runs.range(..=id).next_back().map(|(first, last)| (*first, *last));
        match before {
            Some((_, last)) if id <= last => return false,
            Some((first, last)) if last + 1 == id => drop(self.runs.insert(first, id)),
            _ => drop(self.runs.insert(id, id)),
        }
        if let Some(after) = id.checked_add(1)
            && let Some(last) = self.runs.remove(&after)
        {
            let (_, run_last) = self.runs.range_mut(..=id).next_back().expect("the run of this id");
            *run_last = last;
        }
        true
    }

    fn bytes(&self) -> u64 {
        self.runs.len() as u64 * 24
    }
}

#[cfg(test)]
mod tests;
