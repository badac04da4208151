use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::charter::{
    Charter, CharterAct, TEMPLATES, Template, Version, charter_event, check_sound, lint, with_tables,
};
use crate::event::{BodyId, Event, EventId, Index, Size};
use crate::ledger::AppendOptions;
use crate::query::{BodyView, CorrectionItem, corrections};

use crate::cli::context::{Context, Shape, input_name, read_input};
use crate::cli::error::{Exit, Failure};
use crate::cli::record::receipt;
use crate::cli::record::signing::SigningArgs;
use crate::cli::render::{Page, act_words, clean, date, faint, strong};
use crate::cli::start::init::{charter_id, template_events};

/// The rules of an organisation or treaty: list, show, lint, adopt, amend
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Command {
    /// The charters of this ledger, and those that come with the program
    List,
    Show(ShowArgs),
    Lint(LintArgs),
    Adopt(AdoptArgs),
    Amend(AdoptArgs),
}

/// The rules as they stood on a day, each with its article and the entry that made it
#[derive(clap::Args, Debug)]
pub(crate) struct ShowArgs {
    /// Organisation or treaty
    body: BodyId,
    /// On which day; default: today
    #[arg(long, value_name = "DAY")]
    on: Option<String>,
}

/// Find what is unsound: unreachable statuses, ambiguous transitions, unknown acts (exit 1)
#[derive(clap::Args, Debug)]
pub(crate) struct LintArgs {
    /// The adoption, then its amendments in order; a shipped charter by its name; `-` for standard input
    #[arg(required = true, value_name = "FILE|CHARTER")]
    files: Vec<PathBuf>,
}

/// Record a charter or an amendment; the file states its dates, instrument and sources
#[derive(clap::Args, Debug)]
pub(crate) struct AdoptArgs {
    /// A TOML file, a shipped charter by its name, or `-` for standard input
    #[arg(value_name = "FILE|CHARTER")]
    file: PathBuf,
    /// Refuse unless the ledger has exactly this many entries
    #[arg(long, value_name = "N")]
    expect_size: Option<u64>,
    /// Say what would change, record nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    signing: SigningArgs,
}

pub(crate) fn run(command: &Command, context: &Context) -> Result<Exit, Failure> {
    match command {
        Command::List => list(context),
        Command::Show(args) => show(args, context),
        Command::Lint(args) => check(args, context),
        Command::Adopt(args) => adopt(args, context, false),
        Command::Amend(args) => adopt(args, context, true),
    }
}

fn list(context: &Context) -> Result<Exit, Failure> {
    let mut items: Vec<Value> = Vec::new();
    if let Ok(reading) = context.reading() {
        for body in reading.bodies(reading.size())? {
            let charter = reading.charter_now(&body)?;
            items.push(json!({"charter": body, "where": "ledger", "versions": charter.versions().len(),
                              "title": charter.about.title}));
        }
    }
    for template in TEMPLATES {
        let charter = fold(&template_events(template)?)?;
        items.push(json!({"charter": template.id, "where": "shipped", "versions": charter.versions().len(),
                          "title": charter.about.title}));
    }
    let shape = Shape { list: None, columns: &["charter", "where", "versions", "title"] };
    context.answer(&items, shape, |page| {
        let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
        let row = |i: &Value| ["charter", "where", "versions", "title"].map(|key| text(&i[key])).to_vec();
        page.table(&["charter", "where", "versions", "title"], &items.iter().map(row).collect::<Vec<_>>())
    })?;
    Ok(Exit::Done)
}

/// The index given to a shipped pattern, which comes before the texts of a file; those are counted from 0.
const PATTERN: Index = Index(u64::MAX);

/// Folds the events of one body into its charter.
fn fold(events: &[Event]) -> Result<Charter, Failure> {
    let acts: Vec<CharterAct<'_>> =
        events.iter().enumerate().filter_map(|(at, event)| CharterAct::of(Index(at as u64), event)).collect();
    let body =
        events.first().map(|e| e.body.clone()).ok_or_else(|| Failure::usage("no charter was given"))?;
    let pattern = pattern(events)?;
    let acts: Vec<CharterAct<'_>> = pattern
        .iter()
        .filter_map(|event| CharterAct::of(PATTERN, event))
        .map(CharterAct::inherited)
        .chain(acts)
        .collect();
    Charter::fold(&body, &acts)?.ok_or_else(|| Failure::usage("no charter was given"))
}

