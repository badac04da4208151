//! Starting: the bare command, a new ledger, the demonstration, the command line itself.

pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod home;
pub(crate) mod init;
pub(crate) mod man;
pub(crate) mod quick;
pub(crate) mod tour;
