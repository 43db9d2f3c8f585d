//! The grammar of expectations:
//!
//! ```text
//! claim      = check name | comparison
//! comparison = subject ( "<" | "<=" | ">" | ">=" | "==" ) bound [ "with" NUMBER "%" "confidence" ]
//! subject    = reading | statistic "(" reading ")" | "rate" "(" each ")"
//! each       = check name | reading ( "<" | … ) bound                 what holds in a run, or does not
//! reading    = metric | ( "messages" | "bytes" ) "(" scope { "," scope } ")" | "availability" "(" [ "side" "=" ] side ")"
//! scope      = "kind" "=" NAME | "role" "=" NAME | "per_op"
//! side       = "majority" | "minority"
//! statistic  = "mean" | "min" | "max" | "median" | "stddev" | "p" digits     p99 is 99 %, p999 and p99.9 are 99.9 %
//! ```

use super::bound;
use super::{Claim, Comparator, Comparison, Mistake, Reading, Scope, Slice, Statistic, Subject};
use crate::arithmetic::{self, Cursor, Kind, LENGTH_MAX, Names, Token};
use crate::metrics::{self, Unit};
use crate::statistics::Quantile;
use crate::text::did_you_mean;
use crate::units::quoted;
use quorate_engine::actor::Role;
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
    let is_kind = || scope.protocol.kinds.iter().any(|kind| kind.name == name);
    scope.is_known(name) || find_metric(name, scope).is_some() || checks(scope).any(|check| check == name) || is_kind()
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
    let opens = cursor.peek().text == "(";
    let subject = if opens && first.text == RATE {
        cursor.need("(")?;
        let each = each(cursor, scope)?;
        cursor.need(")")?;
        Subject::Rate(Box::new(each))
    } else if opens && !SCOPED.contains(&first.text) {
        cursor.need("(")?;
        let statistic = statistic(first)?;
        let first = cursor.take();
        let reading = reading(first, cursor, scope)?;
        cursor.need(")")?;
        Subject::Of(statistic, reading)
    } else {
        Subject::Each(reading(first, cursor, scope)?)
    };
    let (comparator, bound) = bounded(&subject, cursor, scope)?;
    let confidence = confidence(cursor, &subject)?;
    let rest = cursor.peek();
    if rest.kind != Kind::End {
        return Err(rest.mistake(format!("{} is left over; an expectation is one comparison", rest.shown())));
    }
    Ok(Comparison { subject, comparator, bound, confidence })
}

fn bounded(subject: &Subject, cursor: &mut Cursor<'_, '_>, scope: &Scope<'_>) -> Result<(Comparator, f64), Mistake> {
    let comparator = comparator(cursor.take())?;
    let name = match subject {
        Subject::Each(reading) | Subject::Of(_, reading) => &reading.name,
        Subject::Rate(_) => RATE,
    };
    let place = cursor.peek();
    let bound = bound::bound(cursor, name, subject.unit(), scope)?;
    if matches!(subject, Subject::Rate(_)) && !(0.0..=1.0).contains(&bound) {
        return Err(place.mistake("a rate lies between 0 and 1; write for instance \"99%\""));
    }
    Ok((comparator, bound))
}

/// What a rate counts the runs of.
fn each(cursor: &mut Cursor<'_, '_>, scope: &Scope<'_>) -> Result<Claim, Mistake> {
    let first = cursor.take();
    if let Some(check) = checks(scope).find(|check| *check == first.text) {
        return Ok(Claim::Check(check));
    }
    let is_metric = find_metric(first.text, scope).is_some() || SCOPED.contains(&first.text);
    if is_metric && cursor.peek().text == ")" {
        let example = format!("write what is to hold in a run: rate({} > 0)", first.text);
        return Err(first.mistake(format!("a rate is the share of the runs in which something holds; {example}")));
    }
    if !is_metric && cursor.peek().text == ")" {
        return Err(alone(first, scope));
    }
    let subject = Subject::Each(reading(first, cursor, scope)?);
    let (comparator, bound) = bounded(&subject, cursor, scope)?;
    Ok(Claim::Compare(Comparison { subject, comparator, bound, confidence: None }))
}

