//! The report of one run.

use super::figures::{self, count, counted, nanos};
use super::layout::{Style, paragraph, table};
use super::{Cause, availability, curve, heading, headline, judgement, reason, replay, scenario, struck, unjudged};
use crate::expect::Standing;
use crate::metrics::{self, Unit};
use crate::report::sides::sides;
use crate::report::slices::over_time;
use crate::run::{RunReport, answered, latency_s, standing};
use crate::statistics::Summary;
use quorate_check::Verdict;
use quorate_engine::histogram::Waits;
use quorate_engine::ledger::{Cause as Lost, Tally};
use quorate_engine::outcome::{OperationOutcome, OperationStatus, Outcome};
use quorate_engine::time::show;
use serde_json::Value;

impl RunReport<'_> {
    /// The report as text. `command` is what runs this very seed again.
    pub fn to_text(&self, style: Style, command: &str) -> String {
        let subject = format!("{}, seed {}", self.plan.name, self.seed);
        let mut text = headline(style, self.verdict, &subject, &self.reason());
        text += &scenario(self.plan, Some(self.seed));
        text += &self.convergence(style);
        text += &cost(style, &self.outcome);
        text += &struck::struck(style, self.plan, &self.outcome);
        text += &self.operations(style);
        text += &self.judged(style);
        text += &self.metrics(style);
        text += &evidence(style, &self.evidence);
        text += &format!(
            "\nThe run ended at {} ({}) after {}.\n",
            figures::duration(self.outcome.ended.seconds()),
            self.outcome.stopped.name(),
            counted(self.outcome.events, "event")
        );
        text += &format!("digest {}\n", self.outcome.digest);
        text + &replay(command)
    }

    fn reason(&self) -> String {
        let expectations = self.plan.expectations.iter().zip(&self.expectations);
        let failed = expectations.filter(|(_, judged)| judged.standing == self.verdict);
        let causes = failed.map(|(expectation, judged)| Cause::Expectation(&expectation.text, judged));
        let checks = self.checks.iter().filter(|check| standing(&check.verdict) == self.verdict);
        let checks =
            checks.filter(|check| !self.plan.expectations.iter().any(|expectation| expectation.text.trim() == check.name));
        let causes: Vec<_> = causes.chain(checks.map(|check| Cause::Check(check.name, check.verdict.evidence()))).collect();
        if self.verdict != Standing::Held {
            return reason(&causes);
        }
        let judges = self.checks.iter().filter(|check| !matches!(check.verdict, Verdict::NotJudged(_))).count();
        let judged =
            format!("{} and {} held", counted(self.expectations.len() as u64, "expectation"), counted(judges as u64, "check"));
        match self.outcome.convergence.time.filter(|_| self.outcome.convergence.last_update.is_some()) {
            Some(time) => format!("converged {} after the last update; {judged}", nanos(time)),
            None => judged,
        }
    }

    fn convergence(&self, style: Style) -> String {
        let converged = &self.outcome.convergence;
        let mut text = heading(style, "Convergence");
        if !converged.replicated {
            return text + "  the protocol publishes no replicated state\n";
        }
        let round = self.plan.round(self.seed);
        let states = counted(u64::from(converged.states), "state");
        text += &match (converged.since, converged.time) {
            (Some(since), Some(time)) => paragraph(
                "  ",
                &format!(
                    "{} after the last update{}: at {} all {} live replicas agreed and held every acknowledged update, and it stayed so",
                    nanos(time),
                    converged.rounds.map_or_else(String::new, |rounds| format!(
                        " ({} of {})",
                        counted(rounds, "round"),
                        show(round)
                    )),
                    nanos(since.0),
                    count(u64::from(converged.live)),
                ),
            ),
            _ => paragraph(
                "  ",
                &format!(
                    "never: at the end {} live replicas are in {states}; {} missing somewhere, {} overwritten by older ones",
                    count(u64::from(converged.live)),
                    counted(u64::from(converged.missing), "acknowledged update"),
                    count(u64::from(converged.lost)),
                ),
            ),
        };
        if let Some(after_heal) = converged.after_heal {
            text += &format!("  {} after the last heal, restart or resume\n", nanos(after_heal));
        }
        if let Some(update) = curve::subject(converged).filter(|_| self.plan.nodes > 1) {
            let which = if converged.updates.len() == 1 { "the update" } else { "the last update" };
            text += &format!("  nodes that hold {which}, {} made at {}:\n", update.update, nanos(update.at.0));
            text += &curve::chart(update, self.plan.nodes, round);
        }
        text
    }

    fn operations(&self, style: Style) -> String {
        let operations = &self.outcome.operations;
        let mut text = heading(style, "Operations");
        if operations.is_empty() {
            return text + "  none\n";
        }
        let counts = [OperationStatus::Ok, OperationStatus::Refused, OperationStatus::Unknown, OperationStatus::Unsent]
            .map(|status| (status, operations.iter().filter(|operation| operation.status == status).count() as u64));
        let counts: Vec<String> = counts
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(status, number)| format!("{} {}", count(*number), status.name()))
            .collect();
        text += &paragraph("  ", &format!("{} asked: {}", count(operations.len() as u64), counts.join(", ")));
        let sum = |of: fn(&OperationOutcome) -> u64| operations.iter().map(of).sum::<u64>();
        let retries = sum(|operation| u64::from(operation.retries()));
        let redirects = sum(|operation| u64::from(operation.redirects));
        if retries + redirects > 0 {
            let attempts = counted(sum(|operation| u64::from(operation.attempts)), "attempt");
            let more = format!("{} of them beyond the first; {} followed", count(retries), counted(redirects, "redirect"));
            text += &paragraph("  ", &format!("{attempts}, {more}"));
        }
        if let Some(latency) = Summary::of(&answered(&self.outcome).map(latency_s).collect::<Vec<_>>()) {
            let [mean, p50, p99, max] = [latency.mean, latency.p50, latency.p99, latency.max].map(figures::duration);
            let delays = answered(&self.outcome).map(|operation| u64::from(operation.delays)).max().unwrap_or(0);
            let delays = counted(delays, "message delay");
            text += &paragraph("  ", &format!("latency: mean {mean}, p50 {p50}, p99 {p99}, max {max}; at most {delays}"));
        }
        let sides = sides(self.plan.nodes, &self.outcome);
        let troubled = !sides.periods.is_empty() || operations.iter().any(|each| each.status != OperationStatus::Ok);
        // A handful is told by its numbers.
        if let Some(series) = over_time(&self.outcome).filter(|_| troubled && operations.len() >= DRAWN_MIN) {
            text += &availability::over_time(&series);
        }
        text += &availability::by_side(&sides);
        text
    }

    fn judged(&self, style: Style) -> String {
        let mut text = heading(style, "Expectations");
        if self.expectations.is_empty() {
            text += "  none\n";
        }
        for (expectation, judged) in self.plan.expectations.iter().zip(&self.expectations) {
            let what = if judged.value.is_none() && judged.standing == Standing::Held {
                expectation.text.clone()
            } else {
                format!("{}: {}", expectation.text, judged.observed)
            };
            text += &judgement(style, judged.standing, &expectation.name, &what);
        }
        text += &heading(style, "Checks");
        if self.checks.is_empty() {
            text += "  none\n";
        }
        for check in &self.checks {
            text += &match &check.verdict {
                Verdict::NotJudged(why) => unjudged(check.name, why),
                verdict => judgement(style, standing(verdict), check.name, verdict.evidence()),
            };
        }
        text
    }

    fn metrics(&self, style: Style) -> String {
        let row = |name: &str, value: Option<f64>, unit: Unit| {
            vec![name.to_string(), value.map_or_else(|| "-".to_string(), |value| figures::value(value, unit))]
        };
        let rows: Vec<Vec<String>> = metrics::of(self.plan.protocol.0)
            .zip(&self.metrics)
            .filter(|(_, (name, value))| !figures::idle(name, *value))
            .map(|(metric, (name, value))| row(name, *value, Unit::of(metric)))
            .collect();
        // Their names are long: in a table of their own they do not widen the other.
        let slices = self.plan.slices.iter().zip(&self.slices);
        let slices: Vec<Vec<String>> = slices.map(|(slice, (name, value))| row(name, *value, slice.unit)).collect();
        heading(style, "Metrics") + &table(&rows) + &table(&slices)
    }
}

