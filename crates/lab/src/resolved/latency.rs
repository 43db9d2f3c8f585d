//! A latency as a scenario has it.

use super::Table;
use quorate_engine::latency::{Component, Distribution, Span};
use quorate_engine::time::show;
use serde_json::{Value, json};

pub(super) fn span(span: &Span) -> Value {
    latency(span.distribution())
}

pub(super) fn latency(distribution: &Distribution) -> Value {
    match distribution {
        Distribution::Constant { ns } => show(*ns).into(),
        Distribution::Uniform { low_ns, high_ns } => json!({ "uniform": [show(*low_ns), show(*high_ns)] }),
        Distribution::Lognormal { median_ns, p99_ns } => {
            json!({ "lognormal": { "median": show(*median_ns), "p99": show(*p99_ns) } })
        }
        Distribution::Exponential { mean_ns } => json!({ "exponential": { "mean": show(*mean_ns) } }),
        Distribution::Normal { mean_ns, stddev_ns } => {
            json!({ "normal": { "mean": show(*mean_ns), "stddev": show(*stddev_ns) } })
        }
        Distribution::Pareto { scale_ns, shape } => json!({ "pareto": { "scale": show(*scale_ns), "shape": shape } }),
        Distribution::Mixture { components } => json!({ "mixture": components.iter().map(component).collect::<Vec<_>>() }),
        Distribution::Empirical { samples_ns } => {
            json!({ "empirical": { "samples": samples_ns.iter().map(|&ns| show(ns)).collect::<Vec<_>>() } })
        }
        Distribution::Shifted { by_ns, latency: other } => {
            json!({ "shifted": { "by": show(*by_ns), "latency": latency(other) } })
        }
        Distribution::Truncated { latency: other, low_ns, high_ns } => {
            let bounds = Table::default().with_some("low", low_ns.map(show)).with_some("high", high_ns.map(show));
            json!({ "truncated": Value::from(bounds.with("latency", latency(other))) })
        }
    }
}

fn component(component: &Component) -> Value {
    json!({ "weight": component.weight, "latency": latency(&component.latency) })
}
