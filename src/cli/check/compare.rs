//! `compare`: compares our answers with another data set.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::ValueEnum;

use crate::event::{BodyId, Day, ParticipantId, Register};
use crate::history::line;
use crate::import::{find_kind, neutral_act};
use crate::ledger::Reading;
use crate::query::participant;
use crate::query::{
    Axes, BodyIndex, BodyView, Class, Comparison, Difference, Only, QueryError, QuestionEcho, TheirAct,
    TheirSpell, TheirYear, Within, compare_acts, compare_spells, compare_years,
};

use crate::cli::ask::axes::AxesArgs;
use crate::cli::check::compare_file::{DataSet, FileForm, Statement};
use crate::cli::check::compare_out::{Footer, Heading, Out};
use crate::cli::context::Context;
use crate::cli::error::{Exit, Failure};
use crate::cli::share::panel::By;

/// Our answers against another data set, each difference classified
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery compare --with wipo.jsonl.gz
  chancery compare nato eu --with panel.csv --class error
  chancery compare --with depositary.jsonl --as-at 2015-03-14 --format csv

FILE is one of: acts with dates (JSON Lines, the neutral form of import events,
plain or .gz); spells, or statuses by year (CSV with the columns that export
spells and export panel write, or your own: iso3c, body, status and year, or
from and until). What it was taken for is said first.

  date-role   their date is our date of another role: signed, deposited, ...
  precision   one date holds the other: 1976 and 1976-03-23
  naming      the same under another name: participant, body, form
  missing     one side has it; missing-there only where the file covers the
              body, the participant and such acts
  error       contradicts: our certain record has another day or status;
              impossible: before the body began, an end before the beginning,
              a line that cannot be read

Nothing says who is right, and nothing is changed. What both have under one id
is the same, whatever the file calls it. An `effective` of theirs is compared
with the day that the clause gives. Exit 1 where anything differs.")]
pub(crate) struct Args {
    /// Organisations or treaties; left out: every one that the file names
    #[arg(value_name = "BODY")]
    bodies: Vec<BodyId>,
    /// The other data set; `-` for standard input
    #[arg(long, value_name = "FILE")]
    with: PathBuf,
    /// Only of this participant, under every name of its line
    #[arg(long, short, value_parser = participant)]
    participant: Option<ParticipantId>,
    /// Only acts of this kind: an act of `chancery acts`, or as the file names it (ratification)
    #[arg(long, value_name = "KIND", value_parser = only)]
    kind: Option<Only>,
    /// List only this class, and all of it
    #[arg(long, value_enum, value_name = "CLASS")]
    class: Option<Classes>,
    /// Their organisation or treaty is ours under another id; may be given several times
    #[arg(long, value_name = "THEIRS=OURS", value_parser = pair)]
    same: Vec<(BodyId, BodyId)>,
    /// How the days of a year became one status in their panel
    #[arg(long, value_enum, default_value_t = By::Dec31, value_name = "FOLD")]
    fold: By,
    #[command(flatten)]
    axes: AxesArgs,
}

/// The classes, as options.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
enum Classes {
    DateRole,
    Precision,
    Naming,
    Missing,
    Error,
}

impl Classes {
    const fn class(self) -> Class {
        match self {
            Classes::DateRole => Class::DateRole,
            Classes::Precision => Class::Precision,
            Classes::Naming => Class::Naming,
            Classes::Missing => Class::Missing,
            Classes::Error => Class::Error,
        }
    }
}

fn only(word: &str) -> Result<Only, String> {
    let act = match neutral_act(&word.trim().to_ascii_lowercase().replace('-', "_")) {
        Some(act) => act,
        None => find_kind(word).map_err(|e| e.to_string())?.act,
    };
    let form = match act {
        crate::event::Act::InstrumentDeposited(form) => form,
        _ => None,
    };
    Ok(Only { kind: act.kind(), form })
}

