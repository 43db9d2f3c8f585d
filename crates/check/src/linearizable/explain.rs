//! A violation in words: the operation that fits nowhere, an order of what ended before it, what was under way at the time, and a few
//! operations that are a violation by themselves, drawn against time.
//!
//! An explanation may cost about as many steps again as the search that it explains. When they are used up, less is told.

use super::part::{Part, Respect, is_owed};
use super::refute::Refuted;
use super::search::{Progress, Running};
use super::{shrink, timeline, words};
use crate::Verdict;
use crate::budget::Budget;
use crate::checks::Judgement;
use serde_json::Value as Json;
use std::fmt::Write;

/// Operations at the end of an order, and open ones, that are told to people and to programs.
const TOLD_MAX: usize = 5;
const LISTED_MAX: usize = 100;
/// Steps that every explanation may take, however soon the search ended.
const STEPS_LEAST: u64 = 300_000;
/// And more for a longer history: enough to go through a right one a few times.
const STEPS_PER_OPERATION: u64 = 20;

/// What may still be spent on an explanation.
pub(super) struct Allowance<'b, 'c> {
    budget: &'b mut Budget<'c>,
    left: u64,
}

impl<'b, 'c> Allowance<'b, 'c> {
    fn new(budget: &'b mut Budget<'c>, part: &Part<'_>) -> Allowance<'b, 'c> {
        let least = STEPS_LEAST + STEPS_PER_OPERATION * part.operations.len() as u64;
        let left = budget.steps().saturating_add(least);
        Allowance { budget, left }
    }

    /// Whether there is an order of these operations; `None` when it would cost too much to know.
    pub(super) fn has_order(&mut self, part: &Part<'_>, operations: &[u32], cut: Option<i64>) -> Option<bool> {
        let mut search = part.search(operations, cut);
        self.run(&mut *search)
    }

    /// Pays for looking at so many operations without a search; `None` when that is too much.
    pub(super) fn look(&mut self, operations: usize) -> Option<()> {
        const LOOKED_AT_PER_STEP: u64 = 16;
        self.left = self.left.checked_sub(operations as u64 / LOOKED_AT_PER_STEP + 1)?;
        Some(())
    }

    fn run(&mut self, search: &mut dyn Running) -> Option<bool> {
        let before = self.budget.steps();
        let progress = search.run(self.budget, self.left, 0);
        // An operation costs something even where it is never tried.
        self.left = self.left.saturating_sub(self.budget.steps() - before + 1);
        match progress {
            Ok(Progress::Placed) => Some(true),
            Ok(Progress::Stuck) => Some(false),
            Ok(Progress::More) | Err(_) => None,
        }
    }
}

/// A part of which the search found that it has no order.
pub(super) fn violation(part: &Part<'_>, search: &dyn Running, budget: &mut Budget<'_>) -> Judgement {
    let passed = search.passed().1;
    let mut allowance = Allowance::new(budget, part);
    match part.respect {
        Respect::RealTime => in_time(part, Hint::Passes(passed), None, &mut allowance),
        Respect::ProgramOrder => without_time(part, None, &mut allowance),
    }
}

