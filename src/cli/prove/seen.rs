//! The further conditions for believing a signed head: a policy of witnesses, and the heads that this client has seen of the log.

use std::path::{Path, PathBuf};

use crate::event::Instant;
use crate::log::{Disk, ProofText, SignedCheckpoint, VerifierKey};
use crate::witness::{HeadMemory, Meeting, MemoryError, Relation, Seen, WitnessPolicy, relate};

use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::prove::cosign::{Line, lines};
use crate::cli::render::{Page, clean, count};

/// How far a head that is signed is believed
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "What else must hold")]
pub(crate) struct SeenArgs {
    /// Witnesses must have cosigned the checkpoint too, as many as this policy says
    #[arg(long, value_name = "POLICY")]
    policy: Option<PathBuf>,
    /// A proof of growth that joins two heads: those of FILE and OTHER, or the one seen last and that of FILE
    #[arg(long, value_name = "FILE")]
    consistency: Option<PathBuf>,
    /// Verify a proof under an older head than the one seen last
    #[arg(long)]
    allow_older: bool,
    /// Where the last head that was verified is kept, for each key; default: $XDG_STATE_HOME/chancery/seen, or
    /// ~/.local/state/chancery/seen
    #[arg(long, value_name = "DIR", env = "CHANCERY_SEEN", hide_env_values = true)]
    memory: Option<PathBuf>,
    /// Compare with no head seen before, and remember none
    #[arg(long)]
    no_memory: bool,
}

/// The results of checking a head, besides its signature.
#[derive(Default)]
pub(crate) struct Outcome {
    /// The witnesses of the policy that cosigned it.
    pub(crate) cosigned: Vec<Line>,
    /// A property that is not shown, and the command that would show it.
    pub(crate) remark: Option<String>,
}

/// The conditions that heads are checked against.
pub(crate) struct Trust<'a> {
    args: &'a SeenArgs,
    key: &'a VerifierKey,
    context: &'a Context,
    policy: Option<WitnessPolicy>,
    memory: Option<HeadMemory>,
    growth: Option<ProofText>,
}

impl SeenArgs {
    /// Reads the files that the command line names.
    ///
    /// # Errors
    /// [`Failure`] of usage.
    pub(crate) fn read<'a>(
        &'a self,
        key: &'a VerifierKey,
        context: &'a Context,
    ) -> Result<Trust<'a>, Failure> {
        let policy = self.policy.as_deref().map(crate::cli::prove::cosign::policy).transpose()?;
        let growth = self.consistency.as_deref().map(|path| growth(path, key)).transpose()?;
        let memory = self.folder(context).map(|folder| HeadMemory::new(&folder, Disk::default()));
        Ok(Trust { args: self, key, context, policy, memory, growth })
    }

    fn folder(&self, context: &Context) -> Option<PathBuf> {
        if self.no_memory {
            return None;
        }
        let named = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let state = || named("XDG_STATE_HOME").or_else(|| Some(named("HOME")?.join(".local/state")));
        let folder = self.memory.clone().or_else(|| Some(state()?.join("chancery/seen")));
        if folder.is_none() {
            context
                .remark("nothing is remembered of this log: there is no HOME; name a folder: --memory DIR");
        }
        folder
    }
}

/// Reads a proof of growth and verifies it.
fn growth(path: &Path, key: &VerifierKey) -> Result<ProofText, Failure> {
    let wrong = |what: String| {
        Failure::usage(format!("{}: {what}", path.display()))
            .help("--consistency takes what chancery prove consistency OLD NEW writes")
    };
    let text = crate::log::regular::read_text_given(path).map_err(|error| Failure::file(path, &error))?;
    let proof = ProofText::parse(&text).map_err(|(line, what)| wrong(format!("line {line}: {what}")))?;
    proof.verify(key, None).map_err(|error| wrong(error.to_string()))?;
    Ok(proof)
}

