//! What the steps of an interaction script say: a table of patterns, in many wordings, and what each means.

use crate::consensus::raft::cases::cluster::Id;
use crate::consensus::raft::cases::fields::Read;
use crate::consensus::raft::log::Term;

/// What a clause does.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Clause {
    /// It stands for election and must win.
    Elect(Id, Option<Term>),
    /// It stands for election, with voters that keep to a leader they have (`true`) or have given it up.
    Campaign(Id, Option<Term>, bool),
    /// Its leader's election timeout passes without an answer.
    Unheard(Option<Id>),
    /// An election timeout passes in which all answer.
    Heard(Option<Id>),
    /// Nobody heard a leader for an election timeout.
    Silence,
    Heartbeat(Option<Id>),
    Propose(Option<Id>, u64),
    Stabilize,
    Down(Vec<Id>),
    DownLeader,
    Up(Vec<Id>),
    Isolate(Vec<Id>),
    Heal(Vec<Id>),
    Slow(Vec<Id>),
    Add(Vec<Id>),
    Learn(Vec<Id>),
    Remove(Vec<Id>),
    RemoveLeader,
    Replace(Vec<Id>, Vec<Id>),
    /// What is under way reaches these and nobody else.
    OnlyKnows(Vec<Id>),
    Transfer(Id),
    /// A joint configuration is left; here that happens by itself.
    LeaveJoint,
    /// The leader's log no longer has what a follower needs next.
    CompactPast(Option<Id>),
    /// It has the entries, and not the word that they are committed.
    MissedCommit(Id),
    /// What is under way is lost.
    LoseAll,
    /// All but these hear of what is under way, and what these should hear or have said is lost.
    Miss(Vec<Id>),
    /// These talk to each other, and all else waits.
    Among(Vec<Id>),
    /// An election timeout passes at these without their leader.
    Forget(Vec<Id>),
    /// Nobody here tells a leader that a server cannot be reached: what is under way to it is lost, and that is all.
    Unreachable(Vec<Id>),
    ProposeWithout(u64, Vec<Id>),
    /// The leader's number, or how many entries it proposes.
    ProposeAtOrSoMany(u64),
    /// It stands for election without an entry that the others have.
    CampaignStale(Id),
}

/// Words that say nothing here.
const FILLERS: &[&str] = &[
    "also", "so", "the", "a", "an", "then", "and", "again", "now", "its", "server", "servers", "voters", "nodes", "once", "of",
    "that", "by", "in", "to", "at", "has", "which", "is", "are", "with", "from", "for", "through",
];

/// Words that are left out before a number: `node 3`, `follower 3`.
const TITLES: &[&str] = &["node", "follower", "leader", "candidate", "voter", "peer"];

