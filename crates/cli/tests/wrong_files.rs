//! A catalogue of wrong files: each in `tests/wrong/` is refused at the place that its first line names, and what the command
//! says is golden, so that a changed message is read. And wrong tables likewise. Blessed with `QUORATE_BLESS=1 cargo test -p quorate --test wrong_files`.

mod common;

use common::{end, quorate, root};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    root().join("crates/cli/tests/wrong")
}

/// JSON has no comments to name a place in.
const JSON_PLACES: [(&str, &str); 4] =
    [("json-comma.json", "6:31"), ("json-twice.json", "7:3"), ("json-unknown-key.json", "7:3"), ("json-value.json", "7:24")];

/// The wrong files of a folder, in order. What they include stands beside them.
fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut files: Vec<String> = entries.filter(|name| name.ends_with(".toml") || name.ends_with(".json")).collect();
    files.sort_unstable();
    files
}

#[test]
fn every_wrong_file_is_refused_where_it_is_wrong_and_in_the_words_of_the_golden_file() {
    let files = files(&folder());
    assert!(files.len() >= 60, "{} wrong files", files.len());
    let mut said = String::new();
    for file in &files {
        let ended = end(quorate(&["validate", file]).current_dir(folder()));
        assert_eq!((ended.status, ended.stdout.as_str()), (2, ""), "{file}: {}", ended.stderr);
        // `# 3:5` in a TOML file names a place in it, `# other.csv:3:5` one in a file that it includes.
        let text = std::fs::read_to_string(folder().join(file)).unwrap();
        let place = match text.lines().next().and_then(|line| line.strip_prefix("# ")) {
            Some(place) if place.contains('.') => place.to_string(),
            Some(place) => format!("{file}:{place}"),
            None => {
                let known = JSON_PLACES.iter().find(|(name, _)| name == file);
                format!("{file}:{}", known.expect("a JSON file has its place in the list").1)
            }
        };
        assert!(ended.stderr.starts_with(&format!("{place}: error: ")), "{place}:\n{}", ended.stderr);
        said += &format!("== {file}\n{}\n", ended.stderr);
    }
    held_to_golden(&folder(), &said);
}

fn held_to_golden(folder: &Path, said: &str) {
    let golden = folder.join("golden.txt");
    if std::env::var_os("QUORATE_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(&golden, said).unwrap();
    }
    let expected = std::fs::read_to_string(&golden).unwrap();
    let differs = said.lines().zip(expected.lines()).find(|(said, expected)| said != expected);
    assert_eq!(said, expected, "first difference: {differs:?}; if it is better, bless it");
}

/// Problems with a file as a whole have no line.
const WHOLE: [&str; 4] = ["empty", "rows-missing", "scenario-itself", "source-missing"];

/// The same for tables, in `tests/wrong-tables/`. What they run stands in a folder below it.
#[test]
fn every_wrong_table_is_refused_where_it_is_wrong_and_in_the_words_of_the_golden_file() {
    let folder = root().join("crates/cli/tests/wrong-tables");
    let files = files(&folder);
    assert!(files.len() >= 40, "{} wrong tables", files.len());
    let mut said = String::new();
    for file in &files {
        let ended = end(quorate(&["table", file]).current_dir(&folder));
        assert_eq!((ended.status, ended.stdout.as_str()), (2, ""), "{file}: {}", ended.stderr);
        let line = ended.stderr.split(':').nth(1).and_then(|line| line.parse::<u32>().ok());
        assert_eq!(line.is_none(), WHOLE.iter().any(|whole| *file == format!("{whole}.toml")), "{file}: {}", ended.stderr);
        said += &format!("== {file}\n{}\n", ended.stderr);
    }
    held_to_golden(&folder, &said);
}
