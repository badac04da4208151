//! Compares spells of a status, as another data set states them, with those that our record gives.

use std::collections::{BTreeMap, BTreeSet};

use super::candidate::{self, Likeness, hashed};
use super::date::{Side, apart, side};
use super::family::in_words;
use super::{Class, Comparison, Difference, Within};
use crate::event::{Day, Edtf, Index, ParticipantId, Role, StatusId};
use crate::history::{Certainty, line};
use crate::query::body::BodyView;
use crate::query::spells::{SpellRow, UNKNOWN, listed, rows};

/// A spell as another data set states it.
#[derive(Clone, PartialEq, Debug)]
pub struct TheirSpell {
    /// The line of the file, from 1.
    pub line: u64,
    /// The participant as it is named there.
    pub named: String,
    /// The participant to which this name resolves.
    pub participant: ParticipantId,
    /// The status, by its id in the charter; `unknown` if it is not settled.
    pub status: String,
    /// The first day; `None` if the spell has no beginning.
    pub from: Option<Edtf>,
    /// The first day after the spell; `None` if the spell has no end.
    pub until: Option<Edtf>,
}

/// Compares the spells that another data set states for one body with those of its view.
///
/// A spell is matched first with the one of the same status and days; then with such a spell under another name of its
/// line; then with a spell of the same status that shares days with it, whose beginning and end are compared
/// separately.
pub fn compare_spells(view: &BodyView, theirs: &[TheirSpell], within: &Within) -> Comparison {
    let mut groups: BTreeMap<ParticipantId, Group<'_>> = BTreeMap::new();
    for spell in theirs {
        let group = groups.entry(line(&spell.participant)).or_default();
        group.theirs.push(Stated { spell, settled: false });
    }
    for who in listed(view) {
        let group = groups.entry(line(who)).or_default();
        let own = rows(view, &view.history(who), who).into_iter();
        group.ours.extend(own.map(|row| Recorded { row, covered: false }));
    }
    let mut out = Comparison::default();
    for group in groups.values_mut() {
        group.same(&mut out);
    }
    suggest(&mut groups, view, &mut out);
    for group in groups.values_mut() {
        for at in 0..group.theirs.len() {
            group.settle(at, view, &mut out);
        }
        group.missing_there(view, within, &mut out);
    }
    out.sort();
    out
}

struct Stated<'t> {
    spell: &'t TheirSpell,
    settled: bool,
}

struct Recorded {
    row: SpellRow,
    covered: bool,
}

#[derive(Default)]
struct Group<'t> {
    theirs: Vec<Stated<'t>>,
    ours: Vec<Recorded>,
}

/// True if two ends of a spell are the same day, or both open.
fn equal(theirs: Option<&Edtf>, ours: Option<&Edtf>) -> bool {
    match (theirs, ours) {
        (Some(theirs), Some(ours)) => side(theirs, ours) == Side::Equal,
        (theirs, ours) => theirs.is_none() && ours.is_none(),
    }
}

fn alike(theirs: &TheirSpell, ours: &SpellRow) -> bool {
    theirs.status == ours.status
        && equal(theirs.from.as_ref(), ours.from.as_ref())
        && equal(theirs.until.as_ref(), ours.until.as_ref())
}

/// True if two spells may have a day in common.
fn meet(theirs: &TheirSpell, ours: &SpellRow) -> bool {
    let first = |date: Option<&Edtf>| date.map_or(Day::PAST, Edtf::earliest);
    let end = |date: Option<&Edtf>| date.map_or(Day::FUTURE, Edtf::latest);
    let (from, until) = (first(theirs.from.as_ref()), end(theirs.until.as_ref()));
    let own_from = first(ours.from_earliest.as_ref().or(ours.from.as_ref()));
    let own_until = end(ours.until_latest.as_ref().or(ours.until.as_ref()));
    from < own_until && own_from < until.max(from.next())
}