/// The clauses, in words as they are left when fillers and titles are out. `#` is a server or number, `#+` one or more, `a|b` one of these
/// words, `?a|b` one of them or none.
type Made = fn(&[Vec<u64>]) -> Clause;
const CLAUSES: &[(&str, Made)] = &[
    ("elect #", |of| Clause::Elect(of[0][0], None)),
    ("# elected|leads", |of| Clause::Elect(of[0][0], None)),
    ("# becomes leader", |of| Clause::Elect(of[0][0], None)),
    ("elect # term #", |of| Clause::Elect(of[0][0], Some(of[1][0]))),
    ("# elected term #", |of| Clause::Elect(of[0][0], Some(of[1][0]))),
    ("# campaigns|campaign wins", |of| Clause::Elect(of[0][0], None)),
    ("campaign #", |of| Clause::Campaign(of[0][0], None, false)),
    ("# campaigns", |of| Clause::Campaign(of[0][0], None, false)),
    ("# times out", |of| Clause::Campaign(of[0][0], None, false)),
    ("# stands election", |of| Clause::Campaign(of[0][0], None, false)),
    ("campaign # term #", |of| Clause::Campaign(of[0][0], Some(of[1][0]), false)),
    ("# campaigns term #", |of| Clause::Campaign(of[0][0], Some(of[1][0]), false)),
    ("campaign # after election timeout", |of| Clause::Campaign(of[0][0], None, false)),
    ("# campaigns after election timeout", |of| Clause::Campaign(of[0][0], None, false)),
    ("campaign # inside|within|before|during election timeout|timeouts", |of| Clause::Campaign(of[0][0], None, true)),
    ("# campaigns inside|within|before|during election timeout|timeouts", |of| Clause::Campaign(of[0][0], None, true)),
    ("campaign # inside|within|under|during lease", |of| Clause::Campaign(of[0][0], None, true)),
    ("# campaigns inside|within|under|during lease", |of| Clause::Campaign(of[0][0], None, true)),
    ("campaign # while others hear leader", |of| Clause::Campaign(of[0][0], None, true)),
    ("campaign # while leader alive|active|live|up|well", |of| Clause::Campaign(of[0][0], None, true)),
    ("# campaigns while leader alive|active|live|up|well", |of| Clause::Campaign(of[0][0], None, true)),
    ("pre-campaign|precampaign #", |of| Clause::Campaign(of[0][0], None, true)),
    ("# pre-campaigns|precampaigns", |of| Clause::Campaign(of[0][0], None, true)),
    ("# asks|requests pre-votes|prevotes", |of| Clause::Campaign(of[0][0], None, true)),
    ("# starts|begins pre-vote|prevote|pre-campaign", |of| Clause::Campaign(of[0][0], None, true)),
    ("tick leader ?one election timeout no|without ?heartbeat|heartbeats response|responses|answer|answers", |_| {
        Clause::Unheard(None)
    }),
    ("tick # ?one election timeout no|without ?heartbeat|heartbeats response|responses|answer|answers", |of| {
        Clause::Unheard(Some(of[0][0]))
    }),
    ("tick leader ?one election timeout heartbeat|heartbeats response|responses", |_| Clause::Heard(None)),
    ("tick # ?one election timeout heartbeat|heartbeats response|responses", |of| Clause::Heard(Some(of[0][0]))),
    ("tick # ?one election timeout while ?others|followers respond|answer", |of| Clause::Heard(Some(of[0][0]))),
    ("tick leader ?one election timeout while ?others|followers respond|answer", |_| Clause::Heard(None)),
    ("tick followers ?one election timeout", |_| Clause::Silence),
    ("?one election timeout passes|elapses", |_| Clause::Silence),
    ("?tick|leader heartbeat|heartbeats|tick-heartbeat", |_| Clause::Heartbeat(None)),
    ("?tick heartbeat|tick-heartbeat #", |of| Clause::Heartbeat(Some(of[0][0]))),
    ("# heartbeats|heartbeat", |of| Clause::Heartbeat(Some(of[0][0]))),
    ("heartbeat round|roundtrip", |_| Clause::Heartbeat(None)),
    ("?leader propose|proposes|commit|commits ?one|entry|command ?entry|command|proposal", |_| Clause::Propose(None, 1)),
    ("?leader propose|proposes|commit|commits two entries|commands|proposals", |_| Clause::Propose(None, 2)),
    ("?leader propose|proposes|commit|commits three entries|commands|proposals", |_| Clause::Propose(None, 3)),
    ("?leader propose|proposes|commit|commits # entries|commands|proposals", |of| Clause::Propose(None, of[0][0])),
    ("propose #", |of| Clause::ProposeAtOrSoMany(of[0][0])),
    ("?leader propose|proposes # more ?entries|commands|proposals", |of| Clause::Propose(None, of[0][0])),
    ("propose one|another more|entry ?entry", |_| Clause::Propose(None, 1)),
    ("campaign # stale|short|shorter|outdated|old log", |of| Clause::CampaignStale(of[0][0])),
    ("# campaigns stale|short|shorter|outdated|old log", |of| Clause::CampaignStale(of[0][0])),
    ("campaign # while # leads|leader", |of| Clause::Campaign(of[0][0], None, true)),
    ("# campaigns while # leads|leader", |of| Clause::Campaign(of[0][0], None, true)),
    ("mark|set|put # ?as ?unreachable|probe|probing|probes ?probe|probing ?state", |of| Clause::Unreachable(of[0].clone())),
    ("# goes|moves|falls|put ?back probe|probing ?state", |of| Clause::Unreachable(of[0].clone())),
    ("leader compacts ?whole|entire|everything|all|log ?log ?up ?last|latest|commit|committed|applied ?index", |_| {
        Clause::CompactPast(None)
    }),
    ("# proposes|commits ?one|entry|command ?entry|command|proposal", |of| Clause::Propose(Some(of[0][0]), 1)),
    ("# proposes|commits two entries|commands|proposals", |of| Clause::Propose(Some(of[0][0]), 2)),
    ("# proposes|commits three entries|commands|proposals", |of| Clause::Propose(Some(of[0][0]), 3)),
    ("# proposes|commits # entries|commands|proposals", |of| Clause::Propose(Some(of[0][0]), of[1][0])),
    ("?leader propose|proposes|commit|commits ?one ?entry|command without #+", |of| Clause::ProposeWithout(1, of[0].clone())),
    ("?leader propose|proposes|commit|commits # entries|commands without #+", |of| {
        Clause::ProposeWithout(of[0][0], of[1].clone())
    }),
    ("# falls|fell|lags|lagging|stale|behind ?behind|log ?log", |of| Clause::ProposeWithout(1, of[0].clone())),
    ("stabilize|stabilise ?all|everything", |_| Clause::Stabilize),
    ("deliver all|everything ?messages", |_| Clause::Stabilize),
    ("applied|committed|settle|settles", |_| Clause::Stabilize),
    ("stabilize|stabilise #+ ?only", |of| Clause::Among(of[0].clone())),
    ("drop|lose all|everything ?messages", |_| Clause::LoseAll),
    ("drop|lose ?all ?messages|appends|append ?messages #+", |of| Clause::Miss(of[0].clone())),
    ("messages #+ dropped|lost", |of| Clause::Miss(of[0].clone())),
    ("#+ misses|miss it|them|entry|entries|this|everything", |of| Clause::Miss(of[0].clone())),
    ("#+ dies|die|crashes|crash|down|stops|stop|fails|fail|dead", |of| Clause::Down(of[0].clone())),
    ("crash|stop|kill #+", |of| Clause::Down(of[0].clone())),
    ("leader dies|crashes|stops|fails", |_| Clause::DownLeader),
    ("#+ restarts|restart|recovers|recover", |of| Clause::Up(of[0].clone())),
    ("restart #+", |of| Clause::Up(of[0].clone())),
    ("# comes back|up", |of| Clause::Up(of[0].clone())),
    ("isolate|partition|disconnect #+ ?away|off", |of| Clause::Isolate(of[0].clone())),
    ("#+ isolated|partitioned|disconnected|cut ?away|off", |of| Clause::Isolate(of[0].clone())),
    ("?partition heal|heals|healed", |_| Clause::Heal(Vec::new())),
    ("reconnect|heal #+", |of| Clause::Heal(of[0].clone())),
    ("#+ returns|return|reconnects|reconnect|rejoins|rejoin|heals", |of| Clause::Heal(of[0].clone())),
    ("#+ ?becomes slow", |of| Clause::Slow(of[0].clone())),
    ("#+ forgets|forget ?leader", |of| Clause::Forget(of[0].clone())),
    ("forget leader #+", |of| Clause::Forget(of[0].clone())),
    ("?leader report|reports #+ ?as unreachable", |of| Clause::Unreachable(of[0].clone())),
    ("# ?reported ?as unreachable", |of| Clause::Unreachable(of[0].clone())),
    ("promote ?learner|learners #+", |of| Clause::Add(of[0].clone())),
    ("# promotes ?learner|learners #+", |of| Clause::Add(of[1].clone())),
    ("# promoted", |of| Clause::Add(of[0].clone())),
    ("?leader add|adds #+ ?as ?voter ?in ?one|single|simple|implicit|explicit|auto ?joint ?change ?implicit|auto", |of| {
        Clause::Add(of[0].clone())
    }),
    ("# adds #+ ?as ?voter ?one|single|simple|implicit|explicit|auto ?joint ?change", |of| Clause::Add(of[1].clone())),
    (
        "?propose ?implicit|explicit|auto|one|simple|single ?joint ?conf change|confchange adding #+ ?implicit|implicitly|auto|automatically",
        |of| Clause::Add(of[0].clone()),
    ),
    ("?leader add|adds learner|learners #+", |of| Clause::Learn(of[0].clone())),
    ("?leader add|adds #+ as learner|learners", |of| Clause::Learn(of[0].clone())),
    ("demote|demotes #+ ?learner", |of| Clause::Learn(of[0].clone())),
    ("?leader remove|removes #+", |of| Clause::Remove(of[0].clone())),
    ("# removes #+", |of| Clause::Remove(of[1].clone())),
    ("# removes itself", |of| Clause::Remove(of[0].clone())),
    ("leader removes itself", |_| Clause::RemoveLeader),
    ("remove leader", |_| Clause::RemoveLeader),
    ("?implicit|explicit|auto ?joint change|confchange removing ?leader #+ adding #+", |of| {
        Clause::Replace(of[0].clone(), of[1].clone())
    }),
    ("?implicit|explicit|auto ?joint change|confchange adding #+ removing ?leader #+", |of| {
        Clause::Replace(of[1].clone(), of[0].clone())
    }),
    ("replace # #", |of| Clause::Replace(of[0].clone(), of[1].clone())),
    ("?implicit|explicit|auto ?joint change|confchange removing ?leader #+", |of| Clause::Remove(of[0].clone())),
    ("only #+ knows|know|hears|hear|learns|learn ?it|so", |of| Clause::OnlyKnows(of[0].clone())),
    ("transfer|transfers ?leadership|leader #", |of| Clause::Transfer(of[0][0])),
    ("transfer ?leadership|leader # #", |of| Clause::Transfer(of[1][0])),
    ("# transfers ?leadership #", |of| Clause::Transfer(of[1][0])),
    ("?leader leave|leaves|left joint ?configuration|config|state ?automatically|auto|implicitly", |_| Clause::LeaveJoint),
    ("auto|implicit|automatic leave", |_| Clause::LeaveJoint),
    ("leader|leaders compacts|compact ?below|past|beyond ?next ?index ?slow|lagging ?follower", |_| Clause::CompactPast(None)),
    ("# compacts|compact ?log ?below|past|beyond ?next ?index slow|lagging follower", |_| Clause::CompactPast(None)),
    ("leader compacts ?log ?below|past|beyond ?next ?index #", |of| Clause::CompactPast(Some(of[0][0]))),
    ("# missed|misses message|messages carried|carrying|carries commit ?index", |of| Clause::MissedCommit(of[0][0])),
    ("# missed|misses commit ?index", |of| Clause::MissedCommit(of[0][0])),
];

