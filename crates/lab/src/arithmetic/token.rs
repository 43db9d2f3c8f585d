//! The words and signs of an expression, with their places. What they mean together is `expression`'s part, and of an
//! expectation also `expect::parse`'s.

use super::Mistake;
use crate::units::{self, quoted};
use std::ops::Range;

/// A word or a sign.
#[derive(Clone, Debug)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
    pub(crate) span: Range<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// A name, perhaps dotted, perhaps with hyphens.
    Name,
    /// A number with what is written to its right without a space: `2s`, `99%`, `400`, `10MB/s`.
    Number,
    Sign,
    /// Behind the last.
    End,
}

impl Token<'_> {
    pub(crate) fn mistake(&self, message: impl Into<String>) -> Mistake {
        Mistake { message: message.into(), span: self.span.clone(), help: None }
    }

    /// The complaint about a single equals sign, if it is one: who writes it means to compare.
    pub(crate) fn lone_equals(&self) -> Option<Mistake> {
        (self.text == "=").then(|| self.mistake("\"=\" means nothing here; to compare, write =="))
    }

    /// The token for a message.
    pub(crate) fn shown(&self) -> String {
        if self.kind == Kind::End { "the end".to_string() } else { quoted(self.text) }
    }
}

const SIGNS: [&str; 13] = ["<=", ">=", "==", "<", ">", "(", ")", "+", "-", "*", "/", ",", "="];

/// All tokens of a text; the last is [`Kind::End`]. A hyphen is part of a name only if there is such a name: of
/// `nodes-fanout`, `nodes` is known and `nodes-fanout` is not, so that is a subtraction.
pub(crate) fn tokens<'a>(text: &'a str, known: &dyn Fn(&str) -> bool) -> Result<Vec<Token<'a>>, Mistake> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (kind, length) = if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        } else if first.is_ascii_alphabetic() {
            (Kind::Name, known_length(&rest[..name_length(rest)], known))
        } else if first.is_ascii_digit() {
            (Kind::Number, number_length(rest))
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            (Kind::Sign, sign.len())
        } else {
            return Err(unexpected(first, at));
        };
        tokens.push(Token { kind, text: &rest[..length], span: at..at + length });
        at += length;
    }
    // The end points at the last character: an empty span would point at nothing.
    let last = text.char_indices().next_back().map_or(0, |(index, _)| index);
    tokens.push(Token { kind: Kind::End, text: "", span: last..text.len() });
    Ok(tokens)
}

fn unexpected(sign: char, at: usize) -> Mistake {
    let cure = match sign {
        '≤' => "; write <=",
        '≥' => "; write >=",
        '^' => "; write a power as a product",
        '!' | '&' | '|' => "; one expectation is one comparison: give each its own line",
        _ => "",
    };
    let message = format!("{} means nothing here{cure}", quoted(&sign.to_string()));
    Mistake { message, span: at..at + sign.len_utf8(), help: None }
}

fn name_length(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let within = |index: usize| match bytes[index] {
        b'-' => bytes.get(index + 1).is_some_and(u8::is_ascii_alphabetic),
        byte => byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.',
    };
    (0..bytes.len()).find(|&index| !within(index)).unwrap_or(bytes.len())
}

/// The longest known name that ends before a hyphen; without one, all of it is the unknown name.
fn known_length(name: &str, known: &dyn Fn(&str) -> bool) -> usize {
    let mut length = name.len();
    while !known(&name[..length]) {
        match name[..length].rfind('-') {
            Some(hyphen) => length = hyphen,
            None => return name.len(),
        }
    }
    length
}

/// A number with its unit; `/s` and its like behind it belong to it, for no parameter has such a name.
fn number_length(rest: &str) -> usize {
    let part = |c: char| c.is_alphanumeric() || c == '.' || c == '%' || c == 'µ' || c == 'μ';
    let length = rest.find(|c| !part(c)).unwrap_or(rest.len());
    let Some(below) = rest[length..].strip_prefix('/') else { return length };
    let word = below.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).unwrap_or(below.len());
    if units::is_per(&below[..word]) { length + 1 + word } else { length }
}

/// Tokens as they are consumed. Invariant: the last one is the end, and is never passed.
pub(crate) struct Cursor<'t, 'a> {
    tokens: &'t [Token<'a>],
    next: usize,
}

impl<'t, 'a> Cursor<'t, 'a> {
    pub(crate) fn new(tokens: &'t [Token<'a>]) -> Cursor<'t, 'a> {
        Cursor { tokens, next: 0 }
    }

    pub(crate) fn peek(&self) -> &'t Token<'a> {
        &self.tokens[self.next]
    }

    /// The token behind the next one.
    pub(crate) fn peek_second(&self) -> &'t Token<'a> {
        &self.tokens[(self.next + 1).min(self.tokens.len() - 1)]
    }

    pub(crate) fn take(&mut self) -> &'t Token<'a> {
        let token = self.peek();
        self.next = (self.next + 1).min(self.tokens.len() - 1);
        token
    }

    pub(crate) fn take_if(&mut self, text: &str) -> Option<&'t Token<'a>> {
        let token = self.peek();
        (token.kind != Kind::End && token.text == text).then(|| self.take())
    }

    pub(crate) fn need(&mut self, text: &str) -> Result<&'t Token<'a>, Mistake> {
        let found = self.peek();
        self.take_if(text).ok_or_else(|| found.mistake(format!("\"{text}\" is expected here, not {}", found.shown())))
    }
}
