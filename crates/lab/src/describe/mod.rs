//! Everything that a scenario can name, for a person who asks what there is and what it means: from the registry of protocols,
//! the engine's faults, the metrics and the key table, each of which says it once. What is made of these for other readers
//! stands beside: a JSON Schema, the layout of a resolved scenario, a scenario to begin with. How a description looks on a
//! terminal is the command's business.

mod find;
mod json;
mod json_schema;
mod keys;
mod kind;
mod layout;
mod option;
mod sample;
mod takes;
mod template;
mod thing;

pub use find::{find, nearest};
pub use json_schema::{json_schema, table_schema};
pub use keys::{Place, below, keys, told};
pub use kind::Kind;
pub use layout::toml;
pub use option::{option_default, option_takes};
pub use sample::{fault as fault_example, latency as latency_example, nemesis as nemesis_example, topology as topology_example};
pub use takes::explained;
pub use template::{Template, scenario as template};
pub use thing::{Meaning, Thing};
