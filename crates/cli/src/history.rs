//! `quorate history`: judges histories that are files of their own, whoever wrote them. A file is read a line at a time, and its
//! memory, its steps and, where asked for, its time are bounded: past a bound its verdict is *unknown*.

use crate::flags::{Format, History as Flags, HistoryCheck, HistoryCommand};
use crate::layout::folded;
use crate::output::{Status, Stop, json_text, print, tell};
use quorate_check::Verdict;
use quorate_check::budget::{Budget, Exhausted};
use quorate_check::checks::{self, Check, Judgement};
use quorate_check::history::read::{self, LINE_MAX, Malformed, Reader};
use quorate_check::history::{History, Model};
use serde_json::{Map, Value, json};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub(crate) fn history(flags: &Flags) -> Result<Status, Stop> {
    match &flags.command {
        HistoryCommand::Check(flags) => check(flags),
    }
}

fn check(flags: &HistoryCheck) -> Result<Status, Stop> {
    let mut files = Vec::new();
    let mut lone = flags.paths.len() == 1 && flags.checks.len() <= 1;
    for path in &flags.paths {
        lone &= !path.is_dir();
        files.extend(below(path)?);
    }
    let mut told = Told::default();
    for path in files {
        let findings = judge(flags, &path);
        told.add(flags.format, &path, findings)?;
    }
    told.end(flags.format, lone)
}

/// What was found of one file by one check.
struct Finding {
    model: Option<Model>,
    check: Option<&'static str>,
    operations: usize,
    found: Found,
}

enum Found {
    Judged(Judgement),
    /// The file is no history.
    Malformed(Malformed),
    /// The check says nothing of such a history.
    Unfit(String),
    Unread(Stop),
}

impl Found {
    fn status(&self) -> Status {
        match self {
            Found::Judged(judgement) => match &judgement.verdict {
                Verdict::Ok | Verdict::NotJudged(_) => Status::Held,
                Verdict::Violation(_) => Status::Failed,
                Verdict::Unknown(_) => Status::Undecided,
            },
            Found::Malformed(_) | Found::Unfit(_) => Status::Wrong,
            Found::Unread(_) => Status::Unread,
        }
    }
}

/// How one status yields to another: what says less about the histories says more about the command.
fn rank(status: Status) -> u8 {
    match status {
        Status::Held => 0,
        Status::Undecided => 1,
        Status::Failed => 2,
        Status::Wrong => 3,
        Status::Unread => 4,
    }
}

fn judge(flags: &HistoryCheck, path: &Path) -> Vec<Finding> {
    let started = Instant::now();
    let allowed = flags.budget.map(Duration::from_nanos);
    let is_late = || allowed.is_some_and(|allowed| started.elapsed() >= allowed);
    let finding =
        |found| Finding { model: flags.model, check: flags.checks.first().and_then(|name| named(name)), operations: 0, found };
    let history = match read(path, flags, &is_late) {
        Ok(history) => history,
        Err(Unread::Stop(stop)) => return vec![finding(Found::Unread(stop))],
        Err(Unread::Wrong(malformed)) => return vec![finding(Found::Malformed(malformed))],
        Err(Unread::TooMuch(why)) => return vec![finding(Found::Judged(Judgement::from(Verdict::Unknown(why))))],
    };
    let wanted: Vec<&str> = match &flags.checks[..] {
        [] => vec![history.model.info().check],
        names => names.iter().map(String::as_str).collect(),
    };
    let held = size(&history);
    let each = wanted.into_iter().filter_map(checks::named).map(|check| {
        let found = if check.models.contains(&history.model) {
            Found::Judged((check.judge)(&history, &mut Budget::new(flags.steps, flags.memory).beside(held).until(&is_late)))
        } else {
            Found::Unfit(unfit(check, history.model))
        };
        Finding { model: Some(history.model), check: Some(check.name), operations: history.operations.len(), found }
    });
    each.collect()
}

fn named(name: &str) -> Option<&'static str> {
    checks::named(name).map(|check| check.name)
}

fn unfit(check: &Check, model: Model) -> String {
    let fit: Vec<&str> = checks::CHECKS.iter().filter(|check| check.models.contains(&model)).map(|check| check.name).collect();
    format!("{} says nothing of a {} history; what can be checked of it: {}", check.name, model.name(), fit.join(", "))
}

fn size(history: &History) -> u64 {
    history.names.bytes() + history.operations.iter().map(|operation| operation.bytes()).sum::<u64>()
}

enum Unread {
    Stop(Stop),
    Wrong(Malformed),
    TooMuch(String),
}

fn read(path: &Path, flags: &HistoryCheck, is_late: &dyn Fn() -> bool) -> Result<History, Unread> {
    let stop = |error: io::Error| Unread::Stop(Stop::io("read", path, &error));
    if path == Path::new("-") {
        return read_from(io::stdin().lock(), path, flags, is_late);
    }
    let file = File::open(path).map_err(stop)?;
    read_from(BufReader::with_capacity(1 << 18, file), path, flags, is_late)
}

fn read_from(mut from: impl BufRead, path: &Path, flags: &HistoryCheck, is_late: &dyn Fn() -> bool) -> Result<History, Unread> {
    const LINES_PER_LOOK: u64 = 1 << 10;
    let mut reader = Reader::new(flags.model, flags.memory);
    let mut line = Vec::new();
    for count in 0.. {
        line.clear();
        let read = from.by_ref().take(LINE_MAX as u64 + 1).read_until(b'\n', &mut line);
        if read.map_err(|error| Unread::Stop(Stop::io("read", path, &error)))? == 0 {
            break;
        }
        if count % LINES_PER_LOOK == 0 && is_late() {
            return Err(Unread::TooMuch(format!("{}, while {count} lines were read", Exhausted::Time { steps: 0 })));
        }
        reader.line(&line).map_err(|stop| match stop {
            read::Stop::Malformed(malformed) => Unread::Wrong(malformed),
            read::Stop::Memory { operations, bytes } => {
                Unread::TooMuch(format!("{}: {operations} operations fill them", Exhausted::Memory(bytes)))
            }
        })?;
    }
    reader.finish().map_err(Unread::Wrong)
}

