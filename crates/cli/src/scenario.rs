//! From a path to a plan: reads the file, with a limit, and lays out what is wrong with it.

use crate::output::Stop;
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, Severity, SourceCode};
use quorate_lab::plan::Plan;
use quorate_lab::text::{Errors, Origin, Override, Problem, SOURCE_BYTES_MAX, Source, line_column, parse};
use std::fmt;
use std::fs::File;
use std::io::{IsTerminal, Read};
use std::path::Path;

/// Reads a scenario file and applies `--set`.
pub(crate) fn load(path: &Path, sets: &[String], colour: bool) -> Result<Plan, Stop> {
    let overrides = sets
        .iter()
        .map(|set| {
            Override::of(set)
                .ok_or_else(|| Stop::Input(format!("--set {set}: write --set KEY=VALUE, as in --set network.loss=0.05")))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let bytes = read(path)?;
    let source = Source { name: path.display().to_string(), bytes: &bytes };
    parse(&source, &overrides).map_err(|errors| Stop::Rendered(render(&errors, &bytes, colour)))
}

fn read(path: &Path) -> Result<Vec<u8>, Stop> {
    let cannot = |error: std::io::Error| {
        let near = if error.kind() == std::io::ErrorKind::NotFound { nearest(path) } else { String::new() };
        Stop::Machine(format!("cannot read {}: {error}{near}", path.display()))
    };
    let file = File::open(path).map_err(cannot)?;
    if file.metadata().map_err(cannot)?.is_dir() {
        return Err(Stop::Machine(format!("cannot read {}: it is a directory; name a scenario file in it", path.display())));
    }
    let mut bytes = Vec::new();
    // One byte more than is allowed shows that there is too much, however much more there is.
    file.take(SOURCE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(cannot)?;
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

fn render(errors: &Errors, bytes: &[u8], colour: bool) -> String {
    let mut text = String::new();
    for problem in &errors.problems {
        match Shown::new(errors, problem, bytes) {
            Some(shown) if std::io::stderr().is_terminal() => {
                let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
                let _ = GraphicalReportHandler::new_themed(theme).with_width(100).render_report(&mut text, &shown);
            }
            _ => text.push_str(&plain(errors, problem, bytes)),
        }
    }
    if errors.unlisted > 0 {
        text.push_str(&format!("and {} more\n", errors.unlisted));
    }
    text
}

/// The form for logs: `file:line:column: message`, then the line itself and the cure.
fn plain(errors: &Errors, problem: &Problem, bytes: &[u8]) -> String {
    let mut text = match (&problem.origin, &problem.span) {
        (Origin::Flag(_), _) => format!("error: {problem}\n"),
        (Origin::File, Some(span)) => {
            let (line, column) = line_column(bytes, span.start);
            format!("{}:{line}:{column}: error: {problem}\n", errors.source)
        }
        (Origin::File, None) => format!("{}: error: {problem}\n", errors.source),
    };
    if let (Origin::File, Some(span)) = (&problem.origin, &problem.span) {
        let (number, column) = line_column(bytes, span.start);
        let line = bytes.split(|byte| *byte == b'\n').nth(number - 1).unwrap_or_default();
        let line = String::from_utf8_lossy(line);
        if line.chars().count() <= 200 {
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

/// A problem in the form that the terminal's renderer takes.
#[derive(Debug)]
struct Shown {
    message: String,
    help: Option<String>,
    label: LabeledSpan,
    source: NamedSource<String>,
}

impl Shown {
    fn new(errors: &Errors, problem: &Problem, bytes: &[u8]) -> Option<Shown> {
        let (Origin::File, Some(span)) = (&problem.origin, &problem.span) else {
            return None;
        };
        let source = String::from_utf8(bytes.to_vec()).ok()?;
        Some(Shown {
            message: problem.to_string(),
            help: problem.help.clone(),
            label: LabeledSpan::new(Some(problem.label.clone()), span.start, span.len()),
            source: NamedSource::new(&errors.source, source),
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
