//! Golden graphs: a digest of the edges that each law draws from fixed seeds. A failure here means that every published result
//! over such a topology changes; re-bless only with the reason written down.

use crate::{drawn, graph};
use quorate_engine::NodeId;
use quorate_engine::random::{Hasher64, Probability};
use quorate_engine::topology::{Density, Graph, Inside, Law, Topology};

fn digest(graph: &Graph) -> u64 {
    let mut hasher = Hasher64::default();
    graph.edges().for_each(|(a, b)| hasher.write_u64(u64::from(a) << 32 | u64::from(b)));
    hasher.finish64()
}

/// A failure prints all digests as they are now.
fn check(found: &[u64], expected: &[u64]) {
    let listed: Vec<String> = found.iter().map(|digest| format!("{digest:#018x}")).collect();
    assert_eq!(found, expected, "the digests are now {}", listed.join(", "));
}

#[test]
fn drawn_graphs_are_pinned() {
    let rewire = Probability::from_f64(0.1).unwrap();
    let graphs = [
        drawn(Law::Regular { degree: 3 }, 1_000, 42),
        drawn(Law::Regular { degree: 40 }, 64, 42),
        drawn(Law::Regular { degree: 30 }, 64, 7),
        drawn(Law::ErdosRenyi(Density::Probability(rewire)), 300, 42),
        drawn(Law::ErdosRenyi(Density::MeanDegree(5.0)), 10_000, 7),
        drawn(Law::SmallWorld { degree: 6, rewire }, 1_000, 42),
        drawn(Law::SmallWorld { degree: 4, rewire: Probability::always() }, 1_000, 7),
        drawn(Law::ScaleFree { edges: 1 }, 1_000, 42),
        drawn(Law::ScaleFree { edges: 4 }, 1_000, 7),
    ];
    check(&graphs.map(|graph| digest(&graph)), &DRAWN);
}

const DRAWN: [u64; 9] = [
    0x00b3_a259_c630_2544,
    0x8cdd_8adf_eb65_db61,
    0xda47_78a9_072d_ac01,
    0x7d13_4b43_470f_656e,
    0x29aa_aff2_18dc_30f8,
    0x6711_a2b0_2c55_db36,
    0x21e4_3d99_cea9_dbe7,
    0x74de_d134_4937_316f,
    0x799c_ad27_0049_da50,
];

#[test]
fn other_graphs_are_pinned() {
    let topologies = [
        Topology::Star { hub: NodeId(7) },
        Topology::Tree { branching: 3 },
        Topology::Ring { reach: 3 },
        Topology::Line,
        Topology::Grid { columns: None, wraps: true },
        Topology::TwoLevel { groups: 7, gateways: 2, inside: Inside::Mesh },
    ];
    check(&topologies.map(|topology| digest(&graph(&topology, 100, 0))), &FIXED);
}

const FIXED: [u64; 6] = [
    0x1d5e_2cde_e624_0a37,
    0xf00f_81f6_ec79_55ae,
    0x3b71_8958_d212_b47e,
    0xcbcb_301d_9e7e_c7f0,
    0x0aee_1615_b5aa_1d87,
    0xf6fe_3949_9568_e629,
];
