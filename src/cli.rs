//! The command line: what can be said, not what it does (see [`crate::commands`]).

use crate::config::{Source, Unreadable, Variables};
use clap::{Args, Parser, Subcommand};

/// A self-hosted control plane and gateway for the Model Context Protocol.
///
/// Everything is configured with environment variables, a file `.env` in the working directory, or the options below, which
/// win. `patchbay config` shows what is in force. With nothing configured, `patchbay serve` runs on this machine alone, with
/// a PostgreSQL and keys of its own in `.patchbay`.
#[derive(Debug, Parser)]
#[command(name = "patchbay", version, verbatim_doc_comment)]
pub struct Cli {
    #[command(flatten)]
    options: Options,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Args)]
struct Options {
    /// Where the embedded database and keys are kept [PATCHBAY_DATA_DIR, default: .patchbay]
    #[arg(long, global = true, value_name = "DIRECTORY")]
    data_dir: Option<String>,
    /// What to log, like `debug` or `patchbay=debug,info` [PATCHBAY_LOG, default: info]
    #[arg(long, global = true, value_name = "FILTER")]
    log: Option<String>,
    /// For people or for machines: pretty or json [PATCHBAY_LOG_FORMAT, default: pretty]
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<String>,
}

/// What the process can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the dashboard, the API and the gateway.
    ///
    /// Without DATABASE_URL this also runs a PostgreSQL of its own. On an empty database the log shows a link to make the
    /// first superuser with.
    Serve(Serve),
    /// Make accounts and set passwords, without a browser.
    #[command(subcommand)]
    User(User),
    /// Change the database's layout, or look at it. `serve` brings it up to date by itself.
    #[command(subcommand)]
    Migrate(Migrate),
    /// Make keys.
    #[command(subcommand)]
    Key(Key),
    /// Print the configuration in force, with secrets masked.
    Config(Config),
    /// Check that everything that `serve` needs is there, and say what to do where it is not.
    Doctor,
}

/// Options of `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// The address to listen at [PATCHBAY_LISTEN, default: 127.0.0.1:9000]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// The URL that people and MCP clients use [PATCHBAY_PUBLIC_URL, default: http://localhost:PORT]
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
}

/// What can be done with accounts.
#[derive(Debug, Subcommand)]
pub enum User {
    /// Make an account.
    Create {
        /// Their email address.
        #[arg(long)]
        email: String,
        /// Let them keep the catalogue and the users.
        #[arg(long)]
        superuser: bool,
        #[command(flatten)]
        password: Password,
    },
    /// Set a password, for someone who lost theirs. Ends their sessions.
    SetPassword {
        /// Their email address.
        #[arg(long)]
        email: String,
        #[command(flatten)]
        password: Password,
    },
}

/// How a password gets here: never as an argument, which everybody on the machine could read.
#[derive(Debug, Args)]
pub struct Password {
    /// Read the password from the standard input, up to the first line break.
    #[arg(long, required = true)]
    pub password_stdin: bool,
}

/// What can be done with the database's layout.
#[derive(Debug, Subcommand)]
pub enum Migrate {
    /// Apply what is missing.
    Up,
    /// Take back the newest migrations. What is stored in what they added is lost.
    Down {
        /// How many.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
        steps: u32,
        /// Do it, knowing that data is lost.
        #[arg(long)]
        yes: bool,
    },
    /// Show which migrations are missing, and the connectors with their modes.
    Status,
    /// Show when each migration was applied.
    History,
}

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Print a new random key, good for TOKEN_ENCRYPTION_KEY and for JWT_SECRET_KEY.
    Generate,
}

/// Options of `config`.
#[derive(Debug, Args)]
pub struct Config {
    /// What to print instead.
    #[command(subcommand)]
    pub what: Option<ConfigWhat>,
}

/// Parts of the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigWhat {
    /// Print the URL of the database, with its password.
    ///
    /// Of an embedded database only while it runs, which it does as long as `patchbay serve`. Other users of this machine can
    /// see the arguments of a command: don't make the URL one where they shouldn't know the password.
    DatabaseUrl,
}

impl Cli {
    /// The variables as found, with the options over them.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn variables(&self) -> Result<Variables, Unreadable> {
        let mut variables = Variables::read()?;
        let mut set = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                variables.set(name, value, Source::Flag);
            }
        };
        set("PATCHBAY_DATA_DIR", self.options.data_dir.clone());
        set("PATCHBAY_LOG", self.options.log.clone());
        set("PATCHBAY_LOG_FORMAT", self.options.log_format.clone());
        if let Command::Serve(serve) = &self.command {
            set("PATCHBAY_LISTEN", serve.listen.clone());
            set("PATCHBAY_PUBLIC_URL", serve.public_url.clone());
        }
        Ok(variables)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_password_is_only_taken_from_the_standard_input() {
        let parse =
            |args: &[&str]| Cli::try_parse_from([&["patchbay", "user", "create", "--email", "a@b.c"], args].concat());
        assert!(parse(&["--password-stdin"]).is_ok());
        assert!(parse(&[]).is_err());
        assert!(parse(&["--password", "x"]).is_err());
    }
}
