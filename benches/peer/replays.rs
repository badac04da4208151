//! Everything folded again, and everything hashed and judged again.

use std::sync::Arc;
use std::time::Duration;

use chancery::audit::{Options, audit};
use chancery::event::{Day, Entry, ParticipantId, Scope, Size};
use chancery::history::Certainty;
use chancery::index::EventIndex;
use chancery::ledger::{Placed, replay};
use chancery::log::Entries;
use chancery::query::{BodyView, Charters, CheckpointRef, Material};

use crate::chancery::{board_of, open, today};
use crate::imports::Both;
use crate::limits::{leaves, root};
use crate::report::{Bound, Row, Unit, in_turn, timed};
use crate::sqlite::Peer;
use crate::synthetic::TODAY;

/// From the leaves, and from the rows of every event, to how many have which status today.
pub(crate) fn replayed(both: &Both, rounds: usize) -> Row {
    let log = Entries::open_reader(&both.ledger).unwrap();
    let size = log.size();
    let peer = Peer::open(&both.database);
    let fold = || {
        let tally = replay(&log, Size(size), TODAY, &mut |_| {}).unwrap();
        tally.values().flat_map(|statuses| statuses.values()).sum::<u64>()
    };
    assert_eq!(fold(), peer.replay(TODAY) as u64);
    let [own, theirs] = in_turn(
        rounds,
        [&mut || (size as usize, timed(fold)), &mut || {
            (peer.entries() as usize, timed(|| peer.replay(TODAY)))
        }],
    );
    Row::new("replay from leaves to today's statuses", Unit::Rate, own)
        .peer(theirs)
        .targets(Bound::Fixed(1e6), Bound::Fixed(2.5e6))
}

/// The same from the runs of events in sled, on one core.
pub(crate) fn from_runs(both: &Both, rounds: usize) -> Row {
    let log = Entries::open_reader(&both.ledger).unwrap();
    let size = Size(log.size());
    let fold = || {
        let index = EventIndex::open(&both.ledger, log.origin(), DEADLINE).unwrap();
        let mut entries = index.load(&Scope::ALL).unwrap();
        entries.sort_by(|a, b| a.event.body.cmp(&b.event.body));
        let charters = Arc::new(Charters::default());
        let bodies = entries.chunk_by(|a, b| a.event.body == b.event.body);
        bodies.map(|of_body| certain(of_body, size, &charters)).sum::<usize>()
    };
    assert_eq!(fold(), Peer::open(&both.database).replay(TODAY));
    let [own] = in_turn(rounds, [&mut || (size.0 as usize, timed(fold))]);
    Row::new("replay from sled's runs to today's statuses", Unit::Rate, own)
        .targets(Bound::Fixed(3e6), Bound::Fixed(6e6))
}

const DEADLINE: Duration = Duration::from_secs(60);

/// How many certainly have a status today by the entries of their body.
fn certain(entries: &[Entry], size: Size, charters: &Arc<Charters>) -> usize {
    let checkpoint = CheckpointRef { size, root: String::new() };
    let body = &entries[0].event.body;
    let (entries, charters) = (Arc::new(entries.to_vec()), Arc::clone(charters));
    let material = Material { entries, checkpoint, charters, scope: Scope::ALL };
    let view = BodyView::new(&material, body, size, Day::FUTURE).unwrap();
    let has_one =
        |who: &&ParticipantId| view.history(who).settled_on(TODAY).is_some_and(|status| !status.is_none());
    view.participants().filter(has_one).count()
}

/// The same from the rows of the snapshot, by a handle that is opened for it: every row of everybody is read.
pub(crate) fn from_rows(both: &Both, rounds: usize) -> Row {
    let size = Entries::open_reader(&both.ledger).unwrap().size();
    let fold = || {
        let mut ledger = open(&both.ledger);
        let axes = today(&ledger);
        let rosters = board_of(&mut ledger, &axes);
        let certain = |placed: &&Placed| placed.1.reading.certainty == Certainty::Certain;
        rosters.iter().map(|(_, roster)| roster.iter().filter(certain).count()).sum::<usize>()
    };
    assert_eq!(fold(), Peer::open(&both.database).replay(TODAY));
    let [own] = in_turn(rounds, [&mut || (size as usize, timed(fold))]);
    Row::new("replay from rows to today's statuses", Unit::Rate, own)
        .targets(Bound::Fixed(30e6), Bound::Fixed(100e6))
}

/// Every byte of the log verified, beside the raw hashing of the same leaves in memory on one core.
pub(crate) fn hashes(both: &Both, rounds: usize) -> Row {
    let leaves = leaves(&both.ledger);
    let verify = || {
        let (damage, tree) = Entries::verify(&both.ledger).unwrap();
        assert!(damage.is_empty());
        tree.root()
    };
    assert_eq!(verify(), root(&leaves));
    let [own, limit] = in_turn(
        rounds,
        [&mut || (leaves.len(), timed(verify)), &mut || (leaves.len(), timed(|| root(&leaves)))],
    );
    Row::new("audit of the hashes", Unit::Rate, own)
        .limit("raw RFC 6962 on one core", limit)
        .targets(Bound::OfLimit(0.8), Bound::OfLimit(1.9))
}

/// Every check of the audit.
pub(crate) fn audited(both: &Both, rounds: usize) -> Row {
    let size = Entries::open_reader(&both.ledger).unwrap().size() as usize;
    let work = || {
        let report = audit(&both.ledger, &Options::default(), &mut |_, _, _| {}).unwrap();
        assert!(report.is_clean(), "{:?}", report.findings.first());
    };
    let [own] = in_turn(rounds, [&mut || (size, timed(work))]);
    Row::new("audit of everything, with judgement", Unit::Rate, own)
        .targets(Bound::Fixed(300e3), Bound::Fixed(700e3))
}
