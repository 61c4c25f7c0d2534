//! What the page's address asks for, and the addresses of the pages around it.

use super::words::DOORS;
use crate::paths;
use leptos_router::params::ParamsMap;
use patchbay_domain::{
    audit::{AuditEvent, AuditFilter, Door},
    field::{FieldError, FieldErrors},
    page::PageRequest,
};

const PATH: &str = "/audit";
const EXPORT: &str = "/api/audit/export";
/// How many rows a page shows.
const PAGE: u32 = 50;
/// How many pages the way back is remembered; beyond that it leads to the first one.
const TRAIL_MAX: usize = 20;
/// Between the cursors of the way back. None has it, and a query holds it as it is.
const THEN: char = '~';

/// What the address asks for. Empty means not given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct AuditQuery {
    /// By whom.
    pub(super) actor: String,
    /// What was done.
    pub(super) action: String,
    /// To what kind of thing.
    pub(super) subject_type: String,
    /// To which.
    pub(super) subject: String,
    /// By which way.
    pub(super) door: String,
    /// From this day on.
    pub(super) from: String,
    /// Up to this day.
    pub(super) to: String,
    /// Where the page begins.
    cursor: String,
    /// Where the pages began that lie between the first one and this.
    trail: String,
}

impl From<&ParamsMap> for AuditQuery {
    fn from(query: &ParamsMap) -> Self {
        let get = |name| query.get(name).unwrap_or_default().trim().to_owned();
        Self {
            actor: get("actor"),
            action: get("action"),
            subject_type: get("subject_type"),
            subject: get("subject"),
            door: get("door"),
            from: get("from"),
            to: get("to"),
            cursor: get("cursor"),
            trail: get("trail"),
        }
    }
}

impl AuditQuery {
    /// Everything that one kind of thing, or one thing of it, was part of.
    pub(super) fn about(event: &AuditEvent) -> Option<Self> {
        Some(Self {
            subject_type: event.subject_type.clone(),
            subject: event.subject_id?.to_string(),
            ..Self::default()
        })
    }

    /// Everything that somebody did.
    pub(super) fn by(event: &AuditEvent) -> Option<Self> {
        Some(Self {
            actor: event.actor_id?.to_string(),
            ..Self::default()
        })
    }

    /// What the engine is asked for. A way that there isn't is refused: the rows of all ways would look like its rows.
    pub(super) fn filter(&self) -> Result<AuditFilter, FieldErrors> {
        let unknown = || FieldError::Malformed {
            expected: format!("one of {}", DOORS.map(|(door, _)| door.as_str()).join(", ")),
        };
        let door = some(&self.door).map(|door| Door::parse(&door).ok_or_else(unknown));
        Ok(AuditFilter {
            actor: some(&self.actor),
            action: some(&self.action),
            subject_type: some(&self.subject_type),
            subject: some(&self.subject),
            door: door.transpose().map_err(|error| FieldErrors::one("door", error))?,
            from: some(&self.from),
            to: some(&self.to),
        })
    }

    /// The part of the list that this page shows.
    pub(super) fn request(&self) -> PageRequest {
        PageRequest {
            limit: Some(PAGE),
            cursor: some(&self.cursor),
        }
    }

    /// Whether not everything is asked for.
    pub(super) fn is_filtered(&self) -> bool {
        self.parameters().iter().any(|(_, value)| !value.is_empty())
    }

    /// Whether this is a page behind the first one.
    pub(super) fn is_older(&self) -> bool {
        !self.cursor.is_empty()
    }

    /// The first page.
    pub(super) fn newest(&self) -> String {
        paths::with_query(PATH, &self.parameters())
    }

    /// The page before this one, unless this is the first.
    pub(super) fn newer(&self) -> Option<String> {
        let (trail, cursor) = self.trail.rsplit_once(THEN).unwrap_or(("", &self.trail));
        self.is_older().then(|| self.page(cursor, trail))
    }

    /// The page after this one.
    pub(super) fn older(&self, next: &str) -> String {
        let steps: Vec<_> = self.trail.split(THEN).chain([self.cursor.as_str()]).collect();
        let steps: Vec<_> = steps.into_iter().filter(|step| !step.is_empty()).collect();
        let kept = steps.len().saturating_sub(TRAIL_MAX);
        self.page(next, &steps[kept..].join(&THEN.to_string()))
    }

    /// The file with all of it.
    pub(super) fn export(&self) -> String {
        paths::with_query(EXPORT, &self.parameters())
    }

    fn page(&self, cursor: &str, trail: &str) -> String {
        paths::with_query(&self.newest(), &[("cursor", cursor), ("trail", trail)])
    }

    fn parameters(&self) -> [(&str, &str); 7] {
        [
            ("actor", &self.actor),
            ("action", &self.action),
            ("subject_type", &self.subject_type),
            ("subject", &self.subject),
            ("door", &self.door),
            ("from", &self.from),
            ("to", &self.to),
        ]
    }
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> AuditQuery {
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        let map: ParamsMap = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        AuditQuery::from(&map)
    }

    fn follow(path: &str) -> AuditQuery {
        query(path.split_once('?').map_or("", |(_, query)| query))
    }

    #[test]
    fn the_way_to_older_pages_and_back_keeps_the_filters() {
        let first = query("action=connector&from=2026-11-20");
        assert_eq!(first.newer(), None);
        let second = follow(&first.older("70"));
        let third = follow(&second.older("20"));
        assert_eq!(third.cursor, "20");
        assert_eq!(follow(&third.newer().unwrap()), second);
        assert_eq!(follow(&second.newer().unwrap()), first);
        assert_eq!(third.filter(), first.filter());
        assert_eq!(third.newest(), "/audit?action=connector&from=2026-11-20");
        assert_eq!(third.export(), "/api/audit/export?action=connector&from=2026-11-20");
    }

    #[test]
    fn the_way_back_is_remembered_for_some_pages_only() {
        let mut page = query("");
        for cursor in 0..50 {
            page = follow(&page.older(&cursor.to_string()));
        }
        assert_eq!(page.trail.split(THEN).count(), TRAIL_MAX);
        assert!(page.trail.ends_with("47~48"), "{}", page.trail);
        // Where nothing is remembered, the first page is as near as it gets.
        page.trail.clear();
        assert_eq!(page.newer().unwrap(), "/audit");
    }

    #[test]
    fn an_empty_field_is_no_filter_and_a_way_that_there_is_not_is_refused() {
        assert!(!query("actor=&door=").is_filtered());
        assert_eq!(query("door=&actor= ").filter(), Ok(AuditFilter::default()));
        assert_eq!(query("door=api").filter().unwrap().door, Some(Door::Api));
        let refused = query("door=window").filter().unwrap_err();
        assert!(refused.get("door").unwrap().to_string().contains("command_line"));
    }
}
