//! Folding everything again, and hashing and judging everything again.

use chancery::audit::{AuditOptions, audit};
use chancery::event::Size;
use chancery::ledger::{entries_of_leaves, replay};
use chancery::log::Entries;

use crate::imports::Both;
use crate::limits::{leaves, root};
use crate::report::{Bound, Row, Unit, in_turn, timed};
use crate::sqlite::Peer;
use crate::synthetic::TODAY;

/// Counts the participants with each status today: from the leaves, and from SQLite's rows of every event.
pub(crate) fn replayed(both: &Both, rounds: usize) -> Row {
    let log = Entries::open_reader(&both.ledger).unwrap();
    let size = log.size();
    let peer = Peer::open(&both.database);
    let fold = || {
        let entries = entries_of_leaves(&log, Size(size)).unwrap();
        let tally = replay(&entries, TODAY, &|_| {});
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

/// Verifies every byte of the log, beside the raw hashing of the same leaves in memory on one core.
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

/// Makes every check of the audit.
pub(crate) fn audited(both: &Both, rounds: usize) -> Row {
    let size = Entries::open_reader(&both.ledger).unwrap().size() as usize;
    let work = || {
        let report = audit(&both.ledger, &AuditOptions::default(), &mut |_, _, _| {}).unwrap();
        assert!(report.is_clean(), "{:?}", report.findings.first());
    };
    let [own] = in_turn(rounds, [&mut || (size, timed(work))]);
    Row::new("audit of everything, with judgement", Unit::Rate, own)
        .targets(Bound::Fixed(300e3), Bound::Fixed(700e3))
}
