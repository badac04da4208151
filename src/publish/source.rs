//! The place from which a published tree is fetched. Fetched content is not trusted.

use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use flate2::read::GzDecoder;

use crate::log::regular;

/// A folder, or the address at which a server offers it.
#[derive(Debug)]
pub struct TreeSource(Place);

#[derive(Debug)]
enum Place {
    Folder(PathBuf),
    Address { base: String, agent: ureq::Agent },
}

/// The result of fetching a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fetched {
    /// Its bytes.
    Bytes(Vec<u8>),
    /// There is no such file.
    Missing,
    /// The file has more bytes than it may have.
    TooLarge,
}

/// Why it is not known if a file exists.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The address is of another kind.
    #[error("{0}: a published tree is a folder, or an address that begins with http:// or https://")]
    Scheme(String),
    /// There is no tree at the address.
    #[error("{0}: there is no checkpoint: not a published tree")]
    NoTree(String),
    /// The system refused to read the file.
    #[error("{place}: cannot be read: {source}")]
    Unreadable {
        /// The file.
        place: String,
        /// The error of the system.
        source: io::Error,
    },
    /// The server did not answer.
    #[error("{place}: the server cannot be reached: {what}")]
    Unreachable {
        /// The address.
        place: String,
        /// The error of the connection.
        what: String,
    },
    /// The server answered neither with the file nor that there is none.
    #[error("{place}: the server answered with status {status}")]
    Status {
        /// The address.
        place: String,
        /// The HTTP status of the answer.
        status: u16,
    },
}

/// The longest time for making a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// The longest time for fetching a whole file.
const WHOLE: Duration = Duration::from_secs(60);
/// The number of requests to a server that does not answer, and the pause between two.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(250);

/// The number of files fetched side by side: a distant server answers many requests in the time of one.
const AT_ONCE: usize = 8;

/// The HTTP statuses of a server that does not have the file; buckets answer that it is forbidden.
const MISSING: [u16; 3] = [403, 404, 410];

impl TreeSource {
    /// Reads the path of a folder, or an address that begins with `http://` or `https://`.
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

    /// The place of a file of the tree, as shown to the user.
    pub fn place(&self, path: &str) -> String {
        match &self.0 {
            Place::Folder(folder) => folder.join(path).display().to_string(),
            Place::Address { base, .. } => format!("{base}/{path}"),
        }
    }

    /// The place of the tree itself, as shown to the user.
    pub fn name(&self) -> String {
        match &self.0 {
            Place::Folder(folder) => folder.display().to_string(),
            Place::Address { base, .. } => base.clone(),
        }
    }

    /// The number of files fetched side by side.
    pub fn at_once(&self) -> usize {
        match &self.0 {
            Place::Folder(_) => 1,
            Place::Address { .. } => AT_ONCE,
        }
    }

    /// Fetches a file of at most `limit` bytes.
    ///
    /// # Errors
    /// [`SourceError`] if it is not known that the file exists or is missing.
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
        // A folder in the place of a file counts as a missing file.
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
    // C2SP lets a server compress bundles without being asked.
    let zipped = encoding.is_some_and(|encoding| encoding.trim().eq_ignore_ascii_case("gzip"));
    let body = response.into_body().into_reader();
    let fetched = if zipped { bounded(GzDecoder::new(body), limit) } else { bounded(body, limit) };
    fetched.map_err(|e| unreachable(e.to_string()))
}
