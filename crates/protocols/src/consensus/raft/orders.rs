//! Whether what operators order one by one can be done: nobody can go who is not there. Where clients order at random, nobody knows who is.

use super::options::{self, Options};
use crate::registry::{Ask, Job, JobError};
use quorate_engine::NodeId;
use quorate_engine::workload::Change;
use std::collections::BTreeSet;

/// Follows the orders of a job from the first members on.
///
/// # Errors
/// The first that cannot be done, and why.
pub(super) fn check(job: &Job<'_>) -> Result<(), JobError> {
    let options = options::options(job).map_err(JobError::Options)?;
    if job.setup.populations.iter().any(|population| population.mix.joins + population.mix.leaves > 0) {
        return Ok(());
    }
    let mut members = Members::at_first(&options);
    for (index, asked) in job.workload.iter().enumerate() {
        if let Ask::Change(change) = &asked.ask {
            members.follow(change, options.voters_min).map_err(|why| JobError::Workload(index, why))?;
        }
    }
    Ok(())
}

struct Members {
    voters: BTreeSet<NodeId>,
    learners: BTreeSet<NodeId>,
}

impl Members {
    fn at_first(options: &Options) -> Members {
        let nodes = |servers: &BTreeSet<super::config::Server>| servers.iter().map(|server| server.node).collect();
        Members { voters: nodes(&options.members.voters), learners: nodes(&options.members.learners) }
    }

    fn follow(&mut self, change: &Change, voters_min: usize) -> Result<(), String> {
        let before = self.voters.len();
        match change {
            Change::Add(whom) => self.voters.extend(whom.iter()),
            Change::Learn(whom) => {
                self.voters.retain(|node| !whom.contains(*node));
                self.learners.extend(whom.iter());
            }
            Change::Remove(whom) => {
                for node in whom.iter() {
                    if !self.voters.remove(&node) && !self.learners.remove(&node) {
                        return Err(format!("{node} is to be removed, and is no member then; the members are {}", self.names()));
                    }
                }
            }
            Change::Become(whom) => self.voters = whom.iter().collect(),
            Change::Lead(who) if !self.voters.contains(who) => {
                return Err(format!("{who} is to lead, and does not vote then; the members are {}", self.names()));
            }
            Change::Lead(_) => {}
        }
        self.learners.retain(|node| !self.voters.contains(node));
        let after = self.voters.len();
        if after < voters_min.min(before) {
            return Err(format!("that would leave {after} voters, and voters-min is {voters_min}; let more stay"));
        }
        Ok(())
    }

    fn names(&self) -> String {
        self.voters.iter().chain(&self.learners).map(NodeId::to_string).collect::<Vec<_>>().join(", ")
    }
}
