//! The wheel against std's binary heap: schedules of many shapes, the same order always.

use super::{Entry, Heap, Hold, Key, Payload, Queue, Tag, Wheel};
use proptest::prelude::*;

/// A wheel and its oracle, in step.
#[derive(Default)]
struct Pair {
    wheel: Wheel,
    heap: Heap,
    pushed: u32,
    /// The time of the last popped entry.
    now: u64,
    /// Differences between the numbers of entries pushed and popped cancel out, also where keys are equal.
    numbers: u64,
}

impl Pair {
    fn push_key(&mut self, key: Key) {
        self.pushed += 1;
        self.numbers += u64::from(self.pushed);
        let entry = Entry { key, destination: self.pushed, tag: Tag::default(), payload: Payload::EMPTY };
        self.wheel.push(entry);
        self.heap.push(entry);
    }

    /// Pushes at a time, from a source whose rank is scrambled.
    fn push(&mut self, time: u64) {
        self.push_key(Key::new(time, self.pushed.wrapping_mul(0x9e37_79b9), self.pushed));
    }

    fn push_in(&mut self, delay: u64) {
        self.push(self.now.saturating_add(delay));
    }

    fn pop(&mut self) -> Option<Key> {
        let expected = self.heap.pop();
        let actual = self.wheel.pop();
        assert_eq!(actual.map(|entry| entry.key), expected.map(|entry| entry.key), "after {} pushes", self.pushed);
        if let Some(entry) = actual {
            self.now = entry.key.time();
            self.numbers -= u64::from(entry.destination);
        }
        actual.map(|entry| entry.key)
    }

    /// Pops everything.
    fn drain(mut self) {
        let pending = self.wheel.len();
        assert_eq!(self.wheel.iter().count(), pending);
        for _ in 0..pending {
            assert!(self.pop().is_some());
        }
        assert_eq!((self.pop(), self.wheel.len(), self.wheel.peek()), (None, 0, None));
        assert_eq!(self.numbers, 0, "an entry came out twice, and another never");
    }
}

/// A cheap stream of draws.
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        self.0 ^ self.0 >> 29
    }

    fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 8) % bound
    }
}

const SECOND: u64 = 1_000_000_000;
const YEAR: u64 = 365 * 86_400 * SECOND;

#[test]
fn hold_at_every_scale() {
    for pending in [1, 2, 3, 10, 100, 1_000, 30_000] {
        for delta_max in [1, 2, 1_000, 10_000_000, YEAR] {
            let operations = u64::from(pending) * 4 + 1_000;
            let wheel = Hold::new(Wheel::new(), pending, delta_max, 5).run(operations);
            let heap = Hold::new(Heap::default(), pending, delta_max, 5).run(operations);
            assert_eq!(wheel, heap, "{pending} pending, deltas up to {delta_max} ns");
        }
    }
}

#[test]
fn the_hold_digest_is_golden() {
    let mut hold = Hold::new(Wheel::new(), 1_000, 10_000_000, 42);
    let halves = (hold.run(5_000), hold.run(5_000));
    assert_eq!(halves.1, Hold::new(Wheel::new(), 1_000, 10_000_000, 42).run(10_000), "the loop may be run in parts");
    assert_eq!(halves.1, GOLDEN);
}

const GOLDEN: u64 = 13_416_015_057_729_559_959;

#[test]
fn a_million_at_one_instant() {
    let mut wheel = Wheel::new();
    let count = 1_000_000_u32;
    for at in 0..count {
        // 7,919 is odd, so this is a permutation of the ranks below 2^20.
        let key = Key::new(SECOND, at.wrapping_mul(7_919) % (1 << 20), at);
        wheel.push(Entry { key, destination: at, tag: Tag::default(), payload: Payload::EMPTY });
    }
    let mut last = Key::default();
    for _ in 0..count {
        let key = wheel.pop().expect("a million were pushed").key;
        assert!(last < key);
        last = key;
    }
    assert!(wheel.pop().is_none());
    assert!(wheel.footprint_bytes() < 40 << 20, "{} bytes", wheel.footprint_bytes());
}

