//! The roles of dates in an act.

use std::fmt;

/// The role of a date in an act. Roles are never merged: a decision, a signature and an effect are on three days.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// A text was adopted (VCLT 9).
    Adopted,
    /// An organ decided.
    Decided,
    /// A treaty or memorandum was signed (VCLT 12).
    Signed,
    /// The date written in the instrument, or the day on which something was declared or took place.
    Done,
    /// The depositary or organisation received the act; a notice runs from here (VCLT 78(b)).
    Received,
    /// The legal date of an instrument (VCLT 16).
    Deposited,
    /// The first day on which the act has effect.
    Effective,
    /// A day foreseen for an effect: scheduled, never a status.
    Planned,
    /// The depositary circulated the act: it is known to all from this day.
    Notified,
    /// The first day on which the act no longer has effect.
    Until,
}

impl Role {
    /// Every role, in the order in which they are printed.
    pub const ALL: [Role; 10] = [
        Role::Adopted,
        Role::Decided,
        Role::Signed,
        Role::Done,
        Role::Received,
        Role::Deposited,
        Role::Effective,
        Role::Planned,
        Role::Notified,
        Role::Until,
    ];

    /// The name used in leaves, options and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Adopted => "adopted",
            Role::Decided => "decided",
            Role::Signed => "signed",
            Role::Done => "done",
            Role::Received => "received",
            Role::Deposited => "deposited",
            Role::Effective => "effective",
            Role::Planned => "planned",
            Role::Notified => "notified",
            Role::Until => "until",
        }
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.name() == name)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