/// A span in words: `2004-03-29 until 2010-05-01`, with `..` for an open end.
fn days(from: Option<&Edtf>, until: Option<&Edtf>) -> String {
    let end = |date: Option<&Edtf>| date.map_or_else(|| "..".to_owned(), ToString::to_string);
    format!("{} until {}", end(from), end(until))
}

fn told(view: &BodyView, theirs: &TheirSpell, difference: Difference) -> Difference {
    Difference {
        participant: Some(theirs.participant.clone()),
        named: Some(theirs.named.clone()),
        body: Some(view.charter.body.clone()),
        line: Some(theirs.line),
        what: Some(theirs.status.clone()),
        theirs: Some(days(theirs.from.as_ref(), theirs.until.as_ref())),
        ..difference
    }
}

/// A difference between their spell and one of ours.
fn beside(view: &BodyView, theirs: &TheirSpell, ours: &SpellRow, difference: Difference) -> Difference {
    Difference {
        participant: Some(ours.iso3c.clone()),
        ours: Some(format!("{} {}", ours.status, days(ours.from.as_ref(), ours.until.as_ref()))),
        entry: ours.entries.last().copied(),
        ..told(view, theirs, difference)
    }
}

impl Group<'_> {
    /// Counts the spells that our record has with the same name, status and days.
    fn same(&mut self, out: &mut Comparison) {
        for theirs in &mut self.theirs {
            let found = self
                .ours
                .iter_mut()
                .find(|ours| ours.row.iso3c == theirs.spell.participant && alike(theirs.spell, &ours.row));
            let Some(ours) = found else { continue };
            (ours.covered, theirs.settled) = (true, true);
            out.same += 1;
        }
    }

    fn settle(&mut self, at: usize, view: &BodyView, out: &mut Comparison) {
        let theirs = self.theirs[at].spell;
        if std::mem::replace(&mut self.theirs[at].settled, true) {
            return;
        }
        if let Some(found) = self.ours.iter().position(|ours| !ours.covered && alike(theirs, &ours.row)) {
            let ours = &mut self.ours[found];
            ours.covered = true;
            let words =
                format!("{} there, {} here: one line under two names", theirs.participant, ours.row.iso3c);
            let difference = Difference::new(Class::Naming, None, words);
            out.differences.push(beside(view, theirs, &ours.row, difference));
            return;
        }
        let open = self.overlapping(theirs);
        if let Some(words) = impossible(view, theirs) {
            let difference = Difference::impossible(words);
            out.differences.push(match open {
                Some(found) => {
                    self.ours[found].covered = true;
                    beside(view, theirs, &self.ours[found].row, difference)
                }
                None => told(view, theirs, difference),
            });
            return;
        }
        let Some(found) = open else {
            let words = format!(
                "no status of it is recorded here in these days, nor any act that gives {}",
                theirs.status
            );
            out.differences.push(told(view, theirs, Difference::missing_here(words)));
            return;
        };
        self.ours[found].covered = true;
        let ours = &self.ours[found].row;
        if ours.status == theirs.status {
            return ends(view, theirs, ours, out);
        }
        out.differences.push(beside(view, theirs, ours, of_another_status(theirs, ours)));
    }

    /// The spell of ours with which theirs is compared: one of the same status before any other, an unmatched one
    /// before a matched one, then the one that begins nearest.
    fn overlapping(&self, theirs: &TheirSpell) -> Option<usize> {
        let from = |date: Option<&Edtf>| i64::from(date.map_or(Day::PAST, Edtf::earliest).days());
        let meets = (0..self.ours.len()).filter(|at| meet(theirs, &self.ours[*at].row));
        let rank = |at: &usize| {
            let Recorded { row, covered } = &self.ours[*at];
            let gap = (from(row.from.as_ref()) - from(theirs.from.as_ref())).abs();
            (row.status != theirs.status || *covered, *covered, row.status == UNKNOWN, gap)
        };
        meets.min_by_key(rank)
    }

    fn missing_there(&self, view: &BodyView, within: &Within, out: &mut Comparison) {
        let left = self.ours.iter().filter(|ours| !ours.covered && within.covers_line(&ours.row.iso3c));
        for Recorded { row, .. } in left {
            // Our unsettled days, if theirs settle them, are reported with the beginning of the next spell.
            let decided = self.theirs.iter().any(|theirs| meet(theirs.spell, row));
            if row.status == UNKNOWN && decided {
                continue;
            }
            out.differences.push(Difference {
                participant: Some(row.iso3c.clone()),
                body: Some(view.charter.body.clone()),
                what: Some(row.status.clone()),
                ours: Some(days(row.from.as_ref(), row.until.as_ref())),
                entry: row.entries.last().copied(),
                ..Difference::missing_there("not in the file, which covers both")
            });
        }
    }
}

