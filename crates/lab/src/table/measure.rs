//! Measures: what a cell takes from its runs.
//!
//! ```text
//! measure   = statistic "(" value ")" | "rate" "(" claim ")" | value         a bare value means its mean over the seeds
//! value     = metric | expression over metrics, nodes, options and parameters, worked out in each run
//! claim     = an expectation: the name of a check, or a comparison           the share of runs in which it holds
//! statistic = as in expectations: mean, min, max, p99, p99.9 …
//! ```

use crate::arithmetic::{
    self, Cursor, Dimension, FUNCTIONS, Kind, LENGTH_MAX, Measure as Value, Mistake, Names, Rational, Token,
};
use crate::expect::{Expectation, Of as Source, Reading, SCOPED, Scope, Seen, Standing, Statistic, reading_of, statistic_of};
use crate::metrics::{self, Unit};
use crate::statistics::{Interval, deviation, mean, mean_interval, quantile_interval, share_interval, sorted, standard_error};
use crate::text::did_you_mean;
use crate::units;
use std::collections::BTreeSet;

/// A measure, read in terms of one scenario.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Measure {
    /// What is made of the runs' values.
    pub(super) statistic: Statistic,
    /// What it comes to.
    pub(super) unit: Unit,
    of: Of,
}

/// What each run gives.
#[derive(Clone, PartialEq, Debug)]
enum Of {
    Read(Reading),
    /// An expression over metrics.
    Worked(String),
    /// 1 where it holds, else 0.
    Holds(Box<Expectation>),
}

/// What the runs of a cell come to.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Estimate {
    /// The point estimate; none where no run has a value.
    pub(super) value: Option<f64>,
    /// At 95 %, where the statistic has one and there are runs enough.
    pub(super) interval: Option<Interval>,
    /// Of the mean.
    error: Option<f64>,
    /// The number of runs, where each of them either is one of a share or is not.
    share_of: Option<usize>,
    /// Runs that have no value.
    pub(super) lacking: usize,
}

/// The level of the intervals.
const LEVEL: f64 = 0.95;

impl Measure {
    /// Reads a measure.
    ///
    /// # Errors
    /// The first thing that is wrong with it, with its place.
    pub(super) fn parse(text: &str, scope: &Scope<'_>) -> Result<Measure, Mistake> {
        if text.len() > LENGTH_MAX {
            return Err(Mistake::new(format!("a measure of {} characters; {LENGTH_MAX} is the most", text.len()), 0..text.len()));
        }
        let tokens = arithmetic::tokens(text, &|name| Probe { scope }.is_known(name))?;
        let Some((called, inner)) = call(&tokens, text.len()) else {
            return of_value(text, 0..text.len(), Statistic::Mean, scope);
        };
        if called.text == "rate" {
            let claim = &text[inner.clone()];
            let expectation = Expectation::parse("rate", claim, scope).map_err(|mistake| shifted(mistake, inner.start))?;
            return Ok(Measure { statistic: Statistic::Mean, unit: Unit::Ratio, of: Of::Holds(Box::new(expectation)) });
        }
        let statistic = statistic_of(called).map_err(|mistake| mistake.help(STATISTICS))?;
        of_value(text, inner, statistic, scope)
    }

    /// The metrics that it looks at, so that nothing else need be kept of a run.
    pub(super) fn metrics(&self, scope: &Scope<'_>, found: &mut BTreeSet<&'static str>) {
        match &self.of {
            Of::Read(_) | Of::Holds(_) => found.extend(match self.reading() {
                Some(Reading { of: Source::Metric(name), .. }) => Some(*name),
                _ => None,
            }),
            Of::Worked(text) => {
                let tokens = arithmetic::tokens(text, &|name| Probe { scope }.is_known(name)).unwrap_or_default();
                found.extend(
                    tokens
                        .iter()
                        .filter_map(|token| metrics::of(scope.protocol).find(|it| it.name == token.text))
                        .map(|it| it.name),
                );
            }
        }
    }

