//! Every crash point, every byte of a torn tail, every bit of a small image; and long random lives against a dumb oracle.

use super::*;
use crate::random::{Hasher64, StreamKey};

/// A disk with these records on it, forced.
fn disk(records: &[&str]) -> Disk<String> {
    let mut disk = Disk::new(0);
    append(&mut disk, records);
    disk.ask();
    disk.complete(disk.appended());
    disk
}

fn append(disk: &mut Disk<String>, records: &[&str]) {
    for record in records {
        let record = record.to_string();
        let bytes = size(&record);
        assert!(disk.append(record, bytes, None));
    }
}

fn bits(records: &[&str]) -> u64 {
    records.iter().map(|record| size(&record.to_string()) * 8).sum()
}

/// Where each record begins and ends.
fn spans(records: &[&str]) -> Vec<(u64, u64)> {
    let mut end = 0;
    records
        .iter()
        .map(|record| {
            let begin = end;
            end += size(&record.to_string());
            (begin, end)
        })
        .collect()
}

const RECORDS: [&str; 4] = ["", "a", "the quick brown fox", "jumps"];

#[test]
fn a_crash_loses_exactly_what_was_not_forced() {
    // Every point of: two appends, a forced write asked for, an append, another, both complete, an append.
    for crash_after in 0..=8 {
        let mut disk = Disk::new(0);
        let mut forced = Vec::new();
        for step in 0..crash_after {
            match step {
                0 | 1 | 3 | 7 => append(&mut disk, &[RECORDS[step as usize % 4]]),
                2 | 4 => {
                    disk.ask();
                    forced.push(disk.appended());
                }
                _ => disk.complete(forced.remove(0)),
            }
        }
        let (there, kept) = match crash_after {
            0 => (0, 0),
            1 => (1, 0),
            2 | 3 => (2, 0),
            4 | 5 => (3, 0),
            6 => (3, 2),
            7 => (3, 3),
            _ => (4, 3),
        };
        let under_way = [0, 0, 0, 1, 1, 2, 1, 0, 0][crash_after as usize];
        assert_eq!(disk.crash(0, None), (there - kept, under_way), "after step {crash_after}");
        assert_eq!(disk.recover(), Found::default());
        let expected = ["", "a", "jumps"];
        assert_eq!(disk.records(), &expected[..kept as usize], "after step {crash_after}");
        assert_eq!(disk.appended(), kept);
    }
}

#[test]
fn a_torn_tail_keeps_the_whole_records_before_every_byte_and_recovery_finds_the_torn_one() {
    for forced in 0..RECORDS.len() {
        let tail = &RECORDS[forced..];
        let mut before = disk(&RECORDS[..forced]);
        append(&mut before, tail);
        let unsynced = before.unsynced_bytes();
        assert_eq!(unsynced, bits(tail) / 8);
        for kept in 0..=unsynced {
            let mut disk = before.clone();
            let whole = spans(tail).iter().filter(|(_, end)| *end <= kept).count();
            let torn = spans(tail).iter().any(|(begin, end)| *begin < kept && kept < *end);
            assert_eq!(disk.crash(kept, Some(3)).0, (tail.len() - whole) as u64, "{forced} forced, {kept} bytes kept");
            let found = disk.recover();
            let damage = torn.then_some(Damage { record: (forced + whole) as u64, readable_after: 0 });
            let expected = Found { damage, torn: torn.into(), corrupt: 0, lost: 0, by: torn.then_some(3) };
            assert_eq!(found, expected, "{forced} forced, {kept} bytes kept");
            assert_eq!(disk.records(), &RECORDS[..forced + whole]);
            assert_eq!((disk.bytes, disk.durable as usize), (bits(&RECORDS[..forced + whole]) / 8, forced + whole));
            assert_eq!(disk.recover(), Found::default(), "what was cut off is found once");
        }
    }
}

