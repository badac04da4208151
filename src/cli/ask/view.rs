//! Whose account of a dispute a question follows.

use std::sync::Arc;

use crate::query::Policy;

use crate::cli::error::Failure;
use crate::cli::render::one_of;

/// A view by its name, or the one in a file.
///
/// # Errors
/// [`Failure`] naming the views there are.
pub(crate) fn policy(text: &str) -> Result<Arc<Policy>, Failure> {
    let shipped = Policy::shipped();
    if let Some(view) = shipped.iter().find(|view| view.name.eq_ignore_ascii_case(text.trim())) {
        return Ok(Arc::new(view.clone()));
    }
    let names: Vec<&str> = shipped.iter().map(|view| view.name.as_str()).collect();
    if !text.ends_with(".toml") {
        return Err(Failure::usage(format!("there is no view called {text:?}"))
            .help(format!("it is {}, or a file of your own that ends in .toml", one_of(&names))));
    }
    let bytes = std::fs::read_to_string(text).map_err(|e| Failure::file(text.as_ref(), &e))?;
    let mut views = Policy::parse(&bytes).map_err(|e| Failure::usage(format!("{text}: {e}")))?;
    match (views.pop(), views.len()) {
        (Some(mut view), 0) => {
            view.from = Some(text.to_owned());
            Ok(Arc::new(view))
        }
        (_, others) => {
            let held = if others == 0 { 0 } else { others + 1 };
            Err(Failure::usage(format!("{text} holds {held} views: one is needed"))
                .help("a view is [[view]] with a name and its [[view.rank]]s, the best first"))
        }
    }
}
