//! What a key takes, as the key table says it in words or by example (`duration`, `"mesh" or "star"`, `[SET, SET]`), taken
//! apart: the JSON Schema and examples are made of it. What a word of that vocabulary means stands here once.

use crate::units;

/// One of the things that a key may hold.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Takes {
    /// A word of the vocabulary.
    Word(Word),
    /// This text and no other.
    Text(String),
    /// This number and no other.
    Number(String),
    /// A list of exactly these; or of any number of them, when it is open.
    List(Vec<Takes>, bool),
    /// A table, whose keys stand in the key table.
    Table,
}

/// A word of the vocabulary.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Word {
    Duration,
    SignedDuration,
    Size,
    Rate,
    /// Of events.
    Frequency,
    Whole,
    Number,
    Probability,
    Flag,
    Text,
    Name,
    Set,
    /// Whoever stated a fact last.
    Whom,
    /// A number or a duration, as its table is of numbers or of durations.
    Value,
    /// The name of a protocol's planted variant.
    Variant,
}

/// The words, as the key table has them, with what they look like. A longer one stands before its own beginning.
const VOCABULARY: &[(&str, Word, &str)] = &[
    ("duration, negative allowed", Word::SignedDuration, "a duration, perhaps with a minus: \"-50ms\""),
    ("duration", Word::Duration, "a number with its unit, ns, us, ms, s, m or h: \"1.5s\""),
    ("latency", Word::Duration, "a duration such as \"5ms\", or a table such as { uniform = [\"1ms\", \"10ms\"] }"),
    ("LATENCY", Word::Duration, "a duration such as \"5ms\", or a table such as { uniform = [\"1ms\", \"10ms\"] }"),
    ("rows of latencies", Word::Duration, "[[\"-\", \"40ms\"], [\"45ms\", \"-\"]]: a row and a column for each region"),
    ("rows of durations", Word::Duration, "[[\"-\", \"80ms\"], [\"80ms\", \"-\"]]: a row and a column for each region"),
    ("bytes", Word::Size, "a number with its unit, B, KB, MB, GB, KiB, MiB or GiB: \"64KB\""),
    ("rate", Word::Rate, "an amount a second, in bytes or bits: \"10MB/s\", \"1Gbit/s\""),
    ("frequency", Word::Frequency, "so many in so long: \"500/s\", \"2/min\""),
    ("even whole number", Word::Whole, ""),
    ("whole number", Word::Whole, ""),
    ("node", Word::Whole, "a replica's number, from 0"),
    ("probability", Word::Probability, "a number from 0 to 1"),
    ("number from 1", Word::Number, ""),
    ("number", Word::Number, ""),
    ("true or false", Word::Flag, ""),
    ("true", Word::Flag, ""),
    ("text", Word::Text, ""),
    ("path", Word::Text, "the path of a file, from the folder of the scenario"),
    ("a region or zone", Word::Text, "a name under [regions]"),
    ("a-z, 0-9 and -", Word::Name, ""),
    ("SET", Word::Set, "7, \"0..60\" (without node 60), \"all\", \"region:NAME\", \"zone:NAME\", or a list of these"),
    (
        "WHOM",
        Word::Whom,
        "\"leader\", or \"fact:NAME\": whoever stated that fact last, or \"there\": where what the fault waits for happened",
    ),
    ("PROTOCOL", Word::Text, "a protocol's name, with all its options as they are without a word: quorate list protocols"),
    ("FACT", Word::Text, "the name of a fact that the protocol's replicas state: quorate describe lists them"),
    ("KIND", Word::Text, "a kind of message of the protocol: quorate describe lists them"),
    ("value", Word::Value, ""),
    ("low", Word::Value, ""),
    ("high", Word::Value, ""),
    ("a planted variant", Word::Variant, ""),
];

/// What the words of the vocabulary in `takes` look like, for those of which that must be said.
pub fn explained(takes: &str) -> Vec<(&'static str, &'static str)> {
    let mut rest = takes.to_string();
    let mut explained = Vec::new();
    for (word, _, meaning) in VOCABULARY {
        let whole = |at: usize| {
            let letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '-');
            let (before, after) = (&rest[..at], &rest[at + word.len()..]);
            // In an example, what stands before = is a key.
            !letter(before.chars().next_back()) && !letter(after.chars().next()) && !after.starts_with(" =")
        };
        let quoted = |at: usize| rest[..at].matches('"').count() % 2 == 1;
        if rest.match_indices(word).any(|(at, _)| whole(at) && !quoted(at)) {
            rest = rest.replace(word, "");
            explained.extend((!meaning.is_empty()).then_some((*word, *meaning)));
        }
    }
    explained
}

/// What may stand there; `None` when a part of it is not understood.
pub(crate) fn alternatives(takes: &str) -> Option<Vec<Takes>> {
    if let Some(word) = word(takes) {
        return Some(vec![Takes::Word(word)]);
    }
    split(takes).into_iter().map(|part| one(part, false)).collect()
}

/// The first alternative as it is written.
pub(crate) fn first(takes: &str) -> &str {
    split(takes).first().copied().unwrap_or_default()
}

fn word(text: &str) -> Option<Word> {
    VOCABULARY.iter().find(|(name, ..)| *name == text).map(|(_, word, _)| *word)
}

