use std::path::Path;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, FromArgMatches, ValueEnum};

use crate::event::{BodyId, Day, Index, ParticipantId};
use crate::ledger::Reading;
use crate::query::{Axes, QuestionEcho, participant};

use crate::cli::ask::axes::AxesArgs;
use crate::cli::ask::trust;
use crate::cli::context::{Context, GlobalArgs, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::prove::citation::{Citation, Publication};
use crate::cli::render::name;

/// A question as a citation that can be run again: what was asked, of which record, on which dates
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery cite status BLR --in sco --on 2023-07-01
  chancery cite --as bibtex roster sco --status member
  chancery cite --as csl count sco --act application-filed

The question is written as its own command is. A day that is not named becomes
today's date, a size that is not named the present one, so that the command in
the citation gives the same answer when the ledger has grown. The title,
publisher and licence are those given to `chancery init`; without a title the
log's name stands.")]
pub(crate) struct Args {
    /// The form: for a footnote, for BibTeX, for citation managers (CSL-JSON)
    #[arg(long = "as", value_enum, default_value_t = As::Text, value_name = "FORM")]
    form: As,
    /// A question, as its own command takes it
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true, value_name = "QUESTION")]
    question: Vec<String>,
}

/// The form of a citation.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
enum As {
    Text,
    Bibtex,
    Csl,
}

/// The commands that ask a question, each with a name for its answer.
const QUESTIONS: [(&str, &str); 16] = [
    ("status", "status"),
    ("roster", "roster"),
    ("portfolio", "status in every organisation and treaty"),
    ("timeline", "every spell"),
    ("explain", "status, and why"),
    ("pending", "open procedures"),
    ("in-force", "entry into force"),
    ("when", "when a status held"),
    ("count", "numbers through time"),
    ("diff", "what changed"),
    ("conflicts", "conflicts between sources"),
    ("reservations", "reservations"),
    ("relations", "relations"),
    ("export spells", "spells"),
    ("export panel", "panel"),
    ("export table", "status of the treaty"),
];

const SHAPE: Shape = Shape {
    list: None,
    columns: &[
        "title",
        "record",
        "publisher",
        "licence",
        "origin",
        "checkpoint.size",
        "checkpoint.root",
        "question.on",
        "question.as_known",
        "question.as_recorded",
        "recorded",
        "read",
        "version",
        "command",
    ],
};

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let (form, words) = form(args)?;
    let matches = match parsed(&words) {
        Ok(matches) => matches,
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            context.print(&error.render().to_string())?;
            return Ok(Exit::Done);
        }
        Err(error) => return Err(crate::cli::usage_failure(&error)),
    };
    let context = surroundings(&matches, context)?;
    let citation = of_matches(&matches, &words, &context)?;
    context.answer(&citation, SHAPE, |page| match form {
        As::Text => citation.text(page),
        As::Bibtex => citation.bibtex(),
        As::Csl => citation.csl(),
    })?;
    Ok(Exit::Done)
}

fn parsed(words: &[String]) -> Result<ArgMatches, clap::Error> {
    crate::cli::command()
        .try_get_matches_from(std::iter::once("chancery").chain(words.iter().map(String::as_str)))
}

/// The citation of a question that is given as words of a command line.
///
/// # Errors
/// [`Failure`].
pub(crate) fn of_words(words: &[String], context: &Context) -> Result<Citation, Failure> {
    let matches = parsed(words).map_err(|error| crate::cli::usage_failure(&error))?;
    of_matches(&matches, words, context)
}

fn of_matches(matches: &ArgMatches, words: &[String], context: &Context) -> Result<Citation, Failure> {
    let (word, sub) = match matches.subcommand() {
        Some((word, sub)) => match sub.subcommand() {
            Some((inner, sub)) => (format!("{word} {inner}"), Some(sub)),
            None => (word.to_owned(), Some(sub)),
        },
        None => (String::new(), None),
    };
    let known = QUESTIONS.iter().find(|(command, _)| *command == word);
    match known.zip(sub) {
        Some(((kind, noun), sub)) => citation(kind, noun, sub, words, context),
        None => {
            let known: Vec<&str> = QUESTIONS.iter().map(|(word, _)| *word).collect();
            Err(Failure::usage(format!("cite takes a question, and {word:?} is none"))
                .help(format!("it is one of: {}", known.join(", "))))
        }
    }
}

/// The form, which may also follow the question, and the words of the question without it.
fn form(args: &Args) -> Result<(As, Vec<String>), Failure> {
    let mut form = args.form;
    let mut words = Vec::with_capacity(args.question.len());
    let mut given = args.question.iter();
    while let Some(word) = given.next() {
        let value = match word.strip_prefix("--as=") {
            Some(value) => value,
            None if word == "--as" => given.next().map(String::as_str).unwrap_or_default(),
            None => {
                words.push(word.clone());
                continue;
            }
        };
        form = As::from_str(value, true)
            .map_err(|_| Failure::usage(format!("{value:?} is no form of a citation")))
            .map_err(|failure| failure.help("--as text, --as bibtex or --as csl"))?;
    }
    Ok((form, words))
}

