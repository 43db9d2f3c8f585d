//! `quorate validate`: whether scenario and table files can be run, without running them.

use crate::flags::{Format, Validate};
use crate::output::{Status, Stop, colour, print, print_json, tell};
use crate::scenario::{self, Refused, Texts};
use quorate_lab::run::{self, RunFailure};
use quorate_lab::text::{Errors, Problem, line_column};
use serde_json::{Value, json};
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

pub(crate) fn validate(flags: &Validate) -> Result<Status, Stop> {
    let mut findings = Vec::new();
    for path in &flags.paths {
        match files(path) {
            Ok(files) => {
                for file in files {
                    findings.push(finding(file, &flags.set)?);
                }
            }
            Err(error) => findings.push(Finding { path: path.clone(), found: Found::Unread(Stop::io("read", path, &error)) }),
        }
    }
    let status = findings.iter().map(|finding| finding.found.status()).max_by_key(|status| *status as u8).unwrap_or(Status::Held);
    match flags.format {
        Format::Json => print_json(&findings.iter().map(Finding::to_json).collect::<Vec<Value>>().into())?,
        Format::Text => text(findings, colour(flags.color, io::stderr().is_terminal()))?,
    }
    Ok(status)
}

/// A file and what was found in it.
struct Finding {
    path: PathBuf,
    found: Found,
}

enum Found {
    /// It can be run: the scenario's name.
    Right(String),
    /// The text is wrong, or that of a file that it names.
    Wrong(Errors, Box<Texts>),
    /// Each value is right, and the protocol cannot do what they come to.
    Refused(RunFailure),
    /// It was not read.
    Unread(Stop),
}

fn finding(path: PathBuf, sets: &[String]) -> Result<Finding, Stop> {
    let is_table = path != Path::new("-") && Texts::read(&path).is_ok_and(|texts| quorate_lab::text::is_table(&texts.source()));
    let found = match if is_table { table(&path, sets) } else { scenario(&path, sets) } {
        Ok(found) => found,
        Err(Refused::Wrong(errors, texts)) => Found::Wrong(errors, texts),
        // A flag that is wrong is so for every file.
        Err(Refused::Stop(stop @ Stop::Input(_))) => return Err(stop),
        Err(Refused::Stop(stop)) => Found::Unread(stop),
    };
    Ok(Finding { path, found })
}

fn table(path: &Path, sets: &[String]) -> Result<Found, Refused> {
    crate::table::plan(path, sets, None).map(|plan| Found::Right(plan.name().to_string()))
}

fn scenario(path: &Path, sets: &[String]) -> Result<Found, Refused> {
    let plan = scenario::plan(path, sets)?;
    match run::try_out(&plan) {
        Ok(()) => Ok(Found::Right(plan.name)),
        Err(failure) => match scenario::blamed(path, sets, &failure) {
            Some(refused @ Refused::Wrong(..)) => Err(refused),
            _ => Ok(Found::Refused(failure)),
        },
    }
}

/// The file itself; of a folder, every scenario below it in the order of their paths.
pub(crate) fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut files = Vec::new();
    collect(path, &mut files)?;
    files.sort();
    if files.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "there is no .toml or .json file below it"));
    }
    Ok(files)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        // Links to folders are not followed: they may lead in circles.
        if entry.file_type()?.is_dir() {
            if !name.starts_with('.') {
                collect(&path, files)?;
            }
        } else if (name.ends_with(".toml") || name.ends_with(".json"))
            && !name.ends_with(".schema.json")
            && !name.starts_with('.')
        {
            files.push(path);
        }
    }
    Ok(())
}

/// A line for each file that is right to standard output, all that is wrong to standard error.
fn text(findings: Vec<Finding>, colour: bool) -> Result<(), Stop> {
    let count = findings.len();
    let names = findings.iter().filter_map(|finding| match &finding.found {
        Found::Right(name) => Some(name.len()),
        _ => None,
    });
    let width = names.max().unwrap_or(0);
    let mut wrong = 0;
    for Finding { path, found } in findings {
        wrong += usize::from(!matches!(found, Found::Right(_)));
        match found {
            Found::Right(name) => print(&format!("ok  {name:width$}  {}\n", path.display()))?,
            Found::Wrong(errors, texts) => tell(&Refused::Wrong(errors, texts).stop(colour).text()),
            Found::Refused(failure) => tell(&format!("{}: error: {failure}\n", path.display())),
            Found::Unread(stop) => tell(&stop.text()),
        }
    }
    if wrong > 0 && count > 1 {
        tell(&format!("{wrong} of {count} files are not right\n"));
    }
    Ok(())
}

impl Found {
    fn status(&self) -> Status {
        match self {
            Found::Right(_) => Status::Held,
            Found::Wrong(..) | Found::Refused(_) => Status::Wrong,
            Found::Unread(_) => Status::Unread,
        }
    }
}

impl Finding {
    fn to_json(&self) -> Value {
        let (name, problems) = match &self.found {
            Found::Right(name) => (Some(name), Vec::new()),
            Found::Wrong(errors, texts) => (None, errors.problems.iter().map(|problem| problem_json(problem, texts)).collect()),
            Found::Refused(failure) => (None, vec![self.unplaced(&failure.path, &failure.message)]),
            Found::Unread(stop) => (None, vec![self.unplaced("", stop.text().trim_start_matches("error: ").trim_end())]),
        };
        json!({ "path": self.path.display().to_string(), "name": name, "ok": name.is_some(), "problems": problems })
    }

    /// A problem with the file as a whole.
    fn unplaced(&self, path: &str, message: &str) -> Value {
        json!({ "file": self.path.display().to_string(), "line": null, "column": null, "path": path, "message": message, "help": null })
    }
}

fn problem_json(problem: &Problem, texts: &Texts) -> Value {
    let (file, bytes) = texts.of(problem);
    let (line, column) = problem.span.as_ref().map(|span| line_column(bytes, span.start)).unzip();
    let path = &problem.path;
    // A problem is printed with its path and its flag in front of the message; here the path has a place of its own.
    let message = Problem { path: String::new(), ..problem.clone() }.to_string();
    json!({ "file": file, "line": line, "column": column, "path": path, "message": message, "help": problem.help })
}
