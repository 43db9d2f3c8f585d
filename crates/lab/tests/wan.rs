//! Commit latencies over measured matrices (published with the matrices): a leaderless quorum and a leader, each a small actor
//! that sends real messages over the network that a scenario file describes.

use crate::common::read_with;
use quorate_engine::setup::{Planned, Setup};
use quorate_engine::simulate::simulate;
use quorate_engine::time::SECOND;
use quorate_engine::*;
use quorate_lab::text::{Base, Files, Needed};

const EC2_2021: &str = include_str!("../../../scenarios/data/ec2-2021-02-13.csv");
const EC2_2020: &str = include_str!("../../../scenarios/data/ec2-2020-06-05.csv");

/// The setup of five replicas, one in each region of the matrix, in its order.
fn wan(matrix: &str) -> Setup {
    let head = matrix.lines().find(|line| line.starts_with("rtt ms")).unwrap();
    let regions = head.split(',').skip(1).enumerate().map(|(node, name)| format!("{} = {node}\n", name.trim()));
    let text = format!(
        "schema = 1\nname = \"wan\"\nduration = \"60s\"\nnodes = 5\n[protocol.gossip]\n[regions]\n{}\
         [network]\nmatrix = {{ file = \"matrix.csv\" }}\n",
        regions.collect::<String>()
    );
    let mut files = Files::default();
    let needed = Needed { path: "matrix.csv".to_string(), base: Base::Scenario };
    files.add(needed, "matrix.csv", Ok(matrix.as_bytes().to_vec()));
    let setup = read_with(text.as_bytes(), &[], &files).unwrap().setup(1);
    Setup { clients: 5, ..setup }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Round {
    Forward(OpId),
    Propose(OpId),
    Accept(OpId),
    Done(OpId),
}

impl Wire for Round {
    fn encode(&self, sink: &mut impl Sink) {
        let (Round::Forward(operation) | Round::Propose(operation) | Round::Accept(operation) | Round::Done(operation)) = self;
        operation.encode(sink);
    }
}

impl Message for Round {
    const KINDS: &'static [Kind] =
        &[Kind::protocol("forward"), Kind::protocol("propose"), Kind::protocol("accept"), Kind::protocol("done")];

    fn kind(&self) -> usize {
        match self {
            Round::Forward(_) => 0,
            Round::Propose(_) => 1,
            Round::Accept(_) => 2,
            Round::Done(_) => 3,
        }
    }
}

/// Who proposes, and how many must have accepted, the proposer included.
#[derive(Clone, Copy)]
struct Rule {
    /// `None`: whoever is asked.
    leader: Option<NodeId>,
    quorum: u32,
}

/// Proposes what it is asked to everyone, and answers when a quorum has accepted.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Proposer {
    accepted: Vec<(OpId, NodeId, u32)>,
}

impl Proposer {
    fn propose(&mut self, ctx: &mut Context<'_, Proposer>, operation: OpId, asked: NodeId) {
        self.accepted.push((operation, asked, 1));
        ctx.broadcast(Round::Propose(operation));
    }
}

impl Actor for Proposer {
    type Options = Rule;
    type Message = Round;
    type Timer = NoTimer;
    type Record = u32;
    type Fact = ();
    type Request = ();
    type Response = ();
    type Monitor = ();

    fn new(_: NodeId, _: u32, _: &Rule) -> Proposer {
        Proposer { accepted: Vec::new() }
    }

    fn recover(&mut self, _: &mut Context<'_, Proposer>, _: &[u32]) {}

    fn message(&mut self, ctx: &mut Context<'_, Proposer>, from: NodeId, message: Round) {
        match message {
            Round::Forward(operation) => self.propose(ctx, operation, from),
            Round::Propose(operation) => ctx.send(from, Round::Accept(operation)),
            Round::Accept(operation) => {
                let entry = self.accepted.iter_mut().find(|(of, ..)| *of == operation).expect("it has been proposed");
                entry.2 += 1;
                if entry.2 != ctx.options().quorum {
                    return;
                }
                if entry.1 == ctx.node() { ctx.reply(operation, ()) } else { ctx.send(entry.1, Round::Done(operation)) }
            }
            Round::Done(operation) => ctx.reply(operation, ()),
        }
    }

    fn timer(&mut self, _: &mut Context<'_, Proposer>, timer: NoTimer) {
        match timer {}
    }

    fn request(&mut self, ctx: &mut Context<'_, Proposer>, operation: OpId, (): ()) {
        match ctx.options().leader {
            Some(leader) if leader != ctx.node() => ctx.send(leader, Round::Forward(operation)),
            _ => self.propose(ctx, operation, ctx.node()),
        }
    }
}

/// The commit latency that a client beside each replica sees, in hundredths of a millisecond.
fn commits(matrix: &str, rule: Rule) -> Vec<u64> {
    let ask = |node| Planned { at: Time(u64::from(node) * SECOND), client: node, to: NodeId(node), request: (), timeout: None };
    let run = simulate::<Proposer>(&wan(matrix), &rule, (0..5).map(ask).collect::<Vec<_>>()).unwrap();
    let operations = run.outcome.operations.iter();
    operations.map(|done| done.completed().unwrap().since(done.invoked().unwrap()) / 10_000).collect()
}

fn check(matrix: &str, leader: Option<u32>, quorum: u32, published_ms: [f64; 5]) {
    let rule = Rule { leader: leader.map(NodeId), quorum };
    // Published to a tenth of a millisecond.
    let measured = commits(matrix, rule);
    let tenths: Vec<u64> = measured.iter().map(|hundredths| (hundredths + 5) / 10).collect();
    let published: Vec<u64> = published_ms.iter().map(|ms| (ms * 10.0).round() as u64).collect();
    assert_eq!(tenths, published, "{leader:?}, quorum {quorum}: {measured:?}");
}

#[test]
fn five_regions_of_2021() {
    check(EC2_2021, None, 3, [135.9, 135.9, 175.7, 78.6, 173.2]);
    // The published row of the leader in Ireland is that of a leader that waits for one other replica.
    check(EC2_2021, Some(0), 2, [72.2, 208.1, 248.0, 144.5, 252.8]);
    // A majority of five waits for two.
    check(EC2_2021, Some(0), 3, [135.9, 271.8, 311.6, 208.1, 316.5]);
}

#[test]
fn five_regions_of_2020() {
    check(EC2_2020, None, 3, [70.5, 59.9, 72.5, 127.3, 111.7]);
    check(EC2_2020, Some(1), 3, [119.8, 59.9, 81.0, 201.1, 171.6]);
}
