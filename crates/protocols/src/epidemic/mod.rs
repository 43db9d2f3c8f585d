//! Epidemic protocols (catalogue C): replicas meet peers drawn at random, and what one knows spreads like a rumour. Nobody
//! leads, nobody is waited for, and agreement is a matter of time and probability.

pub mod gossip;
pub mod rumor;
