use serde_json::{Value, json};

use crate::event::{
    Day, Edtf, Instant, Participant, ParticipantId, ParticipantKind, Register, Size, StateList, StateNumber,
    StateNumbers,
};
use crate::query::{BodyView, Lifetime, Lifetimes};

use crate::cli::context::{Context, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::render::{Page, strong};

/// States, former states and organisations: codes, numbers, names through time, who followed whom
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery participants
  chancery participants turk
  chancery participants CSK

Codes, names and who followed whom are of the register that comes with the
program: ISO 3166-1 and 3166-3, the numbers of the Correlates of War and of
Gleditsch and Ward. From when to when a state is counted is said by the lists of
states that this ledger records, each by its own body (state-system-cow and the
like) with the entries that say so; the first day counts, `until` does not.")]
pub(crate) struct Args {
    /// Only those with this word in a name or code
    word: Option<String>,
}

const SHAPE: Shape = Shape {
    list: None,
    columns: &[
        "participant",
        "kind",
        "name",
        "codes",
        "aliases",
        "predecessors",
        "successors",
        "numbers",
        "lifetimes",
    ],
};

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let register = Register::builtin();
    let lifetimes = lifetimes(context)?;
    let exact = |word: &String| register.iter().find(|p| p.id.as_str().eq_ignore_ascii_case(word));
    let one = args.word.as_ref().and_then(exact);
    let named: Vec<&ParticipantId> = match &args.word {
        Some(word) if one.is_none() => lifetimes.named(word).collect(),
        _ => Vec::new(),
    };
    let found: Vec<&Participant> = match (&args.word, one) {
        (_, Some(one)) => vec![one],
        (None, None) => register.iter().collect(),
        (Some(word), None) => match register.search(word) {
            found if found.is_empty() && named.is_empty() => {
                vec![register.resolve(word).map_err(Failure::usage)?]
            }
            found => found,
        },
    };
    let mut items: Vec<Value> = found.iter().map(|p| json(p, lifetimes.of(&p.id))).collect();
    items.extend(named.iter().map(|id| named_json(id, lifetimes.of(id))));
    context.answer(&items, SHAPE, |page| match (found.as_slice(), named.as_slice()) {
        ([one], []) => detail(page, one, lifetimes.of(&one.id)),
        ([], [one]) => named_detail(page, one, lifetimes.of(one)),
        (several, named) => {
            let row = |p: &&Participant| vec![p.id.to_string(), kind(p.kind).to_owned(), p.name().to_owned()];
            let mut rows: Vec<Vec<String>> = several.iter().map(row).collect();
            rows.extend(named.iter().map(|id| vec![id.to_string(), NAMED.to_owned(), String::new()]));
            page.table(&["id", "kind", "name"], &rows)
        }
    })?;
    Ok(Exit::Done)
}

/// The description of a participant that appears only in lists of states.
const NAMED: &str = "not in the register";

fn named_json(id: &ParticipantId, lifetimes: &[Lifetime]) -> Value {
    json!({"participant": id, "kind": null, "name": id, "numbers": numbers_json(id), "lifetimes": lifetimes})
}

fn named_detail(page: &Page, id: &ParticipantId, lifetimes: &[Lifetime]) -> String {
    let mut out = format!("{id}, {NAMED}\n");
    for (label, list) in [("COW", StateList::Cow), ("GW", StateList::Gw)] {
        let text = numbers(id, list);
        if !text.is_empty() {
            out.push_str(&page.wrap(&format!("  {label:<9} "), &text));
        }
    }
    out.push_str(&listed(page, lifetimes));
    out
}

/// The lifetimes in the lists of states that the ledger records; empty if there is no ledger.
fn lifetimes(context: &Context) -> Result<Lifetimes, Failure> {
    if !context.ledger.exists() {
        return Ok(Lifetimes::default());
    }
    let reading = context.reading()?;
    let mut lists = reading.every_body()?;
    lists.retain(|list| list.is_state_list() && reading.charter_now(list).is_ok());
    let mut views = Vec::with_capacity(lists.len());
    for list in &lists {
        let material = reading.material(list, None, reading.size())?;
        views.push((list, BodyView::new(&material, list, Size(u64::MAX), Instant::FUTURE)?));
    }
    Ok(Lifetimes::of_lists(views.iter().map(|(list, view)| (*list, &view.pairs))))
}

