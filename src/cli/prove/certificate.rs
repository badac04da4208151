//! The option `--certificate FILE` of a question, and the result of `verify` for such a file.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use serde_json::Value;

use crate::certificate::{self, Verified};

use crate::cli::ask::question::Asking;
use crate::cli::context::{Context, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::output::write_output;
use crate::cli::prove::cosign::Line;
use crate::cli::prove::seen::{Outcome, Trust};
use crate::cli::render::{Page, clean, strong, warn};

/// The name and version of this program.
pub(crate) const PROGRAM: &str = concat!("chancery ", env!("CARGO_PKG_VERSION"));

/// A certificate of the answer
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct CertificateArgs {
    /// Write there a certificate of the answer: with the entries that it rests on and the proof that none was left out. It
    /// is verified offline: chancery verify FILE --key VKEY
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
}

impl CertificateArgs {
    /// Writes the certificate of the answer to a question, if the user wants one.
    ///
    /// # Errors
    /// [`Failure`] if the log has no key, the answer has no certificate, or the file cannot be written.
    pub(crate) fn write(&self, asked: &Asking, context: &Context) -> Result<(), Failure> {
        let Some(path) = &self.certificate else { return Ok(()) };
        if path.as_os_str() == "-" {
            return Err(Failure::usage("--certificate needs a file: on standard output stands the answer")
                .help("name one: --certificate answer.json"));
        }
        if context.supposes() {
            return Err(Failure::usage("an answer with supposed events has no certificate")
                .help("leave --certificate out, or ask without what-if"));
        }
        // Plain structs of text and numbers can always be serialized.
        let (answer, size) = asked.plain()?;
        let answer = serde_json::to_value(answer).unwrap_or_default().to_string();
        let text = asked.reading.certificate(&answer, size, PROGRAM)?;
        write_output(path, text.as_bytes())
    }
}

/// The result of verifying a certificate.
#[derive(Serialize)]
struct Verdict {
    verified: bool,
    what: String,
    origin: Option<String>,
    size: Option<u64>,
    root: Option<String>,
    entries: Option<usize>,
    program: Option<String>,
    answer: Option<Value>,
    /// The witnesses of the policy that cosigned the checkpoint.
    cosigned: Vec<Line>,
    /// A property that the certificate does not show, and the command that would show it.
    remark: Option<String>,
}

/// Verifies the text of a certificate, and its head like that of any proof, and prints the result.
///
/// # Errors
/// [`Failure`] if the result cannot be written, or the remembered heads of the log cannot be read.
pub(crate) fn verify(text: &str, trust: &Trust, context: &Context) -> Result<Exit, Failure> {
    let verdict = match certificate::verify(text, trust.key(), PROGRAM) {
        Ok(verified) => match trust.check(&verified.checkpoint, None)? {
            Ok(outcome) => shown(verified, outcome),
            Err(refused) => fails(refused),
        },
        Err(error) => fails(error.to_string()),
    };
    let columns = &["verified", "what", "origin", "size", "root", "entries", "program", "cosigned", "remark"];
    context.answer(&verdict, Shape { list: None, columns }, |page| said(page, &verdict))?;
    Ok(if verdict.verified { Exit::Done } else { Exit::No })
}

/// True if a file is a certificate: a proof or a checkpoint never begins with a brace.
pub(crate) fn is_certificate(text: &str) -> bool {
    text.starts_with('{')
}

fn fails(what: String) -> Verdict {
    Verdict {
        verified: false,
        what,
        origin: None,
        size: None,
        root: None,
        entries: None,
        program: None,
        answer: None,
        cosigned: Vec::new(),
        remark: None,
    }
}

fn shown(verified: Verified, outcome: Outcome) -> Verdict {
    let Verified { answer, checkpoint, entries, program } = verified;
    let head = checkpoint.head;
    Verdict {
        verified: true,
        what: format!(
            "the answer follows from {} of the first {} entries of {}, and no other of them bears on it",
            entries.len(),
            head.size,
            head.origin
        ),
        origin: Some(head.origin),
        size: Some(head.size),
        root: Some(head.root.to_string()),
        entries: Some(entries.len()),
        program: Some(program),
        answer: Some(answer),
        cosigned: outcome.cosigned,
        remark: outcome.remark,
    }
}

fn said(page: &Page, verdict: &Verdict) -> String {
    let head = if verdict.verified { strong("verified") } else { warn("not verified") };
    let mut out = page.wrap(&format!("{head}: "), &clean(&verdict.what));
    let Some(answer) = &verdict.answer else { return out };
    out.push_str(&page.wrap("  question  ", &clean(&question(answer))));
    out.push_str(&page.wrap("  answer    ", &clean(&given(answer))));
    for (label, value) in [("root", &verdict.root), ("program", &verdict.program)] {
        let value = value.as_deref().map(clean).unwrap_or_default();
        out.push_str(&page.wrap(&format!("  {label:<8}  "), &value));
    }
    out.push_str(&crate::cli::prove::seen::said(page, &verdict.cosigned, verdict.remark.as_deref()));
    out
}

/// A value in words: the items of a list, or each name of a count with its certain number.
fn words(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => Some(items.iter().filter_map(words).collect::<Vec<_>>().join(" or ")),
        Value::Object(counts) => {
            let count = |(name, count): (&String, &Value)| format!("{name} {}", count["certain"]);
            Some(counts.iter().map(count).collect::<Vec<_>>().join(", "))
        }
        other => Some(other.to_string()),
    }
}

fn question(answer: &Value) -> String {
    let part = |name: &str| words(&answer["question"][name]);
    let kind = part("kind").unwrap_or_default();
    let of = part("participant").map(|who| format!(" of {who}")).unwrap_or_default();
    let body = part("body").map(|body| format!(" in {body}")).unwrap_or_default();
    let on = part("at").or_else(|| part("on")).unwrap_or_default();
    let known = part("as_known").map_or("everything known".to_owned(), |day| format!("known by {day}"));
    let recorded = part("as_recorded").unwrap_or_default();
    let view = part("view").map(|view| format!(", by the view {view}")).unwrap_or_default();
    format!("{kind}{of}{body}, on {on}, {known}, the first {recorded} entries{view}")
}

fn given(answer: &Value) -> String {
    let part = |name: &str| words(&answer[name]);
    let first = part("status").or_else(|| part("possible")).or_else(|| part("counts"));
    let first = first.or_else(|| part("in_force").map(|yes| format!("in force: {yes}")));
    let after = [("", "certainty"), ("since ", "since"), ("until ", "until"), ("on ", "on")];
    let rest = after.iter().filter_map(|(word, name)| Some(format!("{word}{}", part(name)?)));
    first.into_iter().chain(rest).collect::<Vec<_>>().join(", ")
}

/// The largest certificate, in bytes.
pub(crate) const BYTES_MAX: u64 = 64 << 20;
