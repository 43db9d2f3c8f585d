//! Judges registers by their final values: a value must come from a write of that key, and must not be one that the author of
//! an acknowledged write had seen and overwritten. Concurrent writes may win in any order; the history of reads in between is
//! not judged here.

use crate::Verdict;
use std::collections::BTreeMap;

/// A write, with a value that no other write has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Write {
    /// The register.
    pub key: u32,
    /// What was written.
    pub value: u64,
    /// What the writing replica held under the key just before, if anything is known of it.
    pub over: Option<u64>,
    /// Whether the client was told that it took effect. If not, it may have.
    pub acknowledged: bool,
}

/// What one register reads at the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Final {
    /// The replica's number.
    pub replica: u32,
    /// The register.
    pub key: u32,
    /// Its value.
    pub value: u64,
}

/// Holds when no final value is invented, and none was overwritten, directly or through others, by an acknowledged write.
/// Replicas that are not `settled` may still hold what another has overwritten, so only inventions are violations then.
pub fn judge(writes: &[Write], finals: &[Final], settled: bool) -> Verdict {
    let by_value: BTreeMap<(u32, u64), &Write> = writes.iter().map(|write| ((write.key, write.value), write)).collect();
    for found in finals {
        if !by_value.contains_key(&(found.key, found.value)) {
            return Verdict::Violation(format!(
                "n{} reads {} under key {}, which nobody wrote there",
                found.replica, found.value, found.key
            ));
        }
    }
    if !settled {
        return Verdict::Unknown("the replicas had not settled at the end".to_string());
    }
    // For each value that an acknowledged write had come over, the first such write.
    let mut overwritten: BTreeMap<(u32, u64), u64> = BTreeMap::new();
    for write in writes.iter().filter(|write| write.acknowledged) {
        let mut older = write.over;
        while let Some(value) = older {
            if overwritten.insert((write.key, value), write.value).is_some() {
                break; // what is older still was noted before; a circle ends here too
            }
            older = by_value.get(&(write.key, value)).and_then(|older| older.over);
        }
    }
    for found in finals {
        if let Some(newer) = overwritten.get(&(found.key, found.value)) {
            return Verdict::Violation(format!(
                "n{} reads {} under key {}, but the acknowledged write of {newer} had come after it",
                found.replica, found.value, found.key
            ));
        }
    }
    Verdict::Ok
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes as (value, over, acknowledged), all to key 1.
    fn check(writes: &[(u64, Option<u64>, bool)], finals: &[u64], settled: bool, expect: &str) {
        let writes: Vec<Write> =
            writes.iter().map(|&(value, over, acknowledged)| Write { key: 1, value, over, acknowledged }).collect();
        let finals: Vec<Final> = finals.iter().zip(0..).map(|(&value, replica)| Final { replica, key: 1, value }).collect();
        let verdict = judge(&writes, &finals, settled);
        let text = format!("{}: {}", verdict.name(), verdict.evidence());
        assert!(text.starts_with(expect), "{text:?} does not start with {expect:?}");
    }

    #[test]
    fn clean_ends_pass() {
        check(&[], &[], true, "ok");
        check(&[(1, None, true), (2, Some(1), true)], &[2, 2], true, "ok");
        // Concurrent writes: either may win.
        check(&[(1, None, true), (2, None, true)], &[1, 1], true, "ok");
        check(&[(1, None, true), (2, None, true)], &[2, 2], true, "ok");
        // The overwriting write was never acknowledged: it may not have happened.
        check(&[(1, None, true), (2, Some(1), false)], &[1], true, "ok");
        check(&[(1, None, true), (2, Some(1), true)], &[1, 2], false, "unknown");
    }

    #[test]
    fn planted_ends_are_caught() {
        check(&[(1, None, true)], &[9], true, "violation: n0 reads 9 under key 1, which nobody wrote there");
        check(&[(1, None, true), (2, Some(1), true)], &[1, 1], true, "violation: n0 reads 1");
        // Through a write in between, itself unacknowledged.
        check(&[(1, None, true), (2, Some(1), false), (3, Some(2), true)], &[1], true, "violation");
        check(&[(1, None, true), (2, Some(1), false), (3, Some(2), true)], &[3, 2], true, "violation: n1 reads 2");
        check(&[(1, None, true)], &[9], false, "violation");
    }
}
