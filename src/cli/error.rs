//! Failures as the user sees them: the cause, its place, the exit code, and the remedy.

use std::fmt;

use crate::certificate::CertificateError;
use crate::charter::{CharterError, CharterTextError};
use crate::cli::render::one_of;
use crate::cli::safe::without_secrets;
use crate::event::leaf::LeafError;
use crate::event::{BodyId, DateError, ResolveError, Size, StatusId};
use crate::import::{ImportError, Reject};
use crate::index::IndexError;
use crate::ledger::{LedgerError, RecorderError};
use crate::log::{KeyError, LogError};
use crate::publish::{PublishError, SourceError};
use crate::query::{QueryError, QuestionError};
use crate::witness::{MemoryError, WitnessError};

/// The exit codes of every command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Exit {
    /// The command succeeded, or the question was answered.
    Done = 0,
    /// The answer to a yes/no question is "no", an audit has findings, or an import left rows out.
    No = 1,
    /// A word that does not resolve, or an option that does not fit.
    Usage = 2,
    /// The ledger refuses it by rule.
    Refused = 3,
    /// The ledger is unavailable, locked or damaged.
    Unavailable = 4,
}

/// The reason why a command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code of the process.
    pub(crate) exit: Exit,
    /// The cause and its place.
    what: String,
    /// The text that follows the exit code on the same line.
    tail: String,
    /// Lines of help, for `miette`.
    help: Vec<String>,
}

impl Failure {
    /// A failure in one line. The part from `; did you mean` or `: say which` on is the remedy, and is printed after the exit code.
    pub(crate) fn new(exit: Exit, what: impl fmt::Display) -> Failure {
        // Rows of an answer print this reason too, in any format, so secrets are removed here.
        let what = without_secrets(&what.to_string()).into_owned();
        let at = ["; did you mean ", ": say which"].iter().find_map(|mark| what.find(mark));
        let (what, tail) = what.split_at(at.unwrap_or(what.len()));
        Failure { exit, what: what.into(), tail: tail.into(), help: Vec::new() }
    }

    /// A failure of usage.
    pub(crate) fn usage(what: impl fmt::Display) -> Failure {
        Failure::new(Exit::Usage, what)
    }

    /// A file of the user that cannot be read or written.
    pub(crate) fn file(path: &std::path::Path, error: &std::io::Error) -> Failure {
        Failure::usage(format!("{}: {error}", path.display()))
    }

    /// The cause without the exit code, for one of many rows.
    pub(crate) fn reason(&self) -> String {
        format!("{}{}", self.what, self.tail)
    }

    /// Adds the name of the file, if the cause names only a line.
    #[must_use]
    pub(crate) fn in_file(mut self, file: &str) -> Failure {
        if self.what.starts_with("line ") {
            self.what = format!("{file}, {}", self.what);
        }
        self
    }

    /// Adds a line of help.
    #[must_use]
    pub(crate) fn help(mut self, line: impl Into<String>) -> Failure {
        self.help.push(line.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (exit {}){}", self.what, self.exit as u8, self.tail)
    }
}

impl std::error::Error for Failure {}

impl miette::Diagnostic for Failure {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        (!self.help.is_empty()).then(|| Box::new(self.help.join("\n")) as Box<dyn fmt::Display>)
    }
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Failure {
        let exit = match &error {
            LogError::Present(_) | LogError::TooLarge { .. } => Exit::Refused,
            LogError::Origin(_) | LogError::Beyond { .. } => Exit::Usage,
            LogError::Key(KeyError::Text { .. }) => Exit::Unavailable,
            LogError::Key(_) => Exit::Refused,
            _ => Exit::Unavailable,
        };
        let failure = Failure::new(exit, &error);
        match &error {
            LogError::Absent(_) => {
                failure.help("start one: chancery demo | chancery init --charter sco;  or --ledger PATH")
            }
            LogError::Present(_) => failure.help("use it, or name another folder: --ledger PATH"),
            LogError::Locked(_) => failure
                .help("only one process writes at a time: wait for it, or end it; questions and audits go on"),
            LogError::IndexesLocked(_) => failure.help(
                "wait until that has ended, then run it again; appends, questions and audits go on meanwhile",
            ),
            // This error states its own remedy, and no audit reads that file.
            LogError::Damaged { path, .. } if path.ends_with("cosigned") => failure,
            LogError::Damaged { .. } => failure.help(
                "nothing was changed; see all of it: chancery audit; restore: chancery repair --from COPY --into NEW",
            ),
            LogError::Io { source, .. } => failure.help(io_remedy(source)),
            LogError::Key(error) => failure.help(key_remedy(error)),
            LogError::Untrusted(_) => failure.help(
                "nothing was answered. If the log's key was changed, give the present key: ask who keeps the log, never the \
                 folder; else this folder was changed: chancery audit --key VKEY --since COPY",
            ),
            _ => failure,
        }
    }
}

