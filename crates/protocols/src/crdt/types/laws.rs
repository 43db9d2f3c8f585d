//! The laws that hold a data type together, and whether they hold: tried on every short history of operations at a few replicas, and on
//! many longer ones drawn at random. What it finds is data, a row for each law, with the first and shortest counterexample as text.
//!
//! It proves nothing of histories that it has not tried, and nothing of how states travel: that is for the replicas' monitors.

use super::dot::{Dot, Origin};
use super::{At, Crdt, Edit, Request, Rule, Value};
use quorate_engine::NodeId;
use quorate_engine::random::{Draw, StreamKey};
use std::fmt::Debug;

/// Whether a law held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Law {
    /// Which law: one of [`NAMES`].
    pub name: &'static str,
    /// Whether it held whenever it was tried.
    pub holds: bool,
    /// How often it was tried.
    pub tried: u64,
    /// On how many histories.
    pub histories: u64,
    /// Where it first failed.
    pub counterexample: Option<String>,
}

/// The laws, in the order in which they are reported. All but two are what makes a data type conflict-free ([`is_required`]).
pub const NAMES: [&str; 12] = [
    "operations commute",
    "operations need no order",
    "operations are idempotent",
    "merge is commutative",
    "merge is associative",
    "merge is idempotent",
    "merge is monotone",
    "merge is the union of operations",
    "delta",
    "beyond",
    "pieces",
    "digest",
];

const COMMUTE: usize = 0;
const ANYHOW: usize = 1;
const TWICE: usize = 2;
const COMMUTATIVE: usize = 3;
const ASSOCIATIVE: usize = 4;
const IDEMPOTENT: usize = 5;
const MONOTONE: usize = 6;
const UNION: usize = 7;
const DELTA: usize = 8;
const BEYOND: usize = 9;
const PIECES: usize = 10;
const DIGEST: usize = 11;

/// What each of [`NAMES`] says.
pub const MEANINGS: [&str; NAMES.len()] = [
    "operations that do not know of each other may be applied in either order",
    "an operation may even come before one that its source had seen",
    "an operation that is applied twice counts once",
    "a with b is b with a",
    "who is merged first makes no difference",
    "a state that comes again changes nothing",
    "a state only grows: what was merged stays merged",
    "merging two states gives what applying the operations of both gives",
    "to merge an operation's delta is to apply it",
    "what one state has beyond another, merged into it, is the whole",
    "states may be compared and merged piece by piece",
    "equal digests are equal states",
];

/// What may be done with a type whose laws hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Allows {
    /// Copies may send each other states, over any network.
    pub states: bool,
    /// And deltas.
    pub deltas: bool,
    /// And operations, each once and after those that its source had seen.
    pub operations: bool,
    /// Operations may come before those that their sources had seen.
    pub any_order: bool,
    /// Operations may come more than once.
    pub any_number: bool,
}

impl Allows {
    /// What these laws, as [`laws`] gives them, allow.
    pub fn of(laws: &[Law]) -> Allows {
        let hold = |which: &[usize]| which.iter().all(|law| laws[*law].holds);
        let states = hold(&[COMMUTATIVE, ASSOCIATIVE, IDEMPOTENT, MONOTONE, UNION]);
        Allows {
            states,
            deltas: states && hold(&[DELTA, BEYOND]),
            operations: hold(&[COMMUTE]),
            any_order: hold(&[COMMUTE, ANYHOW]),
            any_number: hold(&[TWICE]),
        }
    }
}

/// Whether it is asked of every data type. That operations may be applied twice, or in any order, is more, and holds for some only.
pub fn is_required(name: &str) -> bool {
    name != NAMES[TWICE] && name != NAMES[ANYHOW]
}

/// How hard to try.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Every history of up to so many operations at two replicas.
    pub exhaustive_operations: u32,
    /// Of a length that has more histories than that, the first so many, and as many that are drawn at random.
    pub histories_max: u64,
    /// How many histories to draw at random, of up to [`Effort::random_operations`] operations at three replicas.
    pub random_histories: u64,
    /// At most 64.
    pub random_operations: u32,
    /// What is drawn.
    pub seed: u64,
}