/// A history of which an operation is wrong by itself.
pub(super) fn refuted(parts: &[Part<'_>], refuted: Refuted, budget: &mut Budget<'_>) -> Judgement {
    let part = parts.iter().find(|part| part.operations.contains(&refuted.operation)).expect("the operation is in some part");
    let mut allowance = Allowance::new(budget, part);
    match part.respect {
        Respect::RealTime => in_time(part, Hint::Refutes(refuted.operation), Some(&refuted), &mut allowance),
        Respect::ProgramOrder => without_time(part, Some(&refuted), &mut allowance),
    }
}

/// What is known of the first response at which there is no order of what happened by then.
enum Hint {
    /// So many responses can be passed.
    Passes(usize),
    /// This operation's cannot.
    Refutes(u32),
}

/// What had happened when some operations had ended.
pub(super) struct Prefix {
    /// Those that had begun.
    pub(super) operations: Vec<u32>,
    /// When the last of those had ended.
    pub(super) end: Option<i64>,
}

fn in_time(part: &Part<'_>, hint: Hint, refuted: Option<&Refuted>, allowance: &mut Allowance<'_, '_>) -> Judgement {
    let history = part.history;
    let operation = |index: u32| &history.operations[index as usize];
    let ends = ends(part);
    let first = first_misfit(part, &ends, &hint, allowance);
    let place = match (first, refuted) {
        (Some(first), _) => first,
        (None, Some(refuted)) => end_of(part, &ends, refuted.operation),
        (None, None) => {
            let text = format!(
                "{}there is no order; which operation is the first that fits into none, was not found in time",
                name(part)
            );
            return Verdict::Violation(text).into();
        }
    };
    let End { at: end, operation: last, .. } = ends[place];
    let last = match first {
        Some(_) => culprit(part, end, last, allowance),
        None => last,
    };
    let is_there = |refuted: &&Refuted| operation(refuted.operation).response == Some(end);
    let misfit = refuted.filter(is_there).map_or(last, |refuted| refuted.operation);
    let with_key = part.keys.len() > 1;
    let mut text = match refuted.filter(|refuted| refuted.operation == misfit) {
        Some(refuted) => refuted.why.clone(),
        None => format!("{}{} fits into no order", name(part), words::sentence(history, operation(misfit), with_key)),
    };
    let mut judgement = Judgement::from(Verdict::Ok).with("unplaceable", operation(misfit).id);
    if first.is_some() {
        let ended = place.checked_sub(1).map(|before| &ends[before]);
        judgement = judgement.with("prefix", ended.map_or(0, |end| end.ended));
        text += &told_before(part, ended, end, misfit, &mut judgement, allowance);
    }
    let whole = Prefix { operations: begun(part, end), end: Some(end) };
    if let Some(minimal) = shrink::around(part, &whole, misfit, allowance) {
        text += &drawn(part, &minimal, Some(misfit), &mut judgement);
    }
    judgement.verdict = Verdict::Violation(text);
    judgement
}

/// Of several operations that ended at one instant, one without which the rest has an order; `last` if there is none such, or no time.
fn culprit(part: &Part<'_>, end: i64, last: u32, allowance: &mut Allowance<'_, '_>) -> u32 {
    const TRIED_MAX: usize = 8;
    let operation = |index: u32| &part.history.operations[index as usize];
    let begun = begun(part, end);
    let ended = |index: &u32| is_owed(operation(*index)) && operation(*index).response == Some(end);
    let together: Vec<u32> = begun.iter().copied().filter(ended).collect();
    if together.len() == 1 {
        return last;
    }
    let is_fit_without = |index: &u32| {
        let others: Vec<u32> = begun.iter().copied().filter(|other| other != index).collect();
        allowance.has_order(part, &others, Some(end)) == Some(true)
    };
    together.into_iter().take(TRIED_MAX).find(is_fit_without).unwrap_or(last)
}

/// An instant at which operations ended.
struct End {
    at: i64,
    /// One of those that ended then.
    operation: u32,
    /// How many had ended, these included.
    ended: usize,
}

/// The instants at which operations of the part ended whose answers bind.
fn ends(part: &Part<'_>) -> Vec<End> {
    let operation = |index: u32| &part.history.operations[index as usize];
    let owed = part.operations.iter().filter(|index| is_owed(operation(**index)));
    let mut responses: Vec<(i64, u32)> = owed.filter_map(|index| Some((operation(*index).response?, *index))).collect();
    responses.sort_unstable();
    let mut ends: Vec<End> = Vec::new();
    for ((at, operation), ended) in responses.into_iter().zip(1..) {
        match ends.last_mut().filter(|last| last.at == at) {
            Some(last) => *last = End { at, operation, ended },
            None => ends.push(End { at, operation, ended }),
        }
    }
    ends
}

fn end_of(part: &Part<'_>, ends: &[End], operation: u32) -> usize {
    let response = part.history.operations[operation as usize].response;
    ends.iter().position(|end| Some(end.at) == response).expect("it was answered")
}

/// The first end at which what had happened by then has no order.
fn first_misfit(part: &Part<'_>, ends: &[End], hint: &Hint, allowance: &mut Allowance<'_, '_>) -> Option<usize> {
    let mut fits = |count: usize| allowance.has_order(part, &begun(part, ends[count - 1].at), Some(ends[count - 1].at));
    // Invariant: so many ends can be passed, and so many cannot.
    let (mut good, mut bad) = (0, ends.len());
    match *hint {
        Hint::Passes(passed) => {
            good = ends.partition_point(|end| end.ended <= passed).min(ends.len() - 1);
            let mut step = 1;
            while good + step < bad {
                match fits(good + step)? {
                    true => good += step,
                    false => bad = good + step,
                }
                step *= 2;
            }
        }
        Hint::Refutes(wrong) => {
            bad = 1 + end_of(part, ends, wrong);
            if bad > 1 && fits(bad - 1)? {
                good = bad - 1;
            }
        }
    }
    while good + 1 < bad {
        let middle = good + (bad - good) / 2;
        if fits(middle)? { good = middle } else { bad = middle }
    }
    Some(good)
}

/// What had begun by then.
fn begun(part: &Part<'_>, until: i64) -> Vec<u32> {
    let is_begun = |index: &u32| part.history.operations[*index as usize].invoke <= until;
    part.operations.iter().copied().filter(is_begun).collect()
}

/// An order of what had ended before that, and what was under way.
fn told_before(
    part: &Part<'_>,
    before: Option<&End>,
    end: i64,
    misfit: u32,
    judgement: &mut Judgement,
    allowance: &mut Allowance<'_, '_>,
) -> String {
    let history = part.history;
    let with_key = part.keys.len() > 1;
    let cut = before.map_or(i64::MIN, |end| end.at);
    let ended = before.map_or(0, |end| end.ended);
    let mut others = begun(part, end);
    others.retain(|index| *index != misfit);
    let mut search = part.search(&others, Some(cut));
    if allowance.run(&mut *search) != Some(true) {
        // What it did may have been seen before it was answered.
        others = begun(part, end);
        search = part.search(&others, Some(cut));
        if allowance.run(&mut *search) != Some(true) {
            return String::new();
        }
    }
    let order = search.order();
    let ids = |operations: &[u32]| -> Json {
        operations.iter().map(|index| history.operations[*index as usize].id).collect::<Vec<i64>>().into()
    };
    judgement.facts.insert("order".to_string(), ids(&order[order.len().saturating_sub(LISTED_MAX)..]));
    let mut text = match ended {
        0 => format!("\nbefore it nothing had ended, and {}", search.tell(&history.names)),
        1 => "\nthe only operation that had ended before does: ".to_string(),
        _ => format!("\nthe {ended} operations that had ended before {} do: ", words::time(history, end)),
    };
    if ended > 0 {
        if let Some(more @ 1..) = order.len().checked_sub(TOLD_MAX) {
            let _ = write!(text, "{more} others, then ");
        }
        for index in &order[order.len().saturating_sub(TOLD_MAX)..] {
            let _ = write!(text, "{}, ", words::sentence(history, &history.operations[*index as usize], with_key));
        }
        let _ = write!(text, "and {}", search.tell(&history.names));
    }
    let mut placed = order;
    placed.sort_unstable();
    let is_open = |index: &u32| {
        let has_ended = history.operations[*index as usize].response.is_some_and(|response| response <= cut);
        !has_ended && placed.binary_search(index).is_err()
    };
    let open: Vec<u32> = others.iter().copied().filter(is_open).filter(|index| *index != misfit).collect();
    judgement.facts.insert("open".to_string(), ids(&open[open.len().saturating_sub(LISTED_MAX)..]));
    if !open.is_empty() {
        let shown = open
            .iter()
            .rev()
            .take(TOLD_MAX)
            .map(|index| words::under_way(history, &history.operations[*index as usize], with_key));
        let _ = write!(text, "\nstill under way then: {}", shown.collect::<Vec<_>>().join(", "));
        if open.len() > TOLD_MAX {
            let _ = write!(text, " and {} more", open.len() - TOLD_MAX);
        }
    }
    text
}

fn without_time(part: &Part<'_>, refuted: Option<&Refuted>, allowance: &mut Allowance<'_, '_>) -> Judgement {
    let mut text = match refuted {
        Some(refuted) => refuted.why.clone(),
        None => format!("{}there is no order of all operations that keeps each process's own", name(part)),
    };
    let mut judgement = Judgement::from(Verdict::Ok);
    let whole = Prefix { operations: part.operations.clone(), end: None };
    if let Some(minimal) = shrink::anywhere(part, &whole, refuted.map(|refuted| refuted.operation), allowance) {
        text += &drawn(part, &minimal, refuted.map(|refuted| refuted.operation), &mut judgement);
    }
    judgement.verdict = Verdict::Violation(text);
    judgement
}

fn drawn(part: &Part<'_>, minimal: &[u32], misfit: Option<u32>, judgement: &mut Judgement) -> String {
    let ids: Vec<i64> = minimal.iter().map(|index| part.history.operations[*index as usize].id).collect();
    judgement.facts.insert("minimal".to_string(), ids.into());
    timeline::draw(part, minimal, misfit)
}

fn name(part: &Part<'_>) -> String {
    let name = part.name();
    if name.is_empty() { name } else { format!("{name}: ") }
}
