use super::*;
use crate::history::{Answer, Call, Outcome};
use crate::sample::{Build, Chance, Step, ample, expect, sessions, steps, steps_text};

const FLAVOURS: [Flavour; 3] = [Flavour::Plain, Flavour::Convergence, Flavour::Memory];

/// The verdicts on causal consistency, convergence and memory, by the pattern found.
fn check(model: Model, text: &str, patterns: [&str; 3]) {
    let history = sessions(model, text);
    for (flavour, pattern) in FLAVOURS.into_iter().zip(patterns) {
        let judgement = judge(&history, flavour, &mut ample());
        let found = judgement.facts.get("pattern").and_then(Json::as_str).unwrap_or(judgement.verdict.name());
        assert_eq!(found, pattern, "{flavour:?} of {text}: {:?}", judgement.verdict);
    }
}

#[test]
fn the_histories_of_the_paper() {
    let keyed = Model::MultiRegister;
    // Its figure 3: (a) CM but not CCv, (b) CCv but not CM, (c) CC but neither, (d) all of them though not sequentially consistent,
    // (e) not even CC.
    check(keyed, "wx1 rx2 / wx2 rx1", ["ok", "CyclicCF", "ok"]);
    check(keyed, "wz1 wx1 wy1 / wx2 rz ry1 rx2", ["ok", "ok", "WriteHBInitRead"]);
    check(keyed, "wx1 / wx2 rx1 rx2", ["ok", "CyclicCF", "CyclicHB"]);
    check(keyed, "wx1 ry wy1 rx1 / wx2 ry wy2 rx2", ["ok", "ok", "ok"]);
    check(keyed, "wx1 wy1 / ry1 wx2 / rx2 rx1", ["WriteCORead", "WriteCORead", "WriteCORead"]);
}

#[test]
fn clean_histories_pass() {
    for model in [Model::Register, Model::CasRegister, Model::MultiRegister, Model::Kv] {
        check(model, "", ["ok"; 3]);
        check(model, "wx1 rx1 / rx1 wx2 / rx2", ["ok"; 3]);
    }
    check(Model::RwRegister, "(wx1,wy1) / (rx1,ry1)", ["ok"; 3]);
    check(Model::CasRegister, "cx01 / cx12 / fx12 rx2", ["ok"; 3]);
    check(Model::Register, "wx1 / wx2? / rx2 / rx1", ["ok"; 3]);
}

#[test]
fn planted_patterns_are_named() {
    let keyed = Model::MultiRegister;
    check(keyed, "wx1 / rx3", ["ThinAirRead"; 3]);
    check(keyed, "rx1 wx1", ["CyclicCO"; 3]);
    check(keyed, "rx1 wy1 / ry1 wx1", ["CyclicCO"; 3]);
    check(keyed, "wx1 rx", ["WriteCOInitRead"; 3]);
    check(keyed, "wx1 / rx1 wy1 / ry1 rx", ["WriteCOInitRead"; 3]);
    check(keyed, "wx1 wx2 / rx2 rx1", ["WriteCORead"; 3]);
    check(keyed, "wx1 / wx2 / rx1 rx2 rx1", ["ok", "CyclicCF", "CyclicHB"]);
    check(keyed, "wx1 / wx2 / rx1 rx2 / rx2 rx1", ["ok", "CyclicCF", "ok"]);
    check(Model::RwRegister, "(wx1,wy1) / (ry1,rx)", ["WriteCOInitRead"; 3]);
    check(keyed, "wx1 / wx1 / rx1", ["unknown"; 3]);
    check(keyed, "wx1 / wx1 / rx1 / wy1 ry", ["WriteCOInitRead"; 3]);
}

