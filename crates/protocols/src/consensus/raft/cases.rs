//! The server against what other implementations publish: cases from a file, named by the environment variable `QUORATE_RAFT_CASES`, in
//! the words of etcd's `raft_paper_test.go` and of its interaction scripts. What a case says and this does not understand fails the test:
//! nothing is passed over.
//!
//!     QUORATE_RAFT_CASES=cases.json cargo test -p quorate-protocols raft_cases

mod cluster;
mod fields;
mod traces;

use super::log::{Entries, Entry, Index, Payload, Position, Term};
use super::message::{Append, Message, Reason, Result as Outcome};
use super::options::Mistake;
use cluster::{Cluster, Id, State, options};
use fields::{Fields, Read, numbers};
use quorate_engine::Content;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io::Write;

/// Some of the cases of etcd's `raft_paper_test.go`, and scripts after its `testdata`.
const PUBLISHED: &str = include_str!("cases/paper.json");

#[test]
fn published_cases_hold() {
    run("cases/paper.json", PUBLISHED);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "who runs the test says which cases to run")]
fn raft_cases() {
    let Ok(path) = std::env::var("QUORATE_RAFT_CASES") else {
        return tell("raft cases: skipped, as QUORATE_RAFT_CASES names no file");
    };
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    tell(&run(&path, &text));
}

/// Runs all cases, and says how many of which kind passed; fails when one does not.
fn run(path: &str, text: &str) -> String {
    let cases: Vec<Value> = serde_json::from_str(text).unwrap_or_else(|error| panic!("{path}: {error}"));
    let (mut passed, mut failed) = (BTreeMap::<&str, u32>::new(), Vec::new());
    for case in &cases {
        let (name, kind) =
            (case["name"].as_str().unwrap_or("(without a name)"), case["kind"].as_str().unwrap_or("(without a kind)"));
        match judge_safely(case) {
            Ok(()) => *passed.entry(kind).or_default() += 1,
            Err(wrong) => failed.push(format!("{name} ({kind}): {wrong}")),
        }
    }
    let kinds: Vec<String> = passed.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    let told = format!("raft cases: {} of {} cases passed: {}", passed.values().sum::<u32>(), cases.len(), kinds.join(", "));
    assert!(failed.is_empty(), "{told}\n{path}: {} failed:\n{}", failed.len(), failed.join("\n"));
    assert!(!cases.is_empty(), "{path} holds no case");
    told
}

/// A panic is a failure of its case, and the others are run all the same.
fn judge_safely(case: &Value) -> Read<()> {
    std::panic::catch_unwind(|| judge(case)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        Err(format!("panicked: {}", text.unwrap_or("with no text")))
    })
}

/// Cases that pass fail once anything that they expect is another: nothing is expected and not looked at.
#[test]
fn every_expectation_is_looked_at() {
    let cases: Vec<Value> = serde_json::from_str(PUBLISHED).expect("the file is a list");
    let mut turned = 0;
    for case in &cases {
        let steps = case["steps"].as_array().map_or(0, Vec::len);
        let places = (0..steps).map(|step| format!("/steps/{step}/expect")).chain(["/expect".to_string()]);
        for place in places {
            let Some(expect) = case.pointer(&place).and_then(Value::as_object) else { continue };
            for key in expect.keys().filter(|key| *key != "node") {
                let mut wrong = case.clone();
                let value = wrong.pointer_mut(&format!("{place}/{key}")).expect("it was there");
                *value = other_than(value);
                turned += 1;
                assert!(judge_safely(&wrong).is_err(), "passes although {place}/{key} is turned: {wrong}");
            }
        }
    }
    assert!(turned > cases.len(), "{turned} expectations");
}

/// Another value of the same kind.
fn other_than(value: &Value) -> Value {
    match value {
        Value::Bool(flag) => Value::from(!flag),
        Value::Number(number) => Value::from(number.as_u64().unwrap_or(0) + 1),
        Value::Array(list) => list.iter().cloned().chain([Value::from(99)]).collect(),
        Value::String(text) if text == "follower" => "leader".into(),
        Value::String(text) if text == "by snapshot" => "by append".into(),
        _ => "follower".into(),
    }
}

