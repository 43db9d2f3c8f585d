//! Regions, special links and moves become sites and links of the engine, and no pair of nodes gets another pair's link.

use crate::common::{read, read_with};
use quorate_engine::id::NodeId;
use quorate_engine::latency::Distribution;
use quorate_engine::setup::{Changed, Network};
use quorate_engine::time::{MILLISECOND, SECOND};
use quorate_lab::text::{Base, Files, Needed};

const HEAD: &str = "schema = 1\nname = \"places\"\nduration = \"30s\"\n";

fn network(text: &str) -> Network {
    let text = format!("{HEAD}{text}\n[protocol.gossip]\n");
    read(text.as_bytes(), &[]).unwrap_or_else(|errors| panic!("{errors}\n{text}")).links
}

/// The latency and the class of the link between two nodes, at the start.
fn link(network: &Network, from: u32, to: u32) -> (u64, &str) {
    let site = |node| network.sites.members.iter().position(|members| members.contains(NodeId(node))).unwrap();
    let place = network.sites.between[site(from) * network.sites.members.len() + site(to)];
    let link = &network.links[usize::from(place)];
    let Distribution::Constant { ns } = link.latency else { panic!("{link:?}") };
    (ns / MILLISECOND, &network.classes[usize::from(link.class)])
}

#[test]
fn each_pair_of_many_regions_has_its_own_link() {
    let regions: String = (0..250).map(|node| format!("r{node} = {node}\n")).collect();
    let slow = "[[network.links]]\nname = \"slow\"\nbetween = [0, 1]\nlatency = \"3s\"\n";
    let network = network(&format!("nodes = 250\n[regions]\n{regions}{slow}"));
    assert!(network.links.len() <= 4, "equal links are one: {}", network.links.len());
    for from in 0..250 {
        for to in (0..250).filter(|to| *to != from) {
            let expected = if from + to == 1 { (3_000, "slow") } else { (1, "between-regions") };
            assert_eq!(link(&network, from, to), expected, "{from} to {to}");
        }
    }
}

#[test]
fn what_a_matrix_does_not_say_of_a_zone_it_says_of_its_region() {
    let network = network(
        "nodes = 4\n[regions]\n\"eu/a\" = [0, 1]\n\"eu/b\" = 2\nus = 3\n[network]\nlatency = \"9ms\"\n[network.matrix]\n\
         regions = [\"eu\", \"eu/a\", \"us\"]\n\
         one-way = [[\"5ms\", \"-\", \"80ms\"], [\"-\", \"1ms\", \"-\"], [\"70ms\", \"60ms\", \"-\"]]\n",
    );
    assert_eq!(link(&network, 0, 1), (1, "in-zone"));
    assert_eq!(link(&network, 0, 2), (5, "in-region"), "both zones are of eu");
    // The blank of eu/a to us is the figure of the other direction; eu/b is only known as eu.
    assert_eq!((link(&network, 0, 3), link(&network, 3, 0)), ((60, "between-regions"), (60, "between-regions")));
    assert_eq!((link(&network, 2, 3), link(&network, 3, 2)), ((80, "between-regions"), (70, "between-regions")));
}

#[test]
fn the_first_special_link_that_fits_holds_and_what_it_does_not_say_is_as_before() {
    let network = network(
        "nodes = 6\n[regions]\neu = \"0..3\"\nus = \"3..6\"\n[network]\nlatency = \"2ms\"\nloss = 0.5\n\
         [[network.links]]\nname = \"one\"\nfrom = 0\nto = \"region:us\"\nlatency = \"7ms\"\n\
         [[network.links]]\nname = \"two\"\nbetween = [\"region:eu\", 3]\nloss = 0.25\n",
    );
    assert_eq!((link(&network, 0, 3), link(&network, 3, 0)), ((7, "one"), (2, "two")));
    assert_eq!((link(&network, 1, 3), link(&network, 1, 4)), ((2, "two"), (2, "between-regions")));
    let losses: Vec<f64> = network.links.iter().map(|link| link.loss.to_f64()).collect();
    assert!(losses.contains(&0.25) && losses.contains(&0.5));
}

#[test]
fn of_overlapping_moves_the_latest_in_force_holds() {
    let network = network(
        "nodes = 4\n[regions]\neu = 0\nus = 1\nasia = [2, 3]\n\
         [[network.changes]]\nat = \"2s\"\nfor = \"4s\"\nmove = { nodes = 0, to = \"us\" }\n\
         [[network.changes]]\nat = \"4s\"\nfor = \"10s\"\nmove = { nodes = 0, to = \"asia\" }\n",
    );
    let home = |node| network.sites.members.iter().position(|members| members.contains(NodeId(node))).unwrap() as u16;
    let moves: Vec<(u64, u16)> = network
        .changes
        .iter()
        .map(|change| match &change.what {
            Changed::Move(_, Some(site)) => (change.at.0 / SECOND, *site),
            other => panic!("{other:?}"),
        })
        .collect();
    let (eu, us, asia) = (home(0), home(1), home(2));
    assert_eq!(moves, [(2, us), (4, asia), (6, asia), (14, eu)]);
}

#[test]
fn a_matrix_from_a_spreadsheet_may_have_a_mark_quotes_and_capitals() {
    let text =
        format!("{HEAD}nodes = 2\n[protocol.gossip]\n[regions]\neu = 0\nus = 1\n[network]\nmatrix = {{ file = \"m.csv\" }}\n");
    let mut files = Files::default();
    let bytes = "\u{feff}\"RTT ms\",\"eu\",\"us\"\r\n\"eu\",\"\",\"80.5\"\r\nus,,\r\n".as_bytes().to_vec();
    files.add(Needed { path: "m.csv".to_string(), base: Base::Scenario }, "m.csv", Ok(bytes));
    let plan = read_with(text.as_bytes(), &[], &files).unwrap();
    assert_eq!(plan.network.matrix.unwrap().one_way[1][0], Some(Distribution::Constant { ns: 40_250_000 }));
}
