//! Judges a replicated list, such as a text, from a stream of observations (Attiya, Burckhardt, Gotsman, Morrison, Yang and Zawirski,
//! "Specification and complexity of collaborative text editing", PODC 2016: the strong list specification):
//!
//! - **content**: a list that a replica shows has just the elements that were inserted and not deleted by the edits it has
//!   delivered, each once;
//! - **intention**: right after its own edit, a replica shows the new elements at the place it was told;
//! - **one order**: there is a total order of all elements, of deleted ones too, that every list shown follows.
//!
//! That replicas with the same edits show the same list follows from these for elements that both show; how soon each has delivered
//! what, and whether states are equal, is for [`crate::strong_eventual`]. Beside the verdict, [`Watch::interleaving`] counts what the
//! specification allows and users dislike: what two of them typed at one place at one time, mixed (Kleppmann et al. 2019).

use crate::Verdict;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A change in one place, as its author asked for it and saw its list then.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Change {
    /// Before which element, counted from 0.
    pub place: u32,
    /// The element before that place; `None` at the beginning.
    pub after: Option<u64>,
    /// The element at that place; `None` at the end.
    pub before: Option<u64>,
    /// The elements that go: those from the place on.
    pub deleted: Vec<u64>,
    /// The elements that come, each new in the world.
    pub inserted: Vec<u64>,
}

/// How many pairs of runs there were that two authors typed at one place, neither knowing of the other's, and how many of these are mixed.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Interleaving {
    /// The pairs of which both runs are still to be seen.
    pub pairs: u64,
    /// Those of which neither run stands as a whole before the other.
    pub interleaved: u64,
}

/// Watches replicas as they edit, deliver and show lists. Elements, edits and replicas are told apart by number.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    edits: BTreeMap<u64, Effect>,
    replicas: BTreeMap<u32, Replica>,
    /// Who first showed two elements side by side, and in which list.
    pairs: BTreeMap<(u64, u64), Shown>,
    runs: Vec<Run>,
    /// The runs that began in each gap.
    gaps: BTreeMap<Gap, Vec<usize>>,
    lists: u64,
    offence: Option<String>,
}

#[derive(Clone, Debug, Default)]
struct Effect {
    inserted: Vec<u64>,
    deleted: Vec<u64>,
}

#[derive(Clone, Debug, Default)]
struct Replica {
    delivered: BTreeSet<u64>,
    inserted: BTreeSet<u64>,
    deleted: BTreeSet<u64>,
    /// The list that it showed, if it has delivered nothing since.
    list: Option<Vec<u64>>,
    /// What its own edit was to make of the list that it showed before, to be held against the next.
    expected: Option<Expected>,
    /// What it is typing.
    run: Option<usize>,
}

#[derive(Clone, Debug)]
enum Expected {
    /// All of it.
    List(Vec<u64>),
    /// Elements from a place on.
    From(u32, Vec<u64>),
}

#[derive(Clone, Copy, Debug)]
struct Shown {
    replica: u32,
    list: u64,
}

/// Between which two elements.
type Gap = (Option<u64>, Option<u64>);

/// What one author typed without a leap: forwards, or backwards.
#[derive(Clone, Debug)]
struct Run {
    author: u32,
    first_edit: u64,
    /// Which of those that began in the same gap before it its author knew of.
    knew: BTreeSet<usize>,
    // Invariant: not empty. In the order in which its author has them.
    letters: VecDeque<u64>,
}

impl Watch {
    /// A replica has carried out an edit of its own: these changes one after the other.
    pub fn edited(&mut self, replica: u32, edit: u64, changes: &[Change]) {
        changes.iter().for_each(|change| self.typed(replica, edit, change));
        let effect = Effect {
            inserted: changes.iter().flat_map(|change| change.inserted.iter().copied()).collect(),
            deleted: changes.iter().flat_map(|change| change.deleted.iter().copied()).collect(),
        };
        self.edits.insert(edit, effect);
        let before = self.replicas.entry(replica).or_default().list.take();
        self.deliver(replica, edit);
        let expected = match before {
            Some(list) => spliced(list, changes).map(Expected::List),
            None => changes.last().map(|last| Expected::From(last.place, last.inserted.clone())),
        };
        let author = self.replicas.entry(replica).or_default();
        match expected {
            Some(expected) => author.expected = Some(expected),
            None => self.offend(format!("n{replica} was told to change a place that its list does not have")),
        }
    }

