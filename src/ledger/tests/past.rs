//! What was folded for one question about the past answers another one only where the plain fold would say the same.

use super::published::{Field, Random, World, compare_at, questions};
use super::*;

/// Questions that lie near each other: some are of the region of another, some just beyond its edge.
fn asked_nearby(ledger: &mut Ledger, entries: &[Entry], count: usize, random: &mut Random) {
    let field = Field::made_up();
    let size = entries.len();
    for _ in 0..count.div_ceil(NEARBY) {
        let body = &field.bodies[random.below(2)];
        let who = &field.participants[random.below(3)];
        let (recorded, known) = (1 + random.below(size), random.day(field.days).days());
        for _ in 0..NEARBY {
            let recorded = (recorded + random.below(5)).min(size);
            let known = known + [0, 1, 30, 400][random.below(4)] - [0, 1, 30, 400][random.below(4)];
            let known = (random.below(8) > 0).then(|| Edtf::day(Day::from_days(known)));
            let axes = Axes::on_day(random.day(field.days), known, Size(recorded as u64));
            compare_at(ledger, entries, (who, body), &axes);
        }
    }
}

const NEARBY: usize = 20;

#[test]
fn questions_near_each_other_are_answered_as_the_fold_of_all_entries_answers_them() {
    for (moves, seed) in [(false, 0x9a51_u64), (true, 0x9a52)] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("l");
        Entries::create(&path, ORIGIN, &Disk::default()).unwrap();
        let (mut world, mut random) = (World::new(seed, moves), Random(seed ^ 0x5555));
        for published in [true, false, true] {
            (0..60).for_each(|_| world.step());
            // Much is corrected, also corrections.
            for _ in 0..60 {
                let number = world.id();
                let correction = world.correction(number);
                world.events.push(correction);
            }
            world.write(&path, Disk::default());
            match published {
                true => writer(&path).publish_base(&mut |_| {}).unwrap(),
                false => _ = std::fs::remove_dir_all(path.join("snapshot")),
            }
            let mut ledger = Ledger::open_reader(&path).unwrap();
            asked_nearby(&mut ledger, &world.entries(), questions() / 6, &mut random);
        }
    }
}

/// Whether a question is answered by what was folded before.
fn is_kept(ledger: &Ledger, who: &ParticipantId, axes: &Axes) -> bool {
    ledger.past.row(who, &body("sco"), axes).is_some()
}

#[test]
fn what_was_folded_answers_within_its_region_and_no_further() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = small(&dir.path().join("l"));
    let act = grant(50, "MNG", "2004-06-17");
    let mut corrected = rectification(51, &act, "decided", "2004-06-20");
    corrected.known_from = Some(Edtf::parse("2010-03-01").unwrap());
    let Act::RecordCorrected(correction) = &mut corrected.act else { panic!() };
    correction.cause = Cause::SourceChanged;
    ledger.append(vec![act, grant(52, "IND", "2005-07-05"), corrected], options(START + 10)).unwrap();
    let mongolia = who("MNG");
    let mut ask = |known: &str, size| {
        let axes = axes("2004-06-18", Some(known), Size(size));
        let kept = is_kept(&ledger, &mongolia, &axes);
        let said = ledger.status_on(&mongolia, &body("sco"), &axes).unwrap();
        (kept, said.reading.statuses[0].to_string())
    };
    let (observer, none) = ("observer".to_owned(), "none".to_owned());
    // The correction is recorded as entry 9, and known from the first of March on.
    assert_eq!(ask("2010-02-01", 10), (false, observer.clone()));
    assert_eq!(ask("2010-02-28", 10), (true, observer.clone()));
    assert_eq!(ask("2010-03-01", 10), (false, none.clone()));
    assert_eq!(ask("2010-06-10", 10), (true, none.clone()));
    assert_eq!(ask("2010-03-01", 9), (false, observer.clone()));
    // The entry before it is of another participant.
    assert_eq!(ask("2010-03-01", 8), (true, observer.clone()));
    assert_eq!(ask("2004-06-16", 8), (false, none.clone()));
    assert_eq!(ask("2010-03-01", 7), (false, none));
}

#[test]
fn what_was_folded_is_forgotten_when_something_is_recorded_or_supposed() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = small(&dir.path().join("l"));
    ledger.append(vec![grant(50, "MNG", "2004-06-17")], options(START + 10)).unwrap();
    let mongolia = who("MNG");
    let asked = axes("2005-01-01", Some("2020-01-01"), Size(u64::MAX));
    let said = |ledger: &mut Ledger| {
        let said = ledger.status_on(&mongolia, &body("sco"), &asked).unwrap();
        assert!(is_kept(ledger, &mongolia, &asked));
        said.reading.statuses[0].to_string()
    };
    assert_eq!(said(&mut ledger), "observer");
    let withdrawn = retraction(51, &grant(50, "MNG", "2004-06-17"), Cause::Clerical);
    ledger.append(vec![withdrawn.clone()], options(START + 20)).unwrap();
    assert_eq!(said(&mut ledger), "none");
    ledger.suppose(vec![retraction(52, &withdrawn, Cause::Clerical)]).unwrap();
    assert_eq!(said(&mut ledger), "observer");
}
