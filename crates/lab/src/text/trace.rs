//! Recorded editing sessions, as the collection of editing traces has them: JSON with `txns`, transactions of patches
//! `[place, deleted, inserted]`, and the text in which they end. A `concurrent` session has several agents, and each transaction names
//! its parents; else one agent typed all of it, in order. Text goes in and plain data comes out; whether the patches fit the texts that
//! they were made in shows when the session is replayed.

use quorate_engine::workload::Edit;
use serde_json::Value;

/// The most transactions of a session.
const TRANSACTIONS_MAX: usize = 1_000_000;

/// The most agents of a session.
const AGENTS_MAX: u32 = 1_000;

/// The most transactions times agents: for each transaction is kept what it knew of each agent.
const COUNTS_MAX: usize = 1 << 26;

/// A recorded editing session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trace {
    /// How many edited.
    pub agents: u32,
    /// What they did, each after all that it had seen; no agent's is concurrent with another of the same.
    pub transactions: Vec<Transaction>,
    /// The text in the end.
    pub end: String,
}

/// What an agent did at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transaction {
    /// Who.
    pub agent: u32,
    /// Of how many of each agent's transactions it knew, its own before this one among them.
    pub seen: Vec<u32>,
    /// The changes, each in the text that the one before left.
    pub edits: Vec<Edit>,
}

/// What is wrong with a session, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Wrong {
    /// The line and column at which the text is no JSON, both from 1.
    pub(crate) at: Option<(usize, usize)>,
    /// In words, with the path to the value.
    pub(crate) message: String,
}

impl From<String> for Wrong {
    fn from(message: String) -> Wrong {
        Wrong { at: None, message }
    }
}

/// Reads a session.
pub(crate) fn trace(text: &str) -> Result<Trace, Wrong> {
    let document: Value = serde_json::from_str(text)
        .map_err(|error| Wrong { at: Some((error.line(), error.column())), message: format!("this is not JSON: {error}") })?;
    if !document.is_object() {
        return Err("a recorded session is a JSON object with \"txns\" and \"endContent\"".to_string().into());
    }
    let concurrent = match document.get("kind").map(|kind| kind.as_str()) {
        None => false,
        Some(Some("concurrent")) => true,
        Some(_) => return Err(format!("kind: {} is not known; it is \"concurrent\" or left out", document["kind"]).into()),
    };
    let agents = match concurrent {
        true => whole(&document, "numAgents", "").map_err(Wrong::from)?,
        false => 1,
    };
    if !(1..=AGENTS_MAX).contains(&agents) {
        return Err(format!("numAgents: {agents} is out of range; it must lie in 1 to {AGENTS_MAX}").into());
    }
    let end = text_of(&document, "endContent", "")?.to_string();
    let transactions = transactions(&document, agents, concurrent)?;
    Ok(Trace { agents, transactions, end })
}

fn transactions(document: &Value, agents: u32, concurrent: bool) -> Result<Vec<Transaction>, String> {
    let listed = list(document, "txns", "")?;
    if listed.len() > TRANSACTIONS_MAX {
        return Err(format!("txns: {} transactions; {TRANSACTIONS_MAX} is the most", listed.len()));
    }
    if listed.len().saturating_mul(agents as usize) > COUNTS_MAX {
        return Err(format!(
            "txns: {} transactions of {agents} agents; the two multiplied may be {COUNTS_MAX} at most",
            listed.len()
        ));
    }
    let mut known = Known { of: Vec::new(), own: vec![0; agents as usize] };
    let mut transactions = Vec::new();
    if let Some(start) = document.get("startContent").and_then(Value::as_str).filter(|start| !start.is_empty()) {
        // A concurrent session has no such beginning: whose would it be?
        if concurrent {
            return Err("startContent: a concurrent session begins empty".to_string());
        }
        let edit = Edit { place: Some(0), deleted: 0, inserted: start.to_string() };
        transactions.push(Transaction { agent: 0, seen: known.before(0, &[], "")?, edits: vec![edit] });
    }
    for (number, listed) in listed.iter().enumerate() {
        let path = format!("txns[{number}].");
        let (agent, parents) = match concurrent {
            true => (whole(listed, "agent", &path)?, parents(listed, number, &path)?),
            false => (0, known.of.len().checked_sub(1).into_iter().collect()),
        };
        if agent >= agents {
            return Err(format!("{path}agent: {agent} is not among the {agents} agents, which are counted from 0"));
        }
        let edits = list(listed, "patches", &path)?.iter().enumerate();
        let edits = edits.map(|(place, patch)| edit(patch).ok_or_else(|| wrong_patch(&path, place, patch)));
        let edits = edits.collect::<Result<Vec<Edit>, String>>()?;
        transactions.push(Transaction { agent, seen: known.before(agent, &parents, &path)?, edits });
    }
    Ok(transactions)
}

fn parents(transaction: &Value, number: usize, path: &str) -> Result<Vec<usize>, String> {
    let parents = list(transaction, "parents", path)?.iter();
    let earlier = |parent: &Value| parent.as_u64().map(|parent| parent as usize).filter(|parent| *parent < number);
    parents
        .map(|parent| earlier(parent).ok_or_else(|| format!("{path}parents: {parent} is no transaction before this one")))
        .collect()
}

/// `[place, deleted, inserted]`
fn edit(patch: &Value) -> Option<Edit> {
    let [place, deleted, inserted] = patch.as_array()?.as_slice() else { return None };
    let number = |value: &Value| u32::try_from(value.as_u64()?).ok();
    Some(Edit { place: Some(number(place)?), deleted: number(deleted)?, inserted: inserted.as_str()?.to_string() })
}

