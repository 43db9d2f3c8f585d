//! Which parameters make a topology, and what is wrong with those that do not, in words.

use super::{Density, EDGES_MAX, Inside, Law, TRIES_MAX, Topology, fixed};
use crate::collections::HashMap;
use std::fmt;

impl Topology {
    /// Do these parameters make a topology of so many nodes?
    ///
    /// # Errors
    /// The first thing that is wrong with them, in the words of the scenario.
    pub fn validate(&self, nodes: u32) -> Result<(), InvalidTopology> {
        match *self {
            Topology::Mesh => Ok(()),
            Topology::Star { hub } if hub.0 >= nodes => Err(InvalidTopology::Hub { hub: hub.0, nodes }),
            Topology::Tree { branching: 0 } => Err(InvalidTopology::NoBranching),
            Topology::Star { .. } | Topology::Tree { .. } | Topology::Line => few_enough(u64::from(nodes)),
            // On a ring of one or two, a reach of 1 is not too far.
            Topology::Ring { reach } if reach == 0 || reach > (nodes / 2).max(1) => Err(InvalidTopology::Reach { reach, nodes }),
            Topology::Ring { reach } => few_enough(u64::from(nodes) * u64::from(reach)),
            Topology::Grid { columns: Some(columns), .. } if columns == 0 || columns > nodes => {
                Err(InvalidTopology::Columns { columns, nodes })
            }
            Topology::Grid { .. } => few_enough(2 * u64::from(nodes)),
            Topology::TwoLevel { groups, gateways, inside } => two_level(nodes, groups, gateways, inside),
            Topology::Random { law, connected, .. } => law.validate(nodes, connected),
            Topology::Edges(ref edges) => explicit(edges, nodes),
        }
    }
}

impl Law {
    fn validate(self, nodes: u32, connected: bool) -> Result<(), InvalidTopology> {
        let others = nodes.saturating_sub(1);
        let pairs = u64::from(nodes) * u64::from(others) / 2;
        match self {
            Law::Regular { degree: 0 } | Law::SmallWorld { degree: 0, .. } => Err(InvalidTopology::NoDegree),
            Law::Regular { degree } | Law::SmallWorld { degree, .. } if degree > others => {
                Err(InvalidTopology::DegreeTooLarge { degree, nodes })
            }
            Law::SmallWorld { degree, .. } if degree % 2 == 1 => Err(InvalidTopology::OddDegree { degree }),
            Law::Regular { degree } if degree % 2 == 1 && nodes % 2 == 1 => Err(InvalidTopology::OddEnds { degree, nodes }),
            Law::Regular { degree: 1 } if connected && nodes > 2 => Err(InvalidTopology::Couples { nodes }),
            Law::Regular { degree } | Law::SmallWorld { degree, .. } => few_enough(u64::from(nodes) * u64::from(degree) / 2),
            // Not a number is within nothing.
            Law::ErdosRenyi(Density::MeanDegree(mean)) if !(0.0..=f64::from(others)).contains(&mean) => {
                Err(InvalidTopology::MeanDegree { mean, others })
            }
            Law::ErdosRenyi(density) => {
                let expected = density.probability(nodes) * pairs as f64;
                // The number that is drawn is beyond six standard deviations once in a thousand million graphs.
                few_enough((expected + 6.0 * expected.sqrt()) as u64)
            }
            Law::ScaleFree { edges } if edges == 0 || edges > others => Err(InvalidTopology::Joining { edges, nodes }),
            Law::ScaleFree { edges } => few_enough(u64::from(nodes) * u64::from(edges)),
        }
    }
}

fn two_level(nodes: u32, groups: u32, gateways: u32, inside: Inside) -> Result<(), InvalidTopology> {
    if groups == 0 || groups > nodes {
        return Err(InvalidTopology::Groups { groups, nodes });
    }
    let smallest = nodes / groups;
    if gateways == 0 || gateways > smallest {
        return Err(InvalidTopology::Gateways { gateways, smallest });
    }
    few_enough(fixed::two_level_edges(nodes, groups, gateways, inside))
}

fn few_enough(edges: u64) -> Result<(), InvalidTopology> {
    if edges > EDGES_MAX { Err(InvalidTopology::TooManyEdges { edges }) } else { Ok(()) }
}

fn explicit(edges: &[(u32, u32)], nodes: u32) -> Result<(), InvalidTopology> {
    if edges.is_empty() {
        return Err(InvalidTopology::NoEdges);
    }
    few_enough(edges.len() as u64)?;
    let mut places = HashMap::default();
    for (index, &(a, b)) in edges.iter().enumerate() {
        if let Some(node) = [a, b].into_iter().find(|&node| node >= nodes) {
            return Err(InvalidTopology::EdgeBeyond { index, node, nodes });
        }
        if a == b {
            return Err(InvalidTopology::SelfLoop { index, node: a });
        }
        if let Some(first) = places.insert((a.min(b), a.max(b)), index) {
            return Err(InvalidTopology::RepeatedEdge { index, first, edge: (a, b) });
        }
    }
    Ok(())
}

