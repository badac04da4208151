//! Features of lists of states: numbers, last days, and states that began before the list itself does.

use serde_json::Value;

use super::name::numbered;
use crate::event::{Day, Edtf, Event, ParticipantId, Role, StateList};

/// The lists whose dates of end are last days: the German Democratic Republic to 1990-10-02, Germany from 1990-10-03. In the other
/// lists both readings occur.
const LAST_DAYS: [&str; 2] = ["cow_states2016", "manystates_GW"];

/// The participant by the number that a list gives beside the name.
pub(super) fn by_number(set: &str, source: Option<&Value>, name: Option<&str>) -> Option<ParticipantId> {
    let number = |key: &str| u16::try_from(source?.get(key)?.as_u64()?).ok();
    match set {
        "cow_states2016" => numbered(StateList::Cow, number("ccode")?, name),
        "manystates_GW" => numbered(StateList::Gw, number("gwcode")?, name),
        _ => None,
    }
}

/// Gives the date of a beginning or an end the meaning that it has in the list, and puts an end before a beginning of the same day,
/// for two spells of one state.
pub(super) fn meant(event: &mut Event, kind: &str, set: &str) {
    let Some(stated) = event.dates.get(Role::Effective).cloned() else { return };
    match kind {
        "state_began" => event.sequence = Some(2),
        "state_began_on_or_before" => {
            event.sequence = Some(2);
            event.dates.set(Role::Effective, Edtf::one_of(Day::PAST, stated.latest()));
        }
        "state_ended" => {
            event.sequence = Some(1);
            if let Some(after) = day_after(&stated).filter(|_| LAST_DAYS.contains(&set)) {
                event.dates.set(Role::Effective, after);
                let said = format!("last day {stated} by the source");
                event.note = Some(match event.note.take() {
                    Some(note) => format!("{note}; {said}"),
                    None => said,
                });
            }
        }
        _ => {}
    }
}

/// The first day after a last day, with the source's doubt about it; `None` if the source gives no exact day.
fn day_after(last: &Edtf) -> Option<Edtf> {
    let open = last.latest() == Day::FUTURE && last.earliest() != Day::PAST;
    if open {
        return Some(Edtf::one_of(last.earliest().next(), Day::FUTURE));
    }
    let doubt = last.as_str().trim_start_matches(|c: char| c.is_ascii_digit() || c == '-');
    let one = last.earliest() == last.latest();
    one.then(|| Edtf::parse(&format!("{}{doubt}", last.latest().next())).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_after_a_last_day_keeps_its_doubt_and_a_year_has_none() {
        let after = |text: &str| day_after(&Edtf::parse(text).unwrap()).map(|d| d.to_string());
        assert_eq!(after("1992-12-31").as_deref(), Some("1993-01-01"));
        assert_eq!(after("1831-12-31?").as_deref(), Some("1832-01-01?"));
        assert_eq!(after("[2017-12-31..]").as_deref(), Some("[2018-01-01..]"));
        assert_eq!(after("1818"), None);
        assert_eq!(after("[..1816-01-01]"), None);
    }
}
