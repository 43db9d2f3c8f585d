//! `[[workload.clients]]`: clients that ask by themselves. How many operations they come to is reckoned beforehand, as far as that can
//! be known.

use super::error::{Problems, Read};
use super::latency::{latency, span};
use super::nodes::{Replicas, node_set};
use super::spot::Spot;
use super::workload::Total;
use crate::plan::ClientsEntry;
use crate::units::quoted;
use quorate_engine::id::NodeSet;
use quorate_engine::latency::Distribution;
use quorate_engine::random::Probability;
use quorate_engine::time::{Nanos, Time, show};
use quorate_engine::wire::Wire;
use quorate_engine::workload::{Aim, Backoff, KeyChoice, Mix, Pace, Population, Retries, Zipf};

/// The most clients of an entry.
const CLIENTS_MAX: u32 = 1_000_000;

/// The greatest weight of a mix.
const WEIGHT_MAX: u32 = 1_000_000;

/// The most parts of a transaction.
const PARTS_MAX: u32 = 1_000;

/// The most attempts of an operation.
const ATTEMPTS_MAX: u32 = 10_000;

/// The steepest skew: beyond it the first register has all.
const SKEW_MAX: f64 = 100.0;

/// The entries, in the order of the file. `way` is the least that a client's word takes to a replica and back, on average.
pub(crate) fn clients(
    section: Option<Spot<'_>>,
    replicas: &Replicas<'_>,
    duration: Nanos,
    way: Nanos,
    total: &mut Total,
    problems: &mut Problems,
) -> Vec<ClientsEntry> {
    let list = section.and_then(|section| section.get("clients")).and_then(|spot| spot.list()).unwrap_or_default();
    let mut entries: Vec<ClientsEntry> = Vec::new();
    for (place, spot) in (0..).zip(list) {
        let entry = entry(&spot, place, replicas, duration, &entries);
        let entry = entry.and_then(|entry| total.add(&spot, replicas, operations(&entry.population, way)).map(|()| entry));
        entries.extend(problems.take(entry));
    }
    entries
}

fn entry(spot: &Spot<'_>, place: u32, replicas: &Replicas<'_>, duration: Nanos, before: &[ClientsEntry]) -> Read<ClientsEntry> {
    let name = spot.get("name").map(|name| own_name(&name, before)).transpose()?;
    let from = match spot.get("at") {
        Some(at) => within(&at, duration)?,
        None => Time::ZERO,
    };
    let until = match spot.get("until") {
        Some(until) => Time(until.positive_duration()?.min(duration)),
        None => Time(duration),
    };
    if until <= from {
        return Err(spot.fail(format!("ends at {until}, and begins at {from} only; let it begin earlier")));
    }
    let population = Population {
        // Names have numbers that no place has.
        number: name.as_ref().map_or(place, |name| name.wire_digest() as u32 | 1 << 31),
        clients: spot.get("count").map_or(Ok(1), |count| count.integer(1..=CLIENTS_MAX))?,
        homes: match spot.get("homes") {
            Some(homes) => node_set(&homes, replicas)?,
            None => NodeSet::range(0, replicas.count),
        },
        from,
        until,
        operations: spot.get("operations").map(|most| most.integer(1..=u32::MAX)).transpose()?,
        pace: pace(spot)?,
        mix: spot.get("mix").map_or(Ok(Mix { transaction_length: (2, 2), ..Mix::READS_AND_UPDATES }), |spot| mix(&spot))?,
        keys: spot.get("keys").map_or(Ok(KeyChoice::Uniform { keys: 1 }), |keys| key_choice(&keys))?,
        aim: spot.get("ask").map_or(Ok(Aim::Home), |ask| aim(&ask))?,
        timeout: spot.get("timeout").map(|timeout| timeout.positive_duration()).transpose()?,
        retries: spot.get("retries").map(|spot| retries(&spot)).transpose()?,
    };
    let odds = spot.get("odds").map_or(Ok(Probability::always()), |odds| odds.probability())?;
    match (&population.pace, spot.get("mix").and_then(|mix| mix.get("locks"))) {
        (Pace::Open { .. }, Some(locks)) if population.mix.locks > 0 => Err(locks
            .fail("asks for a lock before it knows whether it has the last one; write think = \"10ms\" for clients that wait")),
        _ => Ok(ClientsEntry { name, odds, population }),
    }
}

