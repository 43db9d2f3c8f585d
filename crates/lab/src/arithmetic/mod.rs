//! Arithmetic in texts: `2*(nodes-1)`, `20*rtt + 5ms`. One grammar (`expression`) serves the bounds of expectations and the
//! values of a scenario; whoever asks says which names there are. Results are exact fractions of 128-bit whole numbers
//! (`rational`), each with its dimension (`measure`), so that neither a rounding nor the sum of a time and a number passes
//! unseen. It knows no scenario, no metric and no range: what a result must satisfy, its reader says.

mod expression;
mod measure;
mod parameters;
mod rational;
mod token;

pub use measure::{Dimension, Measure};
pub use parameters::Parameters;
pub use rational::Rational;

pub(crate) use expression::{FUNCTIONS, sum};
pub(crate) use token::{Cursor, Kind, Token, tokens};

use std::ops::Range;

/// The longest text that is worked out: beyond it nobody reads it, and brackets in brackets would exhaust the stack.
pub(crate) const LENGTH_MAX: usize = 500;

/// What is wrong with the text of an expression or an expectation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistake {
    /// What is wrong, and what would be right.
    pub message: String,
    /// The place, in bytes of the text; never empty unless the text is.
    pub span: Range<usize>,
    /// What else may help.
    pub help: Option<String>,
}

impl Mistake {
    pub(crate) fn new(message: impl Into<String>, span: Range<usize>) -> Mistake {
        Mistake { message: message.into(), span, help: None }
    }

    pub(crate) fn help(self, help: impl Into<String>) -> Mistake {
        Mistake { help: Some(help.into()), ..self }
    }
}

/// The names that an expression may use, and how messages speak of them.
pub(crate) trait Names {
    /// What a name stands for.
    fn value(&self, name: &str) -> Option<Measure>;

    /// Whether there is such a name: a hyphen may be part of it.
    fn is_known(&self, name: &str) -> bool;

