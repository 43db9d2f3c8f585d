//! The section of a report on hybrid counters, with S1's fields measured and its claims beside them, and the judgement over what is counted
//! in the end.

use super::message::Request;
use super::monitor::Fact;
use super::node::Hybrid;
use super::options::Reads;
use super::tally::Tallies;
use super::{FAST, GAIN, HYBRID_VALUE, LOST, SLOW, SLOW_LATENCY, TELLING};
use crate::harness::Seen;
use crate::history;
use crate::registry::{Check, Report};
use crate::replication::judge::{LINEARIZABLE, linearizable};
use quorate_check::{Verdict, counter};
use quorate_engine::outcome::OperationStatus;
use quorate_engine::time::{MILLISECOND, Nanos, SECOND, seconds};
use quorate_engine::{NodeId, Time};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Agreements that are told one by one.
const TOLD_MAX: usize = 20;

/// A proposal that came through.
struct Agreement {
    at: Time,
    node: NodeId,
    took: Nanos,
    proposed: u64,
    /// What its replica had left of its tally.
    tally: u64,
}

pub(super) fn report(seen: &Seen<'_, Hybrid>, report: &mut Report) {
    let additions = additions(seen, report);
    let counted = counted(seen);
    report.checks.push(Check { name: HYBRID_VALUE, verdict: value(seen, &additions, counted) });
    report.checks.push(match seen.options.reads {
        Reads::Linearizable => linearizable(&history::history(&TELLING, seen, &report.outcome.operations)),
        Reads::Fast => {
            let why = "fast reads leave out what others have counted since they agreed";
            Check { name: LINEARIZABLE.name, verdict: Verdict::NotJudged(why.to_string()) }
        }
    });
    let acknowledged: i64 = additions.iter().filter(|addition| addition.acknowledged).map(|addition| addition.amount).sum();
    let lost = acknowledged.saturating_sub(counted.cast_signed()).max(0);
    let everybody_is_up = seen.live().count() == seen.job.setup.nodes as usize;
    let fast = fast_latencies(seen, report);
    let slow = agreements(seen);
    let [mean_fast, mean_slow] = [mean(fast.iter().copied()), mean(slow.iter().map(|agreement| agreement.took))];
    let gain = mean_fast.zip(mean_slow).filter(|(fast, _)| *fast > 0.0).map(|(fast, slow)| slow / fast);
    report.metrics.extend(everybody_is_up.then_some((LOST, lost as f64)));
    report.metrics.extend([(FAST, fast.len() as f64), (SLOW, slow.len() as f64)]);
    report.metrics.extend(mean_slow.map(|mean| (SLOW_LATENCY, mean / SECOND as f64)));
    report.metrics.extend(gain.map(|gain| (GAIN, gain)));
    let length = seconds(report.outcome.ended.0).max(f64::MIN_POSITIVE);
    let milliseconds = |nanos: f64| nanos / MILLISECOND as f64;
    let all = fast.len() + slow.len();
    report.evidence = seen.told(|| {
        json!({
            "coordination_strategy": "hybrid_local_fast_global_slow",
            "fast_path": {
                "operations": fast.len(),
                "operations_per_second": fast.len() as f64 / length,
                "latency_mean_ms": mean_fast.map(milliseconds),
                "latency_p99_ms": percentile(&fast, 99).map(|nanos| milliseconds(nanos as f64)),
                "coordination": false,
                "consistency": "eventual",
            },
            "slow_path": {
                "sync_interval_sec": seconds(seen.options.interval),
                "consensus_latency_ms": mean_slow.map(milliseconds),
                "agreements": slow.len(),
                "operations_per_hour": slow.len() as f64 / length * 3_600.0,
                "coordination": true,
                "consistency": "linearizable, of what replicas have proposed",
            },
            "performance_gain": {
                "fast_path_percent": (all > 0).then(|| 100.0 * fast.len() as f64 / all as f64),
                "latency_ratio": gain,
                "throughput_ratio": (!slow.is_empty()).then(|| fast.len() as f64 / slow.len() as f64),
            },
            "s1_claims": {
                "fast_path_percent": 99.9,
                "latency_ratio": 100,
                "latency_ratio_of_its_own_numbers": 150,
                "throughput_ratio": 1000,
            },
            "increments": {
                "acknowledged": acknowledged,
                "counted": counted,
                "lost": everybody_is_up.then_some(lost),
                "fast_reads_now": seen.live().map(|(_, replica)| replica.value()).collect::<Vec<u64>>(),
            },
            "agreements": slow.iter().take(TOLD_MAX).map(Agreement::tell).collect::<Vec<Value>>(),
        })
    });
}

