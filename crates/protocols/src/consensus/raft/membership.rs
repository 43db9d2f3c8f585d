//! Who belongs to the cluster, and how that changes: by joint consensus (§6; thesis §4.3) or one server at a time (thesis §4.1). New
//! servers follow without a vote until they have caught up (thesis §4.2.1), and whose disk was replaced comes as new.

use super::config::{Configuration, Server};
use super::leading::Progress;
use super::log::{Entries, Entry, Index, Payload};
use super::message::{Message, Reason};
use super::monitor::Fact;
use super::options::{Membership, Mistake, Options};
use super::server::{Ctx, Raft, Role};
use crate::replication::machine::{Request, Response};
use quorate_engine::workload::Change;
use quorate_engine::{Content, NodeId, NodeSet, OpId};
use std::collections::{BTreeMap, BTreeSet};

/// Election timeouts for which a server that is to be a member may be silent before the order is refused.
const SILENT_MAX: u8 = 3;

/// A change of members that an operator has ordered.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Order {
    operation: OpId,
    change: Change,
    /// For so many of its election timeouts the leader has not heard of somebody who is to be a member.
    silent: u8,
}

/// The nodes that vote, and those that follow.
type Nodes = (BTreeSet<NodeId>, BTreeSet<NodeId>);

impl Order {
    /// What it was before this leader took it.
    pub(super) fn into_request(self) -> Option<(OpId, Request)> {
        Some((self.operation, Request::Change(self.change)))
    }

    /// Who is to belong to the cluster, of which these are the nodes now.
    fn goal(&self, (mut voters, mut learners): Nodes) -> Nodes {
        let each = |whom: &NodeSet| whom.iter().collect::<BTreeSet<NodeId>>();
        match &self.change {
            Change::Add(whom) => voters.extend(whom.iter()),
            Change::Learn(whom) => {
                voters.retain(|node| !whom.contains(*node));
                learners.extend(whom.iter());
            }
            Change::Remove(whom) => {
                voters.retain(|node| !whom.contains(*node));
                learners.retain(|node| !whom.contains(*node));
            }
            Change::Become(whom) => voters = each(whom),
            Change::Lead(_) => {}
        }
        learners.retain(|node| !voters.contains(node));
        (voters, learners)
    }
}

impl Raft {
    /// An operator asks its leader.
    pub(super) fn order(&mut self, ctx: Ctx<'_, '_>, operation: OpId, change: Change) {
        if let Change::Lead(whom) = change {
            return self.hand_over(ctx, operation, whom);
        }
        let Role::Leader(leader) = &mut self.role else { return };
        if leader.orders.iter().all(|order| order.operation != operation) {
            leader.orders.push_back(Order { operation, change, silent: 0 });
            leader.is_settled = false;
            self.pursue(ctx);
        }
    }

    /// Whether an answer comes from the server that this leader counts. A node that answers as a later one has lost its disk.
    pub(super) fn recognises(&mut self, from: Server) -> bool {
        let last = self.log.last();
        let Role::Leader(leader) = &mut self.role else { return false };
        let Some(progress) = leader.followers.get_mut(from.node) else { return false };
        match progress.life {
            Some(life) if life >= from.life => life == from.life,
            _ => {
                *progress = Progress::of(Some(from.life), last);
                leader.is_settled = false;
                true
            }
        }
    }

    /// Takes the next step towards the members that are wanted, if it can be taken by now.
    pub(super) fn pursue(&mut self, ctx: Ctx<'_, '_>) {
        loop {
            let Role::Leader(leader) = &self.role else { return };
            // One change at a time.
            if leader.is_settled || self.configured > self.commit {
                return;
            }
            for node in self.attend(ctx) {
                self.replicate(ctx, node, Reason::Again);
            }
            if self.configuration.is_joint() {
                return self.configure(ctx, self.configuration.without_outgoing());
            }
            let goal = self.goal();
            let target = self.target(&goal);
            // What leaves too few is refused, but that they are no more than before is not the order's doing.
            let voters = goal.0.len();
            let too_few = voters < ctx.options().voters_min.min(self.configuration.voters.len());
            if target.as_ref() == Some(&self.configuration) || too_few {
                if !self.end_order(ctx, !too_few) {
                    return;
                }
                continue;
            }
            // Nobody who is wanted is known to be ready until it has answered, and lacks no more than one message brings.
            let Some(target) = target else { return };
            let batch_max = ctx.options().batch_max as Index;
            let Role::Leader(leader) = &self.role else { return };
            let lacks = |server: &Server| self.log.last() - leader.matched(self.me, *server).min(self.log.last());
            if target.voters.difference(&self.configuration.voters).any(|server| lacks(server) > batch_max) {
                return;
            }
            // Ongaro, raft-dev, 10 July 2015: what an earlier leader left in its log may be another change.
            let is_settled = self.log.term(self.commit) == Some(self.term);
            if !is_settled && !ctx.options().makes(Mistake::ChangesBeforeOwnTerm) {
                return self.begin_term(ctx);
            }
            let next = match ctx.options().membership {
                Membership::Joint => jointly(&self.configuration, target),
                Membership::SingleServer => by_one(&self.configuration, target),
            };
            return self.configure(ctx, next);
        }
    }

