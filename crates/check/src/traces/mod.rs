//! Histories in which a read tells which write it saw, because each value is written once to its key: the reads and writes of each
//! session in order, each read joined to its writer. What a judge makes of them is its own business.
//!
//! A session is a process. A transaction is its accesses, one after the other; a cas that put its value is a read and then a write, one
//! that compared and lost says nothing. An operation whose outcome is unknown took effect if what it wrote was read, and else is taken
//! not to have. A read of a value that could be from several writes is told apart ([`Source::Unclear`]): a judge that leaves it out
//! asks for less than it might, so a violation that it finds is one, but it cannot say that there is none.

pub(crate) mod bits;
#[cfg(test)]
mod tests;

use crate::Verdict;
use crate::checks::Judgement;
use crate::history::{Access, Act, Answer, Call, Found, History, Init, Model, Operation, Plain, Value};
use std::collections::BTreeMap;

/// The accesses of a history.
pub(crate) struct Trace<'a> {
    history: &'a History,
    /// Session by session, each in order.
    pub(crate) events: Vec<Event>,
    /// Why some reads are unclear.
    pub(crate) doubt: Option<String>,
    /// Writes of failed operations, which took no effect.
    failed: BTreeMap<(Value, Value), usize>,
}

/// An access.
pub(crate) struct Event {
    /// Its operation, by index.
    pub(crate) operation: usize,
    /// Its session, by number from 0.
    pub(crate) session: usize,
    /// The object.
    pub(crate) key: Value,
    /// What was done.
    pub(crate) act: Did,
}

/// What an access did.
pub(crate) enum Did {
    /// Wrote a value, or appended it to a list.
    Write(Value),
    /// Read.
    Read(Source),
}

/// What a read saw.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Source {
    /// What was there at the start.
    Initial,
    /// What this event wrote.
    Write(usize),
    /// A list of what these events appended, in order.
    List(Vec<usize>),
    /// A value that nobody wrote.
    Nobody(Value),
    /// A list that has an element twice.
    Twice(Value),
    /// Several writes could have written it, or it is not certain that anything was read.
    Unclear,
}

/// What a read found, before it is known where that is from.
enum Raw {
    Value(Value),
    List(Box<[Value]>),
}

/// Who wrote a value to a key.
#[derive(Clone, Copy)]
enum Writer {
    One(usize),
    Several(usize, usize),
}

/// Keys, values and the events that wrote them, in order.
struct Writers(Vec<(Value, Value, usize)>);

impl Writers {
    fn of(events: &[Event]) -> Writers {
        let mut writers = Vec::with_capacity(events.len());
        for (event, Event { key, act, .. }) in events.iter().enumerate() {
            if let Did::Write(value) = act {
                writers.push((*key, *value, event));
            }
        }
        writers.sort_unstable();
        Writers(writers)
    }

    fn get(&self, key: Value, value: Value) -> Option<Writer> {
        let first = self.0.partition_point(|(of, written, _)| (*of, *written) < (key, value));
        let mut events = self.0[first..].iter().take(2).filter(|(of, written, _)| (*of, *written) == (key, value));
        match (events.next()?.2, events.next()) {
            (one, None) => Some(Writer::One(one)),
            (one, Some((.., other))) => Some(Writer::Several(one, *other)),
        }
    }
}