fn pair(text: &str) -> Result<(BodyId, BodyId), String> {
    let (theirs, ours) = text.split_once('=').ok_or("give both ids, as GGO:UNCLOS_1982A=untc-21-6")?;
    let id = |text: &str| BodyId::named(text).map_err(|e| e.to_string());
    Ok((id(theirs)?, id(ours)?))
}

/// The largest number of statements in memory at once, unless a single body has more.
const STATEMENTS_AT_ONCE: u64 = 100_000;

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let reading = context.reading()?;
    let axes = args.axes.resolve(context, &reading)?;
    let set = DataSet::open(&args.with)?;
    if args.kind.is_some() && set.form != FileForm::Acts {
        return Err(Failure::usage("--kind is of acts: this file states statuses")
            .help("leave --kind out, or compare a file of acts"));
    }
    let ours = args.held(&reading, &axes)?;
    let question = QuestionEcho::new("compare", args.participant.as_ref(), args.only_body(), &axes);
    let checkpoint = reading.head(axes.as_recorded)?;
    let mut out = Out::new(context, args.class.map(Classes::class));
    let work = Work { args, set: &set, axes: &axes, pass: reading.passing(), ours };
    let found = work.survey(&mut out)?;
    let bar = context.bar(found.bodies.values().sum(), "lines");
    work.compare(&found, &mut out, &bar)?;
    bar.finish_and_clear();
    let heading = Heading {
        file: set.name(),
        form: set.form,
        lines: found.lines,
        left_out: found.left_out,
        bodies: found.bodies.len() as u64,
        names: found.names,
    };
    let differs = out.finish(&heading, &Footer { question, checkpoint }, args.with_option())?;
    Ok(if differs { Exit::No } else { Exit::Done })
}

impl Args {
    fn only_body(&self) -> Option<&BodyId> {
        match self.bodies.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// The command that names the file, for the user to type again.
    fn with_option(&self) -> String {
        let bodies: String = self.bodies.iter().map(|body| format!("{body} ")).collect();
        format!("chancery compare {bodies}--with {}", self.with.display())
    }

    /// The bodies that may be compared: those that the user names, or every body in the ledger.
    fn held(&self, reading: &Reading, axes: &Axes) -> Result<BTreeSet<BodyId>, Failure> {
        for (_, ours) in &self.same {
            reading.charter(ours, axes)?;
        }
        if self.bodies.is_empty() {
            return Ok(reading.bodies(axes.as_recorded)?.into_iter().collect());
        }
        for body in &self.bodies {
            reading.charter(body, axes)?;
        }
        Ok(self.bodies.iter().cloned().collect())
    }

    /// The id here of a body that the file names.
    fn ours_for(&self, theirs: &BodyId) -> BodyId {
        let same = self.same.iter().find(|(other, _)| other == theirs);
        same.map_or_else(|| theirs.clone(), |(_, ours)| ours.clone())
    }

    /// The last day on which an act that is compared may begin: the day of `--on`, if the user gives one.
    fn until(&self, axes: &Axes) -> Day {
        let asked = self.axes.on.is_some() || self.axes.as_at.is_some();
        if asked { axes.on } else { Day::FUTURE }
    }
}

/// The results of the first pass over the file.
#[derive(Default)]
struct Found {
    /// The number of statements about each body, by our id if it has one.
    bodies: BTreeMap<BodyId, u64>,
    within: Within,
    /// Lines that state something, or should.
    lines: u64,
    /// Lines that are outside the question.
    left_out: u64,
    /// Names for participants that are not ours, with the participants that they mean.
    names: BTreeMap<String, ParticipantId>,
}

/// Statements about one body.
enum About {
    Acts(Vec<TheirAct>),
    Spells(Vec<TheirSpell>),
    Years(Vec<TheirYear>),
}

impl About {
    fn len(&self) -> u64 {
        match self {
            About::Acts(acts) => acts.len() as u64,
            About::Spells(spells) => spells.len() as u64,
            About::Years(years) => years.len() as u64,
        }
    }
}

struct Work<'a> {
    args: &'a Args,
    set: &'a DataSet,
    axes: &'a Axes,
    /// The reading for one pass over many bodies.
    pass: Reading,
    /// The bodies that may be compared.
    ours: BTreeSet<BodyId>,
}

