//! A folder of its own for every test, a fixed clock, width and locale, nothing of the machine's surroundings.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// The moment at which every test happens.
pub(crate) const NOW: &str = "2026-11-23T17:31:00Z";

pub(crate) struct Env {
    dir: TempDir,
    now: String,
}

/// What a command wrote, and how it ended.
pub(crate) struct Ran {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: i32,
}

impl Ran {
    /// Everything in the order a reader sees it, with the exit code where it is not 0.
    pub(crate) fn all(&self) -> String {
        let mut out = format!("{}{}", self.stdout, self.stderr);
        if self.code != 0 && !self.stderr.contains(&format!("(exit {})", self.code)) {
            out.push_str(&format!("[exit {}]\n", self.code));
        }
        out
    }

    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.stdout, self.stderr);
        self.stdout
    }

    #[track_caller]
    pub(crate) fn json(self) -> serde_json::Value {
        serde_json::from_str(&self.ok()).unwrap()
    }

    #[track_caller]
    pub(crate) fn fails(self, code: i32) -> String {
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        assert_eq!(self.stdout, "", "a failure writes nothing to standard output");
        self.stderr
    }
}

impl Ran {
    /// Ended with that code, and said that; what it wrote to standard output is left out of account.
    #[track_caller]
    pub(crate) fn fails_with(self, code: i32, said: &str) {
        assert!(
            self.code == code && self.stderr.contains(said),
            "{}{}[exit {}]",
            self.stdout,
            self.stderr,
            self.code
        );
    }
}

impl Env {
    pub(crate) fn new() -> Env {
        Env { dir: tempfile::tempdir().unwrap(), now: NOW.into() }
    }

    /// With the demonstration ledger in `./chancery.ledger`.
    pub(crate) fn demo() -> Env {
        let env = Env::new();
        env.run(&["demo"]).ok();
        env
    }

    /// With a ledger of the SCO's charter and nothing else.
    pub(crate) fn sco() -> Env {
        let env = Env::new();
        env.run(&["init", "--charter", "sco", "--origin", "test/sco"]).ok();
        env
    }

    pub(crate) fn at(mut self, now: &str) -> Env {
        self.now = now.into();
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn ledger(&self) -> PathBuf {
        self.path().join("chancery.ledger")
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// A command with nothing of the machine's surroundings.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let bin = Path::new(env!("CARGO_BIN_EXE_chancery")).parent().unwrap();
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
            // What a client has seen is remembered there too.
            .env("HOME", self.path())
            .env("LC_ALL", "C.UTF-8")
            .env("COLUMNS", "80")
            .env("NO_COLOR", "1")
            .env("CHANCERY_NOW", &self.now)
            .env("CHANCERY_KEY_SEED", "a key of the tests")
            .current_dir(self.path())
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn chancery(&self, args: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_chancery"));
        command.args(args);
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        ran(&mut self.chancery(args))
    }

    /// A line for the shell, in words without spaces or in quotes.
    pub(crate) fn sh(&self, line: &str) -> Ran {
        let mut command = self.command("/bin/sh");
        command.args(["-c", line]);
        ran(&mut command)
    }

    /// The status of one participant as JSON.
    pub(crate) fn status(&self, line: &str) -> serde_json::Value {
        let mut args = vec!["status", "--format", "json"];
        args.extend(line.split_whitespace());
        self.run(&args).json()
    }

    /// How many entries the ledger has.
    pub(crate) fn size(&self) -> u64 {
        let replayed = self.run(&["replay", "--until", "9999-12-31", "--format", "json"]).json();
        replayed["size"].as_u64().unwrap()
    }
}

fn ran(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
    let ran = Ran {
        stdout: text(output.stdout),
        stderr: text(output.stderr),
        code: output.status.code().unwrap_or(-1),
    };
    assert!(!ran.stderr.contains("panicked at"), "a panic was shown: {}", ran.stderr);
    ran
}

/// How often a fault is tried: a tenth, unless all are asked for.
pub(crate) fn times(full: usize) -> usize {
    match std::env::var("CHANCERY_FAULTS").as_deref() {
        Ok("full") => full,
        _ => full.div_ceil(10),
    }
}

/// A small generator of numbers, the same on every run.
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// Every file under a folder, with its bytes.
pub(crate) fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let Ok(listed) = std::fs::read_dir(&folder) else { continue };
        for item in listed {
            let path = item.unwrap().path();
            match path.is_dir() {
                true => open.push(path),
                false => found.push((path.clone(), std::fs::read(&path).unwrap())),
            }
        }
    }
    found.sort();
    found
}

/// Copies a folder, with the permissions of its files.
pub(crate) fn copy(from: &Path, to: &Path) {
    for (path, bytes) in files(from) {
        let target = to.join(path.strip_prefix(from).unwrap());
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::write(&target, bytes).unwrap();
        // A key that others could read would not be used.
        std::fs::set_permissions(&target, std::fs::metadata(path).unwrap().permissions()).unwrap();
    }
}
