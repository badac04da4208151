//! Every write goes through here, so that a test can record it, cut the power, or make it fail.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The file system, as the log writes to it.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    script: Option<Arc<Mutex<Script>>>,
}

/// The operations that a test reads, and the failure that it asks for.
#[derive(Debug, Default)]
struct Script {
    operations: Vec<Operation>,
    fail_at: Option<(usize, i32)>,
}

/// A change of the disk, in the order in which the log made it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Operation {
    /// A file was made, empty.
    Create(PathBuf),
    /// Space was reserved and reads as zeros.
    Allocate(PathBuf, u64),
    /// Bytes were written at an offset; a power cut may keep any of their 512-byte sectors until the file is synced.
    Write(PathBuf, u64, Vec<u8>),
    /// The file's content is durable.
    Sync(PathBuf),
    /// The folder's names are durable.
    SyncDir(PathBuf),
    /// A file got another name, replacing any file of that name.
    Rename(PathBuf, PathBuf),
    /// A name was removed.
    Remove(PathBuf),
}

/// A file open for writing.
#[derive(Debug)]
pub struct DiskFile {
    disk: Disk,
    file: File,
    path: PathBuf,
}

impl Disk {
    /// A disk that records its operations.
    pub fn recording() -> Disk {
        Disk { script: Some(Arc::default()) }
    }

    /// A recording disk whose `nth` operation (from 0), and every later one, fails with an error of the system
    /// (`ENOSPC` is 28, `EIO` 5).
    pub fn failing_at(nth: usize, errno: i32) -> Disk {
        let script = Script { operations: Vec::new(), fail_at: Some((nth, errno)) };
        Disk { script: Some(Arc::new(Mutex::new(script))) }
    }

    /// The operations so far; empty for a disk that does not record.
    pub fn operations(&self) -> Vec<Operation> {
        let read = |script: &Arc<Mutex<Script>>| {
            script.lock().unwrap_or_else(PoisonError::into_inner).operations.clone()
        };
        self.script.as_ref().map(read).unwrap_or_default()
    }

    fn note(&self, operation: impl FnOnce() -> Operation) -> io::Result<()> {
        let Some(script) = &self.script else { return Ok(()) };
        let mut script = script.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((nth, errno)) = script.fail_at
            && script.operations.len() >= nth
        {
            return Err(io::Error::from_raw_os_error(errno));
        }
        script.operations.push(operation());
        Ok(())
    }

    /// Makes an empty file beside `path`, to be written before it takes that name. The file is called `.NAME.N.tmp`, in the
    /// same folder, and is made with `O_EXCL`: so neither a file of the user nor one that another process has open is written
    /// into.
    ///
    /// # Errors
    /// An error of the operating system.
    pub(crate) fn beside(&self, path: &Path) -> io::Result<(Beside, DiskFile)> {
        self.beside_with(path, 0o666)
    }

    fn beside_with(&self, path: &Path, mode: u32) -> io::Result<(Beside, DiskFile)> {
        let name = path.file_name().unwrap_or_default();
        let mut taken = io::Error::from(io::ErrorKind::AlreadyExists);
        for attempt in 0..ATTEMPTS {
            let mut other = std::ffi::OsString::from(".");
            other.push(name);
            other.push(format!(".{attempt}.tmp"));
            let other = path.with_file_name(other);
            match OpenOptions::new().read(true).write(true).create_new(true).mode(mode).open(&other) {
                Ok(file) => {
                    let beside = Beside { disk: self.clone(), path: other.clone(), placed: false };
                    self.note(|| Operation::Create(other.clone()))?;
                    return Ok((beside, DiskFile { disk: self.clone(), file, path: other }));
                }
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => taken = e,
                Err(e) => return Err(e),
            }
        }
        Err(taken)
    }

    /// Opens a file that exists.
    ///
    /// # Errors
    /// An error of the operating system.
    pub fn open(&self, path: &Path) -> io::Result<DiskFile> {
        let file = super::regular::open_for_writing(path)?;
        Ok(DiskFile { disk: self.clone(), file, path: path.into() })
    }

