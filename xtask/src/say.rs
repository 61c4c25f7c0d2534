//! What is printed: one way for every command.

use std::fmt::Display;
use std::io::IsTerminal as _;

/// A step begins.
pub(crate) fn step(what: impl Display) {
    println!("{} {what}", paint("36;1", "==>"));
}

/// Something worth knowing within a step.
pub(crate) fn note(what: impl Display) {
    println!("    {what}");
}

/// Something that is not as it should be and doesn't stop the work.
pub(crate) fn warning(what: impl Display) {
    println!("{} {what}", paint("33;1", "warning:"));
}

/// Why the command failed, with every cause.
pub(crate) fn error(error: &anyhow::Error) {
    eprintln!("{} {error:#}", paint("31;1", "error:"));
}

/// Colours are for terminals.
pub(crate) fn paint(code: &str, text: &str) -> String {
    if std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        format!("\x1b[{code}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}
