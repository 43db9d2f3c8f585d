//! Measures how stale reads were, and judges that by a bound: in time, as Δ-atomicity does (Golab, Li and Shah, "Analyzing consistency
//! properties for fun and profit", PODC 2011), and in versions, as k-atomicity does (Aiyer, Alvisi and Bazzi, DISC 2005). For registers
//! under keys whose values are written once to their key, with the accesses of transactions taken one by one.
//!
//! What is measured is a **lower bound**: what a client can prove. A write is known to have taken effect once it was acknowledged or its
//! value was read, whichever response came first; a write of that key that was sent after that is *newer*, and
//! everything is newer than what was there at the start. A read that began when newer writes than the one it saw were known to have
//! taken effect is stale, by the time since the first of them was known, and by as many versions as there were of them. Writes side
//! by side are never newer than one another here, even if reads show an order, and a cas does not make what it replaced older than its times
//! do; so a read may have been staler than it says. That versions follow each other as writes do in real time is taken for granted.

use crate::Verdict;
use crate::budget::{Budget, Exhausted};
use crate::checks::Judgement;
use crate::history::{History, Model, Value};
use crate::traces::{Source, Trace};
use serde_json::json;
use std::collections::BTreeMap;

/// The models that can be judged.
pub const MODELS: &[Model] = &[Model::Register, Model::CasRegister, Model::MultiRegister, Model::Kv, Model::RwRegister];

/// How stale the reads of a history were at least.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Staleness {
    /// Reads that were measured; those whose writer cannot be told are not.
    pub reads: u64,
    /// How many of them were stale.
    pub stale: u64,
    /// The stalest in time.
    pub by_time: Option<Stale>,
    /// The stalest in versions.
    pub by_versions: Option<Stale>,
}

/// A stale read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stale {
    /// The id of the read's operation.
    pub read: i64,
    /// Since when it was known, as it began, that what it saw was replaced: how long, in the history's unit.
    pub time: u64,
    /// How many newer writes had taken effect for certain as it began.
    pub versions: u64,
    /// The read and what it saw, in words.
    pub told: String,
}

/// What is allowed; `None` is anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Bound {
    /// The longest time, in the history's unit.
    pub time_max: Option<u64>,
    /// The most versions.
    pub versions_max: Option<u64>,
}

/// Holds when no read is certain to have been staler than the bound. Facts: `reads`, `stale`, `time_max` and `versions_max`; of a
/// violation `operations`, the read.
pub fn judge(history: &History, bound: &Bound, budget: &mut Budget<'_>) -> Judgement {
    let trace = Trace::new(history);
    if let Some((event, text)) = trace.thin_air() {
        return Judgement::from(Verdict::Violation(text)).with("operations", json!([trace.id(event)]));
    }
    let staleness = match measure(history, budget) {
        Ok(staleness) => staleness,
        Err(exhausted) => return Verdict::Unknown(exhausted.to_string()).into(),
    };
    let time = staleness.by_time.as_ref().map_or(0, |stale| stale.time);
    let versions = staleness.by_versions.as_ref().map_or(0, |stale| stale.versions);
    let too_late = staleness.by_time.as_ref().filter(|stale| bound.time_max.is_some_and(|most| stale.time > most));
    let too_old = staleness.by_versions.as_ref().filter(|stale| bound.versions_max.is_some_and(|most| stale.versions > most));
    let judgement = match too_late.or(too_old) {
        Some(stale) => {
            let text = format!(
                "{} when that had been replaced for {} or longer, by {} newer writes or more",
                stale.told, stale.time, stale.versions
            );
            Judgement::from(Verdict::Violation(text)).with("operations", json!([stale.read]))
        }
        None => trace.clean(),
    };
    judgement.with("reads", staleness.reads).with("stale", staleness.stale).with("time_max", time).with("versions_max", versions)
}

