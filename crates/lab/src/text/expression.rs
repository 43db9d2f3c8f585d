//! The values of a scenario as expressions over its parameters: `nodes = "3*f+1"`, `duration = "20*rtt"`. A text is worked out
//! only where it has an operator or names a parameter; any other is the plain value that it always was, and wrong in the same
//! words. What the result must satisfy is the reader's business.

use super::error::{Problem, Read};
use super::spot::Spot;
use super::tree::{Place, Tree};
use crate::arithmetic::{self, Dimension, Measure, Mistake, Rational};
use crate::units::quoted;

impl Spot<'_> {
    /// What an expression here comes to; `None` for a plain value, which its reader reads.
    pub(crate) fn expression(&self, text: &str, expected: &str, dimension: Dimension) -> Read<Option<Measure>> {
        let parameters = self.given.parameters;
        let nearly = |name: &str| super::nearest::nearest(name, parameters.names()).is_some();
        if !arithmetic::is_meant(text, parameters, nearly) {
            return Ok(None);
        }
        self.worked_out(text, 0, expected, dimension).map(Some)
    }

    /// A part of the text, which begins at byte `from` of it, as a whole number, if it is meant as an expression: an end of
    /// `"f..2*f"`. Where there are parameters, a name is meant as one.
    pub(crate) fn whole_part(&self, part: &str, from: usize) -> Read<Option<i128>> {
        let parameters = self.given.parameters;
        let named = parameters.names().next().is_some();
        if !arithmetic::is_meant(part, parameters, |_| named) {
            return Ok(None);
        }
        let measure = self.worked_out(part, from, "a whole number", Dimension::Plain)?;
        self.whole(part, measure.value).map(Some)
    }

    fn worked_out(&self, part: &str, from: usize, expected: &str, dimension: Dimension) -> Read<Measure> {
        let measure = arithmetic::evaluate(part, self.given.parameters).map_err(|mistake| self.point(part, from, mistake))?;
        if measure.dimension != dimension {
            let shown = measure.dimension.shown();
            return Err(self.fail(format!("{} comes to {measure}, {shown}, where {expected} should stand", quoted(part))));
        }
        Ok(measure)
    }

    /// Whether a text names a parameter.
    pub(crate) fn names_parameter(&self, text: &str) -> bool {
        let parameters = self.given.parameters;
        text.len() <= arithmetic::LENGTH_MAX
            && arithmetic::tokens(text, &|name| parameters.has(name))
                .is_ok_and(|tokens| tokens.iter().any(|token| parameters.has(token.text)))
    }

    /// The whole number that an expression comes to.
    pub(crate) fn whole(&self, text: &str, value: Rational) -> Read<i128> {
        let clean = text.trim();
        value.to_whole().ok_or_else(|| {
            let cure = format!("write floor({clean}) or ceil({clean})");
            self.fail(format!("{} is {value}, and a whole number should stand here; {cure}", quoted(text)))
        })
    }

    /// Points into a part of the text that begins at byte `from` of it, where the file has the text letter by letter between two
    /// quotes; else at the whole of it.
    pub(crate) fn point(&self, part: &str, from: usize, mistake: Mistake) -> Box<Problem> {
        let shown = part.get(mistake.span.clone()).filter(|shown| !shown.trim().is_empty() && *shown != part);
        let before = shown.map(|shown| format!("at {}: ", quoted(shown))).unwrap_or_default();
        let mut problem = self.fail(format!("{before}{}", mistake.message));
        problem.help = mistake.help;
        if let (Place::File(span), Tree::Text(text)) = (&self.node.place, &self.node.tree)
            && span.len() == text.len() + 2
            && part.is_char_boundary(mistake.span.start)
        {
            let start = span.start + 1 + from;
            problem.span = Some(start + mistake.span.start..start + mistake.span.end);
        }
        problem
    }
}
