use std::path::PathBuf;

use clap::ValueEnum;

use crate::event::BodyId;
use crate::ledger::Reading;
use crate::query::{Fold, Panel, PanelSpan, Universe, panel};

use crate::cli::ask::axes::AxesArgs;
use crate::cli::context::{Context, Format, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::share::package::{self, COLUMNS};
use crate::cli::share::rows::{bodies, in_rows};

/// A row for every participant and year: its status, or `none`, `unknown`, `outside-coverage`
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery export panel sco --from 2001 > panel.csv
  chancery export panel nato eu --from 1990 --to 2024 --universe un --out panel
  chancery export panel sco --fold any --as-recorded 127
  chancery export panel nato --universe cow --fold any

Rows by body, code and year. `none` is no status; `unknown` is not settled:
`certainty` says whether a partial date (possible) or a dispute (contested)
leaves it open; `outside-coverage` is a day that was not surveyed, or that lies
after --on: nothing is said of it.

`ccode` and `gwcode` are the numbers of the Correlates of War and of
Gleditsch and Ward in that year: DEU is 260 in 1989 and 255 in 1991. A number
stands in one row of a year and body only: of SUN and RUS, in that of the one
who had it or, where only the other has a status, of the other. --universe cow
and gw have one row for each state that the imported list counts in the year,
with --fold dec31 on its last day.

With --out the folder gets panel.csv, datapackage.json (a Data Package that
describes the columns) and the citation: citation.txt, citation.bib.")]
pub(crate) struct Args {
    /// Organisations or treaties; may be left out where the ledger has only one
    #[arg(value_name = "BODY")]
    bodies: Vec<BodyId>,
    /// The first year; default: that of the first change of a status
    #[arg(long, value_name = "YEAR", value_parser = clap::value_parser!(i32).range(1..=9999))]
    from: Option<i32>,
    /// The last year; default: the last that is over on --on
    #[arg(long, value_name = "YEAR", value_parser = clap::value_parser!(i32).range(1..=9999))]
    to: Option<i32>,
    /// How the days of a year become one status: that of 31 December, the highest of any day, that of most days
    #[arg(long, value_enum, default_value_t = By::Dec31, value_name = "FOLD")]
    fold: By,
    /// Whose rows: everyone recorded in one of these bodies, or those whom the United Nations, the Correlates of War or
    /// Gleditsch and Ward count, as this ledger records them (the bodies un, state-system-cow, state-system-gw)
    #[arg(long, value_enum, default_value_t = Whose::Recorded, value_name = "UNIVERSE")]
    universe: Whose,
    /// Write panel.csv, its description and the citation into this folder
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    axes: AxesArgs,
}

/// How the days of a year become one status.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum By {
    Dec31,
    Any,
    Majority,
}

impl By {
    /// The fold with the name that questions use.
    pub(crate) const fn fold(self) -> Fold {
        match self {
            By::Dec31 => Fold::Dec31,
            By::Any => Fold::Any,
            By::Majority => Fold::Majority,
        }
    }
}

/// Whose rows a panel has.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
enum Whose {
    Recorded,
    Un,
    Cow,
    Gw,
}

const SHAPE: Shape = Shape { list: Some("rows"), columns: &COLUMNS };

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let reading = context.reading()?;
    let axes = args.axes.resolve(context, &reading)?;
    let names = bodies(&args.bodies, &reading, &axes)?;
    let asked = args.span(&reading)?;
    let seats = asked.universe.body().map(BodyId::parse).transpose().map_err(Failure::usage)?;
    let pass = reading.passing();
    let mut given = Vec::with_capacity(names.len() + 1);
    for body in names.iter().chain(&seats) {
        given.push((body.clone(), pass.material(body, None, axes.as_recorded)?));
    }
    let (of, seats) = given.split_at(names.len());
    let answer = panel(of, seats.first(), asked, &axes, reading.head(axes.as_recorded)?)?;
    answer.notes.iter().for_each(|note| context.remark(note));
    let Some(folder) = &args.out else {
        in_rows(context).answer(&answer, SHAPE, |_| String::new())?;
        return Ok(Exit::Done);
    };
    if !matches!(context.format, Format::Text | Format::Csv) {
        return Err(Failure::usage("--out writes CSV: --format does not go with it")
            .help("leave --format or --out out"));
    }
    let written = package::write(folder, &answer, &args.words(&names, &answer), context)?;
    context.print(&written)?;
    Ok(Exit::Done)
}

/// The failure, with its remedy, if the record that defines the rows of a panel is missing.
fn lacks(universe: Universe, body: &str) -> Failure {
    let (option, whose) = match universe {
        Universe::Cow => ("cow", "the list of the Correlates of War"),
        Universe::Gw => ("gw", "the list of Gleditsch and Ward"),
        Universe::Un | Universe::Recorded => ("un", "the record of the United Nations"),
    };
    let what = format!("--universe {option} needs {whose}: no body called {body} in this ledger");
    Failure::usage(what).help(match universe {
        Universe::Un | Universe::Recorded => {
            "adopt it and record its members: chancery charter adopt un; or --universe recorded"
        }
        _ => "import the list: chancery import events states.jsonl; or --universe recorded",
    })
}

impl Args {
    fn span(&self, reading: &Reading) -> Result<PanelSpan, Failure> {
        let fold = self.fold.fold();
        let universe = match self.universe {
            Whose::Recorded => Universe::Recorded,
            Whose::Un => Universe::Un,
            Whose::Cow => Universe::Cow,
            Whose::Gw => Universe::Gw,
        };
        if let Some(body) = universe.body()
            && !reading.bodies(reading.size())?.iter().any(|id| id.as_str() == body)
        {
            return Err(lacks(universe, body));
        }
        if let Some((from, to)) = self.from.zip(self.to).filter(|(from, to)| from > to) {
            return Err(Failure::usage(format!("the first year, {from}, comes after the last, {to}"))
                .help("--from and --to are both included"));
        }
        Ok(PanelSpan { from: self.from, to: self.to, fold, universe })
    }

    /// The question with every choice written out, in the words that `cite` takes.
    fn words(&self, bodies: &[BodyId], answer: &Panel) -> Vec<String> {
        let name = |value: Option<clap::builder::PossibleValue>| {
            value.map(|v| v.get_name().to_owned()).unwrap_or_default()
        };
        let mut words = vec!["export".to_owned(), "panel".to_owned()];
        words.extend(bodies.iter().map(ToString::to_string));
        let chosen = [
            ("--from", Some(answer.from.to_string())),
            ("--to", Some(answer.to.to_string())),
            ("--fold", Some(name(self.fold.to_possible_value()))),
            ("--universe", Some(name(self.universe.to_possible_value()))),
            ("--on", self.axes.on.clone()),
            ("--as-known", self.axes.as_known.clone()),
            ("--as-recorded", self.axes.as_recorded.clone()),
            ("--as-at", self.axes.as_at.clone()),
            ("--view", self.axes.view.clone()),
        ];
        for (option, value) in chosen {
            words.extend(value.into_iter().flat_map(|value| [option.to_owned(), value]));
        }
        words
    }
}
