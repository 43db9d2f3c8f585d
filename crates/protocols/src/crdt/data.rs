//! All data types as one, so that one actor serves them all: a type is a value here, not a type parameter. What each does stands
//! in [`super::types`]; nothing is decided here.

use super::types::dot::Dot;
use super::types::numbers::{BoundedCounter, EventLog, ReadAddWrite, ResettableCounter};
use super::types::registers::{LastWriter, MultiValue};
use super::types::sets::{AddWinsSet, GrowSet, RemoveWinsSet, TombstoneSet, TwoPhaseSet};
use super::types::text::Text;
use super::types::{At, Cart, CounterMap, Crdt, PnCounter, Request, Rule, Tree, Value};
use quorate_engine::{Sink, Wire};

/// The types, by name: for each a variant of its state and one of its operations, and the dispatch from the one to the other. A type is
/// the same for all replicas of a run, so that a state never meets another type's.
macro_rules! types {
    ($($name:ident: $type:ty, $summary:literal;)*) => {
        /// Which type.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Kind {
            $(#[doc = $summary] $name,)*
        }

        /// A state of some type.
        #[derive(Clone, PartialEq, Eq, Hash, Debug)]
        pub enum Data {
            $(#[doc = $summary] $name($type),)*
        }

        /// An operation of some type.
        #[derive(Clone, PartialEq, Eq, Hash, Debug)]
        pub enum Operation {
            $(#[doc = $summary] $name(<$type as Crdt>::Operation),)*
        }

        impl Data {
            /// The state in which all begin.
            pub fn new(kind: Kind) -> Data {
                match kind {
                    $(Kind::$name => Data::$name(Default::default()),)*
                }
            }
        }

        impl Crdt for Data {
            type Operation = Operation;

            fn prepare(&self, rule: &Rule, request: &Request, at: &mut At<'_>) -> Result<Operation, &'static str> {
                match self {
                    $(Data::$name(state) => state.prepare(rule, request, at).map(Operation::$name),)*
                }
            }

            fn apply(&mut self, rule: &Rule, dot: Dot, operation: &Operation) {
                match (self, operation) {
                    $((Data::$name(state), Operation::$name(operation)) => state.apply(rule, dot, operation),)*
                    (state, operation) => panic!("{operation:?} is not of the type of {state:?}"),
                }
            }

            fn delta(&self, rule: &Rule, dot: Dot, operation: &Operation) -> Data {
                match (self, operation) {
                    $((Data::$name(state), Operation::$name(operation)) => Data::$name(state.delta(rule, dot, operation)),)*
                    (state, operation) => panic!("{operation:?} is not of the type of {state:?}"),
                }
            }

            fn merge(&mut self, rule: &Rule, other: &Data) {
                match (self, other) {
                    $((Data::$name(ours), Data::$name(theirs)) => ours.merge(rule, theirs),)*
                    (ours, theirs) => panic!("{ours:?} and {theirs:?} are of two types"),
                }
            }

            fn beyond(&self, rule: &Rule, known: &Data) -> Option<Data> {
                match (self, known) {
                    $((Data::$name(state), Data::$name(known)) => state.beyond(rule, known).map(Data::$name),)*
                    (state, known) => panic!("{state:?} and {known:?} are of two types"),
                }
            }

            fn value(&self, rule: &Rule) -> Value {
                match self {
                    $(Data::$name(state) => state.value(rule),)*
                }
            }

            fn read(&self, rule: &Rule, key: u32) -> Value {
                match self {
                    $(Data::$name(state) => state.read(rule, key),)*
                }
            }

            fn digest(&self) -> u64 {
                match self {
                    $(Data::$name(state) => state.digest(),)*
                }
            }

            fn digest_anew(&self) -> u64 {
                match self {
                    $(Data::$name(state) => state.digest_anew(),)*
                }
            }

            fn pieces(&self, each: &mut dyn FnMut(u64, u64)) {
                match self {
                    $(Data::$name(state) => state.pieces(each),)*
                }
            }

            fn only(&self, wanted: &dyn Fn(u64) -> bool) -> Data {
                match self {
                    $(Data::$name(state) => Data::$name(state.only(wanted)),)*
                }
            }

            fn merge_pieces(&mut self, rule: &Rule, other: &Data, wanted: &dyn Fn(u64) -> bool) {
                match (self, other) {
                    $((Data::$name(ours), Data::$name(theirs)) => ours.merge_pieces(rule, theirs, wanted),)*
                    (ours, theirs) => panic!("{ours:?} and {theirs:?} are of two types"),
                }
            }
        }

        /// Which type it is goes without saying.
        impl Wire for Data {
            fn encode(&self, sink: &mut impl Sink) {
                match self {
                    $(Data::$name(state) => state.encode(sink),)*
                }
            }
        }

        impl Wire for Operation {
            fn encode(&self, sink: &mut impl Sink) {
                match self {
                    $(Operation::$name(operation) => operation.encode(sink),)*
                }
            }
        }
    };
}

types! {
    Counter: PnCounter, "A counter that goes both ways.";
    Bounded: BoundedCounter, "A counter that is never below zero.";
    Resettable: ResettableCounter, "A counter that goes back to zero.";
    Log: EventLog, "An account as a log of events.";
    ReadAddWrite: ReadAddWrite, "A number that is read, added to and written.";
    LastWriter: LastWriter, "Registers of which the last write stays, or the first.";
    MultiValue: MultiValue, "Registers that keep concurrent writes.";
    GrowSet: GrowSet, "A set that only grows.";
    TwoPhaseSet: TwoPhaseSet, "A set of elements that go for good.";
    TombstoneSet: TombstoneSet, "A set in which additions win, with tombstones.";
    AddWinsSet: AddWinsSet, "A set in which additions win, without tombstones.";
    RemoveWinsSet: RemoveWinsSet, "A set in which removals win.";
    Map: CounterMap, "A map of counters, whose entries can be removed.";
    Cart: Cart, "A shopping cart.";
    Text: Text, "A text.";
    Tree: Tree, "A tree whose nodes are moved about.";
}
