//! Things as plain data, for programs.

use super::keys::{self, below, told};
use super::option::option_takes;
use super::sample;
use super::thing::{Meaning, Thing};
use crate::text::schema::Key;
use quorate_check::checks::CHECKS;
use quorate_check::history::model::ModelInfo;
use quorate_protocols::options::{Field, FieldKind};
use quorate_protocols::registry::{CheckInfo, MetricInfo, Protocol, Variant};
use serde_json::{Value, json};

impl Thing {
    /// All that there is to say of it, as plain data.
    pub fn to_json(&self) -> Value {
        let mut told = json!({ "name": self.name(), "summary": self.summary(), "kind": self.kind().name() });
        if let (Value::Object(told), Value::Object(more)) = (&mut told, self.more()) {
            told.extend(more);
        }
        told
    }

    fn more(&self) -> Value {
        match self {
            Thing::Protocol(protocol) => protocol_json(protocol),
            Thing::Variant(variant, protocols) => json!({ "caught_by": variant.caught_by, "protocols": protocols }),
            Thing::Fault(name, _, key) => json!({ "key": key_json(key.name, key), "example": sample::fault(name) }),
            Thing::Nemesis(_, _, key) => json!({ "key": key_json(key.name, key), "example": sample::nemesis(key) }),
            Thing::Topology(name, _, key) => {
                json!({ "key": key.map(|key| key_json(name, key)), "example": sample::topology(name, *key) })
            }
            Thing::Latency(key) => json!({ "key": key_json(key.name, key), "example": sample::latency(key) }),
            Thing::Check(_, meanings) => {
                let protocols: Vec<&str> = meanings.iter().flat_map(|meaning| meaning.protocols.iter().copied()).collect();
                let each = |meaning: &Meaning| json!({ "summary": meaning.summary, "protocols": meaning.protocols });
                json!({ "protocols": protocols, "meanings": meanings.iter().map(each).collect::<Vec<_>>() })
            }
            Thing::Metric(metric, protocols) if protocols.is_empty() => json!({ "unit": metric.unit }),
            Thing::Metric(metric, protocols) => json!({ "unit": metric.unit, "protocols": protocols }),
            Thing::Model(model) => json!({ "operations": model.operations, "check": model.check, "checks": checks_of(model) }),
            Thing::HistoryCheck(check) => {
                json!({ "models": check.models.iter().map(|model| model.name()).collect::<Vec<_>>() })
            }
            Thing::Key(place) => key_json(&place.path, place.key),
            Thing::Option(field, protocols) => {
                let mut told = option_json(field);
                told["protocols"] = json!(protocols);
                told
            }
        }
    }
}

/// The checks that can judge histories of a model.
fn checks_of(model: &ModelInfo) -> Vec<&'static str> {
    CHECKS.iter().filter(|check| check.models.contains(&model.model)).map(|check| check.name).collect()
}

fn option_json(field: &Field) -> Value {
    let words = match field.kind {
        FieldKind::Choice(choices) => choices,
        _ => &[],
    };
    let unit = if matches!(field.kind, FieldKind::Duration(..)) { "s" } else { "" };
    json!({
        "name": field.name,
        "summary": field.doc,
        "takes": option_takes(field),
        "unit": unit,
        "default": field.default.value().to_string(),
        "choices": words.iter().map(|word| json!({ "name": word.name, "summary": word.doc })).collect::<Vec<_>>(),
    })
}

fn protocol_json(protocol: &Protocol) -> Value {
    let named = |name: &str, summary: &str| json!({ "name": name, "summary": summary });
    let variant = |variant: &Variant| json!({ "name": variant.name, "summary": variant.summary, "caught_by": variant.caught_by });
    let metric = |metric: &MetricInfo| json!({ "name": metric.name, "summary": metric.summary, "unit": metric.unit });
    let check = |check: &CheckInfo| named(check.name, check.summary);
    json!({
        "family": protocol.family,
        "source": protocol.source,
        "catalogue": protocol.catalogue,
        "options": protocol.options.iter().map(option_json).collect::<Vec<_>>(),
        "variants": protocol.variants.iter().map(variant).collect::<Vec<_>>(),
        "checks": protocol.checks.iter().map(check).collect::<Vec<_>>(),
        "kinds": protocol.kinds.iter().map(|kind| json!({ "name": kind.name, "role": kind.role.name() })).collect::<Vec<_>>(),
        "records": protocol.records,
        "facts": protocol.facts.iter().map(|fact| named(fact.name, fact.summary)).collect::<Vec<_>>(),
        "metrics": protocol.metrics.iter().map(metric).collect::<Vec<_>>(),
        "scenarios": protocol.scenarios,
    })
}

fn key_json(name: &str, key: &Key) -> Value {
    nested_json(name, key, &mut Vec::new())
}

/// A key with those below it. A table that stands in itself, as a latency may be made of latencies, is told once.
fn nested_json(name: &str, key: &Key, above: &mut Vec<Vec<&'static str>>) -> Value {
    let (meaning, default) = told(key);
    let contents = keys::contents(below(key));
    let again = above.contains(&contents);
    above.push(contents);
    let keys: Vec<Value> = match again {
        true => Vec::new(),
        false => below(key).iter().map(|key| nested_json(key.name, key, above)).collect(),
    };
    above.pop();
    json!({ "name": name, "summary": meaning, "takes": key.takes, "required": key.required, "default": default, "keys": keys })
}
