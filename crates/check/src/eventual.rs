//! Judges eventual agreement from the outside: the states of the live replicas, and who lacks which acknowledged update.
//! Agreement alone is cheap, so both are asked for. When the replicas agreed, and how fast, is not judged here.

use crate::Verdict;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A live replica at the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Replica {
    /// Its number.
    pub replica: u32,
    /// A digest of its replicated state.
    pub digest: u64,
}

/// An acknowledged update that nothing rightly replaced.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Acknowledged {
    /// What it is called in the evidence.
    pub name: String,
    /// How many live replicas hold it.
    pub holders: u32,
    /// Whether some replica put something older in its place.
    pub lost: bool,
}

/// How many replicas or updates the evidence names.
const NAMED_MAX: usize = 5;

/// Holds when all live replicas have one state, and every acknowledged update is held by all of them.
pub fn judge(replicas: &[Replica], updates: &[Acknowledged]) -> Verdict {
    if replicas.is_empty() {
        return Verdict::Unknown("no replica was up at the end".to_string());
    }
    let live = replicas.len() as u32;
    let mut evidence = Vec::new();
    if let Some(text) = disagreement(replicas) {
        evidence.push(text);
    }
    let lost: Vec<&Acknowledged> = updates.iter().filter(|update| update.lost).collect();
    if !lost.is_empty() {
        evidence.push(format!("an older state took the place of acknowledged {}", names(&lost)));
    }
    let missing: Vec<&Acknowledged> = updates.iter().filter(|update| !update.lost && update.holders < live).collect();
    if let Some(worst) = missing.iter().min_by_key(|update| update.holders) {
        let reached = worst.holders;
        evidence.push(format!(
            "acknowledged {} not at every live replica ({} at {reached} of {live})",
            names(&missing),
            worst.name
        ));
    }
    if evidence.is_empty() { Verdict::Ok } else { Verdict::Violation(evidence.join("; ")) }
}

fn disagreement(replicas: &[Replica]) -> Option<String> {
    let mut by_digest: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
    for replica in replicas {
        by_digest.entry(replica.digest).or_default().push(replica.replica);
    }
    if by_digest.len() == 1 {
        return None;
    }
    let mut groups: Vec<&Vec<u32>> = by_digest.values().collect();
    groups.sort_by_key(|group| (std::cmp::Reverse(group.len()), group[0]));
    let mut text = format!("{} live replicas are in {} different states: ", replicas.len(), groups.len());
    for (index, group) in groups.iter().take(NAMED_MAX).enumerate() {
        let shown: Vec<String> = group.iter().take(NAMED_MAX).map(|replica| format!("n{replica}")).collect();
        let more = group.len().saturating_sub(NAMED_MAX);
        let separator = if index == 0 { "" } else { " | " };
        let _ = write!(text, "{separator}{}", shown.join(", "));
        if more > 0 {
            let _ = write!(text, " and {more} more");
        }
    }
    Some(text)
}

fn names(updates: &[&Acknowledged]) -> String {
    let shown: Vec<&str> = updates.iter().take(NAMED_MAX).map(|update| update.name.as_str()).collect();
    let more = updates.len().saturating_sub(NAMED_MAX);
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{tail}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(digests: &[u64], updates: &[(u32, bool)], expect: &str) {
        let replicas: Vec<Replica> = digests.iter().zip(0..).map(|(&digest, replica)| Replica { replica, digest }).collect();
        let updates: Vec<Acknowledged> = updates
            .iter()
            .zip(1..)
            .map(|(&(holders, lost), number)| Acknowledged { name: format!("u{number}"), holders, lost })
            .collect();
        let verdict = judge(&replicas, &updates);
        let text = format!("{}: {}", verdict.name(), verdict.evidence());
        assert!(text.starts_with(expect), "{text:?} does not start with {expect:?}");
    }

    #[test]
    fn clean_ends_pass() {
        check(&[7, 7, 7], &[], "ok");
        check(&[7, 7, 7], &[(3, false), (3, false)], "ok");
        check(&[7], &[(1, false)], "ok");
    }

    #[test]
    fn planted_ends_are_caught() {
        check(&[7, 8, 7], &[(3, false)], "violation: 3 live replicas are in 2 different states: n0, n2 | n1");
        // Agreement on a state without the update: all dropped it.
        check(&[7, 7, 7], &[(1, false)], "violation: acknowledged u1 not at every live replica (u1 at 1 of 3)");
        // Agreement on the old state, after all had the new one.
        check(&[7, 7, 7], &[(3, true)], "violation: an older state took the place of acknowledged u1");
        check(&[], &[], "unknown: no replica was up");
    }
}
