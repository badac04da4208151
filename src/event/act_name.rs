//! Finds acts by their names.

use std::str::FromStr;

use super::act_kind::ActKind;

/// A word that names no act.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no act called {word:?}{}", nearest.map(|n| format!("; did you mean {n}?")).unwrap_or_default())]
pub struct UnknownAct {
    /// The word.
    pub word: String,
    /// The act whose name is most like it.
    pub nearest: Option<ActKind>,
}

impl FromStr for ActKind {
    type Err = UnknownAct;

    /// Reads the id of an act, in any case, `_` for `-`. Aliases of data files are read by `import`.
    fn from_str(word: &str) -> Result<ActKind, UnknownAct> {
        if let Some(kind) = by_name(word) {
            return Ok(kind);
        }
        let folded = word.trim().to_ascii_lowercase().replace(['_', ' '], "-");
        by_name(&folded).ok_or_else(|| {
            let nearest = ActKind::ALL
                .iter()
                .map(|kind| (strsim::jaro_winkler(&folded, kind.name()), *kind))
                .filter(|(score, _)| *score > 0.8)
                .max_by(|a, b| a.0.total_cmp(&b.0))
                .map(|(_, kind)| kind);
            UnknownAct { word: word.into(), nearest }
        })
    }
}

fn by_name(name: &str) -> Option<ActKind> {
    // This runs for every leaf that is read. Few acts have names of the same length.
    static BY_LENGTH: std::sync::LazyLock<Vec<Vec<ActKind>>> = std::sync::LazyLock::new(|| {
        let length = |kind: &ActKind| kind.name().len();
        let longest = ActKind::ALL.iter().map(length).max().unwrap_or(0);
        let of = |n| ActKind::ALL.iter().copied().filter(|kind| length(kind) == n).collect();
        (0..=longest).map(of).collect()
    });
    BY_LENGTH.get(name.len())?.iter().copied().find(|kind| kind.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_is_found_by_its_name_and_names_are_unique() {
        for kind in ActKind::ALL {
            assert_eq!(kind.name().parse::<ActKind>().as_ref(), Ok(kind));
        }
        let names: std::collections::BTreeSet<_> = ActKind::ALL.iter().map(|k| k.name()).collect();
        assert_eq!(names.len(), ActKind::ALL.len());
    }

    #[test]
    fn a_misspelt_act_is_asked_back() {
        let error = "aplication_filed".parse::<ActKind>().unwrap_err();
        assert_eq!(error.nearest, Some(ActKind::ApplicationFiled));
    }
}