#[test]
fn instants_with_many_ties_and_delays_between() {
    let mut pair = Pair::default();
    for _ in 0..3_000 {
        pair.push(SECOND);
    }
    for at in 0..30_000 {
        pair.pop();
        // One in three answers at the same instant, where its rank may be below the last one popped.
        pair.push_in([0, SECOND, SECOND / 2][at % 3]);
    }
    pair.drain();
}

#[test]
fn the_same_key_many_times() {
    let mut pair = Pair::default();
    for at in 0..5_000_u64 {
        pair.push_key(Key::new(at / 2_000, 3, 3));
        if at % 3 == 0 {
            pair.pop();
        }
    }
    pair.drain();
}

#[test]
fn zero_delay_chains() {
    let mut pair = Pair::default();
    for start in 0..50 {
        pair.push(start * 1_000);
    }
    for _ in 0..20_000 {
        pair.pop();
        pair.push_in(0);
    }
    // And with company further on.
    for at in 0..20_000 {
        pair.pop();
        pair.push_in(if at % 10 == 0 { 700 } else { 0 });
    }
    pair.drain();
}

#[test]
fn timers_years_away_and_at_the_end_of_time() {
    let mut pair = Pair::default();
    let mut draws = Draws(1);
    for at in 0..200 {
        pair.push(u64::MAX - at);
        pair.push(u64::MAX);
        pair.push(at * YEAR);
        pair.push(draws.next());
    }
    for _ in 0..2_000 {
        pair.pop();
        let delay = [1, SECOND, 3 * YEAR, 300 * YEAR][draws.below(4) as usize];
        pair.push_in(delay);
    }
    pair.drain();
}

#[test]
fn a_storm_of_stale_timers() {
    let mut pair = Pair::default();
    let mut draws = Draws(2);
    // Heartbeats re-arm timeouts without removing the old ones: many entries at few times, most of them far behind.
    for _ in 0..40_000 {
        if pair.wheel.len() > 5_000 {
            for _ in 0..3 {
                pair.pop();
            }
        }
        pair.push_in(SECOND / 10);
        pair.push_in(SECOND / 3 + draws.below(2) * SECOND / 3);
        pair.pop();
    }
    pair.drain();
}

#[test]
fn pushes_below_the_last_popped() {
    let mut pair = Pair::default();
    let mut draws = Draws(3);
    for _ in 0..20_000 {
        let around = pair.now.saturating_sub(1 << draws.below(24));
        pair.push(around + draws.below(1 << 23));
        if draws.below(3) > 0 {
            pair.pop();
        }
    }
    for at in 0..3_000 {
        pair.push(5_000_000 - at * 1_000);
    }
    pair.drain();
}

#[test]
fn bursts_then_silence_then_bursts() {
    let mut pair = Pair::default();
    let mut draws = Draws(4);
    for round in 0..6 {
        pair.push_in(SECOND);
        for _ in 0..40 {
            pair.push_in(draws.below(20 * SECOND));
        }
        for _ in 0..2_000 {
            pair.pop();
            pair.push_in(draws.below(20 * SECOND));
        }
        // A wide bucket is open now, and all of this falls into it.
        for _ in 0..20_000 {
            pair.push_in(SECOND / 100 + draws.below(SECOND >> (4 * round)));
        }
        for _ in 0..20_000 {
            pair.pop();
            if draws.below(2) == 0 {
                pair.push_in(draws.below(SECOND / 100));
            }
        }
        while pair.wheel.len() > 30 {
            pair.pop();
        }
    }
    pair.drain();
}

#[test]
fn density_that_no_tick_suits() {
    let mut pair = Pair::default();
    let mut draws = Draws(5);
    for _ in 0..60_000 {
        // Half of all within a microsecond of each millisecond, half anywhere.
        let time = pair.now + draws.below(20_000_000);
        pair.push(if draws.below(2) == 0 { time } else { time / 1_000_000 * 1_000_000 + draws.below(1_000) });
        if pair.wheel.len() > 6_000 {
            pair.pop();
        }
    }
    pair.drain();
}

