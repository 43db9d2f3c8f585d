//! `[expect]` and `[ci]`.

use super::error::{Problems, Read};
use super::spot::Spot;
use super::tree::{Place, Tree};
use crate::expect::{Expectation, Mistake, Scope};
use crate::plan::{CI_SEEDS, Ci};
use crate::units::quoted;

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
    Expectation::parse(name, text, scope).map_err(|mistake| point(spot, text, mistake))
}

/// Points into the text, where the file has it letter by letter between two quotes; else at the whole of it.
fn point(spot: &Spot<'_>, text: &str, mistake: Mistake) -> Box<super::error::Problem> {
    let shown = text.get(mistake.span.clone()).filter(|shown| !shown.trim().is_empty() && *shown != text);
    let before = shown.map(|shown| format!("at {}: ", quoted(shown))).unwrap_or_default();
    let mut problem = spot.fail(format!("{before}{}", mistake.message));
    problem.help = mistake.help;
    if let Place::File(span) = &spot.node.place
        && span.len() == text.len() + 2
        && text.is_char_boundary(mistake.span.start)
    {
        problem.span = Some(span.start + 1 + mistake.span.start..span.start + 1 + mistake.span.end);
    }
    problem
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