/// The clauses of a step.
pub(super) fn clauses(text: &str) -> Read<Vec<Clause>> {
    let mut all = Vec::new();
    for part in text.to_lowercase().split(';').map(str::trim).filter(|part| !part.is_empty()) {
        all.extend(
            parts(part)
                .ok_or_else(|| format!("step {text:?}: the clause {part:?} is not understood (in words: {:?})", words(part)))?,
        );
    }
    Ok(all)
}

/// One clause, or several between which there is a comma or an "and".
fn parts(part: &str) -> Option<Vec<Clause>> {
    if let Some(clause) = clause(part) {
        return Some(vec![clause]);
    }
    [", then ", ", and ", ", ", " then ", " and ", ": ", ". "].iter().find_map(|between| {
        let (one, other) = part.split_once(between)?;
        Some([parts(one)?, parts(other)?].concat())
    })
}

/// The words that say something.
fn words(part: &str) -> Vec<String> {
    let plain = part.replace([',', '.', ':', '(', ')', '"'], " ");
    let all: Vec<&str> = plain.split_whitespace().map(numeral).filter(|word| !FILLERS.contains(word)).collect();
    let is_title = |at: usize| TITLES.contains(&all[at]) && all.get(at + 1).is_some_and(|next| next.parse::<u64>().is_ok());
    (0..all.len()).filter(|at| !is_title(*at)).map(|at| all[at].to_string()).collect()
}

