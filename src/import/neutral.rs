//! One line of the neutral form: an act of a participant in an organisation or treaty, as a JSON object.

use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::name::participant;
use super::states::{by_number, meant};
use crate::event::{
    Act, ActKind, BodyId, DateError, Edtf, Event, EventId, Evidence, Form, Instant, ParticipantId, Register,
    ResolveError, Role, StatusId,
};

/// The pattern of rules for a treaty that has no charter.
pub(super) const TREATY: &str = "multilateral-treaty";
/// The same for an organisation.
pub(super) const ORGANISATION: &str = "international-organisation";

/// The content of a line.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Line {
    /// The act. Its id is not yet given.
    pub(super) event: Event,
    /// Its body as the source names it.
    pub(super) title: String,
    /// Its participant as the source names it.
    pub(super) named: String,
    /// The pattern of a charter that fits the act.
    pub(super) pattern: &'static str,
    /// True if the source takes back an act that it stated before.
    pub(super) retracts: bool,
    /// The key of the stated act, by which a later line can take it back.
    pub(super) key: String,
    /// Remarks on the reading of a line that is not clear.
    pub(super) doubts: Vec<String>,
}

/// The fields of a line, as written.
#[derive(Deserialize)]
pub(super) struct Object {
    pub(super) date: Option<String>,
    pub(super) not_before: Option<String>,
    pub(super) party: Option<String>,
    pub(super) party_name: Option<String>,
    pub(super) body: String,
    pub(super) body_title: Option<String>,
    pub(super) kind: String,
    pub(super) mark: Option<String>,
    pub(super) effective: Option<String>,
    pub(super) recorded: Option<String>,
    pub(super) op: Option<String>,
    pub(super) source: Option<Value>,
    pub(super) status: Option<String>,
    pub(super) toward: Option<String>,
    pub(super) note: Option<String>,
}

/// The meaning of a kind of the neutral form.
struct Kind {
    act: Act,
    /// The role of the line's `date`.
    role: Role,
    /// The status that the kind names.
    status: Option<&'static str>,
    pattern: &'static str,
    doubt: Option<&'static str>,
}

/// Reads a line.
///
/// # Errors
/// The reason for which the line cannot be taken, and the remedy.
pub(super) fn read_line(text: &str) -> Result<Line, String> {
    let said: Object =
        serde_json::from_str(text).map_err(|e| format!("not a line of the neutral form: {e}"))?;
    line_of(said)
}

/// The content of the fields of a line.
///
/// # Errors
/// The reason for which the line cannot be taken, and the remedy.
pub(super) fn line_of(said: Object) -> Result<Line, String> {
    let kind = kind(&said.kind, said.mark.as_deref().unwrap_or(""), said.effective.is_some())?;
    let body = BodyId::named(&said.body).map_err(|e| format!("body: {e}"))?;
    let mut doubts: Vec<String> = kind.doubt.map(str::to_owned).into_iter().collect();
    let mut event = Event::new(EventId(Uuid::nil()), kind.act, body);
    let (code, name) = (said.party.as_deref(), said.party_name.as_deref());
    let set = said.source.as_ref().map_or("", set_of);
    let is_of_body = code.is_none() && name.is_none() && !event.act.kind().needs_participant();
    let whose = (!is_of_body).then(|| whose(set, said.source.as_ref(), code, name)).transpose()?;
    let mut notes: Vec<String> = said.note.into_iter().collect();
    if let Some(whose) = whose {
        event.participant = Some(whose.participant);
        doubts.extend(whose.doubt);
        notes.extend(whose.note);
    }
    event.note = (!notes.is_empty()).then(|| notes.join("; "));
    let mut open = false;
    let mut date = |key: &str, text: &Option<String>| {
        let Some(text) = text.as_deref() else { return Ok(None) };
        let ended = text.ends_with("..") || text.starts_with("..");
        open |= ended;
        let text = if ended { format!("[{text}]") } else { text.to_owned() };
        Edtf::parse(&text).map(Some).map_err(|e| format!("{key}: {e}"))
    };
    let own = interval(date("not_before", &said.not_before)?, date("date", &said.date)?)?;
    let effective = date("effective", &said.effective)?;
    match (kind.role, &effective) {
        (Role::Effective, Some(effective)) if *effective != own => {
            let roles = event.act.kind().roles();
            let done = roles.iter().find(|r| matches!(r, Role::Notified)).copied().unwrap_or(Role::Done);
            event.dates.set(done, own.clone());
            event.dates.set(Role::Effective, effective.clone());
        }
        (role, effective) => {
            event.dates.set(role, own.clone());
            effective.iter().for_each(|on| event.dates.set(Role::Effective, on.clone()));
        }
    }
    if said.kind == "withdrawal" && effective.is_none() {
        // The clause decides when it took effect; if the clause is unknown, only the day of the act is known.
        event.dates.set(Role::Planned, own.clone());
    }
    meant(&mut event, &said.kind, set);
    if open {
        doubts.push("a date with an open end: any day from it, or up to it".to_owned());
    }
    let status = |key: &str, text: &Option<String>| {
        text.as_deref().map(StatusId::parse).transpose().map_err(|e| format!("{key}: {e}"))
    };
    let implied = kind.status.and_then(|id| StatusId::parse(id).ok());
    event.status = status("status", &said.status)?.or(implied);
    event.toward = status("toward", &said.toward)?;
    event.evidence = said.source.as_ref().map(citation).into_iter().collect();
    event.known_from = said.recorded.as_deref().map(known_from).transpose()?;
    let retracts = match said.op.as_deref() {
        None | Some("set") => false,
        Some("retract") => true,
        Some(other) => return Err(format!("op: {other:?} is neither set nor retract")),
    };
    let whose = name.or(code).unwrap_or_default();
    let named = whose.to_owned();
    let mark = said.mark.as_deref().unwrap_or("");
    let key = format!("{}\n{whose}\n{}\n{mark}\n{own}", event.body, said.kind);
    let title = said.body_title.unwrap_or(said.body);
    Ok(Line { event, title, named, pattern: kind.pattern, retracts, key, doubts })
}

