//! Logical time with a name: what puts requests into one order (Lamport 1978, "the total ordering").

use quorate_engine::{NodeId, Sink, Wire};

/// A reading of a logical clock. Equal readings are ordered by their nodes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Stamp {
    /// The clock, or the sequence number.
    pub clock: u64,
    /// Whose.
    pub node: NodeId,
}

impl Wire for Stamp {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u64(self.clock);
        self.node.encode(sink);
    }
}
