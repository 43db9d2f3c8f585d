//! Overrides: `--set network.loss=0.05`, `--set faults[0].at=3s`. They change the tree before anything is read, so an
//! override is checked exactly as the file is, and what is wrong with it names the flag.

use super::Override;
use super::error::{Problem, Read};
use super::tree::{self, Entry, Node, Place, Tree};
use crate::units::quoted;

/// Applies the overrides in their order.
pub(crate) fn apply(root: &mut Node, overrides: &[Override]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, change) in overrides.iter().enumerate() {
        let flag = Flag { text: format!("{}={}", change.key, change.value), key: change.key.trim() };
        if overrides[..index].iter().any(|earlier| earlier.key.trim() == flag.key) {
            problems.push(*flag.problem("this key is set twice; keep one"));
            continue;
        }
        if let Err(problem) = flag.set(root, change.value.trim()) {
            problems.push(*problem);
        }
    }
    problems
}

struct Flag<'a> {
    /// The override as typed.
    text: String,
    key: &'a str,
}

enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

impl<'a> Flag<'a> {
    fn place(&self) -> Place {
        Place::Flag(self.text.clone())
    }

    fn problem(&self, message: impl Into<String>) -> Box<Problem> {
        Box::new(self.place().problem(self.key, message))
    }

    fn set(&self, root: &mut Node, value: &str) -> Read<()> {
        let steps = self.steps()?;
        let value = self.value(value)?;
        let mut node = root;
        for step in &steps {
            node = self.descend(node, step)?;
        }
        *node = value;
        Ok(())
    }

    /// What is no TOML value is a text: people do not quote twice on a command line. But what starts like a list, a table or
    /// a quoted text was meant to be TOML.
    fn value(&self, text: &str) -> Read<Node> {
        match tree::value(text, &self.text) {
            Ok(node) => node,
            Err(error) if text.starts_with(['[', '{', '"', '\'']) => {
                Err(self.problem(format!("{} is not a TOML value: {}", quoted(text), error.message())))
            }
            Err(_) => Ok(Node { tree: Tree::Text(text.to_string()), place: self.place() }),
        }
    }

    /// `faults[0].at` as `faults`, `[0]`, `at`.
    fn steps(&self) -> Read<Vec<Step<'a>>> {
        let mut steps = Vec::new();
        for part in self.key.split('.') {
            let (name, mut indices) = part.split_at(part.find('[').unwrap_or(part.len()));
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
                return Err(self.problem("not a key; keys look like network.loss or faults[0].at"));
            }
            steps.push(Step::Key(name));
            while !indices.is_empty() {
                let index = indices.strip_prefix('[').and_then(|rest| rest.split_once(']'));
                let number = index.and_then(|(digits, rest)| Some((digits.parse().ok()?, rest)));
                let Some((number, rest)) = number else {
                    return Err(self.problem("not a key; an index looks like faults[0]"));
                };
                steps.push(Step::Index(number));
                indices = rest;
            }
        }
        Ok(steps)
    }

    /// The node that a step leads to; a missing key comes into being as an empty table.
    fn descend<'n>(&self, node: &'n mut Node, step: &Step<'_>) -> Read<&'n mut Node> {
        let kind = node.kind();
        match (step, &mut node.tree) {
            (Step::Key(name), Tree::Table(entries)) => {
                let index = entries.iter().position(|entry| entry.key == *name).unwrap_or_else(|| {
                    let node = Node { tree: Tree::Table(Vec::new()), place: self.place() };
                    entries.push(Entry { key: name.to_string(), key_place: self.place(), node });
                    entries.len() - 1
                });
                Ok(&mut entries[index].node)
            }
            (Step::Index(index), Tree::List(items)) => {
                let count = items.len();
                items
                    .get_mut(*index)
                    .ok_or_else(|| self.problem(format!("[{index}] is not there: the file has {count} there, counted from 0")))
            }
            (Step::Key(name), Tree::List(items)) => {
                let last = items.len().saturating_sub(1);
                Err(self.problem(format!("\"{name}\" is asked of a list; say of which entry: [0] to [{last}]")))
            }
            (Step::Key(name), _) => {
                Err(self.problem(format!("\"{name}\" is asked of {kind}, which has no keys; set that as a whole")))
            }
            (Step::Index(index), _) => Err(self.problem(format!("[{index}] is asked of {kind}, which is no list"))),
        }
    }
}
