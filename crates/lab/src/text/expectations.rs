//! `[expect]` and `[ci]`.

use super::error::{Problems, Read};
use super::spot::Spot;
use super::tree::Tree;
use crate::expect::{Expectation, Scope};
use crate::plan::{CI_SEEDS, Ci};

/// Reads the expectations in the order of the file.
pub(crate) fn expectations(section: Option<Spot<'_>>, scope: &Scope<'_>, problems: &mut Problems) -> Vec<Expectation> {
    let Some(section) = section else { return Vec::new() };
    section.entries().filter_map(|(name, spot)| problems.take(expectation(name, &spot, scope))).collect()
}

fn expectation(name: &str, spot: &Spot<'_>, scope: &Scope<'_>) -> Read<Expectation> {
    if name.is_empty() {
        return Err(spot.fail("an expectation needs a name"));
    }
    if !matches!(spot.node.tree, Tree::Text(_)) {
        let example = format!("{} = \"converges\" or {} = \"messages.total <= 1000\"", name, name);
        return Err(spot.fail(format!("{} is no expectation; write {example}", spot.shown())));
    }
    let text = spot.text()?;
    Expectation::parse(name, text, scope).map_err(|mistake| spot.point(text, 0, mistake))
}

/// Reads `[ci]`; without it, the defaults hold.
pub(crate) fn ci(section: Option<Spot<'_>>, problems: &mut Problems) -> Ci {
    let mut ci = Ci { seeds: CI_SEEDS, skip: false };
    let Some(section) = section else { return ci };
    if let Some(spot) = section.get("seeds") {
        ci.seeds = problems.or(spot.integer(1..=u32::MAX), CI_SEEDS);
    }
    if let Some(spot) = section.get("skip") {
        ci.skip = problems.or(spot.flag(), false);
    }
    ci
}
