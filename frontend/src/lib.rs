//! The browser's entry point: readies the islands of the dashboard, nothing else. `boot.js` calls it and then each island.
#![cfg(target_arch = "wasm32")]

// The islands are exported by the app; naming it links them.
use patchbay_app as _;
use wasm_bindgen::prelude::wasm_bindgen;

/// Readies what islands need. Called once.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
}
