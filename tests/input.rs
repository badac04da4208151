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
