//! Intervals to faults: at one instant what ends comes first. Where several hold a node, it is in the gravest state, or in that
//! which began last, and comes back when the last of them lets go.

use super::admission::{Admitted, Event};
use super::strike::{Aspect, Spoilt, State};
use super::{Away, KINDS_MAX, Scene};
use crate::fault::{Fault, Partition, Timed, Who, Whom};
use crate::id::{NodeId, NodeSet};
use crate::random::{Keys, Purpose, StreamKey};
use crate::time::Time;
use crate::world::usual_drift;
use std::collections::{BTreeMap, BTreeSet};

/// The faults that the strikes come to.
pub(super) fn timeline(strikes: &[Admitted], scene: &Scene<'_>, seed: u64) -> Vec<Timed> {
    let mut moments: Vec<(Time, bool, usize)> = Vec::with_capacity(2 * strikes.len());
    for (index, strike) in strikes.iter().enumerate() {
        moments.push((strike.start, true, index));
        // What is over at once does not end.
        if strike.end > strike.start {
            moments.push((strike.end, false, index));
        }
    }
    moments.sort_unstable();
    let clock = Keys::from_seed(seed).stream(Purpose::Clock);
    let mut course = Course { strikes, scene, clock, held: BTreeMap::new(), timed: Vec::new() };
    for phase in moments.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
        course.go_on(phase);
    }
    course.timed
}

struct Course<'a> {
    strikes: &'a [Admitted],
    scene: &'a Scene<'a>,
    /// Where usual drifts come from.
    clock: StreamKey,
    /// The strikes that hold a node in an aspect, in the order in which they began.
    held: BTreeMap<(Aspect, NodeId), Vec<usize>>,
    timed: Vec<Timed>,
}

impl<'a> Course<'a> {
    /// All that begins, or all that ends, at one instant.
    fn go_on(&mut self, phase: &[(Time, bool, usize)]) {
        let (at, begins, _) = phase[0];
        let mut touched: BTreeMap<(Aspect, NodeId), Option<&'a State>> = BTreeMap::new();
        for &(.., index) in phase {
            let strike = &self.strikes[index];
            let Event::Hold(state, nodes) = &strike.event else {
                self.timed.extend(self.lone(strike, begins).into_iter().map(|(whom, fault)| Timed {
                    at,
                    trigger: None,
                    whom,
                    fault,
                }));
                continue;
            };
            for &node in nodes {
                let place = (state.aspect(), node);
                let before = self.state(place);
                touched.entry(place).or_insert(before);
                let held = self.held.entry(place).or_default();
                match begins {
                    true => held.push(index),
                    false => held.retain(|other| *other != index),
                }
            }
        }
        let mut changes = Changes::default();
        for (place, before) in touched {
            self.change(&mut changes, place.1, before, self.state(place));
            if self.held[&place].is_empty() {
                self.held.remove(&place);
            }
        }
        self.timed.extend(changes.faults().map(|fault| Timed::new(at, fault)));
    }

