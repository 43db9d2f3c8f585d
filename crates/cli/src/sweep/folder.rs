//! A sweep's folder: which files stand in it, and how each comes to be there whole or not at all.

use super::part::{self, Part, Wrong};
use crate::output::Stop;
use quorate_lab::sweep::{Manifest, Unread};
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What describes the sweep.
const MANIFEST: &str = "sweep.json";
/// How the names of files begin that are being written.
const TEMPORARY: &str = ".quorate-";
/// A file of another host that nobody has written to for so long is left over.
const LEFT_OVER_AFTER: Duration = Duration::from_secs(3_600);

/// A folder with a sweep in it, or for one.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
}

/// What stands in a part's place.
pub(crate) enum Found {
    Missing,
    Sound(Part),
    Wrong(Wrong),
}

impl Folder {
    pub(crate) fn new(path: &Path) -> Folder {
        Folder { path: path.to_path_buf() }
    }

    fn manifest_path(&self) -> PathBuf {
        self.path.join(MANIFEST)
    }

    pub(crate) fn part_path(&self, part: u64) -> PathBuf {
        self.path.join(part_name(part))
    }

    /// The description of the sweep that is there, if there is one.
    pub(crate) fn manifest(&self) -> Result<Option<Manifest>, Stop> {
        let path = self.manifest_path();
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Stop::io("read", &path, &error)),
        };
        let document: serde_json::Value = serde_json::from_slice(&bytes)
            .map_err(|error| Stop::Input(format!("{}: it is damaged: {error}; {AFRESH}", path.display())))?;
        let told = |what: String| Stop::Input(format!("{}: {what}", path.display()));
        Manifest::of_json(&document).map(Some).map_err(|unread| match unread {
            Unread::Version(what) => told(format!("{what}; use that version, or another folder")),
            Unread::Malformed(what) => told(format!("{what}; {AFRESH}")),
        })
    }

    /// Says in the folder, which may not be there yet, which sweep is in it.
    ///
    /// # Errors
    /// Another sweep is in it, or it cannot be written.
    pub(crate) fn claim(&self, manifest: &Manifest) -> Result<(), Stop> {
        fs::create_dir_all(&self.path).map_err(|error| Stop::io("make the folder", &self.path, &error))?;
        if let Some(there) = self.manifest()? {
            return self.same(manifest, &there);
        }
        let text = crate::output::json_text(&manifest.to_json());
        match self.write(&self.manifest_path(), text.as_bytes(), Overwrite::Never) {
            // Another shard was faster.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => match self.manifest()? {
                Some(there) => self.same(manifest, &there),
                None => Err(Stop::io("write", &self.manifest_path(), &error)),
            },
            written => written.map_err(|error| Stop::io("write", &self.manifest_path(), &error)),
        }
    }

    /// Refuses a sweep that is not the one that is there.
    pub(crate) fn same(&self, manifest: &Manifest, there: &Manifest) -> Result<(), Stop> {
        if there.plan == manifest.plan {
            return Ok(());
        }
        let differences = manifest.differences(there).join("; ");
        Err(Stop::Input(format!("another sweep is in {}: {differences}\nname another folder with --out", self.path.display())))
    }

    /// What stands in a part's place, looked at byte for byte.
    pub(crate) fn part(&self, manifest: &Manifest, part: u64) -> Result<Found, Stop> {
        let path = self.part_path(part);
        match fs::read(&path) {
            Ok(bytes) => Ok(part::open(manifest, part, bytes).map_or_else(Found::Wrong, Found::Sound)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Found::Missing),
            Err(error) => Err(Stop::io("read", &path, &error)),
        }
    }

    /// Puts a part in its place.
    pub(crate) fn put(&self, part: u64, bytes: &[u8]) -> Result<(), Stop> {
        let path = self.part_path(part);
        self.write(&path, bytes, Overwrite::Always).map_err(|error| Stop::io("write", &path, &error))
    }

    /// Puts a summary in its place.
    pub(crate) fn put_text(&self, name: &str, text: &str) -> Result<PathBuf, Stop> {
        let path = self.path.join(name);
        self.write(&path, text.as_bytes(), Overwrite::Always).map_err(|error| Stop::io("write", &path, &error))?;
        Ok(path)
    }

    /// Writes beside the place and renames. The name says who writes, so that what a dead process left can be told from what a
    /// living one writes.
    fn write(&self, path: &Path, bytes: &[u8], overwrite: Overwrite) -> std::io::Result<()> {
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let prefix = format!("{TEMPORARY}{}-{}-", host(), std::process::id());
        let mut file = builder.prefix(&prefix).suffix(".tmp").tempfile_in(&self.path)?;
        // By the file itself: its errors do not tell of the temporary name.
        file.as_file_mut().write_all(bytes)?;
        file.as_file().sync_all()?;
        match overwrite {
            Overwrite::Always => file.persist(path),
            Overwrite::Never => file.persist_noclobber(path),
        }
        .map(|_| ())
        .map_err(|error| error.error)
    }

    /// The names in the folder.
    fn names(&self) -> Result<Vec<String>, Stop> {
        let cannot = |error| Stop::io("read the folder", &self.path, &error);
        let entries = fs::read_dir(&self.path).map_err(cannot)?;
        let names = entries.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()));
        let mut names = names.collect::<std::io::Result<Vec<String>>>().map_err(cannot)?;
        names.sort_unstable();
        Ok(names)
    }

    /// Parquet files that stand in no part's place: whoever reads all of the folder would read them too.
    pub(crate) fn strangers(&self, manifest: &Manifest) -> Result<Vec<PathBuf>, Stop> {
        let ours = |name: &String| {
            let number = name.strip_prefix("part-").and_then(|rest| rest.strip_suffix(".parquet")).and_then(|it| it.parse().ok());
            number.is_some_and(|number: u64| number < manifest.cut.parts() && *name == part_name(number))
        };
        let names = self.names()?.into_iter().filter(|name| name.ends_with(".parquet") && !ours(name));
        Ok(names.map(|name| self.path.join(name)).collect())
    }

    /// Takes away what dead processes left half written.
    pub(crate) fn sweep_out(&self) -> Result<(), Stop> {
        for name in self.names()? {
            let Some(rest) = name.strip_prefix(TEMPORARY) else {
                continue;
            };
            let mut words = rest.rsplitn(3, '-');
            let (process, host_there) = (words.nth(1).and_then(|word| word.parse().ok()), words.next());
            let path = self.path.join(&name);
            let left_over = match (process, host_there) {
                (Some(process), Some(there)) if there == host() => !lives(process),
                _ => idle(&path).is_some_and(|idle| idle > LEFT_OVER_AFTER),
            };
            if left_over {
                let _ = fs::remove_file(path);
            }
        }
        Ok(())
    }
}

