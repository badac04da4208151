//! Every kind of finding: the check that makes it, its code, its meaning and its remedy. `docs/AUDIT.md` is made from this table.

use serde::Serialize;

/// A kind of finding. Its check and code together name it, and never change.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Fault {
    /// The check that makes it.
    pub check: &'static str,
    /// Its code within the check, in lower case with hyphens.
    pub code: &'static str,
    /// Its meaning, in one line.
    pub what: &'static str,
    /// The remedy.
    pub remedy: &'static str,
}

const REPAIR: &str = "`chancery repair --from DIR|FILE` restores it from a copy into a new folder";
const OTHER_MEANS: &str = "append refuses this, so the log was written by other means: compare with a copy, `chancery audit --since COPY`";
const ENTRY: &str = "retract it, or rectify it so that it can have happened";
const PROGRAM: &str = "this is a fault of the program or of an entry that no program may write: keep the ledger, and \
                       report it with the entries named";
const REWRITTEN: &str = "one of the two was rewritten: a checkpoint that others kept tells which \
                         (`chancery audit --since CHECKPOINT` on both); keep both folders as they are";

const PUBLISH: &str = "the file was changed or lost since it was published, or on its way here: fetch it again; its publisher \
                       audits the ledger, then `chancery publish` into an empty folder makes it anew";
const FORGED: &str = "it was written without the keys that it needs: keep the folder, find out by whom, compare with a \
                      copy, `chancery audit --since COPY`; then retract it";

const STRAY: &str = "a command that was killed left it, or it was put there by other means: move it away; no entry speaks of it";

const SNAPSHOT: &str = "the record is untouched, but what was answered from this folder may be wrong: remove `snapshot/`, \
                        `chancery compact` makes it anew";

const ANSWERS: &str = "what was answered from this folder may be wrong: keep it, and report this with the entries named; \
                       where a finding of `snapshot` says why, remove `snapshot/`, and `chancery compact` makes it anew";

/// Defines each fault as a constant, and lists all of them in a table, so that the table is always complete.
macro_rules! faults {
    ($($name:ident: $check:literal, $code:literal, $what:literal, $remedy:expr;)*) => {
        $(pub(super) const $name: Fault = Fault { check: $check, code: $code, what: $what, remedy: $remedy };)*

        /// Every kind of finding, in the order of the checks.
        pub const FAULTS: &[Fault] = &[$($name),*];
    };
}