    /// A replica has delivered somebody's edit. Once more is no matter.
    pub fn delivered(&mut self, replica: u32, edit: u64) {
        self.deliver(replica, edit);
    }

    /// A replica has restarted, and has delivered just these edits as far as it knows.
    pub fn restarted(&mut self, replica: u32, edits: impl IntoIterator<Item = u64>) {
        self.replicas.insert(replica, Replica::default());
        edits.into_iter().for_each(|edit| self.deliver(replica, edit));
    }

    /// A replica shows this list: it is read as a whole, so large ones are shown now and then only. `false` when that is the first offence against content or intention; later ones are not looked at.
    pub fn shows(&mut self, replica: u32, list: &[u64]) -> bool {
        self.lists += 1;
        if self.offence.is_some() {
            return true;
        }
        let at = self.lists;
        let shower = self.replicas.entry(replica).or_default();
        let offence = shower.wrong_content(list).or_else(|| shower.wrong_place(list));
        shower.list = Some(list.to_vec());
        shower.expected = None;
        if let Some(offence) = offence {
            self.offence = Some(format!("n{replica} in list {at} {offence}"));
            return false;
        }
        for pair in list.windows(2) {
            self.pairs.entry((pair[0], pair[1])).or_insert(Shown { replica, list: at });
        }
        true
    }

    /// How many lists were looked at.
    pub fn lists(&self) -> u64 {
        self.lists
    }

    /// Holds when no list offended, and one order explains them all.
    pub fn judge(&self) -> Verdict {
        if let Some(offence) = &self.offence {
            return Verdict::Violation(offence.clone());
        }
        if self.lists == 0 {
            return Verdict::Unknown("no list was observed".to_string());
        }
        match cycle(&self.pairs) {
            Some(cycle) => Verdict::Violation(format!("no order explains all lists: {}", self.told(&cycle))),
            None => Verdict::Ok,
        }
    }

    /// Counts how what was typed at one place at one time stands in a list, as a rule the last one.
    pub fn interleaving(&self, list: &[u64]) -> Interleaving {
        let places: BTreeMap<u64, usize> = list.iter().zip(0..).map(|(letter, place)| (*letter, place)).collect();
        let mut count = Interleaving::default();
        for rivals in self.gaps.values() {
            let seen = |run: &usize| self.runs[*run].span(&places).map(|span| (*run, span));
            let shown: Vec<(usize, (usize, usize))> = rivals.iter().filter_map(seen).collect();
            for (index, (run, (first, last))) in shown.iter().enumerate() {
                let run = &self.runs[*run];
                // Those before it cannot have known of it.
                let concurrent = |other: &usize| self.runs[*other].author != run.author && !run.knew.contains(other);
                for (_, (other_first, other_last)) in shown[..index].iter().filter(|(other, _)| concurrent(other)) {
                    count.pairs += 1;
                    count.interleaved += u64::from(other_first < last && first < other_last);
                }
            }
        }
        count
    }

    fn deliver(&mut self, replica: u32, edit: u64) {
        let replica = self.replicas.entry(replica).or_default();
        let Some(effect) = self.edits.get(&edit) else { return };
        if replica.delivered.insert(edit) {
            replica.inserted.extend(&effect.inserted);
            replica.deleted.extend(&effect.deleted);
            replica.list = None;
            replica.expected = None;
        }
    }

    fn offend(&mut self, offence: String) {
        self.offence.get_or_insert(offence);
    }

