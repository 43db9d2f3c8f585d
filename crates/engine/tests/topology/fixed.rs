//! The topologies without chance: who is linked to whom, exactly.

use crate::{degrees, edges, graph};
use quorate_engine::NodeId;
use quorate_engine::topology::{Inside, Topology};

#[test]
fn a_mesh_needs_no_graph() {
    assert_eq!(Topology::default(), Topology::Mesh);
    assert_eq!(Topology::Mesh.graph(1_000_000_000, 1), Ok(None));
}

#[test]
fn a_star_is_a_hub_and_its_spokes() {
    let star = graph(&Topology::Star { hub: NodeId(2) }, 5, 0);
    assert_eq!(edges(&star), [(0, 2), (1, 2), (2, 3), (2, 4)]);
    assert_eq!(degrees(&star), [1, 1, 4, 1, 1]);
}

#[test]
fn a_tree_is_filled_level_by_level() {
    let tree = graph(&Topology::Tree { branching: 3 }, 9, 0);
    assert_eq!(edges(&tree), [(0, 1), (0, 2), (0, 3), (1, 4), (1, 5), (1, 6), (2, 7), (2, 8)]);
    assert_eq!(degrees(&tree), [3, 4, 3, 1, 1, 1, 1, 1, 1]);
    let path = graph(&Topology::Tree { branching: 1 }, 7, 0);
    assert_eq!(edges(&path), edges(&graph(&Topology::Line, 7, 0)));
}

#[test]
fn a_ring_reaches_as_far_as_it_should() {
    for (nodes, reach) in [(7, 1), (7, 2), (7, 3), (100, 10), (8, 3)] {
        let ring = graph(&Topology::Ring { reach }, nodes, 0);
        assert_eq!(degrees(&ring), vec![2 * reach; nodes as usize], "{nodes} with reach {reach}");
        for a in 0..nodes {
            for b in 0..nodes {
                let apart = a.abs_diff(b).min(nodes - a.abs_diff(b));
                assert_eq!(ring.has_edge(NodeId(a), NodeId(b)), (1..=reach).contains(&apart), "{a}, {b} of {nodes}");
            }
        }
    }
    // Half way round, both sides reach the same node.
    assert_eq!(degrees(&graph(&Topology::Ring { reach: 4 }, 8, 0)), [7; 8]);
}

#[test]
fn a_line_has_two_ends() {
    assert_eq!(degrees(&graph(&Topology::Line, 6, 0)), [1, 2, 2, 2, 2, 1]);
}

#[test]
fn a_grid_has_corners_and_a_torus_has_none() {
    let grid = graph(&Topology::Grid { columns: Some(4), wraps: false }, 12, 0);
    #[rustfmt::skip]
    assert_eq!(degrees(&grid), [
        2, 3, 3, 2,
        3, 4, 4, 3,
        2, 3, 3, 2,
    ]);
    let torus = graph(&Topology::Grid { columns: Some(4), wraps: true }, 12, 0);
    assert_eq!(degrees(&torus), [4; 12]);
    assert!(torus.has_edge(NodeId(0), NodeId(3)) && torus.has_edge(NodeId(1), NodeId(9)));
}

#[test]
fn a_last_row_may_be_short() {
    let grid = graph(&Topology::Grid { columns: Some(3), wraps: false }, 8, 0);
    #[rustfmt::skip]
    assert_eq!(degrees(&grid), [
        2, 3, 2,
        3, 4, 2,
        2, 2,
    ]);
    // Columns close where they end; the last row is two nodes, which are linked already.
    let torus = graph(&Topology::Grid { columns: Some(3), wraps: true }, 8, 0);
    #[rustfmt::skip]
    assert_eq!(degrees(&torus), [
        4, 4, 3,
        4, 4, 3,
        3, 3,
    ]);
}

#[test]
fn without_columns_a_grid_is_nearly_square() {
    for (nodes, columns) in [(1, 1), (2, 2), (3, 2), (4, 2), (5, 3), (9, 3), (10, 4), (12, 4), (1_000_000, 1_000)] {
        let square = graph(&Topology::Grid { columns: None, wraps: false }, nodes, 0);
        assert_eq!(square, graph(&Topology::Grid { columns: Some(columns), wraps: false }, nodes, 0), "{nodes}");
    }
}

#[test]
fn groups_meet_at_their_gateways() {
    let two_level = |gateways, inside| graph(&Topology::TwoLevel { groups: 3, gateways, inside }, 10, 0);
    // Groups 0..3, 3..6, 6..10.
    let one = two_level(1, Inside::Mesh);
    assert_eq!(degrees(&one), [4, 2, 2, 4, 2, 2, 5, 3, 3, 3]);
    assert!(one.has_edge(NodeId(0), NodeId(3)) && one.has_edge(NodeId(3), NodeId(6)) && !one.has_edge(NodeId(2), NodeId(3)));
    let two = two_level(2, Inside::Mesh);
    assert_eq!(degrees(&two), [6, 6, 2, 6, 6, 2, 7, 7, 3, 3]);
    let star = two_level(2, Inside::Star);
    assert_eq!(degrees(&star), [6, 6, 2, 6, 6, 2, 7, 7, 2, 2]);
    assert!(!star.has_edge(NodeId(8), NodeId(9)) && two.has_edge(NodeId(8), NodeId(9)));
    let single = graph(&Topology::TwoLevel { groups: 1, gateways: 1, inside: Inside::Mesh }, 5, 0);
    assert_eq!(degrees(&single), [4; 5]);
    let all = graph(&Topology::TwoLevel { groups: 5, gateways: 1, inside: Inside::Star }, 5, 0);
    assert_eq!(degrees(&all), [4; 5]);
}

#[test]
fn an_edge_list_is_itself() {
    let list = graph(&Topology::Edges([(3, 1), (0, 3), (1, 2)].into()), 5, 0);
    assert_eq!(edges(&list), [(0, 3), (1, 2), (1, 3)]);
    assert!(!list.is_connected());
}
