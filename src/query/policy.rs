//! Views of disputes, as data. A view ranks the chains of a dispute, and settles the dispute only if one chain ranks
//! strictly above the others. It attributes an account to a source; it does not decide who is right.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;
use smol_str::SmolStr;

use crate::charter::ActName;
use crate::event::{Event, Grade, Rival};
use crate::history::Standing;

/// The views that come with the program, in the order in which they are listed.
const SHIPPED: &str = include_str!("views.toml");

/// The reason why a text gives no views.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PolicyError {
    /// The text is not TOML, or does not have the form of a file of views.
    #[error("line {line}: {what}: no view can be read from it")]
    Text {
        /// The line of the text, from 1.
        line: usize,
        /// The message of the parser.
        what: String,
    },
    /// A chain is attributed without a basis.
    #[error("the view {view} holds the chain {chain} without a basis: add basis = \"why\" beside chains")]
    Basis {
        /// The name of the view.
        view: String,
        /// The chain.
        chain: String,
    },
    /// A rank that no chain can match.
    #[error("rank {rank} of the view {view} names nothing: give it grades, acts, cites or chains")]
    Empty {
        /// The name of the view.
        view: String,
        /// The number of the rank, from 1.
        rank: usize,
    },
}

/// A view: its ranks in order, the best first.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The name of the view.
    pub name: String,
    /// The file from which the view was read; `None` for a view that comes with the program.
    #[serde(skip)]
    pub from: Option<String>,
    /// The ranks of the view, the best first.
    #[serde(default, rename = "rank")]
    pub ranks: Vec<Rank>,
}

/// The criteria of a rank: a chain has this rank if any one of them fits any one of its acts.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rank {
    /// Grades of the evidence of an act.
    #[serde(default)]
    pub grades: Vec<Grade>,
    /// Acts that are the source's own.
    #[serde(default)]
    pub acts: Vec<ActName>,
    /// Words of a citation, in any case.
    #[serde(default)]
    pub cites: Vec<String>,
    /// Chains that are attributed to the source, as `DISPUTE:CHAIN`.
    #[serde(default)]
    pub chains: Vec<String>,
    /// The reason for which these chains are attributed to the source.
    #[serde(default)]
    pub basis: Option<String>,
}

/// The ruling of a view on one dispute.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ruling {
    /// The name of the dispute.
    pub dispute: SmolStr,
    /// The chain that the view follows, and the reason; `None` if the view does not settle the dispute.
    pub chosen: Option<(Rival, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    view: Vec<Policy>,
}

impl Policy {
    /// Reads the views of a text.
    ///
    /// # Errors
    /// [`PolicyError`] if the text cannot be parsed, a rank has no criterion, or chains have no basis.
    pub fn parse(text: &str) -> Result<Vec<Policy>, PolicyError> {
        let file: File = toml::from_str(text).map_err(|e| {
            let line = e.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
            PolicyError::Text { line, what: e.message().replace('\n', " ") }
        })?;
        for view in &file.view {
            for (at, rank) in view.ranks.iter().enumerate() {
                let lists = [rank.grades.len(), rank.acts.len(), rank.cites.len(), rank.chains.len()];
                if lists.iter().all(|len| *len == 0) {
                    return Err(PolicyError::Empty { view: view.name.clone(), rank: at + 1 });
                }
                if let (Some(chain), None) = (rank.chains.first(), &rank.basis) {
                    return Err(PolicyError::Basis { view: view.name.clone(), chain: chain.clone() });
                }
            }
        }
        Ok(file.view)
    }

