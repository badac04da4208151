//! Passes the record on: exports, tables, notifications, tiles.

pub(crate) mod circular;
pub(crate) mod circulated;
pub(crate) mod export;
pub(crate) mod notifiable;
pub(crate) mod notify;
pub(crate) mod package;
pub(crate) mod panel;
pub(crate) mod publish;
pub(crate) mod rows;
pub(crate) mod spells;
pub(crate) mod table;
