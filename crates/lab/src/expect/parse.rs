//! The grammar of expectations:
//!
//! ```text
//! claim      = check name | comparison
//! metric     = name | "availability" "(" ( "majority" | "minority" ) ")"
//! comparison = ( metric | statistic "(" metric ")" ) ( "<" | "<=" | ">" | ">=" | "==" ) bound
//!              [ "with" NUMBER "%" "confidence" ]
//! statistic  = "mean" | "min" | "max" | "p" digits           p99 is 99 %, p999 and p99.9 are 99.9 %
//! ```

use super::bound;
use super::{Claim, Comparator, Comparison, Mistake, Scope, Statistic};
use crate::arithmetic::{self, Cursor, Kind, LENGTH_MAX, Names, Token};
use crate::metrics::{self, Unit};
use crate::statistics::Quantile;
use crate::text::did_you_mean;
use crate::units::quoted;
use quorate_protocols::registry::MetricInfo;

/// Parses an expectation.
pub(super) fn claim(text: &str, scope: &Scope<'_>) -> Result<Claim, Mistake> {
    let whole = |message: String| Mistake::new(message, 0..text.len());
    if text.len() > LENGTH_MAX {
        return Err(whole(format!("an expectation of {} characters; {LENGTH_MAX} is the most", text.len())));
    }
    let name = text.trim();
    if name.is_empty() {
        return Err(whole("the expectation is empty; write the name of a check, or a comparison".to_string()));
    }
    if let Some(check) = checks(scope).find(|check| *check == name) {
        return Ok(Claim::Check(check));
    }
    let tokens = arithmetic::tokens(text, &|name| is_known(name, scope))?;
    if let [only, _end] = &tokens[..] {
        return Err(alone(only, scope));
    }
    comparison(&mut Cursor::new(&tokens), scope).map(Claim::Compare)
}

fn checks(scope: &Scope<'_>) -> impl Iterator<Item = &'static str> + use<> {
    scope.protocol.checks.iter().map(|check| check.name)
}

fn find_metric(name: &str, scope: &Scope<'_>) -> Option<&'static MetricInfo> {
    metrics::of(scope.protocol).find(|metric| metric.name == name)
}

fn is_known(name: &str, scope: &Scope<'_>) -> bool {
    scope.is_known(name) || find_metric(name, scope).is_some()
}

/// A single word that is no check.
fn alone(token: &Token<'_>, scope: &Scope<'_>) -> Mistake {
    if find_metric(token.text, scope).is_some() {
        return token.mistake(format!("{0} is a metric; compare it with something: {0} <= …", token.text));
    }
    let checks: Vec<&str> = checks(scope).collect();
    let guess = did_you_mean(token.text, checks.iter().copied());
    let mistake = token.mistake(format!("{} is no check, and no comparison{guess}", token.shown()));
    mistake.help(format!("checks are: {}; a comparison looks like messages.total <= 1000", checks.join(", ")))
}

fn comparison(cursor: &mut Cursor<'_, '_>, scope: &Scope<'_>) -> Result<Comparison, Mistake> {
    let first = cursor.take();
    let (statistic, metric) = if first.text != SIDED && cursor.take_if("(").is_some() {
        let statistic = statistic(first)?;
        let first = cursor.take();
        let metric = metric(first, cursor, scope)?;
        cursor.need(")")?;
        (Some(statistic), metric)
    } else {
        (None, metric(first, cursor, scope)?)
    };
    let comparator = comparator(cursor.take())?;
    let unit = Unit::of(metric);
    let bound = bound::bound(cursor, metric.name, unit, scope)?;
    let confidence = confidence(cursor, statistic)?;
    let rest = cursor.peek();
    if rest.kind != Kind::End {
        return Err(rest.mistake(format!("{} is left over; an expectation is one comparison", rest.shown())));
    }
    Ok(Comparison { statistic, metric: metric.name, unit, comparator, bound, confidence })
}

/// The metric of which a side may be named in brackets: `availability(minority)` is `availability.minority`.
const SIDED: &str = "availability";
const SIDES: [&str; 2] = ["majority", "minority"];

/// The metric that begins with this token.
pub(crate) fn metric(token: &Token<'_>, cursor: &mut Cursor<'_, '_>, scope: &Scope<'_>) -> Result<&'static MetricInfo, Mistake> {
    let side = if token.text == SIDED && cursor.take_if("(").is_some() { Some(cursor.take()) } else { None };
    if let Some(side) = side {
        let sided = SIDES.contains(&side.text).then(|| find_metric(&format!("{SIDED}.{}", side.text), scope)).flatten();
        let guess = did_you_mean(side.text, SIDES);
        let found =
            sided.ok_or_else(|| side.mistake(format!("{} is no side; write majority or minority{guess}", side.shown())))?;
        cursor.need(")")?;
        return Ok(found);
    }
    find_metric(token.text, scope).ok_or_else(|| {
        let names: Vec<&str> = metrics::of(scope.protocol).map(|metric| metric.name).collect();
        let guess = did_you_mean(token.text, names.iter().copied());
        token.mistake(format!("{} is no metric{guess}", token.shown())).help(format!("metrics are: {}", names.join(", ")))
    })
}

/// The statistic of that name.
pub(crate) fn statistic(token: &Token<'_>) -> Result<Statistic, Mistake> {
    match token.text {
        "mean" => return Ok(Statistic::Mean),
        "min" => return Ok(Statistic::Min),
        "max" => return Ok(Statistic::Max),
        _ => {}
    }
    let digits = token.text.strip_prefix('p').filter(|_| token.kind == Kind::Name);
    let quantile = digits.and_then(Quantile::of_percent_digits);
    quantile.map(Statistic::Quantile).ok_or_else(|| {
        let cure = match token.text {
            "p100" => "; write max".to_string(),
            "p0" | "p00" => "; write min".to_string(),
            "median" => "; write p50".to_string(),
            text => did_you_mean(text, ["mean", "min", "max", "p50", "p90", "p95", "p99", "p999"]),
        };
        let mistake = token.mistake(format!("{} is no statistic{cure}", token.shown()));
        mistake.help("statistics are mean, min, max, and quantiles such as p50, p99, p999")
    })
}

fn comparator(token: &Token<'_>) -> Result<Comparator, Mistake> {
    match token.text {
        "<" => Ok(Comparator::Less),
        "<=" => Ok(Comparator::AtMost),
        ">" => Ok(Comparator::Greater),
        ">=" => Ok(Comparator::AtLeast),
        "==" => Ok(Comparator::Equal),
        _ => Err(token.mistake(format!("a comparison is expected here, not {}; one of <= < >= > ==", token.shown()))),
    }
}

fn confidence(cursor: &mut Cursor<'_, '_>, statistic: Option<Statistic>) -> Result<Option<f64>, Mistake> {
    let Some(with) = cursor.take_if("with") else { return Ok(None) };
    let level = cursor.take();
    let percent = level.text.strip_suffix('%').and_then(|digits| digits.parse::<f64>().ok());
    let Some(percent) = percent.filter(|percent| (50.0..100.0).contains(percent)) else {
        return Err(level.mistake(format!("{} is no confidence; write for instance with 99% confidence", quoted(level.text))));
    };
    cursor.need("confidence")?;
    match statistic {
        Some(Statistic::Mean | Statistic::Quantile(_)) => Ok(Some(percent / 100.0)),
        _ => Err(with.mistake("confidence is for a statistic with an interval: the mean or a quantile, such as p99(metric)")),
    }
}
