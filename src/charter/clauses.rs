//! The clauses of a charter, with the sets and tables that they name; faults are reported at their place in the TOML.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use crate::event::{Day, Edtf, Index, ParticipantId, Register};

use super::clause::{Clause, Named, Rule, fold_name};
use super::clause_words::meant;
use super::text::{CharterText, CharterTextError, ClauseKey, NamedSet, WeightTable};
use super::{Ruled, replace};

/// The clauses in force under one version of a charter.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Clauses {
    /// The clause on the entry into force of the treaty, or of the constitutive instrument.
    pub entry_into_force: Option<Ruled<Clause>>,
    /// The day on which it entered into force, as the charter states that it was certified.
    pub in_force_since: Option<Ruled<Edtf>>,
    /// The clause on the entry into force for one participant, after the treaty is in force.
    pub for_participant: Option<Ruled<Clause>>,
    /// The clause on the effect of a withdrawal after its notice.
    pub withdrawal: Option<Ruled<Clause>>,
    /// The articles of these clauses.
    pub articles: BTreeMap<ClauseKey, String>,
    /// The way in which each clause is known, if its article was not read.
    pub bases: BTreeMap<ClauseKey, String>,
    /// The clauses of single accession treaties or protocols.
    pub accessions: Vec<Ruled<Accession>>,
    /// The sets in which clauses count.
    pub sets: Vec<NamedSet>,
    /// The tables by which clauses weigh.
    pub weights: Vec<WeightTable>,
}

/// The parsed clause of one accession treaty or protocol.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Accession {
    /// The participant that accedes.
    pub participant: ParticipantId,
    /// The clause on its entry into force.
    pub clause: Clause,
    /// The article.
    pub article: String,
    /// The way in which it is known, if the article was not read.
    pub basis: Option<String>,
}

/// A clause with the key or the accession that states it.
#[derive(Clone, PartialEq, Debug)]
pub struct StatedClause<'c> {
    /// `entry-into-force`, `withdrawal`, `accession HRV`.
    pub key: String,
    /// The adoption or amendment.
    pub entry: Index,
    /// The clause.
    pub clause: &'c Clause,
    /// The article.
    pub article: Option<&'c str>,
    /// The way in which it is known, if the article was not read.
    pub basis: Option<&'c str>,
}

impl Clauses {
    /// The clause of the accession of a participant.
    pub fn accession(&self, participant: &ParticipantId) -> Option<&Ruled<Accession>> {
        self.accessions.iter().find(|a| a.rule.participant == *participant)
    }

    /// Replaces the clauses, accessions, sets and tables that a text states; the others do not change.
    pub(super) fn learn(&mut self, text: &CharterText, entry: Index) {
        // `CharterText::parse` has read every clause already.
        let read = |clause: &str| Clause::parse(clause).ok();
        let stated = [
            (ClauseKey::EntryIntoForce, &mut self.entry_into_force, &text.entry_into_force),
            (
                ClauseKey::EntryIntoForceForParticipant,
                &mut self.for_participant,
                &text.entry_into_force_for_participant,
            ),
            (ClauseKey::Withdrawal, &mut self.withdrawal, &text.withdrawal),
        ];
        for (key, now, stated) in stated {
            if let Some(rule) = stated.as_deref().and_then(read) {
                *now = Some(Ruled { entry, rule });
                // The article of the old clause is not that of the new one.
                self.articles.remove(&key);
                self.bases.remove(&key);
            }
        }
        if let Some(on) = &text.in_force_since {
            self.in_force_since = Some(Ruled { entry, rule: on.clone() });
        }
        self.articles.extend(text.articles.clone());
        self.bases.extend(text.bases.clone());
        let accessions = text.accessions.iter().filter_map(|a| {
            let (participant, article, basis) = (a.participant.clone(), a.article.clone(), a.basis.clone());
            Some(Accession { participant, clause: read(&a.clause)?, article, basis })
        });
        let accessions: Vec<Accession> = accessions.collect();
        replace(&mut self.accessions, &accessions, entry, |a, b| a.participant == b.participant);
        restate(&mut self.sets, &text.sets, |set| (fold_name(&set.id), set.from()));
        restate(&mut self.weights, &text.weights, |table| (fold_name(&table.id), table.from()));
    }

