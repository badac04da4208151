//! Reads and writes the dates in a leaf: an object from the name of a role to its date, in the order of the names.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserializer, Serializer};

use super::date::Edtf;
use super::event::Dates;
use super::role::Role;

const NAMES: &[&str] = &[
    "adopted",
    "decided",
    "deposited",
    "done",
    "effective",
    "notified",
    "planned",
    "received",
    "signed",
    "until",
];

pub(super) fn serialize<S: Serializer>(dates: &Dates, serializer: S) -> Result<S::Ok, S::Error> {
    let of = |name: &'static str| Some((name, dates.get(Role::from_name(name)?)?));
    serializer.collect_map(NAMES.iter().copied().filter_map(of))
}

pub(super) fn deserialize<'a, 'de, D>(deserializer: D) -> Result<Cow<'a, Dates>, D::Error>
where
    D: Deserializer<'de>,
{
    deserializer.deserialize_map(Roles).map(Cow::Owned)
}

struct Roles;

impl<'de> Visitor<'de> for Roles {
    type Value = Dates;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("dates by role")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Dates, A::Error> {
        let mut dates = Dates::default();
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            let role = Role::from_name(&name).ok_or_else(|| A::Error::unknown_field(&name, NAMES))?;
            if dates.get(role).is_some() {
                return Err(A::Error::duplicate_field(role.name()));
            }
            dates.set(role, map.next_value::<Edtf>()?);
        }
        Ok(dates)
    }
}
