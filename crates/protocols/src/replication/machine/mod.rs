//! The replicated object: registers, lists, counters or locks under keys ([`Object`]). What changes anything is a [`Command`], logged
//! before it is carried out, and carried out once however often its client asks.

mod answers;
mod counters;
mod lists;
mod locks;
mod object;
mod registers;
mod request;
#[cfg(test)]
mod tests;

use answers::Answers;
use counters::Counters;
use lists::Lists;
use locks::Locks;
pub(crate) use object::OBJECT;
pub use object::Object;
use quorate_engine::{Actor, Context, NodeId, OpId, Sink, Update, Wire};
use registers::Registers;
pub use request::{Access, Request, Response};

/// A request that changes something, as it is logged.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Command {
    /// The client's operation: a retry has the same.
    pub operation: OpId,
    /// What it asks.
    pub request: Request,
}

/// The object, and what was answered to the commands that made it what it is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Machine {
    state: State,
    answers: Answers,
}

/// What is under the keys.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum State {
    Registers(Registers),
    Lists(Lists),
    Counters(Counters),
    Locks(Locks),
}

/// What a command changed.
#[derive(Default)]
struct Effect {
    /// Whether it changed anything.
    changed: bool,
    /// The update whose place it took.
    replaced: Option<Update>,
    /// More of them: a transaction may take the place of several.
    replaced_more: Vec<Update>,
}

impl Effect {
    /// It changed something, and took the place of that.
    fn replaces(&mut self, old: Option<Update>) {
        self.changed = true;
        match self.replaced {
            None => self.replaced = old,
            Some(_) => self.replaced_more.extend(old),
        }
    }

    /// The updates whose place it took.
    fn replaced(&self) -> impl Iterator<Item = Update> {
        self.replaced.iter().chain(&self.replaced_more).copied()
    }
}

impl Default for Machine {
    /// Registers.
    fn default() -> Machine {
        Machine::new(Object::Kv)
    }
}

impl Machine {
    /// One that has carried out nothing.
    pub fn new(object: Object) -> Machine {
        let state = match object {
            Object::Kv => State::Registers(Registers::default()),
            Object::ListAppend => State::Lists(Lists::default()),
            Object::Counter => State::Counters(Counters::default()),
            Object::Lock => State::Locks(Locks::default()),
        };
        Machine { state, answers: Answers::default() }
    }

    /// What was answered to an operation that was carried out.
    pub fn answer(&self, operation: OpId) -> Option<&Response> {
        self.answers.get(operation)
    }

    /// The answer to a request that changes nothing.
    pub fn read(&self, request: &Request) -> Response {
        let response = match &self.state {
            State::Registers(registers) => registers.read(request),
            State::Lists(lists) => lists.read(request),
            State::Counters(counters) => counters.read(request),
            State::Locks(_) => None,
        };
        response.unwrap_or_else(|| unreachable!("{request:?} is a command, or of another object"))
    }

    /// Of registers, every key and value, ascending by key.
    pub fn registers(&self) -> impl Iterator<Item = (u32, u64)> {
        let registers = match &self.state {
            State::Registers(registers) => Some(registers.values()),
            _ => None,
        };
        registers.into_iter().flatten()
    }

    /// Of lists, every key and what was appended, ascending by key.
    pub fn lists(&self) -> impl Iterator<Item = (u32, &[u64])> {
        let lists = match &self.state {
            State::Lists(lists) => Some(lists.each()),
            _ => None,
        };
        lists.into_iter().flatten()
    }

    /// Carries out a command that `origin` logged first, and tells the world what it changed.
    ///
    /// Whoever was told that a write, a grant or a release took effect is owed it until a later one takes its place; an append or an addition
    /// is owed for ever.
    pub fn apply<A: Actor>(&mut self, ctx: &mut Context<'_, A>, command: &Command, origin: NodeId) -> Response {
        let Command { operation, request } = command;
        let update = Update { origin, number: operation.0 + 1 };
        let (response, effect) = self.carry_out(request, update);
        if effect.changed {
            ctx.accept(*operation, update);
        }
        for old in effect.replaced().filter(|old| *old != update) {
            ctx.supersede(old, update);
        }
        self.answers.insert(*operation, response.clone());
        response
    }

    fn carry_out(&mut self, request: &Request, update: Update) -> (Response, Effect) {
        let mut effect = Effect::default();
        let response = match &mut self.state {
            State::Registers(registers) => registers.apply(request, update, &mut effect),
            State::Lists(lists) => lists.apply(request, update, &mut effect),
            State::Counters(counters) => counters.apply(request, update, &mut effect),
            State::Locks(locks) => locks.apply(request, update, &mut effect),
        };
        (response.unwrap_or_else(|| unreachable!("{request:?} is of another object")), effect)
    }

    /// States for everything in `before`, which was to be given up, what this machine holds in its place.
    pub fn take_the_place_of<A: Actor>(&self, ctx: &mut Context<'_, A>, before: &Machine) {
        let mut instead = |(old, new): (Update, Update)| {
            if old != new {
                ctx.supersede(old, new);
            }
        };
        match (&self.state, &before.state) {
            (State::Registers(now), State::Registers(before)) => now.instead_of(before).for_each(&mut instead),
            (State::Locks(now), State::Locks(before)) => now.instead_of(before).for_each(&mut instead),
            // Nothing takes the place of what was appended or added.
            _ => {}
        }
    }

    /// States that whoever took this machine over holds what it holds.
    pub fn hold<A: Actor>(&self, ctx: &mut Context<'_, A>) {
        self.each_update(|update| ctx.holds(update));
    }

    /// Everything that nothing took the place of.
    fn each_update(&self, mut each: impl FnMut(Update)) {
        match &self.state {
            State::Registers(registers) => registers.updates().for_each(each),
            State::Locks(locks) => locks.updates().for_each(each),
            State::Lists(Lists { updates, .. }) | State::Counters(Counters { updates, .. }) => {
                updates.iter().for_each(|update| each(*update));
            }
        }
    }

    /// The digest of what is under the keys.
    pub fn digest(&self) -> u64 {
        match &self.state {
            State::Registers(registers) => registers.digest,
            State::Lists(lists) => lists.digest,
            State::Counters(counters) => counters.digest,
            State::Locks(locks) => locks.digest,
        }
    }

    /// The same, computed anew.
    pub fn digest_anew(&self) -> u64 {
        match &self.state {
            State::Registers(registers) => registers.digest_anew(),
            State::Lists(lists) => lists.digest_anew(),
            State::Counters(counters) => counters.digest_anew(),
            State::Locks(locks) => locks.digest_anew(),
        }
    }

    /// How many keys there are under which something was ever put.
    pub fn len(&self) -> usize {
        match &self.state {
            State::Registers(registers) => registers.len(),
            State::Lists(lists) => lists.len(),
            State::Counters(counters) => counters.len(),
            State::Locks(locks) => locks.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Wire for Machine {
    fn encode(&self, sink: &mut impl Sink) {
        match &self.state {
            State::Registers(registers) => registers.encode(sink),
            State::Lists(lists) => lists.encode(sink),
            State::Counters(counters) => counters.encode(sink),
            State::Locks(locks) => locks.encode(sink),
        }
        self.answers.encode(sink);
    }
}

impl Wire for Command {
    fn encode(&self, sink: &mut impl Sink) {
        self.operation.encode(sink);
        self.request.encode(sink);
    }
}
