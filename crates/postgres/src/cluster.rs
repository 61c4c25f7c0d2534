//! The cluster at rest: making it, its role and database, and what a crash may have left of it.
//!
//! Everything here goes through `initdb` and the single-user server, so no client is needed and the database's superuser
//! never gets a password: nobody can log in as it.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::process::Command;
use tracing::{info, warn};

use crate::account::RunAs;
use crate::binaries::Binaries;
use crate::connection::NAME;
use crate::error::{Error, random_hex};
use crate::layout::Layout;
use crate::options::Script;

/// Everything that is needed to make, mend and start the server.
#[derive(Debug, Clone)]
pub(crate) struct Cluster {
    pub(crate) binaries: Binaries,
    pub(crate) run_as: RunAs,
    pub(crate) layout: Layout,
    pub(crate) unsafe_but_fast: bool,
}

impl Cluster {
    /// Makes the cluster if there is none, and answers with the login role's password.
    pub(crate) async fn prepare(&self, scripts: &[Script]) -> Result<SecretString, Error> {
        let exists = self.layout.version()?.is_some();
        if exists && let Some(password) = read_password(&self.layout.password_file)? {
            return Ok(password);
        }
        let password = SecretString::from(random_hex::<24>()?);
        if exists {
            warn!("the password of the embedded PostgreSQL was lost: setting a new one");
            let sql = format!("ALTER ROLE {NAME} PASSWORD '{}'", password.expose_secret());
            self.single_user(&self.layout.data(), "postgres", "setting the password", &sql)
                .await?;
        } else {
            self.make(&password, scripts).await?;
        }
        write_password(&self.layout.password_file, &password)?;
        Ok(password)
    }

    /// Makes the cluster under another name and renames it when it is whole: a crash leaves no half of one.
    async fn make(&self, password: &SecretString, scripts: &[Script]) -> Result<(), Error> {
        let data = self.layout.cluster_dir.join("data.new");
        info!(version = self.binaries.version, data = %self.layout.cluster_dir.display(), "making a PostgreSQL database");
        self.initdb(&data).await?;
        let create = format!(
            "CREATE ROLE {NAME} LOGIN NOSUPERUSER CREATEROLE CREATEDB PASSWORD '{}';\n\nCREATE DATABASE {NAME} OWNER {NAME}",
            password.expose_secret()
        );
        self.single_user(&data, "postgres", "making role and database", &create)
            .await?;
        for Script { name, sql } in scripts {
            let sql = format!("SET SESSION AUTHORIZATION {NAME};\n\n{}", in_one_piece(sql));
            self.single_user(&data, NAME, name, &sql).await?;
        }
        let whole = self.layout.data();
        fs::rename(&data, &whole).map_err(Error::io("create", whole))
    }

    async fn initdb(&self, data: &Path) -> Result<(), Error> {
        let mut output = String::new();
        // Not every system has the second-best of all locales; every one has C.
        for locale in ["C.UTF-8", "C"] {
            if data.exists() {
                fs::remove_dir_all(data).map_err(Error::io("remove", data))?;
            }
            let mut command = self.run_as.command(self.binaries.program("initdb"));
            command
                .arg("--pgdata")
                .arg(data)
                .args(["--encoding=UTF8", "--username=postgres", "--locale", locale]);
            // Passwords or nothing, and nothing at all from the network.
            let local = if self.unsafe_but_fast { "trust" } else { "scram-sha-256" };
            command.args(["--auth-host=reject", "--auth-local", local]);
            if self.unsafe_but_fast {
                command.arg("--no-sync");
            }
            let result = self.run_as.run(command, "initdb", "").await?;
            if result.status.success() {
                return Ok(());
            }
            output = text(&result.stderr);
            if !output.contains("locale") {
                break;
            }
        }
        Err(Error::Failed {
            what: "initdb".to_owned(),
            output,
        })
    }

    /// Runs SQL as the superuser in a server that serves nobody else. Statements in one piece (see [`in_one_piece`]) are one
    /// transaction.
    async fn single_user(&self, data: &Path, database: &str, what: &str, sql: &str) -> Result<(), Error> {
        let mut command: Command = self.run_as.command(self.binaries.program("postgres"));
        command.args(["--single", "-j", "-D"]).arg(data);
        command.args([
            "-c",
            "exit_on_error=on",
            "-c",
            "log_min_messages=warning",
            "-c",
            "log_statement=none",
        ]);
        if self.unsafe_but_fast {
            command.args(["-c", "fsync=off"]);
        }
        command.arg(database);
        let result = self.run_as.run(command, what, &format!("{sql};\n\n")).await?;
        let errors = text(&result.stderr);
        if result.status.success() && !errors.contains("ERROR:") && !errors.contains("FATAL:") {
            return Ok(());
        }
        // PostgreSQL repeats the statement, and in it may be a password.
        let output = errors.split("STATEMENT:").next().unwrap_or_default().trim().to_owned();
        Err(Error::Failed {
            what: what.to_owned(),
            output,
        })
    }
}

/// The single-user server ends a piece of input at a semicolon and two line breaks, in the midst of a function's body if need
/// be. A blank in the empty line prevents that.
fn in_one_piece(sql: &str) -> String {
    sql.trim()
        .trim_end_matches(';')
        .replace("\r\n", "\n")
        .replace(";\n\n", ";\n \n")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

fn read_password(path: &Path) -> Result<Option<SecretString>, Error> {
    match fs::read_to_string(path) {
        Ok(password) if password.trim().is_empty() => Ok(None),
        Ok(password) => Ok(Some(password.trim().into())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read", path)(error)),
    }
}

/// Temporary files are made with mode 0600, and stay so under their final name.
fn write_password(path: &Path, password: &SecretString) -> Result<(), Error> {
    let dir = path.parent().expect("the password's file is in the state directory");
    let mut file = tempfile::NamedTempFile::new_in(dir).map_err(Error::io("create a file in", dir))?;
    file.write_all(password.expose_secret().as_bytes())
        .map_err(Error::io("write", path))?;
    file.as_file().sync_all().map_err(Error::io("write", path))?;
    if RunAs::we_are_root()
        && let Some(owner) = RunAs::owner(&fs::metadata(dir).map_err(Error::io("look at", dir))?)
    {
        // Whoever keeps data here without root's rights has to read it the next time.
        owner
            .own_file(file.as_file())
            .map_err(Error::io("change the owner of", path))?;
    }
    file.persist(path)
        .map_err(|error| Error::io("write", path)(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn nothing_in_a_script_ends_a_piece_of_input() {
        let sql = "CREATE FUNCTION f() AS $$\nBEGIN\n  x;\n\n\n  y;\r\n\r\nEND;\n$$;\n\n";
        assert!(!in_one_piece(sql).contains(";\n\n"));
    }

    #[test]
    fn only_the_owner_can_read_the_password() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("password");
        assert!(read_password(&path).unwrap().is_none());
        let password = SecretString::from("hunter2".to_owned());
        write_password(&path, &password).unwrap();
        assert_eq!(
            read_password(&path).unwrap().unwrap().expose_secret(),
            password.expose_secret()
        );
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
