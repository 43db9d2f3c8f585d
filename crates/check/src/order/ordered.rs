//! The properties about order.

use super::{Delivery, Scope, Seen, What};
use std::collections::BTreeMap;

impl Seen<'_> {
    pub(super) fn fifo(&self, scope: Scope) -> Option<String> {
        // For each message the one that its sender broadcast just before: whoever delivers that first has delivered, by the same
        // rule, all before it.
        let mut latest: BTreeMap<u32, u64> = BTreeMap::new();
        let mut before: BTreeMap<u64, u64> = BTreeMap::new();
        for event in self.first_broadcasts() {
            if let Some(previous) = latest.insert(event.process, event.message) {
                before.insert(event.message, previous);
            }
        }
        self.within(scope).find_map(|(process, list)| {
            list.iter().enumerate().find_map(|(place, delivery)| {
                let earlier = *before.get(&delivery.message)?;
                if !self.is_first(process, place, delivery.message) || self.had(process, place, earlier) {
                    return None;
                }
                let (sender, _) = self.broadcast[&earlier];
                let (message, when) = (delivery.message, self.when(process, earlier));
                Some(format!("FIFO: n{sender} broadcast {earlier} before {message}, but n{process} delivered {message} and {earlier} {when}"))
            })
        })
    }

    pub(super) fn causal(&self, scope: Scope) -> Option<String> {
        // For each message what its sender did since its broadcast before, and that broadcast: what lies further back lies behind
        // one of these, and whoever delivers that has been held to it then.
        let mut pending: BTreeMap<u32, Vec<(u64, bool)>> = BTreeMap::new();
        let mut causes: BTreeMap<u64, Vec<(u64, bool)>> = BTreeMap::new();
        for (index, event) in self.run.events.iter().enumerate() {
            let pending = pending.entry(event.process).or_default();
            match event.what {
                What::Broadcast if self.broadcast[&event.message] == (event.process, index) => {
                    causes.insert(event.message, std::mem::replace(pending, vec![(event.message, true)]));
                }
                What::Broadcast => {}
                What::Deliver { .. } => pending.push((event.message, false)),
            }
        }
        self.within(scope).find_map(|(process, list)| {
            list.iter().enumerate().find_map(|(place, delivery)| {
                if !self.is_first(process, place, delivery.message) {
                    return None;
                }
                let causes = causes.get(&delivery.message)?;
                let (cause, sent) = causes.iter().find(|(cause, _)| !self.had(process, place, *cause))?;
                let message = delivery.message;
                let ((sender, _), when) = (self.broadcast[&message], self.when(process, *cause));
                let did = if *sent { "broadcast" } else { "delivered" };
                Some(format!(
                    "causal order: n{sender} had {did} {cause} before it broadcast {message}, but n{process} delivered {message} and {cause} {when}"
                ))
            })
        })
    }

    pub(super) fn total_order(&self, scope: Scope) -> Option<String> {
        let lists: Vec<(u32, &[Delivery])> = self.within(scope).collect();
        lists.iter().enumerate().find_map(|(index, (process, list))| {
            lists[..index].iter().find_map(|(other, _)| {
                let mut latest: Option<(usize, u64)> = None;
                for (place, Delivery { message, .. }) in list.iter().enumerate() {
                    let Some(there) = self.place(*other, *message).filter(|_| self.is_first(*process, place, *message)) else {
                        continue;
                    };
                    if let Some((_, before)) = latest.filter(|(latest, _)| *latest > there) {
                        return Some(format!(
                            "total order: n{process} delivered {before} before {message}, n{other} {message} before {before}"
                        ));
                    }
                    latest = Some((there, *message));
                }
                None
            })
        })
    }

    pub(super) fn prefix(&self, scope: Scope) -> Option<String> {
        let firsts = |(process, list): (u32, &[Delivery])| {
            let is_first = |(place, delivery): &(usize, &Delivery)| self.is_first(process, *place, delivery.message);
            let messages: Vec<u64> = list.iter().enumerate().filter(is_first).map(|(_, delivery)| delivery.message).collect();
            (process, messages)
        };
        let lists: Vec<(u32, Vec<u64>)> = self.within(scope).map(firsts).collect();
        let (longest, whole) = lists.iter().max_by_key(|(process, list)| (list.len(), std::cmp::Reverse(*process)))?;
        lists.iter().find_map(|(process, list)| {
            let place = (0..list.len()).find(|place| list[*place] != whole[*place])?;
            Some(format!(
                "prefix: n{process} delivered {} as its message {}, n{longest} {}",
                list[place],
                place + 1,
                whole[place]
            ))
        })
    }

    pub(super) fn numbers(&self, scope: Scope) -> Option<String> {
        let numbered = |(process, list): (u32, &[Delivery])| {
            let of = list.iter().filter_map(move |delivery| Some((process, delivery.number?, delivery.message)));
            of.collect::<Vec<(u32, u64, u64)>>()
        };
        let all: Vec<(u32, u64, u64)> = self.within(scope).flat_map(numbered).collect();
        let (mut messages, mut numbers) = (BTreeMap::new(), BTreeMap::new());
        let mut expected: BTreeMap<u32, u64> = BTreeMap::new();
        let lowest = all.iter().map(|(_, number, _)| *number).min()?;
        for (process, number, message) in all {
            let (first, other) = *messages.entry(number).or_insert((process, message));
            if other != message {
                return Some(format!("numbers: {number} is message {other} at n{first}, and {message} at n{process}"));
            }
            let (first, other) = *numbers.entry(message).or_insert((process, number));
            if other != number {
                return Some(format!("numbers: message {message} is number {other} at n{first}, and {number} at n{process}"));
            }
            let expected = expected.entry(process).or_insert(lowest);
            if number != *expected {
                let what = if number > *expected { "a gap" } else { "again, or back" };
                return Some(format!("numbers: n{process} delivered number {number}, {what}: its next was {expected}"));
            }
            *expected += 1;
        }
        None
    }

    fn first_broadcasts(&self) -> impl Iterator<Item = &super::Event> {
        let events = self.run.events.iter().enumerate();
        let is_first = |(index, event): &(usize, &super::Event)| {
            event.what == What::Broadcast && self.broadcast[&event.message] == (event.process, *index)
        };
        events.filter(is_first).map(|(_, event)| event)
    }

    /// Whether a process had delivered a message before its delivery at that place.
    fn had(&self, process: u32, place: usize, message: u64) -> bool {
        self.place(process, message).is_some_and(|earlier| earlier < place)
    }

    fn when(&self, process: u32, message: u64) -> &'static str {
        if self.place(process, message).is_some() { "only after it" } else { "never" }
    }
}
