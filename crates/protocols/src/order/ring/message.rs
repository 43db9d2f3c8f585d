//! What processes send each other, and what they write down.

use quorate_engine::{Kind, Message as Counted, NodeId, OpId, Role, Timer as Named, TimerSlot, Update};
use std::rc::Rc;

/// A message that is to be delivered everywhere.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Posted {
    /// Its name.
    pub id: Update,
    /// The client's operation.
    pub operation: OpId,
    /// What clients call its channel; there is one order over all of them.
    pub channel: u32,
    /// What it says.
    pub value: u64,
}

/// A token and all that becomes of it until it is lost. A later one is over all before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Generation {
    /// 0 for the token that node 0 has at the start.
    pub round: u32,
    /// Who made the token.
    pub node: NodeId,
}

impl Generation {
    /// That of the token with which a run starts.
    pub const FIRST: Generation = Generation { round: 0, node: NodeId(0) };
}

/// Where a token is on its way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    /// Which token.
    pub generation: Generation,
    /// How often it was passed.
    pub hop: u64,
}

/// A process of a ring, in one of its lives: what is sent to one that has crashed since is not for the one that came back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Member {
    /// Which process.
    pub node: NodeId,
    /// How often it was restarted.
    pub life: u32,
}

/// The privilege to give numbers.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Token {
    /// Which, and how often it was passed.
    pub place: Place,
    /// The next number to give.
    pub next: u64,
    /// The first number that this token gave; what is before it, those before it gave.
    pub base: u64,
    /// Up to there a majority has accepted everything: nothing else can come in its place.
    pub stable: u64,
    /// Who gets it in turn, by ascending node.
    pub ring: Vec<Member>,
    /// Of each process, up to which number it has accepted everything from this token, durably.
    pub accepted: Vec<u64>,
    /// Numbers that somebody lacks.
    pub missing: Vec<(NodeId, u64)>,
    /// How often it was at the first of its ring.
    pub rounds: u64,
}

/// A number and what has it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Given {
    /// From 1 on.
    pub number: u64,
    /// From which token it was accepted; `None`: it is stable.
    pub generation: Option<Generation>,
    /// What.
    pub posted: Posted,
}

/// Why a numbered message is sent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Why {
    /// It has just got its number.
    New,
    /// A new token found it.
    Recovered,
    /// Somebody lacks it.
    Missing,
}

/// Between processes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Message {
    /// To all, moving sequencer: number this; whether the sender may have said so before.
    Posted(Posted, bool),
    /// A message with its number; of the token that is there, or stable.
    Numbered {
        /// Where the token was.
        place: Place,
        /// What is stable, as far as the sender knows.
        stable: u64,
        /// Number and message.
        given: Given,
        /// What for.
        why: Why,
    },
    /// To all, moving sequencer: the number of a message that everybody was sent.
    Number {
        /// Where the token is.
        place: Place,
        /// What is stable.
        stable: u64,
        /// The number.
        number: u64,
        /// The message.
        id: Update,
    },
    /// The token is yours; whether the sender has said so before.
    Token(Token, bool),
    /// To who passed it: it is taken.
    Taken(Place),
    /// To who passed it, or to who seals: not from this token; this generation is promised.
    Refused(Place, Generation),
    /// A process is no member of the ring, or in a new life, and wants to be one.
    Join {
        /// In which life.
        life: u32,
        /// Tokens before this it refuses.
        promised: Generation,
    },
    /// Has anybody heard of the token since it was here?
    Probe(Place),
    /// Not lately.
    Quiet(Place),
    /// Yes.
    Lively(Place),
    /// Accept nothing more from older tokens, and say what there is beyond a number.
    Seal {
        /// The token that is to be made.
        generation: Generation,
        /// Up to there the sender has it all, and it is stable.
        beyond: u64,
    },
    /// It is promised.
    Sealed {
        /// The token that is to be made.
        generation: Generation,
        /// In which life the sender is.
        life: u32,
        /// What it has accepted.
        given: Rc<[Given]>,
    },
}

/// A line of a process's log.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Record {
    /// It broadcasts this.
    Own(Posted),
    /// It has accepted this.
    Accepted(u64, Generation, Posted),
    /// It delivers the message of this number.
    Delivered(u64),
    /// It accepts nothing from older tokens.
    Promised(Generation),
    /// It has the token, after so many hops, and gives this number next. Where the token is kept by logs alone.
    Took(u64, u64),
    /// It passes the token, after so many hops, with this number as the next.
    Passes(u64, u64),
}

/// The timers of a process.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Timer {
    /// The token was kept long enough.
    Pace,
    /// Nobody has taken the token that was passed.
    Resend,
    /// Nothing was heard of the token for some time.
    Quiet,
    /// Time to make a new token.
    Attempt,
    /// Those who have not answered a probe or a seal are asked again.
    Gather,
}

impl Named for Timer {
    type Slots = [TimerSlot; 5];

    fn index(self) -> usize {
        self as usize
    }

    fn from_index(index: usize) -> Timer {
        [Timer::Pace, Timer::Resend, Timer::Quiet, Timer::Attempt, Timer::Gather][index]
    }
}

const fn kind(name: &'static str, role: Role) -> Kind {
    Kind { name, role }
}

impl Message {
    /// How many kinds, from the first on, are sent for a broadcast where nothing is lost.
    pub(super) const WORK: usize = 3;
}

impl Counted for Message {
    const KINDS: &'static [Kind] = &[
        Kind::protocol("posted"),
        Kind::protocol("numbered"),
        Kind::protocol("number"),
        Kind::protocol("token"),
        Kind::protocol("taken"),
        kind("token-again", Role::Retry),
        kind("posted-again", Role::Retry),
        kind("numbered-again", Role::Retry),
        kind("recovered", Role::Recovery),
        kind("refused", Role::Recovery),
        kind("join", Role::Recovery),
        kind("probe", Role::Recovery),
        kind("quiet", Role::Recovery),
        kind("lively", Role::Recovery),
        kind("seal", Role::Recovery),
        kind("sealed", Role::Recovery),
    ];

    fn kind(&self) -> usize {
        match self {
            Message::Posted(_, false) => 0,
            Message::Numbered { why: Why::New, .. } => 1,
            Message::Number { .. } => 2,
            Message::Token(_, false) => 3,
            Message::Taken(_) => 4,
            Message::Token(_, true) => 5,
            Message::Posted(_, true) => 6,
            Message::Numbered { why: Why::Missing, .. } => 7,
            Message::Numbered { why: Why::Recovered, .. } => 8,
            Message::Refused(..) => 9,
            Message::Join { .. } => 10,
            Message::Probe(_) => 11,
            Message::Quiet(_) => 12,
            Message::Lively(_) => 13,
            Message::Seal { .. } => 14,
            Message::Sealed { .. } => 15,
        }
    }

    /// Another value, another number.
    fn forge(&self, choice: u64) -> Option<Message> {
        let mut forged = self.clone();
        let lie = 1 + choice % 1024;
        match &mut forged {
            Message::Posted(posted, _) => posted.value = posted.value.wrapping_add(lie),
            Message::Numbered { given, .. } => given.posted.value = given.posted.value.wrapping_add(lie),
            Message::Number { number, .. } => *number += lie,
            Message::Token(token, _) => token.next += lie,
            _ => return None,
        }
        Some(forged)
    }
}
