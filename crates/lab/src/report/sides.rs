//! Availability by side: while somebody was cut off or down, who still answered what it was asked. A node is on the side of the
//! majority when it reaches more than half of the members both ways, itself included; of the minority when it does not; and a
//! node that is down, stands still or is no member reaches nobody. Degraded links cut nobody off.

use quorate_engine::Time;
use quorate_engine::fault::{Fault, Partition, absent_at_start};
use quorate_engine::id::{NodeId, NodeSet};
use quorate_engine::outcome::{OperationOutcome, OperationStatus, Outcome};
use quorate_engine::time::Nanos;
use std::collections::{BTreeMap, BTreeSet};

/// Who was asked, and who answered, on which side.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Sides {
    /// The times at which somebody was cut off or down, equal ones together, by their first beginning.
    pub periods: Vec<Period>,
    /// Over all of them, the side of the majority.
    pub majority: Asked,
    /// The others.
    pub minority: Asked,
}

/// A time at which somebody was cut off or down, and the sides stayed the same.
#[derive(Clone, PartialEq, Debug)]
pub struct Period {
    /// When it began first.
    pub from: Time,
    /// When it ended last.
    pub to: Time,
    /// How often it came.
    pub times: u64,
    /// How long it lasted, all times together.
    pub lasted: Nanos,
    /// Who was together; no node is on two sides.
    pub sides: Vec<Side>,
}

/// Nodes that were cut off from the same others.
#[derive(Clone, PartialEq, Debug)]
pub struct Side {
    /// The nodes.
    pub nodes: NodeSet,
    /// How they stood.
    pub standing: Standing,
    /// What they were asked.
    pub asked: Asked,
}

/// How the nodes of a side stood.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Standing {
    /// Each reached a majority.
    Majority,
    /// None did.
    Minority,
    /// They were down, stood still, or were no members.
    Down,
}

impl Standing {
    /// The name that reports have.
    pub fn name(self) -> &'static str {
        match self {
            Standing::Majority => "majority",
            Standing::Minority => "minority",
            Standing::Down => "down",
        }
    }
}

/// Operations, by when and of whom they were asked.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Asked {
    /// How many.
    pub asked: u64,
    /// Of these, those that were answered well, be it later.
    pub answered: u64,
}

impl Asked {
    fn add(&mut self, other: Asked) {
        self.asked += other.asked;
        self.answered += other.answered;
    }

    /// `answered` of `asked`; none when nothing was asked.
    pub fn availability(&self) -> Option<f64> {
        (self.asked > 0).then(|| self.answered as f64 / self.asked as f64)
    }
}

/// More changes than this are looked at only where operations were asked: telling the sides apart costs more than finding them.
const PERIODS_MAX: usize = 10_000;

/// The sides of a run of so many nodes.
pub fn sides(nodes: u32, outcome: &Outcome) -> Sides {
    let events = events(nodes, outcome);
    if events.is_empty() {
        return Sides::default();
    }
    let mut asked: Vec<&OperationOutcome> = outcome.operations.iter().filter(|each| each.invoked().is_some()).collect();
    asked.sort_by_key(|operation| operation.invoked());
    let mut asked = asked.into_iter().peekable();
    let mut world = World::new(nodes, outcome);
    let mut gathered = Gathered::default();
    let ends = events.iter().map(|(at, _)| *at).chain([outcome.ended]);
    // What held before the first event may already be a side that is not there.
    let mut from = Time::ZERO;
    for (index, to) in ends.enumerate() {
        let until = if index == events.len() { Time::NEVER } else { to };
        let mut meanwhile = Vec::new();
        while let Some(operation) = asked.next_if(|operation| operation.invoked().is_some_and(|invoked| invoked < until)) {
            meanwhile.push(operation);
        }
        let worth_it = !meanwhile.is_empty() || (from < to && gathered.periods.len() < PERIODS_MAX);
        if world.is_split() && worth_it {
            gathered.add(from, to, world.sides(), &meanwhile);
        }
        if let Some((at, fault)) = events.get(index) {
            world.befall(fault);
            from = *at;
        }
    }
    gathered.finish()
}

