//! `[protocol.NAME]` and `variant`: which protocol runs, and how. The options come from the protocol's own table of fields.

use super::error::{Problems, Read};
use super::spot::Spot;
use quorate_engine::time::show;
use quorate_protocols::options::{Choice, Field, FieldKind, Value, Values};
use quorate_protocols::registry::{self, Protocol};

/// The variant that is not wrong on purpose.
pub(crate) const RIGHT: &str = "right";

/// The most ways in which options may be drawn: each is tried when a scenario is validated.
const WAYS_MAX: u64 = 4_096;

/// What a scenario says of its protocol.
pub(crate) struct Chosen {
    pub(crate) protocol: &'static Protocol,
    /// Its options; of those that are drawn, the first value.
    pub(crate) options: Values,
    /// What may be drawn.
    pub(crate) drawn: Vec<(&'static str, Vec<Value>)>,
}

/// Reads the protocol and its options. The walk has seen to it that there is exactly one, and that it is known.
pub(crate) fn protocol(root: &Spot<'_>, problems: &mut Problems) -> Option<Chosen> {
    let (protocol, options) = problems.take(chosen(root))?;
    let mut values = Values::defaults(protocol.options);
    let mut drawn: Vec<(&'static str, Vec<Value>)> = Vec::new();
    for field in protocol.options {
        let Some(spot) = options.as_ref().and_then(|options| options.get(field.name)) else { continue };
        let Some(given) = problems.take(one_or_any(&spot, field)) else { continue };
        values.set(field.name, given[0].clone());
        if given.len() > 1 {
            drawn.push((field.name, given));
        }
        let ways = drawn.iter().fold(1, |ways: u64, (_, values)| ways.saturating_mul(values.len() as u64));
        if ways > WAYS_MAX {
            let many =
                format!("options may be drawn in {ways} ways by here, and {WAYS_MAX} is the most; leave some alternatives out");
            problems.take(Err::<(), _>(spot.fail(many)));
        }
    }
    Some(Chosen { protocol, options: values, drawn })
}

/// One value, or those of `{ any = [..] }`, of which each seed draws one: what stands there twice is drawn twice as often.
fn one_or_any(spot: &Spot<'_>, field: &Field) -> Read<Vec<Value>> {
    if !spot.is_table() {
        return option(spot, field).map(|value| vec![value]);
    }
    let ("any", any) = spot.only("what an option is drawn from")? else {
        return Err(spot.fail("is no value; write one, or { any = [..] } with those of which each seed draws one"));
    };
    let values = any.list().ok_or_else(|| any.fail("is no list; write any = [..] with at least two values"))?;
    let read: Vec<Value> = values.iter().map(|value| option(value, field)).collect::<Read<_>>()?;
    match read.len() {
        0 | 1 => Err(any.fail("leaves nothing to draw; write at least two values")),
        _ => Ok(read),
    }
}

/// The name of the protocol that the section is about, known or not.
pub(crate) fn named<'a>(section: &Spot<'a>) -> Option<&'a str> {
    match section.is_table() {
        true => section.entries().next().map(|(name, _)| name),
        false => section.text().ok(),
    }
}

/// The protocol, and its options unless it is named alone.
fn chosen<'a>(root: &Spot<'a>) -> Read<(&'static Protocol, Option<Spot<'a>>)> {
    let section = root.need("protocol")?;
    let (name, options) = match section.is_table() {
        true => section.only("a scenario's protocol").map(|(name, options)| (name, Some(options)))?,
        false => (section.text()?, None),
    };
    let protocol = registry::find(name).ok_or_else(|| section.fail("no such protocol"))?;
    Ok((protocol, options))
}

fn option(spot: &Spot<'_>, field: &Field) -> Read<Value> {
    let value = match field.kind {
        FieldKind::Integer(low, high) => spot.integer(low..=high).map(Value::Integer),
        FieldKind::Duration(low, high) => spot.duration().and_then(|nanos| {
            if (low..=high).contains(&nanos) {
                return Ok(Value::Duration(nanos));
            }
            Err(spot.fail(format!("{} is out of range; it must lie in {} to {}", spot.shown(), show(low), show(high))))
        }),
        FieldKind::Choice(choices) => spot.word(choices.iter().map(|choice: &Choice| choice.name)).map(Value::Choice),
        FieldKind::Flag => spot.flag().map(Value::Flag),
    };
    value.map_err(|mut problem| {
        problem.help = Some(match problem.help.take() {
            Some(help) => format!("{help}. {}", field.doc),
            None => field.doc.to_string(),
        });
        problem
    })
}

/// Reads `variant`.
pub(crate) fn variant(spot: Option<Spot<'_>>, protocol: &'static Protocol) -> Read<&'static str> {
    let names = std::iter::once(RIGHT).chain(protocol.variants.iter().map(|variant| variant.name));
    spot.map_or(Ok(RIGHT), |spot| spot.word(names))
}
