//! Two results of the same seeds, metric by metric. One seed draws the same chance in both, so runs are compared in pairs, and what varies
//! from seed to seed drops out (common random numbers). The intervals of all comparisons together hold at the level that is told: each is
//! at its share of the error (Bonferroni), so that a comparison of fifty metrics of the same program does not find three that got worse.

use crate::metrics::{self, Better, Unit};
use crate::report::text::figures::value as shown;
use crate::statistics::{Interval, mean, mean_interval, mean_needs, share_interval};
use serde_json::{Value, json};

/// The level of all intervals together.
pub const LEVEL: f64 = 0.95;

/// What is compared, and by whose measure.
#[derive(Clone, Debug)]
pub struct Terms {
    /// What is let pass, as a part of the mean before: 0.05 for five per cent.
    pub margin: f64,
    /// Metrics of which less is better, beside those that are known.
    pub less: Vec<String>,
    /// Metrics of which more is better.
    pub more: Vec<String>,
    /// How many questions there are in all: at least 1. See [`questions`].
    pub comparisons: u64,
}

/// How a metric fares after a change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Finding {
    /// Every pair of runs is equal.
    Equal,
    /// What difference there is may be chance.
    Same,
    /// It is better.
    Better,
    /// It is worse, and perhaps by no more than the margin.
    Worse,
    /// It is worse by more than the margin.
    Regression,
    /// It is another, and nobody said what is better.
    Other,
}

impl Finding {
    /// As it is told.
    pub fn name(self) -> &'static str {
        match self {
            Finding::Equal => "equal",
            Finding::Same => "same",
            Finding::Better => "better",
            Finding::Worse => "worse",
            Finding::Regression => "regression",
            Finding::Other => "other",
        }
    }
}

/// A metric before and after.
#[derive(Clone, PartialEq, Debug)]
pub struct Compared {
    /// The metric.
    pub name: String,
    /// What it counts in.
    pub unit: Unit,
    /// Pairs of runs in which both have a value.
    pub pairs: u64,
    /// Their means; none without a pair.
    pub means: Option<(f64, f64)>,
    /// The interval of the mean difference, after less before.
    pub change: Interval,
    /// Runs that have a value before and none after, and the other way round.
    pub lost: u64,
    /// See `lost`.
    pub gained: u64,
    /// How many pairs the interval needs to be trusted, if there are fewer.
    pub doubtful_below: Option<u64>,
    /// What it comes to.
    pub finding: Finding,
}

/// How many questions a comparison asks: how a metric changed, and of one that times what may never happen, whether it still does.
pub fn questions(name: &str) -> u64 {
    1 + u64::from(metrics::is_censored(name))
}

impl Terms {
    /// Compares a metric over the same seeds, in their order.
    ///
    /// # Panics
    /// With lists of different lengths.
    pub fn compare(&self, name: &str, before: &[Option<f64>], after: &[Option<f64>]) -> Compared {
        assert_eq!(before.len(), after.len(), "runs are compared in pairs");
        let both: Vec<(f64, f64)> = before.iter().zip(after).filter_map(|(one, other)| Some(((*one)?, (*other)?))).collect();
        let lacks = |one: &[Option<f64>], other: &[Option<f64>]| {
            one.iter().zip(other).filter(|(one, other)| one.is_some() && other.is_none()).count() as u64
        };
        let (lost, gained) = (lacks(before, after), lacks(after, before));
        let differences: Vec<f64> = both.iter().map(|(before, after)| after - before).collect();
        let level = 1.0 - (1.0 - LEVEL) / self.comparisons.max(1) as f64;
        let means = (!both.is_empty()).then(|| {
            let of = |one: fn(&(f64, f64)) -> f64| mean(&both.iter().map(one).collect::<Vec<_>>());
            (of(|(before, _)| *before), of(|(_, after)| *after))
        });
        let change = if both.is_empty() { Interval::UNBOUNDED } else { mean_interval(&differences, level) };
        let by_value = match means {
            _ if differences.iter().all(|difference| *difference == 0.0) => Finding::Equal,
            Some((before, _)) => self.finding(name, change, self.margin * before.abs()),
            None => Finding::Equal,
        };
        // Whether runs have a value at all is a difference too: who never converges has no time, and did worse than one who took long.
        let by_lack = match lost + gained {
            0 => Finding::Equal,
            either => {
                let Interval { low, high } = share_interval(lost, either, level);
                let change = Interval { low: low - 0.5, high: high - 0.5 };
                if metrics::is_censored(name) { self.finding(name, change, 0.0) } else { Finding::Same }
            }
        };
        let worse = |finding: &Finding| match finding {
            Finding::Regression => 5,
            Finding::Worse => 4,
            Finding::Other => 3,
            Finding::Better => 2,
            Finding::Same => 1,
            Finding::Equal => 0,
        };
        Compared {
            name: name.to_string(),
            unit: metrics::unit_of(name).unwrap_or(Unit::Count),
            pairs: both.len() as u64,
            means,
            change,
            lost,
            gained,
            doubtful_below: if differences.len() > 1 { mean_needs(&differences) } else { None },
            finding: [by_value, by_lack].into_iter().max_by_key(worse).unwrap_or(Finding::Equal),
        }
    }

