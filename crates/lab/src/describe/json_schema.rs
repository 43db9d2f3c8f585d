//! The scenario format as a JSON Schema (draft 2020-12), for editors that complete and check a file while it is written. It is
//! made of the key table and the registry, so it follows them; it refuses every key that the reader refuses, and of values
//! what a schema can say. The reader has the last word.

use super::keys::{below, contents, told};
use super::option::{option_default, option_takes};
use super::takes::{Takes, Word, alternatives};
use crate::text::schema::{FAULT, Holds, Key, SCENARIO, TABLE, WHEN};
use quorate_engine::fault::FAULTS;
use quorate_protocols::options::{self, Field, FieldKind};
use quorate_protocols::registry::{Protocol, protocols};
use serde_json::{Map, Value, json};

/// The schema of scenarios.
pub fn json_schema() -> Value {
    schema_of(SCENARIO, "A scenario of quorate", "quorate schema")
}

/// The schema of table files.
pub fn table_schema() -> Value {
    schema_of(TABLE, "A table of quorate", "quorate schema table")
}

fn schema_of(keys: &'static [Key], title: &str, maker: &str) -> Value {
    let tables = Tables::of(keys);
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "description": format!("Made by `{maker}`; do not edit."),
    });
    extend(&mut schema, tables.table(keys));
    let mut definitions = words();
    for shared in tables.shared() {
        definitions[&shared.name] = if shared.one_of { tables.one_of(shared.keys) } else { tables.table(shared.keys) };
    }
    schema["$defs"] = definitions;
    schema
}

/// What the words of the vocabulary look like. Wherever a number or a quantity stands, so may an expression over the
/// scenario's parameters: a name, or what has an operator.
fn words() -> Value {
    let number = r"[0-9]+(\.[0-9]+)?";
    let time = "(ns|us|µs|μs|ms|s|m|h)";
    let size = "(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB)";
    let bits = "[kKMGT]?bit";
    let text = |pattern: String| json!({ "type": "string", "pattern": pattern });
    let or_expression = |one: Value| json!({ "anyOf": [one, { "$ref": "#/$defs/expression" }] });
    let nodes = [
        json!({ "type": "integer", "minimum": 0 }),
        or_expression(text(r"^(all|[0-9]+|.+\.\..+|(region|zone):.+)$".to_string())),
    ];
    json!({
        "expression": text(r"^[ -]*[a-z][a-z0-9_-]* *$|.[-+*/]|\(".to_string()),
        "whole-number": or_expression(json!({ "type": "integer" })),
        "number": or_expression(json!({ "type": "number" })),
        "probability": or_expression(json!({ "type": "number", "minimum": 0, "maximum": 1 })),
        "duration": or_expression(text(format!("^{number}{time}$"))),
        "signed-duration": or_expression(text(format!("^-?{number}{time}$"))),
        "bytes": or_expression(text(format!("^{number}{size}$"))),
        "rate": or_expression(text(format!("^{number}({size}|{bits})/s$"))),
        "frequency": or_expression(text(format!("^{number}/(ms|s|min|h)$"))),
        "set": { "anyOf": [nodes[0], nodes[1], { "type": "array", "items": { "anyOf": nodes } }] },
    })
}

fn extend(schema: &mut Value, more: Value) {
    if let (Value::Object(schema), Value::Object(more)) = (schema, more) {
        schema.extend(more);
    }
}

/// The tables of the format. One that may stand in several places, or in itself, is defined once and referred to.
struct Tables {
    all: Vec<Shared>,
}

struct Shared {
    keys: &'static [Key],
    /// Whether exactly one of the keys may stand there.
    one_of: bool,
    /// After the first key that holds it.
    name: String,
    uses: usize,
}

impl Tables {
    fn of(keys: &'static [Key]) -> Tables {
        let mut tables = Tables { all: Vec::new() };
        tables.count(keys);
        tables
    }

    fn count(&mut self, keys: &'static [Key]) {
        for key in keys.iter().filter(|key| !below(key).is_empty()) {
            let (keys, one_of) = (below(key), is_one_of(key));
            if let Some(known) = self.all.iter_mut().find(|known| known.is(keys, one_of)) {
                known.uses += 1;
                continue;
            }
            let name = self.free_name(key.name);
            self.all.push(Shared { keys, one_of, name, uses: 1 });
            self.count(keys);
        }
    }

    /// The name, or the name with a number where a word or another table has it.
    fn free_name(&self, name: &str) -> String {
        let words = words();
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        let mut names = std::iter::once(name.to_string()).chain(numbered);
        let free = |name: &String| words.get(name).is_none() && self.all.iter().all(|known| known.name != *name);
        names.find(free).unwrap_or_default()
    }

    fn shared(&self) -> impl Iterator<Item = &Shared> {
        self.all.iter().filter(|table| table.uses > 1)
    }

    /// The table, or where it is defined.
    fn refer(&self, keys: &'static [Key], one_of: bool) -> Value {
        match self.shared().find(|known| known.is(keys, one_of)) {
            Some(shared) => json!({ "$ref": format!("#/$defs/{}", shared.name) }),
            None if one_of => self.one_of(keys),
            None => self.table(keys),
        }
    }

