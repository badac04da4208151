//! A witness's folder: its key, the logs that it follows, and the last head of each that it cosigned.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::log::{
    Checkpoint, CosignerKey, CosigningKey, Disk, Frontier, KeyError, KeyTextError, LogError, Signature,
    SignedCheckpoint, VerifierKey, read_private, regular,
};

use super::decision::{WitnessRefusal, decide};
use super::evidence::{self, hexadecimal};
use super::relation::states_more;
use super::request::Request;

/// Why a witness cannot do its work. In every case nothing is cosigned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WitnessError {
    /// There is no witness in the folder.
    #[error("no witness at {}", .0.display())]
    Absent(PathBuf),
    /// There is already a witness, or a part of one.
    #[error("{}: there is a witness, or a part of one, already", .0.display())]
    Present(PathBuf),
    /// The name is not one that a witness may have.
    #[error("{0:?} cannot be the name of a witness: use letters, digits, dots, hyphens and slashes")]
    Name(String),
    /// The list of logs cannot be read.
    #[error("{}, line {line}: {source}", path.display())]
    Logs {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The fault of the line.
        source: KeyTextError,
    },
    /// The head cosigned last is no longer there.
    #[error("{}: the head of {origin} that was cosigned last is gone: nothing more of that log is cosigned", path.display())]
    Lost {
        /// The file.
        path: PathBuf,
        /// The log.
        origin: String,
    },
    /// The head cosigned last is damaged, or is not the witness's.
    #[error("{}: the head of {origin} that was cosigned last is damaged ({what}): nothing more of that log is cosigned", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The log.
        origin: String,
        /// The damage.
        what: String,
    },
    /// The key or the disk failed.
    #[error("{0}")]
    Log(#[from] LogError),
}

/// A witness of logs.
#[derive(Debug)]
pub struct Witness {
    path: PathBuf,
    key: CosigningKey,
    disk: Disk,
}

/// The result of a cosigned request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cosigned {
    /// The head.
    pub head: Checkpoint,
    /// The witness's line under it.
    pub line: Signature,
}

/// The empty head of a log of which nothing was cosigned yet.
fn nothing(origin: &str) -> Checkpoint {
    Checkpoint::new(origin, 0, Frontier::default().root())
}

impl Witness {
    /// A new witness in a folder, with a key from 32 random bytes.
    ///
    /// # Errors
    /// [`WitnessError::Present`], [`WitnessError::Name`], [`WitnessError::Log`].
    pub fn create(path: &Path, name: &str, seed: &[u8; 32], disk: Disk) -> Result<Witness, WitnessError> {
        let named = |_| WitnessError::Name(name.chars().take(200).collect());
        let key = CosigningKey::from_seed(name, seed).map_err(named)?;
        std::fs::create_dir_all(path).map_err(LogError::io(path, "cannot be made"))?;
        let (secret, logs) = (path.join("witness.key"), path.join("logs"));
        if secret.exists() || logs.exists() {
            return Err(WitnessError::Present(path.to_owned()));
        }
        let placed = disk.place_private(&secret, key.secret_text().as_bytes());
        placed.map_err(LogError::io(&secret, "cannot be written"))?;
        disk.replace(&logs, b"").map_err(LogError::io(&logs, "cannot be written"))?;
        Ok(Witness { path: path.to_owned(), key, disk })
    }

    /// The witness in a folder.
    ///
    /// # Errors
    /// [`WitnessError::Absent`], [`WitnessError::Log`].
    pub fn open(path: &Path, disk: Disk) -> Result<Witness, WitnessError> {
        let secret = path.join("witness.key");
        let text = read_private(&secret)?.ok_or_else(|| WitnessError::Absent(path.to_owned()))?;
        let key = CosigningKey::parse(&text)
            .map_err(|source| LogError::Key(KeyError::Text { path: secret, source }))?;
        Ok(Witness { path: path.to_owned(), key, disk })
    }

    /// The key with which its cosignatures are verified.
    pub fn cosigner(&self) -> &CosignerKey {
        self.key.cosigner()
    }

    /// The keys of the logs that it follows. They are read anew for every request, so that a log can be added while the
    /// witness serves.
    ///
    /// # Errors
    /// [`WitnessError::Logs`], [`WitnessError::Log`].
    pub fn logs(&self) -> Result<Vec<VerifierKey>, WitnessError> {
        let path = self.path.join("logs");
        let text = regular::read_text(&path, regular::GIVEN_BYTES_MAX)
            .map_err(LogError::io(&path, "cannot be read"))?;
        let keys = text.lines().zip(1..).filter(|(line, _)| !line.is_empty());
        let key = |(text, line)| {
            VerifierKey::parse(text).map_err(|source| WitnessError::Logs { path: path.clone(), line, source })
        };
        keys.map(key).collect()
    }

