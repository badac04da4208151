//! Where a published tree is fetched from. Nothing that comes back is believed.

use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use flate2::read::GzDecoder;

use crate::log::regular;

/// A folder, or the address that a server gives it.
#[derive(Debug)]
pub struct TreeSource(Place);

#[derive(Debug)]
enum Place {
    Folder(PathBuf),
    Address { base: String, agent: ureq::Agent },
}

/// What a source says of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fetched {
    /// Its bytes.
    Bytes(Vec<u8>),
    /// There is none.
    Missing,
    /// There are more bytes than it may have.
    TooLarge,
}

/// Why nothing can be said of a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// Another kind of address.
    #[error("{0}: a published tree is a folder, or an address that begins with http:// or https://")]
    Scheme(String),
    /// No tree.
    #[error("{0}: there is no checkpoint: not a published tree")]
    NoTree(String),
    /// The system refused.
    #[error("{place}: cannot be read: {source}")]
    Unreadable {
        /// The file.
        place: String,
        /// What the system said.
        source: io::Error,
    },
    /// The server did not answer.
    #[error("{place}: the server cannot be reached: {what}")]
    Unreachable {
        /// The address.
        place: String,
        /// What was said.
        what: String,
    },
    /// The server answered with neither the file nor that there is none.
    #[error("{place}: the server answered with status {status}")]
    Status {
        /// The address.
        place: String,
        /// Its answer.
        status: u16,
    },
}

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a whole file may take.
const WHOLE: Duration = Duration::from_secs(60);
/// How often a server is asked that does not answer, and how long it is left alone in between.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(250);

/// A server far away answers many requests in the time of one.
const AT_ONCE: usize = 8;

/// What a server answers where there is no file; buckets say that it is forbidden.
const MISSING: [u16; 3] = [403, 404, 410];

impl TreeSource {
    /// A folder's path, or an address that begins with `http://` or `https://`.
    ///
    /// # Errors
    /// [`SourceError::Scheme`].
    pub fn new(text: &str) -> Result<TreeSource, SourceError> {
        let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        match scheme.as_deref() {
            None => Ok(TreeSource(Place::Folder(text.into()))),
            Some("http" | "https") => {
                let config = ureq::Agent::config_builder()
                    .timeout_connect(Some(CONNECT))
                    .timeout_global(Some(WHOLE))
                    .http_status_as_error(false)
                    .user_agent(concat!("chancery/", env!("CARGO_PKG_VERSION")))
                    .accept_encoding("gzip, identity")
                    .build();
                let base = text.trim_end_matches('/').to_owned();
                Ok(TreeSource(Place::Address { base, agent: config.into() }))
            }
            Some(_) => Err(SourceError::Scheme(text.to_owned())),
        }
    }

    /// Where a file of the tree is, for people.
    pub fn place(&self, path: &str) -> String {
        match &self.0 {
            Place::Folder(folder) => folder.join(path).display().to_string(),
            Place::Address { base, .. } => format!("{base}/{path}"),
        }
    }

    /// The tree itself, for people.
    pub fn name(&self) -> String {
        match &self.0 {
            Place::Folder(folder) => folder.display().to_string(),
            Place::Address { base, .. } => base.clone(),
        }
    }

    /// How many files are fetched side by side.
    pub fn at_once(&self) -> usize {
        match &self.0 {
            Place::Folder(_) => 1,
            Place::Address { .. } => AT_ONCE,
        }
    }

    /// Fetches a file of at most `limit` bytes.
    ///
    /// # Errors
    /// [`SourceError`] where nothing can be said of it.
    pub fn fetch(&self, path: &str, limit: u64) -> Result<Fetched, SourceError> {
        let place = self.place(path);
        match &self.0 {
            Place::Folder(folder) => {
                read(&folder.join(path), limit).map_err(|source| SourceError::Unreadable { place, source })
            }
            Place::Address { agent, .. } => {
                let mut attempt = 1;
                loop {
                    match get(agent, &place, limit) {
                        Err(_) if attempt < ATTEMPTS => std::thread::sleep(PAUSE * attempt),
                        done => return done,
                    }
                    attempt += 1;
                }
            }
        }
    }
}

fn read(path: &Path, limit: u64) -> io::Result<Fetched> {
    if path.is_dir() {
        // A folder has no bytes; where a file is expected it is none.
        return Ok(Fetched::Missing);
    }
    match regular::open(path) {
        Ok(file) => bounded(file, limit),
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(Fetched::Missing),
        Err(e) => Err(e),
    }
}

fn bounded(from: impl Read, limit: u64) -> io::Result<Fetched> {
    let mut bytes = Vec::new();
    from.take(limit + 1).read_to_end(&mut bytes)?;
    Ok(if bytes.len() as u64 > limit { Fetched::TooLarge } else { Fetched::Bytes(bytes) })
}

fn get(agent: &ureq::Agent, place: &str, limit: u64) -> Result<Fetched, SourceError> {
    let unreachable = |what: String| SourceError::Unreachable { place: place.to_owned(), what };
    let response = agent.get(place).call().map_err(|e| unreachable(e.to_string()))?;
    let status = response.status().as_u16();
    if MISSING.contains(&status) {
        return Ok(Fetched::Missing);
    }
    if status != 200 {
        return Err(SourceError::Status { place: place.to_owned(), status });
    }
    let encoding = response.headers().get("content-encoding").and_then(|value| value.to_str().ok());
    // C2SP lets a server compress bundles unasked.
    let zipped = encoding.is_some_and(|encoding| encoding.trim().eq_ignore_ascii_case("gzip"));
    let body = response.into_body().into_reader();
    let fetched = if zipped { bounded(GzDecoder::new(body), limit) } else { bounded(body, limit) };
    fetched.map_err(|e| unreachable(e.to_string()))
}
