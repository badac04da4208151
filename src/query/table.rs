//! The participation in a treaty "as at" a day: signatures, consents with their instruments, and withdrawals.

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::event::{Act, ActKind, BodyId, Day, Edtf, Form, Index, ParticipantId, Register, StatusId};
use crate::history::{Certainty, History, PairView, Standing, consent_date};

use super::Axes;
use super::answer::{Because, CheckpointRef, Coverage, QuestionEcho, settled};
use super::body::{BodyView, Material, QueryError};
use super::in_force::in_force;
use super::layout::Layout;
use super::reservations::{Reservations, reservations};
use super::roster::Count;
use super::scheduled::scheduled;
use super::spells::listed;
use super::status::span;

/// A treaty's participation as at a day.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Table {
    /// The question, as it was understood.
    pub question: QuestionEcho,
    /// The title of the treaty.
    pub title: String,
    /// Its entry into force.
    pub entry_into_force: TableInForce,
    /// Its registration with the Secretariat (UN Charter 102), up to the day.
    pub registration: Option<Registration>,
    /// The number of signatories, without participants in brackets.
    pub signatories: Count,
    /// The number of participants that are bound, or will be when the treaty enters into force, without those in
    /// brackets.
    pub parties: Count,
    /// The participants, by name.
    pub participants: Vec<TableRow>,
    /// Notes for the reader, such as the end of the record or a withheld act.
    pub notes: Vec<String>,
    /// The span of the record that was searched; `null` without a survey.
    pub coverage: Option<Coverage>,
    /// The head of the record that was read.
    pub checkpoint: CheckpointRef,
}

/// The entry into force of a treaty, past or future.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct TableInForce {
    /// True if the treaty is in force on the day; `null` if no clause is known and no act certifies it.
    pub in_force: Option<bool>,
    /// Its first day in force.
    pub on: Option<Edtf>,
    /// The certainty of these two.
    pub certainty: Certainty,
    /// The clause; `null` if none is known.
    pub clause: Option<String>,
    /// The article of the clause.
    pub article: Option<String>,
    /// The index of the act that certifies the entry into force.
    pub certified: Option<Index>,
    /// The amount reached, in the unit of the clause.
    pub count: Option<f64>,
    /// The amount needed.
    pub needed: Option<f64>,
}

/// The registration of a treaty.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Registration {
    /// The date of the registration.
    pub on: Edtf,
    /// The registration number, as the title of the act has it.
    pub title: Option<String>,
    /// The index of the entry.
    pub index: Index,
}

/// One participant of a table.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct TableRow {
    /// The participant.
    pub participant: ParticipantId,
    /// Its name on the day.
    pub state: String,
    /// The date of its signature.
    pub signature: Option<Edtf>,
    /// True if that signature was ad referendum and is not confirmed.
    pub ad_referendum: bool,
    /// The date of its consent to be bound.
    pub consent: Option<Edtf>,
    /// True if it took this consent back before the treaty was in force for it: the consent does not count.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub consent_withdrawn: bool,
    /// The form of the instrument; `null` if the record does not state it.
    pub form: Option<&'static str>,
    /// The date from which the treaty is, was or will be in force for it.
    pub in_force_from: Option<Edtf>,
    /// True if the participant is shown in brackets, because it has withdrawn or no longer exists.
    pub withdrawn: bool,
    /// True if its consent counts; false if the treaty is in force but its rules never give this participant a status.
    #[serde(skip)]
    pub counts: bool,
    /// Its status on the day; `null` if it is not settled.
    pub status: Option<StatusId>,
    /// The certainty of the status.
    pub certainty: Certainty,
    /// The number of its own reservations in effect on the day.
    pub reservations: u64,
    /// The number of its declarations in effect on the day; a withdrawal counts as one more.
    pub declarations: u64,
    /// The number of territorial applications that it declared.
    pub territories: u64,
    /// The number of other communications that reached the depositary.
    pub communications: u64,
    /// The number of objections that it made and did not withdraw.
    pub objections: u64,
    /// Footnotes on rectifications, on the end of its participation, on scheduled changes and on other consents.
    pub footnotes: Vec<String>,
}

