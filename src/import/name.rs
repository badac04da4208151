//! The participant that a source means: by the code or the number that it gives, by its reviewed table of names, otherwise by a
//! name in the register.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::event::{Day, ParticipantId, Register, StateList, StateNumbers};

/// A table of the names that one source uses, each line with its reason.
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
const TABLES: [&str; 6] = [
    include_str!("names/cow_igo.toml"),
    include_str!("names/huggo.toml"),
    include_str!("names/states_ggo.toml"),
    include_str!("names/states_gw.toml"),
    include_str!("names/states_isd.toml"),
    include_str!("names/wipo.toml"),
];

/// Sets whose makers chose the codes themselves: a code that is also in ISO 3166 may mean another participant there.
const OWN_CODES: [&str; 3] = ["manystates_GGO", "manystates_GW", "manystates_ISD"];

/// The participants by the source and the name that it uses. A table that cannot be read is passed over; a test shows that there is
/// none.
static NAMES: LazyLock<HashMap<(String, String), ParticipantId>> = LazyLock::new(|| {
    let tables = TABLES.iter().filter_map(|text| toml::from_str::<Table>(text).ok());
    let lines = tables.flat_map(|table| {
        let set = table.set;
        table.names.into_iter().map(move |line| ((set.clone(), line.name), line.party))
    });
    lines.collect()
});

/// The participant that a source means by a code, or by a name if it gives no code; `None` if neither is known. The source's own
/// table comes first; names are never matched by similarity. If the makers of a set chose its codes themselves, the name decides;
/// if the code means another participant in the register, the result is `None`.
pub(super) fn participant(set: &str, code: Option<&str>, name: Option<&str>) -> Option<ParticipantId> {
    let known = |word: &str| Register::builtin().resolve(word).ok().map(|found| found.id.clone());
    let listed = || NAMES.get(&(set.to_owned(), name?.to_owned())).cloned();
    match code {
        Some(code) if OWN_CODES.contains(&set) => listed().or_else(|| {
            let named = known(name?)?;
            known(code).is_none_or(|coded| coded == named).then_some(named)
        }),
        Some(code) => NAMES.get(&(set.to_owned(), code.to_owned())).cloned().or_else(|| known(code)),
        None => listed().or_else(|| known(name?)),
    }
}

/// The participant that a list of states means by a number. If several have had the number in turn, the one whose name the list
/// uses; otherwise the last of them.
pub(super) fn numbered(list: StateList, number: u16, name: Option<&str>) -> Option<ParticipantId> {
    let holders = StateNumbers::builtin().holders(list, number);
    let named = name.and_then(|name| Register::builtin().resolve(name).ok()).map(|found| &found.id);
    let same = named.filter(|id| holders.contains(id));
    same.or_else(|| {
        holders.iter().find(|id| StateNumbers::builtin().on(list, id, Day::FUTURE) == Some(number))
    })
    .or(holders.last())
    .cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_read_and_names_only_participants_of_the_register() {
        for text in TABLES {
            let table: Table = toml::from_str(text).unwrap();
            for line in table.names {
                let known = Register::builtin().get(&line.party).is_some();
                assert!(known || line.party.is_named(), "{}: {}", line.name, line.party);
            }
        }
        assert_eq!(participant("cow_igo_v3", None, Some("soafrica")).unwrap().as_str(), "ZAF");
        assert_eq!(participant("another", None, Some("soafrica")), None);
        // EC is Ecuador's alpha-2 code, and one data set's code for the European Community.
        assert_eq!(participant("huggo", Some("EC"), None).unwrap().as_str(), "EUE");
        assert_eq!(participant("another", Some("EC"), None).unwrap().as_str(), "ECU");
    }

    #[test]
    fn a_code_that_only_looks_like_one_of_iso_3166_is_nobody_and_a_name_that_says_the_same_settles_it() {
        let isd = |code: &str, name: &str| {
            participant("manystates_ISD", Some(code), Some(name)).map(|id| id.to_string())
        };
        for (code, name) in
            [("BUR", "Urundi"), ("PSE", "Gaza Empire"), ("BEN", "Benin Empire"), ("KOR", "Korea")]
        {
            assert_eq!(isd(code, name), None, "{name}");
        }
        assert_eq!(isd("BEN", "Benin").as_deref(), Some("BEN"));
        assert_eq!(isd("KOS", "Kosovo").as_deref(), Some("XKX"));
        assert_eq!(isd("CZE", "Czechoslovakia").as_deref(), Some("CSK"));
        assert_eq!(participant("untc2015", Some("BEN"), Some("Dahomey")).unwrap().as_str(), "BEN");
    }

    #[test]
    fn a_number_of_several_is_whose_name_the_list_uses_else_the_last_one_s() {
        let cow = |number, name: &str| {
            numbered(StateList::Cow, number, Some(name)).map_or("nobody".to_owned(), |id| id.to_string())
        };
        assert_eq!(cow(365, "Russia"), "RUS");
        assert_eq!(cow(345, "Yugoslavia"), "YUG");
        assert_eq!(cow(345, "Jugoslavia"), "SRB");
        assert_eq!(cow(816, "Vietnam"), "VNM");
        assert_eq!(cow(260, "German Federal Republic"), "DEU");
        assert_eq!(cow(817, "Republic of Vietnam"), "X-REPUBLIC-OF-VIETNAM");
        assert_eq!(cow(999, "Atlantis"), "nobody");
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
