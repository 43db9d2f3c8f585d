//! Nodes that are away for a while: single ones, storms, rolling restarts, outages.

use super::draws;
use super::strike::{Effect, State};
use super::{Away, Course, Whose, later, partitions};
use crate::fault::Tail;
use crate::id::{NodeId, NodeSet};
use crate::latency::Span;
use crate::time::Time;

fn away(how: Away, nodes: Vec<NodeId>) -> Effect {
    Effect::Hold { state: State::Away(how), nodes, whole: false }
}

/// Each spell some, or whoever stated a fact.
pub(super) fn some(course: &mut Course<'_>, how: Away) {
    course.spells(|course, draws, start| {
        let end = course.end(draws, start);
        let effect = match &course.kind.whose {
            Whose::Nodes(nodes) => away(how, draws.pick(nodes, course.kind.count)),
            Whose::Stated(fact) => Effect::HoldWhom(how, fact),
        };
        course.strike(start, end, effect);
        end
    });
}

/// One after another, in an order that is drawn and begins anew when all have crashed.
pub(super) fn storm(course: &mut Course<'_>, gap: &Span, down: &Span, tail: Tail) {
    course.spells(|course, draws, start| {
        let end = course.end(draws, start);
        let Whose::Nodes(nodes) = &course.kind.whose else { return end };
        let order = draws.pick(nodes, u32::MAX);
        let mut at = start;
        for (turn, node) in (0..).zip(order.iter().cycle()) {
            if at >= end {
                break;
            }
            let lane = draws::TURNS + 2 * turn;
            let back = later(at, down.sample(draws.word(lane)));
            course.strike(at, back, away(Away::Crashed(tail), vec![*node]));
            at = later(at, gap.sample(draws.word(lane + 1)));
        }
        end
    });
}

/// Everyone once.
pub(super) fn rolling(course: &mut Course<'_>, gap: &Span, tail: Tail) {
    course.spells(|course, draws, start| {
        let Whose::Nodes(nodes) = &course.kind.whose else { return start };
        let mut at = start;
        let mut over = start;
        for (turn, node) in (0..).zip(nodes.iter()) {
            let lane = draws::TURNS + 2 * turn;
            over = later(at, course.kind.lasts.sample(draws.word(lane)));
            course.strike(at, over, away(Away::Crashed(tail), vec![node]));
            at = later(over, gap.sample(draws.word(lane + 1)));
        }
        over
    });
}

/// A region, or everything, all at once.
pub(super) fn outage(course: &mut Course<'_>, of_region: bool, tail: Tail) {
    course.spells(|course, draws, start| {
        let end = course.end(draws, start);
        let everything = NodeSet::range(0, course.scene.nodes);
        if let Some(befallen) = if of_region { partitions::region(course, draws) } else { Some(&everything) } {
            black_out(course, start, end, befallen, tail);
        }
        end
    });
}

fn black_out(course: &mut Course<'_>, start: Time, end: Time, befallen: &NodeSet, tail: Tail) {
    let nodes = befallen.iter().collect();
    course.strike(start, end, Effect::Hold { state: State::Away(Away::Crashed(tail)), nodes, whole: true });
}
