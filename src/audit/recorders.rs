//! Checks that every entry is signed by recorders that were enrolled for it when it was recorded.
//!
//! The register is derived anew from the entries of the ledger itself, one after the other; an entry is checked against the
//! register just before it. The signatures that charters ask for are those of the charters as they were recorded then.

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;

use crate::charter::CharterText;
use crate::event::leaf::encode_event;
use crate::event::{
    Act, ActKind, BodyId, Entry, Event, EventId, EventSignature, Limits, Reach, RecorderId, Sides,
    signed_text,
};
use crate::log::VerifierKey;

use super::fault::{self, Fault};
use super::record::{Record, corrects};
use super::report::Findings;
use super::verdict::RulesInTime;

/// The number of signatures verified between two reports of progress.
const STEP: usize = 4096;

pub(super) fn recorders(
    origin: &str,
    entries: &[Entry],
    signatures: &[Vec<EventSignature>],
    found: &mut Findings,
    progress: &dyn Fn(u64, u64),
) {
    found.counted("recorders", entries.len() as u64);
    let signed = signatures.iter().any(|each| !each.is_empty());
    let asks = |text: &str| CharterText::parse(text).is_ok_and(|said| !said.recorders.is_empty());
    let ruled = entries.iter().any(|e| e.event.act.charter_text().is_some_and(asks));
    let own = entries.iter().any(|e| e.event.body.is_ledger());
    if !signed && !ruled && !own {
        return;
    }
    let mut pass = Pass {
        record: Record::new(entries),
        entries,
        rules: ruled.then(|| RulesInTime::new(entries)),
        keys: Vec::new(),
        known: BTreeMap::new(),
        required: false,
        rows: None,
        faults: Vec::new(),
        signed: Vec::new(),
    };
    for (at, signatures) in signatures.iter().enumerate() {
        pass.entry(at, signatures);
    }
    let Pass { keys, mut faults, signed, .. } = pass;
    let of = signed.len() as u64;
    for (step, part) in signed.chunks(STEP).enumerate() {
        progress((step * STEP) as u64, of);
        faults.extend(wrong(origin, entries, &keys, part));
    }
    faults.sort_by_key(|(at, ..)| *at);
    for (at, fault, what) in faults {
        found.at(fault, entries[at].index, what);
    }
}

/// A recorder, as of the part of the log read so far.
struct Known {
    /// The position of its key in `keys`.
    key: usize,
    limits: Limits,
    revoked: bool,
}

/// A signature that is to be verified: the position of its entry, and of its key.
struct Signed<'a> {
    at: usize,
    key: usize,
    signature: &'a EventSignature,
}

/// One pass over the log.
struct Pass<'a> {
    entries: &'a [Entry],
    record: Record<'a>,
    /// The charters as recorded; `None` if no charter asks for signatures.
    rules: Option<RulesInTime>,
    /// Every key that was ever enrolled.
    keys: Vec<VerifierKey>,
    known: BTreeMap<RecorderId, Known>,
    required: bool,
    /// The rows of each import, filled once an import is withdrawn.
    rows: Option<HashMap<EventId, Vec<usize>>>,
    faults: Vec<(usize, Fault, String)>,
    signed: Vec<Signed<'a>>,
}

impl<'a> Pass<'a> {
    fn entry(&mut self, at: usize, signatures: &'a [EventSignature]) {
        let entries = self.entries;
        let event = &entries[at].event;
        let reach = self.reach(at);
        for signature in signatures {
            let id = &signature.recorder;
            let fault = match self.known.get(id) {
                None => Some((fault::UNKNOWN_RECORDER, format!("{id} was not enrolled before it"))),
                Some(known) if known.revoked => {
                    Some((fault::REVOKED_RECORDER, format!("{id} was revoked before it")))
                }
                Some(known) => {
                    self.signed.push(Signed { at, key: known.key, signature });
                    beyond(&known.limits, event, &reach)
                        .map(|what| (fault::OUT_OF_SCOPE, format!("{id} could not record {what}")))
                }
            };
            self.faults.extend(fault.map(|(fault, what)| (at, fault, what)));
        }
        let asked = self.asked(&reach);
        match asked {
            Some((body, act, needed)) if needed > signatures.len() => {
                let have = signatures.len();
                let what =
                    format!("the charter of {body} asks for {needed} recorders for {act}: it has {have}");
                self.faults.push((at, fault::TOO_FEW, what));
            }
            _ if self.required && signatures.is_empty() => {
                self.faults.push((at, fault::UNSIGNED, format!("{} is not signed", event.act.kind())));
            }
            _ => {}
        }
        if Sides::is_correction(event) && reach.bodies.iter().any(BodyId::is_ledger) {
            let what = "it corrects what is recorded of the ledger itself, which has no effect".to_owned();
            self.faults.push((at, fault::REGISTER, what));
        }
        if let Err(what) = self.learn(event) {
            self.faults.push((at, fault::REGISTER, what));
        }
        if let Some(rules) = &mut self.rules {
            rules.pass(&entries[at]);
        }
    }

