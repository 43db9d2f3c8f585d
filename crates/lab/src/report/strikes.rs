//! What struck and what never could: of each fault whether it did, and if not, why; and many faults by their kinds.

use quorate_engine::fault::{Fault, Timed, Who};
use quorate_engine::outcome::{Outcome, Strike};
use quorate_engine::time::Time;

/// What became of a fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It changed something.
    Struck,
    /// The run ended before.
    TooLate,
    /// What it waits for did not happen so often, or so late that the run was over.
    NotSetOff,
    /// Nobody had stated the fact by which it finds its node, or what it would end had not befallen anybody.
    Nobody,
    /// It struck, and there was nobody whom it could befall, or nothing that it could end.
    Nothing,
}

/// What became of it in a run that ended then.
pub fn fate(strike: &Strike, ended: Time) -> Fate {
    match &strike.planned {
        _ if strike.struck() && strike.touched > 0 => Fate::Struck,
        _ if strike.struck() => Fate::Nothing,
        Timed { at, .. } if *at >= ended => Fate::TooLate,
        Timed { trigger: Some(_), .. } => Fate::NotSetOff,
        Timed { whom: Some(_), .. } => Fate::Nobody,
        _ => Fate::TooLate,
    }
}

impl Fate {
    /// Why it never could; nothing of one that did.
    pub fn why(self, timed: &Timed) -> Option<String> {
        Some(match self {
            Fate::Struck => return None,
            Fate::TooLate => "its time did not come".to_string(),
            Fate::NotSetOff => "what it waits for did not happen".to_string(),
            Fate::Nobody => match timed.whom.map(|whom| whom.who) {
                Some(Who::Stated(fact)) => format!("nobody had stated \"{fact}\""),
                _ => "nobody was there to be found".to_string(),
            },
            Fate::Nothing => match timed.fault {
                Fault::Heal(_) => "no partition was in force".to_string(),
                Fault::Mend(_) => "no degradation was in force".to_string(),
                _ => "there was nobody whom it could befall".to_string(),
            },
        })
    }
}

/// Whether the fault only puts right what another did.
pub fn is_end(fault: &Fault) -> bool {
    match fault {
        Fault::Slow(_, factor) | Fault::SlowDisk(_, factor) => *factor == 1_000,
        Fault::Heal(_) | Fault::Mend(_) | Fault::Restart(_) | Fault::Resume(_) | Fault::RoomOnDisk(_) | Fault::Honest(_) => true,
        _ => false,
    }
}

/// What happened and to whom, with what it waited for, as people read it.
pub fn told(strike: &Strike) -> String {
    let first = strike.instants.first().map(|(_, whom)| whom);
    let one = strike.struck() && strike.instants.iter().all(|(_, whom)| Some(whom) == first);
    words(&strike.planned, one)
}

/// The same of what was planned; `known` says that the run has filled its sets, with the same node each time.
pub fn words(timed: &Timed, known: bool) -> String {
    let Timed { trigger, whom, fault, .. } = timed;
    let mut what = fault.to_string();
    if let Some(whom) = whom.filter(|_| !known) {
        let who = match whom.who {
            Who::Stated(fact) => format!("{{whoever stated \"{fact}\" last}}"),
            Who::There => "{where that happened}".to_string(),
        };
        // Sets that the run fills are empty before, and hold the last one after many.
        let set = match fault {
            Fault::Degrade(_, degradation) => Some(&degradation.from),
            fault => fault.nodes(),
        };
        what = match fault {
            Fault::Partition(..) => format!("partition {who} | {{all others}}"),
            _ => set.map_or(what.clone(), |set| what.replacen(&format!("{{{set}}}"), &who, 1)),
        };
    }
    trigger.as_ref().map_or(what.clone(), |trigger| format!("{what} when {trigger}"))
}

/// What faults did, together.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Deeds {
    /// How many there are.
    pub planned: u64,
    /// How many of these never could do anything.
    pub never: u64,
    /// How often they struck.
    pub times: u64,
    /// The first and the last instant at which they did, as far as instants were kept.
    pub first: Option<Time>,
    /// See `first`.
    pub last: Option<Time>,
    /// See [`Strike::touched`].
    pub touched: u64,
    /// See [`Strike::messages_lost`].
    pub messages_lost: u64,
    /// See [`Strike::messages_changed`].
    pub messages_changed: u64,
    /// See [`Strike::records_lost`].
    pub records_lost: u64,
}

impl Deeds {
    /// Adds those of one more.
    pub fn add(&mut self, strike: &Strike, ended: Time) {
        self.join(&Deeds {
            planned: 1,
            never: u64::from(fate(strike, ended) != Fate::Struck),
            times: u64::from(strike.times),
            first: strike.first,
            last: strike.instants.last().map(|(at, _)| *at),
            touched: strike.touched,
            messages_lost: strike.messages_lost,
            messages_changed: strike.messages_changed,
            records_lost: strike.records_lost,
        });
    }

    /// Adds those of others.
    pub fn join(&mut self, other: &Deeds) {
        self.planned += other.planned;
        self.never += other.never;
        self.times += other.times;
        self.first = [self.first, other.first].into_iter().flatten().min();
        self.last = self.last.max(other.last);
        self.touched += other.touched;
        self.messages_lost += other.messages_lost;
        self.messages_changed += other.messages_changed;
        self.records_lost += other.records_lost;
    }
}

/// What the faults of each kind did, in the order in which the kinds appear.
pub fn by_kind(outcome: &Outcome) -> Vec<(&'static str, Deeds)> {
    let mut kinds: Vec<(&'static str, Deeds)> = Vec::new();
    for strike in &outcome.strikes {
        // The end of a slow spell is no slow spell.
        if matches!(strike.planned.fault, Fault::Slow(..) | Fault::SlowDisk(..)) && is_end(&strike.planned.fault) {
            continue;
        }
        let name = strike.planned.fault.name();
        let place = kinds.iter().position(|(kind, _)| *kind == name).unwrap_or_else(|| {
            kinds.push((name, Deeds::default()));
            kinds.len() - 1
        });
        kinds[place].1.add(strike, outcome.ended);
    }
    kinds
}
