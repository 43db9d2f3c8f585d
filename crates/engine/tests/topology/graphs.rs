//! A graph against sets of pairs, and against `petgraph`.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use quorate_engine::NodeId;
use quorate_engine::topology::Graph;
use std::collections::BTreeSet;

const NODES: u32 = 12;

fn any_edges() -> impl Strategy<Value = Vec<(u32, u32)>> {
    prop::collection::vec((0..NODES, 0..NODES), 0..40)
}

/// The edges as a set: each once, without those from a node to itself.
fn set(edges: &[(u32, u32)]) -> BTreeSet<(u32, u32)> {
    edges.iter().filter(|(a, b)| a != b).map(|&(a, b)| (a.min(b), a.max(b))).collect()
}

fn check(graph: &Graph, expected: &BTreeSet<(u32, u32)>) {
    assert_eq!(graph.edges().collect::<Vec<_>>(), expected.iter().copied().collect::<Vec<_>>());
    assert_eq!(graph.edge_count() as usize, expected.len());
    for a in 0..NODES {
        let linked = |b: &u32| expected.contains(&(a.min(*b), a.max(*b)));
        let neighbours: Vec<NodeId> = (0..NODES).filter(linked).map(NodeId).collect();
        assert_eq!(graph.neighbours(NodeId(a)), neighbours);
        assert_eq!(graph.degree(NodeId(a)) as usize, neighbours.len());
        (0..NODES).for_each(|b| assert_eq!(graph.has_edge(NodeId(a), NodeId(b)), linked(&b)));
    }
    let theirs = petgraph::graph::UnGraph::<(), ()>::from_edges(expected);
    let isolated = NODES as usize - theirs.node_count();
    assert_eq!(graph.is_connected(), petgraph::algo::connected_components(&theirs) + isolated == 1);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn a_graph_is_the_set_of_its_edges(edges in any_edges()) {
        check(&Graph::new(NODES, &edges), &set(&edges));
    }

    #[test]
    fn changes_remove_and_then_add(edges in any_edges(), add in any_edges(), remove in any_edges()) {
        let changed = Graph::new(NODES, &edges).with_changes(&add, &remove);
        let expected: BTreeSet<_> = (&set(&edges) - &set(&remove)).union(&set(&add)).copied().collect();
        check(&changed, &expected);
        prop_assert_eq!(&changed.with_changes(&[], &[]), &changed);
    }
}

#[test]
fn a_lone_node_is_connected_and_two_without_an_edge_are_not() {
    assert!(Graph::new(0, &[]).is_connected() && Graph::new(0, &[]).is_empty());
    assert!(Graph::new(1, &[]).is_connected());
    assert!(!Graph::new(2, &[]).is_connected());
    assert!(Graph::new(2, &[(1, 0)]).is_connected());
}

#[test]
#[should_panic(expected = "an edge from 1 to 2 among 2 nodes")]
fn an_edge_to_nowhere_panics() {
    Graph::new(2, &[(0, 1), (1, 2)]);
}
