//! What all protocols that commit transactions have in their reports: the checks, what a transaction cost, and how long it blocked.

use super::monitor::{AGREEMENT, CALM, Conditions, Fact, IRREVOCABLE, Promises, UNANIMITY};
use super::store::Store;
use super::transaction::{Act, Found, Object, Transaction, Tx, Value};
use crate::harness::Seen;
use crate::history::{self, Telling};
use crate::registry::{Check, CheckInfo, MetricInfo, Report};
use crate::replication::judge::{LINEARIZABLE, STRICT};
use quorate_check::budget::Budget;
use quorate_check::history::{Access, Act as Do, Answer, Call, Found as Read, Model, Names, Value as Name};
use quorate_check::{Verdict, checks};
use quorate_engine::time::Nanos;
use quorate_engine::{Actor, Kind, NodeId, Role};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// An actor that commits transactions.
pub(super) trait Commits:
    Actor<Fact = Fact, Request = Transaction, Response = Found, Monitor = Conditions, Options: Promises> + Keeps
{
}

impl<A> Commits for A where
    A: Actor<Fact = Fact, Request = Transaction, Response = Found, Monitor = Conditions, Options: Promises> + Keeps
{
}

/// A node that keeps keys.
pub(super) trait Keeps {
    /// Its keys.
    fn store(&self) -> &Store;
    /// Transactions of which it has a part and does not know what became of them.
    fn undecided(&self) -> Vec<Undecided>;
}

/// A part of a transaction that is not decided.
#[derive(Clone, Copy, Debug)]
pub(super) struct Undecided {
    /// Of which.
    pub(super) tx: Tx,
    /// How far it is.
    pub(super) stage: &'static str,
    /// Whether the part changes anything.
    pub(super) changes: bool,
}

pub(super) const MONEY: CheckInfo = CheckInfo {
    name: "money-conserved",
    summary: "when every transaction is over, all accounts together hold what they did at first",
};

/// The checks of them all.
pub(super) const CHECKS: [CheckInfo; 7] = [
    CheckInfo { name: AGREEMENT, summary: "all who decide a transaction decide the same (AC1)" },
    CheckInfo { name: IRREVOCABLE, summary: "nobody reverses a decision or a vote, over restarts too (AC2)" },
    CheckInfo { name: UNANIMITY, summary: "what is committed has the votes of all participants (AC3)" },
    CheckInfo { name: CALM, summary: "where nothing fails or seems to, what all voted for is committed (AC4)" },
    MONEY,
    LINEARIZABLE,
    STRICT,
];

const TRANSACTIONS: &str = "commit.transactions";
const COMMITTED: &str = "commit.committed";
const ABORT_RATE: &str = "commit.abort_rate";
const MESSAGES: &str = "commit.messages";
const FORCED: &str = "commit.forced_writes";
const DELAYS: &str = "commit.delays";
const DELAYS_OF_ABORTS: &str = "commit.delays_of_aborts";
const DELAYS_OF_DECISION: &str = "commit.delays_of_decision";
const LATENCY: &str = "commit.latency";
const IN_DOUBT: &str = "commit.in_doubt";
const BLOCKED: &str = "commit.blocked";
const LOCK_TIME: &str = "commit.lock_time";
const UNDECIDED: &str = "commit.undecided";
const LOCKED: &str = "commit.locked";
const DAMAGED: &str = "commit.damaged";

