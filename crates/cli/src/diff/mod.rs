//! `quorate diff`: two results, metric by metric, over the seeds that both have. What is compared is in [`quorate_lab::compare`]; where
//! it is read from is in [`source`].

mod source;

use crate::flags::{Diff as Flags, Format};
use crate::output::{Status, Stop, print, print_json};
use quorate_lab::compare::{Compared, Finding, LEVEL, Terms, questions};
use quorate_lab::metrics;
use serde_json::{Value, json};
use source::{Row, Source};
use std::collections::BTreeMap;

/// Runs that failed, as a metric: whether a run did.
const FAILED: &str = "failed";

/// What both have at one point of a grid; of a single scenario there is one point without a name.
struct Point {
    settings: String,
    pairs: u64,
    /// Pairs of which both runs are the same to the last event.
    identical: u64,
    /// The first seed that held before and failed after.
    broke: Option<u64>,
    compared: Vec<Compared>,
}

pub(crate) fn diff(flags: &Flags) -> Result<Status, Stop> {
    let (before, after) = (Source::open(&flags.before)?, Source::open(&flags.after)?);
    let names: Vec<String> = before.columns().into_iter().filter(|name| after.columns().contains(name)).collect();
    let unknown = flags.metric.iter().chain(&flags.less).chain(&flags.more).find(|name| !names.contains(name) && *name != FAILED);
    if let Some(unknown) = unknown {
        let message = format!("{unknown} is no metric that both results have; both have: {}", names.join(", "));
        return Err(Stop::Input(message));
    }
    let wanted = |name: &String| flags.metric.is_empty() || flags.metric.contains(name);
    let names: Vec<String> = names.into_iter().chain([FAILED.to_string()]).filter(wanted).collect();
    let settings: Vec<String> = before.points().into_iter().filter(|point| after.points().contains(point)).collect();
    if settings.is_empty() {
        return Err(Stop::Input("no point of one grid is in the other: they vary other keys, or other values".to_string()));
    }
    let less = flags.less.iter().cloned().chain([FAILED.to_string()]).collect();
    let comparisons = names.iter().map(|name| questions(name)).sum::<u64>() * settings.len() as u64;
    let terms = Terms { margin: flags.margin, less, more: flags.more.clone(), comparisons };
    let points = settings.iter().map(|point| compared(&before, &after, point, &names, &terms)).collect::<Result<Vec<_>, _>>()?;
    let left = Left::of(&before, &after, &points);
    match flags.format {
        Format::Text => print(&text(flags, &points, &left))?,
        Format::Json => print_json(&json(flags, &points, &left))?,
    }
    let regressed = points.iter().flat_map(|point| &point.compared).any(|each| each.finding == Finding::Regression);
    Ok(if regressed { Status::Failed } else { Status::Held })
}

fn compared(before: &Source, after: &Source, settings: &str, names: &[String], terms: &Terms) -> Result<Point, Stop> {
    let (one, other) = (before.rows(settings)?, after.rows(settings)?);
    let places: BTreeMap<u64, usize> = other.iter().enumerate().map(|(place, row)| (row.seed, place)).collect();
    let pairs: Vec<(usize, usize)> =
        one.iter().enumerate().filter_map(|(place, row)| Some((place, *places.get(&row.seed)?))).collect();
    if pairs.is_empty() {
        let at = if settings.is_empty() { String::new() } else { format!(" at {settings}") };
        return Err(Stop::Input(format!("no seed is in both results{at}, so no two runs can be compared")));
    }
    let mut compared = Vec::new();
    for name in names {
        let (values, others) = match name.as_str() {
            FAILED => (failed(&one), failed(&other)),
            name => (before.column(settings, name)?, after.column(settings, name)?),
        };
        let (values, others): (Vec<_>, Vec<_>) = pairs.iter().map(|(place, also)| (values[*place], others[*also])).unzip();
        compared.push(terms.compare(name, &values, &others));
    }
    let held = |row: &Row| row.verdict != "failed";
    let broke = pairs.iter().find(|(place, also)| held(&one[*place]) && !held(&other[*also]));
    Ok(Point {
        settings: settings.to_string(),
        pairs: pairs.len() as u64,
        identical: pairs.iter().filter(|(place, also)| one[*place].digest == other[*also].digest).count() as u64,
        broke: broke.map(|(place, _)| one[*place].seed),
        compared,
    })
}

fn failed(rows: &[Row]) -> Vec<Option<f64>> {
    rows.iter().map(|row| Some(f64::from(row.verdict == "failed"))).collect()
}