    /// The views that come with the program: depositary, participant, organisation, press.
    pub fn shipped() -> &'static [Policy] {
        // A test reads the shipped text; if it could not be read, there would be no views.
        static VIEWS: LazyLock<Vec<Policy>> = LazyLock::new(|| Policy::parse(SHIPPED).unwrap_or_default());
        &VIEWS
    }

    /// The words by which a question names the view: the file if it was read from one, else its name.
    pub fn label(&self) -> &str {
        self.from.as_deref().unwrap_or(&self.name)
    }

    /// The ruling of the view on each dispute among these acts.
    pub fn rulings(&self, acts: &[Standing]) -> Vec<Ruling> {
        let mut disputes: BTreeMap<&SmolStr, BTreeSet<&Rival>> = BTreeMap::new();
        for rival in acts.iter().filter_map(|a| a.event.rival.as_ref()) {
            disputes.entry(&rival.dispute).or_default().insert(rival);
        }
        let ruling = |(dispute, chains): (&SmolStr, BTreeSet<&Rival>)| {
            let mut ranked: Vec<(usize, &Rival, String)> = chains
                .into_iter()
                .filter_map(|chain| self.place(chain, acts).map(|(rank, why)| (rank, chain, why)))
                .collect();
            ranked.sort_by_key(|(rank, ..)| *rank);
            let tied = matches!(ranked.as_slice(), [(first, ..), (second, ..), ..] if first == second);
            let best = ranked.into_iter().next().filter(|_| !tied);
            Ruling { dispute: dispute.clone(), chosen: best.map(|(_, chain, why)| (chain.clone(), why)) }
        };
        disputes.into_iter().map(ruling).collect()
    }

    pub(super) fn said(&self, ruling: &Ruling) -> String {
        let (name, dispute) = (&self.name, &ruling.dispute);
        match &ruling.chosen {
            Some((chain, why)) => {
                format!("by the view {name}: chain {chain} ({why}); without a view: contested")
            }
            None => {
                format!("the view {name} does not settle {dispute}: no chain of it stands above the others")
            }
        }
    }

    /// The chains that the view follows, one from each dispute that it settles.
    pub fn chosen(&self, acts: &[Standing]) -> Vec<Rival> {
        self.rulings(acts).into_iter().filter_map(|r| r.chosen.map(|(chain, _)| chain)).collect()
    }

    /// The best rank of a chain over its acts, 0 being the best, and the reason for it. A chain that has the name of
    /// the view has rank 0.
    fn place(&self, chain: &Rival, acts: &[Standing]) -> Option<(usize, String)> {
        if chain.chain == self.name {
            return Some((0, "the chain bears its name".into()));
        }
        let on_chain = acts.iter().filter(|a| a.event.rival.as_ref() == Some(chain));
        let on_chain: Vec<&Standing> = on_chain.collect();
        let named = chain.to_string();
        self.ranks.iter().enumerate().find_map(|(at, rank)| {
            if rank.chains.contains(&named) {
                return Some((at + 1, rank.basis.clone().unwrap_or_default()));
            }
            let why = |act: &&Standing| Some((at + 1, rank.matches(act)?));
            on_chain.iter().find_map(why)
        })
    }
}