    /// The complaint about a name that stands for nothing.
    fn unknown(&self, token: &Token<'_>) -> Mistake;

    /// What an expression comes to: a bound, a value.
    fn noun(&self) -> &'static str;

    /// What may stand where an operand should.
    fn expected(&self) -> &'static str;
}

/// Works out a text that is an expression and nothing else.
pub(crate) fn evaluate(text: &str, names: &dyn Names) -> Result<Measure, Mistake> {
    if text.len() > LENGTH_MAX {
        return Err(Mistake::new(format!("an expression of {} characters; {LENGTH_MAX} is the most", text.len()), 0..text.len()));
    }
    let tokens = tokens(text, &|name| names.is_known(name))?;
    let mut cursor = Cursor::new(&tokens);
    let result = sum(&mut cursor, names)?;
    let rest = cursor.peek();
    if let Some(mistake) = rest.lone_equals() {
        return Err(mistake);
    }
    if rest.kind != Kind::End {
        return Err(rest.mistake(format!("{} is left over; between two values stands one of + - * /", rest.shown())));
    }
    Ok(result.measure)
}

/// Whether a text was meant to be worked out, and is no plain value that somebody mistyped: it has an operator or a bracket, or
/// is a name that there is, or nearly is one.
pub(crate) fn is_meant(text: &str, names: &dyn Names, nearly: impl Fn(&str) -> bool) -> bool {
    if text.len() > LENGTH_MAX {
        return text.contains(['*', '/', '+', '(', ')']);
    }
    // A sign in front is part of a plain value.
    let unsigned = text.trim_start().trim_start_matches(['+', '-']);
    let Ok(tokens) = tokens(unsigned, &|name| names.is_known(name)) else {
        let words = unsigned.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        return unsigned.contains(['*', '/', '+', '(', ')']) || words.into_iter().any(|word| names.is_known(word));
    };
    let sign = tokens.iter().any(|token| token.kind == Kind::Sign);
    let name = tokens.iter().any(|token| names.is_known(token.text) || expression::factors(token.text, names).is_some());
    let alone = match &tokens[..] {
        [only, _end] => only.kind == Kind::Name && nearly(only.text),
        _ => false,
    };
    sign || name || alone
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters() -> Parameters {
        let mut parameters = Parameters::default();
        for (name, text) in
            [("f", "2"), ("rtt", "50ms"), ("size", "1KB"), ("line-speed", "10MB/s"), ("pace", "2/min"), ("line", "7")]
        {
            let value = evaluate(text, &parameters).unwrap();
            parameters.add(name, value);
        }
        parameters
    }

    fn came_to(text: &str) -> String {
        match evaluate(text, &parameters()) {
            Ok(measure) => measure.written(),
            Err(mistake) => format!("{:?}: {}", &text[mistake.span], mistake.message),
        }
    }

    #[test]
    fn values_with_their_units() {
        for (text, expected) in [
            ("3*f+1", "7"),
            ("2+3*4-10/4", "11.5"),
            ("-(1-f)*-3", "-3"),
            ("--f", "2"),
            ("1/3*3", "1"),
            ("0.1+0.2", "0.3"),
            ("20*rtt + 5ms", "1.005s"),
            ("rtt*rtt/rtt", r#""rtt*rtt": a time cannot be multiplied with a time"#),
            ("rtt/5ms", "10"),
            ("size/line-speed", "100us"),
            ("line-speed*rtt", "500KB"),
            ("1/pace", "30s"),
            ("pace*1h", "120"),
            ("3/rtt", "60/s"),
            ("size/rtt", "20KB/s"),
            ("line-speed/size", "10000/s"),
            ("2*line-speed", "20MB/s"),
            ("line-f", "5"),
            ("line -speed", r#""speed": "speed" is no parameter"#),
            ("max(f, 5, 3)", "5"),
            ("min(rtt, 1s/30)", "100000000ns/3"),
            ("floor(22/7) + ceil(22/7)", "7"),
            ("floor(-1/2)", "-1"),
            ("floor(rtt/3)", "16.666666ms"),
            ("ceil(1KB/3)", "334B"),
            ("ceil(10/3s)", "4/s"),
            ("50% * f", "1"),
            ("rtt + f", r#""rtt + f": a time and a plain number do not add up"#),
            ("f/(f-2)", r#""f/(f-2)": comes to inf, which is no value: the divisor is 0"#),
            ("f/rtt/rtt", r#""f/rtt/rtt": a rate cannot be divided by a time"#),
            ("2f", r#""2f": "2f" is a product without its sign; write 2*f"#),
            ("max()", r#"")": a number or a parameter is expected here, not ")""#),
            ("max(f", r#""f": ")" is expected here, not the end"#),
            ("f(2)", r#""f": "f" is no function"#),
            ("2 3", r#""3": "3" is left over; between two values stands one of + - * /"#),
            ("2..3", r#""2..3": "2..3" is no number"#),
            ("f = 3", r#""=": "=" means nothing here; to compare, write =="#),
            ("f < 3", r#""<": "<" is left over; between two values stands one of + - * /"#),
        ] {
            assert_eq!(came_to(text), expected, "{text}");
        }
    }

    #[test]
    fn what_would_not_end_well_is_refused() {
        let deep = format!("{}1{}", "(".repeat(249), ")".repeat(249));
        assert_eq!(came_to(&deep), "1");
        let minus = format!("{}1", "-".repeat(499));
        assert_eq!(came_to(&minus), "-1");
        let calls = format!("{}1{}", "max(".repeat(99), ")".repeat(99));
        assert_eq!(came_to(&calls), "1");
        assert!(came_to(&"(".repeat(100_000)).contains("an expression of 100000 characters; 500 is the most"));
        assert!(came_to(&"9*".repeat(200)).contains("comes to more than 38 digits"));
        assert!(came_to(&format!("1/{}9", "9/".repeat(200))).contains("comes to more than 38 digits"));
        assert!(came_to(&format!("-{}*2", i128::MAX)).contains("has more digits than can be worked out exactly: 38"));
        assert!(came_to(&format!("{}*2", i128::MAX - 1)).contains("comes to more than 38 digits"));
    }

    /// Random expressions of small numbers, against floats.
    #[test]
    fn agrees_with_floats() {
        let mut state = 1u64;
        let mut draw = |bound: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % bound
        };
        let mut compared = 0;
        for _ in 0..20_000 {
            let (text, value) = random(&mut draw, 4);
            let Ok(measure) = evaluate(&text, &Parameters::default()) else {
                assert!(!value.is_finite() || text.contains('/'), "{text} is {value}");
                continue;
            };
            let ours = measure.value.to_f64();
            assert!((ours - value).abs() <= 1e-9 * (1.0 + value.abs()), "{text} is {value}, not {ours}");
            compared += 1;
        }
        assert!(compared > 15_000, "{compared}");
    }

    fn random(draw: &mut impl FnMut(u64) -> u64, depth: u32) -> (String, f64) {
        if depth == 0 || draw(4) == 0 {
            let number = draw(9);
            return if draw(3) == 0 {
                (format!("{number}.25"), number as f64 + 0.25)
            } else {
                (number.to_string(), number as f64)
            };
        }
        let (one, left) = random(draw, depth - 1);
        let (other, right) = random(draw, depth - 1);
        match draw(7) {
            0 => (format!("({one}) + {other}"), left + right),
            1 => (format!("{one} - ({other})"), left - right),
            2 => (format!("({one})*({other})"), left * right),
            3 => (format!("({one})/({other})"), left / right),
            4 => (format!("-({one})"), -left),
            5 => (format!("min({one}, {other})"), left.min(right)),
            _ => (format!("max({one},{other})"), left.max(right)),
        }
    }
}
