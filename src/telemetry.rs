//! Where log lines go and what they look like. What is worth a line is decided where it happens.

use crate::config::{LogConfig, LogFormat};
use std::io;
use tracing_subscriber::{EnvFilter, util::SubscriberInitExt as _};

/// Starts logging to the standard error, for the rest of the process's life.
///
/// # Errors
/// When logging was started before, or the filter is none.
pub(crate) fn start(config: &LogConfig) -> anyhow::Result<()> {
    let mut filter = EnvFilter::builder().parse(&config.filter)?;
    if !config.filter.contains("tower_sessions") {
        // A cookie from before a sign-out is no news, and no attack.
        filter = filter
            .add_directive("tower_sessions_core=error".parse()?)
            .add_directive("tower_sessions=error".parse()?);
    }
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    match config.format {
        LogFormat::Json => lines.json().flatten_event(true).finish().try_init()?,
        LogFormat::Pretty => {
            let to_terminal = io::IsTerminal::is_terminal(&io::stderr());
            lines.with_target(false).with_ansi(to_terminal).finish().try_init()?;
        }
    }
    Ok(())
}