impl<'a> Trace<'a> {
    /// The accesses of a history of a register, key-value, list-append or rw-register model.
    pub(crate) fn new(history: &'a History) -> Trace<'a> {
        let mut trace = Trace { history, events: Vec::new(), doubt: None, failed: BTreeMap::new() };
        let appended = trace.appended();
        let mut raws: Vec<Option<Raw>> = Vec::new();
        for (session, operations) in by_process(history).into_values().enumerate() {
            for operation in operations {
                trace.add(session, operation, &appended, &mut raws);
            }
        }
        trace.join(raws);
        trace
    }

    /// Keys of a kv store to which texts are appended: what is read there is no one write's. They are left out.
    fn appended(&mut self) -> Vec<Value> {
        let is_append = |operation: &&Operation| matches!(operation.call, Call::Append(_)) && operation.is_possible();
        let mut keys: Vec<Value> = self.history.operations.iter().filter(is_append).map(|operation| operation.key).collect();
        keys.sort_unstable();
        keys.dedup();
        if let Some(operation) = self.history.operations.iter().find(is_append) {
            self.doubt = Some(format!(
                "operation {} appends under {}: what is read there is not what one operation wrote, and is not judged",
                operation.id,
                self.history.names.tell(operation.key)
            ));
        }
        keys
    }

    fn add(&mut self, session: usize, index: usize, appended: &[Value], raws: &mut Vec<Option<Raw>>) {
        let operation = &self.history.operations[index];
        if appended.binary_search(&operation.key).is_ok() {
            return;
        }
        let is_possible = operation.is_possible();
        let mut push = |key: Value, act: Result<Value, Option<Raw>>| match act {
            Ok(value) if !is_possible => drop(self.failed.insert((key, value), index)),
            Ok(value) => {
                self.events.push(Event { operation: index, session, key, act: Did::Write(value) });
                raws.push(None);
            }
            Err(Some(raw)) if is_possible => {
                self.events.push(Event { operation: index, session, key, act: Did::Read(Source::Unclear) });
                raws.push(Some(raw));
            }
            Err(_) => {}
        };
        let key = operation.key;
        match (&operation.call, operation.answer()) {
            (Call::Read, Some(Answer::Value(value))) => push(key, Err(Some(Raw::Value(*value)))),
            (Call::Write(value), _) => push(key, Ok(*value)),
            (Call::Cas { .. }, Some(Answer::Flag(false))) => {}
            (Call::Cas { expected, new }, _) => {
                push(key, Err(Some(Raw::Value(*expected))));
                push(key, Ok(*new));
            }
            (Call::Transaction(accesses), answer) => {
                let mut found = match answer {
                    Some(Answer::Found(found)) => found.iter(),
                    _ => [].iter(),
                };
                for Access { key, act } in accesses {
                    match act {
                        Act::Write(value) => push(*key, Ok(*value)),
                        Act::Read => {
                            let raw = found.next().map(|found| match found {
                                Found::Value(value) => Raw::Value(*value),
                                Found::List(list) => Raw::List(list.clone()),
                            });
                            push(*key, Err(raw));
                        }
                    }
                }
            }
            _ => {}
        }
    }

    /// Joins each read to its writer.
    fn join(&mut self, raws: Vec<Option<Raw>>) {
        let writers = Writers::of(&self.events);
        // The reads of a cas with an unknown outcome count once something shows that it took effect: what it wrote was read.
        let is_certain = |trace: &Trace<'_>, event: usize| trace.operation(event).is_ok();
        let mut shown = vec![false; self.events.len()];
        let mut todo: Vec<usize> = (0..self.events.len()).filter(|event| is_certain(self, *event)).collect();
        while let Some(event) = todo.pop() {
            let Some(raw) = &raws[event] else { continue };
            let source = self.resolve(event, raw, &writers);
            let seen = match &source {
                Source::Write(writer) => std::slice::from_ref(writer),
                Source::List(writers) => writers,
                _ => &[],
            };
            for &writer in seen {
                if !is_certain(self, writer) && !std::mem::replace(&mut shown[writer], true) {
                    let before = writer.checked_sub(1).filter(|before| self.same_operation(*before, writer));
                    todo.extend(before);
                }
            }
            self.events[event].act = Did::Read(source);
        }
    }

    fn same_operation(&self, one: usize, other: usize) -> bool {
        self.events[one].operation == self.events[other].operation
    }

    fn resolve(&mut self, event: usize, raw: &Raw, writers: &Writers) -> Source {
        let key = self.events[event].key;
        let value = match raw {
            Raw::Value(value) => *value,
            Raw::List(list) => return self.list(event, list, writers),
        };
        let is_initial = value == initial(self.history, key);
        match writers.get(key, value) {
            None if is_initial => Source::Initial,
            None => Source::Nobody(value),
            Some(Writer::One(writer)) if !is_initial => Source::Write(writer),
            Some(Writer::One(writer)) => self.unclear(event, value, writer, None),
            Some(Writer::Several(writer, other)) => self.unclear(event, value, writer, Some(other)),
        }
    }

    fn list(&mut self, event: usize, list: &[Value], writers: &Writers) -> Source {
        let key = self.events[event].key;
        let mut sources = Vec::with_capacity(list.len());
        for value in list {
            match writers.get(key, *value) {
                None => return Source::Nobody(*value),
                Some(Writer::One(writer)) => sources.push(writer),
                Some(Writer::Several(writer, other)) => return self.unclear(event, *value, writer, Some(other)),
            }
        }
        let mut sorted = sources.clone();
        sorted.sort_unstable();
        match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => match self.events[pair[0]].act {
                Did::Write(value) => Source::Twice(value),
                Did::Read(_) => unreachable!("lists are of what was written"),
            },
            None => Source::List(sources),
        }
    }

    fn unclear(&mut self, event: usize, value: Value, writer: usize, other: Option<usize>) -> Source {
        if self.doubt.is_none() {
            let id = |event: usize| self.operation(event).id;
            let also = match other {
                Some(other) => format!("operations {} and {} both write it", id(writer), id(other)),
                None => format!("operation {} writes it, and it is there at the start", id(writer)),
            };
            self.doubt = Some(format!(
                "operation {} read {}{}, and {also}: which of them it saw cannot be told",
                id(event),
                self.history.names.tell(value),
                self.under(self.events[event].key, "from")
            ));
        }
        Source::Unclear
    }