/// What changed who reaches whom, in the order in which it did.
fn events(nodes: u32, outcome: &Outcome) -> Vec<(Time, Fault)> {
    let mut events = Vec::new();
    for (order, strike) in outcome.strikes.iter().enumerate() {
        let planned = &strike.planned.fault;
        let cuts = matches!(
            planned,
            Fault::Partition(..)
                | Fault::Heal(_)
                | Fault::Crash(..)
                | Fault::Restart(_)
                | Fault::Pause(_)
                | Fault::Resume(_)
                | Fault::Leave(_)
                | Fault::Join(_)
        );
        for (at, whom) in strike.instants.iter().filter(|_| cuts) {
            let fault = whom.map_or_else(|| planned.clone(), |node| planned.befalling(node, nodes));
            events.push((*at, order, fault));
        }
    }
    events.sort_by_key(|(at, order, _)| (*at, *order));
    events.into_iter().map(|(at, _, fault)| (at, fault)).collect()
}

/// Who reaches whom.
struct World {
    nodes: u32,
    cut: Vec<(u32, Partition)>,
    down: NodeSet,
    paused: NodeSet,
    absent: NodeSet,
}

impl World {
    fn new(nodes: u32, outcome: &Outcome) -> World {
        let absent = absent_at_start(outcome.strikes.iter().map(|strike| &strike.planned));
        World { nodes, cut: Vec::new(), down: NodeSet::default(), paused: NodeSet::default(), absent }
    }

    fn befall(&mut self, fault: &Fault) {
        match fault {
            Fault::Partition(number, partition) => self.cut.push((*number, partition.clone())),
            Fault::Heal(number) => self.cut.retain(|(other, _)| other != number),
            Fault::Crash(set, _) => {
                self.down = self.down.union(set);
                self.paused = self.paused.without(set);
            }
            Fault::Restart(set) => self.down = self.down.without(set),
            Fault::Pause(set) => self.paused = self.paused.union(&set.without(&self.down)),
            Fault::Resume(set) => self.paused = self.paused.without(set),
            Fault::Leave(set) => {
                self.absent = self.absent.union(set);
                self.down = self.down.without(set);
                self.paused = self.paused.without(set);
            }
            Fault::Join(set) => self.absent = self.absent.without(set),
            _ => {}
        }
    }

    fn is_split(&self) -> bool {
        !(self.cut.is_empty() && self.down.is_empty() && self.paused.is_empty() && self.absent.is_empty())
    }

    /// Everyone, by who reaches the same others.
    fn sides(&self) -> Vec<(NodeSet, Standing)> {
        let mut sets = vec![&self.down, &self.paused, &self.absent];
        sets.extend(self.cut.iter().flat_map(|(_, partition)| partition.sets()));
        let mut bounds: BTreeSet<u32> = sets.iter().flat_map(|set| set.ranges()).flat_map(|&(low, high)| [low, high]).collect();
        bounds.extend([0, self.nodes]);
        let bounds: Vec<u32> = bounds.into_iter().collect();
        // Between two bounds, all nodes are alike.
        let mut alike: BTreeMap<Option<Vec<u64>>, Vec<(u32, u32)>> = BTreeMap::new();
        for pair in bounds.windows(2) {
            let node = NodeId(pair[0]);
            let away = sets[..3].iter().any(|set| set.contains(node));
            let places = (!away).then(|| self.cut.iter().map(|(_, partition)| partition.place(node)).collect());
            alike.entry(places).or_default().push((pair[0], pair[1]));
        }
        let groups: Vec<(Option<Vec<u64>>, NodeSet)> =
            alike.into_iter().map(|(places, ranges)| (places, NodeSet::from_ranges(ranges))).collect();
        let members = u64::from(self.nodes) - self.absent.len();
        let standing = |places: &Option<Vec<u64>>| {
            let Some(own) = places else { return Standing::Down };
            let reached: u64 = groups.iter().map(|(others, set)| self.reached(own, others.as_ref(), set)).sum();
            if 2 * reached > members { Standing::Majority } else { Standing::Minority }
        };
        let mut sides: Vec<(NodeSet, Standing)> = groups.iter().map(|(places, set)| (set.clone(), standing(places))).collect();
        sides.sort_by_key(|(set, standing)| (*standing == Standing::Down, set.ranges().first().copied()));
        sides
    }

    /// How many of these a node in those places reaches both ways.
    fn reached(&self, own: &[u64], others: Option<&Vec<u64>>, set: &NodeSet) -> u64 {
        let Some(others) = others else { return 0 };
        let cut = self.cut.iter().zip(own.iter().zip(others));
        let mut lost = cut.map(|((_, partition), (own, other))| partition.cuts(*own, *other) || partition.cuts(*other, *own));
        match lost.any(|lost| lost) {
            false => set.len(),
            // A node reaches itself, whoever cannot hear its like.
            true => u64::from(own == others.as_slice()),
        }
    }
}

