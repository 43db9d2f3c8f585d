//! Judges mutual exclusion: from what clients of a lock were told, and from what happened at the resource that the lock protects.
//!
//! **At the lock** ([`judge_history`], `mutual-exclusion`): a client holds the lock for certain from the response of its acquire to the
//! invocation of its release. Two clients that hold it for certain at one instant are a violation, whatever the others did. A release whose
//! outcome is unknown may have freed it; one that failed did not. Somebody who releases what he does not hold, or what another may have
//! freed before him, may have freed another's lock, so that nobody holds it for certain beyond that. Acquires with an unknown outcome are not held against anyone. Not
//! judged: whether such a release was right to succeed, and whether the answers in between can be put in one sequence, for which there
//! is `linearizable`.
//!
//! **At the resource** ([`judge_sections`], [`judge_fencing`]), where a lock that is right is of no use if its holder is late: critical
//! sections that overlap; an access with a fencing token older than one that the resource had seen (Kleppmann, "How to do distributed
//! locking", 2016; Burrows, "The Chubby lock service", 2006, §2.4, who calls it a sequencer). Time is linear but for a sort.

#[cfg(test)]
mod tests;

use crate::Verdict;
use crate::budget::{Budget, Exhausted};
use crate::checks::Judgement;
use crate::history::{Call, History, Init, Model};
use serde_json::json;
use std::collections::BTreeMap;

/// A stay in the critical section, as the resource saw it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Section {
    /// Who.
    pub holder: u64,
    /// When it began, in ns.
    pub enter: u64,
    /// When it ended; `None` if it has not. Whoever crashes leaves: say when.
    pub leave: Option<u64>,
}

/// An access to a resource that asks for fencing tokens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Access {
    /// Who.
    pub holder: u64,
    /// The token that came with it; later grants of the lock have larger ones.
    pub token: u64,
    /// When the resource saw it, in ns.
    pub at: u64,
    /// Whether the resource let it through.
    pub accepted: bool,
}

/// Holds when no two sections overlap. One that begins at the instant in which another ends does not overlap with it.
pub fn judge_sections(sections: &[Section]) -> Verdict {
    let spans = sections.iter().map(|section| Span {
        holder: i128::from(section.holder),
        from: i128::from(section.enter),
        to: section.leave.map_or(i128::MAX, i128::from),
        by: 0,
    });
    match overlap(spans.collect()) {
        None => Verdict::Ok,
        Some((first, second)) => Verdict::Violation(format!(
            "{} entered at {} while {} was in, which had entered at {} and {}",
            second.holder,
            second.from,
            first.holder,
            first.from,
            if first.to == i128::MAX { "has not left".to_string() } else { format!("left at {}", first.to) }
        )),
    }
}

/// Holds when the resource lets no token through that is older than one it had let through before, and no two holders have one token.
/// Accesses must be in the order in which the resource saw them.
pub fn judge_fencing(accesses: &[Access]) -> Verdict {
    let mut owners: BTreeMap<u64, u64> = BTreeMap::new();
    let mut newest: Option<&Access> = None;
    for access in accesses {
        let owner = *owners.entry(access.token).or_insert(access.holder);
        if owner != access.holder {
            return Verdict::Violation(format!("{owner} and {} both have the token {}", access.holder, access.token));
        }
        if !access.accepted {
            continue;
        }
        if let Some(newest) = newest.filter(|newest| newest.token > access.token) {
            return Verdict::Violation(format!(
                "the access of {} at {} with the token {} was let through after that of {} at {} with the newer token {}",
                access.holder, access.at, access.token, newest.holder, newest.at, newest.token
            ));
        }
        newest = Some(access);
    }
    Verdict::Ok
}

/// Holds when never two clients hold the lock for certain. Facts: `holds`, how many were judged; of a violation `operations`, the
/// acquires of the two (one, if the other has held it since the start).
pub fn judge_history(history: &History, budget: &mut Budget<'_>) -> Judgement {
    if history.model != Model::Mutex {
        return Verdict::Unknown(format!("locks are not judged for model {}", history.model.name())).into();
    }
    let holds = match holds(history, budget) {
        Ok(holds) => holds,
        Err(exhausted) => return Verdict::Unknown(exhausted.to_string()).into(),
    };
    let count = holds.len();
    let Some((first, second)) = overlap(holds) else { return Judgement::from(Verdict::Ok).with("holds", count) };
    let until =
        if first.to == i128::MAX { "was not released".to_string() } else { format!("was not released before {}", first.to) };
    let second_id = history.operations[second.by].id;
    if first.from == i128::MIN {
        let text = format!(
            "operation {second_id} (process {}) acquired at {} what was held from the start and {until}",
            second.holder, second.from
        );
        return Judgement::from(Verdict::Violation(text)).with("operations", json!([second_id]));
    }
    let first_id = history.operations[first.by].id;
    let text = format!(
        "operation {second_id} (process {}) had acquired by {} what operation {first_id} (process {}) had acquired by {} and {until}",
        second.holder, second.from, first.holder, first.from
    );
    Judgement::from(Verdict::Violation(text)).with("operations", json!([first_id, second_id]))
}

