//! Who broadcast and who delivered what, and whether that is what was promised: at every step by a monitor, [`Deliveries`], and once more at the
//! end of a run, from outside, by [`quorate_check::order`].
//!
//! | property (Hadzilacos and Toueg 1994, §3) | check |
//! |---|---|
//! | integrity: at most once, and only what was broadcast | `no-duplication`, `no-creation` |
//! | FIFO order, causal order, total order | `ordered` |
//! | validity, (uniform) agreement | `agreement`, where all of it is judged again |

use crate::harness::Seen;
use crate::registry::{Check, CheckInfo, Report};
use quorate_check::Verdict;
use quorate_check::order::{self, Event, Process, Property, Run, Scope, What};
use quorate_engine::simulate::FACTS_KEPT_MAX;
use quorate_engine::{Actor, Broken, Monitor, NodeId, Update};
use std::collections::{BTreeMap, BTreeSet};

/// A protocol that broadcasts messages and delivers them.
pub(crate) trait Broadcasts: Actor {
    /// What is promised.
    fn promises(options: &Self::Options) -> Promises;

    /// What a fact says of messages.
    fn step(fact: &Self::Fact) -> Option<Step>;

    /// Whether a process is to deliver what is broadcast in a channel.
    fn hears(_options: &Self::Options, _node: NodeId, _nodes: u32, _channel: u32) -> bool {
        true
    }

    /// Whether it has lost its disk, and stays out.
    fn is_out(&self) -> bool {
        false
    }
}

/// Something that happened to a message.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Step {
    /// A process sent it to all.
    Broadcast {
        /// Its name.
        message: Update,
        /// In which channel.
        channel: u32,
    },
    /// A process delivered it.
    Delivered {
        /// Its name.
        message: Update,
        /// In which channel.
        channel: u32,
        /// Under this number, where messages have numbers: from 1 on in each channel.
        number: Option<u64>,
    },
    /// A process has come back, and its disk says that it had delivered this: all of it is told again, in its order. What was durable when the
    /// process crashed was delivered, and need not have been told.
    Had {
        /// Its name.
        message: Update,
        /// In which channel.
        channel: u32,
        /// As [`Step::Delivered`] has it.
        number: Option<u64>,
    },
}

/// What a protocol promises of deliveries. That nothing is delivered that was not broadcast is always promised.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Promises {
    /// Nobody delivers a message twice.
    pub(crate) once: bool,
    /// In which order.
    pub(crate) order: Order,
    /// What some deliver, every correct process does: what correct ones deliver, or what anybody does, uniformly. `None`: nobody promises that.
    pub(crate) agreement: Option<Scope>,
}

/// An order of deliveries, in each channel.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Order {
    /// Any.
    Any,
    /// Of each sender's messages, as it sent them.
    Fifo,
    /// Nothing before what its sender had sent or delivered before it.
    Causal,
    /// The same everywhere, without gaps: of what two processes have delivered, one is the beginning of the other.
    Total,
}

pub(crate) const NO_DUPLICATION: &str = "no-duplication";
pub(crate) const NO_CREATION: &str = "no-creation";
pub(crate) const ORDERED: &str = "ordered";
pub(crate) const AGREEMENT: &str = "agreement";

/// The checks of every broadcast; [`report`] adds the last, and says which of the others nobody promised.
pub(crate) const CHECKS: [CheckInfo; 4] = [
    CheckInfo { name: NO_CREATION, summary: "nobody delivers what nobody broadcast" },
    CheckInfo { name: NO_DUPLICATION, summary: "nobody delivers a message twice, after a crash neither" },
    CheckInfo {
        name: ORDERED,
        summary: "at every step messages are delivered in the order that is promised: FIFO, causal or total",
    },
    CheckInfo {
        name: AGREEMENT,
        summary: "in the end every correct process has delivered its own messages, and what another one has; and all of the above, judged from outside",
    },
];

/// What was broadcast and delivered so far.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Deliveries {
    /// In which channel a message is, and what it must come after: what its sender had broadcast or delivered since its message before, and
    /// that one.
    sent: BTreeMap<Update, (u32, Vec<Update>)>,
    /// Of each process, what its next message must come after.
    causes: BTreeMap<NodeId, Vec<Update>>,
    /// What each process has delivered.
    had: BTreeMap<NodeId, BTreeSet<Update>>,
    /// Each channel's messages in the order in which the first process delivered them.
    sequences: BTreeMap<u32, Vec<Update>>,
    /// How many messages of a channel a process has delivered.
    places: BTreeMap<(u32, NodeId), usize>,
}

