//! As much of JSON Schema as the printed schema uses, to hold scenarios against it. A keyword that it does not know is a
//! failure, so it never accepts what it has not looked at.

use regex_lite::Regex;
use serde_json::Value;

/// Keywords that say something to people only.
const TELLING: &[&str] = &["$schema", "$defs", "title", "description", "default"];

/// Whether the document is valid against `schema`, a part of `root`; else where it is not, and why.
pub(crate) fn check(root: &Value, schema: &Value, value: &Value, path: &str) -> Result<(), String> {
    let wrong = |why: &str| Err(format!("{path}: {why}: {value}"));
    let keywords = schema.as_object().ok_or_else(|| format!("{path}: the schema is no object"))?;
    for (keyword, says) in keywords {
        let right = match keyword.as_str() {
            "$ref" => {
                let pointer = says.as_str().unwrap().strip_prefix('#').unwrap();
                check(root, root.pointer(pointer).unwrap_or_else(|| panic!("{says} leads nowhere")), value, path)?;
                true
            }
            "type" => match says {
                Value::Array(types) => types.iter().any(|kind| is_a(value, kind.as_str().unwrap())),
                kind => is_a(value, kind.as_str().unwrap()),
            },
            "const" => value == says,
            "enum" => says.as_array().unwrap().contains(value),
            "minimum" => value.as_f64().is_none_or(|number| number >= says.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= says.as_f64().unwrap()),
            "pattern" => value.as_str().is_none_or(|text| Regex::new(says.as_str().unwrap()).unwrap().is_match(text)),
            "properties" => {
                for (key, below) in says.as_object().unwrap() {
                    if let Some(below_value) = value.get(key) {
                        check(root, below, below_value, &format!("{path}.{key}"))?;
                    }
                }
                true
            }
            "additionalProperties" => {
                let known = keywords.get("properties").and_then(Value::as_object);
                for (key, below) in value.as_object().into_iter().flatten() {
                    if known.is_none_or(|known| !known.contains_key(key)) {
                        match says {
                            Value::Bool(false) => return wrong(&format!("the key {key} is not allowed")),
                            says => check(root, says, below, &format!("{path}.{key}"))?,
                        }
                    }
                }
                true
            }
            "required" => value
                .as_object()
                .is_none_or(|table| says.as_array().unwrap().iter().all(|key| table.contains_key(key.as_str().unwrap()))),
            "minProperties" => value.as_object().is_none_or(|table| table.len() as u64 >= says.as_u64().unwrap()),
            "maxProperties" => value.as_object().is_none_or(|table| table.len() as u64 <= says.as_u64().unwrap()),
            "maxItems" => value.as_array().is_none_or(|list| list.len() as u64 <= says.as_u64().unwrap()),
            "minItems" => value.as_array().is_none_or(|list| list.len() as u64 >= says.as_u64().unwrap()),
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, says, item, &format!("{path}[{index}]"))?;
                }
                true
            }
            "anyOf" | "oneOf" => {
                let tried: Vec<Result<(), String>> =
                    says.as_array().unwrap().iter().map(|one| check(root, one, value, path)).collect();
                let valid = tried.iter().filter(|tried| tried.is_ok()).count();
                if valid == 0 {
                    let why: Vec<String> = tried.into_iter().filter_map(Result::err).collect();
                    return wrong(&format!("none of {keyword} ({})", why.join("; ")));
                }
                keyword == "anyOf" || valid == 1
            }
            telling => {
                assert!(TELLING.contains(&telling), "the printed schema uses {telling:?}, which this test does not know");
                true
            }
        };
        if !right {
            return wrong(&format!("against {keyword} {says}"));
        }
    }
    Ok(())
}

fn is_a(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        other => panic!("the type {other} is unknown"),
    }
}