/// The reason why no record could have this spell; `None` if one could.
fn impossible(view: &BodyView, theirs: &TheirSpell) -> Option<String> {
    if let Some((from, until)) = theirs.from.as_ref().zip(theirs.until.as_ref())
        && until.latest() < from.earliest()
    {
        return Some(format!("it ends before it begins: {until} lies before {from}"));
    }
    let known = StatusId::parse(&theirs.status).ok().filter(|id| view.charter.status(id).is_some());
    if known.is_none() && theirs.status != UNKNOWN {
        let title = view.charter.about.in_short();
        return Some(format!("{:?} is no status of {title}: chancery charter show", theirs.status));
    }
    let began = view.charter.about.began.as_ref()?;
    let early = theirs.from.as_ref().is_some_and(|from| from.latest() < began.earliest());
    early.then(|| format!("it begins before the body, which began on {began}"))
}

/// The difference between spells of two statuses that share days.
fn of_another_status(theirs: &TheirSpell, ours: &SpellRow) -> Difference {
    let possible = || ours.possible.iter().map(StatusId::as_str).collect::<Vec<_>>();
    match ours.certainty {
        Certainty::Certain if theirs.status == UNKNOWN => {
            Difference::new(Class::Precision, None, "theirs is not settled, ours is")
        }
        Certainty::Certain => {
            Difference::contradicts(format!("{} there, {} here", theirs.status, ours.status))
        }
        _ => {
            let words = format!("ours is not settled: {}", possible().join(" or "));
            let holds = theirs.status == UNKNOWN || possible().contains(&theirs.status.as_str());
            match holds {
                true => Difference::new(Class::Precision, None, words),
                false => Difference::contradicts(format!("{} there; {words}", theirs.status)),
            }
        }
    }
}

/// One end of a spell on both sides; `None` is an open end.
struct End<'s> {
    name: &'static str,
    theirs: Option<&'s Edtf>,
    ours: Option<&'s Edtf>,
    /// The days between which our end lies.
    bounds: Option<Edtf>,
}

/// Compares the beginning and the end of two spells of one status.
fn ends(view: &BodyView, theirs: &TheirSpell, ours: &SpellRow, out: &mut Comparison) {
    let bounds = |a: &Option<Edtf>, b: &Option<Edtf>| {
        let (first, last) = (a.as_ref()?, b.as_ref()?);
        Some(Edtf::one_of(first.earliest(), last.latest()))
    };
    let from = End {
        name: "from",
        theirs: theirs.from.as_ref(),
        ours: ours.from.as_ref(),
        bounds: bounds(&ours.from_earliest, &ours.from_latest),
    };
    let until = End {
        name: "until",
        theirs: theirs.until.as_ref(),
        ours: ours.until.as_ref(),
        bounds: bounds(&ours.until_earliest, &ours.until_latest),
    };
    for end in [from, until].into_iter().filter(|end| !equal(end.theirs, end.ours)) {
        let difference = end.differs(view, ours);
        let entry = difference.entry;
        let word = |date: Option<&Edtf>| date.map_or_else(|| "..".to_owned(), ToString::to_string);
        let ours_on = difference.ours.clone().or_else(|| Some(word(end.ours)));
        out.differences.push(Difference {
            role: Some(end.name),
            theirs: Some(word(end.theirs)),
            ours: ours_on,
            entry: entry.or(ours.entries.last().copied()),
            ..beside(view, theirs, ours, difference)
        });
    }
}

