//! A modal dialog that an address opens and a link closes, so that it needs no scripts. With them it becomes a real
//! modal one: the rest of the page rests, and Escape closes it.

use super::{Icon, IconView};
use crate::browser;
use leptos::{html, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};

/// A dialog that is open as long as it is rendered.
#[component]
pub(crate) fn Dialog(
    /// Its name.
    #[prop(into)]
    title: String,
    /// The page without it.
    #[prop(into)]
    close: String,
    children: Children,
) -> AnyView {
    let node = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        node.track();
        browser::show_modal(node);
    });
    let navigate = use_navigate();
    let close_again = close.clone();
    // Escape: the browser closes the dialog by itself, the address has to follow.
    let on_close = move |_| {
        navigate(
            &close_again,
            NavigateOptions {
                scroll: false,
                ..Default::default()
            },
        );
    };
    view! {
        <dialog class="dialog" open aria-labelledby="dialog-title" node_ref=node on:close=on_close>
            <header class="dialog-head">
                <h2 id="dialog-title">{title}</h2>
                <a class="button button-quiet button-icon" href=close aria-label="Close" data-noscroll=""><IconView icon=Icon::Close/></a>
            </header>
            {children()}
        </dialog>
    }
    .into_any()
}
