//! What the operations that are not placed yet want of a single value, and make of it: for each value, who waits for it, who makes it,
//! who avoids it. From this the search knows what it need not try; none of it changes a verdict.

use super::object::{Footprint, Object};

/// Who wants what.
pub(super) struct Demand {
    prints: Vec<Print>,
    values: Vec<Wants>,
    /// The value held now.
    now: u32,
    /// Operations that avoid some value.
    avoiders: u32,
    /// Values that somebody avoids and somebody can still make.
    dangers: u32,
}

/// See [`Footprint`], with the values of this history numbered from 0.
#[derive(Clone, Copy)]
struct Print {
    needs: u32,
    avoids: u32,
    makes: u32,
    is_answered: bool,
}

const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Default)]
struct Wants {
    /// Answered operations that wait for the value.
    owed: u32,
    /// Those of them that then make another of it.
    leavers: u32,
    /// All that wait for it.
    all: u32,
    /// All that make it.
    makers: u32,
    /// All that wait for another.
    avoiders: u32,
}

impl Demand {
    /// Of these operations and whether they were answered, if the object is a single value.
    pub(super) fn new<'a, O: Object + 'a>(object: &O, operations: impl Iterator<Item = (&'a O::Op, bool)>) -> Option<Demand> {
        let start = object.value()?;
        let prints: Vec<(Footprint, bool)> =
            operations.map(|(op, is_answered)| O::footprint(op).map(|print| (print, is_answered))).collect::<Option<_>>()?;
        let mut values = vec![start];
        for (print, _) in &prints {
            values.extend([print.needs, print.avoids, print.makes].into_iter().flatten());
        }
        values.sort_unstable();
        values.dedup();
        let number = |value: u32| values.binary_search(&value).expect("it was collected") as u32;
        let numbered = |value: Option<u32>| value.map_or(NONE, number);
        let prints = prints.into_iter().map(|(print, is_answered)| Print {
            needs: numbered(print.needs),
            avoids: numbered(print.avoids),
            makes: numbered(print.makes),
            is_answered,
        });
        let (prints, now) = (prints.collect::<Vec<Print>>(), number(start));
        let mut demand = Demand { values: vec![Wants::default(); values.len()], now, avoiders: 0, dangers: 0, prints };
        for operation in 0..demand.prints.len() as u32 {
            demand.count::<true>(operation);
        }
        Some(demand)
    }

    /// An operation is placed.
    pub(super) fn lift(&mut self, operation: u32) {
        self.count::<false>(operation);
        let makes = self.prints[operation as usize].makes;
        if makes != NONE {
            self.now = makes;
        }
    }

    /// It is taken back, and the value is again what it was.
    pub(super) fn put_back(&mut self, operation: u32, now: u32) {
        self.count::<true>(operation);
        self.now = now;
    }

    /// The value held now, for when an operation is taken back.
    pub(super) fn now(&self) -> u32 {
        self.now
    }

    /// Whether the operation can take effect now.
    pub(super) fn fits(&self, operation: u32) -> bool {
        let print = self.prints[operation as usize];
        (print.needs == NONE || print.needs == self.now) && (print.avoids != self.now)
    }

    /// Whether an answered operation may be placed without trying others: whatever is held, it overwrites what nobody waits for with
    /// what nobody waits for, and nobody can tell the difference between it and no operation. One who avoids a value can, where that
    /// value may yet come to be held.
    pub(super) fn is_unnoticed(&self, operation: u32) -> bool {
        let print = self.prints[operation as usize];
        print.is_answered
            && print.needs == NONE
            && print.makes != NONE
            && self.dangers == 0
            && self.values[self.now as usize].all == 0
            && self.values[self.now as usize].avoiders == 0
            && self.values[print.makes as usize].all == 0
    }

    /// Whether after the operation somebody must wait in vain. Whoever replaces a value needs it to be made anew each time.
    pub(super) fn leaves_somebody(&self, operation: u32) -> bool {
        let print = self.prints[operation as usize];
        if print.makes == NONE || print.makes == self.now {
            return false;
        }
        let wants = self.values[self.now as usize];
        let is_owed = u32::from(print.is_answered && print.needs == self.now);
        wants.owed - is_owed > 0 && wants.makers == 0 || wants.leavers - is_owed > wants.makers
    }

    /// Whether what the operation makes is of no use to anybody.
    pub(super) fn is_useless(&self, operation: u32) -> bool {
        let print = self.prints[operation as usize];
        if print.makes == NONE {
            return true;
        }
        self.avoiders == 0 && self.values[print.makes as usize].all == u32::from(print.needs == print.makes)
    }

    fn count<const BEGINS: bool>(&mut self, operation: u32) {
        let Print { needs, avoids, makes, is_answered } = self.prints[operation as usize];
        let step =
            |count: &mut u32, counts: bool| *count = if BEGINS { *count + u32::from(counts) } else { *count - u32::from(counts) };
        if needs != NONE {
            let wants = &mut self.values[needs as usize];
            step(&mut wants.all, true);
            step(&mut wants.owed, is_answered);
            step(&mut wants.leavers, is_answered && makes != NONE && makes != needs);
        }
        if avoids != NONE {
            let before = self.is_danger(avoids);
            step(&mut self.values[avoids as usize].avoiders, true);
            step(&mut self.avoiders, true);
            self.changed(before, avoids);
        }
        if makes != NONE {
            let before = self.is_danger(makes);
            step(&mut self.values[makes as usize].makers, true);
            self.changed(before, makes);
        }
    }

    fn is_danger(&self, value: u32) -> bool {
        let wants = &self.values[value as usize];
        wants.avoiders > 0 && wants.makers > 0
    }

    fn changed(&mut self, before: bool, value: u32) {
        match (before, self.is_danger(value)) {
            (false, true) => self.dangers += 1,
            (true, false) => self.dangers -= 1,
            _ => {}
        }
    }
}