/// `n3` is 3.
fn numeral(word: &str) -> &str {
    word.strip_prefix('n').filter(|number| number.parse::<u64>().is_ok()).unwrap_or(word)
}

fn clause(part: &str) -> Option<Clause> {
    let words = words(part);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    CLAUSES.iter().find_map(|(pattern, made)| {
        let pattern: Vec<&str> = pattern.split(' ').filter(|word| !FILLERS.contains(&word.trim_start_matches('?'))).collect();
        held(&pattern, &words).map(|numbers| made(&numbers))
    })
}

/// The numbers of a clause that fits a pattern.
fn held(pattern: &[&str], words: &[&str]) -> Option<Vec<Vec<u64>>> {
    let Some((first, rest)) = pattern.split_first() else { return words.is_empty().then(Vec::new) };
    let of_number = |count: usize| {
        let numbers = words.get(..count)?.iter().map(|word| word.parse().ok()).collect::<Option<Vec<u64>>>()?;
        let mut others = held(rest, &words[count..])?;
        others.insert(0, numbers);
        Some(others)
    };
    let of_word = |choices: &str| {
        let is_one = words.first().is_some_and(|word| choices.split('|').any(|choice| choice == *word));
        if is_one { held(rest, &words[1..]) } else { None }
    };
    match *first {
        "#" => of_number(1),
        "#+" => (1..=words.len()).rev().find_map(of_number),
        first => match first.strip_prefix('?') {
            Some(choices) => of_word(choices).or_else(|| held(rest, words)),
            None => of_word(first),
        },
    }
}

