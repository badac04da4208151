//! The questions of the data set on organisations, each through the command line: its status, and what its answer says
//! beyond it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::env::Env;
use crate::five::{columns, data, five, json_of, notes, words};

/// A row of `questions.csv` with what the program answers, one for each pair of dates.
struct Question<'e> {
    env: &'e Env,
    id: String,
    body: String,
    participant: String,
    answers: Vec<Value>,
}

impl Question<'_> {
    fn status(&self, on: &str) -> Value {
        json_of(self.env, &format!("status {} --in {} --on {on}", self.participant, self.body))
    }

    fn first(&self) -> &Value {
        &self.answers[0]
    }
}

/// The questions of the file, in its order, with the statuses expected.
fn questions(env: &Env) -> Option<Vec<(Question<'_>, String)>> {
    let mut reader = csv::Reader::from_path(data("questions.csv")?).unwrap();
    let rows = reader.deserialize::<BTreeMap<String, String>>().map(Result::unwrap);
    let on_organisations = rows.filter(|row| !row["organisation"].starts_with("UNTC"));
    Some(on_organisations.map(|row| (asked(env, &row), row["expected_status"].clone())).collect())
}

fn asked<'e>(env: &'e Env, row: &BTreeMap<String, String>) -> Question<'e> {
    let (body, participant) = (row["organisation"].to_lowercase(), row["party"].clone());
    let mut answers = Vec::new();
    for on in row["valid_at"].split('|') {
        for known in row["known_at"].split('|') {
            let known = if known.is_empty() { String::new() } else { format!(" --as-known {known}") };
            let of = if participant == "*" { "pending".into() } else { format!("status {participant}") };
            answers.push(json_of(env, &format!("{of} --in {body} --on {on}{known}")));
        }
    }
    Question { env, id: row["id"].clone(), body, participant, answers }
}

/// Whether an answer gives a status as the file names it.
fn gives(answer: &Value, expected: &str) -> bool {
    let certain = |status: &str| answer["status"] == status && answer["certainty"] == "certain";
    match expected {
        "" => true,
        "contested" => answer["certainty"] == "contested" && answer["status"].is_null(),
        "depends_on_zone" => {
            answer["certainty"] == "possible" && answer["status"].is_null() && notes(answer, &["zone"])
        }
        "none_effective" | "not_separate_member" | "none" => certain("none"),
        "withdrawn" => certain("former-member"),
        id => certain(&id.replace('_', "-")),
    }
}

#[test]
fn every_question_on_an_organisation_has_its_stated_answer() {
    let Some(env) = five() else { return };
    let Some(questions) = questions(&env) else { return };
    let mut failed = Vec::new();
    for (question, expected) in &questions {
        let expected: Vec<&str> = expected.split('|').collect();
        for (at, answer) in question.answers.iter().enumerate() {
            let expected = expected[at.min(expected.len() - 1)];
            if !gives(answer, expected) {
                let (status, how) = (&answer["status"], &answer["certainty"]);
                failed.push(format!("{}, ask {at}: {status} {how}, not {expected}", question.id));
            }
        }
        let beyond = beyond(question);
        if beyond.is_empty() {
            failed.push(format!("{}: nothing is checked beyond the status", question.id));
        }
        for (what, _) in beyond.iter().filter(|(_, right)| !right) {
            failed.push(format!("{}: not so: {what}: {:#?}", question.id, question.answers));
        }
    }
    assert_eq!(questions.len(), 25);
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
}

/// What the answer in words says beyond the status, each with whether the program says so.
fn beyond(question: &Question<'_>) -> Vec<(&'static str, bool)> {
    match question.body.as_str() {
        "sco" if question.id.as_str() < "Q07" => on_belarus_and_iran(question),
        "sco" => on_the_sco(question),
        "nato" => on_nato(question),
        "un" => on_the_un(question),
        _ => on_the_eu_and_brics(question),
    }
}

/// Whether an open procedure toward a status is at a stage since a day.
fn stage(answer: &Value, toward: &str, stage: &str, since: &str) -> bool {
    let found = columns(&answer["procedures"], &["toward", "stage", "since"]);
    found.contains(&format!("{toward} {stage} {since}"))
}

/// The acts on which an answer rests, as act and date.
fn because(answer: &Value) -> Vec<String> {
    columns(&answer["because"], &["act", "date"])
}

