//! The named checks.

use serde::Serialize;

/// A check by its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// The property that it checks, in one line.
    pub what: &'static str,
}

impl Check {
    /// True if the check is made: some checks apply only to a ledger's folder, some only to a published tree.
    pub fn is_made(&self, published: bool) -> bool {
        match self.name {
            "frames" | "tree" | "attachments" | "snapshot" => !published,
            "bundles" | "tiles" => published,
            _ => true,
        }
    }
}

/// Every check, in the order in which they are made.
pub const CHECKS: [Check; 18] = [
    Check {
        name: "frames",
        what: "every segment and frame is as written, every leaf has its stored hash, none is missing",
    },
    Check {
        name: "bundles",
        what: "of a published tree: every entry is there, and has the hash that its tile holds",
    },
    Check {
        name: "canonical",
        what: "every leaf is of a known version and is the one canonical form of what it says",
    },
    Check { name: "ids", what: "an id names one event" },
    Check { name: "clock", what: "recorded times rise strictly" },
    Check { name: "tree", what: "the leaves give the root that each segment states of those before it" },
    Check {
        name: "tiles",
        what: "of a published tree: every tile at every level is there, and holds the hashes of what is below it",
    },
    Check {
        name: "keys",
        what: "every change of the log's key follows on the one before, and both keys signed it",
    },
    Check {
        name: "checkpoint",
        what: "the log begins with what its own heads cover (checkpoint, cosigned); each is signed with its key",
    },
    Check {
        name: "since",
        what: "the log begins with what was kept of it elsewhere, entry by entry or by root",
    },
    Check {
        name: "attachments",
        what: "every file in documents/ and quotes/ has the hash that names it, and an entry names it",
    },
    Check {
        name: "completeness",
        what: "heads state the completeness map that the leaves give: certificates leave nothing out",
    },
    Check {
        name: "links",
        what: "answers and corrections name earlier entries, rows an import; a rectification fits its entry",
    },
    Check {
        name: "recorders",
        what: "signatures are those of recorders enrolled for it then; none is missing where they are required",
    },
    Check { name: "charters", what: "every charter can be read, and leads only to statuses that it defines" },
    Check { name: "verdicts", what: "every entry is admissible under the charter as it was recorded then" },
    Check {
        name: "projections",
        what: "two ways of deriving every status agree; the first entries alone give what they gave",
    },
    Check {
        name: "snapshot",
        what: "what is published for questions names the entries of the log, and says what the rules make of them",
    },
];
