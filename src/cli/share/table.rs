use clap::ValueEnum;

use crate::charter::BodyKind;
use crate::event::{Day, Edtf};
use crate::query::Kind;
use crate::query::{Count, Layout, Table, TableInForce, TableRow, table};

use crate::cli::ask::axes::AxesArgs;
use crate::cli::ask::question::{Asking, BodyArgs, footer};
use crate::cli::context::{Context, Shape};
use crate::cli::error::{Exit, Failure};
use crate::cli::render::{Page, clean, columns, strong};

/// The status of a treaty "as at" a day, in the layout of a depositary
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  chancery export table rome-statute --layout untc
  chancery export table etno-5 --layout coe --as-at 1998-11-01
  chancery export table rome-statute --format csv

The layout of the United Nations writes ratification without a mark, and
accession (a), acceptance (A), approval (AA), succession (d), definitive
signature (s), formal confirmation (c), consent to be bound (P), simplified
procedure (p); a question mark is an instrument whose form is not recorded. In
brackets stands whoever has withdrawn or is no more. That of the Council of
Europe marks accession (a), signature without reservation as to ratification
(s), succession (su), signature ad referendum (r). The Treaty Series tells the
action, the day of notification or deposit, and the day of effect. Footnotes tell corrections of
this record, and what is to come. Signatories and parties do not count those in
brackets; 8-9 is 8 certainly, 9 at most.")]
pub(crate) struct Args {
    #[command(flatten)]
    body: BodyArgs,
    /// Whose layout: the United Nations' status of treaties, its Treaty Series, or
    /// the Council of Europe
    #[arg(long, value_enum, default_value_t = Like::Untc, value_name = "LAYOUT")]
    layout: Like,
    #[command(flatten)]
    axes: AxesArgs,
}

/// Whose layout.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
enum Like {
    Untc,
    Unts,
    Coe,
}

const UNTC: Shape = Shape {
    list: Some("participants"),
    columns: &[
        "participant",
        "state",
        "signature",
        "consent",
        "form",
        "withdrawn",
        "status",
        "certainty",
        "footnotes",
    ],
};

const UNTS: Shape = Shape {
    list: Some("participants"),
    columns: &[
        "participant",
        "state",
        "form",
        "consent",
        "in_force_from",
        "withdrawn",
        "certainty",
        "footnotes",
    ],
};

const COE: Shape = Shape {
    list: Some("participants"),
    columns: &[
        "participant",
        "state",
        "signature",
        "consent",
        "form",
        "in_force_from",
        "withdrawn",
        "status",
        "certainty",
        "reservations",
        "declarations",
        "territories",
        "communications",
        "objections",
        "footnotes",
    ],
};

/// Forms of consent with their marks in the two layouts, in the order in which a column's heading lists them.
const FORMS: [(&str, &str, &str, &str); 9] = [
    ("ratification", "Ratification", "", ""),
    ("accession", "Accession", "a", "a"),
    ("acceptance", "Acceptance", "A", ""),
    ("approval", "Approval", "AA", ""),
    ("succession", "Succession", "d", "su"),
    ("definitive-signature", "Definitive signature", "s", "s"),
    ("formal-confirmation", "Formal confirmation", "c", ""),
    ("consent-to-be-bound", "Consent to be bound", "P", ""),
    ("simplified-procedure", "Simplified procedure", "p", ""),
];

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let mut question = args.body.question(Kind::Roster);
    args.axes.fill(&mut question, context)?;
    let (body, charter, material, axes) = Asking::new(context, question)?.whole()?;
    if charter.about.kind != BodyKind::Treaty {
        return Err(Failure::usage(format!("{body} is an organisation: a table is of a treaty"))
            .help(format!("its participants: chancery roster {body}")));
    }
    let (layout, shape) = match args.layout {
        Like::Untc => (Layout::Untc, UNTC),
        Like::Unts => (Layout::Unts, UNTS),
        Like::Coe => (Layout::Coe, COE),
    };
    let answer = table(&material, &body, layout, &axes)?;
    context.answer(&answer, shape, |page| text(page, &answer, layout, context.now.day()))?;
    Ok(Exit::Done)
}

