//! The right side of a comparison: numbers with units, `nodes`, and the protocol's options, with `+ - * / ( )`. It is worked
//! out at once, with its dimension, so that `5` seconds of messages is an error and not a result.

use super::token::{Kind, Token};
use super::{Mistake, Scope};
use crate::metrics::Unit;
use crate::text::did_you_mean;
use crate::units::{Quantity, quantity};
use quorate_engine::time::seconds;
use quorate_protocols::options::Value;
use std::ops::Range;

/// Tokens as they are consumed. Invariant: the last one is the end, and is never passed.
pub(super) struct Cursor<'t, 'a> {
    tokens: &'t [Token<'a>],
    next: usize,
}

impl<'t, 'a> Cursor<'t, 'a> {
    pub(super) fn new(tokens: &'t [Token<'a>]) -> Cursor<'t, 'a> {
        Cursor { tokens, next: 0 }
    }

    pub(super) fn peek(&self) -> &'t Token<'a> {
        &self.tokens[self.next]
    }

    pub(super) fn take(&mut self) -> &'t Token<'a> {
        let token = self.peek();
        self.next = (self.next + 1).min(self.tokens.len() - 1);
        token
    }

    pub(super) fn take_if(&mut self, text: &str) -> Option<&'t Token<'a>> {
        let token = self.peek();
        (token.kind != Kind::End && token.text == text).then(|| self.take())
    }

    pub(super) fn need(&mut self, text: &str) -> Result<&'t Token<'a>, Mistake> {
        let found = self.peek();
        self.take_if(text).ok_or_else(|| found.mistake(format!("\"{text}\" is expected here, not {}", found.shown())))
    }
}

/// A value with what it is measured in.
struct Measure {
    value: f64,
    dimension: Dimension,
    span: Range<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dimension {
    Plain,
    Time,
    Data,
}

impl Dimension {
    fn shown(self) -> &'static str {
        match self {
            Dimension::Plain => "a plain number",
            Dimension::Time => "a time",
            Dimension::Data => "a size",
        }
    }
}

/// Works out the bound of a metric with that unit.
pub(super) fn bound(cursor: &mut Cursor<'_, '_>, metric: &str, unit: Unit, scope: &Scope<'_>) -> Result<f64, Mistake> {
    let measure = sum(cursor, scope)?;
    let (expected, example) = match unit {
        Unit::Seconds => (Dimension::Time, "2s\" or \"150ms"),
        Unit::Bytes => (Dimension::Data, "200B\" or \"10KB"),
        Unit::Ratio => (Dimension::Plain, "0.99\" or \"99%"),
        Unit::Count => (Dimension::Plain, "400"),
    };
    if measure.dimension != expected {
        let message = format!(
            "{metric} is {}, and the bound is {}; write for instance \"{example}\"",
            expected.shown(),
            measure.dimension.shown()
        );
        return Err(Mistake { message, span: measure.span, help: None });
    }
    Ok(measure.value)
}

fn sum(cursor: &mut Cursor<'_, '_>, scope: &Scope<'_>) -> Result<Measure, Mistake> {
    let mut left = product(cursor, scope)?;
    while let Some(sign) = cursor.take_if("+").or_else(|| cursor.take_if("-")) {
        let right = product(cursor, scope)?;
        let span = left.span.start..right.span.end;
        if left.dimension != right.dimension {
            let (one, other) = (left.dimension.shown(), right.dimension.shown());
            return Err(Mistake { message: format!("{one} and {other} do not add up"), span, help: None });
        }
        let value = if sign.text == "+" { left.value + right.value } else { left.value - right.value };
        left = finite(Measure { value, span, ..left })?;
    }
    Ok(left)
}

