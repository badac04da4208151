//! Lists of entries as bytes: numbers with seven bits a byte, the low ones first. Two lists in succession are one list.

use crate::event::Index;

/// Appends a number.
pub(super) fn push(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Takes the first number off the bytes; `None` if they end inside it, or it has more than 64 bits.
pub(super) fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = u64::from(byte & 0x7F);
        number |= bits << shift;
        if (bits << shift) >> shift != bits {
            return None;
        }
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// The number of numbers in a list.
pub(super) fn count(list: &[u8]) -> u64 {
    list.iter().filter(|byte| **byte < 0x80).count() as u64
}

/// The entries of a list, in its order; `None` if the list is cut short.
pub(super) fn entries(mut list: &[u8]) -> Option<Vec<Index>> {
    let mut entries = Vec::with_capacity(list.len() / 2);
    while !list.is_empty() {
        entries.push(Index(take(&mut list)?));
    }
    Some(entries)
}

/// Appends the second half of an id's short form with its entry.
pub(super) fn push_id(bytes: &mut Vec<u8>, half: [u8; 2], entry: Index) {
    bytes.extend_from_slice(&half);
    push(bytes, entry.0);
}

/// The second halves of ids with their entries; `None` if the list is cut short.
pub(super) fn ids(mut list: &[u8]) -> Option<Vec<([u8; 2], Index)>> {
    let mut ids = Vec::new();
    while !list.is_empty() {
        let (half, rest) = list.split_first_chunk::<2>()?;
        list = rest;
        ids.push((*half, Index(take(&mut list)?)));
    }
    Some(ids)
}

/// The entries listed with a second half of an id; `None` if the list is cut short.
pub(super) fn of_id(list: &[u8], half: [u8; 2]) -> Option<Vec<Index>> {
    let of_half = |(listed, entry): ([u8; 2], Index)| (listed == half).then_some(entry);
    Some(ids(list)?.into_iter().filter_map(of_half).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back_from_a_list(numbers in prop::collection::vec(any::<u64>(), 0..20), small in 0..300u64) {
            let mut list = Vec::new();
            let numbers: Vec<u64> = numbers.into_iter().chain([small]).collect();
            numbers.iter().for_each(|number| push(&mut list, *number));
            prop_assert_eq!(count(&list), numbers.len() as u64);
            prop_assert_eq!(entries(&list).unwrap(), numbers.into_iter().map(Index).collect::<Vec<_>>());
            prop_assert!(entries(&[&list[..], &[0x80]].concat()).is_none());
        }
    }

    #[test]
    fn a_number_of_more_than_64_bits_is_refused() {
        let mut largest = Vec::new();
        push(&mut largest, u64::MAX);
        assert_eq!(entries(&largest).unwrap(), [Index(u64::MAX)]);
        *largest.last_mut().unwrap() = 2;
        assert!(entries(&largest).is_none());
        assert!(entries(&[0xFF; 12]).is_none());
    }
}
