//! Charter texts that were read: what thousands of charters extend is read once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::text::{CharterText, CharterTextError};

/// Texts by what stands in them.
///
/// A copy shares them.
#[derive(Clone, Default)]
pub struct Texts(Arc<Mutex<HashMap<String, Arc<CharterText>>>>);

impl Texts {
    /// Reads a text, as [`CharterText::parse`] does; the same text is read once.
    ///
    /// # Errors
    /// [`CharterTextError`].
    pub fn parse(&self, text: &str) -> Result<Arc<CharterText>, CharterTextError> {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(said) = known().get(text) {
            return Ok(Arc::clone(said));
        }
        // Read without the lock: bodies are folded on several threads at once.
        let said = Arc::new(CharterText::parse(text)?);
        known().insert(text.to_owned(), Arc::clone(&said));
        Ok(said)
    }
}
