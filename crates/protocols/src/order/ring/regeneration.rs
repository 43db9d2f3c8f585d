//! A lost token is made anew: by whoever has heard nothing of it for too long, or cannot pass it, and finds a majority that has
//! not heard of it either. The majority promises to accept nothing more from older tokens, and says what it has accepted: phase 1
//! of Paxos (Lamport, "The part-time parliament", ACM TOCS 1998), for all numbers at once. Chang and Maxemchuk call it the
//! reformation phase, and ask that a majority be there; Totem calls it the membership protocol, and lets each part of a
//! cut network go on with an order of its own, which is not done here.

use super::message::{Generation, Given, Member, Message, Place, Record, Timer, Token, Why};
use super::monitor::Fact;
use super::node::{Ctx, Process, Then};
use super::options::{Mistake, majority};
use quorate_engine::NodeId;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// An attempt to make a new token.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Campaign {
    /// Who has not heard of the token since it was there. To ask first keeps one that was cut off from stopping a token that
    /// lives.
    Probing(Place, BTreeSet<NodeId>),
    /// Who has promised, in which life, and what it has accepted.
    Sealing(Generation, BTreeMap<NodeId, (u32, Rc<[Given]>)>),
    /// A majority has promised, and the order is being written down.
    Forming(Token, Vec<Given>),
}

impl Process {
    /// Something was heard of the token.
    pub(super) fn heard(&mut self, ctx: &mut Ctx<'_>, place: Place) {
        if place < self.latest {
            return;
        }
        self.latest = place;
        if !ctx.options().regenerates {
            return;
        }
        self.is_taken(ctx, place);
        self.is_lively = true;
        self.campaign.take_if(|campaign| matches!(campaign, Campaign::Probing(..)));
        self.listen(ctx);
    }

    pub(super) fn listen(&mut self, ctx: &mut Ctx<'_>) {
        ctx.set_timer(Timer::Quiet, ctx.options().token_timeout);
        ctx.cancel_timer(Timer::Attempt);
    }

    pub(super) fn falls_quiet(&mut self, ctx: &mut Ctx<'_>) {
        self.is_lively = false;
        ctx.set_timer_within(Timer::Attempt, 0, ctx.options().token_timeout);
    }

    /// Its turn to look for the token.
    pub(super) fn attempt(&mut self, ctx: &mut Ctx<'_>) {
        if self.held.is_some() {
            return self.listen(ctx);
        }
        self.probe(ctx);
    }

    /// Asks whether the token is anywhere.
    pub(super) fn probe(&mut self, ctx: &mut Ctx<'_>) {
        self.campaign = Some(Campaign::Probing(self.latest, BTreeSet::from([ctx.node()])));
        ctx.broadcast(Message::Probe(self.latest));
        self.go_on_gathering(ctx);
        self.is_found_lost(ctx);
    }

    /// And if too little comes of it, begins again.
    fn go_on_gathering(&mut self, ctx: &mut Ctx<'_>) {
        let options = ctx.options();
        ctx.set_timer(Timer::Gather, options.ack_timeout);
        ctx.set_timer_within(Timer::Attempt, options.token_timeout, 2 * options.token_timeout);
    }

    pub(super) fn probed(&mut self, ctx: &mut Ctx<'_>, from: NodeId, place: Place) {
        let knows_better = self.is_lively && self.latest > place;
        let answer = if self.held.is_some() || knows_better { Message::Lively(place) } else { Message::Quiet(place) };
        ctx.send(from, answer);
    }

    pub(super) fn quiet(&mut self, ctx: &mut Ctx<'_>, from: NodeId, asked: Place) {
        if let Some(Campaign::Probing(place, quiet)) = &mut self.campaign
            && *place == asked
        {
            quiet.insert(from);
            self.is_found_lost(ctx);
        }
    }

    /// The token lives, and does not come here.
    pub(super) fn lively(&mut self, ctx: &mut Ctx<'_>, from: NodeId, asked: Place) {
        let is_mine = |campaign: &mut Campaign| matches!(campaign, Campaign::Probing(place, _) if *place == asked);
        if self.campaign.take_if(is_mine).is_some() {
            ctx.send(from, Message::Join { life: ctx.restarts(), promised: self.promised });
            ctx.set_timer_within(
                Timer::Attempt,
                ctx.options().ack_timeout,
                ctx.options().token_timeout + ctx.options().ack_timeout,
            );
        }
    }

    fn is_found_lost(&mut self, ctx: &mut Ctx<'_>) {
        if let Some(Campaign::Probing(_, quiet)) = &self.campaign
            && quiet.len() >= majority(ctx.nodes())
        {
            self.supersede(ctx, self.promised);
        }
    }

    /// Seals, for a token that is over all that are promised.
    pub(super) fn supersede(&mut self, ctx: &mut Ctx<'_>, promised: Generation) {
        let round = self.promised.round.max(promised.round) + 1;
        let generation = Generation { round, node: ctx.node() };
        self.adopt(ctx, generation);
        self.campaign = Some(Campaign::Sealing(generation, BTreeMap::new()));
        self.write(ctx, Record::Promised(generation), Then::Seals(generation));
        self.heard(ctx, Place { generation, hop: 0 });
        self.go_on_gathering(ctx);
    }

    /// Its own promise is on disk.
    pub(super) fn seals(&mut self, ctx: &mut Ctx<'_>, sealed: Generation) {
        let (me, life) = (ctx.node(), ctx.restarts());
        let beyond = self.sequence.delivering();
        let given: Rc<[Given]> = self.sequence.beyond(beyond).into();
        if let Some(Campaign::Sealing(generation, answers)) = &mut self.campaign
            && *generation == sealed
        {
            answers.insert(me, (life, given));
            ctx.broadcast(Message::Seal { generation: sealed, beyond });
            self.is_sealed(ctx, false);
        }
    }

