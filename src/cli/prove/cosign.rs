//! Asks witnesses for their cosignatures.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use crate::event::Size;
use crate::ledger::Reading;
use crate::log::{Disk, Signature, SignedCheckpoint};
use crate::witness::{PolicyWitness, WitnessJudgement, WitnessPolicy};

use crate::cli::context::{Context, Format, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::prove::witness_request::instant;
use crate::cli::render::count;

/// The time within which a witness must answer; one that does not is passed over.
const PATIENCE: Duration = Duration::from_secs(10);
/// The largest answer of a witness, in bytes: its lines take less.
const ANSWER_BYTES_MAX: u64 = 1 << 14;
/// The number of requests to a witness that reports another size each time.
const ATTEMPTS: usize = 3;

#[derive(Serialize)]
struct Answer {
    origin: String,
    size: u64,
    root: String,
    note: String,
    cosigned: Vec<Line>,
    lacking: Vec<String>,
    failed: Vec<String>,
}

/// A witness that cosigned, and the time of its cosignature.
#[derive(Serialize, Clone)]
pub(crate) struct Line {
    /// The name of the witness in the policy.
    witness: String,
    time: String,
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}", self.witness, self.time)
    }
}

/// The witnesses that cosigned, for an answer.
pub(crate) fn lines(judgement: &WitnessJudgement) -> Vec<Line> {
    let line =
        |(name, time): &(String, u64)| Line { witness: name.clone(), time: instant(*time).canonical() };
    judgement.cosigned.iter().map(line).collect()
}

/// Reads a policy from a file.
///
/// # Errors
/// [`Failure`] of usage.
pub(crate) fn policy(path: &Path) -> Result<WitnessPolicy, Failure> {
    let text = crate::log::regular::read_text_given(path).map_err(|error| Failure::file(path, &error))?;
    WitnessPolicy::parse(&text).map_err(|error| {
        Failure::usage(format!("{}, {error}", path.display()))
            .help("the form is C2SP tlog-policy; docs/WITNESS.md has an example")
    })
}

/// Asks every witness of a policy that has an address to cosign a head, and stores the head if enough have cosigned.
///
/// # Errors
/// [`Failure`], with exit 1 if the quorum is not met.
pub(crate) fn run(
    reading: &Reading,
    size: Size,
    policy: &WitnessPolicy,
    files: &[PathBuf],
    context: &Context,
) -> Result<Exit, Failure> {
    let key = reading.verifier_key()?;
    if !policy.logs().is_empty() && !policy.logs().contains(&key) {
        return Err(Failure::usage(format!("the policy names other logs than {}", key.name()))
            .help("add the line that chancery key show prints, behind the word log"));
    }
    let earlier = reading.signed_head(size)?;
    let mut signed = earlier.clone().with_only(|line| key.is_of(line));
    let given = files.iter().map(|path| given(path)).collect::<Result<Vec<_>, _>>()?.concat();
    let last = reading.cosigned()?;
    let mut failed = Vec::new();
    for witness in policy.witnesses() {
        let answer = match &witness.url {
            Some(url) => ask(reading, &signed, witness, url, last.as_ref()),
            None => Err("it has no address in the policy".into()),
        };
        let mut kept = given.iter().chain(earlier.signatures());
        let line = answer.or_else(|why| kept.find(|line| fits(line, witness, &signed)).cloned().ok_or(why));
        match line {
            Ok(line) => signed.add(line),
            Err(why) => failed.push(format!("{}: {why}", witness.name)),
        }
    }
    let judgement = policy.judge(&signed).map_err(|error| Failure::new(Exit::No, error))?;
    let met = judgement.lacking.is_empty();
    if met && !reading.keep_cosigned(&signed, &context.holder("checkpoint --cosign"), &Disk::default())? {
        context.remark("a larger head with cosignatures is kept already; this one is not kept in its place");
    }
    say(&signed, &judgement, &failed, context)?;
    if met {
        failed.iter().for_each(|why| context.remark(why));
        return Ok(Exit::Done);
    }
    let what = format!("the quorum is not met: {}", judgement.lacking.join("; "));
    Err(failed.into_iter().fold(Failure::new(Exit::No, what), Failure::help))
}