/// The planted variants that differ in what these cases are about.
#[test]
fn planted_bugs_fail_a_case() {
    let cases: Vec<Value> = serde_json::from_str(PUBLISHED).expect("the file is a list");
    for mistake in [Mistake::CommitsEarlierTerms, Mistake::CutsAlways, Mistake::VotesByLength, Mistake::CommitsPastMatch] {
        cluster::MISTAKE.set(Some(mistake));
        let failed: Vec<&str> =
            cases.iter().filter(|case| judge_safely(case).is_err()).filter_map(|case| case["name"].as_str()).collect();
        cluster::MISTAKE.set(None);
        assert!(!failed.is_empty(), "no case sees that {mistake:?}");
    }
}

#[test]
fn what_is_not_understood_is_an_error() {
    let cases: Vec<Value> = serde_json::from_str(PUBLISHED).expect("the file is a list");
    let strange = [
        ("/kind", "dance"),
        ("/setup/colour", "red"),
        ("/expect/colour", "red"),
        ("/stimulus/colour", "red"),
        ("/steps/0/do", "dance"),
    ];
    for (place, value) in strange {
        let (parent, key) = place.rsplit_once('/').expect("a place has a parent");
        for case in &cases {
            let mut wrong = case.clone();
            let Some(object) = wrong.pointer_mut(parent).and_then(Value::as_object_mut) else { continue };
            object.insert(key.into(), value.into());
            assert!(judge_safely(&wrong).is_err(), "passes although {place} is {value}: {wrong}");
        }
    }
}

/// Says something that is seen although the test passes: what is printed would be kept back.
fn tell(text: &str) {
    // Who closed the pipe does not want to know.
    let _ = std::io::stderr().lock().write_all(format!("{text}\n").as_bytes());
}

fn judge(case: &Value) -> Read<()> {
    let case = Fields::of("case", case)?;
    for key in ["name", "source", "note"] {
        case.text(key)?;
    }
    match case.text("kind")?.ok_or("it has no kind")? {
        "election" => election(&case)?,
        "vote" => vote(&case)?,
        "append" => append(&case)?,
        "sync" => sync(&case)?,
        "commit" => commit(&case)?,
        "trace" => traces::trace(&case)?,
        kind => return Err(format!("kind {kind:?} is unknown")),
    }
    case.done()
}

/// A server among others that say only what the case has them say.
struct Scene {
    cluster: Cluster,
    me: Id,
    check_quorum: bool,
}

impl Scene {
    /// As a case's `setup` has it: nodes, self, role, term, voted_for, log_terms, commit, leader.
    fn of(case: &Fields<'_>) -> Read<Scene> {
        let setup = case.object("setup")?;
        let me = setup.number("self")?.unwrap_or(1);
        let voters = match (setup.number("nodes")?, setup.numbers("voters")?) {
            (Some(nodes), None) => (1..=nodes).collect(),
            (None, Some(voters)) => voters,
            other => return Err(format!("setup must have nodes or voters, and has {other:?}")),
        };
        let learners = setup.numbers("learners")?.unwrap_or_default();
        let nodes = voters.iter().chain(&learners).copied().max().unwrap_or(0).max(me);
        if me == 0 {
            return Err("setup.self is 0, and servers are numbered from 1".into());
        }
        let role = setup.text("role")?.unwrap_or("follower");
        let log = setup.any(&["log_terms", "log"]).map(|log| numbers("setup.log_terms", log)).transpose()?.unwrap_or_default();
        let term = setup.number("term")?;
        let term_of_role = term.unwrap_or(log.last().copied().unwrap_or(0) + u64::from(role != "follower"));
        let appended = setup.numbers("appended_on_election")?;
        let mut options = options(voters.iter().copied(), learners);
        options.check_quorum = setup.flag("check_quorum")?.unwrap_or(false);
        options.pre_vote = setup.flag("pre_vote")?.unwrap_or(false);
        options.noop = setup.flag("noop")?.unwrap_or(appended.as_ref().is_none_or(|appended| !appended.is_empty()));
        let check_quorum = options.check_quorum;
        let voted_for = setup.any(&["voted_for", "vote"]).map(|vote| fields::number("setup.voted_for", vote)).transpose()?;
        let voted_for = voted_for.filter(|candidate| *candidate > 0);
        let (commit, leader) = (setup.number("commit")?, setup.any(&["leader", "lead"]));
        setup.text("note")?;
        setup.done()?;
        // Who stands for election, or has won it, did so in this term, and begins before. Own entries come after.
        let own: Vec<Term> = match role {
            "leader" => log.iter().copied().filter(|term| *term == term_of_role).collect(),
            _ => Vec::new(),
        };
        let stands = role == "candidate" || role == "leader";
        if stands && term_of_role == 0 {
            return Err(format!("a {role} has a term, and setup.term is 0"));
        }
        let before = if stands { term_of_role - 1 } else { term_of_role };
        let log_before = log[..log.len() - own.len()].to_vec();
        if log_before.last().is_some_and(|last| *last > before) {
            return Err(format!("a log that ends in term {:?} does not fit a {role} of term {term_of_role}", log_before.last()));
        }
        let mut states = vec![State::default(); nodes as usize];
        states[me as usize - 1] = State { term: before, voted_for: if stands { None } else { voted_for }, log: log_before };
        let mut scene = Scene { cluster: Cluster::new(&options, states), me, check_quorum };
        scene.take_role(role, &own, &voters)?;
        if let Some(leader) = leader {
            let leader = fields::number("setup.leader", leader)?;
            if leader > 0 && leader != me {
                scene.cluster.heartbeat_from(leader, me, term_of_role, commit.unwrap_or(0));
            }
        }
        scene.come_to_commit(commit, term_of_role)?;
        if let Some(appended) = appended {
            let log = scene.cluster.log_terms(me);
            same("appended on election", &log[log.len() - appended.len()..], &appended[..])?;
        }
        scene.cluster.lose_all();
        Ok(scene)
    }

