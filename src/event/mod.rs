//! The vocabulary: acts, events, participants, dates, evidence and the leaf that records them.
//!
//! An [`Event`] is an [`Act`] with its participant, [`BodyId`], [`Dates`] by [`Role`] and [`Evidence`]. An [`Entry`] is an event at
//! its [`Index`] in the log. The module [`leaf`] writes and reads its bytes.

mod act;
mod act_kind;
mod act_name;
mod cell;
mod correction;
mod date;
mod digest;
#[allow(clippy::module_inception, reason = "the noun of the folder has a file of its own")]
mod event;
mod evidence;
mod field;

mod heading;
mod ids;
mod known;
pub mod leaf;
mod leaf_dates;
mod leaf_error;
mod leaf_event;
mod leaf_match;
mod leaf_read;
mod leaf_wire;
mod number;
mod participant;
mod payload;
mod reach;
mod reaching;
mod recorder;
mod role;
mod rotation;
mod scope;
mod vocabulary;

pub use act::Act;
pub use act_kind::{ActEntry, ActKind, Subject};
pub use act_name::UnknownAct;
pub use cell::{of_cell, to_cell};
pub use correction::{Cause, ChangeError, Changes, Correction, Field, FieldName, Retraction};
pub use date::{DateError, Day, Edtf, Instant, Moment};
pub use digest::{Digest, DigestError, StatedDigest};
pub use event::{Dates, Entry, Event, Rival};
pub use evidence::{Evidence, Grade, Quote};
pub use heading::{Heading, filed_by_correction, filings, headings};
pub use ids::{BodyId, EventId, IdError, Index, RecorderId, Size, StatusId};
pub use known::{Known, KnownBy};
pub use leaf_match::is_leaf_of;
pub use number::{StateList, StateNumber, StateNumbers};
pub use participant::{
    Name, Participant, ParticipantId, ParticipantIdError, ParticipantKind, Register, ResolveError,
};
pub use payload::{Finding, Form, ImportReceipt, Reply, Survey};
pub use reach::{Reach, Sides};
pub use reaching::reaching;
pub use recorder::{Enrolment, EventSignature, Excess, Limitation, Limits, Revocation, signed_text};
pub use role::Role;
pub use rotation::KeyRotation;
pub use scope::Scope;