    /// Adds what is inserted to what its author is typing, or begins another run with it.
    fn typed(&mut self, replica: u32, edit: u64, change: &Change) {
        if change.inserted.is_empty() {
            return;
        }
        let author = self.replicas.entry(replica).or_default();
        if let Some(run) = author.run.and_then(|run| self.runs.get_mut(run)) {
            if change.after.is_some() && run.letters.back().copied() == change.after {
                run.letters.extend(&change.inserted);
                return;
            }
            if change.before.is_some() && run.letters.front().copied() == change.before {
                change.inserted.iter().rev().for_each(|letter| run.letters.push_front(*letter));
                return;
            }
        }
        let gap = (change.after, change.before);
        let rivals = self.gaps.entry(gap).or_default();
        let knew = rivals.iter().copied().filter(|run| author.delivered.contains(&self.runs[*run].first_edit)).collect();
        author.run = Some(self.runs.len());
        rivals.push(self.runs.len());
        let letters = change.inserted.iter().copied().collect();
        self.runs.push(Run { author: replica, first_edit: edit, knew, letters });
    }

    /// A circle in words, what one list says in a row taken together.
    fn told(&self, cycle: &[u64]) -> String {
        let steps = cycle.iter().zip(cycle.iter().cycle().skip(1)).map(|(a, b)| (*a, *b, self.pairs[&(*a, *b)]));
        let mut said: Vec<(u64, u64, Shown)> = Vec::new();
        for (a, b, shown) in steps {
            match said.last_mut() {
                // The circle must keep two corners.
                Some((from, to, by)) if by.list == shown.list && *from != b => *to = b,
                _ => said.push((a, b, shown)),
            }
        }
        let said: Vec<String> =
            said.iter().map(|(a, b, by)| format!("{a} stands before {b} in list {} of n{}", by.list, by.replica)).collect();
        said.join(", ")
    }
}

impl Run {
    /// The places of the first and the last of its elements that are shown.
    fn span(&self, places: &BTreeMap<u64, usize>) -> Option<(usize, usize)> {
        let shown = || self.letters.iter().filter_map(|letter| places.get(letter).copied());
        Some((shown().min()?, shown().max()?))
    }
}

impl Replica {
    fn wrong_content(&self, list: &[u64]) -> Option<String> {
        let mut shown = BTreeSet::new();
        for element in list {
            if !shown.insert(*element) {
                return Some(format!("shows element {element} twice"));
            }
            if !self.inserted.contains(element) {
                return Some(format!("shows element {element}, which no edit that it delivered inserted"));
            }
            if self.deleted.contains(element) {
                return Some(format!("shows element {element}, which an edit that it delivered deleted"));
            }
        }
        let missing = self.inserted.iter().find(|element| !shown.contains(element) && !self.deleted.contains(element));
        missing.map(|element| format!("does not show element {element}, which was inserted and not deleted"))
    }

    fn wrong_place(&self, list: &[u64]) -> Option<String> {
        match self.expected.as_ref()? {
            Expected::List(expected) => {
                let (place, (shown, put)) = list.iter().zip(expected).enumerate().find(|(_, (shown, put))| shown != put)?;
                Some(format!("has element {shown} at place {place} right after its edit, which put {put} there"))
            }
            Expected::From(from, inserted) => {
                let (element, place) =
                    inserted.iter().zip(*from as usize..).find(|(element, place)| list.get(*place) != Some(element))?;
                Some(format!("does not have element {element} at place {place} right after its edit, which put it there"))
            }
        }
    }
}

/// What the changes make of a list; `None` when it does not have the places.
fn spliced(mut list: Vec<u64>, changes: &[Change]) -> Option<Vec<u64>> {
    for change in changes {
        let place = change.place as usize;
        let end = place + change.deleted.len();
        if list.get(place..end)? != change.deleted {
            return None;
        }
        list.splice(place..end, change.inserted.iter().copied());
    }
    Some(list)
}

