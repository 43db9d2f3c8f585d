//! The key table as a list of paths: `network.loss`, `faults.partition.groups`.

use crate::text::schema::{Holds, Key, SCENARIO};

/// A key and the path that leads to it from the top of a scenario.
#[derive(Clone, Debug)]
pub struct Place {
    /// Such as `network.loss`; entries of lists have no number.
    pub path: String,
    /// What may stand there.
    pub key: &'static Key,
}

/// The keys that may stand below a key.
pub fn below(key: &Key) -> &'static [Key] {
    match key.holds {
        Holds::Table(keys) | Holds::Tables(keys) | Holds::TableOrTables(keys) | Holds::ValueOrTable(keys) | Holds::Rows(keys) => {
            keys
        }
        Holds::Value | Holds::File | Holds::Protocol | Holds::Names => &[],
    }
}

/// Every key, in the order of the format. A table that may stand in several places, as that of latencies may, is gone
/// through at the first of them only.
pub fn keys() -> Vec<Place> {
    let mut places = Vec::new();
    collect("", SCENARIO, &mut Vec::new(), &mut places);
    places
}

/// By what it says is a table known again: two mentions of a constant need not be one place in memory.
pub(super) fn contents(keys: &'static [Key]) -> Vec<&'static str> {
    keys.iter().flat_map(|key| [key.name, key.takes, key.doc]).collect()
}

fn collect(path: &str, keys: &'static [Key], seen: &mut Vec<Vec<&'static str>>, places: &mut Vec<Place>) {
    for key in keys {
        let path = join(path, key.name);
        places.push(Place { path: path.clone(), key });
        let contents = contents(below(key));
        if !contents.is_empty() && !seen.contains(&contents) {
            seen.push(contents);
            collect(&path, below(key), seen, places);
        }
    }
}

/// The key at exactly that path.
pub(super) fn at(path: &str) -> Option<Place> {
    let mut keys = SCENARIO;
    let mut found = None;
    for name in path.split('.') {
        let key = keys.iter().find(|key| key.name == name)?;
        keys = below(key);
        found = Some(key);
    }
    found.map(|key| Place { path: path.to_string(), key })
}

pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_string() } else { format!("{path}.{name}") }
}

impl Place {
    /// What the key means, without what holds in its absence.
    pub fn meaning(&self) -> String {
        told(self.key).0
    }

    /// What holds without the key, in the words of the key table.
    pub fn default(&self) -> Option<&'static str> {
        told(self.key).1
    }
}

/// The key table says both together: `That a message never arrives; without it, 0.`
pub fn told(key: &Key) -> (String, Option<&'static str>) {
    match key.doc.split_once("; without it, ").or_else(|| key.doc.split_once(". Without it, ")) {
        Some((meaning, default)) => (format!("{meaning}."), Some(default.trim_end_matches('.'))),
        None => (key.doc.to_string(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_listed_once_and_found_by_its_path() {
        let keys = keys();
        let mut paths: Vec<&str> = keys.iter().map(|place| place.path.as_str()).collect();
        for path in &paths {
            assert_eq!(at(path).map(|place| place.path).as_deref(), Some(*path));
        }
        assert!(["seed", "network.loss", "faults.partition.groups", "workload.reads.at"].iter().all(|path| paths.contains(path)));
        paths.sort_unstable();
        paths.dedup();
        assert_eq!(paths.len(), keys.len());
        assert!(at("network.client-latency.uniform").is_some(), "a table is found wherever it may stand");
        assert!(at("network.lose").is_none() && at("").is_none());
    }

    #[test]
    fn a_sentence_of_the_key_table_is_a_meaning_and_a_default() {
        let loss = at("network.loss").unwrap();
        assert_eq!((loss.meaning().as_str(), loss.default()), ("That a message never arrives.", Some("0")));
        assert_eq!(at("nodes").unwrap().default(), None);
    }
}
