//! The register of participants: states, former states, territories, and organisations that act as participants, under all their
//! names.
//!
//! Recording an act implies no judgement on the status of any state, territory or participant; the ledger attributes.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, de};
use smol_str::SmolStr;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::date::{Day, Edtf};

/// The id of a participant: ISO 3166-1 alpha-3 (`BLR`), the former alpha-3 of ISO 3166-3 for a state that no longer exists (`CSK`),
/// `EUE` for the European Union.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct ParticipantId(SmolStr);

/// An error: the text is not a participant id.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0:?} is no participant id: use 2 to 32 letters, digits and hyphens, such as BLR")]
pub struct ParticipantIdError(String);

impl ParticipantId {
    /// Reads an id; lower case becomes upper case. The id need not be in the register.
    ///
    /// # Errors
    /// [`ParticipantIdError`] for anything but 2 to 32 ASCII letters, digits and hyphens.
    pub fn parse(text: &str) -> Result<ParticipantId, ParticipantIdError> {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if !(2..=ID_MAX).contains(&text.len()) || !text.chars().all(fits) {
            return Err(ParticipantIdError(text.chars().take(80).collect()));
        }
        match text.contains(|c: char| c.is_ascii_lowercase()) {
            true => Ok(ParticipantId(SmolStr::new(text.to_ascii_uppercase()))),
            false => Ok(ParticipantId(SmolStr::new(text))),
        }
    }

    /// Makes the id of a participant that a source names and the register does not have: `X-` and the letters and digits of the
    /// name. `None` if the name has none. No id of the register begins with `X-`.
    pub fn named(name: &str) -> Option<ParticipantId> {
        let words = fold(name).to_ascii_uppercase();
        let fits = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let mut id: String = "X-".chars().chain(words.chars().map(fits)).collect();
        if !words.contains(|c: char| c.is_ascii_alphanumeric()) {
            return None;
        }
        if id.len() > ID_MAX {
            // A checksum of the whole name keeps long names with the same beginning apart.
            id.truncate(ID_MAX - 9);
            id.push_str(&format!("-{:08X}", crc32c::crc32c(words.as_bytes())));
        }
        ParticipantId::parse(&id).ok()
    }

    /// True if a source names the participant and the register does not have it.
    pub fn is_named(&self) -> bool {
        self.0.starts_with("X-")
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The longest id.
const ID_MAX: usize = 32;

impl fmt::Display for ParticipantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for ParticipantId {
    type Err = ParticipantIdError;

    fn from_str(text: &str) -> Result<ParticipantId, ParticipantIdError> {
        ParticipantId::parse(text)
    }
}

impl<'de> Deserialize<'de> for ParticipantId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ParticipantId, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        ParticipantId::parse(&text).map_err(de::Error::custom)
    }
}

/// The kind of a participant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParticipantKind {
    /// A state.
    State,
    /// A state that no longer exists.
    FormerState,
    /// A territory with a code of its own.
    Territory,
    /// An organisation that acts as a participant.
    Organisation,
}

/// A name with the days on which it is used.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Name {
    /// The name.
    pub name: &'static str,
    /// The first day on which it is used; `None` if it was used from the beginning.
    #[serde(skip)]
    pub from: Option<Day>,
    /// The first day on which it is no longer used; `None` if it still is.
    #[serde(skip)]
    pub until: Option<Day>,
}

/// A participant of the register.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Participant {
    /// Its id.
    pub id: ParticipantId,
    /// Its kind.
    pub kind: ParticipantKind,
    /// Other codes: ISO 3166-1 alpha-2, ISO 3166-3 alpha-4, codes of data sets.
    pub codes: Vec<&'static str>,
    /// Its names through time; the current name first.
    pub names: Vec<Name>,
    /// Other words for it.
    pub aliases: Vec<&'static str>,
    /// The participants that it followed.
    pub predecessors: Vec<ParticipantId>,
    /// The participants that followed it.
    pub successors: Vec<ParticipantId>,
    /// The participant that continues it: the same line under another name.
    pub line: Option<ParticipantId>,
    /// The day or the year in which its code was taken out of use (ISO 3166-3); `None` if it is in use.
    pub withdrawn: Option<Edtf>,
    /// The first day on which the state no longer existed, according to a source; `None` if it exists, if another participant
    /// continues it, or if the day is disputed.
    pub ended: Option<Day>,
    /// The day of its succession to its predecessor: its notified successions have effect from that day (VCSST 1978, art. 17, 22,
    /// 34); `None` if it is not known.
    pub succeeded: Option<Day>,
}

