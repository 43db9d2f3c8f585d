//! Judges what became of writes by the log that survived, where there is one: every acknowledged write is in it, once, none comes before
//! one that it followed in real time, and none is in it that nobody asked for. Much cheaper than a search over what clients saw, and the
//! evidence names the write; but it believes the log, so it stands beside the search and not in its place.

use crate::Verdict;
use std::collections::BTreeMap;

/// A write that a client asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Write {
    /// Its number, which the log knows it by.
    pub number: u32,
    /// What it is called in the evidence.
    pub name: String,
    /// When it was sent, in ns.
    pub invoke: u64,
    /// When its client was told that it took effect; `None` when that did not happen: then it may have or not.
    pub acknowledged: Option<u64>,
}

/// How many lost writes the evidence names.
const NAMED_MAX: usize = 5;

/// Holds when the log, a list of numbers, is one that its writers were promised.
pub fn judge(writes: &[Write], log: &[u32]) -> Verdict {
    let by_number: BTreeMap<u32, &Write> = writes.iter().map(|write| (write.number, write)).collect();
    let mut places: BTreeMap<u32, usize> = BTreeMap::new();
    let mut latest: Option<&Write> = None;
    for (place, number) in log.iter().enumerate() {
        let Some(write) = by_number.get(number) else {
            return Verdict::Violation(format!("entry {} of the log is write {number}, which nobody asked for", place + 1));
        };
        if let Some(before) = places.insert(*number, place) {
            return Verdict::Violation(format!("{} took effect twice: entries {} and {}", write.name, before + 1, place + 1));
        }
        if let (Some(end), Some(latest)) = (write.acknowledged, latest)
            && end < latest.invoke
        {
            return Verdict::Violation(format!(
                "{} was acknowledged before {} was asked for, and comes after it in the log",
                write.name, latest.name
            ));
        }
        if latest.is_none_or(|latest| write.invoke > latest.invoke) {
            latest = Some(write);
        }
    }
    let lost = lost(writes, log);
    if lost.is_empty() {
        return Verdict::Ok;
    }
    let shown: Vec<&str> = lost.iter().take(NAMED_MAX).map(|write| write.name.as_str()).collect();
    let more = lost.len().saturating_sub(NAMED_MAX);
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    Verdict::Violation(format!("acknowledged and lost: {}{tail}", shown.join(", ")))
}

/// The acknowledged writes that are not in the log.
pub fn lost<'a>(writes: &'a [Write], log: &[u32]) -> Vec<&'a Write> {
    let mut kept = log.to_vec();
    kept.sort_unstable();
    writes.iter().filter(|write| write.acknowledged.is_some() && kept.binary_search(&write.number).is_err()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(log: &[u32], expect: &str) {
        // 1 and 2 one after the other, 3 beside both, 4 never acknowledged.
        let write = |number: u32, invoke, acknowledged| Write { number, name: format!("w{number}"), invoke, acknowledged };
        let writes = [write(1, 10, Some(20)), write(2, 30, Some(40)), write(3, 5, Some(50)), write(4, 35, None)];
        let verdict = judge(&writes, log);
        let text = format!("{}: {}", verdict.name(), verdict.evidence());
        assert!(text.starts_with(expect), "{text:?} does not start with {expect:?}");
    }

    #[test]
    fn clean_logs_pass() {
        check(&[1, 2, 3], "ok");
        check(&[3, 1, 2], "ok");
        check(&[1, 3, 4, 2], "ok");
        check(&[1, 2, 3, 4], "ok");
    }

    #[test]
    fn planted_losses_are_named() {
        check(&[1, 3], "violation: acknowledged and lost: w2");
        check(&[], "violation: acknowledged and lost: w1, w2, w3");
        check(&[2, 1, 3], "violation: w1 was acknowledged before w2 was asked for, and comes after it");
        check(&[4, 1, 3, 2], "violation: w1 was acknowledged before w4");
        check(&[1, 2, 3, 1], "violation: w1 took effect twice: entries 1 and 4");
        check(&[1, 7, 2, 3], "violation: entry 2 of the log is write 7, which nobody asked for");
    }
}