    /// Lists each clause with the key or the accession that states it, and the entry that states it.
    pub fn each(&self) -> impl Iterator<Item = StatedClause<'_>> {
        let of_body = [
            (ClauseKey::EntryIntoForce, "entry-into-force", &self.entry_into_force),
            (
                ClauseKey::EntryIntoForceForParticipant,
                "entry-into-force-for-participant",
                &self.for_participant,
            ),
            (ClauseKey::Withdrawal, "withdrawal", &self.withdrawal),
        ];
        let of_body = of_body.into_iter().filter_map(|(key, name, stated)| {
            let stated = stated.as_ref()?;
            Some(StatedClause {
                key: name.to_owned(),
                entry: stated.entry,
                clause: &stated.rule,
                article: self.articles.get(&key).map(String::as_str),
                basis: self.bases.get(&key).map(String::as_str),
            })
        });
        let accession = |a: &'_ Ruled<Accession>| format!("accession {}", a.rule.participant);
        of_body.chain(self.accessions.iter().map(move |a| StatedClause {
            key: accession(a),
            entry: a.entry,
            clause: &a.rule.clause,
            article: Some(&a.rule.article),
            basis: a.rule.basis.as_deref(),
        }))
    }

    /// The participants that sets, tables and accessions name, each with the place.
    pub(super) fn participants(&self) -> impl Iterator<Item = (String, &ParticipantId)> {
        let of_sets = self.sets.iter().flat_map(|s| s.members.iter().map(|p| (format!("set {}", s.id), p)));
        let tables = self.weights.iter();
        let of_tables = tables.flat_map(|t| t.shares.keys().map(|p| (format!("weight {}", t.id), p)));
        let acceding = self.accessions.iter().map(|a| &a.rule.participant);
        let acceding = acceding.map(|p| (format!("accession {p}"), p));
        of_sets.chain(of_tables).chain(acceding)
    }
}

/// Replaces an item that is stated again with the same name and first day, and adds the others.
fn restate<T: Clone>(all: &mut Vec<T>, stated: &[T], key: fn(&T) -> (String, Day)) {
    for new in stated {
        match all.iter_mut().find(|old| key(old) == key(new)) {
            Some(old) => old.clone_from(new),
            None => all.push(new.clone()),
        }
    }
}

impl NamedSet {
    /// Finds the set with a name, in any spelling, as it is on a day.
    pub fn find<'a>(sets: &'a [NamedSet], name: &str, on: Day) -> Option<&'a NamedSet> {
        let named = sets.iter().filter(|set| set.is_called(name) && set.from() <= on);
        named.max_by_key(|set| set.from())
    }

    /// True if this name in a clause, in any spelling, means it.
    pub fn is_called(&self, name: &str) -> bool {
        fold_name(&self.id) == fold_name(name)
    }

    /// The first day on which its members belong to it.
    pub fn from(&self) -> Day {
        self.effective.as_ref().map_or(Day::PAST, Edtf::earliest)
    }
}

impl WeightTable {
    /// Finds the table with a name, in any spelling, as it is on a day.
    pub fn find<'a>(tables: &'a [WeightTable], name: &str, on: Day) -> Option<&'a WeightTable> {
        let named = tables.iter().filter(|table| table.is_called(name) && table.from() <= on);
        named.max_by_key(|table| table.from())
    }

    /// True if this name in a clause, in any spelling, means it.
    pub fn is_called(&self, name: &str) -> bool {
        fold_name(&self.id) == fold_name(name)
    }

    /// The first day on which its shares apply.
    pub fn from(&self) -> Day {
        self.effective.as_ref().map_or(Day::PAST, Edtf::earliest)
    }

    /// Each participant's share in billionths of the table's unit, so that sums are exact.
    pub fn exact(&self) -> impl Iterator<Item = (&ParticipantId, u128)> {
        self.shares.iter().filter_map(|(participant, text)| Some((participant, billionths(text)?)))
    }
}