const RATE: &str = "rate";

/// The metric of which a side may be named in brackets: `availability(side = minority)` is `availability.minority`.
const SIDED: &str = "availability";
const SIDES: [&str; 2] = ["majority", "minority"];
/// What may be asked of some of the messages.
const MESSAGES: &str = "messages";
const BYTES: &str = "bytes";
/// Names behind which brackets narrow what is meant, and are no call.
pub(crate) const SCOPED: [&str; 3] = [SIDED, MESSAGES, BYTES];

/// What is read off a run, and begins with this token.
pub(crate) fn reading(token: &Token<'_>, cursor: &mut Cursor<'_, '_>, scope: &Scope<'_>) -> Result<Reading, Mistake> {
    let of = |metric: &MetricInfo| Reading::metric(metric.name, Unit::of(metric));
    if SCOPED.contains(&token.text) && cursor.take_if("(").is_some() {
        if token.text == SIDED {
            return sided(cursor, scope).map(of);
        }
        let slice = slice(token.text == BYTES, cursor, scope)?;
        // Of all messages there are metrics.
        let whole = match (slice.kind, slice.role, slice.per_op) {
            (None, None, true) => Some("per_op"),
            (None, None, false) => Some("total"),
            _ => None,
        };
        let metric = whole.and_then(|part| find_metric(&format!("{}.{part}", token.text), scope));
        return Ok(metric.map_or_else(|| Reading::messages(slice), of));
    }
    find_metric(token.text, scope).map(of).ok_or_else(|| {
        let names: Vec<&str> = metrics::of(scope.protocol).map(|metric| metric.name).collect();
        let guess = did_you_mean(token.text, names.iter().copied());
        token.mistake(format!("{} is no metric{guess}", token.shown())).help(format!("metrics are: {}", names.join(", ")))
    })
}

/// `side = minority)`, or the side alone.
fn sided(cursor: &mut Cursor<'_, '_>, scope: &Scope<'_>) -> Result<&'static MetricInfo, Mistake> {
    let mut side = cursor.take();
    if side.text == "side" && cursor.take_if("=").is_some() {
        side = cursor.take();
    }
    let metric = SIDES.contains(&side.text).then(|| find_metric(&format!("{SIDED}.{}", side.text), scope)).flatten();
    let guess = did_you_mean(side.text, SIDES);
    let found = metric.ok_or_else(|| side.mistake(format!("{} is no side; write majority or minority{guess}", side.shown())))?;
    cursor.need(")")?;
    Ok(found)
}

/// `kind = append, per_op)`.
fn slice(bytes: bool, cursor: &mut Cursor<'_, '_>, scope: &Scope<'_>) -> Result<Slice, Mistake> {
    let mut slice = Slice { kind: None, role: None, bytes, per_op: false };
    loop {
        let key = cursor.take();
        let again = match key.text {
            "per_op" => std::mem::replace(&mut slice.per_op, true),
            "kind" => {
                cursor.need("=")?;
                let kinds = || scope.protocol.kinds.iter().filter(|kind| kind.role != Role::Client).map(|kind| kind.name);
                slice.kind.replace(one_of("kind", cursor, kinds)?).is_some()
            }
            "role" => {
                cursor.need("=")?;
                let name = one_of("role", cursor, || ROLES.iter().map(|role| role.name()))?;
                let role = ROLES.into_iter().find(|role| role.name() == name);
                std::mem::replace(&mut slice.role, role).is_some()
            }
            _ => {
                let guess = did_you_mean(key.text, ["kind", "role", "per_op"]);
                let mistake = key.mistake(format!("{} narrows no messages{guess}", key.shown()));
                return Err(mistake.help("messages and bytes are narrowed by kind = NAME, role = NAME and per_op"));
            }
        };
        if again {
            return Err(key.mistake(format!("{} is said twice", key.shown())));
        }
        if cursor.take_if(",").is_none() {
            break;
        }
    }
    cursor.need(")")?;
    Ok(slice)
}

/// What messages between replicas are for.
const ROLES: [Role; 4] = [Role::Protocol, Role::Heartbeat, Role::Retry, Role::Recovery];

fn one_of<I: Iterator<Item = &'static str>>(
    what: &str,
    cursor: &mut Cursor<'_, '_>,
    names: impl Fn() -> I,
) -> Result<&'static str, Mistake> {
    let token = cursor.take();
    // A name with a hyphen that nobody has was read as a difference.
    let mut typed = token.text.to_string();
    let mut span = token.span.clone();
    while let Some(hyphen) = cursor.take_if("-") {
        let rest = cursor.take();
        typed += &format!("{}{}", hyphen.text, rest.text);
        span.end = rest.span.end;
    }
    let token = Token { kind: token.kind, text: &typed, span };
    names().find(|name| *name == token.text).ok_or_else(|| {
        let known: Vec<&str> = names().collect();
        let guess = did_you_mean(token.text, known.iter().copied());
        let listed = if known.is_empty() { "there are none: replicas say nothing".to_string() } else { known.join(", ") };
        token.mistake(format!("{} is no {what} of messages{guess}", token.shown())).help(format!("{what}s are: {listed}"))
    })
}

