//! The words of an entry: the fields from which no status follows.

use bincode::{BorrowDecode, Encode};

use crate::event::{Edtf, Event, Evidence, Grade, Quote, StatedDigest};

/// Title, place, note, recorder and evidence, as they are stored.
#[derive(Clone, PartialEq, Debug, Default, Encode, BorrowDecode)]
pub(super) struct StoredWords<'a> {
    title: Option<&'a str>,
    place: Option<&'a str>,
    note: Option<&'a str>,
    recorder: Option<&'a str>,
    evidence: Vec<StoredEvidence<'a>>,
}

#[derive(Clone, PartialEq, Debug, Encode, BorrowDecode)]
struct StoredEvidence<'a> {
    cite: &'a str,
    grade: Option<&'a str>,
    published: Option<&'a str>,
    quote: Option<(bool, &'a str)>,
    retrieved: Option<&'a str>,
    sha256: Option<&'a str>,
    url: Option<&'a str>,
}

impl<'a> StoredWords<'a> {
    /// The words of an event.
    pub(super) fn of(event: &'a Event) -> StoredWords<'a> {
        StoredWords {
            title: event.title.as_deref(),
            place: event.place.as_deref(),
            note: event.note.as_deref(),
            recorder: event.recorder.as_deref(),
            evidence: event.evidence.iter().map(StoredEvidence::of).collect(),
        }
    }

    /// Sets the words of the event that they belong to.
    pub(super) fn give(self, event: &mut Event) -> Result<(), String> {
        event.title = self.title.map(str::to_owned);
        event.place = self.place.map(str::to_owned);
        event.note = self.note.map(str::to_owned);
        event.recorder = self.recorder.map(str::to_owned);
        event.evidence = self.evidence.into_iter().map(StoredEvidence::evidence).collect::<Result<_, _>>()?;
        Ok(())
    }
}

impl<'a> StoredEvidence<'a> {
    fn of(evidence: &'a Evidence) -> StoredEvidence<'a> {
        StoredEvidence {
            cite: &evidence.cite,
            grade: evidence.grade.map(Grade::name),
            published: evidence.published.as_ref().map(Edtf::as_str),
            quote: evidence.quote.as_ref().map(|quote| match quote {
                Quote::Text(text) => (false, text.as_str()),
                Quote::Salted { salted_sha256 } => (true, salted_sha256.as_str()),
            }),
            retrieved: evidence.retrieved.as_ref().map(Edtf::as_str),
            sha256: evidence.sha256.as_ref().map(StatedDigest::as_str),
            url: evidence.url.as_deref(),
        }
    }

    fn evidence(self) -> Result<Evidence, String> {
        let grade = |name: &str| Grade::ALL.into_iter().find(|g| g.name() == name);
        let date = |text: Option<&str>| text.map(Edtf::parse).transpose().map_err(|e| e.to_string());
        let quote = |(salted, text): (bool, &str)| {
            if salted {
                Quote::Salted { salted_sha256: StatedDigest::read(text) }
            } else {
                Quote::Text(text.to_owned())
            }
        };
        Ok(Evidence {
            cite: self.cite.to_owned(),
            grade: self.grade.and_then(grade),
            published: date(self.published)?,
            quote: self.quote.map(quote),
            retrieved: date(self.retrieved)?,
            sha256: self.sha256.map(StatedDigest::read),
            url: self.url.map(str::to_owned),
        })
    }
}