fn on_belarus_and_iran(question: &Question<'_>) -> Vec<(&'static str, bool)> {
    let answer = question.first();
    let of = |key: &str| columns(&answer[key], &["act", "date"]);
    match question.id.as_str() {
        "Q01" => vec![
            (
                "by the memorandum of 28/29 April 2010",
                because(answer) == ["partnership-memorandum-signed [2010-04-28..2010-04-29]"],
            ),
            ("until the decision of Ufa", answer["until"] == "2015-07-10"),
        ],
        "Q02" => vec![
            ("since the decision of 10 July 2015", answer["since"] == "2015-07-10"),
            ("at Ufa", answer["because"][0]["place"] == "Ufa"),
            ("by a decision", because(answer) == ["status-granted 2015-07-10"]),
        ],
        "Q03" => vec![
            ("since the day itself", answer["since"] == "2015-07-10"),
            (
                "the convention is stated",
                notes(answer, &["an act of 2015-07-10 holds for the whole of that day"]),
            ),
        ],
        "Q04" => vec![
            (
                "the procedure was launched",
                stage(answer, "member", "accession-procedure-launched", "2022-09-16"),
            ),
            (
                "the memorandum is known and lies after",
                of("afterwards") == ["memorandum-of-obligations-signed 2023-07-04"],
            ),
            ("member later", answer["procedures"][0]["outcome"]["on"] == "2024-07-04"),
        ],
        _ => {
            let claims = json_of(question.env, "log -p IRN --in sco --act claim-recorded");
            let claim = claims["entries"].as_array().or(claims.as_array()).unwrap();
            let claimed = claim.iter().filter(|c| c["date"] == "2022-09-15").count();
            let later = question.status("2023-07-04");
            vec![
                (
                    "the memorandum was signed",
                    stage(answer, "member", "memorandum-of-obligations-signed", "2022-09-15"),
                ),
                ("member from 4 July 2023", later["status"] == "member" && later["since"] == "2023-07-04"),
                ("and not on the day before", question.status("2023-07-03")["status"] == "observer"),
                ("the headline is kept as a claim", claimed == 1),
            ]
        }
    }
}

fn on_the_sco(question: &Question<'_>) -> Vec<(&'static str, bool)> {
    let answer = question.first();
    match question.id.as_str() {
        "Q07" => {
            let entries = answer["procedures"][0]["entries"].as_array().unwrap();
            let dates = |at: usize| {
                let shown = json_of(question.env, &format!("show {}", entries[at]));
                shown[0]["leaf"]["event"]["dates"].clone()
            };
            vec![
                ("two entries", entries.len() == 2),
                ("signed on 15 September", dates(0) == json!({"signed": "2022-09-15"})),
                ("done on 16 September", dates(1) == json!({"done": "2022-09-16"})),
            ]
        }
        "Q09" => {
            let from = question.status("2013-04-26");
            vec![
                ("decided and pending", stage(answer, "dialogue-partner", "status-decided", "2012-06-07")),
                (
                    "from the memorandum",
                    answer["until"] == "2013-04-26" && from["status"] == "dialogue-partner",
                ),
            ]
        }
        "Q11" => {
            let sides = &answer["conflicts"];
            let chains: Vec<&str> = [0, 1].iter().flat_map(|n| words(&sides[*n]["chains"])).collect();
            let possible: Vec<&str> = [0, 1].iter().flat_map(|n| words(&sides[*n]["possible"])).collect();
            let approved = columns(&answer["afterwards"], &["act", "date"]);
            vec![
                ("both chains", chains == ["SAU-partner:approved-2023", "SAU-partner:signed-2022"]),
                ("what each holds", possible == ["none", "dialogue-partner"]),
                ("the cabinet approved", approved.contains(&"domestic-approval 2023-03-28".to_owned())),
                ("settled later", question.status("2023-12-31")["status"] == "dialogue-partner"),
            ]
        }
        "Q12" => vec![
            ("since 7 June 2012", answer["since"] == "2012-06-07"),
            (
                "dormant, not suspended",
                columns(&answer["overlays"], &["overlay", "since"]) == ["dormant 2021-09"],
            ),
        ],
        "Q13" => {
            let granted = json_of(question.env, "log -p MNG --in sco --act status-granted");
            vec![
                (
                    "by the class",
                    because(answer) == ["charter-amended 2025-09-01?", "status-granted 2004-06-17"],
                ),
                ("the day of effect was not found", notes(answer, &["the day of effect", "not found"])),
                ("no later grant is addressed to Mongolia", columns(&granted, &["date"]) == ["2004-06-17"]),
            ]
        }
        _ => {
            let toward = |key: &str| -> Vec<String> {
                let all = columns(&answer[key], &["toward", "stage", "participant"]);
                let decided = all.iter().filter_map(|p| p.strip_prefix("dialogue-partner status-decided "));
                decided.map(str::to_owned).collect()
            };
            vec![
                ("five decided and unsigned", toward("procedures") == ["ARE", "BHR", "KWT", "MDV", "MMR"]),
                ("Saudi Arabia contested", toward("contested") == ["SAU"]),
            ]
        }
    }
}

