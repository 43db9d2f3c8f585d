//! `[network.matrix]`: the latencies between regions, in the scenario or in a CSV file beside it. The file's head says what its
//! figures are and names the regions, `rtt ms, eu, us`; each row begins with its region. A blank figure, or `-`, is silent.

use super::did_you_mean;
use super::error::Read;
use super::files::Included;
use super::latency::latency;
use super::nodes::Replicas;
use super::spot::Spot;
use crate::plan::Matrix;
use crate::units::{self, quoted};
use quorate_engine::id::NodeSet;
use quorate_engine::latency::Distribution;
use std::ops::Range;

/// Stands where a matrix is silent.
const SILENT: &str = "-";

/// Reads the matrix. Where a figure is silent, that of the other direction stands for it.
pub(crate) fn matrix(spot: &Spot<'_>, replicas: &Replicas<'_>) -> Read<Matrix> {
    let tail = spot.get("tail").map(|spot| tail(&spot)).transpose()?;
    let (matrix, place) = match spot.get("file") {
        Some(file) => (from_file(spot, &file.included()?, tail)?, file),
        None => (inline(spot, tail)?, spot.need("regions")?),
    };
    covers(&place, &matrix, replicas)?;
    Ok(matrix)
}

fn inline(spot: &Spot<'_>, tail: Option<f64>) -> Read<Matrix> {
    let names = names(&spot.need("regions")?)?;
    let (rows, round_trips) = match (spot.get("one-way"), spot.get("rtt")) {
        (Some(rows), None) => (rows, false),
        (None, Some(rows)) => (rows, true),
        _ => return Err(spot.fail("must have its figures once: as one-way = [[…]], or as rtt = [[…]] of which each way is half")),
    };
    let mut one_way = Vec::new();
    for row in square(&rows, names.len())? {
        let cells = row.into_iter().map(|cell| cell_latency(&cell, round_trips, tail));
        one_way.push(cells.collect::<Result<Vec<_>, _>>()?);
    }
    Ok(Matrix { regions: names, one_way: mirrored(one_way) })
}

/// A matrix may have regions in which nobody stands; but of replicas that stand in none of its regions it says nothing, and
/// whoever wrote it would not notice.
fn covers(spot: &Spot<'_>, matrix: &Matrix, replicas: &Replicas<'_>) -> Read<()> {
    let regions = replicas.regions;
    if regions.is_empty() {
        return Err(spot.fail("says what lies between regions, and nobody stands in one; write [regions]"));
    }
    let stand = NodeSet::from_ranges(regions.iter().flat_map(|region| region.nodes.ranges()).copied());
    let lost = NodeSet::range(0, replicas.count).without(&stand);
    if !lost.is_empty() {
        return Err(spot.fail(format!("says nothing of the nodes {lost}, which stand in no region; add them under [regions]")));
    }
    let Some(missing) = regions.iter().find(|region| !matrix.regions.iter().any(|name| region.goes_by(name))) else {
        return Ok(());
    };
    let guess = did_you_mean(&missing.name, matrix.regions.iter().map(String::as_str));
    let problem = spot.fail(format!("the matrix does not have the region {}{guess}", quoted(&missing.name)));
    Err(Box::new(problem.help(format!("it has {}", matrix.regions.join(", ")))))
}

/// The matrix of a file; the keys that would say the same again are refused.
fn from_file(spot: &Spot<'_>, file: &Included<'_>, tail: Option<f64>) -> Read<Matrix> {
    if let Some(twice) = ["regions", "one-way", "rtt"].iter().find_map(|key| spot.get(key)) {
        return Err(twice.fail("stands in the file already; leave it out, or leave the file out"));
    }
    let mut rows = cells(file.text()?);
    let Some(head) = rows.next() else {
        return Err(file.fail(0..0, "the file is empty; it begins with a head such as rtt ms, eu, us"));
    };
    let (figures, names) = head.split_first().expect("a line has a cell");
    let figures = Figures::of(figures, file)?;
    let regions: Vec<String> = names.iter().map(|(_, name)| (*name).to_string()).collect();
    if let Some((span, name)) = names
        .iter()
        .enumerate()
        .find(|(index, (_, name))| regions[..*index].iter().any(|other| other == name))
        .map(|(_, name)| name)
    {
        return Err(file.fail(span.clone(), format!("{} stands here a second time", quoted(name))));
    }
    let mut one_way = vec![None; regions.len()];
    for row in rows {
        let ((span, name), values) = row.split_first().expect("a line has a cell");
        let Some(place) = regions.iter().position(|region| region == name) else {
            return Err(file.fail(span.clone(), format!("{} is no region of the head: {}", quoted(name), regions.join(", "))));
        };
        if values.len() != regions.len() {
            let message = format!("the row of {name} has {} where the head names {} regions", values.len(), regions.len());
            return Err(file.fail(span.clone(), message));
        }
        let read = values.iter().map(|(span, cell)| figures.read(cell, tail).map_err(|message| file.fail(span.clone(), message)));
        if one_way[place].replace(read.collect::<Result<Vec<_>, _>>()?).is_some() {
            return Err(file.fail(span.clone(), format!("{} has a row already", quoted(name))));
        }
    }
    if let Some(missing) = one_way.iter().position(Option::is_none) {
        let message = format!("there is no row for {}; a triangle has it too, with blank figures", quoted(&regions[missing]));
        return Err(file.fail(0..0, message));
    }
    let one_way = one_way.into_iter().flatten().collect();
    Ok(Matrix { regions, one_way: mirrored(one_way) })
}