/// Makes the table of a treaty; dates in footnotes follow the layout.
///
/// # Errors
/// [`QueryError`] if the body has no charter in the record, or its charter cannot be read.
pub fn table(material: &Material, body: &BodyId, layout: Layout, axes: &Axes) -> Result<Table, QueryError> {
    let view = BodyView::of(material, body, axes)?;
    let reserved = reservations(material, body, None, axes)?;
    let force = in_force(material, body, None, axes)?;
    let in_force = force.in_force == Some(true);
    let sheet = Sheet { material, view: &view, reserved: &reserved, layout, in_force, on: axes.on };
    let mut participants: Vec<TableRow> = listed(&view).filter_map(|who| sheet.row(who)).collect();
    participants.sort_by_cached_key(|row| (sorting(&row.state), row.participant.clone()));
    let (signatories, parties) = counts(&participants, axes.on);
    let mut notes: Vec<String> = view.end_of_record(axes.on).into_iter().collect();
    notes.extend(view.withheld_by(None, axes.on));
    notes.extend(super::correction::notes(&super::corrections(material, &view, None, axes.on)));
    notes.extend(
        view.pairs.keys().flat_map(|who| {
            view.rulings_on(who, axes.on).into_iter().map(move |line| format!("{who}: {line}"))
        }),
    );
    notes.extend(force.notes.iter().filter(|note| !note.starts_with("as far as recorded")).cloned());
    Ok(Table {
        question: QuestionEcho::new("table", None, Some(body), axes),
        title: view.charter.about.title.clone(),
        entry_into_force: TableInForce {
            in_force: force.in_force,
            on: force.on,
            certainty: force.certainty,
            clause: force.clause,
            article: force.article,
            certified: force.certified.map(|certified| certified.index),
            count: force.count,
            needed: force.needed,
        },
        registration: registration(&view, axes.on),
        signatories,
        parties,
        participants,
        notes,
        coverage: view.coverage(axes.on),
        checkpoint: material.checkpoint.clone(),
    })
}

/// The key for sorting names: in alphabetical order, without regard to diacritics or case.
fn sorting(name: &str) -> String {
    name.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

fn registration(view: &BodyView, on: Day) -> Option<Registration> {
    let registers = |act: &&Standing| act.event.act.kind() == ActKind::RegisteredWithUn && begun(act, on);
    let act = view.alone.iter().find(registers)?;
    Some(Registration { on: act.event.date()?.clone(), title: act.event.title.clone(), index: act.index })
}

fn begun(act: &Standing, on: Day) -> bool {
    act.event.date().is_some_and(|date| date.earliest() <= on)
}

/// True if a continuation has taken effect by a day.
fn taken_over(continuation: &Standing, on: Day) -> bool {
    continuation.event.effect().is_some_and(|date| date.latest() <= on)
}

fn counts(rows: &[TableRow], on: Day) -> (Count, Count) {
    let (mut signatories, mut parties) = (Count::default(), Count::default());
    for row in rows.iter().filter(|row| !row.withdrawn) {
        if let Some(date) = &row.signature {
            signatories.at_most += 1;
            signatories.certain += u64::from(date.latest() <= on);
        }
        // A participant that neither signed nor consented is in the table because it continues another.
        if (row.consent.is_some() && !row.consent_withdrawn) || row.signature.is_none() {
            parties.at_most += 1;
            let sure = row.consent.as_ref().is_none_or(|date| date.latest() <= on);
            parties.certain += u64::from(sure && row.counts && row.status.is_some());
        }
    }
    (signatories, parties)
}

/// The material from which rows are made.
struct Sheet<'s> {
    material: &'s Material,
    view: &'s BodyView,
    reserved: &'s Reservations,
    layout: Layout,
    in_force: bool,
    on: Day,
}

