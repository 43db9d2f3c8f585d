//! How a process comes back: with what its log says, as a sequencer or not.

use super::channel::{Accepted, Leading, Role};
use super::fact::Fact;
use super::message::{Entry, Record};
use super::node::{Ctx, Sequenced};
use crate::replication::journal::Journal;

impl Sequenced {
    /// Starts, for the first time or again.
    pub(super) fn come_back(&mut self, ctx: Ctx<'_, '_>, records: &[Record]) {
        let (me, takeover) = (ctx.node(), ctx.options().takeover);
        let begins = ctx.restarts() == 0 && records.is_empty();
        for (number, channel) in (0..).zip(&mut self.channels) {
            if channel.epoch.node == me && (begins || !takeover) {
                channel.role = Role::Sequencer(Box::new(Leading::new(1)));
                ctx.fact(Fact::Sequences(number, channel.epoch));
            } else if channel.epoch.node == me {
                // It may have given numbers that it does not know of any more.
                channel.silence = ctx.options().patience;
            }
        }
        self.journal = Journal::recovered(records.len());
        records.iter().for_each(|record| self.remember(record));
        for channel in 0..self.channels.len() as u32 {
            let of_channel = self.channel(channel);
            if !takeover {
                of_channel.advance(false, |_, _| true);
            }
            of_channel.told = of_channel.order.len();
            // Whatever anybody has delivered is stable.
            of_channel.stable = of_channel.upto();
            let last = of_channel.accepted.last_key_value().map_or(of_channel.upto(), |(number, _)| *number);
            if let Some(leading) = of_channel.leading() {
                leading.next = leading.next.max(last + 1);
            }
            for (number, posted) in self.channel(channel).order.clone() {
                self.chain(posted);
                self.outstanding.remove(&posted.id);
                ctx.fact(Fact::Has(number, posted));
                if ctx.options().all_hear {
                    ctx.holds(posted.id);
                }
            }
        }
        for (posted, _) in self.outstanding.values() {
            ctx.fact(Fact::Broadcast(*posted));
            if ctx.options().all_hear {
                ctx.holds(posted.id);
            }
        }
        if ctx.options().all_hear {
            ctx.publish(self.digest);
        }
    }

    /// What the log says.
    fn remember(&mut self, record: &Record) {
        match *record {
            Record::Sent(posted) => {
                self.sent = posted.id.number;
                self.outstanding.insert(posted.id, (posted, false));
            }
            Record::Promised(channel, epoch) => {
                let channel = self.channel(channel);
                channel.epoch = channel.epoch.max(epoch);
            }
            Record::Accepted(Entry { number, epoch, posted }) => {
                let channel = self.channel(posted.channel);
                let epoch = epoch.unwrap_or(channel.epoch);
                channel.epoch = channel.epoch.max(epoch);
                channel.put(number, Accepted { epoch, posted, durable: true });
            }
            Record::Granted(channel, number, id) => {
                let channel = self.channel(channel);
                channel.leading().expect("who grants sequences, for ever").grant(id, number);
            }
            Record::Delivered(channel, upto) => {
                let of_channel = self.channel(channel);
                while let Some((number, accepted)) = of_channel.accepted.first_key_value().filter(|(number, _)| **number <= upto)
                {
                    let (number, posted) = (*number, accepted.posted);
                    of_channel.accepted.remove(&number);
                    of_channel.order.push((number, posted));
                }
            }
        }
    }
}