impl Deliveries {
    /// How often messages were delivered.
    pub(crate) fn count(&self) -> usize {
        self.had.values().map(BTreeSet::len).sum()
    }

    /// How many messages were broadcast.
    pub(crate) fn broadcasts(&self) -> usize {
        self.sent.len()
    }

    /// Whether all processes that should have heard a message have it: validity and agreement, from these books alone.
    fn agree(&self, scope: Scope, correct: &BTreeSet<u32>, hears: impl Fn(NodeId, u32) -> bool) -> Verdict {
        let nobody = BTreeSet::new();
        let had = |node: u32| self.had.get(&NodeId(node)).unwrap_or(&nobody);
        let who = |node: &&NodeId| scope == Scope::All || correct.contains(&node.0);
        let mut owed: BTreeMap<Update, u32> = BTreeMap::new();
        for (message, (channel, _)) in self.sent.iter().filter(|(message, _)| correct.contains(&message.origin.0)) {
            owed.insert(*message, *channel);
        }
        for messages in self.had.iter().filter(|(node, _)| who(node)).map(|(_, had)| had) {
            owed.extend(messages.iter().filter_map(|message| Some((*message, self.sent.get(message)?.0))));
        }
        for (message, channel) in owed {
            let lacks = |node: &&u32| hears(NodeId(**node), channel) && !had(**node).contains(&message);
            if let Some(node) = correct.iter().find(lacks) {
                return Verdict::Violation(format!("n{node} never delivered {message}, which it should have"));
            }
        }
        Verdict::Ok
    }

    fn broadcast(&mut self, order: Order, node: NodeId, message: Update, channel: u32) {
        if self.sent.contains_key(&message) {
            return;
        }
        let causes = match order {
            Order::Fifo | Order::Causal => std::mem::replace(self.causes.entry(node).or_default(), vec![message]),
            Order::Any | Order::Total => Vec::new(),
        };
        self.sent.insert(message, (channel, causes));
    }

    fn delivered(
        &mut self,
        promises: Promises,
        node: NodeId,
        message: Update,
        channel: u32,
        number: Option<u64>,
    ) -> Result<(), Broken> {
        let broken = |property, evidence| Err(Broken { property, evidence });
        let Some((_, causes)) = self.sent.get(&message) else {
            return broken(NO_CREATION, format!("{message} is delivered, and nobody has broadcast it"));
        };
        let had = self.had.entry(node).or_default();
        if !had.insert(message) {
            let evidence = format!("{message} is delivered a second time");
            return if promises.once { broken(NO_DUPLICATION, evidence) } else { Ok(()) };
        }
        let missing = causes.iter().find(|cause| !had.contains(cause));
        match promises.order {
            Order::Any => {}
            Order::Fifo | Order::Causal => {
                if promises.order == Order::Causal {
                    self.causes.entry(node).or_default().push(message);
                }
                if let Some(cause) = missing {
                    let did = if cause.origin == message.origin { "broadcast" } else { "delivered" };
                    let sender = message.origin;
                    let evidence = format!("{sender} had {did} {cause} before it broadcast {message}, which is delivered first");
                    return broken(ORDERED, evidence);
                }
            }
            Order::Total => {
                let (sequence, place) =
                    (self.sequences.entry(channel).or_default(), self.places.entry((channel, node)).or_default());
                *place += 1;
                let place = *place;
                match sequence.get(place - 1) {
                    None => sequence.push(message),
                    Some(other) if *other == message => {}
                    Some(other) => {
                        let evidence = format!("{message} is delivered here as message {place}, and {other} elsewhere");
                        return broken(ORDERED, evidence);
                    }
                }
                if let Some(number) = number.filter(|number| *number != place as u64) {
                    let evidence = format!("{message} is delivered as message {place}, and its number is {number}");
                    return broken(ORDERED, evidence);
                }
            }
        }
        Ok(())
    }
}

impl AsRef<Deliveries> for Deliveries {
    fn as_ref(&self) -> &Deliveries {
        self
    }
}