fn kind(kind: ParticipantKind) -> &'static str {
    match kind {
        ParticipantKind::State => "state",
        ParticipantKind::FormerState => "former state",
        ParticipantKind::Territory => "territory",
        ParticipantKind::Organisation => "organisation",
    }
}

fn json(p: &Participant, lifetimes: &[Lifetime]) -> Value {
    let day = |day: Option<Day>| day.map(|d| d.to_string());
    let names: Vec<Value> =
        p.names.iter().map(|n| json!({"name": n.name, "from": day(n.from), "until": day(n.until)})).collect();
    json!({"participant": p.id, "kind": p.kind, "name": p.name(), "names": names, "codes": p.codes,
           "aliases": p.aliases, "predecessors": p.predecessors, "successors": p.successors, "line": p.line,
           "numbers": numbers_json(&p.id), "withdrawn": p.withdrawn, "succeeded": p.succeeded.map(|d| d.to_string()),
           "ended": p.ended.map(|d| d.to_string()),
           "lifetimes": lifetimes})
}

/// A span of days, closed-open: it includes the first day, not the last.
fn span(from: Option<String>, until: Option<String>) -> String {
    let words = [("from", from), ("until", until)];
    let said = words.into_iter().filter_map(|(word, day)| Some(format!(" {word} {}", day?)));
    said.collect()
}

fn numbers_json(id: &ParticipantId) -> Vec<Value> {
    let day = |day: Option<Day>| day.map(|d| d.to_string());
    let json = |n: &StateNumber| json!({"list": n.list, "number": n.number, "from": day(n.from), "until": day(n.until)});
    StateNumbers::builtin().of(id).iter().map(json).collect()
}

/// The numbers of a participant in a list of states, each with its days.
fn numbers(id: &ParticipantId, list: StateList) -> String {
    let day = |day: Option<Day>| day.map(|d| d.to_string());
    let text = |n: &StateNumber| format!("{}{}", n.number, span(day(n.from), day(n.until)));
    let own = StateNumbers::builtin().of(id).iter().filter(|n| n.list == list);
    own.map(text).collect::<Vec<_>>().join(", ")
}

fn detail(page: &Page, p: &Participant, lifetimes: &[Lifetime]) -> String {
    let mut out = format!("{}  {}, {}\n", strong(p.name()), p.id, kind(p.kind));
    for name in &p.names {
        let days = span(name.from.map(|d| d.to_string()), name.until.map(|d| d.to_string()));
        let span = if days.is_empty() { days } else { format!("  {days}") };
        out.push_str(&page.wrap("  name      ", &format!("{}{span}", name.name)));
    }
    let ids = |list: &[ParticipantId]| list.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let withdrawn = p.withdrawn.as_ref().map(|date| format!("code taken out of use {date} (ISO 3166-3)"));
    let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
    let fields = [
        ("codes", p.codes.join(" ")),
        ("COW", numbers(&p.id, StateList::Cow)),
        ("GW", numbers(&p.id, StateList::Gw)),
        ("also", p.aliases.join("; ")),
        ("followed", ids(&p.predecessors)),
        ("then", ids(&p.successors)),
        ("succession", day(p.succeeded)),
        ("ended", day(p.ended)),
        ("ISO", withdrawn.unwrap_or_default()),
        ("line of", p.line.as_ref().map(ToString::to_string).unwrap_or_default()),
    ];
    for (label, text) in fields.iter().filter(|(_, text)| !text.is_empty()) {
        out.push_str(&page.wrap(&format!("  {label:<9} "), text));
    }
    out.push_str(&listed(page, lifetimes));
    out
}

/// The lifetime in each list, with the entries that state it.
fn listed(page: &Page, lifetimes: &[Lifetime]) -> String {
    let text =
        |date: &Option<Edtf>, open: &str| date.as_ref().map_or_else(|| open.to_owned(), Edtf::to_string);
    let row = |life: &Lifetime| {
        let entries: Vec<String> = life.entries.iter().map(ToString::to_string).collect();
        let (from, until) = (text(&life.from, "not given"), text(&life.until, "still"));
        vec![life.list.to_string(), from, until, entries.join(", ")]
    };
    match lifetimes {
        [] => String::new(),
        all => {
            page.table(&["counted by", "from", "until", "entries"], &all.iter().map(row).collect::<Vec<_>>())
        }
    }
}