    /// Follows a log from now on; a log that is already followed does not change. The empty head is written for it, so that a head
    /// lost later is never taken for one that was never cosigned.
    ///
    /// # Errors
    /// [`WitnessError`]; [`WitnessError::Lost`] if the log is followed and its head is gone.
    pub fn trust(&self, key: &VerifierKey) -> Result<(), WitnessError> {
        let _held = self.hold("logs")?;
        let mut keys = self.logs()?;
        let state = self.state(key.name());
        if keys.iter().any(|known| known.name() == key.name()) || state.exists() {
            self.last(key.name())?;
        } else {
            let text = nothing(key.name()).to_string();
            self.disk.replace(&state, text.as_bytes()).map_err(LogError::io(&state, "cannot be written"))?;
        }
        if !keys.contains(key) {
            keys.push(key.clone());
            let path = self.path.join("logs");
            let text: String = keys.iter().map(|key| format!("{key}\n")).collect();
            self.disk.replace(&path, text.as_bytes()).map_err(LogError::io(&path, "cannot be written"))?;
        }
        Ok(())
    }

    /// The last head of a log that was cosigned; if none was yet, the empty head. It has the cosignature, which shows that it was
    /// not changed since.
    ///
    /// # Errors
    /// [`WitnessError::Lost`], [`WitnessError::Damaged`].
    pub fn last(&self, origin: &str) -> Result<SignedCheckpoint, WitnessError> {
        let path = self.state(origin);
        let origin = origin.to_owned();
        let bytes = match regular::read(&path, regular::TEXT_BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err(WitnessError::Lost { path, origin });
            }
            Err(e) => return Err(LogError::io(&path, "cannot be read")(e).into()),
        };
        let text = String::from_utf8_lossy(&bytes);
        let damaged =
            |what: String| WitnessError::Damaged { path: path.clone(), origin: origin.clone(), what };
        let signed =
            SignedCheckpoint::parse(&text).map_err(|(line, what)| damaged(format!("line {line}: {what}")))?;
        if !signed.is_signed() && signed.head == nothing(&origin) {
            return Ok(signed);
        }
        match self.cosigner().cosigned(&signed) {
            Ok(Some(_)) if signed.head.origin == origin => Ok(signed),
            Ok(Some(_)) => Err(damaged(format!("it is of {}", signed.head.origin))),
            Ok(None) => Err(damaged("this witness has not cosigned it".into())),
            Err(error) => Err(damaged(error.to_string())),
        }
    }

    /// Answers a call of `add-checkpoint`. A head is durable before its cosignature is returned; requests for one log are answered
    /// one after another, also across processes.
    ///
    /// # Errors
    /// [`WitnessError`] if no answer can be given. Inside, the [`WitnessRefusal`].
    pub fn add_checkpoint(
        &self,
        body: &[u8],
        time: u64,
    ) -> Result<Result<Cosigned, WitnessRefusal>, WitnessError> {
        let Ok(text) = std::str::from_utf8(body) else {
            return Ok(Err(WitnessRefusal::Malformed { line: 1, what: "the request is not text" }));
        };
        let request = match Request::parse(text) {
            Ok(request) => request,
            Err((line, what)) => return Ok(Err(WitnessRefusal::Malformed { line, what })),
        };
        let origin = request.checkpoint.head.origin.clone();
        let mut keys = self.logs()?;
        keys.retain(|key| key.name() == origin);
        if keys.is_empty() {
            return Ok(Err(WitnessRefusal::Unknown(origin)));
        }
        let _held = self.hold(&hexadecimal(&origin))?;
        let last = self.last(&origin)?;
        let decided = decide(&last.head, &keys, &request);
        let keys: Vec<_> = keys.iter().filter(|key| request.checkpoint.verify(key).is_ok()).collect();
        let mut signed = request.checkpoint.with_only(|line| keys.iter().any(|key| key.is_of(line)));
        if let Err(refusal) = decided {
            if refusal.is_evidence() {
                evidence::keep(&self.path, &[&last, &signed], &self.disk)?;
            }
            return Ok(Err(refusal));
        }
        let line = self.key.cosign(&signed.head, time);
        signed.add(line.clone());
        if !states_more(&last.head, &signed.head) {
            signed.write(&self.state(&origin), &self.disk)?;
        }
        Ok(Ok(Cosigned { head: signed.head, line }))
    }

    fn state(&self, origin: &str) -> PathBuf {
        self.path.join(format!("{}.checkpoint", hexadecimal(origin)))
    }

    /// Waits until no other process or thread has the lock of that name.
    fn hold(&self, what: &str) -> Result<File, LogError> {
        hold(&self.path.join(format!("{what}.lock")))
    }
}

/// Waits for a file's lock, which is released with the file or at the end of the process.
pub(super) fn hold(path: &Path) -> Result<File, LogError> {
    let file = regular::open_or_make(path).map_err(LogError::io(path, "cannot be opened for writing"))?;
    file.lock().map_err(LogError::io(path, "cannot be locked"))?;
    Ok(file)
}
