//! Makes text harmless before it is shown. Every text that a command prints passes through here, so that nothing in the record, in
//! a file of the user or on the command line can control a terminal, hide a word or give a secret away.

use std::borrow::Cow;
use std::fmt::Write as _;

use memchr::memchr2_iter;

/// The styles that this program itself uses: bold, faint and yellow, and the reset after each.
const STYLES: [&str; 4] = ["\u{1b}[1m", "\u{1b}[2m", "\u{1b}[33m", "\u{1b}[0m"];

/// The text shown instead of a private key.
const HIDDEN: &str = "[a private key: not shown]";

/// True for a character that acts on a terminal or takes no room there: controls (C0, C1), line and paragraph separators,
/// annotation marks, and every `Default_Ignorable_Code_Point` of Unicode (changes of the writing direction, characters without
/// width, variation selectors, tags, fillers).
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// A text of the record for one line of a page. Every character that acts on a terminal is written out, line ends too, so that a
/// title cannot add a line to an answer.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    written_out(without_secrets(text), |_| 0, escaped)
}

/// Does the same for a text that may contain our own styles.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    written_out(without_secrets(text), style, escaped)
}

/// A page for people: line ends and our own styles stay; every other character that acts on a terminal is written out.
pub(crate) fn page(text: &str) -> Cow<'_, str> {
    let stays = |rest: &str| if rest.starts_with('\n') { 1 } else { style(rest) };
    written_out(without_secrets(text), stays, escaped)
}

/// The length in bytes of our style with which a text begins; 0 if it begins with none.
fn style(rest: &str) -> usize {
    STYLES.iter().find(|style| rest.starts_with(**style)).map_or(0, |style| style.len())
}

/// A text whose bytes must be kept, for display on a terminal: line ends and tabs stay.
pub(crate) fn verbatim(text: &str) -> Cow<'_, str> {
    written_out(Cow::Borrowed(text), |rest| usize::from(rest.starts_with(['\n', '\t'])), escaped)
}

/// JSON for display on a terminal: the same value, with more of its characters as JSON escapes.
pub(crate) fn json(text: &str) -> Cow<'_, str> {
    written_out(
        Cow::Borrowed(text),
        |rest| usize::from(rest.starts_with('\n')),
        |c, out| {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        },
    )
}

fn escaped(c: char, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
}

/// Writes out the characters that act on a terminal; `stays` returns how many of the next bytes are left unchanged.
fn written_out<'t>(
    text: Cow<'t, str>,
    stays: impl Fn(&str) -> usize,
    escape: impl Fn(char, &mut String),
) -> Cow<'t, str> {
    let (mut out, mut from, mut at) = (String::new(), 0, 0);
    // Most texts are plain, and a long answer has millions of characters.
    while let Some(step) = text.as_bytes()[at..].iter().position(|byte| !matches!(byte, b' '..=b'~')) {
        at += step;
        let Some(c) = text[at..].chars().next() else { break };
        let kept = stays(&text[at..]);
        if kept == 0 && acts(c) {
            out.push_str(&text[from..at]);
            escape(c, &mut out);
            from = at + c.len_utf8();
        }
        at += kept.max(c.len_utf8());
    }
    if from == 0 {
        return text;
    }
    out.push_str(&text[from..]);
    Cow::Owned(out)
}

/// A text in which private keys are hidden: as this program writes them, `PRIVATE+KEY+name+hash+key`, and with other letter case or
/// marks, as in a name made from one. A key ends at a space, a quote or a backslash.
pub(crate) fn without_secrets(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let (mut out, mut from) = (String::new(), 0);
    for at in memchr2_iter(b'p', b'P', bytes) {
        if at < from || !begins_secret(&bytes[at..]) {
            continue;
        }
        let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '\\');
        let end = text[at..].find(ends).map_or(text.len(), |length| at + length);
        let word = text[at..end].trim_end_matches([':', ';', ',', '.', ')', ']']);
        out.push_str(&text[from..at]);
        out.push_str(HIDDEN);
        from = at + word.len();
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[from..]);
    Cow::Owned(out)
}

/// True if the bytes begin with `PRIVATE`, a mark, `KEY` and a mark.
fn begins_secret(bytes: &[u8]) -> bool {
    let mark = |at: usize| bytes.get(at).is_some_and(|byte| matches!(byte, b'+' | b'-' | b'_'));
    let word = |from: usize, word: &[u8]| {
        bytes.get(from..from + word.len()).is_some_and(|part| part.eq_ignore_ascii_case(word))
    };
    word(0, b"private") && mark(7) && word(8, b"key") && mark(11)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\u{1b}]0;x\u{7}\u{9b}31m\u{202e}\u{200b}\u{2028}\u{e0041}\u{fe01}\u{61c}\u{ad}b";

    #[test]
    fn what_acts_on_a_terminal_is_written_out() {
        let said = r"a\u{1b}]0;x\u{7}\u{9b}31m\u{202e}\u{200b}\u{2028}\u{e0041}\u{fe01}\u{61c}\u{ad}b";
        assert_eq!(clean(HOSTILE), said);
        assert_eq!(page(HOSTILE), said);
        assert_eq!(verbatim(HOSTILE), said);
        assert_eq!(clean("one\ntwo\t"), r"one\u{a}two\u{9}");
        for plain in ["", "Côte d'Ivoire", "中华人民共和国", "Қазақстан", "e\u{301}", "— … ├─"]
        {
            assert!(matches!(clean(plain), Cow::Borrowed(text) if text == plain), "{plain}");
        }
    }

    #[test]
    fn a_page_keeps_its_lines_and_our_styles_alone() {
        let ours = format!(
            "{}\n{}{}\n",
            super::super::render::strong("a"),
            super::super::render::faint("b"),
            super::super::render::warn("c")
        );
        assert!(matches!(page(&ours), Cow::Borrowed(_)), "{ours:?}");
        assert_eq!(line(&ours.replace('\n', "")), ours.replace('\n', ""));
        assert_eq!(line("one\ntwo"), r"one\u{a}two");
        assert_eq!(page("\u{1b}[8mx\u{1b}[2J"), r"\u{1b}[8mx\u{1b}[2J");
    }

    #[test]
    fn json_says_the_same_with_escapes() {
        let value = serde_json::json!({"title": HOSTILE, "emoji": "\u{1f600}"});
        let text = serde_json::to_string_pretty(&value).unwrap();
        let shown = json(&text);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
        assert!(shown.contains(r"\u009b31m\u202e\u200b\u2028\udb40\udc41"), "{shown}");
    }

    #[test]
    fn a_private_key_is_not_shown_wherever_it_stands() {
        let key = "PRIVATE+KEY+my/log+0a1b2c3d+AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB";
        for text in [
            format!("no participant called {key:?}; did you mean"),
            format!("./{key}: No such file"),
            key.to_owned(),
            format!("{}\n{key}", key.to_lowercase().replace(['+', '/'], "-")),
        ] {
            for shown in [clean(&text), page(&text)] {
                assert!(!shown.to_lowercase().contains("aqeb") && shown.contains(HIDDEN), "{shown}");
            }
        }
        assert_eq!(clean("./PRIVATE+KEY+x: No such file"), format!("./{HIDDEN}: No such file"));
        assert_eq!(clean("private key of the log"), "private key of the log");
    }
}
