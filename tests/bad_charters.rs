//! A charter that cannot work is refused at its place, and the ledger stays as it was.

use crate::env::Env;

const STATUSES: &str = "id = \"x\"\ntitle = \"X\"\nkind = \"treaty\"\n\
    [[status]]\nid = \"member\"\ntitle = \"member\"\nplural = \"members\"\nrank = 2\n\
    [[status]]\nid = \"partner\"\ntitle = \"partner\"\nplural = \"partners\"\nrank = 1\n";

/// The way to membership.
const JOINS: &str = "[[transition]]\nact = \"status-granted\"\nfrom = [\"none\"]\nto = \"member\"\n\
    rule = \"r\"\narticle = \"1\"\n";

/// Adopts a charter that must be refused; what is said, in one line.
#[track_caller]
fn refused(env: &Env, text: &str) -> String {
    let size = env.size();
    let file = env.write("text.toml", text);
    let ran = env.run(&["charter", "adopt", file.to_str().unwrap()]);
    let said: Vec<&str> = ran.stderr.split_whitespace().collect();
    let said = said.join(" ");
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{said}");
    assert_eq!(env.size(), size);
    assert!(env.run(&["status", "FRA", "--in", "x"]).fails(2).contains("called x"));
    said
}

/// The charter with a clause for its entry into force, in its third line.
fn with_clause(clause: &str) -> String {
    format!("{STATUSES}{JOINS}").replacen("[[", &format!("entry-into-force = \"{clause}\"\n[["), 1)
}

#[test]
fn a_word_that_is_no_rule_set_or_act_is_refused_at_its_place() {
    let env = Env::sco();
    for (text, place, what) in [
        (with_clause("cuont(3) then instant"), "line 4, column 21", "did you mean count?"),
        (with_clause("all(annex_b) then instant"), "line 4, column 25", "there is no set called annex_b"),
        (with_clause("count(3) then dayz(30)"), "line 4, column 35", "dayz"),
        (with_clause("weight(co2 >= 55%) then instant"), "line 4, column 28", "co2"),
        (
            format!("{STATUSES}{JOINS}").replace("status-granted", "status-grantd"),
            "line 15, column 7",
            "did you mean status-granted?",
        ),
        (format!("{STATUSES}{JOINS}").replace("rule = ", "rulle = "), "line 18, column 1", "rulle"),
    ] {
        let said = refused(&env, &text);
        assert!(said.contains(place) && said.contains(what), "{place}, {what}: {said}");
    }
    // The same charter without a fault is adopted.
    env.write("good.toml", with_clause("count(3) then instant"));
    env.run(&["charter", "adopt", "good.toml"]).ok();
}

#[test]
fn a_rule_that_leads_to_no_status_is_refused() {
    let env = Env::sco();
    let said = refused(&env, &format!("{STATUSES}{JOINS}").replace("to = \"member\"", "to = \"membre\""));
    assert!(said.contains("membre"), "{said}");
}
