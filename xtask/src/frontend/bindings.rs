//! The JavaScript between the browser and the module. The generator is the library behind the `wasm-bindgen` program, in
//! the version that `Cargo.lock` has for the frontend too: there is nothing to install, and nothing to get out of step.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use wasm_bindgen_cli_support::Bindgen;

use super::Mode;

/// The module and its JavaScript, as the generator names them.
pub(crate) const WASM: &str = "patchbay_bg.wasm";
pub(crate) const JS: &str = "patchbay.js";

/// Answers with the directory in which both are, and `snippets/` if there are any.
pub(crate) fn bind(module: &Path, mode: Mode) -> Result<PathBuf> {
    let dir = mode.site().with_extension("bindings");
    if dir.exists() {
        fs::remove_dir_all(&dir)?;
    }
    let mut generator = Bindgen::new();
    generator
        .input_path(module)
        .web(true)?
        .typescript(false)
        .omit_default_module_path(true)
        .out_name("patchbay");
    if mode == Mode::Release {
        generator.remove_name_section(true).remove_producers_section(true);
    }
    generator
        .generate(&dir)
        .with_context(|| format!("wasm-bindgen failed on {}", module.display()))?;
    Ok(dir)
}
