//! What the reader accepts also runs: worlds in which values are exchanged for others of their shape go through the engine, twice
//! each. Nothing that a file can say makes it panic, and a seed has one result. `QUORATE_MUTATIONS` says how many, as for the reader.

use crate::common::{DISK_FAULTS, EVERYTHING, FAULTS, NEMESIS, WORLD, config, read};
use proptest::prelude::*;
use quorate_lab::plan::Plan;

proptest! {
    #![proptest_config(config(4))]

    /// What is accepted also runs, as far as it does in a moment: nothing that a file can say makes the engine panic.
    #[test]
    fn no_accepted_file_makes_the_engine_panic(
        example in prop_oneof![Just(EVERYTHING), Just(WORLD), Just(WORLD), Just(FAULTS), Just(FAULTS), Just(DISK_FAULTS), Just(NEMESIS), Just(NEMESIS)],
        exchanges in prop::collection::vec((any::<usize>(), any::<usize>()), 1..4),
    ) {
        let text = exchanges.iter().fold(example.to_string(), |text, &(line, by)| with_another_value(&text, line, by));
        if let Some(plan) = read(text.as_bytes(), &[]).ok().and_then(brief) {
            let setup = plan.setup(plan.seed);
            let one = (plan.protocol.run)(&plan.job(&setup, &plan.options));
            let again = (plan.protocol.run)(&plan.job(&setup, &plan.options));
            match (one, again) {
                (Ok(one), Ok(again)) => {
                    prop_assert_eq!(&one.outcome, &again.outcome);
                    let total = one.outcome.ledger.between_replicas();
                    prop_assert!(total.sent + total.duplicated >= total.delivered + total.lost(), "{:?}", total);
                }
                (one, again) => prop_assert_eq!(format!("{:?}", one.err()), format!("{:?}", again.err())),
            }
        }
    }
}

/// Values that may stand under many keys, at their limits above all.
const VALUES: &[&str] = &[
    "\"0s\"",
    "\"1ns\"",
    "\"1us\"",
    "\"1ms\"",
    "\"300ms\"",
    "\"3s\"",
    "\"5s\"",
    "\"19s\"",
    "\"9999999h\"",
    "\"-3s\"",
    "\"876000h\"",
    "0",
    "1",
    "2",
    "3",
    "5",
    "11",
    "40",
    "0.0",
    "0.5",
    "1.0",
    "-100",
    "900000",
    "90000",
    "1000",
    "\"all\"",
    "\"0..6\"",
    "\"6..12\"",
    "[0, 5]",
    "\"region:eu\"",
    "\"region:us\"",
    "\"zone:eu/b\"",
    "\"fact:wrote\"",
    "[]",
    "\"1B/s\"",
    "\"1KB/s\"",
    "\"18446744073709551615B/s\"",
    "\"1B\"",
    "\"64KB\"",
    "\"mesh\"",
    "\"star\"",
    "\"line\"",
    "\"ring\"",
    "\"tree\"",
    "{ grid = { columns = 5 } }",
    "{ scale-free = { edges = 3 } }",
    "\"neighbours\"",
    "\"anyone\"",
    "\"push\"",
    "\"pull\"",
    "\"duration\"",
    "\"converged\"",
    "\"source\"",
    "\"wall-clock\"",
    "[[0, 1]]",
    "[[0, 1], [0, 2], [0, 3], [0, 4]]",
    "{ nodes = \"all\", to = \"empty\" }",
    "{ nodes = 0, to = \"1..12\" }",
    "{ isolate = [1, 2, 3] }",
    "{ isolate = \"there\" }",
    "{ isolate = \"there\", flapping = { down = \"500ms\", up = \"1ns\" } }",
    "{ ring-of-majorities = \"all\" }",
    "{ bridge = 0 }",
    "{ partial = [0, [1, 2]] }",
    "{ from = \"there\", to = \"all\", loss = 1.0 }",
    "{ around = \"there\", delay = \"1s\", corruption = { probability = 1.0, undetected = 1.0 } }",
    "{ within = \"all\", duplication = 1.0 }",
    "{ nodes = \"all\", behaviour = \"equivocating\" }",
    "{ nodes = \"there\", behaviour = { forging = 1.0 } }",
    "{ nodes = 3, behaviour = { replaying = 1.0 } }",
    "{ nodes = \"there\", behaviour = { delaying = \"9999999h\" } }",
    "{ nodes = [0, 5], factor = 1000000 }",
    "{ fact = \"wrote\", nth = \"every\" }",
    "{ sent = \"push\", nth = \"every\", after = \"1ms\" }",
    "{ received = \"push\", by = \"0..6\" }",
    "{ synced = true, nth = \"every\" }",
    "\"there\"",
    "\"crash\"",
    "{ begin = 1.0, end = 1.0, loss-bad = 1.0 }",
    "{ probability = 1.0, undetected = 1.0 }",
    "{ groups = [\"all\", 0] }",
    "{ from = \"all\", to = \"all\" }",
    "{ every = \"2ms\", lasts = \"1ms\", count = \"all\" }",
    "{ every = \"0s\", lasts = \"9999999h\" }",
    "{ every = { pareto = { scale = \"1ms\", shape = 0.1 } }, lasts = \"40s\", nodes = \"0..6\", count = \"majority\" }",
    "{ every = \"1s\", lasts = \"1s\", nodes = \"fact:wrote\" }",
    "{ every = \"1s\", lasts = \"3s\", ways = [\"ring-of-majorities\", \"bridge\", \"one-way\"] }",
    "{ every = \"1s\", lasts = \"3s\", gap = \"1ms\", down = \"1s\" }",
    "{ up = \"100ms\", away = \"100ms\" }",
    "{ up = \"100ms\", away = \"0s\", by = \"pause\" }",
    "{ every = \"0s\", lasts = \"1s\", of = \"everything\" }",
    "{ nodes = \"all\", count = \"minority\", behaviour = { forging = 1.0 } }",
    "\"minority\"",
    "\"none\"",
    "\"majority\"",
    "true",
    "{ pareto = { scale = \"1ms\", shape = 0.1 } }",
    "{ exponential = { mean = \"10s\" } }",
    "{ uniform = [\"0s\", \"1s\"] }",
    "{ shifted = { by = \"9999999h\", latency = \"1ms\" } }",
    "{ rate = \"1B/s\", queue = \"1B\" }",
    "{ ppm = 90000, period = \"1ms\" }",
    "{ payload = \"1B\", header = \"4294967295B\" }",
];

