//! Explanations for a day on which the status changes at some hour, or at an hour that depends on the zone.

use crate::event::{Day, Edtf, StatusId};
use crate::history::PairView;

use super::Axes;
use super::body::BodyView;

/// The line that explains why the status of a day, or of a moment without a zone, is open.
pub(super) fn by_the_clock(
    view: &BodyView,
    pair: &PairView,
    possible: &[StatusId],
    axes: &Axes,
) -> Option<String> {
    if possible.len() < 2 {
        return None;
    }
    let moves = |entry: &&crate::history::Standing| {
        let kind = entry.event.act.kind();
        view.charter.versions().iter().flat_map(|v| &v.transitions).any(|t| t.rule.act.0 == kind)
    };
    let dated = pair.own.iter().filter(moves).filter_map(|act| Some((act.index, act.event.effect()?)));
    let mut instants = dated.filter_map(|(index, date)| Some((index, date, date.instant()?)));
    match &axes.at {
        Some(moment) if !moment.is_zoned() => {
            let (index, date, _) =
                instants.find(|(_, _, at)| moment.earliest() < *at && *at <= moment.latest())?;
            Some(format!(
                "it depends on the zone: the change of entry {index} had effect at {}; name one, as \
                 --on {}+01:00",
                utc(date),
                moment.as_str()
            ))
        }
        Some(_) => None,
        None => {
            let (index, date, _) = instants.find(|(_, _, at)| at.day() == axes.on)?;
            Some(format!(
                "the status changes within that day, at {} (entry {index}); name the moment, as --on {}T12:00Z",
                utc(date),
                day(axes.on)
            ))
        }
    }
}

fn utc(date: &Edtf) -> String {
    date.instant().map_or_else(|| date.to_string(), |at| at.to_string())
}

fn day(on: Day) -> String {
    on.to_string()
}
