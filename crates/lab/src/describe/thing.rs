//! What a scenario can name: a thing is a reference into its registry, with what it is called and what it is in a line.

use super::keys::{Place, told};
use super::kind::Kind;
use crate::text::schema::Key;
use quorate_check::checks::Check as HistoryCheck;
use quorate_check::history::model::ModelInfo;
use quorate_engine::fault::FAULTS;
use quorate_engine::nemesis::PATTERNS;
use quorate_protocols::options::Field;
use quorate_protocols::registry::{MetricInfo, Protocol, Variant};

/// Something that a scenario can name.
#[derive(Clone)]
pub enum Thing {
    /// A protocol.
    Protocol(&'static Protocol),
    /// A planted variant, and the protocols that have it.
    Variant(&'static Variant, Vec<&'static str>),
    /// A fault: its name, what it does, and its key.
    Fault(&'static str, &'static str, &'static Key),
    /// A pattern of a nemesis: its name, what it does, and its key.
    Nemesis(&'static str, &'static str, &'static Key),
    /// A topology: its name, what it is, and its key if it has options.
    Topology(String, &'static str, Option<&'static Key>),
    /// A distribution of latencies.
    Latency(&'static Key),
    /// A check.
    Check(&'static str, Vec<Meaning>),
    /// A metric, and the protocols that have it; none for one that every run has.
    Metric(&'static MetricInfo, Vec<&'static str>),
    /// What a history can be one of.
    Model(&'static ModelInfo),
    /// A check of histories.
    HistoryCheck(&'static HistoryCheck),
    /// A key of the scenario format.
    Key(Place),
    /// An option, and the protocols that have it.
    Option(&'static Field, Vec<&'static str>),
}

/// What a check asserts, and of which protocols: two may give one name to what each means by it.
#[derive(Clone, Debug)]
pub struct Meaning {
    /// What it asserts.
    pub summary: &'static str,
    /// The protocols that it judges.
    pub protocols: Vec<&'static str>,
}

impl Thing {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Thing::Protocol(_) => Kind::Protocol,
            Thing::Variant(..) => Kind::Variant,
            Thing::Fault(..) => Kind::Fault,
            Thing::Nemesis(..) => Kind::Nemesis,
            Thing::Topology(..) => Kind::Topology,
            Thing::Latency(_) => Kind::Latency,
            Thing::Check(..) => Kind::Check,
            Thing::Metric(..) => Kind::Metric,
            Thing::Model(_) => Kind::Model,
            Thing::HistoryCheck(_) => Kind::HistoryCheck,
            Thing::Key(_) => Kind::Key,
            Thing::Option(..) => Kind::Option,
        }
    }

    /// Its name as a scenario has it; of a key, its path.
    pub fn name(&self) -> &str {
        match self {
            Thing::Protocol(protocol) => protocol.name,
            Thing::Variant(variant, _) => variant.name,
            Thing::Fault(name, ..) | Thing::Nemesis(name, ..) | Thing::Check(name, _) => name,
            Thing::Topology(name, ..) => name,
            Thing::Latency(key) => key.name,
            Thing::Metric(metric, _) => metric.name,
            Thing::Model(model) => model.name,
            Thing::HistoryCheck(check) => check.name,
            Thing::Key(place) => &place.path,
            Thing::Option(field, _) => field.name,
        }
    }

    /// All names that find it: an option has one in each protocol.
    pub(super) fn names(&self) -> Vec<String> {
        match self {
            Thing::Option(field, protocols) => {
                protocols.iter().map(|protocol| format!("protocol.{protocol}.{}", field.name)).collect()
            }
            Thing::Protocol(protocol) => vec![protocol.name.to_string(), format!("protocol.{}", protocol.name)],
            // A fault tells what its key tells, and more.
            Thing::Fault(name, ..) => vec![name.to_string(), format!("faults.{name}")],
            Thing::Nemesis(name, ..) => vec![name.to_string(), format!("nemesis.{name}")],
            Thing::Key(place) if below_one("faults.", FAULTS, place) || below_one("nemesis.", PATTERNS, place) => Vec::new(),
            _ => vec![self.name().to_string()],
        }
    }

    /// What it is, in a line.
    pub fn summary(&self) -> String {
        match self {
            Thing::Protocol(protocol) => protocol.summary.to_string(),
            Thing::Variant(variant, _) => variant.summary.to_string(),
            Thing::Fault(_, summary, _) | Thing::Nemesis(_, summary, _) => summary.to_string(),
            Thing::Topology(_, summary, _) => summary.to_string(),
            Thing::Latency(key) => told(key).0,
            Thing::Check(_, meanings) => meanings.first().map_or("", |meaning| meaning.summary).to_string(),
            Thing::Metric(metric, _) => metric.summary.to_string(),
            Thing::Model(model) => model.summary.to_string(),
            Thing::HistoryCheck(check) => check.summary.to_string(),
            Thing::Key(place) => place.meaning(),
            Thing::Option(field, _) => field.doc.to_string(),
        }
    }
}

/// Whether the key is that of one of a registry, in the section of these.
fn below_one(section: &str, registry: &[(&str, &str)], place: &Place) -> bool {
    place.path.strip_prefix(section).is_some_and(|name| registry.iter().any(|(other, _)| *other == name))
}
