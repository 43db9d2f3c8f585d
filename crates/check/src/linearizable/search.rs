//! The search of Wing and Gong over one object: place first whichever operation is open, go on with the rest, and come back when an
//! operation ends that was not placed. Invocations and responses stand in a linked list from which placed operations are lifted, and a
//! pair of placed operations and state is entered once (Lowe 2017, §4).
//!
//! Three things spare it most of the work, and none changes the verdict:
//! - What is open, answered, and never changes anything, is placed as soon as it fits: whatever follows, follows then too.
//! - So is an answered operation that overwrites a state for which nobody waits with one for which nobody waits.
//! - A state for which somebody answered still waits, and which nobody could make again, is not left.
//!
//! The latter two ask the model what operations wait for ([`Model::footprint`]). Where every write has a value of its own, they leave
//! little to try, as Gibbons and Korach ("Testing shared memories", 1997, §5) lead one to expect.

use super::memo::{Kind, Memo, zobrist};
use super::{Model, Operation, Outcome};
use std::collections::BTreeMap;

/// A search that can be interrupted.
pub(super) struct Search<'a, M: Model> {
    model: &'a M,
    operations: Vec<&'a Operation<M::Op, M::Result>>,
    /// The list; the first link is its head.
    links: Vec<Link>,
    /// The links of each operation's invocation and response; 0 for a response that there is not.
    places: Vec<(u32, u32)>,
    /// What each operation waits for and makes; empty when the model does not say it of all.
    prints: Vec<Print>,
    /// For each of these states, who waits for it, and who makes it, among those not placed.
    demand: Vec<Demand>,
    cursor: u32,
    /// Nothing was tried yet of what may come next.
    is_fresh: bool,
    state: M::State,
    /// The state's number.
    number: u32,
    placed: Vec<Placed<M::State>>,
    /// Zobrist hash of the placed operations.
    hash: u128,
    /// Answered operations that are not placed.
    owed: usize,
    states: BTreeMap<M::State, u32>,
    memo: Memo,
    steps: u64,
    /// The latest response at which the search turned back.
    blocked: u32,
}

/// An operation in its place, with the state before it.
struct Placed<S> {
    operation: u32,
    before: S,
    number: u32,
    /// There is no need to try another in its place.
    is_forced: bool,
}

/// See [`Model::footprint`], with states by number.
#[derive(Clone, Copy)]
struct Print {
    needs: Option<u32>,
    makes: Option<u32>,
    is_answered: bool,
}

#[derive(Clone, Copy, Default)]
struct Demand {
    /// Answered operations that wait for the state.
    owed: u32,
    /// All that wait for it.
    all: u32,
    /// Those that make it.
    makers: u32,
}

/// An invocation or a response in the list, in the order of time; at one instant invocations come first.
#[derive(Clone, Copy)]
struct Link {
    operation: u32,
    is_response: bool,
    previous: u32,
    next: u32,
}

const HEAD: u32 = 0;

/// How far a search has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Progress {
    /// There is a linearization.
    Placed,
    /// There is none.
    Stuck,
    /// The steps are used up.
    More,
}