/// The metrics of them all.
pub(super) const METRICS: [MetricInfo; 15] = [
    MetricInfo { name: TRANSACTIONS, unit: "", summary: "Transactions that were decided; one that is tried again counts again" },
    MetricInfo { name: COMMITTED, unit: "", summary: "Transactions that were committed" },
    MetricInfo { name: ABORT_RATE, unit: "ratio", summary: "Transactions that were aborted, of all that were decided" },
    MetricInfo {
        name: MESSAGES,
        unit: "",
        summary: "Messages between replicas for each decided transaction, without the work before the vote and without recovery",
    },
    MetricInfo { name: FORCED, unit: "", summary: "Forced writes for each decided transaction" },
    MetricInfo {
        name: DELAYS,
        unit: "",
        summary: "Messages in a row from the beginning of a transaction until the last participant acts on its commit, on average",
    },
    MetricInfo {
        name: DELAYS_OF_ABORTS,
        unit: "",
        summary: "Messages in a row from the beginning of a transaction until the last participant acts on its abort, on average",
    },
    MetricInfo {
        name: DELAYS_OF_DECISION,
        unit: "",
        summary: "Messages in a row from the last yes until the last participant acts on the commit, on average: without the asking",
    },
    MetricInfo {
        name: LATENCY,
        unit: "s",
        summary: "From the beginning of a transaction until the last participant acts on it, on average",
    },
    MetricInfo { name: IN_DOUBT, unit: "s", summary: "From a participant's yes until it acts on the decision, on average" },
    MetricInfo {
        name: BLOCKED,
        unit: "s",
        summary: "The longest from a participant's yes until it acts on the decision, or to the end of the run where it has not",
    },
    MetricInfo { name: LOCK_TIME, unit: "s", summary: "How long a participant holds a transaction's locks, on average" },
    MetricInfo {
        name: UNDECIDED,
        unit: "",
        summary: "Transactions at the end of which a live participant does not know what became",
    },
    MetricInfo { name: LOCKED, unit: "", summary: "Keys that are locked on live participants at the end" },
    MetricInfo { name: DAMAGED, unit: "", summary: "Guesses of participants that were wrong" },
];

/// One transaction, as the facts tell it.
#[derive(Default)]
struct Course {
    began: Option<(Nanos, u16)>,
    commit: Option<bool>,
    /// At which depth somebody voted yes last.
    voted: u16,
    /// When and at which depth somebody acted on it last.
    ended: Option<(Nanos, u16)>,
}

/// What the facts that are kept add up to.
#[derive(Default)]
struct Costs {
    courses: BTreeMap<Tx, Course>,
    in_doubt: Vec<Nanos>,
    /// Those who still are, with the instant of their vote.
    waiting: BTreeMap<(Tx, NodeId), Nanos>,
    locks: Vec<Nanos>,
    damaged: usize,
}

