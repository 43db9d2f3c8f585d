//! A resolved scenario as TOML that a person likes to read: plain keys first, then the sections in the order of the format,
//! lists of tables as `[[faults]]`, and tables that fit into a line inline.

use crate::plan::Plan;
use serde_json::{Map, Value};

/// Longer lines are folded where TOML allows it: a list may go over several lines, a table may become a section. Descriptions
/// indent by two.
pub(super) const WIDTH: usize = 78;

/// The scenario as resolved, as a scenario file. Reading it gives the same plan.
pub fn toml(plan: &Plan) -> String {
    match plan.to_json() {
        Value::Object(scenario) => document(&scenario),
        _ => unreachable!("a scenario is a table"),
    }
}

/// A scenario, or a part of one, in that layout.
pub(super) fn document(scenario: &Map<String, Value>) -> String {
    let mut text = String::new();
    section(&mut text, &[], scenario);
    text
}

/// The entries of a table whose header is written: what stands in a line first, for whatever follows a header belongs to it.
fn section(text: &mut String, path: &[&str], table: &Map<String, Value>) {
    let blocks: Vec<(&String, &Value)> = table.iter().filter(|(key, value)| is_block(path, key, value)).collect();
    for (key, value) in table.iter().filter(|(key, value)| !is_block(path, key, value)) {
        // A list of tables without an entry says what its absence says.
        if !is_empty_block(path, key, value) {
            *text += &pair(key, value);
        }
    }
    for (key, value) in blocks {
        let path: Vec<&str> = path.iter().copied().chain([key.as_str()]).collect();
        match value {
            Value::Object(table) => block(text, &path, ["[", "]"], table),
            Value::Array(entries) => {
                for table in entries.iter().filter_map(Value::as_object) {
                    block(text, &path, ["[[", "]]"], table);
                }
            }
            _ => {}
        }
    }
}

fn block(text: &mut String, path: &[&str], [open, close]: [&str; 2], table: &Map<String, Value>) {
    let silent = |key: &str, value: &Value| is_block(path, key, value) || is_empty_block(path, key, value);
    let only_blocks = !table.is_empty() && table.iter().all(|(key, value)| silent(key, value));
    // A table of nothing but sections needs no header of its own; a list's entry is its header.
    if open == "[[" || !only_blocks {
        if !text.is_empty() {
            text.push('\n');
        }
        let keys: Vec<String> = path.iter().map(|key| bare(key)).collect();
        *text += &format!("{open}{}{close}\n", keys.join("."));
    }
    section(text, path, table);
}

/// Whether the value stands under a header of its own: the sections of the top, what a section has lists of, and what does not
/// fit into a line.
fn is_block(path: &[&str], key: &str, value: &Value) -> bool {
    match value {
        Value::Object(_) if path.is_empty() || path == ["protocol"] => true,
        Value::Object(table) => !table.is_empty() && !fits(key, value),
        Value::Array(items) => !items.is_empty() && items.iter().all(Value::is_object) && (path.len() < 2 || !fits(key, value)),
        _ => false,
    }
}

fn is_empty_block(path: &[&str], key: &str, value: &Value) -> bool {
    let lists = path.is_empty() || path == ["workload"];
    lists && key != "protocol" && value.as_array().is_some_and(Vec::is_empty)
}

fn fits(key: &str, value: &Value) -> bool {
    bare(key).chars().count() + " = ".len() + inline(value).chars().count() <= WIDTH
}

/// `key = value`, a long list over several lines.
fn pair(key: &str, value: &Value) -> String {
    match value {
        Value::Array(items) if !fits(key, value) => format!("{} = {}\n", bare(key), list(items, 0)),
        _ => format!("{} = {}\n", bare(key), inline(value)),
    }
}

/// A list over several lines, and so the lists in it that are too long for one.
fn list(items: &[Value], indent: usize) -> String {
    let pad = " ".repeat(indent + 4);
    let mut text = String::from("[");
    let mut column = WIDTH;
    for item in items {
        let mut one = format!("{},", inline(item));
        let long = pad.len() + one.chars().count() > WIDTH;
        if let (true, Value::Array(items)) = (long, item) {
            one = format!("{},", list(items, indent + 4));
        }
        let width = one.chars().count();
        if long || column + 1 + width > WIDTH {
            text += &format!("\n{pad}{one}");
            column = if long { WIDTH } else { pad.len() + width };
        } else {
            text += &format!(" {one}");
            column += 1 + width;
        }
    }
    text + &format!("\n{}]", " ".repeat(indent))
}

fn inline(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Object(table) if table.is_empty() => "{}".to_string(),
        Value::Object(table) => {
            let pairs: Vec<String> = table.iter().map(|(key, value)| format!("{} = {}", bare(key), inline(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// A key without quotes, where TOML allows it.
fn bare(key: &str) -> String {
    let plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if plain { key.to_string() } else { quoted(key) }
}

/// JSON's escapes are TOML's, but for one character that TOML wants escaped and JSON does not.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string().replace('\u{7f}', "\\u007F")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(scenario: Value, expected: &str) {
        let text = document(scenario.as_object().unwrap());
        assert_eq!(text, expected);
        let read: toml::Table = toml::from_str(&text).unwrap();
        let mut scenario = scenario;
        scenario.as_object_mut().unwrap().retain(|_, value| value != &json!([]));
        assert_eq!(serde_json::to_value(read).unwrap(), scenario);
    }

    #[test]
    fn plain_keys_come_first_and_short_tables_stay_inline() {
        check(
            json!({
                "schema": 1,
                "protocol": { "local": {} },
                "network": { "latency": { "uniform": ["1ms", "10ms"] }, "loss": 0.0 },
                "faults": [{ "at": "5s", "partition": { "groups": ["0..3", [3, 4]] } }, { "at": "6s", "heal": "all" }],
                "workload": { "updates": [{ "at": "1s", "from": 0 }] },
                "ties": "source",
                "expect": { "a b": "x \"y\" \u{7f}\n" },
            }),
            "schema = 1\nties = \"source\"\n\n[protocol.local]\n\n[network]\nlatency = { uniform = [\"1ms\", \"10ms\"] }\n\
             loss = 0.0\n\n[[faults]]\nat = \"5s\"\npartition = { groups = [\"0..3\", [3, 4]] }\n\n[[faults]]\nat = \"6s\"\n\
             heal = \"all\"\n\n[[workload.updates]]\nat = \"1s\"\nfrom = 0\n\n[expect]\n\"a b\" = \"x \\\"y\\\" \\u007F\\n\"\n",
        );
    }

    #[test]
    fn what_is_too_long_for_a_line_is_folded() {
        let nodes: Vec<u32> = (100..130).collect();
        let long = "x".repeat(70);
        check(
            json!({ "faults": [], "network": { "loss": 0.5, "links": { "crash": nodes, "name": long } } }),
            &format!(
                "[network]\nloss = 0.5\n\n[network.links]\ncrash = [\n    {}\n    {}\n]\nname = \"{long}\"\n",
                "100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114,",
                "115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127, 128, 129,",
            ),
        );
        let wide = "x".repeat(40);
        check(
            json!({ "rows": [[1, 2], [wide, wide], [3, 4], [5, 6]] }),
            &format!("rows = [\n    [1, 2],\n    [\n        \"{wide}\",\n        \"{wide}\",\n    ],\n    [3, 4], [5, 6],\n]\n"),
        );
    }
}
