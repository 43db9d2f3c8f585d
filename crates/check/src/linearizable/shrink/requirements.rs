//! Which operations must be kept for the sake of which others.

use super::super::explain::Prefix;
use super::super::objects::text::text;
use super::super::part::{Part, Respect, found};
use super::super::refute::each_put;
use crate::history::{Act, Answer, Call, Found, Model, Operation, Value};
use std::collections::BTreeMap;

/// Links between operations, by position; found out when somebody asks.
pub(super) struct Requirements<'a> {
    links: Links<'a>,
    /// What each requires, where somebody asked.
    requires: Vec<Option<Vec<u32>>>,
    /// What of the operations that are kept requires each.
    required_by: Vec<Vec<u32>>,
    /// Links that may still be found out.
    left: usize,
}

/// Links in all, beyond which nothing is shrunk.
const LINKS_MAX: usize = 1 << 20;

/// Everything that was put under a key, or that may be looked for there.
type Put = BTreeMap<(Value, Value), Vec<u32>>;

impl<'a> Requirements<'a> {
    pub(super) fn new(part: &'a Part<'a>, whole: &Prefix) -> Requirements<'a> {
        let links = Links::new(part, whole);
        let count = links.operations.len();
        Requirements { links, requires: vec![None; count], required_by: vec![Vec::new(); count], left: LINKS_MAX }
    }

    /// Keeps an operation and all that it requires; `None` when there are too many links.
    pub(super) fn keep(&mut self, kept: &mut [bool], position: usize) -> Option<()> {
        let mut todo = vec![position as u32];
        while let Some(position) = todo.pop() {
            if !std::mem::replace(&mut kept[position as usize], true) {
                todo.extend(self.requires(position as usize)?);
            }
        }
        Some(())
    }

    /// Looks who among those kept requires whom; `None` when there are too many links.
    pub(super) fn settle(&mut self, kept: &[bool]) -> Option<()> {
        for position in (0..kept.len()).filter(|position| kept[*position]) {
            for other in self.requires(position)?.to_vec() {
                self.required_by[other as usize].push(position as u32);
            }
        }
        Some(())
    }

    /// Leaves out an operation and all that requires it. It must be known who does.
    pub(super) fn leave_out(&self, kept: &mut [bool], position: usize) {
        let mut todo = vec![position as u32];
        while let Some(position) = todo.pop() {
            if std::mem::replace(&mut kept[position as usize], false) {
                todo.extend(&self.required_by[position as usize]);
            }
        }
    }

    fn requires(&mut self, position: usize) -> Option<&[u32]> {
        if self.requires[position].is_none() {
            let mut wanted = self.links.of(position);
            self.left = self.left.checked_sub(wanted.len() + 1)?;
            wanted.sort_unstable();
            wanted.dedup();
            self.requires[position] = Some(wanted);
        }
        self.requires[position].as_deref()
    }
}

struct Links<'a> {
    part: &'a Part<'a>,
    operations: Vec<&'a Operation>,
    end: Option<i64>,
    /// Who may have put each value under each key, in the order of their responses.
    put: Put,
    /// Who did anything with each value of each key; under `null`, who took nobody knows what.
    touched: Put,
    /// Everybody who may change a key, in the order of their responses.
    changers: BTreeMap<Value, Vec<u32>>,
    /// For each key, responses of those who changed it, with the latest invocation among them so far.
    overwrites: BTreeMap<Value, Vec<(i64, i64)>>,
}

