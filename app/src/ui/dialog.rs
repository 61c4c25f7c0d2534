//! A modal dialog that an address opens and a link closes, so that it needs no scripts. With them it becomes a real
//! modal one: the rest of the page rests, and Escape closes it.

use super::{Icon, IconView};
use crate::browser;
use leptos::{html, prelude::*};

/// A dialog that is open as long as it is on the page. Links with `data-close` inside it close it.
#[island]
pub(crate) fn Dialog(
    /// Its name.
    title: String,
    /// The page without it.
    close: String,
    children: Children,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        node.track();
        browser::show_modal(node);
    });
    let without = close.clone();
    view! {
        <dialog class="dialog" open aria-labelledby="dialog-title" node_ref=node on:close=move |_| browser::close_dialog(&without)>
            <header class="dialog-head">
                <h2 id="dialog-title">{title}</h2>
                <a class="button button-quiet button-icon" href=close aria-label="Close" data-close="">
                    <IconView icon=Icon::Close/>
                </a>
            </header>
            {children()}
        </dialog>
    }
}
