//! Who held which lock when, as clients know it, for the judges of what happens at the resource behind a lock. Each holder comes to the resource
//! when it hears that it has the lock, and once more before it first asks to release it: with a lock that is right nobody is late.

use super::{Serves, operations};
use crate::harness::Seen;
use crate::registry::Report;
use crate::replication::machine::{Request, Response};
use quorate_check::Verdict;
use quorate_check::exclusion::{Access, Section, judge_fencing, judge_sections};
use quorate_engine::Time;
use quorate_engine::outcome::OperationStatus;
use std::collections::BTreeMap;

/// A stay of a client, between two of what all clients send and hear.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Hold {
    pub(crate) key: u32,
    pub(crate) holder: u32,
    pub(crate) token: u64,
    /// When it heard that it has the lock; within an instant the place tells what came first.
    pub(crate) from: (Time, u32),
    /// When it asked to release it.
    pub(crate) to: Option<(Time, u32)>,
}

/// All that clients were granted up to an instant.
pub(crate) fn holds<A: Serves>(seen: &Seen<'_, A>, report: &Report, end: Time) -> Vec<Hold> {
    let mut holds: BTreeMap<(u32, u64, u32), Hold> = BTreeMap::new();
    for (_, request, response, outcome) in operations(seen, report) {
        if let (Request::Acquire { key, owner }, Some(Response::Granted(token))) = (request, response)
            && let Some(at) = outcome.completed().filter(|at| outcome.status == OperationStatus::Ok && *at < end)
        {
            let hold = Hold { key: *key, holder: *owner, token: *token, from: (at, outcome.places().1), to: None };
            let first = holds.entry((*key, *token, *owner)).or_insert(hold);
            first.from = first.from.min(hold.from);
        }
    }
    for (_, request, _, outcome) in operations(seen, report) {
        if let Request::Release { key, owner, token } = request
            && let Some(at) = outcome.invoked().filter(|at| *at < end)
            && let Some(hold) = holds.get_mut(&(*key, *token, *owner))
        {
            let asked = (at, outcome.places().0);
            hold.to = Some(hold.to.map_or(asked, |to| to.min(asked)));
        }
    }
    holds.into_values().collect()
}

/// Holds when no two stays under one key overlap.
pub(super) fn exclusion(holds: &[Hold]) -> Verdict {
    each_key(holds, |holds| {
        let sections: Vec<Section> = holds
            .iter()
            .map(|hold| Section { holder: hold.holder.into(), enter: hold.from.0.0, leave: hold.to.map(|(at, _)| at.0) })
            .collect();
        judge_sections(&sections)
    })
}

/// Holds when under each key tokens grow, and each is one client's.
pub(super) fn fencing(holds: &[Hold]) -> Verdict {
    each_key(holds, |holds| {
        let mut accesses: Vec<((Time, u32), Access)> = Vec::new();
        for hold in holds {
            for place in [Some(hold.from), hold.to].into_iter().flatten() {
                let access = Access { holder: hold.holder.into(), token: hold.token, at: place.0.0, accepted: true };
                accesses.push((place, access));
            }
        }
        accesses.sort_by_key(|(place, _)| *place);
        judge_fencing(&accesses.into_iter().map(|(_, access)| access).collect::<Vec<Access>>())
    })
}

fn each_key(holds: &[Hold], judge: impl Fn(&[Hold]) -> Verdict) -> Verdict {
    let mut by_key: BTreeMap<u32, Vec<Hold>> = BTreeMap::new();
    holds.iter().for_each(|hold| by_key.entry(hold.key).or_default().push(*hold));
    for (key, holds) in by_key {
        if let Verdict::Violation(text) = judge(&holds) {
            return Verdict::Violation(format!("key {key}: {text}"));
        }
    }
    Verdict::Ok
}
