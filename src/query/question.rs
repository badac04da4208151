//! A question as a value: what a command line, a line of a file or an address on the web asks. Its parts are words as a
//! person writes them; [`Question::resolve`] says what they mean in a record.

use serde::{Deserialize, Serialize};

/// The kinds of question, named as their commands are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "each is the command of its name")]
pub enum Kind {
    Status,
    Roster,
    Portfolio,
    Timeline,
    Explain,
    Pending,
    InForce,
    When,
    Count,
    Conflicts,
    Diff,
    Communications,
    Reservations,
    Relations,
}

impl Kind {
    /// Every kind with its word.
    pub const ALL: [(Kind, &'static str); 14] = [
        (Kind::Status, "status"),
        (Kind::Roster, "roster"),
        (Kind::Portfolio, "portfolio"),
        (Kind::Timeline, "timeline"),
        (Kind::Explain, "explain"),
        (Kind::Pending, "pending"),
        (Kind::InForce, "in-force"),
        (Kind::When, "when"),
        (Kind::Count, "count"),
        (Kind::Conflicts, "conflicts"),
        (Kind::Diff, "diff"),
        (Kind::Communications, "communications"),
        (Kind::Reservations, "reservations"),
        (Kind::Relations, "relations"),
    ];

    /// The word of its command.
    pub fn word(self) -> &'static str {
        Kind::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, word)| word)
    }
}

/// The account of disputes that a question follows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum View {
    /// One that comes with the program, by its name.
    Named(String),
    /// One that its asker wrote.
    Written {
        /// The file that it stands in.
        from: String,
        /// Its TOML.
        text: String,
    },
}

/// How many.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Threshold {
    /// At least this number.
    AtLeast(u64),
    /// At most this number.
    AtMost(u64),
}

/// What some kinds of question say besides; absent is the default.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// A status: of `status` whether it is this one, of `roster` only this one, of `when` and `count` the one sought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The second participant: the other side of `relations`, the one whose accession `in-force` is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
    /// Of `timeline`: every revision, too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub both_times: bool,
    /// Of `count`: an act instead of a status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<String>,
    /// Of `count`: `year`, `quarter` or `month`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Of `count`: the first day, or the year or month that begins with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Of `count`: the last day, or the year or month that ends with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Of `when`: only this day and later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Of `when`: how many must have the status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<Threshold>,
}

/// A question in words. A day that is left out is today, knowledge that is left out is everything known, a record that is
/// left out is everything recorded; no body is every body, or the only one there is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The kind.
    pub kind: Kind,
    /// The participant: a code or any name, past or present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participant: Option<String>,
    /// The organisations or treaties.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bodies: Vec<String>,
    /// The day asked about, or a moment of it; of `diff` it may be a range, `FROM..TO`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// The day by whose end the world could know what counts; of `diff` it may be a range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_known: Option<String>,
    /// The first entries of the ledger by number, or those recorded by a time; of `diff` it may be a range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_recorded: Option<String>,
    /// The account of disputes that is followed; none leaves disputes open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<View>,
    /// What the kind of question says besides.
    #[serde(default, skip_serializing_if = "is_plain")]
    pub options: Options,
}

fn is_plain(options: &Options) -> bool {
    *options == Options::default()
}

impl Question {
    /// A question of a kind about everything, today.
    pub fn new(kind: Kind) -> Question {
        Question {
            kind,
            participant: None,
            bodies: Vec::new(),
            on: None,
            as_known: None,
            as_recorded: None,
            view: None,
            options: Options::default(),
        }
    }

    /// The status of a participant in a body.
    pub fn status(participant: impl Into<String>, body: impl Into<String>) -> Question {
        Question::new(Kind::Status).of(participant).within(body)
    }

    /// Every participant of a body by status.
    pub fn roster(body: impl Into<String>) -> Question {
        Question::new(Kind::Roster).within(body)
    }

    /// A participant in every body.
    pub fn portfolio(participant: impl Into<String>) -> Question {
        Question::new(Kind::Portfolio).of(participant)
    }

    /// The same about a participant.
    #[must_use]
    pub fn of(mut self, participant: impl Into<String>) -> Question {
        self.participant = Some(participant.into());
        self
    }

    /// The same about one body more.
    #[must_use]
    pub fn within(mut self, body: impl Into<String>) -> Question {
        self.bodies.push(body.into());
        self
    }

    /// The same about a day, or a moment of it.
    #[must_use]
    pub fn on(mut self, day: impl Into<String>) -> Question {
        self.on = Some(day.into());
        self
    }

    /// The same as the world could know it by the end of a day.
    #[must_use]
    pub fn as_known(mut self, day: impl Into<String>) -> Question {
        self.as_known = Some(day.into());
        self
    }

    /// The same as the ledger recorded it: the first entries by number, or those recorded by a time.
    #[must_use]
    pub fn as_recorded(mut self, size: impl ToString) -> Question {
        self.as_recorded = Some(size.to_string());
        self
    }

    /// The words of the command line that asks it, without the name of the program.
    pub fn words(&self) -> Vec<String> {
        let mut words = vec![self.kind.word().to_owned()];
        let options = &self.options;
        words.extend(
            self.participant.iter().filter(|_| self.kind != Kind::Conflicts && !self.of_some()).cloned(),
        );
        words.extend(options.other.iter().filter(|_| self.kind == Kind::Relations).cloned());
        if matches!(self.kind, Kind::Status | Kind::Timeline | Kind::Explain | Kind::Relations)
            || self.kind == Kind::When && self.participant.is_some()
        {
            words.extend(self.bodies.iter().flat_map(|body| ["--in".to_owned(), body.clone()]));
        } else {
            words.extend(self.bodies.iter().cloned());
        }
        let mut option = |name: &str, value: Option<&String>| {
            words.extend(value.into_iter().flat_map(|value| [name.to_owned(), value.clone()]));
        };
        option("--participant", self.participant.as_ref().filter(|_| self.of_some()));
        let status = if self.kind == Kind::Status { "--is" } else { "--status" };
        option(status, options.status.as_ref());
        option("--about", options.other.as_ref().filter(|_| self.kind == Kind::InForce));
        option("--act", options.act.as_ref());
        option("--by", options.by.as_ref());
        option("--from", options.from.as_ref());
        option("--to", options.to.as_ref());
        option("--after", options.after.as_ref());
        match options.number {
            Some(Threshold::AtLeast(n)) => option("--count", Some(&n.to_string())),
            Some(Threshold::AtMost(n)) => option("--count", Some(&n.to_string())),
            None => {}
        }
        option("--on", self.on.as_ref());
        option("--as-known", self.as_known.as_ref());
        option("--as-recorded", self.as_recorded.as_ref());
        let view = self.view.as_ref().map(|view| match view {
            View::Named(name) => name,
            View::Written { from, .. } => from,
        });
        option("--view", view);
        if matches!(options.number, Some(Threshold::AtMost(_))) {
            words.push("--at-most".to_owned());
        }
        if options.both_times {
            words.push("--both-times".to_owned());
        }
        words
    }

    /// Whether its command takes the participant as an option, since most ask without one.
    fn of_some(&self) -> bool {
        matches!(self.kind, Kind::Conflicts | Kind::Diff | Kind::Reservations)
    }
}
