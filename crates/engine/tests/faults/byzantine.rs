//! Byzantine nodes.

use crate::clerk::{LIE, at, facts, heard, heard_from, node, same_but_for};
use quorate_engine::fault::{Behaviour, Fault};
use quorate_engine::latency::Distribution;
use quorate_engine::random::Probability;
use quorate_engine::time::MILLISECOND;
use quorate_engine::*;
use std::collections::{BTreeMap, BTreeSet};

const FROM: Time = Time(2_000 * MILLISECOND);
const TO: Time = Time(8_000 * MILLISECOND);

#[test]
fn a_byzantine_node_changes_what_it_sends_and_nothing_else() {
    let (base, _) = facts(Vec::new());
    let half = Probability::from_f64(0.5).unwrap();
    let late = Behaviour::Delaying(Distribution::Constant { ns: 300 * MILLISECOND }.into());
    for behaviour in [Behaviour::Silent, late, Behaviour::Equivocating, Behaviour::Replaying(half), Behaviour::Forging(half)] {
        let name = behaviour.name();
        let (faulty, run) = facts(vec![at(2_000, Fault::Byzantine(node(1), behaviour)), at(8_000, Fault::Honest(node(1)))]);
        same_but_for(&base, &faulty, |fact| fact.0 >= FROM && heard_from(fact, 1));
        let strike = &run.outcome.strikes[0];
        assert_eq!(run.outcome.faulty, [NodeId(1)]);
        let usual: Vec<_> = heard(&base).filter(|&(.., from, _)| from == 1).collect();
        let now: Vec<_> = heard(&faulty).filter(|&(.., from, _)| from == 1).collect();
        let lies = |by: u32| now.iter().filter(|(_, to, _, number)| *to == by && *number >= LIE).count();
        match name {
            "silent" => {
                assert!(!now.iter().any(|(at, ..)| (FROM + 15 * MILLISECOND..TO).contains(at)));
                assert_eq!(strike.messages_lost as usize, usual.len() - now.len());
                assert!(run.outcome.ledger.between_replicas().lost() == 0, "what is never sent is not lost on the way");
            }
            "delaying" => {
                let numbers =
                    |all: &[(Time, u32, u32, u32)]| all.iter().map(|(_, by, _, number)| (*by, *number)).collect::<BTreeSet<_>>();
                let missing: Vec<_> = numbers(&usual).difference(&numbers(&now)).copied().collect();
                assert!(missing.len() <= 12, "only what was still kept at the end never arrived: {missing:?}");
                assert!(strike.messages_changed > 100);
                let when: BTreeMap<_, _> = usual.iter().map(|(at, by, _, number)| ((*by, *number), *at)).collect();
                let later =
                    now.iter().filter(|(at, by, _, number)| at.since(when[&(*by, *number)].min(*at)) >= 285 * MILLISECOND);
                assert_eq!(later.count() as u64 + missing.len() as u64, strike.messages_changed);
            }
            "equivocating" => {
                let told: Vec<usize> = [0, 2, 3].map(lies).to_vec();
                assert_eq!(told.iter().sum::<usize>() as u64, strike.messages_changed);
                // Each of the others hears lies always or never while it lasts, and all liars' victims hear the same.
                let heard_by =
                    |by: u32| now.iter().filter(|(at, to, ..)| *to == by && (FROM + 15 * MILLISECOND..TO).contains(at)).count();
                for (by, count) in [0, 2, 3].into_iter().zip(&told) {
                    assert!(*count == 0 || *count + 1 >= heard_by(by), "n{by}: {count} of {}", heard_by(by));
                }
                let of = |by: u32| {
                    now.iter()
                        .filter(|(_, to, _, number)| *to == by && *number >= LIE)
                        .map(|fact| fact.3)
                        .collect::<BTreeSet<_>>()
                };
                let lied_to: Vec<u32> = [0, 2, 3].into_iter().filter(|by| lies(*by) > 0).collect();
                lied_to.windows(2).for_each(|pair| assert_eq!(of(pair[0]), of(pair[1])));
            }
            "replaying" => {
                let again = now.len() - usual.len();
                assert_eq!(again as u64, strike.messages_changed);
                let share = again as f64 / usual.iter().filter(|(at, ..)| (FROM..TO).contains(at)).count() as f64;
                assert!((share - 0.5).abs() < 0.15, "{share}");
            }
            _ => {
                let told = [0, 2, 3].map(lies).iter().sum::<usize>();
                assert_eq!((now.len(), told as u64), (usual.len(), strike.messages_changed));
                let share = told as f64 / usual.iter().filter(|(at, ..)| (FROM..TO).contains(at)).count() as f64;
                assert!((share - 0.5).abs() < 0.15, "{share}");
            }
        }
        // Honest again, it tells everybody everything; what it says next may take another while, for it has sent another number of messages.
        let after = |all: &[(Time, u32, u32, u32)]| {
            let all = all.iter().filter(|(at, ..)| *at >= TO + 315 * MILLISECOND && at.0 < 9_900 * MILLISECOND);
            all.map(|(_, by, _, number)| (*by, *number)).collect::<BTreeSet<_>>()
        };
        let (honest, ever) = (after(&now), after(&usual));
        assert!(honest.len() > 30 && honest.symmetric_difference(&ever).count() <= 6, "{name}");
        assert!(honest.iter().all(|(_, number)| *number < LIE), "{name}");
    }
}