    /// A table of these keys and no others.
    fn table(&self, keys: &'static [Key]) -> Value {
        let properties: Map<String, Value> = keys.iter().map(|key| (key.name.to_string(), self.described(key))).collect();
        let required: Vec<&str> = keys.iter().filter(|key| key.required).map(|key| key.name).collect();
        let mut schema = json!({ "type": "object", "additionalProperties": false, "properties": properties });
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        if contents(keys) == contents(FAULT) {
            schema["oneOf"] = FAULTS.iter().map(|(name, _)| json!({ "required": [name] })).collect();
            schema["anyOf"] = ["at", "when"].iter().map(|name| json!({ "required": [name] })).collect();
        }
        schema
    }

    /// A table of exactly one of these keys.
    fn one_of(&self, keys: &'static [Key]) -> Value {
        let mut schema = self.table(keys);
        extend(&mut schema, json!({ "minProperties": 1, "maxProperties": 1 }));
        schema
    }

    fn described(&self, key: &'static Key) -> Value {
        let mut schema = json!({ "description": key.doc });
        if let Some(default) = told(key).1.and_then(|default| serde_json::from_str::<Value>(default).ok()) {
            schema["default"] = default;
        }
        extend(&mut schema, self.held(key));
        schema
    }

    fn held(&self, key: &'static Key) -> Value {
        let table = |keys| self.refer(keys, false);
        match key.holds {
            Holds::Value => plain(key).unwrap_or(json!({})),
            Holds::File => word_shape(Word::Text),
            Holds::Table(keys) => table(keys),
            Holds::Tables(keys) => json!({ "type": "array", "items": table(keys) }),
            Holds::TableOrTables(keys) => json!({ "oneOf": [table(keys), { "type": "array", "items": table(keys) }] }),
            Holds::ValueOrTable(keys) => match plain(key) {
                Some(plain) => json!({ "oneOf": [plain, self.refer(keys, is_one_of(key))] }),
                None => json!({}),
            },
            Holds::Rows(keys) => {
                let cell = [word_shape(Word::Duration), json!({ "const": "-" })];
                let tables = (!keys.is_empty()).then(|| self.refer(keys, is_one_of(key)));
                let cells: Vec<Value> = cell.into_iter().chain(tables).collect();
                json!({ "type": "array", "items": { "type": "array", "items": { "oneOf": cells } } })
            }
            Holds::Protocol => protocol_section(),
            Holds::Names => named(key),
        }
    }
}

impl Shared {
    fn is(&self, keys: &'static [Key], one_of: bool) -> bool {
        self.one_of == one_of && contents(self.keys) == contents(keys)
    }
}

/// Whether the table under the key is one of several, such as a distribution: then none of its keys is required.
fn is_one_of(key: &Key) -> bool {
    let several = contents(below(key)) == contents(WHEN);
    !several && matches!(key.holds, Holds::ValueOrTable(_) | Holds::Rows(_)) && below(key).iter().all(|key| !key.required)
}

/// A table of names of the author's choosing.
fn named(key: &Key) -> Value {
    let each = match key.name {
        "regions" => word_shape(Word::Set),
        "expect" | "where" => word_shape(Word::Text),
        _ => json!({}),
    };
    json!({ "type": "object", "additionalProperties": each })
}

/// The plain values that the key takes; `None` when what it takes is not understood.
fn plain(key: &Key) -> Option<Value> {
    let takes = alternatives(key.takes)?;
    let mut texts: Vec<Value> = Vec::new();
    let mut others: Vec<Value> = Vec::new();
    for takes in takes {
        match takes {
            Takes::Text(text) => texts.push(text.into()),
            Takes::Word(Word::Variant) => texts.extend(variants()),
            Takes::Table => {}
            takes => others.push(shape(&takes)),
        }
    }
    // Where a name may stand in place of a table of that name, so may every one that needs no more.
    if texts.iter().any(|text| below(key).iter().any(|key| text == key.name)) {
        let needs_no_more = |key: &&Key| matches!(key.holds, Holds::Table(keys) if keys.iter().all(|key| !key.required));
        texts = below(key).iter().filter(needs_no_more).map(|key| key.name.into()).collect();
    }
    if !texts.is_empty() {
        others.insert(0, json!({ "enum": texts }));
    }
    match &others[..] {
        [] => None,
        [only] => Some(only.clone()),
        _ => Some(json!({ "anyOf": others })),
    }
}

/// The planted variants of all protocols: which protocol has which is the reader's business.
fn variants() -> Vec<Value> {
    let mut names: Vec<&str> = protocols().iter().flat_map(|protocol| protocol.variants).map(|variant| variant.name).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(Value::from).collect()
}

