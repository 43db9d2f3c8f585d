//! JSON as the other syntax of a scenario, for those that programs write. It makes the same tree with the same places, and
//! knows no more of scenarios than `tree` does.
//!
//! `jsonc-parser` reads, because it keeps the place of every key and value and bounds the depth. Every liberty that it can
//! grant is named below and refused, so that a new one is a build error; two that it takes without asking are found by
//! [`foreign`]. A test holds what is accepted against `serde_json`.

use super::error::{Problem, Read};
use super::tree::{DEPTH_MAX, Entry, Node, Place, Tree};
use crate::units::quoted;
use jsonc_parser::ast::{Object, ObjectPropName, Value};
use jsonc_parser::common::{Range, Ranged};
use jsonc_parser::errors::{ParseError, ParseErrorKind};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use std::collections::BTreeSet;

/// The mark that some programs write before the first character; it is no part of the text.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Whether a text is JSON: it begins with a brace, as TOML never does.
pub(super) fn is_json(text: &str) -> bool {
    text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text).trim_start().starts_with('{')
}

/// Parses a document that [`is_json`].
pub(super) fn document(text: &str) -> Read<Node> {
    let unmarked = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let builder = Builder { text: unmarked, before: text.len() - unmarked.len() };
    let parsed = parse_to_ast(unmarked, &CollectOptions::default(), &STRICT);
    // Whichever comes first is the mistake; what follows may be its consequence.
    match (parsed, foreign(unmarked)) {
        (Err(error), Some((at, _))) if begins(&error) < at => Err(builder.syntax(&error)),
        (_, Some((at, sign))) => Err(builder.foreign(at, sign)),
        (Err(error), None) => Err(builder.syntax(&error)),
        (Ok(parsed), None) => match parsed.value {
            Some(Value::Object(object)) => builder.table(&object, 0),
            _ => Err(Box::new(Problem::whole("this is not JSON: a scenario is an object"))),
        },
    }
}

/// Where a mistake was made: of what has no end, at the end of the text.
fn begins(error: &ParseError) -> usize {
    match error.kind() {
        ParseErrorKind::UnterminatedObject | ParseErrorKind::UnterminatedArray => usize::MAX,
        _ => error.range().start,
    }
}

const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// The first character that JSON does not take where it stands: a control character in a text, or anything but ASCII between the
/// signs. It is right as far as the text is JSON.
fn foreign(text: &str) -> Option<(usize, char)> {
    let (mut inside, mut escaped) = (false, false);
    for (at, sign) in text.char_indices() {
        match sign {
            _ if escaped => escaped = false,
            '\\' if inside => escaped = true,
            '"' => inside = !inside,
            _ if inside && sign >= ' ' => {}
            ' '..='~' | '\t' | '\n' | '\r' if !inside => {}
            _ => return Some((at, sign)),
        }
    }
    None
}

/// Turns the parser's values into ours.
struct Builder<'a> {
    text: &'a str,
    /// How many bytes of the file stand before the text.
    before: usize,
}

