//! The token: how it is taken, what its holder does, and how it is passed (Amir et al. 1995, §4; Chang and Maxemchuk
//! 1984).

use super::message::{Generation, Member, Message, Place, Posted, Record, Timer, Token, Why};
use super::monitor::Fact;
use super::node::{Ctx, Process, Then};
use super::options::{Form, Mistake};
use quorate_engine::NodeId;

/// Numbers that one process may ask for at a time: Totem's retransmission list is short, too.
const MISSING_MAX: usize = 32;

/// One round of so many is told: there are too many of them.
const ROUNDS_APART: u64 = 8;

/// The token is here.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Holding {
    pub(super) token: Token,
    /// Numbers that were just given, and are not on disk yet.
    giving: Vec<u64>,
    /// Whether something must reach the disk before anything else is done with the token.
    is_busy: bool,
    /// Whether it waits here because there is nothing to do.
    rests: bool,
}

/// The token was passed, and nobody has said that it is taken.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Passing {
    pub(super) token: Token,
    to: NodeId,
    tries: u64,
}

impl Process {
    /// What a process does about the token when it starts. `logged` is what its log last says of it.
    pub(super) fn begin(&mut self, ctx: &mut Ctx<'_>, logged: Option<Record>) {
        let regenerates = ctx.options().regenerates;
        if ctx.restarts() > 0 && regenerates {
            ctx.broadcast(Message::Join { life: ctx.restarts(), promised: self.promised });
        }
        if regenerates {
            self.listen(ctx);
        }
        let nodes = ctx.nodes();
        let ring = (0..nodes).map(|node| Member { node: NodeId(node), life: 0 }).collect();
        let place = Place { generation: Generation::FIRST, hop: 0 };
        let accepted = vec![0; nodes as usize];
        let mut token = Token { place, next: 1, base: 1, stable: 0, ring, accepted, missing: Vec::new(), rounds: 0 };
        match logged {
            Some(Record::Took(hop, next)) => {
                token.place.hop = hop;
                // Numbers that it gave before the crash are given, and nobody else has given any since.
                token.next = self.sequence.beyond(next - 1).last().map_or(next, |given| given.number + 1);
                self.taken = Some(token.place);
                self.hold(ctx, token);
            }
            Some(Record::Passes(hop, next)) => {
                (token.place.hop, token.next) = (hop, next);
                self.taken = Some(Place { hop: hop - 1, ..token.place });
                self.send(ctx, token);
            }
            // In its first life: nobody knows of the token before node 0 has passed it, and that waits for the disk where it
            // must.
            _ if ctx.node() == NodeId(0) && (ctx.restarts() == 0 || !regenerates) => self.take(ctx, NodeId(0), token),
            _ => {}
        }
    }

    /// The token, or one of its copies.
    pub(super) fn arrives(&mut self, ctx: &mut Ctx<'_>, from: NodeId, token: Token) {
        let (place, regenerates) = (token.place, ctx.options().regenerates);
        let is_me = |member: &Member| *member == Member { node: ctx.node(), life: ctx.restarts() };
        if place.generation < self.promised || (regenerates && !token.ring.iter().any(is_me)) {
            return ctx.send(from, Message::Refused(place, self.promised));
        }
        let is_known = match ctx.options().makes(Mistake::TakesTwice) {
            false => self.taken.is_some_and(|taken| taken >= place),
            true => self.held.is_some() || self.passing.is_some(),
        };
        if is_known {
            // While it is not on disk that the token is here, the sender must keep it.
            let is_safe = regenerates || self.held.as_ref().is_none_or(|held| held.token.place != place || !held.is_busy);
            return if is_safe {
                ctx.send(from, Message::Taken(place))
            };
        }
        self.adopt(ctx, place.generation);
        self.take(ctx, from, token);
    }

    fn take(&mut self, ctx: &mut Ctx<'_>, from: NodeId, token: Token) {
        let place = token.place;
        self.taken = Some(place);
        self.heard(ctx, place);
        if ctx.options().regenerates {
            if from != ctx.node() {
                ctx.send(from, Message::Taken(place));
            }
            self.hold(ctx, token);
        } else {
            self.write(ctx, Record::Took(place.hop, token.next), Then::Took(from, place));
            self.held = Some(Holding { token, giving: Vec::new(), is_busy: true, rests: false });
        }
    }