    /// Gives a file another name, replacing any file of that name.
    ///
    /// # Errors
    /// An error of the operating system.
    pub fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.note(|| Operation::Rename(from.into(), to.into()))?;
        std::fs::rename(from, to)
    }

    /// Removes a name.
    ///
    /// # Errors
    /// An error of the operating system.
    pub fn remove(&self, path: &Path) -> io::Result<()> {
        self.note(|| Operation::Remove(path.into()))?;
        std::fs::remove_file(path)
    }

    /// Makes the names in a folder durable.
    ///
    /// # Errors
    /// An error of the operating system.
    pub fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.note(|| Operation::SyncDir(path.into()))?;
        File::open(path)?.sync_all()
    }

    /// Puts a whole file in place: written beside it, synced, renamed, the folder synced.
    ///
    /// # Errors
    /// An error of the operating system.
    pub fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.replace_lazily(path, bytes)?;
        self.sync_dir(folder_of(path))
    }

    /// Like [`Disk::replace`], without syncing the folder: after a power cut the file may be the earlier one, whole.
    ///
    /// # Errors
    /// An error of the operating system.
    pub fn replace_lazily(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.replace_by(path, |file| file.write_at(0, bytes))
    }

    /// Puts a file in place that only its owner can read, like [`Disk::replace`].
    ///
    /// # Errors
    /// An error of the operating system.
    pub(crate) fn place_private(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.replace_with(path, 0o600, |file| file.write_at(0, bytes))?;
        self.sync_dir(folder_of(path))
    }

    /// Puts a file in place that `write` writes; if that fails, the earlier file stays and no unfinished file is left.
    ///
    /// # Errors
    /// An error of the operating system, or of `write`.
    pub(crate) fn replace_by(
        &self,
        path: &Path,
        write: impl FnOnce(&DiskFile) -> io::Result<()>,
    ) -> io::Result<()> {
        self.replace_with(path, 0o666, write)
    }

    fn replace_with(
        &self,
        path: &Path,
        mode: u32,
        write: impl FnOnce(&DiskFile) -> io::Result<()>,
    ) -> io::Result<()> {
        let (beside, file) = self.beside_with(path, mode)?;
        write(&file)?;
        file.sync()?;
        beside.place(path)
    }
}

/// The number of names that are tried for an unfinished file: a name is taken by a run that was cut short, or is still
/// running.
const ATTEMPTS: u32 = 1_000;

/// A file that is not finished. Dropping it removes it, unless it was put in place.
#[derive(Debug)]
pub(crate) struct Beside {
    disk: Disk,
    path: PathBuf,
    placed: bool,
}

impl Beside {
    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its final name, replacing any file of that name.
    ///
    /// # Errors
    /// An error of the operating system.
    pub(crate) fn place(mut self, path: &Path) -> io::Result<()> {
        self.disk.rename(&self.path, path)?;
        self.placed = true;
        Ok(())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.placed {
            let path = &self.path;
            // The error that ended the writing matters more than one of the removal.
            let _ = self.disk.note(|| Operation::Remove(path.clone()));
            let _ = std::fs::remove_file(path);
        }
    }
}

/// The folder of a file; a bare name is in the current folder.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

impl DiskFile {
    /// Writes all bytes at an offset.
    ///
    /// # Errors
    /// An error of the operating system; some of the bytes may have been written.
    pub fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.disk.note(|| Operation::Write(self.path.clone(), offset, bytes.to_vec()))?;
        self.file.write_all_at(bytes, offset)
    }

    /// Reserves space that reads as zeros, so that a sync need not change the file's size; writes zeros if the file system
    /// cannot reserve.
    ///
    /// # Errors
    /// An error of the operating system.
    pub fn allocate(&self, bytes: u64) -> io::Result<()> {
        self.disk.note(|| Operation::Allocate(self.path.clone(), bytes))?;
        let flags = rustix::fs::FallocateFlags::empty();
        match rustix::fs::fallocate(&self.file, flags, 0, bytes) {
            Ok(()) => Ok(()),
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => self.zeros(bytes),
            Err(errno) => Err(errno.into()),
        }
    }

    fn zeros(&self, bytes: u64) -> io::Result<()> {
        let block = vec![0u8; 1 << 16];
        let mut at = 0;
        while at < bytes {
            let part = usize::try_from(bytes - at).unwrap_or(block.len()).min(block.len());
            self.file.write_all_at(&block[..part], at)?;
            at += part as u64;
        }
        Ok(())
    }

    /// Makes the content durable (`fdatasync`).
    ///
    /// # Errors
    /// An error of the operating system; then it is unknown which parts of the content are durable.
    pub fn sync(&self) -> io::Result<()> {
        self.disk.note(|| Operation::Sync(self.path.clone()))?;
        self.file.sync_data()
    }

    /// The file itself, for reading and locking.
    pub fn file(&self) -> &File {
        &self.file
    }
}
