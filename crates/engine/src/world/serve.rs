//! Hosts that take time: what arrives joins an inbox and is served one after the other, in the order of arrival; what a handler
//! asks for is done when its service is over. An inbox that is full turns away what comes, and overload follows by itself.

use super::slab::Slab;
use super::{Status, World};
use crate::actor::{Actor, Message};
use crate::histogram::Waits;
use crate::id::{NodeId, OpId};
use crate::latency::Sampler;
use crate::ledger::{Cause, LinkClass, Observer};
use crate::outcome::RunError;
use crate::queue::Key;
use crate::random::StreamKey;
use crate::schedule::{Event, Schedule};
use crate::setup::Setup;
use crate::time::{Nanos, Time};

/// What a host has to do.
#[derive(Clone, Debug)]
pub(super) enum Work<M> {
    /// Handle a message.
    Message(Letter<M>),
    /// Handle a client's request.
    Request(OpId),
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
    host: NodeId,
    depth: u16,
    incarnation: u8,
    /// When its service is over, as far as is known.
    done: u64,
}

/// All hosts of a run.
#[derive(Clone, Debug)]
pub(crate) struct Hosts<M> {
    key: StreamKey,
    kinds: Vec<(Sampler, Option<u32>)>,
    /// One for each replica; empty when no host takes time.
    each: Vec<Host>,
    jobs: Slab<Job<M>>,
    /// How long work waited before its service began.
    pub(crate) waits: Waits,
}

/// A host.
#[derive(Clone, Copy, Debug, Default)]
struct Host {
    /// A place in the kinds, plus one; 0 handles everything at once.
    kind: u16,
    /// Work in the inbox, that under service included.
    jobs: u32,
    /// Work that was ever taken in: the index of its draws.
    taken: u32,
    /// When it is free.
    free: u64,
    /// How long it has worked, or is going to, for what it has taken in.
    busy: Nanos,
    /// Since when it stands still.
    paused: u64,
}

impl<M> Hosts<M> {
    pub(super) fn new(setup: &Setup, key: StreamKey) -> Hosts<M> {
        let (mut kinds, mut each) = (Vec::new(), Vec::new());
        for hosts in &setup.hosts {
            let Some(service) = &hosts.service else { continue };
            kinds.push((Sampler::new(service), hosts.inbox));
            each.resize(setup.nodes as usize, Host::default());
            hosts.nodes.iter().for_each(|node| each[node.index()].kind = kinds.len() as u16);
        }
        Hosts { key, kinds, each, jobs: Slab::new(), waits: Waits::default() }
    }

    /// Whether no host takes time.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.each.is_empty()
    }

    /// The host that worked longest, and how long, in ns up to `now`.
    pub(crate) fn busiest(&self, now: Time) -> Option<(NodeId, Nanos)> {
        let worked = |(id, host): (usize, &Host)| (NodeId(id as u32), host.busy - host.free.saturating_sub(now.0).min(host.busy));
        let serving = self.each.iter().enumerate().filter(|(_, host)| host.kind > 0);
        serving.map(worked).max_by_key(|&(id, busy)| (busy, std::cmp::Reverse(id)))
    }

    /// When the next job of this host is done, if there is room for it.
    fn accept(&mut self, id: NodeId, now: u64) -> Option<u64> {
        let host = &mut self.each[id.index()];
        let (service, inbox) = &self.kinds[usize::from(host.kind) - 1];
        if inbox.is_some_and(|inbox| host.jobs >= inbox) {
            return None;
        }
        let takes = service.sample(self.key.draw(id.0, host.taken));
        host.taken = host.taken.wrapping_add(1);
        host.jobs += 1;
        self.waits.record(host.free.saturating_sub(now));
        host.free = host.free.max(now).saturating_add(takes);
        host.busy = host.busy.saturating_add(takes);
        Some(host.free)
    }
}

