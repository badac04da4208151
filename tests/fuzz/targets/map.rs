#![no_main]
//! Completeness maps as they are kept: bytes that are taken have one form. The checksum is written anew, as who forges them
//! would.

use chancery::index::GroupMap;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let mut bytes = body.to_vec();
    bytes.extend_from_slice(&crc32c::crc32c(body).to_le_bytes());
    if let Some(map) = GroupMap::decode(&bytes) {
        let _ = (map.size(), map.root());
        if let Some(written) = map.encode() {
            assert!(written == bytes, "a map of {} groups has two forms", map.groups());
        }
    }
});
