//! What gossiping replicas send each other: whole states and requests for them, 16 bytes here, counted as what they hold.

use super::state::State;
use quorate_engine::{Content, Kind, Message as Counted, Sink, Timer, TimerSlot, Wire};
use std::fmt::Debug;
use std::hash::Hash;

/// A message; an absent state is one that knows nothing.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Message<S> {
    /// Here is my state.
    Push(Option<Content<S>>),
    /// Tell me yours.
    Pull,
    /// The answer to a pull.
    PullReply(Option<Content<S>>),
    /// Here is mine, tell me yours.
    PushPull(Option<Content<S>>),
    /// The answer to a push-pull.
    PushPullReply(Option<Content<S>>),
}

impl<S: Wire> Wire for Message<S> {
    #[inline]
    fn encode(&self, sink: &mut impl Sink) {
        let (tag, state) = match self {
            Message::Push(state) => (0, state),
            Message::Pull => return sink.u8(1),
            Message::PullReply(state) => (2, state),
            Message::PushPull(state) => (3, state),
            Message::PushPullReply(state) => (4, state),
        };
        sink.u8(tag);
        state.encode(sink);
    }
}

impl<S: State> Counted for Message<S> {
    const KINDS: &'static [Kind] = &[
        Kind::protocol("push"),
        Kind::protocol("pull"),
        Kind::protocol("pull-reply"),
        Kind::protocol("push-pull"),
        Kind::protocol("push-pull-reply"),
    ];

    #[inline]
    fn kind(&self) -> usize {
        match self {
            Message::Push(_) => 0,
            Message::Pull => 1,
            Message::PullReply(_) => 2,
            Message::PushPull(_) => 3,
            Message::PushPullReply(_) => 4,
        }
    }

    /// Another state than the sender's.
    fn forge(&self, choice: u64) -> Option<Message<S>> {
        let mut forged = self.clone();
        match &mut forged {
            Message::Push(state) | Message::PullReply(state) | Message::PushPull(state) | Message::PushPullReply(state) => {
                *state = Some(Content::new(state.as_ref()?.forge(choice)?));
            }
            Message::Pull => return None,
        }
        Some(forged)
    }
}

/// The only timer: the next round is due.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Tick;

impl Timer for Tick {
    type Slots = [TimerSlot; 1];

    #[inline]
    fn index(self) -> usize {
        0
    }

    #[inline]
    fn from_index(_: usize) -> Tick {
        Tick
    }
}
