//! Links of several classes: each ordered pair of sites has its own.

use crate::courier::*;
use quorate_engine::latency::Distribution;
use quorate_engine::random::Probability;
use quorate_engine::setup::{Change, Changed, Link, Packets, Setup, Sites};
use quorate_engine::time::{MILLISECOND, SECOND};
use quorate_engine::*;

/// Three sites of two nodes each, with another distribution from each to each.
fn regions() -> (Setup, Vec<Distribution>) {
    let ms = MILLISECOND;
    let laws = vec![
        Distribution::Constant { ns: ms },
        Distribution::Uniform { low_ns: 10 * ms, high_ns: 20 * ms },
        Distribution::Lognormal { median_ns: 40 * ms, p99_ns: 90 * ms },
        Distribution::Exponential { mean_ns: 5 * ms },
        Distribution::Uniform { low_ns: 0, high_ns: ms },
        Distribution::Lognormal { median_ns: 7 * ms, p99_ns: 8 * ms },
        Distribution::Exponential { mean_ns: 80 * ms },
        Distribution::Lognormal { median_ns: 100 * ms, p99_ns: 400 * ms },
        Distribution::Constant { ns: 2 * ms },
    ];
    let mut setup = world(6, 1_000);
    setup.network.links = laws.iter().map(|law| Link::faultless(law.clone())).collect();
    setup.network.links.iter_mut().enumerate().for_each(|(place, link)| link.class = place as u8);
    setup.network.classes = (0..9).map(|place| format!("{} to {}", place / 3, place % 3)).collect();
    let members = (0..3).map(|site| NodeSet::range(2 * site, 2 * site + 2)).collect();
    setup.network.sites = Sites { members, between: (0..9).collect() };
    (setup, laws)
}

#[test]
fn latencies_of_each_class_and_direction_have_their_exact_quantiles() {
    let (setup, laws) = regions();
    for (place, law) in laws.iter().enumerate() {
        // The first node of one site tells the second of another; 8,000 samples a class.
        let (from, to) = (2 * (place as u32 / 3), 2 * (place as u32 % 3) + 1);
        let count = 8_000;
        let wishes: Vec<_> = (0..count).map(|index| wish(index * 100 * MILLISECOND, from, Wish::Tell(NodeId(to)))).collect();
        let run = simulate::simulate::<Courier>(&setup, &0, wishes).unwrap();
        let delays: Vec<u64> = run
            .facts
            .iter()
            .filter_map(|(at, _, said)| match said {
                Said::Heard { number, .. } => Some(at.0 - u64::from(*number) * 100 * MILLISECOND),
                Said::Looked { .. } => None,
            })
            .collect();
        assert_eq!(delays.len() as u64, count);
        for p in [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999] {
            let quantile = law.quantile(p);
            let below = delays.iter().filter(|delay| (**delay as f64) <= quantile + 0.5).count() as f64;
            let (mean, deviation) = (count as f64 * p, (count as f64 * p * (1.0 - p)).sqrt());
            // At level 1e-6, with room for the skew of the far quantiles.
            let agrees = (below - mean).abs() <= 4.9 * deviation + 3.0;
            let constant = matches!(law, Distribution::Constant { .. });
            assert!(if constant { below == count as f64 } else { agrees }, "{law:?} at {p}: {below} of {count}");
        }
        let (class, tally) = run.outcome.ledger.of(0).find(|(_, tally)| tally.sent > 0).unwrap();
        assert_eq!((run.outcome.ledger.name(class), tally.sent), (setup.network.classes[place].as_str(), count));
        assert_eq!(run.outcome.ledger.delays_over(class).count(), count);
    }
}

#[test]
fn who_moves_has_the_links_of_its_new_site() {
    let (mut setup, _) = regions();
    let to = |at_s: u64, site| Change { at: Time(at_s * SECOND), what: Changed::Move(NodeSet::one(NodeId(0)), site) };
    setup.network.changes = vec![to(2, Some(2)), to(4, None)];
    let at = |seconds| wish(seconds * SECOND, 0, Wish::Tell(NodeId(5)));
    let run = run(&setup, 0, vec![at(3), at(5)]);
    // Within site 2 a message takes 2 ms; at no site, the first link holds, which takes 1 ms.
    assert_eq!(heard(&run), [(3_002, 5, 0), (5_001, 5, 0)]);
}

#[test]
fn loss_is_per_direction() {
    let mut setup = world(2, 10);
    let lossy = Link { loss: Probability::always(), ..setup.network.links[0].clone() };
    setup.network.links.push(lossy);
    setup.network.sites = Sites { members: (0..2).map(|node| NodeSet::one(NodeId(node))).collect(), between: vec![0, 1, 0, 0] };
    let run = run(&setup, 0, vec![wish(SECOND, 0, Wish::Tell(NodeId(1))), wish(SECOND, 1, Wish::Tell(NodeId(0)))]);
    assert_eq!(heard(&run), [(1_010, 0, 1)]);
}

#[test]
fn headers_of_packets_count_as_bytes() {
    let bytes = |packets, padding| {
        let mut setup = world(2, 2);
        setup.network.links[0].packets = packets;
        run(&setup, padding, vec![wish(SECOND, 0, Wish::Tell(NodeId(1)))]).outcome.ledger.between_replicas().bytes
    };
    let packets = Some(Packets { payload_bytes: 100, header_bytes: 40 });
    assert_eq!(bytes(None, 96), 100);
    assert_eq!((bytes(packets, 96), bytes(packets, 97)), (140, 181), "one byte more is another packet");
}
