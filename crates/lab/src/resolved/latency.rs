//! A latency as a scenario has it.

use quorate_engine::latency::Distribution;
use quorate_engine::time::show;
use serde_json::{Value, json};

pub(super) fn latency(distribution: &Distribution) -> Value {
    match *distribution {
        Distribution::Constant { ns } => show(ns).into(),
        Distribution::Uniform { low_ns, high_ns } => json!({ "uniform": [show(low_ns), show(high_ns)] }),
        Distribution::Lognormal { median_ns, p99_ns } => {
            json!({ "lognormal": { "median": show(median_ns), "p99": show(p99_ns) } })
        }
        Distribution::Exponential { mean_ns } => json!({ "exponential": { "mean": show(mean_ns) } }),
    }
}
