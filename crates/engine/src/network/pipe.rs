//! Where messages wait: links that take them in at a rate, and the interfaces of hosts. Each is a queue with one server that
//! serves in the order of sending, and all that it needs to remember is when it will be free.

use crate::collections::HashMap;
use crate::histogram::Waits;
use crate::id::NodeId;
use crate::setup::{Bandwidth, Setup};
use crate::time::{Nanos, SECOND, Time};

/// All queues of a run.
#[derive(Clone, Debug)]
pub(super) struct Pipes {
    /// When each link that was ever used is free. Never iterated.
    links: HashMap<(NodeId, NodeId), u64>,
    /// The interface of each replica; empty when no host has one.
    interfaces: Vec<Option<(Bandwidth, u64)>>,
    /// How long each message that had to pass one of them waited in all.
    pub(super) waits: Waits,
}

impl Pipes {
    pub(super) fn new(setup: &Setup) -> Pipes {
        let mut interfaces = Vec::new();
        for hosts in &setup.hosts {
            let Some(egress) = hosts.egress else { continue };
            interfaces.resize(setup.nodes as usize, None);
            hosts.nodes.iter().for_each(|node| interfaces[node.index()] = Some((egress, 0)));
        }
        Pipes { links: HashMap::default(), interfaces, waits: Waits::default() }
    }

    /// Whether any host has an interface with a rate.
    pub(super) fn has_interfaces(&self) -> bool {
        !self.interfaces.is_empty()
    }

    /// Whether a message from this replica over a link of this rate may have to wait.
    #[inline]
    pub(super) fn concern(&self, from: NodeId, link: Option<&Bandwidth>) -> bool {
        link.is_some() || self.interfaces.get(from.index()).is_some_and(Option::is_some)
    }

    /// Sends so many bytes through the sender's interface and then into the link: how long it takes until the last byte is
    /// in. `None` when there is no room to wait; what had left the interface by then has used it.
    pub(super) fn through(&mut self, now: Time, from: NodeId, to: NodeId, link: Option<&Bandwidth>, bytes: u64) -> Option<Nanos> {
        let (mut at, mut waited) = (now.0, 0);
        if let Some(Some((rate, free))) = self.interfaces.get_mut(from.index()) {
            at = queue(free, at, rate, bytes, &mut waited)?;
        }
        if let Some(rate) = link {
            let free = self.links.entry((from, to)).or_insert(0);
            at = queue(free, at, rate, bytes, &mut waited)?;
        }
        self.waits.record(waited);
        Some(at - now.0)
    }
}

/// Joins a queue at an instant: when the last byte is through. `None` when there is no room.
fn queue(free: &mut u64, at: u64, rate: &Bandwidth, bytes: u64, waited: &mut Nanos) -> Option<u64> {
    let wait = free.saturating_sub(at);
    if let Some(room) = rate.queue_bytes {
        let waiting = u128::from(wait) * u128::from(rate.bytes_per_second) / u128::from(SECOND);
        if waiting + u128::from(bytes) > u128::from(room) {
            return None;
        }
    }
    *waited = waited.saturating_add(wait);
    *free = (*free).max(at).saturating_add(rate.takes(bytes));
    Some(*free)
}

impl Bandwidth {
    /// How long so many bytes take, in ns, rounded up.
    pub fn takes(&self, bytes: u64) -> Nanos {
        let nanos = (u128::from(bytes) * u128::from(SECOND)).div_ceil(u128::from(self.bytes_per_second));
        u64::try_from(nanos).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_serves_in_order_and_refuses_what_finds_no_room() {
        let rate = Bandwidth { bytes_per_second: 1_000_000, queue_bytes: Some(250) };
        let (mut free, mut waited) = (0, 0);
        let mut send = |at, bytes| queue(&mut free, at, &rate, bytes, &mut waited);
        assert_eq!(send(0, 100), Some(100_000));
        assert_eq!(send(0, 100), Some(200_000), "it waits for the first");
        assert_eq!(send(0, 100), None, "300 bytes are more than 250");
        assert_eq!(send(50_000, 100), Some(300_000), "half of the first is gone");
        assert_eq!(send(1_000_000, 1), Some(1_001_000), "an idle link begins at once");
        assert_eq!(waited, 250_000);
    }
}
