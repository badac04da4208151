//! A page: consecutive pairs of the tables, under the first key among them.
//!
//! sled takes some 15 us and 100 bytes for each key, and the tables have two or three keys for an entry: therefore many pairs
//! share one key there. A page contains the first key of the next page, so that a lost page is noticed.

use crate::index::list;

/// The size at which a page is full, in bytes. A value larger than a quarter of one of sled's segments has a file of its own,
/// which is removed when the value is replaced.
const PAGE_BYTES: usize = 64 << 10;

/// Divides pairs into pages: the first key of each page, and its bytes. The key of the first page is empty.
pub(super) fn pages<'p>(pairs: impl IntoIterator<Item = (&'p [u8], &'p [u8])>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut pages: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    let (mut first, mut body, mut last) = (Vec::new(), Vec::new(), Vec::new());
    for (key, value) in pairs {
        if body.len() >= PAGE_BYTES {
            let next = key.to_vec();
            pages.push((std::mem::replace(&mut first, next), page(Some(key), &body)));
            body.clear();
            last.clear();
        }
        let shared = key.iter().zip(&last).take_while(|(a, b)| a == b).count();
        list::push(&mut body, shared as u64);
        list::push(&mut body, (key.len() - shared) as u64);
        body.extend_from_slice(&key[shared..]);
        list::push(&mut body, value.len() as u64);
        body.extend_from_slice(value);
        last.truncate(shared);
        last.extend_from_slice(&key[shared..]);
    }
    pages.push((first, page(None, &body)));
    pages
}

fn page(next: Option<&[u8]>, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(body.len() + 32);
    list::push(&mut bytes, next.map_or(0, |next| next.len() as u64 + 1));
    bytes.extend_from_slice(next.unwrap_or_default());
    bytes.extend_from_slice(body);
    bytes
}

/// A page that is read.
pub(super) struct Page<'p> {
    /// The first key of the next page; `None` in the last.
    pub(super) next: Option<&'p [u8]>,
    body: &'p [u8],
}

impl<'p> Page<'p> {
    /// Reads a page; `None` if the bytes are malformed.
    pub(super) fn of(mut bytes: &'p [u8]) -> Option<Page<'p>> {
        let Some(length) = list::take(&mut bytes)?.checked_sub(1) else {
            return Some(Page { next: None, body: bytes });
        };
        let (next, body) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
        Some(Page { next: Some(next), body })
    }

    /// Calls `see` for its pairs until that returns false; `None` if the pairs are malformed.
    pub(super) fn each(&self, mut see: impl FnMut(&[u8], &'p [u8]) -> bool) -> Option<()> {
        let (mut rest, mut key) = (self.body, Vec::with_capacity(64));
        while !rest.is_empty() {
            let shared = usize::try_from(list::take(&mut rest)?).ok()?;
            let own = usize::try_from(list::take(&mut rest)?).ok()?;
            let (own, after) = rest.split_at_checked(own)?;
            if shared > key.len() {
                return None;
            }
            key.truncate(shared);
            key.extend_from_slice(own);
            rest = after;
            let length = usize::try_from(list::take(&mut rest)?).ok()?;
            let (value, after) = rest.split_at_checked(length)?;
            rest = after;
            if !see(&key, value) {
                break;
            }
        }
        Some(())
    }
}
