//! The section of a report on total order by consensus.

use super::node::Member;
use crate::harness::Seen;
use crate::order::costs::{self, Courses};
use crate::order::deliveries;
use crate::registry::Report;
use serde_json::{Value, json};

/// Messages that elect a leader: no part of what a broadcast costs.
const ELECTIONS: [&str; 5] = ["request-vote", "pre-vote", "vote", "timeout-now", "removed"];

pub(super) fn report(seen: &Seen<'_, Member>, report: &mut Report) {
    deliveries::report(seen, report);
    let courses = Courses::of(seen);
    courses.measure(seen, &ELECTIONS, report);
    let processes = seen.replicas.iter().enumerate();
    let n = seen.job.setup.nodes;
    report.evidence = seen.told(|| {
        json!({
            "promised": "all deliver the same in one order, as long as a majority stays",
            "asked_by_clients": crate::order::request::asked(seen),
            "not_everywhere": courses.not_everywhere(seen),
            "processes": processes
                .map(|(node, process)| costs::process(node, process.as_ref(), Member::messages))
                .collect::<Vec<Value>>(),
            "sent": costs::sent(report),
            "closed_form": { "messages": 2 * (n - 1), "messages_when_another_leads": 2 * (n - 1) + 1 },
            "measured": costs::measured(report),
        })
    });
}