    fn take_role(&mut self, role: &str, own: &[Term], voters: &[Id]) -> Read<()> {
        let (cluster, me) = (&mut self.cluster, self.me);
        match role {
            "follower" => {}
            "candidate" | "leader" | "pre-candidate" | "precandidate" => {
                cluster.campaign(me);
                cluster.lose_all();
                if role == "leader" {
                    for voter in voters.iter().filter(|voter| **voter != me) {
                        cluster.vote(*voter, me, true);
                    }
                    while cluster.log_terms(me).iter().filter(|term| **term == cluster.server(me).term).count() < own.len() {
                        cluster.propose(me);
                    }
                }
            }
            _ => return Err(format!("setup.role {role:?} is unknown")),
        }
        same("the role set up", cluster.role(me), if role == "precandidate" { "pre-candidate" } else { role })
    }

    /// What is committed is not on disk: a leader says so, or followers' answers do.
    fn come_to_commit(&mut self, commit: Option<Index>, term: Term) -> Read<()> {
        let (cluster, me) = (&mut self.cluster, self.me);
        let Some(commit) = commit.filter(|commit| *commit > cluster.server(me).commit) else { return Ok(()) };
        let others: Vec<Id> = cluster.ids().filter(|id| *id != me).collect();
        if cluster.server(me).leads().is_some() {
            for other in others {
                cluster.appended(other, me, term, Outcome::Matches(commit));
            }
        } else if let Some(leader) = others.first() {
            cluster.heartbeat_from(*leader, me, term, commit);
        }
        same("the commit index set up", cluster.server(me).commit, commit)
    }

    fn lies_with(&self, from: Id) -> Read<()> {
        if from == 0 || self.cluster.ids().all(|id| id != from) { Err(format!("there is no server {from}")) } else { Ok(()) }
    }

    /// What every kind of case may expect of the server.
    fn expect(&self, expect: &Fields<'_>) -> Read<()> {
        let (cluster, me) = (&self.cluster, self.me);
        let server = cluster.server(me);
        if let Some(role) = expect.any(&["role", "state"]) {
            same("role", &Value::from(cluster.role(me)), role)?;
        }
        if let Some(term) = expect.number("term")? {
            same("term", server.term, term)?;
        }
        if let Some(commit) = expect.any(&["commit", "commit_index"]) {
            same("commit", server.commit, fields::number("expect.commit", commit)?)?;
        }
        if let Some(log) = expect.any(&["log_terms", "log"]) {
            same("log_terms", cluster.log_terms(me), numbers("expect.log_terms", log)?)?;
        }
        if let Some(log) = expect.numbers("committed_log_terms")? {
            same("committed_log_terms", cluster.committed_terms(me), log)?;
        }
        if let Some(last) = expect.number("last_index")? {
            same("last_index", server.log.last(), last)?;
        }
        if let Some(leader) = expect.any(&["leader", "lead"]) {
            let known = server.leader.map_or(0, |node| u64::from(node.0) + 1);
            same("leader", known, fields::number("expect.leader", leader)?)?;
        }
        if let Some(vote) = expect.any(&["voted_for", "vote"]) {
            let voted = server.voted_for.map_or(0, |node| u64::from(node.0) + 1);
            same("voted_for", voted, fields::number("expect.voted_for", vote)?)?;
        }
        expect.text("note")?;
        expect.done()
    }
}

