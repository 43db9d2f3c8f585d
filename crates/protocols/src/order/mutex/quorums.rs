//! Maekawa's quorums as a grid (Maekawa 1985: where no finite projective plane has n points, and for simplicity where one
//! has): nodes stand in rows as long as the root of n, rounded up; the last row may be shorter. A node's quorum is its row
//! and its column, itself included: 2√n - 1 nodes of a full square. Any two of them meet: one of the two rows is full, or
//! both are the same.

use quorate_engine::NodeId;

/// The quorum of a node, in ascending order. With `columns_only` it lacks the row, and meets only that of its own column.
pub(super) fn quorum(node: NodeId, nodes: u32, columns_only: bool) -> Vec<NodeId> {
    let width = nodes.isqrt() + u32::from(nodes.isqrt().pow(2) < nodes);
    let place = |number: u32| (number / width, number % width);
    let (row, column) = place(node.0);
    let is_in = |number: &u32| place(*number).1 == column || (!columns_only && place(*number).0 == row);
    (0..nodes).filter(is_in).map(NodeId).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_two_meet_and_each_node_is_in_its_own() {
        for nodes in 1..120 {
            let quorums: Vec<Vec<NodeId>> = (0..nodes).map(|node| quorum(NodeId(node), nodes, false)).collect();
            for (node, one) in (0..).map(NodeId).zip(&quorums) {
                assert!(one.contains(&node), "{node} of {nodes}");
                for other in &quorums {
                    assert!(one.iter().any(|member| other.contains(member)), "{one:?} and {other:?} of {nodes}");
                }
            }
        }
    }

    #[test]
    fn squares_have_quorums_of_one_size() {
        for side in 1..12 {
            for node in 0..side * side {
                assert_eq!(quorum(NodeId(node), side * side, false).len() as u32, 2 * side - 1);
            }
        }
    }

    #[test]
    fn columns_alone_do_not_meet() {
        assert_eq!(quorum(NodeId(0), 2, true), [NodeId(0)]);
        assert_eq!(quorum(NodeId(1), 5, true), [NodeId(1), NodeId(4)]);
    }
}