#[test]
fn evidence_tells_each_step() {
    let history = sessions(Model::MultiRegister, "wx1 / rx1 wy1 / ry1 rx");
    let judgement = plain(&history, &mut ample());
    expect(
        &judgement.verdict,
        "violation: WriteCOInitRead: operation 4 (process 2 read nothing from x) saw what was there at the start, though operation 0 \
         (process 0 wrote 1 to x) had happened before it: process 2 did 3 before 4; operation 3 (process 2 read 1 from y) read what \
         operation 2 (process 1 wrote 1 to y) wrote; process 1 did 1 before 2; operation 1 (process 1 read 1 from x) read what operation 0",
    );
    assert_eq!(judgement.facts["operations"], serde_json::json!([4, 0]));
    let told = |text: &str, flavour: Flavour| judge(&sessions(Model::MultiRegister, text), flavour, &mut ample()).verdict;
    expect(
        &told("wx1 rx2 / wx2 rx1", Flavour::Convergence),
        "violation: CyclicCF: the writes cannot be ordered once for all: operation 1 (process 0 read 2 from x) saw operation 2 (process 1 \
         wrote 2 to x), though operation 0 (process 0 wrote 1 to x) had happened before it (process 0 did 0 before 1), so that 0 comes \
         before 2. operation 3 (process 1 read 1 from x) saw operation 0",
    );
    expect(
        &told("wx1 / wx2 rx1 rx2", Flavour::Memory),
        "violation: CyclicHB: for process 1 the writes come in a circle: operation 1 (process 1 wrote 2 to x) was there before operation 2 \
         (process 1 read 1 from x) saw operation 0 (process 0 wrote 1 to x), so that 1 comes before 0; operation 0",
    );
    expect(&plain(&history, &mut Budget::new(2, 1 << 20)).verdict, "unknown: the 2 steps");
    expect(&plain(&history, &mut Budget::new(1 << 20, 2)).verdict, "unknown: the 2 bytes");
}

/// The definitions of the paper (section 2), over all causal orders.
struct Oracle<'a> {
    steps: &'a [Step],
    /// For each step those before it, as bits.
    causes: Vec<u32>,
}

impl Oracle<'_> {
    /// Which of the three hold.
    fn verdicts(steps: &[Step]) -> [bool; 3] {
        let pairs: Vec<(usize, usize)> = (0..steps.len())
            .flat_map(|a| (a + 1..steps.len()).map(move |b| (a, b)))
            .filter(|(a, b)| steps[*a].session != steps[*b].session)
            .collect();
        let session: Vec<u32> =
            (0..steps.len()).map(|b| (0..b).filter(|a| steps[*a].session == steps[b].session).map(|a| 1 << a).sum()).collect();
        let mut oracle = Oracle { steps, causes: session };
        let mut holds = [false; 3];
        oracle.try_all(&pairs, &mut holds);
        holds
    }

    /// Each pair of steps of different sessions: one caused the other, or neither.
    fn try_all(&mut self, pairs: &[(usize, usize)], holds: &mut [bool; 3]) {
        let Some(((a, b), rest)) = pairs.split_first() else {
            let is_transitive = (0..self.steps.len()).all(|c| {
                (0..self.steps.len()).filter(|b| self.causes[c] >> b & 1 == 1).all(|b| self.causes[b] & !self.causes[c] == 0)
            });
            if is_transitive {
                holds[0] |= self.is_plain();
                holds[1] = holds[1] || self.is_convergent();
                holds[2] = holds[2] || self.is_memory();
            }
            return;
        };
        self.try_all(rest, holds);
        for (cause, effect) in [(*a, *b), (*b, *a)] {
            self.causes[effect] |= 1 << cause;
            self.try_all(rest, holds);
            self.causes[effect] &= !(1 << cause);
        }
    }

    fn is_plain(&self) -> bool {
        (0..self.steps.len()).all(|step| self.explains(self.causes[step] | 1 << step, 1 << step, &mut [0; 4]))
    }

    fn is_memory(&self) -> bool {
        let own = |step: usize| {
            (0..=step).filter(|other| self.steps[*other].session == self.steps[step].session).map(|other| 1 << other).sum()
        };
        (0..self.steps.len()).all(|step| self.explains(self.causes[step] | 1 << step, own(step), &mut [0; 4]))
    }

    /// Some sequence of the steps left, causes first, after which each step to be explained found what it read.
    fn explains(&self, left: u32, explained: u32, store: &mut [u32; 4]) -> bool {
        if left == 0 {
            return true;
        }
        (0..self.steps.len()).filter(|step| left >> step & 1 == 1 && self.causes[*step] & left == 0).any(|step| {
            let Step { is_write, key, value, .. } = self.steps[step];
            let key = key as usize;
            if is_write {
                let before = std::mem::replace(&mut store[key], value);
                let explains = self.explains(left & !(1 << step), explained, store);
                store[key] = before;
                return explains;
            }
            (explained >> step & 1 == 0 || store[key] == value) && self.explains(left & !(1 << step), explained, store)
        })
    }

    /// Some sequence of all steps, causes first, of which each read's causes, in that order, explain it.
    fn is_convergent(&self) -> bool {
        self.arbitrates((1 << self.steps.len()) - 1, &mut Vec::new())
    }

    fn arbitrates(&self, left: u32, order: &mut Vec<usize>) -> bool {
        if left == 0 {
            return true;
        }
        (0..self.steps.len()).filter(|step| left >> step & 1 == 1 && self.causes[*step] & left == 0).any(|step| {
            let Step { is_write, key, value, .. } = self.steps[step];
            let latest = order.iter().rev().find(|other| {
                self.causes[step] >> **other & 1 == 1 && self.steps[**other].is_write && self.steps[**other].key == key
            });
            if !is_write && latest.map_or(0, |other| self.steps[*other].value) != value {
                return false;
            }
            order.push(step);
            let arbitrates = self.arbitrates(left & !(1 << step), order);
            order.pop();
            arbitrates
        })
    }
}