    /// The strictest rule of any charter for the acts that an event bears on.
    fn asked(&mut self, reach: &Reach) -> Option<(BodyId, ActKind, usize)> {
        let rules = self.rules.as_mut()?;
        let each = reach.ruled.iter().filter_map(|(body, act)| {
            let needed = rules.charter(body)?.latest().signers(*act);
            Some((body.clone(), *act, needed))
        });
        each.max_by_key(|(.., needed)| *needed)
    }

    fn standing(&mut self, id: &RecorderId) -> Result<&mut Known, String> {
        let known = self.known.get_mut(id).filter(|known| !known.revoked);
        known.ok_or_else(|| format!("{id} was not enrolled then, or was revoked"))
    }

    /// Adds an act of the ledger itself to the register.
    fn learn(&mut self, event: &Event) -> Result<(), String> {
        match &event.act {
            Act::RecordersRequired => self.required = true,
            Act::RecorderLimited(said) => self.standing(&said.recorder)?.limits = said.limits.clone(),
            Act::RecorderRevoked(said) => self.standing(&said.recorder)?.revoked = true,
            Act::RecorderEnrolled(said) => {
                let key = VerifierKey::parse(&said.key).map_err(|error| error.to_string())?;
                let id = RecorderId::parse(key.name()).map_err(|error| error.to_string())?;
                if id.as_str() != key.name() {
                    return Err(format!("{:?} is no name of a recorder", key.name()));
                }
                if self.standing(&id).is_ok() {
                    return Err(format!("{id} was enrolled already"));
                }
                if self.keys.iter().any(|other| other.has_key_of(&key)) {
                    return Err(format!("the key of {id} was enrolled before"));
                }
                self.keys.push(key);
                let key = self.keys.len() - 1;
                self.known.insert(id, Known { key, limits: said.limits.clone(), revoked: false });
            }
            _ => {}
        }
        Ok(())
    }

    /// Everything that an entry bears on, according to the entries before it.
    fn reach(&mut self, at: usize) -> Reach {
        let entries = self.entries;
        let event = &entries[at].event;
        let mut reach = Reach::of(event);
        if !Sides::is_correction(event) {
            return reach;
        }
        let mut sides = Sides::default();
        let (mut here, mut base) = (at, None);
        loop {
            let event = &entries[here].event;
            sides.corrected(event);
            if !Sides::is_correction(event) {
                base = Some(here);
                break;
            }
            match event.to.and_then(|id| self.record.place(id)).filter(|place| *place < here) {
                Some(place) => here = place,
                None => break,
            }
        }
        if let Some(base) = base {
            sides.corrected(&self.record.said_before(base, at));
            let import = &entries[base].event;
            if matches!(event.act, Act::EntryRetracted(_)) && matches!(import.act, Act::ImportRecorded(_)) {
                self.rows(import.id, at).iter().for_each(|row| reach.cover(row));
            }
        }
        reach.cover(&sides);
        reach
    }

    /// The rows of an import before an entry, with the corrections made to them until then.
    fn rows(&mut self, import: EventId, until: usize) -> Vec<Sides> {
        let entries = self.entries;
        let rows = self.rows.get_or_insert_with(|| {
            let mut rows: HashMap<EventId, Vec<usize>> = HashMap::new();
            for (at, entry) in entries.iter().enumerate() {
                if let Some(import) = entry.event.import {
                    rows.entry(import).or_default().push(at);
                }
            }
            rows
        });
        let places = rows.get(&import).map(Vec::as_slice).unwrap_or_default();
        let before = places.iter().copied().filter(|place| *place < until);
        let record = &self.record;
        let sides = |row: usize| {
            let mut sides = Sides::of(&entries[row].event);
            let mut open = vec![row];
            while let Some(at) = open.pop() {
                for by in record.corrections(at).iter().copied().filter(|by| *by < until) {
                    if corrects(&entries[by].event)
                        && !matches!(entries[by].event.act, Act::EntryRetracted(_))
                    {
                        sides.corrected(&entries[by].event);
                        open.push(by);
                    }
                }
            }
            sides
        };
        before.map(sides).collect()
    }
}

/// The part of an event that is beyond the limits of a recorder: an act that it may not record, or a right that it may not give.
fn beyond(limits: &Limits, event: &Event, reach: &Reach) -> Option<String> {
    let given = match &event.act {
        Act::RecorderEnrolled(said) => Some(&said.limits),
        Act::RecorderLimited(said) => Some(&said.limits),
        _ => None,
    };
    let excess = limits.excess(reach).map(|excess| excess.to_string());
    let more = given.filter(|given| !given.are_within(limits));
    excess.or_else(|| more.map(|_| "more than it had itself".to_owned()))
}

/// The signatures of a part that do not verify, checked on every core.
fn wrong(
    origin: &str,
    entries: &[Entry],
    keys: &[VerifierKey],
    part: &[Signed<'_>],
) -> Vec<(usize, Fault, String)> {
    let one = |signed: &Signed<'_>| {
        let bytes = encode_event(&entries[signed.at].event).unwrap_or_default();
        let key = &keys[signed.key];
        let holds = key.has_signed(&signed_text(origin, &bytes), &signed.signature.signature);
        let what = || format!("the signature is not that of {}: the key enrolled is {key}", key.name());
        (!holds).then(|| (signed.at, fault::WRONG_SIGNATURE, what()))
    };
    part.par_iter().filter_map(one).collect()
}