    /// The front order has come true, or cannot; whether there may be another. A leader that is no member leads until then (thesis §4.2.2).
    fn end_order(&mut self, ctx: Ctx<'_, '_>, came_true: bool) -> bool {
        let Role::Leader(leader) = &mut self.role else { return false };
        if let Some(order) = leader.orders.pop_front() {
            match came_true {
                true => ctx.reply(order.operation, Response::Done),
                false => ctx.refuse(order.operation),
            }
            return true;
        }
        // A transfer under way ends its leadership too.
        let is_free = leader.transfer.is_none();
        leader.is_settled = is_free;
        if is_free && !self.configuration.votes(self.me) {
            self.resign(ctx);
        }
        false
    }

    fn configure(&mut self, ctx: Ctx<'_, '_>, next: Configuration) {
        self.push(ctx, Entry { term: self.term, payload: Payload::Configuration(next) });
        self.attend(ctx);
        self.spread(ctx);
    }

    /// The nodes that are to belong to the cluster: as the first order says, or as they are.
    fn goal(&self) -> Nodes {
        let nodes = |servers: &BTreeSet<Server>| servers.iter().map(|server| server.node).collect::<BTreeSet<NodeId>>();
        let now = (nodes(&self.configuration.voters), nodes(&self.configuration.learners));
        match &self.role {
            Role::Leader(leader) => leader.orders.front().map_or(now.clone(), |order| order.goal(now)),
            _ => now,
        }
    }

    /// The configuration of those nodes, as the servers that they are now; `None` when one has never answered.
    fn target(&self, (voters, learners): &Nodes) -> Option<Configuration> {
        let Role::Leader(leader) = &self.role else { return None };
        let server = |node: &NodeId| match *node == self.me.node {
            true => Some(self.me),
            false => Some(Server { node: *node, life: leader.followers.get(*node)?.life? }),
        };
        let servers = |nodes: &BTreeSet<NodeId>| nodes.iter().map(server).collect::<Option<BTreeSet<Server>>>();
        Some(Configuration { voters: servers(voters)?, outgoing: BTreeSet::new(), learners: servers(learners)? })
    }

    /// Follows whom it must: members, those that are to be, and until a change is committed those that were. The nodes that are new.
    pub(super) fn attend(&mut self, ctx: Ctx<'_, '_>) -> Vec<NodeId> {
        let (voters, learners) = self.goal();
        let mut wanted: BTreeMap<NodeId, Option<u64>> = voters.into_iter().chain(learners).map(|node| (node, None)).collect();
        for server in self.configuration.members() {
            let life = wanted.entry(server.node).or_default();
            *life = (*life).max(Some(server.life));
        }
        wanted.remove(&self.me.node);
        let last = self.log.last();
        let Role::Leader(leader) = &mut self.role else { return Vec::new() };
        let leaving = |node: &NodeId| !wanted.contains_key(node);
        let gone: Vec<NodeId> = match self.configured <= self.commit {
            true => leader.followers.keys().filter(leaving).collect(),
            false => Vec::new(),
        };
        let new: Vec<NodeId> = wanted.keys().copied().filter(|node| leader.followers.get(*node).is_none()).collect();
        for node in &new {
            leader.followers.insert(*node, Progress::of(wanted[node], last));
        }
        for node in gone {
            // So that it learns that it is none any more.
            self.show_life(ctx, node, &Content::new(Entries::default()));
            let Role::Leader(leader) = &mut self.role else { return Vec::new() };
            leader.followers.remove(node);
        }
        new
    }

    /// At the end of an election timeout, of which these were heard: an order that waits for who does not answer is refused.
    pub(super) fn give_up_on_silent(&mut self, ctx: Ctx<'_, '_>, heard: &BTreeSet<Server>) {
        let is_silent = |node: &NodeId| *node != self.me.node && heard.iter().all(|server| server.node != *node);
        let waits = self.goal().0.iter().any(is_silent);
        if self.configured > self.commit || self.configuration.is_joint() {
            return;
        }
        let Role::Leader(leader) = &mut self.role else { return };
        let Some(order) = leader.orders.front_mut() else { return };
        order.silent = if waits { order.silent + 1 } else { 0 };
        if order.silent >= SILENT_MAX {
            self.end_order(ctx, false);
            self.pursue(ctx);
        }
    }

    /// The last configuration of the log up to an index, and the entry that holds it.
    pub(super) fn configured_upto(&self, options: &Options, index: Index) -> (Index, Configuration) {
        let in_log = self.log.iter().rev().filter(|(place, _)| *place <= index).find_map(|(place, entry)| match &entry.payload {
            Payload::Configuration(configuration) => Some((place, configuration.clone())),
            _ => None,
        });
        let before = || self.snapshot.as_ref().map(|snapshot| (snapshot.configured, snapshot.configuration.clone()));
        // Who comes as new knows nothing of the others.
        let first = || if self.me.life == 0 { options.members.clone() } else { Configuration::default() };
        in_log.or_else(before).unwrap_or_else(|| (0, first()))
    }

