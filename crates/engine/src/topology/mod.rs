//! Topologies: who is linked to whom, as data ([`Topology`]), as a graph that the world reads at each send ([`Graph`]), and as
//! ways through it ([`Routes`]).
//!
//! A scenario's topology is checked ([`Topology::validate`]) and made into a graph once a run ([`Topology::graph`]). Graphs are
//! undirected and simple: no link leads from a node to itself, and no two nodes are linked twice. What is random is drawn from
//! the seed by generators of our own, so that the same seed gives the same links on every platform and in every version.
//!
//! `petgraph` is the judge of all this in the tests (components, shortest paths) and nothing at run time: it has none of these
//! generators, and its graphs take several times the memory of ours. The one algorithm of it that a run could use, whether a
//! graph is connected, is ten lines over [`Graph`], and an independent judge is worth more than those.
//!
//! It deliberately knows nothing of delays, faults and partitions: a link is there whether its ends are up or not. Clients are
//! not part of it.

mod erdos_renyi;
mod fixed;
mod graph;
mod regular;
mod routes;
mod scale_free;
mod small_world;
mod validity;

pub use graph::Graph;
pub use routes::{Routes, Tree};
pub use validity::InvalidTopology;

use crate::id::NodeId;
use crate::random::{Draw, Keys, Probability, Purpose};
use rand_chacha::rand_core::Rng;
use std::sync::Arc;

/// The most edges of a graph: 2 GiB of neighbours, and as much again while it is made.
pub const EDGES_MAX: u64 = 1 << 28;

/// How many graphs are drawn, at most, to find a connected one.
pub const TRIES_MAX: u32 = 100;

/// Who is linked to whom. Plain data, valid for a number of nodes only if [`Topology::validate`] says so.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum Topology {
    /// Everyone to everyone. No graph is made of it: a million nodes would have half a million million edges.
    #[default]
    Mesh,
    /// Everyone to the hub, and to nobody else.
    Star {
        /// The node in the middle.
        hub: NodeId,
    },
    /// A hierarchy: the complete `branching`-ary tree whose root is node 0 and whose levels are filled from the left, so that
    /// the parent of node i is node (i - 1) / `branching`.
    Tree {
        /// The most children of a node: at least 1.
        branching: u32,
    },
    /// A circle in the order of the nodes' numbers, each linked to the nearest `reach` on either side.
    Ring {
        /// At least 1, and at most half the nodes.
        reach: u32,
    },
    /// Each to the next in the order of the nodes' numbers, the last not to the first.
    Line,
    /// Rows of `columns` nodes, numbered row by row, each linked to the nearest left, right, above and below. The last row may
    /// be shorter.
    Grid {
        /// From 1 to the number of nodes; `None`: the least number that leaves no more rows than columns.
        columns: Option<u32>,
        /// Whether the ends of each row, and of each column, are linked too: a torus. What a short last row lacks is skipped.
        wraps: bool,
    },
    /// Regions: groups of consecutive nodes, as equal in size as can be, linked by gateways, which are the first nodes of each
    /// group. Every gateway is linked to every other gateway of all groups.
    TwoLevel {
        /// How many groups: from 1 to the number of nodes.
        groups: u32,
        /// How many gateways a group has: from 1 to the size of the smallest group.
        gateways: u32,
        /// How the nodes of a group are linked.
        inside: Inside,
    },
    /// Drawn from the seed.
    Random {
        /// The law of the draw.
        law: Law,
        /// Draw again until the graph is connected, at most [`TRIES_MAX`] times: the law is then that of the connected graphs
        /// among those of `law`. A scale-free graph always is connected.
        connected: bool,
        /// A seed of its own: the same graph in every run of a study. `None`: the run's seed.
        seed: Option<u64>,
    },
    /// These and no others, each once, in either direction; at least one.
    Edges(Arc<[(u32, u32)]>),
}

/// How the nodes of a group are linked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Inside {
    /// Everyone to everyone.
    #[default]
    Mesh,
    /// Everyone to the group's gateways only.
    Star,
}

