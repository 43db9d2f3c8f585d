use super::*;
use crate::sample::sessions;

fn check(model: Model, text: &str, expect: &str) {
    let history = sessions(model, text);
    let trace = Trace::new(&history);
    let told = |event: usize| match &trace.events[event].act {
        Did::Write(_) => format!("{event}:w"),
        Did::Read(Source::Initial) => format!("{event}:start"),
        Did::Read(Source::Write(writer)) => format!("{event}<{writer}"),
        Did::Read(Source::List(writers)) => format!("{event}<{writers:?}"),
        Did::Read(Source::Nobody(_)) => format!("{event}:nobody"),
        Did::Read(Source::Twice(_)) => format!("{event}:twice"),
        Did::Read(Source::Unclear) => format!("{event}:unclear"),
    };
    let all: Vec<String> = (0..trace.events.len()).map(told).collect();
    assert_eq!(all.join(" "), expect, "{text}");
}

#[test]
fn reads_find_their_writers() {
    let keyed = Model::MultiRegister;
    check(keyed, "wx1 rx1 / rx rx1 ry", "0:w 1<0 2:start 3<0 4:start");
    check(keyed, "wx1! / rx1 ry2", "0:nobody 1:nobody");
    check(keyed, "wx1 / wx1 / rx1", "0:w 1:w 2:unclear");
    check(keyed, "wx0 / rx", "0:w 1:unclear");
    check(keyed, "(wx1,ry2) / wy2", "0:w 1<2 2:w");
    // A cas is a read and a write; one that lost is nothing; one of unknown outcome is a read once its value was read.
    check(keyed, "cx01 fx12 / rx1", "0:start 1:w 2<1");
    check(keyed, "wx1 / cx12? / rx1", "0:w 1:unclear 2:w 3<0");
    check(keyed, "wx1 / cx12? / cx23? / rx3", "0:w 1<0 2:w 3<2 4:w 5<4");
    check(keyed, "wx1 / cx12? / cx23?", "0:w 1:unclear 2:w 3:unclear 4:w");
    check(Model::ListAppend, "(wx1,rx1) / (wx2) / (rx12,ry)", "0:w 1<[0] 2:w 3<[0, 2] 4<[]");
    check(Model::ListAppend, "(wx1) / (rx11) (rx3)", "0:w 1:twice 2:nobody");
}
