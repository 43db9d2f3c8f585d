use super::*;
use crate::sample::{Chance, Step, ample, expect, sessions, steps, steps_text};

fn check(model: Model, guarantees: &[Guarantee], text: &str, verdict: &str) {
    expect(&judge(&sessions(model, text), guarantees, &mut ample()).verdict, verdict);
}

use Guarantee::{MonotonicReads as MR, MonotonicWrites as MW, ReadYourWrites as RYW, WritesFollowReads as WFR};

#[test]
fn clean_histories_pass() {
    for model in [Model::Register, Model::CasRegister, Model::MultiRegister] {
        check(model, &Guarantee::ALL, "", "ok");
        check(model, &Guarantee::ALL, "wx1 wx2 rx2 / rx rx1 rx2", "ok");
        // Other sessions see two concurrent writes in one order only, but the writers may see the other's late.
        check(model, &Guarantee::ALL, "wx1 rx1 rx2 / wx2 rx2 / rx1 rx2", "ok");
        check(model, &Guarantee::ALL, "cx01 fx12 rx1 / rx", "ok");
    }
    // Sessions that know nothing of each other.
    check(Model::MultiRegister, &Guarantee::ALL, "wx1 wy1 / wy2 ry2 rx / ry1 rx1", "ok");
    // Each guarantee lets pass what another forbids.
    check(Model::Register, &[MR, MW, WFR], "wx1 rx", "ok");
    check(Model::Register, &[RYW, MW, WFR], "wx1 / rx1 rx", "ok");
    check(Model::MultiRegister, &[RYW, MR, WFR], "wx1 wy1 / ry1 rx", "ok");
    check(Model::MultiRegister, &[RYW, MR, MW], "wx1 / rx1 wy1 / ry1 rx", "ok");
    check(Model::ListAppend, &Guarantee::ALL, "(wx1,rx1) (wx2,rx132) / (wx3) (rx132)", "ok");
    check(Model::RwRegister, &Guarantee::ALL, "(wx1,wy1) / (rx1,ry1) (wx2) / (rx2,ry1)", "ok");
    // Values written twice are no matter while nobody reads them.
    check(Model::Register, &Guarantee::ALL, "wx1 wx1 / rx", "ok");
}

#[test]
fn planted_violations_are_caught() {
    check(Model::Register, &[RYW], "wx1 rx", "violation: operation 1 (process 0 read nothing from x) did not see operation 0");
    check(Model::Register, &[RYW], "wx1 wx2 rx1 / rx1 rx2", "ok");
    check(Model::Register, &[RYW, MW], "wx1 wx2 rx1", "violation: no order of the writes explains the reads");
    check(Model::Register, &[MR], "wx1 / rx1 rx", "violation");
    check(Model::Register, &[MR], "wx1 / wx2 / rx1 rx2 rx1", "violation: no order of the writes explains the reads");
    check(Model::Register, &[MR], "wx1 / wx2 / rx1 rx2 / rx2 rx1", "violation: no order of the writes explains the reads");
    check(Model::Register, &[MR, MW], "wx1 wx2 / rx2 rx1", "violation");
    check(Model::MultiRegister, &[MR, MW], "wx1 wy1 / ry1 rx", "violation");
    check(Model::MultiRegister, &[MR, WFR], "wx1 / rx1 wy1 / ry1 rx", "violation");
    check(Model::MultiRegister, &[WFR], "rx1 wy1 / ry1 wx1", "violation: operation");
    check(Model::CasRegister, &[MR], "cx01 / rx1 / rx1 rx", "violation");
    check(Model::Register, &[], "wx1 / rx2", "violation: operation 1 (process 1 read 2 from x) saw 2, which nobody wrote");
    check(
        Model::Register,
        &[],
        "wx1! / rx1",
        "violation: operation 1 (process 1 read 1 from x) saw 1, which only operation 0 was",
    );
    check(Model::ListAppend, &[RYW], "(wx1) (rx)", "violation");
    check(Model::ListAppend, &[MR], "(wx1) (wx2) / (rx12) (rx1)", "violation");
    check(Model::ListAppend, &[], "(wx1) (wx2) / (rx12) / (rx21)", "violation: no order");
    check(Model::RwRegister, &[MR, MW], "(wx1,wy1) / (ry1,rx)", "violation");
}

