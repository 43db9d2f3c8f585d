//! `[clocks]`: how the clocks differ at the start.

use super::error::{Problems, Read};
use super::hosts::whose;
use super::latency::span;
use super::nodes::Replicas;
use super::spot::Spot;
use crate::units::{self, quoted, show_signed};
use quorate_engine::clock::{DRIFT_PPB_MAX, Spread, WANDER_PPB_MAX};
use quorate_engine::id::NodeSet;
use quorate_engine::setup::{Clocks, Jumps, Wander};
use quorate_engine::time::MILLISECOND;

/// No draw lies further from the mean than this many standard deviations: the engine draws from 52 bits, which end at 8.3.
const SIGMAS: f64 = 9.0;

/// Reads the section: one table for all, or a list of tables for some each. Without it, clocks read true time.
pub(crate) fn clocks(section: Option<Spot<'_>>, replicas: &Replicas<'_>, problems: &mut Problems) -> Vec<Clocks> {
    let Some(section) = section else { return Vec::new() };
    let mut clocks: Vec<Clocks> = Vec::new();
    for spot in section.list().unwrap_or_else(|| vec![section]) {
        let before = clocks.iter().map(|clocks| &clocks.nodes);
        let read = whose(&spot, replicas, before).and_then(|nodes| entry(&spot, nodes));
        clocks.extend(problems.take(read));
    }
    clocks
}

fn entry(spot: &Spot<'_>, nodes: NodeSet) -> Read<Clocks> {
    let figure = |name, figure: &Figure| spot.get(name).map_or(Ok(Spread::ZERO), |spot| spread(&spot, figure));
    Ok(Clocks {
        nodes,
        offset_ns: figure("offset", &OFFSET)?,
        drift_ppb: figure("drift_ppm", &DRIFT)?,
        wander: spot.get("wander").map(|spot| wander(&spot)).transpose()?,
        jumps: spot.get("jumps").map(|spot| jumps(&spot)).transpose()?,
        bound_ns: spot.get("bound").map(|spot| spot.duration()).transpose()?,
    })
}

fn wander(spot: &Spot<'_>) -> Read<Wander> {
    let amplitude = spot.need("ppm")?;
    let amplitude_ppb = drift_ppb(&amplitude)?;
    if !(1..=WANDER_PPB_MAX).contains(&amplitude_ppb) {
        return Err(
            amplitude.fail(format!("a wander of {} ppm is out of range; it lies in 0.001 to 90000 ppm", amplitude.shown()))
        );
    }
    let period = spot.need("period")?;
    match period.duration()? {
        nanos if nanos >= WANDER_PERIOD_MIN => Ok(Wander { amplitude_ppb, period: nanos }),
        _ => Err(period.fail(format!("{} is too short; a wander has a period of at least 1ms", period.shown()))),
    }
}

/// Anything shorter is noise, and no temperature.
const WANDER_PERIOD_MIN: u64 = MILLISECOND;

fn jumps(spot: &Spot<'_>) -> Read<Jumps> {
    let every = spot.need("every")?;
    let jumps = Jumps { every: span(&every)?, by_ns: jump_spread(&spot.need("by")?)? };
    match jumps.every.distribution().mean() < JUMPS_EVERY_MIN as f64 {
        true => Err(every.fail("clocks would jump more often than once a microsecond; leave them more time")),
        false => Ok(jumps),
    }
}

/// On average; a run would not come to an end otherwise.
const JUMPS_EVERY_MIN: u64 = 1_000;

/// A drift, in parts per billion.
pub(crate) fn drift_ppb(spot: &Spot<'_>) -> Read<i64> {
    let ppb = units::parts_per_billion(spot.number()?).map_err(|message| spot.fail(message))?;
    within(spot, ppb as f64, &DRIFT)?;
    Ok(ppb)
}

/// By how much wall clocks jump, in ns, a spread that is not always nothing.
pub(crate) fn jump_spread(spot: &Spot<'_>) -> Read<Spread> {
    match spread(spot, &OFFSET)? {
        Spread::ZERO => Err(spot.fail("a jump by nothing is none")),
        spread => Ok(spread),
    }
}

/// What clocks gain, in parts per billion.
pub(crate) fn drift_spread(spot: &Spot<'_>) -> Read<Spread> {
    spread(spot, &DRIFT)
}

/// What a spread is of.
struct Figure {
    read: fn(&Spot<'_>) -> Read<i64>,
    /// No draw may be beyond, either way.
    limit: i64,
    limit_shown: &'static str,
    example: &'static str,
}

const OFFSET: Figure = Figure { read: offset, limit: OFFSET_MAX, limit_shown: "100 years", example: "[\"-50ms\", \"50ms\"]" };

/// 100 years of 365 days. Far from the 292 that a reading has room for, so that no run's clocks meet the end of the scale, where
/// all timestamps are one.
const OFFSET_MAX: i64 = 100 * 365 * 24 * 3_600 * 1_000_000_000;

fn offset(spot: &Spot<'_>) -> Read<i64> {
    let offset = spot.signed_duration()?;
    within(spot, offset as f64, &OFFSET)?;
    Ok(offset)
}

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
    match offset(spot)? {
        0 => Err(spot.fail(format!("a jump by {} is none", show_signed(0)))),
        by => Ok(by),
    }
}
