//! The report as one JSON document, with its keys in a fixed order. Scripts rely on the names; a new meaning is a new key.
//! Times are seconds, sizes are bytes; what a run does not have is null.

use super::sides::{Asked, Period, Side, sides};
use super::slices::over_time;
use super::strikes::{Deeds, by_kind, fate};
use crate::expect::{Expectation, Judged};
use crate::metrics::{self, Unit};
use crate::plan::Plan;
use crate::run::{ManyReport, RunReport, SeedResult, Tallied, answered, latency_s};
use crate::statistics::{Interval, Summary};
use quorate_engine::convergence::{Converged, Coverage};
use quorate_engine::fault::{Timed, Who};
use quorate_engine::histogram::{Histogram, Waits};
use quorate_engine::ledger::{Cause, Ledger, LinkClass, Tally};
use quorate_engine::outcome::{ClockBound, DiskTotals, OperationOutcome, OperationStatus, Outcome, Strike};
use quorate_engine::time::{Nanos, Time, seconds};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The version of the report's format.
pub const SCHEMA: u32 = 1;

/// Updates, operations and bounds of clocks that are listed one by one; all are counted.
const LISTED_MAX: usize = 100;

impl RunReport<'_> {
    /// The report of one run.
    pub fn to_json(&self) -> Value {
        let plan = self.plan;
        let outcome = &self.outcome;
        let sides = sides(plan.nodes, outcome);
        json!({
            "schema": SCHEMA,
            "quorate": env!("CARGO_PKG_VERSION"),
            "scenario": plan.to_json(),
            "seed": self.seed,
            "digest": outcome.digest.to_string(),
            "verdict": self.verdict.name(),
            "expectations": each_expectation(plan, &self.expectations, |_| Map::new()),
            "checks": self.checks.iter().map(|check| json!({
                "name": check.name,
                "verdict": check.verdict.name(),
                "evidence": check.verdict.evidence(),
            })).collect::<Vec<_>>(),
            "metrics": values(plan, &self.metrics, &self.slices),
            "ledger": ledger(outcome),
            "convergence": convergence(&outcome.convergence, plan.round(self.seed)),
            "operations": operations(outcome),
            "availability": sides.periods.iter().map(period).collect::<Vec<_>>(),
            "availability_by_side": { "majority": asked(&sides.majority), "minority": asked(&sides.minority) },
            "faults": outcome.strikes.iter().map(|each| strike(each, outcome.ended)).collect::<Vec<_>>(),
            "faults_by_kind": by_kind(outcome).iter().map(kind_struck).collect::<Vec<_>>(),
            "overflows": outcome.overflows,
            "byzantine": outcome.faulty.iter().map(|node| node.0).collect::<Vec<_>>(),
            "clock_bounds": clock_bounds(&outcome.clock_bounds),
            "changes": changes(self.plan, outcome),
            "evidence": self.evidence,
            "ended": { "at": outcome.ended.seconds(), "because": outcome.stopped.name(), "events": outcome.events },
            "verified": { "digests": outcome.verified, "wrong": outcome.mismatches.len() },
        })
    }
}

impl SeedResult {
    /// One line of a list of runs.
    pub fn to_json(&self, plan: &Plan) -> Value {
        let checks: Map<String, Value> =
            self.checks.iter().map(|(name, verdict)| (name.to_string(), verdict.name().into())).collect();
        json!({
            "seed": self.seed,
            "digest": self.digest.to_string(),
            "verdict": self.verdict.name(),
            "checks": checks,
            "metrics": values(plan, &self.metrics, &self.slices),
        })
    }
}

impl ManyReport<'_> {
    /// The report of many runs.
    pub fn to_json(&self) -> Value {
        let plan = self.plan;
        let seed_of = |index: Option<usize>| index.map(|index| self.first_seed + index as u64);
        let counts = |judged: &Judged| {
            let counts = json!({
                "value": judged.value.map(number),
                "interval": judged.interval.map(interval),
                "failed": judged.failed,
                "undecided": judged.undecided,
                "first_failed_seed": seed_of(judged.first_failed),
            });
            counts.as_object().cloned().unwrap_or_default()
        };
        let metrics: Map<String, Value> = self
            .metrics
            .iter()
            .map(|(name, summary)| (name.to_string(), *summary))
            .chain(plan.slices.iter().map(|slice| slice.name.to_string()).zip(self.slices.iter().copied()))
            .map(|(name, summary)| (name, summary.map_or(Value::Null, |each| summarised(&each))))
            .collect();
        json!({
            "schema": SCHEMA,
            "quorate": env!("CARGO_PKG_VERSION"),
            "scenario": plan.to_json(),
            "seeds": self.seeds,
            "first_seed": self.first_seed,
            "digest": self.digest.to_string(),
            "verdict": self.verdict.name(),
            "first_failed_seed": self.first_failed_seed,
            "expectations": each_expectation(plan, &self.expectations, counts),
            "checks": self.checks.iter().map(tallied).collect::<Vec<_>>(),
            "metrics": metrics,
        })
    }
}