fn show(args: &ShowArgs, context: &Context) -> Result<Exit, Failure> {
    let on = match &args.on {
        Some(text) => crate::query::day(text, context.now)?,
        None => context.now.day(),
    };
    let reading = context.reading()?;
    let charter = reading.charter_now(&args.body)?;
    let version = charter.on(on);
    let material = reading.material(&args.body, None, reading.size())?;
    let view = BodyView::new(&material, &args.body, reading.size(), crate::event::Instant::FUTURE)?;
    let proposed = corrections(&material, &view, None, on);
    let mut answer = json(&charter, version, on);
    answer["corrections"] = serde_json::to_value(&proposed)?;
    let shape =
        Shape { list: Some("transitions"), columns: &["act", "from", "to", "rule", "article", "entry"] };
    context.answer(&answer, shape, |page| {
        format!("{}{}", text(page, &charter, version, on), proposals(page, &proposed))
    })?;
    Ok(Exit::Done)
}

/// Corrections of the text (VCLT 79), one on each line.
fn proposals(page: &Page, items: &[CorrectionItem]) -> String {
    if items.is_empty() {
        return String::new();
    }
    let line = |item: &CorrectionItem| {
        let mut line = item.what.as_deref().map(clean).unwrap_or_default().into_owned();
        let mut add =
            |text: String| line.push_str(&format!("{}{text}", if line.is_empty() { "" } else { ", " }));
        item.to.iter().for_each(|to| add(format!("corrects entry {to}")));
        item.notified.iter().for_each(|on| add(format!("notified {}", date(on))));
        item.objections_until.iter().for_each(|on| add(format!("objections before {}", date(on))));
        item.objections.iter().for_each(|by| add(format!("objection: entry {by}")));
        item.effected.iter().for_each(|by| add(format!("effected by entry {by}")));
        let from = item.effective.as_ref().map_or("from the beginning".to_owned(), date);
        add(format!("holds {}{from}", if item.effective.is_some() { "from " } else { "" }));
        page.wrap(&format!("   entry {:<4} {:<9} ", item.entry, item.state), &line)
    };
    format!("\ncorrections of the text\n{}", items.iter().map(line).collect::<String>())
}

fn json(charter: &Charter, version: &Version, on: crate::event::Day) -> Value {
    let versions: Vec<Value> = charter
        .versions()
        .iter()
        .map(|v| json!({"entry": v.entry, "effective": v.effective, "instrument": v.instrument, "note": v.note}))
        .collect();
    let statuses: Vec<Value> = version
        .statuses
        .iter()
        .map(|s| json!({"id": s.rule.id, "title": s.rule.title, "rank": s.rule.rank, "entry": s.entry}))
        .collect();
    let transitions: Vec<Value> = version
        .transitions
        .iter()
        .map(|t| {
            json!({"act": t.rule.act.0.name(), "from": t.rule.from, "to": t.rule.to, "rule": t.rule.rule,
                   "article": t.rule.article, "basis": t.rule.basis, "entry": t.entry})
        })
        .collect();
    let procedures: Vec<Value> = version
        .procedures
        .iter()
        .map(|p| json!({"toward": p.rule.toward, "article": p.rule.article, "steps": p.rule.steps, "entry": p.entry}))
        .collect();
    let clauses = version.clauses.each();
    let clauses: Vec<Value> = clauses
        .map(|c| {
            json!({"key": c.key, "clause": c.clause.to_string(), "article": c.article, "basis": c.basis,
                   "entry": c.entry})
        })
        .collect();
    json!({"body": charter.body, "title": charter.about.title, "on": on.to_string(), "versions": versions,
           "statuses": statuses, "transitions": transitions, "procedures": procedures, "clauses": clauses,
           "recorders": charter.latest().recorders})
}

