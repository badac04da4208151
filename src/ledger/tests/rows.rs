//! Rows of the published index: a body that an entry of the tail touches is answered without its row, and the next
//! publishing makes the row again.

use super::*;
use crate::query::Question;

/// The adoption of a charter under which a granted status makes a member.
fn charter(of: &str, n: u128) -> Event {
    let text = format!(
        "id = \"{of}\"\ntitle = \"The {of}\"\n[[status]]\nid = \"member\"\ntitle = \"member\"\nplural = \"members\"\n\
         rank = 1\n[[transition]]\nact = \"status-granted\"\nto = \"member\"\nrule = \"r\"\narticle = \"1\"\n"
    );
    crate::charter::charter_event(&text, false, id(n)).unwrap()
}

fn member(of: &str, n: u128, who: &str, day: &str) -> Event {
    Event { body: body(of), ..grant(n, who, day) }
}

fn rows_of(ledger: &Writer, size: Size) -> Vec<String> {
    ledger.record.body_rows(size).unwrap().into_keys().map(|body| body.to_string()).collect()
}

fn portfolio(ledger: &Writer) -> Value {
    let answer = read(ledger).ask(&Question::portfolio("MNG").on("2020-01-01")).unwrap();
    let answer = serde_json::to_value(answer).unwrap();
    answer["bodies"].as_array().unwrap().iter().map(|item| json!([item["body"], item["since"]])).collect()
}

#[test]
fn what_an_entry_touches_has_no_row_until_the_index_is_published_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l");
    let mut ledger = create(&path);
    let charters = vec![charter("x", 1), charter("y", 2), charter("z", 3)];
    let granted = member("x", 10, "MNG", "2004-06-17");
    ledger.append(charters, options(START)).unwrap();
    ledger.append(vec![granted.clone(), member("y", 11, "MNG", "2005-06-17")], options(START + 10)).unwrap();
    assert_eq!(rows_of(&ledger, ledger.size()), Vec::<String>::new());
    ledger.publish().unwrap();
    assert_eq!(rows_of(&ledger, ledger.size()), ["x", "y", "z"]);
    // A row of y as of the first four entries would state too much.
    assert_eq!(rows_of(&ledger, Size(4)), ["x", "z"]);
    assert_eq!(portfolio(&ledger), json!([["x", "2004-06-17"], ["y", "2005-06-17"]]));
    // The grant moves from x to z: the rows of both are touched, that of y is not.
    ledger.append(vec![rectification(12, &granted, "body", "z")], options(START + 20)).unwrap();
    assert_eq!(rows_of(&ledger, ledger.size()), ["y"]);
    assert_eq!(portfolio(&ledger), json!([["y", "2005-06-17"], ["z", "2004-06-17"]]));
    ledger.publish().unwrap();
    assert_eq!(rows_of(&ledger, ledger.size()), ["x", "y", "z"]);
    assert_eq!(portfolio(&ledger), json!([["y", "2005-06-17"], ["z", "2004-06-17"]]));
}
