//! What a node knows of one update, and what it says of it in each pattern.

use super::holders::Holders;
use super::message::{Item, Message, Response};
use super::monitor::Fact;
use super::node::Ctx;
use super::options::{Mistake, Options, Pattern};
use quorate_engine::NodeId;

/// An update, and who is known to have it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Known {
    pub(super) item: Item,
    /// Whether it is on this node's disk.
    pub(super) is_durable: bool,
    /// Whether this node was asked first, and sees to it that all have it, over restarts too.
    pub(super) is_own: bool,
    /// Whether a client waits.
    pub(super) has_client: bool,
    pub(super) all_have: bool,
    /// Those of whom it is known that they have it.
    pub(super) holders: Holders,
    /// Neighbours in the tree who wait for an acknowledgement.
    pub(super) owed: Holders,
    /// Whom this node has told.
    pub(super) told: Holders,
    /// Whether anybody was told since the last look, and may not have had the time to answer.
    pub(super) is_fresh: bool,
    /// Whether it was told before the last restart, as far as anybody knows.
    pub(super) is_old: bool,
    /// Looks since the client asked.
    pub(super) waits: u32,
}

impl Known {
    pub(super) fn new(item: Item) -> Known {
        Known {
            item,
            is_durable: false,
            is_own: false,
            has_client: false,
            all_have: false,
            holders: Holders::default(),
            owed: Holders::default(),
            told: Holders::default(),
            is_fresh: false,
            is_old: false,
            waits: 0,
        }
    }

    /// Whether it may be passed on and acknowledged.
    pub(super) fn may_be_told(&self, options: &Options) -> bool {
        self.is_durable || options.makes(Mistake::TellsBeforeForce)
    }

    /// Whether there is something left to do.
    pub(super) fn is_open(&self, options: &Options) -> bool {
        match options.pattern {
            Pattern::None => false,
            Pattern::Tree => self.seeks() || !self.owed.is_empty(),
            Pattern::Mesh | Pattern::Gossip => !self.all_have,
        }
    }

    /// Whether this node wants to know that all have it.
    fn seeks(&self) -> bool {
        self.has_client || self.is_own && !self.all_have
    }

    /// Those have it.
    pub(super) fn learn(&mut self, ctx: &mut Ctx<'_>, holders: &Holders) {
        if self.holders.join(holders) {
            ctx.fact(Fact::Counts(self.item.operation, holders.clone()));
        } else if ctx.options().makes(Mistake::CountsAcks)
            && let Some(other) = (0..ctx.nodes()).map(NodeId).find(|other| !self.holders.has(*other))
        {
            self.holders.add(other);
            ctx.fact(Fact::Counts(self.item.operation, self.holders.clone()));
        }
    }

    /// Says it for the first time in this pattern, where that is due; in a tree also what is due now that more is known.
    pub(super) fn tell(&mut self, ctx: &mut Ctx<'_>) {
        match ctx.options().pattern {
            Pattern::None => {}
            Pattern::Tree => {
                self.pass_on(ctx);
                self.acknowledge(ctx);
            }
            Pattern::Mesh if self.told.is_empty() => {
                self.told = Holders::range(0, ctx.nodes());
                self.is_fresh = true;
                ctx.broadcast(Message::Tell { item: self.item, again: self.is_old });
            }
            Pattern::Gossip if self.told.is_empty() => self.spread(ctx),
            Pattern::Mesh | Pattern::Gossip => {}
        }
    }

    /// Tells the neighbours of whom, and of those beyond them, somebody waits to hear.
    fn pass_on(&mut self, ctx: &mut Ctx<'_>) {
        let (me, options) = (ctx.node(), ctx.options());
        for via in options.tree.neighbours(me) {
            let is_needed = self.seeks() || self.owed.iter().any(|asker| asker != via);
            if !is_needed || self.holders.covers(&options.tree.beyond(me, via)) {
                continue;
            }
            if self.told.add(via) {
                self.is_fresh = true;
                ctx.send(via, Message::Tell { item: self.item, again: self.is_old });
            }
            // Who waits for this node in turn is not waited for: two nodes that were both asked would wait for each other for ever.
            if options.one_by_one && !self.owed.has(via) {
                break;
            }
        }
    }

    /// Acknowledges to neighbours for whom all on this side of them have it.
    fn acknowledge(&mut self, ctx: &mut Ctx<'_>) {
        let (me, options) = (ctx.node(), ctx.options());
        let askers: Vec<NodeId> = self.owed.iter().collect();
        for asker in askers {
            let side = options.tree.beyond(asker, me);
            let mut holders = self.holders.clone();
            if options.makes(Mistake::AckEarly) {
                holders.join(&side);
            }
            if holders.covers(&side) {
                self.owed.remove(asker);
                ctx.send(asker, Message::Ack { operation: self.item.operation, holders, again: false });
            }
        }
    }

    /// Gossip: tells some others, all equally likely.
    fn spread(&mut self, ctx: &mut Ctx<'_>) {
        let others = ctx.others();
        let mut places: Vec<u32> = Vec::new();
        for taken in 0..ctx.options().fanout.min(others.len()) {
            // The place among those that are left, then among all.
            let mut place = ctx.choose(u64::from(others.len() - taken)) as u32;
            for before in &places {
                place += u32::from(*before <= place);
            }
            let rank = places.partition_point(|before| *before < place);
            places.insert(rank, place);
            self.told.add(others.get(place));
            ctx.send(others.get(place), Message::Rumor(self.item, self.holders.clone()));
        }
    }

    /// Says again what was not acknowledged; and gossip's next round.
    pub(super) fn tell_again(&mut self, ctx: &mut Ctx<'_>) {
        self.waits += 1;
        let was_fresh = std::mem::take(&mut self.is_fresh);
        let (me, options) = (ctx.node(), ctx.options());
        let is_missing = |node: &NodeId| match options.pattern {
            Pattern::None => false,
            Pattern::Tree => !self.holders.covers(&options.tree.beyond(me, *node)),
            Pattern::Mesh => !self.holders.has(*node),
            Pattern::Gossip => false,
        };
        match options.pattern {
            Pattern::Gossip => self.spread(ctx),
            _ if was_fresh || !options.again => {}
            _ => {
                let missing: Vec<NodeId> = self.told.iter().filter(is_missing).collect();
                missing.into_iter().for_each(|node| ctx.send(node, Message::Tell { item: self.item, again: true }));
            }
        }
        if self.has_client && self.waits > options.patience {
            let everybody = options.makes(Mistake::SilenceIsConsent).then(|| Holders::range(0, ctx.nodes()));
            self.answer(ctx, everybody.unwrap_or_else(|| self.holders.clone()));
        }
    }

    /// Tells the client who has it.
    pub(super) fn answer(&mut self, ctx: &mut Ctx<'_>, holders: Holders) {
        self.has_client = false;
        let operation = self.item.operation;
        ctx.reply(operation, Response::Known(holders.count()));
        ctx.fact(Fact::Answered(operation, holders));
    }
}
