use super::super::oracle::{self, Chance};
use super::*;

const BUDGET: u64 = 1_000_000;

/// What a test says of an operation.
type Line = (u32, u64, Option<u64>, Op, Outcome<Answer>);

fn history(lines: &[Line]) -> Vec<Operation> {
    let second = 1_000_000_000;
    lines
        .iter()
        .cloned()
        .map(|(process, invoke, response, op, outcome)| Operation {
            process,
            invoke: invoke * second,
            response: response.map(|at| at * second),
            op,
            outcome,
        })
        .collect()
}

fn write(process: u32, from: u64, to: u64, key: u32, value: u64) -> Line {
    (process, from, Some(to), Op::Write(key, value), Outcome::Known(Answer::Done))
}

fn lost_write(process: u32, from: u64, key: u32, value: u64) -> Line {
    (process, from, None, Op::Write(key, value), Outcome::Unknown)
}

fn read(process: u32, from: u64, to: u64, key: u32, value: Option<u64>) -> Line {
    (process, from, Some(to), Op::Read(key), Outcome::Known(Answer::Value(value)))
}

fn cas(process: u32, from: u64, to: u64, expected: Option<u64>, new: u64, answer: Answer) -> Line {
    (process, from, Some(to), Op::Cas { key: 1, expected, new }, Outcome::Known(answer))
}

fn transaction(process: u32, from: u64, to: u64, accesses: &[Access], values: &[Option<u64>]) -> Line {
    let answer = Outcome::Known(Answer::Values(values.to_vec()));
    (process, from, Some(to), Op::Transaction(accesses.to_vec()), answer)
}

fn check(lines: &[Line], expect: &str) {
    let verdict = judge(&history(lines), BUDGET);
    let text = format!("{}: {}", verdict.name(), verdict.evidence());
    assert!(text.starts_with(expect), "{text:?} does not start with {expect:?}");
}

#[test]
fn clean_histories_pass() {
    check(&[], "ok");
    check(&[write(0, 1, 2, 1, 5), read(1, 3, 4, 1, Some(5)), read(1, 3, 4, 2, None)], "ok");
    // Two overlapping writes may take effect in either order, and a read at the same time see either.
    check(&[write(0, 1, 5, 1, 5), write(1, 1, 5, 1, 6), read(2, 2, 3, 1, Some(6)), read(2, 6, 7, 1, Some(5))], "ok");
    // What ends when another begins is concurrent to it.
    check(&[write(0, 1, 2, 1, 5), read(1, 2, 3, 1, None)], "ok");
    // An unknown write takes effect long after its client gave up, or never.
    check(&[lost_write(0, 1, 1, 5), read(1, 2, 3, 1, None), read(1, 4, 5, 1, Some(5))], "ok");
    check(&[lost_write(0, 1, 1, 5), read(1, 2, 3, 1, None), read(1, 4, 5, 1, None)], "ok");
    check(&[cas(0, 1, 2, None, 5, Answer::Swapped), cas(1, 3, 4, Some(4), 6, Answer::Held(Some(5)))], "ok");
    let both = [Access::Write(1, 7), Access::Write(2, 7), Access::Read(1)];
    check(&[transaction(0, 1, 2, &both, &[Some(7)]), read(1, 3, 4, 2, Some(7))], "ok");
}

#[test]
fn planted_violations_are_told() {
    check(
        &[
            write(0, 1, 2, 1, 5),
            write(1, 3, 4, 1, 6),
            lost_write(3, 2, 1, 9),
            read(2, 5, 6, 1, Some(5)),
            read(2, 7, 8, 1, Some(9)),
        ],
        "violation: key 1: client 2's read that found 5 (5s to 6s) fits into no order\n\
         the 2 operations that had ended before 6s do: client 0's write of 5 (1s to 2s), client 1's write of 6 (3s to 4s), \
         and it holds 6\n\
         still under way then: client 3's write of 9 (from 2s)",
    );
    check(
        &[read(2, 5, 6, 3, Some(8))],
        "violation: key 3: client 2's read that found 8 (5s to 6s) was told 8, which nobody wrote",
    );
    check(
        &[read(2, 1, 2, 3, Some(8)), write(0, 3, 4, 3, 8)],
        "violation: key 3: client 2's read that found 8 (1s to 2s) was told 8, which client 0 asked to be written only at 3s",
    );
    // An acknowledged write that is gone.
    check(&[write(0, 1, 2, 1, 5), read(1, 3, 4, 1, None)], "violation: key 1: client 1's read that found nothing");
    // An unknown write that is seen, and then not.
    check(&[lost_write(0, 1, 1, 5), read(1, 2, 3, 1, Some(5)), read(1, 4, 5, 1, None)], "violation");
    // A refused one that is seen.
    let refused = (0, 1, Some(2), Op::Write(1, 5), Outcome::Refused);
    check(&[refused, read(1, 3, 4, 1, Some(5))], "violation");
    // Two that both swapped the same value.
    let swapped = |process, new| cas(process, 3, 4, Some(5), new, Answer::Swapped);
    check(&[write(0, 1, 2, 1, 5), swapped(1, 6), swapped(2, 7)], "violation: key 1: client ");
    // Half of a transaction.
    let both = [Access::Write(1, 7), Access::Write(2, 7)];
    let look = [Access::Read(1), Access::Read(2)];
    check(
        &[transaction(0, 1, 4, &both, &[]), transaction(1, 2, 3, &look, &[Some(7), None])],
        "violation: keys 1, 2: client 1's transaction [key 1 = 7, key 2 = nothing] (2s to 3s) fits into no order",
    );
}

