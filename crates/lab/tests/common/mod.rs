//! What the tests of scenario text share.

#![allow(dead_code, reason = "every test file uses its own part")]

use proptest::prelude::ProptestConfig;
use proptest::test_runner::RngSeed;
use quorate_lab::plan::Plan;
use quorate_lab::text::{Files, Origin, Override, Source, files_needed, parse};
use std::path::Path;

/// The example of the design, as it stands there.
pub(crate) const DESIGN: &str = include_str!("../data/design.toml");

/// Every key once.
pub(crate) const EVERYTHING: &str = include_str!("../data/everything.toml");

/// The network, the hosts and the clocks in full.
pub(crate) const WORLD: &str = include_str!("../data/world.toml");

/// Everything that can go wrong, but for disks.
pub(crate) const FAULTS: &str = include_str!("../data/faults.toml");

/// All that goes wrong with disks.
pub(crate) const DISK_FAULTS: &str = include_str!("../data/disk-faults.toml");

/// Every pattern of a nemesis.
pub(crate) const NEMESIS: &str = include_str!("../data/nemesis.toml");

/// How many mutations of one kind, of which there are `percent` of all.
pub(crate) fn config(percent: u32) -> ProptestConfig {
    let all = std::env::var_os("QUORATE_MUTATIONS").and_then(|value| value.to_str()?.parse::<u32>().ok());
    let cases = all.unwrap_or(12_000) / 100 * percent;
    ProptestConfig { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() }
}

/// Parses bytes with overrides; the errors as plain text.
pub(crate) fn read(bytes: &[u8], flags: &[&str]) -> Result<Plan, String> {
    read_with(bytes, flags, &Files::default())
}

/// The same with the files that the scenario needs.
pub(crate) fn read_with(bytes: &[u8], flags: &[&str], files: &Files) -> Result<Plan, String> {
    let overrides: Vec<_> = flags.iter().map(|flag| Override::of(flag).expect("a flag has a =")).collect();
    let source = Source { name: "x.toml".to_string(), bytes };
    parse(&source, &overrides, files).map_err(|errors| {
        for problem in &errors.problems {
            let (_, bytes) = files.of(&problem.origin, &source);
            assert!(problem.span.is_none() || !matches!(problem.origin, Origin::Flag(_)), "a flag has no place: {problem}");
            let span = problem.span.clone().unwrap_or(0..0);
            assert!(span.start <= span.end && span.end <= bytes.len(), "{span:?} is outside the file: {problem}");
            if let Ok(text) = std::str::from_utf8(bytes) {
                assert!(text.get(span.clone()).is_some(), "{span:?} splits a character: {problem}");
            }
        }
        errors.plain(&source, files)
    })
}

/// `what` in an example is replaced by `by`; the errors must contain `expected`, which begins with line and column where the
/// place matters.
pub(crate) struct Case(pub(crate) &'static str, pub(crate) &'static str, pub(crate) &'static str);

/// Checks all cases, and tells all that failed at once.
pub(crate) fn check(example: &str, cases: &[Case]) {
    let mut missed = String::new();
    for Case(what, by, expected) in cases {
        assert_eq!(example.matches(what).count(), 1, "the example has {what:?} not once");
        let said = read(example.replace(what, by).as_bytes(), &[]).err().unwrap_or_else(|| "nothing".to_string());
        if !said.contains(expected) {
            missed += &format!("{by:?}\nexpected: {expected}\nsaid:     {said}\n\n");
        }
    }
    assert!(missed.is_empty(), "{missed}");
}

/// The files that a scenario in that folder needs, read from there.
pub(crate) fn files_of(bytes: &[u8], folder: &Path) -> Files {
    let mut files = Files::default();
    for needed in files_needed(&Source { name: "x.toml".to_string(), bytes }, &[]).unwrap() {
        let path = folder.join(&needed.path);
        let read = std::fs::read(&path).map_err(|error| error.to_string());
        files.add(needed, path.display().to_string(), read);
    }
    files
}