impl Costs {
    fn of<A: Commits>(seen: &Seen<'_, A>) -> Costs {
        let mut costs = Costs::default();
        let mut held: BTreeMap<(Tx, NodeId), Nanos> = BTreeMap::new();
        for ((at, node, fact), depth) in seen.facts.iter().zip(seen.depths) {
            match *fact {
                Fact::Began { tx, .. } => costs.courses.entry(tx).or_default().began = Some((at.0, *depth)),
                Fact::Locked(tx) => _ = held.insert((tx, *node), at.0),
                Fact::Voted { tx, yes: true } => {
                    costs.waiting.entry((tx, *node)).or_insert(at.0);
                    let course = costs.courses.entry(tx).or_default();
                    course.voted = course.voted.max(*depth);
                }
                Fact::Decided { tx, commit } => _ = costs.courses.entry(tx).or_default().commit.get_or_insert(commit),
                Fact::Ended { tx, commit } => {
                    let course = costs.courses.entry(tx).or_default();
                    course.commit.get_or_insert(commit);
                    let voted = costs.waiting.remove(&(tx, *node));
                    if let Some(voted) = voted {
                        costs.in_doubt.push(at.0 - voted);
                        let (last, deepest) = course.ended.unwrap_or_default();
                        course.ended = Some((last.max(at.0), deepest.max(*depth)));
                    }
                    costs.locks.extend(held.remove(&(tx, *node)).map(|from| at.0 - from));
                }
                Fact::Guessed { tx, .. } => costs.locks.extend(held.remove(&(tx, *node)).map(|from| at.0 - from)),
                Fact::Damaged(_) => costs.damaged += 1,
                Fact::Voted { .. } | Fact::Precommitted(_) | Fact::Suspected(_) | Fact::Recalled { .. } => {}
            }
        }
        costs
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

fn seconds(nanos: Nanos) -> f64 {
    nanos as f64 / 1e9
}

/// Adds checks, metrics and evidence.
pub(super) fn report<A: Commits>(seen: &Seen<'_, A>, report: &mut Report, object: Object, closed_form: &Json) {
    let told = history::history(&telling::<A>(object), seen, &report.outcome.operations);
    let judged = |info: &CheckInfo, wanted: bool, why: &str| {
        let verdict = match wanted {
            true => {
                let check = checks::named(info.name).expect("a check of histories");
                (check.judge)(&told, &mut Budget::new(STEPS_MAX, BYTES_MAX)).verdict
            }
            false => Verdict::NotJudged(why.to_string()),
        };
        Check { name: info.name, verdict }
    };
    let costs = Costs::of(seen);
    let open: Vec<(u32, Undecided)> =
        seen.live().flat_map(|(number, node)| node.undecided().into_iter().map(move |part| (number, part))).collect();
    let undecided = open.len();
    let changing = open.iter().filter(|(_, part)| part.changes).count();
    let locked: usize = seen.live().map(|(_, node)| node.store().locked()).sum();
    report.checks.push(Check { name: MONEY.name, verdict: money(seen, object, changing, &costs) });
    report.checks.push(judged(&LINEARIZABLE, object == Object::Kv, "there are no registers; set object = \"kv\""));
    report.checks.push(judged(&STRICT, object == Object::ListAppend, "there are no lists; set object = \"list-append\""));

    let ledger = &report.outcome.ledger;
    let is_commitment = |kind: &Kind| kind.role == Role::Protocol && !["work", "worked"].contains(&kind.name);
    let messages: u64 = ledger.by_kind().filter(|(kind, _)| is_commitment(kind)).map(|(_, tally)| tally.sent).sum();
    // Of a long run the monitor knows all transactions, and the kept facts tell of the first.
    let (decided, committed) = seen.monitor.decisions();
    let end = report.outcome.ended.0;
    let mut metrics = vec![
        (TRANSACTIONS, decided as f64),
        (COMMITTED, committed as f64),
        (UNDECIDED, undecided as f64),
        (LOCKED, locked as f64),
        (DAMAGED, costs.damaged as f64),
    ];
    if decided > 0 {
        let each = |amount: u64| amount as f64 / decided as f64;
        metrics.push((ABORT_RATE, (decided - committed) as f64 / decided as f64));
        metrics.push((MESSAGES, each(messages)));
        metrics.push((FORCED, each(ledger.forced_writes)));
    }
    let delays = |commit: bool, from: fn(&Course) -> Option<u16>| {
        let courses = costs.courses.values().filter(move |course| course.commit == Some(commit));
        mean(courses.filter_map(|course| Some(f64::from(course.ended?.1.saturating_sub(from(course)?)))))
    };
    let from_began = |course: &Course| course.began.map(|(_, depth)| depth);
    let latency = mean(costs.courses.values().filter_map(|course| Some(seconds(course.ended?.0 - course.began?.0))));
    let blocked = costs.waiting.values().map(|from| end.saturating_sub(*from)).chain(costs.in_doubt.iter().copied()).max();
    let in_doubt = mean(costs.in_doubt.iter().map(|nanos| seconds(*nanos)));
    let lock_time = mean(costs.locks.iter().map(|nanos| seconds(*nanos)));
    metrics.extend(delays(true, from_began).map(|delays| (DELAYS, delays)));
    metrics.extend(delays(false, from_began).map(|delays| (DELAYS_OF_ABORTS, delays)));
    metrics.extend(delays(true, |course| Some(course.voted)).map(|delays| (DELAYS_OF_DECISION, delays)));
    metrics.extend(latency.map(|latency| (LATENCY, latency)));
    metrics.extend(in_doubt.map(|in_doubt| (IN_DOUBT, in_doubt)));
    metrics.extend(blocked.map(|blocked| (BLOCKED, seconds(blocked))));
    metrics.extend(lock_time.map(|lock_time| (LOCK_TIME, lock_time)));
    let by_kind =
        ledger.by_kind().filter(|(_, tally)| tally.sent > 0).map(|(kind, tally)| (kind.name.to_string(), json!(tally.sent)));
    let measured: serde_json::Map<String, Json> =
        metrics.iter().map(|(name, value)| ((*name).to_string(), json!(value))).collect();
    report.evidence = seen.told(|| {
        json!({
            "transactions": decided,
            "committed": committed,
            "aborted": decided - committed,
            "undecided_at_end": open.iter().take(TOLD_MAX).map(tell).collect::<Vec<Json>>(),
            "closed_form": closed_form,
            "sent": by_kind.collect::<serde_json::Map<_, _>>(),
            "measured": measured,
        })
    });
    report.metrics.extend(metrics);
}

/// Undecided transactions that a report lists.
const TOLD_MAX: usize = 20;

fn tell((node, part): &(u32, Undecided)) -> Json {
    json!({ "node": format!("n{node}"), "transaction": part.tx.to_string(), "stage": part.stage })
}

/// Steps, and bytes, that the search for an order may take.
const STEPS_MAX: u64 = 20_000_000;
const BYTES_MAX: u64 = 1 << 30;

/// Whether the accounts of all hold what they did at first.
fn money<A: Commits>(seen: &Seen<'_, A>, object: Object, undecided: usize, costs: &Costs) -> Verdict {
    if object != Object::Bank {
        return Verdict::NotJudged("there are no accounts; set object = \"bank\"".to_string());
    }
    if seen.replicas.iter().any(Option::is_none) {
        return Verdict::NotJudged("somebody is down, and what it holds is not known".to_string());
    }
    if undecided > 0 {
        let parts = if undecided == 1 { "part of a transaction is" } else { "parts of transactions are" };
        return Verdict::NotJudged(format!("{undecided} {parts} not decided, and would change accounts"));
    }
    if costs.damaged > 0 {
        return Verdict::NotJudged(format!("{} guesses were wrong: the damage is counted", costs.damaged));
    }
    let surplus: i64 = seen.replicas.iter().flatten().map(|node| node.store().surplus()).sum();
    match surplus {
        0 => Verdict::Ok,
        more if more > 0 => {
            Verdict::Violation(format!("all transactions are over, and the accounts hold {more} more than at first"))
        }
        less => Verdict::Violation(format!("all transactions are over, and the accounts hold {} less than at first", -less)),
    }
}

/// How transactions and answers stand in a history.
pub(super) const fn telling<A: Actor<Request = Transaction, Response = Found>>(object: Object) -> Telling<A> {
    let model = match object {
        Object::ListAppend => Model::ListAppend,
        Object::Kv | Object::Bank => Model::MultiRegister,
    };
    let concerns: fn(&Transaction) -> bool = match object {
        Object::Bank => |_| false,
        Object::Kv | Object::ListAppend => |_| true,
    };
    Telling { model, concerns, call, answer }
}

fn call(transaction: &Transaction, names: &mut Names) -> (Name, Call) {
    let access = |part: &super::transaction::Part| Access {
        key: history::key(part.key, names),
        act: match part.act {
            Act::Write(value) => Do::Write(history::value(value, names)),
            Act::Read | Act::Add(_) => Do::Read,
        },
    };
    (Name::NULL, Call::Transaction(transaction.0.iter().map(access).collect()))
}

fn answer(found: &Found, names: &mut Names) -> Option<Answer> {
    let value = |value: &Value| match value {
        Value::Register(held) => Read::Value(history::held(*held, names)),
        Value::List(values) => Read::List(values.iter().map(|value| history::value(*value, names)).collect()),
        Value::Balance(balance) => Read::Value(names.int(*balance)),
    };
    Some(Answer::Found(found.0.iter().map(value).collect()))
}