/// The participant that a line means.
struct Whose {
    participant: ParticipantId,
    /// The name in the source, if the register does not know the participant.
    note: Option<String>,
    doubt: Option<String>,
}

fn whose(set: &str, source: Option<&Value>, code: Option<&str>, name: Option<&str>) -> Result<Whose, String> {
    let found = by_number(set, source, name).or_else(|| participant(set, code, name));
    if let Some(participant) = found.clone().filter(|found| !found.is_named()) {
        return Ok(Whose { participant, note: None, doubt: None });
    }
    let word = name.or(code).ok_or("neither party nor party_name: a line needs one of them")?;
    let named = found.or_else(|| ParticipantId::named(word));
    let named = named.ok_or(format!("party_name: {word:?} has no letter"))?;
    let doubt = match Register::builtin().resolve(word) {
        Err(several @ ResolveError::Ambiguous { .. }) => format!("{several}; recorded as {named}"),
        _ => format!("the register has no {word:?}: recorded as {named}"),
    };
    let note = Some(format!("named {word} by the source"));
    Ok(Whose { participant: named, note, doubt: Some(doubt) })
}

/// The date or the instant from which the act was publicly known. EDTF has no fractions of a second, so an instant with one becomes
/// the next second.
fn known_from(text: &str) -> Result<Edtf, String> {
    let fault = |e: DateError| format!("recorded: {e}");
    let Ok(instant) = Instant::parse(text) else { return Edtf::parse(text).map_err(fault) };
    let seconds =
        instant.micros().div_euclid(1_000_000) + i64::from(instant.micros().rem_euclid(1_000_000) > 0);
    let whole = Instant::from_micros(seconds.saturating_mul(1_000_000)).canonical();
    Edtf::parse(&whole.replace(".000000", "")).map_err(fault)
}

/// The date of an act that a source dates to a year and that had not happened on an earlier date: it happened between the two.
fn interval(not_before: Option<Edtf>, date: Option<Edtf>) -> Result<Edtf, String> {
    let date = date.ok_or("date is empty: give what is known, as 2006 or [..2022-04-12]")?;
    match not_before {
        None => Ok(date),
        Some(from) if from.earliest() <= date.latest() => {
            Edtf::parse(&format!("[{}..{}]", from.earliest(), date.latest())).map_err(|e| e.to_string())
        }
        Some(from) => Err(format!("not_before: {from} lies after {date}")),
    }
}

/// The name of the data set in a source.
pub(super) fn set_of(source: &Value) -> &str {
    match source {
        Value::Object(fields) => fields.get("set").and_then(Value::as_str).unwrap_or(""),
        other => other.as_str().and_then(|text| text.split_whitespace().next()).unwrap_or(""),
    }
}

/// A source as a citation: its parts in the order in which it states them.
fn citation(source: &Value) -> Evidence {
    let part = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let cite = match source {
        Value::Object(fields) => {
            let parts = fields.iter().filter_map(|(key, value)| Some((key, part(value)?)));
            let parts = parts.map(|(key, value)| if key == "set" { value } else { format!("{key} {value}") });
            parts.collect::<Vec<_>>().join(", ")
        }
        other => part(other).unwrap_or_default(),
    };
    Evidence::citing(cite, None)
}

/// Checks that a line may be of a kind.
///
/// # Errors
/// The reason for which it may not.
pub(super) fn knows_kind(name: &str) -> Result<(), String> {
    kind(name, "", true).map(|_| ())
}

