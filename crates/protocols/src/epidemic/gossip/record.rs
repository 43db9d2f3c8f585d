//! What a replica logs.

use quorate_engine::{OpId, Sink, Wire};

/// A local change, and the operation that asked for it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Logged<C> {
    /// Who asked.
    pub operation: OpId,
    /// What the state becomes.
    pub change: C,
}

impl<C: Wire> Wire for Logged<C> {
    fn encode(&self, sink: &mut impl Sink) {
        self.operation.encode(sink);
        self.change.encode(sink);
    }
}