/// Elements of which each stands before the next, and the last before the first: among the shortest such circles through what no
/// order can begin with.
fn cycle(pairs: &BTreeMap<(u64, u64), Shown>) -> Option<Vec<u64>> {
    let mut before: BTreeMap<u64, usize> = BTreeMap::new();
    for (a, b) in pairs.keys() {
        before.entry(*a).or_default();
        *before.entry(*b).or_default() += 1;
    }
    let after = |element: u64| pairs.range((element, 0)..=(element, u64::MAX)).map(|((_, next), _)| *next);
    let mut free: Vec<u64> = before.iter().filter(|(_, count)| **count == 0).map(|(element, _)| *element).collect();
    while let Some(element) = free.pop() {
        before.remove(&element);
        for next in after(element) {
            let count = before.get_mut(&next).expect("what has something before it was not free");
            *count -= 1;
            if *count == 0 {
                free.push(next);
            }
        }
    }
    let searched = before.keys().take(CYCLES_SEARCHED_MAX);
    searched.filter_map(|start| shortest(*start, &after)).min_by_key(Vec::len).or_else(|| {
        // None of the few lies on a circle itself, but every one of those left is on one or behind one.
        before.keys().skip(CYCLES_SEARCHED_MAX).find_map(|start| shortest(*start, &after))
    })
}

/// From how many elements the shortest circle is looked for.
const CYCLES_SEARCHED_MAX: usize = 200;

