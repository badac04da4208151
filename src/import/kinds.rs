//! The kinds of events in data files, and the acts of the vocabulary that they mean.

use crate::event::{Act, ActKind, Reply, Role, UnknownAct};

/// The meaning of a kind of a data file.
#[derive(Clone, PartialEq, Debug)]
pub struct Alias {
    /// The act, with the payload that the kind implies.
    pub act: Act,
    /// The role of the `date` column.
    pub role: Option<Role>,
    /// The status that the kind implies, if the row names none.
    pub toward: Option<&'static str>,
}

/// Finds the meaning of a kind: an act of the vocabulary by its own name, or an alias.
///
/// # Errors
/// [`UnknownAct`] with the nearest act of the vocabulary.
pub fn find_kind(kind: &str) -> Result<Alias, UnknownAct> {
    let name = kind.trim().to_ascii_lowercase().replace(['_', ' '], "-");
    if let Some((act, role, toward)) = alias(&name) {
        return Ok(Alias { role: role.or(act.kind().roles().first().copied()), act, toward });
    }
    let kind: ActKind = name.parse().map_err(|e: UnknownAct| UnknownAct { word: kind.into(), ..e })?;
    let act = Act::bare(kind).ok_or(UnknownAct { word: name, nearest: None })?;
    Ok(Alias { act, role: kind.roles().first().copied(), toward: None })
}

fn alias(name: &str) -> Option<(Act, Option<Role>, Option<&'static str>)> {
    use crate::event::Form;
    let claim = |of| Act::ClaimRecorded(of);
    let plain = |act| Some((act, None, None));
    match name {
        "acceptance-deposited" => plain(Act::InstrumentDeposited(Some(Form::Acceptance))),
        "accession-abandoned" => plain(Act::ApplicationWithdrawn),
        "accession-protocol-entered-into-force" => plain(Act::TreatyEnteredIntoForce),
        "accession-protocol-signed" => plain(Act::AccessionTreatySigned),
        "admission" | "admission-announced" => plain(Act::MembershipEffective),
        "application-announced" | "candidacy-contested" | "instrument-sent" => plain(claim(None)),
        "continuation-rejected" | "membership-contested" => plain(claim(None)),
        "predecessor-arrangement" | "process-reported" => plain(claim(None)),
        "application-not-accepted" => plain(Act::ApplicationDeferredOrRejected(Some(Reply::Deferred))),
        "application-rejected" => plain(Act::ApplicationDeferredOrRejected(Some(Reply::Rejected))),
        "application-reported" => plain(claim(Some(ActKind::ApplicationFiled))),
        // In the vocabulary "party" is a status, never the general word for a participant.
        "entered-into-force-for-party" => plain(Act::EnteredIntoForceForParticipant),
        "european-perspective-recognised" => Some((Act::StatusGranted, None, Some("potential-candidate"))),
        "founding-declaration-signed" | "founding-summit" => plain(Act::Founded),
        "invitation-withheld" => plain(Act::ApplicationDeferredOrRejected(Some(Reply::Deferred))),
        "invited-as-partner" => Some((Act::Invited, None, Some("partner"))),
        "memorandum-of-obligations-done" => {
            Some((Act::MemorandumOfObligationsSigned, Some(Role::Done), None))
        }
        "memorandum-signed" => plain(Act::PartnershipMemorandumSigned),
        "negotiations-decided" => Some((Act::StatusDecided, None, Some("negotiating"))),
        "participation-limited" => plain(Act::ParticipationLapsed),
        "participation-restored" => plain(Act::ParticipationResumed),
        "partner-status-announced" => Some((Act::StatusGranted, None, Some("partner"))),
        "partner-status-effective" => Some((Act::StatusGranted, None, Some("partner"))),
        "referendum-held" => plain(Act::DomesticApproval),
        "territorial-scope-reduced" => plain(Act::TerritorialApplicationDeclared(None)),
        "transition-ended" => plain(Act::TreatyTerminated),
        "withdrawal-agreement-signed" => plain(Act::TreatySigned),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::data;

    #[test]
    fn every_kind_of_the_data_files_is_read_as_its_table_says() {
        let Some(table) = data("csv_kinds.csv") else { return };
        let mut seen = 0;
        for row in ::csv::Reader::from_reader(table.as_bytes()).records().map(Result::unwrap) {
            if ["record-corrected"].contains(&&row[1]) {
                continue;
            }
            let found = find_kind(&row[0]).unwrap_or_else(|e| panic!("{}: {e}", &row[0]));
            assert_eq!(found.act.kind().name(), &row[1], "{}", &row[0]);
            seen += 1;
        }
        assert_eq!(seen, 34);
    }

    #[test]
    fn every_act_of_the_vocabulary_table_is_read_by_the_name_that_it_has_there() {
        let Some(table) = data("event_kinds.csv") else { return };
        let in_full = |name: &str| match name {
            "confirmed" => "signature-confirmed".to_owned(),
            "ended" => "provisional-application-ended".into(),
            "frozen" => "participation-frozen".into(),
            "terminated" => "treaty-terminated".into(),
            "operation-suspended" => "treaty-operation-suspended".into(),
            "accepted" => "amendment-accepted".into(),
            "in-force" => "amendment-in-force".into(),
            "class-renamed" => "status-class-renamed".into(),
            other => other.to_owned(),
        };
        for row in ::csv::Reader::from_reader(table.as_bytes()).records().map(Result::unwrap) {
            let kinds = row[0].split(" (").next().unwrap();
            for name in kinds.split(" / ") {
                let name = in_full(&name.trim().to_lowercase().replace('_', "-"));
                let alias = |_| find_kind(&name).map(|alias| alias.act.kind());
                name.parse::<ActKind>().or_else(alias).unwrap_or_else(|e| panic!("{e}"));
            }
        }
    }
}