/// The statistic of that name.
pub(crate) fn statistic(token: &Token<'_>) -> Result<Statistic, Mistake> {
    match token.text {
        "mean" => return Ok(Statistic::Mean),
        "min" => return Ok(Statistic::Min),
        "max" => return Ok(Statistic::Max),
        "median" => return Ok(Statistic::Quantile(Quantile::P50)),
        "stddev" => return Ok(Statistic::Deviation),
        _ => {}
    }
    let digits = token.text.strip_prefix('p').filter(|_| token.kind == Kind::Name);
    let quantile = digits.and_then(Quantile::of_percent_digits);
    quantile.map(Statistic::Quantile).ok_or_else(|| {
        let cure = match token.text {
            "p100" => "; write max".to_string(),
            "p0" | "p00" => "; write min".to_string(),
            text => did_you_mean(text, ["mean", "min", "max", "median", "stddev", "rate", "p50", "p90", "p95", "p99", "p999"]),
        };
        let mistake = token.mistake(format!("{} is no statistic{cure}", token.shown()));
        mistake.help("statistics are mean, min, max, median, stddev, quantiles such as p50, p99, p999, and rate(EXPECTATION)")
    })
}

fn comparator(token: &Token<'_>) -> Result<Comparator, Mistake> {
    match token.text {
        "<" => Ok(Comparator::Less),
        "<=" => Ok(Comparator::AtMost),
        ">" => Ok(Comparator::Greater),
        ">=" => Ok(Comparator::AtLeast),
        "==" => Ok(Comparator::Equal),
        _ => Err(token.lone_equals().unwrap_or_else(|| {
            token.mistake(format!("a comparison is expected here, not {}; one of <= < >= > ==", token.shown()))
        })),
    }
}

fn confidence(cursor: &mut Cursor<'_, '_>, subject: &Subject) -> Result<Option<f64>, Mistake> {
    let Some(with) = cursor.take_if("with") else { return Ok(None) };
    let level = cursor.take();
    let percent = level.text.strip_suffix('%').and_then(|digits| digits.parse::<f64>().ok());
    let Some(percent) = percent.filter(|percent| (50.0..100.0).contains(percent)) else {
        return Err(level.mistake(format!("{} is no confidence; write for instance with 99% confidence", quoted(level.text))));
    };
    cursor.need("confidence")?;
    match subject {
        Subject::Rate(_) | Subject::Of(Statistic::Mean | Statistic::Quantile(_), _) => Ok(Some(percent / 100.0)),
        _ => Err(with.mistake(
            "confidence is for what has an interval: the mean or a quantile, such as p99(metric), or a rate, such as rate(check)",
        )),
    }
}
