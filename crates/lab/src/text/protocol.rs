//! `[protocol.NAME]` and `variant`: which protocol runs, and how. The options come from the protocol's own table of fields.

use super::error::{Problems, Read};
use super::spot::Spot;
use quorate_engine::time::show;
use quorate_protocols::options::{Choice, Field, FieldKind, Value, Values};
use quorate_protocols::registry::{self, Protocol};

/// The variant that is not wrong on purpose.
pub(crate) const RIGHT: &str = "right";

/// Reads the protocol and its options. The walk has seen to it that there is exactly one, and that it is known.
pub(crate) fn protocol(root: &Spot<'_>, problems: &mut Problems) -> Option<(&'static Protocol, Values)> {
    let (protocol, options) = problems.take(chosen(root))?;
    let mut values = Values::defaults(protocol.options);
    for field in protocol.options {
        let given = options.as_ref().and_then(|options| options.get(field.name));
        if let Some(value) = given.and_then(|spot| problems.take(option(&spot, field))) {
            values.set(field.name, value);
        }
    }
    Some((protocol, values))
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