/// A time in which somebody is in for certain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) holder: i128,
    pub(crate) from: i128,
    pub(crate) to: i128,
    /// What the caller knows it by.
    pub(crate) by: usize,
}

/// The first two spans that have more than an instant in common at which one ends and the other begins, the one that begins
/// first in front.
pub(crate) fn overlap(mut spans: Vec<Span>) -> Option<(Span, Span)> {
    // Of spans that begin together the shorter goes first: one of no length may come just before the other.
    spans.sort_by_key(|span| (span.from, span.to));
    let mut longest: Option<Span> = None;
    for span in spans {
        if let Some(longest) = longest.filter(|longest| span.from < longest.to) {
            return Some((longest, span));
        }
        longest = Some(longest.filter(|longest| longest.to > span.to).unwrap_or(span));
    }
    None
}

/// When who holds the lock for certain.
fn holds(history: &History, budget: &mut Budget<'_>) -> Result<Vec<Span>, Exhausted> {
    let count = history.operations.len() as u64;
    budget.spend(count * u64::from(64 - count.leading_zeros()))?;
    let mut open: BTreeMap<i64, Span> = BTreeMap::new();
    let mut holds: Vec<(Span, Option<Release>)> = Vec::new();
    let mut strays: Vec<Release> = Vec::new();
    for (index, operation) in history.operations.iter().enumerate().filter(|(_, operation)| operation.is_possible()) {
        let (process, invoke) = (operation.process, i128::from(operation.invoke));
        match (&operation.call, operation.response) {
            (Call::Acquire, Some(response)) => {
                let span = Span { holder: process.into(), from: response.into(), to: i128::MAX, by: index };
                // Who acquires again without a release in between held it all the while.
                holds.extend(open.insert(process, span).map(|span| (span, None)));
            }
            (Call::Release, response) => {
                let release = Release { invoke, response: response.map_or(i128::MAX, i128::from) };
                match open.remove(&process) {
                    Some(span) => holds.push((Span { to: invoke, ..span }, Some(release))),
                    None => strays.push(release),
                }
            }
            _ => {}
        }
    }
    holds.extend(open.into_values().map(|span| (span, None)));
    let mut first_stray = FirstStray::new(&strays);
    let asked = |span: &Span| i128::from(history.operations[span.by].invoke);
    // Whose lock somebody else may have freed may himself free the lock of the next.
    loop {
        budget.spend(1 + holds.len() as u64)?;
        let before = strays.len();
        for (span, release) in &mut holds {
            let freed = first_stray.after(asked(span));
            strays.extend(release.take_if(|release| freed.is_some_and(|freed| freed <= release.response)));
        }
        if strays.len() == before {
            break;
        }
        first_stray = FirstStray::new(&strays);
    }
    let mut spans: Vec<(i128, Span)> = holds.into_iter().map(|(span, _)| (asked(&span), span)).collect();
    if history.init == Init::Held(true) {
        spans.push((i128::MIN, Span { holder: -1, from: i128::MIN, to: i128::MAX, by: 0 }));
    }
    let cut = |(asked, span): (i128, Span)| {
        let to = first_stray.after(asked).map_or(span.to, |freed| freed.min(span.to));
        (span.from <= to).then_some(Span { to, ..span })
    };
    Ok(spans.into_iter().filter_map(cut).collect())
}

/// When the lock may have been released.
#[derive(Clone, Copy)]
struct Release {
    invoke: i128,
    response: i128,
}

/// Releases by those who may have held nothing.
struct FirstStray {
    /// In the order of their responses, each with the least invocation from it on.
    by_response: Vec<Release>,
}

impl FirstStray {
    fn new(strays: &[Release]) -> FirstStray {
        let mut by_response = strays.to_vec();
        by_response.sort_by_key(|release| release.response);
        let mut least = i128::MAX;
        for release in by_response.iter_mut().rev() {
            least = least.min(release.invoke);
            release.invoke = least;
        }
        FirstStray { by_response }
    }

    /// The earliest invocation of one that had not ended by then, and so may have freed what was acquired after it.
    fn after(&self, at: i128) -> Option<i128> {
        let index = self.by_response.partition_point(|release| release.response < at);
        self.by_response.get(index).map(|release| release.invoke)
    }
}