/// The context with the global options that follow the question; they apply to the whole line.
fn surroundings(matches: &ArgMatches, context: &Context) -> Result<Context, Failure> {
    let inner = GlobalArgs::from_arg_matches(matches).map_err(Failure::usage)?;
    let given = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    let mut context = context.clone();
    if given("ledger") {
        context.ledger = inner.ledger;
    }
    if given("format") {
        context.format = inner.format;
    }
    if given("quiet") {
        context.quiet = inner.quiet;
    }
    context.trusting(&trust::given(matches))
}

fn citation(
    kind: &'static str,
    noun: &str,
    sub: &ArgMatches,
    words: &[String],
    context: &Context,
) -> Result<Citation, Failure> {
    let reading = context.reading()?;
    let dates = Dates::of(sub, context, &reading)?;
    let who = who(sub, kind);
    let several: Vec<BodyId> =
        sub.try_get_many("bodies").ok().flatten().map(|ids| ids.cloned().collect()).unwrap_or_default();
    let body = match several.as_slice() {
        [] => body(sub, kind, &reading)?,
        [only] => Some(only.clone()),
        _ => None,
    };
    let kept = without_dates(words);
    let mut named = Vec::new();
    for body in body.iter().chain(several.iter().filter(|_| body.is_none())) {
        named.push(reading.charter(body, &dates.axes)?.about.title.clone());
    }
    named.extend(who.as_ref().map(|who| name(who, dates.axes.on)));
    let mut title = match named.is_empty() {
        true => noun.to_owned(),
        false => format!("{}: {noun}", named.join(", ")),
    };
    let mut options = options(&kept);
    options
        .extend([&dates.on, &dates.as_recorded].into_iter().map(String::as_str).filter(|d| d.contains("..")));
    if !options.is_empty() {
        title.push_str(&format!(" ({})", options.join(" ")));
    }
    let publication = Publication::read(&context.ledger)?;
    let size = dates.axes.as_recorded;
    let recorded = match size.0.checked_sub(1) {
        Some(last) => Some(reading.entry(Index(last))?.recorded_at.day().to_string()),
        None => None,
    };
    Ok(Citation {
        question: QuestionEcho::new(kind, who.as_ref(), body.as_ref(), &dates.axes),
        title,
        record: publication.title.unwrap_or_else(|| reading.origin().to_owned()),
        publisher: publication.publisher,
        licence: publication.licence,
        origin: reading.origin().to_owned(),
        recorded,
        read: context.now.day().to_string(),
        version: env!("CARGO_PKG_VERSION"),
        command: command(&kept, &dates, sub, &context.ledger),
        checkpoint: reading.head(size)?,
    })
}

/// The dates of a question, and texts of them that keep their meaning on later days.
struct Dates {
    axes: Axes,
    on: String,
    as_known: Option<String>,
    as_recorded: String,
}

impl Dates {
    fn of(sub: &ArgMatches, context: &Context, reading: &Reading) -> Result<Dates, Failure> {
        let given = |id: &str| sub.try_get_one::<String>(id).ok().flatten().cloned();
        let as_at = given("as_at");
        let resolve = |args: AxesArgs| args.resolve(context, reading);
        resolve(AxesArgs { as_of: given("as_of"), ..AxesArgs::default() })?;
        // `diff` takes two values of a date: A..B.
        let each = |text: &str, one: &dyn Fn(&str) -> Result<String, Failure>| match text.split_once("..") {
            Some((a, b)) if !text.starts_with('[') && !a.is_empty() && !b.is_empty() => {
                Ok(format!("{}..{}", one(a)?, one(b)?))
            }
            _ => one(text),
        };
        let last = |text: &str| match text.starts_with('[') {
            true => text.to_owned(),
            false => text.rsplit("..").next().unwrap_or_default().to_owned(),
        };
        let typed = |text: &str, day: Day| match text.trim().eq_ignore_ascii_case("today") {
            true => day.to_string(),
            false => text.trim().to_owned(),
        };
        let one_day = |text: &str| {
            let axes = resolve(AxesArgs { on: Some(text.to_owned()), ..AxesArgs::default() })?;
            Ok(typed(text, axes.on))
        };
        let one_size = |text: &str| {
            let axes = resolve(AxesArgs { as_recorded: Some(text.to_owned()), ..AxesArgs::default() })?;
            Ok(axes.as_recorded.to_string())
        };
        let today = context.now.day();
        let on = each(&given("on").or(as_at.clone()).unwrap_or_else(|| today.to_string()), &one_day)?;
        let as_recorded =
            each(&given("as_recorded").unwrap_or_else(|| reading.size().to_string()), &one_size)?;
        let as_known = given("as_known").or(as_at).map(|text| typed(&text, today));
        let axes = resolve(AxesArgs {
            on: Some(last(&on)),
            as_known: as_known.as_deref().map(last),
            as_recorded: Some(last(&as_recorded)),
            ..AxesArgs::default()
        })?;
        Ok(Dates { axes, on, as_known, as_recorded })
    }
}