    /// What it reads off each run, if that is one thing.
    pub(super) fn reading(&self) -> Option<&Reading> {
        match &self.of {
            Of::Read(reading) => Some(reading),
            Of::Holds(expectation) => expectation.reading(),
            Of::Worked(_) => None,
        }
    }

    /// What these runs come to.
    pub(super) fn estimate<S: Seen>(&self, runs: &[S], scope: &Scope<'_>) -> Estimate {
        let values: Vec<f64> = runs.iter().filter_map(|run| self.value(run, scope)).collect();
        let lacking = runs.len() - values.len();
        if values.is_empty() {
            return Estimate { value: None, interval: None, error: None, share_of: None, lacking };
        }
        let ordered = sorted(&values);
        let either = values.iter().all(|value| *value == 0.0 || *value == 1.0);
        let is_share = self.statistic == Statistic::Mean && self.unit == Unit::Ratio && either && values.len() > 1;
        let share_of = is_share.then_some(values.len());
        let (value, interval) = match self.statistic {
            Statistic::Mean if is_share => {
                let (hits, count) = (values.iter().sum::<f64>(), values.len());
                (hits / count as f64, Some(share_interval(hits as u64, count as u64, LEVEL)))
            }
            Statistic::Mean => (mean(&values), Some(mean_interval(&values, LEVEL))),
            Statistic::Min => (ordered[0], None),
            Statistic::Max => (ordered[ordered.len() - 1], None),
            Statistic::Deviation => (deviation(&values).unwrap_or(0.0), None),
            Statistic::Quantile(quantile) => (quantile.of(&ordered), Some(quantile_interval(&ordered, quantile, LEVEL))),
        };
        let error = if self.statistic == Statistic::Mean { standard_error(&values) } else { None };
        Estimate {
            value: Some(value),
            interval: interval.filter(|interval| *interval != Interval::UNBOUNDED),
            error,
            share_of,
            lacking,
        }
    }

    /// One run's value.
    fn value(&self, run: &impl Seen, scope: &Scope<'_>) -> Option<f64> {
        match &self.of {
            Of::Read(reading) => run.metric(&reading.name),
            Of::Holds(expectation) => match expectation.judge_one(run).standing {
                Standing::Held => Some(1.0),
                Standing::Failed => Some(0.0),
                Standing::Undecided => None,
            },
            Of::Worked(text) => {
                let names = InRun { scope, metric: &|name| run.metric(name) };
                super::in_unit(arithmetic::evaluate(text, &names).ok()?, self.unit)
            }
        }
    }
}

impl Estimate {
    /// The standard error of the mean, if the true one were `expected`. A share says itself how far estimates of it scatter, also where
    /// the runs happen to have been all the same.
    pub(super) fn error_if(&self, expected: f64) -> Option<f64> {
        match self.share_of {
            Some(count) if (0.0..=1.0).contains(&expected) => Some(libm::sqrt(expected * (1.0 - expected) / count as f64)),
            _ => self.error,
        }
    }
}

const STATISTICS: &str = "statistics are mean, min, max, median, stddev, quantiles such as p50, p99, p999, and rate(EXPECTATION)";

fn shifted(mistake: Mistake, by: usize) -> Mistake {
    Mistake { span: mistake.span.start + by..mistake.span.end + by, ..mistake }
}

/// A name with all of the rest in brackets behind it: what it calls, and where what stands between the brackets is. A function of
/// expressions is part of one, but for `min` and `max` of a single value.
fn call<'t, 'a>(tokens: &'t [Token<'a>], length: usize) -> Option<(&'t Token<'a>, std::ops::Range<usize>)> {
    let [name, open, inner @ .., close, _end] = tokens else { return None };
    if name.kind != Kind::Name || open.text != "(" || close.text != ")" || SCOPED.contains(&name.text) {
        return None;
    }
    let mut depth = 0i32;
    let mut several = false;
    for token in inner {
        depth += i32::from(token.text == "(") - i32::from(token.text == ")");
        several |= depth == 0 && token.text == ",";
        if depth < 0 {
            return None;
        }
    }
    let function = FUNCTIONS.contains(&name.text) && (several || !["min", "max"].contains(&name.text));
    debug_assert!(close.span.end <= length);
    (!function).then_some((name, open.span.end..close.span.start))
}