#[test]
fn evidence_tells_why() {
    check(
        Model::Register,
        &Guarantee::ALL,
        "wx1 / wx2 / rx1 rx2 / rx2 rx1",
        "violation: no order of the writes explains the reads: operation 1 (process 1 wrote 2 to x) comes after operation 0 (process 0 \
         wrote 1 to x), since operation 3 saw the former and must see both (3 must see what 2 saw before it in its session; 2 saw 0). \
         operation 0",
    );
    let history = sessions(Model::MultiRegister, "wx1 / rx1 wy1 / ry1 rx");
    let judgement = all(&history, &mut ample());
    expect(
        &judgement.verdict,
        "violation: operation 4 (process 2 read nothing from x) did not see operation 0 (process 0 wrote 1 to x): 4 must see what 3 saw \
         before it in its session; 3 saw 2; who sees 2 must see what 1 had seen before it in its session; 1 saw 0",
    );
    assert_eq!(judgement.facts["operations"], serde_json::json!([4, 0]));
}

#[test]
fn what_cannot_be_told_is_unknown() {
    check(Model::Register, &[RYW], "wx1 rx1 / wx1", "unknown: operation 1 read 1 from x, and operations 0 and 2 both write it");
    check(Model::Kv, &[RYW], "wx1 ax1", "unknown: operation 1 appends");
    // A violation beside it is one all the same.
    check(Model::MultiRegister, &[RYW], "wx1 rx1 wy1 ry / wx1", "violation");
    let history = sessions(Model::Register, "wx1 rx1 / rx1");
    expect(&judge(&history, &Guarantee::ALL, &mut Budget::new(3, 1 << 20)).verdict, "unknown: the 3 steps");
    expect(&judge(&history, &Guarantee::ALL, &mut Budget::new(1 << 20, 3)).verdict, "unknown: the 3 bytes");
}

/// By the definition: tries every order of the writes and everything that each read may have seen.
fn oracle(steps: &[Step], lists: bool, guarantees: &[Guarantee]) -> bool {
    let writes: Vec<usize> = (0..steps.len()).filter(|index| steps[*index].is_write).collect();
    let reads: Vec<usize> = (0..steps.len()).filter(|index| !steps[*index].is_write).collect();
    permutations(&writes).iter().any(|order| {
        let returns = |read: usize, seen: u32| {
            let found = order.iter().filter(|write| seen >> **write & 1 == 1 && steps[**write].key == steps[read].key);
            let mut values = found.map(|write| steps[*write].value);
            let value = if lists { values.fold(0, |list, value| 10 * list + value) } else { values.next_back().unwrap_or(0) };
            value == steps[read].value
        };
        let choices: Vec<Vec<u32>> =
            reads.iter().map(|read| subsets(&writes).into_iter().filter(|seen| returns(*read, *seen)).collect()).collect();
        let mut seen = vec![0u32; steps.len()];
        some_choice(&reads, &choices, &mut seen, &mut |seen| has(steps, order, seen, guarantees))
    })
}

fn permutations(items: &[usize]) -> Vec<Vec<usize>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let with = |index: usize| {
        let mut rest = items.to_vec();
        let first = rest.remove(index);
        permutations(&rest).into_iter().map(move |rest| [vec![first], rest].concat())
    };
    (0..items.len()).flat_map(with).collect()
}

fn subsets(items: &[usize]) -> Vec<u32> {
    (0..1u32 << items.len())
        .map(|mask| (0..items.len()).filter(|index| mask >> index & 1 == 1).map(|index| 1 << items[index]).sum())
        .collect()
}

fn some_choice(reads: &[usize], choices: &[Vec<u32>], seen: &mut [u32], holds: &mut dyn FnMut(&[u32]) -> bool) -> bool {
    let Some((read, rest)) = reads.split_first() else { return holds(seen) };
    choices[0].iter().any(|choice| {
        seen[*read] = *choice;
        some_choice(rest, &choices[1..], seen, holds)
    })
}

