//! `cargo xtask bench`: load on the gateway, and on a bare proxy by turns.

use anyhow::Result;

use crate::frontend::Mode;
use crate::{build, paths, process, say};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Passed on to the benchmark: `-- --connections 1,16,64 --rounds 9`; `-- --help` lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds what is measured and what measures, optimised, and runs it.
pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    build::server(Mode::Release).await?;
    say::step("Building the benchmark");
    process::run(process::cargo(&["build", "--release", "--package", "patchbay-bench"])).await?;
    say::step("Measuring: keep the machine quiet");
    let mut command = process::cargo(&[
        "run",
        "--quiet",
        "--release",
        "--package",
        "patchbay-bench",
        "--",
        "run",
    ]);
    for (option, path) in [("--binary", "release/patchbay"), ("--data", "bench-data")] {
        if !arguments.arguments.iter().any(|argument| argument.starts_with(option)) {
            command.arg(option).arg(paths::target(path));
        }
    }
    command.args(arguments.arguments);
    process::run(command).await
}