impl Work<'_> {
    /// True if a statement has the kind of act and the time that the question is about. An act that was not known by the date of
    /// `--as-known` counts as not stated.
    fn is_of_the_time(&self, statement: &Statement) -> bool {
        let Statement::Act { act, .. } = statement else { return true };
        let dated = act.event.date().is_some_and(|on| on.earliest() <= self.args.until(self.axes));
        let known = act.event.known().from <= self.axes.known();
        dated && known && self.args.kind.is_none_or(|only| only.admits(&act.event))
    }

    /// True if a statement is about the bodies and the participant of the question.
    fn is_of_those_asked(&self, statement: &Statement) -> bool {
        let of = self.args.participant.as_ref().map(line);
        let participant = of.is_none_or(|of| statement.participant().map(line) == Some(of));
        let body = statement.body().map(|body| self.args.ours_for(body));
        participant && (self.args.bodies.is_empty() || body.is_some_and(|body| self.ours.contains(&body)))
    }

    /// Reads the file once, for its coverage and for the lines that cannot be read.
    fn survey(&self, out: &mut Out<'_>) -> Result<Found, Failure> {
        let within = Within { only: self.args.kind, until: self.args.until(self.axes), ..Within::default() };
        let mut found = Found { within, ..Found::default() };
        let mut wrong = Vec::new();
        self.set.statements(|at, read| {
            found.lines += 1;
            let statement = match read {
                Ok(statement) => statement,
                Err(words) => {
                    let told = Difference { line: Some(at), ..Difference::impossible(words) };
                    return wrong.push(told);
                }
            };
            let of_the_time = self.is_of_the_time(&statement);
            // The coverage of the file is judged from all its statements: a participant that is missing from one body may appear in
            // another.
            match (&statement, statement.participant()) {
                (Statement::Act { act, .. }, _) if of_the_time => found.within.states(&act.event),
                (_, Some(who)) if of_the_time => found.within.names(who),
                _ => {}
            }
            if !of_the_time || !self.is_of_those_asked(&statement) {
                found.left_out += 1;
                return;
            }
            if let Some(body) = statement.body() {
                *found.bodies.entry(self.args.ours_for(body)).or_default() += 1;
            }
            if let Some(who) = statement.participant() {
                found.note_name(statement.named(), who);
            }
        })?;
        if let Some(only) = &self.args.participant {
            found.within.lines.retain(|of| *of == line(only));
        }
        out.take(Comparison { same: 0, differences: wrong })?;
        Ok(found)
    }

    /// Reads the file in as many passes as it takes to have all statements about each body together.
    fn compare(&self, found: &Found, out: &mut Out<'_>, bar: &indicatif::ProgressBar) -> Result<(), Failure> {
        let mut strangers: BTreeMap<BodyId, About> = BTreeMap::new();
        let mut index: Option<BodyIndex> = None;
        let mut part: BTreeSet<&BodyId> = BTreeSet::new();
        let mut held = 0;
        let mut bodies = found.bodies.iter().peekable();
        while let Some((body, n)) = bodies.next() {
            part.insert(body);
            held += n;
            let full = bodies.peek().is_none_or(|(_, next)| held + *next > STATEMENTS_AT_ONCE);
            if !full {
                continue;
            }
            for (body, about) in self.gather(&part)? {
                bar.inc(about.len());
                match self.ours.contains(&body) {
                    true => out.take(self.body(&body, about, found)?)?,
                    false => _ = strangers.insert(body, about),
                }
            }
            for (body, about) in std::mem::take(&mut strangers) {
                let index = match &mut index {
                    Some(index) => &*index,
                    none => &*none.insert(self.index(found)?),
                };
                out.take(Comparison { same: 0, differences: vec![stranger(&body, &about, index)] })?;
            }
            part.clear();
            held = 0;
        }
        Ok(())
    }

    /// The statements about some bodies, without those that a later line takes back.
    fn gather(&self, part: &BTreeSet<&BodyId>) -> Result<BTreeMap<BodyId, About>, Failure> {
        let mut found: BTreeMap<BodyId, About> = BTreeMap::new();
        let mut keys: BTreeMap<BodyId, Vec<String>> = BTreeMap::new();
        self.set.statements(|_, read| {
            let Ok(statement) = read else { return };
            let Some(body) = statement.body().map(|body| self.args.ours_for(body)) else { return };
            let asked = self.is_of_the_time(&statement) && self.is_of_those_asked(&statement);
            if !asked || !part.contains(&body) {
                return;
            }
            match statement {
                Statement::Act { mut act, key, retracts } => {
                    let about = found.entry(body.clone()).or_insert_with(|| About::Acts(Vec::new()));
                    let About::Acts(acts) = about else { return };
                    let keys = keys.entry(body.clone()).or_default();
                    act.event.body = body;
                    if !retracts {
                        keys.push(key);
                        acts.push(*act);
                    } else if let Some(at) = keys.iter().rposition(|other| *other == key) {
                        keys.remove(at);
                        acts.remove(at);
                    }
                }
                Statement::Spell(_, spell) => {
                    let about = found.entry(body).or_insert_with(|| About::Spells(Vec::new()));
                    if let About::Spells(spells) = about {
                        spells.push(spell);
                    }
                }
                Statement::Year(_, year) => {
                    let about = found.entry(body).or_insert_with(|| About::Years(Vec::new()));
                    if let About::Years(years) = about {
                        years.push(year);
                    }
                }
            }
        })?;
        Ok(found)
    }

    fn body(&self, body: &BodyId, about: About, found: &Found) -> Result<Comparison, Failure> {
        let material = self.pass.material(body, None, self.axes.as_recorded)?;
        let view = BodyView::of(&material, body, self.axes)?;
        Ok(match about {
            About::Acts(acts) => compare_acts(&view, &acts, &found.within),
            About::Spells(spells) => compare_spells(&view, &spells, &found.within),
            About::Years(years) => {
                compare_years(&view, &years, &found.within, self.args.fold.fold(), self.axes.on)
            }
        })
    }

    /// The acts of the bodies that the file does not name. An unknown name in the file may mean one of these bodies.
    fn index(&self, found: &Found) -> Result<BodyIndex, Failure> {
        let mut index = BodyIndex::default();
        let free: Vec<BodyId> =
            self.ours.iter().filter(|body| !found.bodies.contains_key(*body)).cloned().collect();
        for body in free {
            let material = self.pass.material(&body, None, self.axes.as_recorded)?;
            match BodyView::of(&material, &body, self.axes) {
                Ok(view) => index.add(&view),
                Err(QueryError::NoBody(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(index)
    }
}

/// The difference for a body that this ledger does not have, in one row.
fn stranger(body: &BodyId, about: &About, index: &BodyIndex) -> Difference {
    let acts = match about {
        About::Acts(acts) => acts.as_slice(),
        _ => &[],
    };
    let difference = match index.candidate(acts) {
        Some((ours, n, of)) => {
            let words = format!(
                "no organisation or treaty of that name here; it may be {ours}: {n} of {of} acts on the same days \
                 (--same {body}={ours})"
            );
            let told = Difference { ours: Some(ours.to_string()), ..Difference::missing_here(words) };
            Difference { class: Class::Naming, case: None, ..told }
        }
        None => Difference::missing_here("no such organisation or treaty in this ledger"),
    };
    Difference { body: Some(body.clone()), statements: about.len(), ..difference }
}

impl Found {
    /// Notes a name that is neither the code nor the present name of the participant that it means.
    fn note_name(&mut self, named: &str, who: &ParticipantId) {
        if named == who.as_str() || self.names.contains_key(named) {
            return;
        }
        let Some(known) = Register::builtin().get(who) else { return };
        if !known.name().eq_ignore_ascii_case(named) {
            self.names.insert(named.to_owned(), who.clone());
        }
    }
}
