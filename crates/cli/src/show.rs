//! `quorate show`: a scenario as it is understood.

use crate::flags::{Language, Show};
use crate::output::{Status, Stop, colour, print, print_json};
use crate::scenario;
use quorate_lab::describe::toml;
use std::io::IsTerminal;

pub(crate) fn show(flags: &Show) -> Result<Status, Stop> {
    let mut plan = scenario::load(&flags.file, &flags.set, colour(flags.color, std::io::stderr().is_terminal()))?;
    plan.seed = flags.seed.unwrap_or(plan.seed);
    match flags.format {
        Language::Toml => print(&toml(&plan))?,
        Language::Json => print_json(&plan.to_json())?,
    }
    Ok(Status::Held)
}