impl Participant {
    /// Its current name, short enough for a table.
    pub fn name(&self) -> &'static str {
        self.names.first().map_or("", |name| name.name)
    }

    /// Its name on a day.
    pub fn name_on(&self, day: Day) -> &'static str {
        let used =
            |n: &&Name| n.from.is_none_or(|from| from <= day) && n.until.is_none_or(|until| day < until);
        self.names.iter().find(used).map_or_else(|| self.name(), |name| name.name)
    }

    /// Every word for it except its id.
    fn words(&self) -> impl Iterator<Item = &str> {
        let names = self.names.iter().map(|name| name.name);
        names.chain(self.aliases.iter().copied()).chain(self.codes.iter().copied())
    }
}

/// An error: the register cannot find one participant for a word.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ResolveError {
    /// No participant has this name.
    #[error("no state called {word:?}{}", nearest.as_ref().map(|(name, id)| format!("; did you mean {name} ({id})?")).unwrap_or_default())]
    Unknown {
        /// The word.
        word: String,
        /// The participant with the most similar name.
        nearest: Option<(String, ParticipantId)>,
    },
    /// Several participants have this name.
    #[error("{word:?} is {}: say which", candidates.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or "))]
    Ambiguous {
        /// The word.
        word: String,
        /// The participants that it may mean.
        candidates: Vec<ParticipantId>,
    },
}

/// Words that name several participants, although the word may be the name of one of them.
const AMBIGUOUS: [(&str, &[&str]); 3] =
    [("korea", &["KOR", "PRK"]), ("congo", &["COG", "COD"]), ("virgin islands", &["VGB", "VIR"])];

/// The least similarity (Jaro-Winkler, 0 to 1) at which one name is suggested for another.
const LIKENESS: f64 = 0.87;

/// The register: participants under all their names. A line of it is parsed when its participant is asked for, since a command
/// concerns few participants.
pub struct Register {
    /// In the order of the ids.
    lines: Vec<Line>,
    by_word: OnceLock<HashMap<String, usize>>,
    /// The number of words looked for before the table of all words existed.
    sought: AtomicUsize,
}

/// The number of words that are looked for line by line before the table of all words is made. Each such search takes at most a
/// quarter of the time that the table takes.
const FEW_WORDS: usize = 16;

/// A line of the register.
struct Line {
    /// The id, kept because each search compares about ten of them.
    id: &'static str,
    /// The whole line, which begins with the id.
    text: &'static str,
    /// `None` if the line does not have the right form; a test shows that there is no such line.
    participant: OnceLock<Option<Box<Participant>>>,
}

impl Line {
    fn new(text: &'static str) -> Line {
        let id = text.split_once('|').map_or(text, |(id, _)| id).trim();
        Line { id, text, participant: OnceLock::new() }
    }

    /// True if a word of the line may be this folded word. In a line of ASCII without dots and apostrophes, which folding drops,
    /// every part of a word is found as it is written.
    fn may_have(&self, folded: &str) -> bool {
        let first = folded.split(' ').next().unwrap_or_default();
        let as_it_stands = self.text.is_ascii() && !self.text.contains(['.', '\'']);
        !as_it_stands || self.text.to_ascii_lowercase().contains(first)
    }

    fn participant(&self) -> Option<&Participant> {
        self.participant.get_or_init(|| read_line(self.text).map(Box::new)).as_deref()
    }
}

