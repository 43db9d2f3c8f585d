//! Links that get worse.

use super::strike::Effect;
use super::{Course, Whose};
use crate::fault::Degradation;
use crate::id::NodeSet;

/// Messages between some and everyone else, both ways unless the template says otherwise.
pub(super) fn degrade(course: &mut Course<'_>, template: &Degradation) {
    course.spells(|course, draws, start| {
        let end = course.end(draws, start);
        let Whose::Nodes(nodes) = &course.kind.whose else { return end };
        let some = draws.pick(nodes, course.kind.count);
        let from = NodeSet::from_ranges(some.iter().map(|node| (node.0, node.0 + 1)));
        let to = NodeSet::range(0, course.scene.nodes);
        course.strike(start, end, Effect::Degrade(Degradation { from, to, ..template.clone() }));
        end
    });
}