    /// The state that a node is in.
    fn state(&self, place: (Aspect, NodeId)) -> Option<&'a State> {
        let states = self.held.get(&place)?.iter().filter_map(|&index| match &self.strikes[index].event {
            Event::Hold(state, _) => Some(state),
            _ => None,
        });
        // The last of the gravest.
        states.max_by_key(|state| gravity(state))
    }

    fn change(&self, changes: &mut Changes, node: NodeId, before: Option<&State>, after: Option<&State>) {
        let grave = |state: Option<&State>| state.map_or(0, gravity);
        if let (Some(State::Away(_)), _) | (_, Some(State::Away(_))) = (before, after) {
            if grave(before) == grave(after) {
                return;
            }
            if let Some(State::Away(away)) = before
                && grave(after) < grave(before)
            {
                changes.end(node, back(*away));
            }
            // A pause is no more when the node crashes, and neither is when it leaves.
            changes.begin(node, after.map(begun));
        } else if before != after {
            match (before, after) {
                (_, Some(after)) => changes.begin(node, Some(begun(after))),
                (Some(before), None) => changes.end(node, self.as_usual(before, node)),
                (None, None) => {}
            }
        }
    }

    /// The fault that ends a state.
    fn as_usual(&self, state: &State, node: NodeId) -> Fault {
        let nobody = NodeSet::default();
        match state {
            State::Away(away) => back(*away),
            State::Slow(_) => Fault::Slow(nobody, 1000),
            State::SlowDisk(_) => Fault::SlowDisk(nobody, 1000),
            State::FullDisk => Fault::RoomOnDisk(nobody),
            State::Drift(_) => Fault::Drift(nobody, usual_drift(self.scene.clocks, self.clock, node)),
            State::Byzantine(_) => Fault::Honest(nobody),
        }
    }

    /// What stands for itself.
    fn lone(&self, strike: &Admitted, begins: bool) -> Vec<(Option<Whom>, Fault)> {
        let place = u64::from(strike.number) * u64::from(KINDS_MAX) + u64::from(strike.kind);
        let number = u32::try_from(u64::from(self.scene.base) + place).expect("a nemesis strikes less than 16 million times");
        let known = |fault: Fault| vec![(None, fault)];
        let whom = |fact: &'static str, fault: Fault| vec![(Some(Whom { who: Who::Stated(fact), number }), fault)];
        match (&strike.event, begins) {
            (Event::Hold(..), _) => Vec::new(),
            (Event::HoldWhom(away, fact), true) => whom(fact, begun(&State::Away(*away))),
            (Event::HoldWhom(away, fact), false) => whom(fact, back(*away)),
            (Event::Cut(partition), true) => known(Fault::Partition(number, partition.clone())),
            (Event::Cut(_), false) => known(Fault::Heal(number)),
            (Event::CutWhom(fact), true) => whom(fact, Fault::Partition(number, Partition::Groups(vec![NodeSet::default(); 2]))),
            (Event::CutWhom(fact), false) => whom(fact, Fault::Heal(number)),
            (Event::Degrade(degradation), true) => known(Fault::Degrade(number, degradation.clone())),
            (Event::Degrade(_), false) => known(Fault::Mend(number)),
            (Event::Spoil(how, nodes), _) => {
                let nodes = NodeSet::from_ranges(nodes.iter().map(|node| (node.0, node.0 + 1)));
                known(match how {
                    Spoilt::Corrupt(bits) => Fault::Corrupt(nodes, *bits),
                    Spoilt::Wiped => Fault::Wipe(nodes),
                })
            }
            (Event::Jump(by_ns, back), _) => {
                let jumps = by_ns.iter().filter(|_| begins || *back);
                let signed = |by: i64| if begins { by } else { -by };
                jumps.map(|&(node, by)| (None, Fault::ClockJump(NodeSet::one(node), signed(by)))).collect()
            }
        }
    }
}

/// Of two ways to be away the graver holds; of other states, that which began last.
fn gravity(state: &State) -> u8 {
    match state {
        State::Away(Away::Left) => 3,
        State::Away(Away::Crashed(_)) => 2,
        _ => 1,
    }
}

/// The fault that begins a state, of nobody yet.
fn begun(state: &State) -> Fault {
    let nobody = NodeSet::default();
    match state {
        State::Away(Away::Paused) => Fault::Pause(nobody),
        State::Away(Away::Crashed(tail)) => Fault::Crash(nobody, *tail),
        State::Away(Away::Left) => Fault::Leave(nobody),
        State::Slow(factor) => Fault::Slow(nobody, *factor),
        State::SlowDisk(factor) => Fault::SlowDisk(nobody, *factor),
        State::FullDisk => Fault::FullDisk(nobody),
        State::Drift(ppb) => Fault::Drift(nobody, *ppb),
        State::Byzantine(behaviour) => Fault::Byzantine(nobody, behaviour.clone()),
    }
}

/// The fault by which a node is no longer away.
fn back(away: Away) -> Fault {
    let nobody = NodeSet::default();
    match away {
        Away::Paused => Fault::Resume(nobody),
        Away::Crashed(_) => Fault::Restart(nobody),
        Away::Left => Fault::Join(nobody),
    }
}

/// What changes at one instant: ends, then beginnings, each fault once with all whom it befalls.
#[derive(Default)]
struct Changes {
    ends: Vec<(Fault, BTreeSet<NodeId>)>,
    beginnings: Vec<(Fault, BTreeSet<NodeId>)>,
}

impl Changes {
    fn end(&mut self, node: NodeId, fault: Fault) {
        Changes::add(&mut self.ends, node, fault);
    }

    fn begin(&mut self, node: NodeId, fault: Option<Fault>) {
        if let Some(fault) = fault {
            Changes::add(&mut self.beginnings, node, fault);
        }
    }

    fn add(list: &mut Vec<(Fault, BTreeSet<NodeId>)>, node: NodeId, fault: Fault) {
        match list.iter_mut().find(|(other, _)| *other == fault) {
            Some((_, nodes)) => _ = nodes.insert(node),
            None => list.push((fault, BTreeSet::from([node]))),
        }
    }

    fn faults(self) -> impl Iterator<Item = Fault> {
        self.ends.into_iter().chain(self.beginnings).map(|(mut fault, nodes)| {
            let befallen = NodeSet::from_ranges(nodes.iter().map(|node| (node.0, node.0 + 1)));
            *fault.nodes_mut().expect("a state is of nodes") = befallen;
            fault
        })
    }
}
