//! How rows are cut into parts, and parts dealt to shards. Both depend on the plan alone, so that any machine, with any number of
//! threads, makes the same parts, and a sweep that was interrupted on one may go on upon another.

use std::ops::Range;

/// The cut of a sweep's rows into parts of equal size; the last may be smaller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cut {
    /// All rows: at least 1.
    pub rows: u64,
    /// Rows of each part but the last: a power of two.
    pub rows_per_part: u64,
}

/// A part of the whole that one job does: number `number`, from 1, of `of`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shard {
    /// From 1 to `of`.
    pub number: u64,
    /// How many there are.
    pub of: u64,
}

impl Shard {
    /// Reads `3/8`.
    ///
    /// # Errors
    /// In words.
    pub fn of(text: &str) -> Result<Shard, String> {
        let numbers = text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((number, of)) if number >= 1 && number <= of => Ok(Shard { number, of }),
            Some((_, of)) if of >= 1 => Err(format!("shards are counted from 1: 1/{of} to {of}/{of}")),
            _ => Err("write K/N, such as 3/8: the third of eight".to_string()),
        }
    }
}

impl Cut {
    /// More rows are refused.
    pub const ROWS_MAX: u64 = 1 << 48;
    /// A part is held in memory until it is written.
    const ROWS_PER_PART_MAX: u64 = 1 << 17;
    /// Until parts have grown to the most rows that they may have, there are no more than this.
    const PARTS_AIM: u64 = 1 << 13;
    /// What a part costs when it is lost, in events that were simulated: some ten seconds.
    const EVENTS_PER_PART: u64 = 1 << 24;

    /// The cut of so many rows, of runs with about so many events. Parts grow with the square root of the rows, so that neither
    /// what a kill costs nor the number of files is large; long runs make small parts.
    pub fn new(rows: u64, events: u64) -> Cut {
        let by_rows = (4 * rows.isqrt()).next_power_of_two();
        let by_events = (Cut::EVENTS_PER_PART / events.max(1)).max(1);
        let by_events = 1 << by_events.ilog2();
        let by_files = rows.div_ceil(Cut::PARTS_AIM).next_power_of_two();
        Cut { rows, rows_per_part: by_rows.min(by_events).max(by_files).min(Cut::ROWS_PER_PART_MAX) }
    }

    /// How many parts there are.
    pub fn parts(self) -> u64 {
        self.rows.div_ceil(self.rows_per_part)
    }

    /// The rows of a part.
    pub fn rows_of(self, part: u64) -> Range<u64> {
        let first = part * self.rows_per_part;
        first..(first + self.rows_per_part).min(self.rows)
    }

    /// The part that has a row.
    pub fn part_of(self, row: u64) -> u64 {
        row / self.rows_per_part
    }

    /// The parts of a shard: consecutive, and as many as of any other, give or take one. None when there are fewer parts than shards.
    pub fn parts_of(self, shard: Shard) -> Range<u64> {
        let bound = |number: u64| (u128::from(self.parts()) * u128::from(number) / u128::from(shard.of)) as u64;
        bound(shard.number - 1)..bound(shard.number)
    }
}

/// Numbers in ascending order as job arrays take them: `3,5-7`.
pub fn listed(numbers: impl IntoIterator<Item = u64>) -> String {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => runs.push((number, number)),
        }
    }
    let text = |(first, last): (u64, u64)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    runs.into_iter().map(text).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_the_rows_and_shards_cover_the_parts() {
        let sizes = (1..=700).chain([4_095, 4_096, 4_097, 100_000, 1_000_003]);
        for rows in sizes {
            for events in [0, 1, 180, 16_000, 1_000_000, u64::MAX] {
                let cut = Cut::new(rows, events);
                let mut next = 0;
                for part in 0..cut.parts() {
                    let range = cut.rows_of(part);
                    assert!(range.start == next && range.end > range.start, "{cut:?}, part {part}: {range:?}");
                    assert_eq!((cut.part_of(range.start), cut.part_of(range.end - 1)), (part, part), "{cut:?}");
                    next = range.end;
                }
                assert_eq!(next, rows, "{cut:?}");
                for of in [1, 2, 3, 7, 8, 64, 1_000] {
                    let mut next = 0;
                    for number in 1..=of {
                        let range = cut.parts_of(Shard { number, of });
                        assert!(range.start == next && range.end >= range.start, "{cut:?}, shard {number} of {of}: {range:?}");
                        assert!(
                            range.end - range.start <= cut.parts().div_ceil(of),
                            "{cut:?}, shard {number} of {of}: {range:?}"
                        );
                        next = range.end;
                    }
                    assert_eq!(next, cut.parts(), "{cut:?} in {of} shards");
                }
            }
        }
    }

    #[test]
    fn parts_are_neither_many_nor_large() {
        for (rows, events, rows_per_part, parts) in [
            (1, 3, 4, 1),
            (1_000, 3, 128, 8),
            (100_000, 3, 2_048, 49),
            (1_000_000, 3, 4_096, 245),
            (1_000_000_000, 3, 131_072, 7_630),
            (100, 20_000_000, 1, 100),
            (1_000_000, 16_000, 1_024, 977),
            (1_000_000_000, 100_000, 131_072, 7_630),
        ] {
            let cut = Cut::new(rows, events);
            assert_eq!((cut.rows_per_part, cut.parts()), (rows_per_part, parts), "{rows} rows of {events} events");
        }
        let most = Cut::new(Cut::ROWS_MAX, 3);
        assert_eq!(most.rows_of(most.parts() - 1).end, Cut::ROWS_MAX);
    }

    #[test]
    fn shards_are_read_and_listed() {
        assert_eq!(Shard::of("3/8"), Ok(Shard { number: 3, of: 8 }));
        for wrong in ["", "3", "/", "0/8", "9/8", "a/8", "3/0", "-1/8", "0/0", "3/8/2"] {
            assert!(Shard::of(wrong).is_err(), "{wrong}");
        }
        for (numbers, text) in [(&[][..], ""), (&[3], "3"), (&[3, 5, 6, 7], "3,5-7"), (&[1, 2, 4, 6, 7], "1-2,4,6-7")] {
            assert_eq!(listed(numbers.iter().copied()), text);
        }
    }
}
