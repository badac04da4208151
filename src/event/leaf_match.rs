//! Tests if bytes are the leaf of an entry, without first writing that leaf.

use std::io::{self, Write};

use super::event::Entry;
use super::leaf::{LEAF_BYTES_MAX, check_signatures, wire};
use super::recorder::EventSignature;

/// True if a leaf is, byte for byte, the form in which an entry with these signatures is written.
pub fn is_leaf_of(leaf: &[u8], entry: &Entry, signatures: &[EventSignature]) -> bool {
    leaf.len() <= LEAF_BYTES_MAX && matched(leaf, entry, signatures).is_ok_and(|rest| rest.is_empty())
}

/// Returns the bytes of the leaf that follow the written form of the entry; an error if the two differ.
fn matched<'l>(leaf: &'l [u8], entry: &Entry, signatures: &[EventSignature]) -> io::Result<&'l [u8]> {
    let mut rest = Matching(leaf);
    rest.write_all(br#"{"event":"#)?;
    serde_json::to_writer(&mut rest, &wire(&entry.event))?;
    rest.write_all(br#","recorded_at":""#)?;
    rest.write_all(entry.recorded_at.canonical().as_bytes())?;
    if signatures.is_empty() {
        rest.write_all(br#"","v":1}"#)?;
    } else {
        check_signatures(signatures).map_err(io::Error::other)?;
        rest.write_all(br#"","sig":"#)?;
        serde_json::to_writer(&mut rest, signatures)?;
        rest.write_all(br#","v":2}"#)?;
    }
    Ok(rest.0)
}

/// A writer that compares: it accepts only the bytes with which it begins, and removes them.
struct Matching<'l>(&'l [u8]);

impl Write for Matching<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.strip_prefix(bytes).ok_or(io::ErrorKind::InvalidData)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::leaf::{decode_signed, encode_event, splice_signed};
    use super::super::{Act, BodyId, Event, EventId, Index, Instant, RecorderId};
    use super::*;

    #[test]
    fn only_the_bytes_that_would_be_written_are_the_leaf_of_an_entry() {
        let id = EventId(uuid::Uuid::from_u128(7));
        let mut event = Event::new(id, Act::Founded, BodyId::parse("sco").unwrap());
        event.title = Some("a \"title\"\u{1}\n".into());
        let recorder = RecorderId::parse("desk").unwrap();
        for signed in [vec![], vec![EventSignature { recorder, signature: [7; 64] }]] {
            let at = Instant::from_micros(1_790_000_000_123_456);
            let leaf = splice_signed(&encode_event(&event).unwrap(), at, &signed).unwrap();
            let (entry, signatures) = decode_signed(&leaf, Index(0)).unwrap();
            assert!(is_leaf_of(&leaf, &entry, &signatures));
            for at in 0..leaf.len() {
                let mut other = leaf.clone();
                other[at] ^= 1;
                assert!(!is_leaf_of(&other, &entry, &signatures), "byte {at}");
            }
            assert!(!is_leaf_of(&leaf[..leaf.len() - 1], &entry, &signatures));
            assert!(!is_leaf_of(&[leaf.as_slice(), b" "].concat(), &entry, &signatures));
            let twice = [signatures.clone(), signatures.clone()].concat();
            assert!(signatures.is_empty() || !is_leaf_of(&leaf, &entry, &twice));
        }
    }
}
