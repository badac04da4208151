#![allow(missing_docs)]
use chancery::{charter::*, event::*, import::*, query::*};
fn main() {
    let t = Template::find("sco").unwrap();
    let mut entries = vec![];
    let mut push = |event: Event| {
        let n = entries.len() as u64;
        entries.push(Entry { index: Index(n), recorded_at: Instant::from_micros(n as i64), event });
    };
    for (i, text) in t.texts.iter().enumerate() {
        push(charter_event(text, i > 0, EventId(uuid::Uuid::from_u128(i as u128))).unwrap());
    }
    let body = BodyId::parse("sco").unwrap();
    let f = std::fs::File::open("/work/shared/data/sco_events.csv").unwrap();
    let rows = read_csv(f, &body, EventId(uuid::Uuid::from_u128(99)), &|w| {
        ParticipantId::parse(w).map_err(|e| e.to_string())
    })
    .unwrap();
    println!("{} {:?}", rows.taken.len(), rows.rejected);
    for r in rows.taken {
        push(r.event);
    }
    let charters = Charters::default();
    let m = Material {
        entries: &entries,
        checkpoint: CheckpointRef { size: Size(entries.len() as u64), root: "x".into() },
        charters: &charters,
    };
    let size = Size(entries.len() as u64);
    let a: Vec<String> = std::env::args().collect();
    let axes = |on: &str, k: Option<&str>| Axes {
        on: on.parse().unwrap(),
        as_known: k.map(|k| k.parse().unwrap()),
        as_recorded: size,
    };
    match a[1].as_str() {
        "roster" => {
            let r = roster(&m, &body, None, &axes(&a[2], a.get(3).map(|s| s.as_str()))).unwrap();
            println!("{}", serde_json::to_string(&r.counts).unwrap());
            for p in r.participants {
                println!(
                    "{} {:?} {:?} {:?}",
                    p.participant,
                    p.status.map(|s| s.to_string()),
                    p.certainty,
                    p.since.map(|s| s.to_string())
                );
            }
            println!("{:?} waiting {}", r.notes, r.waiting.len());
        }
        "pending" => {
            let r = pending(&m, &body, &axes(&a[2], a.get(3).map(|s| s.as_str()))).unwrap();
            for p in r.procedures.iter().chain(&r.contested) {
                println!("{}", serde_json::to_string(p).unwrap());
            }
            println!("contested {}", r.contested.len());
        }
        "status" => {
            let r = status(
                &m,
                &ParticipantId::parse(&a[2]).unwrap(),
                &body,
                &axes(&a[3], a.get(4).map(|s| s.as_str())),
            )
            .unwrap();
            println!("{}", serde_json::to_string_pretty(&r).unwrap());
        }
        "explain" => {
            let r = explain(
                &m,
                &ParticipantId::parse(&a[2]).unwrap(),
                &body,
                &axes(&a[3], a.get(4).map(|s| s.as_str())),
            )
            .unwrap();
            println!("{}", serde_json::to_string_pretty(&r.trails).unwrap());
        }
        "timeline" => {
            let r = timeline(
                &m,
                &ParticipantId::parse(&a[2]).unwrap(),
                &[body.clone()],
                &axes("2025-01-01", None),
            )
            .unwrap();
            for s in r.spells {
                println!("{}", serde_json::to_string(&s).unwrap());
            }
        }
        _ => {}
    }
}