fn against_the_oracle(seeds: std::ops::Range<u64>) -> [[u64; 2]; 3] {
    let mut counts = [[0; 2]; 3];
    for seed in seeds {
        let mut chance = Chance::new(seed);
        let lengths = *chance.pick(&[&[2, 2, 1][..], &[3, 3], &[4, 2], &[2, 3], &[1, 1, 3], &[1, 1, 2], &[4, 1], &[5, 1]]);
        let keys = 1 + chance.below(2);
        let steps = steps(&mut chance, lengths, keys);
        let text = steps_text(&steps);
        let history = sessions(Model::MultiRegister, &text);
        let wanted = Oracle::verdicts(&steps);
        for ((flavour, wanted), count) in FLAVOURS.into_iter().zip(wanted).zip(&mut counts) {
            let verdict = judge(&history, flavour, &mut ample()).verdict;
            assert_eq!(verdict == Verdict::Ok, wanted, "seed {seed}, {flavour:?}, {text}: {verdict:?}");
            count[usize::from(wanted)] += 1;
        }
    }
    counts
}

#[test]
fn small_histories_agree_with_the_definitions() {
    let counts = against_the_oracle(0..2_000);
    assert!(counts.iter().all(|[bad, good]| *bad > 300 && *good > 300), "{counts:?}");
    assert!(counts[1][0] > counts[0][0] && counts[2][0] > counts[0][0], "{counts:?}");
}

#[test]
#[ignore = "long"]
fn many_small_histories_agree_with_the_definitions() {
    println!("[violation, ok] of {FLAVOURS:?}: {:?}", against_the_oracle(0..100_000));
}

/// What clients of one store see that does one operation after the other.
pub(crate) fn one_store(seed: u64, operations: i64, processes: u64) -> History {
    let mut chance = Chance::new(seed);
    let mut build = Build::new(Model::MultiRegister);
    let keys = [build.key("x"), build.key("y"), build.key("z")];
    let mut store = [Value::NULL; 3];
    for at in 0..operations {
        let (process, key) = (chance.below(processes) as i64, chance.below(3) as usize);
        let (call, outcome) = match chance.one_in(2) {
            true => {
                store[key] = build.int(at);
                (Call::Write(store[key]), Outcome::Ok(Answer::Done))
            }
            false => (Call::Read, Outcome::Ok(Answer::Value(store[key]))),
        };
        build.push(process, keys[key], call, outcome, 10 * at, 10 * at + 5);
    }
    build.finish()
}

#[test]
fn large_histories_of_one_store_pass_and_a_changed_read_does_not() {
    for flavour in FLAVOURS {
        let mut history = one_store(1, 1_500, 8);
        let mut budget = Budget::new(1_000_000_000, 1 << 30);
        expect(&judge(&history, flavour, &mut budget).verdict, "ok");
        // The last read of a process sees what it had overwritten itself long before.
        let first = history.operations.iter().position(|operation| matches!(operation.call, Call::Write(_))).expect("a write");
        let (key, process) = (history.operations[first].key, history.operations[first].process);
        let Call::Write(value) = history.operations[first].call else { unreachable!("it is a write") };
        let late = |operation: &&mut crate::history::Operation| {
            operation.process == process && operation.key == key && operation.call == Call::Read
        };
        history.operations.iter_mut().rfind(late).expect("a read").outcome = Outcome::Ok(Answer::Value(value));
        expect(&judge(&history, flavour, &mut budget).verdict, "violation: WriteCORead");
    }
}

/// How the replicas of a store hand on their writes, and which of two they keep.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Discipline {
    /// After what caused them; the one that comes later.
    Causal,
    /// After what caused them; the one with the larger Lamport time.
    CausalLargest,
    /// As they come; the one with the larger Lamport time.
    AnyLargest,
}

