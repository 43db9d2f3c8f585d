//! The network's promises beyond a plain mesh: links of several classes, ways over several hops, queues before links and in
//! hosts, links that come and go, clocks that wander and jump.

mod classes;
mod clocks;
mod courier;
mod hosts;
mod queues;
mod ways;
