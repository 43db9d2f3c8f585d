//! The values and keys of a history, each as a number, so that judges compare and index by numbers.

/// A value or a key, by number in its history's [`Names`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Value(pub u32);

impl Value {
    /// `null`: no value.
    pub const NULL: Value = Value(0);

    /// As an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a value is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Scalar {
    /// No value.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text.
    Text(Box<str>),
}

/// The same, borrowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Plain<'a> {
    /// No value.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text.
    Text(&'a str),
}

impl Scalar {
    /// The same, borrowed.
    pub fn plain(&self) -> Plain<'_> {
        match self {
            Scalar::Null => Plain::Null,
            Scalar::Bool(value) => Plain::Bool(*value),
            Scalar::Int(value) => Plain::Int(*value),
            Scalar::Text(text) => Plain::Text(text),
        }
    }
}

/// Which value has which number. Numbers are given in the order of first use, from 0, which is `null`.
#[derive(Clone, Debug)]
pub struct Names {
    scalars: Vec<Scalar>,
    /// Numbers by hash, with open places; invariant: a power of two of them, at least half of them `EMPTY`.
    places: Vec<u32>,
    text_bytes: u64,
}

const EMPTY: u32 = u32::MAX;
const PLACES_FIRST: usize = 64;

impl Default for Names {
    fn default() -> Names {
        let mut names = Names { scalars: Vec::new(), places: vec![EMPTY; PLACES_FIRST], text_bytes: 0 };
        names.number(Plain::Null);
        names
    }
}

impl Names {
    /// The number of a value, a new one if it has none.
    pub fn number(&mut self, value: Plain<'_>) -> Value {
        let place = self.place(value);
        if self.places[place] != EMPTY {
            return Value(self.places[place]);
        }
        let number = self.scalars.len() as u32;
        assert!(number < EMPTY, "more than {EMPTY} different values");
        self.scalars.push(match value {
            Plain::Null => Scalar::Null,
            Plain::Bool(value) => Scalar::Bool(value),
            Plain::Int(value) => Scalar::Int(value),
            Plain::Text(text) => {
                self.text_bytes += text.len() as u64;
                Scalar::Text(text.into())
            }
        });
        self.places[place] = number;
        if 2 * self.scalars.len() > self.places.len() {
            self.grow();
        }
        Value(number)
    }

    /// The number of a whole number.
    pub fn int(&mut self, value: i64) -> Value {
        self.number(Plain::Int(value))
    }

    /// The number of a text.
    pub fn text(&mut self, value: &str) -> Value {
        self.number(Plain::Text(value))
    }

    /// The number of a value, if it has one.
    pub fn find(&self, value: Plain<'_>) -> Option<Value> {
        Some(self.places[self.place(value)]).filter(|number| *number != EMPTY).map(Value)
    }

    /// What a value is.
    pub fn scalar(&self, value: Value) -> &Scalar {
        &self.scalars[value.index()]
    }

    /// The value as people read it: a text without quotes, unless it would look like something else or hide something.
    pub fn tell(&self, value: Value) -> String {
        match self.scalar(value) {
            Scalar::Null => "nothing".to_string(),
            Scalar::Bool(value) => value.to_string(),
            Scalar::Int(value) => value.to_string(),
            Scalar::Text(text) if is_plain(text) => text.to_string(),
            Scalar::Text(text) => format!("\"{}\"", text.chars().map(visible).collect::<String>()),
        }
    }

    /// The value as JSON has it.
    pub fn json(&self, value: Value) -> serde_json::Value {
        match self.scalar(value) {
            Scalar::Null => serde_json::Value::Null,
            Scalar::Bool(value) => (*value).into(),
            Scalar::Int(value) => (*value).into(),
            Scalar::Text(text) => text.to_string().into(),
        }
    }

    /// How many values there are.
    pub fn count(&self) -> usize {
        self.scalars.len()
    }

    /// About how many bytes this holds.
    pub fn bytes(&self) -> u64 {
        (self.scalars.capacity() * size_of::<Scalar>() + self.places.capacity() * size_of::<u32>()) as u64 + self.text_bytes
    }

    /// The place of the value, or the one that waits for it.
    fn place(&self, value: Plain<'_>) -> usize {
        let mask = self.places.len() - 1;
        let mut place = hash(value) as usize & mask;
        while self.places[place] != EMPTY && self.scalars[self.places[place] as usize].plain() != value {
            place = (place + 1) & mask;
        }
        place
    }

    fn grow(&mut self) {
        self.places = vec![EMPTY; 2 * self.places.len()];
        for number in 0..self.scalars.len() {
            let place = self.place(self.scalars[number].plain());
            self.places[place] = number as u32;
        }
    }
}

/// Whether a text is a word of its own: not one that stands for no value, no blank or sign that hides.
fn is_plain(text: &str) -> bool {
    let is_word = !text.is_empty() && text.chars().all(|letter| letter.is_alphanumeric() || "-_./:,;+@#".contains(letter));
    is_word && !["nothing", "null"].contains(&text)
}

/// A letter, or what stands for one that nobody could see, or that would change how others look.
fn visible(letter: char) -> String {
    let turns = matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    match letter {
        '"' => "\\\"".to_string(),
        _ if turns || letter.is_control() => letter.escape_unicode().to_string(),
        _ => letter.to_string(),
    }
}

/// Nothing but places depends on this. FNV-1a, finished as splitmix64 is, so that its low bits are good ones.
fn hash(value: Plain<'_>) -> u64 {
    let word = match value {
        Plain::Null => 0,
        Plain::Bool(value) => 1 + u64::from(value),
        Plain::Int(value) => value.cast_unsigned().wrapping_add(3),
        Plain::Text(text) => {
            text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
        }
    };
    let word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_has_one_number() {
        let mut names = Names::default();
        assert_eq!(names.number(Plain::Null), Value::NULL);
        let numbers: Vec<Value> = (0..10_000).map(|value| names.int(value)).collect();
        let texts: Vec<Value> = (0..10_000).map(|value| names.text(&value.to_string())).collect();
        for value in 0..10_000i64 {
            assert_eq!(names.int(value), numbers[value as usize]);
            assert_eq!(names.text(&value.to_string()), texts[value as usize]);
            assert_eq!(names.scalar(numbers[value as usize]), &Scalar::Int(value));
        }
        assert_eq!(names.count(), 20_001);
        assert_eq!(names.find(Plain::Int(10_000)), None);
    }
}
