//! The verdicts for people: lines on a terminal, a table in Markdown; and as one JSON document.

use super::{Answer, Checked, Counts};
use quorate_lab::expect::Standing;
use serde_json::{Value, json};

fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Held => "PASS",
        Standing::Failed => "FAIL",
        Standing::Undecided => "OPEN",
    }
}

/// A line a case, below the name of its file; the last line counts them.
pub(super) fn text(checked: &[Checked], counts: &Counts, coloured: bool) -> String {
    let mut text = String::new();
    for file in checked {
        text += &format!("{}\n", file.file.display());
        for answer in &file.cases {
            let standing = answer.case.standing;
            let word = match (coloured, standing) {
                (false, _) => word(standing).to_string(),
                (true, Standing::Held) => format!("\x1b[32m{}\x1b[0m", word(standing)),
                (true, Standing::Failed) => format!("\x1b[31m{}\x1b[0m", word(standing)),
                (true, Standing::Undecided) => format!("\x1b[33m{}\x1b[0m", word(standing)),
            };
            text += &format!("  {word} {}\n", line(file, answer));
        }
        if file.cases.is_empty() {
            text += "  nothing is expected of it, and its protocol has no checks\n";
        }
    }
    text + &counts.told() + "\n"
}

/// A case without its verdict.
pub(super) fn line(file: &Checked, answer: &Answer) -> String {
    let mut line = format!("{}  observed {}  seeds {}", answer.case.text, short(&answer.case.observed), seeds(file));
    if let Some(failure) = &answer.failure {
        line += &format!("  worst seed {}  replay: {}", failure.seed, failure.replay);
    }
    line
}

/// `312 of 1000`, where fewer decided it.
pub(super) fn seeds(file: &Checked) -> String {
    if file.seeds == file.budget { file.seeds.to_string() } else { format!("{} of {}", file.seeds, file.budget) }
}

/// Beyond this, what was seen is for those who replay it.
const OBSERVED_MAX: usize = 160;

fn short(observed: &str) -> String {
    let one_line = observed.split_whitespace().collect::<Vec<_>>().join(" ");
    match one_line.char_indices().nth(OBSERVED_MAX) {
        Some((end, _)) => format!("{}…", &one_line[..end]),
        None => one_line,
    }
}

/// A table a file, and what fails with its seed.
pub(super) fn markdown(checked: &[Checked], counts: &Counts) -> String {
    let mut text = format!("## quorate check: {}\n", counts.told());
    // What went wrong is what people look for.
    for file in checked
        .iter()
        .filter(|file| file.standing != Standing::Held)
        .chain(checked.iter().filter(|file| file.standing == Standing::Held))
    {
        text += &format!("\n### {} ({} seeds)\n\n", cell(&file.file.display().to_string()), seeds(file));
        text += "| | expectation | observed | worst seed |\n|---|---|---|---|\n";
        for answer in &file.cases {
            let seed = answer.failure.as_ref().map_or_else(String::new, |failure| failure.seed.to_string());
            let observed = cell(&short(&answer.case.observed));
            text += &format!("| {} | `{}` | {observed} | {seed} |\n", word(answer.case.standing), cell(&answer.case.text));
        }
        let failures: Vec<&str> = file.cases.iter().filter_map(|answer| Some(answer.failure.as_ref()?.replay.as_str())).collect();
        if !failures.is_empty() {
            text += "\n```sh\n";
            for (place, replay) in failures.iter().enumerate() {
                if !failures[..place].contains(replay) {
                    text += &format!("{replay}\n");
                }
            }
            text += "```\n";
        }
    }
    text
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Everything, for programs.
pub(super) fn json(checked: &[Checked], counts: &Counts) -> Value {
    let case = |answer: &Answer| {
        json!({
            "text": answer.case.text,
            "expectation": answer.case.expectation,
            "verdict": answer.case.standing.name(),
            "observed": answer.case.observed,
            "line": answer.line,
            "worst": answer.failure.as_ref().map(|failure| json!({
                "seed": failure.seed,
                "digest": failure.digest,
                "replay": failure.replay,
            })),
        })
    };
    let file = |file: &Checked| {
        json!({
            "file": file.file.display().to_string(),
            "verdict": file.standing.name(),
            "seeds": file.seeds,
            "budget": file.budget,
            "first_seed": file.first_seed,
            "digest": file.digest,
            "cases": file.cases.iter().map(case).collect::<Vec<_>>(),
        })
    };
    json!({
        "passed": counts.passed,
        "failed": counts.failed,
        "undecided": counts.open,
        "files": checked.iter().map(file).collect::<Vec<_>>(),
    })
}
