//! What stands where a kept address leads to when its list is another by now.

use super::{EmptyState, Icon};
use leptos::prelude::*;
use patchbay_domain::{
    field::FieldErrors,
    page::{Page, PageRequest},
};
use patchbay_engine::Error;

/// A page that its list doesn't have any more.
#[component]
pub(crate) fn NoSuchPage(
    /// The address of the list's first page.
    #[prop(into)]
    first: String,
) -> AnyView {
    view! {
        <EmptyState icon=Icon::Search title="This page is not there any more">
            <p>"The list is another one now, or the address has a typing error."</p>
            <p class="actions"><a class="button" href=first>"Go to its first page"</a></p>
        </EmptyState>
    }
    .into_any()
}

/// The page that was asked for; nothing when the list has no such page. Cursors end with the order that they are of, what
/// they point to may be gone, and people keep addresses.
pub(crate) fn if_there<T>(page: Result<Page<T>, Error>, asked: &PageRequest) -> Result<Option<Page<T>>, Error> {
    match page {
        Err(Error::Invalid(FieldErrors(fields))) if fields.contains_key("cursor") => Ok(None),
        Ok(page) if asked.cursor.is_some() && page.items.is_empty() => Ok(None),
        page => page.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use patchbay_domain::field::FieldError;

    fn page(items: &[u8]) -> Result<Page<u8>, Error> {
        Ok(Page {
            items: items.to_vec(),
            total: 3,
            next_cursor: None,
        })
    }

    fn refused(field: &str) -> Result<Page<u8>, Error> {
        Err(FieldErrors::one(field, FieldError::Required).into())
    }

    #[test]
    fn a_page_is_gone_when_its_cursor_means_nothing_or_nothing_comes_after_it() {
        let request = |cursor: Option<&str>| PageRequest {
            limit: None,
            cursor: cursor.map(ToOwned::to_owned),
        };
        let (first, later) = (request(None), request(Some("7")));
        assert!(if_there(page(&[1]), &later).unwrap().is_some());
        assert!(if_there(page(&[]), &later).unwrap().is_none());
        assert!(
            if_there(page(&[]), &first).unwrap().is_some(),
            "an empty list has a page"
        );
        assert!(if_there(refused("cursor"), &later).unwrap().is_none());
        assert!(if_there(refused("q"), &later).is_err());
    }
}
