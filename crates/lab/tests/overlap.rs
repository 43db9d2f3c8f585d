//! Faults that overlap, and faults that strike each time that something happens: each ends what it began, and nothing that another holds.

use crate::common::read;
use quorate_engine::outcome::OperationStatus;
use quorate_engine::time::SECOND;
use quorate_lab::run::{Verify, run_seed};

const HEAD: &str = "schema = 1\nname = \"x\"\nduration = \"40s\"\nnodes = 3\n";

/// The statuses of the operations, and of each strike the seconds at which it struck, and how many it touched in all.
fn run(lines: &str) -> (Vec<OperationStatus>, Vec<(Vec<u64>, u64)>) {
    let plan = read(format!("{HEAD}{lines}").as_bytes(), &[]).unwrap_or_else(|errors| panic!("{errors}"));
    let outcome = run_seed(&plan, 1, Verify::Always).unwrap().outcome;
    let seconds = |strike: &quorate_engine::outcome::Strike| {
        (strike.instants.iter().map(|(at, _)| at.0 / SECOND).collect(), strike.touched)
    };
    (outcome.operations.iter().map(|operation| operation.status).collect(), outcome.strikes.iter().map(seconds).collect())
}

#[test]
fn what_befalls_whoever_stated_something_each_time_ends_each_time() {
    let (_, strikes) = run("protocol = \"gossip\"\n[[faults]]\nwhen = { fact = \"wrote\", nth = \"every\" }\nfor = \"2s\"\n\
                            crash = \"fact:wrote\"\n[[workload.updates]]\nat = \"3s\"\nfrom = 0\n[[workload.updates]]\nat = \"4s\"\n\
                            from = 1\n[[workload.updates]]\nat = \"20s\"\nfrom = 2\ncount = 2\nevery = \"10s\"\n");
    // Who starts again reads its log, and states once more what it wrote; each time that is a crash.
    let (begun, ended) = (&strikes[0], &strikes[1]);
    assert!(begun.1 >= 4 && ended.1 >= 3, "{strikes:?}");
    assert!(begun.0.starts_with(&[3, 4]) && ended.0.starts_with(&[5, 6]), "{strikes:?}");
}

#[test]
fn the_end_of_one_spell_is_not_that_of_the_next() {
    // A write at n1 while it is cut off from 8 s to 12 s, though the spell of n0 ends at 9 s.
    let cut = |last: &str| {
        let plan = read(
            format!(
                "{HEAD}[protocol.gossip]\ninterval = \"100ms\"\n[[faults]]\nwhen = {{ fact = \"wrote\", nth = \"every\" }}\nfor = \"4s\"\n\
                 partition = {{ isolate = \"there\" }}\n[[workload.updates]]\nat = \"5s\"\nfrom = 0\n{last}"
            )
            .as_bytes(),
            &[],
        )
        .unwrap_or_else(|errors| panic!("{errors}"));
        let outcome = run_seed(&plan, 1, Verify::Always).unwrap().outcome;
        outcome.convergence.since.unwrap().0
    };
    let (first, second) = (cut(""), cut("[[workload.updates]]\nat = \"8s\"\nfrom = 1\n"));
    assert!((9 * SECOND..10 * SECOND).contains(&first), "{first}");
    assert!((12 * SECOND..13 * SECOND).contains(&second), "{second}");
}

#[test]
fn room_and_memory_bring_nobody_back_whom_a_fault_keeps_down() {
    let reads = "[[workload.reads]]\nat = \"11s\"\nfrom = 0\ncount = 10\nevery = \"1s\"\ntimeout = \"500ms\"\n";
    let (statuses, strikes) = run(&format!(
        "protocol = \"register\"\n[[faults]]\nat = \"5s\"\nfor = \"5s\"\nfull-disk = 0\n[[faults]]\nat = \"7s\"\nfor = \"20s\"\ncrash = 0\n\
         [[workload.updates]]\nat = \"6s\"\nfrom = 0\ntimeout = \"1s\"\n{reads}"
    ));
    assert!(statuses.iter().all(|status| *status != OperationStatus::Ok), "{statuses:?}");
    assert!(strikes.iter().all(|(_, touched)| *touched == 1), "the crash keeps it down: {strikes:?}");
    let (statuses, strikes) = run("protocol = \"gossip\"\n[[hosts]]\nnodes = 0\nservice = \"500ms\"\ninbox = 2\n\
         overflow = { crash = { restart-after = \"5s\" } }\n[[faults]]\nat = \"7s\"\nleave = 0\n\
         [[workload.updates]]\nat = \"5s\"\nfrom = 0\ncount = 5\nevery = \"1ms\"\ntimeout = \"1s\"\n\
         [[workload.updates]]\nat = \"20s\"\nfrom = 0\ncount = 5\nevery = \"1s\"\ntimeout = \"2s\"\n");
    assert!(statuses[5..].iter().all(|status| *status != OperationStatus::Ok), "{statuses:?}");
    assert_eq!(strikes, [(vec![7], 1)]);
}

#[test]
fn what_a_liar_keeps_back_goes_down_with_it() {
    let late = |crash: &str| {
        run(&format!(
            "[protocol.gossip]\n[[faults]]\nat = \"2s\"\nbyzantine = {{ nodes = 0, behaviour = {{ delaying = \"5s\" }} }}\n{crash}\
             [workload.updates]\nat = \"3s\"\nfrom = 0\n"
        ))
        .0
    };
    assert_eq!(late(""), [OperationStatus::Ok]);
    assert_eq!(late("[[faults]]\nat = \"4s\"\nfor = \"1s\"\ncrash = 0\n"), [OperationStatus::Unknown]);
}
