//! Policies: the form, and every policy against a brute-force model.

use proptest::prelude::*;

use crate::log::{Checkpoint, CosigningKey, Hash, SignedCheckpoint};

use super::super::WitnessPolicy;
use super::{ORIGIN, key, verifier};

fn witness(n: usize) -> CosigningKey {
    CosigningKey::from_seed(&format!("witness.example/{n}"), &[n as u8 + 1; 32]).unwrap()
}

fn line(n: usize) -> String {
    format!("witness W{n} {}\n", witness(n).cosigner())
}

/// A head that these witnesses cosigned, each at its own time.
fn cosigned(by: impl IntoIterator<Item = usize>) -> SignedCheckpoint {
    let mut signed = SignedCheckpoint::sign(Checkpoint::new(ORIGIN, 1, Hash([3; 32])), &key());
    by.into_iter().for_each(|n| signed.add(witness(n).cosign(&signed.head, 100 + n as u64)));
    signed
}

#[test]
fn a_policy_says_who_cosigned_and_what_is_lacking() {
    let text = format!(
        "# two of the three, and the university\n\n  log {} https://example.org/log\n{}\t{}{}{}\
         group ministries 2 W0 W1\tW2\ngroup both all ministries W3\nquorum both\n",
        verifier(),
        line(0),
        line(1),
        line(2),
        line(3).replace('\n', " http://127.0.0.1:1/\n")
    );
    let policy = WitnessPolicy::parse(&text).unwrap();
    assert_eq!(policy.logs(), [verifier()]);
    assert_eq!(policy.witnesses()[3].url.as_deref(), Some("http://127.0.0.1:1/"));
    let enough = policy.judge(&cosigned([0, 2, 3])).unwrap();
    assert_eq!(enough.cosigned, [("W0".into(), 100), ("W2".into(), 102), ("W3".into(), 103)]);
    assert_eq!(enough.lacking, [""; 0]);
    let less = policy.judge(&cosigned([1])).unwrap();
    assert_eq!(
        less.lacking,
        [
            "both has 0 of the 2 it needs: without ministries, W3",
            "ministries has 1 of the 2 it needs: without W0, W2"
        ]
    );
    // A line that names a witness and does not verify makes the whole head suspect.
    let mut wrong = cosigned([0, 2, 3]);
    wrong.head.size = 2;
    assert!(policy.judge(&wrong).is_err());
    let one = WitnessPolicy::parse(&format!("{}quorum W0", line(0))).unwrap();
    assert_eq!(one.judge(&cosigned([1])).unwrap().lacking, ["W0 has not cosigned"]);
    let none = WitnessPolicy::parse("quorum none\n").unwrap();
    assert!(none.judge(&cosigned([])).unwrap().lacking.is_empty());
}