impl Default for Effort {
    fn default() -> Effort {
        Effort { exhaustive_operations: 3, histories_max: 2_000, random_histories: 1_000, random_operations: 9, seed: 1 }
    }
}

/// Draws a number below a bound.
pub type Choose<'a> = dyn FnMut(u64) -> u64 + 'a;

/// A kind of request, as a type may understand it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ask {
    /// [`Request::Add`].
    Add,
    /// [`Request::Remove`].
    Remove,
    /// [`Request::Clear`].
    Clear,
    /// [`Request::Write`].
    Write,
    /// [`Request::Share`].
    Share,
    /// [`Request::Edit`].
    Edit,
    /// [`Request::Move`].
    Move,
}

/// A request of one of these kinds, about one of two keys or three nodes, so that requests meet.
///
/// # Panics
/// When there is no kind.
pub fn request_of(kinds: &[Ask], choose: &mut Choose<'_>) -> Request {
    let kind = kinds[choose(kinds.len() as u64) as usize];
    let key = match kind {
        Ask::Share | Ask::Edit | Ask::Move => 0,
        _ => choose(2) as u32,
    };
    let mut amount = || 1 + choose(2) as i64;
    match kind {
        Ask::Add => {
            let amount = amount();
            Request::Add { key, amount, value: amount as u64 }
        }
        Ask::Remove => Request::Remove { key, amount: amount() },
        Ask::Clear => Request::Clear { key },
        Ask::Write => {
            let value = amount() as u64;
            // Up to two of the values that there may be.
            let over = (0..choose(3)).map(|_| 1 + choose(2)).collect();
            Request::Write { key, value, over }
        }
        Ask::Share => Request::Share,
        Ask::Edit => {
            let (deleted, inserted) = [(0, "a"), (1, ""), (1, "bc")][choose(3) as usize];
            Request::Edit(vec![Edit { place: None, deleted, inserted: inserted.to_string() }])
        }
        Ask::Move => {
            let (node, parent) = (1 + choose(3) as u32, choose(5) as u32);
            Request::Move { node, parent: (parent < 4).then_some(parent) }
        }
    }
}

/// Tries all laws. `request` makes a request of choices; with few of them, short histories are few enough to try them all. `told` says
/// in counterexamples what an operation is.
pub fn laws<T: Crdt>(
    begin: &T,
    rule: &Rule,
    effort: &Effort,
    request: &dyn Fn(&mut Choose<'_>) -> Request,
    told: &dyn Fn(&Request, &T::Operation) -> String,
) -> Vec<Law> {
    let fresh = |name: &&'static str| Law { name, holds: true, tried: 0, histories: 0, counterexample: None };
    let mut court = Court { rule, begin, told, laws: NAMES.iter().map(fresh).collect() };
    for operations in 1..=effort.exhaustive_operations {
        court.short(operations, effort, request);
    }
    for number in 0..effort.random_histories {
        let mut chance = chance(!effort.seed, number);
        let operations = 2 + chance(u64::from(effort.random_operations.clamp(2, 64)) - 1) as u32;
        let history = history(begin, rule, (3, operations), &mut chance, request, true);
        court.hear(&history, &mut chance);
    }
    court.laws
}

/// A request at a replica.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
    /// Where.
    pub replica: u32,
    /// What.
    pub request: Request,
}

/// What comes of some requests when they are carried out in one order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Order {
    /// The places of the requests in the list, in the order in which they were carried out.
    pub order: Vec<usize>,
    /// What each replica shows in the end, when all have merged with all: once each.
    pub values: Vec<Value>,
}

/// S1 `execution_orders`: carries out the requests in every order, each at its replica and unseen by the others, and merges in the end.
/// A request that is refused is left out.
pub fn execution_orders<T: Crdt>(begin: &T, rule: &Rule, asked: &[Asked]) -> Vec<Order> {
    let free = vec![0; asked.len()];
    extensions(&free, usize::MAX).into_iter().map(|order| carry_out(begin, rule, asked, order)).collect()
}

