//! A log's request to a witness: to cosign a head that continues the one it cosigned last (C2SP tlog-witness).

use std::fmt;

use crate::log::{Hash, SignedCheckpoint, number};

/// The largest number of hashes in a request.
const HASHES_MAX: usize = 63;

/// The body of a call of `add-checkpoint`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// The number of entries that the witness cosigned last, as far as the log knows; 0 for none.
    pub old: u64,
    /// The proof that the log of `old` entries is the beginning of this one (RFC 6962, §2.1.2); empty if `old` is 0.
    pub proof: Vec<Hash>,
    /// The checkpoint to be cosigned.
    pub checkpoint: SignedCheckpoint,
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl Request {
    /// Reads the body.
    ///
    /// # Errors
    /// The number of the line (from 1), and its fault.
    pub fn parse(text: &str) -> Result<Request, (usize, &'static str)> {
        let (before, checkpoint) = text.split_once("\n\n").ok_or((1, "no empty line before a checkpoint"))?;
        let mut lines = before.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old ")).and_then(number);
        let old = old.ok_or((1, "no old size"))?;
        let mut proof = Vec::new();
        for (line, at) in lines.zip(2..) {
            if proof.len() == HASHES_MAX {
                return Err((at, "more hashes than a request may have"));
            }
            proof.push(Hash::from_base64(line).ok_or((at, "the hash is not 32 bytes of base64"))?);
        }
        let above = proof.len() + 2;
        let checkpoint = SignedCheckpoint::parse(checkpoint).map_err(|(line, what)| (above + line, what))?;
        Ok(Request { old, proof, checkpoint })
    }
}