fn say(
    signed: &SignedCheckpoint,
    judgement: &WitnessJudgement,
    failed: &[String],
    context: &Context,
) -> Result<(), Failure> {
    if context.format == Format::Text {
        return context.print_verbatim(&signed.to_string());
    }
    let answer = Answer {
        origin: signed.head.origin.clone(),
        size: signed.head.size,
        root: signed.head.root.to_string(),
        note: signed.to_string(),
        cosigned: lines(judgement),
        lacking: judgement.lacking.clone(),
        failed: failed.to_vec(),
    };
    let columns = &["origin", "size", "root", "note", "cosigned", "lacking", "failed"];
    context.answer(&answer, Shape { list: None, columns }, |_| String::new())
}

/// Reads cosignatures that the user got in another way.
fn given(path: &Path) -> Result<Vec<Signature>, Failure> {
    let text = crate::log::regular::read_text_given(path).map_err(|error| Failure::file(path, &error))?;
    let line = |(text, line)| {
        let what = || Failure::usage(format!("{}, line {line}: it is not a signature", path.display()));
        Signature::parse(text).ok_or_else(what)
    };
    text.lines().zip(1..).map(line).collect()
}

/// True if a line is the cosignature of this witness over this head.
fn fits(line: &Signature, witness: &PolicyWitness, signed: &SignedCheckpoint) -> bool {
    let mut alone = signed.clone().with_only(|_| false);
    alone.add(line.clone());
    matches!(witness.key.cosigned(&alone), Ok(Some(_)))
}

/// Asks one witness, starting from the size that it reports as its last cosigned one.
fn ask(
    reading: &Reading,
    signed: &SignedCheckpoint,
    witness: &PolicyWitness,
    url: &str,
    last: Option<&SignedCheckpoint>,
) -> Result<Signature, String> {
    let size = signed.head.size;
    let known = last.filter(|last| matches!(witness.key.cosigned(last), Ok(Some(_))));
    let mut old = known.map_or(0, |last| last.head.size).min(size);
    for _ in 0..ATTEMPTS {
        let request = crate::cli::prove::prove::request(reading, old, Size(size))
            .map_err(|failure| failure.reason())?;
        let (status, answer) = post(url, &request.to_string())?;
        match status {
            200 => {
                let mut lines = answer.lines().filter_map(Signature::parse);
                let line = lines.find(|line| fits(line, witness, signed));
                return line
                    .ok_or_else(|| "its answer holds no cosignature of its key over this head".into());
            }
            409 => {
                let says = answer.trim_end().parse().map_err(|_| "it answers 409 and no size")?;
                if says > size {
                    return Err(format!(
                        "it has cosigned {}, this head has {size}: the ledger is behind what it has shown, or the head \
                         is an old one",
                        count(says, "entry", "entries")
                    ));
                }
                if says == old {
                    return Err(format!(
                        "it has cosigned another head of {old} entries: two histories, or two completeness maps"
                    ));
                }
                old = says;
            }
            422 => {
                return Err(format!(
                    "it is not shown that this head begins with the {old} entries it cosigned: two histories"
                ));
            }
            other => {
                let why: String = answer.lines().next().unwrap_or_default().chars().take(200).collect();
                return Err(format!("it answers {other}: {why}"));
            }
        }
    }
    Err("it says another size each time".into())
}

fn post(url: &str, body: &str) -> Result<(u16, String), String> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        .max_redirects(0)
        .build()
        .into();
    let address = format!("{}/add-checkpoint", url.trim_end_matches('/'));
    let mut answer = agent.post(&address).send(body).map_err(|error| format!("{address}: {error}"))?;
    let status = answer.status().as_u16();
    let text = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string();
    text.map(|text| (status, text)).map_err(|error| format!("{address}: {error}"))
}
