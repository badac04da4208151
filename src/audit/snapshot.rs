//! Compares the published index with the log: it is a copy, but questions are answered from it.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use smol_str::SmolStr;

use crate::event::{Entry, EventId, Index};
use crate::index::{IndexError, Tables, index_files, is_named_by, short_id};
use crate::log::{Entries, Hash, Mark, verifier_key};

use super::evidence::Evidence;
use super::fault::{self, Fault};
use super::filing::{Filings, Line};
use super::report::Findings;
use super::rows::PublishedRows;

/// The published files that can be read and are of this log.
pub(super) struct Published {
    files: Vec<(PathBuf, Tables)>,
    /// The offsets of the records in the last segment: the index of its first entry, and the offset of each.
    places: (u64, Vec<u32>),
    /// The end of the log, if it can be opened.
    end: Option<Mark>,
}

impl Published {
    /// Reads the folder, every block of every file. A file that cannot be read whole is a finding.
    pub(super) fn read(ledger: &Path, found: &mut Findings) -> Published {
        let mut files = Vec::new();
        // Other checks report the reason if the log cannot be opened.
        let log = Entries::open_reader(ledger);
        let end = log.as_ref().ok().map(Entries::mark);
        let places = log.and_then(|log| log.last_places()).unwrap_or_default();
        let Ok(origin) = crate::log::origin(ledger) else { return Published { files, places, end } };
        let key = verifier_key(ledger).ok().flatten();
        for path in index_files(ledger) {
            let opened = Tables::open_file(&path, &origin, key.as_ref());
            match opened.and_then(|tables| tables.check().map(|()| tables)) {
                Ok(tables) if tables.mark().is_some_and(|mark| is_named_by(&path, mark)) => {
                    files.push((path, tables));
                }
                Ok(_) => {
                    let what = "its name does not say what is in it".to_owned();
                    add(found, fault::SNAPSHOT_OTHER_LOG, &path, what);
                }
                // A writer that publishes meanwhile has removed the file.
                Err(_) if !path.exists() => {}
                Err(error) => add(found, fault::SNAPSHOT_DAMAGED, &path, error.to_string()),
            }
        }
        Published { files, places, end }
    }

    /// The number of entries that each file covers.
    pub(super) fn sizes(&self) -> impl Iterator<Item = u64> {
        self.files.iter().map(|(_, tables)| tables.size().0)
    }

    /// Keeps the files that state the log's own tree; the others are findings.
    pub(super) fn of_log(mut self, evidence: &Evidence, found: &mut Findings) -> Published {
        if evidence.incomplete {
            return self;
        }
        if self.files.is_empty() && found.found_by("snapshot") == 0 {
            found.left_out("snapshot", "nothing is published in snapshot/");
        }
        let Published { files, places, end } = &mut self;
        files.retain(|(path, tables)| {
            let size = tables.size().0;
            let is_own = evidence.root(size) == Some(tables.tree().root());
            if !is_own {
                let what = format!("its tree over {size} entries is not the log's");
                add(found, fault::SNAPSHOT_OTHER_LOG, path, what);
            }
            let last = size.checked_sub(1).and_then(|at| evidence.hashes.get(usize::try_from(at).ok()?));
            if is_own && !is_end(tables, last, places, end.as_ref()) {
                let what = format!("it has the end of its {size} entries elsewhere than the log");
                add(found, fault::SNAPSHOT_OTHER_ENTRIES, path, what);
            }
            is_own
        });
        self
    }

    /// The rows of the files.
    pub(super) fn rows(&self, found: &mut Findings) -> Vec<PublishedRows<'_>> {
        let mut rows = Vec::new();
        for (path, tables) in &self.files {
            match PublishedRows::read(path, tables) {
                Ok(read) => rows.extend(read),
                Err(error) => add(found, fault::SNAPSHOT_DAMAGED, path, error.to_string()),
            }
        }
        rows
    }

    /// Compares every heading and id in the published files with those that the audit derives from the entries.
    pub(super) fn entries(&self, entries: &[Entry]) -> Findings {
        let mut found = Findings::default();
        for (path, tables) in &self.files {
            found.counted("snapshot", tables.size().0);
            let covered = usize::try_from(tables.size().0).unwrap_or(usize::MAX).min(entries.len());
            let differing = differs(tables, &entries[..covered]);
            match differing
                .and_then(|what| what.map_or_else(|| self.misplaced(tables), |what| Ok(Some(what))))
            {
                Ok(None) => {}
                Ok(Some(what)) => add(&mut found, fault::SNAPSHOT_OTHER_ENTRIES, path, what),
                Err(error) => add(&mut found, fault::SNAPSHOT_DAMAGED, path, error.to_string()),
            }
        }
        found
    }
}

/// The number of bytes in a frame before the record of its first entry.
const FRAME_HEAD: u64 = 32;

