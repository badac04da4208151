//! Checking the record: audit, replay, repair, quality, comparison.

pub(crate) mod audit;
pub(crate) mod audit_lines;
pub(crate) mod audit_report;
#[allow(clippy::module_inception, reason = "the command that the room is named for")]
pub(crate) mod check;
pub(crate) mod compact;
pub(crate) mod compare;
pub(crate) mod compare_file;
pub(crate) mod compare_out;
pub(crate) mod quality;
pub(crate) mod repair;
pub(crate) mod replay;
