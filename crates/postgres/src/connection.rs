//! How to reach the server, for sqlx, psql and people.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

/// The login role, and the database that it owns.
pub(crate) const NAME: &str = "patchbay";
/// No TCP port is opened; the number is a part of the socket's file name.
pub(crate) const PORT: u16 = 5432;

/// Everything that a client needs to connect. The role is no superuser, but may create roles and databases.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The directory with the server's Unix socket.
    pub socket_dir: PathBuf,
    /// The number in the socket's name.
    pub port: u16,
    /// The login role.
    pub user: &'static str,
    /// The login role's password.
    pub password: SecretString,
    /// The database that the role owns.
    pub database: &'static str,
}

impl Connection {
    pub(crate) fn new(socket_dir: &Path, password: SecretString) -> Self {
        Self {
            socket_dir: socket_dir.to_owned(),
            port: PORT,
            user: NAME,
            password,
            database: NAME,
        }
    }

    /// The connection as a URL that sqlx and psql understand. It holds the password.
    #[must_use]
    pub fn url(&self) -> SecretString {
        use std::os::unix::ffi::OsStrExt as _;

        let host = percent_encode(self.socket_dir.as_os_str().as_bytes());
        let password = percent_encode(self.password.expose_secret().as_bytes());
        format!(
            "postgres://{}:{password}@{host}:{}/{}",
            self.user, self.port, self.database
        )
        .into()
    }
}

/// Encodes everything but letters, digits and `-._~`: right in every part of a URL.
fn percent_encode(bytes: &[u8]) -> String {
    let mut encoded = String::with_capacity(bytes.len() * 3);
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("writing to a string doesn't fail");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_carries_the_socket_directory_as_its_host() {
        let connection = Connection::new(Path::new("/var/a b/run"), "p/w".to_owned().into());
        assert_eq!(
            connection.url().expose_secret(),
            "postgres://patchbay:p%2Fw@%2Fvar%2Fa%20b%2Frun:5432/patchbay"
        );
    }

    #[test]
    fn the_password_is_not_in_the_debug_output() {
        let connection = Connection::new(Path::new("/run"), "hunter2".to_owned().into());
        assert!(!format!("{connection:?} {:?}", connection.url()).contains("hunter2"));
    }
}
