//! `cargo xtask serve` and, with it, what a running development server is.

use anyhow::{Result, ensure};
use tokio::process::Command;

use crate::frontend::{self, Mode};
use crate::service::Service;
use crate::{build, paths, process, say, setup};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Arguments for `patchbay serve`, after `--`: `cargo xtask serve -- --listen 127.0.0.1:9001`
    #[arg(last = true)]
    pub(crate) server: Vec<String>,
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let prepare = async {
        let tools = setup::for_building().await?;
        frontend::build(Mode::Dev, &tools).await?;
        build::server(Mode::Dev).await
    };
    tokio::select! {
        result = prepare => result?,
        interrupted = process::interrupted() => return interrupted,
    }
    let mut server = start(&arguments.server)?;
    let status = tokio::select! {
        status = server.ended() => status?,
        _ = process::interrupted() => {
            say::step("Stopping");
            return server.stop().await;
        }
    };
    ensure!(status.success(), "the server ended ({status})");
    Ok(())
}

/// Starts the server that was built last. It says itself where it is when it is ready.
pub(crate) fn start(arguments: &[String]) -> Result<Service> {
    say::step("Starting the server");
    let mut command = Command::new(paths::target("debug/patchbay"));
    command
        .current_dir(paths::root())
        .arg("serve")
        .args(arguments)
        .stdin(std::process::Stdio::null());
    Service::start("the server", command)
}