/// Reads a metric, or an expression over some.
fn of_value(text: &str, place: std::ops::Range<usize>, statistic: Statistic, scope: &Scope<'_>) -> Result<Measure, Mistake> {
    let part = &text[place.clone()];
    if part.trim().is_empty() {
        return Err(Mistake::new("names no metric, so there is nothing to measure", 0..text.len()));
    }
    let probe = Probe { scope };
    let read = || -> Result<Measure, Mistake> {
        let tokens = arithmetic::tokens(part, &|name| probe.is_known(name))?;
        let scoped = matches!(&tokens[..], [first, open, ..] if SCOPED.contains(&first.text) && open.text == "(");
        let alone = scoped || matches!(&tokens[..], [_, _end]);
        if alone {
            let mut cursor = Cursor::new(&tokens);
            let first = cursor.take();
            let reading = reading_of(first, &mut cursor, scope)?;
            if cursor.peek().kind == Kind::End {
                return Ok(Measure { statistic, unit: reading.unit, of: Of::Read(reading) });
            }
        }
        let value = arithmetic::evaluate(part, &probe)?;
        let unit = unit_of(value.dimension).ok_or_else(|| {
            let message = format!("comes to {}; a measure is a time, a size or a plain number", value.dimension.shown());
            Mistake::new(message, 0..part.len())
        })?;
        let measure = Measure { statistic, unit, of: Of::Worked(part.to_string()) };
        let mut metrics = BTreeSet::new();
        measure.metrics(scope, &mut metrics);
        match metrics.is_empty() {
            true => Err(Mistake::new("names no metric, so there is nothing to measure", 0..part.len())),
            false => Ok(measure),
        }
    };
    read().map_err(|mistake| shifted(mistake, place.start))
}

/// In what unit quantities of that dimension are reported; some are not.
pub(super) fn unit_of(dimension: Dimension) -> Option<Unit> {
    match dimension {
        Dimension::Plain => Some(Unit::Count),
        Dimension::Time => Some(Unit::Seconds),
        Dimension::Data => Some(Unit::Bytes),
        Dimension::Rate | Dimension::Bandwidth => None,
    }
}

/// In what quantities of that unit are reckoned with.
pub(super) fn dimension_of(unit: Unit) -> Dimension {
    match unit {
        Unit::Seconds => Dimension::Time,
        Unit::Bytes => Dimension::Data,
        Unit::Ratio | Unit::Count => Dimension::Plain,
    }
}

/// The names of an expression over metrics, before there is a run: every metric is some number in its unit.
struct Probe<'a> {
    scope: &'a Scope<'a>,
}

/// The names of an expression over metrics, in a run.
struct InRun<'a> {
    scope: &'a Scope<'a>,
    metric: &'a dyn Fn(&str) -> Option<f64>,
}

impl Names for Probe<'_> {
    fn value(&self, name: &str) -> Option<Value> {
        // No two the same, lest a difference of two be a divisor of 0.
        let place = metrics::of(self.scope.protocol).position(|metric| metric.name == name);
        InRun { scope: self.scope, metric: &|_| place.map(|place| (place * place) as f64 + 2.0) }.value(name)
    }

    fn is_known(&self, name: &str) -> bool {
        self.scope.is_known(name) || metrics::of(self.scope.protocol).any(|metric| metric.name == name)
    }

    fn unknown(&self, token: &Token<'_>) -> Mistake {
        let metrics: Vec<&str> = metrics::of(self.scope.protocol).map(|metric| metric.name).collect();
        let guess = did_you_mean(token.text, metrics.iter().copied());
        let mistake = token.mistake(format!("{} is no metric and no number{guess}", token.shown()));
        mistake.help(format!("metrics are: {}", metrics.join(", ")))
    }

    fn noun(&self) -> &'static str {
        "measure"
    }

    fn expected(&self) -> &'static str {
        "a metric, a number, \"nodes\" or an option"
    }
}

