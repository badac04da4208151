//! Derives anew, in the simplest way, the headings under which each entry is filed: one list with a line for each entry under each
//! heading. The ledger's rule is compared with it, so it shares no code with that rule.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;
use smol_str::SmolStr;

use crate::event::{Act, ActKind, BodyId, Correction, Entry, Event, EventId, Field, ParticipantId};

/// Every entry of a record under each of its headings.
#[derive(Default)]
pub(super) struct Filings {
    /// The groups of headings (bodies, and imports as `import:` and the id), by name.
    pub(super) groups: Vec<SmolStr>,
    /// The names of headings in their groups (participants, or nothing), by name.
    pub(super) names: Vec<SmolStr>,
    /// The lines in the order of headings; under one heading, in the order of filing.
    pub(super) lines: Vec<Line>,
}

/// One entry under one heading. Entries are counted from 0, as in the log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    /// The position of the heading's group in `groups`.
    pub(super) group: u32,
    /// The position of the heading's name in `names`.
    pub(super) name: u32,
    pub(super) entry: u32,
    /// The entry that caused this filing: the entry itself, or the correction that moved it.
    pub(super) by: u32,
}

impl Filings {
    /// Files the entries of a whole record, in the order of the log.
    pub(super) fn new(entries: &[Entry]) -> Filings {
        let mut filing = Filing::default();
        let corrections = entries.iter().map(|entry| &entry.event).filter(|event| event.corrects());
        let corrected: HashSet<EventId> = corrections.filter_map(|event| event.to).collect();
        filing.lines.reserve(entries.len());
        for (entry, at) in entries.iter().zip(0..) {
            filing.file(&entry.event, at, &corrected);
        }
        let Filing { groups, names, mut lines, .. } = filing;
        let (groups, group_places) = groups.sorted();
        let (names, name_places) = names.sorted();
        let place = |places: &[u32], number: u32| places.get(number as usize).copied().unwrap_or(number);
        lines.par_iter_mut().for_each(|line| {
            (line.group, line.name) = (place(&group_places, line.group), place(&name_places, line.name));
        });
        // The sort is stable, so lines under one heading stay in their order.
        lines.par_sort_by_key(|line| (line.group, line.name));
        Filings { groups, names, lines }
    }

    /// The entries under the heading of a name in a group, in the order of filing; for acts of the group alone, `name` is empty.
    pub(super) fn under(&self, group: &str, name: &str) -> Vec<usize> {
        let number = self.names.binary_search_by(|other| other.as_str().cmp(name)).map(|at| at as u32);
        let lines = self.lines_of(group);
        let from = number.map(|number| lines.partition_point(|line| line.name < number));
        let (Ok(number), Ok(from)) = (number, from) else { return Vec::new() };
        let lines = lines.iter().skip(from).take_while(|line| line.name == number);
        lines.map(|line| line.entry as usize).collect()
    }

    /// The entries under all headings of a group, in the order of the log, each once.
    pub(super) fn in_group(&self, group: &str) -> Vec<usize> {
        let mut entries: Vec<usize> = self.lines_of(group).iter().map(|line| line.entry as usize).collect();
        entries.sort_unstable();
        entries.dedup();
        entries
    }

    fn lines_of(&self, group: &str) -> &[Line] {
        let Ok(number) = self.groups.binary_search_by(|other| other.as_str().cmp(group)) else { return &[] };
        let number = number as u32;
        let from = self.lines.partition_point(|line| line.group < number);
        let until = self.lines.partition_point(|line| line.group <= number);
        self.lines.get(from..until).unwrap_or_default()
    }
}

/// Names with their numbers, in the order of their first use.
#[derive(Default)]
struct Numbers {
    names: Vec<SmolStr>,
    numbers: HashMap<SmolStr, u32>,
}

impl Numbers {
    fn of(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.names.len() as u32;
        self.names.push(name.into());
        self.numbers.insert(name.into(), number);
        number
    }

    /// The names in sorted order, and the position of each by its number.
    fn sorted(self) -> (Vec<SmolStr>, Vec<u32>) {
        let mut sorted: Vec<(SmolStr, u32)> = self.names.into_iter().zip(0..).collect();
        sorted.sort_unstable();
        let mut places = vec![0; sorted.len()];
        for ((_, number), place) in sorted.iter().zip(0..) {
            if let Some(at) = places.get_mut(*number as usize) {
                *at = place;
            }
        }
        (sorted.into_iter().map(|(name, _)| name).collect(), places)
    }
}