impl<A: Broadcasts> Monitor<A> for Deliveries {
    const PROPERTIES: &'static [&'static str] = &[NO_CREATION, NO_DUPLICATION, ORDERED];

    fn fact(&mut self, options: &A::Options, node: NodeId, fact: &A::Fact) -> Result<(), Broken> {
        let promises = A::promises(options);
        match A::step(fact) {
            None => Ok(()),
            Some(Step::Broadcast { message, channel }) => {
                self.broadcast(promises.order, node, message, channel);
                Ok(())
            }
            Some(Step::Had { message, .. }) if self.had.get(&node).is_some_and(|had| had.contains(&message)) => Ok(()),
            Some(Step::Delivered { message, channel, number } | Step::Had { message, channel, number }) => {
                self.delivered(promises, node, message, channel, number)
            }
        }
    }
}

/// Judges a run from outside, channel by channel, and says which of the monitor's properties nobody had promised.
pub(crate) fn report<A: Broadcasts<Monitor: AsRef<Deliveries>>>(seen: &Seen<'_, A>, report: &mut Report) {
    let promises = A::promises(seen.options);
    let not_judged = |name: &str, why: &str, report: &mut Report| {
        let check = report.checks.iter_mut().find(|check| check.name == name).expect("the monitor judges it");
        check.verdict = Verdict::NotJudged(why.to_string());
    };
    if !promises.once {
        not_judged(NO_DUPLICATION, "what is sent may arrive as often as the network likes", report);
    }
    if promises.order == Order::Any {
        not_judged(ORDERED, "no order is promised", report);
    }
    let verdict = match promises.agreement {
        Some(scope) => judge(seen, promises, scope),
        None => Verdict::NotJudged("nobody promises that all hear".to_string()),
    };
    report.checks.push(Check { name: AGREEMENT, verdict });
}

fn judge<A: Broadcasts<Monitor: AsRef<Deliveries>>>(seen: &Seen<'_, A>, promises: Promises, scope: Scope) -> Verdict {
    let nodes = seen.replicas.len() as u32;
    let correct: BTreeSet<u32> = seen.live().filter(|(_, process)| !process.is_out()).map(|(number, _)| number).collect();
    if seen.facts.len() >= FACTS_KEPT_MAX {
        // Of a run this long the monitor alone knows everything.
        return seen.monitor.as_ref().agree(scope, &correct, |node, channel| A::hears(seen.options, node, nodes, channel));
    }
    let mut properties = vec![Property::NoCreation, Property::Validity, Property::Agreement(scope)];
    properties.extend(promises.once.then_some(Property::NoDuplication));
    match promises.order {
        Order::Any => {}
        Order::Fifo => properties.push(Property::Fifo(Scope::All)),
        Order::Causal => properties.push(Property::Causal(Scope::All)),
        Order::Total => properties.extend([Property::Prefix(Scope::All), Property::Numbers(Scope::All)]),
    }
    let mut events: BTreeMap<u32, Vec<Event>> = BTreeMap::new();
    let mut told: BTreeSet<(NodeId, Update)> = BTreeSet::new();
    for (_, node, fact) in seen.facts {
        let (channel, message, what) = match A::step(fact) {
            None => continue,
            Some(Step::Broadcast { message, channel }) => (channel, message, What::Broadcast),
            Some(Step::Had { message, .. }) if told.contains(&(*node, message)) => continue,
            Some(Step::Delivered { message, channel, number } | Step::Had { message, channel, number }) => {
                told.insert((*node, message));
                (channel, message, What::Deliver { number })
            }
        };
        // What the judge calls a message is a number.
        let message = u64::from(message.origin.0) * 10_000_000_000 + u64::from(message.number);
        events.entry(channel).or_default().push(Event { process: node.0, message, what });
    }
    for (channel, events) in &events {
        let hears = |node: &u32| A::hears(seen.options, NodeId(*node), nodes, *channel);
        let processes: Vec<Process> =
            (0..nodes).map(|process| Process { process, correct: correct.contains(&process) && hears(&process) }).collect();
        let verdict = order::judge(&Run { processes: &processes, events, settled: true }, &properties);
        if verdict != Verdict::Ok {
            return verdict;
        }
    }
    Verdict::Ok
}
