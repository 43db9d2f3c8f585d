//! `[network]`: the links.

use super::error::{Problem, Problems, Read};
use super::latency::{latency, span};
use super::matrix::matrix;
use super::nodes::{Replicas, node_set};
use super::regions::members;
use super::spot::Spot;
use super::topology::{fits, topology};
use crate::plan::{BY_REGION, ChangeEntry, ChangeKind, Ends, Matrix, NetworkPlan, PLAIN, Region, SpecialLinks, Unfit};
use crate::units::quoted;
use quorate_engine::fault::{Bursts, Corruption};
use quorate_engine::latency::Distribution;
use quorate_engine::random::Probability;
use quorate_engine::setup::{Bandwidth, CLASSES_MAX, Link, Packets, Reordering, Routing};
use quorate_engine::time::{MILLISECOND, Nanos, Time, show};
use quorate_engine::topology::Topology;

/// The latency of a file that is silent about it.
const LATENCY_DEFAULT: Distribution = Distribution::Constant { ns: MILLISECOND };

/// Without a graph, links that come and go need one of all pairs.
const MESH_MAX: u32 = 4_000;

/// Reads the section; without it, the defaults hold.
pub(crate) fn network(
    section: Option<Spot<'_>>,
    replicas: &Replicas<'_>,
    duration: Nanos,
    problems: &mut Problems,
) -> NetworkPlan {
    let mut network = NetworkPlan {
        topology: Topology::Mesh,
        routing: Routing::FewestHops,
        link: Link::faultless(LATENCY_DEFAULT),
        client_latency: None,
        matrix: None,
        links: Vec::new(),
        changes: Vec::new(),
    };
    let Some(section) = section else { return network };
    if let Some(spot) = section.get("topology") {
        let read = topology(&spot).and_then(|topology| fits(&spot, &topology, replicas.count).map(|()| topology));
        network.topology = problems.or(read, Topology::Mesh);
    }
    if let Some(spot) = section.get("routing") {
        network.routing = problems.or(routing(&spot), Routing::FewestHops);
    }
    let Special { latency: of_all, loss, duplication, reordering, bursts, corruption, packets, bandwidth } =
        special(&section, problems);
    network.link = Link {
        class: 0,
        latency: of_all.unwrap_or(LATENCY_DEFAULT),
        loss: loss.unwrap_or(Probability::never()),
        duplication: duplication.unwrap_or(Probability::never()),
        reordering,
        bursts,
        corruption,
        packets,
        bandwidth,
    };
    network.client_latency = section.get("client-latency").and_then(|spot| problems.take(span(&spot)));
    if let Some(spot) = section.get("matrix") {
        let read = matrix(&spot, replicas).and_then(|matrix| says_all(&spot, &section, &matrix, replicas).map(|()| matrix));
        network.matrix = problems.take(read);
    }
    for spot in section.get("links").and_then(|spot| spot.list()).unwrap_or_default() {
        network.links.extend(special_links(&spot, replicas, problems));
    }
    if network.links.len() + BY_REGION.len() + 1 > CLASSES_MAX {
        let message = format!("{} entries of special links; {} is the most", network.links.len(), CLASSES_MAX - 4);
        problems.take::<()>(Err(section.fail(message)));
    }
    for spot in section.get("changes").and_then(|spot| spot.list()).unwrap_or_default() {
        let read = change(&spot, replicas, duration, network.topology == Topology::Mesh);
        network.changes.extend(problems.take(read));
    }
    network
}

/// Where a matrix is silent about links that there are, the section must say what holds instead.
fn says_all(spot: &Spot<'_>, section: &Spot<'_>, matrix: &Matrix, replicas: &Replicas<'_>) -> Read<()> {
    let there = |region: &&Region| !region.nodes.is_empty();
    for from in replicas.regions.iter().filter(there) {
        for to in replicas.regions.iter().filter(there) {
            let linked = from.name != to.name || from.nodes.len() > 1;
            if linked && matrix.latency(&from.name, &to.name).is_none() && section.get("latency").is_none() {
                return Err(spot.fail(format!(
                    "is silent about messages from {} to {}; give a figure, or write latency = \"1ms\" under [network]",
                    from.name, to.name
                )));
            }
        }
    }
    Ok(())
}

fn routing(spot: &Spot<'_>) -> Read<Routing> {
    Ok(match spot.word(["fewest-hops", "neighbours"])? {
        "neighbours" => Routing::Neighbours,
        _ => Routing::FewestHops,
    })
}

/// What a table says of links, all of it optional.
struct Special {
    latency: Option<Distribution>,
    loss: Option<Probability>,
    duplication: Option<Probability>,
    reordering: Option<Reordering>,
    bursts: Option<Bursts>,
    corruption: Option<Corruption>,
    packets: Option<Packets>,
    bandwidth: Option<Bandwidth>,
}