/// Whether an order and what the reads saw have the guarantees, all pairs and triples tried.
fn has(steps: &[Step], order: &[usize], seen: &[u32], guarantees: &[Guarantee]) -> bool {
    let all = 0..steps.len();
    let earlier = |a: usize, b: usize| steps[a].session == steps[b].session && a < b;
    let place = |write: usize| order.iter().position(|other| *other == write);
    let sees = |read: usize, write: usize| seen[read] >> write & 1 == 1;
    let sees_with = |a: usize, c: usize| all.clone().filter(|d| !steps[*d].is_write).all(|d| !sees(d, c) || sees(d, a));
    guarantees.iter().all(|guarantee| {
        all.clone().all(|b| {
            all.clone().filter(|c| earlier(b, *c)).all(|c| match (guarantee, steps[b].is_write, steps[c].is_write) {
                (RYW, true, false) => sees(c, b),
                (MR, false, false) => seen[b] & !seen[c] == 0,
                (MW, true, true) => place(b) < place(c) && sees_with(b, c),
                (WFR, false, true) => order.iter().filter(|a| sees(b, **a)).all(|a| place(*a) < place(c) && sees_with(*a, c)),
                _ => true,
            })
        })
    })
}

const SETS: [&[Guarantee]; 9] = [&[RYW], &[MR], &[MW], &[WFR], &Guarantee::ALL, &[RYW, MR], &[MR, MW], &[MR, WFR], &[MW, WFR]];

/// As if there were one store of lists: reads of registers become reads of lists, which are then perhaps changed.
fn as_lists(chance: &mut Chance, steps: &mut [Step]) {
    let written: Vec<Step> = steps.iter().copied().filter(|step| step.is_write).collect();
    let truthful = chance.one_in(2);
    for step in steps.iter_mut().filter(|step| !step.is_write) {
        let mut list: Vec<u32> = written.iter().filter(|write| write.key == step.key).map(|write| write.value).collect();
        list.truncate(chance.below(list.len() as u64 + 1) as usize);
        if !truthful && list.len() > 1 && chance.one_in(3) {
            list.swap(0, 1);
        }
        if !truthful && !list.is_empty() && chance.one_in(4) {
            list.remove(0);
        }
        step.value = list.into_iter().fold(0, |list, value| 10 * list + value);
    }
}

fn against_the_oracle(seeds: std::ops::Range<u64>, lists: bool) -> [[u64; 2]; SETS.len()] {
    let mut counts = [[0; 2]; SETS.len()];
    for seed in seeds {
        let mut chance = Chance::new(seed);
        let lengths = *chance.pick(&[&[2, 2, 2][..], &[3, 3], &[4, 2], &[2, 3, 1], &[1, 1, 2, 2], &[6], &[2, 2, 3]]);
        let keys = 1 + chance.below(2);
        let mut steps = steps(&mut chance, lengths, keys);
        if lists {
            as_lists(&mut chance, &mut steps);
        }
        let text = steps_text(&steps);
        let history = match lists {
            true => {
                let word = |word: &str| if word == "/" { word.to_string() } else { format!("({word})") };
                sessions(Model::ListAppend, &text.split_whitespace().map(word).collect::<Vec<_>>().join(" "))
            }
            false => sessions(Model::MultiRegister, &text),
        };
        for (set, count) in SETS.iter().zip(&mut counts) {
            let verdict = judge(&history, set, &mut ample()).verdict;
            let wanted = oracle(&steps, lists, set);
            assert_eq!(verdict == Verdict::Ok, wanted, "seed {seed}, {set:?}, {text}: {verdict:?}");
            count[usize::from(wanted)] += 1;
        }
    }
    counts
}

#[test]
fn small_histories_agree_with_the_definition() {
    let counts = against_the_oracle(0..2_000, false);
    for (set, count) in SETS.iter().zip(counts) {
        // Alone, monotonic writes forbid nothing where each read is of one key.
        assert!(count[1] > 100 && (count[0] > 10 || *set == [MW]), "{set:?}: {count:?}");
    }
}

#[test]
fn small_histories_of_lists_agree_with_the_definition() {
    let counts = against_the_oracle(0..2_000, true);
    assert!(counts.iter().flatten().all(|count| *count > 100), "{counts:?}");
}

#[test]
#[ignore = "long"]
fn many_small_histories_agree_with_the_definition() {
    println!("[violation, ok] of {SETS:?}: {:?}", against_the_oracle(0..100_000, false));
    println!("of lists: {:?}", against_the_oracle(0..100_000, true));
}

#[test]
fn large_histories_of_one_store_pass() {
    let text = crate::causal::tests::one_store(7, 1_500, 8);
    let history = sessions(Model::MultiRegister, "");
    assert!(history.operations.is_empty());
    let mut budget = Budget::new(200_000_000, 1 << 30);
    expect(&judge(&text, &Guarantee::ALL, &mut budget).verdict, "ok");
}
