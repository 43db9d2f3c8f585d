//! What struck, and what never could: each fault by itself while they are few, by kinds when they are many.

use super::figures::{count, counted, duration};
use super::heading;
use super::layout::{Style, paragraph};
use crate::plan::Plan;
use crate::report::strikes::{Deeds, Fate, by_kind, fate, is_end, told, words};
use crate::units::show_nanos;
use quorate_engine::Time;
use quorate_engine::fault::{Fault, Timed};
use quorate_engine::outcome::{Outcome, Strike};
use quorate_engine::time::show;
use std::collections::{BTreeMap, BTreeSet};

/// More faults than this are told of by their kinds.
const EACH_MAX: usize = 24;

pub(super) fn struck(style: Style, plan: &Plan, outcome: &Outcome) -> String {
    let mut text = heading(style, "What struck");
    let (did, never): (Vec<&Strike>, Vec<&Strike>) =
        outcome.strikes.iter().partition(|strike| fate(strike, outcome.ended) == Fate::Struck);
    let changes = plan.network.changes.iter().filter(|change| change.at < outcome.ended);
    let mut rows: Vec<(Time, String, String)> =
        changes.map(|change| (change.at, seconds(change.at), change.to_string())).collect();
    let each = together(&did, outcome.ended);
    if each.len() <= EACH_MAX {
        rows.extend(each.into_iter().map(|(what, deeds)| row(&what, &deeds)));
    } else {
        let kinds = by_kind(outcome).into_iter().filter(|(_, deeds)| deeds.first.is_some());
        rows.extend(kinds.map(|(kind, deeds)| of_kind(kind, &deeds)));
    }
    rows.sort_by_key(|(at, ..)| *at);
    if rows.is_empty() {
        text += "  nothing\n";
    }
    for (_, when, what) in rows {
        text += &paragraph(&format!("  {when:>8}  "), &what);
    }
    text += &besides(outcome);
    text + &never_could(style, plan, outcome, &never)
}

fn seconds(at: Time) -> String {
    duration(at.seconds())
}

/// Faults of the same words, as a flapping partition has many, with what they did together.
fn together(strikes: &[&Strike], ended: Time) -> Vec<(String, Deeds)> {
    let mut all: Vec<(String, Deeds)> = Vec::new();
    let mut places = BTreeMap::new();
    for strike in strikes {
        let what = told(strike);
        // What ends has a number; of all that end at one instant, people want no list.
        let number = match strike.planned.fault {
            Fault::Heal(number) | Fault::Mend(number) => Some(number),
            _ => None,
        };
        let place = *places.entry((what.clone(), number)).or_insert_with(|| {
            all.push((what, Deeds::default()));
            all.len() - 1
        });
        all[place].1.add(strike, ended);
    }
    let mut merged: Vec<(String, Deeds)> = Vec::new();
    for (what, deeds) in all {
        let same =
            |(other, known): &&mut (String, Deeds)| *other == what && (known.first, known.last) == (deeds.first, deeds.last);
        match merged.iter_mut().find(same) {
            Some((_, known)) => known.join(&deeds),
            None => merged.push((what, deeds)),
        }
    }
    merged
}

fn row(what: &str, deeds: &Deeds) -> (Time, String, String) {
    let first = deeds.first.unwrap_or(Time::ZERO);
    (first, seconds(first), format!("{what}: {}", done(what, deeds)))
}

fn of_kind(kind: &str, deeds: &Deeds) -> (Time, String, String) {
    let first = deeds.first.unwrap_or(Time::ZERO);
    let did = count(deeds.planned - deeds.never);
    let of = if deeds.never > 0 { format!(" of {}", count(deeds.planned)) } else { String::new() };
    (first, seconds(first), format!("{kind}, {did}{of}: {}", done(kind, deeds)))
}

