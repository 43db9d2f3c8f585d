//! Who answered, by side and over time.

use super::figures::{count, counted, nanos};
use super::layout::paragraph;
use crate::report::sides::{Asked, Period, Side, Sides, Standing};
use crate::report::slices::OverTime;
use quorate_engine::time::show;

const PERIODS_MAX: usize = 6;
const SIDES_MAX: usize = 4;

pub(super) fn by_side(sides: &Sides) -> String {
    let mut text = String::new();
    // Those of which there is something to say come first.
    let mut periods: Vec<&Period> = sides.periods.iter().collect();
    if periods.len() > PERIODS_MAX {
        periods.sort_by_key(|period| std::cmp::Reverse(period.sides.iter().map(|side| side.asked.asked).sum::<u64>()));
        periods.truncate(PERIODS_MAX);
        periods.sort_by_key(|period| period.from);
    }
    for period in &periods {
        let times = match period.times {
            1 => String::new(),
            times => format!(", {} times, {} in all", count(times), nanos(period.lasted)),
        };
        let shown: Vec<String> = period.sides.iter().take(SIDES_MAX).map(side).collect();
        let more = match period.sides.len().saturating_sub(SIDES_MAX) {
            0 => String::new(),
            more => format!("; and {}", counted(more as u64, "more side")),
        };
        let when = format!("{} to {}{times}:", nanos(period.from.0), nanos(period.to.0));
        text += &paragraph("  ", &format!("{when} {}{more}", shown.join("; ")));
    }
    if sides.periods.len() > PERIODS_MAX {
        let more = counted((sides.periods.len() - PERIODS_MAX) as u64, "more way");
        text += &paragraph("  ", &format!("and {more} of being cut off or down"));
    }
    if sides.periods.len() > 1 {
        let of = |asked: &Asked| match asked.asked {
            0 => "was asked nothing".to_string(),
            all => format!("answered {} of {}", count(asked.answered), count(all)),
        };
        text += &paragraph(
            "  ",
            &format!("in all that time, who reached a majority {}; who did not {}", of(&sides.majority), of(&sides.minority)),
        );
    }
    text
}

fn side(side: &Side) -> String {
    let standing = match side.standing {
        Standing::Majority => "majority",
        Standing::Minority => "minority",
        Standing::Down => "down",
    };
    let Asked { asked, answered } = side.asked;
    match asked {
        0 => format!("{standing} {{{}}} was asked nothing", side.nodes),
        asked => format!("{standing} {{{}}} answered {} of {}", side.nodes, count(answered), count(asked)),
    }
}

/// From nothing to the most, by eighths.
const RAMP: [char; 9] = [' ', '.', ':', '-', '=', '+', '*', '#', '@'];

/// A line for each outcome that there was; a column is a slice.
pub(super) fn over_time(series: &OverTime) -> String {
    let most = series.asked.iter().copied().max().unwrap_or(0).max(1);
    let mut text = paragraph(
        "  ",
        &format!(
            "over time, by when they were asked: a column is {}, and @ is {}",
            show(series.slice),
            counted(most, "operation")
        ),
    );
    for (name, figures) in
        [("asked", &series.asked), ("ok", &series.ok), ("refused", &series.refused), ("unknown", &series.unknown)]
    {
        if figures.iter().any(|figure| *figure > 0) {
            text += &format!("  {name:>8}  |{}|\n", figures.iter().map(|figure| shade(*figure, most)).collect::<String>());
        }
    }
    text
}

/// Whatever is there shows.
fn shade(figure: u64, most: u64) -> char {
    let steps = RAMP.len() as u64 - 1;
    RAMP[(figure * steps).div_ceil(most).min(steps) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_as_dark_as_its_figure() {
        let dark: String = [0, 1, 25, 50, 75, 99, 100].into_iter().map(|figure| shade(figure, 100)).collect();
        assert_eq!(dark, " .:=*@@");
        assert_eq!((shade(1, 1_000_000), shade(0, 1)), ('.', ' '));
    }
}