fn on_nato(question: &Question<'_>) -> Vec<(&'static str, bool)> {
    let answer = question.first();
    let quorum = &answer["procedures"][0]["quorum"];
    match question.id.as_str() {
        "Q16" => {
            let six = ["ESP", "GRC", "HUN", "PRT", "SVK", "TUR"];
            vec![
                ("protocol signed on 5 July 2022", answer["since"] == "2022-07-05"),
                (
                    "24 of 30 approved at home",
                    words(&quorum["unattested"]).len() == 24 && quorum["needed"] == 30,
                ),
                ("six have not", words(&quorum["missing"]) == six),
                ("no deposit", quorum["count"] == 0),
            ]
        }
        "Q17" => vec![
            ("all have approved", quorum["missing"] == json!([])),
            ("Turkey has not deposited", words(&quorum["unattested"]).contains(&"TUR")),
            ("until 4 April 2023", answer["until"] == "2023-04-04"),
            ("member then", question.status("2023-04-04")["status"] == "member"),
            ("and not the day before", question.status("2023-04-03")["status"] == "invitee"),
        ],
        "Q18" => {
            let order = columns(&answer["on_the_day"], &["participant", "act", "about"]);
            vec![(
                "Turkey, the protocol, Finland, Finland for Sweden",
                order
                    == [
                        "TUR instrument-deposited FIN",
                        "FIN treaty-entered-into-force -",
                        "FIN instrument-deposited -",
                        "FIN instrument-deposited SWE",
                    ],
            )]
        }
        _ => on_denmark(question),
    }
}

/// Approved on 7 July 2022 by the early copy of the page, on 5 July by the later one.
fn on_denmark(question: &Question<'_>) -> Vec<(&'static str, bool)> {
    let days = |known: &str| {
        let conflicts = json_of(question.env, &format!("conflicts --in nato -p DNK --as-known {known}"));
        let of = |dispute: &str| {
            let all = conflicts["conflicts"].as_array().unwrap();
            let chains =
                all.iter().filter(|c| c["dispute"] == dispute).flat_map(|c| c["chains"].as_array().unwrap());
            chains.flat_map(|c| columns(&c["entries"], &["date"])).collect::<Vec<_>>()
        };
        assert_eq!(of("DNK-FIN"), of("DNK-SWE"));
        of("DNK-FIN")
    };
    let approved = |known: &str| {
        let finland =
            json_of(question.env, &format!("explain FIN --in nato --on 2022-07-06 --as-known {known}"));
        words(&finland["procedures"][0]["quorum"]["unattested"]).contains(&"DNK")
    };
    vec![
        ("7 July, as known in October 2022", days("2022-10") == ["2022-07-07"]),
        ("and 5 July, as known in 2024", days("2024") == ["2022-07-07", "2022-07-05"]),
        ("on 6 July not approved, as known in October 2022", !approved("2022-10")),
        ("on 6 July approved, as known in 2024", approved("2024")),
        (
            "the two differ in the status's acts",
            question.answers[0]["on_the_day"] != question.answers[1]["on_the_day"],
        ),
    ]
}