/// The participant of a question.
fn who(sub: &ArgMatches, kind: &str) -> Option<ParticipantId> {
    let plain = sub.try_get_one::<ParticipantId>("participant").ok().flatten().cloned();
    let counted = kind == "when" && sub.get_one::<u64>("count").is_some();
    let word = sub.try_get_one::<String>("first").ok().flatten().filter(|_| !counted);
    plain.or_else(|| participant(word?).ok())
}

/// The organisation or treaty of a question: the one named, or the only one in the ledger.
fn body(sub: &ArgMatches, kind: &str, reading: &Reading) -> Result<Option<BodyId>, Failure> {
    let named = |id: &str| sub.try_get_one::<BodyId>(id).ok().flatten().cloned();
    let counted = kind == "when" && sub.get_one::<u64>("count").is_some();
    let word = sub.try_get_one::<String>("first").ok().flatten().filter(|_| counted);
    let word = word.map(|word| BodyId::named(word)).transpose().map_err(Failure::usage)?;
    let found = ["body", "second", "first"].into_iter().find_map(named).or(word);
    if found.is_some() || matches!(kind, "portfolio" | "timeline") {
        return Ok(found);
    }
    match reading.bodies(reading.size())?.as_slice() {
        [only] => Ok(Some(only.clone())),
        _ => Ok(None),
    }
}

/// The words of a question without its dates, and without the options for the ledger and the form of the output.
fn without_dates(words: &[String]) -> Vec<String> {
    const VALUED: [&str; 10] = [
        "--on",
        "--as-known",
        "--as-recorded",
        "--as-at",
        "--valid-time",
        "--system-time",
        "--ledger",
        "--format",
        "--color",
        "--as",
    ];
    let mut kept = Vec::with_capacity(words.len());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let option = word.split_once('=').map_or(word.as_str(), |(option, _)| option);
        match VALUED.contains(&option) {
            true if word == option => _ = words.next(),
            true => {}
            false if word == "--quiet" || word == "-q" => {}
            false => kept.push(word.clone()),
        }
    }
    kept
}

/// The options that define the question; its participant and body are in the title.
fn options(kept: &[String]) -> Vec<&str> {
    let mut words = kept.iter().map(String::as_str).skip_while(|word| !word.starts_with('-'));
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        match word {
            "--in" => _ = words.next(),
            word if word.starts_with("--in=") => {}
            // The key that must have signed the head does not change the question.
            "--key" => _ = words.next(),
            word if word.starts_with("--key=") => {}
            word => found.push(word),
        }
    }
    found
}

/// The command of the question with every date written out.
fn command(kept: &[String], dates: &Dates, sub: &ArgMatches, ledger: &Path) -> String {
    let mut words = vec!["chancery".to_owned()];
    words.extend(kept.iter().map(|word| quoted(word)));
    let takes = |id: &str| sub.try_contains_id(id).is_ok();
    let mut option = |name: &str, value: &str| words.extend([name.to_owned(), quoted(value)]);
    if takes("on") {
        option("--on", &dates.on);
    }
    if let Some(known) = dates.as_known.as_ref().filter(|_| takes("as_known")) {
        option("--as-known", known);
    }
    if takes("as_recorded") {
        option("--as-recorded", &dates.as_recorded);
    }
    let usual = std::env::var_os("CHANCERY_LEDGER").unwrap_or_else(|| "./chancery.ledger".into());
    if ledger != Path::new(&usual) {
        option("--ledger", &ledger.to_string_lossy());
    }
    words.join(" ")
}

/// A word, quoted for a shell if necessary.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_a_shell_would_take_apart_is_quoted() {
        assert_eq!(quoted("2023-07-01"), "2023-07-01");
        assert_eq!(quoted("Côte d'Ivoire"), r"'Côte d'\''Ivoire'");
        assert_eq!(quoted("[2010-04-28..2010-04-29]"), "'[2010-04-28..2010-04-29]'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn dates_and_the_ledger_are_taken_out_of_a_question_and_nothing_else() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let kept = without_dates(&words(
            "status BLR --in sco --on 2023-07-01 --as-known=2023 --ledger x -q --is member --key k",
        ));
        assert_eq!(kept, words("status BLR --in sco --is member --key k"));
        assert_eq!(options(&kept), ["--is", "member"]);
    }
}