fn own_name(spot: &Spot<'_>, before: &[ClientsEntry]) -> Read<String> {
    let name = spot.text()?;
    let fits = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !fits {
        return Err(spot.fail(format!("{} has more than a-z, 0-9 and -, or nothing", quoted(name))));
    }
    let number = name.wire_digest() as u32 | 1 << 31;
    match before.iter().any(|entry| entry.population.number == number) {
        true => Err(spot.fail(format!("{} is the name of clients before these; choose another", quoted(name)))),
        false => Ok(name.to_string()),
    }
}

fn within(at: &Spot<'_>, duration: Nanos) -> Read<Time> {
    match at.duration()? {
        late if late >= duration => {
            Err(at.fail(format!("begins at {}, and the run ends at {}; begin earlier", Time(late), show(duration))))
        }
        from => Ok(Time(from)),
    }
}

fn pace(spot: &Spot<'_>) -> Read<Pace> {
    let paces = ["rate", "every", "think"].map(|name| spot.get(name));
    match &paces {
        [Some(rate), None, None] => Ok(Pace::Open { every: poisson(rate)?.into() }),
        [None, Some(every), None] => match latency(every)? {
            Distribution::Constant { ns: 0 } => Err(every.fail("asks without end at one instant; write every = \"2ms\"")),
            every => Ok(Pace::Open { every: every.into() }),
        },
        [None, None, Some(think)] => Ok(Pace::Closed { think: span(think)? }),
        [None, None, None] => Err(spot.fail(
            "does not say how fast; write rate = \"500/s\" or every = \"2ms\" for clients that do not wait, think = \"10ms\" for \
             clients that do",
        )),
        _ => Err(spot.fail("says twice how fast; write one of \"rate\", \"every\" and \"think\"")),
    }
}

fn poisson(spot: &Spot<'_>) -> Read<Distribution> {
    let rate = spot.rate()?;
    if rate.count == 0 {
        return Err(spot.fail("is no rate at which anything is asked; write rate = \"500/s\", or leave the entry out"));
    }
    // To the nearest nanosecond.
    let mean = (u128::from(rate.per) + u128::from(rate.count) / 2) / u128::from(rate.count);
    match mean {
        0 => Err(spot.fail(format!("{} is more than one a nanosecond", spot.shown()))),
        mean => {
            let every = Distribution::Exponential { mean_ns: mean as Nanos };
            every.validate().map_err(|invalid| spot.fail(invalid.to_string()))?;
            Ok(every)
        }
    }
}

