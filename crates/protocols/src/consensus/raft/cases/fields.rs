//! Objects of a case's file, read so that nothing in them is passed over: what nobody asked for is an error.

use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// A value, or what is not understood.
pub(super) type Read<T> = Result<T, String>;

/// An object under a name.
pub(super) struct Fields<'a> {
    name: String,
    map: &'a Map<String, Value>,
    asked: RefCell<BTreeSet<&'a str>>,
}

impl<'a> Fields<'a> {
    pub(super) fn of(name: &str, value: &'a Value) -> Read<Fields<'a>> {
        let map = value.as_object().ok_or_else(|| format!("{name} is {value}, and not an object"))?;
        Ok(Fields { name: name.into(), map, asked: RefCell::default() })
    }

    /// What stands under a key; `null` is nothing.
    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        let (key, value) = self.map.get_key_value(key)?;
        self.asked.borrow_mut().insert(key);
        Some(value).filter(|value| !value.is_null())
    }

    /// Under the first of these keys under which something stands.
    pub(super) fn any(&self, keys: &[&str]) -> Option<&'a Value> {
        keys.iter().filter_map(|key| self.get(key)).next_back()
    }

    pub(super) fn need(&self, key: &str) -> Read<&'a Value> {
        self.get(key).ok_or_else(|| format!("{} has no {key:?}", self.name))
    }

    pub(super) fn object(&self, key: &str) -> Read<Fields<'a>> {
        Fields::of(&format!("{}.{key}", self.name), self.need(key)?)
    }

    pub(super) fn number(&self, key: &str) -> Read<Option<u64>> {
        self.get(key).map(|value| number(&format!("{}.{key}", self.name), value)).transpose()
    }

    pub(super) fn flag(&self, key: &str) -> Read<Option<bool>> {
        self.any_flag(&[key])
    }

    pub(super) fn any_flag(&self, keys: &[&str]) -> Read<Option<bool>> {
        let flag =
            |value: &Value| value.as_bool().ok_or_else(|| format!("{}.{} is {value}, and not true or false", self.name, keys[0]));
        self.any(keys).map(flag).transpose()
    }

    pub(super) fn text(&self, key: &str) -> Read<Option<&'a str>> {
        let text = |value: &'a Value| value.as_str().ok_or_else(|| format!("{}.{key} is {value}, and not a text", self.name));
        self.get(key).map(text).transpose()
    }

    pub(super) fn numbers(&self, key: &str) -> Read<Option<Vec<u64>>> {
        self.get(key).map(|value| numbers(&format!("{}.{key}", self.name), value)).transpose()
    }

    /// All keys with their values.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.map.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// That a key was understood.
    pub(super) fn understood(&self, key: &'a str) {
        self.asked.borrow_mut().insert(key);
    }

    /// Nothing may be left.
    pub(super) fn done(&self) -> Read<()> {
        let asked = self.asked.borrow();
        let left: BTreeMap<&str, &Value> = self.all().filter(|(key, _)| !asked.contains(key)).collect();
        if left.is_empty() { Ok(()) } else { Err(format!("{}: not understood: {left:?}", self.name)) }
    }
}

pub(super) fn number(name: &str, value: &Value) -> Read<u64> {
    value.as_u64().ok_or_else(|| format!("{name} is {value}, and not a whole number"))
}

/// Numbers; an object stands for its `term`, one number for itself.
pub(super) fn numbers(name: &str, value: &Value) -> Read<Vec<u64>> {
    let Some(list) = value.as_array() else { return Ok(vec![number(name, value)?]) };
    let one = |value: &Value| match value.as_object() {
        Some(object) if object.keys().all(|key| ["term", "index", "data"].contains(&key.as_str())) => {
            number(name, object.get("term").unwrap_or(&Value::Null))
        }
        _ => number(name, value),
    };
    list.iter().map(one).collect()
}