    pub(super) fn seal(&mut self, ctx: &mut Ctx<'_>, from: NodeId, generation: Generation, beyond: u64) {
        if generation < self.promised {
            return ctx.send(from, Message::Refused(Place { generation, hop: 0 }, self.promised));
        }
        if generation > self.promised {
            self.adopt(ctx, generation);
            self.journal.append(ctx, Record::Promised(generation));
        }
        self.heard(ctx, Place { generation, hop: 0 });
        self.waiting.push(&self.journal, Then::Promised(from, generation, beyond));
    }

    /// The token, or a seal, is refused, because something later is promised, or the process that is meant has crashed since.
    pub(super) fn is_refused(&mut self, ctx: &mut Ctx<'_>, place: Place, promised: Generation) {
        let was_passed = self.passing.take_if(|passing| passing.token.place == place).is_some();
        if was_passed {
            ctx.cancel_timer(Timer::Resend);
        }
        // Whoever seals and is too late lets the other one go on, and tries again when its next turn comes.
        self.adopt(ctx, promised);
        if was_passed {
            self.probe(ctx);
        }
    }

    /// A process wants to be a member: the next holder here sees to it.
    pub(super) fn join(&mut self, ctx: &mut Ctx<'_>, who: Member, promised: Generation) {
        self.joins.insert(who.node, (who.life, promised));
        self.visit(ctx);
    }

    pub(super) fn sealed(&mut self, ctx: &mut Ctx<'_>, who: Member, sealed: Generation, given: Rc<[Given]>) {
        if let Some(Campaign::Sealing(generation, answers)) = &mut self.campaign
            && *generation == sealed
        {
            answers.insert(who.node, (who.life, given));
            self.is_sealed(ctx, false);
        }
    }

    /// When a majority has promised, the others get a little time to be members of the ring too.
    fn is_sealed(&mut self, ctx: &mut Ctx<'_>, is_late: bool) {
        let Some(Campaign::Sealing(generation, answers)) = &self.campaign else { return };
        let is_enough = answers.contains_key(&ctx.node()) && answers.len() >= majority(ctx.nodes());
        if is_enough && (is_late || answers.len() == ctx.nodes() as usize) {
            let (generation, answers) = (*generation, answers.clone());
            self.form(ctx, generation, &answers);
        }
    }

    /// Asks again, or makes do with those who have answered.
    pub(super) fn gather(&mut self, ctx: &mut Ctx<'_>) {
        self.is_sealed(ctx, true);
        let others = ctx.others();
        let (silent, message): (Vec<NodeId>, Message) = match &self.campaign {
            Some(Campaign::Probing(place, quiet)) => {
                (others.iter().filter(|node| !quiet.contains(node)).collect(), Message::Probe(*place))
            }
            Some(Campaign::Sealing(generation, answers)) => {
                let silent = others.iter().filter(|node| !answers.contains_key(node)).collect();
                (silent, Message::Seal { generation: *generation, beyond: self.sequence.delivering() })
            }
            Some(Campaign::Forming(..)) | None => return,
        };
        ctx.multicast(silent, message);
        ctx.set_timer(Timer::Gather, ctx.options().ack_timeout);
    }

    /// Makes the token: what a majority may have accepted keeps its number, and is accepted anew.
    fn form(&mut self, ctx: &mut Ctx<'_>, generation: Generation, answers: &BTreeMap<NodeId, (u32, Rc<[Given]>)>) {
        let own = self.sequence.beyond(self.sequence.delivering());
        let others = answers.values().filter(|_| !ctx.options().makes(Mistake::FromOwn));
        let order = self.sequence.recovered(others.flat_map(|(_, given)| given.iter()).chain(&own));
        let stable = self.sequence.delivering() + order.iter().take_while(|given| given.generation.is_none()).count() as u64;
        let next = self.sequence.delivering() + order.len() as u64 + 1;
        for given in &order {
            self.accept(ctx, given.number, generation, given.posted, given.generation.is_none());
        }
        let ring = answers.iter().map(|(node, (life, _))| Member { node: *node, life: *life }).collect();
        let place = Place { generation, hop: 0 };
        let accepted = vec![0; ctx.nodes() as usize];
        let token = Token { place, next, base: next, stable, ring, accepted, missing: Vec::new(), rounds: 0 };
        self.campaign = Some(Campaign::Forming(token, order));
        self.waiting.push(&self.journal, Then::Formed(generation));
    }

    /// What the new token found is on disk: it begins its way.
    pub(super) fn formed(&mut self, ctx: &mut Ctx<'_>, generation: Generation) {
        let is_mine =
            |campaign: &mut Campaign| matches!(campaign, Campaign::Forming(token, _) if token.place.generation == generation);
        let Some(Campaign::Forming(token, order)) = self.campaign.take_if(is_mine) else { return };
        let unstable = order.iter().filter(|given| given.generation.is_some()).count() as u64;
        ctx.fact(Fact::Regenerated(generation, token.next, unstable));
        self.sequence.learn(generation, token.stable);
        for given in order {
            let given = Given { generation: given.generation.map(|_| generation), ..given };
            self.tell(ctx, None, given, Why::Recovered);
        }
        self.taken = Some(token.place);
        self.heard(ctx, token.place);
        self.hold(ctx, token);
    }
}