/// The acts of one participant that its row shows.
struct Shown<'p> {
    signature: Option<&'p Standing>,
    consent: Option<&'p Standing>,
    others: Vec<&'p Standing>,
}

/// The participants whose acts one row shows: the participant itself, and the one that it continues by the day.
struct Line<'p> {
    names: Vec<&'p ParticipantId>,
    acts: Vec<&'p Standing>,
    continued: Option<&'p Standing>,
}

impl Sheet<'_> {
    fn row(&self, who: &ParticipantId) -> Option<TableRow> {
        let (view, on) = (self.view, self.on);
        let nothing = PairView::default();
        let pair = view.pairs.get(who).unwrap_or(&nothing);
        let by = view.board.continued_by(&view.pairs, who);
        if by.is_some_and(|(_, act)| taken_over(act, on)) {
            return None;
        }
        let line = self.line(who, pair);
        let history = view.history(who);
        let reading = history.on(on);
        let possible = view.in_order(reading.statuses());
        let holds = |id: &StatusId| view.charter.status(id).is_some_and(|status| status.rank > 0);
        let because = view.because(&history, &reading);
        let shown = self.shown(&line.acts, &because);
        let none = shown.signature.is_none() && shown.consent.is_none();
        let held = possible.iter().any(holds);
        if none && !held {
            return None;
        }
        // A participant that has consented anew since its participation ended is not in brackets.
        let consent = shown.consent.and_then(consent_date);
        let anew = |end: Day| consent.is_some_and(|date| date.earliest() > end);
        let ended = because.iter().map(|b| b.date.latest()).max().filter(|_| !held);
        let withdrawn = ended.is_some_and(|end| !anew(end));
        let taken_back = shown.consent.and_then(|act| view.board.taken_back(act.index));
        let taken_back = taken_back.filter(|(_, taken_back)| taken_back.on.earliest() <= on);
        let begins = line.names.iter().filter_map(|who| in_force_from(view, &view.history(who), on));
        let in_force_from = begins.min_by_key(Edtf::earliest);
        let ad_referendum = shown.signature.is_some_and(|act| self.unconfirmed(&line.acts, act));
        let count = |kind: ActKind| {
            line.acts.iter().filter(|act| act.event.act.kind() == kind && begun(act, on)).count() as u64
        };
        let mut row = TableRow {
            participant: who.clone(),
            state: Register::builtin().name_on(who, on).to_owned(),
            signature: shown.signature.and_then(|act| act.event.date().cloned()),
            ad_referendum,
            consent: consent.cloned(),
            consent_withdrawn: taken_back.is_some(),
            form: shown.consent.and_then(|act| form(&act.event.act)).map(form_name),
            counts: held || !self.in_force || in_force_from.is_some(),
            in_force_from,
            withdrawn,
            status: settled(reading.certainty, &possible),
            certainty: reading.certainty,
            reservations: self.made(&line.names, "reservation"),
            declarations: self.made(&line.names, "declaration") + u64::from(withdrawn),
            territories: count(ActKind::TerritorialApplicationDeclared),
            communications: count(ActKind::CommunicationReceived),
            objections: self.objections(&line.names),
            footnotes: Vec::new(),
        };
        row.footnotes.extend(self.on_status(&row, &because, &possible, none));
        if let Some((entry, taken_back)) = taken_back.filter(|_| !row.withdrawn) {
            let date = self.layout.date(&taken_back.on);
            row.footnotes.push(format!("The consent was taken back on {date} (entry {entry})."));
        }
        row.footnotes.extend(line.continued.and_then(|act| self.continues(act)));
        for item in scheduled(view, who, pair, &history, on).iter().filter(|item| !holds(&item.status)) {
            let (date, entries) = (self.layout.date(&item.on), entries(&item.because));
            row.footnotes.push(format!("Its participation ends on {date} ({entries})."));
        }
        if ad_referendum {
            row.footnotes.push("Signed ad referendum; no confirmation is recorded.".to_owned());
        }
        let displayed = shown.signature.iter().chain(&shown.consent);
        row.footnotes.extend(displayed.flat_map(|act| self.rectified(act)));
        row.footnotes.extend(shown.others.iter().filter_map(|act| self.besides(act)));
        Some(row)
    }

    fn line<'p>(&'p self, who: &'p ParticipantId, pair: &'p PairView) -> Line<'p> {
        let takes_over = |act: &&Standing| {
            act.event.act.kind() == ActKind::ContinuationDeclared && taken_over(act, self.on)
        };
        let continued = pair.own.iter().find(takes_over);
        let before = continued.and_then(|act| act.event.about.as_ref());
        let own = before.and_then(|before| self.view.pairs.get(before)).map(|pair| &pair.own);
        Line {
            names: std::iter::once(who).chain(before).collect(),
            acts: pair.own.iter().chain(own.into_iter().flatten()).collect(),
            continued,
        }
    }

    /// The footnote on a continuation: `Continues the participation of Soviet Union since 24 Dec 1991 (entry 17).`
    fn continues(&self, act: &Standing) -> Option<String> {
        let (before, date) = act.event.about.as_ref().zip(act.event.effect())?;
        let name = Register::builtin().name_on(before, date.earliest().previous());
        let since = self.layout.date(date);
        Some(format!("Continues the participation of {name} since {since} (entry {}).", act.index))
    }

    /// The first signature, and the consent on which the status rests, else the last consent.
    fn shown<'p>(&self, acts: &[&'p Standing], because: &[Because]) -> Shown<'p> {
        let here = |act: &&Standing| begun(act, self.on) && act.event.for_another().is_none();
        let signs = [ActKind::TreatySigned, ActKind::SignatureAdReferendum, ActKind::Founded];
        let signatures =
            acts.iter().copied().filter(here).filter(|act| signs.contains(&act.event.act.kind()));
        let signature = signatures.min_by_key(|act| (act.event.date().map(Edtf::earliest), act.index));
        let mut consents: Vec<&Standing> =
            acts.iter().copied().filter(here).filter(|act| is_consent(&act.event.act)).collect();
        consents.sort_by_key(|act| (consent_date(act).map(Edtf::latest), act.index));
        let rests = consents.iter().position(|act| because.iter().any(|b| b.index == act.index));
        let consent = rests.or(consents.len().checked_sub(1)).map(|at| consents.remove(at));
        Shown { signature, consent, others: consents }
    }

    fn unconfirmed(&self, acts: &[&Standing], signature: &Standing) -> bool {
        let confirms =
            |act: &Standing| act.event.act.kind() == ActKind::SignatureConfirmed && begun(act, self.on);
        signature.event.act.kind() == ActKind::SignatureAdReferendum && !acts.iter().copied().any(confirms)
    }

    fn made(&self, names: &[&ParticipantId], kind: &str) -> u64 {
        let stands = |until: &Option<Edtf>| until.as_ref().is_none_or(|date| date.earliest() > self.on);
        let own =
            self.reserved.reservations.iter().filter(|r| names.contains(&&r.participant) && r.kind == kind);
        let gone = |on: &Edtf| on.latest() <= self.on;
        own.filter(|r| stands(&r.until) && !r.withdrawn.as_ref().is_some_and(|w| gone(&w.on))).count() as u64
    }

    fn objections(&self, names: &[&ParticipantId]) -> u64 {
        let all = self.reserved.reservations.iter().flat_map(|r| &r.objections);
        all.filter(|o| names.contains(&&o.participant) && o.withdrawn.is_none()).count() as u64
    }

    /// The footnote on the end of the participation, on a status that is not settled, or on the acts of a participant
    /// that neither signed nor consented.
    fn on_status(
        &self,
        row: &TableRow,
        because: &[Because],
        possible: &[StatusId],
        none: bool,
    ) -> Option<String> {
        if row.status.is_none() {
            let words: Vec<&str> = possible.iter().map(StatusId::as_str).collect();
            return Some(format!("{} on this day: {}.", words.join(" or "), row.certainty.name()));
        }
        if row.withdrawn || (none && !because.is_empty()) {
            let acts: Vec<String> = because.iter().map(|b| self.act(b)).collect();
            return Some(format!("{}.", acts.join("; ")));
        }
        (!row.counts).then(|| "The rules of the treaty give it no status.".to_owned())
    }

    /// An act in words: `Withdrawal notified 10 Jan 2020, effective 10 Jan 2021 (entry 11)`.
    fn act(&self, because: &Because) -> String {
        let mut what = because.act.name().replace('-', " ");
        if let Some(first) = what.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let own = self.view.act(because.index).and_then(|act| act.event.date());
        let done = own.filter(|date| **date != because.date).map(|date| self.layout.date(date));
        let effect = self.layout.date(&because.date);
        match done {
            Some(done) => format!("{what} {done}, effective {effect} (entry {})", because.index),
            None => format!("{what} {effect} (entry {})", because.index),
        }
    }

    /// The footnotes on the rectifications of an act.
    fn rectified(&self, act: &Standing) -> Vec<String> {
        let said = |index: &Index| {
            let entry = self.material.entries.iter().find(|e| e.index == *index)?;
            let Act::RecordCorrected(correction) = &entry.event.act else { return None };
            let write = |value: Option<&String>| match value.filter(|value| !value.is_empty()) {
                Some(value) => Edtf::parse(value).map_or_else(|_| value.clone(), |d| self.layout.date(&d)),
                None => "nothing".to_owned(),
            };
            let changes = correction.now.iter().map(|(field, now)| {
                format!("{} from {} to {}", field.0, write(correction.was.get(field)), write(Some(now)))
            });
            let changes = changes.collect::<Vec<_>>().join(", ");
            Some(format!("Rectified: {changes} ({}, entry {index}).", correction.cause))
        };
        act.corrected_by.iter().filter_map(said).collect()
    }

    /// The footnote on another consent on record.
    fn besides(&self, act: &Standing) -> Option<String> {
        let form = form(&act.event.act).map_or("instrument", form_name).replace('-', " ");
        let date = self.layout.date(consent_date(act)?);
        let rival = act.event.rival.as_ref().map(|rival| format!(", on the chain {rival}"));
        Some(format!("Also recorded: {form}, {date} (entry {}){}.", act.index, rival.unwrap_or_default()))
    }
}

