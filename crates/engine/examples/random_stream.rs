//! Writes raw draws to standard output until the reader has enough: the input of `scripts/dieharder`.
//!
//! `random_stream ORDER [SEED]`, where ORDER says which argument of the draw runs fastest. This is a tool for judging the
//! mixer, deliberately not a way to get random numbers out of the engine, and the one place of the crate that does I/O.

use std::io::{self, Write};
use std::process::ExitCode;

use quorate_engine::random::{Keys, Purpose, StreamKey, lane};

const USAGE: &str = "usage: random_stream nodes|counters|lanes|lanes-of-nodes|seeds [SEED]";
/// Draws written at a time: large enough that the pipe, not the call, sets the pace.
const BATCH: usize = 8_192;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let order = arguments.next().unwrap_or_default();
    let seed = match arguments.next().unwrap_or_else(|| "1".to_owned()).parse() {
        Ok(seed) => seed,
        Err(_) => return refuse(),
    };
    let key = Keys::from_seed(seed).stream(Purpose::Network);
    match order.as_str() {
        "nodes" => write_all((0..).flat_map(|counter| (0..1_000).map(move |node| key.draw(node, counter)))),
        "counters" => write_all((0..).flat_map(|node| (0..=u32::MAX).map(move |counter| key.draw(node, counter)))),
        "lanes" => write_all((0..).flat_map(|counter| lanes_of(key, 0, counter))),
        "lanes-of-nodes" => write_all((0..).flat_map(|counter| (0..1_000).flat_map(move |node| lanes_of(key, node, counter)))),
        "seeds" => write_all((seed..).map(|seed| Keys::from_seed(seed).stream(Purpose::Network).draw(0, 0))),
        _ => refuse(),
    }
}

/// The draw itself and its first four lanes, as the network takes them for one send.
fn lanes_of(key: StreamKey, node: u32, counter: u32) -> impl Iterator<Item = u64> {
    let draw = key.draw(node, counter);
    std::iter::once(draw).chain((0..4).map(move |number| lane(draw, number)))
}

fn refuse() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}

/// Little-endian, so that the stream is the same on every machine. A closed pipe is the reader's way to say enough.
fn write_all(mut draws: impl Iterator<Item = u64>) -> ExitCode {
    let mut output = io::stdout().lock();
    let mut batch = Vec::with_capacity(BATCH * 8);
    loop {
        batch.clear();
        draws.by_ref().take(BATCH).for_each(|draw| batch.extend_from_slice(&draw.to_le_bytes()));
        if batch.is_empty() || output.write_all(&batch).is_err() {
            return ExitCode::SUCCESS;
        }
    }
}