    /// Where the token is kept by logs: it is on disk that it is here.
    pub(super) fn took(&mut self, ctx: &mut Ctx<'_>, from: NodeId, place: Place) {
        if from != ctx.node() {
            ctx.send(from, Message::Taken(place));
        }
        if let Some(held) = self.held.take_if(|held| held.token.place == place) {
            self.hold(ctx, held.token);
        }
    }

    pub(super) fn hold(&mut self, ctx: &mut Ctx<'_>, mut token: Token) {
        ctx.fact(Fact::Took(token.place));
        if token.ring.first().is_some_and(|first| first.node == ctx.node()) {
            token.rounds += 1;
            if token.rounds % ROUNDS_APART == 1 {
                ctx.fact(Fact::Rotated(token.place.generation, token.rounds));
            }
        }
        self.held = Some(Holding { token, giving: Vec::new(), is_busy: false, rests: false });
        self.visit(ctx);
    }

    /// The holder does what there is to do, and passes the token. It is called again when something comes up while the token
    /// rests here.
    pub(super) fn visit(&mut self, ctx: &mut Ctx<'_>) {
        let Some(mut held) = self.held.take_if(|held| !held.is_busy) else { return };
        if let Some(promised) = self.admit(ctx, &mut held.token) {
            return self.supersede(ctx, promised);
        }
        self.stabilise(ctx, &mut held.token);
        if !held.rests {
            self.repair(ctx, &mut held.token);
        }
        let given = self.give(ctx, &mut held.token);
        let rests = given.is_empty() && (ctx.options().pace > 0 || held.token.ring.len() < 2);
        let is_busy = !given.is_empty();
        let begins = rests && !held.rests;
        (held.giving, held.is_busy, held.rests) = (given, is_busy, rests);
        let place = held.token.place;
        let is_alone = held.token.ring.len() < 2;
        self.held = Some(held);
        if is_busy {
            self.waiting.push(&self.journal, Then::Given(place));
        } else if !rests {
            self.pass(ctx);
        } else if begins && !is_alone {
            ctx.set_timer(Timer::Pace, ctx.options().pace);
        }
    }

    /// Whoever has said that it is back is a member from now on. One that must refuse this token makes another one necessary:
    /// then what it has promised.
    fn admit(&mut self, ctx: &mut Ctx<'_>, token: &mut Token) -> Option<Generation> {
        for (node, (life, promised)) in std::mem::take(&mut self.joins) {
            if promised > token.place.generation {
                return Some(promised);
            }
            match token.ring.binary_search_by_key(&node, |member| member.node) {
                Ok(place) => token.ring[place].life = token.ring[place].life.max(life),
                Err(place) => {
                    token.ring.insert(place, Member { node, life });
                    // What it has accepted before is of another time.
                    token.accepted[node.index()] = 0;
                }
            }
        }
        debug_assert!(token.ring.iter().any(|member| member.node == ctx.node()), "a holder is a member");
        None
    }

    /// Totem's all-received-up-to, with a majority in the place of all.
    fn stabilise(&mut self, ctx: &mut Ctx<'_>, token: &mut Token) {
        if !ctx.options().regenerates {
            return;
        }
        let generation = token.place.generation;
        token.accepted[ctx.node().index()] = self.sequence.upto(generation);
        let mut accepted = token.accepted.clone();
        accepted.sort_unstable_by(|one, other| other.cmp(one));
        token.stable = token.stable.max(accepted[accepted.len() / 2]);
        self.sequence.learn(generation, token.stable);
        self.deliver(ctx);
    }

    /// Sends what others lack, and asks for what is missing here.
    fn repair(&mut self, ctx: &mut Ctx<'_>, token: &mut Token) {
        let (me, generation) = (ctx.node(), token.place.generation);
        for (node, number) in std::mem::take(&mut token.missing) {
            match self.sequence.given(number, generation) {
                _ if node == me => {}
                Some(given) => self.tell(ctx, Some(node), given, Why::Missing),
                None => token.missing.push((node, number)),
            }
        }
        let lacked = self.sequence.missing(generation, self.lacked.max(token.base)).take(MISSING_MAX);
        token.missing.extend(lacked.map(|number| (me, number)));
        self.lacked = token.next;
    }