fn special(spot: &Spot<'_>, problems: &mut Problems) -> Special {
    Special {
        latency: spot.get("latency").and_then(|spot| problems.take(latency(&spot))),
        loss: spot.get("loss").and_then(|spot| problems.take(spot.probability())),
        duplication: spot.get("duplication").and_then(|spot| problems.take(spot.probability())),
        reordering: spot.get("reordering").and_then(|spot| problems.take(reordering(&spot))),
        bursts: spot.get("bursts").and_then(|spot| problems.take(bursts(&spot))),
        corruption: spot.get("corruption").and_then(|spot| problems.take(corruption(&spot))),
        packets: spot.get("packets").and_then(|spot| problems.take(packets(&spot))),
        bandwidth: spot.get("bandwidth").and_then(|spot| problems.take(bandwidth(&spot))),
    }
}

pub(crate) fn reordering(spot: &Spot<'_>) -> Read<Reordering> {
    Ok(Reordering { probability: spot.need("probability")?.probability()?, extra: span(&spot.need("extra")?)? })
}

pub(crate) fn bursts(spot: &Spot<'_>) -> Read<Bursts> {
    let chance = |name: &str, without| spot.get(name).map_or(Ok(without), |spot| spot.probability());
    let bursts = Bursts {
        begin: chance("begin", Probability::never())?,
        end: chance("end", Probability::never())?,
        loss_good: chance("loss-good", Probability::never())?,
        loss_bad: chance("loss-bad", Probability::always())?,
    };
    for (name, probability, otherwise) in
        [("begin", bursts.begin, "no link would ever be bad"), ("end", bursts.end, "a link once bad stays so")]
    {
        if probability.is_never() {
            return Err(spot.need(name)?.fail(format!("is 0, and so {otherwise}; write a probability above 0")));
        }
    }
    if bursts.loss_bad.to_f64() <= bursts.loss_good.to_f64() {
        let place = spot.get("loss-bad").or_else(|| spot.get("loss-good")).unwrap_or_else(|| spot.clone());
        return Err(
            place.fail("a bad link loses no more than a good one, and so there are no bursts; raise loss-bad, or write loss")
        );
    }
    Ok(bursts)
}

pub(crate) fn corruption(spot: &Spot<'_>) -> Read<Corruption> {
    let undetected = spot.get("undetected").map_or(Ok(Probability::never()), |spot| spot.probability())?;
    Ok(Corruption { probability: spot.need("probability")?.probability()?, undetected })
}

fn packets(spot: &Spot<'_>) -> Read<Packets> {
    let size = |name: &str, least: u64| -> Read<u32> {
        let spot = spot.need(name)?;
        let bytes = spot.bytes()?;
        match u32::try_from(bytes) {
            Ok(bytes) if u64::from(bytes) >= least => Ok(bytes),
            _ => Err(spot.fail(format!("{} is out of range; a packet has {least} B to 4 GB", spot.shown()))),
        }
    };
    Ok(Packets { payload_bytes: size("payload", 1)?, header_bytes: size("header", 0)? })
}

/// A rate, or a rate with the room before it.
pub(crate) fn bandwidth(spot: &Spot<'_>) -> Read<Bandwidth> {
    if !spot.is_table() {
        return Ok(Bandwidth { bytes_per_second: spot.bytes_per_second()?, queue_bytes: None });
    }
    let queue_bytes = match spot.get("queue") {
        Some(queue) => match queue.bytes()? {
            0 => return Err(queue.fail("a queue of no bytes takes no message; write at least the size of one")),
            bytes => Some(bytes),
        },
        None => None,
    };
    Ok(Bandwidth { bytes_per_second: spot.need("rate")?.bytes_per_second()?, queue_bytes })
}

fn special_links(spot: &Spot<'_>, replicas: &Replicas<'_>, problems: &mut Problems) -> Option<SpecialLinks> {
    let name = problems.take(class_name(&spot.need("name").ok()?));
    let ends = problems.take(ends(spot, replicas));
    let Special { latency, loss, duplication, reordering, bursts, corruption, packets, bandwidth } = special(spot, problems);
    let (name, ends) = (name?, ends?);
    Some(SpecialLinks { name, ends, latency, loss, duplication, reordering, bursts, corruption, packets, bandwidth })
}

/// What is wrong with a network of which each part is right.
pub(crate) fn unfit(root: &Spot<'_>, unfit: Unfit) -> Box<Problem> {
    let network = root.get("network").unwrap_or_else(|| root.clone());
    match unfit {
        Unfit::TooManyLinks => {
            let regions = root.get("regions").unwrap_or(network);
            regions.fail("regions and special links come to more than 65536 different links; name fewer regions")
        }
        Unfit::NeverHolds(entry) => {
            let entries = network.get("links").and_then(|links| links.list()).unwrap_or_default();
            let spot = entries.into_iter().nth(entry).unwrap_or(network);
            spot.fail(
                "never holds: earlier entries are about all of its links, and the first that fits holds; write it before them",
            )
        }
    }
}

fn class_name(spot: &Spot<'_>) -> Read<String> {
    let name = spot.text()?;
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.chars().all(allowed) {
        return Err(spot.fail(format!("{} is no name of a class of links: a-z, 0-9 and -", spot.shown())));
    }
    match BY_REGION.contains(&name) || [PLAIN, "local", "client"].contains(&name) {
        true => Err(spot.fail(format!("{} is a class that quorate names itself; choose another name", quoted(name)))),
        false => Ok(name.to_string()),
    }
}