    /// The operation of an event.
    pub(crate) fn operation(&self, event: usize) -> &'a Operation {
        &self.history.operations[self.events[event].operation]
    }

    /// The id of an event's operation.
    pub(crate) fn id(&self, event: usize) -> i64 {
        self.operation(event).id
    }

    /// What a read saw; `None` for a write, and for a read that is unclear.
    pub(crate) fn source(&self, event: usize) -> Option<&Source> {
        match &self.events[event].act {
            Did::Read(source) if *source != Source::Unclear => Some(source),
            _ => None,
        }
    }

    /// Whether the event is a write.
    pub(crate) fn is_write(&self, event: usize) -> bool {
        matches!(self.events[event].act, Did::Write(_))
    }

    /// The event before this one in its session.
    pub(crate) fn before(&self, event: usize) -> Option<usize> {
        event.checked_sub(1).filter(|before| self.events[*before].session == self.events[event].session)
    }

    /// The writes of each key.
    pub(crate) fn writes(&self) -> BTreeMap<Value, Vec<usize>> {
        let mut writes: BTreeMap<Value, Vec<usize>> = BTreeMap::new();
        for event in (0..self.events.len()).filter(|event| self.is_write(*event)) {
            writes.entry(self.events[event].key).or_default().push(event);
        }
        writes
    }

    /// The event for people: `operation 5 (process 1 wrote 3 to x)`.
    pub(crate) fn tell(&self, event: usize) -> String {
        let Event { key, act, .. } = &self.events[event];
        let operation = self.operation(event);
        let names = &self.history.names;
        let what = match act {
            Did::Write(value) if self.history.model == Model::ListAppend => {
                format!("appended {}{}", names.tell(*value), self.under(*key, "to"))
            }
            Did::Write(value) => format!("wrote {}{}", names.tell(*value), self.under(*key, "to")),
            Did::Read(source) => format!("read {}{}", self.tell_source(source, *key), self.under(*key, "from")),
        };
        format!("operation {} (process {} {what})", operation.id, operation.process)
    }

    fn tell_source(&self, source: &Source, key: Value) -> String {
        let names = &self.history.names;
        let written = |event: &usize| match self.events[*event].act {
            Did::Write(value) => names.tell(value),
            Did::Read(_) => unreachable!("only writes are read"),
        };
        match source {
            Source::Initial if initial(self.history, key) == ABSENT => "nothing".to_string(),
            Source::Initial => names.tell(initial(self.history, key)),
            Source::Write(event) => written(event),
            Source::List(events) => format!("[{}]", events.iter().map(written).collect::<Vec<_>>().join(", ")),
            Source::Nobody(value) | Source::Twice(value) => names.tell(*value),
            Source::Unclear => "something".to_string(),
        }
    }

    fn under(&self, key: Value, preposition: &str) -> String {
        if key == Value::NULL { String::new() } else { format!(" {preposition} {}", self.history.names.tell(key)) }
    }

    /// A read of what nobody wrote, if there is one, as a violation of whatever was asked.
    pub(crate) fn thin_air(&self) -> Option<(usize, String)> {
        (0..self.events.len()).find_map(|event| match self.source(event)? {
            Source::Nobody(value) => {
                let why = match self.failed.get(&(self.events[event].key, *value)) {
                    Some(failed) => format!("only operation {} was to write, and it failed", self.history.operations[*failed].id),
                    None => "nobody wrote".to_string(),
                };
                Some((event, format!("{} saw {}, which {why}", self.tell(event), self.history.names.tell(*value))))
            }
            Source::Twice(value) => {
                Some((event, format!("{} saw one {} twice", self.tell(event), self.history.names.tell(*value))))
            }
            _ => None,
        })
    }

    /// What a judge says that found nothing wrong.
    pub(crate) fn clean(&self) -> Judgement {
        match &self.doubt {
            Some(doubt) => Verdict::Unknown(doubt.clone()).into(),
            None => Verdict::Ok.into(),
        }
    }
}

/// No value of the history.
const ABSENT: Value = Value(u32::MAX);

/// What a key holds at the start. Lists are empty.
pub(crate) fn initial(history: &History, key: Value) -> Value {
    match &history.init {
        // Nobody wrote or read the empty text if it has no number.
        Init::Default if history.model == Model::Kv => history.names.find(Plain::Text("")).unwrap_or(ABSENT),
        _ => history.initial(key),
    }
}

/// The operations of each process, in order.
fn by_process(history: &History) -> BTreeMap<i64, Vec<usize>> {
    let mut processes: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for (index, operation) in history.operations.iter().enumerate() {
        processes.entry(operation.process).or_default().push(index);
    }
    processes
}
