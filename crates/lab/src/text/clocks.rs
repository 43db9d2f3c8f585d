//! `[clocks]`: how the clocks differ at the start.

use super::error::{Problems, Read};
use super::spot::Spot;
use crate::units::{self, quoted, show_signed};
use quorate_engine::clock::{DRIFT_PPB_MAX, Spread};
use quorate_engine::setup::Clocks;

/// No draw lies further from the mean than this many standard deviations: the engine draws from 53 bits, which end at 8.3.
const SIGMAS: f64 = 9.0;

/// Reads the section; without it, clocks read true time.
pub(crate) fn clocks(section: Option<Spot<'_>>, problems: &mut Problems) -> Clocks {
    let Some(section) = section else { return Clocks::TRUE };
    let mut read = |name, figure: &Figure| match section.get(name) {
        Some(spot) => problems.or(spread(&spot, figure), Spread::ZERO),
        None => Spread::ZERO,
    };
    Clocks { offset_ns: read("offset", &OFFSET), drift_ppb: read("drift_ppm", &DRIFT) }
}

/// A drift, in parts per billion.
pub(crate) fn drift_ppb(spot: &Spot<'_>) -> Read<i64> {
    let ppb = units::parts_per_billion(spot.number()?).map_err(|message| spot.fail(message))?;
    within(spot, ppb as f64, &DRIFT)?;
    Ok(ppb)
}

/// What a spread is of.
struct Figure {
    read: fn(&Spot<'_>) -> Read<i64>,
    /// No draw may be beyond, either way.
    limit: i64,
    limit_shown: &'static str,
    example: &'static str,
}

const OFFSET: Figure =
    Figure { read: |spot| spot.signed_duration(), limit: i64::MAX, limit_shown: "292 years", example: "[\"-50ms\", \"50ms\"]" };
const DRIFT: Figure = Figure { read: drift_ppb, limit: DRIFT_PPB_MAX, limit_shown: "900000 ppm", example: "[-20, 20]" };

fn spread(spot: &Spot<'_>, figure: &Figure) -> Read<Spread> {
    let read = figure.read;
    if !spot.is_table() {
        return read(spot).map(Spread::Constant);
    }
    let (kind, value) = spot.only("a spread")?;
    match kind {
        "constant" => read(&value).map(Spread::Constant),
        "uniform" => {
            let [low, high] = value.pair(figure.example)?;
            let (low, high) = (read(&low)?, read(&high)?);
            if low > high {
                return Err(value.fail(format!("the lower bound is above the upper; write them as in {}", figure.example)));
            }
            Ok(Spread::Uniform(low, high))
        }
        "normal" => {
            let (mean, stddev) = (read(&value.need("mean")?)?, read(&value.need("stddev")?)?);
            if stddev < 0 {
                return Err(value.need("stddev")?.fail("a standard deviation is not negative"));
            }
            within(&value, mean.abs() as f64 + SIGMAS * stddev as f64, figure)?;
            Ok(Spread::Normal(mean as f64, stddev as f64))
        }
        other => Err(spot.fail(format!("{} is no spread", quoted(other)))),
    }
}

fn within(spot: &Spot<'_>, farthest: f64, figure: &Figure) -> Read<()> {
    if farthest.abs() <= figure.limit as f64 {
        return Ok(());
    }
    let what =
        if spot.is_table() { format!("mean and {SIGMAS} standard deviations lead") } else { format!("{} is", spot.shown()) };
    Err(spot.fail(format!("{what} beyond {}, the most that a clock may be off", figure.limit_shown)))
}

/// A wall clock's jump.
pub(crate) fn jump(spot: &Spot<'_>) -> Read<i64> {
    match spot.signed_duration()? {
        0 => Err(spot.fail(format!("a jump by {} is none", show_signed(0)))),
        by => Ok(by),
    }
}
