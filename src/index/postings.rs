//! The postings of a run, read when they are first asked for: whoever only appends asks for none.

use std::cell::OnceCell;
use std::sync::Arc;

use super::filed::Pair;
use super::run::{PostingsRun, RUN_ENTRIES, RunMeta};

/// The postings of a run, as they are stored or as they were read.
#[derive(Clone, Debug)]
pub(super) struct Postings {
    stored: Arc<[u8]>,
    known: OnceCell<Arc<PostingsRun>>,
}

impl Postings {
    /// As sled holds them.
    pub(super) fn stored(value: Vec<u8>) -> Postings {
        Postings { stored: value.into(), known: OnceCell::new() }
    }

    /// Their bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.stored
    }

    /// The postings, which must be those of so many entries.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn get(&self, count: u64) -> Result<&PostingsRun, String> {
        if let Some(known) = self.known.get() {
            return Ok(known);
        }
        let run = self.read(count)?;
        Ok(self.known.get_or_init(|| run))
    }

    /// The same for whoever needs them once: they are not kept.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn read(&self, count: u64) -> Result<Arc<PostingsRun>, String> {
        if let Some(known) = self.known.get() {
            return Ok(Arc::clone(known));
        }
        let run = PostingsRun::decode(&self.stored)?;
        match run.count() == count {
            true => Ok(Arc::new(run)),
            false => Err(format!("a run has {} entries of {count}", run.count())),
        }
    }
}

/// The runs of an index of a size by their keys: they join without a gap. Whether a run has all that lies before the next
/// one is seen when it is read.
///
/// # Errors
/// What is missing.
pub(super) fn joined(postings: Vec<Pair>, size: u64) -> Result<Vec<RunMeta>, String> {
    let firsts: Option<Vec<u64>> =
        postings.iter().map(|(key, _)| Some(u64::from_be_bytes(key.as_slice().try_into().ok()?))).collect();
    let firsts = firsts.ok_or("a run has no key")?;
    if firsts.first().copied().unwrap_or(size) != 0 {
        return Err("the run from entry 0 on is missing".into());
    }
    let ends = firsts.iter().skip(1).copied().chain([size]);
    let runs = firsts.iter().zip(ends).zip(postings).map(|((first, end), (_, value))| {
        match end.checked_sub(*first).filter(|count| (1..=RUN_ENTRIES as u64).contains(count)) {
            Some(count) => Ok(RunMeta { first: *first, count, postings: Postings::stored(value) }),
            None => Err(format!("it holds no runs that join from entry {first} to {end}")),
        }
    });
    runs.collect()
}
