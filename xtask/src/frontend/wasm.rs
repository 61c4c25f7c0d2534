//! Compiling the frontend crate to WebAssembly.

use std::path::PathBuf;

use anyhow::{Result, ensure};

use super::Mode;
use crate::setup::wasm::{TARGET, Toolchain};
use crate::{paths, process};

const PACKAGE: &str = "patchbay-frontend";

/// Answers with the module's path.
pub(crate) async fn compile(mode: Mode, toolchain: &Toolchain) -> Result<PathBuf> {
    let mut arguments = vec!["build", "--package", PACKAGE, "--target", TARGET];
    let profile = match mode {
        Mode::Dev => "debug",
        Mode::Release => {
            arguments.extend(["--profile", "frontend"]);
            "frontend"
        }
    };
    let mut command = process::cargo(&arguments);
    toolchain.apply(&mut command);
    process::run(command).await?;
    let module = paths::target(&format!("{TARGET}/{profile}/patchbay_frontend.wasm"));
    ensure!(module.exists(), "cargo left no {}", module.display());
    Ok(module)
}