impl<'a> Links<'a> {
    fn new(part: &'a Part<'a>, whole: &Prefix) -> Links<'a> {
        let operations: Vec<&Operation> =
            whole.operations.iter().map(|index| &part.history.operations[*index as usize]).collect();
        let mut links = Links {
            part,
            operations,
            end: whole.end,
            put: Put::new(),
            touched: Put::new(),
            changers: BTreeMap::new(),
            overwrites: BTreeMap::new(),
        };
        for position in 0..links.operations.len() {
            links.collect(position);
        }
        let ends: Vec<i64> = links.operations.iter().map(|operation| links.end_of(operation)).collect();
        for makers in links.put.values_mut().chain(links.changers.values_mut()) {
            makers.sort_by_key(|maker| ends[*maker as usize]);
        }
        for overwrites in links.overwrites.values_mut() {
            overwrites.sort_unstable();
            let mut latest = i64::MIN;
            for (_, invoke) in overwrites {
                latest = latest.max(*invoke);
                *invoke = latest;
            }
        }
        links
    }

    fn collect(&mut self, position: usize) {
        let (operation, position_number) = (self.operations[position], position as u32);
        let certain = self.answer(operation).and(operation.response);
        each_put(operation, |key, value| {
            self.put.entry((key, value)).or_default().push(position_number);
            self.changers.entry(key).or_default().push(position_number);
            if let Some(response) = certain {
                self.overwrites.entry(key).or_default().push((response, operation.invoke));
            }
        });
        let key = operation.key;
        match &operation.call {
            Call::Append(_) | Call::Increment(_) => self.changers.entry(key).or_default().push(position_number),
            Call::Insert(value) | Call::Add(value) | Call::Remove(value) => {
                self.touched.entry((key, *value)).or_default().push(position_number);
            }
            _ => {}
        }
        match (&operation.call, self.answer(operation)) {
            (Call::Take, None) => self.touched.entry((key, Value::NULL)).or_default().push(position_number),
            (Call::Take, Some(Answer::Value(value))) if *value != Value::NULL => {
                self.touched.entry((key, *value)).or_default().push(position_number);
            }
            _ => {}
        }
    }

    /// The answer, unless it came after the end.
    fn answer(&self, operation: &'a Operation) -> Option<&'a Answer> {
        operation.answer().filter(|_| self.end.is_none_or(|end| operation.response.is_some_and(|response| response <= end)))
    }

    /// What an operation requires.
    fn of(&self, position: usize) -> Vec<u32> {
        let operation = self.operations[position];
        let (key, answer) = (operation.key, self.answer(operation));
        match (&operation.call, answer) {
            (Call::Acquire | Call::Release, _) => self.partner(position),
            (Call::Read, Some(Answer::Value(value))) if self.part.history.model == Model::Kv => self.pieces(operation, *value),
            (Call::Read, Some(Answer::Value(value))) => self.sources(operation, key, Some(*value)),
            (Call::Cas { .. }, Some(Answer::Flag(false))) => self.sources(operation, key, None),
            (Call::Cas { expected, .. }, _) => self.sources(operation, key, Some(*expected)),
            (Call::Read, Some(Answer::Number(_))) => self.changers.get(&key).cloned().unwrap_or_default(),
            (Call::Read, Some(Answer::Values(values))) => {
                let first = super::super::part::elements(self.part.history);
                values.iter().chain(first).flat_map(|value| touched(&self.touched, key, *value)).collect()
            }
            (Call::Insert(value) | Call::Add(value) | Call::Remove(value) | Call::Contains(value), _) => {
                touched(&self.touched, key, *value)
            }
            (Call::Take, Some(Answer::Value(value))) => {
                // What was there from the start, or was taken by nobody knows whom, may have been in the way.
                let first = super::super::part::elements(self.part.history);
                let before = first.iter().chain([value]).flat_map(|value| touched(&self.touched, key, *value));
                before.chain(touched(&self.touched, key, Value::NULL)).collect()
            }
            (Call::Transaction(accesses), answer) => {
                let reads = accesses.iter().filter(|access| access.act == Act::Read).zip(found(answer));
                let wanted = reads.flat_map(|(access, found)| match found {
                    Found::Value(value) => self.sources(operation, access.key, Some(*value)),
                    Found::List(values) => values.iter().flat_map(|value| touched(&self.put, access.key, *value)).collect(),
                });
                wanted.collect()
            }
            _ => Vec::new(),
        }
    }

    /// When an operation had certainly taken effect.
    fn end_of(&self, operation: &'a Operation) -> i64 {
        self.answer(operation).and(operation.response).unwrap_or(i64::MAX)
    }

    /// Who may have put the value that an operation found, or whichever it was, last before it: not whoever was overwritten for certain
    /// before the operation began. So that people see why not, the last who was, and by whom, are there too.
    fn sources(&self, operation: &Operation, key: Value, value: Option<Value>) -> Vec<u32> {
        let makers = match value {
            Some(value) => self.put.get(&(key, value)),
            None => self.changers.get(&key),
        };
        let Some(makers) = makers else { return Vec::new() };
        let begins =
            if self.part.respect == Respect::RealTime { self.overwritten_before(key, operation.invoke) } else { i64::MIN };
        let first = makers.partition_point(|maker| self.end_of(self.operations[*maker as usize]) < begins);
        let mut sources = makers[first..].to_vec();
        if let Some(value) = value
            && first > 0
        {
            sources.extend(self.overwritten(operation, key, value, &makers[..first]).into_iter().flatten());
        }
        sources
    }

    /// Whoever put a value that was overwritten before an operation began, and whoever overwrote it. Only what reads
    /// nothing will do, for it requires nothing itself.
    fn overwritten(&self, operation: &Operation, key: Value, value: Value, makers: &[u32]) -> Option<[u32; 2]> {
        const LOOKED_AT: usize = 64;
        let at = |position: u32| self.operations[position as usize];
        let writes = |position: &u32| match &at(*position).call {
            Call::Write(_) => true,
            Call::Transaction(accesses) => accesses.iter().all(|access| access.act != Act::Read),
            _ => false,
        };
        let puts_it = |position: u32| {
            let mut found = false;
            each_put(at(position), |of, put| found |= (of, put) == (key, value));
            found
        };
        let changers = self.changers.get(&key)?;
        let ended = changers.partition_point(|changer| self.end_of(at(*changer)) < operation.invoke);
        let others = changers[..ended].iter().rev().take(LOOKED_AT).filter(|changer| writes(changer));
        let by = others.filter(|changer| !puts_it(**changer)).max_by_key(|changer| at(**changer).invoke)?;
        let is_before = |maker: &&u32| writes(maker) && self.end_of(at(**maker)) < at(*by).invoke;
        let last = makers.iter().rev().take(LOOKED_AT).find(is_before)?;
        Some([*last, *by])
    }

    /// The latest invocation of a change that ended before this.
    fn overwritten_before(&self, key: Value, invoke: i64) -> i64 {
        let Some(overwrites) = self.overwrites.get(&key) else { return i64::MIN };
        let ended = overwrites.partition_point(|(response, _)| *response < invoke);
        ended.checked_sub(1).map_or(i64::MIN, |last| overwrites[last].1)
    }

    /// Who may have put a piece of a text.
    fn pieces(&self, operation: &Operation, whole: Value) -> Vec<u32> {
        let names = &self.part.history.names;
        let whole = text(names, whole);
        let is_piece = |changer: &&u32| match &self.operations[**changer as usize].call {
            Call::Append(piece) => whole.contains(text(names, *piece)),
            Call::Write(first) => whole.starts_with(text(names, *first)),
            _ => false,
        };
        self.changers.get(&operation.key).into_iter().flatten().filter(is_piece).copied().collect()
    }

    /// A client's release after its acquire, and the other way round.
    fn partner(&self, position: usize) -> Vec<u32> {
        let operation = self.operations[position];
        let is_same = |other: &usize| self.operations[*other].process == operation.process;
        let is_partner = |other: usize| {
            let is_different = self.operations[other].call != operation.call;
            is_different.then_some(vec![other as u32])
        };
        let found = match operation.call {
            Call::Acquire => (position + 1..self.operations.len()).find(is_same),
            _ => (0..position).rev().find(is_same),
        };
        found.and_then(is_partner).unwrap_or_default()
    }
}

fn touched(put: &Put, key: Value, value: Value) -> Vec<u32> {
    put.get(&(key, value)).cloned().unwrap_or_default()
}
