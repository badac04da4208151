//! One question asked by a program, from its start to its exit.

use std::process::Command;

use crate::imports::Both;
use crate::limits::process;
use crate::questions::drawn;
use crate::report::{Bound, Row, Unit, in_turn, timed};
use crate::synthetic::TODAY;

/// Times `chancery status`, the smallest program that asks SQLite the same, and a program that does nothing.
///
/// The latter two are this bench itself as a child, so that both start in the same way.
pub(crate) fn status(both: &Both, rounds: usize) -> Row {
    let pairs = drawn(both);
    let day = TODAY.to_string();
    let (mut at, mut their_at) = (0, 0);
    let myself = std::env::current_exe().unwrap();
    let mut own = || {
        at += 1;
        let (participant, body) = &pairs[at % pairs.len()];
        let mut command = Command::new(env!("CARGO_BIN_EXE_chancery"));
        command.arg("--ledger").arg(&both.ledger);
        command.args(["status", participant.as_str(), "--in", body.as_str(), "--on", &day]);
        (1, timed(|| process(&mut command)))
    };
    let mut theirs = || {
        their_at += 1;
        let (participant, body) = &pairs[their_at % pairs.len()];
        let mut command = Command::new(&myself);
        command.args(["child", "status"]).arg(&both.database);
        command.args([participant.as_str(), body.as_str(), &day]);
        (1, timed(|| process(&mut command)))
    };
    let mut nothing = || (1, timed(|| process(Command::new(&myself).args(["child", "exit"]))));
    let [own, theirs, limit] = in_turn(rounds, [&mut own, &mut theirs, &mut nothing]);
    Row::new(format!("chancery status, whole process, {} entries", both.shape.entries), Unit::Time, own)
        .peer(theirs)
        .limit("a process that does nothing", limit)
        .targets(Bound::OfPeer(1.2), Bound::BeyondLimit(0.5e-3))
}