fn text(page: &Page, answer: &Table, layout: Layout, today: Day) -> String {
    let mut out = page.wrap("", &strong(&clean(&answer.title)));
    out.push_str(&page.notes(&answer.notes));
    out.push('\n');
    let force = in_force(&answer.entry_into_force, answer.question.on, layout);
    out.push_str(&page.wrap("Entry into force : ", &clean(&force)));
    if let Some(registration) = &answer.registration {
        let title = registration.title.as_ref().map(|title| format!(", {title}")).unwrap_or_default();
        let said = format!("{}{title}", layout.date(&registration.on));
        out.push_str(&page.wrap("Registration     : ", &clean(&said)));
    }
    let (signatories, parties) = (number(answer.signatories), number(answer.parties));
    out.push_str(
        &page.wrap("Status           : ", &format!("Signatories: {signatories}. Parties: {parties}.")),
    );
    let form = if layout == Layout::Untc { "%d-%m-%Y" } else { "%d/%m/%Y" };
    let day = answer.question.on.date().map(|d| d.format(form).to_string()).unwrap_or_default();
    let as_at = format!("STATUS AS AT : {day}");
    let indent = page.width.saturating_sub(columns(&as_at)) / 2;
    out.push_str(&format!("\n{}{as_at}\n\n", " ".repeat(indent)));
    if answer.participants.is_empty() {
        out.push_str("  no signature and no instrument is recorded by then\n");
    } else {
        out.push_str(&match layout {
            Layout::Untc => untc(page, answer),
            Layout::Unts => unts(page, answer),
            Layout::Coe => coe(page, answer),
        });
    }
    let footnotes: Vec<&String> = answer.participants.iter().flat_map(|row| &row.footnotes).collect();
    if !footnotes.is_empty() {
        out.push_str("\nFootnotes:\n");
    }
    for (at, footnote) in footnotes.into_iter().enumerate() {
        out.push_str(&page.wrap(&format!("{:>3}  ", at + 1), &clean(footnote)));
    }
    out.push('\n');
    out.push_str(&footer(page, &answer.question, &answer.checkpoint, today));
    out
}

fn number(count: Count) -> String {
    match count.certain == count.at_most {
        true => count.certain.to_string(),
        false => format!("{}-{}", count.certain, count.at_most),
    }
}

/// The day of entry into force and the article; before that day, the number of consents and the number needed.
fn in_force(force: &TableInForce, on: Day, layout: Layout) -> String {
    let article = match (&force.article, &force.clause) {
        (Some(article), Some(_)) => format!(", in accordance with {article}"),
        (None, Some(clause)) => format!(", in accordance with the clause {clause}"),
        (_, None) => String::new(),
    };
    let unknown = if force.clause.is_none() { "; clause unknown" } else { "" };
    let by = force.certified.map(|entry| format!(", as certified (entry {entry})")).unwrap_or_default();
    match (&force.on, force.count.zip(force.needed)) {
        (Some(date), _) => {
            let open = date.earliest() <= on && on < date.latest();
            let doubt = if open { " (possible)" } else { "" };
            let ahead = if on < date.earliest() { "not yet in force; from " } else { "" };
            format!("{ahead}{}{doubt}{article}{by}{unknown}", layout.date(date))
        }
        (None, Some((count, needed))) => format!("not yet in force: {count} of {needed}{article}"),
        (None, None) if force.clause.is_some() => format!("not yet in force{article}"),
        (None, None) => "clause unknown".to_owned(),
    }
}

/// Each name with the numbers of its footnotes, in brackets if the participant has withdrawn.
fn names(rows: &[TableRow]) -> Vec<String> {
    let mut last = 0;
    let name = |row: &TableRow| {
        let numbers: Vec<String> = (1..=row.footnotes.len()).map(|n| (last + n).to_string()).collect();
        last += numbers.len();
        format!("{} {}", bracketed(row, &clean(&row.state)), numbers.join(",")).trim_end().to_owned()
    };
    rows.iter().map(name).collect()
}

fn bracketed(row: &TableRow, text: &str) -> String {
    if row.withdrawn && !text.is_empty() { format!("[{text}]") } else { text.to_owned() }
}

fn dated(row: &TableRow, date: Option<&Edtf>, layout: Layout) -> String {
    bracketed(row, &date.map(|date| layout.date(date)).unwrap_or_default())
}

/// The date of the consent, in brackets if it was taken back.
fn consented(row: &TableRow, layout: Layout) -> String {
    let date = dated(row, row.consent.as_ref(), layout);
    if row.consent_withdrawn && !row.withdrawn { format!("[{date}]") } else { date }
}

fn marks(row: &TableRow) -> Option<&'static (&'static str, &'static str, &'static str, &'static str)> {
    FORMS.iter().find(|(name, ..)| row.form == Some(*name))
}

fn untc(page: &Page, answer: &Table) -> String {
    let used = |name: &str| answer.participants.iter().any(|row| row.form == Some(name));
    let mut forms: Vec<String> = Vec::new();
    for (name, title, mark, _) in FORMS.iter().filter(|(name, ..)| used(name)) {
        let mark = if mark.is_empty() { String::new() } else { format!("({mark})") };
        forms.push(format!("{title}{}", if *name == "ratification" { "" } else { &mark }));
    }
    if answer.participants.iter().any(|row| row.consent.is_some() && row.form.is_none()) {
        forms.push("form not recorded(?)".to_owned());
    }
    let heading = if forms.is_empty() { "Ratification".to_owned() } else { forms.join(", ") };
    let consent = |row: &TableRow| {
        let mark = match (&row.consent, marks(row)) {
            (Some(_), None) => "?",
            (_, found) => found.map_or("", |(_, _, mark, _)| mark),
        };
        format!("{} {mark}", consented(row, Layout::Untc)).trim_end().to_owned()
    };
    let rows: Vec<Vec<String>> = answer
        .participants
        .iter()
        .zip(names(&answer.participants))
        .map(|(row, name)| vec![name, dated(row, row.signature.as_ref(), Layout::Untc), consent(row)])
        .collect();
    page.table(&["Participant", "Signature", &heading], &rows)
}