fn product(cursor: &mut Cursor<'_, '_>, scope: &Scope<'_>) -> Result<Measure, Mistake> {
    let mut left = factor(cursor, scope)?;
    while let Some(sign) = cursor.take_if("*").or_else(|| cursor.take_if("/")) {
        let right = factor(cursor, scope)?;
        let span = left.span.start..right.span.end;
        let times = sign.text == "*";
        let dimension = match (times, left.dimension, right.dimension) {
            (_, dimension, Dimension::Plain) | (true, Dimension::Plain, dimension) => dimension,
            (false, one, other) if one == other => Dimension::Plain,
            (_, one, other) => {
                let verb = if times { "multiplied with" } else { "divided by" };
                let message = format!("{} cannot be {verb} {}", one.shown(), other.shown());
                return Err(Mistake { message, span, help: None });
            }
        };
        let value = if times { left.value * right.value } else { left.value / right.value };
        left = finite(Measure { value, dimension, span })?;
    }
    Ok(left)
}

/// Division by zero and overflow end here.
fn finite(measure: Measure) -> Result<Measure, Mistake> {
    if measure.value.is_finite() {
        return Ok(measure);
    }
    Err(Mistake { message: format!("comes to {}, which is no bound", measure.value), span: measure.span, help: None })
}

fn factor(cursor: &mut Cursor<'_, '_>, scope: &Scope<'_>) -> Result<Measure, Mistake> {
    let token = cursor.peek();
    match (token.kind, token.text) {
        (Kind::Number, _) => number(cursor.take()),
        (Kind::Name, _) => name(cursor.take(), scope),
        (Kind::Sign, "(") => {
            cursor.take();
            let inner = sum(cursor, scope)?;
            let closing = cursor.need(")")?;
            Ok(Measure { span: token.span.start..closing.span.end, ..inner })
        }
        (Kind::Sign, "-") => {
            cursor.take();
            let inner = factor(cursor, scope)?;
            Ok(Measure { value: -inner.value, span: token.span.start..inner.span.end, ..inner })
        }
        _ => Err(token.mistake(format!("a number, \"nodes\" or an option is expected here, not {}", token.shown()))),
    }
}

fn number(token: &Token<'_>) -> Result<Measure, Mistake> {
    let (value, dimension) = match token.text.strip_suffix('%') {
        Some(percent) => (plain(percent).map(|value| value / 100.0), Dimension::Plain),
        None if token.text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') => (plain(token.text), Dimension::Plain),
        None => match quantity(token.text).map_err(|message| token.mistake(message))? {
            Quantity::Nanos(nanos) => (u64::try_from(nanos).ok().map(seconds), Dimension::Time),
            Quantity::Bytes(bytes) => (Some(bytes as f64), Dimension::Data),
        },
    };
    let value = value.ok_or_else(|| token.mistake(format!("{} is no number", token.shown())))?;
    finite(Measure { value, dimension, span: token.span.clone() })
}

/// Digits, perhaps with a point and digits.
fn plain(text: &str) -> Option<f64> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if digits(whole) && digits(fraction) { text.parse().ok() } else { None }
}

/// `nodes` or an option.
fn name(token: &Token<'_>, scope: &Scope<'_>) -> Result<Measure, Mistake> {
    let (value, dimension) = value_of(token.text, scope).ok_or_else(|| unknown(token, scope))?;
    Ok(Measure { value, dimension, span: token.span.clone() })
}

fn value_of(name: &str, scope: &Scope<'_>) -> Option<(f64, Dimension)> {
    if name == "nodes" {
        return Some((f64::from(scope.nodes), Dimension::Plain));
    }
    let (_, value) = scope.options.iter().find(|(option, _)| *option == name)?;
    match value {
        Value::Integer(number) => Some((*number as f64, Dimension::Plain)),
        Value::Duration(nanos) => Some((seconds(*nanos), Dimension::Time)),
        Value::Choice(_) | Value::Flag(_) => None,
    }
}

fn unknown(token: &Token<'_>, scope: &Scope<'_>) -> Mistake {
    let measurable = scope.options.iter().map(|(name, _)| name).filter(|name| value_of(name, scope).is_some());
    let names: Vec<&str> = std::iter::once("nodes").chain(measurable).collect();
    let guess = did_you_mean(token.text, names.iter().copied());
    let mut mistake = token.mistake(format!("{} is no number{guess}", token.shown()));
    mistake.help = Some(format!("in a bound may stand: {}", names.join(", ")));
    mistake
}
