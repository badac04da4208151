//! The bytes of rows. They are bincode, big-endian; a reader takes every byte and believes none: what is not a row is none.

use std::collections::HashMap;

use bincode::{BorrowDecode, Encode};

use crate::charter::BodyKind;
use crate::event::{ActKind, BodyId, Day, Edtf, Index, Size, StatusId};
use crate::history::Certainty;

use super::answer::ProcedureItem;
use super::row::{BodyRow, PairRow, Present, RowSpell, RuledBody};

/// No row is longer.
const LIMIT: usize = 64 << 20;

/// Texts that the rows of a body name by number.
#[derive(Default)]
pub(super) struct Words {
    numbers: HashMap<String, u16>,
    list: Vec<String>,
}

impl Words {
    /// The number of a text. There are fewer than 16 bits count: statuses and clauses of one charter.
    fn number(&mut self, text: &str) -> u16 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.list.len() as u16;
        self.numbers.insert(text.to_owned(), number);
        self.list.push(text.to_owned());
        number
    }

    /// Every text, by its number.
    pub(super) fn into_list(self) -> Vec<String> {
        self.list
    }
}

#[derive(Encode, BorrowDecode)]
struct StoredBody<'a> {
    size: u64,
    beside: Vec<&'a str>,
    ruled: Option<StoredRuled<'a>>,
}

#[derive(Encode, BorrowDecode)]
struct StoredRuled<'a> {
    treaty: bool,
    adopted: bool,
    title: &'a str,
    short: &'a str,
    extends: Option<&'a str>,
    participants: u64,
    surveyed: Option<&'a str>,
    words: Vec<&'a str>,
}

#[derive(Encode, BorrowDecode)]
struct StoredPair<'a> {
    spells: Vec<StoredSpell>,
    present: Option<StoredPresent<'a>>,
}

#[derive(Encode, BorrowDecode)]
struct StoredSpell {
    from: i32,
    certainty: u8,
    possible: Vec<u16>,
    entries: Vec<u64>,
    clause: Option<u16>,
}

#[derive(Encode, BorrowDecode)]
struct StoredPresent<'a> {
    from: i32,
    status: Option<u16>,
    since: Option<StoredDate<'a>>,
    procedures: Vec<StoredProcedure<'a>>,
}

#[derive(Encode, BorrowDecode)]
struct StoredProcedure<'a> {
    toward: Option<u16>,
    stage: u16,
    since: StoredDate<'a>,
    opened: StoredDate<'a>,
    entries: Vec<u64>,
    reported: bool,
    missing: Vec<u16>,
}

/// A date: mostly one of a day.
#[derive(Encode, BorrowDecode)]
enum StoredDate<'a> {
    Day(i32),
    Text(&'a str),
}

fn config() -> impl bincode::config::Config {
    bincode::config::standard().with_big_endian().with_limit::<LIMIT>()
}

fn encode<T: Encode>(value: &T) -> Vec<u8> {
    // Plain structs of text and numbers into memory: there is nothing that bincode could fail at.
    bincode::encode_to_vec(value, config()).unwrap_or_default()
}

fn decode<'a, T: BorrowDecode<'a, ()>>(bytes: &'a [u8]) -> Option<T> {
    let (value, used) = bincode::borrow_decode_from_slice(bytes, config()).ok()?;
    (used == bytes.len()).then_some(value)
}

impl BodyRow {
    pub(super) fn encode(&self) -> Vec<u8> {
        let ruled = self.ruled.as_ref().map(|ruled| StoredRuled {
            treaty: ruled.kind == BodyKind::Treaty,
            adopted: ruled.is_adopted,
            title: &ruled.title,
            short: &ruled.short,
            extends: ruled.extends.as_ref().map(BodyId::as_str),
            participants: ruled.participants,
            surveyed: ruled.surveyed.as_ref().map(Edtf::as_str),
            words: ruled.words.iter().map(String::as_str).collect(),
        });
        let beside = self.beside.iter().map(String::as_str).collect();
        encode(&StoredBody { size: self.size.0, beside, ruled })
    }

    /// From the bytes of [`StoredRows::body`](super::StoredRows::body); `None` where they are no row.
    pub fn decode(bytes: &[u8]) -> Option<BodyRow> {
        let stored: StoredBody<'_> = decode(bytes)?;
        let ruled = match stored.ruled {
            Some(ruled) => Some(RuledBody {
                kind: if ruled.treaty { BodyKind::Treaty } else { BodyKind::Organisation },
                title: ruled.title.to_owned(),
                short: ruled.short.to_owned(),
                is_adopted: ruled.adopted,
                extends: ruled.extends.map(BodyId::parse).transpose().ok()?,
                participants: ruled.participants,
                surveyed: ruled.surveyed.map(Edtf::parse).transpose().ok()?,
                words: ruled.words.into_iter().map(str::to_owned).collect(),
            }),
            None => None,
        };
        let beside = stored.beside.into_iter().map(str::to_owned).collect();
        Some(BodyRow { size: Size(stored.size), beside, ruled })
    }
}