/// Measures. A step of the budget is an access, of the sorts included.
pub fn measure(history: &History, budget: &mut Budget<'_>) -> Result<Staleness, Exhausted> {
    if !MODELS.contains(&history.model) {
        return Ok(Staleness::default());
    }
    let trace = Trace::new(history);
    let count = trace.events.len() as u64;
    budget.spend(3 * count * u64::from(64 - count.leading_zeros()))?;
    let effects = effects(&trace);
    let mut reads: BTreeMap<Value, Vec<Asked>> = BTreeMap::new();
    for event in 0..trace.events.len() {
        let since = match trace.source(event) {
            Some(Source::Initial) => i64::MIN,
            Some(Source::Write(write)) => match effects[*write] {
                Some(known) => known,
                // Only an unknown cas saw it, whose own value somebody read.
                None => continue,
            },
            _ => continue,
        };
        let began = trace.operation(event).invoke;
        reads.entry(trace.events[event].key).or_default().push(Asked { event, since, began });
    }
    let writes = trace.writes();
    let mut staleness = Staleness::default();
    for (key, mut asked) in reads {
        let known: Vec<(i64, i64)> = writes.get(&key).map_or(Vec::new(), |writes| {
            writes.iter().filter_map(|write| Some((trace.operation(*write).invoke, effects[*write]?))).collect()
        });
        asked.sort_by_key(|asked| asked.began);
        for (asked, time, versions) in newer(known, &asked) {
            staleness.note(&trace, asked, time, versions);
        }
    }
    Ok(staleness)
}

/// A read: its event, when what it saw was known to have taken effect, and when it began.
#[derive(Clone, Copy)]
struct Asked {
    event: usize,
    since: i64,
    began: i64,
}

impl Staleness {
    fn note(&mut self, trace: &Trace<'_>, asked: Asked, time: u64, versions: u64) {
        self.reads += 1;
        if versions == 0 {
            return;
        }
        self.stale += 1;
        let is_later = self.by_time.as_ref().is_none_or(|stale| stale.time < time);
        let is_older = self.by_versions.as_ref().is_none_or(|stale| stale.versions < versions);
        if is_later || is_older {
            let stale = Stale { read: trace.id(asked.event), time, versions, told: trace.tell(asked.event) };
            if is_later {
                self.by_time = Some(stale.clone());
            }
            if is_older {
                self.by_versions = Some(stale);
            }
        }
    }
}

/// By when each write is known to have taken effect, if it is known to have.
fn effects(trace: &Trace<'_>) -> Vec<Option<i64>> {
    let mut effects: Vec<Option<i64>> = (0..trace.events.len()).map(|event| trace.operation(event).response).collect();
    for event in 0..trace.events.len() {
        if let (Some(Source::Write(write)), Some(response)) = (trace.source(event), trace.operation(event).response) {
            effects[*write] = Some(effects[*write].map_or(response, |known| known.min(response)));
        }
    }
    effects
}

/// For each read, how long it had been known when it began that what it saw was replaced, and by how many writes. `writes` are (sent, known
/// to have taken effect), `asked` is sorted by when they began.
fn newer(mut writes: Vec<(i64, i64)>, asked: &[Asked]) -> Vec<(Asked, u64, u64)> {
    writes.sort_unstable();
    let mut first_known = vec![i64::MAX; writes.len() + 1];
    for (index, (_, known)) in writes.iter().enumerate().rev() {
        first_known[index] = first_known[index + 1].min(*known);
    }
    let mut by_effect: Vec<usize> = (0..writes.len()).collect();
    by_effect.sort_by_key(|index| writes[*index].1);
    let mut counts = Counts::new(writes.len());
    let mut next = by_effect.into_iter().peekable();
    let mut answers = Vec::with_capacity(asked.len());
    for asked in asked {
        while let Some(index) = next.next_if(|index| writes[*index].1 < asked.began) {
            counts.add(index);
        }
        let from = writes.partition_point(|(sent, _)| *sent <= asked.since);
        let versions = counts.from(from);
        let time = if versions == 0 { 0 } else { asked.began.abs_diff(first_known[from]) };
        answers.push((*asked, time, versions));
    }
    answers
}

/// How many of a row of places are taken, from one on (Fenwick, "A new data structure for cumulative frequency tables", 1994).
struct Counts(Vec<u64>);

impl Counts {
    fn new(places: usize) -> Counts {
        Counts(vec![0; places + 1])
    }

    fn add(&mut self, place: usize) {
        // Turned round, so that sums run from a place to the end.
        let mut at = self.0.len() - 1 - place;
        while at < self.0.len() {
            self.0[at] += 1;
            at += at & at.wrapping_neg();
        }
    }