/// The act that a kind of the neutral form means; `None` if it means no act, or a mark decides which.
pub fn neutral_act(name: &str) -> Option<Act> {
    kind(name, "", true).ok().map(|kind| kind.act)
}

fn kind(name: &str, mark: &str, effective: bool) -> Result<Kind, String> {
    let deposit = |form| (Act::InstrumentDeposited(form), Role::Deposited);
    let treaty = |(act, role)| Kind { act, role, status: None, pattern: TREATY, doubt: None };
    let doubtful = |(act, role), doubt| Kind { doubt: Some(doubt), ..treaty((act, role)) };
    let organisation =
        |act, status| Kind { act, role: Role::Effective, status, pattern: ORGANISATION, doubt: None };
    let form = Form::from_name(&name.replace('_', "-"));
    Ok(match name {
        "signature" => treaty((Act::TreatySigned, Role::Signed)),
        "succession_to_signature" => {
            doubtful((Act::TreatySigned, Role::Signed), "succession to a signature: read as the signature")
        }
        "definitive_signature" => treaty((Act::DefinitiveSignature, Role::Signed)),
        "succession" | "declaration_of_continued_application" | "declaration/notification_of_succession" => {
            treaty((Act::SuccessionNotified, Role::Notified))
        }
        "instrument" => return instrument(mark),
        "application" | "participation" | "notification" | "other" => doubtful(
            deposit(None),
            "neither ratification nor accession: read as an instrument of unknown form",
        ),
        "provisional_application" | "provisional" => {
            treaty((Act::ProvisionalApplicationBegan, Role::Effective))
        }
        "un_admission_resolution" => doubtful(
            (Act::ClaimRecorded(None), Role::Done),
            "a resolution on admission: kept as a claim, it moves no status in this treaty",
        ),
        "un_declaration_registered" => {
            doubtful(deposit(None), "a declaration registered: read as an instrument")
        }
        "in_force" | "in_force_for_party" => treaty((Act::EnteredIntoForceForParticipant, Role::Effective)),
        "termination_for_treaty" => treaty((Act::TreatyTerminated, Role::Effective)),
        "withdrawal" if !effective => treaty((Act::WithdrawalNotified, Role::Done)),
        "withdrawal" => treaty((Act::WithdrawalEffective, Role::Effective)),
        "joined" | "state_began" => organisation(Act::MembershipEffective, None),
        "state_began_on_or_before" => Kind {
            doubt: Some("the list begins with it: it may have begun before"),
            ..organisation(Act::MembershipEffective, None)
        },
        "left" | "state_ended" | "code_withdrawn" => organisation(Act::WithdrawalEffective, None),
        "observer_granted" => organisation(Act::StatusGranted, Some("observer")),
        "associate_granted" => organisation(Act::StatusGranted, Some("associate")),
        _ if form.is_some() => treaty(deposit(form)),
        _ => return of_vocabulary(name).ok_or(format!("kind: {name:?} is no kind of the neutral form")),
    })
}

/// A kind that is the name of an act of the vocabulary.
fn of_vocabulary(name: &str) -> Option<Kind> {
    let kind: ActKind = name.replace('_', "-").parse().ok()?;
    let vocable = kind.entry();
    let told = !kind.is_record_keeping() && !kind.is_of_ledger() && vocable.group != "charter";
    let pattern = match vocable.group {
        "admission" | "sanction" | "practice" | "exit" => ORGANISATION,
        _ => TREATY,
    };
    let role = *vocable.roles.first()?;
    Act::bare(kind).filter(|_| told).map(|act| Kind { act, role, status: None, pattern, doubt: None })
}

/// An instrument of ratification, accession and so on, by the letters with which a table marks its form.
fn instrument(mark: &str) -> Result<Kind, String> {
    let deposit = |form| (Act::InstrumentDeposited(form), Role::Deposited);
    let (act, role) = match mark {
        "" => deposit(None),
        "a" => deposit(Some(Form::Accession)),
        "A" => deposit(Some(Form::Acceptance)),
        "AA" => deposit(Some(Form::Approval)),
        "c" => deposit(Some(Form::FormalConfirmation)),
        "p" => deposit(Some(Form::SimplifiedProcedure)),
        "P" => deposit(Some(Form::ConsentToBeBound)),
        "d" => (Act::SuccessionNotified, Role::Notified),
        "s" => (Act::DefinitiveSignature, Role::Signed),
        "C" => (Act::TreatySigned, Role::Signed),
        "n" => (Act::ProvisionalApplicationBegan, Role::Effective),
        other => return Err(format!("mark: {other:?} is none of a A AA c C d n p P s")),
    };
    Ok(Kind { act, role, status: None, pattern: TREATY, doubt: None })
}
