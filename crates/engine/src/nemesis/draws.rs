//! What nemeses draw: keyed by the kind's number and the spell's, and within a spell by lanes, so that nothing shifts anything.

use crate::clock::Spread;
use crate::id::{NodeId, NodeSet};
use crate::random::{Draw, StreamKey, lane};

/// Lanes of a spell's draw.
pub(super) const EVERY: u32 = 0;
pub(super) const LASTS: u32 = 1;
/// Which of several ways it takes.
pub(super) const WAY: u32 = 2;
/// Which of two sides.
pub(super) const SIDE: u32 = 3;
/// Lanes of a kind's draw for the whole run.
pub(super) const OFF: u32 = 0;
pub(super) const PACE: u32 = 1;
/// What the turns within a spell draw: two lanes each from here on.
pub(super) const TURNS: u32 = 1 << 8;
/// What each of the nodes draws that were picked.
const VALUES: u32 = 2 << 30;
/// Which nodes are picked.
const PICKS: u32 = 3 << 30;

/// The draws of one spell.
#[derive(Clone, Copy)]
pub(super) struct Draws(u64);

impl Draws {
    pub(super) fn of(key: StreamKey, kind: u32, spell: u32) -> Draws {
        Draws(key.draw(kind, spell))
    }

    /// What a kind draws once in a run. Kinds' own numbers are far below.
    pub(super) fn swarm(key: StreamKey, kind: u32) -> Draws {
        Draws(key.draw(u32::MAX, kind))
    }

    pub(super) fn word(self, number: u32) -> u64 {
        lane(self.0, number)
    }

    pub(super) fn below(self, number: u32, bound: u64) -> u64 {
        Draw(self.word(number)).below(bound)
    }

    /// So many of the nodes, or all when there are fewer, in the order in which they are drawn.
    pub(super) fn pick(self, nodes: &NodeSet, count: u32) -> Vec<NodeId> {
        let mut order: Vec<NodeId> = nodes.iter().collect();
        let count = order.len().min(count as usize);
        // The beginning of a shuffle (R. Durstenfeld, CACM 7(7), 1964).
        for place in 0..count {
            let left = (order.len() - place) as u64;
            order.swap(place, place + self.below(PICKS + place as u32, left) as usize);
        }
        order.truncate(count);
        order
    }

    /// What a spread gives the node that was picked in that place.
    pub(super) fn value(self, spread: &Spread, place: usize) -> i64 {
        spread.at(self.word(VALUES + place as u32))
    }
}
