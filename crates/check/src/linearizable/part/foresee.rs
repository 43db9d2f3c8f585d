//! What the answers of a part say beforehand about what its objects must come to hold.

use super::{Part, Respect, answer_by, elements, found};
use crate::history::{Act, Answer, Call, Found, Operation, Value};
use crate::linearizable::objects::fates::Fate;
use std::collections::BTreeMap;

/// The longest list that anybody was told of each key.
pub(super) fn longest<'a>(part: &Part<'a>, operations: &[u32], cut: Option<i64>) -> BTreeMap<Value, &'a [Value]> {
    let mut longest: BTreeMap<Value, &'a [Value]> = BTreeMap::new();
    for index in operations {
        let operation = &part.history.operations[*index as usize];
        let Call::Transaction(accesses) = &operation.call else { continue };
        // A transaction's own appends may follow what it was told, but come after it all the same.
        let reads = accesses.iter().filter(|access| access.act == Act::Read);
        for (access, found) in reads.zip(found(answer_by(operation, cut))) {
            if let Found::List(values) = found {
                let known = longest.entry(access.key).or_default();
                *known = if values.len() > known.len() { values } else { *known };
            }
        }
    }
    longest
}

/// When each element of a queue or stack is taken; nothing, where elements are not different from each other, or where real time does
/// not count.
pub(super) fn fates(part: &Part<'_>, operations: &[u32], cut: Option<i64>, key: Value) -> Vec<Fate> {
    if part.respect == Respect::ProgramOrder {
        return Vec::new();
    }
    let mut fates: Vec<Fate> = Vec::new();
    let mut takes: Vec<(Value, &Operation)> = Vec::new();
    // What no answer tells of may be taken by whoever got no answer.
    let mut from = i64::MAX;
    let fate = |element: Value| Fate { element, from: i64::MAX, by: i64::MAX };
    fates.extend(elements(part.history).iter().map(|element| fate(*element)));
    for operation in operations.iter().map(|index| &part.history.operations[*index as usize]) {
        match (&operation.call, answer_by(operation, cut)) {
            _ if operation.key != key => {}
            (Call::Insert(element), _) => fates.push(fate(*element)),
            (Call::Take, Some(Answer::Value(element))) => takes.push((*element, operation)),
            (Call::Take, _) => from = from.min(operation.invoke),
            _ => {}
        }
    }
    fates.sort_unstable_by_key(|fate| fate.element);
    if fates.windows(2).any(|pair| pair[0].element == pair[1].element) {
        return Vec::new();
    }
    fates.iter_mut().for_each(|fate| fate.from = from);
    for (element, take) in takes {
        if let Ok(place) = fates.binary_search_by_key(&element, |fate| fate.element) {
            let fate = &mut fates[place];
            // An element that was taken twice has no order in any case.
            (fate.from, fate.by) = (take.invoke, take.response.unwrap_or(i64::MAX));
        }
    }
    fates
}