/// What was told, for the end.
#[derive(Default)]
struct Told {
    documents: Vec<Value>,
    /// By [`rank`].
    counts: [usize; 5],
    worst: Option<Status>,
    is_closed: bool,
}

impl Told {
    fn add(&mut self, format: Format, path: &Path, findings: Vec<Finding>) -> Result<(), Stop> {
        for finding in findings {
            let status = finding.found.status();
            self.counts[usize::from(rank(status))] += 1;
            if self.worst.is_none_or(|worst| rank(status) > rank(worst)) {
                self.worst = Some(status);
            }
            match &finding.found {
                Found::Malformed(malformed) => {
                    tell(&format!("error: {}:{}:{}: {}\n", path.display(), malformed.line, malformed.column, malformed.message));
                }
                Found::Unfit(why) => tell(&format!("error: {}: {why}\n", path.display())),
                Found::Unread(stop) => tell(&stop.text()),
                Found::Judged(judgement) if format == Format::Text => self.print(&text(path, &finding, judgement))?,
                Found::Judged(_) => {}
            }
            if format == Format::Json {
                self.documents.push(document(path, finding));
            }
        }
        Ok(())
    }

    fn end(mut self, format: Format, lone: bool) -> Result<Status, Stop> {
        match format {
            Format::Json if lone && self.documents.len() == 1 => self.print(&json_text(&self.documents[0].clone()))?,
            Format::Json => self.print(&json_text(&self.documents.clone().into()))?,
            Format::Text if self.counts.iter().sum::<usize>() > 1 => {
                let words = ["ok", "unknown", "violated", "not to be judged", "unread"];
                let parts = words.iter().zip(self.counts).filter(|(_, count)| *count > 0);
                let parts: Vec<String> = parts.map(|(word, count)| format!("{count} {word}")).collect();
                self.print(&format!("{}\n", parts.join(", ")))?;
            }
            Format::Text => {}
        }
        Ok(self.worst.unwrap_or(Status::Held))
    }

    /// Whoever reads the verdicts may go before the last; the exit status says what all of them came to.
    fn print(&mut self, text: &str) -> Result<(), Stop> {
        match if self.is_closed { Ok(()) } else { print(text) } {
            Err(Stop::Closed) => {
                self.is_closed = true;
                Ok(())
            }
            other => other,
        }
    }
}

/// `ok  linearizable  FILE (77 operations, cas-register)`, and why.
fn text(path: &Path, finding: &Finding, judgement: &Judgement) -> String {
    let what = match (finding.model, finding.operations) {
        (Some(model), 1..) => format!(" ({} operations, {})", finding.operations, model.name()),
        _ => String::new(),
    };
    let check = finding.check.unwrap_or("-");
    let mut text = format!("{:9}  {check}  {}{what}\n", judgement.verdict.name(), path.display());
    for line in judgement.verdict.evidence().lines() {
        let words = line.trim_start();
        let indent = " ".repeat(2 + line.len() - words.len());
        // Drawings are never wider than this.
        match indent.len() + words.chars().count() {
            0..=80 => text.push_str(&format!("  {line}\n")),
            _ => folded(&mut text, &indent, words),
        }
    }
    if let Some(Value::Array(rules)) = judgement.facts.get("inference") {
        let rules: Vec<&str> = rules.iter().filter_map(Value::as_str).collect();
        folded(&mut text, "  taken as known: ", &rules.join("; "));
    }
    text
}

fn document(path: &Path, finding: Finding) -> Value {
    let mut document = json!({
        "file": path.display().to_string(),
        "model": finding.model.map(Model::name),
        "check": finding.check,
        "verdict": null,
        "evidence": null,
    });
    match finding.found {
        Found::Judged(judgement) => {
            document["verdict"] = judgement.verdict.name().into();
            let mut evidence = Map::new();
            if !judgement.verdict.evidence().is_empty() {
                evidence.insert("text".to_string(), judgement.verdict.evidence().into());
            }
            evidence.extend(judgement.facts);
            document["evidence"] = evidence.into();
        }
        Found::Malformed(Malformed { line, column, message }) => {
            document["error"] = json!({ "line": line, "column": column, "message": message });
        }
        Found::Unfit(message) => document["error"] = json!({ "line": null, "column": null, "message": message }),
        Found::Unread(stop) => {
            let text = stop.text();
            let message = text.trim_start_matches("error: ").trim_end();
            document["error"] = json!({ "line": null, "column": null, "message": message });
        }
    }
    document
}

/// The file itself; of a folder, every history below it in the order of their paths.
fn below(path: &Path) -> Result<Vec<PathBuf>, Stop> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut files = Vec::new();
    collect(path, &mut files).map_err(|error| Stop::io("read", path, &error))?;
    files.sort();
    if files.is_empty() {
        return Err(Stop::Machine(format!("cannot read {}: there is no .jsonl file below it", path.display())));
    }
    Ok(files)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        // Links to folders are not followed: they may lead in circles.
        if entry.file_type()?.is_dir() && !hidden {
            collect(&entry.path(), files)?;
        } else if entry.path().extension().is_some_and(|ending| ending == "jsonl") && !hidden {
            files.push(entry.path());
        }
    }
    Ok(())
}