fn each_expectation(plan: &Plan, judged: &[Judged], more: impl Fn(&Judged) -> Map<String, Value>) -> Vec<Value> {
    let one = |(Expectation { name, text, .. }, judged): (&Expectation, &Judged)| {
        let mut entry = Map::new();
        entry.insert("name".into(), name.as_str().into());
        entry.insert("text".into(), text.as_str().into());
        entry.insert("verdict".into(), judged.standing.name().into());
        entry.insert("observed".into(), judged.observed.as_str().into());
        entry.extend(more(judged));
        entry.into()
    };
    plan.expectations.iter().zip(judged).map(one).collect()
}

fn tallied(check: &Tallied) -> Value {
    json!({
        "name": check.name,
        "verdict": match (check.failed, check.undecided) {
            (0, 0) if check.failures_below.is_none() => "not-judged",
            (0, 0) => "ok",
            (0, _) => "unknown",
            _ => "violation",
        },
        "failed": check.failed,
        "undecided": check.undecided,
        "not_judged": check.not_judged,
        "first_failed_seed": check.first_failed_seed,
        "evidence": check.evidence,
        "failures_below": check.failures_below,
    })
}

fn summarised(summary: &Summary) -> Value {
    json!({
        "runs": summary.count,
        "never": summary.never,
        "mean": number(summary.mean),
        "p50": number(summary.p50),
        "p90": number(summary.p90),
        "p99": number(summary.p99),
        "min": number(summary.min),
        "max": number(summary.max),
        "ci95": interval(summary.ci95),
    })
}

pub(crate) fn interval(interval: Interval) -> Value {
    json!([number(interval.low), number(interval.high)])
}

/// Whole values stand without a point, where that is exact; infinity, which JSON does not have, is null.
pub(crate) fn number(value: f64) -> Value {
    const EXACT: f64 = (1u64 << 53) as f64;
    if value.abs() <= EXACT && value == libm::trunc(value) { (value as i64).into() } else { value.into() }
}

