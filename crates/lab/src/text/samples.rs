//! The text of a file of measured durations: one a line, as `12.5ms`, or under a head that names their unit (`latency_ms`,
//! `rtt [us]`) as plain numbers. `#` starts a comment, and blank lines are skipped. One column: which of several is meant, only
//! whoever measured knows.

use super::error::Read;
use super::files::Included;
use crate::units::{self, quoted};
use quorate_engine::latency::Distribution;
use quorate_engine::time::Nanos;
use std::ops::Range;

/// Reads the durations, in the order of the file.
pub(crate) fn samples(file: &Included<'_>) -> Read<Vec<Nanos>> {
    let mut samples = Vec::new();
    let mut lines = contents(file.text()?).peekable();
    let unit = match lines.peek() {
        Some((span, first)) if !is_number(first) => {
            let unit = unit_of_head(first).ok_or_else(|| file.fail(span.clone(), no_head(first)))?;
            lines.next();
            Some(unit)
        }
        Some(_) => None,
        None => return Err(file.fail(0..0, "there is no duration; write one a line, such as 12.5ms")),
    };
    for (span, line) in lines {
        if samples.len() == Distribution::SAMPLES_MAX {
            let message = format!("more than {} samples; keep every second one, or every tenth", Distribution::SAMPLES_MAX);
            return Err(file.fail(span, message));
        }
        samples.push(sample(line, unit).map_err(|message| file.fail(span, message))?);
    }
    Ok(samples)
}

/// The lines that say something, without comments and white space around, with their places.
fn contents(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut end = 0;
    let lines = text.split_inclusive('\n').map(move |line| {
        end += line.len();
        (end - line.len(), line)
    });
    lines.filter_map(|(start, line)| {
        let content = line.split('#').next().unwrap_or_default();
        let trimmed = content.trim();
        let start = start + (content.len() - content.trim_start().len());
        (!trimmed.is_empty()).then(|| (start..start + trimmed.len(), trimmed))
    })
}

fn is_number(line: &str) -> bool {
    line.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.')
}

/// The unit that ends the head of a column, as in `latency_ms` and `rtt [us]`.
fn unit_of_head(head: &str) -> Option<&str> {
    let mut words = head.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.next_back().filter(|word| units::is_duration(word) && !head.contains([',', ';', '\t']))
}

fn no_head(head: &str) -> String {
    let several = if head.contains([',', ';', '\t']) { "; a file of samples has one column" } else { "" };
    format!(
        "{} is no duration, and no head that names a unit{several}; write 12.5ms, or latency_ms and numbers below",
        quoted(head)
    )
}

fn sample(line: &str, unit: Option<&str>) -> Result<Nanos, String> {
    match unit {
        Some(unit) if line.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-') => {
            units::duration(&format!("{line}{unit}"))
        }
        Some(unit) => Err(format!("{} is no number; the head says that all below are numbers of {unit}", quoted(line))),
        None => units::duration(line),
    }
}
