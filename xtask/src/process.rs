//! Running other programs.

use std::ffi::OsStr;
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

use crate::{paths, say};

/// A program in the repository's root that ends with us and asks nobody anything.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(paths::root())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// Cargo, on queries as they are recorded in `.sqlx/`.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // `cargo run` says what it runs, and build scripts of others would take the difference for a reason to run again.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command
        .args(arguments)
        .env("SQLX_OFFLINE", "true")
        .env_remove("DATABASE_URL");
    command
}

/// Shows the command line, runs it, and fails if it fails.
pub(crate) async fn run(mut command: Command) -> Result<()> {
    say::note(say::paint("2", &shown(&command)));
    let name = name(&command);
    command.kill_on_drop(false);
    let mut child = Asked(command.spawn().with_context(|| format!("can't run {name}"))?);
    let status = child.0.wait().await?;
    if !status.success() {
        bail!("{name} failed ({status})");
    }
    Ok(())
}

/// A program that is asked to end when nobody waits for it any more: a killed test runner would leave its tests behind.
struct Asked(Child);

impl Drop for Asked {
    fn drop(&mut self) {
        ask_to_end(&self.0);
    }
}

/// Does nothing if it has ended and was waited for.
pub(crate) fn ask_to_end(child: &Child) {
    // Without an id it has been waited for, and the number may be another's by now.
    if let Some(pid) = child
        .id()
        .and_then(|pid| i32::try_from(pid).ok())
        .and_then(Pid::from_raw)
    {
        let _ = kill_process(pid, Signal::TERM);
    }
}

/// What a program prints, if it is there and succeeds.
pub(crate) async fn output(mut command: Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().await.ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Waits for ctrl-c or a polite request to end.
pub(crate) async fn interrupted() -> Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    bail!("interrupted")
}

fn name(command: &Command) -> String {
    let command = command.as_std();
    let program = std::path::Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    match command.get_args().next() {
        Some(argument) => format!("`{} {}`", program.to_string_lossy(), argument.to_string_lossy()),
        None => format!("`{}`", program.to_string_lossy()),
    }
}

fn shown(command: &Command) -> String {
    let command = command.as_std();
    let program = std::path::Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    let mut words = vec![program.to_string_lossy().into_owned()];
    words.extend(
        command
            .get_args()
            .map(|argument| argument.to_string_lossy().into_owned()),
    );
    words.join(" ")
}
