//! A schedule, pinned: nothing that is published may draw otherwise.

use crate::common::{everything, nemesis, scene};
use quorate_engine::id::NodeSet;
use quorate_engine::nemesis::{Nemesis, Scene};
use quorate_engine::time::SECOND;

#[test]
fn the_schedule_of_seed_42_is_pinned() {
    let regions = [NodeSet::range(0, 3), NodeSet::range(3, 5)];
    let scene = Scene { regions: &regions, ..scene(5) };
    let nemesis = Nemesis { swarm: true, spare: Some(2), ..nemesis(10 * SECOND, everything(5)) };
    let told: Vec<String> =
        nemesis.schedule(42, &scene).iter().map(|timed| format!("{} {}\n", timed.at.0, timed.fault)).collect();
    assert_eq!(told.concat(), include_str!("golden.txt"), "{}", told.concat());
}