#[test]
fn clauses_are_read_in_many_wordings_and_what_is_unknown_is_an_error() {
    let read = |text| clauses(text).unwrap_or_else(|wrong| panic!("{wrong}"));
    assert_eq!(read("campaign 1 in term 8; stabilize"), [Clause::Campaign(1, Some(8), false), Clause::Stabilize]);
    assert_eq!(read("Node 2 campaigns; follower 3 crashes"), [Clause::Campaign(2, None, false), Clause::Down(vec![3])]);
    assert_eq!(read("add nodes 2 and 3 in one joint change"), [Clause::Add(vec![2, 3])]);
    assert_eq!(read("3 is isolated, then the leader proposes 2 entries"), [Clause::Isolate(vec![3]), Clause::Propose(None, 2)]);
    assert_eq!(read("add learner 4 and promote 4"), [Clause::Learn(vec![4]), Clause::Add(vec![4])]);
    assert_eq!(read("tick the leader one election timeout with heartbeat responses"), [Clause::Heard(None)]);
    assert_eq!(read("tick leader one election timeout with no heartbeat response"), [Clause::Unheard(None)]);
    assert_eq!(read("implicit joint change adding 2 and 3"), [Clause::Add(vec![2, 3])]);
    assert_eq!(read("propose 3 more, drop to 3"), [Clause::Propose(None, 3), Clause::Miss(vec![3])]);
    for strange in ["campaign 1 on a Tuesday", "elect", "isolate", "propose 3 cakes", "campaign one", "3"] {
        assert!(clauses(strange).is_err(), "{strange} is understood as {:?}", clauses(strange));
    }
}
