//! What all pages share in one visit: who is signed in, what time it is, what there is to tell.

use super::api::{Frame, get_frame};
use crate::{
    browser,
    error::AppError,
    outcome::{FormFlash, Notice},
    paths,
};
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use std::time::Duration;

/// A notice on the page.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Told {
    /// To tell it from others.
    pub(crate) id: u32,
    /// What is told.
    pub(crate) notice: Notice,
    /// The page that it belongs to.
    at: String,
    /// Whether that page was reached.
    arrived: bool,
}

/// What all pages share. Cheap to copy.
#[derive(Clone, Copy)]
pub(crate) struct Site {
    frame: Resource<Result<Frame, AppError>>,
    has_arrived: StoredValue<bool>,
    flash: StoredValue<Option<FormFlash>>,
    told: RwSignal<Vec<Told>>,
    next_id: StoredValue<u32>,
    now: RwSignal<i64>,
    reloads: RwSignal<u32>,
    here: Memo<String>,
}

/// What all pages share.
pub(crate) fn use_site() -> Site {
    expect_context()
}

/// What time it is, in seconds since 1970, as of the last minute.
pub(crate) fn use_now() -> Signal<i64> {
    use_site().now.into()
}

impl Site {
    /// The frame of the page, with what waited in the session handed out.
    pub(crate) async fn arrive(self) -> Result<Frame, AppError> {
        let frame = self.frame.await?;
        if !self.has_arrived.get_value() {
            self.has_arrived.set_value(true);
            self.now.set(frame.now.0.unix_timestamp());
            self.flash.set_value(frame.flash.form.clone());
            if let Some(notice) = frame.flash.notice.clone() {
                self.tell(notice, &self.here());
            }
        }
        Ok(frame)
    }

    /// The path and query of this page.
    pub(crate) fn here(self) -> String {
        self.here.get_untracked()
    }

    /// Whether this is the page, query and all.
    pub(crate) fn is_at(self, to: &str) -> bool {
        self.here.with_untracked(|here| here == to)
    }

    /// Whether this is the page, whatever its query.
    pub(crate) fn is_on(self, to: &str) -> bool {
        self.here
            .with_untracked(|here| paths::without_query(here) == paths::without_query(to))
    }

    /// The form that the session kept, if it is this one.
    pub(crate) fn flash_of(self, form: &str) -> Option<FormFlash> {
        self.flash
            .with_value(|flash| flash.clone().filter(|flash| flash.form == form))
    }

    /// Tells something on the page at `at`.
    pub(crate) fn tell(self, notice: Notice, at: &str) {
        self.next_id.update_value(|id| *id += 1);
        let told = Told {
            id: self.next_id.get_value(),
            notice,
            at: at.to_owned(),
            arrived: self.is_at(at),
        };
        self.told.set(vec![told]);
    }

    /// What there is to tell.
    pub(crate) fn told(self) -> Signal<Vec<Told>> {
        self.told.into()
    }

    /// Takes all notices away.
    pub(crate) fn hush(self) {
        self.told.set(Vec::new());
    }

    /// Takes a notice away.
    pub(crate) fn dismiss(self, id: u32) {
        self.told.update(|told| told.retain(|told| told.id != id));
    }

    /// Makes pages that track [`Site::reloads`] ask for their data again.
    pub(crate) fn reload(self) {
        self.reloads.update(|count| *count += 1);
    }

    /// How often the page's data was asked for anew; part of what a page's data depends on.
    pub(crate) fn reloads(self) -> u32 {
        self.reloads.get()
    }

    /// After every step from page to page: what was told there, and what the session kept for it, is past.
    fn moved_on(self, here: &str) {
        self.flash.set_value(None);
        self.told.update(|told| {
            told.retain(|told| !told.arrived || told.at == here);
            for told in told {
                told.arrived |= told.at == here;
            }
        });
    }
}

/// Gives [`Site`] to everything inside it. Stands inside the router.
#[component]
pub(crate) fn SiteRoot(children: Children) -> impl IntoView {
    let location = use_location();
    let here = Memo::new(move |_| format!("{}{}", location.pathname.get(), query(&location.search.get())));
    let site = Site {
        frame: Resource::new_blocking(|| (), |()| get_frame()),
        has_arrived: StoredValue::new(false),
        flash: StoredValue::new(None),
        told: RwSignal::new(Vec::new()),
        next_id: StoredValue::new(0),
        now: RwSignal::new(0),
        reloads: RwSignal::new(0),
        here,
    };
    provide_context(site);
    Effect::new(move |before: Option<String>| {
        let now = here.get();
        if let Some(before) = before.filter(|before| *before != now) {
            site.moved_on(&now);
            if paths::without_query(&before) != paths::without_query(&now) {
                browser::focus("main");
            }
        }
        now
    });
    Effect::new(move || {
        let _ = set_interval_with_handle(move || site.now.set(browser::now()), Duration::from_secs(30));
    });
    children()
}

fn query(search: &str) -> String {
    if search.is_empty() {
        String::new()
    } else {
        format!("?{search}")
    }
}
