//! A few operations of a history that are a violation by themselves.
//!
//! Operations are left out together with those that may have needed them, so that what is left proves something about the whole: if the
//! whole had an order, then the same order without what was left out would be one too. For that a read is kept only with every operation
//! that may have put what it found, and an element of a queue or stack only with all that was done with it; the links are in
//! `requirements`. A lock is the exception: a client's acquire goes with its release, which is no more than what clients mean by them.
//!
//! Nothing can be said to be smallest: operations are left out by halves, quarters and so on, until none can be left out alone with
//! those that need it, or until the steps are used up.

use super::explain::{Allowance, Prefix};
use super::part::Part;

mod requirements;

use requirements::Requirements;

/// Of what had happened when an operation could not be placed, a few that show it, that operation among them.
pub(super) fn around(part: &Part<'_>, whole: &Prefix, misfit: u32, allowance: &mut Allowance<'_, '_>) -> Option<Vec<u32>> {
    let mut shrinking = Shrinking::new(part, whole);
    let misfit = whole.operations.binary_search(&misfit).ok()?;
    shrinking.start_near(misfit, allowance);
    shrinking.shrink(Some(misfit), allowance)
}

/// The same when no single operation is known to be wrong, or one is by itself.
pub(super) fn anywhere(
    part: &Part<'_>,
    whole: &Prefix,
    wrong: Option<u32>,
    allowance: &mut Allowance<'_, '_>,
) -> Option<Vec<u32>> {
    let mut shrinking = Shrinking::new(part, whole);
    let wrong = wrong.and_then(|wrong| whole.operations.binary_search(&wrong).ok());
    if let Some(wrong) = wrong {
        shrinking.start_near(wrong, allowance);
    }
    shrinking.shrink(wrong, allowance)
}

struct Shrinking<'p> {
    part: &'p Part<'p>,
    whole: &'p Prefix,
    requirements: Requirements<'p>,
    /// Which operations are kept, by position in the whole. Invariant: they are a violation.
    kept: Vec<bool>,
}

impl<'p> Shrinking<'p> {
    fn new(part: &'p Part<'p>, whole: &'p Prefix) -> Shrinking<'p> {
        Shrinking { part, whole, requirements: Requirements::new(part, whole), kept: vec![true; whole.operations.len()] }
    }

    fn count(&self) -> usize {
        self.kept.iter().filter(|kept| **kept).count()
    }

    fn is_violation(&self, kept: &[bool], allowance: &mut Allowance<'_, '_>) -> Option<bool> {
        let operations: Vec<u32> =
            self.whole.operations.iter().zip(kept).filter(|(_, kept)| **kept).map(|(index, _)| *index).collect();
        allowance.has_order(self.part, &operations, self.whole.end).map(|has_order| !has_order)
    }

    /// Most violations are local: the last few operations before the wrong one, with all that they require, may do.
    fn start_near(&mut self, wrong: usize, allowance: &mut Allowance<'_, '_>) {
        let operation = |position: usize| &self.part.history.operations[self.whole.operations[position] as usize];
        let end = operation(wrong).response.unwrap_or(i64::MAX);
        let mut latest: Vec<usize> = (0..self.kept.len()).collect();
        latest.sort_by_key(|position| (std::cmp::Reverse(operation(*position).response.unwrap_or(end).min(end)), *position));
        let mut many = 0;
        while many < latest.len() {
            let mut near = vec![false; self.kept.len()];
            let wanted = std::iter::once(&wrong).chain(&latest[..many]);
            if wanted.map(|position| self.requirements.keep(&mut near, *position)).any(|kept| kept.is_none()) {
                return;
            }
            let count = near.iter().filter(|kept| **kept).count();
            if 4 * count > 3 * self.kept.len() {
                return;
            }
            match self.is_violation(&near, allowance) {
                Some(true) => {
                    self.kept = near;
                    return;
                }
                Some(false) => many = (2 * many).max(2),
                None => return,
            }
        }
    }

    /// Leaves out what can be left out, but not the wrong one.
    fn shrink(mut self, wrong: Option<usize>, allowance: &mut Allowance<'_, '_>) -> Option<Vec<u32>> {
        self.requirements.settle(&self.kept)?;
        let mut size = self.count() / 2;
        while size > 0 {
            let kept: Vec<usize> = (0..self.kept.len()).filter(|position| self.kept[*position]).collect();
            let before = kept.len();
            for chunk in kept.chunks(size) {
                if allowance.look(self.kept.len()).is_none() {
                    return self.finish();
                }
                let mut without = self.kept.clone();
                chunk.iter().for_each(|position| self.requirements.leave_out(&mut without, *position));
                if without == self.kept || wrong.is_some_and(|wrong| !without[wrong]) {
                    continue;
                }
                match self.is_violation(&without, allowance) {
                    Some(true) => self.kept = without,
                    Some(false) => {}
                    None => return self.finish(),
                }
            }
            if size > 1 || self.count() == before {
                size /= 2;
            }
        }
        self.finish()
    }

    /// Nothing, when nothing was left out of a history too long to be looked at.
    fn finish(self) -> Option<Vec<u32>> {
        const WHOLE_MAX: usize = 64;
        let is_smaller = self.kept.iter().any(|kept| !kept);
        let kept = self.whole.operations.iter().zip(&self.kept).filter(|(_, kept)| **kept).map(|(index, _)| *index);
        (is_smaller || self.kept.len() <= WHOLE_MAX).then(|| kept.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::generate::{self, Chance, Kind, Shape};
    use super::super::part::{self, Respect};
    use super::super::search::Progress;
    use super::*;
    use crate::budget::Budget;
    use crate::history::{Model, write};

    /// What has an order has one without what may be left out: so what has none without it, has none with it.
    #[test]
    fn what_is_left_proves_something_about_the_whole() {
        for seed in 0..20_000 {
            let models = super::super::MODELS;
            let model = models[seed as usize % models.len()];
            let mut chance = Chance::new(!seed);
            let unknown = [0, 30][chance.below(2) as usize];
            let shape = Shape { count: 12, processes: 3, keys: 1 + chance.below(2), values: 3, unknown };
            let (kind, respect) = match chance.below(2) {
                0 => (Kind::Correct, Respect::RealTime),
                _ => (Kind::Reordered, Respect::ProgramOrder),
            };
            let history = generate::history(seed, model, kind, shape);
            for part in part::parts(&history, respect).iter().filter(|_| model != Model::Mutex) {
                let whole = Prefix { operations: part.operations.clone(), end: None };
                let mut requirements = Requirements::new(part, &whole);
                let mut kept = vec![false; whole.operations.len()];
                for _ in 0..2 {
                    let position = chance.below(kept.len() as u64) as usize;
                    requirements.keep(&mut kept, position).expect("few links");
                }
                let kept = whole.operations.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(index, _)| *index);
                let kept: Vec<u32> = kept.collect();
                let progress = part.search(&kept, None).run(&mut Budget::new(1_000_000, 1 << 30), u64::MAX, 0);
                assert_eq!(progress, Ok(Progress::Placed), "seed {seed}: {kept:?} of\n{}", write::text(&history));
            }
        }
    }
}
