use serde_json::{Value, json};

use crate::charter::BodyKind;
use crate::cli::context::{Context, Shape};
use crate::cli::error::{Exit, Failure};

/// The organisations and treaties of this ledger, and how far each record reaches
#[derive(clap::Args, Debug)]
pub(crate) struct Args {}

const SHAPE: Shape =
    Shape { list: None, columns: &["body", "kind", "title", "participants", "surveyed_from", "surveyed_to"] };

pub(crate) fn run(_: &Args, context: &Context) -> Result<Exit, Failure> {
    let reading = context.reading()?;
    let mut items: Vec<Value> = Vec::new();
    for (body, ruled) in reading.listed(reading.size())? {
        let coverage = ruled.coverage(context.now.day());
        let kind = match ruled.kind {
            BodyKind::Organisation => "organisation",
            BodyKind::Treaty => "treaty",
        };
        items.push(json!({"body": body, "kind": kind, "title": ruled.title,
                          "participants": ruled.participants,
                          "surveyed_from": coverage.as_ref().map(|c| &c.from),
                          "surveyed_to": coverage.as_ref().map(|c| &c.to)}));
    }
    context.answer(&items, SHAPE, |page| {
        if items.is_empty() {
            return "no organisation or treaty yet: chancery charter adopt sco\n".into();
        }
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let survey = |item: &Value| match item["surveyed_from"].as_str() {
            Some(from) => format!("{from} to {}", text(&item["surveyed_to"])),
            None => "not surveyed".into(),
        };
        let row = |i: &Value| {
            vec![text(&i["body"]), text(&i["kind"]), text(&i["participants"]), survey(i), text(&i["title"])]
        };
        let rows: Vec<Vec<String>> = items.iter().map(row).collect();
        page.table(&["body", "kind", "participants", "surveyed", "title"], &rows)
    })?;
    Ok(Exit::Done)
}
