//! What a sweep costs beside its runs: the same runs on the same threads with nothing kept, by turns with a sweep into a temporary
//! folder, by processor time, the median of all turns; then what merging costs, how much memory all of it took at most, and how large the rows are.

use super::{median, plan, round};
use crate::run::pool;
use crate::sweep::{self, merge};
use quorate_lab::sweep::{Axis, Shard, Sweep};
use rayon::prelude::*;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::time::Instant;

/// Short runs: what does not belong to them weighs most.
const GOSSIP: &str = "schema = 1\nname = \"sweep-bench\"\nduration = \"1s\"\nnodes = 3\n\n[protocol.gossip]\nfanout = 1\n\
    interval = \"100ms\"\n\n[network]\nlatency = { uniform = [\"1ms\", \"10ms\"] }\nloss = 0.1\n\n\
    [workload.updates]\nat = \"0s\"\nfrom = 0\n\n[expect]\nconverges = \"converges\"\n";

/// So often the two take turns, with other rows each time.
const TURNS: u64 = 16;
const RUNS: u64 = 200_000;

/// Measures it with about so many runs, on all cores.
pub(super) fn measure(quick: bool, runs: Option<u64>) -> Result<Value, String> {
    let plan = plan("sweep-bench", GOSSIP, &[])?;
    let axis = Axis::of("protocol.gossip.fanout=1,2")?;
    let seeds = (runs.unwrap_or(if quick { 2_000 } else { RUNS }) / 2).max(1);
    let sweep = Sweep::new("sweep-bench", &[], vec![axis], vec![plan.clone(), plan], seeds, 1)?;
    let (rows, metrics) = (sweep.manifest.rows(), sweep.manifest.columns.len());
    let pool = pool(None).map_err(|stop| stop.text())?;
    let folder = tempfile::tempdir().map_err(|error| format!("cannot make a temporary folder: {error}"))?;
    let cut = sweep.manifest.cut;
    let (mut bare, mut swept, mut costs, mut walls, mut processor) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), 0.0);
    for number in 1..=TURNS {
        let parts = cut.parts_of(Shard { number, of: TURNS });
        if parts.is_empty() {
            continue;
        }
        let range = cut.rows_of(parts.start).start..cut.rows_of(parts.end - 1).end;
        let count = (range.end - range.start) as f64;
        let alone = spent(|| {
            let run = |row: u64| sweep.run(row).map(drop).map_err(|failure| failure.to_string());
            pool.install(|| range.into_par_iter().try_for_each(run))
        })?;
        let whole = spent(|| sweep::do_parts_of(&sweep, folder.path(), parts, &pool).map_err(|stop| stop.text()))?;
        bare.push(count / alone.processor);
        swept.push(count / whole.processor);
        costs.push(whole.processor / alone.processor - 1.0);
        walls.push(whole.wall / alone.wall - 1.0);
        processor += alone.processor;
    }
    let bytes = sweep::bytes_of_parts(&sweep, folder.path());
    let mut digest = String::new();
    let merging = spent(|| {
        digest = merge::merged(folder.path()).map_err(|stop| stop.text())?.digest.to_string();
        Ok(())
    })?;
    let (cost, merge) = (median(&mut costs), merging.processor / processor);
    Ok(json!({
        "name": "sweep",
        "runs": rows,
        "metrics": metrics,
        "threads": pool.current_num_threads(),
        "bare_per_second": median(&mut bare).round(),
        "swept_per_second": median(&mut swept).round(),
        "cost": round(cost),
        "spread": [round(costs[costs.len() / 4]), round(costs[costs.len() * 3 / 4])],
        "cost_by_the_wall": round(median(&mut walls)),
        "merge": round(merge),
        "all": round(cost + merge),
        "limit": 0.1,
        "bytes": bytes,
        "bytes_per_run_and_metric": round(bytes as f64 / (rows * metrics as u64) as f64),
        "resident_bytes_max": resident_max(),
        "digest": digest,
    }))
}

/// What work took, in seconds.
struct Spent {
    /// Of all threads.
    processor: f64,
    wall: f64,
}

fn spent(work: impl FnOnce() -> Result<(), String>) -> Result<Spent, String> {
    let (processor, wall) = (processor_seconds(), Instant::now());
    work()?;
    let wall = wall.elapsed().as_secs_f64().max(1e-9);
    Ok(Spent { processor: processor.zip(processor_seconds()).map_or(wall, |(start, end)| (end - start).max(1e-9)), wall })
}

#[cfg(unix)]
fn processor_seconds() -> Option<f64> {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Some(now.tv_sec as f64 + now.tv_nsec as f64 / 1e9)
}

#[cfg(not(unix))]
fn processor_seconds() -> Option<f64> {
    None
}

/// The most memory that this process has had, where the system says.
fn resident_max() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1_024)
}

/// At most 80 columns.
pub(super) fn text(text: &mut String, row: &Value) {
    let number = |key: &str| row[key].as_f64().unwrap_or(f64::NAN);
    let percent = |key: &str| format!("{:+.1} %", number(key) * 100.0);
    let quartiles = [0, 1].map(|end| format!("{:+.1}", row["spread"][end].as_f64().unwrap_or(f64::NAN) * 100.0));
    let _ = writeln!(
        text,
        "\n{:8}{:>8}{:>9}{:>13}{:>13}{:>9}{:>9}{:>9}",
        "sweep", "runs", "threads", "bare/s core", "swept/s core", "cost", "merge", "all"
    );
    let _ = writeln!(
        text,
        "{:8}{:>8}{:>9}{:>13.0}{:>13.0}{:>9}{:>9}{:>9}",
        "gossip",
        number("runs"),
        number("threads"),
        number("bare_per_second"),
        number("swept_per_second"),
        percent("cost"),
        percent("merge"),
        percent("all"),
    );
    let resident = row["resident_bytes_max"].as_f64().map_or("unknown".to_string(), |bytes| format!("{:.0} MB", bytes / 1e6));
    let each = number("bytes_per_run_and_metric");
    let _ = writeln!(text, "        {each:.2} B a run and metric ({} metrics); memory at most {resident}", number("metrics"));
    let [low, high] = quartiles;
    let _ = writeln!(text, "        half of all turns cost {low} to {high} %, by the wall {}", percent("cost_by_the_wall"));
    let _ = writeln!(text, "        at most +10 % are wanted, merging included");
    let _ = writeln!(text, "        digest {}", row["digest"].as_str().unwrap_or(""));
}
