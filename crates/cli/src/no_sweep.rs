//! Sweeps where quorate was built without them.

use crate::flags::Sweep;
use crate::output::{Status, Stop};

const WITHOUT: &str = "this quorate was built without the feature parquet, which sweeps need; build it with --features parquet";

pub(crate) fn sweep(_: &Sweep) -> Result<Status, Stop> {
    Err(Stop::Input(WITHOUT.to_string()))
}

pub(crate) mod merge {
    use crate::flags::Merge;
    use crate::output::{Status, Stop};

    pub(crate) fn merge(_: &Merge) -> Result<Status, Stop> {
        Err(Stop::Input(super::WITHOUT.to_string()))
    }
}
