//! Reads the records of others: one file for each source format. Content that cannot be read is reported, never dropped.

mod csv;
mod events;
mod events_error;
mod intake;
mod kinds;
mod lines;
mod map;
mod mapped;
mod name;
mod neutral;
mod reader;
mod stated;
mod states;
mod stream;
mod table;

pub use csv::{CsvError, Reject, Row, Rows, hex, read_csv};
pub use events::{EventsFile, ImportReport, Left, Told, import_events};
pub use events_error::EventsError;
pub use intake::{ImportError, Mode, Outcome, Source, import};
pub use kinds::{Alias, find_kind};
pub use lines::{LINE_BYTES_MAX, LineError, decompressed};
pub use map::{Map, MapError};
pub use neutral::neutral_act;
pub use stated::{StatedAct, read_acts};
