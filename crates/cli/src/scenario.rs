//! From a path to a plan: reads the file and those that it names, with limits, and lays out what is wrong with them.

use crate::output::Stop;
use flate2::read::MultiGzDecoder;
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, Severity, SourceCode};
use quorate_lab::plan::Plan;
use quorate_lab::run::RunFailure;
use quorate_lab::text::{
    Base, Errors, Files, INCLUDED_BYTES_MAX, Needed, Origin, Override, Problem, SOURCE_BYTES_MAX, Source, files_needed,
    line_column, parse,
};
use std::fmt;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;

/// Why there is no plan.
pub(crate) enum Refused {
    /// There is nothing to read, or no override to apply.
    Stop(Stop),
    /// The scenario is wrong: how, and the texts that the places are in.
    Wrong(Errors, Box<Texts>),
}

/// The texts that problems point into.
#[derive(Clone)]
pub(crate) struct Texts {
    name: String,
    bytes: Vec<u8>,
    files: Files,
}

impl Texts {
    /// Reads a scenario or a table; - is standard input.
    pub(crate) fn read(path: &Path) -> Result<Texts, Stop> {
        Ok(Texts { name: path.display().to_string(), bytes: read(path)?, files: Files::default() })
    }

    /// The text itself.
    pub(crate) fn source(&self) -> Source<'_> {
        Source { name: self.name.clone(), bytes: &self.bytes }
    }

    /// The text in which a problem has its place, and what it is called.
    pub(crate) fn of(&self, problem: &Problem) -> (String, &[u8]) {
        self.files.of(&problem.origin, &self.source())
    }
}

impl Refused {
    pub(crate) fn stop(self, colour: bool) -> Stop {
        match self {
            Refused::Stop(stop) => stop,
            Refused::Wrong(errors, texts) => Stop::Rendered(render(&errors, &texts, colour)),
        }
    }
}

/// Reads a scenario file, applies `--set`, and reads the files that the scenario names then.
pub(crate) fn load(path: &Path, sets: &[String], colour: bool) -> Result<Plan, Stop> {
    plan(path, sets).map_err(|refused| refused.stop(colour))
}

/// [`load`], with what is wrong as data.
pub(crate) fn plan(path: &Path, sets: &[String]) -> Result<Plan, Refused> {
    let overrides = overrides(sets).map_err(Refused::Stop)?;
    plan_with(Texts::read(path).map_err(Refused::Stop)?, path, &overrides, |_| Path::new(""))
}

/// The overrides of the command line.
pub(crate) fn overrides(sets: &[String]) -> Result<Vec<Override>, Stop> {
    let typed = |set: &String| {
        Override::of(set).ok_or_else(|| Stop::Input(format!("--set {set}: write --set KEY=VALUE, as in --set network.loss=0.05")))
    };
    sets.iter().map(typed).collect()
}

/// The plan of the scenario at `path`, whose text has been read. What an override names is looked for in the folder that `working` says.
pub(crate) fn plan_with<'p>(
    mut texts: Texts,
    path: &'p Path,
    overrides: &[Override],
    working: impl Fn(&str) -> &'p Path,
) -> Result<Plan, Refused> {
    let needed = files_needed(&texts.source(), overrides);
    let plan = needed.and_then(|needed| {
        for needed in needed {
            let folder = match needed.base {
                Base::Scenario => path.parent().unwrap_or(Path::new("")),
                Base::Working => working(&needed.path),
            };
            include(&mut texts.files, needed, folder);
        }
        parse(&texts.source(), overrides, &texts.files)
    });
    plan.map_err(|errors| Refused::Wrong(errors, Box::new(texts)))
}

/// What a protocol refuses when it is run, with its place in the file; `None` when that cannot be read again, or the failure has none.
pub(crate) fn blamed(path: &Path, sets: &[String], failure: &RunFailure) -> Option<Refused> {
    if failure.path.is_empty() || path == Path::new("-") {
        return None;
    }
    let overrides: Vec<Override> = sets.iter().filter_map(|set| Override::of(set)).collect();
    let texts = Texts::read(path).ok()?;
    let errors = quorate_lab::text::blamed(&texts.source(), &overrides, &failure.path, &failure.message)?;
    Some(Refused::Wrong(errors, Box::new(texts)))
}

/// The bytes of a scenario or a table.
fn read(path: &Path) -> Result<Vec<u8>, Stop> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        let read = io::stdin().lock().take(SOURCE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes);
        return read.map(|_| bytes).map_err(|error| Stop::Machine(format!("cannot read standard input: {error}")));
    }
    read_up_to(path, SOURCE_BYTES_MAX, "name a file in it").map_err(|problem| {
        let near = if problem.missing { nearest(path) } else { String::new() };
        Stop::Machine(format!("cannot read {}: {}{near}", path.display(), problem.reason))
    })
}

/// Reads a file that the scenario names, from that folder. What is wrong with it is told where the scenario names it.
fn include(files: &mut Files, needed: Needed, folder: &Path) {
    let path = folder.join(&needed.path);
    let bytes = match read_up_to(&path, INCLUDED_BYTES_MAX, "name a file in it") {
        Ok(bytes) if bytes.len() > INCLUDED_BYTES_MAX => {
            Err(format!("it is longer than {} MiB, the most that a scenario may include", INCLUDED_BYTES_MAX >> 20))
        }
        Ok(bytes) if bytes.starts_with(&GZIP) => unpacked(&bytes),
        Ok(bytes) => Ok(bytes),
        Err(problem) if problem.missing => Err(format!("{}{}", problem.reason, nearest(&path))),
        Err(problem) => Err(problem.reason),
    };
    files.add(needed, path.display().to_string(), bytes);
}

