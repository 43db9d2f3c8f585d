//! Hosts that take time: what arrives joins an inbox and is served one after the other, in the order of arrival; what a handler
//! asks for is done when its service is over. An inbox that is full turns away what comes, and overload follows by itself.

use super::triggers::Occasion;
use super::{Moment, World};
use crate::actor::{Actor, Message};
use crate::histogram::Waits;
use crate::id::{NodeId, OpId};
use crate::latency::Sampler;
use crate::ledger::{Cause, LinkClass, Observer};
use crate::outcome::RunError;
use crate::queue::Key;
use crate::random::StreamKey;
use crate::schedule::{Event, Schedule};
use crate::setup::{Overflow, Setup};
use crate::time::{Nanos, Time};
use std::collections::VecDeque;

/// What a host has to do.
#[derive(Clone, Debug)]
pub(super) enum Work<M> {
    /// Handle a message.
    Message(Letter<M>),
    /// Handle a client's request; the word's number.
    Request(OpId, u32),
}

/// A message at the end of a link.
#[derive(Clone, Debug)]
pub(crate) struct Letter<M> {
    pub(crate) key: Key,
    /// Of the link.
    pub(crate) class: LinkClass,
    /// Who sent it at first: whom the receiver sees.
    pub(crate) origin: NodeId,
    pub(crate) message: M,
}

/// Work in an inbox.
#[derive(Clone, Debug)]
struct Job<M> {
    work: Work<M>,
    depth: u16,
    arrived: Time,
}

/// All hosts of a run.
#[derive(Clone, Debug)]
pub(crate) struct Hosts<M> {
    key: StreamKey,
    kinds: Vec<Kind>,
    /// One for each replica; empty when no host takes time.
    each: Vec<Host<M>>,
    /// How long work waited before its service began.
    pub(crate) waits: Waits,
}

/// What hosts of one kind have in common.
#[derive(Clone, Debug)]
struct Kind {
    service: Sampler,
    inbox: Option<u32>,
    overflow: Overflow,
}

/// A host.
#[derive(Clone, Debug)]
struct Host<M> {
    /// A place in the kinds; `None` handles everything at once.
    kind: Option<u32>,
    /// The first is under service, the others wait.
    inbox: VecDeque<Job<M>>,
    /// Since when the host works on the first, unless it is idle or stands still.
    works_since: Option<Time>,
    /// What the first still needed then.
    left: Nanos,
    /// How often a service was begun: the index of its draws.
    begun: u32,
    /// How often it was said when a service ends: only the last word holds.
    word: u32,
    /// How long it had worked by then.
    busy: Nanos,
    /// How many thousandths of its time it takes for everything that it begins.
    factor: u32,
    /// Whether it crashed for want of memory and will be back.
    comes_back: bool,
}

impl<M> Host<M> {
    fn new() -> Host<M> {
        Host {
            kind: None,
            inbox: VecDeque::new(),
            works_since: None,
            left: 0,
            begun: 0,
            word: 0,
            busy: 0,
            factor: AS_USUAL,
            comes_back: false,
        }
    }

    /// Whatever it works on, it works on it no longer.
    fn stop(&mut self, now: Time) {
        if let Some(since) = self.works_since.take() {
            let worked = now.since(since);
            self.busy = self.busy.saturating_add(worked);
            self.left = self.left.saturating_sub(worked);
        }
    }
}

impl<M> Hosts<M> {
    pub(super) fn new(setup: &Setup, key: StreamKey) -> Hosts<M> {
        let (mut kinds, mut each) = (Vec::new(), Vec::new());
        for hosts in &setup.hosts {
            let Some(service) = &hosts.service else { continue };
            each.resize_with(setup.nodes as usize, Host::new);
            hosts.nodes.iter().for_each(|node| each[node.index()].kind = Some(kinds.len() as u32));
            kinds.push(Kind { service: service.sampler(), inbox: hosts.inbox, overflow: hosts.overflow });
        }
        Hosts { key, kinds, each, waits: Waits::default() }
    }

    /// A host takes so many thousandths of its time from now on; whether it takes time at all, and took another.
    pub(super) fn slow(&mut self, node: NodeId, factor: u32) -> bool {
        let host = self.each.get_mut(node.index()).filter(|host| host.kind.is_some());
        host.is_some_and(|host| std::mem::replace(&mut host.factor, factor) != factor)
    }

    /// The host that worked longest, and how long, in ns up to `now`.
    pub(crate) fn busiest(&self, now: Time) -> Option<(NodeId, Nanos)> {
        let worked = |(id, host): (usize, &Host<M>)| {
            let still = host.works_since.map_or(0, |since| now.since(since));
            (NodeId(id as u32), host.busy.saturating_add(still))
        };
        let serving = self.each.iter().enumerate().filter(|(_, host)| host.kind.is_some());
        serving.map(worked).max_by_key(|&(id, busy)| (busy, std::cmp::Reverse(id)))
    }
}

