//! What leaves the command: results to standard output, all else to standard error, and the exit status. A closed pipe ends
//! quietly; a full disk does not.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

/// How a command that did its work ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Status {
    Held,
    Failed,
    Undecided,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        ExitCode::from(match status {
            Status::Held => 0,
            Status::Failed => 1,
            Status::Undecided => 3,
        })
    }
}

/// Why a command could not do its work.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The input is wrong: told in words.
    Input(String),
    /// The input is wrong, and the message is already laid out.
    Rendered(String),
    /// The machine failed: what was tried, and what came of it.
    Machine(String),
    /// Whoever read the results has gone.
    Closed,
}

impl Stop {
    pub(crate) fn report(self) -> ExitCode {
        let (code, text) = match self {
            Stop::Closed => return ExitCode::SUCCESS,
            Stop::Input(text) => (2, format!("error: {text}\n")),
            Stop::Rendered(text) => (2, text),
            Stop::Machine(text) => (4, format!("error: {text}\n")),
        };
        // Nobody can be told when standard error is gone too.
        let _ = io::stderr().write_all(text.as_bytes());
        ExitCode::from(code)
    }

    /// An I/O error over a path.
    pub(crate) fn io(doing: &str, path: &Path, error: &io::Error) -> Stop {
        Stop::Machine(format!("cannot {doing} {}: {error}", path.display()))
    }
}

/// Help and version are results; a wrong flag is wrong input.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let text = error.render();
    if error.use_stderr() {
        let stop = if io::stderr().is_terminal() { text.ansi().to_string() } else { text.to_string() };
        return Stop::Rendered(stop).report();
    }
    let text = if io::stdout().is_terminal() { text.ansi().to_string() } else { text.to_string() };
    match print(&text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => stop.report(),
    }
}

/// Writes a result.
pub(crate) fn print(text: &str) -> Result<(), Stop> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Stop::Closed,
        _ => Stop::Machine(format!("cannot write the results to standard output: {error}")),
    })
}

/// Writes a result as one JSON document.
pub(crate) fn print_json(document: &serde_json::Value) -> Result<(), Stop> {
    print(&json_text(document))
}

/// A JSON document as it is printed and written everywhere.
pub(crate) fn json_text(document: &serde_json::Value) -> String {
    format!("{document:#}\n")
}

/// Writes a file so that it is there whole or not at all.
pub(crate) fn write_file(path: &Path, content: &str) -> Result<(), Stop> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut file| {
        file.write_all(content.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)
    });
    written.map(|_| ()).map_err(|error| Stop::io("write", path, &error))
}