/// True if the end that the index states is the log's, as far as that can be checked. If the end is in an earlier segment, only
/// that is checked: no reader starts from there.
fn is_end(tables: &Tables, last: Option<&Hash>, places: &(u64, Vec<u32>), end: Option<&Mark>) -> bool {
    let (Some(mark), Some(end)) = (tables.mark(), end) else { return true };
    let (size, first) = (mark.tree.size(), places.0);
    let next = size.checked_sub(first).and_then(|at| places.1.get(usize::try_from(at).ok()?));
    let offset = match next {
        _ if size == end.tree.size() => Some(end.offset),
        Some(next) => Some(u64::from(*next) - FRAME_HEAD),
        None => None,
    };
    // The end of one segment is the beginning of the next.
    let is_before = size <= first && mark.segment < end.segment;
    let is_place = offset.is_some_and(|offset| (mark.segment, mark.offset) == (end.segment, offset));
    (is_place || is_before) && mark.last.as_ref() == last
}

impl Published {
    /// The first entry of the last segment whose record is not at the offset that the index states.
    fn misplaced(&self, tables: &Tables) -> Result<Option<String>, IndexError> {
        let (first, places) = &self.places;
        for (entry, place) in (*first..tables.size().0).zip(places) {
            if let Some(stated) = tables.place(Index(entry))?.filter(|stated| stated != place) {
                return Ok(Some(format!(
                    "it has entry {entry} at byte {stated} of its segment, which has it at {place}"
                )));
            }
        }
        Ok(None)
    }
}

/// The first difference between a published index and the record that it covers.
fn differs(tables: &Tables, entries: &[Entry]) -> Result<Option<String>, IndexError> {
    let own = Filings::new(entries);
    let groups: Vec<&[Line]> = own.lines.chunk_by(|a, b| a.group == b.group).collect();
    let listed = tables.groups()?;
    let differing =
        groups.par_iter().find_map_first(|lines| filed_otherwise(tables, &own, lines).transpose());
    if let Some(differing) = differing {
        return differing.map(Some);
    }
    if listed.len() != groups.len() {
        return Ok(Some(format!("it has {} groups of headings, the log {}", listed.len(), groups.len())));
    }
    let (by_id, by_named) = rayon::join(
        || listed_otherwise(entries, "its id", |entry| Some(entry.event.id), |see| tables.each_id(see)),
        || {
            let named = "the entry that it names";
            listed_otherwise(entries, named, |entry| entry.event.to, |see| tables.each_naming(see))
        },
    );
    Ok(by_id?.or(by_named?))
}

/// The first entry that the index lists under another id than the log, or not at all.
fn listed_otherwise(
    entries: &[Entry],
    by: &str,
    id: impl Fn(&Entry) -> Option<EventId>,
    each: impl FnOnce(&mut dyn FnMut([u8; 4], Index)) -> Result<(), IndexError>,
) -> Result<Option<String>, IndexError> {
    let mut is_listed = vec![false; entries.len()];
    let mut other = None;
    each(&mut |short, index| {
        let at = usize::try_from(index.0).unwrap_or(usize::MAX);
        let stated = entries.get(at).and_then(&id).map(short_id);
        match is_listed.get_mut(at).filter(|_| stated == Some(short)) {
            Some(is_listed) => *is_listed = true,
            None => _ = other.get_or_insert(index.0),
        }
    })?;
    if let Some(other) = other {
        return Ok(Some(format!("it lists entry {other} by {by}, which the log has otherwise")));
    }
    let missing = entries.iter().zip(is_listed).find(|(entry, is_listed)| !is_listed && id(entry).is_some());
    Ok(missing.map(|(entry, _)| format!("it does not find entry {} by {by}", entry.index)))
}

/// The first heading of a group under which the index has other entries than the audit files there.
fn filed_otherwise(tables: &Tables, own: &Filings, lines: &[Line]) -> Result<Option<String>, IndexError> {
    let text = |names: &[SmolStr], at: u32| names.get(at as usize).cloned().unwrap_or_default();
    let Some(group) = lines.first().map(|line| text(&own.groups, line.group)) else { return Ok(None) };
    let listed = tables.filed_in(&group)?;
    let mut listed = listed.iter();
    for heading in lines.chunk_by(|a, b| a.name == b.name) {
        let Some(name) = heading.first().map(|line| text(&own.names, line.name)) else { continue };
        let entries = heading.iter().map(|line| u64::from(line.entry));
        let same = listed.next().is_some_and(|(there, filed)| {
            there.name() == name.as_str() && filed.iter().map(|index| index.0).eq(entries)
        });
        if !same {
            let named = format!("{group} {name}");
            return Ok(Some(format!("under {} it has other entries than the log", named.trim_end())));
        }
    }
    Ok(listed.next().map(|(there, _)| format!("the log has no entries under {group} {}", there.name())))
}

fn add(found: &mut Findings, fault: Fault, path: &Path, what: String) {
    found.add(fault, None, Some(path.display().to_string()), what);
}