impl<A: Actor, O: Observer, S: Schedule<A::Message>> World<A, O, S> {
    /// Work arrives at a host.
    pub(super) fn join_inbox(&mut self, id: NodeId, depth: u16, work: Work<A::Message>) {
        // A driver that lets any message arrive next has no use for its waiting.
        if self.hosts.each[id.index()].kind == 0 || self.script.is_some() {
            return self.work(id, depth, work);
        }
        let Some(done) = self.hosts.accept(id, self.now.0) else {
            return self.turn_away(work, Cause::Inbox);
        };
        let incarnation = self.nodes[id.index()].incarnation;
        let number = self.hosts.jobs.put(Job { work, host: id, depth, incarnation, done });
        self.serve_until(id, done, number);
    }

    fn serve_until(&mut self, id: NodeId, done: u64, number: u32) {
        let node = &mut self.nodes[id.index()];
        let Some(sequence) = node.take_sequence() else {
            return self.fail(RunError::SequenceOverflow(id));
        };
        let key = Key::new(done, node.rank, sequence);
        self.schedule.event(key, id, 0, Event::Served(number));
    }

    /// The service of a job is over, unless the host stood still meanwhile or has crashed.
    pub(super) fn served(&mut self, id: NodeId, number: u32) {
        let job = self.hosts.jobs.get(number);
        let (done, crashed) = (job.done, job.incarnation != self.nodes[id.index()].incarnation);
        if crashed {
            let job = self.hosts.jobs.take(number);
            return self.turn_away(job.work, Cause::Down);
        }
        if done > self.now.0 {
            return self.serve_until(id, done, number);
        }
        if self.nodes[id.index()].status == Status::Paused {
            return; // it will be done later; how much, is known when the host resumes
        }
        let job = self.hosts.jobs.take(number);
        self.hosts.each[id.index()].jobs -= 1;
        self.work(id, job.depth, job.work);
    }

    fn work(&mut self, id: NodeId, depth: u16, work: Work<A::Message>) {
        match work {
            Work::Message(letter) => self.hand_over(letter, id, depth),
            Work::Request(operation) => {
                let request = self.operations[operation.index()].planned.request.clone();
                self.handle(id, depth, |actor, ctx| actor.request(ctx, operation, request));
            }
        }
    }

    fn turn_away(&mut self, work: Work<A::Message>, cause: Cause) {
        match work {
            Work::Message(letter) => self.observer.dropped(letter.message.kind(), letter.class, cause),
            Work::Request(operation) => self.request_lost(operation, cause),
        }
    }

    /// A host stands still.
    pub(super) fn host_pauses(&mut self, id: NodeId) {
        if let Some(host) = self.hosts.each.get_mut(id.index()) {
            host.paused = self.now.0;
        }
    }

    /// A host goes on: what it was doing takes as much longer as it stood still.
    pub(super) fn host_resumes(&mut self, id: NodeId) {
        let Some(host) = self.hosts.each.get_mut(id.index()) else { return };
        let still = self.now.0 - host.paused;
        if host.free > host.paused {
            host.free = host.free.saturating_add(still);
        }
        let now = self.now.0;
        let mut stalled = Vec::new();
        for (number, job) in self.hosts.jobs.iter_mut().filter(|(_, job)| job.host == id) {
            // Faults come before everything else at an instant, so only what was due earlier has met the standstill.
            let surfaced = job.done < now;
            job.done = job.done.saturating_add(still);
            if surfaced {
                stalled.push((number, job.done));
            }
        }
        stalled.into_iter().for_each(|(number, done)| self.serve_until(id, done, number));
    }

    /// A host forgets its work with everything else; who sent it hears nothing.
    pub(super) fn host_crashes(&mut self, id: NodeId) {
        if let Some(host) = self.hosts.each.get_mut(id.index()) {
            host.busy -= host.free.saturating_sub(self.now.0).min(host.busy);
            *host = Host { jobs: 0, free: self.now.0, ..*host };
        }
        // The rest is met when it is due; what met a standstill is due no more.
        let now = self.now.0;
        let met: Vec<u32> =
            self.hosts.jobs.iter_mut().filter(|(_, job)| job.host == id && job.done < now).map(|(number, _)| number).collect();
        for number in met {
            let job = self.hosts.jobs.take(number);
            self.turn_away(job.work, Cause::Down);
        }
    }
}
