//! Judges a counter by its final values: they must be the sum of what was added. Additions whose clients were never told may
//! have taken effect or not. Reads along the way are not judged here.

use crate::Verdict;
use std::collections::BTreeSet;

/// An addition that a client asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Addition {
    /// How much; negative takes away.
    pub amount: i64,
    /// Whether the client was told that it took effect. If not, it may have.
    pub acknowledged: bool,
}

/// A replica's value at the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Final {
    /// The replica's number.
    pub replica: u32,
    /// What it reads.
    pub value: i64,
}

/// Different sums of unacknowledged additions that are kept apart; beyond, only bounds are judged.
const SUMS_MAX: usize = 1 << 16;

/// Holds when every final value is the sum of all acknowledged additions and some of the others. While the replicas are not
/// `settled` they may lack additions of others, so that only what no set of additions can explain is a violation.
pub fn judge(additions: &[Addition], finals: &[Final], settled: bool) -> Verdict {
    if finals.is_empty() {
        return Verdict::Unknown("no replica was up at the end".to_string());
    }
    let certain: i128 =
        additions.iter().filter(|addition| addition.acknowledged).map(|addition| i128::from(addition.amount)).sum();
    let uncertain: Vec<i128> =
        additions.iter().filter(|addition| !addition.acknowledged).map(|addition| i128::from(addition.amount)).collect();
    // A replica counts in 64 bits; a judge of what lies beyond would judge the width of its numbers.
    let volume: u128 = additions.iter().map(|addition| u128::from(addition.amount.unsigned_abs())).sum();
    if volume > i64::MAX as u128 {
        return Verdict::Unknown(format!("the additions amount to {volume} in all, more than a 64-bit counter holds"));
    }
    if !settled {
        let every: Vec<i128> = additions.iter().map(|addition| i128::from(addition.amount)).collect();
        return match finals.iter().find(|found| !within(&every, i128::from(found.value))) {
            Some(found) => Verdict::Violation(impossible(found, &every)),
            None => Verdict::Unknown("the replicas had not settled at the end".to_string()),
        };
    }
    let sums = reachable(&uncertain);
    let mut doubtful = false;
    for found in finals {
        let rest = i128::from(found.value) - certain;
        let possible = sums.as_ref().map_or_else(|| within(&uncertain, rest), |sums| sums.contains(&rest));
        if !possible {
            return Verdict::Violation(wrong(found, certain, uncertain.len()));
        }
        doubtful |= sums.is_none();
    }
    if doubtful {
        return Verdict::Unknown(format!("{} unacknowledged additions have more than {SUMS_MAX} sums", uncertain.len()));
    }
    Verdict::Ok
}

/// Whether `value` lies between taking all negative amounts only and taking all positive ones only.
fn within(amounts: &[i128], value: i128) -> bool {
    let (low, high) = bounds(amounts);
    (low..=high).contains(&value)
}

fn bounds(amounts: &[i128]) -> (i128, i128) {
    (amounts.iter().filter(|amount| **amount < 0).sum(), amounts.iter().filter(|amount| **amount > 0).sum())
}

/// Every sum of some of the amounts; `None` when they are too many.
fn reachable(amounts: &[i128]) -> Option<BTreeSet<i128>> {
    let mut sums = BTreeSet::from([0]);
    for amount in amounts {
        let more: Vec<i128> = sums.iter().map(|sum| sum + amount).collect();
        sums.extend(more);
        if sums.len() > SUMS_MAX {
            return None;
        }
    }
    Some(sums)
}

fn impossible(found: &Final, amounts: &[i128]) -> String {
    let (low, high) = bounds(amounts);
    format!("n{} reads {}, but whatever it has seen of the additions lies within {low}..={high}", found.replica, found.value)
}

fn wrong(found: &Final, certain: i128, uncertain: usize) -> String {
    let also = match uncertain {
        0 => String::new(),
        1 => ", and the one unacknowledged addition does not explain the difference".to_string(),
        more => format!(", and no choice among {more} unacknowledged additions explains the difference"),
    };
    format!("n{} reads {}, but the acknowledged additions sum to {certain}{also}", found.replica, found.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sure: &[i64], maybe: &[i64], finals: &[i64], settled: bool, expect: &str) {
        let additions = |amounts: &[i64], acknowledged| {
            amounts.iter().map(|&amount| Addition { amount, acknowledged }).collect::<Vec<Addition>>()
        };
        let all = [additions(sure, true), additions(maybe, false)].concat();
        let finals: Vec<Final> = finals.iter().zip(0..).map(|(&value, replica)| Final { replica, value }).collect();
        let verdict = judge(&all, &finals, settled);
        let text = format!("{}: {}", verdict.name(), verdict.evidence());
        assert!(text.starts_with(expect), "{text:?} does not start with {expect:?}");
    }

    #[test]
    fn clean_ends_pass() {
        check(&[], &[], &[0, 0], true, "ok");
        check(&[5, 3, -2], &[], &[6, 6, 6], true, "ok");
        check(&[5], &[7, -1], &[11], true, "ok");
        check(&[5], &[7, -1], &[5], true, "ok");
        check(&[5, 3], &[], &[5, 8], false, "unknown: the replicas had not settled");
        check(&[i64::MAX], &[], &[i64::MAX], true, "ok");
    }

    #[test]
    fn planted_ends_are_caught() {
        check(&[5, 3], &[], &[8, 13], true, "violation: n1 reads 13, but the acknowledged additions sum to 8");
        check(&[5, 3], &[], &[5, 5], true, "violation: n0 reads 5");
        check(&[5], &[7, -1], &[6], true, "violation: n0 reads 6");
        check(&[5, 3], &[], &[9, 8], false, "violation: n0 reads 9, but whatever it has seen of the additions lies within 0..=8");
        check(&[5, -3], &[], &[-4], false, "violation: n0 reads -4");
        check(&[], &[], &[], true, "unknown");
    }

    #[test]
    fn the_sums_agree_with_every_subset() {
        // All multisets of three unacknowledged amounts from -2..=2 against every value around them.
        for amounts in (0..125).map(|code| [code % 5 - 2, code / 5 % 5 - 2, code / 25 - 2]) {
            for value in -8..=8 {
                let explained = (0..8).any(|subset| {
                    (0..3).filter(|bit| subset >> bit & 1 == 1).map(|bit| amounts[bit as usize]).sum::<i64>() == value - 1
                });
                check(&[1], &amounts, &[value], true, if explained { "ok" } else { "violation" });
            }
        }
    }

    #[test]
    fn too_many_sums_are_admitted_to_be_unknown() {
        let powers: Vec<i64> = (0..20).map(|bit| 1 << bit).collect();
        check(&[], &powers, &[12_345], true, "unknown: 20 unacknowledged additions");
        check(&[], &powers, &[-1], true, "violation");
    }
}
