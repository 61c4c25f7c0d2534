//! The two keys that the engine needs. Configured ones win; a run with an embedded database makes the missing ones once and
//! keeps them beside its data, because what they seal lives and dies with that data.

use crate::config::{Config, Database};
use patchbay_engine::vault::KeyRing;
use secrecy::{ExposeSecret as _, SecretString};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

/// The keys, ready for use.
#[derive(Debug)]
pub struct Keys {
    /// Seals secrets in the database.
    pub ring: KeyRing,
    /// Signs access tokens.
    pub jwt_secret: SecretString,
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A database of one's own needs keys of one's own: every replica must have the same.
    #[error(
        "{0} not set\n\nMake a key with `patchbay key generate`, and give the same one to every process that uses this database:\n  {0}=…"
    )]
    NotSet(&'static str),
    /// A key that was kept is not a key any more.
    #[error("{} holds no usable key: {reason}. Put the key back that was there, because what it sealed can't be read without it", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with its content.
        reason: String,
    },
    /// The file system refused.
    #[error("can't keep a key in {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl Keys {
    /// Takes the configured keys, or those of the data directory.
    ///
    /// # Errors
    /// When a key is missing and may not be made, or can't be read or kept.
    pub fn of(config: &Config) -> Result<Self, KeysError> {
        let directory = match config.database {
            Database::Embedded => Some(config.data_dir.as_path()),
            Database::Url(_) => None,
        };
        let find = |configured: &Option<SecretString>, name: &'static str, file: &str| match (configured, directory) {
            (Some(key), _) => Ok((key.clone(), PathBuf::from(name))),
            (None, Some(directory)) => kept(&directory.join(file)).map(|key| (key, directory.join(file))),
            (None, None) => Err(KeysError::NotSet(name)),
        };
        let (ring, origin) = find(
            &config.token_encryption_key,
            "TOKEN_ENCRYPTION_KEY",
            "token-encryption-key",
        )?;
        let ring = KeyRing::parse(ring.expose_secret()).map_err(|error| KeysError::Unusable {
            path: origin,
            reason: error.to_string(),
        })?;
        let (jwt_secret, _) = find(&config.jwt_secret_key, "JWT_SECRET_KEY", "jwt-secret-key")?;
        Ok(Self { ring, jwt_secret })
    }
}

/// The key in this file, which is made with a fresh one where there is none.
fn kept(path: &Path) -> Result<SecretString, KeysError> {
    let failed = |source| KeysError::Io {
        path: path.to_owned(),
        source,
    };
    match fs::read_to_string(path) {
        Ok(text) if text.trim().is_empty() => Err(KeysError::Unusable {
            path: path.to_owned(),
            reason: "it is empty".to_owned(),
        }),
        Ok(text) => Ok(text.trim().to_owned().into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(path).map_err(failed)?;
            // Read again: another process may have been faster, and then its key is the one that stands.
            fs::read_to_string(path)
                .map(|text| text.trim().to_owned().into())
                .map_err(failed)
        }
        Err(error) => Err(failed(error)),
    }
}

/// Writes a new key whole or not at all, for nobody but us to read.
fn make(path: &Path) -> io::Result<()> {
    let directory = path.parent().unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(directory)?;
    let draft = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)?;
    // The mode above counts for a new file only.
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    writeln!(file, "{}", KeyRing::generate_key().expose_secret())?;
    file.sync_all()?;
    // A link, unlike a rename, doesn't replace what is there.
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Source, Variables};

    fn config(entries: &[(&str, &str)]) -> Config {
        let mut variables = Variables::default();
        for (name, value) in entries {
            variables.set(name, *value, Source::Environment);
        }
        Config::parse(&variables).unwrap()
    }

    #[test]
    fn with_a_database_url_keys_are_needed_and_the_error_says_how_to_make_them() {
        let only_database = config(&[("DATABASE_URL", "postgresql://h/d")]);
        let error = Keys::of(&only_database).unwrap_err().to_string();
        assert!(error.starts_with("TOKEN_ENCRYPTION_KEY not set\n"), "{error}");
        assert!(error.contains("patchbay key generate"), "{error}");

        let key = KeyRing::generate_key();
        let without_jwt = config(&[
            ("DATABASE_URL", "postgresql://h/d"),
            ("TOKEN_ENCRYPTION_KEY", key.expose_secret()),
        ]);
        assert!(
            Keys::of(&without_jwt)
                .unwrap_err()
                .to_string()
                .starts_with("JWT_SECRET_KEY not set\n")
        );
    }

    #[test]
    fn a_local_run_makes_its_keys_once_and_for_itself_only() {
        let directory = tempfile::tempdir().unwrap();
        let config = config(&[("PATCHBAY_DATA_DIR", directory.path().to_str().unwrap())]);
        let first = Keys::of(&config).unwrap();
        let second = Keys::of(&config).unwrap();
        assert_eq!(first.jwt_secret.expose_secret(), second.jwt_secret.expose_secret());
        for file in ["token-encryption-key", "jwt-secret-key"] {
            let mode = fs::metadata(directory.path().join(file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
        assert_eq!(
            fs::read_dir(directory.path()).unwrap().count(),
            2,
            "drafts are left behind"
        );
    }

    #[test]
    fn a_damaged_key_is_never_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token-encryption-key");
        let config = config(&[("PATCHBAY_DATA_DIR", directory.path().to_str().unwrap())]);
        for damaged in ["", "not a key"] {
            fs::write(&file, damaged).unwrap();
            assert!(
                Keys::of(&config).unwrap_err().to_string().contains("Put the key back"),
                "{damaged:?}"
            );
            assert_eq!(fs::read_to_string(&file).unwrap(), damaged);
        }
    }
}
