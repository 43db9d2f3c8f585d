//! A record as it lies on a disk: the length of its encoding in 4 bytes, a checksum of it in 8, both little-endian, and the
//! encoding itself. Made only for records that something befalls.

use crate::random::Hasher64;
use crate::wire::{Sink, Wire};
use std::hash::Hasher;

/// Bytes that a record has on disk besides its encoding: its length and its checksum.
pub const FRAME_BYTES: u64 = 12;

/// Bytes of a record on disk.
pub(crate) fn size(record: &impl Wire) -> u64 {
    FRAME_BYTES + record.wire_len()
}

/// The bytes of a record on disk.
pub(super) fn frame(record: &impl Wire) -> Vec<u8> {
    let mut payload = Payload(Vec::new());
    record.encode(&mut payload);
    let Payload(payload) = payload;
    let length = u32::try_from(payload.len()).expect("a record has less than 4 GiB");
    let mut bytes = Vec::with_capacity(FRAME_BYTES as usize + payload.len());
    bytes.extend(length.to_le_bytes());
    bytes.extend(checksum(&payload).to_le_bytes());
    bytes.extend(payload);
    bytes
}

/// Whether these bytes are a whole frame whose checksum is that of its payload. The checksum misses no change of a single word;
/// of others, one in 2^64.
pub(super) fn verifies(bytes: &[u8]) -> bool {
    let Some((length, rest)) = bytes.split_first_chunk::<4>() else { return false };
    let Some((sum, payload)) = rest.split_first_chunk::<8>() else { return false };
    u32::from_le_bytes(*length) as usize == payload.len() && u64::from_le_bytes(*sum) == checksum(payload)
}

fn checksum(payload: &[u8]) -> u64 {
    let mut hasher = Hasher64::new();
    hasher.write(payload);
    hasher.finish64()
}

/// The bytes of an encoding.
struct Payload(Vec<u8>);

impl Sink for Payload {
    fn u8(&mut self, value: u8) {
        self.0.push(value);
    }
    fn u32(&mut self, value: u32) {
        self.0.extend(value.to_le_bytes());
    }
    fn u64(&mut self, value: u64) {
        self.0.extend(value.to_le_bytes());
    }
    fn bytes(&mut self, value: &[u8]) {
        self.u32(value.len() as u32);
        self.0.extend(value);
    }
    /// As many bytes, made of the digest: they differ where the contents do, and that is all that a checksum asks of them.
    fn known(&mut self, length: u64, digest: u64) {
        self.0.extend(digest.to_le_bytes().iter().cycle().take(length as usize));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Content;

    #[test]
    fn a_frame_is_its_length_its_checksum_and_the_encoding() {
        let bytes = frame(&(7u32, "ab".to_string()));
        assert_eq!(bytes[..4], [10, 0, 0, 0]);
        assert_eq!(bytes[12..], [7, 0, 0, 0, 2, 0, 0, 0, b'a', b'b']);
        assert_eq!(bytes[4..12], 0x4651_1ca6_6c85_2699_u64.to_le_bytes(), "{:x?}", &bytes[4..12]);
    }

    #[test]
    fn a_frame_has_as_many_bytes_as_are_counted() {
        let (text, content) = ("the quick brown fox".to_string(), Content::new("the quick brown fox".to_string()));
        assert_eq!((frame(&text).len() as u64, frame(&content).len() as u64), (size(&text), size(&content)));
        assert_eq!(frame(&()).len() as u64, FRAME_BYTES);
        assert!([frame(&text), frame(&content), frame(&())].iter().all(|bytes| verifies(bytes)));
    }

    #[test]
    fn no_bit_and_no_byte_of_a_frame_may_change_or_be_missing() {
        for record in [String::new(), "a".to_string(), "the quick brown fox".to_string()] {
            let whole = frame(&record);
            for length in 0..whole.len() {
                assert!(!verifies(&whole[..length]), "{length} bytes of {record:?}");
            }
            for bit in 0..whole.len() * 8 {
                let mut bytes = whole.clone();
                bytes[bit / 8] ^= 1 << (bit % 8);
                assert!(!verifies(&bytes), "bit {bit} of {record:?}");
            }
        }
    }
}
