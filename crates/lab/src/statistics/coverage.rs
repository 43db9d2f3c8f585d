//! How often the intervals of this module cover what they are about, found by drawing from distributions whose truth is known: what a
//! level such as 95 % is worth, for whoever publishes it. The seeds are fixed, so the answer is a number and not a matter of luck.

use super::{
    Interval, Quantile, Sequence, mean_interval, mean_needs, quantile_interval, quantile_sequence, share_interval, sorted,
};
use libm::{exp, log1p};
use quorate_engine::latency::normal_quantile;
use quorate_engine::random::{Draw, Keys, Purpose, StreamKey};

/// What repeats of one question came to.
#[derive(Clone, PartialEq, Debug)]
pub struct Coverage {
    /// The question.
    pub question: String,
    /// Which family of intervals answers it.
    pub family: Family,
    /// How often it was asked.
    pub repeats: u32,
    /// How often the interval covered the truth.
    pub covered: u32,
    /// The mean number of values that it took: fewer than allowed where looking early stopped it.
    pub values: f64,
    /// How often the command would have called the interval doubtful.
    pub doubted: u32,
}

/// A family of intervals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Family {
    /// Order statistics, and Clopper and Pearson: they promise their level whatever the distribution.
    Exact,
    /// Confidence sequences, stopped as soon as they decide: they promise it at every moment.
    Sequential,
    /// Student's t: it promises it of normal values only.
    Student,
}

impl Coverage {
    /// The part of the repeats.
    pub fn share(&self) -> f64 {
        f64::from(self.covered) / f64::from(self.repeats)
    }
}

/// A distribution that is asked about.
#[derive(Clone, Copy)]
enum Law {
    Normal,
    Exponential,
    /// The logarithm is standard normal.
    Lognormal,
    /// Whole numbers: ties everywhere.
    Geometric,
}

impl Law {
    fn name(self) -> &'static str {
        match self {
            Law::Normal => "normal",
            Law::Exponential => "exponential",
            Law::Lognormal => "lognormal",
            Law::Geometric => "geometric",
        }
    }

    /// Below which a value lies with that probability, strictly between 0 and 1.
    fn quantile(self, part: f64) -> f64 {
        match self {
            Law::Normal => normal_quantile(part),
            Law::Exponential => -log1p(-part),
            Law::Lognormal => exp(normal_quantile(part)),
            // The least whole number that is at most exceeded with probability 0.8^n.
            Law::Geometric => libm::ceil(log1p(-part) / log1p(-0.2)),
        }
    }

    fn mean(self) -> f64 {
        match self {
            Law::Normal => 0.0,
            Law::Exponential => 1.0,
            Law::Lognormal => exp(0.5),
            Law::Geometric => 5.0,
        }
    }
}

const LEVEL: f64 = 0.95;

