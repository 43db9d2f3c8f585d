//! Summaries as bytes: `summary.csv` has everything, `summary.md` what people read.

use super::Manifest;
use super::summary::{Figures, PointSummary};
use crate::report::text::figures::{count, value};
use crate::statistics::Interval;

/// A line for each point and metric. An interval that has no end, and what there is not, is empty.
pub fn to_csv(manifest: &Manifest, points: &[PointSummary]) -> String {
    let keys = manifest.axes.iter().map(|axis| axis.key.as_str());
    let names =
        ["runs", "failed", "undecided", "first_failed_seed", "metric", "unit", "missing", "mean", "mean_low", "mean_high"];
    let more = ["stddev", "min", "p50", "p50_low", "p50_high", "p90", "p90_low", "p90_high", "p99", "p99_low", "p99_high", "max"];
    let mut text = keys.chain(names).chain(more).map(quoted).collect::<Vec<_>>().join(",") + "\n";
    for point in points {
        let settings = manifest.settings(point.point).into_iter().map(|(_, value)| quoted(value));
        let first = point.first_failed_seed.map_or(String::new(), |seed| seed.to_string());
        let counts = [point.runs, point.failed, point.undecided].map(|count| count.to_string());
        let start: Vec<String> = settings.chain(counts).chain([first]).collect();
        let start = start.join(",");
        for (column, figures) in manifest.columns.iter().zip(&point.figures) {
            let missing = point.runs - figures.as_ref().map_or(0, |figures| figures.values);
            text += &format!("{start},{},{},{missing}", quoted(&column.name), column.unit_name());
            for cell in figures.as_ref().map_or(vec![None; 15], cells) {
                text += &format!(",{}", cell.map_or(String::new(), |value| value.to_string()));
            }
            text.push('\n');
        }
    }
    text
}

fn cells(figures: &Figures) -> Vec<Option<f64>> {
    let ends = |interval: Interval| [interval.low, interval.high].map(|end| Some(end).filter(|end| end.is_finite()));
    let mut cells = vec![Some(figures.mean)];
    cells.extend(ends(figures.interval));
    cells.extend([figures.stddev, Some(figures.min)]);
    for (quantile, interval) in figures.quantiles {
        cells.push(Some(quantile));
        cells.extend(ends(interval));
    }
    cells.push(Some(figures.max));
    cells
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_string() }
}

/// The points' verdicts, then a table for each metric that says anything.
pub fn to_markdown(manifest: &Manifest, points: &[PointSummary], digest: &str) -> String {
    let runs = count(manifest.rows());
    let mut text = format!("# {}\n\n{runs} runs: {} points, ", manifest.scenario, count(manifest.points()));
    let last = manifest.first_seed + (manifest.seeds - 1);
    text += &format!("seeds {} to {last} each. Digest {digest}.\n", manifest.first_seed);
    for set in &manifest.set {
        text += &format!("Set: `{set}`.\n");
    }
    let verdicts = |point: &PointSummary| {
        let first = point.first_failed_seed.map_or("-".to_string(), |seed| seed.to_string());
        vec![count(point.runs), count(point.failed), count(point.undecided), first]
    };
    text += &table(manifest, "Verdicts", &["runs", "failed", "undecided", "first failed seed"], points, verdicts);
    for (place, column) in manifest.columns.iter().enumerate() {
        let of = |point: &PointSummary| point.figures[place].clone();
        if points.iter().all(|point| of(point).is_none_or(|figures| figures.min == 0.0 && figures.max == 0.0)) {
            continue;
        }
        let row = |point: &PointSummary| {
            let Some(figures) = of(point) else {
                return [vec!["0".to_string()], vec![String::new(); 7]].concat();
            };
            let shown = |figure: f64| value(figure, column.unit);
            let with = |figure: f64, interval: Interval| match (interval.low, interval.high) {
                (low, high) if low == high => shown(figure),
                (low, high) => format!("{} ({} to {})", shown(figure), end(low, shown), end(high, shown)),
            };
            let mut row = vec![count(figures.values), with(figures.mean, figures.interval)];
            row.push(figures.stddev.map_or("-".to_string(), shown));
            row.push(shown(figures.min));
            row.extend(figures.quantiles.iter().map(|(quantile, interval)| with(*quantile, *interval)));
            row.push(shown(figures.max));
            row
        };
        text += &table(manifest, &column.name, &["runs", "mean", "stddev", "min", "p50", "p90", "p99", "max"], points, row);
    }
    text + "\nIn brackets intervals at 95 %: of means by Student's t, of quantiles by order statistics; `..` where the runs bound none. \
        Metrics that are 0 or absent everywhere are left out; `summary.csv` has them.\n"
}

fn end(end: f64, shown: impl Fn(f64) -> String) -> String {
    if end.is_finite() { shown(end) } else { "..".to_string() }
}

fn table(
    manifest: &Manifest,
    title: &str,
    heads: &[&str],
    points: &[PointSummary],
    row: impl Fn(&PointSummary) -> Vec<String>,
) -> String {
    let keys: Vec<&str> = manifest.axes.iter().map(|axis| axis.key.as_str()).collect();
    let line = |cells: Vec<String>| {
        format!("| {} |\n", cells.iter().map(|cell| cell.replace('|', "\\|")).collect::<Vec<_>>().join(" | "))
    };
    let mut text = format!("\n## {title}\n\n");
    text += &line(keys.iter().chain(heads).map(|head| head.to_string()).collect());
    text += &format!("|{}{}\n", "---|".repeat(keys.len()), "---:|".repeat(heads.len()));
    for point in points {
        let settings = manifest.settings(point.point).into_iter().map(|(_, value)| value.to_string());
        text += &line(settings.chain(row(point)).collect());
    }
    text
}
