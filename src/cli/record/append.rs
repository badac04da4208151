use std::path::{Path, PathBuf};

use crate::event::leaf::{LeafError, decode_offer};
use crate::event::{
    Act, ActKind, BodyId, Digest, Edtf, Event, EventId, EventSignature, Evidence, Finding, Form, Grade,
    Index, ParticipantId, Quote, Reply, Rival, Role, Size, StatusId, Survey,
};
use crate::ledger::AppendOptions;
use crate::query::participant;

use crate::cli::context::{Context, input_name, read_input};
use crate::cli::error::{Exit, Failure};
use crate::cli::record::documents::{self, keep_document};
use crate::cli::record::receipt;
use crate::cli::record::signing::{Mode, SigningArgs};
use crate::cli::record::words;

/// Record one act, or a batch
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery append application-filed --participant LAO --in sco --toward sco-partner \\
    --done 2025-07 --cite \"…\"
  chancery append partnership-memorandum-signed --participant LAO --in sco \\
    --signed 2025-11-20 --cite \"…\" --dry-run
  chancery append membership-ratified --participant KAZ --in sco --about BLR \\
    --deposited 2024-05-02 --cite \"…\"
  chancery append record-surveyed --in sco --surveyed 1996-04..2025-09 --cite \"…\"
  chancery append --from events.jsonl        (one event a line; all or nothing)

Dates are EDTF: 2023-07-04, 2023-07, 2023, [2010-04-28..2010-04-29], 2023-07~.
What each act carries: chancery acts")]
pub(crate) struct Args {
    /// What happened: `chancery acts` lists them
    #[arg(required_unless_present = "from", conflicts_with = "from", value_parser = str::parse::<ActKind>)]
    act: Option<ActKind>,
    /// Who acted: a code or any name
    #[arg(long, short, value_parser = participant)]
    participant: Option<ParticipantId>,
    /// In which organisation or treaty
    #[arg(long = "in", value_name = "BODY")]
    body: Option<BodyId>,
    /// The event's id, chosen by you: running the same again records it once
    #[arg(long, value_name = "UUID", value_parser = EventId::parse)]
    id: Option<EventId>,
    /// A batch: JSON Lines of events, `-` for standard input; all of them or none
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Refuse unless the ledger has exactly this many entries
    #[arg(long, value_name = "N")]
    expect_size: Option<u64>,
    /// Say what would change, record nothing
    #[arg(long)]
    dry_run: bool,
    /// Go on although the clock is behind the last entry
    #[arg(long)]
    accept_clock: bool,
    /// Keep the words of --quote beside the log, so that they can be removed: the
    /// log holds a salted hash of them (chancery redact)
    #[arg(long, requires = "quote")]
    redactable: bool,
    #[command(flatten)]
    dates: DateArgs,
    #[command(flatten)]
    said: SaidArgs,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    signing: SigningArgs,
}

/// Dates by role
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Dates by role (EDTF)")]
struct DateArgs {
    /// A text was adopted
    #[arg(long, value_name = "DATE")]
    adopted: Option<Edtf>,
    /// An organ decided
    #[arg(long, value_name = "DATE")]
    decided: Option<Edtf>,
    /// Signed
    #[arg(long, value_name = "DATE")]
    signed: Option<Edtf>,
    /// Written in the instrument; said or held
    #[arg(long, value_name = "DATE")]
    done: Option<Edtf>,
    /// Received by the depositary or organisation
    #[arg(long, value_name = "DATE")]
    received: Option<Edtf>,
    /// The legal date of an instrument
    #[arg(long, value_name = "DATE")]
    deposited: Option<Edtf>,
    /// The first day of its effect
    #[arg(long, value_name = "DATE")]
    effective: Option<Edtf>,
    /// A day foreseen for the effect
    #[arg(long, value_name = "DATE")]
    planned: Option<Edtf>,
    /// Circulated by the depositary
    #[arg(long, value_name = "DATE")]
    notified: Option<Edtf>,
    /// The first day on which it no longer holds
    #[arg(long, value_name = "DATE")]
    until: Option<Edtf>,
    /// The day from which the world could know, where it differs from the act's own
    #[arg(long, value_name = "DATE")]
    known_from: Option<Edtf>,
}

impl DateArgs {
    fn by_role(&self) -> [(Role, &Option<Edtf>); 10] {
        [
            (Role::Adopted, &self.adopted),
            (Role::Decided, &self.decided),
            (Role::Signed, &self.signed),
            (Role::Done, &self.done),
            (Role::Received, &self.received),
            (Role::Deposited, &self.deposited),
            (Role::Effective, &self.effective),
            (Role::Planned, &self.planned),
            (Role::Notified, &self.notified),
            (Role::Until, &self.until),
        ]
    }
}