/// The shortest way from an element back to it.
fn shortest<I: Iterator<Item = u64>>(start: u64, after: &impl Fn(u64) -> I) -> Option<Vec<u64>> {
    let mut came: BTreeMap<u64, u64> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(element) = queue.pop_front() {
        for next in after(element) {
            if next == start {
                let mut way = vec![element];
                while *way.last()? != start {
                    way.push(came[way.last()?]);
                }
                way.reverse();
                return Some(way);
            }
            came.entry(next).or_insert_with(|| {
                queue.push_back(next);
                element
            });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Chance, expect};

    /// Words: `a+2bc` replica a inserts elements b and c at place 2 with an edit that is called as its first element, `a-1` it
    /// deletes at place 1, `a<b` it delivers edit b, `a=bc` it shows elements b and c. Elements and edits are letters. What a
    /// change has around it is what the replica showed last.
    fn watch(text: &str) -> Watch {
        let (mut watch, mut shown) = (Watch::default(), BTreeMap::<u32, Vec<u64>>::new());
        for (word, number) in text.split_whitespace().zip(1000..) {
            let bytes = word.as_bytes();
            let replica = u32::from(bytes[0] - b'a');
            let list = shown.entry(replica).or_default();
            let letters = |from: usize| bytes[from..].iter().map(|letter| u64::from(*letter)).collect::<Vec<_>>();
            match bytes[1] {
                b'=' => {
                    *list = letters(2);
                    watch.shows(replica, list);
                }
                b'<' => letters(2).into_iter().for_each(|edit| watch.delivered(replica, edit)),
                sign => {
                    let place = u32::from(bytes[2] - b'0');
                    let at = list.get(place as usize).copied();
                    let (deleted, inserted) =
                        if sign == b'-' { (at.into_iter().collect(), vec![]) } else { (vec![], letters(3)) };
                    let after = place.checked_sub(1).and_then(|place| list.get(place as usize).copied());
                    let edit = inserted.first().copied().unwrap_or(number);
                    watch.edited(replica, edit, &[Change { place, after, before: at, deleted, inserted }]);
                }
            }
        }
        watch
    }

    fn check(text: &str, verdict: &str) {
        expect(&watch(text).judge(), verdict);
    }

    #[test]
    fn clean_streams_pass() {
        check("", "unknown: no list was observed");
        check("a+0x a=x b+0y b=y a<y b<x a=xy b=xy", "ok");
        // Deleted elements may be ordered in many ways, as long as lists agree.
        check("a+0xyz a=xyz b<x b=xyz a-1 a=xz b+1w b=xwyz a<w a=xwz", "ok");
        check("a+0x a+1y a=xy", "ok");
    }

    #[test]
    fn wrong_content_is_named() {
        check("a+0x a=", "violation: n0 in list 1 does not show element 120, which was inserted and not deleted");
        check("a+0x a=xx", "violation: n0 in list 1 shows element 120 twice");
        check("a+0x b=x", "violation: n1 in list 1 shows element 120, which no edit that it delivered inserted");
        check("a+0x a=x a-0 a=x", "violation: n0 in list 2 shows element 120, which an edit that it delivered deleted");
    }

    #[test]
    fn wrong_places_are_named() {
        // Sorted by name: y was put before x.
        check(
            "a+0x a=x b<x b=x b+0y b=xy",
            "violation: n1 in list 3 has element 120 at place 0 right after its edit, which put 121 there",
        );
        check("a+0x b<x b+0y b=xy", "violation: n1 in list 1 does not have element 121 at place 0 right after its edit");
        check("a+0x a=x a+5y a=xy", "violation: n0 was told to change a place that its list does not have");
    }

    #[test]
    fn lists_that_no_order_explains_are_named() {
        check(
            "a+0x a=x b+0y b=y a<y b<x a=xy b=yx",
            "violation: no order explains all lists: 120 stands before 121 in list 3 of n0, 121 stands before 120 in list 4 of n1",
        );
        // Only the deleted m tells: x m y here, and y before x there.
        check(
            "a+0m a=m b<m b=m c<m c=m a+0x a=xm b+1y b=my c-0 c= c<xy c=yx",
            "violation: no order explains all lists: 109 stands before 121 in list 5 of n1, 121 stands before 120 in list 7 of n2, \
             120 stands before 109 in list 4 of n0",
        );
    }

    #[test]
    fn interleaving_is_counted() {
        let check = |text: &str, list: &str, pairs, interleaved| {
            let list: Vec<u64> = list.bytes().map(u64::from).collect();
            assert_eq!(watch(text).interleaving(&list), Interleaving { pairs, interleaved }, "{text}");
        };
        let forwards = "a+0x a=x a+1y a=xy b+0v b=v b+1w b=vw";
        check(forwards, "xyvw", 1, 0);
        check(forwards, "xvyw", 1, 1);
        check(forwards, "xvwy", 1, 1);
        check(forwards, "xy", 0, 0);
        let backwards = "a+0x a=x a+0y a=yx b+0v b=v b+0w b=wv";
        check(backwards, "ywxv", 1, 1);
        check(backwards, "yxwv", 1, 0);
        // The second knew of the first, or typed elsewhere.
        check("a+0xy a=xy b<x b+0v b=vxy", "xvy", 0, 0);
        check("a+0xy a=xy b<x b=xy a+1m a=xmy b+2n b=xyn", "xmyn", 0, 0);
    }

    /// Whether some permutation of the elements explains all lists.
    fn explained(elements: &mut Vec<u64>, lists: &[Vec<u64>], from: usize) -> bool {
        if from == elements.len() {
            let place = |element: &u64| elements.iter().position(|other| other == element);
            return lists.iter().all(|list| list.windows(2).all(|pair| place(&pair[0]) < place(&pair[1])));
        }
        (from..elements.len()).any(|other| {
            elements.swap(from, other);
            let found = explained(elements, lists, from + 1);
            elements.swap(from, other);
            found
        })
    }

    #[test]
    fn small_sets_of_lists_agree_with_all_permutations() {
        let mut counts = [0; 2];
        for seed in 0..2_000 {
            let mut chance = Chance::new(seed);
            let mut watch = Watch::default();
            // Each replica has delivered some of five one-element edits, and shows them in an order of its own or in the common one.
            (0..5).for_each(|element| {
                let change = Change { inserted: vec![element], ..Change::default() };
                watch.edited(10 + element as u32, element, &[change]);
            });
            let lists: Vec<Vec<u64>> = (0..4)
                .map(|_| {
                    let mut list: Vec<u64> = (0..5).filter(|_| chance.one_in(2)).collect();
                    if chance.one_in(3) && list.len() > 1 {
                        let last = list.len() - 1;
                        list.swap(chance.below(last as u64) as usize, last);
                    }
                    list
                })
                .collect();
            for (replica, list) in (0..).zip(&lists) {
                list.iter().for_each(|edit| watch.delivered(replica, *edit));
                assert!(watch.shows(replica, list));
            }
            let wanted = explained(&mut (0..5).collect(), &lists, 0);
            assert_eq!(watch.judge() == Verdict::Ok, wanted, "seed {seed}: {lists:?}");
            counts[usize::from(wanted)] += 1;
        }
        assert!(counts.iter().all(|count| *count > 200), "{counts:?}");
    }
}