#[test]
fn a_bit_anywhere_is_found_where_it_flipped() {
    let before = disk(&RECORDS);
    let ends = before.ends();
    assert_eq!(ends, spans(&RECORDS).iter().map(|span| span.1).collect::<Vec<_>>());
    for bit in 0..bits(&RECORDS) {
        let mut disk = before.clone();
        disk.flip(bit, &ends, Some(7));
        assert_eq!(disk.records(), RECORDS, "a node that runs notices nothing");
        let hit = spans(&RECORDS).iter().position(|(_, end)| bit / 8 < *end).unwrap();
        let after = (RECORDS.len() - hit - 1) as u64;
        let damage = Some(Damage { record: hit as u64, readable_after: after });
        assert_eq!(disk.recover(), Found { damage, torn: 0, corrupt: 1, lost: after + 1, by: Some(7) }, "bit {bit}");
        assert_eq!(disk.records(), &RECORDS[..hit], "no changed record is passed on");
    }
}

#[test]
fn two_bits_anywhere_are_found_unless_they_are_the_same() {
    let records = ["", "ab", "c"];
    let before = disk(&records);
    let ends = before.ends();
    let slot = |bit: u64| ends.iter().position(|end| bit / 8 < *end).unwrap();
    for first in 0..bits(&records) {
        for second in 0..bits(&records) {
            let mut disk = before.clone();
            disk.flip(first, &ends, Some(0));
            disk.flip(second, &ends, Some(1));
            let found = disk.recover();
            if first == second {
                assert_eq!((found, disk.records().len()), (Found::default(), 3), "bit {first} flipped back");
                continue;
            }
            let (low, high) = (slot(first).min(slot(second)), slot(first).max(slot(second)));
            let corrupt = 1 + u64::from(low != high);
            let readable_after = (records.len() - low) as u64 - corrupt;
            assert_eq!(found.damage, Some(Damage { record: low as u64, readable_after }), "bits {first} and {second}");
            assert_eq!((found.corrupt, disk.records()), (corrupt, &records.map(String::from)[..low]));
        }
    }
}

#[test]
fn damage_may_meet_a_torn_tail() {
    let mut before = disk(&RECORDS[..3]);
    append(&mut before, &RECORDS[3..]);
    assert_eq!(before.crash(14, Some(0)), (1, 0));
    let ends = before.ends();
    assert_eq!(*ends.last().unwrap(), bits(&RECORDS[..3]) / 8 + 14, "what lies there of the torn record counts too");
    for bit in 0..ends[3] * 8 {
        let mut disk = before.clone();
        disk.flip(bit, &ends, Some(1));
        let hit = ends.iter().position(|end| bit / 8 < *end).unwrap();
        let found = disk.recover();
        let intact = 3 - (hit as u64).min(3);
        let expected = match hit {
            // It was lost in the crash, whatever lies there.
            3 => Found { damage: Some(Damage { record: 3, readable_after: 0 }), torn: 1, corrupt: 0, lost: 0, by: Some(0) },
            _ => {
                let damage = Some(Damage { record: hit as u64, readable_after: intact - 1 });
                Found { damage, torn: 1, corrupt: 1, lost: intact, by: Some(1) }
            }
        };
        assert_eq!(found, expected, "bit {bit}");
    }
    assert_eq!(before.wipe(), (3, true), "the torn one was lost before");
}

#[test]
fn a_search_sees_what_is_on_a_disk_and_not_how_it_came_there() {
    let digest = |disk: &Disk<String>| {
        let mut hasher = Hasher64::new();
        disk.hash(&mut hasher);
        hasher.finish64()
    };
    let plain = disk(&RECORDS);
    let mut busy = plain.clone();
    busy.ask();
    busy.queue(Time(7), 9);
    assert_eq!(digest(&plain), digest(&busy));
    let mut changed = plain.clone();
    changed.flip(5, &changed.ends(), None);
    let mut unforced = plain.clone();
    append(&mut unforced, &["x"]);
    let mut forced = unforced.clone();
    forced.ask();
    forced.complete(5);
    let mut full = plain.clone();
    full.fill();
    let all = [&plain, &changed, &unforced, &forced, &full].map(digest);
    assert_eq!(std::collections::BTreeSet::from(all).len(), all.len());
}

