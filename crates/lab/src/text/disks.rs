//! `[disks]`: how long forced writes take, and how much fits.

use super::error::{Problems, Read};
use super::hosts::whose;
use super::latency::span;
use super::nodes::Replicas;
use super::spot::Spot;
use quorate_engine::disk::FRAME_BYTES;
use quorate_engine::id::NodeSet;
use quorate_engine::setup::Disks;

/// Reads the section: one table for all, or a list of tables for some each. Without it, disks take any number of records at once.
pub(crate) fn disks(section: Option<Spot<'_>>, replicas: &Replicas<'_>, problems: &mut Problems) -> Vec<Disks> {
    let Some(section) = section else { return Vec::new() };
    let mut disks: Vec<Disks> = Vec::new();
    for spot in section.list().unwrap_or_else(|| vec![section]) {
        let before = disks.iter().map(|disks| &disks.nodes);
        let read = whose(&spot, replicas, before).and_then(|nodes| entry(&spot, nodes));
        disks.extend(problems.take(read));
    }
    disks
}

fn entry(spot: &Spot<'_>, nodes: NodeSet) -> Read<Disks> {
    let disks = Disks {
        nodes,
        sync: spot.get("sync").map(|spot| span(&spot)).transpose()?,
        capacity_bytes: spot.get("capacity").map(|spot| capacity(&spot)).transpose()?,
    };
    match disks.sync.is_none() && disks.capacity_bytes.is_none() {
        true => Err(spot.fail("says nothing of the disks; write sync = \"2ms\", or capacity = \"1MB\"")),
        false => Ok(disks),
    }
}

fn capacity(spot: &Spot<'_>) -> Read<u64> {
    match spot.bytes()? {
        bytes if bytes > FRAME_BYTES => Ok(bytes),
        _ => Err(spot.fail(format!(
            "{} holds no record: each has {FRAME_BYTES} bytes besides what is in it; write such as \"1MB\"",
            spot.shown()
        ))),
    }
}
