//! The one log of a process, in which its own records stand among Raft's.

use super::message::{Item, Record};
use super::node::Ctx;
use crate::replication::journal::{Journal, Waiting};
use quorate_engine::OpId;
use std::collections::VecDeque;

/// One log for the broadcast's records and for Raft's.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Log {
    pub(super) own: Journal,
    /// What waits for records of its own.
    pub(super) tasks: Waiting<Task>,
    /// Of Raft's records, how many are durable.
    pub(super) rafts: u64,
    durable: u64,
    /// Of each record that is not durable, in order: whether it is Raft's.
    pub(super) rest: VecDeque<bool>,
}

/// What is done once the disk has its record.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Task {
    Broadcast(Item),
    Delivered(Item),
    Reply(OpId),
}

impl Log {
    /// After recovery has read so many records of each.
    pub(super) fn recovered(own: usize, rafts: usize) -> Log {
        Log {
            own: Journal::recovered(own),
            tasks: Waiting::default(),
            rafts: rafts as u64,
            durable: (own + rafts) as u64,
            rest: VecDeque::new(),
        }
    }

    /// Appends a record of its own, and does the task when it is durable.
    pub(super) fn append(&mut self, ctx: &mut Ctx<'_>, record: Record, task: Task) {
        self.own.append(ctx, record);
        self.rest.push_back(false);
        self.tasks.push(&self.own, task);
    }

    /// The first `upto` records of both together are durable.
    pub(super) fn synced(&mut self, upto: u64) {
        let mut own = self.own.durable();
        while self.durable < upto
            && let Some(is_rafts) = self.rest.pop_front()
        {
            self.durable += 1;
            *(if is_rafts { &mut self.rafts } else { &mut own }) += 1;
        }
        self.own.synced(own);
    }
}
