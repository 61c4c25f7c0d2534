//! The command line: what can be said, not what it does (see [`crate::commands`]).

use crate::config::{Source, Unreadable, Variables};
use clap::{Args, Parser, Subcommand};
use patchbay_domain::{audit::AuditFilter, field::FieldError, user::Role};
use patchbay_engine::{audit::AuditHead, transfer::Format};
use std::path::PathBuf;

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
    /// Make, list and change accounts, without a browser.
    #[command(subcommand)]
    User(User),
    /// Change the database's layout, or look at it. `serve` brings it up to date by itself.
    #[command(subcommand)]
    Migrate(Migrate),
    /// Make keys, and change to a new one.
    #[command(subcommand)]
    Key(Key),
    /// Write connectors, users and MCP servers into a document, without secrets.
    ///
    /// The same data always makes the same bytes. Where a secret was stands the name of the variable that an import takes it
    /// from. Tokens, passwords, sessions, calls and the audit log are not in it: it is no backup.
    Export(Export),
    /// Read a document in that `export` wrote, or a registry's server.json.
    ///
    /// All of it is done, or nothing when anything in it can't be. What the document doesn't speak of stays. Secrets are taken
    /// from the environment or .env, under the names in the document; those that are not there stay as they are stored.
    Import(Import),
    /// Check the audit log, export it, or forget whom it names.
    #[command(subcommand)]
    Audit(Audit),
    /// Print the description of the REST API: OpenAPI 3.1, as JSON.
    ///
    /// It is what a running server answers at /api/openapi.json, and needs none to run. /api/docs shows the same for people.
    Openapi,
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
    /// List accounts, newest first.
    List(UserList),
    /// Make an account.
    Create {
        #[command(flatten)]
        whose: Whose,
        /// Let them keep the catalogue and the users.
        #[arg(long)]
        superuser: bool,
        #[command(flatten)]
        password: Password,
    },
    /// Print a link with which somebody makes their own account, once, within a week.
    ///
    /// It works where PATCHBAY_SIGNUP is invite or open, and begins with PATCHBAY_PUBLIC_URL.
    Invite {
        /// The one address that the account can be made for [default: any]
        #[arg(long)]
        email: Option<String>,
        /// What the account may do: admin or superuser; can be said twice [default: neither]
        #[arg(long, value_parser = role)]
        role: Vec<Role>,
    },
    /// Set a password, for someone who lost theirs. Ends their sessions.
    SetPassword {
        #[command(flatten)]
        whose: Whose,
        #[command(flatten)]
        password: Password,
    },
    /// Print a link with which someone who lost their password sets a new one, once, within a day.
    ///
    /// It begins with PATCHBAY_PUBLIC_URL, ends their sessions when it is used, and leaves their second factor on.
    ResetLink(Whose),
    /// Take somebody's second factor away, who lost the device and the recovery codes.
    ResetSecondFactor(Whose),
    /// Disable an account: no sign-in, no session, no API token and no MCP server of it works until it is enabled again.
    Disable(Whose),
    /// Enable an account again.
    Enable(Whose),
    /// Delete an account with everything that it owns. The audit log forgets who that was.
    Delete {
        #[command(flatten)]
        whose: Whose,
        /// Do it, knowing that it can't be taken back.
        #[arg(long)]
        yes: bool,
    },
}

/// Which accounts to list. Everything that is said must hold.
#[derive(Debug, Args)]
pub struct UserList {
    /// A part of the email address
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// What they may do: admin or superuser
    #[arg(long, value_parser = role)]
    pub role: Option<Role>,
    /// Only accounts that are disabled
    #[arg(long)]
    pub disabled: bool,
    /// Print JSON Lines, with everything that is known about each
    #[arg(long)]
    pub json: bool,
}

/// An account, by what people call it.
#[derive(Debug, Args)]
pub struct Whose {
    /// Their email address.
    #[arg(long)]
    pub email: String,
}

fn role(word: &str) -> Result<Role, &'static str> {
    Role::parse(word).ok_or("there are admin and superuser")
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
    /// Seal everything again with the first key of TOKEN_ENCRYPTION_KEY, so that the others can be dropped.
    ///
    /// Works while the server serves. It can be stopped at any time and started again, and does only what is left to do.
    /// What can't be opened is left as it is and named by table and id.
    Rotate,
}

/// Options of `export`.
#[derive(Debug, Args)]
pub struct Export {
    /// yaml or json [default: json for a file that ends in .json, else yaml]
    #[arg(long, value_parser = format)]
    pub format: Option<Format>,
    /// Where to write it [default: the standard output]
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Options of `import`.
#[derive(Debug, Args)]
pub struct Import {
    /// The document, or - for the standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// yaml or json [default: what it looks like]
    #[arg(long, value_parser = format)]
    pub format: Option<Format>,
    /// Print what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do it in the name of this superuser, who then stands in the audit log and in connectors' histories
    #[arg(long = "as", value_name = "EMAIL")]
    pub in_the_name_of: Option<String>,
    /// Activate the connector of a server.json, too: asks its service for its tools. Needs --as
    #[arg(long, requires = "in_the_name_of", conflicts_with = "dry_run")]
    pub activate: bool,
}

fn format(word: &str) -> Result<Format, &'static str> {
    Format::parse(word).ok_or("there are yaml and json")
}

/// What can be done with the audit log.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Check that no row was changed, removed or inserted.
    Verify {
        /// Where the log ended once, as `patchbay audit head` or the server's log said: finds rows that were cut off the end
        #[arg(long, value_name = "SEQ:MAC", value_parser = audit_head)]
        expect_head: Option<AuditHead>,
    },
    /// Print the log as JSON Lines, oldest first.
    Export(AuditExport),
    /// Forget somebody's email and network addresses. The rows stay, with the id of the account.
    Erase {
        /// Their email address, or the account's id.
        #[arg(long, value_name = "EMAIL_OR_ID")]
        user: String,
    },
    /// Print where the log ends. Keep it somewhere else, for `verify --expect-head`.
    Head,
}

/// Which rows to export. Everything that is said must hold.
#[derive(Debug, Args)]
pub struct AuditExport {
    /// By whom: an id, or a part of an email
    #[arg(long, value_name = "WHO")]
    actor: Option<String>,
    /// What was done, like `connector.activate`, or the part before the point
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
    /// To what kind of thing, like `connector`
    #[arg(long, value_name = "KIND")]
    subject_type: Option<String>,
    /// To which thing: an id, or a part of its name
    #[arg(long, value_name = "THING")]
    subject: Option<String>,
    /// Not before this time, or the beginning of this day
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Before this time, or the end of this day
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
}

impl From<AuditExport> for AuditFilter {
    fn from(export: AuditExport) -> Self {
        Self {
            actor: export.actor,
            action: export.action,
            subject_type: export.subject_type,
            subject: export.subject,
            door: None,
            from: export.from,
            to: export.to,
        }
    }
}

fn audit_head(text: &str) -> Result<AuditHead, String> {
    text.parse().map_err(|error: FieldError| error.to_string())
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