/// Every question, asked so often.
pub fn coverages(repeats: u32) -> Vec<Coverage> {
    let mut all = Vec::new();
    let p = |digits: &str| Quantile::of_percent_digits(digits).unwrap_or(Quantile::P50);
    for (law, digits, count) in [
        (Law::Normal, "50", 20),
        (Law::Exponential, "50", 101),
        (Law::Lognormal, "90", 100),
        (Law::Geometric, "90", 200),
        (Law::Exponential, "99", 1_000),
    ] {
        let quantile = p(digits);
        let question = format!("{quantile} of {count} {} values", law.name());
        all.push(ask(question, Family::Exact, repeats, |draws| {
            let interval = quantile_interval(&sorted(&draws.values(law, count)), quantile, LEVEL);
            (covers(interval, law.quantile(quantile.to_f64())), count, false)
        }));
    }
    for (share, count) in [(0.5, 30), (0.1, 100), (0.001, 1_000), (0.99, 300)] {
        all.push(ask(format!("share {share} in {count} trials"), Family::Exact, repeats, |draws| {
            let hits = (0..count).filter(|_| draws.next() < share).count() as u64;
            (covers(share_interval(hits, count as u64, LEVEL), share), count, false)
        }));
    }
    // The bound is where the truth is, and nothing is harder: only a mistake stops it. Then farther away, where stopping pays.
    for (share, bound) in [(0.99, 0.99), (0.5, 0.5), (0.999, 0.99), (0.97, 0.99), (0.2, 0.1)] {
        all.push(ask(format!("share {share} against {bound}, up to 2000 trials"), Family::Sequential, repeats, |draws| {
            let sequence = Sequence::about(bound);
            let (mut hits, mut count) = (0, 0);
            while count < 2_000 && !sequence.rules_out(bound, hits, count, LEVEL) {
                hits += u64::from(draws.next() < share);
                count += 1;
            }
            (covers(sequence.interval(hits, count, LEVEL), share), count as usize, false)
        }));
    }
    for (law, digits, bound) in [(Law::Exponential, "90", 0.9), (Law::Geometric, "90", 0.9), (Law::Lognormal, "99", 0.995)] {
        let quantile = p(digits);
        let question = format!("{quantile} of {} values against {bound}, up to 1000", law.name());
        all.push(ask(question, Family::Sequential, repeats, |draws| {
            let (part, bound) = (quantile.to_f64(), law.quantile(bound));
            let sequence = Sequence::about(part);
            let (mut values, mut below) = (Vec::new(), 0);
            while values.len() < 1_000 && !sequence.rules_out(part, below, values.len() as u64, LEVEL) {
                let value = law.quantile(draws.next());
                below += u64::from(value <= bound);
                values.push(value);
            }
            let interval = quantile_sequence(&sorted(&values), quantile, LEVEL);
            (covers(interval, law.quantile(part)), values.len(), false)
        }));
    }
    for law in [Law::Normal, Law::Exponential, Law::Lognormal] {
        for count in [10, 100, 1_000] {
            all.push(ask(format!("mean of {count} {} values", law.name()), Family::Student, repeats, |draws| {
                let values = draws.values(law, count);
                (covers(mean_interval(&values, LEVEL), law.mean()), count, mean_needs(&values).is_some())
            }));
        }
    }
    all
}

/// Asks a question again and again, each time with draws of its own.
fn ask(question: String, family: Family, repeats: u32, mut once: impl FnMut(&mut Draws) -> (bool, usize, bool)) -> Coverage {
    let (mut covered, mut taken, mut doubted) = (0, 0, 0);
    for repeat in 0..repeats {
        let key = Keys::from_seed(u64::from(repeat)).stream(Purpose::Workload);
        let (covers, values, doubts) = once(&mut Draws { key, next: 0 });
        covered += u32::from(covers);
        taken += values;
        doubted += u32::from(doubts);
    }
    Coverage { question, family, repeats, covered, values: taken as f64 / f64::from(repeats), doubted }
}

fn covers(interval: Interval, truth: f64) -> bool {
    // The ends of some intervals are found by halving.
    interval.low - 1e-12 <= truth && truth <= interval.high + 1e-12
}

struct Draws {
    key: StreamKey,
    next: u32,
}

impl Draws {
    /// Strictly between 0 and 1.
    fn next(&mut self) -> f64 {
        self.next += 1;
        let Draw(bits) = Draw(self.key.draw(0, self.next));
        ((bits >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    fn values(&mut self, law: Law, count: usize) -> Vec<f64> {
        (0..count).map(|_| law.quantile(self.next())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_promises_its_level_keeps_it() {
        for coverage in coverages(2_000) {
            match coverage.family {
                Family::Exact | Family::Sequential => assert!(coverage.share() >= 0.94, "{coverage:?}"),
                Family::Student if coverage.question.contains("normal values") && !coverage.question.contains("log") => {
                    assert!(coverage.share() >= 0.94, "{coverage:?}");
                }
                // Where it is worth less than it says, it is called doubtful as a rule.
                Family::Student => assert!(coverage.share() >= 0.92 || coverage.doubted > coverage.repeats / 2, "{coverage:?}"),
            }
        }
    }

    #[test]
    fn looking_early_saves_runs() {
        let far = coverages(50).into_iter().find(|coverage| coverage.question.starts_with("share 0.97 against")).unwrap();
        assert!(far.values < 1_000.0, "{far:?}");
    }
}