/// Transactions of which each joins two keys, so that states say little: hard for any search.
fn hard(keys: u32) -> Vec<Line> {
    let both = |client: u64| [Access::Write(1, client), Access::Write(2, client % 3)];
    let mut lines: Vec<Line> = (0..24).map(|client| transaction(client as u32, 1, 100, &both(client), &[])).collect();
    lines.extend((0..24).map(|client| read(30 + client, 101, 110, 1 + client % keys, Some(u64::from(client % 3)))));
    lines
}

#[test]
fn an_easy_violation_is_found_beside_a_hard_part() {
    let mut lines = hard(2);
    lines.extend([write(60, 1, 2, 3, 5), write(60, 3, 4, 3, 6), read(61, 5, 6, 3, Some(5))]);
    check(&lines, "violation: key 3: client 61's read that found 5");
}

#[test]
fn a_budget_that_runs_out_is_admitted() {
    let verdict = judge(&history(&hard(2)), 10_000);
    assert_eq!(verdict.name(), "unknown");
    let expect = "keys 1, 2: the 10000 steps of the search are used up: it got past the end of ";
    assert!(verdict.evidence().starts_with(expect), "{verdict:?}");
}

#[test]
fn values_that_are_written_once_leave_little_to_try() {
    // Sixty clients write at one time, and the order shows in reads that come much later, or nowhere.
    let mut lines: Vec<Line> = (0..60).map(|client| write(client, 1, 1_000, 1, u64::from(client))).collect();
    lines.extend((0..60).filter(|client| client % 7 == 0).map(|client| lost_write(100 + client, 2, 1, 500 + u64::from(client))));
    lines.extend((0..30).map(|index| read(200, 10 + 4 * index, 12 + 4 * index, 1, Some(index * 7 % 60))));
    lines.extend((0..9).map(|index| cas(201 + index as u32, 5, 2_000, Some(index), 900 + index, Answer::Held(Some(index + 20)))));
    lines.push(read(210, 300, 310, 1, Some(500)));
    let verdict = judge(&history(&lines), 50_000);
    assert_eq!(verdict.name(), "ok", "{}", verdict.evidence());
    lines.push(read(211, 320, 330, 1, Some(0)));
    let verdict = judge(&history(&lines), 50_000);
    assert!(
        verdict.evidence().starts_with("key 1: client 211's read that found 0 (320s to 330s) fits into no order"),
        "{verdict:?}"
    );
}

#[test]
fn small_histories_agree_with_the_oracle() {
    let (mut right, mut wrong) = (0u32, 0u32);
    for seed in 0..30_000 {
        let mut chance = Chance::new(seed);
        let kind = ["correct", "corrupted", "random"][seed as usize % 3];
        let history = oracle::history(&mut chance, kind);
        let expect = oracle::linearizable(&history);
        assert!(expect || kind != "correct", "seed {seed}: the generator's own order is one: {history:#?}");
        let verdict = judge(&history, BUDGET);
        let found = match &verdict {
            Verdict::Ok => true,
            Verdict::Violation(_) => false,
            Verdict::NotJudged(why) | Verdict::Unknown(why) => panic!("seed {seed}: {why}"),
        };
        assert_eq!(found, expect, "seed {seed}: {verdict:?} of {history:#?}");
        *(if expect { &mut right } else { &mut wrong }) += 1;
    }
    assert!(right > 10_000 && wrong > 8_000, "{right} right, {wrong} wrong: both must be met often");
}