/// S1 `all_execution_orders_converge`: whether all replicas show the same in the end, whatever the order.
pub fn converge(orders: &[Order]) -> bool {
    let mut values = orders.iter().flat_map(|order| &order.values);
    let first = values.next();
    values.all(|value| Some(value) == first)
}

fn carry_out<T: Crdt>(begin: &T, rule: &Rule, asked: &[Asked], order: Vec<usize>) -> Order {
    let replicas = asked.iter().map(|asked| asked.replica + 1).max().unwrap_or(0);
    let mut states = vec![begin.clone(); replicas as usize];
    let mut counts = vec![0; replicas as usize];
    for place in &order {
        let Asked { replica, request } = &asked[*place];
        let state = &mut states[*replica as usize];
        let dot = dot(*replica, counts[*replica as usize] + 1);
        let mut at = At { dot, wall: i64::from(dot.number), choose: &mut |_| 0 };
        if let Ok(operation) = state.prepare(rule, request, &mut at) {
            state.apply(rule, dot, &operation);
            counts[*replica as usize] += 1;
        }
    }
    let others = |replica: usize| states.iter().enumerate().filter(move |(other, _)| *other != replica).map(|(_, state)| state);
    let merged = |replica: usize| others(replica).fold(states[replica].clone(), |ours, theirs| merge(rule, &ours, theirs));
    Order { order, values: (0..states.len()).map(|replica| merged(replica).value(rule)).collect() }
}

/// An operation of a history.
struct Done<T: Crdt> {
    dot: Dot,
    request: Request,
    operation: T::Operation,
    /// Which operations its source had applied before: a bit for each, by its place in the history.
    past: u64,
    /// Its source before it.
    source: T,
}

/// What happened: operations, each after those that its source had heard of, and the states in which the replicas were.
struct History<T: Crdt> {
    done: Vec<Done<T>>,
    /// Each with which operations it has come from.
    states: Vec<(T, u64)>,
}

/// Lets replicas do things: before each operation its source may hear all that another has.
fn history<T: Crdt>(
    begin: &T,
    rule: &Rule,
    (replicas, operations): (u64, u32),
    choose: &mut Choose<'_>,
    request: &dyn Fn(&mut Choose<'_>) -> Request,
    clocks_wobble: bool,
) -> History<T> {
    let mut history = History { done: Vec::new(), states: vec![(begin.clone(), 0)] };
    let mut at: Vec<(T, u64, u32)> = (0..replicas).map(|_| (begin.clone(), 0, 0)).collect();
    for _ in 0..operations {
        let (replica, other) = (choose(replicas) as usize, choose(replicas) as usize);
        let heard = at[other].1;
        let (state, past, count) = &mut at[replica];
        history.deliver(rule, state, past, heard);
        let request = request(choose);
        let dot = dot(replica as u32, *count + 1);
        let wall = if clocks_wobble { choose(5) as i64 } else { i64::from(dot.number) };
        let Ok(operation) = state.prepare(rule, &request, &mut At { dot, wall, choose }) else { continue };
        history.done.push(Done { dot, request, operation, past: *past, source: state.clone() });
        *count = dot.number;
        history.deliver(rule, state, past, *past | 1 << (history.done.len() - 1));
        history.states.push((state.clone(), *past));
    }
    history
}

impl<T: Crdt> History<T> {
    /// Applies the operations that are new.
    fn deliver(&mut self, rule: &Rule, state: &mut T, past: &mut u64, heard: u64) {
        if heard & !*past == 0 {
            return;
        }
        for place in bits(heard & !*past) {
            state.apply(rule, self.done[place].dot, &self.done[place].operation);
        }
        *past |= heard;
        self.states.push((state.clone(), *past));
    }

    /// The state after some operations, in the order in which they came to be.
    fn after(&self, begin: &T, rule: &Rule, operations: u64) -> T {
        let mut state = begin.clone();
        bits(operations).for_each(|place| state.apply(rule, self.done[place].dot, &self.done[place].operation));
        state
    }

    fn all(&self) -> u64 {
        self.done.iter().enumerate().fold(0, |all, (place, _)| all | 1 << place)
    }

    /// What was done, and after what.
    fn text(&self, told: &dyn Fn(&Request, &T::Operation) -> String) -> String {
        let line = |done: &Done<T>| {
            let past: Vec<String> = bits(done.past).map(|place| self.done[place].dot.to_string()).collect();
            let after = if past.is_empty() { String::new() } else { format!(" after {}", past.join(", ")) };
            format!("{}: {}{after}", done.dot, told(&done.request, &done.operation))
        };
        self.done.iter().map(line).collect::<Vec<_>>().join("; ")
    }
}

/// Who tries the laws, and what has come of it so far.
struct Court<'a, T: Crdt> {
    rule: &'a Rule,
    begin: &'a T,
    told: &'a dyn Fn(&Request, &T::Operation) -> String,
    laws: Vec<Law>,
}

