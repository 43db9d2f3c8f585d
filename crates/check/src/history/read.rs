//! Reads `quorate/1` a line at a time, so that a history need not be in memory as text, and says of what is wrong where it stands and
//! what would be right. It takes lines and reads no file itself.

mod ids;
mod values;

use super::{History, Model, Names, Operation, Outcome, TimeUnit, Value};
use ids::Ids;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;
use values::Values;

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
    /// The ids seen.
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
        // Some editors put a byte order mark before a file.
        let text = if self.line == 1 { text.trim_start_matches('\u{feff}') } else { text };
        if text.trim().is_empty() {
            return Err(Wrong { column: 1, message: "the line is empty; every line is one operation".to_string() });
        }
        if let Some(other) = text.trim_start().chars().next().filter(|first| *first != '{') {
            let message = format!("a line begins with {{, not with {other:?}: each is one JSON object");
            return Err(Wrong { column: 1, message });
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
            Some(("\"ps\"", _)) => TimeUnit::Picoseconds,
            Some((other, column)) => {
                return Err(Wrong {
                    column: column + 1,
                    message: format!("\"time\" is {other}; it may be \"ns\" or \"ps\", or be left out"),
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

/// Where a part of a line stands in it.
fn offset(line: &str, raw: &RawValue) -> usize {
    raw.get().as_ptr() as usize - line.as_ptr() as usize
}

/// What the JSON library says, without the place, which it takes for one in a whole file.
fn json(error: &serde_json::Error, column: usize) -> Wrong {
    let text = error.to_string();
    let message = text.rsplit_once(" at line ").map_or(&*text, |(message, _)| message);
    let message =
        message.replace("expected i64", "expected a whole number of 64 bits").replace("EOF while", "the end came while");
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

#[cfg(test)]
mod tests;
