//! From the JSON of a line's `value`, `result` and `init` to calls, answers and starts, by the model.

use super::{Result, Wrong, json, offset, shorten};
use crate::history::{Access, Act, Answer, Call, Found, Init, Model, Names, Scalar, Value};
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;

/// What values a line's texts are.
pub(super) struct Values<'a> {
    pub(super) names: &'a mut Names,
    /// Of what kind the values of this history are, and the line that said so.
    pub(super) kind: &'a mut Option<(&'static str, u64)>,
    pub(super) line: u64,
}

impl Values<'_> {
    pub(super) fn init(&mut self, model: Model, raw: &RawValue, column: usize) -> Result<Init> {
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
                let mut pairs = pairs.into_iter().map(pair).collect::<Result<Vec<_>>>()?;
                pairs.sort_unstable_by_key(|(key, _)| *key);
                Ok(Init::Keyed(pairs))
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

    pub(super) fn call(&mut self, model: Model, op: &str, raw: &RawValue, column: usize) -> Result<Call> {
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

    pub(super) fn answer(&mut self, model: Model, call: &Call, raw: &RawValue, column: usize) -> Result<Answer> {
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
        let write = write(model);
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
                Act::Write(value) => {
                    let is_write = function.get().trim_matches('"') == write(model);
                    is_write && self.value(argument.get(), at(argument))? == value
                }
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

    pub(super) fn key(&mut self, raw: &RawValue, column: usize) -> Result<Value> {
        match scalar(raw.get(), column)? {
            Scalar::Text(key) => Ok(self.names.text(&key)),
            // A number is the text that it is written as, as a header has it.
            Scalar::Int(key) => Ok(self.names.text(&key.to_string())),
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

/// What a model's transactions call a write.
fn write(model: Model) -> &'static str {
    if model == Model::ListAppend { "append" } else { "w" }
}