/// The act by which each participant consented to be bound, and the day from which it is bound.
fn unts(page: &Page, answer: &Table) -> String {
    let action = |row: &TableRow| match (&row.consent, marks(row)) {
        (Some(_), Some((_, title, ..))) => (*title).to_owned(),
        (Some(_), None) => "Form not recorded".to_owned(),
        (None, _) => "Signature only".to_owned(),
    };
    let row = |(row, name): (&TableRow, String)| {
        let deposited = row.consent.as_ref().or(row.signature.as_ref());
        vec![
            name,
            bracketed(row, &action(row)),
            dated(row, deposited, Layout::Unts),
            dated(row, row.in_force_from.as_ref(), Layout::Unts),
        ]
    };
    let rows: Vec<Vec<String>> =
        answer.participants.iter().zip(names(&answer.participants)).map(row).collect();
    page.table(&["Participant", "Action", "Date of deposit", "Date of effect"], &rows)
}

const COE_HEAD: [&str; 11] =
    ["", "Signature", "Ratification", "Entry into force", "Notes", "R.", "D.", "A.", "T.", "C.", "O."];

/// The width of each column in characters, including the space after it; the first takes the rest.
const COE_WIDTHS: [u16; 11] = [18, 13, 13, 13, 6, 3, 3, 3, 3, 3, 2];

/// On a narrower page each participant has a paragraph instead of a row.
const COE_WIDTH: usize = 80;

/// The cells of a participant in words: `Norway: signature 04/02/1990; ratification 03/03/1991; notes D`.
fn in_words(page: &Page, cells: &[String]) -> String {
    let said = COE_HEAD.iter().zip(cells).skip(1).filter(|(_, cell)| !cell.is_empty());
    let parts: Vec<String> = said
        .map(
            |(head, cell)| {
                if head.len() > 2 { format!("{} {cell}", head.to_lowercase()) } else { cell.clone() }
            },
        )
        .collect();
    page.wrap_to(
        "  ",
        "      ",
        &format!("{}: {}", cells.first().map_or("", String::as_str), parts.join("; ")),
    )
}

fn coe(page: &Page, answer: &Table) -> String {
    let letter = |n: u64, letter: &str| if n > 0 { letter.to_owned() } else { String::new() };
    let note = |row: &TableRow| {
        let form = marks(row).map_or("", |(.., mark)| mark);
        let form = if row.consent.is_some() && row.form.is_none() { "?" } else { form };
        let signature = if row.ad_referendum { "r" } else { "" };
        [form, signature].into_iter().filter(|mark| !mark.is_empty()).collect::<Vec<_>>().join(" ")
    };
    let cells = |(row, name): (&TableRow, String)| {
        vec![
            name,
            dated(row, row.signature.as_ref(), Layout::Coe),
            consented(row, Layout::Coe),
            dated(row, row.in_force_from.as_ref(), Layout::Coe),
            note(row),
            letter(row.reservations, "R"),
            letter(row.declarations, "D"),
            String::new(),
            letter(row.territories, "T"),
            letter(row.communications, "C"),
            letter(row.objections, "O"),
        ]
    };
    let rows: Vec<Vec<String>> =
        answer.participants.iter().zip(names(&answer.participants)).map(cells).collect();
    let mut out = match page.width >= COE_WIDTH {
        true => page.grid(&COE_HEAD, &COE_WIDTHS, &rows),
        false => rows.iter().map(|cells| in_words(page, cells)).collect(),
    };
    let is_unratified = |row: &&TableRow| {
        !row.withdrawn && row.signature.is_some() && (row.consent.is_none() || row.consent_withdrawn)
    };
    let unratified = answer.participants.iter().filter(is_unratified);
    out.push('\n');
    out.push_str(&page.wrap(
        "",
        &format!("Total number of signatures not followed by ratifications: {}", unratified.count()),
    ));
    let parties = number(answer.parties);
    out.push_str(&page.wrap("", &format!("Total number of ratifications/accessions: {parties}")));
    out.push('\n');
    out.push_str(&page.wrap(
        "",
        "Notes: a: Accession - s: Signature without reservation as to ratification - su: Succession - r: Signature \
         \"ad referendum\" - ?: Form of the instrument not recorded.",
    ));
    out.push_str(&page.wrap(
        "",
        "R.: Reservations - D.: Declarations, Denunciations, Derogations - A.: Authorities (not in this record) - T.: \
         Territorial Application - C.: Communication - O.: Objection.",
    ));
    out
}
