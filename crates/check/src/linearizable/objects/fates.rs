//! What the answers of a queue or stack say beforehand about the order of its elements. Where every element is inserted and taken once,
//! and one was taken before another even began to be, it must have been inserted before the other into a queue, and cannot have been
//! under the other in a stack. A search that looks ahead this far need not find out the hard way.

use crate::history::Value;

/// When each element is taken.
pub(in crate::linearizable) struct Fates {
    is_stack: bool,
    /// The elements, in the order of their numbers; empty when nothing can be said.
    elements: Vec<Fate>,
    /// A ring of the elements of a queue that are not inserted yet, in the order in which they will certainly have been taken. The last
    /// link begins it.
    links: Vec<(u32, u32)>,
    /// The instant by which the first of the elements of a stack up to each will certainly have been taken.
    pub(super) below: Vec<i64>,
}

/// When an element is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::linearizable) struct Fate {
    pub(in crate::linearizable) element: Value,
    /// Not before this.
    pub(in crate::linearizable) from: i64,
    /// By then; `i64::MAX` if not for certain.
    pub(in crate::linearizable) by: i64,
}

impl Fates {
    /// Of different elements, in the order of their numbers.
    pub(in crate::linearizable) fn new(elements: Vec<Fate>, is_stack: bool) -> Fates {
        let head = elements.len();
        let mut order: Vec<usize> = (0..elements.len()).collect();
        order.sort_by_key(|place| elements[*place].by);
        let mut links = vec![(head as u32, head as u32); head + 1];
        for place in order {
            let last = std::mem::replace(&mut links[head].0, place as u32);
            links[last as usize].1 = place as u32;
            links[place] = (last, head as u32);
        }
        Fates { is_stack, elements, links, below: Vec::new() }
    }

    /// An element as states are told apart by it: those that nobody ever takes are all alike.
    pub(super) fn print(&self, element: Value) -> u64 {
        let is_left = self.place(element).is_some_and(|place| self.elements[place].from == i64::MAX);
        if is_left { u64::from(u32::MAX) + 1 } else { u64::from(element.0) }
    }

    /// Whether an element must not be inserted now.
    pub(super) fn forbid(&self, element: Value) -> bool {
        let Some(place) = self.place(element) else { return false };
        let from = self.elements[place].from;
        if self.is_stack {
            return self.below.last().is_some_and(|by| *by < from);
        }
        let head = self.elements.len();
        let mut first = self.links[head].1 as usize;
        if first == place {
            first = self.links[first].1 as usize;
        }
        first != head && self.elements[first].by < from
    }

    /// An element is inserted.
    pub(super) fn insert(&mut self, element: Value) {
        if self.is_stack {
            self.cover(element);
        } else if let Some(place) = self.place(element) {
            let (previous, next) = self.links[place];
            self.links[previous as usize].1 = next;
            self.links[next as usize].0 = previous;
        }
    }

    /// The latest insertion is undone.
    pub(super) fn take_back(&mut self, element: Value) {
        if self.is_stack {
            self.below.pop();
        } else if let Some(place) = self.place(element) {
            let (previous, next) = self.links[place];
            self.links[previous as usize].1 = place as u32;
            self.links[next as usize].0 = place as u32;
        }
    }

    /// An element lies on top of a stack.
    pub(super) fn cover(&mut self, element: Value) {
        let by = self.place(element).map_or(i64::MAX, |place| self.elements[place].by);
        self.below.push(self.below.last().copied().unwrap_or(i64::MAX).min(by));
    }

    fn place(&self, element: Value) -> Option<usize> {
        self.elements.binary_search_by_key(&element, |fate| fate.element).ok()
    }
}
