//! Records acts, one at a time or from files, and corrects them.

pub(crate) mod append;
pub(crate) mod documents;
pub(crate) mod import;
pub(crate) mod import_events;
pub(crate) mod intake;
pub(crate) mod receipt;
pub(crate) mod recorder;
pub(crate) mod recorder_list;
pub(crate) mod rectify;
pub(crate) mod redact;
pub(crate) mod retract;
pub(crate) mod signing;
pub(crate) mod words;