/// The laws of random graphs.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Law {
    /// Every node has the same degree, and all such graphs are about equally likely (Steger and Wormald 1999).
    Regular {
        /// From 1 to the number of nodes less 1; not odd when the number of nodes is.
        degree: u32,
    },
    /// Each pair of nodes is linked with the same probability, whatever the others are: G(n, p) (Gilbert 1959; commonly named
    /// after Erdős and Rényi).
    ErdosRenyi(Density),
    /// A ring each of whose edges has had its far end moved to a random node with some probability (Watts and Strogatz 1998).
    SmallWorld {
        /// The degree in the ring, and the mean degree after: even, from 2 to the number of nodes less 1.
        degree: u32,
        /// The probability that an edge is moved. At 0, the ring.
        rewire: Probability,
    },
    /// Nodes join one by one, and link to those who are there in proportion to their degrees (Barabási and Albert 1999). The
    /// first `edges` + 1 nodes are linked completely.
    ScaleFree {
        /// With how many edges each joins: from 1 to the number of nodes less 1.
        edges: u32,
    },
}

/// How many of the possible edges there are, one way or the other.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Density {
    /// The probability of each.
    Probability(Probability),
    /// The mean number of neighbours of a node, from 0 to the number of nodes less 1.
    MeanDegree(f64),
}

impl Topology {
    /// Its name, as scenarios have it.
    pub fn name(&self) -> &'static str {
        match self {
            Topology::Mesh => "mesh",
            Topology::Star { .. } => "star",
            Topology::Tree { .. } => "tree",
            Topology::Ring { .. } => "ring",
            Topology::Line => "line",
            Topology::Grid { .. } => "grid",
            Topology::TwoLevel { .. } => "two-level",
            Topology::Random { law, .. } => match law {
                Law::Regular { .. } => "random-regular",
                Law::ErdosRenyi(_) => "erdos-renyi",
                Law::SmallWorld { .. } => "small-world",
                Law::ScaleFree { .. } => "scale-free",
            },
            Topology::Edges(_) => "edge-list",
        }
    }

    /// The links among so many nodes in a run of that seed; `None` of a mesh, which needs no graph.
    ///
    /// # Errors
    /// What [`Topology::validate`] says, or that no connected graph was found among [`TRIES_MAX`].
    pub fn graph(&self, nodes: u32, run_seed: u64) -> Result<Option<Graph>, InvalidTopology> {
        self.validate(nodes)?;
        let edges = match *self {
            Topology::Mesh => return Ok(None),
            Topology::Star { hub } => fixed::star(nodes, hub.0),
            Topology::Tree { branching } => fixed::tree(nodes, branching),
            Topology::Ring { reach } => fixed::ring(nodes, reach),
            Topology::Line => fixed::line(nodes),
            Topology::Grid { columns, wraps } => fixed::grid(nodes, columns, wraps),
            Topology::TwoLevel { groups, gateways, inside } => fixed::two_level(nodes, groups, gateways, inside),
            Topology::Random { law, connected, seed } => {
                return law.connected_graph(nodes, connected, seed.unwrap_or(run_seed)).map(Some);
            }
            Topology::Edges(ref edges) => edges.to_vec(),
        };
        Ok(Some(Graph::new(nodes, &edges)))
    }
}

impl Law {
    fn connected_graph(self, nodes: u32, connected: bool, seed: u64) -> Result<Graph, InvalidTopology> {
        let mut chance = Chance(Keys::from_seed(seed).chacha(Purpose::Topology));
        let tries = if connected { TRIES_MAX } else { 1 };
        let graphs = (0..tries).map(|_| Graph::new(nodes, &self.edges(nodes, &mut chance)));
        let mut wanted = graphs.filter(|graph| !connected || graph.is_connected());
        wanted.next().ok_or(InvalidTopology::Unconnected { tries })
    }

    fn edges(self, nodes: u32, chance: &mut Chance<impl Rng>) -> Vec<Edge> {
        match self {
            Law::Regular { degree } => regular::regular(nodes, degree, chance),
            Law::ErdosRenyi(density) => erdos_renyi::erdos_renyi(nodes, density.probability(nodes), chance),
            Law::SmallWorld { degree, rewire } => small_world::small_world(nodes, degree, rewire, chance),
            Law::ScaleFree { edges } => scale_free::scale_free(nodes, edges, chance),
        }
    }
}

impl Density {
    /// The probability of an edge between two of so many nodes.
    pub fn probability(self, nodes: u32) -> f64 {
        match self {
            Density::Probability(probability) => probability.to_f64(),
            Density::MeanDegree(_) if nodes < 2 => 0.0,
            Density::MeanDegree(mean) => mean / f64::from(nodes - 1),
        }
    }
}

/// Two linked nodes, in either order.
type Edge = (u32, u32);

/// What generators draw from.
struct Chance<R>(R);

impl<R: Rng> Chance<R> {
    fn draw(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below a bound that is not 0.
    fn below(&mut self, bound: usize) -> usize {
        Draw(self.draw()).below(bound as u64) as usize
    }
}
