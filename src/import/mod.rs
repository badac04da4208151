//! Reading the records of others: one file for each source format. What cannot be read is reported, never dropped.

mod csv;
mod intake;
mod kinds;

pub use csv::{CsvError, Reject, Row, Rows, hex, read_csv};
pub use intake::{ImportError, Mode, Outcome, Source, import};
pub use kinds::{Alias, find_kind};
