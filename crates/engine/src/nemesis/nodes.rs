//! What befalls nodes that go on: slow hosts, disks, clocks, and those that lie.

use super::draws::Draws;
use super::strike::{Effect, Spoilt, State};
use super::{Course, Whose};
use crate::clock::Spread;
use crate::fault::Behaviour;
use crate::id::NodeId;

/// Those whom a spell befalls.
fn befallen(course: &Course<'_>, draws: Draws) -> Vec<NodeId> {
    match &course.kind.whose {
        Whose::Nodes(nodes) => draws.pick(nodes, course.kind.count),
        Whose::Stated(_) => Vec::new(),
    }
}

/// Some are in a state as long as the spell lasts.
pub(super) fn hold(course: &mut Course<'_>, state: &State) {
    course.spells(|course, draws, start| {
        let end = course.end(draws, start);
        let nodes = befallen(course, draws);
        course.strike(start, end, Effect::Hold { state: state.clone(), nodes, whole: false });
        end
    });
}

/// Something happens to disks at once.
pub(super) fn spoil(course: &mut Course<'_>, how: Spoilt) {
    course.spells(|course, draws, start| {
        let nodes = befallen(course, draws);
        course.strike(start, start, Effect::Spoil(how, nodes));
        start
    });
}

/// Each wall clock by a draw of its own.
pub(super) fn jump(course: &mut Course<'_>, by_ns: &Spread, back: bool) {
    course.spells(|course, draws, start| {
        let end = if back { course.end(draws, start) } else { start };
        let jumps = befallen(course, draws).into_iter().enumerate();
        let by_ns = jumps.map(|(place, node)| (node, draws.value(by_ns, place))).collect();
        course.strike(start, end, Effect::Jump { by_ns, back });
        end
    });
}

/// Each clock gains a draw of its own as long as the spell lasts.
pub(super) fn drift(course: &mut Course<'_>, ppb: &Spread) {
    course.spells(|course, draws, start| {
        let end = course.end(draws, start);
        for (place, node) in befallen(course, draws).into_iter().enumerate() {
            let state = State::Drift(draws.value(ppb, place));
            course.strike(start, end, Effect::Hold { state, nodes: vec![node], whole: false });
        }
        end
    });
}

/// The same ones throughout.
pub(super) fn byzantine(course: &mut Course<'_>, behaviour: &Behaviour) {
    let nodes = befallen(course, Draws::of(course.key, course.kind.number, 0));
    let state = State::Byzantine(behaviour.clone());
    course.strike(course.from, course.until, Effect::Hold { state, nodes, whole: false });
}