/// A write under way: its key and value, its Lamport time and author, and how many writes of each author it must come after.
#[derive(Clone)]
struct Update {
    key: usize,
    value: Value,
    stamp: (u64, usize),
    after: Vec<u64>,
}

#[derive(Clone, Default)]
struct Replica {
    store: [Option<Update>; 3],
    applied: Vec<u64>,
    clock: u64,
    inbox: Vec<Update>,
}

impl Replica {
    fn apply(&mut self, update: Update, discipline: Discipline) {
        let place = &mut self.store[update.key];
        self.applied[update.stamp.1] += 1;
        self.clock = self.clock.max(update.stamp.0);
        let is_older = place.as_ref().is_some_and(|held| held.stamp > update.stamp);
        if discipline == Discipline::Causal || !is_older {
            *place = Some(update);
        }
    }
}

/// What clients see that each stay at a replica of their own.
fn replicated(seed: u64, operations: i64, processes: usize, discipline: Discipline) -> History {
    let mut chance = Chance::new(seed);
    let mut build = Build::new(Model::MultiRegister);
    let keys = [build.key("x"), build.key("y"), build.key("z")];
    let mut replicas = vec![Replica { applied: vec![0; processes], ..Replica::default() }; processes];
    for at in 0..operations {
        let process = chance.below(processes as u64) as usize;
        let replica = &mut replicas[process];
        for _ in 0..chance.below(5) {
            let is_ready = |update: &Update| {
                discipline == Discipline::AnyLargest
                    || update.after.iter().zip(&replica.applied).all(|(after, applied)| after <= applied)
            };
            let ready: Vec<usize> = (0..replica.inbox.len()).filter(|index| is_ready(&replica.inbox[*index])).collect();
            if !ready.is_empty() {
                let update = replica.inbox.remove(*chance.pick(&ready));
                replica.apply(update, discipline);
            }
        }
        let key = chance.below(3) as usize;
        if chance.one_in(2) {
            let held = replica.store[key].as_ref().map_or(Value::NULL, |update| update.value);
            build.push(process as i64, keys[key], Call::Read, Outcome::Ok(Answer::Value(held)), 10 * at, 10 * at + 5);
            continue;
        }
        let value = build.int(at);
        let update = Update { key, value, stamp: (replica.clock + 1, process), after: replica.applied.clone() };
        replica.apply(update.clone(), discipline);
        build.push(process as i64, keys[key], Call::Write(value), Outcome::Ok(Answer::Done), 10 * at, 10 * at + 5);
        replicas
            .iter_mut()
            .enumerate()
            .filter(|(other, _)| *other != process)
            .for_each(|(_, other)| other.inbox.push(update.clone()));
    }
    build.finish()
}

#[test]
fn replicas_have_what_their_discipline_gives() {
    use crate::sessions::{self, Guarantee};
    let (mut diverged, mut disordered) = (0, 0);
    for seed in 0..60 {
        let is_violation =
            |history: &History, flavour| matches!(judge(history, flavour, &mut ample()).verdict, Verdict::Violation(_));
        let history = replicated(seed, 150, 4, Discipline::Causal);
        assert!(!is_violation(&history, Flavour::Plain) && !is_violation(&history, Flavour::Memory), "seed {seed}");
        diverged += u32::from(is_violation(&history, Flavour::Convergence));
        let history = replicated(seed, 150, 4, Discipline::CausalLargest);
        assert!(!is_violation(&history, Flavour::Plain) && !is_violation(&history, Flavour::Convergence), "seed {seed}");
        expect(&sessions::judge(&history, &Guarantee::ALL, &mut ample()).verdict, "ok");
        let history = replicated(seed, 150, 4, Discipline::AnyLargest);
        disordered += u32::from(is_violation(&history, Flavour::Plain));
        // Alone, what stays at one replica has these two, whatever the order in which it hears of things.
        let own = [Guarantee::ReadYourWrites, Guarantee::MonotonicReads];
        expect(&sessions::judge(&history, &own, &mut ample()).verdict, "ok");
    }
    assert!(diverged > 30 && disordered > 10, "{diverged} diverged, {disordered} disordered");
}

#[test]
#[ignore = "long"]
fn thousands_of_operations() {
    for discipline in [Discipline::Causal, Discipline::CausalLargest] {
        let history = replicated(1, 10_000, 10, discipline);
        for flavour in FLAVOURS {
            let mut budget = ample();
            let verdict = judge(&history, flavour, &mut budget).verdict;
            println!("{discipline:?}, {flavour:?}: {}, {} steps", verdict.name(), budget.steps());
        }
    }
}
