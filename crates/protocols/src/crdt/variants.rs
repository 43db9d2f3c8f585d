//! The planted mistakes, by name: those of the types, and those of replication, which every type has.

use super::judge::{NO_LOST_UPDATE, NOTHING_LOST, SPECIFIED};
use super::monitor::STRONGLY_CONVERGES;
use super::replica::options::Mistake as Spreading;
use super::types::{Clock, Mistake};
use crate::harness::no_variant;
use crate::options::OptionError;
use crate::registry::Variant;

const DELTA_GAP: Variant = Variant {
    name: "delta-gap",
    summary: "a delta is joined although what came before it is missing",
    caught_by: STRONGLY_CONVERGES,
};
const COUNTER_DUP_OP: Variant =
    Variant { name: "counter-dup-op", summary: "an operation is applied as often as it arrives", caught_by: STRONGLY_CONVERGES };
const ACTOR_ID_REUSE: Variant = Variant {
    name: "actor-id-reuse",
    summary: "who has lost its disk counts its operations from 1 again, under its old name",
    caught_by: NOTHING_LOST.name,
};

/// Of any type.
pub(super) const REPLICATION: [Variant; 2] = [DELTA_GAP, ACTOR_ID_REUSE];
/// Of a counter.
pub(super) const COUNTER: [Variant; 4] = [
    Variant {
        name: "sum-merge",
        summary: "a merge adds the counts instead of taking the maximum: what is met twice counts twice",
        caught_by: STRONGLY_CONVERGES,
    },
    DELTA_GAP,
    COUNTER_DUP_OP,
    ACTOR_ID_REUSE,
];
/// Of a counter that is reset.
pub(super) const RESETTABLE: [Variant; 1] = [Variant {
    name: "pncounter-reset",
    summary: "a reset writes zeros, and a merge by maximum brings back what was there",
    caught_by: STRONGLY_CONVERGES,
}];
/// Of a register.
pub(super) const REGISTER: [Variant; 3] = [
    Variant {
        name: "lww-skew",
        summary: "stamps are those of the writer's wall clock: a write that comes after another is lost to it",
        caught_by: NO_LOST_UPDATE.name,
    },
    Variant {
        name: "lww-tie",
        summary: "of two writes with one stamp, the one that came first stays, wherever it came first",
        caught_by: STRONGLY_CONVERGES,
    },
    DELTA_GAP,
];
/// Of a register that keeps what was written side by side.
pub(super) const SIBLINGS: [Variant; 2] = [
    Variant {
        name: "vv-per-server",
        summary: "one count for each server, and no dots: a write takes the place of all that came through its server, read or not",
        caught_by: SPECIFIED.name,
    },
    ACTOR_ID_REUSE,
];
/// Of a set.
pub(super) const SET: [Variant; 4] = [
    Variant {
        name: "orset-no-tombstone",
        summary: "a removal empties the tags here, and a merge is a union: the element comes back (S1)",
        caught_by: STRONGLY_CONVERGES,
    },
    Variant {
        name: "tombstone-doomstone",
        summary: "a tombstone is thrown away before all have seen it: the element comes back",
        caught_by: STRONGLY_CONVERGES,
    },
    DELTA_GAP,
    ACTOR_ID_REUSE,
];
/// Of a cart.
pub(super) const CART: [Variant; 3] = [
    Variant {
        name: "cart-id",
        summary: "every replica counts under the cart's id, as in S1: of two tallies the larger stays",
        caught_by: SPECIFIED.name,
    },
    Variant {
        name: "remove-first",
        summary: "what is taken out before it was put in is dropped, as in S1",
        caught_by: STRONGLY_CONVERGES,
    },
    Variant { name: "clamp", summary: "a debt is shown as nothing, as in S1", caught_by: SPECIFIED.name },
];
/// Of a text.
pub(super) const TEXT: [Variant; 3] = [
    Variant {
        name: "rga-no-skip",
        summary: "what is inserted stands right after its origin, whatever else was inserted there: replicas differ",
        caught_by: STRONGLY_CONVERGES,
    },
    Variant {
        name: "sort-by-id",
        summary: "a text is sorted by its characters' ids, as in S2: it converges, and nobody gets what was typed",
        caught_by: SPECIFIED.name,
    },
    ACTOR_ID_REUSE,
];

/// Of a tree.
pub(super) const TREE: [Variant; 2] = [
    Variant {
        name: "tree-move-cycle",
        summary: "moves are carried out as they come: two that are made at once put each below the other",
        caught_by: STRONGLY_CONVERGES,
    },
    ACTOR_ID_REUSE,
];

/// What a variant changes: a branch in a type, one in replication, or the clock.
type Planted = (Option<Mistake>, Option<Spreading>, Option<Clock>);

/// What a variant changes.
pub(super) fn planted(name: &str) -> Result<Planted, OptionError> {
    let of_type = |mistake| (Some(mistake), None, None);
    let of_spreading = |mistake| (None, Some(mistake), None);
    Ok(match name {
        "right" => (None, None, None),
        "delta-gap" => of_spreading(Spreading::DeltaGap),
        "counter-dup-op" => of_spreading(Spreading::ApplyTwice),
        "actor-id-reuse" => of_spreading(Spreading::ActorIdReuse),
        "sum-merge" => of_type(Mistake::SumMerge),
        "pncounter-reset" => of_type(Mistake::PnReset),
        "lww-skew" => (None, None, Some(Clock::Wall)),
        "lww-tie" => of_type(Mistake::LwwTie),
        "vv-per-server" => of_type(Mistake::PerServer),
        "orset-no-tombstone" => of_type(Mistake::OrSetNoTombstone),
        "tombstone-doomstone" => of_type(Mistake::Doomstone),
        "cart-id" => of_type(Mistake::CartId),
        "remove-first" => of_type(Mistake::CartRemoveFirst),
        "clamp" => of_type(Mistake::CartClamp),
        "rga-no-skip" => of_type(Mistake::RgaNoSkip),
        "tree-move-cycle" => of_type(Mistake::MoveCycle),
        "sort-by-id" => of_type(Mistake::SortById),
        _ => return Err(no_variant(name)),
    })
}

/// Whether it is one of the set with tombstones.
pub(super) fn is_of_tombstones(name: &str) -> bool {
    matches!(name, "orset-no-tombstone" | "tombstone-doomstone")
}
