//! From a name as somebody types it to the things that it means, or the names that it was perhaps meant to be.

use super::keys::{self, keys};
use super::kind::Kind;
use super::thing::Thing;

/// Everything of that name; else every key and option whose path ends in it.
pub fn find(name: &str) -> Vec<Thing> {
    let name = &unnumbered(name);
    let all: Vec<Thing> = Kind::ALL.into_iter().flat_map(Kind::things).collect();
    let exact: Vec<Thing> = all.iter().filter(|thing| thing.names().contains(name)).cloned().collect();
    if !exact.is_empty() {
        return exact;
    }
    if let Some(place) = keys::at(name) {
        return vec![Thing::Key(place)];
    }
    let ending = format!(".{name}");
    all.into_iter().filter(|thing| thing.names().iter().any(|full| full.ends_with(&ending))).collect()
}

/// `faults[0].at` is `faults.at`, as overrides have it, and `[[faults]]` is `faults`, as files do.
fn unnumbered(name: &str) -> String {
    let mut plain = String::new();
    let mut rest = name.trim().trim_start_matches('[').trim_end_matches("]]");
    while let Some((before, after)) = rest.split_once('[') {
        plain += before;
        rest = after.split_once(']').map_or("", |(_, rest)| rest);
    }
    plain + rest.trim_end_matches(']')
}

/// The names nearest to one that is unknown, best first.
pub fn nearest(typed: &str) -> Vec<String> {
    const SHOWN: usize = 5;
    let typed = typed.to_lowercase().replace('_', "-");
    let mut names: Vec<String> = Kind::ALL.into_iter().flat_map(Kind::things).flat_map(|thing| thing.names()).collect();
    names.extend(keys().iter().filter_map(|place| place.path.rsplit_once('.').map(|(_, last)| last.to_string())));
    names.sort_unstable();
    names.dedup();
    let distance = |name: &String| {
        let plain = name.to_lowercase().replace('_', "-");
        let allowed = (typed.chars().count().max(plain.chars().count()) / 3).max(1);
        let distance = strsim::damerau_levenshtein(&typed, &plain);
        let part = typed.len() > 2 && plain.contains(&typed);
        (distance <= allowed && distance < typed.chars().count()).then_some(distance).or(part.then_some(usize::MAX))
    };
    // Nobody mistypes a name of this length, and a distance costs the product of the lengths.
    names.retain(|_| typed.len() <= 64);
    let mut near: Vec<(usize, String)> = names.into_iter().filter_map(|name| Some((distance(&name)?, name))).collect();
    near.sort();
    near.into_iter().take(SHOWN).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_found_by_each_of_its_names_and_has_a_summary() {
        for thing in Kind::ALL.into_iter().flat_map(Kind::things) {
            assert!(!thing.summary().is_empty(), "{}", thing.name());
            for name in thing.names() {
                let found = find(&name);
                assert!(found.iter().any(|other| other.kind() == thing.kind() && other.name() == thing.name()), "{name}");
            }
        }
    }

    fn kinds(name: &str) -> Vec<(&'static str, String)> {
        find(name).iter().map(|thing| (thing.kind().name(), thing.name().to_string())).collect()
    }

    #[test]
    fn a_name_finds_all_that_it_means() {
        let key = |path: &str| ("key", path.to_string());
        assert_eq!(kinds("gossip"), [("protocol", "gossip".to_string())]);
        assert_eq!(kinds("partition"), ["fault", "nemesis"].map(|kind| (kind, "partition".to_string())));
        assert_eq!(kinds("faults[2].partition"), [("fault", "partition".to_string())]);
        assert_eq!(kinds("nemesis.partition"), [("nemesis", "partition".to_string())]);
        assert_eq!(kinds("churn"), [("nemesis", "churn".to_string())]);
        assert_eq!(kinds("network.loss"), [key("network.loss")]);
        assert_eq!(kinds("skip"), [key("ci.skip")]);
        assert_eq!(kinds("[[faults]]"), [key("faults")]);
        assert_eq!(kinds("network.client-latency.uniform"), [key("network.client-latency.uniform")]);
        let at = kinds("at");
        assert!(
            [key("faults.at"), key("workload.updates.at"), key("workload.reads.at")].iter().all(|key| at.contains(key)),
            "{at:?}"
        );
        assert_eq!(kinds("nothing-of-the-kind"), []);
        let found = find("fanout");
        let Some(Thing::Option(field, protocols)) = found.first() else { panic!("fanout is an option") };
        assert!(field.name == "fanout" && protocols.contains(&"gossip") && protocols.len() > 1);
    }

    #[test]
    fn a_mistyped_name_has_near_ones() {
        for (typed, meant) in
            [("gosip", "gossip"), ("clock_jump", "clock-jump"), ("network.los", "network.loss"), ("converge", "converges")]
        {
            assert!(nearest(typed).iter().any(|name| name == meant), "{typed}: {:?}", nearest(typed));
        }
        assert_eq!(nearest("temperature"), Vec::<String>::new());
        assert_eq!(nearest(""), Vec::<String>::new());
    }
}