impl Register {
    /// The register that comes with the program.
    pub fn builtin() -> &'static Register {
        static BUILTIN: LazyLock<Register> = LazyLock::new(|| Register::read(include_str!("register.txt")));
        &BUILTIN
    }

    fn read(text: &'static str) -> Register {
        let mut lines = Vec::with_capacity(text.lines().count());
        lines.extend(text.lines().filter(|line| !line.starts_with('#')).map(Line::new));
        Register { lines, by_word: OnceLock::new(), sought: AtomicUsize::new(0) }
    }

    /// The table from each word to its participant.
    fn by_word(&self) -> &HashMap<String, usize> {
        self.by_word.get_or_init(|| {
            let mut by_word = HashMap::new();
            for (at, participant) in self.lines.iter().map(Line::participant).enumerate() {
                let Some(participant) = participant else { continue };
                for word in participant.words() {
                    by_word.entry(fold(word)).or_insert(at);
                }
                // An id names only its own participant, even if an earlier word of another was the same.
                by_word.insert(fold(participant.id.as_str()), at);
            }
            by_word
        })
    }

    /// The participant that a folded word names.
    fn of_word(&self, folded: &str) -> Option<&Participant> {
        if self.by_word.get().is_none() && self.sought.fetch_add(1, Ordering::Relaxed) < FEW_WORDS {
            return self.sought_in_lines(folded);
        }
        self.lines.get(*self.by_word().get(folded)?)?.participant()
    }

    /// Finds the same participant without the table of all words.
    fn sought_in_lines(&self, folded: &str) -> Option<&Participant> {
        let lines: Vec<&Line> = self.lines.iter().filter(|line| line.may_have(folded)).collect();
        let of_id = lines.iter().find(|line| fold(line.id) == folded).and_then(|line| line.participant());
        let has_word = |of: &&Participant| of.words().any(|word| fold(word) == folded);
        of_id.or_else(|| lines.iter().filter_map(|line| line.participant()).find(has_word))
    }

    /// Finds the participant with this id, written in the form of ids.
    fn of_id(&self, id: &str) -> Option<&Participant> {
        let at = self.lines.binary_search_by(|line| line.id.cmp(id)).ok()?;
        self.lines.get(at)?.participant()
    }

    /// Finds the participant that a word names: an id, a code, a name of any time, an alias; in any case, with or without accents.
    ///
    /// # Errors
    /// [`ResolveError`] with the nearest name, or with every participant that the word may mean.
    pub fn resolve(&self, word: &str) -> Result<&Participant, ResolveError> {
        if let Some(participant) = self.of_id(&word.to_ascii_uppercase()) {
            return Ok(participant);
        }
        let folded = fold(word);
        let several = AMBIGUOUS.iter().find(|(ambiguous, _)| *ambiguous == folded);
        if let Some((_, ids)) = several {
            let candidates = ids.iter().filter_map(|id| ParticipantId::parse(id).ok()).collect();
            return Err(ResolveError::Ambiguous { word: word.into(), candidates });
        }
        self.of_word(&folded).ok_or_else(|| ResolveError::Unknown {
            word: word.chars().take(80).collect(),
            nearest: self.nearest(&folded),
        })
    }

    fn nearest(&self, folded: &str) -> Option<(String, ParticipantId)> {
        let scored = self.by_word().iter().filter(|(word, _)| word.len() > 3).filter_map(|(word, at)| {
            let score = strsim::jaro_winkler(folded, word);
            let participant = self.lines.get(*at)?.participant()?;
            (score >= LIKENESS).then_some((score, participant))
        });
        let best = scored.max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.id.cmp(&a.1.id)));
        best.map(|(_, participant)| (participant.name().to_owned(), participant.id.clone()))
    }

    /// The participant with an id.
    pub fn get(&self, id: &ParticipantId) -> Option<&Participant> {
        self.of_id(id.as_str())
    }

    /// The name of a participant on a day; the id itself if the register does not have it.
    pub fn name_on<'a>(&'a self, id: &'a ParticipantId, day: Day) -> &'a str {
        self.get(id).map_or(id.as_str(), |p| p.name_on(day))
    }

    /// Every participant with the word anywhere in an id, a code, a name or an alias; by id.
    pub fn search(&self, word: &str) -> Vec<&Participant> {
        let folded = fold(word);
        let holds = |text: &str| fold(text).contains(&folded);
        let found = |p: &&Participant| p.words().chain([p.id.as_str()]).any(holds);
        self.iter().filter(found).collect()
    }

    /// Every participant, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Participant> {
        self.lines.iter().filter_map(Line::participant)
    }
}

/// Folds a word for comparison: without case, accents, punctuation and a leading article.
fn fold(word: &str) -> String {
    // ASCII text needs no decomposition.
    let folded = if word.is_ascii() { plain(word.chars()) } else { plain(word.nfd()) };
    match folded.strip_prefix("the ") {
        Some(rest) => rest.to_owned(),
        None => folded,
    }
}

