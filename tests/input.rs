//! Bad input is answered with one clear line and the right exit code, whatever it is.

use std::io::Write;
use std::process::Stdio;

use crate::env::{Env, Rng};

/// Gives a batch on standard input.
fn piped(env: &Env, bytes: &[u8]) -> (i32, String) {
    let mut command = env.chancery(&["append", "--from", "-"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A program that has seen enough may close its end first.
    let _ = child.stdin.take().unwrap().write_all(bytes);
    let output = child.wait_with_output().unwrap();
    (output.status.code().unwrap_or(-1), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn deep_long_and_malformed_json_is_refused_in_one_line() {
    let env = Env::demo();
    let deep = format!(
        "{{\"act\":\"founded\",\"body\":\"sco\",\"evidence\":{}1{}}}",
        "[".repeat(50_000),
        "]".repeat(50_000)
    );
    let long = format!(
        "{{\"act\":\"founded\",\"body\":\"sco\",\"participant\":\"CHN\",\"dates\":{{\"signed\":\"2001-06-15\"}},\"note\":\"{}\"}}",
        "x".repeat(5_000_000)
    );
    let cases: [(&[u8], i32, &str); 9] = [
        (deep.as_bytes(), 2, "line 1"),
        (long.as_bytes(), 3, "the limit is 65535"),
        (b"{\"act\":\"founded\"", 2, "line 1"),
        (b"[1,2,3]", 2, "line 1"),
        (b"{\"act\":\"founded\",\"act\":\"founded\"}", 2, "duplicate field"),
        (b"{\"act\":\"founded\",\"body\":\"sco\",\"sequence\":1.5}", 2, "line 1"),
        (b"{\"act\":\"founded\",\"body\":\"sco\",\"sequence\":99999999999999999999}", 2, "line 1"),
        (b"{\"act\":\"founded\",\"body\":\"sco\",\"note\":\"\xff\xfe\"}", 2, "line 1"),
        (b"{\"act\":\"founded\",\"body\":\"sco\",\"dates\":{\"signed\":\"2001-02-31\"}}", 2, "2001-02-31"),
    ];
    for (bytes, expected, says) in cases {
        let (code, error) = piped(&env, bytes);
        assert_eq!(code, expected, "{error}");
        assert!(error.contains(says), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    assert_eq!(env.size(), 128);
}

#[test]
fn no_bytes_on_standard_input_make_the_program_panic() {
    let env = Env::demo();
    let good = br#"{"act":"application-filed","body":"sco","participant":"LAO","toward":"sco-partner","dates":{"done":"2025-07"}}"#;
    let mut rng = Rng(0x5eed_0003);
    for _ in 0..crate::env::times(300) {
        let mut bytes = good.to_vec();
        for _ in 0..=rng.below(3) {
            let at = rng.below(bytes.len() as u64) as usize;
            match rng.below(3) {
                0 => bytes[at] = rng.next() as u8,
                1 => _ = bytes.remove(at),
                _ => bytes.insert(at, rng.next() as u8),
            }
        }
        let (code, error) = piped(&env, &bytes);
        assert!((0..=3).contains(&code), "{code}: {error}");
        assert!(!error.contains("panicked"), "{error}");
        assert_eq!(code == 0, error.is_empty(), "{error}");
    }
    assert_eq!(env.run(&["audit"]).ok(), "");
}

#[test]
fn an_argument_that_is_not_utf_8_is_refused() {
    use std::os::unix::ffi::OsStrExt;
    let env = Env::demo();
    let mut command = env.chancery(&["status"]);
    command.arg(std::ffi::OsStr::from_bytes(b"B\xffR")).arg("sco");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn names_of_any_time_in_any_case_resolve() {
    let env = Env::demo();
    for (word, id) in [
        ("Russian Federation", "RUS"),
        ("Viet Nam", "VNM"),
        ("Türkiye", "TUR"),
        ("turkey", "TUR"),
        ("UAE", "ARE"),
        ("Côte d'Ivoire", "CIV"),
        ("cote d'ivoire", "CIV"),
        ("USSR", "SUN"),
        ("CSHH", "CSK"),
        ("EU", "EUE"),
    ] {
        let answer = env.run(&["status", word, "--in", "sco", "--format", "json"]).json();
        assert_eq!(answer["question"]["participant"], id, "{word}");
    }
}

#[test]
fn control_characters_in_what_was_typed_are_written_out_in_the_answer() {
    let env = Env::demo();
    let file = env.path().join("red\u{1b}[31m.csv");
    for args in [
        &["status", "B\u{1b}[31mR", "--in", "sco"][..],
        &["import", "csv", file.to_str().unwrap(), "--in", "sco"],
        &["append", "application-filed", "-p", "LAO", "--in", "sco", "--done", "2025\u{7}", "--cite", "x"],
    ] {
        let error = env.run(args).fails(2);
        assert!(!error.trim_end().chars().any(|c| c.is_control() && c != '\n'), "{error:?}");
    }
}

/// Runs a command for ten seconds at most: 124 is the code of `timeout`.
fn in_time(env: &Env, line: &str) -> i32 {
    env.sh(&format!("timeout -s KILL 10 chancery {line} >/dev/null 2>&1; echo $?"))
        .stdout
        .trim()
        .parse()
        .unwrap()
}

#[test]
fn fifo_and_endless_files_in_the_place_of_a_ledgers_file_or_of_input_stop_no_command() {
    let env = Env::demo();
    let files = [
        "checkpoint",
        "FORMAT",
        "LOCK",
        "key.pub",
        "entries/acknowledged",
        "entries/00000000000000000000.seg",
    ];
    for file in files {
        for make in ["mkfifo", "ln -s /dev/zero", "truncate -s 1T"] {
            env.sh(&format!("rm -rf L && cp -r chancery.ledger L && rm L/{file} && {make} L/{file}")).ok();
            for line in
                ["status BLR sco --ledger L", "audit --ledger L", "append founded --in sco --ledger L"]
            {
                let code = in_time(&env, line);
                assert!(code <= 4, "{make} {file}: {line} ended with {code}");
            }
        }
    }
    let given = [
        "ask --from /dev/zero",
        "append --from /dev/zero",
        "charter lint /dev/zero",
        "status BLR sco --as-recorded /dev/zero",
        "audit --since /dev/zero",
        "verify /dev/zero",
    ];
    for line in given {
        let ran = env.sh(&format!("ulimit -v 4000000; timeout -s KILL 20 chancery {line} >/dev/null"));
        assert!((1..=4).contains(&ran.code), "{line} ended with {}: {}", ran.code, ran.stderr);
        assert!(!ran.stderr.contains("out of memory"), "{line}: {}", ran.stderr);
    }
}

#[test]
fn no_init_half_made_stays_where_one_is_refused_or_fails() {
    let env = Env::sco();
    env.sh("mkdir b c && cp chancery.ledger/key b/ && echo mine > c/notes").ok();
    env.run(&["init", "--ledger", "b"]).fails(3);
    assert_eq!(env.sh("ls b").ok(), "key\n");
    // A file that cannot be written: every name beside it is taken.
    env.sh("for n in $(seq 0 999); do mkdir c/.FORMAT.$n.tmp; done").ok();
    assert_ne!(env.run(&["init", "--ledger", "c"]).code, 0);
    assert_eq!(env.sh("ls c").ok(), "notes\n");
    assert_ne!(env.run(&["init", "--ledger", "chancery.ledger/FORMAT/deep"]).code, 0);
}

#[test]
fn clock_year_10000_is_refused_since_no_stamp_lies_beyond_9999() {
    let env = Env::sco().at("9999-12-31T23:59:59.999999Z");
    let act = |id: &str| format!("append application-filed -p LAO --in sco --done 2025 --cite x --note {id}");
    let run = |line: &str| env.run(&line.split(' ').collect::<Vec<_>>());
    let warned = run(&act("one"));
    assert!(warned.code == 0 && warned.stderr.contains("the clock says 9999-12-31"), "{}", warned.stderr);
    let size = env.size();
    run(&act("two")).fails_with(3, "time stamps end with the year 9999; nothing was recorded");
    assert_eq!(env.size(), size);
    assert_eq!(env.run(&["audit"]).ok(), "");
}

#[test]
fn a_writer_that_waits_for_its_input_keeps_nobody_out() {
    let env = Env::sco();
    let mut slow = env.chancery(&["append", "--from", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    env.run(&["append", "application-filed", "-p", "LAO", "--in", "sco", "--done", "2025", "--cite", "x"])
        .ok();
    drop(slow.stdin.take());
    assert_eq!(slow.wait().unwrap().code(), Some(2));
}

#[test]
fn a_lock_that_names_a_server_is_not_waited_for_and_its_address_is_named() {
    let env = Env::sco();
    let lock = env.ledger().join("LOCK");
    std::fs::write(&lock, "4711\nchancery serve\n09:30\nhttp://127.0.0.1:8080/\n").unwrap();
    let held = std::fs::File::open(&lock).unwrap();
    held.lock().unwrap();
    let began = std::time::Instant::now();
    let args = ["append", "application-filed", "-p", "LAO", "--in", "sco", "--done", "2025", "--cite", "x"];
    env.run(&args).fails_with(4, "a server at http://127.0.0.1:8080/");
    assert!(began.elapsed() < std::time::Duration::from_secs(3));
}

#[test]
fn an_append_that_nobody_can_sign_is_refused() {
    let env = Env::sco();
    let size = env.size();
    std::fs::remove_file(env.ledger().join("key")).unwrap();
    let args = ["append", "application-filed", "-p", "LAO", "--in", "sco", "--done", "2025", "--cite", "x"];
    env.run(&args).fails_with(3, "the log's signing key is not here");
    assert_eq!(env.size(), size);
}