/// Cost by kind of message.
fn cost(style: Style, outcome: &Outcome) -> String {
    let ledger = &outcome.ledger;
    let total = ledger.by_kind().fold(Tally::default(), |mut total, (_, tally)| {
        total.add(&tally);
        total
    });
    // What people look for first is always there; the rest when it happened.
    let shown = |cause: &Lost| LOST_ALWAYS.contains(cause) || total.dropped[*cause as usize] > 0;
    let causes: Vec<Lost> = Lost::ALL.into_iter().filter(shown).collect();
    let mut head = vec!["messages", "sent", "delivered"];
    head.extend(causes.iter().map(|cause| lost(*cause)));
    head.push("bytes");
    let mut rows = vec![head.into_iter().map(String::from).collect()];
    let row = |name: &str, tally: &Tally| {
        let mut row = vec![name.to_string(), count(tally.sent), count(tally.delivered)];
        row.extend(causes.iter().map(|cause| count(tally.dropped[*cause as usize])));
        row.push(count(tally.bytes));
        row
    };
    let used = || ledger.by_kind().filter(|(_, tally)| tally.sent > 0);
    rows.extend(used().map(|(kind, tally)| row(kind.name, &tally)));
    if used().count() > 1 {
        rows.push(row("between replicas", &ledger.between_replicas()));
    }
    let classes = || ledger.classes().filter(|class| class.joins_replicas() && ledger.over(*class).sent > 0);
    if classes().count() > 1 {
        rows.extend(classes().map(|class| row(&format!("over {}", ledger.name(class)), &ledger.over(class))));
    }
    let mut text = heading(style, "Cost");
    text += &if used().next().is_some() { table(&rows) } else { "  no messages\n".to_string() };
    let copies = ledger.between_replicas().duplicated;
    if copies > 0 {
        text += &format!("  the network made {} more copies\n", count(copies));
    }
    if ledger.relayed > 0 {
        text += &format!("  {} of them handed on for another replica\n", count(ledger.relayed));
    }
    let (node, totals) = &outcome.busiest;
    if total.sent > 0 {
        text += &format!(
            "  the busiest node, {node}, sent {} and received {}\n",
            count(totals.sent.into()),
            count(totals.received.into())
        );
    }
    text += &waited("link or interface", &outcome.link_waits);
    text += &waited("host", &outcome.host_waits);
    if let Some((node, busy)) = outcome.busiest_host {
        let share = busy as f64 / outcome.ended.0.max(1) as f64;
        text +=
            &format!("  the busiest host, {node}, worked {} % of the time\n", figures::plain(libm::round(share * 1e3) / 10.0));
    }
    text + &stored(outcome)
}