fn same<T: PartialEq<U> + Debug, U: Debug>(what: &str, found: T, expected: U) -> Read<()> {
    if found == expected { Ok(()) } else { Err(format!("{what} is {found:?}, and is expected to be {expected:?}")) }
}

/// A server stands for election, and is answered.
fn election(case: &Fields<'_>) -> Read<()> {
    let mut scene = Scene::of(case)?;
    let stimulus = case.object("stimulus")?;
    if let Some(who) = stimulus.number("campaign")? {
        same("who campaigns", who, scene.me)?;
        scene.cluster.campaign(who);
        scene.cluster.lose_all();
    }
    if stimulus.get("votes").is_some() {
        let votes = stimulus.object("votes")?;
        for (voter, granted) in votes.all() {
            votes.understood(voter);
            let from = voter.parse::<Id>().map_err(|_| format!("stimulus.votes names {voter:?}, which is no server"))?;
            scene.lies_with(from)?;
            let granted = granted.as_bool().ok_or_else(|| format!("the vote of {voter} is {granted}"))?;
            scene.cluster.vote(from, scene.me, granted);
        }
    }
    stimulus.done()?;
    scene.expect(&case.object("expect")?)
}

/// A server is asked for its vote.
fn vote(case: &Fields<'_>) -> Read<()> {
    let mut scene = Scene::of(case)?;
    let stimulus = case.object("stimulus")?;
    let asked = stimulus.object("request_vote")?;
    let from = asked.number("from")?.ok_or("request_vote has no from")?;
    scene.lies_with(from)?;
    let number = |keys: &[&str]| asked.any(keys).map_or(Ok(0), |value| fields::number("request_vote", value));
    let end = Position {
        index: number(&["last_index", "last_log_index", "index"])?,
        term: number(&["last_term", "last_log_term", "log_term"])?,
    };
    let term = number(&["term"])?;
    let pre = asked.any_flag(&["pre", "pre_vote"])?.unwrap_or(false);
    let transfer = asked.any_flag(&["transfer", "leader_transfer"])?.unwrap_or(false);
    asked.done()?;
    stimulus.done()?;
    scene.cluster.inject(from, scene.me, Message::RequestVote { term, end, pre, transfer });
    let me = cluster::node(scene.me);
    let answer = scene.cluster.in_flight().into_iter().find_map(|sent| match sent.message {
        Message::Vote { granted, pre: of, .. } if of == pre && sent.from == me && sent.to == cluster::node(from) => Some(granted),
        _ => None,
    });
    let expect = case.object("expect")?;
    if let Some(answered) = expect.flag("answered")? {
        same("answered", answer.is_some(), answered)?;
    }
    if let Some(rejected) = expect.any(&["rejected", "reject"]) {
        same("rejected", &Value::from(!granted_in(answer, &scene)?), rejected)?;
    }
    if let Some(granted) = expect.flag("granted")? {
        same("granted", granted_in(answer, &scene)?, granted)?;
    }
    scene.expect(&expect)
}

/// Voters that keep to their leader do not answer (thesis §4.2.3); all others do.
fn granted_in(answer: Option<bool>, scene: &Scene) -> Read<bool> {
    match answer {
        None if !scene.check_quorum => Err("the vote was not answered".into()),
        answer => Ok(answer == Some(true)),
    }
}

