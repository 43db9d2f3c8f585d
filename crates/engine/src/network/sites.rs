//! Where replicas stand, and so which of the setup's links joins two of them.

use crate::id::{NodeId, NodeSet};
use crate::setup;

/// The sites of a run.
#[derive(Clone, Debug)]
pub(super) struct Sites {
    /// The site of each replica; empty when there are no sites. The number of sites stands for none of them.
    of: Vec<u16>,
    /// The link from each site to each, row by row; no site at all has the last row and column.
    between: Vec<u16>,
    width: usize,
}

impl Sites {
    pub(super) fn new(sites: &setup::Sites, nodes: u32) -> Sites {
        let count = sites.members.len();
        if count == 0 {
            return Sites { of: Vec::new(), between: Vec::new(), width: 0 };
        }
        assert_eq!(sites.between.len(), count * count, "a link is missing between two sites");
        let width = count + 1;
        let mut between = vec![0; width * width];
        for (from, row) in sites.between.chunks(count).enumerate() {
            between[from * width..from * width + count].copy_from_slice(row);
        }
        let mut of = vec![count as u16; nodes as usize];
        for (site, members) in sites.members.iter().enumerate() {
            members.iter().for_each(|node| of[node.index()] = site as u16);
        }
        Sites { of, between, width }
    }

    /// The link from one replica to another.
    #[inline]
    pub(super) fn link(&self, from: NodeId, to: NodeId) -> usize {
        match self.of.is_empty() {
            true => 0,
            false => {
                let (from, to) = (self.of[from.index()], self.of[to.index()]);
                usize::from(self.between[usize::from(from) * self.width + usize::from(to)])
            }
        }
    }

    /// These replicas now stand at that site, or at none.
    pub(super) fn place(&mut self, nodes: &NodeSet, site: Option<u16>) {
        let site = site.unwrap_or(self.width as u16 - 1);
        nodes.iter().for_each(|node| self.of[node.index()] = site);
    }
}
