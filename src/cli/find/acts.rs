use serde_json::{Value, json};

use crate::event::{ActKind, Role, Subject};

use crate::cli::context::{Context, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::render::{Page, faint, strong};

/// The vocabulary: every act, the dates it carries, an example line
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery acts
  chancery acts memorandum
  chancery acts application-filed")]
pub(crate) struct Args {
    /// Only acts whose name or meaning has this word
    word: Option<String>,
}

const SHAPE: Shape = Shape {
    list: None,
    columns: &["act", "group", "subject", "dates", "what", "law", "moves_status", "example"],
};

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let word = args.word.as_deref().unwrap_or_default().to_lowercase();
    let has = |kind: &&ActKind| {
        let entry = kind.entry();
        [entry.name, entry.what, entry.law, entry.group].iter().any(|t| t.to_lowercase().contains(&word))
    };
    let mut found: Vec<ActKind> = ActKind::ALL.iter().filter(has).copied().collect();
    if found.is_empty() {
        found.push(word.parse().map_err(Failure::usage)?);
    }
    let items: Vec<Value> = found.iter().map(|kind| json(*kind)).collect();
    context.answer(&items, SHAPE, |page| match found.as_slice() {
        [one] => detail(page, *one),
        several => table(page, several),
    })?;
    Ok(Exit::Done)
}

fn json(kind: ActKind) -> Value {
    let entry = kind.entry();
    let subject = match entry.subject {
        Subject::Participant => "participant",
        Subject::Body => "body",
        Subject::Either => "either",
    };
    let dates: Vec<&str> = entry.roles.iter().map(|role| role.name()).collect();
    json!({"act": entry.name, "group": entry.group, "subject": subject, "dates": dates, "what": entry.what,
           "law": entry.law, "moves_status": kind.may_move_status(), "example": example(kind)})
}

fn table(page: &Page, kinds: &[ActKind]) -> String {
    let mut out = String::new();
    let mut group = "";
    for kind in kinds {
        let entry = kind.entry();
        if group != entry.group {
            group = entry.group;
            out.push_str(&format!("\n{}\n", strong(group)));
        }
        let dates: Vec<&str> = entry.roles.iter().map(|role| role.name()).collect();
        out.push_str(&page.wrap(&format!("  {:<34} ", entry.name), &faint(&dates.join(" "))));
        out.push_str(&page.wrap("      ", &format!("{}  ({})", entry.what, entry.law)));
    }
    out.push_str(&format!("\n{}", page.wrap("", "one act with an example line: chancery acts ACT")));
    out.trim_start().to_owned()
}

fn detail(page: &Page, kind: ActKind) -> String {
    let entry = kind.entry();
    let dates: Vec<&str> = entry.roles.iter().map(|role| role.name()).collect();
    let mut out = format!("{}\n", strong(entry.name));
    out.push_str(&page.wrap("  what     ", entry.what));
    out.push_str(&page.wrap("  law      ", entry.law));
    let own = dates.first().map(|d| format!("{} (its own legal date is {d})", dates.join(", ")));
    out.push_str(&page.wrap("  dates    ", own.as_deref().unwrap_or("none of its own")));
    let status = if kind.may_move_status() {
        "may change one, by a rule of the charter"
    } else {
        "changes none by itself"
    };
    out.push_str(&page.wrap("  status   ", status));
    out.push_str(&format!("  {}\n", example(kind)));
    out
}

/// An example line that records such an act.
pub(crate) fn example(kind: ActKind) -> String {
    match kind {
        ActKind::CharterAdopted => return "example: chancery charter adopt FILE".into(),
        ActKind::CharterAmended => return "example: chancery charter amend FILE".into(),
        ActKind::RecordCorrected => {
            return "example: chancery rectify 93 --set place=Panaji --cause new-evidence --cite \"…\""
                .into();
        }
        ActKind::EntryRetracted => {
            return "example: chancery retract 93 --cause clerical --cite \"…\"".into();
        }
        ActKind::LogKeyRotated => return "example: chancery key rotate --cite \"…\"".into(),
        ActKind::EvidenceRedacted => return "example: chancery redact ENTRY --cite \"…\"".into(),
        ActKind::RecordersRequired => return "example: chancery recorder require --cite \"…\"".into(),
        ActKind::RecorderEnrolled => return "example: chancery recorder enrol VKEY --cite \"…\"".into(),
        ActKind::RecorderLimited => {
            return "example: chancery recorder limit NAME --bodies sco --cite \"…\"".into();
        }
        ActKind::RecorderRevoked => return "example: chancery recorder revoke NAME --cite \"…\"".into(),
        ActKind::ImportRecorded => return "example: chancery import csv FILE --in sco".into(),
        ActKind::RecordSurveyed => {
            return "example: … --in sco --surveyed 1996-04..2025-09 --cite \"…\"".into();
        }
        _ => {}
    }
    let entry = kind.entry();
    let who = if entry.subject == Subject::Participant { "--participant LAO " } else { "" };
    let more = match kind {
        ActKind::ApplicationFiled | ActKind::StatusDecided | ActKind::StatusRecommended => {
            "--toward sco-partner "
        }
        ActKind::MembershipRatified => "--about BLR ",
        ActKind::InstrumentDeposited => "--instrument ratification ",
        ActKind::CommunicationExamined => "--finding accepted ",
        ActKind::ApplicationDeferredOrRejected => "--reply deferred ",
        ActKind::RightsSuspended | ActKind::MembershipSuspended => "--scope voting ",
        ActKind::ReservationMade | ActKind::DeclarationMade => "--scope \"art. 66\" ",
        ActKind::ObjectionMade => "--to 17 --scope precludes-entry-into-force ",
        ActKind::TerritorialApplicationDeclared => "--scope \"the mainland only\" ",
        ActKind::ReservationWithdrawn | ActKind::ObjectionWithdrawn => "--to 17 ",
        ActKind::CorrectionProposed => "--to 1 --text FILE ",
        ActKind::CorrectionEffected => "--to ENTRY ",
        ActKind::ClaimRecorded => "--claims application-filed ",
        _ => "",
    };
    let role = entry.roles.first().map_or(Role::Done, |role| *role);
    format!("example: … {who}--in sco {more}--{role} 2025-11-20 --cite \"…\"")
}