fn ends(spot: &Spot<'_>, replicas: &Replicas<'_>) -> Read<Ends> {
    match (spot.get("from"), spot.get("to"), spot.get("between"), spot.get("within")) {
        (Some(from), Some(to), None, None) => Ok(Ends::OneWay(members(&from, replicas)?, members(&to, replicas)?)),
        (None, None, Some(between), None) => {
            let [these, those] = between.pair("[\"region:eu\", \"region:us\"]")?;
            Ok(Ends::Between(members(&these, replicas)?, members(&those, replicas)?))
        }
        (None, None, None, Some(within)) => Ok(Ends::Within(members(&within, replicas)?)),
        _ => Err(spot.fail("which links? write from = SET and to = SET for one way, between = [SET, SET], or within = SET")),
    }
}

fn change(spot: &Spot<'_>, replicas: &Replicas<'_>, duration: Nanos, mesh: bool) -> Read<ChangeEntry> {
    let at_spot = spot.need("at")?;
    let at = Time(at_spot.duration()?);
    if at.0 >= duration {
        return Err(at_spot.fail(format!("the change would come at {at}, and the run ends at {}", show(duration))));
    }
    let what = change_kind(spot, replicas, mesh)?;
    let lasts = match spot.get("for") {
        Some(lasts) if matches!(what, ChangeKind::Attach(..)) => {
            return Err(lasts.fail("who attaches elsewhere does not go back by itself; write another entry for that"));
        }
        Some(lasts) => Some(until(&lasts, at, duration)?),
        None => None,
    };
    Ok(ChangeEntry { at, lasts, what })
}

fn until(spot: &Spot<'_>, at: Time, duration: Nanos) -> Read<Nanos> {
    let lasts = spot.positive_duration()?;
    match at.0.checked_add(lasts) {
        Some(end) if end <= duration => Ok(lasts),
        _ => Err(spot.fail(format!(
            "from {at}, {} lasts beyond the end of the run at {}; write at most \"{}\", or leave \"for\" out",
            show(lasts),
            show(duration),
            show(duration - at.0)
        ))),
    }
}

fn change_kind(spot: &Spot<'_>, replicas: &Replicas<'_>, mesh: bool) -> Read<ChangeKind> {
    let given: Vec<_> =
        ["add", "remove", "attach", "move"].into_iter().filter_map(|kind| Some((kind, spot.get(kind)?))).collect();
    let [(kind, what)] = &given[..] else {
        return Err(spot.fail("a change is exactly one of add, remove, attach and move; give each an entry of its own"));
    };
    if mesh && *kind != "move" && replicas.count > MESH_MAX {
        return Err(what.fail(format!(
            "links of a mesh come and go among at most {MESH_MAX} nodes; name another topology, such as \"ring\""
        )));
    }
    Ok(match *kind {
        "add" => ChangeKind::Add(pairs(what, replicas.count)?),
        "remove" => ChangeKind::Remove(pairs(what, replicas.count)?),
        "attach" => attach(what, replicas)?,
        _ => {
            let place = what.need("to")?;
            let name = place.text()?;
            if !replicas.regions.iter().any(|region| region.name == name) {
                let names: Vec<&str> = replicas.regions.iter().map(|region| region.name.as_str()).collect();
                let help = format!("regions and zones under [regions]: {}", names.join(", "));
                return Err(Box::new(place.fail(format!("{} is no place to move to", quoted(name))).help(help)));
            }
            ChangeKind::Move(node_set(&what.need("nodes")?, replicas)?, name.to_string())
        }
    })
}

/// The most links that one attachment makes.
const ATTACHED_MAX: u64 = 10_000_000;

fn attach(spot: &Spot<'_>, replicas: &Replicas<'_>) -> Read<ChangeKind> {
    let (nodes, to) = (node_set(&spot.need("nodes")?, replicas)?, node_set(&spot.need("to")?, replicas)?);
    if to.len() == 1 && nodes.iter().any(|node| to.contains(node)) {
        return Err(spot.fail("attaches a node to itself alone, and so to nobody; name another to attach to"));
    }
    match nodes.len().saturating_mul(to.len()) {
        links if links > ATTACHED_MAX => Err(spot.fail(format!("makes {links} links; {ATTACHED_MAX} is the most"))),
        _ => Ok(ChangeKind::Attach(nodes, to)),
    }
}

/// Links as pairs of nodes.
fn pairs(spot: &Spot<'_>, nodes: u32) -> Read<Vec<(u32, u32)>> {
    let Some(items) = spot.list().filter(|items| !items.is_empty()) else {
        return Err(spot.fail("must be a list of links, such as [[0, 1], [1, 2]]"));
    };
    let pair = |item: &Spot<'_>| -> Read<(u32, u32)> {
        let [a, b] = item.pair("[0, 1]")?;
        let (a, b) = (a.integer(0..=nodes - 1)?, b.integer(0..=nodes - 1)?);
        if a == b { Err(item.fail("a node has no link to itself")) } else { Ok((a, b)) }
    };
    items.iter().map(pair).collect()
}
