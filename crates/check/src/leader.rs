//! Judges elections: at most one leader a term (election safety; Ongaro and Ousterhout, "In search of an understandable consensus
//! algorithm", USENIX ATC 2014, figure 3), and, where leaders hold leases, at most one that believes it leads at an instant (Gray and
//! Cheriton, "Leases", SOSP 1989). Whether anybody is elected at all is not judged. Linear but for a map or a sort.

use crate::Verdict;
use crate::exclusion::{Span, overlap};
use std::collections::BTreeMap;

/// A node became leader, or said that it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Elected {
    /// The term, ballot or view.
    pub term: u64,
    /// The node.
    pub leader: u32,
    /// When, in ns.
    pub at: u64,
}

/// A time in which a node believed that it led.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Belief {
    /// The node.
    pub leader: u32,
    /// From when, in ns of simulated time, not of its clock.
    pub from: u64,
    /// Until when; `None` if it has not ended.
    pub until: Option<u64>,
}

/// Holds when no two nodes led in one term. A node may become leader of its term again and again.
pub fn judge_terms(elections: &[Elected]) -> Verdict {
    let mut leaders: BTreeMap<u64, &Elected> = BTreeMap::new();
    for elected in elections {
        let first = leaders.entry(elected.term).or_insert(elected);
        if first.leader != elected.leader {
            return Verdict::Violation(format!(
                "term {} has two leaders: n{} from {} and n{} from {}",
                elected.term, first.leader, first.at, elected.leader, elected.at
            ));
        }
    }
    Verdict::Ok
}

/// Holds when no two nodes believed at one instant that they led. A lease that begins when another ends is no offence.
pub fn judge_leases(beliefs: &[Belief]) -> Verdict {
    let mut by_leader: Vec<&Belief> = beliefs.iter().collect();
    by_leader.sort_by_key(|belief| (belief.leader, belief.from));
    // What one node says of itself is one time where it overlaps: a lease that is renewed early.
    let mut spans: Vec<Span> = Vec::new();
    for belief in by_leader {
        let (holder, from) = (i128::from(belief.leader), i128::from(belief.from));
        let to = belief.until.map_or(i128::MAX, i128::from);
        match spans.last_mut().filter(|span| span.holder == holder && from <= span.to) {
            Some(span) => span.to = span.to.max(to),
            None => spans.push(Span { holder, from, to, by: 0 }),
        }
    }
    match overlap(spans) {
        None => Verdict::Ok,
        Some((first, second)) => Verdict::Violation(format!(
            "n{} believed from {} on that it led, while n{} did, which had from {} on {}",
            second.holder,
            second.from,
            first.holder,
            first.from,
            if first.to == i128::MAX { "and does still".to_string() } else { format!("until {}", first.to) }
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Chance, expect};

    fn terms(elections: &[(u64, u32)], verdict: &str) {
        let elections: Vec<Elected> =
            elections.iter().zip(1..).map(|(&(term, leader), at)| Elected { term, leader, at }).collect();
        expect(&judge_terms(&elections), verdict);
    }

    fn leases(beliefs: &[(u32, u64, Option<u64>)], verdict: &str) {
        let beliefs: Vec<Belief> = beliefs.iter().map(|&(leader, from, until)| Belief { leader, from, until }).collect();
        expect(&judge_leases(&beliefs), verdict);
    }

    #[test]
    fn clean_elections_pass() {
        terms(&[], "ok");
        terms(&[(1, 0), (2, 1), (2, 1), (5, 0), (4, 2)], "ok");
        leases(&[], "ok");
        leases(&[(0, 0, Some(5)), (0, 4, Some(9)), (1, 9, None)], "ok");
    }

    #[test]
    fn planted_pairs_are_named() {
        terms(&[(1, 0), (2, 1), (2, 0)], "violation: term 2 has two leaders: n1 from 2 and n0 from 3");
        leases(
            &[(0, 0, Some(5)), (1, 4, Some(9))],
            "violation: n1 believed from 4 on that it led, while n0 did, which had from 0 on until 5",
        );
        leases(
            &[(0, 0, None), (1, 4, Some(9))],
            "violation: n1 believed from 4 on that it led, while n0 did, which had from 0 on and does",
        );
        leases(&[(0, 0, Some(4)), (0, 4, Some(9)), (1, 4, Some(5))], "violation");
    }

    fn against_all_pairs(seeds: std::ops::Range<u64>) -> [u64; 4] {
        let mut counts = [0; 4];
        for seed in seeds {
            let mut chance = Chance::new(seed);
            let elections: Vec<Elected> =
                (0..chance.below(6)).map(|at| Elected { term: chance.below(6), leader: chance.below(3) as u32, at }).collect();
            let clash = |a: &Elected, b: &Elected| a.term == b.term && a.leader != b.leader;
            let wanted = !elections.iter().any(|a| elections.iter().any(|b| clash(a, b)));
            assert_eq!(judge_terms(&elections) == Verdict::Ok, wanted, "seed {seed}: {elections:?}");
            counts[usize::from(wanted)] += 1;
            let beliefs: Vec<Belief> = (0..chance.below(5))
                .map(|_| {
                    let from = chance.below(20);
                    Belief {
                        leader: chance.below(3) as u32,
                        from,
                        until: (!chance.one_in(8)).then(|| from + 1 + chance.below(6)),
                    }
                })
                .collect();
            let leads = |belief: &Belief, at: u64| belief.from <= at && belief.until.is_none_or(|until| at < until);
            let wanted = (0..30).all(|at| {
                let mut leaders: Vec<u32> =
                    beliefs.iter().filter(|belief| leads(belief, at)).map(|belief| belief.leader).collect();
                leaders.dedup();
                leaders.iter().all(|leader| *leader == leaders[0])
            });
            assert_eq!(judge_leases(&beliefs) == Verdict::Ok, wanted, "seed {seed}: {beliefs:?}");
            counts[2 + usize::from(wanted)] += 1;
        }
        counts
    }

    #[test]
    fn small_elections_agree_with_all_pairs_and_instants() {
        let counts = against_all_pairs(0..2_000);
        assert!(counts.iter().all(|count| *count > 300), "{counts:?}");
    }

    #[test]
    #[ignore = "long"]
    fn many_small_elections_agree_with_all_pairs_and_instants() {
        println!("[terms violation, ok, leases violation, ok]: {:?}", against_all_pairs(0..100_000));
    }
}
