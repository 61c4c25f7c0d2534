//! Hashing passwords: argon2id, off the async threads, and only so many at once, because each takes 19 MiB and a
//! core for a while.

use crate::Error;
use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use secrecy::{ExposeSecret, SecretString};
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::Semaphore;

/// How many are hashed at once.
const AT_ONCE: usize = 4;

/// Hashes and checks passwords with OWASP's parameters for argon2id (19 MiB, 2 passes, 1 lane), which are the
/// library's defaults.
#[derive(Debug, Clone)]
pub(crate) struct Hasher {
    at_once: Arc<Semaphore>,
    done: Arc<AtomicU64>,
}

impl Hasher {
    pub(crate) fn new() -> Self {
        Self {
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
            done: Arc::default(),
        }
    }

    /// How many were hashed.
    pub(crate) fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// The password's hash in PHC string format.
    pub(crate) async fn hash(&self, password: &SecretString) -> Result<String, Error> {
        let password = password.clone();
        self.run(move || {
            let hash = Argon2::default().hash_password(password.expose_secret().as_bytes());
            hash.map(|hash| hash.to_string())
                .map_err(|error| Error::internal(error.to_string()))
        })
        .await?
    }

    /// Whether the password fits the hash. Without a hash it takes as long and is never right, so that an unknown
    /// address can't be told from a wrong password by time.
    pub(crate) async fn verify(&self, password: &SecretString, hash: Option<String>) -> Result<bool, Error> {
        let password = password.clone();
        self.run(move || {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| stand_in().to_owned());
            let parsed = PasswordHash::new(&hash).map_err(|error| Error::internal(error.to_string()))?;
            let fits = Argon2::default()
                .verify_password(password.expose_secret().as_bytes(), &parsed)
                .is_ok();
            Ok(fits && known)
        })
        .await?
    }

    async fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let permit = Arc::clone(&self.at_once)
            .acquire_owned()
            .await
            .map_err(Error::internal)?;
        self.done.fetch_add(1, Ordering::Relaxed);
        // The permit goes along: a caller that gives up doesn't make room for a second job beside the first.
        tokio::task::spawn_blocking(move || {
            let result = job();
            drop(permit);
            result
        })
        .await
        .map_err(Error::internal)
    }
}

/// A hash that no password is checked against in earnest.
#[expect(clippy::expect_used, reason = "the parameters are the library's own")]
fn stand_in() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| {
        Argon2::default()
            .hash_password(b"nobody")
            .expect("argon2 hashes with its default parameters")
            .to_string()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let hasher = Hasher::new();
        let hash = hasher.hash(&"correct horse".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(
            hasher
                .verify(&"correct horse".into(), Some(hash.clone()))
                .await
                .unwrap()
        );
        assert!(!hasher.verify(&"battery staple".into(), Some(hash)).await.unwrap());
        assert!(!hasher.verify(&"nobody".into(), None).await.unwrap());
    }
}