/// Reads a decimal of at most 15 digits before the point and 9 after it, in billionths.
fn billionths(text: &str) -> Option<u128> {
    let (whole, rest) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let digits = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
    };
    if !digits(whole, 15) || !rest.is_none_or(|rest| digits(rest, 9)) {
        return None;
    }
    format!("{whole}{:0<9}", rest.unwrap_or_default()).parse().ok()
}

/// Returns the reason why no act could name a participant. Acts have ids of the register, or ids of participants that only a source
/// names.
pub(super) fn unregistered(id: &ParticipantId) -> Option<String> {
    let register = Register::builtin();
    match (register.get(id), register.resolve(id.as_str())) {
        _ if id.is_named() => None,
        (Some(_), _) => None,
        (None, Ok(found)) => Some(format!("the register has {id} as {}: write that", found.id)),
        (None, Err(error)) => Some(error.to_string()),
    }
}

fn unknown_participant(text: &str) -> Option<String> {
    // A text that is not an id is already refused when the charter is read.
    ParticipantId::parse(text).ok().and_then(|id| unregistered(&id))
}

/// Finds the names in a clause that nothing defines, and the participants that the register does not have, each with its column and
/// the remedy.
pub fn unknown_names(clause: &Clause, sets: &[NamedSet], weights: &[WeightTable]) -> Vec<(usize, String)> {
    let sets: Vec<String> = sets.iter().map(|set| fold_name(&set.id)).collect();
    let tables: Vec<String> = weights.iter().map(|table| fold_name(&table.id)).collect();
    let unknown = clause.names.iter().filter_map(|mention| {
        let (what, key, known) = match mention.of {
            Named::Set => ("set", "[[set]]", &sets),
            Named::Table => ("table of weights", "[[weight]]", &tables),
            Named::Participant => return Some((mention.column, unknown_participant(&mention.name)?)),
        };
        if known.contains(&mention.name) {
            return None;
        }
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let remedy = match known.is_empty() {
            true => format!(": define it as {key}"),
            false => meant(&mention.name, &known),
        };
        Some((mention.column, format!("there is no {what} called {}{remedy}", mention.name)))
    });
    unknown.collect()
}

/// The parts of a charter text that contain clauses and names in clauses, with their places.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Placed {
    #[serde(alias = "entry_into_force")]
    entry_into_force: Option<Spanned<String>>,
    #[serde(alias = "entry_into_force_for_participant")]
    entry_into_force_for_participant: Option<Spanned<String>>,
    withdrawal: Option<Spanned<String>>,
    #[serde(default, rename = "set")]
    sets: Vec<PlacedSet>,
    #[serde(default, rename = "weight")]
    weights: Vec<PlacedTable>,
    #[serde(default, rename = "accession")]
    accessions: Vec<PlacedAccession>,
}

#[derive(Deserialize)]
struct PlacedSet {
    id: Spanned<String>,
    effective: Option<String>,
    members: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
struct PlacedTable {
    id: Spanned<String>,
    effective: Option<String>,
    shares: BTreeMap<Spanned<String>, Spanned<String>>,
}

#[derive(Deserialize)]
struct PlacedAccession {
    participant: Spanned<String>,
    clause: Spanned<String>,
}

/// Returns the remedy for a rule that may not be written under a key.
type Fits = fn(&Rule) -> Option<&'static str>;

fn of_a_treaty(rule: &Rule) -> Option<&'static str> {
    match rule {
        Rule::WhenMet { .. } | Rule::Fixed { .. } | Rule::Stated => None,
        Rule::NoRight => Some("it is about a withdrawal: write it as withdrawal"),
        Rule::Notice { .. } => Some("a notice ends a membership: write it as withdrawal"),
        Rule::After { .. } => {
            Some("it needs a condition: write one before the delay, such as count(35) then")
        }
    }
}

