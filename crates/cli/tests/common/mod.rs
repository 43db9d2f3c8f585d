//! The command as its users meet it: a process with a status and two streams.

#![allow(dead_code, reason = "every test file uses its own part")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How a command ended.
pub(crate) struct Ended {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The top of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A scenario of the repository.
pub(crate) fn scenario(name: &str) -> String {
    root().join("scenarios").join(name).to_str().unwrap().to_string()
}

/// The command, in the top of the repository, in an environment of its own.
pub(crate) fn quorate(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quorate"));
    command.args(args).current_dir(root()).env_clear().stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub(crate) fn end(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    Ended {
        status: output.status.code().expect("the command ended by itself"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs `quorate` with these arguments.
pub(crate) fn run(args: &[&str]) -> Ended {
    end(&mut quorate(args))
}

/// Runs and reads the JSON document on standard output.
pub(crate) fn json(args: &[&str]) -> serde_json::Value {
    let ended = run(args);
    assert!(ended.stderr.is_empty(), "{args:?}: {}", ended.stderr);
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{args:?}: {error}"))
}

/// Scenarios that take minutes in a build for tests.
pub(crate) const LONG: [&str; 1] = ["crdt/million.toml"];

/// All scenario files, by their names under `scenarios/`, in order.
pub(crate) fn scenarios() -> Vec<String> {
    files().into_iter().filter(|name| !name.starts_with("tables/")).collect()
}

/// All tables, by their names under `scenarios/`, in order.
pub(crate) fn tables() -> Vec<String> {
    files().into_iter().filter(|name| name.starts_with("tables/")).collect()
}

fn files() -> Vec<String> {
    let top = root().join("scenarios");
    let mut found = Vec::new();
    let mut folders = vec![top.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "toml") {
                found.push(path.strip_prefix(&top).unwrap().to_str().unwrap().replace('\\', "/"));
            }
        }
    }
    found.sort_unstable();
    found
}