/// What is said of the act
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "What is said of the act")]
struct SaidArgs {
    /// The status applied for, recommended or decided
    #[arg(long, value_name = "STATUS")]
    toward: Option<StatusId>,
    /// The status that the source gives as the result: a claim, compared with the charter
    #[arg(long, value_name = "STATUS")]
    claims_status: Option<StatusId>,
    /// Whose protocol, whose line
    #[arg(long, value_name = "PARTICIPANT", value_parser = participant)]
    about: Option<ParticipantId>,
    /// The entry that it answers
    #[arg(long, value_name = "ENTRY")]
    to: Option<u64>,
    /// The instrument or decision, as titled
    #[arg(long)]
    title: Option<String>,
    /// Where
    #[arg(long)]
    place: Option<String>,
    /// Of instrument-deposited: ratification, acceptance, approval, accession …
    #[arg(long, value_name = "KIND", value_parser = |text: &str| Form::from_name(text).ok_or("ratification, acceptance, approval, accession, formal-confirmation, succession, definitive-signature, simplified-procedure or consent-to-be-bound"))]
    instrument: Option<Form>,
    /// Of a suspension: which rights; of a reservation or declaration: which provisions; of a territorial
    /// application: which territories; of an objection: precludes-entry-into-force, where it does
    #[arg(long)]
    scope: Option<String>,
    /// Of correction-proposed and correction-effected: the corrected rules, TOML as of an amendment
    #[arg(long, value_name = "FILE")]
    text: Option<PathBuf>,
    /// Of application-deferred-or-rejected: deferred or rejected
    #[arg(long, value_parser = one_word::<Reply>)]
    reply: Option<Reply>,
    /// Of communication-examined: accepted, queried or returned
    #[arg(long, value_parser = one_word::<Finding>)]
    finding: Option<Finding>,
    /// Of claim-recorded: the act that the source claims
    #[arg(long, value_name = "ACT", value_parser = str::parse::<ActKind>)]
    claims: Option<ActKind>,
    /// Of record-surveyed: the span of the record that was searched, FROM..TO
    #[arg(long, value_name = "FROM..TO", value_parser = span)]
    surveyed: Option<Edtf>,
    /// Of record-surveyed: the search found only those who are still there
    #[arg(long)]
    survivors_only: bool,
    /// Order within the day: smaller first
    #[arg(long, value_name = "N")]
    sequence: Option<u16>,
    /// The dispute in which it stands, and on which chain
    #[arg(long, value_name = "DISPUTE:CHAIN", value_parser = |text: &str| Rival::parse(text).ok_or("write DISPUTE:CHAIN"))]
    rival: Option<Rival>,
    /// A remark
    #[arg(long)]
    note: Option<String>,
    /// Who records it
    #[arg(long, value_name = "NAME")]
    recorder: Option<String>,
}

/// What it rests on
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "What it rests on")]
pub(crate) struct SourceArgs {
    /// Where it is written; may be repeated, the options below are of the first
    #[arg(long, value_name = "TEXT")]
    pub(crate) cite: Vec<String>,
    /// official, agency, press, tertiary or unverified
    #[arg(long, value_parser = one_word::<Grade>)]
    grade: Option<Grade>,
    /// Its address
    #[arg(long)]
    url: Option<String>,
    /// When the source appeared; it dates the source, not the knowledge of the act
    #[arg(long, value_name = "DATE")]
    published: Option<Edtf>,
    /// When it was looked at
    #[arg(long, value_name = "DATE")]
    retrieved: Option<Edtf>,
    /// Its words
    #[arg(long, value_name = "TEXT")]
    quote: Option<String>,
    /// A document to keep beside the log, by its SHA-256
    #[arg(long, value_name = "FILE")]
    attach: Option<PathBuf>,
}

/// Reads a word of a closed list, spelt as in JSON.
fn one_word<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(serde_json::Value::String(text.to_ascii_lowercase())).map_err(|e| {
        let said = e.to_string();
        let said = said.split(" at line").next().unwrap_or_default();
        said.replace("unknown variant", "not known:").replace('`', "")
    })
}

