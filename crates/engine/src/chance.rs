//! Where a handler's choices come from: drawn from the node's stream, or taken from a script that a driver wrote.

use crate::random::StreamKey;

/// The source behind [`crate::Context::choose`].
#[derive(Clone, Debug)]
pub(crate) enum Chance {
    /// The node's own stream: one counter step a choice.
    Drawn { key: StreamKey, node: u32, counter: u32 },
    /// A driver's answers.
    Scripted(Script),
}

/// Answers to choices, in the order in which they are asked; past the script's end every answer is 0.
#[derive(Clone, Default, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Script {
    answers: Vec<u64>,
    /// The bound of every choice that was asked.
    bounds: Vec<u64>,
}

impl Script {
    pub(crate) fn new(answers: Vec<u64>) -> Script {
        Script { answers, bounds: Vec::new() }
    }

    /// The script after this one in the odometer's order, once a handler has been run with this one; `None` after the last.
    pub(crate) fn successor(mut self) -> Option<Script> {
        self.answers.resize(self.bounds.len(), 0);
        while let Some(last) = self.answers.pop() {
            let bound = self.bounds[self.answers.len()];
            if last + 1 < bound {
                self.answers.push(last + 1);
                return Some(Script::new(self.answers));
            }
        }
        None
    }

    /// The answers that were really given.
    pub(crate) fn given(&self) -> Vec<u64> {
        let mut given = self.answers.clone();
        given.resize(self.bounds.len(), 0);
        given
    }
}

impl Chance {
    #[inline]
    pub(crate) fn choose(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "a choice among nothing");
        match self {
            Chance::Drawn { key, node, counter } => {
                let answer = key.below(*node, *counter, bound);
                *counter = counter.wrapping_add(1);
                answer
            }
            Chance::Scripted(script) => {
                let answer = script.answers.get(script.bounds.len()).copied().unwrap_or(0);
                script.bounds.push(bound);
                assert!(answer < bound, "the script answers {answer} where only {bound} are possible");
                answer
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn successors_enumerate_every_combination_once() {
        // A handler that asks for one of 2 and then, depending on the answer, for one of 3 or of nothing more.
        let mut seen = Vec::new();
        let mut next = Some(Script::default());
        while let Some(script) = next {
            let mut chance = Chance::Scripted(script);
            let first = chance.choose(2);
            let second = if first == 0 { chance.choose(3) } else { 9 };
            seen.push((first, second));
            let Chance::Scripted(script) = chance else { unreachable!() };
            next = script.successor();
        }
        assert_eq!(seen, [(0, 0), (0, 1), (0, 2), (1, 9)]);
    }
}
