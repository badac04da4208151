//! Charters that cannot be recorded: each fault is told at its line and column, and nothing is appended.

use crate::env::Env;

const HEAD: &str = "id = \"x\"\ntitle = \"X\"\nkind = \"treaty\"\n";

/// A status with its transition; the act has its effect as `effect` says.
fn status(id: &str, act: &str, effect: &str) -> String {
    format!(
        "[[status]]\nid = \"{id}\"\ntitle = \"{id}\"\nplural = \"{id}\"\nrank = 1\n\
         [[transition]]\nact = \"{act}\"\nto = \"{id}\"\n{effect}rule = \"r\"\narticle = \"1\"\n"
    )
}

#[track_caller]
fn refused(text: &str, place: &str, what: &str) {
    let env = Env::sco();
    let before = env.size();
    std::fs::write(env.path().join("x.toml"), text).unwrap();
    let said = env.run(&["charter", "adopt", "x.toml"]).fails(2);
    assert!(said.contains(&format!("x.toml, {place}: {what}")), "{said}");
    assert_eq!(env.size(), before, "nothing is appended");
    let linted = env.run(&["charter", "lint", "x.toml"]);
    assert_eq!(linted.code, 1, "lint finds it too: {}", linted.all());
    assert!(linted.stdout.starts_with("version 1, x.toml, "), "lint names the file: {}", linted.stdout);
}

#[test]
fn mergers_that_lead_back_to_where_they_begin_are_refused() {
    let merger = |from: &str, to: &str| {
        format!("[[merger]]\nfrom = [\"{from}\"]\nto = \"{to}\"\nrule = \"r\"\narticle = \"1\"\n")
    };
    let statuses = status("a", "status-granted", "") + &status("b", "founded", "");
    let text = format!("{HEAD}{statuses}{}{}", merger("a", "b"), merger("b", "a"));
    refused(&text, "line 26, column 7", "a cycle: a is merged into b, and b leads back to a");
}

#[test]
fn a_treaty_that_waits_for_itself_is_refused() {
    let party = status("party", "instrument-deposited", "");
    let text = format!("{HEAD}entry_into_force = \"count(2) and in_force(x) then instant\"\n{party}");
    refused(&text, "line 4, column 21", "a cycle: it waits for x itself to be in force");
}

#[test]
fn a_membership_that_waits_for_the_entry_into_force_that_counts_members_is_refused() {
    let waits = status("party", "instrument-deposited", "effect = \"entry-into-force\"\n");
    let text = format!("{HEAD}entry-into-force = \"all(members) then instant\"\n{waits}");
    refused(
        &text,
        "line 4, column 21",
        "a cycle: it counts members, and nobody is a member before it is in force",
    );
    // Where members come in by another way too, there is somebody to count.
    let env = Env::sco();
    let founded = status("party", "founded", "");
    let more = waits.split("[[transition]]").nth(1).map(|rest| format!("[[transition]]{rest}")).unwrap();
    let sound = format!("{HEAD}entry-into-force = \"all(members) then instant\"\n{founded}{more}");
    std::fs::write(env.path().join("x.toml"), sound).unwrap();
    env.run(&["charter", "adopt", "x.toml"]).ok();
}

#[test]
fn a_status_that_nothing_defines_is_refused_where_it_stands() {
    let party = status("party", "instrument-deposited", "");
    let to = format!("{HEAD}{}", party.replace("to = \"party\"", "to = \"pary\""));
    refused(&to, "line 11, column 7", "there is no status pary: did you mean party?");
    let from =
        format!("{HEAD}{}", party.replace("to = \"party\"", "from = [\"none\", \"guest\"]\nto = \"party\""));
    refused(&from, "line 11, column 18", "there is no status guest: define it as [[status]] id = \"guest\"");
}

#[test]
fn a_typo_in_a_clause_and_a_quorum_over_an_unknown_set_are_refused_at_their_column() {
    let party = status("party", "instrument-deposited", "");
    let typo = format!("{HEAD}entry_into_force = \"cuont(20) then days(90)\"\n{party}");
    refused(&typo, "line 4, column 21", "there is no rule called cuont: did you mean count?");
    let unknown = format!("{HEAD}entry_into_force = \"count_in(annex_i, 20) then days(90)\"\n{party}");
    refused(&unknown, "line 4, column 30", "there is no set called annex_i");
}

#[test]
fn what_only_lint_finds_is_told_with_the_file_that_brings_it() {
    let env = Env::sco();
    let guest = "[[status]]\nid = \"guest\"\ntitle = \"guest\"\nplural = \"guests\"\nrank = 2\n";
    env.write("x.toml", format!("{HEAD}{}", status("party", "instrument-deposited", "")));
    env.write("y.toml", format!("id = \"x\"\neffective = \"2020-01-01\"\n{guest}"));
    let linted = env.run(&["charter", "lint", "x.toml", "y.toml"]);
    assert!(linted.stdout.starts_with("version 2, y.toml, status guest: no transition"), "{}", linted.all());
}

#[test]
fn a_participant_that_the_register_does_not_know_is_refused_where_it_stands() {
    let party = status("party", "instrument-deposited", "");
    let clause = format!("{HEAD}entry_into_force = \"all_of(FRA, QQQ) then instant\"\n{party}");
    refused(&clause, "line 4, column 33", "no state called \"QQQ\"");
    let rule = format!(
        "{HEAD}entry_into_force = \"all(founders) then instant\"\n{party}[[set]]\nid = \"founders\"\n"
    );
    refused(
        &format!("{rule}members = [\"FRA\", \"QQQ\"]\n"),
        "line 17, column 20",
        "no state called \"QQQ\"",
    );
    let rule = format!(
        "{HEAD}entry_into_force = \"weight(trade > 50%) then instant\"\n{party}[[weight]]\nid = \"trade\"\n"
    );
    let shares = |who: &str| format!("{rule}[weight.shares]\nFRA = \"60\"\n{who} = \"40\"\n");
    refused(&shares("QQQ"), "line 19, column 1", "no state called \"QQQ\"");
    // Whom only a source names may be counted.
    let env = Env::sco();
    env.write("x.toml", clause.replace("QQQ", "X-FREE-TERRITORY"));
    env.run(&["charter", "adopt", "x.toml"]).ok();
}
