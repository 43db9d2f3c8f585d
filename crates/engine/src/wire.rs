//! The wire encoding: where byte counts and run digests come from. Messages are never really parsed back: a run hands the
//! value itself to the receiver, so there is an encoder and deliberately no decoder.

use crate::id::{NodeId, OpId, Update};
use crate::random::Hasher64;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::rc::Rc;

/// A value with one portable encoding. Two values are equal exactly when their encodings are.
pub trait Wire {
    /// Writes the encoding: little-endian integers, lengths before sequences, a tag byte before the fields of a variant.
    fn encode(&self, sink: &mut impl Sink);

    /// The number of bytes of the encoding.
    fn wire_len(&self) -> u64 {
        let mut length = Length(0);
        self.encode(&mut length);
        length.0
    }

    /// A 64-bit digest of the encoding, the same on every platform. It detects accidents, not attacks.
    fn wire_digest(&self) -> u64 {
        let mut digest = Digest(Hasher64::new());
        self.encode(&mut digest);
        digest.0.finish64()
    }
}

/// What an encoding is written to: a length, a digest, or the bytes on a disk.
pub trait Sink {
    /// One byte.
    fn u8(&mut self, value: u8);
    /// Four bytes.
    fn u32(&mut self, value: u32);
    /// Eight bytes.
    fn u64(&mut self, value: u64);
    /// Text or other bytes, after their length in four bytes.
    fn bytes(&mut self, value: &[u8]);
    /// A part whose length and digest are known: its content is not walked again.
    fn known(&mut self, length: u64, digest: u64);

    /// Eight bytes, two's complement.
    fn i64(&mut self, value: i64) {
        self.u64(value as u64);
    }
}

struct Length(u64);

impl Sink for Length {
    #[inline]
    fn u8(&mut self, _: u8) {
        self.0 += 1;
    }
    #[inline]
    fn u32(&mut self, _: u32) {
        self.0 += 4;
    }
    #[inline]
    fn u64(&mut self, _: u64) {
        self.0 += 8;
    }
    #[inline]
    fn bytes(&mut self, value: &[u8]) {
        self.0 += 4 + value.len() as u64;
    }
    #[inline]
    fn known(&mut self, length: u64, _: u64) {
        self.0 += length;
    }
}

struct Digest(Hasher64);

impl Sink for Digest {
    #[inline]
    fn u8(&mut self, value: u8) {
        self.0.write_u64(u64::from(value));
    }
    #[inline]
    fn u32(&mut self, value: u32) {
        self.0.write_u64(u64::from(value));
    }
    #[inline]
    fn u64(&mut self, value: u64) {
        self.0.write_u64(value);
    }
    #[inline]
    fn bytes(&mut self, value: &[u8]) {
        self.0.write_u64(value.len() as u64);
        for chunk in value.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0.write_u64(u64::from_le_bytes(word));
        }
    }
    #[inline]
    fn known(&mut self, length: u64, digest: u64) {
        self.0.write_u64(length);
        self.0.write_u64(digest);
    }
}

/// A large immutable part of a message, shared by reference: its length and digest are computed once, when it is made,
/// however often it is sent.
#[derive(Debug)]
pub struct Content<T> {
    shared: Rc<Cached<T>>,
}

#[derive(Debug)]
struct Cached<T> {
    length: u64,
    digest: u64,
    value: T,
}

impl<T: Wire> Content<T> {
    /// Encodes `value` once and shares it.
    pub fn new(value: T) -> Content<T> {
        let (length, digest) = (value.wire_len(), value.wire_digest());
        Content { shared: Rc::new(Cached { length, digest, value }) }
    }
}

impl<T> Content<T> {
    /// Whether both share one value: then they are equal without a look inside.
    #[inline]
    pub fn same(&self, other: &Content<T>) -> bool {
        Rc::ptr_eq(&self.shared, &other.shared)
    }

    /// The digest of the encoding.
    #[inline]
    pub fn digest(&self) -> u64 {
        self.shared.digest
    }
}

impl<T> Clone for Content<T> {
    #[inline]
    fn clone(&self) -> Content<T> {
        Content { shared: Rc::clone(&self.shared) }
    }
}

impl<T> Deref for Content<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.shared.value
    }
}

impl<T: PartialEq> PartialEq for Content<T> {
    fn eq(&self, other: &Content<T>) -> bool {
        self.same(other) || (self.digest() == other.digest() && **self == **other)
    }
}

impl<T: Eq> Eq for Content<T> {}

impl<T> Hash for Content<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.shared.length);
        state.write_u64(self.shared.digest);
    }
}

impl<T> Wire for Content<T> {
    #[inline]
    fn encode(&self, sink: &mut impl Sink) {
        sink.known(self.shared.length, self.shared.digest);
    }
}

impl Wire for () {
    fn encode(&self, _: &mut impl Sink) {}
}

impl Wire for bool {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u8(u8::from(*self));
    }
}

impl Wire for u32 {
    #[inline]
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(*self);
    }
}

impl Wire for u64 {
    #[inline]
    fn encode(&self, sink: &mut impl Sink) {
        sink.u64(*self);
    }
}

impl Wire for i64 {
    #[inline]
    fn encode(&self, sink: &mut impl Sink) {
        sink.i64(*self);
    }
}

impl Wire for NodeId {
    #[inline]
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.0);
    }
}

impl Wire for OpId {
    #[inline]
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.0);
    }
}

impl Wire for Update {
    #[inline]
    fn encode(&self, sink: &mut impl Sink) {
        self.origin.encode(sink);
        sink.u32(self.number);
    }
}

impl Wire for str {
    fn encode(&self, sink: &mut impl Sink) {
        sink.bytes(self.as_bytes());
    }
}

impl Wire for String {
    fn encode(&self, sink: &mut impl Sink) {
        self.as_str().encode(sink);
    }
}

impl<T: Wire> Wire for Option<T> {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u8(u8::from(self.is_some()));
        if let Some(value) = self {
            value.encode(sink);
        }
    }
}

impl<T: Wire + ?Sized> Wire for Rc<T> {
    fn encode(&self, sink: &mut impl Sink) {
        (**self).encode(sink);
    }
}

impl<T: Wire> Wire for [T] {
    fn encode(&self, sink: &mut impl Sink) {
        sink.u32(self.len() as u32);
        for item in self {
            item.encode(sink);
        }
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn encode(&self, sink: &mut impl Sink) {
        self.as_slice().encode(sink);
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    fn encode(&self, sink: &mut impl Sink) {
        self.0.encode(sink);
        self.1.encode(sink);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_the_encoding() {
        assert_eq!(7u32.wire_len(), 4);
        assert_eq!("abc".wire_len(), 7);
        assert_eq!(Some(7u64).wire_len(), 9);
        assert_eq!(vec![1u32, 2, 3].wire_len(), 16);
    }

    #[test]
    fn content_is_counted_as_what_it_holds_and_digested_once() {
        let text = "the quick brown fox".to_string();
        let content = Content::new(text.clone());
        assert_eq!(content.wire_len(), text.wire_len());
        assert_eq!(content, Content::new(text));
        assert_ne!(content, Content::new("another".to_string()));
    }

    #[test]
    fn digests_are_pinned() {
        assert_ne!("ab".wire_digest(), "ab\0".wire_digest());
        assert_ne!((1u32, 2u32).wire_digest(), (2u32, 1u32).wire_digest());
    }
}
