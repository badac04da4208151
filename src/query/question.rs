//! A question as a value: a command line, a line of a file or an address on the web asks one. Its parts are words as a
//! person writes them; [`Question::read`] finds their meaning.

use serde::{Deserialize, Serialize};

/// The kinds of question, named after their commands.
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
    /// Every kind with the word of its command.
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

    /// The word of this kind's command.
    pub fn word(self) -> &'static str {
        Kind::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, word)| word)
    }
}

/// The view of disputes that a question follows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum View {
    /// A view that comes with the program, by its name.
    Named(String),
    /// A view that the asker wrote.
    Written {
        /// The file from which the view was read.
        from: String,
        /// The TOML of the view.
        text: String,
    },
}

/// A number of participants, as a lower or an upper limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Threshold {
    /// At least this number.
    AtLeast(u64),
    /// At most this number.
    AtMost(u64),
}

/// Details that only some kinds of question take; an absent one has its default.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// A status. `status` asks if the participant has it, `roster` lists only the participants that have it, `when` and
    /// `count` look for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The second participant: the other side of `relations`; for `in-force`, the participant whose accession is asked
    /// about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
    /// For `timeline`: every revision as well.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub both_times: bool,
    /// For `count`: an act to count instead of a status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<String>,
    /// For `count`: the length of a period, `year`, `quarter` or `month`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// For `count`: the first day, or the year or month that begins with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// For `count`: the last day, inclusive, or the year or month that ends with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// For `when`: only this day and later days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// For `when`: the number of participants that must have the status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<Threshold>,
}

/// A question in words. If the day is left out, it is today; without a limit of knowledge, everything known counts;
/// without a size, everything recorded is read; without a body, the question is about every body, or about the only one
/// in the ledger.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The kind of the question.
    pub kind: Kind,
    /// The participant: a code or any name, past or present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participant: Option<String>,
    /// The organisations or treaties.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bodies: Vec<String>,
    /// The day asked about, or a moment of it; for `diff` it may be a range, `FROM..TO`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// The limit of knowledge, a date or an instant: an act counts if the world could know of it by then, inclusive;
    /// for `diff` it may be a range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_known: Option<String>,
    /// A size of the ledger, or a time by which entries were recorded; for `diff` it may be a range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_recorded: Option<String>,
    /// The view of disputes that the question follows; `None` leaves disputes open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<View>,
    /// Details that only this kind of question takes.
    #[serde(default, skip_serializing_if = "is_plain")]
    pub options: Options,
}

fn is_plain(options: &Options) -> bool {
    *options == Options::default()
}

impl Question {
    /// A question of a kind about every participant and body, today.
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

    /// The statuses of a participant in every body.
    pub fn portfolio(participant: impl Into<String>) -> Question {
        Question::new(Kind::Portfolio).of(participant)
    }

    /// Returns the question with this participant.
    #[must_use]
    pub fn of(mut self, participant: impl Into<String>) -> Question {
        self.participant = Some(participant.into());
        self
    }

    /// Returns the question with one more body.
    #[must_use]
    pub fn within(mut self, body: impl Into<String>) -> Question {
        self.bodies.push(body.into());
        self
    }

    /// Returns the question on this day, or this moment of a day.
    #[must_use]
    pub fn on(mut self, day: impl Into<String>) -> Question {
        self.on = Some(day.into());
        self
    }

    /// Returns the question as the world could know the answer by this date or instant, inclusive.
    #[must_use]
    pub fn as_known(mut self, day: impl Into<String>) -> Question {
        self.as_known = Some(day.into());
        self
    }

    /// Returns the question as the ledger recorded it: `size` is a number of entries, or a time by which entries were
    /// recorded.
    #[must_use]
    pub fn as_recorded(mut self, size: impl ToString) -> Question {
        self.as_recorded = Some(size.to_string());
        self
    }

    /// The words of the command line that asks this question, without the name of the program.
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

    /// True if the command takes the participant as an option, because it is usually asked without one.
    fn of_some(&self) -> bool {
        matches!(self.kind, Kind::Conflicts | Kind::Diff | Kind::Reservations)
    }
}