    /// Gives numbers: to its own messages, or with a moving sequencer to all that it has. A message has a number already if it
    /// stands in the order of this token; so nobody gives numbers who does not know that order as far as it matters.
    fn give(&mut self, ctx: &mut Ctx<'_>, token: &mut Token) -> Vec<u64> {
        let (options, generation) = (ctx.options(), token.place.generation);
        let matters = match options.form {
            // What this token gave its messages it gave them itself.
            Form::Privilege => token.base,
            Form::Sequencer => token.next,
        };
        if self.pool.is_empty() || self.sequence.missing(generation, matters).next().is_some() {
            return Vec::new();
        }
        let open = self.sequence.open(generation);
        let is_waiting = |posted: &&Posted| !open.contains(&posted.id) && !self.sequence.has_taken(posted.id);
        let waiting: Vec<Posted> = self.pool.values().filter(is_waiting).take(options.window as usize).copied().collect();
        let first = token.next;
        for posted in waiting {
            self.accept(ctx, token.next, generation, posted, false);
            token.next += 1;
        }
        (first..token.next).collect()
    }

    /// The numbers that it gave are on disk.
    pub(super) fn gave(&mut self, ctx: &mut Ctx<'_>, place: Place) {
        let Some(held) = self.held.as_mut().filter(|held| held.token.place == place) else { return };
        held.is_busy = false;
        for number in std::mem::take(&mut held.giving) {
            let Some(given) = self.sequence.given(number, place.generation) else { continue };
            let id = given.posted.id;
            ctx.rejoin(given.posted.operation);
            ctx.fact(Fact::Numbered(place.generation, number, id));
            match ctx.options().form {
                Form::Privilege => self.tell(ctx, None, given, Why::New),
                Form::Sequencer => ctx.broadcast(Message::Number { place, stable: self.sequence.stable(), number, id }),
            }
        }
        if let Some(mut held) = self.held.take() {
            self.stabilise(ctx, &mut held.token);
            self.held = Some(held);
        }
        self.pass(ctx);
    }

    /// To the next of the ring. Alone, a process keeps the token.
    pub(super) fn pass(&mut self, ctx: &mut Ctx<'_>) {
        let Some(held) = self.held.take_if(|held| !held.is_busy && held.token.ring.len() > 1) else { return };
        ctx.cancel_timer(Timer::Pace);
        let mut token = held.token;
        token.place.hop += 1;
        if ctx.options().regenerates {
            return self.send(ctx, token);
        }
        let (place, record) = (token.place, Record::Passes(token.place.hop, token.next));
        self.held = Some(Holding { token, giving: Vec::new(), is_busy: true, rests: false });
        self.write(ctx, record, Then::Passes(place));
    }

    /// Where the token is kept by logs: it is on disk that it leaves.
    pub(super) fn passes(&mut self, ctx: &mut Ctx<'_>, place: Place) {
        if let Some(held) = self.held.take_if(|held| held.token.place == place) {
            self.send(ctx, held.token);
        }
    }

    fn send(&mut self, ctx: &mut Ctx<'_>, token: Token) {
        let me = ctx.node();
        let next = token.ring.iter().find(|member| member.node > me).or(token.ring.first());
        let Some(to) = next.map(|member| member.node) else { return };
        ctx.send(to, Message::Token(token.clone(), false));
        ctx.set_timer(Timer::Resend, ctx.options().ack_timeout);
        self.passing = Some(Passing { token, to, tries: 1 });
    }

    /// It has heard nothing of who was passed the token.
    pub(super) fn pass_again(&mut self, ctx: &mut Ctx<'_>) {
        let Some(passing) = &mut self.passing else { return };
        if ctx.options().regenerates && passing.tries >= ctx.options().tries {
            // Whether it was taken nobody can know, so it cannot simply be given to another: a new one must be made.
            self.passing = None;
            return self.probe(ctx);
        }
        passing.tries += 1;
        ctx.send(passing.to, Message::Token(passing.token.clone(), true));
        ctx.set_timer(Timer::Resend, ctx.options().ack_timeout);
    }

    pub(super) fn is_taken(&mut self, ctx: &mut Ctx<'_>, place: Place) {
        if self.passing.take_if(|passing| passing.token.place <= place).is_some() {
            ctx.cancel_timer(Timer::Resend);
        }
    }
}