/// Metrics under their names: counts and sizes as whole numbers where they are whole.
fn values(plan: &Plan, metrics: &[(&'static str, Option<f64>)], slices: &[(Arc<str>, Option<f64>)]) -> Map<String, Value> {
    let units = metrics::of(plan.protocol.0).map(Unit::of).chain(plan.slices.iter().map(|slice| slice.unit));
    let metrics = metrics.iter().map(|(name, value)| (*name, *value));
    let measured = metrics.chain(slices.iter().map(|(name, value)| (&**name, *value)));
    let value = |(unit, (name, value)): (Unit, (&str, Option<f64>))| {
        let value = match (unit, value) {
            (_, None) => Value::Null,
            (Unit::Count | Unit::Bytes, Some(value)) => number(value),
            (Unit::Seconds | Unit::Ratio, Some(value)) => value.into(),
        };
        (name.to_string(), value)
    };
    units.zip(measured).map(value).collect()
}

fn ledger(outcome: &Outcome) -> Value {
    let ledger = &outcome.ledger;
    let (node, busiest) = &outcome.busiest;
    let delays = ledger.delays();
    json!({
        "between_replicas": Value::Object(tally(&ledger.between_replicas())),
        "kinds": kinds(ledger),
        "forced_writes": ledger.forced_writes,
        "depth_max": ledger.depth_max,
        "relayed": ledger.relayed,
        "links": links(ledger),
        "delays": histogram(&delays),
        "busiest": { "node": node.0, "sent": busiest.sent, "received": busiest.received, "bytes": busiest.bytes },
        "waits": {
            "links": waits(&outcome.link_waits),
            "hosts": waits(&outcome.host_waits),
            "disks": waits(&outcome.disk_waits),
        },
        "disks": disks(&outcome.disks),
        "busiest_host": outcome.busiest_host.map(|(node, busy)| json!({ "node": node.0, "busy": seconds(busy) })),
    })
}

fn disks(disks: &DiskTotals) -> Value {
    json!({
        "records": disks.records,
        "bytes": disks.bytes,
        "refused": disks.refused,
        "records_lost": disks.records_lost,
        "writes_cut": disks.writes_cut,
        "bits_flipped": disks.bits_flipped,
        "torn_found": disks.torn,
        "corrupt_found": disks.corrupt,
        "wiped": disks.wiped,
    })
}

/// Links that came and went, and replicas that moved.
fn changes(plan: &Plan, outcome: &Outcome) -> Value {
    let struck = plan.network.changes.iter().filter(|change| change.at < outcome.ended);
    struck.map(|change| json!({ "at": change.at.seconds(), "what": change.to_string() })).collect()
}

fn histogram(delays: &Histogram) -> Value {
    let quantile = |q| delays.quantile(q).map(seconds);
    json!({ "count": delays.count(), "p50": quantile(0.5), "p90": quantile(0.9), "p99": quantile(0.99), "max": quantile(1.0) })
}

fn waits(waits: &Waits) -> Value {
    let quantile = |q| waits.spread.quantile(q).map(seconds);
    json!({ "count": waits.spread.count(), "mean": waits.mean_s(), "p50": quantile(0.5), "p99": quantile(0.99), "max": seconds(waits.longest) })
}

/// What crossed each class of links between replicas, where there is more than one.
fn links(ledger: &Ledger) -> Value {
    let used = ledger.classes().filter(|class| class.joins_replicas() && ledger.over(*class) != Tally::default());
    let of = |class| {
        let mut entry = tally(&ledger.over(class));
        entry.insert("delays".into(), histogram(ledger.delays_over(class)));
        (ledger.name(class).to_string(), Value::Object(entry))
    };
    Value::Object(used.map(of).collect())
}

fn kinds(ledger: &Ledger) -> Vec<Value> {
    let link = |(class, of_class): (LinkClass, &Tally)| {
        (*of_class != Tally::default()).then(|| (ledger.name(class).to_string(), Value::Object(tally(of_class))))
    };
    let kind = |(index, (kind, total)): (usize, (quorate_engine::Kind, Tally))| {
        let mut entry = Map::new();
        entry.insert("name".into(), kind.name.into());
        entry.insert("role".into(), kind.role.name().into());
        entry.extend(tally(&total));
        entry.insert("links".into(), Value::Object(ledger.of(index).filter_map(link).collect()));
        entry.into()
    };
    ledger.by_kind().enumerate().map(kind).collect()
}

fn tally(tally: &Tally) -> Map<String, Value> {
    let dropped: Map<String, Value> =
        Cause::ALL.iter().zip(tally.dropped).map(|(cause, count)| (cause.name().to_string(), count.into())).collect();
    let counts = json!({
        "sent": tally.sent,
        "delivered": tally.delivered,
        "duplicated": tally.duplicated,
        "dropped": dropped,
        "bytes": tally.bytes,
    });
    counts.as_object().cloned().unwrap_or_default()
}

fn convergence(converged: &Converged, round: Nanos) -> Value {
    json!({
        "replicated": converged.replicated,
        "converged": converged.since.is_some(),
        "since": converged.since.map(Time::seconds),
        "last_update": converged.last_update.map(Time::seconds),
        "time": converged.time.map(seconds),
        "after_heal": converged.after_heal.map(seconds),
        "rounds": converged.rounds,
        "round": seconds(round),
        "live": converged.live,
        "states": converged.states,
        "unacknowledged": converged.unacknowledged,
        "missing": converged.missing,
        "lost": converged.lost,
        "updates": converged.updates.len(),
        "coverage": converged.updates.iter().take(LISTED_MAX).map(coverage).collect::<Vec<_>>(),
    })
}

fn coverage(update: &Coverage) -> Value {
    json!({
        "update": update.update.to_string(),
        "operation": update.operation.0,
        "at": update.at.seconds(),
        "acknowledged": update.acknowledged,
        "superseded": update.superseded,
        "lost": update.lost,
        "holders": update.holders,
        "by_round": update.by_round,
    })
}

fn operations(outcome: &Outcome) -> Value {
    let count = |status| outcome.operations.iter().filter(|operation| operation.status == status).count();
    let sum = |of: fn(&OperationOutcome) -> u64| outcome.operations.iter().map(of).sum::<u64>();
    let delays = answered(outcome).map(|operation| operation.delays).max();
    let latency = Summary::of(&answered(outcome).map(latency_s).collect::<Vec<_>>());
    json!({
        "total": outcome.operations.len(),
        "ok": count(OperationStatus::Ok),
        "refused": count(OperationStatus::Refused),
        "unknown": count(OperationStatus::Unknown),
        "unsent": count(OperationStatus::Unsent),
        "attempts": sum(|operation| u64::from(operation.attempts)),
        "redirects": sum(|operation| u64::from(operation.redirects)),
        "latency": latency.map(|all| json!({
            "mean": all.mean, "p50": all.p50, "p90": all.p90, "p99": all.p99, "min": all.min, "max": all.max,
        })),
        "delays_max": delays,
        "over_time": over_time(outcome).map(|series| json!({
            "slice": seconds(series.slice),
            "asked": series.asked,
            "ok": series.ok,
            "refused": series.refused,
            "unknown": series.unknown,
        })),
        "listed": (0..).zip(&outcome.operations).take(LISTED_MAX).map(operation).collect::<Vec<_>>(),
    })
}

fn operation((id, operation): (u32, &OperationOutcome)) -> Value {
    json!({
        "id": id,
        "client": operation.client,
        "to": operation.to.0,
        "invoked": operation.invoked().map(Time::seconds),
        "completed": operation.completed().map(Time::seconds),
        "status": operation.status.name(),
        "delays": operation.delays,
        "attempts": operation.attempts,
        "redirects": operation.redirects,
    })
}

fn period(period: &Period) -> Value {
    let side = |side: &Side| {
        let mut entry = asked(&side.asked);
        entry["nodes"] = side.nodes.to_string().into();
        entry["side"] = side.standing.name().into();
        entry
    };
    let sides: Vec<Value> = period.sides.iter().map(side).collect();
    json!({
        "from": period.from.seconds(),
        "to": period.to.seconds(),
        "times": period.times,
        "lasted": seconds(period.lasted),
        "sides": sides,
    })
}

fn asked(asked: &Asked) -> Value {
    json!({ "asked": asked.asked, "answered": asked.answered, "availability": asked.availability() })
}

fn strike(strike: &Strike, ended: Time) -> Value {
    let Timed { at, trigger, whom, fault } = &strike.planned;
    let fate = fate(strike, ended);
    json!({
        "at": at.seconds(),
        "when": trigger.as_ref().map(ToString::to_string),
        "whom": whom.map(|whom| match whom.who {
            Who::Stated(fact) => format!("fact:{fact}"),
            Who::There => "there".to_string(),
        }),
        "fault": fault.name(),
        "what": fault.to_string(),
        "struck": strike.struck(),
        "times": strike.times,
        "first": strike.first.map(Time::seconds),
        "touched": strike.touched,
        "messages_lost": strike.messages_lost,
        "messages_changed": strike.messages_changed,
        "records_lost": strike.records_lost,
        "never_because": fate.why(&strike.planned),
    })
}

fn kind_struck((kind, deeds): &(&'static str, Deeds)) -> Value {
    json!({
        "fault": kind,
        "planned": deeds.planned,
        "never": deeds.never,
        "times": deeds.times,
        "first": deeds.first.map(Time::seconds),
        "last": deeds.last.map(Time::seconds),
        "touched": deeds.touched,
        "messages_lost": deeds.messages_lost,
        "messages_changed": deeds.messages_changed,
        "records_lost": deeds.records_lost,
    })
}

/// Those that did not hold are listed first.
fn clock_bounds(bounds: &[ClockBound]) -> Value {
    let mut listed: Vec<&ClockBound> = bounds.iter().collect();
    listed.sort_by_key(|bound| (bound.broken.unwrap_or(Time::NEVER), bound.node));
    let one = |bound: &&ClockBound| {
        json!({
            "node": bound.node.0,
            "bound": seconds(bound.bound_ns),
            "most": seconds(bound.most_ns),
            "broken": bound.broken.map(Time::seconds),
        })
    };
    json!({
        "said": bounds.len(),
        "broken": bounds.iter().filter(|bound| bound.broken.is_some()).count(),
        "listed": listed.iter().take(LISTED_MAX).map(one).collect::<Vec<_>>(),
    })
}
