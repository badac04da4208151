//! The charters that come with the program, as texts.

/// A shipped charter: its body and the texts of its adoption and amendments, oldest first.
pub struct Template {
    /// The body.
    pub id: &'static str,
    /// One TOML text for each event.
    pub texts: &'static [&'static str],
}

impl Template {
    /// Finds the template of a body; case does not matter.
    pub fn find(id: &str) -> Option<&'static Template> {
        TEMPLATES.iter().find(|t| t.id.eq_ignore_ascii_case(id))
    }
}

/// The charters that come with the program.
pub const TEMPLATES: &[Template] = &[
    Template {
        id: "sco",
        texts: &[
            include_str!("templates/sco/1-founding.toml"),
            include_str!("templates/sco/2-charter.toml"),
            include_str!("templates/sco/3-observers.toml"),
            include_str!("templates/sco/4-dialogue-partners.toml"),
            include_str!("templates/sco/5-admission.toml"),
            include_str!("templates/sco/6-memorandum.toml"),
            include_str!("templates/sco/7-partners.toml"),
        ],
    },
    Template {
        id: "un",
        texts: &[
            include_str!("templates/un/1-charter.toml"),
            include_str!("templates/un/2-admission.toml"),
            include_str!("templates/un/3-observers.toml"),
            include_str!("templates/un/4-observer-entities.toml"),
        ],
    },
    Template {
        id: "nato",
        texts: &[
            include_str!("templates/nato/1-treaty.toml"),
            include_str!("templates/nato/2-denunciation.toml"),
            include_str!("templates/nato/3-aspirants.toml"),
        ],
    },
    Template {
        id: "eu",
        texts: &[
            include_str!("templates/eu/1-rome.toml"),
            include_str!("templates/eu/2-maastricht.toml"),
            include_str!("templates/eu/3-candidates.toml"),
            include_str!("templates/eu/4-potential-candidates.toml"),
            include_str!("templates/eu/5-lisbon.toml"),
            include_str!("templates/eu/6-croatia.toml"),
        ],
    },
    Template {
        id: "coe",
        texts: &[
            include_str!("templates/coe/1-statute.toml"),
            include_str!("templates/coe/2-special-guests.toml"),
            include_str!("templates/coe/3-observers.toml"),
        ],
    },
    Template {
        id: "csto",
        texts: &[
            include_str!("templates/csto/1-treaty.toml"),
            include_str!("templates/csto/2-extension.toml"),
            include_str!("templates/csto/3-charter.toml"),
            include_str!("templates/csto/4-partners.toml"),
        ],
    },
    Template {
        id: "eaeu",
        texts: &[
            include_str!("templates/eaeu/1-treaty.toml"),
            include_str!("templates/eaeu/2-admission.toml"),
            include_str!("templates/eaeu/3-observers.toml"),
        ],
    },
    Template {
        id: "brics",
        texts: &[
            include_str!("templates/brics/1-founding.toml"),
            include_str!("templates/brics/2-expansion.toml"),
            include_str!("templates/brics/3-partners.toml"),
        ],
    },
    Template {
        id: "asean",
        texts: &[
            include_str!("templates/asean/1-bangkok.toml"),
            include_str!("templates/asean/2-charter.toml"),
        ],
    },
    Template { id: "au", texts: &[include_str!("templates/au/1-constitutive-act.toml")] },
    Template {
        id: "ecowas",
        texts: &[
            include_str!("templates/ecowas/1-lagos.toml"),
            include_str!("templates/ecowas/2-revised-treaty.toml"),
        ],
    },
    Template {
        id: "las",
        texts: &[include_str!("templates/las/1-pact.toml"), include_str!("templates/las/2-observers.toml")],
    },
    Template {
        id: "multilateral-treaty",
        texts: &[include_str!("templates/multilateral-treaty/1-treaty.toml")],
    },
    Template {
        id: "international-organisation",
        texts: &[include_str!("templates/international-organisation/1-membership.toml")],
    },
];
