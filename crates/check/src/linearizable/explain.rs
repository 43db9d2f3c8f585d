//! A violation in words: the operation that fits nowhere, an order of what ended before it, and what was under way at the time.

use super::search::{Progress, Search, answered, result_of};
use super::{Model, Operation, Outcome, Part};
use std::fmt::Write;

/// Operations at the end of an order, and open ones, that are told.
const TOLD_MAX: usize = 5;

/// Why there is no order: the first end of an operation at which there is none of what had happened by then.
pub(super) fn violation<M: Model>(part: &Part<'_, M>, budget: u64) -> String {
    let operations = &part.operations;
    let mut ends: Vec<(u64, usize)> =
        operations.iter().map(|operation| answered(operation)).zip(0..).filter_map(|(end, index)| Some((end?, index))).collect();
    ends.sort_unstable();
    // What has no order has none when more follows.
    let lengths: Vec<usize> = (1..=ends.len()).collect();
    let fits = |length: &usize| {
        let history = prefix(part, &ends[..*length]);
        Search::new(&part.model, &history.iter().collect::<Vec<_>>()).run(budget) == Progress::Placed
    };
    let first = lengths.partition_point(fits);
    let Some((end, misfit)) = ends.get(first) else { return format!("{}there is no order", name(part)) };
    let mut text = format!("{}{} fits into no order", name(part), one(&part.model, operations[*misfit]));
    text += &before(part, prefix(part, &ends[..first]), *end, budget);
    text
}

/// What had happened when the last of these had ended: what ended later is open.
fn prefix<M: Model>(part: &Part<'_, M>, ends: &[(u64, usize)]) -> History<M> {
    let Some((end, _)) = ends.last() else { return Vec::new() };
    let mut ended: Vec<usize> = ends.iter().map(|(_, index)| *index).collect();
    ended.sort_unstable();
    let begun = part.operations.iter().zip(0..).filter(|(operation, _)| operation.invoke <= *end);
    let cut = |(operation, index): (&&Operation<M::Op, M::Result>, usize)| match ended.binary_search(&index) {
        Ok(_) => (*operation).clone(),
        Err(_) => Operation { response: None, outcome: Outcome::Unknown, ..(*operation).clone() },
    };
    begun.filter(|(operation, _)| !matches!(operation.outcome, Outcome::Refused)).map(cut).collect()
}

type History<M> = Vec<Operation<<M as Model>::Op, <M as Model>::Result>>;

/// An order of what had ended before that, and what was under way.
fn before<M: Model>(part: &Part<'_, M>, history: History<M>, end: u64, budget: u64) -> String {
    let mut search = Search::new(&part.model, &history.iter().collect::<Vec<_>>());
    if search.run(budget) != Progress::Placed {
        return String::new();
    }
    let (order, state) = without_the_unneeded(&part.model, search.order());
    let ended = history.iter().filter(|operation| operation.response.is_some()).count();
    let mut text = format!("\nthe {ended} operations that had ended before {} do: ", seconds(end));
    text += &match order.len().checked_sub(TOLD_MAX) {
        None | Some(0) => String::new(),
        Some(more) => format!("{more} others, then "),
    };
    for operation in order.iter().skip(order.len().saturating_sub(TOLD_MAX)) {
        let _ = write!(text, "{}, ", one(&part.model, operation));
    }
    let _ = write!(text, "and it {}", part.model.tell_state(&state));
    let is_open =
        |open: &&Operation<M::Op, M::Result>| open.response.is_none() && !order.iter().any(|placed| std::ptr::eq(*placed, *open));
    let open: Vec<_> = history.iter().filter(is_open).collect();
    if !open.is_empty() {
        let shown: Vec<String> = open.iter().rev().take(TOLD_MAX).map(|operation| asked(&part.model, operation)).collect();
        let _ = write!(text, "\nstill under way then: {}", shown.join(", "));
        if open.len() > TOLD_MAX {
            let _ = write!(text, " and {} more", open.len() - TOLD_MAX);
        }
    }
    text
}

/// The order without those open operations that it does not need, and the state that it leaves.
fn without_the_unneeded<'a, M: Model>(model: &M, order: Order<'a, M>) -> (Order<'a, M>, M::State) {
    let replay = |order: &Order<'a, M>| {
        order.iter().try_fold(model.initial(), |state, operation| model.step(&state, &operation.op, result_of(operation)))
    };
    let open: Vec<_> = order.iter().copied().filter(|operation| operation.response.is_none()).collect();
    let mut order = order;
    for candidate in open {
        let without: Order<'a, M> = order.iter().copied().filter(|operation| !std::ptr::eq(*operation, candidate)).collect();
        if replay(&without).is_some() {
            order = without;
        }
    }
    let state = replay(&order).expect("an order that was found can be gone through");
    (order, state)
}

type Order<'a, M> = Vec<&'a Operation<<M as Model>::Op, <M as Model>::Result>>;

/// What a search has found when its budget is used up.
pub(super) fn exhausted<M: Model>(part: &Part<'_, M>, search: &Search<'_, M>, budget: u64, open: usize) -> String {
    let (answered, passed) = search.passed();
    let more = if open > 1 { format!("; {} other parts are open too", open - 1) } else { String::new() };
    let which = name(part);
    format!("{which}the {budget} steps of the search are used up: it got past the end of {passed} of {answered} operations{more}")
}

fn name<M: Model>(part: &Part<'_, M>) -> String {
    if part.name.is_empty() { String::new() } else { format!("{}: ", part.name) }
}

/// `client 4's read 5 (2.1s to 2.3s)`.
pub(super) fn one<M: Model>(model: &M, operation: &Operation<M::Op, M::Result>) -> String {
    let told = model.tell(&operation.op, result_of(operation));
    let end = operation.response.map_or_else(|| "unanswered".to_string(), |response| format!("to {}", seconds(response)));
    format!("client {}'s {told} ({} {end})", operation.process, seconds(operation.invoke))
}

/// The same without an answer, which came later.
fn asked<M: Model>(model: &M, operation: &Operation<M::Op, M::Result>) -> String {
    let told = model.tell(&operation.op, None);
    format!("client {}'s {told} (from {})", operation.process, seconds(operation.invoke))
}

/// Exact to the microsecond, without trailing zeros.
pub(super) fn seconds(nanos: u64) -> String {
    let micros = nanos / 1_000;
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    format!("{}s", text.trim_end_matches('0').trim_end_matches('.'))
}
