//! Divides a clause into its words and signs, and suggests the word that may be meant.

use super::clause::ClauseError;

/// The least similarity (Jaro-Winkler, 0 to 1) at which one word is suggested for another.
const LIKENESS: f64 = 0.8;

#[derive(Clone, Copy)]
pub(super) struct Token<'a> {
    /// In characters, from 1.
    pub(super) column: usize,
    pub(super) text: &'a str,
}

impl Token<'_> {
    pub(super) fn is_word(&self) -> bool {
        self.text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    }
}

/// Divides a clause into words of letters, digits, `_` and `-`. Every other character is a token of its own, except `>=`.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, ClauseError> {
    let in_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let mut found = Vec::new();
    let mut rest = text;
    let mut column = 1;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            c if c.is_whitespace() => {
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
                column += 1;
                continue;
            }
            c if in_word(c) => rest.find(|c| !in_word(c)).unwrap_or(rest.len()),
            '>' if rest.starts_with(">=") => 2,
            '(' | ')' | ',' | '=' | '>' | '/' | '%' | '.' => 1,
            other => {
                let what = format!("{} has no meaning in a clause: leave it out", other.escape_debug());
                return Err(ClauseError { column, what });
            }
        };
        let (token, after) = rest.split_at(length);
        found.push(Token { column, text: token });
        column += length;
        rest = after;
    }
    Ok(found)
}

/// The known word most similar to a folded one, as a question; if none is similar, the list of all known words.
pub(super) fn meant(word: &str, known: &[&str]) -> String {
    let scored = known.iter().map(|other| (strsim::jaro_winkler(word, other), *other));
    match scored.filter(|(score, _)| *score >= LIKENESS).max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((_, nearest)) => format!(": did you mean {nearest}?"),
        None if known.is_empty() => String::new(),
        None => format!(": write one of {}", known.join(", ")),
    }
}
