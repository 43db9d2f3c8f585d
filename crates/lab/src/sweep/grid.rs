//! The grid: `--vary key=a,b,c` as it is typed becomes an axis; the points are the product of all axes in the order of the command
//! line, the last varies fastest. Whether a value fits its key is the scenario reader's business.

use crate::text::Override;

/// A key that varies, and its values in their order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Axis {
    /// As `--set` takes it.
    pub key: String,
    /// As typed, at least one.
    pub values: Vec<String>,
}

impl Axis {
    /// Takes `key=a,b,c` apart. A comma in brackets, braces or quotes is part of a value.
    ///
    /// # Errors
    /// In words, without the flag's name.
    pub fn of(text: &str) -> Result<Axis, String> {
        let Some((key, values)) = text.split_once('=') else {
            return Err("write --vary KEY=VALUE,VALUE, as in --vary network.loss=0,0.01,0.1".to_string());
        };
        let values: Vec<String> = split(values).into_iter().map(|value| value.trim().to_string()).collect();
        for (place, value) in values.iter().enumerate() {
            if value.is_empty() {
                return Err(format!("value {} is empty; an empty text is \"\"", place + 1));
            }
            if values[..place].iter().any(|earlier| same(earlier, value)) {
                return Err(format!("the value {value} is there twice"));
            }
        }
        Ok(Axis { key: key.trim().to_string(), values })
    }

    /// The values as numbers, if every one is a number: then it is a column of numbers.
    pub fn numbers(&self) -> Option<Vec<f64>> {
        self.values.iter().map(|value| number(value)).collect()
    }

    /// As typed, but for spaces.
    pub fn text(&self) -> String {
        format!("{}={}", self.key, self.values.join(","))
    }
}

/// All axes of a command line.
///
/// # Errors
/// In words, naming the flag: what [`Axis::of`] refuses, a key that varies twice or is set too, and `seed`.
pub fn grid(vary: &[String], set: &[Override]) -> Result<Vec<Axis>, String> {
    let mut axes: Vec<Axis> = Vec::new();
    for text in vary {
        let axis = Axis::of(text).map_err(|why| format!("--vary {text}: {why}"))?;
        let key = &axis.key;
        if axes.iter().any(|earlier| earlier.key == *key) {
            return Err(format!("--vary {text}: {key} varies twice; give all its values in one --vary"));
        }
        if set.iter().any(|change| change.key.trim() == key) {
            return Err(format!("--vary {text}: {key} is in --set too; keep one"));
        }
        if key == "seed" {
            return Err(format!("--vary {text}: seeds are not varied; --seeds says how many, --seed the first"));
        }
        axes.push(axis);
    }
    Ok(axes)
}

/// The keys that vary with their values at a point.
pub fn settings(axes: &[Axis], point: u64) -> Vec<(&str, &str)> {
    axes.iter().zip(places(axes, point)).map(|(axis, place)| (axis.key.as_str(), axis.values[place].as_str())).collect()
}

/// Which value of each axis a point has: the last axis varies fastest.
pub(super) fn places(axes: &[Axis], mut point: u64) -> Vec<usize> {
    let mut places: Vec<usize> = Vec::with_capacity(axes.len());
    for axis in axes.iter().rev() {
        let count = axis.values.len() as u64;
        places.push((point % count) as usize);
        point /= count;
    }
    places.reverse();
    places
}

/// Splits at commas outside brackets, braces and quotes.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0i32);
    let (mut quote, mut escaped) = (None, false);
    for (at, c) in text.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            // Single quotes know no escapes, as in TOML.
            Some('"') if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None => match c {
                '"' | '\'' => quote = Some(c),
                '[' | '{' => depth += 1,
                ']' | '}' => depth -= 1,
                ',' if depth == 0 => {
                    parts.push(&text[start..at]);
                    start = at + 1;
                }
                _ => {}
            },
        }
    }
    parts.push(&text[start..]);
    parts
}

/// A decimal number as TOML writes it.
fn number(text: &str) -> Option<f64> {
    let plain = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E' | '_');
    let clean = text.replace('_', "");
    let value = text.chars().all(plain).then(|| clean.parse::<f64>().ok()).flatten();
    value.filter(|value| value.is_finite())
}

/// `3` and `3.0` are one value.
fn same(one: &str, other: &str) -> bool {
    one == other || number(one).zip(number(other)).is_some_and(|(one, other)| one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_split_at_commas_that_are_not_inside_them() {
        for (text, key, values) in [
            ("nodes=3,5,7", "nodes", &["3", "5", "7"][..]),
            (" network.loss = 0, 0.1 ", "network.loss", &["0", "0.1"]),
            ("a.b=[1, 2],[3]", "a.b", &["[1, 2]", "[3]"]),
            ("a={ x = [1,2], y = 2 },3", "a", &["{ x = [1,2], y = 2 }", "3"]),
            (r#"a="x,y",'z,",w"#, "a", &[r#""x,y""#, r#"'z,",w"#]),
            (r#"a="\",",b"#, "a", &[r#""\",""#, "b"]),
            ("a=b=c,d", "a", &["b=c", "d"]),
            ("nodes=3", "nodes", &["3"]),
        ] {
            let axis = Axis::of(text).unwrap();
            assert_eq!(
                (axis.key.as_str(), axis.values.as_slice()),
                (key, &values.iter().map(|it| it.to_string()).collect::<Vec<_>>()[..])
            );
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let set = [Override { key: "network.loss".into(), value: "0".into() }];
        for (vary, told) in [
            (&["nodes"][..], "write --vary KEY=VALUE"),
            (&["nodes=3,,5"], "value 2 is empty"),
            (&["nodes="], "value 1 is empty"),
            (&["nodes=3,3"], "the value 3 is there twice"),
            (&["nodes=3,5,3.0"], "the value 3.0 is there twice"),
            (&["nodes=3", "nodes=5"], "nodes varies twice"),
            (&["nodes=3", "network.loss=1"], "network.loss is in --set too"),
            (&["seed=1,2"], "--seeds says how many"),
        ] {
            let refused = grid(&vary.iter().map(|it| it.to_string()).collect::<Vec<_>>(), &set).unwrap_err();
            assert!(
                refused.contains(told) && refused.starts_with(&format!("--vary {}", vary[vary.len() - 1])),
                "{vary:?}: {refused}"
            );
        }
    }

    #[test]
    fn an_axis_is_of_numbers_when_every_value_is_one() {
        for (text, numbers) in [
            ("n=1,2.5,-3,1e-3,1_000", Some(vec![1.0, 2.5, -3.0, 0.001, 1_000.0])),
            ("n=1,5ms", None),
            ("n=inf", None),
            ("n=nan,1", None),
            ("n=e", None),
            ("n=0x10", None),
        ] {
            assert_eq!(Axis::of(text).unwrap().numbers(), numbers, "{text}");
        }
    }
}