/// Why parameters do not make a topology.
#[derive(Clone, Copy, PartialEq, Debug)]
#[expect(missing_docs, reason = "the fields are the offending parameters, named as in the topology")]
pub enum InvalidTopology {
    /// The hub of a star is not among the nodes.
    Hub { hub: u32, nodes: u32 },
    /// The nodes of a tree have no children.
    NoBranching,
    /// A ring reaches nobody, or more than once around.
    Reach { reach: u32, nodes: u32 },
    /// A grid has no columns, or more than nodes.
    Columns { columns: u32, nodes: u32 },
    /// There are no groups, or more than nodes.
    Groups { groups: u32, nodes: u32 },
    /// There are no gateways, or more than nodes in the smallest group.
    Gateways { gateways: u32, smallest: u32 },
    /// A degree of 0.
    NoDegree,
    /// A degree that is not below the number of nodes.
    DegreeTooLarge { degree: u32, nodes: u32 },
    /// A degree that is odd, where each node has as many to the left as to the right.
    OddDegree { degree: u32 },
    /// An odd number of nodes of odd degree: every edge has two ends.
    OddEnds { degree: u32, nodes: u32 },
    /// A regular graph of degree 1 that is to be connected.
    Couples { nodes: u32 },
    /// A mean degree that is negative, not a number, or above the number of other nodes.
    MeanDegree { mean: f64, others: u32 },
    /// Nodes join a scale-free graph with no edge, or with more than there can be nodes to link to.
    Joining { edges: u32, nodes: u32 },
    /// An edge list is empty.
    NoEdges,
    /// An edge leads to a node that is not there; `index` is its place in the list.
    EdgeBeyond { index: usize, node: u32, nodes: u32 },
    /// An edge leads from a node to itself.
    SelfLoop { index: usize, node: u32 },
    /// An edge stands in the list already, at `first`, perhaps the other way round.
    RepeatedEdge { index: usize, first: usize, edge: (u32, u32) },
    /// There would be, or could be, more than [`EDGES_MAX`] edges.
    TooManyEdges { edges: u64 },
    /// The parameters are right, but none of the graphs that were drawn is connected.
    Unconnected { tries: u32 },
}

impl fmt::Display for InvalidTopology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use InvalidTopology::*;
        match *self {
            Hub { hub, nodes } => write!(f, "the hub, node {hub}, is not there; {}", there_are(nodes)),
            NoBranching => f.write_str("a tree whose nodes have 0 children has no more than its root; write at least 1"),
            Reach { reach, nodes } => {
                let most = (nodes / 2).max(1);
                write!(f, "a reach of {reach} does not fit a ring of {nodes}; it must lie in 1 to {most}, half way round")
            }
            Columns { columns, nodes } => {
                write!(f, "a grid of {nodes} nodes cannot have {columns} columns; it must be 1 to {nodes}")
            }
            Groups { groups, nodes } => write!(f, "{nodes} nodes do not make {groups} groups; it must be 1 to {nodes}"),
            Gateways { gateways, smallest } => {
                write!(f, "a group cannot have {gateways} gateways: the smallest has {smallest}; it must be 1 to {smallest}")
            }
            NoDegree => f.write_str("a degree of 0 links nobody; it must be at least 1"),
            DegreeTooLarge { degree, nodes } => {
                write!(f, "a degree of {degree} is too large for {nodes} nodes: it must be below the number of nodes")
            }
            OddDegree { degree } => {
                let (below, above) = (degree - 1, degree + 1);
                write!(f, "a degree of {degree} is odd, and half of the neighbours are on either side; write {below} or {above}")
            }
            OddEnds { degree, nodes } => write!(
                f,
                "{nodes} nodes of degree {degree} have {} ends of edges, an odd number, and every edge has two; make the \
                 degree or the number of nodes even",
                u64::from(degree) * u64::from(nodes)
            ),
            Couples { nodes } => {
                write!(f, "{nodes} nodes of degree 1 are couples, never connected; raise the degree, or set connected = false")
            }
            MeanDegree { mean, others } => {
                write!(f, "a mean degree of {mean} cannot be: it must lie in 0 to {others}, the number of other nodes")
            }
            Joining { edges, nodes } => write!(
                f,
                "nodes cannot join with {edges} edges each among {nodes} nodes: it must be at least 1 and below the number \
                 of nodes"
            ),
            NoEdges => f.write_str("an edge list without edges links nobody; write at least one, such as [[0, 1]]"),
            EdgeBeyond { node, nodes, .. } => write!(f, "node {node} is not there; {}", there_are(nodes)),
            SelfLoop { node, .. } => write!(f, "an edge leads from node {node} to itself"),
            RepeatedEdge { first, edge: (a, b), .. } => {
                write!(f, "nodes {a} and {b} are linked already, by edge {first} of the list, counted from 0; links go both ways")
            }
            TooManyEdges { edges } => write!(f, "there could be {edges} edges, and {EDGES_MAX} is the most"),
            Unconnected { tries } => write!(
                f,
                "none of {tries} random graphs was connected ({TRIES_MAX} is the most that are tried); ask for more edges, or \
                 set connected = false"
            ),
        }
    }
}

fn there_are(nodes: u32) -> String {
    match nodes {
        1 => "the only node is 0".to_string(),
        _ => format!("the nodes are 0 to {}", nodes.saturating_sub(1)),
    }
}

impl std::error::Error for InvalidTopology {}