faults! {
    FRAME_DAMAGED: "frames", "damaged", "bytes of a segment, a frame or a leaf are not as they were written", REPAIR;
    BUNDLE_MISSING: "bundles", "missing", "a published entry bundle is not there", PUBLISH;
    BUNDLE_DAMAGED: "bundles", "damaged", "a published entry bundle does not hold its entries to their end", PUBLISH;
    ENTRY_OTHER_HASH: "bundles", "other-hash", "a published entry does not have the hash that the tree holds for it",
        PUBLISH;
    UNKNOWN_VERSION: "canonical", "unknown-version", "the leaf is of a later format",
        "audit with the newer program that wrote it";
    UNREADABLE: "canonical", "unreadable", "the leaf says nothing that this program knows",
        "compare with a copy; `chancery repair --from DIR|FILE`";
    NOT_CANONICAL: "canonical", "not-canonical", "the leaf is not the one form of what it says",
        "it was not written by this program's append: find out who wrote it, compare with a copy";
    NO_DIGEST: "canonical", "no-digest", "a SHA-256 in the evidence of the entry is not 64 lower-case hexadecimal digits",
        "no command opens a file by it, and append refuses it now: retract the entry, and record the act anew with the hash \
         of its document";
    ID_TAKEN: "ids", "id-taken", "an earlier entry has the same id", OTHER_MEANS;
    CLOCK_WENT_BACK: "clock", "clock-went-back", "the entry is not stamped later than the one before it", OTHER_MEANS;
    TREE_OTHER_ROOT: "tree", "other-root", "the entries before a segment do not give the root that it states",
        "one of them, or the segment's header, was changed: compare with a copy; \
         `chancery repair --from DIR|FILE` restores it from a copy into a new folder";
    TILE_MISSING: "tiles", "missing", "a published tile is not there", PUBLISH;
    TILE_DAMAGED: "tiles", "damaged", "a published tile does not have the length of its hashes", PUBLISH;
    TILE_OTHER_HASH: "tiles", "other-hash", "a published tile does not hold the hashes of what is below it", PUBLISH;
    KEY_SIGNATURE: "keys", "signature", "a change of the log's key is not signed by both keys", OTHER_MEANS;
    KEY_ELSEWHERE: "keys", "elsewhere", "a change of the log's key is of another place, log or key before it", OTHER_MEANS;
    CHECKPOINT_DAMAGED: "checkpoint", "damaged", "the file `checkpoint` cannot be read",
        "put it back from a backup; where nothing else is found, move it aside";
    CHECKPOINT_OTHER_LOG: "checkpoint", "other-log", "the file `checkpoint` is of another log",
        "put this log's own checkpoint back";
    CHECKPOINT_OTHER_ROOT: "checkpoint", "other-root", "the entries do not give the root in `checkpoint`",
        "entries were changed, or the checkpoint was: compare with a copy, `chancery audit --since COPY`";
    CHECKPOINT_AHEAD: "checkpoint", "ahead", "`checkpoint` covers entries that are not there",
        "entries are gone, or the checkpoint was changed: `chancery repair --from DIR|FILE` restores them from a copy";
    SIGNATURE: "checkpoint", "signature", "a head is not signed with the log's key",
        "the head may not be this log's own: compare with a checkpoint kept elsewhere; where nothing else is found, \
         move it aside, and `chancery compact --sign-unheaded` writes it anew";
    UNHEADED: "checkpoint", "unheaded", "no head of these entries is signed with the log's key",
        "whoever has the folder may have changed every entry: compare with a copy or a checkpoint kept elsewhere, \
         `chancery audit --since COPY`; only if you vouch for every entry: `chancery compact --sign-unheaded`";
    BEHIND: "checkpoint", "behind", "the signed head is more than 256 entries behind, and no writer is at work or was cut short",
        "whoever has the folder may have added or changed the entries behind it: compare with a copy, \
         `chancery audit --since COPY`; the next command that records signs a head over all of them";
    KEY_UNREADABLE: "checkpoint", "key-unreadable", "the verifier key beside the log cannot be read",
        "put key.pub back, or give the verifier key: --key VKEY";
    SINCE_OTHER_LOG: "since", "other-log", "what was kept is of another log", "name what was kept of this log";
    SINCE_OTHER_ROOT: "since", "other-root", "the first entries are not those that were there before",
        "an entry was changed, inserted, removed or moved since then: keep the folder; an older copy, or a file of \
         `chancery export leaves`, given to --since names it";
    SINCE_AHEAD: "since", "ahead", "entries that were there before are gone",
        "the log is an older copy or was cut: `chancery repair --from DIR|FILE` restores them from a copy";
    SINCE_COPY_DAMAGED: "since", "copy-damaged", "an entry of the copy is missing or does not have its hash",
        "what it was cannot be compared: name another copy";
    CHANGED: "since", "changed", "an entry says something else than the copy", REWRITTEN;
    REMOVED: "since", "removed", "an entry of the copy is not in the log", REWRITTEN;
    INSERTED: "since", "inserted", "an entry that the copy does not have stands among its entries", REWRITTEN;
    MOVED: "since", "moved", "an entry stands in another order than in the copy", REWRITTEN;
    ATTACHMENT_OTHER_NAME: "attachments", "other-name",
        "a file in `documents/` or `quotes/` is not named by a hash, or is no regular file", STRAY;
    ATTACHMENT_OTHER_HASH: "attachments", "other-hash",
        "a file in `documents/` or `quotes/` does not have the hash that names it",
        "it is not what was attached: put the file back from a copy, or move it away; the entry and its hash stand";
    ATTACHMENT_UNNAMED: "attachments", "unnamed", "no entry names a file in `documents/` or `quotes/`", STRAY;
    OTHER_MAP: "completeness", "other-map", "the entries do not give the completeness map that a head states",
        "certificates under that head may leave entries out: trust none of them; the next append writes a head with the \
         right map. Compare with a copy, `chancery audit --since COPY`";
    NO_TARGET: "links", "no-target", "an answer or a correction names no entry that is there", OTHER_MEANS;
    FORWARD: "links", "forward", "an answer or a correction names a later entry", OTHER_MEANS;
    NO_IMPORT: "links", "no-import", "what an entry names as its import is another act", OTHER_MEANS;
    VALUE_DOES_NOT_FIT: "links", "value-does-not-fit", "a rectified field cannot take its new value", OTHER_MEANS;
    WAS_DIFFERS: "links", "was-differs", "a rectification states another old value than the record had",
        "rectify the rectification, so that its `was` is what the record said";
    UNSIGNED: "recorders", "unsigned", "nobody signed the entry, and recorders are required", FORGED;
    UNKNOWN_RECORDER: "recorders", "unknown-recorder", "a signature is of nobody who was enrolled before it", FORGED;
    REVOKED_RECORDER: "recorders", "revoked", "a signature is of a recorder that was revoked before it", FORGED;
    OUT_OF_SCOPE: "recorders", "out-of-scope", "a recorder signed what it was not enrolled for", FORGED;
    WRONG_SIGNATURE: "recorders", "wrong-signature", "a signature does not verify with the recorder's key", FORGED;
    TOO_FEW: "recorders", "too-few", "fewer recorders signed than the charter asked for", FORGED;
    REGISTER: "recorders", "register", "an act of the ledger itself that the register could not take, or its correction",
        OTHER_MEANS;
    CHARTER_UNREADABLE: "charters", "unreadable", "a charter's text cannot be read",
        "retract it and adopt a text that can be read";
    AMENDS_NOTHING: "charters", "amends-nothing", "a charter is amended that was not adopted before",
        "rectify its date, or retract it";
    UNDEFINED_STATUS: "charters", "undefined-status", "a charter leads to a status that it does not define",
        "amend the charter: define it or correct its name";
    INCOMPLETE_ACT: "verdicts", "incomplete-act", "an act lacks its participant or its date", ENTRY;
    NO_CHARTER: "verdicts", "no-charter", "an act of a body whose charter was not recorded before it", OTHER_MEANS;
    RESERVED_BODY: "verdicts", "reserved-body",
        "an act of the ledger itself in a body, or another act in the ledger's name", OTHER_MEANS;
    UNKNOWN_STATUS: "verdicts", "unknown-status", "an act names a status that the body did not have", ENTRY;
    IMPOSSIBLE_ACT: "verdicts", "impossible-act", "an act cannot have happened under the charter of its day", ENTRY;
    NO_ANSWER: "projections", "no-answer", "a body's roster cannot be derived", PROGRAM;
    TWO_ANSWERS: "projections", "two-answers", "two ways of deriving a status disagree", PROGRAM;
    OTHER_ANSWER: "projections", "other-answer",
        "a question is answered with another status than the audit derives", ANSWERS;
    ANOTHER_PAST: "projections", "another-past", "the first entries alone give another roster than --as-recorded",
        PROGRAM;
    SNAPSHOT_DAMAGED: "snapshot", "damaged", "a part of `snapshot/` is not as it was written", SNAPSHOT;
    SNAPSHOT_OTHER_LOG: "snapshot", "other-log",
        "a part of `snapshot/` is of other entries than the log's, or than its name says", SNAPSHOT;
    SNAPSHOT_OTHER_ENTRIES: "snapshot", "other-entries",
        "a part of `snapshot/` has other entries for a pair, or for an id, than the log, or has an entry or the end elsewhere than where it lies", SNAPSHOT;
    SNAPSHOT_OTHER_ROWS: "snapshot", "other-rows",
        "a part of `snapshot/` says of a pair what the rules do not make of the log", SNAPSHOT;
}
