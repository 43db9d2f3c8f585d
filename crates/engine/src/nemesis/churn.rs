//! Nodes that come and go, each by itself.

use super::draws::{self, Draws};
use super::strike::{Effect, State};
use super::{Away, Course, Whose, later};
use crate::latency::Span;

/// Each node's turns are draws of its own, so that one node more shifts nobody's.
pub(super) fn draw(course: &mut Course<'_>, up: &Span, away: &Span, how: Away) {
    let Whose::Nodes(nodes) = &course.kind.whose else { return };
    for node in nodes.iter() {
        let draws = Draws::of(course.key, course.kind.number, node.0);
        let mut at = course.from;
        for turn in 0.. {
            let lane = draws::TURNS + 2 * turn;
            let gone = later(at, course.pace.of(up.sample(draws.word(lane))));
            if gone >= course.until {
                break;
            }
            at = later(gone, away.sample(draws.word(lane + 1)));
            course.strike(gone, at, Effect::Hold { state: State::Away(how), nodes: vec![node], whole: false });
        }
    }
}
