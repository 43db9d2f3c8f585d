//! Where tables are: a name means a file in the nearest folder `scenarios/tables`, here or above; a path means itself.

use crate::flags::{Format, TableFormat};
use crate::layout::{folded, rows};
use crate::output::{Stop, print, print_json};
use crate::scenario::{Refused, Texts};
use quorate_lab::table::{Table, read};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// A table of the folder.
pub(crate) struct Entry {
    pub(crate) path: PathBuf,
    pub(crate) table: Table,
}

/// The folder of tables that is nearest: below the working directory, or below one above it.
fn folder() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    let found = here.ancestors().map(|above| above.join("scenarios/tables")).find(|folder| folder.is_dir())?;
    // Shorter, and the same on every machine, where it can be.
    Some(found.strip_prefix(&here).map(Path::to_path_buf).unwrap_or(found))
}

/// The files of tables, in the order of their names.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Stop> {
    let entries = std::fs::read_dir(folder).map_err(|error| Stop::io("read", folder, &error))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect();
    files.sort();
    Ok(files)
}

/// All tables of the folder.
pub(crate) fn all() -> Result<Vec<Entry>, Stop> {
    let Some(folder) = folder() else {
        return Err(Stop::Input("there is no folder scenarios/tables here or above; name a table's file".to_string()));
    };
    files(&folder)?
        .into_iter()
        .map(|path| load(&path).map(|(table, _)| Entry { path, table }).map_err(|it| it.stop(false)))
        .collect()
}

/// The table of that name, if the folder has it.
pub(crate) fn named(name: &str) -> Option<Entry> {
    let path = at(&folder()?, name)?;
    load(&path).ok().map(|(table, _)| Entry { path, table })
}

fn at(folder: &Path, name: &str) -> Option<PathBuf> {
    let plain = !name.is_empty() && !name.contains(['/', '\\', '.']);
    plain.then(|| folder.join(format!("{name}.toml"))).filter(|path| path.is_file())
}

/// The file that is meant by a name or a path.
pub(crate) fn meant(table: &Path) -> Result<PathBuf, Stop> {
    let name = table.to_string_lossy();
    let is_path = name.contains(['/', '\\', '.']) || name == "-" || table.exists();
    if is_path {
        return Ok(table.to_path_buf());
    }
    let Some(folder) = folder() else {
        return Err(Stop::Input(format!("no table {name:?}: there is no folder scenarios/tables here or above; name its file")));
    };
    at(&folder, &name).map_or_else(|| Err(unknown(&name, &folder)), Ok)
}

fn unknown(name: &str, folder: &Path) -> Stop {
    let files = files(folder).unwrap_or_default();
    let names: Vec<String> =
        files.iter().filter_map(|path| path.file_stem()).map(|stem| stem.to_string_lossy().into_owned()).collect();
    let near = names.iter().map(|known| (strsim::jaro_winkler(name, known), known)).filter(|(score, _)| *score > 0.7);
    let best = near.max_by(|one, other| one.0.total_cmp(&other.0));
    let guess = best.map_or(String::new(), |(_, known)| format!("; did you mean {known}?"));
    Stop::Input(format!("no table is called {name:?}{guess}\nquorate table lists them"))
}

/// Reads a table, with its text.
pub(crate) fn load(path: &Path) -> Result<(Table, Texts), Refused> {
    let texts = Texts::read(path).map_err(Refused::Stop)?;
    match read(&texts.source()) {
        Ok(table) => Ok((table, texts)),
        Err(errors) => Err(Refused::Wrong(errors, Box::new(texts))),
    }
}

impl Entry {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "name": self.table.name,
            "summary": self.table.summary,
            "source": self.table.source,
            "file": self.path.display().to_string(),
            "columns": self.table.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>(),
            "rows": self.table.rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(),
        })
    }
}

/// Prints all tables, a line each.
pub(crate) fn list(format: Format) -> Result<(), Stop> {
    let tables = all()?;
    if format == Format::Json {
        return print_json(&tables.iter().map(Entry::to_json).collect::<Vec<Value>>().into());
    }
    let mut text = String::new();
    rows(&mut text, 0, &tables.iter().map(|entry| (&entry.table.name, &entry.table.summary)).collect::<Vec<_>>());
    if let Some(first) = tables.first() {
        text.push('\n');
        folded(&mut text, "", &format!("To run one: quorate table NAME, such as quorate table {}", first.table.name));
    }
    print(&text)
}

/// Prints the list as `quorate table` without a name does.
pub(crate) fn list_as(format: TableFormat) -> Result<(), Stop> {
    list(if format == TableFormat::Json { Format::Json } else { Format::Text })
}

/// What a table is, in 80 columns.
pub(crate) fn page(entry: &Entry) -> String {
    let table = &entry.table;
    let mut text = format!("{}: a table\n", table.name);
    folded(&mut text, "  ", &table.summary);
    let file = entry.path.display().to_string();
    let mut facts = vec![("source", table.source.as_str()), ("file", &file)];
    facts.extend(table.note.as_deref().map(|note| ("note", note)));
    rows(&mut text, 2, &facts);
    text.push_str("\nRows\n");
    rows(&mut text, 2, &table.rows.iter().map(|row| (row.measure().to_string(), row.name.clone())).collect::<Vec<_>>());
    text.push_str("\nColumns\n");
    for column in &table.columns {
        folded(&mut text, "  ", &column.name);
    }
    text.push_str(&format!("\nTo run it: quorate table {}\n", table.name));
    text
}