/// How a file begins that gzip has packed.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The contents of a packed file, if they are not too long.
fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut contents = Vec::new();
    let read = MultiGzDecoder::new(bytes).take(INCLUDED_BYTES_MAX as u64 + 1).read_to_end(&mut contents);
    match read {
        Ok(_) if contents.len() > INCLUDED_BYTES_MAX => {
            Err(format!("unpacked it is longer than {} MiB, the most that a scenario may include", INCLUDED_BYTES_MAX >> 20))
        }
        Ok(_) => Ok(contents),
        Err(error) => Err(format!("it begins as a gzip file and cannot be unpacked: {error}")),
    }
}

/// Why a file could not be read.
struct Unreadable {
    reason: String,
    /// There is no such file.
    missing: bool,
}

/// At most one byte more than is allowed: that shows that there is too much, however much more there is.
fn read_up_to(path: &Path, bytes_max: usize, cure: &str) -> Result<Vec<u8>, Unreadable> {
    let cannot = |error: io::Error| Unreadable { reason: error.to_string(), missing: error.kind() == io::ErrorKind::NotFound };
    let file = File::open(path).map_err(cannot)?;
    if file.metadata().map_err(cannot)?.is_dir() {
        return Err(Unreadable { reason: format!("it is a directory; {cure}"), missing: false });
    }
    let mut bytes = Vec::new();
    file.take(bytes_max as u64 + 1).read_to_end(&mut bytes).map_err(cannot)?;
    Ok(bytes)
}

/// The file that was perhaps meant.
fn nearest(path: &Path) -> String {
    let wanted = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(entries) = std::fs::read_dir(folder) else {
        return String::new();
    };
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let scored = names.map(|name| (strsim::jaro_winkler(&wanted, &name), name)).filter(|(score, _)| *score > 0.8);
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    best.map_or(String::new(), |(_, name)| format!("; did you mean {}?", folder.join(name).display()))
}

fn render(errors: &Errors, texts: &Texts, colour: bool) -> String {
    let mut text = String::new();
    for problem in &errors.problems {
        let (name, bytes) = texts.of(problem);
        match std::io::stderr().is_terminal().then(|| Shown::new(&name, problem, bytes)).flatten() {
            Some(shown) => {
                let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
                let _ = GraphicalReportHandler::new_themed(theme).with_width(100).render_report(&mut text, &shown);
            }
            None => text.push_str(&plain(&name, problem, bytes)),
        }
    }
    if errors.unlisted > 0 {
        text.push_str(&format!("and {} more\n", errors.unlisted));
    }
    text
}

/// The form for logs: `file:line:column: message`, then the line itself and the cure.
fn plain(name: &str, problem: &Problem, bytes: &[u8]) -> String {
    let mut text = match (&problem.origin, &problem.span) {
        (Origin::Flag(_), _) => format!("error: {problem}\n"),
        (_, Some(span)) => {
            let (line, column) = line_column(bytes, span.start);
            format!("{name}:{line}:{column}: error: {problem}\n")
        }
        (_, None) => format!("{name}: error: {problem}\n"),
    };
    if let Some(span) = &problem.span {
        let (number, column) = line_column(bytes, span.start);
        let line = String::from_utf8_lossy(line_of(bytes, span.start));
        if line.chars().count() <= LINE_MAX {
            let marks = "^"
                .repeat((span.end.saturating_sub(span.start)).clamp(1, line.chars().count().saturating_sub(column - 1).max(1)));
            text.push_str(&format!(
                "{number:>5} | {}\n      | {}{marks} {}\n",
                line.trim_end(),
                " ".repeat(column - 1),
                problem.label
            ));
        }
    }
    if let Some(help) = &problem.help {
        text.push_str(&format!("      = help: {help}\n"));
    }
    text
}

/// A longer line is not shown: JSON that a program wrote may be one line altogether.
const LINE_MAX: usize = 200;

/// The line of a place.
fn line_of(bytes: &[u8], at: usize) -> &[u8] {
    let (before, behind) = bytes.split_at(at.min(bytes.len()));
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let end = behind.iter().position(|byte| *byte == b'\n').unwrap_or(behind.len());
    &bytes[start..before.len() + end]
}

/// A problem in the form that the terminal's renderer takes.
#[derive(Debug)]
struct Shown {
    message: String,
    help: Option<String>,
    label: LabeledSpan,
    source: NamedSource<String>,
}

impl Shown {
    fn new(name: &str, problem: &Problem, bytes: &[u8]) -> Option<Shown> {
        let span = problem.span.as_ref()?;
        let line = line_of(bytes, span.start);
        if line.len() > LINE_MAX {
            return None;
        }
        // Of what takes many lines, such as a table, the first is enough.
        let shown = bytes[span.clone()].iter().position(|byte| *byte == b'\n').unwrap_or(span.len());
        let source = String::from_utf8(bytes.to_vec()).ok()?;
        Some(Shown {
            message: problem.to_string(),
            help: problem.help.clone(),
            label: LabeledSpan::new(Some(problem.label.clone()), span.start, shown),
            source: NamedSource::new(name, source),
        })
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown {}

impl Diagnostic for Shown {
    fn severity(&self) -> Option<Severity> {
        Some(Severity::Error)
    }
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }
    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(self.label.clone())))
    }
}