impl Builder<'_> {
    fn place(&self, range: Range) -> Place {
        Place::File(self.before + range.start..self.before + range.end)
    }

    fn problem(&self, range: Range, message: impl Into<String>) -> Box<Problem> {
        Box::new(self.place(range).problem("", message).label("here"))
    }

    fn syntax(&self, error: &ParseError) -> Box<Problem> {
        let Range { start, end } = error.range();
        // An empty place would show nothing: the parser's become the character behind it, or the last one.
        let last = self.text.char_indices().next_back().map_or(0, |(at, _)| at);
        let start = start.min(last);
        let next = self.text.get(start..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        // Of what does not end, the beginning.
        let lines = self.text.get(start..end).is_some_and(|shown| shown.contains('\n'));
        let range = Range { start, end: if lines { start + next } else { end.max(start + next).min(self.text.len()) } };
        if matches!(error.kind(), ParseErrorKind::NestingDepthExceeded) {
            return self.too_deep(range);
        }
        let told = error.kind().to_string();
        let mut letters = told.chars();
        let first = letters.next().map(|letter| letter.to_ascii_lowercase());
        self.problem(range, format!("this is not JSON: {}{}", first.unwrap_or(' '), letters.as_str()))
    }

    fn foreign(&self, at: usize, sign: char) -> Box<Problem> {
        let range = Range { start: at, end: at + sign.len_utf8() };
        let shown = sign.escape_unicode();
        let message = match sign {
            ' '.. => format!("this is not JSON: {shown} is no white space here"),
            '\n' => "this is not JSON: a text ends in its line; a quote is missing, or \\n is meant".to_string(),
            _ => format!("this is not JSON: a control character in a text; write \\u{:04x}", u32::from(sign)),
        };
        self.problem(range, message)
    }

    fn too_deep(&self, range: Range) -> Box<Problem> {
        self.problem(range, format!("nested more than {DEPTH_MAX} levels deep"))
    }

    fn node(&self, value: &Value<'_>, depth: usize) -> Read<Node> {
        let range = value.range();
        if depth > DEPTH_MAX {
            return Err(self.too_deep(range));
        }
        let tree = match value {
            Value::StringLit(text) => Tree::Text(text.value.to_string()),
            Value::NumberLit(number) => number_of(number.value),
            Value::BooleanLit(flag) => Tree::Flag(flag.value),
            Value::Array(array) => {
                Tree::List(array.elements.iter().map(|item| self.node(item, depth + 1)).collect::<Result<_, _>>()?)
            }
            Value::Object(object) => return self.table(object, depth),
            Value::NullKeyword(_) => return Err(self.problem(range, "null is no value of a scenario; leave the key out")),
        };
        Ok(Node { tree, place: self.place(range) })
    }

    fn table(&self, object: &Object<'_>, depth: usize) -> Read<Node> {
        let mut keys = BTreeSet::new();
        let mut entries = Vec::with_capacity(object.properties.len());
        for property in &object.properties {
            let key = match &property.name {
                ObjectPropName::String(name) => name.value.as_ref(),
                ObjectPropName::Word(name) => name.value,
            };
            let range = property.name.range();
            if !keys.insert(key) {
                let problem = self.place(range).problem(key, format!("{} stands here a second time; keep one", quoted(key)));
                return Err(Box::new(problem.label("repeated")));
            }
            let node = self.node(&property.value, depth + 1)?;
            entries.push(Entry { key: key.to_string(), key_place: self.place(range), node });
        }
        Ok(Node { tree: Tree::Table(entries), place: self.place(object.range) })
    }
}

