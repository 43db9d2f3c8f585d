//! The section of a report on ids: what they cost, what they tell, and the judgement from outside.

use super::message::Response;
use super::monitor::Fact;
use super::node::{ALLOCATOR, Node};
use super::options::Scheme;
use super::{DISORDER, FORCED_PER_ID, GIVEN, MESSAGES_PER_ID, UNIQUE, WAITED, WASTED, snowflake, telling};
use crate::harness::Seen;
use crate::history;
use crate::registry::{Check, Report};
use quorate_check::budget::Budget;
use quorate_check::unique;
use quorate_engine::outcome::OperationStatus;
use quorate_engine::time::{SECOND, seconds};
use quorate_engine::{Nanos, Role, Time};
use serde_json::{Value, json};

/// An id that a client was told.
struct Told {
    asked: (Time, u32),
    heard: (Time, u32),
    id: u64,
}

/// Ids that are shown.
const SHOWN_MAX: usize = 5;

pub(super) fn report(seen: &Seen<'_, Node>, report: &mut Report) {
    let history = history::history(&telling(), seen, &report.outcome.operations);
    let mut budget = Budget::new(1 + history.operations.len() as u64, u64::MAX);
    report.checks.push(Check { name: UNIQUE, verdict: unique::judge(&history, &mut budget).verdict });
    let told = told(seen, report);
    let count = told.len() as u64;
    let ledger = &report.outcome.ledger;
    let messages: u64 = ledger.by_kind().filter(|(kind, _)| kind.role == Role::Protocol).map(|(_, tally)| tally.sent).sum();
    let retries: u64 = ledger.by_kind().filter(|(kind, _)| kind.role == Role::Retry).map(|(_, tally)| tally.sent).sum();
    let forced = ledger.forced_writes;
    let scheme = seen.options.scheme;
    let set_aside = match scheme {
        // What was on disk when a crash came was never stated.
        Scheme::Counter | Scheme::Blocks => {
            let stated = sum(seen, |fact| if let Fact::SetAside(ids) = fact { Some(*ids) } else { None });
            seen.replicas[ALLOCATOR.index()].as_ref().map_or(stated, |node| stated.max(node.bound()))
        }
        Scheme::Snowflake => seen.monitor.given.len() as u64,
    };
    let left: u64 = if scheme == Scheme::Snowflake { 0 } else { seen.live().map(|(_, node)| node.left()).sum() };
    let wasted = set_aside.saturating_sub(count + left);
    let waited: Nanos = sum(seen, |fact| if let Fact::Waited(length) = fact { Some(*length) } else { None });
    let late = disordered(&told);
    let per_id = |what: u64| (count > 0).then(|| what as f64 / count as f64);
    let disorder = per_id(late);
    report.metrics.extend([(GIVEN, count as f64), (WASTED, wasted as f64), (WAITED, waited as f64 / SECOND as f64)]);
    let shares = [(MESSAGES_PER_ID, per_id(messages)), (FORCED_PER_ID, per_id(forced)), (DISORDER, disorder)];
    report.metrics.extend(shares.into_iter().filter_map(|(name, value)| Some((name, value?))));
    let out: Vec<u32> = seen.facts.iter().filter(|(_, _, fact)| *fact == Fact::StaysOut).map(|(_, node, _)| node.0).collect();
    report.evidence = seen.told(|| {
        json!({
            "scheme": match scheme {
                Scheme::Counter => "counter-service",
                Scheme::Blocks => "blocks",
                Scheme::Snowflake => "snowflake",
            },
            "ids_told": count,
            "ids_given": seen.monitor.given.len(),
            "ids_set_aside": if scheme == Scheme::Snowflake { Value::Null } else { json!(set_aside) },
            "ids_left_at_end": if scheme == Scheme::Snowflake { Value::Null } else { json!(left) },
            "ids_wasted": wasted,
            "less_than_one_told_before": late,
            "waited_for_clocks_sec": seconds(waited),
            "messages": messages,
            "asked_again": retries,
            "forced_writes": forced,
            "stay_out": out,
            "closed_form": {
                "messages_per_id_of_another_node": match scheme {
                    Scheme::Counter => json!(2),
                    Scheme::Blocks => json!(2.0 / seen.options.block as f64),
                    Scheme::Snowflake => json!(0),
                },
            },
            "first_ids": told.iter().take(SHOWN_MAX).map(|told| shown(scheme, told.id)).collect::<Vec<Value>>(),
        })
    });
}

fn shown(scheme: Scheme, id: u64) -> Value {
    if scheme != Scheme::Snowflake {
        return json!(id);
    }
    let (millisecond, worker, sequence) = snowflake::parts(id);
    json!({ "id": id, "millisecond": millisecond, "worker": worker, "sequence": sequence })
}

fn sum(seen: &Seen<'_, Node>, of: fn(&Fact) -> Option<u64>) -> u64 {
    seen.facts.iter().filter_map(|(_, _, fact)| of(fact)).sum()
}

/// The ids that clients were told, in the order in which they were asked for.
fn told(seen: &Seen<'_, Node>, report: &Report) -> Vec<Told> {
    let answers = report.outcome.operations.iter().zip(seen.answers);
    let told = |(operation, (_, answer)): (&quorate_engine::outcome::OperationOutcome, &(_, Option<Response>))| {
        let (OperationStatus::Ok, Some(Response::Id(id))) = (operation.status, answer) else { return None };
        let (sent, heard) = operation.places();
        Some(Told { asked: (operation.invoked()?, sent), heard: (operation.completed()?, heard), id: *id })
    };
    let mut all: Vec<Told> = answers.filter_map(told).collect();
    all.sort_by_key(|told| told.asked);
    all
}

/// How many are less than one that was told before they were asked for.
fn disordered(told: &[Told]) -> u64 {
    let mut by_end: Vec<(&(Time, u32), u64)> = told.iter().map(|told| (&told.heard, told.id)).collect();
    by_end.sort_unstable();
    let (mut ended, mut most, mut count) = (by_end.into_iter().peekable(), 0, 0);
    for one in told {
        while let Some((_, id)) = ended.next_if(|(heard, _)| **heard < one.asked) {
            most = most.max(id);
        }
        count += u64::from(one.id < most);
    }
    count
}
