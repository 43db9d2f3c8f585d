//! Populations at work: who asks next, and when.

use super::World;
use super::clients::Client;
use super::operations::Open;
use crate::actor::Actor;
use crate::id::NodeId;
use crate::ledger::Observer;
use crate::random::{Keys, Permutation};
use crate::schedule::{Event, Schedule};
use crate::setup::Setup;
use crate::time::Nanos;
use crate::workload::{Aim, Ask, Habits, Pace};

/// A population in a run.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(super) habits: Habits,
    /// Its first client.
    pub(super) first: u32,
    /// Arrivals of its open loop so far.
    arrivals: u32,
    /// What is in its bucket of retries, in 2^-64 of one.
    tokens: u128,
}

/// What a bucket of retries holds at most, and at first.
const TOKENS_MAX: u128 = 10 << 64;

impl Group {
    /// Whether one more retry may be made.
    pub(super) fn take_token(&mut self) -> bool {
        let limited = self.habits.population.retries.is_some_and(|retries| retries.budget.is_some());
        if !limited {
            return true;
        }
        let left = self.tokens.checked_sub(1 << 64);
        self.tokens = left.unwrap_or(self.tokens);
        left.is_some()
    }

    fn earn(&mut self) {
        if let Some(budget) = self.habits.population.retries.and_then(|retries| retries.budget) {
            self.tokens = (self.tokens + budget.of_two_pow_64()).min(TOKENS_MAX);
        }
    }

    /// What a fingerprint must know.
    pub(crate) fn state(&self) -> (u32, u128) {
        (self.arrivals, self.tokens)
    }
}

/// All populations of a setup, and all clients: those of planned operations come first.
pub(super) fn of(setup: &Setup, keys: &Keys, ranks: &Permutation) -> (Vec<Group>, Vec<Client>) {
    let planned = (0..setup.clients).map(|client| Client::new(ranks.rank(setup.nodes + client), Client::NONE, NodeId(0)));
    let mut clients: Vec<Client> = planned.collect();
    let mut groups: Vec<Group> = Vec::new();
    for (place, population) in (0..).zip(&setup.populations) {
        let alike = |group: &Group| group.habits.population.number == population.number;
        assert!(!groups.iter().any(alike), "two populations have the number {}", population.number);
        let first = clients.len() as u32;
        clients.extend(
            (0..population.clients)
                .map(|client| Client::new(ranks.rank(setup.nodes + first + client), place, population.home(client))),
        );
        groups.push(Group { habits: Habits::new(population, keys, setup.nodes), first, arrivals: 0, tokens: TOKENS_MAX });
    }
    (groups, clients)
}

impl<A: Actor, O: Observer, S: Schedule<A::Message>> World<A, O, S> {
    /// Every population begins.
    pub(super) fn start_populations(&mut self) {
        for place in 0..self.populations.len() {
            let Group { habits, first, .. } = &self.populations[place];
            let (first, clients, from) = (*first, habits.population.clients, habits.population.from);
            match habits.population.pace {
                Pace::Open { .. } => self.await_arrival(place as u32, from.0),
                Pace::Closed { .. } => (first..first + clients).for_each(|client| {
                    let thought = self.populations[place].habits.thought(client - first, 0);
                    self.await_turn(place as u32, client, from.0.saturating_add(thought));
                }),
            }
        }
    }

    /// The next arrival of an open loop.
    fn await_arrival(&mut self, population: u32, after: Nanos) {
        let of = &mut self.populations[population as usize];
        let number = of.arrivals;
        of.arrivals = number.wrapping_add(1);
        let client = of.first + number % of.habits.population.clients;
        let wait = after.saturating_add(of.habits.interval(number));
        self.await_turn(population, client, wait);
    }

    /// The client of an operation that is over thinks, and asks again.
    pub(super) fn think(&mut self, population: u32, client: u32) {
        let of = &self.populations[population as usize];
        if let Pace::Closed { .. } = of.habits.population.pace {
            let thought = of.habits.thought(client - of.first, self.clients[client as usize].asked);
            self.await_turn(population, client, thought);
        }
    }

    /// The client asks after a while, unless it asks no more by then.
    fn await_turn(&mut self, population: u32, client: u32, wait: Nanos) {
        let of = &self.populations[population as usize].habits.population;
        let at = self.now.0.saturating_add(wait);
        let enough = of.operations.is_some_and(|most| self.clients[client as usize].asked >= most);
        if !enough && at < of.until.0.min(self.setup.duration) {
            self.coming += 1;
            self.client_event(client, wait, Event::Turn);
        }
    }

    /// A client asks by itself.
    pub(super) fn take_turn(&mut self, client: u32) {
        self.coming -= 1;
        let Client { population, asked: number, favourite, .. } = self.clients[client as usize];
        self.clients[client as usize].asked += 1;
        let of = &mut self.populations[population as usize];
        of.earn();
        let own = client - of.first;
        let lock = self.locks.get(&client).copied();
        let ask = of.habits.ask(own, number, |key| self.seen.get(&(client, key)).copied(), client, lock);
        if let Ask::Acquire { key, .. } = ask {
            self.locks.insert(client, (key, 0));
        }
        let aim = of.habits.aim(own, number, favourite);
        let timeout = of.habits.population.timeout;
        let is_open = matches!(of.habits.population.pace, Pace::Open { .. });
        let request = (self.make)(self.operations.next(), &ask);
        let operation = self.operations.add(client, aim, request);
        self.begin(operation, timeout, Open::new(Some((population, number)), aim));
        if is_open {
            self.await_arrival(population, 0);
        }
    }

    /// A client that sticks to one replica sticks to this one.
    pub(super) fn stick(&mut self, client: u32, to: NodeId) {
        let client = &mut self.clients[client as usize];
        if self.populations.get(client.population as usize).is_some_and(|of| of.habits.population.aim == Aim::Sticky) {
            client.favourite = to;
        }
    }

    /// A client keeps in mind what it was told, if it will want to know.
    pub(super) fn remember(&mut self, client: u32, request: &A::Request, answer: &A::Response) {
        let population = self.clients[client as usize].population;
        let Some(of) = self.populations.get(population as usize) else { return };
        let mix = &of.habits.population.mix;
        if mix.cas | mix.locks == 0 {
            return;
        }
        match A::told(request, answer) {
            Some((key, value)) if mix.cas > 0 => drop(self.seen.insert((client, key), value)),
            Some((_, 0)) => drop(self.locks.remove(&client)),
            Some(lock) => drop(self.locks.insert(client, lock)),
            None => {}
        }
    }
}
