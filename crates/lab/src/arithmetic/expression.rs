//! Expressions, worked out as they are read:
//!
//! ```text
//! sum      = product { ( "+" | "-" ) product }
//! product  = factor { ( "*" | "/" ) factor }
//! factor   = NUMBER | NAME | function "(" sum { "," sum } ")" | "(" sum ")" | "-" factor
//! function = "min" | "max" | "floor" | "ceil"
//! ```
//!
//! Nothing here bounds the depth: whoever hands in a text bounds its length.

use super::measure::{Dimension, Measure};
use super::rational::Rational;
use super::token::{Cursor, Kind, Token};
use super::{Mistake, Names};
use crate::text::did_you_mean;
use crate::units;
use std::ops::Range;

/// A part of an expression: what it comes to, and where it stands.
pub(crate) struct Operand {
    pub(crate) measure: Measure,
    pub(crate) span: Range<usize>,
}

/// Works out a sum, and stops behind it.
pub(crate) fn sum(cursor: &mut Cursor<'_, '_>, names: &dyn Names) -> Result<Operand, Mistake> {
    let mut left = product(cursor, names)?;
    while let Some(sign) = cursor.take_if("+").or_else(|| cursor.take_if("-")) {
        let right = product(cursor, names)?;
        let span = left.span.start..right.span.end;
        let (one, other) = (left.measure, right.measure);
        if one.dimension != other.dimension {
            let message = format!("{} and {} do not add up", one.dimension.shown(), other.dimension.shown());
            return Err(Mistake::new(message, span));
        }
        let value = if sign.text == "+" { one.value.plus(other.value) } else { one.value.minus(other.value) };
        left = fitting(value, one.dimension, span)?;
    }
    Ok(left)
}

fn product(cursor: &mut Cursor<'_, '_>, names: &dyn Names) -> Result<Operand, Mistake> {
    let mut left = factor(cursor, names)?;
    while let Some(sign) = cursor.take_if("*").or_else(|| cursor.take_if("/")) {
        let right = factor(cursor, names)?;
        let span = left.span.start..right.span.end;
        left = if sign.text == "*" { times(left.measure, right.measure, span)? } else { over(&left, &right, span, names)? };
    }
    Ok(left)
}

fn times(one: Measure, other: Measure, span: Range<usize>) -> Result<Operand, Mistake> {
    let Some(dimension) = one.dimension.times(other.dimension) else {
        let message = format!("{} cannot be multiplied with {}", one.dimension.shown(), other.dimension.shown());
        return Err(Mistake::new(message, span));
    };
    fitting(one.value.times(other.value), dimension, span)
}

fn over(left: &Operand, right: &Operand, span: Range<usize>, names: &dyn Names) -> Result<Operand, Mistake> {
    let (one, other) = (left.measure, right.measure);
    let Some(dimension) = one.dimension.over(other.dimension) else {
        let message = format!("{} cannot be divided by {}", one.dimension.shown(), other.dimension.shown());
        return Err(Mistake::new(message, span));
    };
    if other.value.is_zero() {
        return Err(Mistake::new(format!("comes to inf, which is no {}: the divisor is 0", names.noun()), span));
    }
    fitting(one.value.over(other.value), dimension, span)
}

/// The result of an operation, unless 128 bits did not hold it.
fn fitting(value: Option<Rational>, dimension: Dimension, span: Range<usize>) -> Result<Operand, Mistake> {
    match value {
        Some(value) => Ok(Operand { measure: Measure { value, dimension }, span }),
        None => Err(Mistake::new("comes to more than 38 digits, which nobody can work out exactly", span)),
    }
}

fn factor(cursor: &mut Cursor<'_, '_>, names: &dyn Names) -> Result<Operand, Mistake> {
    let token = cursor.peek();
    match (token.kind, token.text) {
        (Kind::Number, _) => number(cursor.take(), names),
        (Kind::Name, _) if cursor.peek_second().text == "(" => function(cursor, names),
        (Kind::Name, _) => {
            let token = cursor.take();
            let measure = names.value(token.text).ok_or_else(|| names.unknown(token))?;
            Ok(Operand { measure, span: token.span.clone() })
        }
        (Kind::Sign, "(") => {
            cursor.take();
            let inner = sum(cursor, names)?;
            let closing = cursor.need(")")?;
            Ok(Operand { span: token.span.start..closing.span.end, ..inner })
        }
        (Kind::Sign, "-") => {
            cursor.take();
            let inner = factor(cursor, names)?;
            let measure = Measure { value: inner.measure.value.negated(), ..inner.measure };
            Ok(Operand { measure, span: token.span.start..inner.span.end })
        }
        _ => Err(token
            .lone_equals()
            .unwrap_or_else(|| token.mistake(format!("{} is expected here, not {}", names.expected(), token.shown())))),
    }
}

fn number(token: &Token<'_>, names: &dyn Names) -> Result<Operand, Mistake> {
    let measure = units::measure(token.text).map_err(|message| match factors(token.text, names) {
        Some((number, name)) => token.mistake(format!("{} is a product without its sign; write {number}*{name}", token.shown())),
        None => token.mistake(message),
    })?;
    Ok(Operand { measure, span: token.span.clone() })
}

/// `3f`, as people write it on paper: the number and the name.
pub(super) fn factors<'t>(text: &'t str, names: &dyn Names) -> Option<(&'t str, &'t str)> {
    let (number, name) = text.split_at(text.find(|c: char| !(c.is_ascii_digit() || c == '.'))?);
    (!number.is_empty() && names.is_known(name)).then_some((number, name))
}

/// The functions that an expression may call.
pub(crate) const FUNCTIONS: [&str; 4] = ["min", "max", "floor", "ceil"];

fn function(cursor: &mut Cursor<'_, '_>, names: &dyn Names) -> Result<Operand, Mistake> {
    let name = cursor.take();
    cursor.need("(")?;
    if !FUNCTIONS.contains(&name.text) {
        let guess = did_you_mean(name.text, FUNCTIONS);
        return Err(name
            .mistake(format!("{} is no function{guess}", name.shown()))
            .help(format!("functions are {}", FUNCTIONS.join(", "))));
    }
    let mut result = sum(cursor, names)?;
    while let Some(comma) = cursor.take_if(",") {
        let next = sum(cursor, names)?;
        result = match name.text {
            "min" => lesser(result, next)?,
            "max" => greater(result, next)?,
            _ => return Err(comma.mistake(format!("{} takes one value, and here is a second", name.text))),
        };
    }
    let closing = cursor.need(")")?;
    let span = name.span.start..closing.span.end;
    let measure = match name.text {
        "floor" => result.measure.rounded(Rational::floor),
        "ceil" => result.measure.rounded(Rational::ceil),
        _ => Some(result.measure),
    };
    fitting(measure.map(|measure| measure.value), result.measure.dimension, span)
}

fn lesser(one: Operand, other: Operand) -> Result<Operand, Mistake> {
    Ok(if is_above(&one, &other)? { other } else { one })
}

fn greater(one: Operand, other: Operand) -> Result<Operand, Mistake> {
    Ok(if is_above(&one, &other)? { one } else { other })
}

fn is_above(one: &Operand, other: &Operand) -> Result<bool, Mistake> {
    let span = one.span.start..other.span.end;
    let (left, right) = (one.measure.dimension, other.measure.dimension);
    if left != right {
        return Err(Mistake::new(format!("{} and {} cannot be compared", left.shown(), right.shown()), span));
    }
    let difference = fitting(other.measure.value.minus(one.measure.value), left, span)?;
    Ok(difference.measure.value.is_negative())
}