/// A corrected entry, its corrections, and the headings under which all of them are filed.
struct Family {
    /// The entry and its corrections so far, in the order of the log.
    members: Vec<u32>,
    /// The bodies that the entry named or that a correction gave it.
    groups: Vec<u32>,
    /// The participants that the entry named or that a correction gave it.
    names: Vec<u32>,
    /// If the entry is an import, the group of the import's own heading.
    import: Option<u32>,
}

impl Family {
    /// Every heading, by group and name: each body with each participant.
    fn headings(&self, alone: u32) -> Vec<(u32, u32)> {
        let pairs = self.groups.iter().flat_map(|group| self.names.iter().map(|name| (*group, *name)));
        pairs.chain(self.import.map(|group| (group, alone))).collect()
    }
}

/// Files entries one after the other.
#[derive(Default)]
struct Filing {
    groups: Numbers,
    names: Numbers,
    lines: Vec<Line>,
    families: Vec<Family>,
    /// The family of each corrected entry and of each correction, by id. An id names the first entry that had it.
    family_of: HashMap<EventId, usize>,
}

impl Filing {
    fn file(&mut self, event: &Event, at: u32, corrected: &HashSet<EventId>) {
        let family = if event.corrects() {
            // A correction that names no earlier entry is filed nowhere.
            let family = event.to.and_then(|to| self.family_of.get(&to)).copied();
            family.inspect(|number| self.correct(*number, event, at))
        } else {
            self.first(event, at, corrected.contains(&event.id))
        };
        family.into_iter().for_each(|number| _ = self.family_of.entry(event.id).or_insert(number));
    }

    /// Files an entry as it was recorded: under its body and its participant, under its body and the participant that it is about,
    /// and, if it is an import, under the heading of that import too. An act of the body alone has no participant.
    fn first(&mut self, event: &Event, at: u32, corrected: bool) -> Option<usize> {
        let group = self.groups.of(event.body.as_str());
        let name = self.names.of(event.participant.as_ref().map_or("", ParticipantId::as_str));
        let about = event.about.as_ref().map(|about| self.names.of(about.as_str()));
        let about = about.filter(|about| *about != name);
        let import = (event.act.kind() == ActKind::ImportRecorded)
            .then(|| self.groups.of(&format!("import:{}", event.id)));
        let alone = self.alone();
        let mut line = |group: u32, name: u32| self.lines.push(Line { group, name, entry: at, by: at });
        line(group, name);
        about.into_iter().for_each(|name| line(group, name));
        import.into_iter().for_each(|group| line(group, alone));
        corrected.then(|| {
            let names = std::iter::once(name).chain(about).collect();
            self.families.push(Family { members: vec![at], groups: vec![group], names, import });
            self.families.len() - 1
        })
    }

    /// Files a correction under every heading of the entry. Under a heading that the correction adds, every member of the family is
    /// filed.
    fn correct(&mut self, number: usize, event: &Event, at: u32) {
        let (mut groups, mut names) = (Vec::new(), Vec::new());
        if let Act::RecordCorrected(Correction { now, .. }) = &event.act {
            for (field, value) in now {
                match field.0 {
                    Field::Body => {
                        groups.extend(BodyId::parse(value).map(|body| self.groups.of(body.as_str())));
                    }
                    Field::Participant if value.is_empty() => names.push(self.alone()),
                    Field::Participant | Field::About => {
                        names.extend(ParticipantId::parse(value).map(|id| self.names.of(id.as_str())));
                    }
                    _ => {}
                }
            }
        }
        let alone = self.alone();
        let Some(family) = self.families.get_mut(number) else { return };
        let before = family.headings(alone);
        add(&mut family.groups, groups);
        add(&mut family.names, names);
        family.members.push(at);
        for (group, name) in family.headings(alone) {
            let line = |entry: u32| Line { group, name, entry, by: at };
            if before.contains(&(group, name)) {
                self.lines.push(line(at));
            } else {
                self.lines.extend(family.members.iter().map(|entry| line(*entry)));
            }
        }
    }

    /// The number of the empty name, for the heading of a group alone.
    fn alone(&mut self) -> u32 {
        self.names.of("")
    }
}

/// Adds the numbers that are not yet in the list.
fn add(numbers: &mut Vec<u32>, more: Vec<u32>) {
    for number in more {
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }
}
