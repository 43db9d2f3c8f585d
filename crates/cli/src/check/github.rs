//! Inside a job of GitHub Actions: the summary goes where the job's page shows it, and what fails is marked at its line. A job's page takes
//! ten marks of a step.

use super::{Checked, Counts, print};
use crate::output::{Stop, tell as tell_on_stderr};
use quorate_lab::expect::Standing;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

const MARKS_MAX: usize = 10;

pub(super) fn tell(checked: &[Checked], counts: &Counts) -> Result<(), Stop> {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()).map(PathBuf::from) else {
        return Ok(());
    };
    let written = OpenOptions::new().append(true).create(true).open(&path);
    let written = written.and_then(|mut file| file.write_all(print::markdown(checked, counts).as_bytes()));
    written.map_err(|error| Stop::io("write", &path, &error))?;
    let failing = |file: &'_ Checked| {
        let wrong = |answer: &&super::Answer| answer.case.standing != Standing::Held;
        file.cases.iter().filter(wrong).map(|answer| mark(file, answer)).collect::<Vec<_>>()
    };
    let marks: Vec<String> = checked.iter().flat_map(failing).take(MARKS_MAX).collect();
    tell_on_stderr(&marks.concat());
    Ok(())
}

fn mark(file: &Checked, answer: &super::Answer) -> String {
    let line = answer.line.map_or_else(String::new, |line| format!(",line={line}"));
    let path = escaped(&file.file.display().to_string()).replace(':', "%3A").replace(',', "%2C");
    format!("::error file={path}{line}::{}\n", escaped(&print::line(file, answer)))
}

/// As the runner reads it.
fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}
