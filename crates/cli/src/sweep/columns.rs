//! Digests as columns have them: 32 hexadecimal digits.

use bytes::Bytes;
use parquet::data_type::ByteArray;
use quorate_engine::outcome::Digest;

const DIGITS: usize = 32;

/// All digests as texts, in one piece of memory.
pub(super) fn hex(digests: &[Digest]) -> Vec<ByteArray> {
    let mut text = Vec::with_capacity(digests.len() * DIGITS);
    for Digest(digest) in digests {
        for byte in digest.to_be_bytes() {
            text.extend([byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]));
        }
    }
    let text = Bytes::from(text);
    (0..digests.len()).map(|index| ByteArray::from(text.slice(index * DIGITS..(index + 1) * DIGITS))).collect()
}

/// The digest of a text.
pub(super) fn read_hex(text: &[u8]) -> Option<Digest> {
    let digit = |byte: &u8| (*byte as char).to_digit(16).map(u128::from);
    let whole = text.len() == DIGITS;
    let value = text.iter().try_fold(0u128, |value, byte| Some(value << 4 | digit(byte)?));
    value.filter(|_| whole).map(Digest)
}
