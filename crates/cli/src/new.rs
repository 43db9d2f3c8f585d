//! `quorate new`: a scenario file to begin with.

use crate::flags::New;
use crate::output::{Status, Stop, print, tell, write_new_file};
use quorate_lab::describe::{Template, template};
use quorate_protocols::registry::find;
use std::path::{Path, absolute};

pub(crate) fn new(flags: &New) -> Result<Status, Stop> {
    let Some(protocol) = find(&flags.protocol) else {
        return Err(Stop::Input(format!("there is no protocol {:?}; see quorate list protocols", flags.protocol)));
    };
    let schema = flags.out.as_deref().and_then(schema);
    let text = template(&Template { name: &flags.name, protocol, schema: schema.as_deref() })
        .map_err(|errors| Stop::Input(errors.problems.first().map_or_else(String::new, ToString::to_string)))?;
    match &flags.out {
        None => print(&text)?,
        Some(out) => {
            write_new_file(out, &text)?;
            tell(&format!("wrote {0}; run it with: quorate run {0}\n", out.display()));
        }
    }
    Ok(Status::Held)
}

const SCHEMA: &str = "scenario.schema.json";

/// The way from a file to the schema in the nearest folder above it that has one, for editors.
fn schema(file: &Path) -> Option<String> {
    let file = absolute(file).ok()?;
    let mut up = String::new();
    for folder in file.ancestors().skip(1) {
        if folder.join(SCHEMA).is_file() {
            return Some(format!("{up}{SCHEMA}"));
        }
        up.push_str("../");
    }
    None
}