fn mix(spot: &Spot<'_>) -> Read<Mix> {
    let weight = |name| spot.get(name).map_or(Ok(0), |weight: Spot<'_>| weight.integer(0..=WEIGHT_MAX));
    let transaction_length = match spot.get("length") {
        None => (2, 2),
        Some(length) => {
            let [least, most] = length.pair("[2, 4]")?;
            let (least, most) = (least.integer(1..=PARTS_MAX)?, most.integer(1..=PARTS_MAX)?);
            if least > most {
                return Err(length.fail(format!("begins with {least} and ends with {most}; write [{most}, {least}]")));
            }
            (least, most)
        }
    };
    let mix = Mix {
        reads: weight("reads")?,
        updates: weight("updates")?,
        removes: weight("removes")?,
        cas: weight("cas")?,
        transactions: weight("transactions")?,
        locks: weight("locks")?,
        joins: weight("joins")?,
        leaves: weight("leaves")?,
        transfers: weight("transfers")?,
        transaction_length,
    };
    match mix.weights().iter().max() {
        Some(0) => Err(spot.fail("asks nothing; write a weight, such as reads = 9")),
        _ => Ok(mix),
    }
}

fn key_choice(spot: &Spot<'_>) -> Read<KeyChoice> {
    if !spot.is_table() {
        return Ok(KeyChoice::Uniform { keys: spot.integer(1..=u32::MAX)? });
    }
    let keys = spot.need("count")?.integer(1..=u32::MAX)?;
    let Some(zipf) = spot.get("zipf") else { return Ok(KeyChoice::Uniform { keys }) };
    match zipf.number()? {
        skew if skew > 0.0 && skew <= SKEW_MAX => Ok(KeyChoice::Zipf(Zipf::new(keys, skew))),
        _ => Err(zipf.fail(format!("{} is out of range; a skew is above 0 and at most {SKEW_MAX}", zipf.shown()))),
    }
}

fn aim(spot: &Spot<'_>) -> Read<Aim> {
    Ok(match spot.word(["home", "any", "turn", "sticky"])? {
        "any" => Aim::Any,
        "turn" => Aim::Turn,
        "sticky" => Aim::Sticky,
        _ => Aim::Home,
    })
}

fn retries(spot: &Spot<'_>) -> Read<Retries> {
    let flag = |name| spot.get(name).map_or(Ok(false), |flag: Spot<'_>| flag.flag());
    Ok(Retries {
        attempts: spot.need("attempts")?.integer(2..=ATTEMPTS_MAX)?,
        patience: spot.need("patience")?.positive_duration()?,
        backoff: spot.get("backoff").map_or(Ok(AT_ONCE), |spot| backoff(&spot))?,
        elsewhere: flag("elsewhere")?,
        refusals: flag("refusals")?,
        budget: spot.get("budget").map(|budget| budget.probability()).transpose()?,
    })
}

const AT_ONCE: Backoff = Backoff { first: 0, factor: 1_000, most: 0, jitter: false };

/// A plain duration is waited each time.
fn backoff(spot: &Spot<'_>) -> Read<Backoff> {
    if !spot.is_table() {
        let always = spot.duration()?;
        return Ok(Backoff { first: always, factor: 1_000, most: always, jitter: false });
    }
    let first = spot.need("first")?.duration()?;
    let factor = match spot.get("factor") {
        None => 2_000,
        Some(factor) => {
            let times = factor.number()?;
            let thousandths = libm::round(times * 1e3);
            if !(1.0..=1e6).contains(&times) || libm::fabs(thousandths - times * 1e3) > 1e-6 {
                return Err(
                    factor.fail(format!("{} is out of range; a factor lies in 1 to 1000000, by thousandths", factor.shown()))
                );
            }
            thousandths as u32
        }
    };
    let most = spot.get("most").map_or(Ok(Nanos::MAX), |most| most.duration())?;
    if most < first {
        return Err(spot.fail(format!("waits {} at first and {} at most; let the first be no longer", show(first), show(most))));
    }
    Ok(Backoff { first, factor, most, jitter: spot.get("jitter").map_or(Ok(true), |jitter| jitter.flag())? })
}

/// About how many operations they ask at most; 0 where only the run can say.
fn operations(population: &Population, way: Nanos) -> u64 {
    let length = population.until.since(population.from) as f64;
    let clients = f64::from(population.clients);
    let paced = match &population.pace {
        Pace::Open { every } => {
            let mean = length / every.distribution().mean().max(1.0);
            mean + 6.0 * libm::sqrt(mean)
        }
        Pace::Closed { think } => match think.distribution().mean() + way as f64 {
            0.0 => 0.0,
            cycle => clients * (length / cycle + 1.0),
        },
    };
    let most = population.operations.map(|most| f64::from(most) * clients);
    match most {
        Some(most) if paced == 0.0 || most < paced => most as u64,
        _ => libm::ceil(paced) as u64,
    }
}