/// What the disks took in, if anything, and what became of it.
fn stored(outcome: &Outcome) -> String {
    let (disks, forced) = (&outcome.disks, outcome.ledger.forced_writes);
    let mut text = String::new();
    if forced > 0 {
        text += &format!("  {} forced to disk", counted(forced, "write"));
        text += &match disks.records {
            0 => "\n".to_string(),
            records => format!(": {}, {}\n", counted(records, "record"), figures::value(disks.bytes as f64, Unit::Bytes)),
        };
    }
    text += &waited("disk", &outcome.disk_waits);
    let found = [
        (disks.records_lost, "lost"),
        (disks.torn, "found torn by recovery"),
        (disks.corrupt, "found corrupt by recovery"),
        (disks.refused, "without room"),
    ];
    let found: Vec<_> =
        found.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{} {what}", figures::count(*count))).collect();
    if !found.is_empty() {
        text += &paragraph("  ", &format!("records on disk: {}", found.join(", ")));
    }
    if disks.writes_cut > 0 {
        text += &format!("  {} under way in a crash\n", counted(disks.writes_cut, "forced write"));
    }
    text
}

/// Causes that every table of costs has.
const LOST_ALWAYS: [Lost; 3] = [Lost::Partition, Lost::Loss, Lost::Down];

/// A cause as the head of a column.
fn lost(cause: Lost) -> &'static str {
    match cause {
        Lost::Partition => "cut off",
        Lost::Loss => "lost",
        Lost::Down => "node down",
        Lost::NoRoute => "no route",
        Lost::Queue => "queue full",
        Lost::Inbox => "inbox full",
        Lost::Corrupt => "corrupt",
    }
}

/// How long messages waited, if anything did.
fn waited(at: &str, waits: &Waits) -> String {
    match waits.mean_s() {
        Some(mean) => {
            let (mean, longest) = (figures::duration(mean), figures::nanos(waits.longest));
            format!("  waits at a {at}: mean {mean}, longest {longest}\n")
        }
        None => String::new(),
    }
}

/// Fewer operations are not drawn over time.
const DRAWN_MIN: usize = 20;

/// Lines of the protocol's own section; lists are JSON's business.
const EVIDENCE_MAX: usize = 16;

fn evidence(style: Style, evidence: &Value) -> String {
    let mut rows = Vec::new();
    flatten("", evidence, &mut rows);
    rows.truncate(EVIDENCE_MAX);
    if rows.is_empty() { String::new() } else { heading(style, "Evidence") + &rows.concat() }
}

/// The longest list that is told.
const LIST_MAX: usize = 200;

/// A short list of plain values. What stands in tables of its own is for the document.
fn listed(items: &[Value]) -> Option<String> {
    let is_plain = items.iter().all(|item| !item.is_array() && !item.is_object());
    let words: Vec<String> = items.iter().map(Value::to_string).collect();
    let text = format!("[{}]", words.join(", "));
    (is_plain && text.len() <= LIST_MAX).then_some(text)
}

fn flatten(path: &str, value: &Value, rows: &mut Vec<String>) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(&path, value, rows);
            }
        }
        Value::Array(items) => rows.extend(listed(items).map(|items| paragraph(&format!("  {path}: "), &items))),
        Value::Null => {}
        Value::String(text) => rows.push(paragraph(&format!("  {path}: "), text)),
        Value::Number(number) => {
            let shown = number.as_f64().map_or_else(|| number.to_string(), figures::plain);
            rows.push(format!("  {path}: {shown}\n"));
        }
        Value::Bool(flag) => rows.push(format!("  {path}: {flag}\n")),
    }
}