/// How many orders of a history's operations are tried, and how many pairs and triples of its states.
const ORDERS: usize = 24;
const SAMPLES: usize = 6;

impl<T: Crdt> Court<'_, T> {
    /// All histories of a length at two replicas, if they are not too many.
    fn short(&mut self, operations: u32, effort: &Effort, request: &dyn Fn(&mut Choose<'_>) -> Request) {
        let mut branches = Branches::default();
        for number in 0..effort.histories_max {
            let choose = &mut |bound| branches.choose(bound);
            let history = history(self.begin, self.rule, (2, operations), choose, request, false);
            self.hear(&history, &mut chance(effort.seed, number));
            if !branches.advance() {
                return;
            }
        }
        for number in 0..effort.histories_max {
            let mut chance = chance(effort.seed ^ u64::from(operations) << 32, number);
            let history = history(self.begin, self.rule, (2, operations), &mut chance, request, false);
            self.hear(&history, &mut chance);
        }
    }

    fn hear(&mut self, history: &History<T>, choose: &mut Choose<'_>) {
        let before: Vec<u64> = self.laws.iter().map(|law| law.tried).collect();
        self.try_all(history, choose);
        for (law, before) in self.laws.iter_mut().zip(before) {
            law.histories += u64::from(law.tried > before);
        }
    }

    fn try_all(&mut self, history: &History<T>, choose: &mut Choose<'_>) {
        let past: Vec<u64> = history.done.iter().map(|done| done.past).collect();
        self.orders(COMMUTE, history, &past, choose);
        self.orders(ANYHOW, history, &vec![0; past.len()], choose);
        for done in &history.done {
            self.operation(history, done);
        }
        // Deltas are states too, though no set of operations leads to them.
        let deltas = history.done.iter().map(|done| done.source.delta(self.rule, done.dot, &done.operation));
        let states: Vec<T> = history.states.iter().map(|(state, _)| state.clone()).chain(deltas).collect();
        for _ in 0..SAMPLES {
            let mut draw = || &states[choose(states.len() as u64) as usize];
            let (x, y, z) = (draw(), draw(), draw());
            self.merges(history, x, y, z);
            let mut draw = || &history.states[choose(history.states.len() as u64) as usize];
            let (x, y) = (draw(), draw());
            self.pair(history, x, y);
        }
    }

    /// Every order in which each operation comes after its past leads to the same state.
    fn orders(&mut self, law: usize, history: &History<T>, past: &[u64], choose: &mut Choose<'_>) {
        let expect = history.after(self.begin, self.rule, history.all());
        let orders = match past.len() {
            0..=4 => extensions(past, ORDERS),
            _ => (0..SAMPLES).map(|_| extension(past, choose)).collect(),
        };
        for order in orders {
            let mut state = self.begin.clone();
            order.iter().for_each(|place| state.apply(self.rule, history.done[*place].dot, &history.done[*place].operation));
            let names = || order.iter().map(|place| history.done[*place].dot.to_string()).collect::<Vec<_>>().join(", ");
            self.same(law, history, &state, &expect, || format!("in the order {}, it", names()));
        }
    }

    /// What can be said of one operation at the states that it may come to.
    fn operation(&mut self, history: &History<T>, done: &Done<T>) {
        let rule = self.rule;
        let bit = 1 << history.done.iter().position(|other| other.dot == done.dot).expect("it is one of them");
        let delta = done.source.delta(rule, done.dot, &done.operation);
        let ready = |(_, operations): &&(T, u64)| done.past & !operations == 0 && operations & bit == 0;
        for (state, _) in history.states.iter().filter(ready) {
            let mut once = state.clone();
            once.apply(rule, done.dot, &done.operation);
            let mut twice = once.clone();
            twice.apply(rule, done.dot, &done.operation);
            let at = || format!("{} at {}", done.dot, shown(rule, state));
            self.same(TWICE, history, &twice, &once, || format!("{} twice at {}", done.dot, shown(rule, state)));
            self.same(DELTA, history, &merge(rule, state, &delta), &once, || format!("the delta of {}", at()));
            let local = state.delta(rule, done.dot, &done.operation);
            self.same(DELTA, history, &merge(rule, state, &local), &once, || format!("the delta, made there, of {}", at()));
            self.same(MONOTONE, history, &merge(rule, state, &once), &once, || format!("merged with what it becomes, {}", at()));
            self.same(MONOTONE, history, &merge(rule, &once, state), &once, || format!("merged with what it was, {}", at()));
        }
    }

    /// What can be said of any three states, deltas too.
    fn merges(&mut self, history: &History<T>, x: &T, y: &T, z: &T) {
        let rule = self.rule;
        let (xy, yx) = (merge(rule, x, y), merge(rule, y, x));
        let [of_x, of_y, of_z] = [x, y, z].map(|state| move || shown(rule, state));
        let states = || format!("{} merged with {}", of_x(), of_y());
        self.same(COMMUTATIVE, history, &xy, &yx, states);
        self.same(IDEMPOTENT, history, &merge(rule, x, x), x, || format!("{} merged with itself", of_x()));
        self.same(MONOTONE, history, &merge(rule, x, &xy), &xy, || format!("{}, and once more with the former,", states()));
        let (left, right) = (merge(rule, &xy, z), merge(rule, x, &merge(rule, y, z)));
        self.same(ASSOCIATIVE, history, &left, &right, || format!("{}, and that with {},", states(), of_z()));
        self.equal(DIGEST, history, &xy.digest(), &xy.digest_anew(), || format!("the digest of {}", shown(rule, &xy)));
        self.equal(DIGEST, history, &(x.digest() == y.digest()), &(x == y), || {
            format!("whether {} and {} are the same, by their digests,", of_x(), of_y())
        });
    }

    /// What can be said of the states of two replicas.
    fn pair(&mut self, history: &History<T>, (x, here): &(T, u64), (y, there): &(T, u64)) {
        let rule = self.rule;
        let both = merge(rule, y, x);
        let states = || format!("{} merged with {}", shown(rule, y), shown(rule, x));
        self.same(UNION, history, &both, &history.after(self.begin, rule, here | there), states);
        let beyond = x.beyond(rule, y);
        let lifted = beyond.as_ref().map_or_else(|| y.clone(), |beyond| merge(rule, y, beyond));
        self.same(BEYOND, history, &lifted, &both, || format!("{} by what the one lacks", states()));
        self.equal(BEYOND, history, &beyond.is_none(), &(both == *y), || format!("whether {} teaches nothing", states()));
        let differ = differing(x, y);
        let wanted = |place: u64| differ.contains(&place);
        let mut pieced = y.clone();
        pieced.merge_pieces(rule, &x.only(&wanted), &wanted);
        self.same(PIECES, history, &pieced, &both, || format!("{} at the pieces {differ:x?}", states()));
        self.equal(PIECES, history, &differ.is_empty(), &(x == y), || format!("whether no piece differs, {}", states()));
    }

    /// A law says that two states are equal. People are shown their values, and all of them where the values are.
    fn same(&mut self, law: usize, history: &History<T>, is: &T, expect: &T, what: impl FnOnce() -> String) {
        let rule = self.rule;
        self.judge(law, history, is == expect, || match (is.value(rule), expect.value(rule)) {
            (is_value, value) if is_value == value => format!("{} gives {is:?}, not {expect:?}", what()),
            (is_value, value) => format!("{} gives {is_value}, not {value}", what()),
        });
    }

    /// A law says that two things are equal.
    fn equal<V: PartialEq + Debug>(
        &mut self,
        law: usize,
        history: &History<T>,
        is: &V,
        expect: &V,
        what: impl FnOnce() -> String,
    ) {
        self.judge(law, history, is == expect, || format!("{} gives {is:?}, not {expect:?}", what()));
    }

    fn judge(&mut self, law: usize, history: &History<T>, holds: bool, what: impl FnOnce() -> String) {
        let law = &mut self.laws[law];
        law.tried += 1;
        if !holds && law.holds {
            law.holds = false;
            law.counterexample = Some(format!("{}: {}", history.text(self.told), what()));
        }
    }
}