impl Agreement {
    fn tell(&self) -> Value {
        json!({
            "at_sec": self.at.seconds(),
            "node": self.node.to_string(),
            "took_ms": self.took as f64 / MILLISECOND as f64,
            "proposed": self.proposed,
            "tally_then": self.tally,
        })
    }
}

fn additions(seen: &Seen<'_, Hybrid>, report: &Report) -> Vec<counter::Addition> {
    let operations = seen.answers.iter().zip(&report.outcome.operations);
    let addition = |((request, _), outcome): (&(Request, _), &quorate_engine::outcome::OperationOutcome)| {
        let Request::Increment(amount) = *request else { return None };
        let acknowledged = match outcome.status {
            OperationStatus::Ok => true,
            OperationStatus::Unknown => false,
            OperationStatus::Refused | OperationStatus::Unsent => return None,
        };
        Some(counter::Addition { amount: i64::from(amount), acknowledged })
    };
    operations.filter_map(addition).collect()
}

/// What the counter would be if everybody agreed on everything now.
fn counted(seen: &Seen<'_, Hybrid>) -> u64 {
    let mut all = Tallies::default();
    for (_, replica) in seen.live() {
        all.merge(replica.agreed());
        let (origin, tally) = replica.tally();
        all.raise(origin, tally);
    }
    all.sum()
}

fn value(seen: &Seen<'_, Hybrid>, additions: &[counter::Addition], counted: u64) -> Verdict {
    let nodes = seen.job.setup.nodes;
    let Some((replica, _)) = seen.live().next() else {
        return Verdict::Unknown("no replica was up at the end".to_string());
    };
    if seen.live().count() < nodes as usize {
        return Verdict::Unknown("a replica was away at the end, and what only it has counted is not known".to_string());
    }
    counter::judge(additions, &[counter::Final { replica, value: counted.cast_signed() }], true)
}

/// How long each operation took that one replica answered by itself.
fn fast_latencies(seen: &Seen<'_, Hybrid>, report: &Report) -> Vec<Nanos> {
    let operations = seen.answers.iter().zip(&report.outcome.operations);
    let is_fast = |request: &Request| *request != Request::Read || seen.options.reads == Reads::Fast;
    let answered = operations.filter(|((request, _), outcome)| is_fast(request) && outcome.status == OperationStatus::Ok);
    answered.filter_map(|(_, outcome)| Some(outcome.completed()?.0 - outcome.invoked()?.0)).collect()
}

/// The proposals that came through, as their replicas learned of it.
fn agreements(seen: &Seen<'_, Hybrid>) -> Vec<Agreement> {
    let mut begun: BTreeMap<NodeId, Time> = BTreeMap::new();
    let mut agreements = Vec::new();
    for (at, node, fact) in seen.facts {
        match fact {
            Fact::Proposes(_) => {
                begun.insert(*node, *at);
            }
            Fact::Agreed { proposed, tally, .. } => {
                if let Some(from) = begun.remove(node) {
                    let (proposed, tally) = (*proposed, *tally);
                    agreements.push(Agreement { at: *at, node: *node, took: at.0 - from.0, proposed, tally });
                }
            }
            _ => {}
        }
    }
    agreements
}

fn mean(all: impl ExactSizeIterator<Item = Nanos>) -> Option<f64> {
    let count = all.len();
    (count > 0).then(|| all.map(|nanos| nanos as f64).sum::<f64>() / count as f64)
}

fn percentile(all: &[Nanos], percent: usize) -> Option<Nanos> {
    let mut sorted = all.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * percent).div_ceil(100).checked_sub(1)?;
    sorted.get(rank).copied()
}
