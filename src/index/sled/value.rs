//! The values of sled: an envelope around a payload.
//!
//! Magic `0xC7`, schema (2 bytes), CRC-32C (4 bytes), payload. The decoder has a limit, reads every byte, and bincode is
//! big-endian. The content of larger runs is compressed inside it.

use std::borrow::Cow;

use bincode::{BorrowDecode, Encode};

const MAGIC: u8 = 0xC7;
/// Frozen with the bytes: an index of another schema is not read, but made anew.
const SCHEMA: u16 = 7;
const HEADER_BYTES: usize = 7;
const LIMIT: usize = 128 << 20;
/// The compression level of Zstandard. At 3 a million entries took up more, at 6 a fiftieth less.
const LEVEL: i32 = 1;
const PACKED: u8 = 1;
const PLAIN: u8 = 0;

fn config() -> impl bincode::config::Config {
    bincode::config::standard().with_big_endian().with_limit::<LIMIT>()
}

/// Encodes a value without its envelope.
pub(super) fn encode<T: Encode>(value: &T) -> Vec<u8> {
    // bincode cannot fail here: these are plain structs of text and numbers, encoded into memory.
    bincode::encode_to_vec(value, config()).unwrap_or_default()
}

/// Decodes a value that may borrow its texts; the value must use every byte.
pub(super) fn decode<'a, T: BorrowDecode<'a, ()>>(bytes: &'a [u8]) -> Result<T, String> {
    let (value, used) = bincode::borrow_decode_from_slice(bytes, config()).map_err(|e| e.to_string())?;
    if used == bytes.len() { Ok(value) } else { Err("a value has bytes to spare".into()) }
}

/// Decodes the first value and removes it from bytes that contain more.
pub(super) fn decode_first<'a, T: BorrowDecode<'a, ()>>(bytes: &mut &'a [u8]) -> Result<T, String> {
    let (value, used) = bincode::borrow_decode_from_slice(bytes, config()).map_err(|e| e.to_string())?;
    *bytes = bytes.get(used..).unwrap_or_default();
    Ok(value)
}

/// Puts a payload into its envelope.
pub(super) fn seal(payload: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(HEADER_BYTES + payload.len());
    value.push(MAGIC);
    value.extend_from_slice(&SCHEMA.to_be_bytes());
    value.extend_from_slice(&crc32c::crc32c(payload).to_be_bytes());
    value.extend_from_slice(payload);
    value
}

/// Takes a payload out of its envelope.
pub(super) fn unseal(value: &[u8]) -> Result<&[u8], String> {
    let (header, payload) = value.split_at_checked(HEADER_BYTES).ok_or("a value is cut short")?;
    match header {
        [MAGIC, a, b, sum @ ..] if [*a, *b] == SCHEMA.to_be_bytes() => {
            let sound = *sum == crc32c::crc32c(payload).to_be_bytes();
            sound.then_some(payload).ok_or_else(|| "a value does not match its checksum".into())
        }
        [MAGIC, ..] => Err("a value has another schema".into()),
        _ => Err("a value has no envelope".into()),
    }
}

/// A payload after a byte for its form; compressed, after its length, if that is asked for and makes it shorter.
pub(super) fn packed(plain: &[u8], compress: bool) -> Vec<u8> {
    let compressed = compress.then(|| zstd::bulk::compress(plain, LEVEL)).and_then(Result::ok);
    let (mut payload, body) = match compressed.filter(|body| body.len() + 4 < plain.len()) {
        Some(body) => ([&[PACKED][..], &(plain.len() as u32).to_be_bytes()].concat(), Cow::Owned(body)),
        None => (vec![PLAIN], Cow::Borrowed(plain)),
    };
    payload.extend_from_slice(&body);
    payload
}

/// Reads the form of a payload and decompresses it if necessary.
pub(super) fn unpacked(payload: &[u8]) -> Result<Cow<'_, [u8]>, String> {
    match payload.split_first() {
        Some((&PLAIN, plain)) => Ok(Cow::Borrowed(plain)),
        Some((&PACKED, rest)) => {
            let (length, body) = rest.split_first_chunk::<4>().ok_or("a run is cut short")?;
            let length = u32::from_be_bytes(*length) as usize;
            let plain = zstd::bulk::decompress(body, length.min(LIMIT)).map_err(|e| e.to_string())?;
            if plain.len() == length { Ok(Cow::Owned(plain)) } else { Err("a run is cut short".into()) }
        }
        _ => Err("a run has another form".into()),
    }
}
