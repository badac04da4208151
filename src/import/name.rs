//! Whom a source means: by the code that it gives, by its reviewed table of names, else by a name of the register.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::event::{ParticipantId, Register};

/// A table of the names that one source uses, each line with its basis.
#[derive(Deserialize)]
struct Table {
    set: String,
    #[serde(rename = "name")]
    names: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    party: ParticipantId,
}

/// The reviewed tables that come with the program.
const TABLES: [&str; 2] = [include_str!("names/cow_igo.toml"), include_str!("names/wipo.toml")];

/// The participants by the source and the name that it uses. A table that cannot be read is passed over; a test holds
/// that there is none.
static NAMES: LazyLock<HashMap<(String, String), ParticipantId>> = LazyLock::new(|| {
    let tables = TABLES.iter().filter_map(|text| toml::from_str::<Table>(text).ok());
    let lines = tables.flat_map(|table| {
        let set = table.set;
        table.names.into_iter().map(move |line| ((set.clone(), line.name), line.party))
    });
    lines.collect()
});

/// The participant that a source means by a code, or by a name where it gives no code; `None` where neither is known.
/// Names are never matched by likeness.
pub(super) fn participant(set: &str, code: Option<&str>, name: Option<&str>) -> Option<ParticipantId> {
    let register = Register::builtin();
    if let Some(code) = code {
        return register.resolve(code).ok().map(|found| found.id.clone());
    }
    let name = name?;
    let known = NAMES.get(&(set.to_owned(), name.to_owned())).cloned();
    known.or_else(|| register.resolve(name).ok().map(|found| found.id.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_read_and_names_only_participants_of_the_register() {
        for text in TABLES {
            let table: Table = toml::from_str(text).unwrap();
            for line in table.names {
                assert!(Register::builtin().get(&line.party).is_some(), "{}: {}", line.name, line.party);
            }
        }
        assert_eq!(participant("cow_igo_v3", None, Some("soafrica")).unwrap().as_str(), "ZAF");
        assert_eq!(participant("another", None, Some("soafrica")), None);
    }

    #[test]
    fn a_name_that_is_only_like_another_is_nobody() {
        let near =
            ["Southern African Development Community", "Common Market for Eastern and Southern Africa"];
        for name in near {
            assert_eq!(participant("untc2015", None, Some(name)), None, "{name}");
        }
    }
}