/// The remedy for a key that cannot be used.
fn key_remedy(error: &KeyError) -> &'static str {
    match error {
        KeyError::Missing(_) => {
            "put its own key file back; a ledger that never had one gets it by: chancery key generate"
        }
        KeyError::Unheaded(_) => {
            "put its `checkpoint` back from a copy; if there is none left and you vouch for every entry that lies here: \
             chancery compact --sign-unheaded"
        }
        KeyError::Present(_) => "see it: chancery key show; a key is never overwritten",
        KeyError::Unlike(_) => {
            "a key rotate that was cut short is ended by the next append, or by: chancery key rotate; \
             else put the log's own key and key.pub back from a backup"
        }
        KeyError::Occupied(_) => "give the new key a file of its own",
        KeyError::Text { path, .. } if path.ends_with("key.pub") => {
            "put the log's own key.pub back from a backup; questions go on with a verifier key that you hold: --key VKEY"
        }
        KeyError::Exposed { .. } => "if nobody else has read it: chmod 600 on that file",
        _ => "put the log's own key and key.pub back from a backup",
    }
}

/// The remedy for an error of the operating system.
fn io_remedy(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::StorageFull => "free some space and run it again; what was acknowledged is safe",
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
            "the folder is read-only for this user: questions and audits work, appends need the right to write"
        }
        _ => "see the cause above; what was acknowledged is safe",
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Failure {
        match error {
            LedgerError::Log(error) => error.into(),
            LedgerError::NotRecorded(error) => {
                let inner = Failure::from(error);
                Failure { what: format!("not recorded: {}", inner.what), ..inner }
            }
            LedgerError::RecordedWithoutHead { entry, source } => {
                let inner = Failure::from(*source);
                let what = format!(
                    "recorded as entry {entry}, but the head of the log is not up to date: {}",
                    inner.what
                );
                Failure { what, ..inner }
            }
            LedgerError::Query(error) => error.into(),
            LedgerError::Question(error) => (*error).into(),
            LedgerError::Index(error) => error.into(),
            LedgerError::Size { actual, .. } => Failure::new(Exit::Refused, &error)
                .help(format!("see what came in: chancery log --from {actual}; then ask for that size")),
            LedgerError::IdTaken { index, .. } => Failure::new(Exit::Refused, &error)
                .help(format!("look at it: chancery show {index}; leave --id out for a new event")),
            LedgerError::Charter(CharterError::AmendsNothing { .. })
            | LedgerError::Clock { .. }
            | LedgerError::ClockFull
            | LedgerError::Impossible(_)
            | LedgerError::IdTwice(_)
            | LedgerError::Objected { .. }
            | LedgerError::Rotation(_)
            | LedgerError::RotationElsewhere
            | LedgerError::Was { .. } => Failure::new(Exit::Refused, error),
            LedgerError::Leaf(LeafError::TooLarge { .. }) => Failure::new(Exit::Refused, error),
            LedgerError::Unsettled { .. }
            | LedgerError::LeaderStopped
            | LedgerError::Entry { .. }
            | LedgerError::Charter(_) => Failure::new(Exit::Unavailable, error),
            LedgerError::Recorder(error) => {
                let remedy = recorder_remedy(&error);
                remedy.into_iter().fold(Failure::new(Exit::Refused, error), Failure::help)
            }
            LedgerError::Certificate(ref why) => match **why {
                CertificateError::Question(_) => Failure::usage(error),
                _ => Failure::new(Exit::Unavailable, error)
                    .help("see what is wrong: chancery audit; the next append writes the head anew"),
            },
            LedgerError::NoBody(_) => no_body(error),
            LedgerError::ExtendsNothing { ref pattern, .. } => {
                let remedy = format!("adopt it first: chancery charter adopt {pattern}");
                Failure::usage(error).help(remedy)
            }
            LedgerError::InBatch { at, source } => {
                let inner = Failure::from(*source);
                let what =
                    format!("event {at} of the batch: {}{}; nothing was recorded", inner.what, inner.tail);
                Failure { what, tail: String::new(), ..inner }
            }
            other => Failure::usage(other),
        }
    }
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Failure {
        let exit = match &error {
            PublishError::Inside { .. } => Exit::Usage,
            PublishError::OtherLog { .. }
            | PublishError::Larger { .. }
            | PublishError::Forked { .. }
            | PublishError::OtherFile(_) => Exit::Refused,
            _ => Exit::Unavailable,
        };
        let failure = Failure::new(exit, &error);
        match error {
            PublishError::Log(error) => error.into(),
            PublishError::Inside { .. } => failure.help("name a folder beside it"),
            PublishError::OtherLog { .. } => failure.help("nothing was changed; name another folder"),
            PublishError::Larger { .. } => failure.help(
                "nothing was changed; this ledger may be an older copy: chancery audit --since CHECKPOINT, with the one \
                 published there",
            ),
            PublishError::Forked { .. } => failure.help(
                "nothing was changed; keep both as they are, and compare: chancery audit --since CHECKPOINT, with the one \
                 published there",
            ),
            PublishError::OtherFile(_) => {
                failure.help("it was not touched; publish into an empty folder, or move that file aside")
            }
            PublishError::Checkpoint { .. } => failure.help(
                "nothing was changed; put it back from a copy, or publish into an empty folder",
            ),
            PublishError::OtherRoot(_) => failure.help("see what is wrong: chancery audit"),
            PublishError::Busy(_) => failure.help("wait for it, or end it"),
            PublishError::Io { ref source, .. } => failure.help(match source.kind() {
                std::io::ErrorKind::StorageFull => "free some space and run it again: it goes on where it stopped",
                _ => "see the cause above; run it again: it goes on where it stopped",
            }),
        }
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Failure {
        match error {
            SourceError::Scheme(_) => Failure::usage(error),
            SourceError::NoTree(_) => Failure::new(Exit::Unavailable, error)
                .help("name the folder, or the address, in which the file checkpoint stands"),
            other => Failure::new(Exit::Unavailable, other),
        }
    }
}

