use super::*;
use crate::registry::Ask;
use quorate_engine::random::StreamKey;

const OBJECTS: [Object; 4] = [Object::Kv, Object::ListAppend, Object::Counter, Object::Lock];

fn update(number: u32) -> Update {
    Update { origin: NodeId(0), number }
}

/// Carries requests out one after the other, from update 1 on: what each is answered, whether it changes anything, and what it replaces.
fn check(object: Object, requests: &[(Request, Response, bool, &[u32])]) {
    let mut machine = Machine::new(object);
    for ((request, expected, changes, replaces), number) in requests.iter().zip(1..) {
        let (response, effect) = machine.carry_out(request, update(number));
        assert_eq!(response, *expected, "{request:?}, number {number}");
        assert_eq!(effect.changed, *changes, "{request:?}, number {number}");
        let replaced: Vec<u32> = effect.replaced().map(|update| update.number).collect();
        assert_eq!(replaced, *replaces, "{request:?}, number {number}");
        assert_eq!(machine.digest(), machine.digest_anew(), "{request:?}, number {number}");
        if !request.changes() {
            assert_eq!(machine.read(request), response, "what changes nothing may be read beside the log");
        }
    }
}

#[test]
fn a_write_to_a_register_takes_the_place_of_the_one_before() {
    let cas = |expected, value| Request::Cas { key: 1, expected, value };
    let both = Request::Transaction(vec![Access::Write(1, 9), Access::Read(1), Access::Write(2, 9)]);
    check(
        Object::Kv,
        &[
            (Request::Read(1), Response::Value(None), false, &[]),
            (Request::Write(1, 5), Response::Done, true, &[]),
            (Request::Write(1, 6), Response::Done, true, &[2]),
            (cas(Some(5), 7), Response::Held(Some(6)), false, &[]),
            (cas(Some(6), 8), Response::Swapped, true, &[3]),
            (both, Response::Values(vec![Some(9)]), true, &[5]),
            (Request::Write(2, 1), Response::Done, true, &[6]),
        ],
    );
}

#[test]
fn a_list_keeps_all_that_was_appended() {
    let both = Request::Transaction(vec![Access::Read(1), Access::Write(1, 7), Access::Read(1), Access::Read(2)]);
    check(
        Object::ListAppend,
        &[
            (Request::Read(1), Response::List(vec![]), false, &[]),
            (Request::Write(1, 5), Response::Done, true, &[]),
            (Request::Write(1, 6), Response::Done, true, &[]),
            (both, Response::Lists(vec![vec![5, 6], vec![5, 6, 7], vec![]]), true, &[]),
            (Request::Transaction(vec![Access::Read(1)]), Response::Lists(vec![vec![5, 6, 7]]), false, &[]),
        ],
    );
}

#[test]
fn a_counter_keeps_all_that_was_added() {
    check(
        Object::Counter,
        &[
            (Request::Read(1), Response::Count(0), false, &[]),
            (Request::Add(1, 5), Response::Done, true, &[]),
            (Request::Add(1, -7), Response::Done, true, &[]),
            (Request::Add(2, 0), Response::Done, true, &[]),
            (Request::Read(1), Response::Count(-2), false, &[]),
            (Request::Add(2, i64::MAX), Response::Done, true, &[]),
            (Request::Add(2, 1), Response::Done, true, &[]),
            (Request::Read(2), Response::Count(i64::MIN), false, &[]),
        ],
    );
}

#[test]
fn a_lock_is_its_owners_until_it_is_released_by_its_token() {
    let acquire = |owner| Request::Acquire { key: 1, owner };
    let release = |owner, token| Request::Release { key: 1, owner, token };
    check(
        Object::Lock,
        &[
            (release(7, 1), Response::NotHeld, false, &[]),
            (acquire(7), Response::Granted(1), true, &[]),
            (acquire(8), Response::Busy, false, &[]),
            (acquire(7), Response::Granted(1), false, &[]),
            (release(8, 1), Response::NotHeld, false, &[]),
            (release(7, 1), Response::Done, true, &[2]),
            (release(7, 1), Response::NotHeld, false, &[]),
            (acquire(7), Response::Granted(2), true, &[6]),
            // A release that was under way since the first grant.
            (release(7, 1), Response::NotHeld, false, &[]),
            (acquire(8), Response::Busy, false, &[]),
            (release(7, 2), Response::Done, true, &[8]),
            (acquire(8), Response::Granted(3), true, &[11]),
            (Request::Acquire { key: 2, owner: 7 }, Response::Granted(1), true, &[]),
        ],
    );
}