/// Returns the text in lower case, without combining marks, its words separated by one space.
fn plain(text: impl Iterator<Item = char>) -> String {
    let mut plain = String::new();
    let mut apart = false;
    for c in text {
        match c {
            '\'' | '’' | '.' => {}
            c if !c.is_ascii() && is_combining_mark(c) => {}
            c if c.is_alphanumeric() => {
                if apart && !plain.is_empty() {
                    plain.push(' ');
                }
                apart = false;
                plain.extend(c.to_lowercase());
            }
            _ => apart = true,
        }
    }
    plain
}

fn read_line(line: &'static str) -> Option<Participant> {
    let mut cells = line.split('|').map(str::trim);
    let id = ParticipantId::parse(cells.next()?).ok()?;
    let kind = match cells.next()? {
        "state" => ParticipantKind::State,
        "former-state" => ParticipantKind::FormerState,
        "territory" => ParticipantKind::Territory,
        "organisation" => ParticipantKind::Organisation,
        _ => return None,
    };
    let parts = |cell: Option<&'static str>, by: char| {
        cell.unwrap_or("").split(by).map(str::trim).filter(|part| !part.is_empty())
    };
    let codes = parts(cells.next(), ',').collect();
    let names = parts(cells.next(), ';').map(read_name).collect::<Option<Vec<_>>>()?;
    let aliases = parts(cells.next(), ';').collect();
    let links: Vec<&str> = parts(cells.next(), ';').collect();
    let linked = |word: &str| -> Vec<ParticipantId> {
        let id = |link: &&str| ParticipantId::parse(link.strip_prefix(word)?.trim()).ok();
        links.iter().filter_map(id).collect()
    };
    let (predecessors, successors, line) = (linked("from "), linked("to "), linked("line ").pop());
    let withdrawn = match links.iter().find_map(|link| link.strip_prefix("withdrawn ")) {
        Some(date) => Some(Edtf::parse(date).ok()?),
        None => None,
    };
    let day =
        |word: &str| -> Option<Day> { links.iter().find_map(|link| link.strip_prefix(word))?.parse().ok() };
    let (ended, succeeded) = (day("ended "), day("succeeded "));
    Some(Participant {
        id,
        kind,
        codes,
        names,
        aliases,
        predecessors,
        successors,
        line,
        withdrawn,
        ended,
        succeeded,
    })
}

