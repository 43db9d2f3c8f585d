//! How far an update came, round by round, as a small bar chart.

use super::figures::{count, nanos};
use quorate_engine::convergence::{Converged, Coverage};
use quorate_engine::time::Nanos;

const BAR_COLUMNS: u64 = 44;
const ROWS_MAX: usize = 20;

/// The update that the curve is about: the last one that its client was told of and that nothing rightly replaced.
pub(super) fn subject(converged: &Converged) -> Option<&Coverage> {
    let stands = |update: &&Coverage| update.acknowledged && !update.superseded;
    converged.updates.iter().rfind(stands).or(converged.updates.last())
}

/// One row a round in which something changed; `...` stands for rounds without change.
pub(super) fn chart(update: &Coverage, nodes: u32, round: Nanos) -> String {
    let mut text = format!("  {:>6}  {:>9}  {:>9}\n", "round", "at", "nodes");
    let mut before = None;
    for index in rows(&update.by_round) {
        if before.is_some_and(|before| before + 1 < index) {
            text += &format!("  {:>6}\n", "...");
        }
        before = Some(index);
        let holders = update.by_round[index];
        let at = nanos((update.at + round * index as u64).0);
        let bar = u64::from(holders) * BAR_COLUMNS / u64::from(nodes.max(1));
        // Whoever has it shows.
        let bar = "#".repeat(bar.max(u64::from(holders > 0)) as usize);
        text += format!("  {index:>6}  {at:>9}  {:>9}  {bar}", count(u64::from(holders))).trim_end();
        text.push('\n');
    }
    text
}

/// The first and last round and those that changed something; of too many, some at equal distances.
fn rows(by_round: &[u32]) -> Vec<usize> {
    let last = by_round.len().saturating_sub(1);
    let changed = |&index: &usize| index == 0 || index == last || by_round[index] != by_round[index - 1];
    let rows: Vec<usize> = (0..by_round.len()).filter(changed).collect();
    if rows.len() <= ROWS_MAX {
        return rows;
    }
    (0..ROWS_MAX).map(|row| rows[row * (rows.len() - 1) / (ROWS_MAX - 1)]).collect()
}

#[cfg(test)]
mod tests {
    use super::rows;

    #[test]
    fn a_chart_has_the_ends_and_few_rows() {
        assert_eq!(rows(&[1, 4, 4, 4, 9]), [0, 1, 4]);
        assert_eq!(rows(&[]), [0usize; 0]);
        let long: Vec<u32> = (0..1_000).collect();
        let shown = rows(&long);
        assert_eq!((shown.len(), shown[0], shown[19]), (20, 0, 999));
    }
}
