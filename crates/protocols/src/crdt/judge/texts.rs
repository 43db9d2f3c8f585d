//! Texts are judged as lists (Attiya et al. 2016), from what their users asked for and saw.

use super::super::data::Data;
use super::super::monitor::Step;
use super::super::replica::Replica;
use super::super::replica::texts::{JUDGED_MAX, names};
use super::super::types::dot::{Dot, VersionVector};
use crate::harness::Seen;
use quorate_check::Verdict;
use quorate_check::list::{Interleaving, Watch};
use std::collections::BTreeMap;

/// Whether each list that a replica showed is one that its edits allow, all in one order; and whether a recorded session has ended as it
/// did when it was recorded, which is all that is asked where the text is too long to be judged as a list.
pub(super) fn judge(seen: &Seen<'_, Replica>) -> Verdict {
    let Some(recorded) = seen.job.text else {
        return watch(seen).map_or_else(Verdict::Unknown, |watch| watch.judge());
    };
    let differs = seen.live().find_map(|(node, replica)| match replica.data() {
        Data::Text(text) => {
            let ours: String = text.letters().map(|(_, letter)| letter).collect();
            difference(recorded, &ours).map(|how| format!("n{node} ends with another text: {how}"))
        }
        _ => None,
    });
    match differs {
        Some(how) => Verdict::Violation(how),
        None => watch(seen).map_or(Verdict::Ok, |watch| watch.judge()),
    }
}

/// Characters that are told of each text from the first difference on.
const TOLD_MAX: usize = 30;

/// Where a text first differs from the recorded one.
fn difference(recorded: &str, text: &str) -> Option<String> {
    if recorded == text {
        return None;
    }
    let same = recorded.chars().zip(text.chars()).take_while(|(a, b)| a == b).count();
    let from = |text: &str| text.chars().skip(same).take(TOLD_MAX).collect::<String>();
    let (ours, theirs) = (from(text), from(recorded));
    Some(format!("from character {same} on it has {ours:?}, and the recorded one {theirs:?}"))
}

/// How what users typed at one place at one time is mixed in the end.
pub(in crate::crdt) fn interleaving(seen: &Seen<'_, Replica>) -> Option<Interleaving> {
    let (_, last) = seen.live().next()?;
    let Data::Text(text) = last.data() else { return None };
    watch(seen).ok().map(|watch| watch.interleaving(&names(text)))
}

fn watch(seen: &Seen<'_, Replica>) -> Result<Watch, String> {
    let text = |replica: &Replica| match replica.data() {
        Data::Text(text) => text.length(),
        _ => 0,
    };
    if seen.live().any(|(_, replica)| text(replica) > JUDGED_MAX) {
        return Err(format!("texts of more than {JUDGED_MAX} characters are not judged as lists"));
    }
    let mut watch = Watch::default();
    let mut has: BTreeMap<u32, VersionVector> = BTreeMap::new();
    let mut deliver = |watch: &mut Watch, replica: u32, history: &VersionVector| {
        let had = has.entry(replica).or_default();
        for (origin, count) in history.iter() {
            (had.count(origin) + 1..=count).for_each(|number| watch.delivered(replica, name(origin.dot(number))));
        }
        *had = history.clone();
    };
    for step in seen.monitor.texts() {
        match step {
            Step::Edited(node, dot, changes) => watch.edited(node.0, name(*dot), changes),
            Step::Started(node, history) => {
                watch.restarted(node.0, []);
                deliver(&mut watch, node.0, &VersionVector::default());
                deliver(&mut watch, node.0, history);
            }
            Step::Shows(node, history, list) => {
                deliver(&mut watch, node.0, history);
                watch.shows(node.0, list);
            }
        }
    }
    for (node, replica) in seen.live() {
        if let Data::Text(text) = replica.data() {
            deliver(&mut watch, node, replica.history());
            watch.shows(node, &names(text));
        }
    }
    Ok(watch)
}

fn name(dot: Dot) -> u64 {
    let update = dot.update();
    (u64::from(update.origin.0) << 32) | u64::from(update.number)
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn the_first_difference_is_told() {
        assert_eq!(difference("a\u{308}b", "a\u{308}b"), None);
        let told = |recorded, text| difference(recorded, text).unwrap();
        assert_eq!(told("abc", "abd"), "from character 2 on it has \"d\", and the recorded one \"c\"");
        assert_eq!(told("äbc", "äb"), "from character 2 on it has \"\", and the recorded one \"c\"");
    }
}