fn on_the_eu_and_brics(question: &Question<'_>) -> Vec<(&'static str, bool)> {
    let answer = question.first();
    match question.id.as_str() {
        "Q21" => vec![
            ("Brussels: member", question.status("2020-01-31T23:59+01:00")["status"] == "member"),
            ("London: left", question.status("2020-01-31T23:59+00:00")["status"] == "former-member"),
            ("at 23:00 GMT", notes(answer, &["2020-01-31 23:00 UTC"])),
            ("no word of a whole day", !notes(answer, &["whole of that day"])),
            ("London, a minute before", question.status("2020-01-31T22:59Z")["status"] == "member"),
        ],
        "Q24" => {
            let in_force = json_of(question.env, "in-force eu --about HRV --on 2013-06-22");
            let quorum = &answer["procedures"][0]["quorum"];
            vec![
                ("all 28", quorum["count"] == 28 && quorum["needed"] == 28 && quorum["missing"] == json!([])),
                ("not in force", in_force["in_force"] == false && in_force["on"] == "2013-07-01"),
                ("the last was Germany's", in_force["trigger"]["participant"] == "DEU"),
                ("member on 1 July", question.status("2013-07-01")["status"] == "member"),
                ("and not on 30 June", question.status("2013-06-30")["status"] == "acceding"),
            ]
        }
        _ => {
            let sides = columns(&answer["conflicts"], &["chains", "possible"]);
            let both =
                [r#"["SAU-member:joined"] ["member"]"#, r#"["SAU-member:not-formalised"] ["invited"]"#];
            let entries = |n: usize| answer["conflicts"][n]["entries"].as_array().unwrap().len();
            vec![("both chains", sides == both), ("with their entries", entries(0) == 1 && entries(1) == 1)]
        }
    }
}

fn on_the_un(question: &Question<'_>) -> Vec<(&'static str, bool)> {
    let (answer, env) = (question.first(), question.env);
    let later = question.answers.last().unwrap_or(answer);
    match question.id.as_str() {
        "Q25" => vec![
            (
                "then from 1 March 1965",
                answer["since"] == "1965-03-01" && because(answer)[0].starts_with("withdrawal-notified"),
            ),
            ("the answer says what today knows", notes(answer, &["with what is known today: member"])),
            (
                "without break since 28 September 1950",
                later["since"] == "1950-09-28" && later["until"].is_null(),
            ),
            ("no readmission", because(later) == ["admission-decided 1950-09-28"]),
        ],
        "Q26" => {
            let sun = |on: &str| json_of(env, &format!("status SUN --in un --on {on}"));
            vec![
                (
                    "20 December: the seat of the USSR",
                    notes(answer, &["the seat was that of Soviet Union (SUN)"]),
                ),
                (
                    "26 December: continued",
                    notes(later, &["continues Soviet Union (SUN) since 1991-12-24", "no admission"]),
                ),
                (
                    "one membership since 1945",
                    answer["since"] == "1945-10-24" && later["since"] == "1945-10-24",
                ),
                ("the USSR until 23 December", sun("1991-12-23")["status"] == "member"),
                ("and not from the 24th", sun("1991-12-24")["status"] == "none"),
                (
                    "which says who continues",
                    notes(&sun("1991-12-26"), &["continued by Russia (RUS)", "ask for RUS"]),
                ),
            ]
        }
        "Q28" | "Q29" => on_those_who_went(question),
        _ => on_the_charter(question),
    }
}

fn on_those_who_went(question: &Question<'_>) -> Vec<(&'static str, bool)> {
    let (answer, env) = (question.first(), question.env);
    match question.id.as_str() {
        "Q28" => {
            let sides = columns(&answer["conflicts"], &["chains", "possible"]);
            vec![
                ("both sides", sides == [r#"["YUG-continuation:rejected"] ["none"]"#, r#"[] ["member"]"#]),
                ("until the FRY is admitted", question.status("2000-10-31")["certainty"] == "contested"),
                ("not after", question.status("2000-11-01")["status"] == "none"),
                ("nor before the resolution", question.status("1992-09-21")["status"] == "member"),
            ]
        }
        _ => {
            let spans = json_of(env, "when SYR --in un --status member")["spans"].clone();
            vec![
                (
                    "as the United Arab Republic",
                    notes(answer, &["merged into United Arab Republic (EGY) on 1958-02-21"]),
                ),
                (
                    "from 1958 to 1961",
                    columns(&spans, &["from", "until"]) == ["1945-10-24 1958-02-21", "1961-10-13 -"],
                ),
            ]
        }
    }
}

fn on_the_charter(question: &Question<'_>) -> Vec<(&'static str, bool)> {
    let (answer, env) = (question.first(), question.env);
    let later = question.answers.last().unwrap_or(answer);
    match question.id.as_str() {
        "Q31" => {
            let in_force = |on: &str| json_of(env, &format!("in-force un --on {on}"));
            let members = json_of(env, "roster un --on 1945-10-23 --status member");
            vec![
                ("the Charter was not in force", in_force("1945-10-23")["in_force"] == false),
                ("it was on the next day", in_force("1945-10-24")["in_force"] == true),
                ("there was no member", members["counts"]["member"]["at_most"] == 0),
                ("member from the next day", question.status("1945-10-24")["since"] == "1945-10-24"),
            ]
        }
        "Q32" => {
            let from = question.status("1971-10-25");
            vec![
                ("since 24 October 1945", answer["since"] == "1945-10-24" && answer["until"].is_null()),
                (
                    "by another government until 1971",
                    notes(answer, &["another government until 1971-10-25", "2758"]),
                ),
                (
                    "then by the People's Republic",
                    columns(&from["overlays"], &["overlay", "since"]) == ["representation 1971-10-25"],
                ),
                ("and the membership goes on", from["since"] == "1945-10-24" && from["status"] == "member"),
            ]
        }
        _ => {
            let headline = |on: &str| env.run(&["status", "TUR", "--in", "un", "--on", on]).ok();
            let named = json_of(env, "participants TUR");
            let turkey = named.as_array().unwrap().iter().find(|p| p["participant"] == "TUR").unwrap();
            vec![
                ("Turkey in May", headline("2022-05-31").starts_with("Turkey: MEMBER")),
                ("Türkiye in June", headline("2022-06-02").starts_with("Türkiye: MEMBER")),
                (
                    "the same membership",
                    because(answer) == because(later) && answer["since"] == later["since"],
                ),
                (
                    "two names",
                    columns(&turkey["names"], &["name", "until"]).iter().any(|n| n.starts_with("Turkey ")),
                ),
            ]
        }
    }
}