/// A server gets entries.
fn append(case: &Fields<'_>) -> Read<()> {
    let mut scene = Scene::of(case)?;
    let stimulus = case.object("stimulus")?;
    let asked = stimulus.object("append_entries")?;
    let from = asked.number("from")?.ok_or("append_entries has no from")?;
    scene.lies_with(from)?;
    let number = |keys: &[&str]| asked.any(keys).map_or(Ok(0), |value| fields::number("append_entries", value));
    let previous = Position {
        index: number(&["prev_index", "prev_log_index", "index"])?,
        term: number(&["prev_term", "prev_log_term", "log_term"])?,
    };
    let (term, commit) = (number(&["term"])?, number(&["commit", "leader_commit", "commit_index"])?);
    let entries: Vec<Content<Entry>> = asked
        .any(&["entries", "entry_terms", "entries_terms"])
        .map_or(Ok(Vec::new()), |value| numbers("append_entries.entries", value))?
        .into_iter()
        .map(|term| Content::new(Entry { term, payload: Payload::Noop }))
        .collect();
    asked.done()?;
    stimulus.done()?;
    let reason = if entries.is_empty() { Reason::Heartbeat } else { Reason::New };
    let append = Append { term, previous, entries: Content::new(Entries(entries)), commit, round: 1 };
    scene.cluster.inject(from, scene.me, Message::Append(reason, append));
    let me = cluster::node(scene.me);
    // Of a sign of life that comes with something to write there are two answers; the last says all.
    let answer = scene.cluster.in_flight().into_iter().rev().find_map(|sent| match sent.message {
        Message::Appended { result, term: of, .. } if sent.from == me && sent.to == cluster::node(from) => Some((result, of)),
        _ => None,
    });
    let expect = case.object("expect")?;
    let answered = || answer.ok_or("the append was not answered".to_string());
    // One of an earlier term is no success, whatever the logs.
    let success = || answered().map(|(result, of)| of == term && matches!(result, Outcome::Matches(_)));
    if let Some(expected) = expect.flag("success")? {
        same("success", success()?, expected)?;
    }
    if let Some(rejected) = expect.any(&["rejected", "reject"]) {
        same("rejected", &Value::from(!success()?), rejected)?;
    }
    if let Some(matched) = expect.any(&["match_index", "matched"]) {
        let found = match answered()?.0 {
            Outcome::Matches(index) => Some(index),
            Outcome::Conflicts { .. } => None,
        };
        same("match_index", found, Some(fields::number("expect.match_index", matched)?))?;
    }
    let hint = |what: &str, expected: &Value, of: fn(Position) -> u64| match answered()?.0 {
        Outcome::Conflicts { has, .. } => same(what, of(has), fields::number(what, expected)?),
        Outcome::Matches(_) => Err(format!("{what}: the append was not rejected")),
    };
    if let Some(index) = expect.any(&["reject_hint", "hint_index"]) {
        hint("reject_hint", index, |has| has.index)?;
    }
    if let Some(term) = expect.any(&["hint_term", "reject_term"]) {
        hint("hint_term", term, |has| has.term)?;
    }
    scene.expect(&expect)
}

/// A new leader brings a follower's log in line with its own.
fn sync(case: &Fields<'_>) -> Read<()> {
    let setup = case.object("setup")?;
    let nodes = setup.number("nodes")?.ok_or("setup has no nodes")?;
    let who = |key: &str, usual: Id| setup.number(key).map(|id| id.unwrap_or(usual));
    let (leader, follower) = (who("leader", 1)?, who("follower", 2)?);
    let mut options = options(1..=nodes, []);
    options.noop = setup.flag("noop")?.unwrap_or(true);
    let mut states = vec![State::default(); nodes as usize];
    for (id, name) in [(leader, "leader"), (follower, "follower")] {
        let log = setup.numbers(&format!("{name}_log_terms"))?.ok_or_else(|| format!("setup has no {name}_log_terms"))?;
        let term = setup.number(&format!("{name}_term"))?.unwrap_or(log.last().copied().unwrap_or(0));
        let state = states.get_mut((id as usize).wrapping_sub(1)).ok_or_else(|| format!("there is no server {id}"))?;
        *state = State { term, voted_for: None, log };
    }
    let mut votes = Vec::new();
    for (key, value) in setup.all() {
        let Some(voter) = key.strip_prefix("node").and_then(|rest| rest.strip_suffix("_votes_for_leader")) else { continue };
        setup.understood(key);
        let voter = voter.parse::<Id>().map_err(|_| format!("setup.{key} names no server"))?;
        let granted = value.as_bool().ok_or_else(|| format!("setup.{key} is {value}"))?;
        votes.push((voter, granted));
    }
    setup.done()?;
    let mut cluster = Cluster::new(&options, states);
    // The others only vote, and do not keep logs.
    cluster.cut = cluster.ids().filter(|id| *id != leader && *id != follower).collect();
    let stimulus = case.object("stimulus")?;
    same("who campaigns", stimulus.number("campaign")?.ok_or("stimulus has no campaign")?, leader)?;
    let proposes = stimulus.get("propose").map_or(0, |what| what.as_array().map_or(1, Vec::len));
    let delivers = stimulus.flag("deliver_all")?.unwrap_or(true);
    stimulus.done()?;
    if !delivers {
        return Err("deliver_all: false is not understood".into());
    }
    cluster.campaign(leader);
    for (voter, granted) in votes {
        cluster.vote(voter, leader, granted);
    }
    cluster.stabilize();
    same("who leads", cluster.leader(), Some(leader))?;
    for _ in 0..proposes {
        cluster.propose(leader);
    }
    cluster.stabilize();
    cluster.is_sound()?;
    let expect = case.object("expect")?;
    if let Some(equal) = expect.flag("leader_and_follower_logs_equal")? {
        let logs = [leader, follower].map(|id| cluster.server(id).log.clone());
        same("leader_and_follower_logs_equal", logs[0] == logs[1], equal)?;
    }
    if let Some(log) = expect.numbers("log_terms")? {
        same("the leader's log_terms", cluster.log_terms(leader), &log[..])?;
        same("the follower's log_terms", cluster.log_terms(follower), &log[..])?;
    }
    Scene { cluster, me: leader, check_quorum: false }.expect(&expect)
}

