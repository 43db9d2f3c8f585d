//! Sweeps: whatever ends them, however they are split, the rows are the same; and what does not belong together is refused.
#![cfg(feature = "parquet")]

mod common;

use common::{Ended, end, quorate};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const SCENARIO: &str = "schema = 1\nname = \"three\"\nseed = 7\nduration = \"1s\"\nnodes = 3\n\n[protocol.gossip]\nfanout = 1\n\
    interval = \"100ms\"\n\n[network]\nlatency = { uniform = [\"1ms\", \"10ms\"] }\n\n[workload.updates]\nat = \"0s\"\nfrom = 0\n\n\
    [expect]\nsoon = \"convergence.time <= 250ms\"\n";

/// A folder with the scenario in it.
struct Lab {
    folder: tempfile::TempDir,
}

const GRID: [&str; 6] = ["--vary", "nodes=3,4", "--vary", "network.loss=0,0.2", "--seeds", "1000"];

impl Lab {
    fn new() -> Lab {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("three.toml"), SCENARIO).unwrap();
        Lab { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, args: &[&str]) -> std::process::Command {
        let mut command = quorate(args);
        command.current_dir(self.folder.path());
        command
    }

    fn run(&self, args: &[&str]) -> Ended {
        end(&mut self.command(args))
    }

    fn sweep(&self, out: &str, more: &[&str]) -> Ended {
        self.run(&[&["sweep", "three.toml", "--out", out], &GRID[..], more].concat())
    }

    /// As a sweep that must do its work.
    #[track_caller]
    fn swept(&self, out: &str, more: &[&str]) -> String {
        let ended = self.sweep(out, more);
        assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "{more:?}: {}", ended.stdout);
        ended.stdout
    }

    #[track_caller]
    fn merged(&self, out: &str) -> Value {
        let ended = self.run(&["merge", out, "--format", "json"]);
        assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "{}", ended.stdout);
        serde_json::from_str(&ended.stdout).unwrap()
    }

    /// Merging is refused, with all of that told and nothing changed.
    #[track_caller]
    fn refuses(&self, out: &str, status: i32, told: &[&str]) {
        let before = contents(&self.path(out));
        let ended = self.run(&["merge", out]);
        assert_eq!((ended.status, ended.stdout.as_str()), (status, ""), "{}", ended.stderr);
        for part in told {
            assert!(ended.stderr.contains(part), "{part:?} is not in {}", ended.stderr);
        }
        assert!(contents(&self.path(out)) == before, "a refused merge changed the folder");
    }
}

/// All files of a folder, in the order of their names.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_string(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

fn names(folder: &Path) -> Vec<String> {
    contents(folder).into_iter().map(|(name, _)| name).collect()
}

