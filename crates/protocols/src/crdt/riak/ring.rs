//! The ring (Karger et al., "Consistent hashing and random trees", 1997; DeCandia et al., "Dynamo", 2007, §4.2 and §4.3): its partitions belong
//! to the nodes in turn, a key's place is a hash of it, and the vnodes of the partitions from there on keep it.

use quorate_engine::NodeId;
use quorate_engine::random::mix;

/// The nodes whose vnodes keep a key: the owners of the partitions from the key's on, each once, `n_val` of them or as many as there are.
pub fn preference_list(key: u32, partitions: u32, nodes: u32, n_val: u32) -> Vec<NodeId> {
    let first = (mix(0, u64::from(key)) % u64::from(partitions)) as u32;
    let mut list = Vec::with_capacity(n_val as usize);
    for step in 0..partitions {
        // Neighbours on the ring have different owners, but where it closes.
        let owner = NodeId((first + step) % partitions % nodes);
        if list.len() < n_val as usize && !list.contains(&owner) {
            list.push(owner);
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::preference_list;

    #[test]
    fn lists_have_different_nodes_and_spread_evenly() {
        let mut first = [0; 5];
        for key in 0..10_000 {
            let list = preference_list(key, 64, 5, 3);
            assert!(list.len() == 3 && list[0] != list[1] && list[1] != list[2] && list[0] != list[2], "{key}: {list:?}");
            first[list[0].index()] += 1;
        }
        assert!(first.iter().all(|keys| (1_500..2_500).contains(keys)), "{first:?}");
        assert_eq!(preference_list(7, 64, 2, 3).len(), 2);
    }
}
