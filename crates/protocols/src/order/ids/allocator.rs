//! The allocator, on node 0: it counts, and gives out what it has counted one by one or block by block.

use super::ceiling::Ceiling;
use super::message::Want;
use super::node::Node;
use super::options::{Mistake, Options, Scheme};
use quorate_engine::{Context, NodeId};
use std::collections::{BTreeMap, VecDeque};

/// The allocator.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Allocator {
    /// All ids up to this one are given out.
    given: u64,
    /// Who waits for more to be set aside.
    waiting: VecDeque<(NodeId, Want)>,
    /// The block that each node got last, and under which name: so that one that asks again gets the same. A restart forgets
    /// it; then blocks are lost, and none is given twice.
    blocks: BTreeMap<NodeId, (Want, u64)>,
}

impl Allocator {
    /// What is not above the bound may be given already.
    pub(super) fn recovered(ceiling: &Ceiling) -> Allocator {
        Allocator { given: ceiling.durable(), waiting: VecDeque::new(), blocks: BTreeMap::new() }
    }

    /// Ids that are set aside and not given.
    pub(super) fn left(&self, ceiling: &Ceiling) -> u64 {
        ceiling.durable().saturating_sub(self.given)
    }

    /// A node wants something; who gets what now.
    pub(super) fn ask(
        &mut self,
        ctx: &mut Context<'_, Node>,
        ceiling: &mut Ceiling,
        from: NodeId,
        want: Want,
    ) -> Vec<(NodeId, Want, u64)> {
        if let Some((_, first)) = self.blocks.get(&from).filter(|(had, _)| *had == want) {
            return vec![(from, want, *first)];
        }
        if !self.waiting.contains(&(from, want)) {
            self.waiting.push_back((from, want));
        }
        self.serve(ctx, ceiling)
    }

    /// Gives those who wait what there is.
    pub(super) fn serve(&mut self, ctx: &mut Context<'_, Node>, ceiling: &mut Ceiling) -> Vec<(NodeId, Want, u64)> {
        let options = ctx.options();
        let (size, reserve) = match options.scheme {
            Scheme::Blocks => (options.block, options.block),
            Scheme::Counter | Scheme::Snowflake => (1, options.reserve),
        };
        let mut served = self.give(options, ceiling, size);
        let wanted = self.given + self.waiting.len() as u64 * size;
        if wanted > ceiling.appended() {
            let more = (wanted - ceiling.appended()).max(reserve);
            ceiling.raise(ctx, ceiling.appended() + more);
            served.extend(self.give(options, ceiling, size));
        }
        served
    }

    fn give(&mut self, options: &Options, ceiling: &Ceiling, size: u64) -> Vec<(NodeId, Want, u64)> {
        let bound = match options.mistake {
            Some(Mistake::NotForced) => ceiling.appended(),
            _ => ceiling.durable(),
        };
        let mut served = Vec::new();
        while self.given + size <= bound
            && let Some((to, want)) = self.waiting.pop_front()
        {
            let first = self.given + 1;
            self.given += size;
            if matches!(want, Want::Block { .. }) {
                self.blocks.insert(to, (want, first));
            }
            served.push((to, want, first));
        }
        served
    }
}