fn of_a_participant(rule: &Rule) -> Option<&'static str> {
    let remedy = "it is counted from the participant's own deposit: write the delay alone, such as months(3)";
    (!matches!(rule, Rule::After { .. } | Rule::Stated)).then_some(remedy)
}

fn of_a_withdrawal(rule: &Rule) -> Option<&'static str> {
    let remedy = "it is counted from a notice: write notice then and a delay, such as notice then years(1)";
    (!matches!(rule, Rule::Notice { .. } | Rule::Stated | Rule::NoRight)).then_some(remedy)
}

impl Placed {
    fn clauses(&self) -> impl Iterator<Item = (&Spanned<String>, Fits)> {
        let of_body = [
            (&self.entry_into_force, of_a_treaty as Fits),
            (&self.entry_into_force_for_participant, of_a_participant),
            (&self.withdrawal, of_a_withdrawal),
        ];
        let of_body = of_body.into_iter().filter_map(|(clause, fits)| Some((clause.as_ref()?, fits)));
        of_body.chain(self.accessions.iter().map(|a| (&a.clause, of_a_treaty as Fits)))
    }

    fn participants(&self) -> impl Iterator<Item = &Spanned<String>> {
        let of_sets = self.sets.iter().flat_map(|set| &set.members);
        let of_tables = self.weights.iter().flat_map(|table| table.shares.keys());
        of_sets.chain(of_tables).chain(self.accessions.iter().map(|a| &a.participant))
    }
}

impl CharterText {
    /// Reads the TOML of an adoption or amendment, with its clauses. The sets and tables that they name may come from
    /// another text: see [`CharterText::parse_adoption`] and [`check_names`](super::check_names).
    ///
    /// # Errors
    /// [`CharterTextError`] with line and column.
    pub fn parse(text: &str) -> Result<CharterText, CharterTextError> {
        let said: CharterText = toml::from_str(text).map_err(|e| CharterTextError::of_toml(text, &e))?;
        if said.has_clauses() {
            check(text)?;
        }
        Ok(said)
    }

    /// Reads the TOML of an adoption, whose clauses may name only sets and tables that it defines itself.
    ///
    /// # Errors
    /// [`CharterTextError`] with line and column.
    pub fn parse_adoption(text: &str) -> Result<CharterText, CharterTextError> {
        let said = CharterText::parse(text)?;
        if said.has_clauses() {
            check_names(text, &said.sets, &said.weights)?;
        }
        Ok(said)
    }

    /// True if the text has clauses, sets, tables or accessions. Most texts have none, and are not parsed a second time for them.
    fn has_clauses(&self) -> bool {
        let of_body = [&self.entry_into_force, &self.entry_into_force_for_participant, &self.withdrawal];
        let of_body = of_body.into_iter().any(Option::is_some);
        of_body || !self.sets.is_empty() || !self.weights.is_empty() || !self.accessions.is_empty()
    }
}

fn placed(text: &str) -> Result<Placed, CharterTextError> {
    toml::from_str(text).map_err(|e| CharterTextError::of_toml(text, &e))
}

