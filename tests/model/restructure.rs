//! Certificates put together otherwise, with everything made anew that can be made without the key.

use chancery::log::leaf_hash;
use serde_json::{Value, json};
use sha2_11::{Digest, Sha256};

use crate::env::Rng;

/// How many ways there are.
pub(super) const WAYS: u64 = 26;

/// The certificate as it would be written, with the hashes of its leaves and its digest.
fn sealed(mut content: Value) -> String {
    for entry in content["entries"].as_array_mut().unwrap() {
        entry["hash"] = leaf_hash(entry["leaf"].to_string().as_bytes()).to_string().into();
    }
    content["sha256"] = "".into();
    let text = content.to_string();
    let body = text.strip_suffix(",\"sha256\":\"\"}").unwrap();
    let digest: String = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{body},\"sha256\":\"{digest}\"}}\n")
}

/// A certificate put together otherwise in one of the ways; nothing if it has not what that way needs. `other` is another
/// certificate of the same log.
pub(super) fn restructured(text: &str, other: &str, way: u64, rng: &mut Rng) -> Option<String> {
    let mut content: Value = serde_json::from_str(text).unwrap();
    let other: Value = serde_json::from_str(other).unwrap();
    match way {
        0..=7 => entries(&mut content, &other, way, rng)?,
        8..=15 => filed(&mut content, way, rng)?,
        16..=20 => head(&mut content, &other, way, rng)?,
        _ => answer(&mut content, &other, way, rng)?,
    }
    let changed = sealed(content);
    (changed != text).then_some(changed)
}

fn pick(rng: &mut Rng, length: usize) -> Option<usize> {
    (length > 0).then(|| rng.below(length as u64) as usize)
}

/// The lists of indexes under the headings that are open.
fn lists(content: &mut Value) -> Vec<&mut Vec<Value>> {
    let groups = content["filed"]["groups"].as_array_mut().unwrap().iter_mut();
    let headings = groups.filter_map(|group| group.get_mut("headings")?.as_array_mut()).flatten();
    headings.filter_map(|heading| heading.get_mut("entries")?.as_array_mut()).collect()
}

fn entries(content: &mut Value, other: &Value, way: u64, rng: &mut Rng) -> Option<()> {
    let list = content["entries"].as_array_mut()?;
    let at = pick(rng, list.len())?;
    let with = pick(rng, list.len())?;
    let index = list[at]["index"].clone();
    match way {
        0 => _ = list.remove(at),
        1 => {
            list.remove(at);
            lists(content).into_iter().for_each(|list| list.retain(|filed| *filed != index));
        }
        2 | 3 => {
            let has = |entry: &&Value| !list.iter().any(|own| own["index"] == entry["index"]);
            let foreign = other["entries"].as_array()?.iter().find(has)?.clone();
            list.push(foreign.clone());
            list.sort_by_key(|entry| entry["index"].as_u64());
            if way == 3 {
                let mut lists = lists(content);
                let filed = pick(rng, lists.len())?;
                lists[filed].push(foreign["index"].clone());
                lists[filed].sort_by_key(Value::as_u64);
            }
        }
        4 => list.swap(at, with),
        5 => {
            let leaf = list[at]["leaf"].clone();
            list[at]["leaf"] = list[with]["leaf"].clone();
            list[with]["leaf"] = leaf;
        }
        6 => list[at]["leaf"]["event"]["dates"] = json!({"effective": "1999-12-31"}),
        _ => {
            let event = &mut list[at]["leaf"]["event"];
            let key = ["participant", "body", "act", "to", "import"][rng.below(5) as usize];
            let value = event.get(key)?.as_str()?.to_owned();
            let last = value.char_indices().last()?.0;
            event[key] = format!("{}{}", &value[..last], if value.ends_with('1') { "2" } else { "1" }).into();
        }
    }
    Some(())
}

