//! The few things that only a browser can do. Called from effects and event handlers, which don't run on the server.
//!
//! Going from page to page is the work of `frontend/boot.js`: it is told by events.

use leptos::{
    html::Dialog,
    prelude::{GetUntracked, NodeRef, document, window},
    wasm_bindgen::{JsCast, JsValue},
};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    CustomEvent, CustomEventInit, FormData, Headers, HtmlButtonElement, HtmlDocument, HtmlElement, HtmlFormElement,
    HtmlInputElement, RequestInit, Response, SubmitEvent, UrlSearchParams,
};

/// Shows another page of this site.
pub(crate) fn visit(path: &str) {
    tell("patchbay:visit", path);
}

/// Takes the open dialog away: this is the page without it.
pub(crate) fn close_dialog(path: &str) {
    tell("patchbay:close", path);
}

fn tell(event: &str, path: &str) {
    let init = CustomEventInit::new();
    init.set_detail(&JsValue::from_str(path));
    if let Ok(event) = CustomEvent::new_with_event_init_dict(event, &init) {
        let _ = document().dispatch_event(&event);
    }
}

/// What stands behind the `#` of the address, taken away from it so that it stays out of the history.
pub(crate) fn take_fragment() -> Option<String> {
    let location = window().location();
    let fragment = location.hash().ok()?.strip_prefix('#')?.to_owned();
    let path = location.pathname().ok()?;
    let history = window().history().ok()?;
    history.replace_state_with_url(&JsValue::NULL, "", Some(&path)).ok()?;
    Some(fragment)
}

/// Has a form sent with what stands behind the `#` of the address.
pub(crate) fn keep_fragment(form: &str) {
    if let Some((form, fragment)) = find::<HtmlFormElement>(form).zip(window().location().hash().ok()) {
        form.set_action(&(form.action() + &fragment));
    }
}

/// Fills in an input.
pub(crate) fn fill(id: &str, text: &str) {
    if let Some(input) = find::<HtmlInputElement>(id) {
        input.set_value(text);
    }
}

/// Moves the keyboard's focus.
pub(crate) fn focus(id: &str) {
    if let Some(element) = find::<HtmlElement>(id) {
        let _ = element.focus();
    }
}

/// Takes away what is inside an element.
pub(crate) fn clear(id: &str) {
    if let Some(element) = find::<HtmlElement>(id) {
        element.replace_children_with_node_0();
    }
}

/// Sets or takes away an attribute.
pub(crate) fn mark(id: &str, attribute: &str, value: Option<&str>) {
    if let Some(element) = find::<HtmlElement>(id) {
        let _ = match value {
            Some(value) => element.set_attribute(attribute, value),
            None => element.remove_attribute(attribute),
        };
    }
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

/// What a form that is being sent says, with the button that sends it.
pub(crate) fn fields(event: &SubmitEvent) -> Option<UrlSearchParams> {
    let form = event.target()?.dyn_into::<HtmlFormElement>().ok()?;
    let fields = FormData::new_with_form(&form).ok()?;
    let button = event.submitter().and_then(|it| it.dyn_into::<HtmlButtonElement>().ok());
    if let Some(button) = button.filter(|button| !button.name().is_empty()) {
        fields.append_with_str(&button.name(), &button.value()).ok()?;
    }
    UrlSearchParams::new_with_str_sequence_sequence(&fields).ok()
}

/// Sends fields as a form would, but for an answer as JSON: whether it is a good one, and the answer.
pub(crate) async fn post(to: &str, fields: &UrlSearchParams) -> Result<(bool, String), JsValue> {
    let headers = Headers::new()?;
    headers.set("Accept", "application/json")?;
    let request = RequestInit::new();
    request.set_method("POST");
    request.set_headers(&headers);
    request.set_body(fields);
    let answer: Response = JsFuture::from(window().fetch_with_str_and_init(to, &request))
        .await?
        .dyn_into()?;
    let text = JsFuture::from(answer.text()?).await?;
    Ok((answer.ok(), text.as_string().unwrap_or_default()))
}

fn find<T: JsCast>(id: &str) -> Option<T> {
    document().get_element_by_id(id)?.dyn_into().ok()
}