/// The remedy if the register of recorders, or a rule about who may record, refuses an entry.
fn recorder_remedy(error: &RecorderError) -> Option<&'static str> {
    match error {
        RecorderError::Unsigned { .. } => {
            Some("the key's file: --sign KEYFILE, or CHANCERY_RECORDER_KEY; for others to sign: --draft FILE")
        }
        RecorderError::TooFew { .. } => Some(
            "both keys here: --sign ONE --sign OTHER; else --sign ONE --draft FILE, chancery recorder sign FILE",
        ),
        RecorderError::Unknown(_)
        | RecorderError::Revoked { .. }
        | RecorderError::OtherKey(_)
        | RecorderError::OutOfScope { .. }
        | RecorderError::GivesMore(_) => Some("see who may record what: chancery recorder list"),
        _ => None,
    }
}

fn no_body(error: impl fmt::Display) -> Failure {
    Failure::usage(error)
        .help("see what there is: chancery bodies; adopt another: chancery charter adopt FILE")
}

impl From<QuestionError> for Failure {
    fn from(error: QuestionError) -> Failure {
        let listed = |names: &[String]| one_of(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let failure = Failure::usage(&error);
        match error {
            QuestionError::NoRange => failure
                .help("what changed in the world:  --on 2023-07-01..2024-07-05")
                .help("what the world learnt:      --as-known 2023-03-06..2023-07-05")
                .help("what this ledger learnt:    --as-recorded 127..128"),
            QuestionError::BothSides(_) => {
                failure.help("name two participants: chancery relations USA FRA --in BODY")
            }
            QuestionError::Window { .. } => {
                failure.help("--from and --to are both included; --to is --on unless given")
            }
            QuestionError::View { shipped, .. } => {
                failure.help(format!("it is {}, or a file of your own that ends in .toml", listed(&shipped)))
            }
            QuestionError::ViewCount { .. } => {
                failure.help("a view is [[view]] with a name and its [[view.rank]]s, the best first")
            }
            QuestionError::NoBodies => failure.help("adopt one: chancery charter adopt sco"),
            QuestionError::BodyNeeded(bodies) => {
                let ids: Vec<&str> = bodies.iter().map(BodyId::as_str).collect();
                failure.help(format!("it is one of: {}", ids.join(", ")))
            }
            QuestionError::UnknownStatus { known, .. } => {
                let ids: Vec<&str> = known.iter().map(StatusId::as_str).collect();
                failure.help(format!("it has: {}, none", ids.join(", ")))
            }
            QuestionError::NoStatuses(_) => failure.help("count acts instead: --act ACT"),
            QuestionError::ActOfBody(_) => {
                failure.help("count takes acts of participants; see the entries: chancery log --help")
            }
            QuestionError::BeforeSupposed => failure.help("leave --as-recorded out, or ask without what-if"),
            _ => failure,
        }
    }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Failure {
        match error {
            QueryError::NoBody(_) => no_body(error),
            QueryError::Charter(_) => Failure::new(Exit::Unavailable, error),
        }
    }
}

impl From<WitnessError> for Failure {
    fn from(error: WitnessError) -> Failure {
        let exit = match &error {
            WitnessError::Log(_) => Exit::Unavailable,
            WitnessError::Present(_) => Exit::Refused,
            WitnessError::Name(_) => Exit::Usage,
            _ => Exit::Unavailable,
        };
        let failure = Failure::new(exit, &error);
        match error {
            WitnessError::Log(error) => error.into(),
            WitnessError::Absent(_) => failure.help("make one: chancery witness init DIR --name NAME"),
            WitnessError::Present(_) => failure.help("use it, or name another folder"),
            WitnessError::Logs { .. } => failure.help("each line is what chancery key show prints for a log"),
            WitnessError::Lost { .. } | WitnessError::Damaged { .. } => failure.help(
                "what it cosigned may have been more than any backup says: begin a new witness, under another name and key",
            ),
            _ => failure,
        }
    }
}

impl From<MemoryError> for Failure {
    fn from(error: MemoryError) -> Failure {
        let failure = Failure::new(Exit::Unavailable, &error);
        match error {
            MemoryError::Damaged { .. } => failure
                .help("move it aside to begin anew: what was seen before is then forgotten; or --no-memory"),
            MemoryError::Log(error) => error.into(),
        }
    }
}

impl From<IndexError> for Failure {
    fn from(error: IndexError) -> Failure {
        Failure::new(Exit::Unavailable, error)
    }
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Failure {
        let what = error.to_string();
        let line = |r: &Reject| format!("line {}: {}", r.line, crate::cli::render::clean(&r.reason));
        match error {
            ImportError::Strict(rejected) => {
                let shown = rejected.iter().take(10).map(line);
                shown.fold(Failure::new(Exit::Refused, what), Failure::help)
            }
            ImportError::Csv(_) => Failure::usage(what),
            ImportError::Ledger(error) => error.into(),
        }
    }
}

impl From<DateError> for Failure {
    fn from(error: DateError) -> Failure {
        Failure::usage(error)
    }
}

impl From<ResolveError> for Failure {
    fn from(error: ResolveError) -> Failure {
        Failure::usage(error)
    }
}

impl From<CharterTextError> for Failure {
    fn from(error: CharterTextError) -> Failure {
        Failure::usage(format!("the charter cannot be read: {error}"))
    }
}

impl From<CharterError> for Failure {
    fn from(error: CharterError) -> Failure {
        Failure::usage(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        Failure::new(Exit::Unavailable, error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Failure {
        Failure::usage(error)
    }
}

/// The failure of usage for a position beyond the log.
pub(crate) fn beyond(size: Size) -> Failure {
    Failure::usage(format!("the ledger has {size} entries, counting from 0"))
}