fn entries(indexes: &[Index]) -> String {
    let listed: Vec<String> = indexes.iter().map(ToString::to_string).collect();
    match listed.len() {
        1 => format!("entry {}", listed.concat()),
        _ => format!("entries {}", listed.join(" ")),
    }
}

fn is_consent(act: &Act) -> bool {
    use ActKind as K;
    matches!(act.kind(), K::InstrumentDeposited | K::DefinitiveSignature | K::SuccessionNotified)
}

fn form(act: &Act) -> Option<Form> {
    match act {
        Act::InstrumentDeposited(form) => *form,
        Act::DefinitiveSignature => Some(Form::DefinitiveSignature),
        Act::SuccessionNotified => Some(Form::Succession),
        _ => None,
    }
}

fn form_name(form: Form) -> &'static str {
    Form::ALL.iter().find(|(other, _)| *other == form).map_or("", |(_, name)| name)
}

/// The first date of the latest span, begun by the day `on`, in which the participant is a party; of the next span if
/// none has begun.
fn in_force_from(view: &BodyView, history: &History, on: Day) -> Option<Edtf> {
    let full = view.full_status(on)?;
    let spells = history.spells();
    let mut held = spells.iter().filter(|spell| spell.reading.status() == Some(full)).peekable();
    let mut found = None;
    while let Some(spell) = held.next_if(|spell| spell.from <= on) {
        found = Some(spell);
    }
    let spell = found.or_else(|| held.next())?;
    span(history, &spell.reading, spell.from).0
}