/// Checks every clause, share and name of a charter text.
pub(super) fn check(text: &str) -> Result<(), CharterTextError> {
    let placed = placed(text)?;
    let mut faults: Vec<(usize, String)> = Vec::new();
    for (clause, fits) in placed.clauses() {
        match Clause::parse(clause.get_ref()) {
            Ok(read) => {
                let misplaced = fits(&read.rule);
                faults.extend(misplaced.map(|what| (inside(text, clause, 1), what.to_owned())));
            }
            Err(e) => faults.push((inside(text, clause, e.column), e.what)),
        }
    }
    let ids = placed.sets.iter().map(|set| (&set.id, set.effective.as_deref()));
    names(text, ids, "set", &["signatories", "members", "parties", "members_at", "parties_at"], &mut faults);
    let ids = placed.weights.iter().map(|table| (&table.id, table.effective.as_deref()));
    names(text, ids, "table of weights", &[], &mut faults);
    for share in placed.weights.iter().flat_map(|table| table.shares.values()) {
        if billionths(share.get_ref()).is_none() {
            let what = format!("{:?} is no share: write a decimal such as 17.4", share.get_ref());
            faults.push((inside(text, share, 1), what));
        }
    }
    first(text, faults)
}

/// Finds the first name in the clauses of a charter text that neither the sets nor the tables define, or the first participant that
/// the register does not have.
///
/// # Errors
/// [`CharterTextError`] at the name.
pub fn check_names(text: &str, sets: &[NamedSet], weights: &[WeightTable]) -> Result<(), CharterTextError> {
    let placed = placed(text)?;
    let mut faults = Vec::new();
    for (clause, _) in placed.clauses() {
        let Ok(read) = Clause::parse(clause.get_ref()) else { continue };
        let unknown = unknown_names(&read, sets, weights).into_iter();
        faults.extend(unknown.map(|(column, what)| (inside(text, clause, column), what)));
    }
    for id in placed.participants() {
        faults.extend(unknown_participant(id.get_ref()).map(|what| (inside(text, id, 1), what)));
    }
    first(text, faults)
}

pub(super) fn first(text: &str, faults: Vec<(usize, String)>) -> Result<(), CharterTextError> {
    match faults.into_iter().min_by_key(|(offset, _)| *offset) {
        Some((offset, what)) => Err(CharterTextError::at(text, offset, what)),
        None => Ok(()),
    }
}

/// Checks the names of sets or tables. A name is a word of the clause language that has no meaning there yet, and is stated once
/// for each first day.
fn names<'a>(
    text: &str,
    ids: impl Iterator<Item = (&'a Spanned<String>, Option<&'a str>)>,
    what: &str,
    taken: &[&str],
    faults: &mut Vec<(usize, String)>,
) {
    let mut seen: Vec<(String, Option<&str>)> = Vec::new();
    for (id, from) in ids {
        let name = fold_name(id.get_ref());
        let word = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let fault = match () {
            () if !word => format!("{:?} is no name: use letters, digits, _ and -", id.get_ref()),
            () if taken.contains(&&*name) => {
                format!("{name} has a meaning in every clause: call the set something else")
            }
            () if seen.contains(&(name.clone(), from)) => format!(
                "there is a {what} called {name} already: name each once, or give each its first day, effective = …"
            ),
            () => {
                seen.push((name, from));
                continue;
            }
        };
        faults.push((inside(text, id, 1), fault));
    }
}

/// Returns the byte offset in the TOML of a column of a string; if escapes shift the columns, the offset of the string's beginning.
pub(super) fn inside(text: &str, string: &Spanned<String>, column: usize) -> usize {
    let Range { start, end } = string.span();
    let raw = text.get(start..end).unwrap_or_default();
    let long = raw.starts_with("\"\"\"") || raw.starts_with("'''");
    let quote = if long { 3 } else { 1 };
    let content = raw.get(quote..raw.len().saturating_sub(quote)).unwrap_or_default();
    let trimmed = content.strip_prefix("\r\n").or_else(|| content.strip_prefix('\n')).filter(|_| long);
    let value = trimmed.unwrap_or(content);
    if value != string.get_ref() {
        return start;
    }
    let before = value.char_indices().nth(column.saturating_sub(1)).map_or(value.len(), |(at, _)| at);
    start + quote + (content.len() - value.len()) + before
}