impl Trust<'_> {
    /// The key that verifies the heads.
    pub(crate) const fn key(&self) -> &VerifierKey {
        self.key
    }

    /// Checks that a head is believed; its signature and the proofs are verified already. The inner error is the reason if it is
    /// not.
    ///
    /// # Errors
    /// [`Failure`] if the remembered heads cannot be read.
    pub(crate) fn check(
        &self,
        signed: &SignedCheckpoint,
        proof: Option<&ProofText>,
    ) -> Result<Result<Outcome, String>, Failure> {
        let cosigned = match self.quorum(signed) {
            Ok(cosigned) => cosigned,
            Err(lacking) => return Ok(Err(lacking)),
        };
        let proofs: Vec<_> = proof.into_iter().chain(&self.growth).cloned().collect();
        let met = self.meet(signed, &proofs, self.args.allow_older)?;
        Ok(met.map(|remark| Outcome { cosigned, remark }))
    }

    /// Checks that two heads belong to one history, and are believed. The inner error is the reason if they are not.
    ///
    /// # Errors
    /// [`Failure`] if the remembered heads cannot be read.
    pub(crate) fn check_pair(
        &self,
        heads: [&SignedCheckpoint; 2],
        proofs: [Option<&ProofText>; 2],
    ) -> Result<Result<Outcome, String>, Failure> {
        let proofs: Vec<_> = proofs.into_iter().flatten().chain(&self.growth).cloned().collect();
        let [smaller, larger] =
            if heads[0].head.size <= heads[1].head.size { heads } else { [heads[1], heads[0]] };
        match relate(&smaller.head, &larger.head, &proofs) {
            Relation::Same | Relation::Grown => (),
            Relation::Forked => return Ok(Err(self.forked(smaller, larger, &proofs))),
            Relation::NotShown => {
                let (old, new) = (smaller.head.size, larger.head.size);
                return Ok(Err(format!(
                    "each is signed, and nothing shows that these {new} entries begin with those {old}: give a proof of \
                     growth, --consistency FILE (chancery prove consistency {old} {new})"
                )));
            }
        }
        let mut outcome = Outcome::default();
        for (signed, older) in [(smaller, true), (larger, self.args.allow_older)] {
            outcome.cosigned = match self.quorum(signed) {
                Ok(cosigned) => cosigned,
                Err(lacking) => return Ok(Err(lacking)),
            };
            match self.meet(signed, &proofs, older)? {
                Ok(remark) => outcome.remark = remark,
                Err(refused) => return Ok(Err(refused)),
            }
        }
        Ok(Ok(outcome))
    }

    fn quorum(&self, signed: &SignedCheckpoint) -> Result<Vec<Line>, String> {
        let Some(policy) = &self.policy else { return Ok(Vec::new()) };
        if !policy.logs().is_empty() && !policy.logs().contains(self.key) {
            return Err("the policy names other logs than the one of this key".into());
        }
        let judgement = policy.judge(signed).map_err(|error| error.to_string())?;
        match judgement.lacking.as_slice() {
            [] => Ok(lines(&judgement)),
            lacking => Err(format!("the quorum is not met: {}", lacking.join("; "))),
        }
    }

    /// Compares a head with the remembered one. The result is a remark, or the reason why the head is refused.
    fn meet(
        &self,
        signed: &SignedCheckpoint,
        proofs: &[ProofText],
        older: bool,
    ) -> Result<Result<Option<String>, String>, Failure> {
        let Some(memory) = &self.memory else { return Ok(Ok(None)) };
        let meeting = match memory.meet(self.key, signed, proofs, &self.context.now.canonical()) {
            Ok(meeting) => meeting,
            // A user who names a folder with `--memory` relies on it, so its errors are failures.
            Err(MemoryError::Log(error)) if self.args.memory.is_none() => {
                self.context.remark(&format!("nothing is remembered of this log: {error}"));
                return Ok(Ok(None));
            }
            Err(error) => return Err(error.into()),
        };
        let size = signed.head.size;
        Ok(match meeting {
            Meeting::Remembered | Meeting::Earlier(_) => Ok(None),
            Meeting::GrowthNotShown(seen) => {
                let (before, on) = (seen.checkpoint.head.size, day(&seen));
                Ok(Some(format!(
                    "nothing shows that these {size} entries begin with the {before} seen on {on}, which stay remembered; \
                     this shows it: chancery prove consistency {before} {size} > growth; chancery verify growth --key VKEY"
                )))
            }
            Meeting::Smaller(seen) if older => Ok(Some(format!(
                "older than the {} seen on {}, and nothing shows that those begin with it",
                count(seen.checkpoint.head.size, "entry", "entries"),
                day(&seen)
            ))),
            Meeting::Smaller(seen) => {
                let kept = self.kept(signed, &seen.checkpoint, &[]);
                Err(format!(
                    "this log showed {} on {}, and this head has {size}: a rollback, or an old proof, which --allow-older \
                     verifies; {kept}",
                    count(seen.checkpoint.head.size, "entry", "entries"),
                    day(&seen)
                ))
            }
            Meeting::Forked(seen) => Err(self.forked(&seen.checkpoint, signed, proofs)),
        })
    }

    fn forked(&self, one: &SignedCheckpoint, other: &SignedCheckpoint, proofs: &[ProofText]) -> String {
        let (smaller, larger) = (one.head.size.min(other.head.size), one.head.size.max(other.head.size));
        let how = match smaller == larger {
            true if one.head.root == other.head.root => {
                format!("two heads of {larger} entries with one root and different completeness maps")
            }
            true => format!("two heads of {larger} entries with different roots"),
            false => format!("a head of {smaller} entries, and one of {larger} that begins with others"),
        };
        let kept = self.kept(one, other, if smaller == larger { &[] } else { proofs });
        format!("{} has signed {how}: that proves that it showed two histories; {kept}", self.key.name())
    }

    /// Stores two heads that contradict each other, or may, as evidence, and returns a text that names their folder.
    fn kept(&self, one: &SignedCheckpoint, other: &SignedCheckpoint, proofs: &[ProofText]) -> String {
        let Some(memory) = &self.memory else { return "keep both files".into() };
        match memory.keep([one, other], proofs) {
            Ok(()) => format!("both are kept in {}", memory.evidence().display()),
            Err(error) => format!("they could not be kept: {error}"),
        }
    }
}

/// The results of checking a head, besides its signature, in lines.
pub(crate) fn said(page: &Page, cosigned: &[Line], remark: Option<&str>) -> String {
    let lines = cosigned.iter().map(|line| page.wrap("  cosigned  ", &clean(&line.to_string())));
    lines.chain(remark.map(|remark| page.wrap("  note  ", &clean(remark)))).collect()
}

/// The time at which a head was seen, for people.
fn day(seen: &Seen) -> String {
    Instant::parse(&seen.on).map_or_else(|_| seen.on.clone(), |on| on.to_string())
}
