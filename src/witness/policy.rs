//! Policies: the witnesses whose cosignatures are enough, n of m, in groups of groups (C2SP tlog-policy).

use std::collections::{BTreeMap, BTreeSet};

use crate::log::{
    CosignerKey, KeyTextError, SIGNATURES_MAX, SignatureError, SignedCheckpoint, VerifierKey, number,
};

/// The largest number of groups in a policy.
const GROUPS_MAX: usize = 64;

/// Why a text is not a policy.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct WitnessPolicyError {
    /// The line, from 1.
    pub line: usize,
    /// The fault of the line.
    pub what: String,
}

/// A witness that a policy names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PolicyWitness {
    /// Its name in the policy.
    pub name: String,
    /// The key with which its cosignatures are verified.
    pub key: CosignerKey,
    /// The address at which it is asked for a cosignature.
    pub url: Option<String>,
}

/// A required cosignature: that of one witness, or those of a number of several.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Rule {
    Witness(usize),
    Group { name: String, needed: usize, of: Vec<Rule> },
}

/// The logs, the witnesses, and the cosignatures that are enough.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WitnessPolicy {
    logs: Vec<VerifierKey>,
    witnesses: Vec<PolicyWitness>,
    /// The rule that must be met; `None` if no cosignature is required.
    quorum: Option<Rule>,
}

/// The judgement of a head under a policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WitnessJudgement {
    /// The witnesses that cosigned it, by their names in the policy, and when, in seconds since 1970.
    pub cosigned: Vec<(String, u64)>,
    /// The missing cosignatures, a line each; empty if the quorum is met.
    pub lacking: Vec<String>,
}

impl WitnessPolicy {
    /// Reads the text.
    ///
    /// # Errors
    /// [`WitnessPolicyError`].
    pub fn parse(text: &str) -> Result<WitnessPolicy, WitnessPolicyError> {
        let mut reader = Reader::default();
        let mut lines = 0;
        for (text, line) in text.split('\n').zip(1..) {
            reader.line(text).map_err(|what| WitnessPolicyError { line, what })?;
            lines = line;
        }
        let quorum =
            reader.quorum.ok_or_else(|| WitnessPolicyError { line: lines, what: "no quorum".into() })?;
        Ok(WitnessPolicy { logs: reader.logs, witnesses: reader.witnesses, quorum })
    }

    /// The logs to whose heads it applies; empty if it applies to any log.
    pub fn logs(&self) -> &[VerifierKey] {
        &self.logs
    }

    /// Every witness, in the order of the text.
    pub fn witnesses(&self) -> &[PolicyWitness] {
        &self.witnesses
    }

    /// Lists the witnesses that cosigned a head, and judges if they are enough. The log's own signature is verified separately.
    ///
    /// # Errors
    /// [`SignatureError::Cosignature`] if a line of one of its witnesses does not verify.
    pub fn judge(&self, signed: &SignedCheckpoint) -> Result<WitnessJudgement, SignatureError> {
        let times = self.witnesses.iter().map(|witness| witness.key.cosigned(signed));
        let times: Vec<Option<u64>> = times.collect::<Result<_, _>>()?;
        let mut lacking = Vec::new();
        if let Some(rule) = &self.quorum {
            self.lacks(rule, &times, &mut lacking);
        }
        let cosigned = self.witnesses.iter().zip(&times);
        let cosigned =
            cosigned.filter_map(|(witness, time)| Some((witness.name.clone(), (*time)?))).collect();
        Ok(WitnessJudgement { cosigned, lacking })
    }

    /// True if a rule is not met; adds the reasons to `lacking`.
    fn lacks(&self, rule: &Rule, times: &[Option<u64>], lacking: &mut Vec<String>) -> bool {
        match rule {
            Rule::Witness(at) => {
                let cosigned = times.get(*at).is_some_and(Option::is_some);
                if !cosigned {
                    lacking.push(format!("{} has not cosigned", self.name(rule)));
                }
                !cosigned
            }
            Rule::Group { name, needed, of } => {
                let mut inner = Vec::new();
                let without: Vec<&Rule> =
                    of.iter().filter(|rule| self.lacks(rule, times, &mut inner)).collect();
                let met = of.len() - without.len();
                if met >= *needed {
                    return false;
                }
                let names: Vec<&str> = without.iter().map(|rule| self.name(rule)).collect();
                lacking
                    .push(format!("{name} has {met} of the {needed} it needs: without {}", names.join(", ")));
                lacking.extend(inner.into_iter().filter(|line| !line.ends_with(" has not cosigned")));
                true
            }
        }
    }