/// What people see of a state.
fn shown<T: Crdt>(rule: &Rule, state: &T) -> String {
    state.value(rule).to_string()
}

fn dot(replica: u32, number: u32) -> Dot {
    Origin { node: NodeId(replica), life: 0 }.dot(number)
}

fn merge<T: Crdt>(rule: &Rule, ours: &T, theirs: &T) -> T {
    let mut both = ours.clone();
    both.merge(rule, theirs);
    both
}

/// The places at which two states are not made of the same pieces.
fn differing<T: Crdt>(x: &T, y: &T) -> Vec<u64> {
    let pieces = |state: &T| {
        let mut pieces = Vec::new();
        state.pieces(&mut |place, hash| pieces.push((place, hash)));
        pieces
    };
    let (x, y) = (pieces(x), pieces(y));
    let only = |some: &[(u64, u64)], others: &[(u64, u64)]| -> Vec<u64> {
        some.iter().filter(|piece| !others.contains(piece)).map(|(place, _)| *place).collect()
    };
    let mut places = [only(&x, &y), only(&y, &x)].concat();
    places.sort_unstable();
    places.dedup();
    places
}

fn bits(mask: u64) -> impl Iterator<Item = usize> {
    (0..64).filter(move |place| mask >> place & 1 == 1)
}

