//! A record in the shape of the world's treaties: many bodies, and one act of a party in each.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use chancery::event::{Day, Register};

use crate::shared::Random;
use crate::synthetic::FIRST_DAY;

/// The number of parties of each treaty.
const PARTIES: usize = 200;

/// Writes a number of acts as JSON Lines of the neutral form, in the order of their treaties: each party consents once to each.
pub(crate) fn write(file: &Path, acts: usize) {
    let states = Register::builtin().iter().map(|known| known.id.clone());
    let parties: Vec<_> = states.filter(|id| id.as_str().len() == 3).take(PARTIES).collect();
    let mut random = Random(0x2015_0314);
    let mut out = BufWriter::new(File::create(file).unwrap());
    for act in 0..acts {
        let (treaty, party) = (act / PARTIES, &parties[act % PARTIES]);
        let day = Day::from_days(FIRST_DAY + random.below(5_000) as i32);
        let page = random.below(100_000);
        writeln!(
            out,
            r#"{{"date":"{day}","party":"{party}","body":"WIDE:{treaty:04}","kind":"ratification","source":"Treaty Series, volume {treaty}, page {page}"}}"#
        )
        .unwrap();
    }
    out.flush().unwrap();
}