impl<A: Actor, O: Observer, S: Schedule<A::Message>> World<A, O, S> {
    /// Work arrives at a host.
    #[cold]
    #[inline(never)]
    pub(super) fn join_inbox(&mut self, id: NodeId, depth: u16, work: Work<A::Message>) {
        // A driver that lets any message arrive next has no use for its waiting.
        let host = self.hosts.each.get_mut(id.index()).filter(|_| self.script.is_none());
        let Some((host, kind)) = host.and_then(|host| host.kind.map(|kind| (host, kind))) else {
            return self.work(id, depth, work);
        };
        let Kind { inbox, overflow, .. } = &self.hosts.kinds[kind as usize];
        if inbox.is_some_and(|room| host.inbox.len() >= room as usize) {
            let overflow = *overflow;
            self.turn_away(id, work, Cause::Inbox);
            return self.overflow(id, overflow);
        }
        host.inbox.push_back(Job { work, depth, arrived: self.now });
        if host.inbox.len() == 1 {
            self.begin_service(id);
        }
    }

    /// The first in the inbox is served from now on.
    fn begin_service(&mut self, id: NodeId) {
        let host = &mut self.hosts.each[id.index()];
        let (Some(first), Some(kind)) = (host.inbox.front(), host.kind) else { return };
        self.hosts.waits.record(self.now.since(first.arrived));
        host.left = slowed(self.hosts.kinds[kind as usize].service.sample(self.hosts.key.draw(id.0, host.begun)), host.factor);
        host.begun = host.begun.wrapping_add(1);
        self.go_on(id);
    }

    /// The host works on the first in its inbox.
    fn go_on(&mut self, id: NodeId) {
        let host = &mut self.hosts.each[id.index()];
        host.works_since = Some(self.now);
        host.word = host.word.wrapping_add(1);
        let (ends, word) = ((self.now + host.left).0, host.word);
        let node = &mut self.nodes[id.index()];
        let Some(sequence) = node.take_sequence() else {
            return self.fail(RunError::SequenceOverflow(id));
        };
        let key = Key::new(ends, node.rank, sequence);
        self.schedule.event(key, id, 0, Event::Served(word));
    }

    /// A service is over, unless the host stood still or stopped since that was said.
    pub(super) fn served(&mut self, id: NodeId, word: u32) {
        let host = &mut self.hosts.each[id.index()];
        if host.word != word || host.works_since.is_none() {
            return;
        }
        host.stop(self.now);
        let job = host.inbox.pop_front().expect("what is served stands in the inbox");
        self.begin_service(id);
        self.work(id, job.depth, job.work);
    }

    /// A replica does what has come to it. Cold, so that handlers are inlined where most messages come: [`World::take_in`].
    #[cold]
    #[inline(never)]
    pub(super) fn work(&mut self, id: NodeId, depth: u16, work: Work<A::Message>) {
        match work {
            Work::Message(letter) => {
                let (kind, class) = (letter.message.kind(), letter.class);
                self.hand_over(letter, id, depth);
                if class.joins_replicas() {
                    self.set_off(id, Occasion::Received(kind));
                }
            }
            Work::Request(operation, word) => self.serve_request(id, depth, operation, word),
        }
    }

    fn turn_away(&mut self, id: NodeId, work: Work<A::Message>, cause: Cause) {
        match work {
            Work::Message(letter) => self.observer.dropped(letter.message.kind(), letter.class, cause),
            Work::Request(operation, word) => self.request_lost(id, operation, word, cause),
        }
    }

    /// A host had no room.
    fn overflow(&mut self, id: NodeId, overflow: Overflow) {
        let Overflow::Crash { restart_after } = overflow else { return };
        self.overflows += 1;
        self.crash(id);
        if let Some(after) = restart_after {
            self.hosts.each[id.index()].comes_back = true;
            let incarnation = self.nodes[id.index()].incarnation;
            self.agenda.join(self.now + after, Moment::Recover(id, incarnation));
        }
    }

    /// A host that crashed for want of memory comes back, unless a fault has it by now.
    pub(super) fn recover_host(&mut self, id: NodeId, incarnation: u16) {
        let stays = !std::mem::take(&mut self.hosts.each[id.index()].comes_back);
        if !stays && self.nodes[id.index()].incarnation == incarnation {
            self.restart(id);
        }
    }

    /// A host that would have come back does not; whether it would.
    pub(super) fn host_stays_down(&mut self, id: NodeId) -> bool {
        self.hosts.each.get_mut(id.index()).is_some_and(|host| std::mem::take(&mut host.comes_back))
    }

    /// A host stands still.
    pub(super) fn host_pauses(&mut self, id: NodeId) {
        let now = self.now;
        self.hosts.each.get_mut(id.index()).into_iter().for_each(|host| host.stop(now));
    }

    /// A host goes on with what it was doing.
    pub(super) fn host_resumes(&mut self, id: NodeId) {
        if self.hosts.each.get(id.index()).is_some_and(|host| !host.inbox.is_empty()) {
            self.go_on(id);
        }
    }

    /// A host forgets its work with everything else; who sent it hears nothing.
    pub(super) fn host_crashes(&mut self, id: NodeId) {
        let Some(host) = self.hosts.each.get_mut(id.index()) else { return };
        host.stop(self.now);
        for job in std::mem::take(&mut host.inbox) {
            self.turn_away(id, job.work, Cause::Down);
        }
    }
}

/// A factor that changes nothing.
const AS_USUAL: u32 = 1000;

fn slowed(takes: Nanos, factor: u32) -> Nanos {
    if factor == AS_USUAL {
        return takes;
    }
    u64::try_from(u128::from(takes) * u128::from(factor) / u128::from(AS_USUAL)).unwrap_or(u64::MAX)
}