/// Reads a span: `FROM..TO` or `FROM/TO`.
pub(crate) fn span(text: &str) -> Result<Edtf, crate::event::DateError> {
    match text.split_once("..") {
        Some((from, to)) => Edtf::parse(&format!("{from}/{to}")),
        None => Edtf::parse(text),
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let mode = args.signing.mode(args.dry_run);
    // The input is read before the ledger is locked, because a pipe may be slow.
    let (offers, document) = match &args.from {
        Some(path) => (offers(path, context)?, None),
        None => {
            let (event, document) = one(args, context)?;
            (vec![(event, Vec::new())], document)
        }
    };
    let mut writer = args.signing.open(context, "append", mode)?;
    let mut events = Vec::with_capacity(offers.len());
    for (event, signatures) in offers {
        writer.offer(event.id, signatures);
        events.push(event);
    }
    let mut words = Vec::new();
    if let (None, [event]) = (&args.from, events.as_mut_slice()) {
        let target = args.said.to.map(|index| writer.entry(Index(index))).transpose()?;
        event.to = target.map(|entry| entry.event.id);
        if args.redactable {
            words = words::commit(event, &writer, &context.ledger, &Context::salt)?;
        }
    }
    let options = AppendOptions {
        now: context.clock_now(),
        expect_size: args.expect_size.map(Size),
        accept_clock: args.accept_clock,
    };
    let beside = document.is_some() || !words.is_empty();
    if matches!(mode, Mode::Draft(_)) && beside {
        return Err(Failure::usage(
            "--draft takes no --attach and no --redactable: they are kept beside the ledger",
        ));
    }
    if mode.records() && beside {
        // A refused append must leave no file beside the log.
        writer.rehearse(events.clone(), &options)?;
        document.iter().try_for_each(|bytes| keep_document(&context.ledger, bytes))?;
        words.iter().try_for_each(|words| words::keep(&context.ledger, words))?;
    }
    let done = receipt::append(context, &mut writer, events, options, mode);
    if mode.records() {
        context.close(writer);
    }
    done.map_err(|failure| example(failure, args))?;
    Ok(Exit::Done)
}

/// Adds an example with the missing date to the error about an act that lacks one.
fn example(failure: Failure, args: &Args) -> Failure {
    let needs = failure.to_string().contains(" needs --");
    match (needs, args.act) {
        (true, Some(act)) => failure.help(crate::cli::find::acts::example(act)),
        _ => failure,
    }
}

fn one(args: &Args, context: &Context) -> Result<(Event, Option<Vec<u8>>), Failure> {
    let kind = args.act.ok_or_else(|| Failure::usage("an act is needed: see chancery acts"))?;
    let Some(body) = args.body.clone() else {
        return Err(
            Failure::usage(format!("{kind} needs --in BODY")).help(crate::cli::find::acts::example(kind))
        );
    };
    let mut event = Event::new(args.id.unwrap_or_else(|| context.new_id()), act(kind, &args.said)?, body);
    event.participant = args.participant.clone();
    for (role, date) in args.dates.by_role() {
        if let Some(date) = date {
            event.dates.set(role, date.clone());
        }
    }
    event.known_from = args.dates.known_from.clone();
    let said = &args.said;
    event.toward = said.toward.clone();
    event.status = said.claims_status.clone();
    event.about = said.about.clone();
    event.title = said.title.clone();
    event.place = said.place.clone();
    event.sequence = said.sequence;
    event.rival = said.rival.clone();
    event.note = said.note.clone();
    event.recorder = said.recorder.clone();
    let (evidence, document) = args.source.evidence()?;
    event.evidence = evidence;
    if event.evidence.is_empty() {
        return Err(Failure::usage(format!("{kind} needs --cite: a fact carries its source"))
            .help(crate::cli::find::acts::example(kind)));
    }
    Ok((event, document))
}

/// The act with the fields that only its kind has. An option of another kind of act is refused, not ignored.
fn act(kind: ActKind, said: &SaidArgs) -> Result<Act, Failure> {
    use ActKind as K;
    let stray = [
        ("--instrument", said.instrument.is_some(), kind == K::InstrumentDeposited),
        ("--scope", said.scope.is_some(), Act::scoped(kind, None).is_some()),
        ("--text", said.text.is_some(), matches!(kind, K::CorrectionProposed | K::CorrectionEffected)),
        ("--reply", said.reply.is_some(), kind == K::ApplicationDeferredOrRejected),
        ("--finding", said.finding.is_some(), kind == K::CommunicationExamined),
        ("--claims", said.claims.is_some(), kind == K::ClaimRecorded),
        ("--surveyed", said.surveyed.is_some(), kind == K::RecordSurveyed),
        ("--survivors-only", said.survivors_only, kind == K::RecordSurveyed),
    ];
    if let Some((option, ..)) = stray.iter().find(|(_, given, fits)| *given && !fits) {
        return Err(Failure::usage(format!("{option} does not belong to {kind}"))
            .help(format!("what it carries: chancery acts {kind}")));
    }
    if let Some(scoped) = Act::scoped(kind, said.scope.as_deref().map(smol_str::SmolStr::new)) {
        return Ok(scoped);
    }
    let needs = |option: &str| Failure::usage(format!("{kind} needs {option}"));
    Ok(match kind {
        K::InstrumentDeposited => Act::InstrumentDeposited(said.instrument),
        K::ApplicationDeferredOrRejected => Act::ApplicationDeferredOrRejected(said.reply),
        K::ClaimRecorded => Act::ClaimRecorded(said.claims),
        K::CommunicationExamined => {
            Act::CommunicationExamined(said.finding.ok_or_else(|| needs("--finding"))?)
        }
        K::CorrectionProposed => Act::CorrectionProposed(corrected_text(said.text.as_deref())?),
        K::CorrectionEffected => Act::CorrectionEffected(corrected_text(said.text.as_deref())?),
        K::RecordSurveyed => {
            let span = said.surveyed.clone().ok_or_else(|| needs("--surveyed"))?;
            Act::RecordSurveyed(Survey { span, survivors_only: said.survivors_only })
        }
        K::CharterAdopted | K::CharterAmended => {
            return Err(
                needs("its text").help("use: chancery charter adopt FILE | chancery charter amend FILE")
            );
        }
        K::RecordCorrected => return Err(needs("the entry").help("use: chancery rectify ENTRY")),
        K::EntryRetracted => return Err(needs("the entry").help("use: chancery retract ENTRY")),
        K::LogKeyRotated => return Err(needs("both keys").help("use: chancery key rotate")),
        K::EvidenceRedacted => return Err(needs("the entry").help("use: chancery redact ENTRY")),
        K::RecordersRequired | K::RecorderEnrolled | K::RecorderLimited | K::RecorderRevoked => {
            return Err(Failure::usage(format!("{kind} is of the ledger itself"))
                .help("use: chancery recorder enrol | limit | revoke | require"));
        }
        K::ImportRecorded => return Err(needs("its file").help("use: chancery import csv FILE")),
        plain => Act::plain(plain).ok_or_else(|| needs("more than these options can say: use --from"))?,
    })
}

/// The TOML of a correction, as the user wrote it.
fn corrected_text(file: Option<&Path>) -> Result<Option<smol_str::SmolStr>, Failure> {
    let Some(file) = file else { return Ok(None) };
    let name = input_name(file);
    let bytes = read_input(file)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|e| Failure::usage(format!("{name}: not UTF-8 at byte {}", e.valid_up_to())))?;
    crate::charter::CharterText::parse(text).map_err(|e| Failure::usage(format!("{name}, {e}")))?;
    Ok(Some(smol_str::SmolStr::new(text)))
}