impl Rank {
    /// The reason for which an act has this rank; `None` if no criterion fits it.
    fn matches(&self, act: &Standing) -> Option<String> {
        let event: &Event = &act.event;
        let kind = event.act.kind();
        if self.acts.iter().any(|name| name.0 == kind) {
            return Some(format!("{kind}, entry {}", act.index));
        }
        let cited = event.evidence.iter().find_map(|evidence| {
            let cite = evidence.cite.to_lowercase();
            let word = self.cites.iter().find(|word| cite.contains(&word.to_lowercase()))?;
            Some(format!("cites {word}, entry {}", act.index))
        });
        let graded = || {
            let grade = event.evidence.iter().filter_map(|e| e.grade).find(|g| self.grades.contains(g))?;
            Some(format!("{grade} source, entry {}", act.index))
        };
        cited.or_else(graded)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::event::{Act, ActKind, BodyId, EventId, Evidence, Index, Instant, Known};

    fn act(chain: &str, kind: ActKind, cite: &str, grade: Option<Grade>) -> Event {
        let id = EventId(uuid::Uuid::from_u128(1));
        let mut event = Event::new(id, Act::bare(kind).unwrap(), BodyId::parse("sco").unwrap());
        event.rival = Rival::parse(&format!("d:{chain}"));
        event.evidence = vec![Evidence::citing(cite, grade)];
        event
    }

    fn chosen(policy: &str, events: &[Event]) -> Option<String> {
        let known = Known { from: Instant::PAST, assumed: true };
        let standing = |(at, event): (usize, &Event)| Standing {
            index: Index(at as u64),
            event: Arc::new(event.clone()),
            known,
            corrected_by: Vec::new(),
        };
        let acts: Vec<Standing> = events.iter().enumerate().map(standing).collect();
        let policy = Policy::parse(policy).unwrap().remove(0);
        let rulings = policy.rulings(&acts);
        assert_eq!(rulings.len(), 1);
        rulings[0].chosen.as_ref().map(|(chain, _)| chain.chain.to_string())
    }

    const BY_GRADE: &str = "[[view]]\nname = \"press\"\n[[view.rank]]\ngrades = [\"press\"]\n\
                            [[view.rank]]\ncites = [\"TASS\"]\n";

    #[test]
    fn the_strictly_best_chain_settles_a_dispute_and_a_tie_does_not() {
        let a = act("a", ActKind::ClaimRecorded, "Tass 1", None);
        let b = act("b", ActKind::ClaimRecorded, "another", Some(Grade::Press));
        let c = act("c", ActKind::ClaimRecorded, "a third", Some(Grade::Press));
        assert_eq!(chosen(BY_GRADE, &[a.clone(), b.clone()]).as_deref(), Some("b"));
        assert_eq!(chosen(BY_GRADE, &[a.clone(), b, c.clone()]), None);
        assert_eq!(chosen(BY_GRADE, std::slice::from_ref(&a)).as_deref(), Some("a"));
        let own = act("press", ActKind::ClaimRecorded, "nothing", None);
        assert_eq!(chosen(BY_GRADE, &[a, c, own]).as_deref(), Some("press"));
    }

    #[test]
    fn a_chain_may_not_be_attributed_without_a_basis() {
        let text = "[[view]]\nname = \"x\"\n[[view.rank]]\nchains = [\"d:a\"]\n";
        let chain = "d:a".to_owned();
        assert_eq!(Policy::parse(text), Err(PolicyError::Basis { view: "x".into(), chain }));
        let empty = "[[view]]\nname = \"x\"\n[[view.rank]]\n";
        assert_eq!(Policy::parse(empty), Err(PolicyError::Empty { view: "x".into(), rank: 1 }));
        assert!(matches!(
            Policy::parse("[[view]]\nname = \"x\"\nacts = []\n"),
            Err(PolicyError::Text { line: 3, .. })
        ));
    }

    #[test]
    fn the_shipped_views_attribute_the_disputes_of_the_shipped_records() {
        let holds = |view: &str, chains: [&str; 2]| {
            let claim = |(n, chain): (usize, &&str)| {
                let mut event = act("x", ActKind::ClaimRecorded, "from knowledge", None);
                event.id = EventId(uuid::Uuid::from_u128(n as u128));
                event.rival = Rival::parse(chain);
                event
            };
            let events: Vec<Event> = chains.iter().enumerate().map(claim).collect();
            let known = Known { from: Instant::PAST, assumed: true };
            let acts: Vec<Standing> = events
                .iter()
                .map(|event| Standing {
                    index: Index(0),
                    event: Arc::new(event.clone()),
                    known,
                    corrected_by: Vec::new(),
                })
                .collect();
            let view = Policy::shipped().iter().find(|v| v.name == view).unwrap();
            view.chosen(&acts).first().map(ToString::to_string)
        };
        let member = ["SAU-member:joined", "SAU-member:not-formalised"];
        assert_eq!(holds("participant", member).as_deref(), Some("SAU-member:not-formalised"));
        assert_eq!(holds("organisation", member), None);
        let rejected = ["YUG-continuation:rejected"; 2];
        assert_eq!(holds("organisation", rejected).as_deref(), Some("YUG-continuation:rejected"));
        assert_eq!(holds("participant", rejected), None);
        let copies = ["DNK-FIN:later-copy", "DNK-FIN:early-copy"];
        assert!(Policy::shipped().iter().all(|view| holds(&view.name, copies).is_none()));
    }

    #[test]
    fn the_shipped_views_can_be_read() {
        assert_eq!(Policy::parse(SHIPPED).unwrap(), Policy::shipped());
        let names: Vec<&str> = Policy::shipped().iter().map(|view| view.name.as_str()).collect();
        assert_eq!(names, ["depositary", "participant", "organisation", "press"]);
    }
}