fn number_of(digits: &str) -> Tree {
    match digits.contains(['.', 'e', 'E']) {
        true => Tree::Float(digits.parse().unwrap_or(f64::NAN)),
        false => Tree::Integer(digits.parse().ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::{BYTE_ORDER_MARK, Entry, Node, Place, Tree, document, is_json};
    use serde_json::Value;

    /// A text with some parts replaced, deterministically.
    fn mangled(base: &str, state: &mut u64) -> String {
        const PARTS: &[&str] = &[
            "\"",
            "\\",
            "\\u",
            "\\ud800",
            "\\udc00",
            "\\ud83d\\ude00",
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "-",
            "+",
            "0",
            "01",
            "1.",
            "1e",
            "1e+5",
            ".5",
            "null",
            "true",
            "nul",
            "/*",
            "//",
            "'",
            "\t",
            "\n",
            "\r",
            "\u{1}",
            "\u{b}",
            "\u{feff}",
            "\u{a0}",
            "\u{2028}",
            "é",
            "NaN",
            "Infinity",
            "0x1",
            "\\x41",
            "\\/",
            "\\b",
            " ",
            "\u{7f}",
            "--1",
        ];
        let mut draw = |bound: usize| {
            *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (*state >> 33) as usize % bound
        };
        let mut text: Vec<char> = base.chars().collect();
        for _ in 0..1 + draw(3) {
            let at = draw(text.len() + 1);
            let end = (at + draw(2)).min(text.len());
            let part = if draw(3) == 0 { "" } else { PARTS[draw(PARTS.len())] };
            text.splice(at..end, part.chars());
        }
        text.into_iter().collect()
    }

    /// What is JSON, `serde_json` says; beyond that, only a second key and null are refused.
    #[test]
    fn accepts_what_serde_json_accepts() {
        let mut state = 1;
        let (mut right, mut wrong) = (0, 0);
        for base in ["{\"a\": \"x\", \"b\": [1, 2.5, -3e2], \"c\": {\"d\": true}}", "{\"a\":[0,\"\\u00e9\\n\"]}", "{}"] {
            for _ in 0..30_000 {
                let text = mangled(base, &mut state);
                if !is_json(&text) {
                    continue;
                }
                let ours = document(&text);
                let theirs = serde_json::from_str::<Value>(text.trim_start_matches(BYTE_ORDER_MARK));
                match (&ours, &theirs) {
                    (Ok(node), Ok(value)) => {
                        assert!(same(node, value), "{text}: {node:?} is not {value}");
                        right += 1;
                    }
                    (Err(problem), Ok(_)) => {
                        let known = problem.message.contains("a second time") || problem.message.contains("null");
                        assert!(known, "{text:?} is JSON: {}", problem.message);
                    }
                    (Err(problem), Err(_)) => {
                        let span = problem.span.clone().unwrap_or(0..0);
                        assert!(
                            text.get(span.clone()).is_some_and(|shown| !shown.is_empty()),
                            "{text:?}: {span:?} {}",
                            problem.message
                        );
                        wrong += 1;
                    }
                    // Such a number is JSON, and no reader takes it.
                    (Ok(_), Err(error)) => assert!(error.to_string().contains("out of range"), "{text:?} is no JSON: {error}"),
                }
            }
        }
        assert!(right > 2_000 && wrong > 10_000, "{right} right, {wrong} wrong");
    }

    /// Whether the two are the same value. Floats of `serde_json` are off by a digit now and then; ours are the nearest.
    fn same(node: &Node, value: &Value) -> bool {
        match (&node.tree, value) {
            (Tree::Text(text), Value::String(other)) => text == other,
            (Tree::Integer(_) | Tree::Float(_), Value::Number(other)) => {
                let number = match &node.tree {
                    Tree::Integer(Some(number)) => *number as f64,
                    Tree::Float(number) => *number,
                    _ => f64::NAN,
                };
                other.as_f64().is_some_and(|other| (number - other).abs() <= 1e-15 * number.abs())
            }
            (Tree::Flag(flag), Value::Bool(other)) => flag == other,
            (Tree::List(items), Value::Array(others)) => {
                items.len() == others.len() && items.iter().zip(others).all(|(item, other)| same(item, other))
            }
            (Tree::Table(entries), Value::Object(others)) => {
                let has = |entry: &Entry| others.get(&entry.key).is_some_and(|other| same(&entry.node, other));
                entries.len() == others.len() && entries.iter().all(has)
            }
            _ => false,
        }
    }

    #[test]
    fn a_brace_tells_the_two_syntaxes_apart() {
        for (text, expected) in
            [("{", true), (" \r\n\t{}", true), ("\u{feff}{}", true), ("a = {}", false), ("# {\n", false), ("", false)]
        {
            assert_eq!(is_json(text), expected, "{text:?}");
        }
    }

    #[test]
    fn places_are_those_of_the_file() {
        let text = "\u{feff}{\"ä\": [1, \"x\"]}";
        let node = document(text).unwrap();
        let entry = &node.entries()[0];
        let Tree::List(items) = &entry.node.tree else { panic!() };
        let shown = |place: &Place| match place {
            Place::File(span) => &text[span.clone()],
            Place::Flag(_) => "",
        };
        assert_eq!((shown(&entry.key_place), shown(&entry.node.place), shown(&items[1].place)), ("\"ä\"", "[1, \"x\"]", "\"x\""));
        assert_eq!(shown(&node.place), "{\"ä\": [1, \"x\"]}");
    }
}