#[test]
fn peek_opened_iter_and_clone_agree_with_pop() {
    let mut wheel = Wheel::new();
    let mut draws = Draws(6);
    for at in 0..3_000 {
        let key = Key::new(draws.below(1_000_000), at, at);
        wheel.push(Entry { key, destination: at, tag: Tag::default(), payload: Payload::EMPTY });
        if at % 5 == 0 {
            let peeked = wheel.peek();
            assert_eq!(wheel.clone().pop().map(|entry| entry.key), peeked);
            assert_eq!(wheel.iter().map(|entry| entry.key).min(), peeked);
            assert_eq!(wheel.iter().count(), wheel.len());
        }
        if at % 7 == 0 {
            wheel.pop();
        }
    }
    let mut twin = wheel.clone();
    let openings = wheel.openings();
    while let Some(entry) = wheel.pop() {
        assert_eq!(twin.pop().map(|entry| entry.key), Some(entry.key));
        // What was pushed beside the open bucket has come out before the next one was opened.
        if wheel.openings() > openings
            && let Some(ahead) = wheel.opened().last().copied()
        {
            assert_eq!(wheel.peek(), Some(ahead.key), "nothing is pushed here, so the hint is exact");
        }
    }
    assert!(wheel.openings() > openings + 10, "the hints of several buckets were looked at");
    assert!(twin.is_empty() && twin.opened().is_empty());
}

#[test]
fn memory_stays_near_the_entries() {
    let mut hold = Hold::new(Wheel::new(), 300_000, 10_000_000, 1);
    hold.run(600_000);
    let bytes = hold.queue().footprint_bytes();
    assert!(bytes < 300_000 * 32 * 5 / 4, "{bytes} bytes");
    assert!(Wheel::new().footprint_bytes() < 40_000);
}

/// Deltas at which a wheel's arithmetic could slip.
fn adversarial_delta() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(0),
        Just(1),
        (0_u32..64).prop_map(|bit| 1 << bit),
        (0_u32..64).prop_map(|bit| (1 << bit) - 1),
        (0_u32..64).prop_map(|bit| (1_u64 << bit) + 1),
        0..1_000_u64,
        0..100_000_000_u64,
        Just(u64::MAX),
    ]
}

#[derive(Debug, Clone)]
enum Action {
    Push(u64),
    PushSameRank(u64),
    PushEarlier(u64),
    Burst(u64, u16),
    Pop(u16),
    Peek,
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        6 => adversarial_delta().prop_map(Action::Push),
        2 => adversarial_delta().prop_map(Action::PushSameRank),
        2 => adversarial_delta().prop_map(Action::PushEarlier),
        1 => (adversarial_delta(), 0_u16..1_200).prop_map(|(delta, count)| Action::Burst(delta, count)),
        6 => (1_u16..4).prop_map(Action::Pop),
        1 => (0_u16..1_200).prop_map(Action::Pop),
        1 => Just(Action::Peek),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_interleaving_pops_in_order(start in adversarial_delta(), actions in prop::collection::vec(action(), 1..200)) {
        let mut pair = Pair { now: start, ..Pair::default() };
        let mut draws = Draws(start);
        for action in actions {
            match action {
                Action::Push(delta) => pair.push_in(delta),
                Action::PushSameRank(delta) => pair.push_key(Key::new(pair.now.saturating_add(delta), 7, pair.pushed)),
                Action::PushEarlier(delta) => pair.push(pair.now.saturating_sub(delta)),
                Action::Burst(delta, count) => {
                    for _ in 0..count {
                        pair.push_in(draws.below(delta.max(1)));
                    }
                }
                Action::Pop(count) => {
                    for _ in 0..count {
                        pair.pop();
                    }
                }
                Action::Peek => {
                    let expected = pair.wheel.iter().map(|entry| entry.key).min();
                    prop_assert_eq!(pair.wheel.peek(), expected);
                }
            }
        }
        pair.drain();
    }
}