#[test]
fn killed_at_any_moment_it_goes_on_to_the_same_rows() {
    let lab = Lab::new();
    let whole = lab.swept("whole", &["--threads", "1"]);
    assert!(whole.contains("three: 4000 rows in 16 parts (4 points, seeds 7 to 1006)"), "{whole}");
    let expected = contents(&lab.path("whole"));
    for (threads, moments) in [("1", [5, 40, 90, 20, 150]), ("2", [60, 10, 30, 110, 70])] {
        let out = format!("killed-{threads}");
        let args = [&["sweep", "three.toml", "--out", &out, "--threads", threads], &GRID[..]].concat();
        for moment in moments {
            let mut child = lab.command(&args).stdout(std::process::Stdio::null()).spawn().unwrap();
            std::thread::sleep(Duration::from_millis(moment));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        assert_eq!(lab.swept(&out, &["--threads", threads]), whole.replace("whole", &out));
        assert!(contents(&lab.path(&out)) == expected, "{:?}", names(&lab.path(&out)));
    }
}

#[test]
fn shards_in_any_order_are_the_whole_and_missing_ones_are_named() {
    let lab = Lab::new();
    lab.swept("whole", &[]);
    let expected = lab.merged("whole");
    assert_eq!(lab.swept("eight", &["--missing", "8"]), "1-8\n");
    assert!(!lab.path("eight").exists(), "asking makes nothing");
    for (shard, missing) in [
        (5, "1-4,6-8\n"),
        (1, "2-4,6-8\n"),
        (8, "2-4,6-7\n"),
        (3, "2,4,6-7\n"),
        (2, "4,6-7\n"),
        (7, "4,6\n"),
        (6, "4\n"),
        (4, ""),
    ] {
        let told = lab.swept("eight", &["--shard", &format!("{shard}/8"), "--threads", if shard % 2 == 0 { "1" } else { "2" }]);
        let rows = if shard == 8 { 416 } else { 512 };
        assert!(told.contains(&format!("shard {shard} of 8: {rows} rows in 2 of 16 parts")), "{told}");
        assert_eq!(lab.swept("eight", &["--missing", "8"]), missing, "after shard {shard}");
    }
    assert_eq!(lab.swept("eight", &["--missing", "3"]), "");
    let mut merged = lab.merged("eight");
    merged["summaries"] = expected["summaries"].clone();
    assert_eq!(merged, expected);
    assert!(contents(&lab.path("eight")) == contents(&lab.path("whole")));
    // More shards than parts: some have nothing to do.
    let told = lab.swept("many", &["--shard", "2/1000"]);
    assert!(told.contains("shard 2 of 1000: 0 rows in 0 of 16 parts"), "{told}");
    assert_eq!(lab.sweep("eight", &["--shard", "9/8"]).status, 2);
    assert_eq!(lab.sweep("eight", &["--shard", "1/8", "--missing", "8"]).status, 2);
}

#[test]
fn merge_refuses_what_does_not_belong_together() {
    let lab = Lab::new();
    lab.swept("one", &[]);
    let digest = lab.merged("one")["digest"].clone();
    let ended = lab.run(&["sweep", "three.toml", "--vary", "nodes=3,5", "--seeds", "2000", "--out", "other"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let part = |out: &str, number: u32| lab.path(out).join(format!("part-{number:05}.parquet"));
    let sound = fs::read(part("one", 3)).unwrap();

    fs::copy(part("other", 3), part("one", 3)).unwrap();
    lab.refuses("one", 2, &["part-00003.parquet", "another sweep", "quorate sweep three.toml --vary nodes=3,4"]);
    let ended = lab.sweep("one", &[]);
    assert!(ended.status == 2 && ended.stderr.contains("move it elsewhere"), "{}", ended.stderr);

    fs::copy(part("one", 4), part("one", 3)).unwrap();
    lab.refuses("one", 2, &["part-00003.parquet", "it is part 4 a second time"]);

    fs::write(part("one", 3), &sound[..sound.len() / 2]).unwrap();
    lab.refuses("one", 2, &["part-00003.parquet", "truncated or damaged", "--out one"]);
    fs::write(part("one", 3), b"").unwrap();
    lab.refuses("one", 2, &["part-00003.parquet", "truncated or damaged"]);
    for place in [0, 5, 100, sound.len() / 2, sound.len() - 300, sound.len() - 100, sound.len() - 6, sound.len() - 1] {
        let mut flipped = sound.clone();
        flipped[place] ^= 16;
        fs::write(part("one", 3), &flipped).unwrap();
        lab.refuses("one", 2, &["part-00003.parquet", "truncated or damaged"]);
    }
    assert_eq!(lab.swept_but_told("one"), "part-00003.parquet: it is truncated or damaged, and is done again\n");
    assert_eq!(lab.merged("one")["digest"], digest);

    fs::remove_file(part("one", 3)).unwrap();
    fs::remove_file(part("one", 4)).unwrap();
    lab.refuses("one", 2, &["2 of 16 parts are missing: 3-4", "--seeds 1000 --seed 7 --out one", "--missing N"]);
    lab.swept("one", &[]);

    fs::copy(part("one", 4), lab.path("one/part-4 (copy).parquet")).unwrap();
    lab.refuses("one", 2, &["part-4 (copy).parquet", "part 4 of this sweep a second time"]);
    fs::remove_file(lab.path("one/part-4 (copy).parquet")).unwrap();

    let described = fs::read_to_string(lab.path("one/sweep.json")).unwrap();
    let version = format!("\"quorate\": \"{}\"", env!("CARGO_PKG_VERSION"));
    for (from, to, told) in [
        (version.as_str(), "\"quorate\": \"0.0.9\"", "made by quorate 0.0.9"),
        ("\"format\": 1", "\"format\": 2", "format 2"),
        ("\"rows\": 4000", "\"rows\": 4001", "do not go together"),
        ("\"seeds\"", "\"sedes\"", "does not describe a sweep"),
        ("{", "", "damaged"),
    ] {
        fs::write(lab.path("one/sweep.json"), described.replacen(from, to, 1)).unwrap();
        lab.refuses("one", 2, &["sweep.json", told]);
    }
    fs::remove_file(lab.path("one/sweep.json")).unwrap();
    lab.refuses("one", 2, &["there is no sweep.json"]);
    lab.refuses("nowhere", 4, &["cannot read the folder nowhere"]);
    lab.refuses("three.toml", 4, &["three.toml"]);
}

impl Lab {
    /// What a sweep that does its work has to say of what it found.
    #[track_caller]
    fn swept_but_told(&self, out: &str) -> String {
        let ended = self.sweep(out, &[]);
        assert_eq!(ended.status, 0, "{}", ended.stderr);
        ended.stderr.replace(&format!("{out}/"), "")
    }
}

#[test]
fn a_folder_keeps_its_sweep() {
    let lab = Lab::new();
    lab.swept("out", &[]);
    let before = contents(&lab.path("out"));
    for (more, told) in [
        (&["--set", "protocol.gossip.fanout=2"][..], "set: [] there, [\"protocol.gossip.fanout=2\"] here"),
        (&["--seed", "8"], "first_seed: 7 there, 8 here"),
        (&["--vary", "protocol.gossip.fanout=1,2"], "vary: nodes=3,4 network.loss=0,0.2 there"),
        (&["--seed", "8", "--missing", "2"], "first_seed"),
    ] {
        let ended = lab.sweep("out", more);
        assert_eq!(ended.status, 2, "{more:?}");
        assert!(ended.stderr.contains("another sweep is in out: ") && ended.stderr.contains(told), "{}", ended.stderr);
    }
    // Another file of the same plan is the same sweep.
    fs::create_dir(lab.path("moved")).unwrap();
    fs::rename(lab.path("three.toml"), lab.path("moved/3.toml")).unwrap();
    let moved = lab.run(&[&["sweep", "moved/3.toml", "--out", "out"], &GRID[..]].concat());
    assert_eq!((moved.status, moved.stderr.as_str()), (0, ""));
    assert!(contents(&lab.path("out")) == before);
    fs::write(lab.path("three.toml"), SCENARIO.replace("\"1s\"", "\"2s\"")).unwrap();
    let changed = lab.sweep("out", &[]);
    assert!(changed.status == 2 && changed.stderr.contains("what the scenario says"), "{}", changed.stderr);
    assert!(contents(&lab.path("out")) == before, "a refused sweep changed the folder");
}

#[test]
fn a_grid_is_right_as_a_whole_before_anything_runs() {
    let lab = Lab::new();
    for (vary, told) in [
        (&["nodes=3,x,5"][..], "--vary nodes=3,x,5: x: nodes: "),
        (&["nodes=3,5", "network.los=0,0.1"], "--vary network.los=0,0.1: 0: "),
        (&["nodes=3,5", "workload.updates.from=0,4"], "this is so with --vary nodes=3 --vary workload.updates.from=4"),
        (&["protocol.gossip.fanout=1,-1"], "--vary protocol.gossip.fanout=1,-1: -1: "),
        (&["nodes=3,3"], "the value 3 is there twice"),
        (&["nodes=3", "nodes=4"], "nodes varies twice"),
        (&["seed=1,2"], "--seeds says how many"),
        (&["nodes"], "write --vary KEY=VALUE"),
    ] {
        let mut args = vec!["sweep", "three.toml", "--seeds", "10", "--out", "out"];
        vary.iter().for_each(|vary| args.extend(["--vary", vary]));
        let ended = lab.run(&args);
        assert_eq!((ended.status, ended.stdout.as_str()), (2, ""), "{vary:?}");
        assert!(ended.stderr.contains(told), "{told:?} is not in {}", ended.stderr);
        assert!(!lab.path("out").exists(), "{vary:?}");
    }
    let twice = lab.sweep("out", &["--set", "nodes=3"]);
    assert!(twice.status == 2 && twice.stderr.contains("nodes is in --set too"), "{}", twice.stderr);
    let blocked = lab.sweep("three.toml/out", &[]);
    assert!(blocked.status == 4 && blocked.stderr.contains("three.toml/out"), "{}", blocked.stderr);
    let far = lab.sweep("out", &["--seed", "18446744073709551615"]);
    assert!(far.status == 2 && far.stderr.contains("beyond the last seed"), "{}", far.stderr);
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let lab = Lab::new();
    lab.swept("out", &[]);
    fs::remove_file(lab.path("out/part-00003.parquet")).unwrap();
    let allow = |mode| fs::set_permissions(lab.path("out"), fs::Permissions::from_mode(mode)).unwrap();
    allow(0o555);
    // The superuser may write anywhere.
    if fs::write(lab.path("out/try"), "").is_err() {
        let ended = lab.sweep("out", &[]);
        assert!(ended.status == 4 && ended.stderr.contains("out/part-00003.parquet"), "{}", ended.stderr);
    }
    allow(0o755);
    let _ = fs::remove_file(lab.path("out/try"));
    lab.swept("out", &[]);
}

#[test]
fn rows_and_summaries_are_what_single_runs_say() {
    let lab = Lab::new();
    let told = lab.swept("out", &[]);
    let json = |args: &[&str]| -> Value { serde_json::from_str(&lab.run(args).stdout).unwrap() };
    let second = ["--set", "nodes=3", "--set", "network.loss=0.2", "--format", "json"];
    let many = json(&[&["run", "three.toml", "--seeds", "1000"], &second[..]].concat());

    let file = fs::File::open(lab.path("out/part-00004.parquet")).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let row = reader.get_row_iter(None).unwrap().next().unwrap().unwrap();
    let cells: Vec<(String, Field)> = row.into_columns();
    let cell = |name: &str| cells.iter().find(|(column, _)| column == name).unwrap().1.clone();
    // A row says which run it is.
    let Field::ULong(seed) = cell("seed") else { panic!("{:?}", cell("seed")) };
    let (Field::Double(nodes), Field::Double(loss)) = (cell("nodes"), cell("network.loss")) else { panic!("{cells:?}") };
    let set = [format!("nodes={nodes}"), format!("network.loss={loss}")];
    let one = json(&["run", "three.toml", "--seed", &seed.to_string(), "--set", &set[0], "--set", &set[1], "--format", "json"]);
    assert_eq!(cell("digest"), Field::Str(one["digest"].as_str().unwrap().to_string()));
    assert_eq!(cell("verdict"), Field::Str(one["verdict"].as_str().unwrap().to_string()));
    for (name, value) in one["metrics"].as_object().unwrap() {
        let expected = value.as_f64().map_or(Field::Null, Field::Double);
        assert_eq!(cell(name), expected, "{name}");
    }
    let metrics: Vec<&String> = one["metrics"].as_object().unwrap().keys().collect();
    let names: Vec<&String> = cells.iter().map(|(name, _)| name).collect();
    assert_eq!(names[..5], ["nodes", "network.loss", "seed", "digest", "verdict"]);
    assert_eq!(names[5..], metrics);

    let csv = fs::read_to_string(lab.path("out/summary.csv")).unwrap();
    let heads: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    let line = |metric: &str| {
        let line = csv.lines().find(|line| line.starts_with("3,0.2,") && line.contains(&format!(",{metric},"))).unwrap();
        heads.iter().zip(line.split(',')).map(|(head, cell)| (head.to_string(), cell.to_string())).collect::<Vec<_>>()
    };
    for metric in ["convergence.time", "messages.total", "events.total"] {
        let expected = &many["metrics"][metric];
        let line = line(metric);
        let cell = |head: &str| line.iter().find(|(name, _)| name == head).unwrap().1.parse::<f64>().unwrap_or(f64::NAN);
        for key in ["mean", "p50", "p90", "p99", "min", "max"] {
            assert_eq!(Some(cell(key)), expected[key].as_f64(), "{metric}, {key}");
        }
        for (place, head) in ["mean_low", "mean_high"].into_iter().enumerate() {
            let end = expected["ci95"][place].as_f64().unwrap();
            assert!((cell(head) - end).abs() <= 1e-9 * end.abs(), "{metric}, {head}: {}, {end}", cell(head));
        }
        assert_eq!(cell("runs"), 1000.0);
    }
    let markdown = fs::read_to_string(lab.path("out/summary.md")).unwrap();
    assert!(markdown.contains("\n## convergence.time\n") && !markdown.contains("disk.torn_found"), "{markdown}");

    // What is told replays what failed.
    let replay = told.lines().find_map(|line| line.strip_prefix("the first that failed: quorate ")).expect("some run fails");
    assert_eq!(lab.run(&replay.split(' ').collect::<Vec<_>>()).status, 1, "{replay}");
}

#[test]
fn points_may_run_different_protocols() {
    let lab = Lab::new();
    let text = "schema = 1\nname = \"two\"\nduration = \"2s\"\nnodes = 3\nprotocol = \"gossip\"\n\n[workload.updates]\nat = \"0s\"\nfrom = 0\n";
    fs::write(lab.path("two.toml"), text).unwrap();
    let ended = lab.run(&["sweep", "two.toml", "--vary", "protocol=gossip,g-counter", "--seeds", "20", "--out", "out"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let csv = fs::read_to_string(lab.path("out/summary.csv")).unwrap();
    let line = |point: &str| csv.lines().find(|line| line.starts_with(point) && line.contains(",crdt.state_bytes,")).unwrap();
    assert!(line("gossip,").ends_with(",crdt.state_bytes,bytes,20,,,,,,,,,,,,,,,"), "{csv}");
    assert!(line("g-counter,").contains(",crdt.state_bytes,bytes,0,28,28,28,0,28,"), "{csv}");
}

#[test]
fn a_tiny_benchmark_says_what_a_sweep_costs() {
    let ended = Lab::new().run(&["bench", "sweep", "--quick", "--format", "json"]);
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""));
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    for key in ["runs", "bare_per_second", "swept_per_second", "cost", "merge", "bytes_per_run_and_metric", "digest"] {
        assert!(!report["sweep"][key].is_null(), "{key}: {report}");
    }
}