fn text(page: &Page, charter: &Charter, version: &Version, on: crate::event::Day) -> String {
    let mut out = page.edges(&strong(&charter.about.title), &format!("rules on {on}"));
    out.push_str("\nversions\n");
    for v in charter.versions() {
        let mark = if v.entry == version.entry { ">" } else { " " };
        let from = v.effective.as_ref().map_or("from the beginning".to_owned(), date);
        let what = v.instrument.as_deref().map(clean).unwrap_or_default();
        out.push_str(&page.wrap(&format!(" {mark} entry {:<4} {from:<11} ", v.entry), &what));
    }
    out.push_str("\nstatuses\n");
    let wide = version.statuses.iter().map(|s| s.rule.id.as_str().len()).max().unwrap_or(0).max(20);
    for s in &version.statuses {
        out.push_str(&page.wrap(&format!("   {:<wide$} ", s.rule.id), &s.rule.title));
    }
    out.push_str("\nwhich act moves what\n");
    for t in &version.transitions {
        let from: Vec<&str> = t.rule.from.iter().map(|s| s.as_str()).collect();
        let from = if from.is_empty() { "any".to_owned() } else { from.join(", ") };
        let moves = format!("{from} {} {}", page.tree("→", "->"), t.rule.to);
        out.push_str(&page.wrap_to(&format!("   {}: ", t.rule.act.0), "       ", &moves));
        let basis = t.rule.basis.as_deref().map(|b| format!("; {b}")).unwrap_or_default();
        let line = format!("{} ({}{basis}), entry {}", t.rule.rule, t.rule.article, t.entry);
        out.push_str(&page.wrap("       ", &clean(&line)));
    }
    for (at, stated) in version.clauses.each().enumerate() {
        out.push_str(if at == 0 { "\nclauses\n" } else { "" });
        out.push_str(&page.wrap(&format!("   {}: ", stated.key), &stated.clause.to_string()));
        let basis = stated.basis.map(|basis| format!("; {basis}")).unwrap_or_default();
        let line =
            format!("{}{basis}, entry {}", stated.article.unwrap_or("no article stated"), stated.entry);
        out.push_str(&page.wrap("       ", &clean(&line)));
    }
    for (at, (act, signers)) in charter.latest().recorders.iter().enumerate() {
        out.push_str(if at == 0 { "\nhow many recorders sign, whatever the day\n" } else { "" });
        out.push_str(&format!("   {}: {}\n", act.0, signers.0));
    }
    for p in &version.procedures {
        out.push('\n');
        out.push_str(&page.wrap(&format!("to {}  ", p.rule.toward), &faint(&clean(&p.rule.article))));
        for step in &p.rule.steps {
            let optional = if step.optional { "  (may be left out)" } else { "" };
            out.push_str(&page.wrap_to(
                &format!("   {} {} ", page.tree("·", "-"), step.title),
                "       ",
                &faint(&format!("{}{optional}", act_words(step.act.0))),
            ));
        }
    }
    out
}

/// The texts of a file, or of a shipped charter.
fn texts(file: &Path) -> Result<Vec<String>, Failure> {
    let name = file.to_string_lossy();
    if let Some(template) = Template::find(&name).filter(|_| !file.exists()) {
        return Ok(template.texts.iter().map(|text| (*text).to_owned()).collect());
    }
    let bytes = read_input(file)?;
    let text = String::from_utf8(bytes)
        .map_err(|e| Failure::usage(format!("{name}: not UTF-8 at byte {}", e.utf8_error().valid_up_to())))?;
    // A charter names its files of sets and tables relative to its own folder.
    let folder = file.parent().unwrap_or(Path::new(""));
    let read =
        |table: &str| crate::log::regular::read_text_given(&folder.join(table)).map_err(|e| e.to_string());
    let whole = with_tables(&text, &read);
    Ok(vec![whole.map_err(|e| Failure::usage(format!("{}, {e}", input_name(file))))?])
}

/// The shipped charter that a charter extends. It is adopted with that charter, if the ledger has none of its name.
fn pattern(events: &[Event]) -> Result<Vec<Event>, Failure> {
    let first = events.iter().enumerate().find_map(|(at, e)| CharterAct::of(Index(at as u64), e)?.extends());
    match first.and_then(|pattern| Template::find(pattern.as_str())) {
        Some(template) => template_events(template),
        None => Ok(Vec::new()),
    }
}

