//! Texts against a slow oracle that reads the trees as the papers define them, and the known examples of interleaving.

use super::*;
use crate::crdt::types::dot::Origin;
use crate::crdt::types::{Edit, Mistake, TextOrder};
use quorate_engine::NodeId;
use quorate_engine::random::mix;

const ORDERS: [TextOrder; 2] = [TextOrder::Rga, TextOrder::Fugue];

fn rule(order: TextOrder) -> Rule {
    Rule { order, ..Rule::default() }
}

fn edit(place: u32, deleted: u32, inserted: &str) -> Edit {
    Edit { place: Some(place), deleted, inserted: inserted.to_string() }
}

fn read(text: &Text) -> String {
    text.letters().map(|(_, letter)| letter).collect()
}

/// A stream of draws.
struct Chance(u64, u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.1 += 1;
        mix(self.0, self.1) % bound
    }
}

/// A character as the papers have it: `(stamp, name, what it hangs on, side, letter)`.
type Node = (u64, Letter, Option<Letter>, Side, char);

fn nodes(text: &Text) -> Vec<Node> {
    let mut nodes = Vec::new();
    for (dot, inserted) in &text.content.inserted {
        for (first, run) in inserted.named(*dot) {
            for (letter, step) in run.text.chars().zip(0..) {
                let (parent, side) = if step == 0 { (run.parent, run.side) } else { (Some(first.plus(step - 1)), Side::Right) };
                nodes.push((inserted.stamp, first.plus(step), parent, side, letter));
            }
        }
    }
    nodes
}

/// All that hangs on one side of a character, in order, with all that hangs on that.
fn walk(order: TextOrder, nodes: &[Node], parent: Option<Letter>, side: Side, told: &mut Vec<(Letter, char)>) {
    let mut children: Vec<&Node> = nodes.iter().filter(|node| (node.2, node.3) == (parent, side)).collect();
    match order {
        TextOrder::Rga => children.sort_by_key(|node| std::cmp::Reverse((node.0, node.1))),
        TextOrder::Fugue => children.sort_by_key(|node| node.1),
    }
    for node in children {
        walk(order, nodes, Some(node.1), Side::Left, told);
        told.push((node.1, node.4));
        walk(order, nodes, Some(node.1), Side::Right, told);
    }
}

fn oracle(order: TextOrder, text: &Text) -> Vec<(Letter, char)> {
    let mut told = Vec::new();
    walk(order, &nodes(text), None, Side::Right, &mut told);
    let deleted: Vec<Span> = text.content.deleted().collect();
    let gone = |letter: Letter| {
        deleted.iter().any(|span| span.first <= letter && letter.dot == span.first.dot && letter < span.first.plus(span.length))
    };
    told.retain(|(letter, _)| !gone(*letter));
    told
}

/// Replicas that edit, and all that they did, in an order that respects causality.
struct Session {
    rule: Rule,
    replicas: Vec<Text>,
    /// With how many of each replica's operations each began.
    log: Vec<(Dot, Change, Vec<u32>)>,
    seen: Vec<Vec<u32>>,
}

impl Session {
    fn new(rule: Rule, replicas: usize) -> Session {
        let seen = vec![vec![0; replicas]; replicas];
        Session { rule, replicas: vec![Text::default(); replicas], log: Vec::new(), seen }
    }

    fn edit(&mut self, replica: usize, edits: Vec<Edit>, choose: &mut dyn FnMut(u64) -> u64) {
        let dot = Origin { node: NodeId(replica as u32), life: 0 }.dot(self.seen[replica][replica] + 1);
        let request = Request::Edit(edits);
        let text = &mut self.replicas[replica];
        let change = text.prepare(&self.rule, &request, &mut At { dot, wall: 0, choose }).expect("the places are in the text");
        let before = self.seen[replica].clone();
        text.apply(&self.rule, dot, &change);
        self.seen[replica][replica] += 1;
        self.log.push((dot, change, before));
    }

    /// Types a text letter by letter: forwards from a place on, or backwards, each before the last.
    fn types(&mut self, replica: usize, place: u32, text: &str, backwards: bool) {
        let letters: Vec<char> = if backwards { text.chars().rev().collect() } else { text.chars().collect() };
        for (step, letter) in letters.into_iter().enumerate() {
            let place = if backwards { place } else { place + step as u32 };
            self.edit(replica, vec![edit(place, 0, &letter.to_string())], &mut |_| 0);
        }
    }

    /// The replica applies the next operation of this origin if it has all that the operation began with.
    fn deliver(&mut self, replica: usize, origin: usize) {
        let number = self.seen[replica][origin] + 1;
        let next = self.log.iter().find(|(dot, ..)| dot.origin.node.0 as usize == origin && dot.number == number);
        let Some((dot, change, before)) = next else { return };
        if before.iter().zip(&self.seen[replica]).all(|(needs, has)| needs <= has) {
            self.replicas[replica].apply(&self.rule, *dot, change);
            self.seen[replica][origin] += 1;
        }
    }