impl Names for InRun<'_> {
    fn value(&self, name: &str) -> Option<Value> {
        let Some(metric) = metrics::of(self.scope.protocol).find(|metric| metric.name == name) else {
            return self.scope.value(name);
        };
        let unit = Unit::of(metric);
        let value = (self.metric)(name)?;
        let base = if unit == Unit::Seconds { value * 1e9 } else { value };
        Some(Value { value: near(base)?, dimension: dimension_of(unit) })
    }

    fn is_known(&self, name: &str) -> bool {
        Probe { scope: self.scope }.is_known(name)
    }

    fn unknown(&self, token: &Token<'_>) -> Mistake {
        token.mistake("is missing in this run")
    }

    fn noun(&self) -> &'static str {
        "measure"
    }

    fn expected(&self) -> &'static str {
        "a metric"
    }
}

/// The value as a fraction, to twelve digits where it is not whole: exact fractions of all the digits of floats outgrow 128 bits at once.
fn near(value: f64) -> Option<Rational> {
    if value == libm::trunc(value) && value.abs() < 9e15 {
        return Rational::whole(value as i128);
    }
    let rounded: f64 = format!("{value:.11e}").parse().ok()?;
    units::exact_float(rounded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::Parameters;
    use quorate_check::Verdict;
    use quorate_protocols::options::Values;
    use quorate_protocols::registry;

    /// A run that sent so many messages, and converged after so many seconds, if at all.
    struct Run(f64, Option<f64>, Verdict);

    impl Seen for Run {
        fn metric(&self, name: &str) -> Option<f64> {
            match name {
                "messages.total" => Some(self.0),
                "convergence.time" => self.1,
                "availability.minority" => Some(0.25),
                _ => None,
            }
        }

        fn check(&self, name: &str) -> Option<&Verdict> {
            (name == "converges").then_some(&self.2)
        }
    }

    fn with_scope<T>(see: impl FnOnce(&Scope<'_>) -> T) -> T {
        let protocol = registry::find("gossip").unwrap();
        let options = Values::defaults(protocol.options);
        see(&Scope { protocol, options: &options, nodes: 4, parameters: &Parameters::default(), rtt: None })
    }

    fn came_to(text: &str, runs: &[Run]) -> Result<(Estimate, Unit), String> {
        with_scope(|scope| {
            let measure =
                Measure::parse(text, scope).map_err(|mistake| format!("{:?}: {}", &text[mistake.span], mistake.message))?;
            Ok((measure.estimate(runs, scope), measure.unit))
        })
    }

    #[test]
    fn a_measure_is_a_statistic_over_what_each_run_gives() {
        let violation = || Verdict::Violation("so".to_string());
        let runs = [
            Run(8.0, Some(1.5), Verdict::Ok),
            Run(12.0, None, violation()),
            Run(22.0, Some(0.5), Verdict::Ok),
            Run(2.0, Some(1.0), Verdict::Unknown("who knows".to_string())),
        ];
        for (text, value, unit, lacking) in [
            ("messages.total", 11.0, Unit::Count, 0),
            (" mean( messages.total ) ", 11.0, Unit::Count, 0),
            ("min(messages.total)", 2.0, Unit::Count, 0),
            ("p50(convergence.time)", 1.0, Unit::Seconds, 1),
            ("messages.total / (nodes - 2)", 5.5, Unit::Count, 0),
            ("max(messages.total / nodes)", 5.5, Unit::Count, 0),
            ("max(messages.total, 10)", 13.5, Unit::Count, 0),
            ("max(max(messages.total, 10))", 22.0, Unit::Count, 0),
            ("(messages.total) * 2 - floor(messages.total)", 11.0, Unit::Count, 0),
            ("floor(messages.total / 3)", 3.25, Unit::Count, 0),
            ("convergence.time / 2 + 1s", 1.5, Unit::Seconds, 1),
            ("max(3*convergence.time)", 4.5, Unit::Seconds, 1),
            ("messages.total / (messages.total - 2)", (8.0 / 6.0 + 1.2 + 1.1) / 3.0, Unit::Count, 1),
            ("rate(messages.total >= 2*nodes)", 0.75, Unit::Ratio, 0),
            ("rate(convergence.time <= 1s)", 0.5, Unit::Ratio, 0),
            ("rate(converges)", 2.0 / 3.0, Unit::Ratio, 1),
            ("availability(minority)", 0.25, Unit::Ratio, 0),
            ("p90(availability(minority))", 0.25, Unit::Ratio, 0),
        ] {
            let (estimate, found) = came_to(text, &runs).unwrap_or_else(|why| panic!("{text}: {why}"));
            let measured = estimate.value.unwrap();
            assert!((measured - value).abs() < 1e-9, "{text}: {measured}");
            assert_eq!((found, estimate.lacking), (unit, lacking), "{text}");
        }
    }

    #[test]
    fn an_interval_needs_runs_enough_and_a_value_needs_one() {
        let run = || Run(8.0, None, Verdict::Ok);
        let one = came_to("messages.total", &[run()]).unwrap().0;
        assert_eq!((one.value, one.interval, one.error), (Some(8.0), None, None));
        let two = came_to("messages.total", &[run(), run()]).unwrap().0;
        assert_eq!((two.interval, two.error), (Some(Interval { low: 8.0, high: 8.0 }), Some(0.0)));
        let never = came_to("rate(messages.total > 9)", &[run(), run()]).unwrap().0;
        assert_eq!((never.value, never.error_if(0.5), never.error_if(0.0)), (Some(0.0), Some(0.125f64.sqrt()), Some(0.0)));
        assert!(never.interval.is_some_and(|interval| interval.low == 0.0 && interval.high > 0.6), "{never:?}");
        let most = came_to("max(messages.total)", &[run(), run()]).unwrap().0;
        assert_eq!((most.interval, most.error), (None, None));
        let none = came_to("convergence.time", &[run(), run()]).unwrap().0;
        assert_eq!((none.value, none.interval, none.lacking), (None, None, 2));
    }

    #[test]
    fn what_is_no_measure_is_told_where() {
        for (text, told) in [
            ("messages.totl", r#""messages.totl": "messages.totl" is no metric; did you mean "messages.total"?"#),
            ("men(messages.total)", r#""men": "men" is no statistic; did you mean "mean"?"#),
            ("p99(messages.total", r#""p99": "p99" is no function"#),
            ("max(messages.total", r#""l": ")" is expected here, not the end"#),
            ("p99(messages.total) + 1", r#""p99": "p99" is no function"#),
            ("mean()", r#""mean()": names no metric"#),
            ("messages.total messages.total", r#""messages.total": "messages.total" is left over"#),
            ("fanout + 1", r#""fanout + 1": names no metric"#),
            ("bytes.total * bytes.total", r#""bytes.total * bytes.total": a size cannot be multiplied with a size"#),
            ("rate(messages.total)", r#""messages.total": messages.total is a metric; compare it with something"#),
            ("availability(both)", r#""both": "both" is no side"#),
        ] {
            match came_to(text, &[]) {
                Err(mistake) => assert!(mistake.starts_with(told), "{text}: {mistake}"),
                Ok(_) => panic!("{text} is a measure"),
            }
        }
        assert!(came_to(&"(".repeat(100_000), &[]).is_err());
    }
}
