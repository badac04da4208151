//! The start: the page without a command, a new ledger, the demonstration, completions and man pages.

pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod home;
pub(crate) mod init;
pub(crate) mod man;
pub(crate) mod quick;
pub(crate) mod tour;