    fn deliver_all(&mut self) {
        let count = self.replicas.len();
        for _ in 0..self.log.len() {
            for pair in 0..count * count {
                self.deliver(pair / count, pair % count);
            }
        }
    }

    /// A random edit of one replica, against the same edit of a plain text.
    fn random_edit(&mut self, chance: &mut Chance) {
        let replica = chance.below(self.replicas.len() as u64) as usize;
        let mut plain: Vec<char> = read(&self.replicas[replica]).chars().collect();
        let mut edits = Vec::new();
        for _ in 0..1 + chance.below(3) / 2 {
            let place = chance.below(plain.len() as u64 + 1);
            let deleted = chance.below(4).saturating_sub(1).min(plain.len() as u64 - place);
            let inserted: String = (0..chance.below(4)).map(|_| char::from(b'a' + chance.below(26) as u8)).collect();
            plain.splice(place as usize..(place + deleted) as usize, inserted.chars());
            edits.push(edit(place as u32, deleted as u32, &inserted));
        }
        self.edit(replica, edits, &mut |_| 0);
        assert_eq!(read(&self.replicas[replica]), plain.into_iter().collect::<String>());
    }

    fn random(rule: Rule, seed: u64, steps: u32) -> Session {
        let (mut session, mut chance) = (Session::new(rule, 3), Chance(seed, 0));
        for _ in 0..steps {
            match chance.below(4) {
                0 | 1 => session.random_edit(&mut chance),
                _ => {
                    let (replica, origin) = (chance.below(3) as usize, chance.below(3) as usize);
                    session.deliver(replica, origin);
                }
            }
        }
        session
    }
}

fn same(a: &Text, b: &Text, what: &str) {
    assert_eq!(read(a), read(b), "{what}");
    assert_eq!((a, a.wire_digest(), a.digest()), (b, b.wire_digest(), b.digest()), "{what}");
    assert_eq!(a.digest(), a.digest_anew(), "{what}");
    assert_eq!(b.digest(), b.digest_anew(), "{what}");
}

#[test]
fn all_ways_lead_to_the_text_that_the_oracle_reads() {
    for (order, seed) in ORDERS.into_iter().flat_map(|order| (0..150).map(move |seed| (order, seed))) {
        let rule = rule(order);
        let mut session = Session::random(rule.clone(), seed, 40);
        let what = format!("{order:?}, seed {seed}");
        for text in &session.replicas {
            assert_eq!(text.letters().collect::<Vec<_>>(), oracle(order, text), "{what}");
        }
        // By states, in two orders, and by what one lacks of the others.
        let [a, b, c] = &session.replicas[..] else { panic!("three") };
        let merged = [[a, b, c], [c, a, b]].map(|texts| {
            let mut whole = Text::default();
            texts.into_iter().for_each(|text| whole.merge(&rule, text));
            whole
        });
        let mut lacked = a.clone();
        for text in [c, b] {
            if let Some(more) = text.beyond(&rule, &lacked) {
                lacked.merge(&rule, &more);
            }
            assert_eq!(text.beyond(&rule, &lacked), None, "{what}");
        }
        // By deltas, shuffled and some twice: causality does not hold in between.
        let mut chance = Chance(seed, 1 << 32);
        let mut deltas: Vec<Text> = session.log.iter().map(|(dot, change, _)| a.delta(&rule, *dot, change)).collect();
        (1..deltas.len()).rev().for_each(|last| deltas.swap(last, chance.below(last as u64 + 1) as usize));
        let mut joined = Text::default();
        for delta in deltas.iter().chain(deltas.first()) {
            joined.merge(&rule, delta);
            assert_eq!(joined.digest(), joined.digest_anew(), "{what}");
        }
        // By operations.
        session.deliver_all();
        let text = &session.replicas[0];
        assert_eq!(text.letters().collect::<Vec<_>>(), oracle(order, text), "{what}");
        for other in session.replicas.iter().chain(&merged).chain([&lacked, &joined]) {
            same(text, other, &what);
        }
    }
}

#[test]
fn a_delta_is_what_its_operation_does() {
    for (order, seed) in ORDERS.into_iter().flat_map(|order| (0..100).map(move |seed| (order, seed))) {
        let session = Session::random(rule(order), seed, 30);
        let mut text = Text::default();
        for (dot, change, _) in &session.log {
            let mut merged = text.clone();
            merged.merge(&session.rule, &text.delta(&session.rule, *dot, change));
            text.apply(&session.rule, *dot, change);
            same(&text, &merged, &format!("{order:?}, seed {seed}"));
        }
    }
}

