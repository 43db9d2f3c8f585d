//! Wrong scenarios are refused with the place, what is wrong, and what would be right. The cases are data: a replacement in
//! the design's example, and what the error must say.

use crate::common::{DESIGN, read};

/// `what` in the example is replaced by `by`; the errors must contain `expected`, which begins with line and column where
/// the place matters.
struct Case(&'static str, &'static str, &'static str);

const LATENCY: &str = "{ lognormal = { median = \"5ms\", p99 = \"40ms\" } }";
const AT: &str = "at = \"5s\"\n";
const FAULT: &str = "partition = { groups = [\"0..60\", \"60..100\"] }";
const EXPECT: &str = "\"messages.total <= nodes * 400\"";

#[rustfmt::skip]
const KEYS: &[Case] = &[
    Case("fanout = 3", "fanuot = 3", "x.toml:12:1: protocol.gossip.fanuot: \"fanuot\" is not known here; did you mean \"fanout\"?\n  help: allowed here: "),
    Case("seed = 42", "sede = 42", "x.toml:5:1: sede: \"sede\" is not known here; did you mean \"seed\"?"),
    Case("[network]", "[netwrok]", "netwrok: \"netwrok\" is not known here; did you mean \"network\"?"),
    Case("loss = 0.01", "corruption = 0.01", "x.toml:18:14: network.corruption: 0.01 stands where a table should: [network.corruption]"),
    Case("lognormal = { median", "pareto = { median", "x.toml:17:24: network.latency.pareto.median: \"median\" is not known here"),
    Case("median = \"5ms\"", "mean = \"5ms\"", "network.latency.lognormal.mean: \"mean\" is not known here"),
    Case("duration = \"60s\"", "", "x.toml: duration: \"duration\" is missing; it takes duration"),
    Case("schema = 1", "", "x.toml: schema: \"schema\" is missing"),
    Case("at = \"6s\"", "", "x.toml:29:1: workload.updates.at: \"at\" is missing"),
    Case("duration = \"60s\"", "duratoin = \"60s\"", "x.toml:6:1: duratoin: \"duratoin\" is not known here; did you mean \"duration\"?"),
    Case("fanout = 3", "fanout = 3\nfanout = 4", "x.toml:13:1: fanout: \"fanout\" stands here a second time; keep one"),
    Case("[clocks]", "[network]", "\"network\" stands here a second time"),
    Case("[protocol.gossip]", "[protocol.gosip]", "protocol.gosip: \"gosip\" is not known here; did you mean \"gossip\"?"),
    Case("[network]", "[protocol.other]\n[network]", "protocol: has both \"gossip\" and \"other\"; a scenario's protocol is exactly one of them"),
    Case("[network]\n", "network = 3\n[other]\n", "protocol.gossip.network: \"network\" is not known here"),
    Case("[[faults]]", "[faults]", "x.toml:24:1: faults: a table stands where a list of tables should: [[faults]]"),
    Case("[expect]", "[[expect]]", "expect: a list stands where a table should: [expect]"),
    Case("nodes = 100", "nodes = 100\nclocks = 5", "x.toml:21:2: clocks: \"clocks\" stands here a second time"),
];

#[rustfmt::skip]
const VALUES: &[Case] = &[
    Case("schema = 1", "schema = 2", "x.toml:2:10: schema: format 2 is not known; this version reads schema = 1"),
    Case("gossip-push-pull-100", "Gossip 100", "x.toml:3:8: name: \"Gossip 100\" is no name of a scenario: 1 to 100 of a-z, 0-9 and -; write \"gossip-100\""),
    Case("seed = 42", "seed = -1", "x.toml:5:8: seed: -1 is out of range; it must be a whole number from 0"),
    Case("seed = 42", "seed = \"42\"", "seed: \"42\" stands where a whole number should"),
    Case("seed = 42", "seed = 99999999999999999999999999999999999999999", "seed: a number of more than 38 digits is out of range"),
    Case("nodes = 100", "nodes = 0", "x.toml:8:9: nodes: 0 is out of range; it must be a whole number from 1"),
    Case("nodes = 100", "nodes = 1.5", "nodes: 1.5 stands where a whole number should"),
    Case("nodes = 100", "nodes = 4_000_000_000", "nodes: 4000000000 nodes would need about 1490 GiB, and the limit is 16; ask for at most 42949672"),
    Case("nodes = 100", "nodes = 18446744073709551615", "nodes would need about"),
    Case("duration = \"60s\"", "duration = 60", "x.toml:6:12: duration: \"60\" has no unit; write \"60ms\" or \"60s\""),
    Case("duration = \"60s\"", "duration = \"60\"", "duration: \"60\" has no unit; write \"60ms\" or \"60s\""),
    Case("duration = \"60s\"", "duration = \"-60s\"", "duration: \"-60s\" is negative; a duration here is at least 0s"),
    Case("duration = \"60s\"", "duration = \"0s\"", "duration: \"0s\" is no time at all; it must be longer than 0s"),
    Case("duration = \"60s\"", "duration = \"6000000h\"", "duration: \"6000000h\" is longer than 584 years, the most that fits"),
    Case("duration = \"60s\"", "duration = 60s", "x.toml:6:12: 60s is not in quotes; write \"60s\""),
    Case("duration = \"60s\"", "duration = \"60sec\"", "duration: \"60sec\" has no unit that is known; units are ns, us, ms, s, m, h"),
    Case("duration = \"60s\"", "duration = [\"60s\"]", "duration: a list stands where a duration such as \"5ms\" should"),
    Case("duration = \"60s\"", "duration = 07:32:00", "duration: 07:32:00 stands where a duration"),
    Case("variant = \"right\"", "variant = \"rigth\"", "x.toml:7:11: variant: \"rigth\" is not known here; did you mean \"right\"?\n  help: allowed: \"right\""),
    Case("variant = \"right\"", "until = \"forever\"", "until: \"forever\" is not known here\n  help: allowed: \"duration\", \"converged\""),
    Case("variant = \"right\"", "ties = 1", "ties: 1 is no text; write \"1\" in quotes"),
    Case("mode = \"push-pull\"", "mode = \"pushpull\"", "protocol.gossip.mode: \"pushpull\" is not known here; did you mean \"push-pull\"?"),
    Case("fanout = 3", "fanout = 0", "protocol.gossip.fanout: 0 is out of range"),
    Case("interval = \"1s\"", "interval = 1", "protocol.gossip.interval: \"1\" has no unit; write \"1ms\" or \"1s\""),
    Case("loss = 0.01", "loss = 5", "x.toml:18:8: network.loss: 5 is not a probability: it must lie in 0 to 1; 5 % is 0.05"),
    Case("loss = 0.01", "loss = -0.5", "network.loss: -0.5 is not a probability"),
    Case("loss = 0.01", "loss = nan", "network.loss: NaN stands where a number should"),
    Case("loss = 0.01", "loss = \"1%\"", "network.loss: \"1%\" is not how a probability is written; write 0.01"),
    Case("p99 = \"40ms\"", "p99 = \"4ms\"", "network.latency: the 99th percentile, 4ms, is below the median, 5ms"),
    Case("lognormal = { median = \"5ms\", p99 = \"40ms\" }", "uniform = [\"5ms\"]", "network.latency.uniform: must be a list of two, such as [\"1ms\", \"10ms\"]"),
    Case("{ lognormal = {", "{ constant = \"1ms\", lognormal = {", "network.latency: has both \"constant\" and \"lognormal\"; a latency is exactly one of them"),
    Case("[\"-50ms\", \"50ms\"]", "[\"50ms\", \"-50ms\"]", "clocks.offset.uniform: the lower bound is above the upper"),
    Case("[\"-50ms\", \"50ms\"]", "[-50, 50]", "clocks.offset.uniform[0]: \"-50\" has no unit; write \"-50ms\" or \"-50s\""),
    Case("stddev = 20", "stddev = 200_000", "clocks.drift_ppm.normal: mean and 9 standard deviations lead beyond 900000 ppm"),
    Case("stddev = 20", "stddev = 0.0001", "clocks.drift_ppm.normal.stddev: 0.0001 ppm is finer than 0.001 ppm"),
    Case("stddev = 20", "stddev = -20", "clocks.drift_ppm.normal.stddev: a standard deviation is not negative"),
];

/// The example has 100 nodes.
const MESH: &str = "topology = \"mesh\"";

#[rustfmt::skip]
const TOPOLOGIES: &[Case] = &[
    Case(MESH, "topology = \"mush\"", "x.toml:16:12: network.topology: \"mush\" is not known here; did you mean \"mesh\"?\n  help: allowed: \"mesh\", \"star\", \"tree\", \"ring\""),
    Case(MESH, "topology = { smallworld = { degree = 6 } }", "x.toml:16:14: network.topology.smallworld: \"smallworld\" is not known here; did you mean \"small-world\"?"),
    Case(MESH, "topology = 3", "network.topology: 3 is no text; write \"3\" in quotes"),
    Case(MESH, "topology = { ring = {}, line = {} }", "x.toml:16:12: network.topology: has both \"ring\" and \"line\"; a topology is exactly one of them"),
    Case(MESH, "topology = {}", "network.topology: is empty; a topology needs exactly one key"),
    Case(MESH, "topology = { ring = 3 }", "network.topology.ring: 3 stands where a table should: [network.topology.ring]"),
    Case(MESH, "topology = { ring = { branching = 2 } }", "x.toml:16:23: network.topology.ring.branching: \"branching\" is not known here\n  help: allowed here: reach"),
    Case(MESH, "topology = { line = { reach = 2 } }", "network.topology.line.reach: \"reach\" is not known here\n  help: no key is allowed here"),
    Case(MESH, "topology = \"random-regular\"", "x.toml:16:12: network.topology: a topology \"random-regular\" needs \"degree\"; write topology = { random-regular = { degree = … } }"),
    Case(MESH, "topology = { small-world = { degree = 6 } }", "x.toml:16:28: network.topology.small-world.rewire: \"rewire\" is missing; it takes probability\n  help: That an edge is moved"),
    Case(MESH, "topology = { star = { hub = 100 } }", "x.toml:16:29: network.topology.star.hub: the hub, node 100, is not there; the nodes are 0 to 99"),
    Case(MESH, "topology = { tree = { branching = 0 } }", "network.topology.tree.branching: 0 is out of range; it must lie in 1 to"),
    Case(MESH, "topology = { ring = { reach = 51 } }", "network.topology.ring.reach: a reach of 51 does not fit a ring of 100; it must lie in 1 to 50, half way round"),
    Case(MESH, "topology = { grid = { columns = 101 } }", "network.topology.grid.columns: a grid of 100 nodes cannot have 101 columns; it must be 1 to 100"),
    Case(MESH, "topology = { grid = { wraps = 1 } }", "network.topology.grid.wraps: 1 stands where true or false should"),
    Case(MESH, "topology = { two-level = { groups = 101 } }", "network.topology.two-level.groups: 100 nodes do not make 101 groups; it must be 1 to 100"),
    Case(MESH, "topology = { two-level = { groups = 30, gateways = 4 } }", "x.toml:16:52: network.topology.two-level.gateways: a group cannot have 4 gateways: the smallest has 3; it must be 1 to 3"),
    Case(MESH, "topology = { two-level = { groups = 30, inside = \"ring\" } }", "network.topology.two-level.inside: \"ring\" is not known here\n  help: allowed: \"mesh\", \"star\""),
    Case(MESH, "topology = { random-regular = { degree = 100 } }", "x.toml:16:42: network.topology.random-regular.degree: a degree of 100 is too large for 100 nodes: it must be below the number of nodes"),
    Case(MESH, "topology = { random-regular = { degree = 0 } }", "network.topology.random-regular.degree: 0 is out of range"),
    Case(MESH, "topology = { random-regular = { degree = 1 } }", "network.topology.random-regular.degree: 100 nodes of degree 1 are couples, never connected; raise the degree, or set connected = false"),
    Case(MESH, "topology = { small-world = { degree = 5, rewire = 0.1 } }", "network.topology.small-world.degree: a degree of 5 is odd, and half of the neighbours are on either side; write 4 or 6"),
    Case(MESH, "topology = { small-world = { degree = 6, rewire = 10 } }", "network.topology.small-world.rewire: 10 is not a probability: it must lie in 0 to 1; 10 % is 0.1"),
    Case(MESH, "topology = { erdos-renyi = { probability = 0.1, mean-degree = 5 } }", "x.toml:16:63: network.topology.erdos-renyi.mean-degree: there is a \"probability\" too, and one follows from the other; keep one"),
    Case(MESH, "topology = { erdos-renyi = { seed = 5 } }", "network.topology.erdos-renyi: does not say how many edges there are; give \"probability\" or \"mean-degree\""),
    Case(MESH, "topology = { erdos-renyi = { mean-degree = 99.5 } }", "network.topology.erdos-renyi.mean-degree: a mean degree of 99.5 cannot be: it must lie in 0 to 99, the number of other nodes"),
    Case(MESH, "topology = { scale-free = { edges = 100 } }", "network.topology.scale-free.edges: nodes cannot join with 100 edges each among 100 nodes: it must be at least 1 and below the number of nodes"),
    Case(MESH, "topology = { scale-free = { edges = 3, seed = -1 } }", "network.topology.scale-free.seed: -1 is out of range; it must be a whole number from 0"),
    Case(MESH, "topology = { edge-list = { edges = [] } }", "x.toml:16:36: network.topology.edge-list.edges: an edge list without edges links nobody; write at least one, such as [[0, 1]]"),
    Case(MESH, "topology = { edge-list = { edges = \"0 1\" } }", "network.topology.edge-list.edges: must be a list of edges, such as [[0, 1], [1, 2]]"),
    Case(MESH, "topology = { edge-list = { edges = [[0, 1, 2]] } }", "network.topology.edge-list.edges[0]: must be a list of two, such as [0, 1]"),
    Case(MESH, "topology = { edge-list = { edges = [[0, 1], [1, 100]] } }", "x.toml:16:45: network.topology.edge-list.edges[1]: node 100 is not there; the nodes are 0 to 99"),
    Case(MESH, "topology = { edge-list = { edges = [[0, 1], [1, -1]] } }", "network.topology.edge-list.edges[1][1]: -1 is out of range"),
    Case(MESH, "topology = { edge-list = { edges = [[0, 1], [2, 2]] } }", "network.topology.edge-list.edges[1]: an edge leads from node 2 to itself"),
    Case(MESH, "topology = { edge-list = { edges = [[0, 1], [1, 2], [1, 0]] } }", "x.toml:16:53: network.topology.edge-list.edges[2]: nodes 1 and 0 are linked already, by edge 0 of the list, counted from 0; links go both ways"),
];

#[rustfmt::skip]
const LATENCIES: &[Case] = &[
    Case(LATENCY, "{ pareto = { scale = \"235us\" } }", "x.toml:17:22: network.latency.pareto.shape: \"shape\" is missing; it takes number"),
    Case(LATENCY, "{ pareto = { scale = \"235us\", shape = 0 } }", "x.toml:17:11: network.latency: the shape of a Pareto latency is 0; it must be a number above 0"),
    Case(LATENCY, "{ pareto = { scale = \"235us\", shape = \"10\" } }", "network.latency.pareto.shape: \"10\" stands where a number should"),
    Case(LATENCY, "{ pareto = { scale = \"0s\", shape = 10 } }", "network.latency: the scale of a Pareto latency, which is the least latency, is 0; it must be at least 1ns"),
    Case(LATENCY, "{ normal = { mean = \"-5ms\", stddev = \"1ms\" } }", "network.latency.normal.mean: \"-5ms\" is negative; a duration here is at least 0s"),
    Case(LATENCY, "{ normal = { mean = \"5ms\", sttdev = \"1ms\" } }", "network.latency.normal.sttdev: \"sttdev\" is not known here; did you mean \"stddev\"?"),
    Case(LATENCY, "{ normla = { mean = \"5ms\", stddev = \"1ms\" } }", "network.latency.normla: \"normla\" is not known here; did you mean \"normal\"?"),
    Case(LATENCY, "{ mixture = [] }", "network.latency: a mixture of nothing; it needs at least one component"),
    Case(LATENCY, "{ mixture = \"5ms\" }", "network.latency.mixture: \"5ms\" stands where a list of tables should: [[network.latency.mixture]]"),
    Case(LATENCY, "{ mixture = [\"5ms\"] }", "network.latency.mixture[0]: \"5ms\" stands where a table should"),
    Case(LATENCY, "{ mixture = [{ weight = 1 }] }", "network.latency.mixture[0].latency: \"latency\" is missing; it takes latency"),
    Case(LATENCY, "{ mixture = [{ weight = 1, latency = \"1ms\" }, { weight = -2, latency = \"5ms\" }] }", "x.toml:17:68: network.latency.mixture[1].weight: the weight of a component is -2; it must be a number above 0"),
    Case(LATENCY, "{ mixture = [{ weight = nan, latency = \"1ms\" }] }", "network.latency.mixture[0].weight: NaN stands where a number should"),
    Case(LATENCY, "{ mixture = [{ weight = 1e15, latency = \"1ms\" }, { weight = 2, latency = \"5ms\" }] }", "network.latency: the weight 2 is next to nothing beside the sum of all weights, 1000000000000002, and would never be drawn; it must be at least 1e-12 of the sum, or the component left out"),
    Case(LATENCY, "{ mixture = [{ weight = 1, latency = { uniform = [\"2ms\", \"1ms\"] } }] }", "network.latency.mixture[0].latency: the lower bound, 2ms, is above the upper bound, 1ms"),
    Case(LATENCY, "{ mixture = [{ weight = 1, latency = { unifrom = [\"1ms\", \"2ms\"] } }] }", "network.latency.mixture[0].latency.unifrom: \"unifrom\" is not known here; did you mean \"uniform\"?"),
    Case(LATENCY, "{ empirical = { samples = [] } }", "network.latency: there are no samples; an empirical latency needs at least one"),
    Case(LATENCY, "{ empirical = { samples = [\"1ms\", 2] } }", "network.latency.empirical.samples[1]: \"2\" has no unit; write \"2ms\" or \"2s\""),
    Case(LATENCY, "{ empirical = { samples = \"1ms\" } }", "network.latency.empirical.samples: \"1ms\" stands where a list should, such as [\"5ms\"]"),
    Case(LATENCY, "{ empirical = [\"1ms\"] }", "network.latency.empirical: a list stands where a table should"),
    Case(LATENCY, "{ shifted = { by = \"2ms\" } }", "network.latency.shifted.latency: \"latency\" is missing; it takes latency"),
    Case(LATENCY, "{ shifted = { by = \"5000000h\", latency = \"1000000h\" } }", "network.latency: a shift by 18000000000s leads beyond 584 years, the most that fits: what is shifted reaches 3600000000s"),
    Case(LATENCY, "{ truncated = { latency = { exponential = { mean = \"1ms\" } } } }", "network.latency: a truncation needs a bound: low, high or both"),
    Case(LATENCY, "{ truncated = { low = \"2ms\", high = \"1ms\", latency = { exponential = { mean = \"1ms\" } } } }", "network.latency: the lower bound, 2ms, is above the upper bound, 1ms"),
    Case(LATENCY, "{ truncated = { low = \"20ms\", latency = { exponential = { mean = \"1ms\" } } } }", "network.latency: only 2.1e-9 of the latency lies from 20ms on; a truncation must leave at least 1e-6 of it: widen the bounds"),
    Case(LATENCY, "{ truncated = { low = \"6ms\", high = \"9ms\", latency = \"5ms\" } }", "network.latency: nothing of the latency lies within 6ms to 9ms; a truncation"),
    Case(LATENCY, "{ truncated = { low = \"6ms\", latency = {} } }", "network.latency.truncated.latency: is empty; a latency needs exactly one key"),
];

#[rustfmt::skip]
const FAULTS: &[Case] = &[
    Case(AT, "at = \"5\"\n", "x.toml:25:6: faults[0].at: \"5\" has no unit; write \"5ms\" or \"5s\""),
    Case(AT, "at = \"60s\"\n", "faults[0].at: the fault would strike at 60s, and the run ends at 60s; strike earlier"),
    Case("for = \"10s\"", "for = \"56s\"", "x.toml:26:7: faults[0].for: from 5s, 56s lasts beyond the end of the run at 60s, and nobody would see how it ends; write at most \"55s\", or leave \"for\" out"),
    Case("for = \"10s\"", "for = \"0s\"", "faults[0].for: \"0s\" is no time at all"),
    Case(FAULT, "", "faults[0]: has no fault; write one of partition, heal, crash, restart, pause, resume, leave, join, slow, degrade, mend, slow-disk, full-disk, corrupt, wipe, clock-jump, drift, byzantine"),
    Case(FAULT, "crash = 1\npause = 2", "faults[0].pause: a fault of this entry is \"crash\" already; give \"pause\" an entry of its own"),
    Case(FAULT, "heal = \"all\"", "faults[0].for: a heal does not end by itself; \"for\" goes with partition, crash, pause, leave, slow, degrade, slow-disk, full-disk and byzantine"),
    Case("for = \"10s\"\npartition = { groups = [\"0..60\", \"60..100\"] }", "heal = \"all\"", "x.toml:25:6: faults[0].at: there is nothing to heal at 5s: no partition is in force then"),
    Case("\"60..100\"", "\"60..120\"", "x.toml:27:34: faults[0].partition.groups[1]: \"60..120\" names nodes that are not there; the nodes are 0 to 99, 100 in all"),
    Case("\"60..100\"", "[1, 100]", "faults[0].partition.groups[1][1]: node 100 is not there; the nodes are 0 to 99"),
    Case("\"60..100\"", "[]", "faults[0].partition.groups[1]: is an empty set of nodes"),
    Case("\"60..100\"", "\"100..60\"", "\"100..60\" is empty: the end of a range is not part of it"),
    Case("\"60..100\"", "\"leadr\"", "\"leadr\" is no set of nodes; write 7, \"0..60\" (without node 60), \"all\", \"region:NAME\", \"zone:NAME\", or a list of these; did you mean \"leader\"?"),
    Case("\"60..100\"", "\"60-100\"", "\"60-100\" is no set of nodes; write 7, \"0..60\" (without node 60), \"all\""),
    Case("\"60..100\"", "[3, 3]", "names node 3 twice"),
    Case("\"60..100\"", "-1", "node -1 is not there"),
    Case("[\"0..60\", \"60..100\"]", "[\"0..60\"]", "faults[0].partition.groups: a partition has at least 2 groups, and here is 1"),
    Case("[\"0..60\", \"60..100\"]", "\"all\"", "faults[0].partition.groups: \"all\" stands where a list of groups should"),
    Case("groups = [\"0..60\", \"60..100\"]", "from = 1", "faults[0].partition: a partition is { groups = [SET, SET] }, or { isolate = SET }, or one way only: { from = SET, to = SET }; or of a kind: bridge, ring-of-majorities, partial"),
    Case("groups = [\"0..60\", \"60..100\"]", "from = 1, to = 1", "a node is not cut off from itself"),
    Case("for = \"10s\"\npartition = { groups = [\"0..60\", \"60..100\"] }", "restart = [4, 5]", "faults[0].restart: node 4 is not down at 5s"),
    Case("for = \"10s\"\npartition = { groups = [\"0..60\", \"60..100\"] }", "resume = \"all\"", "faults[0].resume: node 0 is not paused at 5s"),
    Case(FAULT, "crash = 3\n[[faults]]\nat = \"6s\"\ncrash = \"2..4\"", "faults[1].crash: node 3 is down already at 6s"),
    Case(FAULT, "crash = 3\n[[faults]]\nat = \"6s\"\nrestart = 3", "x.toml:26:7: faults[0].for: node 3 is no longer down before 15s, when it would be restarted"),
    Case(FAULT, "partition = { groups = [[0], [1]] }\n[[faults]]\nat = \"6s\"\nheal = \"all\"", "faults[0].for: the partition has been healed before it would end, at 15s"),
    Case("for = \"10s\"\npartition = { groups = [\"0..60\", \"60..100\"] }", "clock-jump = { nodes = 3, by = \"0s\" }", "faults[0].clock-jump.by: a jump by 0s is none"),
    Case("for = \"10s\"\npartition = { groups = [\"0..60\", \"60..100\"] }", "drift = { nodes = 3, ppm = 2e6 }", "faults[0].drift.ppm: 2000000.0 is beyond 900000 ppm, the most that a clock may be off"),
    Case(FAULT, "crash = 3\n[[faults]]\nat = \"6s\"\npause = [2, 3]", "faults[1].pause: node 3 is down at 6s"),
    Case(FAULT, "pause = 3\n[[faults]]\nat = \"6s\"\ncrash = 3", "faults[0].for: node 3 is no longer paused before 15s, when it would be resumed"),
    Case(FAULT, "churn = 3", "faults[0].churn: \"churn\" is not known here: what comes and goes at random stands under [nemesis]: quorate describe nemesis.churn"),
    Case(AT, "at = \"5s\"\nwhen = \"leader-elected\"\n", "faults[0].when: gossip states no fact \"leader-elected\"\n  help: its facts: wrote, replaced"),
];

#[rustfmt::skip]
const WORKLOAD: &[Case] = &[
    Case("at = \"6s\"", "at = \"61s\"", "x.toml:30:6: workload.updates.at: asked at 61s, and the run ends at 60s; ask earlier"),
    Case("from = 0", "from = 100", "workload.updates.from: node 100 is not there"),
    Case("from = 0", "from = 0\ncount = 5", "workload.updates: asks 5 times and does not say how far apart; add every = \"100ms\""),
    Case("from = 0", "from = 0\ncount = 0", "workload.updates.count: 0 is out of range; it must lie in 1 to 4294967295"),
    Case("from = 0", "from = 0\nevery = \"1s\"", "workload.updates.every: \"every\" needs to know how often; add count = 10"),
    Case("from = 0", "from = 0\ncount = 55\nevery = \"1s\"", "workload.updates.count: the last of 55, one every 1s from 6s, would be asked after the end of the run at 60s; at most 54 fit"),
    Case("from = 0", "from = \"all\"\ncount = 4000000000\nevery = \"1ns\"", "workload.updates: the workload comes to 400000000000 operations here; 10000000 is the most"),
    Case("from = 0", "from = 0\ntimeout = \"0s\"", "workload.updates.timeout: \"0s\" is no time at all"),
    Case("from = 0", "from = 0\nkey = -1", "workload.updates.key: -1 is out of range"),
    Case("[workload.updates]", "[workload.reads]\namount = 3", "workload.reads.amount: \"amount\" is not known here"),
    Case("[expect]", "[ci]\nseeds = 0\n[expect]", "ci.seeds: 0 is out of range; it must lie in 1 to 4294967295"),
];

#[rustfmt::skip]
const EXPECTATIONS: &[Case] = &[
    Case("\"converges\"", "\"convergse\"", "x.toml:34:14: expect.converges: \"convergse\" is no check, and no comparison; did you mean \"converges\"?\n  help: checks are: converges, verified"),
    Case("\"converges\"", "true", "expect.converges: true is no expectation; write converges = \"converges\""),
    Case("\"converges\"", "\" \"", "expect.converges: the expectation is empty"),
    Case("\"converges\"", "\"availability\"", "expect.converges: availability is a metric; compare it with something: availability <= …"),
    Case("p99(convergence.time)", "p99(convergence.tiem)", "x.toml:35:13: expect.soon: at \"convergence.tiem\": \"convergence.tiem\" is no metric; did you mean \"convergence.time\"?"),
    Case("p99(", "p100(", "x.toml:35:9: expect.soon: at \"p100\": \"p100\" is no statistic; write max"),
    Case("p99(convergence.time) <= 30s", "availability(minorty) == 0", "x.toml:35:22: expect.soon: at \"minorty\": \"minorty\" is no side; write majority or minority; did you mean \"minority\"?"),
    Case("p99(", "average(", "\"average\" is no statistic\n  help: statistics are mean, min, max, median, stddev, quantiles"),
    Case("p99(convergence.time) <= 30s", "p99(convergence.time) <= 30", "x.toml:35:34: expect.soon: at \"30\": convergence.time is a time, and the bound is a plain number; write for instance \"2s\" or \"150ms\""),
    Case("<= 30s", "<= 30x", "x.toml:35:34: expect.soon: at \"30x\": \"30x\" has an unknown unit"),
    Case("p99(convergence.time) <= 30s", "rate(converges) >= 150%", "at \"150%\": a rate lies between 0 and 1; write for instance"),
    Case("<= 30s", "= 30s", "\"=\" means nothing here; to compare, write =="),
    Case("<= 30s", "<= 30s with 99 confidence", "at \"99\": \"99\" is no confidence; write for instance with 99% confidence"),
    Case("<= 30s", "<= 30s 5", "at \"5\": \"5\" is left over"),
    Case("<= 30s", "<=", "a number, \"nodes\" or an option is expected here, not the end"),
    Case("<= 30s", "<= (30s", "\")\" is expected here, not the end"),
    Case("<= 30s", "<= 30s * 2s", "a time cannot be multiplied with a time"),
    Case("<= 30s", "<= 30s + 2", "a time and a plain number do not add up"),
    Case(EXPECT, "\"messages.total <= node * 400\"", "expect.cheap: at \"node\": \"node\" is no number; did you mean \"nodes\"?"),
    Case(EXPECT, "\"messages.total <= nodes / 0\"", "at \"nodes / 0\": comes to inf, which is no bound"),
    Case(EXPECT, "\"messages.total <= 400s\"", "messages.total is a plain number, and the bound is a time; write for instance \"400\""),
    Case(EXPECT, "\"messages.total <= 400 with 99% confidence\"", "at \"with\": confidence is for what has an interval"),
    Case(EXPECT, "\"\\u006Dessages.totla <= 400\"", "x.toml:36:9: expect.cheap: at \"messages.totla\""),
];

fn check(cases: &[Case]) {
    let mut missed = String::new();
    for Case(what, by, expected) in cases {
        assert_eq!(DESIGN.matches(what).count(), 1, "the example has {what:?} not once");
        let said = read(DESIGN.replace(what, by).as_bytes(), &[]).err().unwrap_or_else(|| "nothing".to_string());
        if !said.contains(expected) {
            missed += &format!("{by:?}\nexpected: {expected}\nsaid:     {said}\n\n");
        }
    }
    assert!(missed.is_empty(), "{missed}");
}

#[test]
fn keys() {
    check(KEYS);
}

#[test]
fn values() {
    check(VALUES);
}

#[test]
fn topologies() {
    check(TOPOLOGIES);
    // An odd number of nodes; the rest of the example is of no interest.
    let text = DESIGN.replace("nodes = 100", "nodes = 101").replace(MESH, "topology = { random-regular = { degree = 3 } }");
    let said = read(text.as_bytes(), &[]).unwrap_err();
    let expected = "x.toml:16:42: network.topology.random-regular.degree: 101 nodes of degree 3 have 303 ends of edges, an odd \
                    number, and every edge has two; make the degree or the number of nodes even";
    assert!(said.contains(expected), "{said}");
    let text = DESIGN.replace("nodes = 100", "nodes = 1000000").replace(MESH, "topology = { two-level = { groups = 100 } }");
    let said = read(text.as_bytes(), &[]).unwrap_err();
    assert!(said.contains("network.topology.two-level: there could be 4999504950 edges, and 268435456 is the most"), "{said}");
}

#[test]
fn latencies() {
    check(LATENCIES);
}

#[test]
fn faults() {
    check(FAULTS);
}

#[test]
fn workloads() {
    check(WORKLOAD);
}

#[test]
fn expectations() {
    check(EXPECTATIONS);
}

#[test]
fn whole_files() {
    let huge = vec![b'#'; (16 << 20) + 1];
    let deep = format!("a = {}1{}", "[".repeat(60), "]".repeat(60));
    let latin = DESIGN.replace("One update", "Ein Gerücht").replace('ü', "\u{1}").into_bytes();
    let latin: Vec<u8> = latin.into_iter().map(|byte| if byte == 1 { 0xfc } else { byte }).collect();
    let cases: [(&[u8], &str); 8] = [
        (b"", "x.toml: the file is empty; a scenario has at least schema, name, duration, nodes and [protocol.NAME]"),
        (b"# nothing but a comment\n", "x.toml: the file is empty"),
        (&huge, "x.toml: the file has 16777217 bytes; it may have at most 16777216 (16 MiB)"),
        (&latin, "x.toml:4:19: byte 0xfc here is not UTF-8 text; save the file as UTF-8"),
        (b"schema = 1\nname = \"a\n", "x.toml:2:10: this is not TOML: "),
        (b"schema = 1 name = 2", "x.toml:1:17: this is not TOML: unexpected key or value"),
        (b"\x00", "this is not TOML"),
        (deep.as_bytes(), "nested more than 32 levels deep"),
    ];
    for (bytes, expected) in cases {
        let errors = read(bytes, &[]).unwrap_err();
        assert!(errors.contains(expected), "expected: {expected}\nsaid:     {errors}");
    }
}

#[test]
fn overrides_name_the_flag() {
    for (flag, expected) in [
        ("network.loss=2", "x.toml: --set network.loss=2: network.loss: 2 is not a probability"),
        ("network.lsos=0.1", "--set network.lsos=0.1: network.lsos: \"lsos\" is not known here; did you mean \"loss\"?"),
        ("duration=5", "--set duration=5: duration: \"5\" has no unit; write \"5ms\" or \"5s\""),
        ("variant=wrong", "--set variant=wrong: variant: \"wrong\" is not known here"),
        ("faults[1].at=3s", "--set faults[1].at=3s: faults[1].at: [1] is not there: the file has 1 there, counted from 0"),
        ("faults=3", "--set faults=3: faults: 3 stands where a list of tables should: [[faults]]"),
        ("faults.at=3s", "\"at\" is asked of a list; say of which entry: [0] to [0]"),
        ("nodes.x=3", "\"x\" is asked of a whole number, which has no keys"),
        ("nodes[0]=3", "[0] is asked of a whole number, which is no list"),
        ("a..b=3", "not a key; keys look like network.loss or faults[0].at"),
        ("faults[x].at=3", "not a key; an index looks like faults[0]"),
        ("network.latency={constant=5ms}", "\"{constant=5ms}\" is not a TOML value"),
        ("network.latency.constant=5ms", "network.latency: has both \"lognormal\" and \"constant\""),
        (
            "expect.new=messages.totl < 5",
            "--set expect.new=messages.totl < 5: expect.new: at \"messages.totl\": \"messages.totl\" is no metric",
        ),
        ("nodes=50", "faults[0].partition.groups[0]: \"0..60\" names nodes that are not there; the nodes are 0 to 49"),
        ("=3", "not a key"),
    ] {
        let errors = read(DESIGN.as_bytes(), &[flag]).expect_err(flag);
        assert!(errors.contains(expected), "{flag}\nexpected: {expected}\nsaid:     {errors}");
    }
    let twice = read(DESIGN.as_bytes(), &["seed=1", "seed=2"]).unwrap_err();
    assert!(twice.contains("--set seed=2: seed: this key is set twice; keep one"), "{twice}");
}

#[test]
fn several_mistakes_are_told_at_once() {
    let text = DESIGN.replace("fanout", "fanuot").replace("loss", "lsos").replace("at = \"6s\"", "att = \"6s\"");
    let errors = read(text.as_bytes(), &[]).unwrap_err();
    assert_eq!(errors.matches("did you mean").count(), 3, "{errors}");
    let text = DESIGN.replace("0.01", "5").replace("\"60..100\"", "\"60..101\"").replace("<= 30s", "<= 30");
    let errors = read(text.as_bytes(), &[]).unwrap_err();
    assert_eq!(errors.matches("x.toml:").count(), 3, "{errors}");
    let many: String = (0..1_000).map(|index| format!("unknown{index} = 1\n")).collect();
    let errors = read((many + DESIGN).as_bytes(), &[]).unwrap_err();
    assert!(errors.contains("x.toml: and 950 more"), "{errors}");
}
