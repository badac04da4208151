//! Many questions over the same bodies: what each of them would set out anew is set out once.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use crate::charter::Charter;
use crate::event::{BodyId, Day, ParticipantId, Size};

use super::body::{BodyView, Material, QueryError};
use super::status::in_view;
use super::{Axes, StatusAnswer};

/// The material of bodies, each up to a size of the record.
pub type Materials = HashMap<(BodyId, Size), Material>;

/// Answers questions of one participant each.
pub struct Batch {
    materials: Materials,
    views: HashMap<(BodyId, Size, Day), BodyView>,
    held: usize,
}

/// With more entries than these set out, the views are let go of: every day of knowledge is another view of a body.
const HELD_MAX: usize = 1 << 20;

impl Batch {
    /// Over the material given.
    pub fn new(materials: Materials) -> Batch {
        Batch { materials, views: HashMap::new(), held: 0 }
    }

    /// What [`super::status`] answers.
    ///
    /// # Errors
    /// [`QueryError`]; [`QueryError::NoBody`] also where no material of the body was given.
    pub fn status(
        &mut self,
        participant: &ParticipantId,
        body: &BodyId,
        axes: &Axes,
    ) -> Result<StatusAnswer, QueryError> {
        let material = self.materials.get(&(body.clone(), axes.as_recorded));
        let material = material.ok_or_else(|| QueryError::NoBody(body.clone()))?;
        if axes.at.is_some() {
            // Acts that state an instant lie otherwise to every moment.
            return super::status(material, participant, body, axes);
        }
        let key = |known| (body.clone(), axes.as_recorded, known);
        if self.held > HELD_MAX {
            self.views.clear();
            self.held = 0;
        }
        for known in [axes.known(), Day::FUTURE] {
            if let Slot::Vacant(slot) = self.views.entry(key(known)) {
                slot.insert(BodyView::new(material, body, axes.as_recorded, known)?);
                self.held += material.entries.len();
            }
        }
        let view = |known| self.views.get(&key(known)).ok_or_else(|| QueryError::NoBody(body.clone()));
        let today = view(Day::FUTURE)?;
        Ok(in_view(material, view(axes.known())?, today, participant, body, axes))
    }

    /// The rules under which a question was answered.
    pub fn charter(&self, body: &BodyId, axes: &Axes) -> Option<&Charter> {
        let view = self.views.get(&(body.clone(), axes.as_recorded, axes.known()))?;
        Some(&view.charter)
    }
}