fn wrong_patch(path: &str, place: usize, patch: &Value) -> String {
    format!("{path}patches[{place}]: {patch} is no patch, such as [12, 0, \"text\"]: a place, how many go, what comes")
}

/// Of how many of each agent's transactions the transactions so far knew, themselves included.
struct Known {
    of: Vec<Vec<u32>>,
    own: Vec<u32>,
}

impl Known {
    /// The same of one more before it happened. What an agent has done it knows, so that a number says which are known.
    fn before(&mut self, agent: u32, parents: &[usize], path: &str) -> Result<Vec<u32>, String> {
        let agent = agent as usize;
        let mut seen = vec![0; self.own.len()];
        for parent in parents {
            seen.iter_mut().zip(&self.of[*parent]).for_each(|(count, theirs)| *count = (*count).max(*theirs));
        }
        if seen[agent] != self.own[agent] {
            let [knows, did] = [seen[agent], self.own[agent]];
            return Err(format!("{path}parents: agent {agent} knows {knows} of its own {did} transactions before this one"));
        }
        self.own[agent] += 1;
        let mut after = seen.clone();
        after[agent] += 1;
        self.of.push(after);
        Ok(seen)
    }
}

fn field<'a>(table: &'a Value, key: &str, path: &str) -> Result<&'a Value, String> {
    table.get(key).ok_or_else(|| format!("{path}{key}: it is missing"))
}

fn list<'a>(table: &'a Value, key: &str, path: &str) -> Result<&'a Vec<Value>, String> {
    field(table, key, path)?.as_array().ok_or_else(|| format!("{path}{key}: it must be a list"))
}

fn text_of<'a>(table: &'a Value, key: &str, path: &str) -> Result<&'a str, String> {
    field(table, key, path)?.as_str().ok_or_else(|| format!("{path}{key}: it must be a text"))
}

fn whole(table: &Value, key: &str, path: &str) -> Result<u32, String> {
    let value = field(table, key, path)?;
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| format!("{path}{key}: {value} is no whole number, or too large"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_concurrent_session_says_what_each_had_seen() {
        let text = r#"{ "kind": "concurrent", "numAgents": 2, "endContent": "abc", "txns": [
            { "agent": 0, "parents": [], "patches": [[0, 0, "a"]] },
            { "agent": 1, "parents": [], "patches": [[0, 0, "xc"], [0, 1, ""]] },
            { "agent": 0, "parents": [0], "patches": [[1, 0, "b"]] },
            { "agent": 1, "parents": [1, 2], "patches": [] } ] }"#;
        let trace = trace(text).unwrap();
        let seen: Vec<_> = trace.transactions.iter().map(|each| (each.agent, each.seen.clone(), each.edits.len())).collect();
        assert_eq!(seen, [(0, vec![0, 0], 1), (1, vec![0, 0], 2), (0, vec![1, 0], 1), (1, vec![2, 1], 0)]);
        assert_eq!((trace.agents, trace.end.as_str()), (2, "abc"));
        let edit = Edit { place: Some(0), deleted: 1, inserted: String::new() };
        assert_eq!(trace.transactions[1].edits[1], edit);
    }

    #[test]
    fn a_session_of_one_begins_with_its_text() {
        let text = r#"{ "startContent": "ab", "endContent": "b!", "txns": [{ "patches": [[0, 1, ""]] }, { "patches": [[1, 0, "!"]] }] }"#;
        let trace = trace(text).unwrap();
        let seen: Vec<_> = trace.transactions.iter().map(|each| (each.agent, each.seen[0])).collect();
        assert_eq!(seen, [(0, 0), (0, 1), (0, 2)]);
        assert_eq!(trace.transactions[0].edits[0].inserted, "ab");
    }

    #[test]
    fn mistakes_are_named_by_place() {
        let check = |text: &str, at, message: &str| {
            let wrong = trace(text).unwrap_err();
            assert!(wrong.at == at && wrong.message.starts_with(message), "{wrong:?}");
        };
        let concurrent = |txns: &str| format!(r#"{{"kind": "concurrent", "numAgents": 2, "endContent": "", "txns": [{txns}]}}"#);
        check("{\n]", Some((2, 1)), "this is not JSON: ");
        check("[]", None, "a recorded session is a JSON object");
        check("{}", None, "endContent: it is missing");
        check(r#"{"endContent": ""}"#, None, "txns: it is missing");
        check(r#"{"kind": "wild"}"#, None, r#"kind: "wild" is not known"#);
        check(r#"{"kind": "concurrent", "numAgents": 0}"#, None, "numAgents: 0 is out of range");
        check(&concurrent(r#"{"agent": 2, "parents": []}"#), None, "txns[0].agent: 2 is not among the 2 agents");
        check(&concurrent(r#"{"agent": 0, "parents": [0]}"#), None, "txns[0].parents: 0 is no transaction before this one");
        check(
            &concurrent(r#"{"agent": 0, "parents": [], "patches": [[0, "a"]]}"#),
            None,
            r#"txns[0].patches[0]: [0,"a"] is no patch"#,
        );
        let forked = r#"{"agent": 0, "parents": [], "patches": []}"#;
        check(&concurrent(&format!("{forked}, {forked}")), None, "txns[1].parents: agent 0 knows 0 of its own 1 transactions");
    }
}