/// Which operations may come next, after those of `before`.
fn ready(past: &[u64], before: u64) -> Vec<usize> {
    (0..past.len()).filter(|place| before >> place & 1 == 0 && past[*place] & !before == 0).collect()
}

/// Up to so many orders in which each comes after its past.
fn extensions(past: &[u64], most: usize) -> Vec<Vec<usize>> {
    let mut done = Vec::new();
    let mut open = vec![(Vec::new(), 0)];
    while let Some((order, before)) = open.pop() {
        if order.len() == past.len() {
            done.push(order);
            if done.len() == most {
                break;
            }
            continue;
        }
        for place in ready(past, before).into_iter().rev() {
            open.push(([order.as_slice(), &[place]].concat(), before | 1 << place));
        }
    }
    done
}

/// One of these orders.
fn extension(past: &[u64], choose: &mut Choose<'_>) -> Vec<usize> {
    let (mut order, mut before) = (Vec::new(), 0);
    while order.len() < past.len() {
        let ready = ready(past, before);
        let place = ready[choose(ready.len() as u64) as usize];
        order.push(place);
        before |= 1 << place;
    }
    order
}

/// Random choices.
fn chance(seed: u64, number: u64) -> impl FnMut(u64) -> u64 {
    let key = StreamKey::new(seed, number);
    let mut drawn = 0;
    move |bound| {
        drawn += 1;
        Draw(key.draw(0, drawn)).below(bound)
    }
}

/// All choices, one history after the other: the last that has an alternative takes the next, and those after it begin anew.
#[derive(Default)]
struct Branches {
    /// What was chosen, and below which bound.
    chosen: Vec<(u64, u64)>,
    next: usize,
}