#[test]
fn pieces_that_differ_suffice() {
    for seed in 0..100 {
        let session = Session::random(rule(TextOrder::Fugue), seed, 40);
        let [ours, theirs, _] = &session.replicas[..] else { panic!("three") };
        let pieces = |text: &Text| {
            let mut found = BTreeSet::new();
            text.pieces(&mut |place, hash| {
                found.insert((place, hash));
            });
            found
        };
        let differ: BTreeSet<u64> = pieces(ours).symmetric_difference(&pieces(theirs)).map(|(place, _)| *place).collect();
        let wanted = |place| differ.contains(&place);
        let (mut by_pieces, mut whole) = (ours.clone(), ours.clone());
        by_pieces.merge_pieces(&session.rule, &theirs.only(&wanted), &wanted);
        whole.merge(&session.rule, theirs);
        same(&by_pieces, &whole, &format!("seed {seed}"));
        assert_eq!(pieces(&by_pieces), pieces(&whole));
    }
}

/// What two users have in the end who type at one place at one time.
fn two_type(order: TextOrder, before: &str, place: u32, texts: [&str; 2], backwards: bool) -> String {
    let mut session = Session::new(rule(order), 2);
    session.edit(0, vec![edit(0, 0, before)], &mut |_| 0);
    session.deliver_all();
    session.types(0, place, texts[0], backwards);
    session.types(1, place, texts[1], backwards);
    session.deliver_all();
    assert_eq!(read(&session.replicas[0]), read(&session.replicas[1]));
    read(&session.replicas[0])
}

#[test]
fn rga_interleaves_what_is_typed_backwards_and_fugue_does_not() {
    let check = |order, backwards, expected: &str| {
        assert_eq!(two_type(order, "()", 1, ["milk", "eggs"], backwards), expected, "{order:?}, backwards {backwards}");
    };
    check(TextOrder::Rga, false, "(eggsmilk)");
    check(TextOrder::Rga, true, "(emgiglsk)");
    check(TextOrder::Fugue, false, "(milkeggs)");
    check(TextOrder::Fugue, true, "(milkeggs)");
}

#[test]
fn edits_outside_the_text_are_refused_and_drawn_ones_fit() {
    let mut session = Session::new(Rule::default(), 1);
    session.edit(0, vec![edit(0, 0, "abc")], &mut |_| 0);
    let dot = Origin { node: NodeId(0), life: 0 }.dot(2);
    let mut bounds = Vec::new();
    let mut prepare = |place: Option<u32>, deleted| {
        let request = Request::Edit(vec![Edit { place, deleted, inserted: "x".to_string() }]);
        let mut choose = |bound| {
            bounds.push(bound);
            bound - 1
        };
        session.replicas[0].prepare(&session.rule, &request, &mut At { dot, wall: 0, choose: &mut choose })
    };
    assert_eq!(prepare(Some(4), 0), Err("the place is beyond the end of the text"));
    assert_eq!(prepare(Some(2), 2), Err("there are not so many characters to delete"));
    assert!(prepare(Some(3), 0).is_ok() && prepare(None, 1).is_ok() && prepare(None, 9).is_ok());
    assert_eq!(bounds, [3, 1]);
    session.edit(0, vec![Edit { place: None, deleted: 9, inserted: "x".to_string() }], &mut |_| 0);
    assert_eq!(read(&session.replicas[0]), "x");
}

/// Two users insert concurrently at one place; a third hears of them the other way round.
fn mistaken(mistake: Mistake) -> Session {
    let mut session = Session::new(Rule { mistake: Some(mistake), ..Rule::default() }, 3);
    session.edit(0, vec![edit(0, 0, "a")], &mut |_| 0);
    session.edit(1, vec![edit(0, 0, "b")], &mut |_| 0);
    session.deliver(2, 1);
    session.deliver_all();
    session
}

#[test]
fn without_the_skip_texts_differ() {
    let session = mistaken(Mistake::RgaNoSkip);
    let [first, _, last] = &session.replicas[..] else { panic!("three") };
    assert_eq!((read(first), read(last)), ("ba".to_string(), "ab".to_string()));
    assert_eq!(first, last, "they know the same");
    assert_ne!(first.digest(), last.digest(), "and yet the digest tells");
    assert_eq!(first.digest(), first.digest_anew());
}

#[test]
fn sorted_by_name_texts_agree_and_are_wrong() {
    let mut session = mistaken(Mistake::SortById);
    session.replicas.iter().for_each(|text| assert_eq!(read(text), "ab"));
    // The second user writes before everything, and it ends up behind the first's.
    session.edit(1, vec![edit(0, 0, "c")], &mut |_| 0);
    session.deliver_all();
    session.replicas.iter().for_each(|text| assert_eq!(read(text), "abc"));
}
