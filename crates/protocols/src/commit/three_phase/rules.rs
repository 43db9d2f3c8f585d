//! What an attempt to end a transaction makes of the states that it hears: pure functions of them. A decision that somebody knows needs no
//! rule: who knows it says so instead of a state.

use super::message::State;

/// What is to be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// Abort.
    Abort,
    /// Have those who are ready precommit, then commit; or preabort, then abort.
    Move(bool),
    /// Nothing can be done.
    Blocked,
}

fn count(states: &[State], wanted: State) -> usize {
    states.iter().filter(|state| **state == wanted).count()
}

/// By quorums (Skeen 1982, §4): the sizes are for a commit and for an abort.
pub fn by_quorum(states: &[State], [to_commit, to_abort]: [usize; 2]) -> Next {
    let [ready, precommitted, preaborted] =
        [State::Ready, State::Precommitted, State::Preaborted].map(|state| count(states, state));
    if precommitted > 0 && precommitted + ready >= to_commit {
        return Next::Move(true);
    }
    match preaborted + ready >= to_abort {
        true => Next::Move(false),
        false => Next::Blocked,
    }
}

/// By all who answer (Bernstein, Hadzilacos and Goodman 1987, §7.5, TR3 and TR4; TR1 and TR2 are those of a known decision).
pub fn by_states(states: &[State]) -> Next {
    match count(states, State::Precommitted) {
        _ if states.is_empty() => Next::Blocked,
        0 => Next::Abort,
        _ => Next::Move(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ready: usize, precommitted: usize, preaborted: usize, quorums: [usize; 2]) -> Next {
        let states = [(State::Ready, ready), (State::Precommitted, precommitted), (State::Preaborted, preaborted)];
        let states: Vec<State> = states.into_iter().flat_map(|(state, count)| std::iter::repeat_n(state, count)).collect();
        by_quorum(&states, quorums)
    }

    #[test]
    fn whoever_is_connected_to_all_is_never_blocked() {
        for participants in 1..=6 {
            for to_commit in 1..=participants {
                let quorums = [to_commit, participants + 1 - to_commit];
                for precommitted in 0..=participants {
                    for preaborted in 0..=participants - precommitted {
                        let ready = participants - precommitted - preaborted;
                        let next = check(ready, precommitted, preaborted, quorums);
                        // What had a quorum may have been decided.
                        if precommitted >= quorums[0] {
                            assert_eq!(next, Next::Move(true));
                        } else if preaborted >= quorums[1] {
                            assert_eq!(next, Next::Move(false));
                        } else {
                            assert_ne!(next, Next::Blocked, "{ready} ready, {precommitted} and {preaborted} of {participants}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_minority_waits_and_nobody_commits_what_nobody_has_precommitted() {
        assert_eq!(check(1, 0, 0, [2, 2]), Next::Blocked);
        assert_eq!(check(0, 1, 0, [2, 2]), Next::Blocked);
        assert_eq!(check(3, 0, 0, [2, 2]), Next::Move(false));
        assert_eq!(check(1, 1, 0, [2, 2]), Next::Move(true));
        assert_eq!(check(1, 1, 0, [3, 1]), Next::Move(false), "those who are precommitted cannot have committed");
        assert_eq!(by_states(&[State::Ready, State::Ready]), Next::Abort);
        assert_eq!(by_states(&[State::Ready, State::Precommitted]), Next::Move(true));
    }
}
