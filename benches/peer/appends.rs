//! Durable appends of one event, of a hundred, and by many writers; and opening a ledger for them.

use std::time::Duration;

use chancery::event::{Event, Index};
use chancery::ledger::{GroupCommit, Writer};
use chancery::log::Disk;

use crate::imports::{Both, options};
use crate::limits::{Raw, noise};
use crate::report::{Bound, Row, Samples, Unit, in_turn, timed};
use crate::shared::{Random, holder};
use crate::sqlite::Peer;
use crate::synthetic::World;
use crate::written::RECORDED;

/// The number of clients that write at once.
const WRITERS: usize = 64;

fn writer(both: &Both) -> Writer {
    Writer::open(&both.ledger, &holder(), Disk::default()).unwrap()
}

/// The world after everything that is recorded.
pub(crate) fn continued(both: &Both) -> World {
    let mut world = World::new(both.shape);
    world.batch(both.shape.entries);
    world
}

/// The bytes of a frame that was just appended: header and trailer around leaves, each with its length and hash.
fn frame_bytes(ledger: &Writer, from: u64) -> usize {
    let reading = ledger.reading(options().now);
    let leaves = (from..reading.size().0).map(|at| 36 + reading.leaf(Index(at)).unwrap().len());
    (32 + leaves.sum::<usize>() + 4).next_multiple_of(16)
}

/// Appends batches of one size on each side, and as many raw bytes as Chancery wrote, in turn.
pub(crate) fn appends(both: &Both, world: &mut World, size: usize, rounds: usize) -> Row {
    let mut ledger = writer(both);
    let mut peer = Peer::open(&both.database);
    let mut raw = Raw::create(&both.ledger.with_extension("raw"));
    let mut random = Random(7);
    let [mut own, mut theirs, mut limit] = [Samples::default(), Samples::default(), Samples::default()];
    for _ in 0..rounds {
        let events = world.batch(size);
        theirs.note(size, timed(|| peer.append(&events, RECORDED)));
        let before = ledger.size().0;
        own.note(size, timed(|| ledger.append(events, options()).unwrap()));
        let bytes = noise(&mut random, frame_bytes(&ledger, before));
        limit.note(size, timed(|| raw.write(&bytes)));
    }
    ledger.close().unwrap();
    peer.checkpoint();
    let (unit, [floor, aim]) = match size {
        1 => (Unit::Time, [Bound::OfPeer(0.8), Bound::OfLimit(1.2)]),
        _ => (Unit::Rate, [Bound::OfPeer(3.0), Bound::Fixed(300e3)]),
    };
    Row::new(format!("durable append of {size}, judged and indexed"), unit, own)
        .peer(theirs)
        .limit("raw write and fdatasync", limit)
        .targets(floor, aim)
}

/// Appends by many clients, one event each at a time.
pub(crate) fn writers(both: &Both, world: &mut World, each: usize) -> Row {
    let mut ledger = writer(both);
    let mut peer = Peer::open(&both.database);
    let mut samples = [Samples::default(), Samples::default()];
    for _ in 0..3 {
        // Corrections are left out, because the act that one of them corrects may still be on its way through another thread.
        let mut events = world.batch(WRITERS * each);
        events.retain(|event| event.to.is_none());
        samples[1].note(events.len(), through_one_connection(&mut peer, &events));
        let (count, took);
        (ledger, count, took) = together(ledger, events);
        samples[0].note(count, took);
    }
    ledger.close().unwrap();
    peer.checkpoint();
    let [own, theirs] = samples;
    Row::new(format!("durable appends, {WRITERS} writers"), Unit::Rate, own)
        .peer(theirs)
        .targets(Bound::Fixed(20e3), Bound::Fixed(40e3))
}

/// Appends the events of all writers, each acknowledged by itself, from as many threads: those that wait share a sync.
fn together(ledger: Writer, events: Vec<Event>) -> (Writer, usize, Duration) {
    let (commits, count) = (GroupCommit::new(ledger), events.len());
    let took = timed(|| {
        std::thread::scope(|scope| {
            for own in events.chunks(count.div_ceil(WRITERS)) {
                let commits = &commits;
                scope.spawn(move || {
                    own.iter().for_each(|event| _ = commits.append(vec![event.clone()], options()).unwrap());
                });
            }
        });
    });
    (commits.close(), count, took)
}

/// Does the same in SQLite, which admits one writer at a time: each commit has its own sync.
fn through_one_connection(peer: &mut Peer, events: &[Event]) -> Duration {
    timed(|| events.iter().for_each(|event| peer.append(std::slice::from_ref(event), RECORDED)))
}

/// The time of opening until an append could be made.
pub(crate) fn open(both: &Both, rounds: usize) -> Row {
    let [own, theirs] = in_turn(
        rounds,
        [&mut || (1, timed(|| writer(both))), &mut || (1, timed(|| Peer::open(&both.database).lock()))],
    );
    Row::new("open for writing", Unit::Time, own)
        .peer(theirs)
        .targets(Bound::Fixed(50e-3), Bound::Fixed(5e-3))
}
