//! Which runs the cells need: for each cell its scenario with all that is set in it. Cells that need the same share it.

use super::{Setting, Settings, Table};
use crate::plan::Plan;
use crate::text::{Errors, Held, Origin, Override, Problem, did_you_mean};
use quorate_protocols::registry;

/// What must run for a table.
#[derive(Debug)]
pub struct Worlds {
    pub(super) table: Table,
    /// By row, then by column.
    pub(super) cells: Vec<Vec<Ground>>,
    pub(super) worlds: Vec<World>,
}

/// What a cell stands on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Ground {
    /// So many seeds of the world of this index.
    World(usize, u32),
    /// Nothing: there is no such protocol, as this says.
    NotBuilt(String),
}

/// A scenario with what is changed in it.
#[derive(Clone, Debug)]
pub struct World {
    /// The scenario's path, as the table has it: relative to the folder of the table.
    pub scenario: String,
    /// What is changed, in order; no key is there twice.
    pub overrides: Vec<Override>,
    /// How many seeds, from the scenario's own on: as many as the cell that wants most.
    pub seeds: u32,
    named: Held,
    settings: Vec<Setting>,
    file: String,
}

impl Table {
    /// What must run for the cells, with `flags` on top of what the table sets, and with so many seeds whatever it says.
    ///
    /// # Errors
    /// A cell for which no scenario is named.
    pub fn worlds(self, flags: &[Override], seeds: Option<u32>) -> Result<Worlds, Errors> {
        let mut worlds: Vec<World> = Vec::new();
        let mut problems = Vec::new();
        let mut cells = Vec::new();
        for row in &self.rows {
            let mut grounds = Vec::new();
            for column in &self.columns {
                let levels = [&self.settings, &column.settings, &row.settings];
                let seeds = seeds.or(last(levels, |level| level.seeds)).unwrap_or(1);
                let settings = changes(levels, flags);
                let overrides = overrides(&settings, flags);
                if let Some(missing) = unknown_protocol(&overrides) {
                    grounds.push(Ground::NotBuilt(missing));
                    continue;
                }
                let Some(named) = last(levels, |level| level.scenario.clone()) else {
                    let message = format!(
                        "no \"scenario\" is named for it (column \"{}\"); name one at the top, there or here",
                        column.name
                    );
                    problems.push(*row.measure.fail(message));
                    continue;
                };
                let same = |world: &World| world.scenario == named.text() && world.overrides == overrides;
                let index = worlds.iter().position(same).unwrap_or_else(|| {
                    let (scenario, file) = (named.text().trim().to_string(), self.file.clone());
                    worlds.push(World { scenario, overrides, seeds: 0, named, settings, file });
                    worlds.len() - 1
                });
                worlds[index].seeds = worlds[index].seeds.max(seeds);
                grounds.push(Ground::World(index, seeds));
            }
            cells.push(grounds);
        }
        if !problems.is_empty() {
            return Err(Errors::new(&self.file, problems));
        }
        Ok(Worlds { table: self, cells, worlds })
    }
}

/// What the innermost level that has it says.
fn last<T>(levels: [&Settings; 3], of: impl Fn(&Settings) -> Option<T>) -> Option<T> {
    levels.into_iter().rev().find_map(of)
}

/// All that is set, the last word on each key: a flag's before the row's, the row's before the column's. An earlier one keeps its place.
fn changes(levels: [&Settings; 3], flags: &[Override]) -> Vec<Setting> {
    let mut changes: Vec<Setting> = Vec::new();
    for setting in levels.into_iter().flat_map(|level| &level.changes) {
        match changes.iter_mut().find(|earlier| earlier.change.key == setting.change.key) {
            Some(earlier) => *earlier = setting.clone(),
            None => changes.push(setting.clone()),
        }
    }
    changes.retain(|setting| flags.iter().all(|flag| flag.key.trim() != setting.change.key));
    changes
}

fn overrides(settings: &[Setting], flags: &[Override]) -> Vec<Override> {
    settings.iter().map(|setting| setting.change.clone()).chain(flags.iter().cloned()).collect()
}

/// That the protocol which is set is none of the registry's.
fn unknown_protocol(overrides: &[Override]) -> Option<String> {
    let set = overrides.iter().rev().find(|change| change.key.trim() == "protocol")?;
    let name = set.value.trim().trim_matches(['"', '\'']);
    // A table of options is no name.
    if name.starts_with('{') || registry::find(name).is_some() {
        return None;
    }
    let guess = did_you_mean(name, registry::protocols().iter().map(|protocol| protocol.name));
    Some(format!("no protocol is called \"{name}\"{guess}"))
}

impl World {
    /// What is wrong with the scenario, as far as the table set it: at the place where it does. `None` where the scenario itself or a
    /// flag of the command line is to blame.
    pub fn blamed(&self, errors: &Errors) -> Option<Errors> {
        let ours = errors.problems.iter().filter_map(|problem| {
            let Origin::Flag(flag) = &problem.origin else { return None };
            let typed = |setting: &&Setting| format!("{}={}", setting.change.key, setting.change.value) == *flag;
            let setting = self.settings.iter().find(typed)?;
            let path = if problem.path == setting.change.key { String::new() } else { format!("{}: ", problem.path) };
            let told = setting.at.fail(format!("{path}{}", problem.message));
            Some(Problem { help: problem.help.clone(), ..*told })
        });
        let ours: Vec<Problem> = ours.collect();
        (!ours.is_empty()).then(|| Errors::new(&self.file, ours))
    }

    /// That the scenario could not be read, for this reason, where the table names it.
    pub fn unreadable(&self, reason: &str) -> Errors {
        Errors::new(&self.file, vec![*self.named.fail(reason)])
    }

    /// Whether the table, and no flag of the command line, wrote a path that stands in these overrides.
    pub fn wrote(&self, path: &str) -> bool {
        self.settings.iter().any(|setting| setting.change.value.contains(path))
    }
}

impl Worlds {
    /// The worlds: each once, in the order in which the cells need them.
    pub fn list(&self) -> &[World] {
        &self.worlds
    }

    /// Reads every cell in terms of its scenario. `plans` are those of [`Worlds::list`].
    ///
    /// # Errors
    /// Measures, closed forms, values and tolerances that mean nothing there.
    pub fn plan(self, plans: Vec<Plan>) -> Result<super::TablePlan, Errors> {
        assert_eq!(plans.len(), self.worlds.len(), "a plan for each world");
        super::plan::plan(self, plans)
    }
}
