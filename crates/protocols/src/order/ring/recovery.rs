//! How a process comes back: with what is on its disk.

use super::message::{Message, Record};
use super::monitor::Fact;
use super::node::{Ctx, Process};
use super::options::Form;
use quorate_engine::Update;

impl Process {
    /// Reads the log. The last that it says of the token, where that is kept by logs.
    pub(super) fn read(&mut self, records: &[Record], ctx: &mut Ctx<'_>) -> Option<Record> {
        let mut token = None;
        for record in records {
            match *record {
                Record::Own(posted) => {
                    self.asked.insert(posted.operation, posted.id.number);
                    self.pool.insert(posted.id, posted);
                }
                Record::Accepted(number, generation, posted) => {
                    self.promised = self.promised.max(generation);
                    self.sequence.put(number, generation, posted, false);
                    self.sequence.written(number, generation);
                }
                Record::Delivered(number) => {
                    if let Some(posted) = self.sequence.deliver(number) {
                        self.enter(ctx, posted);
                    }
                }
                Record::Promised(generation) => self.promised = self.promised.max(generation),
                Record::Took(..) | Record::Passes(..) => token = Some(*record),
            }
        }
        token
    }

    /// What was perhaps never said before the crash is said now.
    pub(super) fn tell_anew(&self, ctx: &mut Ctx<'_>) {
        let me = ctx.node();
        for (operation, number) in &self.asked {
            let id = Update { origin: me, number: *number };
            ctx.accept(*operation, id);
            ctx.fact(Fact::Broadcast(id));
        }
        for (posted, number) in self.log.iter().zip(1..) {
            ctx.fact(Fact::Has(number, posted.id));
        }
        ctx.publish(self.digest);
        if ctx.options().form == Form::Sequencer {
            self.pool.values().for_each(|posted| ctx.broadcast(Message::Posted(*posted, true)));
        }
    }
}