impl End<'_> {
    fn differs(&self, view: &BodyView, spell: &SpellRow) -> Difference {
        let name = self.name;
        let Some(theirs) = self.theirs else {
            return match name {
                "from" => Difference::contradicts("theirs has no beginning"),
                _ => Difference::missing_there("theirs has no end"),
            };
        };
        let ours = self.bounds.as_ref().or(self.ours);
        let words = ours.map(|ours| side(theirs, ours)).map(|side| (side, side.precision()));
        match words {
            Some((_, Some(words))) => return Difference::new(Class::Precision, None, words),
            Some((Side::Equal, None)) => {
                return Difference::new(
                    Class::Precision,
                    None,
                    "as our source states it, which is no one day",
                );
            }
            _ => {}
        }
        if let Some((role, act, entry)) = role_of(view, spell, theirs) {
            let words = format!("they begin or end it with what we have as {role} ({act}, entry {entry})");
            return Difference { entry: Some(entry), ..Difference::new(Class::DateRole, None, words) };
        }
        match words {
            Some((Side::Apart(days), _)) => Difference::contradicts(apart(days)),
            _ if name == "until" => Difference::missing_here("nothing recorded here ends it"),
            _ => Difference::contradicts("ours has no beginning"),
        }
    }
}

/// The act of the participant that has this day in any role. The acts on which the spell rests are searched before the
/// others.
pub(super) fn role_of(view: &BodyView, spell: &SpellRow, on: &Edtf) -> Option<(Role, String, Index)> {
    let acts = &view.pairs.get(&spell.iso3c)?.own;
    let rests = |index: &Index| spell.entries.contains(index);
    let (first, then): (Vec<_>, Vec<_>) = acts.iter().partition(|act| rests(&act.index));
    first.into_iter().chain(then).find_map(|act| {
        let (role, _) = act.event.dates.iter().find(|(_, date)| side(on, date) == Side::Equal)?;
        Some((role, in_words(&act.event.act), act.index))
    })
}

/// Suggests names for participants that only one side has.
fn suggest(groups: &mut BTreeMap<ParticipantId, Group<'_>>, view: &BodyView, out: &mut Comparison) {
    let mark = |status: &str, from: Option<&Edtf>, until: Option<&Edtf>| {
        let day = |date: Option<&Edtf>| date.map(|date| (date.earliest(), date.latest()));
        hashed(&(status, day(from), day(until)))
    };
    let (mut theirs, mut ours) = (Vec::new(), Vec::new());
    for (who, group) in groups.iter() {
        let they = group.theirs.iter().map(|t| t.spell);
        let they: BTreeSet<u64> = they.map(|t| mark(&t.status, t.from.as_ref(), t.until.as_ref())).collect();
        let we = group.ours.iter().map(|o| &o.row);
        let we: BTreeSet<u64> = we.map(|o| mark(&o.status, o.from.as_ref(), o.until.as_ref())).collect();
        match (they.is_empty(), we.is_empty()) {
            (false, true) => theirs.push(Likeness { who: who.clone(), marks: they }),
            (true, false) => ours.push(Likeness { who: who.clone(), marks: we }),
            _ => {}
        }
    }
    for (they, we, words) in candidate::participants(&theirs, &ours) {
        let Some(mut other) = groups.remove(&we) else { continue };
        let Some(group) = groups.get_mut(&they) else { continue };
        for theirs in &mut group.theirs {
            let Some(ours) = other.ours.iter_mut().find(|ours| alike(theirs.spell, &ours.row)) else {
                continue;
            };
            (ours.covered, theirs.settled) = (true, true);
            let difference = Difference::new(Class::Naming, None, words.clone());
            out.differences.push(beside(view, theirs.spell, &ours.row, difference));
        }
        group.ours.append(&mut other.ours);
    }
}
