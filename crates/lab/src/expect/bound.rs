//! The right side of a comparison: an expression over `nodes`, the parameters and the protocol's options, in the unit of the
//! metric, so that `5` seconds of messages is an error and not a result.

use super::{Mistake, Scope};
use crate::arithmetic::{self, Cursor, Dimension, Measure, Names, Rational, Token};
use crate::metrics::Unit;
use crate::text::did_you_mean;
use quorate_protocols::options::Value;

/// Works out the bound of a metric with that unit.
pub(super) fn bound(cursor: &mut Cursor<'_, '_>, metric: &str, unit: Unit, scope: &Scope<'_>) -> Result<f64, Mistake> {
    let bound = arithmetic::sum(cursor, scope)?;
    let (expected, example) = match unit {
        Unit::Seconds => (Dimension::Time, "2s\" or \"150ms"),
        Unit::Bytes => (Dimension::Data, "200B\" or \"10KB"),
        Unit::Ratio => (Dimension::Plain, "0.99\" or \"99%"),
        Unit::Count => (Dimension::Plain, "400"),
    };
    let Measure { value, dimension } = bound.measure;
    if dimension != expected {
        let message =
            format!("{metric} is {}, and the bound is {}; write for instance \"{example}\"", expected.shown(), dimension.shown());
        return Err(Mistake::new(message, bound.span));
    }
    let value = if unit == Unit::Seconds { value.over(nanos_of_a_second()) } else { Some(value) };
    value.map(Rational::to_f64).ok_or_else(|| Mistake::new("is longer than any time that can be measured", bound.span))
}

fn nanos_of_a_second() -> Rational {
    Rational::whole(i128::from(quorate_engine::time::SECOND)).unwrap_or(Rational::ZERO)
}

/// The least number of replicas that are more than half, and twice the latency. Parameters and options of these names go before.
const QUORUM: &str = "quorum";
const RTT: &str = "rtt";

impl Names for Scope<'_> {
    fn value(&self, name: &str) -> Option<Measure> {
        if name == "nodes" {
            return Rational::whole(i128::from(self.nodes)).map(Measure::plain);
        }
        if let Some(parameter) = self.parameters.get(name) {
            return Some(parameter);
        }
        let (number, dimension) = match (self.options.iter().find(|(option, _)| *option == name), name) {
            (Some((_, Value::Integer(number))), _) => (i128::from(*number), Dimension::Plain),
            (Some((_, Value::Duration(nanos))), _) => (i128::from(*nanos), Dimension::Time),
            (Some((_, Value::Choice(_) | Value::Flag(_))), _) => return None,
            (None, QUORUM) => (i128::from(self.nodes / 2 + 1), Dimension::Plain),
            (None, RTT) => (i128::from(self.rtt?), Dimension::Time),
            (None, _) => return None,
        };
        Some(Measure { value: Rational::whole(number)?, dimension })
    }

    fn is_known(&self, name: &str) -> bool {
        ["nodes", QUORUM, RTT].contains(&name)
            || self.parameters.has(name)
            || self.options.iter().any(|(option, _)| option == name)
    }

    fn unknown(&self, token: &Token<'_>) -> Mistake {
        if token.text == RTT {
            let mistake = token.mistake("latencies between these replicas are not all one, so there is no rtt");
            return mistake.help("give it a value: [parameters] rtt = …");
        }
        let counts = |value: &Value| matches!(value, Value::Integer(_) | Value::Duration(_));
        let options = self.options.iter().filter(|(_, value)| counts(value)).map(|(name, _)| name);
        // A parameter of the same name takes the place of what is known of itself.
        let own = ["nodes", QUORUM].into_iter().chain(self.rtt.map(|_| RTT)).filter(|name| !self.parameters.has(name));
        let names: Vec<&str> = own.chain(options).chain(self.parameters.names()).collect();
        let guess = did_you_mean(token.text, names.iter().copied());
        let mistake = token.mistake(format!("{} is no number{guess}", token.shown()));
        mistake.help(format!("in a bound may stand: {}", names.join(", ")))
    }

    fn noun(&self) -> &'static str {
        "bound"
    }

    fn expected(&self) -> &'static str {
        "a number, \"nodes\" or an option"
    }
}
