//! An amendment with a day in the past changes what the past was, from its own record on.

use serde_json::json;

use crate::env::Env;

const AMENDMENT: &str = r#"
id = "sco"
decided = "2016-06-24"
effective = "2016-06-24"
instrument = "A decision that came to light later"

[[source]]
cite = "a test"

[[merger]]
from = ["dialogue-partner"]
to = "observer"
rule = "dialogue partners are observers"
article = "Decision of 2016-06-24"
"#;

#[test]
fn a_late_amendment_changes_the_past_from_its_own_record_on() {
    let env = Env::demo();
    let size = env.size();
    let of = |more: &str| {
        let answer = env.status(&format!("LKA sco {more}"));
        (answer["status"].clone(), answer["checkpoint"].clone())
    };
    let days = ["2010-06-01", "2016-06-23", "2016-06-24", "2020-01-01"];
    let before = days.map(|on| of(&format!("--on {on}")));
    env.write("amendment.toml", AMENDMENT);
    env.run(&["charter", "amend", "amendment.toml"]).ok();
    assert_eq!(env.size(), size + 1);
    for (on, (status, checkpoint)) in days.into_iter().zip(before) {
        let then = of(&format!("--on {on} --as-recorded {size}"));
        assert_eq!(then, (status.clone(), checkpoint), "{on}, as recorded before");
        let merged = on >= "2016-06-24";
        let expected = if merged { json!("observer") } else { status };
        assert_eq!(of(&format!("--on {on}")).0, expected, "{on}, as recorded since");
        assert_eq!(of(&format!("--on {on} --as-recorded {}", size + 1)).0, expected, "{on}");
    }
    let answer = env.status("LKA sco --on 2020-01-01");
    assert_eq!(answer["because"].as_array().unwrap().last().unwrap()["rule"], size, "{answer}");
    // The decision was public in 2016: who asks what was known before it has the old answer.
    assert_eq!(of("--on 2020-01-01 --as-known 2016-06-23").0, "dialogue-partner");
    assert_eq!(of("--on 2020-01-01 --as-known 2016-06-24").0, "observer");
    let shown = |on: &str| env.run(&["charter", "show", "sco", "--on", on, "--format", "json"]).json();
    let has =
        |on: &str| shown(on)["statuses"].as_array().unwrap().iter().any(|s| s["id"] == "dialogue-partner");
    assert_eq!((has("2016-06-23"), has("2016-06-24")), (true, false));
    assert_eq!(env.run(&["audit"]).ok(), "");
}