/// A record of the oracle: what it is, whether it is on disk, and whether it can be read.
#[derive(Clone, PartialEq, Debug)]
struct Known {
    number: u64,
    text: String,
    forced: bool,
    good: bool,
}

#[test]
fn long_lives_are_those_of_a_dumb_oracle() {
    let key = StreamKey::new(1, 2);
    let (mut recovered, mut damaged, mut wiped) = (0, 0, 0);
    for life in 0..4_000 {
        let mut counter = 0;
        let mut below = |bound: u64| {
            counter += 1;
            key.below(life, counter, bound)
        };
        let (mut disk, mut known, mut next, mut asked) = (Disk::new(0), Vec::<Known>::new(), 0u64, Vec::new());
        for step in 0..60 {
            match below(12) {
                0..=4 => {
                    let text = "x".repeat(below(20) as usize) + &step.to_string();
                    append(&mut disk, &[&text]);
                    known.push(Known { number: next, text, forced: false, good: true });
                    next += 1;
                }
                5 | 6 => {
                    disk.ask();
                    asked.push(disk.appended());
                    assert_eq!(disk.appended(), next);
                }
                7 | 8 if !asked.is_empty() => {
                    let upto = asked.remove(0);
                    disk.complete(upto);
                    known.iter_mut().filter(|known| known.number < upto).for_each(|known| known.forced = true);
                }
                9 if known.iter().any(|known| known.forced) => {
                    let ends = disk.ends();
                    let bit = below(ends.last().unwrap() * 8);
                    disk.flip(bit, &ends, None);
                    // Two bits of one record may undo each other; the oracle hits each record once.
                    let hit = ends.iter().position(|end| bit / 8 < *end).unwrap();
                    if known[hit].good {
                        known[hit].good = false;
                    } else {
                        disk.flip(bit, &ends, None);
                    }
                }
                10 if below(3) == 0 => {
                    assert_eq!(disk.wipe(), (known.len() as u64, !known.is_empty()));
                    known.clear();
                    wiped += 1;
                }
                11 => {
                    let tail: u64 = known.iter().filter(|known| !known.forced).map(|known| size(&known.text)).sum();
                    let mut kept = if below(2) == 0 { 0 } else { below(tail + 1) };
                    assert_eq!(disk.unsynced_bytes(), tail);
                    disk.crash(kept, None);
                    known.retain_mut(|known| {
                        let size = size(&known.text);
                        if known.forced {
                            return true;
                        }
                        (known.forced, known.good) = (kept > 0 || size <= kept, size <= kept);
                        kept = kept.saturating_sub(size);
                        known.forced
                    });
                    let found = disk.recover().damage;
                    let bad = known.iter().position(|known| !known.good);
                    let expected = bad.map(|bad| Damage {
                        record: bad as u64,
                        readable_after: known[bad..].iter().filter(|known| known.good).count() as u64,
                    });
                    assert_eq!(found, expected, "life {life}, step {step}");
                    known.truncate(bad.unwrap_or(known.len()));
                    known.iter_mut().zip(0..).for_each(|(known, number)| known.number = number);
                    (next, asked) = (known.len() as u64, Vec::new());
                    recovered += 1;
                    damaged += u64::from(found.is_some());
                }
                _ => {}
            }
            assert!(disk.records().iter().eq(known.iter().map(|known| &known.text)), "life {life}, step {step}");
        }
    }
    assert!(recovered > 10_000 && damaged > 3_000 && wiped > 1_000, "{recovered} {damaged} {wiped}");
}
