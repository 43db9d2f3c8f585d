//! The nearest name, for a person who mistyped one. It only ever suggests.

/// The candidate that `typed` was probably meant to be, if one is near enough.
pub(crate) fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Nobody mistypes a name of this length, and a distance costs the product of the lengths.
    if typed.len() > 64 {
        return None;
    }
    let typed = plain(typed);
    let length = typed.chars().count();
    let allowed = |name: &str| (length.max(name.chars().count()) / 3).max(1);
    // No distance is below the difference of the lengths: most candidates need not be looked at.
    let near = candidates.into_iter().filter(|name| name.chars().count().abs_diff(length) <= allowed(name));
    let distance = |name: &str| strsim::osa_distance(&typed, &plain(name));
    let (best, name) = near.map(|name| (distance(name), name)).min_by_key(|&(distance, _)| distance)?;
    (best <= allowed(name) && best < length).then_some(name)
}

/// `; did you mean "x"?`, or nothing.
pub(crate) fn did_you_mean<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(typed, candidates).map(|name| format!("; did you mean \"{name}\"?")).unwrap_or_default()
}

/// Names that differ only in case or in how words are joined are the same name mistyped.
fn plain(name: &str) -> String {
    name.to_lowercase().replace(['_', '.', ' '], "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_finger_are_recognised_and_other_words_are_not() {
        let names = ["fanout", "interval", "mode", "client-latency"];
        for (typed, expected) in [
            ("fanuot", Some("fanout")),
            ("FanOut", Some("fanout")),
            ("client_latency", Some("client-latency")),
            ("intervall", Some("interval")),
            ("mod", Some("mode")),
            ("x", None),
            ("", None),
            ("temperature", None),
        ] {
            assert_eq!(nearest(typed, names), expected, "{typed}");
        }
    }
}