fn shape(takes: &Takes) -> Value {
    match takes {
        Takes::Text(text) => json!({ "const": text }),
        Takes::Number(number) => json!({ "const": number.parse::<serde_json::Number>().ok() }),
        Takes::Table => json!({ "type": "object" }),
        // Not by `prefixItems`: the checker behind the TOML editors reads it as an older draft does.
        Takes::List(items, open) => {
            let mut each: Vec<Value> = items.iter().map(shape).collect();
            each.dedup();
            let each = if each.len() == 1 { each.remove(0) } else { json!({ "anyOf": each }) };
            let mut schema = json!({ "type": "array", "items": each });
            if !open {
                extend(&mut schema, json!({ "minItems": items.len(), "maxItems": items.len() }));
            }
            schema
        }
        Takes::Word(word) => word_shape(*word),
    }
}

fn word_shape(word: Word) -> Value {
    let definition = |name: &str| json!({ "$ref": format!("#/$defs/{name}") });
    match word {
        Word::Duration => definition("duration"),
        Word::SignedDuration => definition("signed-duration"),
        Word::Size => definition("bytes"),
        Word::Rate => definition("rate"),
        Word::Frequency => definition("frequency"),
        Word::Set => definition("set"),
        Word::Whom => json!({ "type": "string", "pattern": "^(leader|there|fact:.+)$" }),
        Word::Whole => definition("whole-number"),
        Word::Number => definition("number"),
        Word::Probability => definition("probability"),
        Word::Value => json!({ "anyOf": [definition("number"), definition("signed-duration")] }),
        Word::Flag => json!({ "type": "boolean" }),
        Word::Text | Word::Variant => json!({ "type": "string" }),
        Word::Name => json!({ "type": "string", "pattern": "^[a-z0-9-]+$" }),
    }
}

/// `[protocol.NAME]`: exactly one of the registry; or its plain name.
fn protocol_section() -> Value {
    let each = |protocol: &Protocol| (protocol.name.to_string(), protocol_options(protocol));
    let table = json!({
        "type": "object",
        "additionalProperties": false,
        "minProperties": 1,
        "maxProperties": 1,
        "properties": protocols().iter().map(each).collect::<Map<_, _>>(),
    });
    json!({ "anyOf": [{ "enum": protocols().iter().map(|protocol| protocol.name).collect::<Vec<_>>() }, table] })
}

fn protocol_options(protocol: &Protocol) -> Value {
    let options: Map<String, Value> = protocol.options.iter().map(|field| (field.name.to_string(), option(field))).collect();
    json!({ "type": "object", "description": protocol.summary, "additionalProperties": false, "properties": options })
}

fn option(field: &Field) -> Value {
    let default = match field.default.value() {
        options::Value::Integer(number) => number.into(),
        options::Value::Flag(flag) => flag.into(),
        other => Value::from(other.to_string()),
    };
    let mut schema = json!({
        "description": format!("{} Takes {}; without it, {}.", field.doc, option_takes(field), option_default(field)),
        "default": default,
    });
    let one = match field.kind {
        FieldKind::Integer(low, high) => json!({
            "anyOf": [{ "type": "integer", "minimum": low, "maximum": high }, { "$ref": "#/$defs/expression" }],
        }),
        FieldKind::Duration(..) => word_shape(Word::Duration),
        FieldKind::Choice(choices) => {
            let words: Vec<Value> =
                choices.iter().map(|choice| json!({ "const": choice.name, "description": choice.doc })).collect();
            json!({ "oneOf": words })
        }
        FieldKind::Flag => word_shape(Word::Flag),
    };
    let any = json!({
        "type": "object",
        "description": "Each seed draws one of these.",
        "additionalProperties": false,
        "required": ["any"],
        "properties": { "any": { "type": "array", "minItems": 2, "items": one } },
    });
    extend(&mut schema, json!({ "anyOf": [one, any] }));
    schema
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe::{Kind, Thing};
    use crate::units;

    #[test]
    fn what_every_key_takes_is_understood() {
        for thing in Kind::Key.things() {
            let Thing::Key(place) = thing else { continue };
            if matches!(place.key.holds, Holds::Value | Holds::ValueOrTable(_)) {
                let (path, takes) = (place.path, place.key.takes);
                assert!(plain(place.key).is_some(), "{path} takes {takes:?}: teach it to VOCABULARY in describe/takes.rs");
            }
        }
    }

    /// The units stand in `units.rs` and, for editors, in the patterns.
    #[test]
    fn the_patterns_know_every_unit() {
        let all = words();
        for (definition, listed) in [("duration", units::duration("5x")), ("bytes", units::bytes("5x").map(|_| 0))] {
            let message = listed.unwrap_err();
            let (_, listed) = message.split_once("units are ").expect("an unknown unit is told the known ones");
            let pattern = all[definition]["anyOf"][0]["pattern"].as_str().unwrap();
            for unit in listed.split([',', ' ', '(', ')']).filter(|word| !word.is_empty() && word.len() < 4 && *word != "of") {
                assert!(pattern.contains(&format!("({unit}|")) || pattern.contains(&format!("|{unit}")), "{unit}: {pattern}");
            }
        }
    }
}