/// A leader learns how far others are.
fn commit(case: &Fields<'_>) -> Read<()> {
    let mut scene = Scene::of(case)?;
    let stimulus = case.object("stimulus")?;
    let me = scene.me;
    let proposes = stimulus.get("propose").map_or(0, |what| what.as_array().map_or(1, Vec::len));
    for _ in 0..proposes {
        scene.cluster.propose(me);
    }
    for key in ["append_response", "append_responses"] {
        let Some(responses) = stimulus.get(key) else { continue };
        let each = responses.as_array().cloned().unwrap_or_else(|| vec![responses.clone()]);
        for response in &each {
            respond(&mut scene, &Fields::of(&format!("stimulus.{key}"), response)?)?;
        }
    }
    if stimulus.flag("ack_all")?.unwrap_or(false) {
        let all: Vec<Id> = scene.cluster.ids().filter(|id| *id != me).collect();
        acknowledge(&mut scene.cluster, me, &all);
    }
    for key in ["acks", "acceptors", "ack_from"] {
        let acceptors = match stimulus.get(key) {
            None => continue,
            Some(Value::Object(each)) => {
                let accepts = each.iter().filter(|(_, accepts)| accepts.as_bool() == Some(true));
                accepts.map(|(id, _)| id.parse::<Id>().map_err(|_| format!("{key} names {id:?}"))).collect::<Read<Vec<Id>>>()?
            }
            Some(list) => numbers(key, list)?,
        };
        acknowledge(&mut scene.cluster, me, &acceptors);
    }
    stimulus.done()?;
    let expect = case.object("expect")?;
    if let Some(committed) = expect.flag("committed")? {
        let server = scene.cluster.server(me);
        same("committed", server.commit == server.log.last(), committed)?;
    }
    scene.expect(&expect)
}

fn respond(scene: &mut Scene, response: &Fields<'_>) -> Read<()> {
    let from = response.number("from")?.ok_or("append_response has no from")?;
    scene.lies_with(from)?;
    let term = response.number("term")?.unwrap_or(scene.cluster.server(scene.me).term);
    let index =
        response.any(&["match_index", "index", "matched"]).map(|index| fields::number("match_index", index)).transpose()?;
    let success = response.flag("success")?.unwrap_or(!response.flag("reject")?.unwrap_or(false));
    let hint = response.any(&["reject_hint", "hint_index"]).map(|index| fields::number("reject_hint", index)).transpose()?;
    let hint_term = response.number("hint_term")?.unwrap_or(0);
    response.done()?;
    let result = match (success, index) {
        (true, Some(index)) => Outcome::Matches(index),
        (false, index) => {
            Outcome::Conflicts { meant: index.unwrap_or(0), has: Position { index: hint.unwrap_or(0), term: hint_term } }
        }
        (true, None) => return Err("append_response has no match_index".into()),
    };
    scene.cluster.appended(from, scene.me, term, result);
    Ok(())
}

/// Entries are sent again where they were lost, and these accept whatever comes.
fn acknowledge(cluster: &mut Cluster, leader: Id, acceptors: &[Id]) {
    let term = cluster.server(leader).term;
    // A heartbeat sends again what is not answered, at the second at the latest.
    for _ in 0..2 {
        cluster.fire(leader, super::message::Timer::Heartbeat);
        loop {
            let sent = cluster.in_flight();
            cluster.lose_all();
            let mut any = false;
            for sent in sent {
                let to = u64::from(sent.to.0) + 1;
                if let Message::Append(Reason::New | Reason::Again, append) = &sent.message
                    && acceptors.contains(&to)
                {
                    any = true;
                    cluster.appended(to, leader, term, Outcome::Matches(append.previous.index + append.entries.0.len() as u64));
                }
            }
            if !any {
                break;
            }
        }
    }
}