/// Any request that the object knows.
fn any(object: Object, lots: &StreamKey, number: u32) -> Request {
    let below = |purpose, bound| lots.below(purpose, number, bound);
    let (key, other, small) = (below(0, 3) as u32, below(1, 3) as u32, below(2, 4));
    let (read, change) = (Ask::Read { key }, Ask::Update { key: other, amount: small as i64 - 1 });
    let ask = match (object, below(3, 4)) {
        (Object::Lock, 0..2) => Ask::Acquire { key, owner: other },
        (Object::Lock, _) => Ask::Release { key, owner: other, token: 1 + small },
        (_, 0) => read,
        (Object::Counter, _) | (_, 1) => change,
        (Object::Kv, 2) => Ask::Cas { key, expected: (small > 1).then_some(small) },
        _ => Ask::Transaction(vec![change.clone(), read, change]),
    };
    object.request(number.into(), &ask).expect("the object knows it")
}

#[test]
fn digests_follow_and_updates_are_held_until_they_are_replaced() {
    for object in OBJECTS {
        let lots = StreamKey::new(object as u64, 0);
        let mut machine = Machine::new(object);
        let mut owed: Vec<Update> = Vec::new();
        for number in 0..1_000 {
            let before = machine.digest();
            let (_, effect) = machine.carry_out(&any(object, &lots, number), update(number + 1));
            assert_eq!(machine.digest(), machine.digest_anew(), "{object:?} {number}");
            assert!(effect.changed || machine.digest() == before, "{object:?} {number}");
            // A transaction may replace all that one before it wrote, or a part of it.
            owed.retain(|update| !effect.replaced().any(|replaced| replaced == *update));
            owed.extend(effect.changed.then_some(update(number + 1)));
        }
        let mut held = Vec::new();
        machine.each_update(|update| held.push(update));
        assert!(owed.iter().all(|update| held.contains(update)), "{object:?}");
        assert!(machine.len() == 3 && owed.len() > 1, "{object:?}");
    }
}

#[test]
fn what_an_object_does_not_know_is_refused() {
    let (read, change) = (Ask::Read { key: 0 }, Ask::Update { key: 0, amount: 1 });
    let (cas, lock) = (Ask::Cas { key: 0, expected: None }, Ask::Acquire { key: 0, owner: 0 });
    let several = Ask::Transaction(vec![read.clone(), change.clone()]);
    for (object, knows) in OBJECTS.into_iter().zip([
        [true, true, true, true, false],
        [true, true, false, true, false],
        [true, true, false, false, false],
        [false, false, false, false, true],
    ]) {
        let found = [&read, &change, &cas, &several, &lock].map(|ask| object.request(1, ask).is_ok());
        assert_eq!(found, knows, "{object:?}");
    }
    let nested = Ask::Transaction(vec![cas]);
    assert!(Object::Kv.request(1, &nested).is_err_and(|why| why.contains("a compare-and-set")));
}

#[test]
fn no_two_values_of_a_transaction_under_one_key_are_the_same() {
    let [one, other] = [1, 2].map(|key| Ask::Update { key, amount: 1 });
    let ask = Ask::Transaction(vec![one.clone(), other, one.clone(), Ask::Read { key: 1 }, one]);
    let values = [Access::Write(1, 8), Access::Write(2, 8), Access::Write(1, 10_000_000_008), Access::Read(1)];
    let expected = values.into_iter().chain([Access::Write(1, 20_000_000_008)]).collect();
    assert_eq!(Object::ListAppend.request(7, &ask), Ok(Request::Transaction(expected)));
}