#[derive(Default)]
struct Gathered {
    periods: Vec<Period>,
    /// Where the period of such sides stands.
    known: BTreeMap<Shape, usize>,
}

/// Sides by the ranges of their nodes: sets of nodes have no order.
type Shape = Vec<(Vec<(u32, u32)>, Standing)>;

impl Gathered {
    fn add(&mut self, from: Time, to: Time, sides: Vec<(NodeSet, Standing)>, asked: &[&OperationOutcome]) {
        if from == to && asked.is_empty() {
            return;
        }
        let key = sides.iter().map(|(set, standing)| (set.ranges().to_vec(), *standing)).collect();
        let place = *self.known.entry(key).or_insert_with(|| {
            let side = |(nodes, standing)| Side { nodes, standing, asked: Asked::default() };
            let sides = sides.into_iter().map(side).collect();
            self.periods.push(Period { from, to, times: 0, lasted: 0, sides });
            self.periods.len() - 1
        });
        let period = &mut self.periods[place];
        // Something else may have changed and changed back at one instant.
        period.times += u64::from(period.times == 0 || period.to < from);
        period.lasted += to.since(from);
        period.to = to;
        for operation in asked {
            let one = Asked { asked: 1, answered: u64::from(operation.status == OperationStatus::Ok) };
            if let Some(side) = period.sides.iter_mut().find(|side| side.nodes.contains(operation.to)) {
                side.asked.add(one);
            }
        }
    }

    fn finish(self) -> Sides {
        let mut all = Sides { periods: self.periods, ..Sides::default() };
        for side in all.periods.iter().flat_map(|period| &period.sides) {
            let whose = if side.standing == Standing::Majority { &mut all.majority } else { &mut all.minority };
            whose.add(side.asked);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODES: u32 = 7;

    /// Some of the nodes, by the bits of a number.
    fn some(bits: u32) -> NodeSet {
        NodeSet::from_ranges((0..NODES).filter(|node| bits >> node & 1 != 0).map(|node| (node, node + 1)))
    }

    /// Whether `from` reaches `to` and is reached, by the definition.
    fn meet(world: &World, from: NodeId, to: NodeId) -> bool {
        let away = |node| [&world.down, &world.paused, &world.absent].iter().any(|set| set.contains(node));
        let passes = |from: NodeId, to: NodeId| {
            world.cut.iter().all(|(_, partition)| match partition {
                Partition::Groups(groups) => {
                    let grouped = |node| groups.iter().any(|group| group.contains(node));
                    !grouped(from) || !grouped(to) || groups.iter().any(|group| group.contains(from) && group.contains(to))
                }
                Partition::OneWay(senders, receivers) => !(senders.contains(from) && receivers.contains(to)),
            })
        };
        !away(from) && !away(to) && (from == to || (passes(from, to) && passes(to, from)))
    }

    #[test]
    fn sides_agree_with_the_definition() {
        let mut state = 7u32;
        let mut draw = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 20 & 0x7f
        };
        let mut seen = BTreeSet::new();
        for round in 0..4_000 {
            let mut world =
                World { nodes: NODES, cut: Vec::new(), down: some(0), paused: some(0), absent: some(draw() & draw() & draw()) };
            for number in 0..round % 3 {
                let partition = match draw() % 3 {
                    0 => Partition::OneWay(some(draw()), some(draw())),
                    1 => Partition::Groups(vec![some(draw()), some(draw())]),
                    _ => Partition::Groups(vec![some(draw() & draw()), some(draw() & draw()), some(draw())]),
                };
                world.befall(&Fault::Partition(number, partition));
            }
            world.befall(&Fault::Crash(some(draw() & draw() & draw()), quorate_engine::fault::Tail::Lost));
            world.befall(&Fault::Pause(some(draw() & draw() & draw())));
            let sides = world.sides();
            for node in (0..NODES).map(NodeId) {
                let of: Vec<_> = sides.iter().filter(|(set, _)| set.contains(node)).collect();
                let [(_, standing)] = of[..] else { panic!("{node} is on {} sides", of.len()) };
                let met = (0..NODES).filter(|other| meet(&world, node, NodeId(*other))).count() as u64;
                let expected = match met {
                    0 => Standing::Down,
                    met if 2 * met > u64::from(NODES) - world.absent.len() => Standing::Majority,
                    _ => Standing::Minority,
                };
                assert_eq!(*standing, expected, "{node} meets {met}, {:?}", world.cut);
                seen.insert(*standing);
            }
        }
        assert_eq!(seen.len(), 3);
    }
}