    /// "A server always uses the latest configuration in its log, regardless of whether the entry is committed" (§6).
    pub(super) fn reconfigure(&mut self, ctx: Ctx<'_, '_>) {
        let options = ctx.options();
        let (configured, latest) = self.configured_upto(options, self.log.last());
        let names_it = |configuration: &Configuration| configuration.members().any(|server| server == self.me);
        self.configured = configured;
        self.configuration = match () {
            _ if self.removed.is_some_and(|removed| configured <= removed) && names_it(&latest) => Configuration::default(),
            _ if options.makes(Mistake::ConfiguresOnCommit) => self.configured_upto(options, self.commit).1,
            _ => latest,
        };
        let belongs = names_it(&self.configuration);
        match belongs {
            true if !self.is_member => {
                ctx.publish(self.machine.digest());
                self.machine.hold(ctx);
            }
            false if self.is_member => ctx.withdraw(),
            _ => {}
        }
        self.is_member = belongs;
    }

    /// Whether it may be needed as a leader. So may be who is no member by its own configuration, if that may not come true (thesis
    /// §4.2.2), or if it has entries that may not be committed: others do not vote for anybody who lacks them.
    pub(super) fn may_stand(&self, ctx: Ctx<'_, '_>) -> bool {
        let before = || self.configured_upto(ctx.options(), self.configured - 1).1;
        self.configuration.votes(self.me)
            || (self.configured > self.commit
                && self.removed.is_none_or(|known| known < self.configured)
                && before().votes(self.me))
            || (self.log.last() > self.commit && !self.configuration.voters.is_empty())
    }

    /// An entry with a configuration is applied.
    pub(super) fn configuration_is_committed(&mut self, ctx: Ctx<'_, '_>, index: Index) {
        if ctx.options().makes(Mistake::ConfiguresOnCommit) {
            self.reconfigure(ctx);
        }
        if let Role::Leader(leader) = &mut self.role {
            leader.is_settled = false;
            ctx.fact(Fact::Reconfigured(index));
        }
    }

    /// A node that does not know it is told that it is no member any more: who leads does not send to it.
    pub(super) fn tell_of_removal(&self, ctx: Ctx<'_, '_>, node: NodeId) {
        // Who was told so itself knows of no members.
        let knows = self.configured > 0 && !self.configuration.voters.is_empty();
        if knows && self.configuration.members().all(|server| server.node != node) {
            let voters = self.configuration.voters.iter().map(|server| (server.node.0, server.node.0 + 1));
            let (configured, commit) = (self.configured, self.commit);
            ctx.send(node, Message::Removed { configured, commit, voters: NodeSet::from_ranges(voters) });
        }
    }

    /// Who is no member sends clients to one of whom it has heard, or knows, that it is; to any, as nobody may be there any more.
    pub(super) fn send_on(&self, ctx: Ctx<'_, '_>, operation: OpId) {
        let voters = self.configuration.voters.iter().map(|server| server.node);
        let known: Vec<NodeId> = match self.acquainted.is_empty() {
            true => voters.filter(|node| *node != self.me.node).collect(),
            false => self.acquainted.iter().copied().collect(),
        };
        match known.len() {
            0 => ctx.refuse(operation),
            many => {
                let any = ctx.choose(many as u64);
                ctx.redirect(operation, known[any as usize]);
            }
        }
    }

    /// It is no member by what is committed, unless a later configuration is. Where the sender does not know that its own is
    /// committed, others may.
    pub(super) fn told_of_removal(&mut self, ctx: Ctx<'_, '_>, configured: Index, commit: Index, voters: &NodeSet) {
        let is_later = self.configured > configured && self.configured > commit;
        if is_later || self.leads().is_some() {
            return;
        }
        self.acquainted.extend(voters.iter());
        // Who knows it may still be needed as a leader.
        if configured > commit || !self.is_member {
            return;
        }
        self.removed = self.removed.max(Some(commit));
        self.follow(ctx, None);
        self.reconfigure(ctx);
    }
}

/// The first step from one configuration to another by joint consensus (§6). Learners take no part in it.
fn jointly(now: &Configuration, target: Configuration) -> Configuration {
    match now.voters == target.voters {
        true => target,
        false => Configuration { outgoing: now.voters.clone(), ..target },
    }
}

/// The first step, of one voter at most (thesis §4.1): whose disk was replaced goes before it comes, as its vote is lost anyhow; all
/// others come before any goes.
fn by_one(now: &Configuration, target: Configuration) -> Configuration {
    let mut next = now.clone();
    let mut comes = target.voters.difference(&now.voters);
    let mut goes = now.voters.difference(&target.voters);
    let is_replaced = |server: &&Server| target.voters.iter().any(|other| other.node == server.node);
    if let Some(server) = goes.clone().find(is_replaced) {
        next.voters.remove(server);
    } else if let Some(server) = comes.next() {
        next.voters.insert(*server);
        next.learners.retain(|learner| learner.node != server.node);
    } else if let Some(server) = goes.next() {
        next.voters.remove(server);
        next.learners.extend(target.learners.get(server));
    } else {
        next.learners = target.learners;
    }
    next
}
