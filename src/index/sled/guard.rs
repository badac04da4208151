//! sled in a thread of its own, since damaged files make it panic or hang.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

use crate::index::IndexError;

/// A request to sled failed.
#[derive(Debug)]
pub(super) enum Fault {
    /// sled reports an error.
    Sled(::sled::Error),
    /// A value is damaged.
    Damaged(String),
}

impl From<::sled::Error> for Fault {
    fn from(error: ::sled::Error) -> Fault {
        Fault::Sled(error)
    }
}

impl From<String> for Fault {
    fn from(what: String) -> Fault {
        Fault::Damaged(what)
    }
}

impl From<&str> for Fault {
    fn from(what: &str) -> Fault {
        Fault::Damaged(what.to_owned())
    }
}

/// A value that lives in a thread of its own and answers within a deadline. A panic in the thread is an error here.
pub(super) struct Guarded<S> {
    jobs: Option<Sender<Job<S>>>,
    /// Disconnected when the thread has dropped its value, and with it the lock on the files.
    ended: Mutex<Receiver<()>>,
    path: PathBuf,
    deadline: Duration,
}

/// A request whose answer is not read yet.
pub(super) struct Asked<T>(Receiver<Result<T, Fault>>);

type Job<S> = Box<dyn FnOnce(&mut S) + Send>;

const THREAD: &str = "index";

impl<S: 'static> Guarded<S> {
    /// Makes the value in its thread.
    pub(super) fn start(
        path: &Path,
        deadline: Duration,
        make: impl FnOnce() -> Result<S, Fault> + Send + 'static,
    ) -> Result<Guarded<S>, IndexError> {
        silence_panics();
        let (jobs, inbox): (Sender<Job<S>>, Receiver<Job<S>>) = channel();
        let (made, ready) = channel();
        let (alive, ended) = channel();
        let work = move || {
            let _alive: Sender<()> = alive;
            let mut value = match catch_unwind(AssertUnwindSafe(make)) {
                Ok(Ok(value)) => value,
                Ok(Err(error)) => return drop(made.send(Some(error))),
                Err(_) => return,
            };
            let _ = made.send(None);
            // After a job has panicked its value must not be used again: the thread ends and drops it, guarded too.
            let asked = catch_unwind(AssertUnwindSafe(|| inbox.iter().for_each(|job| job(&mut value))));
            drop(asked);
            let _ = catch_unwind(AssertUnwindSafe(|| drop(value)));
        };
        let spawned = std::thread::Builder::new().name(THREAD.into()).spawn(work);
        let guarded = Guarded { jobs: Some(jobs), ended: Mutex::new(ended), path: path.to_owned(), deadline };
        if let Err(error) = spawned {
            return Err(IndexError::ReadOnly { path: guarded.path.clone(), said: error.to_string() });
        }
        match guarded.wait(&ready)? {
            None => Ok(guarded),
            Some(fault) => Err(guarded.translate(&fault)),
        }
    }

    /// Runs a job on the value and waits for the result.
    pub(super) fn run<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut S) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, IndexError> {
        self.end(self.begin(ask)?)
    }

    /// Sends a job to the value without waiting for the result; later jobs run after it.
    pub(super) fn begin<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut S) -> Result<T, Fault> + Send + 'static,
    ) -> Result<Asked<T>, IndexError> {
        let (done, answer) = channel();
        let job: Job<S> = Box::new(move |value| _ = done.send(ask(value)));
        if self.jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok()) {
            Ok(Asked(answer))
        } else {
            Err(self.panicked())
        }
    }

    /// Waits for the result of a job.
    pub(super) fn end<T>(&self, asked: Asked<T>) -> Result<T, IndexError> {
        self.wait(&asked.0)?.map_err(|fault| self.translate(&fault))
    }

    fn wait<T>(&self, answer: &Receiver<T>) -> Result<T, IndexError> {
        answer.recv_timeout(self.deadline).map_err(|error| match error {
            RecvTimeoutError::Timeout => {
                IndexError::TimedOut { path: self.path.clone(), seconds: self.deadline.as_secs() }
            }
            RecvTimeoutError::Disconnected => self.panicked(),
        })
    }

    fn panicked(&self) -> IndexError {
        self.damaged("sled could not read it".into())
    }

    /// The error for damage in the files of the thread.
    pub(super) fn damaged(&self, what: String) -> IndexError {
        IndexError::Damaged { path: self.path.clone(), what }
    }

    /// Its folder.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn translate(&self, fault: &Fault) -> IndexError {
        let path = self.path.clone();
        let error = match fault {
            Fault::Sled(error) => error,
            Fault::Damaged(what) => return self.damaged(what.clone()),
        };
        let text = error.to_string();
        match error {
            ::sled::Error::Io(e)
                if text.contains("could not acquire lock") || e.kind() == std::io::ErrorKind::WouldBlock =>
            {
                IndexError::Busy { path }
            }
            ::sled::Error::Io(e)
                if matches!(
                    e.kind(),
                    std::io::ErrorKind::PermissionDenied
                        | std::io::ErrorKind::ReadOnlyFilesystem
                        | std::io::ErrorKind::StorageFull
                ) =>
            {
                IndexError::ReadOnly { path, said: text }
            }
            _ => IndexError::Damaged { path, what: text },
        }
    }
}

impl<S> Drop for Guarded<S> {
    /// Waits until the files are released, so that the next to open them is not refused because they are in use.
    fn drop(&mut self) {
        self.jobs = None;
        let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = ended.recv_timeout(self.deadline.min(DROP_PATIENCE));
    }
}

/// The longest time that dropping waits for a thread that does not answer.
const DROP_PATIENCE: Duration = Duration::from_secs(1);

/// Hides panics of sled on damaged files from standard error: they are expected and reported as errors.
fn silence_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let name = std::thread::current().name().map(str::to_owned);
            if !name.is_some_and(|name| name == THREAD || name.starts_with("sled")) {
                before(info);
            }
        }));
    });
}