impl PairRow {
    pub(super) fn encode(&self, words: &mut Words) -> Vec<u8> {
        let spells = self.spells.iter().map(|spell| StoredSpell::of(spell, words)).collect();
        let present = self.present.as_ref().map(|present| StoredPresent {
            from: present.from.days(),
            status: present.status.as_ref().map(|status| words.number(status.as_str())),
            since: present.since.as_ref().map(StoredDate::of),
            procedures: present.procedures.iter().map(|open| StoredProcedure::of(open, words)).collect(),
        });
        encode(&StoredPair { spells, present })
    }

    /// From the bytes of a pair of [`StoredRows::pairs`](super::StoredRows::pairs); `None` where they are no row of the body.
    pub fn decode(bytes: &[u8], ruled: &RuledBody) -> Option<PairRow> {
        let stored: StoredPair<'_> = decode(bytes)?;
        let words = ruled.words.as_slice();
        let spells = stored.spells.iter().map(|spell| spell.read(words)).collect::<Option<_>>()?;
        let present = match stored.present {
            Some(present) => Some(present.read(words)?),
            None => None,
        };
        Some(PairRow { spells, present })
    }
}

impl StoredSpell {
    fn of(spell: &RowSpell, words: &mut Words) -> StoredSpell {
        StoredSpell {
            from: spell.from.days(),
            certainty: spell.certainty as u8,
            possible: spell.possible.iter().map(|status| words.number(status.as_str())).collect(),
            entries: numbers(&spell.entries),
            clause: spell.clause.as_deref().map(|clause| words.number(clause)),
        }
    }

    fn read(&self, words: &[String]) -> Option<RowSpell> {
        let all = [Certainty::Certain, Certainty::Possible, Certainty::Contested];
        Some(RowSpell {
            from: Day::from_days(self.from),
            certainty: all.into_iter().find(|certainty| *certainty as u8 == self.certainty)?,
            possible: self.possible.iter().map(|number| status(words, *number)).collect::<Option<_>>()?,
            entries: indexes(&self.entries),
            clause: match self.clause {
                Some(number) => Some(words.get(usize::from(number))?.clone()),
                None => None,
            },
        })
    }
}

impl StoredPresent<'_> {
    fn read(&self, words: &[String]) -> Option<Present> {
        Some(Present {
            from: Day::from_days(self.from),
            status: match self.status {
                Some(number) => Some(status(words, number)?),
                None => None,
            },
            since: match &self.since {
                Some(since) => Some(since.read()?),
                None => None,
            },
            procedures: self.procedures.iter().map(|open| open.read(words)).collect::<Option<_>>()?,
        })
    }
}

impl<'a> StoredProcedure<'a> {
    fn of(open: &'a ProcedureItem, words: &mut Words) -> StoredProcedure<'a> {
        StoredProcedure {
            toward: open.toward.as_ref().map(|status| words.number(status.as_str())),
            stage: open.stage as u16,
            since: StoredDate::of(&open.since),
            opened: StoredDate::of(&open.opened),
            entries: numbers(&open.entries),
            reported: open.reported,
            missing: open.missing.iter().map(|act| *act as u16).collect(),
        }
    }

    fn read(&self, words: &[String]) -> Option<ProcedureItem> {
        let act = |number: &u16| ActKind::ALL.get(usize::from(*number)).copied();
        Some(ProcedureItem {
            toward: match self.toward {
                Some(number) => Some(status(words, number)?),
                None => None,
            },
            stage: act(&self.stage)?,
            since: self.since.read()?,
            opened: self.opened.read()?,
            entries: indexes(&self.entries),
            reported: self.reported,
            missing: self.missing.iter().map(act).collect::<Option<_>>()?,
            quorum: None,
            outcome: None,
        })
    }
}

impl<'a> StoredDate<'a> {
    fn of(date: &'a Edtf) -> StoredDate<'a> {
        match date.earliest() {
            day if Edtf::day(day) == *date => StoredDate::Day(day.days()),
            _ => StoredDate::Text(date.as_str()),
        }
    }

    fn read(&self) -> Option<Edtf> {
        match self {
            StoredDate::Day(day) => Some(Edtf::day(Day::from_days(*day))),
            StoredDate::Text(text) => Edtf::parse(text).ok(),
        }
    }
}

fn status(words: &[String], number: u16) -> Option<StatusId> {
    StatusId::parse(words.get(usize::from(number))?).ok()
}

fn numbers(entries: &[Index]) -> Vec<u64> {
    entries.iter().map(|entry| entry.0).collect()
}

fn indexes(numbers: &[u64]) -> Vec<Index> {
    numbers.iter().copied().map(Index).collect()
}
