//! `cargo xtask serve` and, with it, what a running development server is.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

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
        status = run_until_end(&mut server, &arguments.server) => status?,
        _ = process::interrupted() => {
            say::step("Stopping");
            return server.stop().await;
        }
    };
    ensure!(status.success(), "the server ended ({status})");
    Ok(())
}

async fn run_until_end(server: &mut Service, arguments: &[String]) -> Result<std::process::ExitStatus> {
    announce(server, arguments).await;
    server.ended().await
}

/// Starts the server that was built last.
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

/// Says where it is, once it is there.
pub(crate) async fn announce(server: &mut Service, arguments: &[String]) {
    let Some(address) = listen_address(arguments) else {
        return;
    };
    // The first start may have to fetch a PostgreSQL. If it fails, the server has said why.
    if server
        .ready(local(address), Some("/readyz"), Duration::from_secs(600))
        .await
        .is_ok()
    {
        say::step(format!("Patchbay is ready: {}", say::paint("1", &url(address))));
    }
}

/// Where the server will listen. `None` if that is its own choice.
fn listen_address(arguments: &[String]) -> Option<SocketAddr> {
    let after_flag = arguments
        .iter()
        .position(|argument| argument == "--listen")
        .and_then(|at| arguments.get(at + 1));
    let in_flag = || arguments.iter().find_map(|argument| argument.strip_prefix("--listen="));
    let text = match after_flag.map(String::as_str).or_else(in_flag) {
        Some(text) => text.to_owned(),
        None => std::env::var("PATCHBAY_LISTEN").unwrap_or_else(|_| "127.0.0.1:9000".to_owned()),
    };
    text.parse::<SocketAddr>().ok().filter(|address| address.port() != 0)
}

/// The address by which this machine reaches it.
fn local(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        let loopback: IpAddr = if address.is_ipv4() {
            [127, 0, 0, 1].into()
        } else {
            [0, 0, 0, 0, 0, 0, 0, 1].into()
        };
        address.set_ip(loopback);
    }
    address
}

fn url(address: SocketAddr) -> String {
    if address.ip().is_loopback() || address.ip().is_unspecified() {
        format!("http://localhost:{}", address.port())
    } else {
        format!("http://{address}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(arguments: &[&str]) -> Option<String> {
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        listen_address(&arguments).map(|address| url(local(address)))
    }

    #[test]
    fn the_address_is_taken_from_the_servers_arguments() {
        assert_eq!(
            of(&["--listen", "127.0.0.1:9001"]).as_deref(),
            Some("http://localhost:9001")
        );
        assert_eq!(of(&["--listen=0.0.0.0:9002"]).as_deref(), Some("http://localhost:9002"));
        assert_eq!(
            of(&["--listen", "192.0.2.1:80"]).as_deref(),
            Some("http://192.0.2.1:80")
        );
        assert_eq!(of(&["--listen", "127.0.0.1:0"]), None);
    }
}
