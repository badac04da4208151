//! Bodies that are read in one pass have the entries that they have when each is read by itself.

use super::published::{Field, World};
use super::*;

/// What is loaded of every body, read ahead together or not.
fn loaded(path: &Path, ahead: bool, of: &[BodyId]) -> Vec<Vec<Entry>> {
    let mut ledger = Ledger::open_reader(path).unwrap();
    if ahead {
        ledger.read_ahead(of.iter()).unwrap();
        assert!(of.iter().all(|body| ledger.loaded.borrow().contains_key(&Scope::of_body(body.clone()))));
    }
    let mut load = |body: &BodyId| ledger.load(&Scope::of_body(body.clone())).unwrap().entries().to_vec();
    of.iter().map(&mut load).collect()
}

#[test]
fn bodies_that_are_read_at_once_have_the_entries_that_they_have_alone() {
    let bodies = Field::made_up().bodies;
    // With corrections that move entries, and with entries after what is published.
    for (moves, after) in [(true, 0), (false, 20)] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("l");
        Entries::create(&path, ORIGIN, &Disk::default()).unwrap();
        let mut world = World::new(0xa4ead, moves);
        (0..600).for_each(|_| world.step());
        world.write(&path, Disk::default());
        writer(&path).publish_base(&mut |_| {}).unwrap();
        (0..after).for_each(|_| world.step());
        world.write(&path, Disk::default());
        // All bodies need the whole log, two of them less.
        for of in [&bodies[..], &bodies[..2]] {
            let alone = loaded(&path, false, of);
            assert!(alone.iter().all(|entries| entries.len() > 50));
            assert_eq!(loaded(&path, true, of), alone, "{moves}, {after}");
        }
    }
}
