//! What links deliver, against every fate that packets may have.

use super::{Packet, Peer};

/// One link over a network of little good will: in each step it delivers, loses or doubles one of the packets under way,
/// whichever comes to hand, or the sender says again what is open.
fn run(seed: u64, ordered: bool, messages: u64) -> Vec<u64> {
    let mut state = seed;
    let mut below = |bound: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    let (mut sender, mut receiver): (Peer<u64>, Peer<u64>) = Default::default();
    let (mut data, mut acks): (Vec<(u64, u64)>, Vec<u64>) = Default::default();
    let mut delivered = Vec::new();
    while sender.acknowledged < messages {
        match below(8) {
            0 if sender.sent < messages => {
                sender.sent += 1;
                sender.open.push_back(sender.sent * 10);
                data.push((sender.sent, sender.sent * 10));
            }
            1 => data.extend((sender.acknowledged + 1..).zip(sender.open.iter().copied())),
            2 if !data.is_empty() => drop(data.swap_remove(below(data.len() as u64) as usize)),
            3 if !data.is_empty() => data.push(data[below(data.len() as u64) as usize]),
            4 if !acks.is_empty() => drop(acks.swap_remove(below(acks.len() as u64) as usize)),
            5 if !acks.is_empty() => sender.acknowledge(acks.swap_remove(below(acks.len() as u64) as usize)),
            6 | 7 if !data.is_empty() => {
                let (number, body) = data.swap_remove(below(data.len() as u64) as usize);
                delivered.extend(receiver.accept(ordered, number, body));
                acks.push(receiver.received);
            }
            _ => {}
        }
    }
    delivered
}

#[test]
fn everything_arrives_once_and_in_order() {
    for seed in 0..500 {
        let wanted: Vec<u64> = (1..=30).map(|number| number * 10).collect();
        assert_eq!(run(seed, true, 30), wanted, "seed {seed}");
    }
}

#[test]
fn without_order_everything_arrives_once() {
    let mut disordered = 0;
    for seed in 0..500 {
        let mut delivered = run(seed, false, 30);
        disordered += u32::from(!delivered.is_sorted());
        delivered.sort_unstable();
        let wanted: Vec<u64> = (1..=30).map(|number| number * 10).collect();
        assert_eq!(delivered, wanted, "seed {seed}");
    }
    assert!(disordered > 400, "{disordered} of 500");
}

#[test]
fn an_acknowledgement_of_what_was_never_sent_is_none() {
    let mut peer: Peer<u64> = Peer { sent: 2, open: [1, 2].into(), ..Peer::default() };
    peer.acknowledge(9);
    assert_eq!((peer.acknowledged, peer.open.len()), (2, 0));
}

#[test]
fn waits_grow_and_stay_bounded() {
    let mut peer: Peer<u64> = Peer::default();
    let due: Vec<u32> = (1..=50).filter(|_| peer.is_due()).collect();
    assert_eq!(due, [2, 4, 8, 16, 32, 48]);
}

#[test]
fn numbers_count_as_bytes() {
    use quorate_engine::Wire;
    assert_eq!(Packet::<u64>::Ack(1).wire_len(), 9);
    assert_eq!(Packet::Numbered { number: 1, again: false, body: 7_u64 }.wire_len(), 17);
}