fn check(args: &LintArgs, context: &Context) -> Result<Exit, Failure> {
    let (mut events, mut names) = (Vec::new(), Vec::new());
    let mut items: Vec<Value> = Vec::new();
    let item = |at: usize, place: &str, what: &str| json!({"version": at, "place": place, "what": what});
    for file in &args.files {
        for text in texts(file)? {
            let at = events.len() + items.len() + 1;
            match charter_event(&text, at > 1, EventId(uuid::Uuid::nil())) {
                Ok(event) => {
                    events.push(event);
                    names.push(input_name(file));
                }
                Err(e) => {
                    let place = format!("{}, line {}, column {}", input_name(file), e.line, e.column);
                    items.push(item(at, &place, &e.what));
                }
            }
        }
    }
    if items.is_empty() {
        let charter = fold(&events)?;
        let inherited = charter.versions().iter().filter(|v| v.entry == PATTERN).count();
        let placed = |entry: Index, place: &str| match names.get(entry.0 as usize) {
            Some(name) => format!("{name}, {place}"),
            None => place.to_owned(),
        };
        let own = lint(&charter).into_iter().filter_map(|f| {
            let version = charter.versions().get(f.version - 1)?;
            let at = f.version.checked_sub(inherited).filter(|at| *at > 0)?;
            Some(item(at, &placed(version.entry, &f.place), &f.what))
        });
        items.extend(own);
        // Faults of the rules are listed above. This adds the other errors that would prevent recording the text, each with its
        // place.
        if items.is_empty() {
            let places = events.iter().enumerate().filter_map(|(at, event)| {
                let entry = Index(at as u64);
                let version = charter.version_of(entry)?;
                let error = check_sound(event.act.charter_text()?, &charter, version).err()?;
                let place = placed(entry, &format!("line {}, column {}", error.line, error.column));
                Some(item(at + 1, &place, &error.what))
            });
            items.extend(places);
        }
    }
    let shape = Shape { list: None, columns: &["version", "place", "what"] };
    context.answer(&items, shape, |page| {
        let text = |value: &Value| clean(value.as_str().unwrap_or_default()).into_owned();
        let line =
            |i: &Value| format!("version {}, {}: {}", i["version"], text(&i["place"]), text(&i["what"]));
        items.iter().map(|i| page.wrap_to("", "  ", &line(i))).collect()
    })?;
    Ok(if items.is_empty() { Exit::Done } else { Exit::No })
}

fn adopt(args: &AdoptArgs, context: &Context, amends: bool) -> Result<Exit, Failure> {
    let texts = texts(&args.file)?;
    let event = |(at, text): (usize, &String)| charter_event(text, amends || at > 0, charter_id(text));
    let events: Result<Vec<Event>, _> = texts.iter().enumerate().map(event).collect();
    let mut events = events.map_err(|e| Failure::usage(format!("{}, {e}", input_name(&args.file))))?;
    let mode = args.signing.mode(args.dry_run);
    let mut writer = args.signing.open(context, "charter", mode)?;
    let body = events.first().map(|e| e.body.clone());
    let known = body.as_ref().is_some_and(|body| writer.charter(body).is_ok());
    let recorded = events.first().map(|e| writer.find(e.id)).transpose()?.flatten();
    match (&body, known, amends) {
        (Some(body), true, false) if recorded.is_none() => {
            return Err(Failure::new(Exit::Refused, format!("{body} has a charter already")).help(format!(
                "change it: chancery charter amend FILE; see it: chancery charter show {body}"
            )));
        }
        (Some(body), false, true) => {
            return Err(Failure::usage(format!("{body} has no charter to amend"))
                .help("adopt one first: chancery charter adopt FILE"));
        }
        _ => {}
    }
    let pattern = pattern(&events)?.into_iter().filter(|e| writer.charter(&e.body).is_err());
    events.splice(0..0, pattern.collect::<Vec<_>>());
    let options = AppendOptions {
        now: context.clock_now(),
        expect_size: args.expect_size.map(Size),
        accept_clock: false,
    };
    let done = receipt::append(context, &mut writer, events, options, mode);
    if mode.records() {
        context.close(writer);
    }
    // The ledger's error names a line; the user needs the name of the file too.
    done.map(|()| Exit::Done).map_err(|failure| failure.in_file(&input_name(&args.file)))
}
