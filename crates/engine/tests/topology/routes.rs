//! Routes against `petgraph`'s shortest paths, and the trees along which everyone is told.

use crate::{drawn, graph};
use petgraph::graph::{NodeIndex, UnGraph};
use quorate_engine::NodeId;
use quorate_engine::random::{Keys, Permutation, Purpose};
use quorate_engine::topology::{Density, Graph, Law, Routes, Topology};
use std::collections::{BTreeMap, VecDeque};

/// Graphs of all kinds, some in pieces.
fn graphs() -> Vec<Graph> {
    let sparse = |seed| drawn(Law::ErdosRenyi(Density::MeanDegree(1.5)), 60, seed);
    let denser = |seed| drawn(Law::ErdosRenyi(Density::MeanDegree(4.0)), 60, seed);
    let mut graphs: Vec<Graph> = (0..20).flat_map(|seed| [sparse(seed), denser(seed)]).collect();
    graphs.push(graph(&Topology::Grid { columns: Some(7), wraps: true }, 60, 0));
    graphs.push(graph(&Topology::Tree { branching: 3 }, 60, 0));
    graphs.push(graph(&Topology::Ring { reach: 2 }, 61, 0));
    graphs.push(graph(&Topology::Star { hub: NodeId(3) }, 9, 0));
    graphs.push(drawn(Law::ScaleFree { edges: 2 }, 60, 1));
    graphs.push(Graph::new(1, &[]));
    graphs
}

/// The distances from a node, by `petgraph`; none where no path leads.
fn distances(graph: &Graph, from: NodeId) -> BTreeMap<u32, u32> {
    let mut theirs = UnGraph::<(), ()>::default();
    for _ in 0..graph.len() {
        theirs.add_node(());
    }
    theirs.extend_with_edges(graph.edges());
    let found = petgraph::algo::dijkstra(&theirs, NodeIndex::new(from.index()), None, |_| 1);
    found.into_iter().map(|(node, hops)| (node.index() as u32, hops)).collect()
}

#[test]
fn routes_are_shortest_paths_over_the_lowest_neighbours() {
    for graph in graphs() {
        let mut routes = Routes::new();
        for to in (0..graph.len()).map(NodeId) {
            let distances = distances(&graph, to);
            for from in (0..graph.len()).map(NodeId) {
                let distance = distances.get(&from.0).copied();
                assert_eq!(routes.hops(&graph, from, to), distance, "{from} to {to}");
                let closer = |next: &&NodeId| distances.get(&next.0).is_some_and(|hops| Some(hops + 1) == distance);
                let expected = if from == to { Some(to) } else { graph.neighbours(from).iter().find(closer).copied() };
                assert_eq!(routes.next(&graph, from, to), expected, "{from} to {to}");
            }
        }
    }
}

#[test]
fn a_tree_tells_everyone_once_and_by_the_shortest_path() {
    for graph in graphs() {
        let mut routes = Routes::new();
        for source in (0..graph.len()).map(NodeId) {
            let mut told: BTreeMap<u32, u32> = [(source.0, 0)].into();
            let mut waiting = VecDeque::from([source]);
            let mut messages = 0;
            while let Some(at) = waiting.pop_front() {
                let children = routes.tree(&graph, source).children(at).to_vec();
                assert!(children.is_sorted());
                for child in children {
                    messages += 1;
                    assert_eq!(told.insert(child.0, told[&at.0] + 1), None, "{child} is told twice by {source}");
                    waiting.push_back(child);
                }
            }
            assert_eq!(told, distances(&graph, source), "told by {source}");
            assert_eq!(messages + 1, told.len(), "a message for each who is told");
            if graph.is_connected() {
                assert_eq!(told.len(), graph.len() as usize);
            }
        }
    }
}

#[test]
fn other_numbers_change_no_distance() {
    let graph = drawn(Law::ErdosRenyi(Density::MeanDegree(2.0)), 80, 5);
    let key = Keys::from_seed(1).stream(Purpose::Order);
    let mut by_rank: Vec<u32> = (0..80).collect();
    by_rank.sort_unstable_by_key(|&node| Permutation::new(key).rank(node));
    let renamed: Vec<_> = graph.edges().map(|(a, b)| (by_rank[a as usize], by_rank[b as usize])).collect();
    let renamed = Graph::new(80, &renamed);
    let (mut routes, mut renamed_routes) = (Routes::new(), Routes::new());
    for (from, &new_from) in by_rank.iter().enumerate() {
        assert_eq!(graph.degree(NodeId(from as u32)), renamed.degree(NodeId(new_from)));
        for (to, &new_to) in by_rank.iter().enumerate() {
            let hops = routes.hops(&graph, NodeId(from as u32), NodeId(to as u32));
            assert_eq!(renamed_routes.hops(&renamed, NodeId(new_from), NodeId(new_to)), hops);
        }
    }
}

#[test]
fn what_is_forgotten_is_found_again_in_the_new_graph() {
    let ring = graph(&Topology::Ring { reach: 1 }, 6, 0);
    let mut routes = Routes::new();
    let (zero, two) = (NodeId(0), NodeId(2));
    assert_eq!((routes.next(&ring, zero, two), routes.hops(&ring, zero, two)), (Some(NodeId(1)), Some(2)));
    let broken = ring.with_changes(&[], &[(2, 1)]);
    routes.clear();
    assert_eq!((routes.next(&broken, zero, two), routes.hops(&broken, zero, two)), (Some(NodeId(5)), Some(4)));
    let apart = broken.with_changes(&[], &[(3, 4)]);
    routes.clear();
    assert_eq!((routes.next(&apart, zero, two), routes.hops(&apart, zero, two)), (None, None));
    assert_eq!(routes.tree(&apart, zero).children(two).len(), 0);
}