/// What only one of the two has.
struct Left {
    columns: Vec<String>,
    points: Vec<String>,
}

impl Left {
    fn of(before: &Source, after: &Source, points: &[Point]) -> Left {
        let either = |one: Vec<String>, other: Vec<String>| -> Vec<String> {
            let only =
                |these: &[String], those: &[String]| these.iter().filter(|it| !those.contains(it)).cloned().collect::<Vec<_>>();
            only(&one, &other).into_iter().chain(only(&other, &one)).collect()
        };
        let known = points.iter().map(|point| point.settings.clone()).collect::<Vec<_>>();
        let all = before.points().into_iter().chain(after.points());
        Left { columns: either(before.columns(), after.columns()), points: all.filter(|point| !known.contains(point)).collect() }
    }
}

/// The order in which findings are told: what somebody must look at first.
const TOLD: [Finding; 6] = [Finding::Regression, Finding::Worse, Finding::Other, Finding::Better, Finding::Same, Finding::Equal];

fn text(flags: &Flags, points: &[Point], left: &Left) -> String {
    let all = || points.iter().flat_map(|point| &point.compared);
    let count = |finding: Finding| all().filter(|each| each.finding == finding).count();
    let told = TOLD.map(|finding| format!("{} {}", count(finding), finding.name())).join(", ");
    let mut text = format!("{} against {}: {told}\n", flags.after.display(), flags.before.display());
    text += &format!(
        "margin {} %, intervals at {} % for all {} comparisons together\n",
        flags.margin * 100.0,
        LEVEL * 100.0,
        all().count()
    );
    for point in points {
        let name =
            if point.settings.is_empty() { "pairs of runs".to_string() } else { format!("{}: pairs of runs", point.settings) };
        text += &format!("\n{name}: {}, of which {} are the same to the last event\n", point.pairs, point.identical);
        if let Some(seed) = point.broke {
            text += &format!("  seed {seed} is the first that held before and fails after\n");
        }
        for finding in TOLD.into_iter().filter(|finding| !matches!(finding, Finding::Same | Finding::Equal)) {
            for each in point.compared.iter().filter(|each| each.finding == finding) {
                text += &format!("  {:<10} {}: {}\n", finding.name().to_uppercase(), each.name, each.told());
            }
        }
        for finding in [Finding::Same, Finding::Equal] {
            let names: Vec<&str> =
                point.compared.iter().filter(|each| each.finding == finding).map(|each| each.name.as_str()).collect();
            // What is equal is as a rule nearly everything.
            let listed = if finding == Finding::Equal { format!("{} metrics", names.len()) } else { names.join(", ") };
            if !names.is_empty() {
                text += &format!("  {:<10} {listed}\n", finding.name());
            }
        }
    }
    for (what, names) in [("metrics", &left.columns), ("points", &left.points)] {
        if !names.is_empty() {
            text += &format!("\n{what} that only one of them has: {}\n", names.join("; "));
        }
    }
    text
}

fn json(flags: &Flags, points: &[Point], left: &Left) -> Value {
    let point = |point: &Point| {
        json!({
            "point": point.settings,
            "pairs": point.pairs,
            "identical": point.identical,
            "first_broken_seed": point.broke,
            "metrics": point.compared.iter().map(Compared::to_json).collect::<Vec<_>>(),
        })
    };
    json!({
        "before": flags.before.display().to_string(),
        "after": flags.after.display().to_string(),
        "margin": flags.margin,
        "level": LEVEL,
        "points": points.iter().map(point).collect::<Vec<_>>(),
        "metrics_of_one": left.columns,
        "points_of_one": left.points,
    })
}

/// `5%` or `0.05`.
pub(crate) fn margin(text: &str) -> Result<f64, String> {
    let (digits, scale) = text.strip_suffix('%').map_or((text, 1.0), |digits| (digits, 100.0));
    let margin = digits.trim().parse::<f64>().ok().map(|value| value / scale);
    margin
        .filter(|margin| (0.0..=10.0).contains(margin))
        .ok_or_else(|| "write a part of what was before, such as 5% or 0.05".to_string())
}

/// A metric's name, or what it nearly is.
pub(crate) fn metric(text: &str) -> Result<String, String> {
    let known = text == FAILED || metrics::unit_of(text).is_some();
    known.then(|| text.to_string()).ok_or_else(|| format!("{text} is no metric: quorate list metrics"))
}
