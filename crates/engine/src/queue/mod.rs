//! The event queue: 32-byte entries under a total 128-bit key, in a hierarchical timing wheel that tunes its own tick.
//!
//! The key decides the order by itself, so nothing in here (tick, level, bucket, heap) can change what is popped
//! next; it can only change how long that takes. This folder is *not* a scheduler: it knows no clocks, nodes or
//! cancellation. A cancelled event stays in the queue, and its owner recognises it as stale when it surfaces.
//!
//! | file | what it holds |
//! |---|---|
//! | `entry` | [`Key`], [`Tag`], [`Entry`]: what is queued, and its order |
//! | `payload` | [`Payload`], [`Store`]: the message of an entry, inline or in a slab; all `unsafe` is there |
//! | `wheel` | [`Wheel`]: the queue |
//! | `levels` | the wheel's slots and their bitmaps, digit by digit of the key |
//! | `chunks` | the memory behind the slots |
//! | `bucket` | the open bucket: entries sorted, ready to pop |
//! | `tick` | how wide a bucket should be, from what was seen |
//! | `hold` | [`Hold`]: the classic benchmark of queues, for the wheel and for std's heap |

mod bucket;
mod chunks;
mod entry;
mod hold;
mod levels;
mod payload;
#[cfg(test)]
mod tests;
mod tick;
mod wheel;

pub use entry::{Entry, Key, Tag};
pub use hold::{Heap, Hold, Queue};
pub use payload::{Payload, Store};
pub use wheel::Wheel;
