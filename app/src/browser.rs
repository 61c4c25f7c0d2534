//! The few things that only a browser can do. Called from effects and event handlers, which don't run on the server.

use leptos::{
    html::Dialog,
    prelude::{GetUntracked, NodeRef, document, window},
    wasm_bindgen::JsCast,
    web_sys::js_sys::Date,
};
use web_sys::{HtmlDocument, HtmlElement, HtmlFormElement, HtmlInputElement};

/// What stands behind the `#` of the address, taken away from it so that it stays out of the history.
pub(crate) fn take_fragment() -> Option<String> {
    let location = window().location();
    let fragment = location.hash().ok()?.strip_prefix('#')?.to_owned();
    let path = location.pathname().ok()?;
    let history = window().history().ok()?;
    history
        .replace_state_with_url(&history.state().unwrap_or_default(), "", Some(&path))
        .ok()?;
    Some(fragment)
}

/// Fills in an input.
pub(crate) fn fill(id: &str, text: &str) {
    if let Some(input) = find::<HtmlInputElement>(id) {
        input.set_value(text);
    }
}

/// Empties a form.
pub(crate) fn reset(id: &str) {
    if let Some(form) = find::<HtmlFormElement>(id) {
        form.reset();
    }
}

/// Moves the keyboard's focus.
pub(crate) fn focus(id: &str) {
    if let Some(element) = find::<HtmlElement>(id) {
        let _ = element.focus();
    }
}

/// Shows the top of the page.
pub(crate) fn scroll_up() {
    window().scroll_to_with_x_and_y(0.0, 0.0);
}

/// Selects an element's text and puts it on the clipboard; whether that worked. By way of the selection and not of the
/// newer clipboard interface, which browsers keep from pages that came over plain HTTP: a server at home, say.
pub(crate) fn copy(id: &str) -> bool {
    let select = |element: HtmlElement| window().get_selection().ok()??.select_all_children(&element).ok();
    find::<HtmlElement>(id).and_then(select).is_some()
        && document()
            .dyn_into::<HtmlDocument>()
            .is_ok_and(|document| document.exec_command("copy").unwrap_or(false))
}

/// Makes an open dialog a modal one: the rest of the page rests, and Escape closes it.
pub(crate) fn show_modal(dialog: NodeRef<Dialog>) {
    if let Some(dialog) = dialog.get_untracked() {
        let _ = dialog.remove_attribute("open");
        let _ = dialog.show_modal();
    }
}

/// Leaves for another page with a full load.
pub(crate) fn leave_for(path: &str) {
    let _ = window().location().set_href(path);
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "seconds fit for longer than there are clocks"
    )]
    let seconds = (Date::now() / 1000.0) as i64;
    seconds
}

fn find<T: JsCast>(id: &str) -> Option<T> {
    document().get_element_by_id(id)?.dyn_into().ok()
}
