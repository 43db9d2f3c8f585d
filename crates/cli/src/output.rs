//! What leaves the command: results to standard output, all else to standard error, and the exit status. A closed pipe ends
//! quietly; a full disk does not.

use crate::flags::Colour;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

/// How a command that did its work ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Status {
    Held,
    Failed,
    Undecided,
    /// What was to be checked is wrong, and has been told.
    Wrong,
    /// What was to be checked could not be read, and that has been told.
    Unread,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        ExitCode::from(match status {
            Status::Held => 0,
            Status::Failed => 1,
            Status::Wrong => 2,
            Status::Undecided => 3,
            Status::Unread => 4,
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
        tell(&self.text());
        ExitCode::from(match self {
            Stop::Closed => 0,
            Stop::Input(_) | Stop::Rendered(_) => 2,
            Stop::Machine(_) => 4,
        })
    }

    /// As it is told.
    pub(crate) fn text(&self) -> String {
        match self {
            Stop::Closed => String::new(),
            Stop::Input(text) | Stop::Machine(text) => format!("error: {text}\n"),
            Stop::Rendered(text) => text.clone(),
        }
    }

    /// What went wrong, without saying that it is an error.
    pub(crate) fn reason(&self) -> &str {
        match self {
            Stop::Closed => "",
            Stop::Input(text) | Stop::Machine(text) | Stop::Rendered(text) => text,
        }
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

/// A file that becomes a result once it is whole: others may read it, as far as the user's mask lets them.
fn temporary_in(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// Writes a file so that it is there whole or not at all.
pub(crate) fn write_file(path: &Path, content: &str) -> Result<(), Stop> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = temporary_in(folder).and_then(|mut file| {
        file.write_all(content.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)
    });
    written.map(|_| ()).map_err(|error| Stop::io("write", path, &error))
}

/// Writes a file that must not be there yet, whole or not at all.
pub(crate) fn write_new_file(path: &Path, content: &str) -> Result<(), Stop> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = temporary_in(folder).and_then(|mut file| {
        file.write_all(content.as_bytes())?;
        file.persist_noclobber(path).map_err(|error| error.error)
    });
    written.map(|_| ()).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Stop::Machine(format!("{} is there already, and nothing is overwritten", path.display())),
        _ => Stop::io("write", path, &error),
    })
}

/// Tells on standard error what is no result. Nobody can be told when that is gone too.
pub(crate) fn tell(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Whether to use colours.
pub(crate) fn colour(wanted: Colour, terminal: bool) -> bool {
    match wanted {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    }
}