    fn name<'a>(&'a self, rule: &'a Rule) -> &'a str {
        match rule {
            Rule::Witness(at) => self.witnesses.get(*at).map_or("", |witness| &witness.name),
            Rule::Group { name, .. } => name,
        }
    }
}

/// The part of a policy read so far.
#[derive(Default)]
struct Reader {
    logs: Vec<VerifierKey>,
    witnesses: Vec<PolicyWitness>,
    /// The witnesses and groups that a group or the quorum may name.
    rules: BTreeMap<String, Rule>,
    groups: usize,
    members: BTreeSet<String>,
    quorum: Option<Option<Rule>>,
}

impl Reader {
    fn line(&mut self, text: &str) -> Result<(), String> {
        if text.chars().any(|c| c.is_ascii_control() && c != '\t') {
            return Err("it has a control character".into());
        }
        let words: Vec<&str> = text.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
        match words.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with('#') => Ok(()),
            ["log", key] | ["log", key, _] => self.log(key),
            ["witness", name, key] => self.witness(name, key, None),
            ["witness", name, key, url] => self.witness(name, key, Some(url)),
            ["group", name, needed, of @ ..] if !of.is_empty() => self.group(name, needed, of),
            ["quorum", name] => self.quorum(name),
            [first, ..] if ["log", "witness", "group", "quorum"].contains(first) => {
                Err(format!("too few or too many words after {first}"))
            }
            [first, ..] => {
                Err(format!("a line begins with log, witness, group or quorum, not with {first:?}"))
            }
        }
    }

    fn log(&mut self, key: &str) -> Result<(), String> {
        let key = VerifierKey::parse(key).map_err(|error| error.to_string())?;
        if self.logs.iter().any(|known| known.has_key_of(&key)) {
            return Err("the key of a log is there twice".into());
        }
        self.logs.push(key);
        Ok(())
    }

    fn witness(&mut self, name: &str, key: &str, url: Option<&str>) -> Result<(), String> {
        let key = CosignerKey::parse(key).map_err(|error: KeyTextError| error.to_string())?;
        if self.witnesses.iter().any(|known| known.key.has_key_of(&key)) {
            return Err("the key of a witness is there twice: it would count twice".into());
        }
        if self.witnesses.len() + 1 == SIGNATURES_MAX {
            return Err("more witnesses than a checkpoint can carry cosignatures".into());
        }
        self.define(name, Rule::Witness(self.witnesses.len()))?;
        let url = url.map(str::to_owned);
        self.witnesses.push(PolicyWitness { name: name.to_owned(), key, url });
        Ok(())
    }

    fn group(&mut self, name: &str, needed: &str, of: &[&str]) -> Result<(), String> {
        let needed = match needed {
            "any" => 1,
            "all" => of.len(),
            text => {
                let needed = number(text).and_then(|needed| usize::try_from(needed).ok());
                let fits = needed.filter(|needed| (1..=of.len()).contains(needed));
                fits.ok_or_else(|| format!("{text} is not any, all or a number from 1 to {}", of.len()))?
            }
        };
        if self.groups == GROUPS_MAX {
            return Err(format!("more than {GROUPS_MAX} groups"));
        }
        self.groups += 1;
        let mut rules = Vec::new();
        for member in of {
            rules.push(self.rules.get(*member).ok_or_else(|| undefined(member))?.clone());
            if !self.members.insert((*member).to_owned()) {
                return Err(format!("{member} is a member of a group already: it would count twice"));
            }
        }
        self.define(name, Rule::Group { name: name.to_owned(), needed, of: rules })
    }

    fn quorum(&mut self, name: &str) -> Result<(), String> {
        if self.quorum.is_some() {
            return Err("a second quorum".into());
        }
        self.quorum = Some(match name {
            "none" => None,
            name => Some(self.rules.get(name).ok_or_else(|| undefined(name))?.clone()),
        });
        Ok(())
    }

    fn define(&mut self, name: &str, rule: Rule) -> Result<(), String> {
        if name == "none" || self.rules.contains_key(name) {
            return Err(format!("the name {name} is taken"));
        }
        self.rules.insert(name.to_owned(), rule);
        Ok(())
    }
}

fn undefined(name: &str) -> String {
    format!("no witness or group called {name} is defined above")
}