impl Branches {
    fn choose(&mut self, bound: u64) -> u64 {
        if self.next == self.chosen.len() {
            self.chosen.push((0, bound));
        }
        self.next += 1;
        self.chosen[self.next - 1].0
    }

    /// Goes to the next history. False when there is none.
    fn advance(&mut self) -> bool {
        self.next = 0;
        while let Some((choice, bound)) = self.chosen.pop() {
            if choice + 1 < bound {
                self.chosen.push((choice + 1, bound));
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::text::Text;
    use super::super::{Mistake, PnCounter, TextOrder};
    use super::*;

    /// Additions and removals.
    pub(in super::super) const BOTH: [Ask; 2] = [Ask::Add, Ask::Remove];

    /// The laws that do not hold.
    pub(in super::super) fn broken<T: Crdt + Default>(rule: &Rule, kinds: &[Ask]) -> Vec<(&'static str, String)> {
        let told: &dyn Fn(&Request, &T::Operation) -> String = &|request, _| format!("{request:?}");
        let laws = laws(&T::default(), rule, &Effort::default(), &|choose| request_of(kinds, choose), told);
        assert!(laws.iter().all(|law| law.tried > 1_000 || !law.holds), "{laws:?}");
        laws.into_iter().filter_map(|law| Some((law.name, law.counterexample?))).collect()
    }

    /// Holds a type against all laws.
    #[track_caller]
    pub(in super::super) fn lawful<T: Crdt + Default>(rule: &Rule, kinds: &[Ask]) {
        let broken: Vec<_> = broken::<T>(rule, kinds).into_iter().filter(|(name, _)| is_required(name)).collect();
        assert!(broken.is_empty(), "{broken:#?}");
    }

    /// Shows that a mistake breaks just these laws.
    #[track_caller]
    pub(in super::super) fn breaks<T: Crdt + Default>(mistake: Mistake, kinds: &[Ask], expect: &[&str]) {
        let broken = broken::<T>(&Rule { mistake: Some(mistake), ..Rule::default() }, kinds);
        let names: Vec<&str> = broken.iter().map(|(name, _)| *name).filter(|name| is_required(name)).collect();
        assert_eq!(names, expect, "{broken:#?}\n{names:?}");
    }

    #[test]
    fn the_counter_is_lawful_and_its_operations_count_twice_when_they_are_applied_twice() {
        lawful::<PnCounter>(&Rule::default(), &BOTH);
        let broken = broken::<PnCounter>(&Rule::default(), &BOTH);
        assert_eq!(broken[0].0, NAMES[TWICE], "{broken:?}");
        assert!(
            broken[0].1.starts_with("n0#1: Add { key: 0, amount: 1, value: 1 }: n0#1 twice at 0 gives 2, not 1"),
            "{broken:?}"
        );
    }

    #[test]
    fn the_text_is_lawful_in_either_order() {
        for order in [TextOrder::Rga, TextOrder::Fugue] {
            lawful::<Text>(&Rule { order, ..Rule::default() }, &[Ask::Edit]);
        }
    }

    #[test]
    fn a_merge_that_adds_breaks_the_laws_that_a_sum_does_not_have() {
        let expect = [IDEMPOTENT, MONOTONE, UNION, DELTA, BEYOND].map(|law| NAMES[law]);
        breaks::<PnCounter>(Mistake::SumMerge, &BOTH, &expect);
    }

    #[test]
    fn all_orders_of_three_are_tried_and_only_those_that_the_past_allows() {
        assert_eq!(extensions(&[0, 0, 0], usize::MAX).len(), 6);
        assert_eq!(extensions(&[0, 0, 1], usize::MAX), [[0, 1, 2], [0, 2, 1], [1, 0, 2]]);
        let mut branches = Branches::default();
        let mut seen = Vec::new();
        loop {
            seen.push((branches.choose(2), branches.choose(3)));
            if !branches.advance() {
                break;
            }
        }
        assert_eq!(seen, [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]);
    }
}