/// What the figures of a file are.
struct Figures {
    round_trips: bool,
    unit: &'static str,
}

impl Figures {
    fn of((span, head): &(Range<usize>, &str), file: &Included<'_>) -> Read<Figures> {
        let lower = head.to_ascii_lowercase();
        let (kind, unit) = lower.split_once(' ').unwrap_or((&lower, ""));
        let unit = ["ns", "us", "ms", "s"].into_iter().find(|known| *known == unit.trim());
        match (kind, unit) {
            ("rtt", Some(unit)) => Ok(Figures { round_trips: true, unit }),
            ("one-way", Some(unit)) => Ok(Figures { round_trips: false, unit }),
            _ => {
                let commas = if head.contains([';', '\t']) { ", and commas between columns" } else { "" };
                let message =
                    format!("{} does not say what the figures are; write \"rtt ms\" or \"one-way ms\"{commas}", quoted(head));
                Err(file.fail(span.clone(), message))
            }
        }
    }

    fn read(&self, cell: &str, tail: Option<f64>) -> Result<Option<Distribution>, String> {
        if cell.is_empty() || cell == SILENT {
            return Ok(None);
        }
        let whole = units::duration(&format!("{cell}{}", self.unit))
            .map_err(|_| format!("{} is no figure in {}; leave it blank where nothing was measured", quoted(cell), self.unit))?;
        Ok(Some(figure(if self.round_trips { whole / 2 } else { whole }, tail)))
    }
}

/// The cells of each line that says something, with their places; `#` starts a comment.
fn cells(text: &str) -> impl Iterator<Item = Vec<(Range<usize>, &str)>> {
    let within = |part: &str| {
        let start = part.as_ptr() as usize - text.as_ptr() as usize;
        start..start + part.len()
    };
    let content = text.lines().map(|line| line.split('#').next().unwrap_or_default()).filter(|line| !line.trim().is_empty());
    content.map(move |line| line.split(',').map(|cell| (within(cell.trim()), cell.trim().trim_matches('"'))).collect())
}

/// What is silent one way is as the other way.
pub(crate) fn mirrored(cells: Vec<Vec<Option<Distribution>>>) -> Vec<Vec<Option<Distribution>>> {
    let side = 0..cells.len();
    let cell = |from: usize, to: usize| cells[from][to].clone().or_else(|| cells[to][from].clone());
    side.clone().map(|from| side.clone().map(|to| cell(from, to)).collect()).collect()
}

fn names(spot: &Spot<'_>) -> Read<Vec<String>> {
    let items = spot.list().ok_or_else(|| spot.fail("must be a list of regions, such as [\"eu\", \"us\"]"))?;
    let mut names: Vec<String> = Vec::new();
    for item in &items {
        let name = item.text()?;
        if names.iter().any(|other| other == name) {
            return Err(item.fail(format!("{} stands here a second time", quoted(name))));
        }
        names.push(name.to_string());
    }
    Ok(names)
}

/// The ratio of the 99th percentile to the median.
pub(crate) fn tail(spot: &Spot<'_>) -> Read<f64> {
    match spot.number()? {
        ratio if (1.0..=1e3).contains(&ratio) => Ok(ratio),
        _ => Err(spot.fail(format!("{} is no ratio of the 99th percentile to the median: it lies in 1 to 1000", spot.shown()))),
    }
}

fn square<'a>(spot: &Spot<'a>, side: usize) -> Read<Vec<Vec<Spot<'a>>>> {
    let rows = spot.list().unwrap_or_default();
    if rows.len() != side {
        return Err(spot.fail(format!("must be a list of {side} rows, one for each region, and has {}", rows.len())));
    }
    let mut cells = Vec::new();
    for row in rows {
        match row.list() {
            Some(list) if list.len() == side => cells.push(list),
            list => {
                let has = list.map_or(0, |list| list.len());
                return Err(row.fail(format!("must be a list of {side} latencies, one for each region, and has {has}")));
            }
        }
    }
    Ok(cells)
}

fn cell_latency(cell: &Spot<'_>, round_trip: bool, tail: Option<f64>) -> Read<Option<Distribution>> {
    if matches!(&cell.node.tree, super::tree::Tree::Text(text) if text == SILENT) {
        return Ok(None);
    }
    if round_trip || !cell.is_table() {
        let whole = cell.duration()?;
        return Ok(Some(figure(if round_trip { whole / 2 } else { whole }, tail)));
    }
    match tail {
        Some(_) => Err(cell.fail("is a distribution already; a tail goes with plain durations")),
        None => latency(cell).map(Some),
    }
}

/// A measured figure as a latency: always the same, or with a tail around it.
pub(crate) fn figure(ns: u64, tail: Option<f64>) -> Distribution {
    match tail {
        Some(tail) if ns > 0 => Distribution::Lognormal { median_ns: ns, p99_ns: ((ns as f64 * tail) as u64).max(ns) },
        _ => Distribution::Constant { ns },
    }
}
