//! Clients that ask by themselves, try again, follow redirects and go through the rounds of their protocols.

mod attempts;
mod drivers;
mod paces;
mod quorums;
mod store;