/// What the faults did.
fn done(what: &str, deeds: &Deeds) -> String {
    let touched = match what.split(' ').next() {
        Some("heal") => format!("ended {}", counted(deeds.touched, "partition")),
        Some("mend") => format!("ended {}", counted(deeds.touched, "degradation")),
        _ => format!("{} touched", counted(deeds.touched, "node")),
    };
    let mut parts = vec![touched];
    for (number, thing, how) in [
        (deeds.messages_lost, "message", "lost"),
        (deeds.messages_changed, "message", "late, doubled or changed"),
        (deeds.records_lost, "record", "lost"),
    ] {
        if number > 0 {
            parts.push(format!("{} {how}", counted(number, thing)));
        }
    }
    if let Some(last) = deeds.last.filter(|last| deeds.times > 1 && Some(*last) != deeds.first) {
        parts.push(format!("{} times until {}", count(deeds.times), seconds(last)));
    }
    parts.join(", ")
}

/// What went wrong though no fault of the timeline did it at that instant.
fn besides(outcome: &Outcome) -> String {
    let mut text = String::new();
    let mut line = |what: &str| text += &paragraph("            ", what);
    if outcome.overflows > 0 {
        line(&format!("{} out of memory, for want of room in an inbox", counted(outcome.overflows.into(), "crash")));
    }
    let mut broken: Vec<_> = outcome.clock_bounds.iter().filter_map(|bound| Some((bound.broken?, bound))).collect();
    broken.sort_by_key(|(at, bound)| (*at, bound.node));
    if let Some((at, first)) = broken.first() {
        let more = match broken.len() - 1 {
            0 => String::new(),
            more => format!("; so were {} more", count(more as u64)),
        };
        line(&format!(
            "the clock of {} was off by up to {} and said to be within {}, from {} on{more}",
            first.node,
            show(first.most_ns),
            show_nanos(first.bound_ns.into()),
            seconds(*at)
        ));
    }
    text
}

fn never_could(style: Style, plan: &Plan, outcome: &Outcome, never: &[&Strike]) -> String {
    // Of what waits for something or for somebody, its end need not be told apart.
    let begun: BTreeSet<String> = outcome
        .strikes
        .iter()
        .filter(|strike| !is_end(&strike.planned.fault))
        .filter_map(|strike| pair(&strike.planned))
        .collect();
    let apart =
        |strike: &&&Strike| !is_end(&strike.planned.fault) || pair(&strike.planned).is_none_or(|pair| !begun.contains(&pair));
    let mut rows: Vec<(Time, String)> = Vec::new();
    let mut told: Vec<(String, String, Time)> = Vec::new();
    let mut known = BTreeSet::new();
    for strike in never.iter().filter(apart) {
        let mut planned = strike.planned.clone();
        // What would have come and gone after one thing that did not happen is told once.
        planned.trigger.iter_mut().for_each(|trigger| trigger.after = 0);
        let why = fate(strike, outcome.ended).why(&planned).unwrap_or_default();
        if known.insert((words(&planned, false), why.clone(), planned.at)) {
            told.push((words(&strike.planned, false), why, planned.at));
        }
    }
    if told.len() <= EACH_MAX {
        rows.extend(told.into_iter().map(|(what, why, at)| (at, format!("{what}: {why}"))));
    } else {
        let mut reasons: Vec<(String, u64, Time)> = Vec::new();
        for (_, why, at) in told {
            match reasons.iter_mut().find(|(known, ..)| *known == why) {
                Some((_, number, _)) => *number += 1,
                None => reasons.push((why, 1, at)),
            }
        }
        rows.extend(reasons.into_iter().map(|(why, number, at)| (at, format!("{}: {why}", counted(number, "fault")))));
    }
    let late = plan.network.changes.iter().filter(|change| change.at >= outcome.ended);
    rows.extend(late.map(|change| (change.at, format!("{change}: its time did not come"))));
    if rows.is_empty() {
        return String::new();
    }
    rows.sort_by_key(|(at, _)| *at);
    let rows = rows.into_iter().map(|(at, what)| paragraph(&format!("  {:>8}  ", seconds(at)), &what));
    heading(style, "What never could") + &rows.collect::<String>()
}

/// What a fault that waits, or that finds its node in the run, has in common with its end.
fn pair(timed: &Timed) -> Option<String> {
    let Timed { at, trigger, whom, .. } = timed;
    match (trigger, whom) {
        (Some(trigger), _) => Some(format!("{at} {:?} {:?} {:?} {whom:?}", trigger.on, trigger.by, trigger.nth)),
        (None, Some(whom)) => Some(format!("{whom:?}")),
        (None, None) => None,
    }
}
