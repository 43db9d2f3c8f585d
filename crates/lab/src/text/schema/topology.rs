//! The keys of a topology, unless it is a plain name.

use super::{Holds, Key, key};

/// A topology: `[network.topology.NAME]` with its options, or its plain name where every option has a default. Links go both
/// ways.
pub const TOPOLOGY: &[Key] = &[
    key("mesh", "no options", "Everyone is linked to everyone.").holds(Holds::Table(&[])),
    key("star", "{ hub = 0 }", "Everyone is linked to the hub only.").holds(Holds::Table(STAR)),
    key(
        "tree",
        "{ branching = 2 }",
        "A hierarchy: node 0 is the root, and the children of node i are branching*i + 1 and so on.",
    )
    .holds(Holds::Table(TREE)),
    key("ring", "{ reach = 1 }", "A circle in the order of the nodes' numbers.").holds(Holds::Table(RING)),
    key("line", "no options", "Each is linked to the next in the order of the nodes' numbers.").holds(Holds::Table(&[])),
    key("grid", "{ columns = 10, wraps = true }", "Rows of nodes, each linked to the nearest left, right, above and below.")
        .holds(Holds::Table(GRID)),
    key("two-level", "{ groups = 5 }", "Groups of consecutive nodes, linked by gateways: the first nodes of each group.")
        .holds(Holds::Table(TWO_LEVEL)),
    key("random-regular", "{ degree = 4 }", "A random graph in which all nodes have the same degree.")
        .holds(Holds::Table(REGULAR)),
    key("erdos-renyi", "{ mean-degree = 6 }", "A random graph in which each two nodes are linked with the same probability.")
        .holds(Holds::Table(ERDOS_RENYI)),
    key("small-world", "{ degree = 6, rewire = 0.1 }", "A ring with some edges moved at random (Watts and Strogatz).")
        .holds(Holds::Table(SMALL_WORLD)),
    key("scale-free", "{ edges = 3 }", "Nodes join one by one and prefer those with many links (Barabási and Albert).")
        .holds(Holds::Table(SCALE_FREE)),
    key("edge-list", "{ edges = [[0, 1], [1, 2]] }", "These links and no others.").holds(Holds::Table(EDGE_LIST)),
];

const STAR: &[Key] = &[key("hub", "node", "The node in the middle; without it, 0.")];

const TREE: &[Key] = &[key("branching", "whole number", "The most children of a node, from 1; without it, 2.")];

const RING: &[Key] =
    &[key("reach", "whole number", "To how many on either side each is linked, from 1 to half the nodes; without it, 1.")];

const GRID: &[Key] = &[
    key("columns", "whole number", "How many nodes a row has, from 1; the last may have fewer. Without it, nearest to a square."),
    key("wraps", "true or false", "Whether the ends of each row and column are linked: a torus; without it, false."),
];

const TWO_LEVEL: &[Key] = &[
    key("groups", "whole number", "How many groups, as equal as can be: from 1 to the number of nodes.").required(),
    key("gateways", "whole number", "How many gateways a group has, linked to all other gateways; without it, 1."),
    key("inside", "\"mesh\" or \"star\"", "Inside a group all are linked, or all to its gateways only; without it, \"mesh\"."),
];

const REGULAR: &[Key] = &[
    key("degree", "whole number", "How many neighbours, from 1 and below the number of nodes; not both odd.").required(),
    CONNECTED,
    SEED,
];

const ERDOS_RENYI: &[Key] = &[
    key("probability", "probability", "That two nodes are linked; instead of mean-degree."),
    key("mean-degree", "number", "How many neighbours a node has on average; instead of probability."),
    key("connected", "true or false", "Draw until the graph is connected, at most 100 times; without it, false."),
    SEED,
];

const SMALL_WORLD: &[Key] = &[
    key("degree", "even whole number", "How many neighbours in the ring, from 2 and below the number of nodes.").required(),
    key("rewire", "probability", "That an edge is moved to a random far end.").required(),
    CONNECTED,
    SEED,
];

const SCALE_FREE: &[Key] =
    &[key("edges", "whole number", "With how many edges each joins, from 1 and below the number of nodes.").required(), SEED];

const EDGE_LIST: &[Key] = &[
    key("edges", "[[0, 1], [1, 2]]", "Each link once, as the two nodes that it joins."),
    key("file", "path", "The same from a file: a link a line, as 0 1 or 0,1.").holds(Holds::File),
];

const CONNECTED: Key =
    key("connected", "true or false", "Draw until the graph is connected, at most 100 times; without it, true.");

const SEED: Key = key("seed", "whole number", "One graph for all seeds of a study; without it, each run draws its own.");
