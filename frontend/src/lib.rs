//! The browser's entry point: readies the islands of the dashboard, nothing else. `boot.js` calls it and then each island.
#![cfg(target_arch = "wasm32")]

use leptos::prelude::Owner;
// The islands are exported by the app; naming it links them.
use patchbay_app as _;
use std::cell::OnceCell;
use wasm_bindgen::prelude::wasm_bindgen;

thread_local! {
    /// What owns the islands that stand in no other.
    static ROOT: OnceCell<Owner> = const { OnceCell::new() };
}

/// Readies what islands need. Called once.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
    if let Some(owner) = Owner::current() {
        ROOT.with(|root| root.set(owner).ok());
    }
}

/// Lets the next island stand in no other. Without this it would find the context of the last island that had children.
#[wasm_bindgen]
pub fn stand_alone() {
    ROOT.with(|root| {
        if let Some(owner) = root.get() {
            owner.set();
        }
    });
}