#[test]
fn what_is_no_policy_is_refused_with_its_line() {
    let both = format!("{}{}", line(0), line(1));
    for (text, line_no, what) in [
        (both.clone(), 3, "no quorum"),
        (format!("{both}quorum W0\nquorum W1\n"), 4, "a second quorum"),
        (format!("{both}quorum W2\n"), 3, "no witness or group called W2 is defined above"),
        (format!("quorum W0\n{both}"), 1, "no witness or group called W0 is defined above"),
        (format!("{both}group g 3 W0 W1\n"), 3, "3 is not any, all or a number from 1 to 2"),
        (format!("{both}group g 0 W0 W1\n"), 3, "0 is not any, all or a number from 1 to 2"),
        (format!("{both}group g 02 W0 W1\n"), 3, "02 is not any, all or a number from 1 to 2"),
        (format!("{both}group g 1\n"), 3, "too few or too many words after group"),
        (format!("{both}group g all g\n"), 3, "no witness or group called g is defined above"),
        (format!("{both}group g any none\n"), 3, "no witness or group called none is defined above"),
        (format!("{both}group none any W0\n"), 3, "the name none is taken"),
        (format!("{both}group W0 any W1\n"), 3, "the name W0 is taken"),
        (format!("{both}group g any W0 W0\n"), 3, "W0 is a member of a group already: it would count twice"),
        (
            format!("{both}group g any W0\ngroup h any W0 W1\n"),
            4,
            "W0 is a member of a group already: it would count twice",
        ),
        (
            format!("{both}{}", line(0).replace("W0", "W2")),
            3,
            "the key of a witness is there twice: it would count twice",
        ),
        (format!("log {0}\nlog {0}\n", verifier()), 2, "the key of a log is there twice"),
        (
            format!("log {}\n", witness(0).cosigner()),
            1,
            "the verifier key is that of a witness: a log's is needed",
        ),
        (
            format!("witness W0 {}\n", verifier()),
            1,
            "the verifier key is that of a log: a witness's is needed",
        ),
        ("quorum none\r\n".into(), 1, "it has a control character"),
        ("quora none\n".into(), 1, "a line begins with log, witness, group or quorum, not with \"quora\""),
    ] {
        let error = WitnessPolicy::parse(&text).unwrap_err();
        assert_eq!((error.line, error.what.as_str()), (line_no, what), "{text}");
    }
    let many: String = (0..64).map(line).collect();
    assert!(WitnessPolicy::parse(&format!("{many}quorum none\n")).is_err());
    let fewer: String = (0..63).map(line).collect();
    assert!(WitnessPolicy::parse(&format!("{fewer}quorum none\n")).is_ok());
}

/// A tree of groups over witnesses, each of which is in it once.
#[derive(Clone, Debug)]
enum Tree {
    Leaf,
    Group(usize, Vec<Tree>),
}

fn tree() -> impl Strategy<Value = Tree> {
    Just(Tree::Leaf).prop_recursive(3, 7, 3, |inner| {
        (0usize..9, prop::collection::vec(inner, 1..4)).prop_map(|(k, of)| Tree::Group(1 + k % of.len(), of))
    })
}

/// Writes the tree as a policy, and returns the name of its top.
fn write(tree: &Tree, witnesses: &mut usize, groups: &mut usize, out: &mut String) -> String {
    match tree {
        Tree::Leaf => {
            let n = *witnesses;
            *witnesses += 1;
            out.push_str(&line(n));
            format!("W{n}")
        }
        Tree::Group(k, of) => {
            let names: Vec<String> = of.iter().map(|tree| write(tree, witnesses, groups, out)).collect();
            *groups += 1;
            let needed = match *k {
                1 if groups.is_multiple_of(2) => "any".into(),
                k if k == of.len() && groups.is_multiple_of(2) => "all".into(),
                k => k.to_string(),
            };
            out.push_str(&format!("group g{groups} {needed} {}\n", names.join(" ")));
            format!("g{groups}")
        }
    }
}

/// True if the witnesses in a set of bits meet the tree, counted leaf by leaf.
fn met(tree: &Tree, set: u32, at: &mut usize) -> bool {
    match tree {
        Tree::Leaf => {
            *at += 1;
            set & 1 << (*at - 1) != 0
        }
        Tree::Group(k, of) => of.iter().map(|tree| usize::from(met(tree, set, at))).sum::<usize>() >= *k,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_quorum_is_met_by_those_sets_of_witnesses_that_meet_it_by_count(tree in tree(), sets in prop::collection::vec(any::<u32>(), 4)) {
        let (mut witnesses, mut text) = (0, String::new());
        let top = write(&tree, &mut witnesses, &mut 0, &mut text);
        let policy = WitnessPolicy::parse(&format!("{text}quorum {top}\n")).unwrap();
        for set in sets.into_iter().chain([0, u32::MAX]) {
            let by = (0..witnesses).filter(|n| set & 1 << n != 0);
            let judged = policy.judge(&cosigned(by)).unwrap();
            prop_assert_eq!(judged.lacking.is_empty(), met(&tree, set, &mut 0), "{}", text);
        }
    }
}