/// One alternative. In a list, a text stands for what it is an example of.
fn one(text: &str, by_example: bool) -> Option<Takes> {
    if let Some(word) = word(text) {
        return Some(Takes::Word(word));
    }
    let inside = |open: &str, close: &str| text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    if let Some(quoted) = inside("\"", "\"") {
        return Some(match units::signed_duration(quoted) {
            Ok(_) if by_example => Takes::Word(Word::Duration),
            _ if by_example => Takes::Word(Word::Text),
            _ => Takes::Text(quoted.to_string()),
        });
    }
    let header = inside("[[", "]]").is_some_and(|name| !name.contains([',', '[']));
    if inside("{", "}").is_some() || header || text == "no options" {
        return Some(Takes::Table);
    }
    if let Some(items) = inside("[", "]") {
        return list(items);
    }
    if text.parse::<f64>().is_ok() {
        return Some(if by_example { Takes::Word(Word::Number) } else { Takes::Number(text.to_string()) });
    }
    // "spread" and the like: the name of a table.
    text.chars().all(|c| c.is_ascii_lowercase()).then_some(Takes::Table)
}

/// `[SET, SET, …]` is a list of at least two; `[network]` and `[protocol.NAME]` are headers of tables. Where texts or lists
/// stand as examples, there may be any number of them.
fn list(items: &str) -> Option<Takes> {
    let parts = split(items);
    let closed: Vec<&str> = parts.iter().copied().filter(|part| *part != "…").collect();
    match closed.iter().map(|part| one(part, true)).collect::<Option<Vec<_>>>() {
        Some(shapes) if shapes[..] != [Takes::Table] => {
            let any = shapes.iter().all(|shape| matches!(shape, Takes::List(..) | Takes::Table | Takes::Word(Word::Text)));
            Some(Takes::List(if any { shapes[..1].to_vec() } else { shapes }, any || closed.len() < parts.len()))
        }
        _ if closed.len() == 1 => Some(Takes::Table),
        _ => None,
    }
}

/// The parts between commas and "or", where these stand in no brackets and no quotes.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut depth, mut quoted) = (0, 0, false);
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let separator = [", or ", ", ", " or "].into_iter().find(|separator| rest.starts_with(separator));
        // A comma of a word of the vocabulary separates nothing.
        let inner = VOCABULARY.iter().map(|(word, ..)| *word).find(|word| word.contains([',', ' ']) && rest.starts_with(word));
        match (separator, inner) {
            (_, Some(word)) if depth == 0 && !quoted => at += word.len(),
            (Some(separator), _) if depth == 0 && !quoted => {
                parts.push(&text[start..at]);
                at += separator.len();
                start = at;
            }
            _ => {
                let c = rest.chars().next().unwrap_or(' ');
                quoted ^= c == '"';
                depth += i32::from(matches!(c, '[' | '{')) - i32::from(matches!(c, ']' | '}'));
                at += c.len_utf8();
            }
        }
    }
    parts.push(&text[start..]);
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_key_takes_is_understood() {
        let text = |text: &str| Takes::Text(text.to_string());
        let word = Takes::Word;
        for (takes, expected) in [
            ("duration", vec![word(Word::Duration)]),
            ("true or false", vec![word(Word::Flag)]),
            ("\"duration\" or \"converged\"", vec![text("duration"), text("converged")]),
            ("\"mesh\", \"star\" or table", vec![text("mesh"), text("star"), Takes::Table]),
            ("duration, negative allowed, or spread", vec![word(Word::SignedDuration), Takes::Table]),
            ("[\"1ms\", \"10ms\"]", vec![Takes::List(vec![word(Word::Duration); 2], false)]),
            ("[SET, SET, …]", vec![Takes::List(vec![word(Word::Set); 2], true)]),
            ("SET or [SET, …]", vec![word(Word::Set), Takes::List(vec![word(Word::Set)], true)]),
            ("{ groups = [SET, SET] } or { from = SET, to = SET }", vec![Takes::Table, Takes::Table]),
            ("[\"eu\", \"us\"]", vec![Takes::List(vec![word(Word::Text)], true)]),
            ("[[0, 1], [1, 2]]", vec![Takes::List(vec![Takes::List(vec![word(Word::Number); 2], false)], true)]),
            ("[protocol.NAME]", vec![Takes::Table]),
            ("[clocks] or [[clocks]]", vec![Takes::Table, Takes::Table]),
            ("rate or { rate = \"10MB/s\" }", vec![word(Word::Rate), Takes::Table]),
            ("no options", vec![Takes::Table]),
            ("1", vec![Takes::Number("1".to_string())]),
        ] {
            assert_eq!(alternatives(takes), Some(expected), "{takes}");
        }
        assert_eq!(alternatives("whatever comes"), None);
    }

    #[test]
    fn words_that_need_it_are_explained() {
        let words = |takes| explained(takes).into_iter().map(|(word, _)| word).collect::<Vec<_>>();
        assert_eq!(words("{ groups = [SET, SET] } or { from = SET, to = SET }"), ["SET"]);
        assert_eq!(words("duration, negative allowed"), ["duration, negative allowed"]);
        assert_eq!(words("{ by = \"2ms\", latency = LATENCY }"), ["LATENCY"]);
        assert_eq!(words("\"duration\" or \"converged\""), Vec::<&str>::new());
    }
}