impl SourceArgs {
    /// The evidence, and the bytes of the attached document.
    ///
    /// # Errors
    /// [`Failure`] if a source is described but not cited, or the document cannot be read.
    pub(crate) fn evidence(&self) -> Result<(Vec<Evidence>, Option<Vec<u8>>), Failure> {
        let described = self.grade.is_some()
            || self.url.is_some()
            || self.published.is_some()
            || self.retrieved.is_some()
            || self.quote.is_some()
            || self.attach.is_some();
        let mut evidence: Vec<Evidence> = self.cite.iter().map(|cite| Evidence::citing(cite, None)).collect();
        let Some(first) = evidence.first_mut() else {
            return match described {
                true => Err(Failure::usage("--cite is needed: say where it is written")),
                false => Ok((evidence, None)),
            };
        };
        first.grade = self.grade;
        first.url = self.url.clone();
        first.published = self.published.clone();
        first.retrieved = self.retrieved.clone();
        first.quote = self.quote.clone().map(Quote::Text);
        let document = match &self.attach {
            Some(path) => Some(documents::read_attached(path).map_err(|e| Failure::file(path, &e))?),
            None => None,
        };
        first.sha256 = document.as_ref().map(|bytes| Digest::of(bytes).into());
        Ok((evidence, document))
    }
}

/// Reads events from JSON Lines; a line may leave out its id.
///
/// # Errors
/// [`Failure`] that names the line.
pub(crate) fn batch(path: &Path, context: &Context) -> Result<Vec<Event>, Failure> {
    Ok(offers(path, context)?.into_iter().map(|(event, _)| event).collect())
}

/// Does the same and returns the signatures of each event too: a line is an event, or a draft with its signatures.
///
/// # Errors
/// [`Failure`] that names the line.
pub(crate) fn offers(path: &Path, context: &Context) -> Result<Vec<(Event, Vec<EventSignature>)>, Failure> {
    let bytes = read_input(path)?;
    let name = input_name(path);
    let mut events = Vec::new();
    for (at, line) in bytes.split(|b| *b == b'\n').enumerate() {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        // Each line is parsed as a document of one line, so only the column of an error is of use.
        let located = |e: LeafError| {
            let what = e.to_string().replace(" at line 1 column ", " at column ").replace('`', "");
            Failure::usage(format!("{name}, line {}: {what}; nothing was recorded", at + 1))
        };
        events.push(decode_offer(line, context.new_id()).map_err(located)?);
    }
    match events.is_empty() {
        true => Err(Failure::usage(format!("{name}: there is no event in it"))),
        false => Ok(events),
    }
}