/// Roughly what a value is: a time, a set, a table with such a key, a number.
fn shape(value: &str) -> String {
    let value = value.split(" #").next().unwrap_or(value).trim();
    let unit = value.trim_end_matches('"').trim_start_matches(|c: char| c == '"' || c == '-' || c == '.' || c.is_ascii_digit());
    match value.chars().next() {
        Some('"') if ["ns", "us", "ms", "s", "h"].contains(&unit) => "time".to_string(),
        Some('"' | '[') if value.contains("..") || value.contains(':') || value == "\"all\"" => "set".to_string(),
        Some(_) if value == "\"there\"" || value.starts_with("\"fact:") => "set".to_string(),
        Some('{') => value.split(" = ").next().unwrap_or_default().to_string(),
        Some(c) if c.is_ascii_digit() || c == '-' => "number".to_string(),
        _ => "other".to_string(),
    }
}

/// The text with the value of one line exchanged for that of another, or for one of [`VALUES`].
fn with_another_value(text: &str, line: usize, by: usize) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_string).collect();
    let values: Vec<(usize, String)> =
        lines.iter().enumerate().filter_map(|(index, line)| Some((index, line.split_once(" = ")?.1.to_string()))).collect();
    let (place, old) = &values[line % values.len()];
    let place = *place;
    // Mostly of the same shape: what is refused at once tests nothing here.
    let others = values.iter().map(|(_, value)| value.as_str()).chain(VALUES.iter().copied());
    let alike: Vec<&str> = others.filter(|other| by.is_multiple_of(8) || shape(other) == shape(old)).collect();
    let by = alike[by / 8 % alike.len()].to_string();
    let key = lines[place].split_once(" = ").expect("it has a value").0.to_string();
    lines[place] = format!("{key} = {by}");
    lines.join("\n")
}

/// The plan, if its run is a matter of a moment.
fn brief(plan: Plan) -> Option<Plan> {
    let often =
        plan.clocks.iter().filter_map(|clocks| clocks.jumps.as_ref()).any(|jumps| jumps.every.distribution().mean() < 1e7);
    let rounds = plan.duration / plan.round(plan.seed).max(1);
    let brief = plan.nodes <= 40 && rounds <= 500 && plan.workload.len() <= 1_000 && plan.options.integer("fanout") <= 8;
    (brief && !often && plan.duration <= 200_000_000_000).then_some(plan)
}