impl<'a, M: Model> Search<'a, M> {
    pub(super) fn new(model: &'a M, operations: &[&'a Operation<M::Op, M::Result>]) -> Search<'a, M> {
        let operations: Vec<_> =
            operations.iter().copied().filter(|operation| !matches!(operation.outcome, Outcome::Refused)).collect();
        let mut events: Vec<(u64, bool, u32)> = Vec::with_capacity(2 * operations.len());
        for (operation, index) in operations.iter().zip(0..) {
            events.push((operation.invoke, false, index));
            if let Some(response) = answered(operation) {
                assert!(response >= operation.invoke, "an answer at {response} to what was asked at {}", operation.invoke);
                events.push((response, true, index));
            }
        }
        events.sort_unstable();
        let count = events.len() as u32;
        let mut links = vec![Link { operation: u32::MAX, is_response: false, previous: count, next: 1 % (count + 1) }];
        let mut places = vec![(0, 0); operations.len()];
        for ((_, is_response, operation), link) in events.into_iter().zip(1..) {
            links.push(Link { operation, is_response, previous: link - 1, next: (link + 1) % (count + 1) });
            let place = &mut places[operation as usize];
            *(if is_response { &mut place.1 } else { &mut place.0 }) = link;
        }
        let mut states = BTreeMap::from([(model.initial(), 0)]);
        let mut demand = vec![Demand::default()];
        let mut number = |state: M::State| {
            let fresh = demand.len() as u32;
            let number = *states.entry(state).or_insert(fresh);
            if number == fresh {
                demand.push(Demand::default());
            }
            number
        };
        let prints: Option<Vec<Print>> = operations
            .iter()
            .map(|operation| {
                let print = model.footprint(&operation.op, result_of(operation))?;
                let is_answered = answered(operation).is_some();
                Some(Print { needs: print.needs.map(&mut number), makes: print.makes.map(&mut number), is_answered })
            })
            .collect();
        let mut search = Search {
            model,
            owed: places.iter().filter(|(_, response)| *response != 0).count(),
            operations,
            cursor: links[HEAD as usize].next,
            links,
            places,
            prints: prints.unwrap_or_default(),
            demand,
            is_fresh: true,
            state: model.initial(),
            number: 0,
            placed: Vec::new(),
            hash: 0,
            states,
            memo: Memo::default(),
            steps: 0,
            blocked: 0,
        };
        (0..search.prints.len()).for_each(|index| search.wait(index as u32, true));
        search
    }

    /// Goes on for so many steps, or a few more.
    pub(super) fn run(&mut self, steps: u64) -> Progress {
        let limit = self.steps.saturating_add(steps);
        while self.owed > 0 {
            if self.steps >= limit {
                return Progress::More;
            }
            let goes_on = if self.is_fresh { self.begin() } else { self.try_next() };
            if !goes_on && !self.turn_back() {
                return Progress::Stuck;
            }
        }
        Progress::Placed
    }

    /// Looks for what need not be tried but can be placed; `false` when that leads where the search has been.
    fn begin(&mut self) -> bool {
        match self.forced() {
            Some((operation, state)) => self.place(operation, state, true),
            None => {
                self.is_fresh = false;
                self.cursor = self.links[HEAD as usize].next;
                true
            }
        }
    }

    /// Tries the operation at the cursor; `false` when there is none left to try.
    fn try_next(&mut self) -> bool {
        let Link { operation, is_response, next, .. } = self.links[self.cursor as usize];
        // What is owed stands before its response, so the end of the list is never reached here.
        if is_response || self.cursor == HEAD {
            self.blocked = self.blocked.max(self.cursor);
            return false;
        }
        let state = self.after(operation).filter(|state| !self.leaves_somebody(operation, state));
        if !state.is_some_and(|state| self.place(operation, state, false)) {
            self.cursor = next;
        }
        true
    }

    /// Takes back what was placed last, and with it what was placed only because nothing else needed to be; `false` when there is
    /// nothing to take back.
    fn turn_back(&mut self) -> bool {
        while let Some(Placed { operation, before, number, is_forced }) = self.placed.pop() {
            (self.state, self.number) = (before, number);
            self.hash ^= zobrist(Kind::Operation, operation);
            self.put_back(operation);
            if !is_forced {
                self.is_fresh = false;
                self.cursor = self.links[self.places[operation as usize].0 as usize].next;
                return true;
            }
        }
        false
    }

    /// An open operation that may be placed without trying others, and the state after it.
    fn forced(&mut self) -> Option<(u32, M::State)> {
        let mut link = self.links[HEAD as usize];
        loop {
            let place = link.next;
            link = self.links[place as usize];
            if place == HEAD || link.is_response {
                return None;
            }
            if self.places[link.operation as usize].1 != 0
                && let Some(state) = self.after(link.operation)
                && (self.only_looks(link.operation) || self.is_unnoticed(link.operation, &state))
            {
                return Some((link.operation, state));
            }
        }
    }

    /// The state after an operation, if it can come next and there is reason to place it.
    fn after(&mut self, index: u32) -> Option<M::State> {
        self.steps += 1;
        let operation = self.operations[index as usize];
        let result = result_of(operation);
        let state = self.model.step(&self.state, &operation.op, result)?;
        // Nobody needs what is unknown and changes nothing.
        Some(state).filter(|state| result.is_some() || *state != self.state)
    }

    fn only_looks(&self, index: u32) -> bool {
        let operation = self.operations[index as usize];
        !self.model.changes(&operation.op, result_of(operation))
    }

    /// Whether nobody waits for the state that an operation overwrites, nor for the one that it makes.
    fn is_unnoticed(&self, index: u32, state: &M::State) -> bool {
        let waits = |number: u32| self.demand.get(number as usize).is_none_or(|demand| demand.all > 0);
        self.prints.get(index as usize).is_some_and(|print| print.needs.is_none())
            && !waits(self.number)
            && self.states.get(state).is_some_and(|number| !waits(*number))
    }

    /// Whether an operation would end a state for which somebody answered still waits, and which nobody can make again.
    fn leaves_somebody(&self, index: u32, state: &M::State) -> bool {
        let Some(print) = self.prints.get(index as usize) else { return false };
        let Some(demand) = self.demand.get(self.number as usize) else { return false };
        let owed = demand.owed - u32::from(print.is_answered && print.needs == Some(self.number));
        let makers = demand.makers - u32::from(print.makes == Some(self.number));
        owed > 0 && makers == 0 && *state != self.state
    }

    /// Places an operation; `false` when the search has been there.
    fn place(&mut self, index: u32, state: M::State, is_forced: bool) -> bool {
        let hash = self.hash ^ zobrist(Kind::Operation, index);
        let fresh = self.states.len() as u32;
        let number = match self.states.get(&state) {
            Some(number) => *number,
            None => *self.states.entry(state.clone()).or_insert(fresh),
        };
        if !self.memo.insert(hash ^ zobrist(Kind::State, number)) {
            return false;
        }
        self.hash = hash;
        let (before, last) = (std::mem::replace(&mut self.state, state), std::mem::replace(&mut self.number, number));
        self.placed.push(Placed { operation: index, before, number: last, is_forced });
        self.lift(index);
        self.is_fresh = true;
        true
    }

    /// Takes an operation out of the list.
    fn lift(&mut self, index: u32) {
        let (invocation, response) = self.places[index as usize];
        self.unlink(invocation);
        if response != 0 {
            self.unlink(response);
            self.owed -= 1;
        }
        self.wait(index, false);
    }

    /// Undoes the latest lift.
    fn put_back(&mut self, index: u32) {
        let (invocation, response) = self.places[index as usize];
        if response != 0 {
            self.relink(response);
            self.owed += 1;
        }
        self.relink(invocation);
        self.wait(index, true);
    }

    /// An operation begins, or ceases, to wait for a state and to be one that may make another.
    fn wait(&mut self, index: u32, begins: bool) {
        let Some(Print { needs, makes, is_answered }) = self.prints.get(index as usize).copied() else { return };
        let count = |count: &mut u32| *count = if begins { *count + 1 } else { *count - 1 };
        if let Some(needs) = needs {
            let demand = &mut self.demand[needs as usize];
            count(&mut demand.all);
            if is_answered {
                count(&mut demand.owed);
            }
        }
        if let Some(makes) = makes {
            count(&mut self.demand[makes as usize].makers);
        }
    }

    fn unlink(&mut self, link: u32) {
        let Link { previous, next, .. } = self.links[link as usize];
        self.links[previous as usize].next = next;
        self.links[next as usize].previous = previous;
    }

    fn relink(&mut self, link: u32) {
        let Link { previous, next, .. } = self.links[link as usize];
        self.links[previous as usize].next = link;
        self.links[next as usize].previous = link;
    }

    /// Operations that it tried to place so far.
    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    /// How many answered operations there are, and how many of them end before the latest end that the search could not pass.
    pub(super) fn passed(&self) -> (usize, usize) {
        let passed = self.links[..self.blocked as usize].iter().filter(|link| link.is_response).count();
        (self.places.iter().filter(|(_, response)| *response != 0).count(), passed)
    }

    /// The placed operations in their order.
    pub(super) fn order(&self) -> Vec<&'a Operation<M::Op, M::Result>> {
        self.placed.iter().map(|placed| self.operations[placed.operation as usize]).collect()
    }
}

/// The result of an operation, if it is known.
pub(super) fn result_of<O, R>(operation: &Operation<O, R>) -> Option<&R> {
    match &operation.outcome {
        Outcome::Known(result) => Some(result),
        Outcome::Refused | Outcome::Unknown => None,
    }
}

/// When an operation was answered, if the answer binds.
pub(super) fn answered<O, R>(operation: &Operation<O, R>) -> Option<u64> {
    operation.response.filter(|_| matches!(operation.outcome, Outcome::Known(_)))
}