const AFRESH: &str = "delete it, and run the same sweep again: parts that are whole are not done again";

#[derive(Clone, Copy)]
enum Overwrite {
    Always,
    Never,
}

fn part_name(part: u64) -> String {
    format!("part-{part:05}.parquet")
}

/// For how long nobody has written to a file.
fn idle(path: &Path) -> Option<Duration> {
    fs::metadata(path).ok()?.modified().ok()?.elapsed().ok()
}

/// This machine's name, as far as it can stand in a file's.
#[cfg(unix)]
fn host() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    name.chars().filter(|c| c.is_ascii_alphanumeric()).take(40).collect()
}

#[cfg(not(unix))]
fn host() -> String {
    let name = std::env::var("COMPUTERNAME").unwrap_or_default();
    name.chars().filter(|c| c.is_ascii_alphanumeric()).take(40).collect()
}

/// Whether a process of this machine lives; if that cannot be known, it does.
#[cfg(unix)]
fn lives(process: i32) -> bool {
    let Some(process) = rustix::process::Pid::from_raw(process) else {
        return false;
    };
    !matches!(rustix::process::test_kill_process(process), Err(rustix::io::Errno::SRCH))
}

#[cfg(not(unix))]
fn lives(process: i32) -> bool {
    process == std::process::id() as i32
}