fn filed(content: &mut Value, way: u64, rng: &mut Rng) -> Option<()> {
    if way <= 10 {
        let mut lists = lists(content);
        let at = pick(rng, lists.len())?;
        let to = pick(rng, lists.len())?;
        let place = pick(rng, lists[at].len())?;
        match way {
            8 => lists[at].swap(0, place),
            9 => {
                let index = lists[at].remove(place);
                lists[to].push(index);
                lists[to].sort_by_key(Value::as_u64);
            }
            _ => {
                let moved = std::mem::take(lists[at]);
                let other = std::mem::replace(lists[to], moved);
                *lists[at] = other;
            }
        }
        return Some(());
    }
    let groups = content["filed"]["groups"].as_array_mut()?;
    let at = pick(rng, groups.len())?;
    let size = groups[at]["size"].as_u64()?;
    match way {
        11 => _ = groups.remove(at),
        12 => groups[at]["size"] = (size + 1 - 2 * rng.below(2).min(size)).into(),
        13 => groups[at]["name"] = format!("{}x", groups[at]["name"].as_str()?).into(),
        14 => {
            let headings = groups[at].get_mut("headings")?.as_array_mut()?;
            let heading = pick(rng, headings.len())?;
            headings.remove(heading);
            groups[at]["size"] = (size - 1).into();
        }
        _ => {
            // An open heading as one that only shows that a name is not there.
            let leaves: Vec<(Value, [u8; 32])> = content["entries"].as_array()?.iter().map(hashed).collect();
            let groups = content["filed"]["groups"].as_array_mut()?;
            let headings = groups[at].get_mut("headings")?.as_array_mut()?;
            let heading = pick(rng, headings.len())?;
            let indexes = headings[heading].as_object_mut()?.remove("entries")?;
            let of = |index: &Value| leaves.iter().find(|(own, _)| own == index).map(|(_, hash)| *hash);
            let hashes: Vec<[u8; 32]> = indexes.as_array()?.iter().filter_map(of).collect();
            headings[heading]["size"] = hashes.len().into();
            headings[heading]["root"] = chancery::log::Hash(root(&hashes)).to_string().into();
        }
    }
    Some(())
}

fn hashed(entry: &Value) -> (Value, [u8; 32]) {
    (entry["index"].clone(), leaf_hash(entry["leaf"].to_string().as_bytes()).0)
}

/// RFC 6962, §2.1.
fn root(leaves: &[[u8; 32]]) -> [u8; 32] {
    match leaves {
        [] => Sha256::digest(b"").into(),
        [leaf] => *leaf,
        _ => {
            let half = leaves.len().next_power_of_two() / 2;
            let (left, right) = leaves.split_at(half);
            Sha256::digest([&[1], &root(left)[..], &root(right)[..]].concat()).into()
        }
    }
}

/// The head, and the hashes that lead to it.
fn head(content: &mut Value, other: &Value, way: u64, rng: &mut Rng) -> Option<()> {
    let checkpoint = content["checkpoint"].as_str()?.to_owned();
    let mut lines: Vec<String> = checkpoint.split('\n').map(str::to_owned).collect();
    match way {
        16 => content["checkpoint"] = other["checkpoint"].clone(),
        17 => {
            let size = content["answer"]["question"]["as_recorded"].as_u64()? + 1 - 2 * rng.below(2);
            lines[1] = size.to_string();
            content["checkpoint"] = lines.join("\n").into();
            content["answer"]["question"]["as_recorded"] = size.into();
            content["answer"]["checkpoint"]["size"] = size.into();
        }
        18 => {
            let root = other["checkpoint"].as_str()?.split('\n').nth(3)?.to_owned();
            lines[3] = root;
            content["checkpoint"] = lines.join("\n").into();
        }
        _ => {
            let hashes = match way {
                19 => content["hashes"].as_array_mut()?,
                _ => content["filed"]["hashes"].as_array_mut()?,
            };
            let at = pick(rng, hashes.len())?;
            match rng.below(3) {
                0 => _ = hashes.remove(at),
                1 => hashes.insert(at, hashes[at].clone()),
                _ => hashes.swap(0, at),
            }
        }
    }
    Some(())
}

fn answer(content: &mut Value, other: &Value, way: u64, rng: &mut Rng) -> Option<()> {
    let answer = &mut content["answer"];
    match way {
        21 => {
            let statuses = ["party", "member", "none", "signatory"];
            let status = statuses[rng.below(4) as usize];
            match answer["question"]["kind"].as_str()? {
                "status" => (answer["status"], answer["possible"]) = (status.into(), json!([status])),
                "roster" => _ = answer["participants"].as_array_mut()?.pop()?,
                _ => answer["in_force"] = (answer["in_force"] != true).into(),
            }
        }
        // The day asked about, with the answer of another.
        22 => answer["question"]["on"] = "2003-03-03".into(),
        23 => {
            let known = answer["question"]["as_known"].is_null();
            answer["question"]["as_known"] = if known { "2003-03-03".into() } else { Value::Null };
        }
        24 => content["answer"] = other["answer"].clone(),
        _ => {
            let key = ["neutrality", "certificate"][rng.below(2) as usize];
            content[key] = format!("{} ", content[key].as_str()?).into();
        }
    }
    Some(())
}
