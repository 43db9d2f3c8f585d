//! A topology: who is linked to whom.

use super::error::Read;
use super::schema;
use super::spot::Spot;
use crate::units::quoted;

/// A topology: a name, or a table that names one with its options.
pub(crate) fn topology(spot: &Spot<'_>) -> Read<()> {
    let name = if spot.is_table() { spot.only("a topology")?.0 } else { spot.text()? };
    if schema::not_yet("topology", name) {
        return Err(spot.fail(format!("the topology {} is not built yet; write \"mesh\"", quoted(name))));
    }
    if spot.is_table() {
        return Err(spot.fail("a mesh has no options; write topology = \"mesh\""));
    }
    spot.word(["mesh"]).map(|_| ())
}
