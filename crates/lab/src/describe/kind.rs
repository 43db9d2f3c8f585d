//! The kinds of things, and all things of each: read out of the registries, where protocols share one, once.

use super::keys::keys;
use super::takes::{self, Takes};
use super::thing::{Meaning, Thing};
use crate::metrics::COMMON;
use crate::text::schema::{FAULT, LATENCY, NEMESIS, NETWORK, TOPOLOGY};
use quorate_check::checks::CHECKS;
use quorate_check::history::model::MODELS;
use quorate_engine::fault::FAULTS;
use quorate_engine::nemesis::PATTERNS;
use quorate_protocols::options::Field;
use quorate_protocols::registry::{CheckInfo, MetricInfo, Protocol, protocols};

/// The kinds of things, in the order of lists.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Kind {
    Protocol,
    Variant,
    Fault,
    Nemesis,
    Topology,
    Latency,
    Check,
    Metric,
    Model,
    HistoryCheck,
    Key,
    Option,
}

impl Kind {
    /// All of them, in the order of lists.
    pub const ALL: [Kind; 12] = [
        Kind::Protocol,
        Kind::Variant,
        Kind::Fault,
        Kind::Nemesis,
        Kind::Topology,
        Kind::Latency,
        Kind::Check,
        Kind::Metric,
        Kind::Model,
        Kind::HistoryCheck,
        Kind::Key,
        Kind::Option,
    ];

    /// What one is called.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Protocol => "protocol",
            Kind::Variant => "planted variant",
            Kind::Fault => "fault",
            Kind::Nemesis => "nemesis",
            Kind::Topology => "topology",
            Kind::Latency => "latency distribution",
            Kind::Check => "check",
            Kind::Metric => "metric",
            Kind::Model => "model of histories",
            Kind::HistoryCheck => "check of histories",
            Kind::Key => "key",
            Kind::Option => "option",
        }
    }

    /// All that there are of a kind, in the order of their registry.
    pub fn things(self) -> Vec<Thing> {
        match self {
            Kind::Protocol => protocols().iter().map(Thing::Protocol).collect(),
            Kind::Variant => {
                shared(|protocol| protocol.variants, |one, other| (one.name, one.summary) == (other.name, other.summary))
                    .map(|(variant, protocols)| Thing::Variant(variant, protocols))
                    .collect()
            }
            Kind::Fault => FAULTS.iter().filter_map(fault).collect(),
            Kind::Nemesis => PATTERNS.iter().filter_map(nemesis).collect(),
            Kind::Topology => topologies(),
            Kind::Latency => LATENCY.iter().map(Thing::Latency).collect(),
            Kind::Check => checks(),
            Kind::Metric => metrics(),
            Kind::Model => MODELS.iter().map(Thing::Model).collect(),
            Kind::HistoryCheck => CHECKS.iter().map(Thing::HistoryCheck).collect(),
            Kind::Key => keys().into_iter().map(Thing::Key).collect(),
            Kind::Option => shared(|protocol| protocol.options, same_option)
                .map(|(field, protocols)| Thing::Option(field, protocols))
                .collect(),
        }
    }
}

fn fault(&(name, summary): &(&'static str, &'static str)) -> Option<Thing> {
    FAULT.iter().find(|key| key.name == name).map(|key| Thing::Fault(name, summary, key))
}

fn nemesis(&(name, summary): &(&'static str, &'static str)) -> Option<Thing> {
    NEMESIS.iter().find(|key| key.name == name).map(|key| Thing::Nemesis(name, summary, key))
}

/// Those that are a plain word in `[network]`, and those that have options.
fn topologies() -> Vec<Thing> {
    let Some(key) = NETWORK.iter().find(|key| key.name == "topology") else { return Vec::new() };
    let words = takes::alternatives(key.takes).unwrap_or_default().into_iter().filter_map(|takes| match takes {
        Takes::Text(name) if TOPOLOGY.iter().all(|key| key.name != name) => Some(Thing::Topology(name, key.doc, None)),
        _ => None,
    });
    words.chain(TOPOLOGY.iter().map(|key| Thing::Topology(key.name.to_string(), key.doc, Some(key)))).collect()
}

fn checks() -> Vec<Thing> {
    let same = |one: &CheckInfo, other: &CheckInfo| (one.name, one.summary) == (other.name, other.summary);
    let mut checks: Vec<Thing> = Vec::new();
    for (check, protocols) in shared(|protocol| protocol.checks, same) {
        let meaning = Meaning { summary: check.summary, protocols };
        let earlier = checks.iter_mut().find_map(|thing| match thing {
            Thing::Check(name, meanings) if *name == check.name => Some(meanings),
            _ => None,
        });
        match earlier {
            Some(meanings) => meanings.push(meaning),
            None => checks.push(Thing::Check(check.name, vec![meaning])),
        }
    }
    checks
}

fn metrics() -> Vec<Thing> {
    let common = COMMON.iter().map(|metric| Thing::Metric(metric, Vec::new()));
    let same =
        |one: &MetricInfo, other: &MetricInfo| (one.name, one.unit, one.summary) == (other.name, other.unit, other.summary);
    common.chain(shared(|protocol| protocol.metrics, same).map(|(metric, protocols)| Thing::Metric(metric, protocols))).collect()
}

/// Whether two protocols mean the same by an option.
fn same_option(one: &Field, other: &Field) -> bool {
    (one.name, one.kind, one.default, one.doc) == (other.name, other.kind, other.default, other.doc)
}

/// What protocols have, each once, with the names of those that have it, in the registry's order.
fn shared<T>(
    of: fn(&'static Protocol) -> &'static [T],
    same: impl Fn(&T, &T) -> bool,
) -> impl Iterator<Item = (&'static T, Vec<&'static str>)> {
    let mut found: Vec<(&'static T, Vec<&'static str>)> = Vec::new();
    for protocol in protocols() {
        for each in of(protocol) {
            match found.iter_mut().find(|(one, _)| same(one, each)) {
                Some((_, protocols)) => protocols.push(protocol.name),
                None => found.push((each, vec![protocol.name])),
            }
        }
    }
    found.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_listed_once_with_the_protocols_that_have_it() {
        let checks = Kind::Check.things();
        let mut names: Vec<&str> = checks.iter().map(Thing::name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), checks.len());
        let judged: usize = checks.iter().map(|check| check.to_json()["protocols"].as_array().map_or(0, Vec::len)).sum();
        assert_eq!(judged, protocols().iter().map(|protocol| protocol.checks.len()).sum::<usize>());
    }
}
