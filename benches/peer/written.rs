//! A ledger of synthetic acts, written without judging it.

use std::path::Path;
use std::time::Duration;

use chancery::event::leaf::{encode_event, splice};
use chancery::event::{Event, Instant};
use chancery::ledger::Writer;
use chancery::log::{Append, Disk, Entries};

use crate::samples::timed;
use crate::shared::holder;
use crate::synthetic::World;

/// 2026-01-01 in microseconds.
pub(crate) const RECORDED: i64 = 1_767_225_600_000_000;
/// The name of every such ledger.
pub(crate) const ORIGIN: &str = "chancery.bench/peer";
/// The size of a batch, the same as in `chancery import events`.
const AT_A_TIME: usize = 4_096;

/// Takes batches of a world until there are `entries` entries, and returns the time of the work on them, without the time to make
/// them.
pub(crate) fn batches(world: &mut World, entries: usize, mut work: impl FnMut(Vec<Event>)) -> Duration {
    let mut left = entries;
    let mut took = Duration::ZERO;
    while left > 0 {
        let events = world.batch(left.min(AT_A_TIME));
        left -= events.len();
        took += timed(|| work(events));
    }
    took
}

/// Makes the ledger that an import would make, in a tenth of the time: it writes the leaves, then indexes them, and judges none.
pub(crate) fn written(path: &Path, world: &mut World, entries: usize) -> Duration {
    Entries::create(path, ORIGIN, &Disk::default()).unwrap();
    let log = Entries::open_writer(path, &holder(), Disk::default()).unwrap();
    let mut stamp = RECORDED;
    let took = batches(world, entries, |events| {
        let leaf = |event: &Event| {
            stamp += 1;
            splice(&encode_event(event).unwrap(), Instant::from_micros(stamp)).unwrap()
        };
        let leaves: Vec<Vec<u8>> = events.iter().map(leaf).collect();
        let leaves: Vec<&[u8]> = leaves.iter().map(Vec::as_slice).collect();
        let done = log.append(log.size(), &leaves);
        assert!(matches!(done, Append::Done { .. }), "{done:?}");
    });
    drop(log);
    let index = || Writer::open(path, &holder(), Disk::default()).unwrap().close().unwrap();
    took + timed(index)
}