fn read_name(text: &'static str) -> Option<Name> {
    let (rest, until) = match text.rsplit_once(" until ") {
        Some((rest, day)) => (rest, Some(day.parse().ok()?)),
        None => (text, None),
    };
    let (name, from) = match rest.rsplit_once(" from ") {
        Some((name, day)) => (name, Some(day.parse().ok()?)),
        None => (rest, None),
    };
    Some(Name { name, from, until })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn id(word: &str) -> String {
        Register::builtin().resolve(word).map(|p| p.id.to_string()).unwrap_or_else(|e| e.to_string())
    }

    #[test]
    fn every_line_of_the_register_is_read_and_ids_are_unique_and_sorted() {
        let lines = include_str!("register.txt").lines().filter(|l| !l.starts_with('#')).count();
        let ids: Vec<_> = Register::builtin().iter().map(|p| p.id.clone()).collect();
        assert_eq!(ids.len(), lines);
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn every_alpha_3_of_iso_3166_1_is_a_participant() {
        for country in rust_iso3166::ALL {
            assert_eq!(id(country.alpha3), country.alpha3);
        }
    }

    #[test]
    fn names_in_use_resolve_in_any_case_and_with_or_without_accents() {
        let words = [
            ("Russian Federation", "RUS"),
            ("Viet Nam", "VNM"),
            ("vietnam", "VNM"),
            ("Türkiye", "TUR"),
            ("TURKEY", "TUR"),
            ("UAE", "ARE"),
            ("Côte d'Ivoire", "CIV"),
            ("cote d’ivoire", "CIV"),
            ("Ivory Coast", "CIV"),
            ("USSR", "SUN"),
            ("SUHH", "SUN"),
            ("CSHH", "CSK"),
            ("EU", "EUE"),
            ("EUU", "EUE"),
            ("Holy See", "VAT"),
            ("North Korea", "PRK"),
            ("DPRK", "PRK"),
            ("Byelorussia", "BLR"),
            ("the Netherlands", "NLD"),
            ("Burma", "MMR"),
            ("blr", "BLR"),
        ];
        for (word, expected) in words {
            assert_eq!(id(word), expected, "{word}");
        }
    }

    #[test]
    fn a_word_is_found_in_the_lines_as_in_the_table_of_all_words() {
        let register = Register::builtin();
        let of_table = |word: &str| register.lines.get(*register.by_word().get(word)?)?.participant();
        let mut words: BTreeSet<String> = register.by_word().keys().cloned().collect();
        // Words that name nobody, some of them nearly a name.
        words.extend(register.by_word().keys().flat_map(|word| [format!("{word}x"), format!("{word} a")]));
        words.extend(register.by_word().keys().filter_map(|word| Some(word.split_once(' ')?.0.to_owned())));
        for word in words {
            assert_eq!(register.sought_in_lines(&word), of_table(&word), "{word}");
        }
    }

    #[test]
    fn a_word_for_several_is_asked_back_and_a_misspelling_gets_a_suggestion() {
        assert_eq!(id("Korea"), "\"Korea\" is KOR or PRK: say which");
        assert_eq!(id("congo"), "\"congo\" is COG or COD: say which");
        assert_eq!(id("Belorus"), "no state called \"Belorus\"; did you mean Belarus (BLR)?");
        assert_eq!(id("Kyrgystan"), "no state called \"Kyrgystan\"; did you mean Kyrgyzstan (KGZ)?");
        assert_eq!(id("Bahrian"), "no state called \"Bahrian\"; did you mean Bahrain (BHR)?");
        assert_eq!(id("qqqq"), "no state called \"qqqq\"");
    }

    #[test]
    fn no_word_is_taken_by_two_but_those_that_are_asked_back() {
        let mut owners: HashMap<String, BTreeSet<&ParticipantId>> = HashMap::new();
        for p in Register::builtin().iter() {
            let words = p.names.iter().map(|n| n.name).chain(p.aliases.iter().copied());
            for word in words {
                owners.entry(fold(word)).or_default().insert(&p.id);
            }
        }
        let shared: Vec<_> = owners.iter().filter(|(_, ids)| ids.len() > 1).collect();
        assert!(shared.is_empty(), "{shared:?}");
    }

    #[test]
    fn links_lead_to_participants_and_back() {
        let register = Register::builtin();
        for p in register.iter() {
            for next in &p.successors {
                assert!(register.get(next).unwrap().predecessors.contains(&p.id), "{} to {next}", p.id);
            }
            for before in &p.predecessors {
                assert!(register.get(before).unwrap().successors.contains(&p.id), "{} from {before}", p.id);
            }
            assert!(p.line.as_ref().is_none_or(|line| p.successors.contains(line)), "{}", p.id);
        }
    }

    #[test]
    fn a_name_begins_on_its_day() {
        let turkey = Register::builtin().resolve("TUR").unwrap();
        assert_eq!(turkey.name_on("2022-05-31".parse().unwrap()), "Turkey");
        assert_eq!(turkey.name_on("2022-06-01".parse().unwrap()), "Türkiye");
        assert_eq!(turkey.name(), "Türkiye");
        let named = [
            ("EGY", "1958-02-20", "Egypt"),
            ("EGY", "1958-02-21", "United Arab Republic"),
            ("EGY", "1971-09-02", "Egypt"),
            ("TZA", "1961-12-14", "Tanganyika"),
            ("TZA", "1964-04-26", "United Republic of Tanganyika and Zanzibar"),
            ("TZA", "1964-11-01", "Tanzania"),
            ("MYS", "1957-09-17", "Federation of Malaya"),
            ("MYS", "1963-09-16", "Malaysia"),
            ("SCG", "2000-11-01", "Federal Republic of Yugoslavia"),
            ("SCG", "2003-02-04", "Serbia and Montenegro"),
        ];
        for (who, day, name) in named {
            let participant = Register::builtin().resolve(who).unwrap();
            assert_eq!(participant.name_on(day.parse().unwrap()), name, "{who} on {day}");
        }
    }

    #[test]
    fn every_party_of_the_data_files_resolves() {
        for file in
            ["sco_events.csv", "nato_events.csv", "eu_events.csv", "brics_events.csv", "un_members.csv"]
        {
            let Some(text) = crate::fixture::data(file) else { continue };
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let party = reader.headers().unwrap().iter().position(|h| h == "party").unwrap();
            for row in reader.records().map(Result::unwrap) {
                assert_eq!(id(&row[party]), row[party], "{file}");
            }
        }
    }
}
