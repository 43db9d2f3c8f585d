//! What the tests of scenario text share.

use quorate_lab::plan::Plan;
use quorate_lab::text::{Override, Source, parse};

/// The example of the design, as it stands there.
pub(crate) const DESIGN: &str = include_str!("../data/design.toml");

/// Every key once.
#[allow(dead_code, reason = "each test file is a crate of its own, and not every one needs it")]
pub(crate) const EVERYTHING: &str = include_str!("../data/everything.toml");

/// Parses bytes with overrides; the errors as plain text.
pub(crate) fn read(bytes: &[u8], flags: &[&str]) -> Result<Plan, String> {
    let overrides: Vec<_> = flags.iter().map(|flag| Override::of(flag).expect("a flag has a =")).collect();
    parse(&Source { name: "x.toml".to_string(), bytes }, &overrides).map_err(|errors| {
        for problem in &errors.problems {
            let span = problem.span.clone().unwrap_or(0..0);
            assert!(span.start <= span.end && span.end <= bytes.len(), "{span:?} is outside the file: {problem}");
            if let Ok(text) = std::str::from_utf8(bytes) {
                assert!(text.get(span.clone()).is_some(), "{span:?} splits a character: {problem}");
            }
        }
        errors.plain(bytes)
    })
}
