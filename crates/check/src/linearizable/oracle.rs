//! The test partner of the search: every order of a handful of operations, tried without any cleverness, over a register map of its
//! own. And the small histories on which the two are compared.

use super::Outcome;
use super::kv::{Access, Answer, Op, Operation};
use std::collections::BTreeMap;

/// Operations of a history that the oracle can take.
const OPERATIONS_MAX: u64 = 7;

type Registers = BTreeMap<u32, u64>;

/// Whether some order explains the history.
pub(super) fn linearizable(history: &[Operation]) -> bool {
    let owed = |operation: &Operation| matches!(operation.outcome, Outcome::Known(_));
    assert!(history.len() as u64 <= OPERATIONS_MAX);
    extends(history, &owed, 0, &Registers::new())
}

fn extends(history: &[Operation], owed: &impl Fn(&Operation) -> bool, placed: u32, registers: &Registers) -> bool {
    let open = |index: usize| placed >> index & 1 == 0;
    if (0..history.len()).all(|index| !open(index) || !owed(&history[index])) {
        return true;
    }
    (0..history.len()).filter(|index| open(*index) && history[*index].outcome != Outcome::Refused).any(|index| {
        let next = &history[index];
        let too_early = (0..history.len())
            .any(|other| open(other) && owed(&history[other]) && history[other].response.is_some_and(|end| end < next.invoke));
        let mut after = registers.clone();
        let answer = carry_out(&next.op, &mut after);
        let fits = match &next.outcome {
            Outcome::Known(told) => *told == answer,
            _ => true,
        };
        !too_early && fits && extends(history, owed, placed | 1 << index, &after)
    })
}

fn carry_out(op: &Op, registers: &mut Registers) -> Answer {
    match op {
        Op::Read(key) => Answer::Value(registers.get(key).copied()),
        Op::Write(key, value) => {
            registers.insert(*key, *value);
            Answer::Done
        }
        Op::Cas { key, expected, new } => match registers.get(key).copied() {
            held if held == *expected => {
                registers.insert(*key, *new);
                Answer::Swapped
            }
            held => Answer::Held(held),
        },
        Op::Transaction(accesses) => {
            let mut found = Vec::new();
            for access in accesses {
                match access {
                    Access::Read(key) => found.push(registers.get(key).copied()),
                    Access::Write(key, value) => drop(registers.insert(*key, *value)),
                }
            }
            Answer::Values(found)
        }
    }
}

/// A little chance for tests: splitmix64.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Chance {
        Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ word >> 31) % bound
    }
}

/// A history over two keys and three values: of a register map in which every operation takes effect at an instant between its two
/// (`correct`), the same with one answer changed (`corrupted`), or with answers out of the blue (`random`).
pub(super) fn history(chance: &mut Chance, kind: &str) -> Vec<Operation> {
    let count = 1 + chance.below(OPERATIONS_MAX);
    let mut instants: Vec<u64> = (0..count).map(|_| 10 + chance.below(20)).collect();
    instants.sort_unstable();
    let mut registers = Registers::new();
    let mut history: Vec<Operation> = instants
        .into_iter()
        .map(|instant| {
            let op = op(chance);
            let (invoke, end) = (instant - chance.below(8), instant + chance.below(8));
            let (outcome, response) = match chance.below(8) {
                0 => (Outcome::Refused, Some(end)),
                1 => {
                    if chance.below(2) == 0 {
                        carry_out(&op, &mut registers);
                    }
                    (Outcome::Unknown, None)
                }
                _ if kind == "random" => (Outcome::Known(answer(&op, chance)), Some(end)),
                _ => (Outcome::Known(carry_out(&op, &mut registers)), Some(end)),
            };
            Operation { process: chance.below(4) as u32, invoke, response, op, outcome }
        })
        .collect();
    if kind == "corrupted" {
        let victim = chance.below(count) as usize;
        let Operation { op, outcome, response, invoke, .. } = &mut history[victim];
        *outcome = Outcome::Known(answer(op, chance));
        response.get_or_insert(*invoke + 5);
    }
    // Judges must not depend on the order in which operations are listed.
    for last in (1..history.len()).rev() {
        history.swap(last, chance.below(last as u64 + 1) as usize);
    }
    history
}

fn op(chance: &mut Chance) -> Op {
    let (key, value) = (chance.below(2) as u32, chance.below(3));
    match chance.below(10) {
        0..4 => Op::Read(key),
        4..7 => Op::Write(key, value),
        7..9 => Op::Cas { key, expected: some_value(chance), new: value },
        _ => {
            let access = |chance: &mut Chance| match chance.below(2) {
                0 => Access::Read(chance.below(2) as u32),
                _ => Access::Write(chance.below(2) as u32, chance.below(3)),
            };
            Op::Transaction((0..1 + chance.below(3)).map(|_| access(chance)).collect())
        }
    }
}

fn answer(op: &Op, chance: &mut Chance) -> Answer {
    match op {
        Op::Read(_) => Answer::Value(some_value(chance)),
        Op::Write(..) => Answer::Done,
        Op::Cas { .. } if chance.below(2) == 0 => Answer::Swapped,
        Op::Cas { .. } => Answer::Held(some_value(chance)),
        Op::Transaction(accesses) => {
            let reads = accesses.iter().filter(|access| matches!(access, Access::Read(_)));
            Answer::Values(reads.map(|_| some_value(chance)).collect())
        }
    }
}

fn some_value(chance: &mut Chance) -> Option<u64> {
    chance.below(4).checked_sub(1)
}
