//! What a run's first election was like, from what servers stated: how long until the first leader, and whether votes split on the way.

use super::monitor::Fact;
use super::server::Raft;
use crate::harness::Seen;
use crate::registry::{MetricInfo, Report};
use std::collections::BTreeSet;

/// The registry's lines; [`measure`] says nothing of what did not happen.
pub(super) const ELECTION_TIME: MetricInfo =
    MetricInfo { name: "raft.election_time", unit: "s", summary: "from the start of the run until its first leader was elected" };
pub(super) const FIRST_ELECTION_TERMS: MetricInfo = MetricInfo {
    name: "raft.first_election_terms",
    unit: "",
    summary: "terms that were begun until the first leader was elected, its own among them",
};
pub(super) const SPLIT_VOTES: MetricInfo = MetricInfo {
    name: "raft.split_votes",
    unit: "ratio",
    summary: "1 when the first term that was begun had no leader, else 0: over many runs, how often the first votes split",
};

/// Adds them to a report. What is not kept of a long run ([`quorate_engine::outcome`]) comes long after its first election.
pub(super) fn measure(seen: &Seen<'_, Raft>, report: &mut Report) {
    let mut begun = BTreeSet::new();
    let mut elected = seen.facts.iter().filter_map(|(at, _, fact)| match fact {
        Fact::Candidate(term) => {
            begun.insert(*term);
            None
        }
        Fact::Elected(term) => Some((*at, *term)),
        _ => None,
    });
    let first = elected.next();
    drop(elected);
    if let Some((at, _)) = first {
        report.metrics.push((ELECTION_TIME.name, at.seconds()));
        report.metrics.push((FIRST_ELECTION_TERMS.name, begun.len() as f64));
    }
    if let Some(earliest) = begun.first() {
        let had_leader = seen.facts.iter().any(|(_, _, fact)| *fact == Fact::Elected(*earliest));
        report.metrics.push((SPLIT_VOTES.name, f64::from(u8::from(!had_leader))));
    }
}
