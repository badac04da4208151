//! A store of parsed charter texts: a pattern that thousands of charters extend is parsed once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::text::{CharterText, CharterTextError};

/// Parsed texts, by the text itself.
///
/// A clone shares the store.
#[derive(Clone, Default)]
pub struct Texts(Arc<Mutex<HashMap<String, Arc<CharterText>>>>);

impl Texts {
    /// Parses a text, as [`CharterText::parse`] does; the same text is parsed once.
    ///
    /// # Errors
    /// [`CharterTextError`].
    pub fn parse(&self, text: &str) -> Result<Arc<CharterText>, CharterTextError> {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(said) = known().get(text) {
            return Ok(Arc::clone(said));
        }
        // The text is parsed without the lock, because bodies are folded on several threads at once.
        let said = Arc::new(CharterText::parse(text)?);
        known().insert(text.to_owned(), Arc::clone(&said));
        Ok(said)
    }
}
