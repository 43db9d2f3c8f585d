//! The section of a report on payments, as customers would put it, and the judgement over the books at the end.

use super::message::{Charge, Request};
use super::node::{BOOKS, Node};
use super::options::Mistake;
use super::{DOUBLE_CHARGED, OVERCHARGED, PAID_IS_CHARGED, TURNED_AWAY};
use crate::harness::Seen;
use crate::registry::{Check, Report};
use quorate_check::Verdict;
use quorate_engine::OpId;
use quorate_engine::outcome::{OperationOutcome, OperationStatus};
use quorate_engine::time::seconds;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Customers who are heard.
const COMPLAINTS_MAX: usize = 10;

/// A payment that a client asked for, and what came of it.
struct Payment<'a> {
    operation: OpId,
    account: u32,
    amount: u32,
    outcome: &'a OperationOutcome,
    charges: &'a [Charge],
}

pub(super) fn report(seen: &Seen<'_, Node>, report: &mut Report) {
    let Some(node) = seen.replicas.get(BOOKS.index()).and_then(Option::as_ref) else {
        let verdict = Verdict::Unknown(format!("{BOOKS} is down at the end, and nobody can look into the books"));
        report.checks.push(Check { name: PAID_IS_CHARGED, verdict });
        return;
    };
    let mut charges: BTreeMap<OpId, Vec<Charge>> = BTreeMap::new();
    for charge in node.books() {
        charges.entry(charge.operation).or_default().push(*charge);
    }
    let payments = payments(seen, &report.outcome.operations, &charges);
    let verdict = judge(&payments, &charges);
    let extra = |payment: &Payment<'_>| payment.charges.len().saturating_sub(1) as u64;
    let more: u64 = payments.iter().map(extra).sum();
    let too_much: u64 = payments.iter().map(|payment| extra(payment) * u64::from(payment.amount)).sum();
    let turned_away = seen.monitor.turned_away;
    report.checks.push(Check { name: PAID_IS_CHARGED, verdict });
    report.metrics.extend([(DOUBLE_CHARGED, more as f64), (OVERCHARGED, too_much as f64), (TURNED_AWAY, turned_away as f64)]);
    let count = |is: &dyn Fn(&Payment<'_>) -> bool| payments.iter().filter(|payment| is(payment)).count();
    let sent = count(&|payment| payment.outcome.status != OperationStatus::Unsent);
    report.evidence = seen.told(|| json!({
        "pattern": "idempotent_design",
        "operation": match seen.options.mistake {
            Some(Mistake::WithoutIds) => "Process payment",
            _ => "Process payment ID=n",
        },
        "ids_kept_sec": seen.options.memory().map(seconds),
        "payments": {
            "asked": sent,
            "tried_again_by_clients": payments.iter().map(|payment| u64::from(payment.outcome.retries())).sum::<u64>(),
            "acknowledged": count(&|payment| payment.outcome.status == OperationStatus::Ok),
            "delivered_to_books": node.books().len() as u64 + turned_away,
            "turned_away_by_id": turned_away,
            "charged": count(&|payment| !payment.charges.is_empty()),
            "charged_more_than_once": count(&|payment| payment.charges.len() > 1),
        },
        "customers": {
            "meant_to_pay": payments.iter().filter(|payment| !payment.charges.is_empty()).map(|payment| u64::from(payment.amount)).sum::<u64>(),
            "paid": node.books().iter().map(|charge| u64::from(charge.amount)).sum::<u64>(),
            "say": payments.iter().filter_map(complaint).take(COMPLAINTS_MAX).collect::<Vec<Value>>(),
        },
    }));
}

fn payments<'a>(
    seen: &Seen<'_, Node>,
    outcomes: &'a [OperationOutcome],
    charges: &'a BTreeMap<OpId, Vec<Charge>>,
) -> Vec<Payment<'a>> {
    let asked = seen.answers.iter().zip(outcomes).zip(0..);
    let payment = |(((request, _), outcome), number): ((&(Request, _), &'a OperationOutcome), u32)| {
        let Request::Pay { account, amount } = *request else { return None };
        let operation = OpId(number);
        let charges = charges.get(&operation).map_or(&[][..], Vec::as_slice);
        Some(Payment { operation, account, amount, outcome, charges })
    };
    asked.filter_map(payment).collect()
}

/// Whether what was acknowledged is charged, and what is charged was asked. How often is the monitor's question.
fn judge(payments: &[Payment<'_>], charges: &BTreeMap<OpId, Vec<Charge>>) -> Verdict {
    for Payment { operation, account, amount, outcome, charges } in payments {
        let number = operation.0;
        if outcome.status == OperationStatus::Ok && charges.is_empty() {
            let why = format!("payment {number} of {amount} by account {account} was acknowledged, and is not in the books");
            return Verdict::Violation(why);
        }
        let is_right = |charge: &Charge| charge.account == *account && charge.amount == *amount;
        if let Some(charge) = charges.iter().find(|charge| !is_right(charge)) {
            let Charge { account: other, amount: much, .. } = charge;
            let why = format!("payment {number} is of {amount} by account {account}, and {much} is charged to account {other}");
            return Verdict::Violation(why);
        }
    }
    let known = |operation: &OpId| payments.binary_search_by_key(operation, |payment| payment.operation).is_ok();
    let strange = charges.keys().find(|operation| !known(operation));
    strange.map_or(Verdict::Ok, |operation| Verdict::Violation(format!("nobody asked for charge {}", operation.0)))
}

/// What a customer says who was charged more than once.
fn complaint(payment: &Payment<'_>) -> Option<Value> {
    let Payment { operation, account, amount, charges, .. } = payment;
    let times = charges.len() as u64;
    (times > 1).then(|| {
        json!({
            "account": account,
            "payment": operation.0,
            "says": format!("I paid {amount} once, and was charged {times} times, {} in all.", times * u64::from(*amount)),
            "charged_at_sec": charges.iter().map(|charge| seconds(charge.at)).collect::<Vec<f64>>(),
        })
    })
}