    fn from(&self, place: usize) -> u64 {
        let mut at = self.0.len() - 1 - place;
        let mut sum = 0;
        while at > 0 {
            sum += self.0[at];
            at -= at & at.wrapping_neg();
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Answer, Call, Outcome};
    use crate::sample::{Build, Chance, Slot, ample, expect, in_effect, slots};

    /// Operations as `invoke-response what`: `w1`, `r1`, `r` for nothing; `?` for the response: unknown. Each by a process of its own.
    fn history(lines: &[&str]) -> History {
        let mut build = Build::new(Model::Register);
        for (line, process) in lines.iter().zip(0..) {
            let (times, word) = line.split_once(' ').expect("a word");
            let (invoke, response) = times.split_once('-').expect("a time");
            let value = word[1..].parse().map_or(Value::NULL, |value| build.int(value));
            let (call, answer) = match &word[..1] {
                "w" => (Call::Write(value), Answer::Done),
                _ => (Call::Read, Answer::Value(value)),
            };
            let outcome = if response == "?" { Outcome::Unknown } else { Outcome::Ok(answer) };
            build.push(process, Value::NULL, call, outcome, invoke.parse().expect("a time"), response.parse().unwrap_or(0));
        }
        build.finish()
    }

    /// The longest time, the most versions, and the verdict on a bound of 5 and of 1.
    fn check(lines: &[&str], time: u64, versions: u64, verdict: &str) {
        let judgement = judge(&history(lines), &Bound { time_max: Some(5), versions_max: Some(1) }, &mut ample());
        expect(&judgement.verdict, verdict);
        assert_eq!(
            (&judgement.facts["time_max"], &judgement.facts["versions_max"]),
            (&json!(time), &json!(versions)),
            "{lines:?}"
        );
    }

    #[test]
    fn fresh_reads_pass() {
        check(&[], 0, 0, "ok");
        check(&["1-2 w1", "3-4 r1"], 0, 0, "ok");
        check(&["1-2 w1", "3-9 w2", "4-20 r1"], 0, 0, "ok");
        // Neither of two writes side by side is newer, whatever is read.
        check(&["1-5 w1", "1-5 w2", "10-11 r1", "20-21 r2", "30-31 r1"], 0, 0, "ok");
        check(&["1-2 w1", "3-? w2", "99-100 r1"], 0, 0, "ok");
        check(&["1-2 w1", "3-4 w2", "7-8 r1"], 3, 1, "ok");
    }

    #[test]
    fn stale_reads_are_measured() {
        check(
            &["1-2 w1", "3-4 w2", "10-11 r1"],
            6,
            1,
            "violation: operation 2 (process 2 read 1) when that had been replaced for 6 or longer, by 1 newer writes or more",
        );
        check(&["1-2 w1", "3-4 w2", "4-5 w3", "6-7 w4", "8-9 r2"], 1, 1, "ok");
        check(&["1-2 w1", "3-4 w2", "5-6 w3", "8-9 r1"], 4, 2, "violation: operation 3");
        check(&["1-2 w1", "9-10 r"], 7, 1, "violation");
        // An unknown write is known to have taken effect by who read it.
        check(&["1-2 w1", "3-? w2", "4-5 r2", "20-21 r1"], 15, 1, "violation: operation 3");
        check(&["1-? w1", "2-3 r1", "4-5 w2", "20-21 r1"], 15, 1, "violation: operation 3");
        expect(
            &judge(&history(&["1-2 r7"]), &Bound::default(), &mut ample()).verdict,
            "violation: operation 0 (process 0 read 7) saw",
        );
        expect(
            &judge(&history(&["1-2 w7", "3-4 w7", "5-6 r7"]), &Bound::default(), &mut ample()).verdict,
            "unknown: operation 2",
        );
        expect(&judge(&history(&["1-2 w7"]), &Bound::default(), &mut Budget::new(2, 0)).verdict, "unknown: the 2 steps");
    }

    /// A register whose reads see what it held some time ago, and what is true of each read: for how long that had been replaced,
    /// and by how many writes. Operations and truths are by slot.
    fn lagging(chance: &mut Chance, slots: &[Slot]) -> (History, Vec<(i64, u64)>) {
        let is_write: Vec<bool> = slots.iter().map(|_| chance.one_in(2)).collect();
        let order = in_effect(slots);
        let versions: Vec<usize> = order.into_iter().filter(|index| is_write[*index]).collect();
        let mut build = Build::new(Model::Register);
        let mut truths = Vec::new();
        for (index, slot) in slots.iter().enumerate() {
            let point = slot.point.unwrap_or(0);
            let lag = chance.within(0, 12);
            let by = |at: i64| versions.iter().filter(|write| slots[**write].point.is_some_and(|point| point <= at)).count();
            let (seen, all) = (by(point - lag), by(point));
            let replaced = versions.get(seen).filter(|_| seen < all).and_then(|write| slots[*write].point);
            truths.push((replaced.map_or(0, |at| point - at), (all - seen) as u64));
            let (call, answer) = match is_write[index] {
                true => (Call::Write(build.int(index as i64)), Answer::Done),
                false => {
                    let value = seen.checked_sub(1).map_or(Value::NULL, |last| build.int(versions[last] as i64));
                    (Call::Read, Answer::Value(value))
                }
            };
            let outcome = if slot.unknown { Outcome::Unknown } else { Outcome::Ok(answer) };
            build.push(slot.process, Value::NULL, call, outcome, slot.invoke, slot.response);
        }
        (build.finish(), truths)
    }

    /// Straight from the definition: time and versions of each read, by operation.
    fn oracle(history: &History) -> Vec<(u64, u64)> {
        let all = &history.operations;
        let effect = |value: Value| {
            let shows = all
                .iter()
                .filter(|operation| operation.call == Call::Write(value) || operation.answer() == Some(&Answer::Value(value)));
            shows.filter_map(|operation| operation.response).min()
        };
        let stale = |read: &crate::history::Operation| {
            let Some(Answer::Value(seen)) = read.answer() else { return (0, 0) };
            let since = if *seen == Value::NULL { Some(i64::MIN) } else { effect(*seen) };
            let newer: Vec<i64> = all
                .iter()
                .filter_map(|write| match write.call {
                    Call::Write(value) if since.is_some_and(|since| write.invoke > since) => effect(value),
                    _ => None,
                })
                .filter(|effect| *effect < read.invoke)
                .collect();
            (newer.iter().min().map_or(0, |first| read.invoke.abs_diff(*first)), newer.len() as u64)
        };
        all.iter().map(stale).collect()
    }

    fn against_the_oracle(seeds: std::ops::Range<u64>) -> [u64; 2] {
        let mut counts = [0; 2];
        for seed in seeds {
            let mut chance = Chance::new(seed);
            let count = chance.below(12);
            let slots = slots(&mut chance, count, 3, 8);
            let (history, truths) = lagging(&mut chance, &slots);
            let wanted = oracle(&history);
            for ((time, versions), (true_time, true_versions)) in wanted.iter().zip(&truths) {
                assert!(
                    *time as i64 <= *true_time && versions <= true_versions,
                    "seed {seed}: a lower bound is no more than the truth"
                );
            }
            let staleness = measure(&history, &mut ample()).expect("budget");
            let found = |stale: &Option<Stale>| stale.as_ref().map_or((0, 0), |stale| wanted[stale.read as usize]);
            let most_time = wanted.iter().map(|(time, _)| *time).max().unwrap_or(0);
            let most_versions = wanted.iter().map(|(_, versions)| *versions).max().unwrap_or(0);
            let (by_time, by_versions) = (&staleness.by_time, &staleness.by_versions);
            assert_eq!(by_time.as_ref().map_or(0, |stale| stale.time), most_time, "seed {seed}");
            assert_eq!(by_versions.as_ref().map_or(0, |stale| stale.versions), most_versions, "seed {seed}");
            assert_eq!(
                (found(by_time).0, found(by_versions).1),
                (most_time, most_versions),
                "seed {seed}: the worst read is named"
            );
            assert_eq!(staleness.stale, wanted.iter().filter(|(_, versions)| *versions > 0).count() as u64, "seed {seed}");
            counts[usize::from(staleness.stale == 0)] += 1;
        }
        counts
    }

    #[test]
    fn small_histories_agree_with_the_definition_and_stay_below_the_truth() {
        let counts = against_the_oracle(0..2_000);
        assert!(counts.iter().all(|count| *count > 300), "{counts:?}");
    }

    #[test]
    #[ignore = "long"]
    fn many_small_histories_agree_with_the_definition_and_stay_below_the_truth() {
        println!("[stale, fresh]: {:?}", against_the_oracle(0..100_000));
    }
}