    fn better(&self, name: &str) -> Better {
        let among = |names: &[String]| names.iter().any(|known| known == name);
        if among(&self.less) {
            return Better::Less;
        }
        if among(&self.more) { Better::More } else { metrics::better(name) }
    }

    fn finding(&self, name: &str, change: Interval, margin: f64) -> Finding {
        // As if less were better.
        let Interval { low, high } = match self.better(name) {
            Better::Less => change,
            Better::More => Interval { low: -change.high, high: -change.low },
            Better::Neither if change.low > 0.0 || change.high < 0.0 => return Finding::Other,
            Better::Neither => return Finding::Same,
        };
        match () {
            () if low > margin => Finding::Regression,
            () if low > 0.0 => Finding::Worse,
            () if high < 0.0 => Finding::Better,
            () => Finding::Same,
        }
    }
}

impl Compared {
    /// `1.31s -> 1.52s, +0.21s [0.18s, 0.24s]`, and what there is to say of it.
    pub fn told(&self) -> String {
        let mut text = match self.means {
            None => "no run has it before and after".to_string(),
            Some((before, after)) => {
                let Interval { low, high } = self.change;
                let interval = if low.is_finite() {
                    format!(", change {} to {}", shown(low, self.unit), shown(high, self.unit))
                } else {
                    String::new()
                };
                let part = if before == 0.0 { String::new() } else { format!(" ({:+.1} %)", (after / before - 1.0) * 100.0) };
                format!("{} -> {}{part}{interval}", shown(before, self.unit), shown(after, self.unit))
            }
        };
        if self.lost + self.gained > 0 {
            text += &format!("; {} runs have it before and not after, {} after and not before", self.lost, self.gained);
        }
        if let (Some(needed), false) = (self.doubtful_below, self.finding == Finding::Equal) {
            text += &format!("; so skewed that the interval is doubtful below {needed} pairs");
        }
        text
    }

    /// For programs.
    pub fn to_json(&self) -> Value {
        let finite = |value: f64| value.is_finite().then_some(value);
        json!({
            "metric": self.name,
            "finding": self.finding.name(),
            "pairs": self.pairs,
            "before": self.means.map(|(before, _)| before),
            "after": self.means.map(|(_, after)| after),
            "change": [finite(self.change.low), finite(self.change.high)],
            "lost": self.lost,
            "gained": self.gained,
            "doubtful_below": self.doubtful_below,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Finding::*;

    fn terms() -> Terms {
        Terms { margin: 0.05, less: vec!["mine".to_string()], more: Vec::new(), comparisons: 50 }
    }

    fn find(name: &str, before: &[f64], after: &[f64]) -> Finding {
        let some = |values: &[f64]| values.iter().map(|value| (*value >= 0.0).then_some(*value)).collect::<Vec<_>>();
        terms().compare(name, &some(before), &some(after)).finding
    }

    #[test]
    fn pairs_say_more_than_means() {
        // The seeds differ far more than the two do: unpaired, nobody would see it.
        let before: Vec<f64> = (0..50).map(|seed| 1.0 + f64::from(seed)).collect();
        let slower = |part: f64| {
            before.iter().enumerate().map(|(seed, value)| value * part + (seed % 3) as f64 * 0.01).collect::<Vec<_>>()
        };
        for (name, after, expected) in [
            ("op.latency", before.clone(), Equal),
            ("op.latency", slower(1.2), Regression),
            ("op.latency", slower(1.03), Worse),
            ("op.latency", slower(0.8), Better),
            ("ops.ok", slower(1.2), Better),
            ("ops.ok", slower(0.8), Regression),
            ("events.total", slower(1.2), Other),
            ("raft.terms", slower(0.8), Other),
            ("mine", slower(1.2), Regression),
        ] {
            assert_eq!(find(name, &before, &after), expected, "{name}");
        }
        let noise: Vec<f64> =
            before.iter().enumerate().map(|(seed, value)| value + if seed % 2 == 0 { 1.0 } else { -1.0 }).collect();
        assert_eq!(find("op.latency", &before, &noise), Same);
        assert_eq!(find("op.latency", &[1.0], &[2.0]), Same, "of one pair nobody can say");
    }

    #[test]
    fn who_does_not_end_any_more_did_worse() {
        let before = vec![1.0; 40];
        let mut after = before.clone();
        after[..30].fill(-1.0);
        assert_eq!(find("convergence.time", &before, &after), Regression);
        assert_eq!(find("convergence.time", &after, &before), Better);
        after[1..].fill(1.0);
        assert_eq!(find("convergence.time", &before, &after), Same, "one run may be chance");
        assert_eq!(find("availability.minority", &before, &after), Same, "there it is no failure to have none");
    }
}
