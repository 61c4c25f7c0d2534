//! Sealing secrets: AES-256-GCM with a random nonce, the key's id in front, and associated data that binds what was
//! sealed to the place it was sealed for, so that a row can't be given another row's secret.
//!
//! Sealed form: `1` (version), 4 bytes key id, 12 bytes nonce, ciphertext with its 16-byte tag.

use crate::{
    audit::{AuditKey, mac_of},
    random,
};
use aes_gcm::{
    Aes256Gcm,
    aead::{Aead, KeyInit, Payload},
};
use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::URL_SAFE},
};
use secrecy::{ExposeSecret, SecretBox, SecretSlice, SecretString};
use sha2::{Digest, Sha256};
use std::{fmt, sync::Arc};
use thiserror::Error;

const VERSION: u8 = 1;
const HEADER: usize = 1 + KEY_ID + NONCE;
const KEY_ID: usize = 4;
const NONCE: usize = 12;
/// What keeps this use of a key apart from every other.
const MAC_DERIVATION: &[u8] = b"patchbay macs, version 1";

/// Keys are written with or without padding.
const URL_SAFE_ANY: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why something sealed could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum VaultError {
    /// Too short, or of a version that this program doesn't know.
    #[error("this is not something that was sealed here")]
    Malformed,
    /// Sealed with a key that isn't among ours.
    #[error("it was sealed with a key that is not in TOKEN_ENCRYPTION_KEY")]
    UnknownKey,
    /// Changed since, or sealed for another place.
    #[error("it was changed, or sealed for another place")]
    Forged,
}

/// Why a key text can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    /// There is no key at all.
    #[error("there is no key")]
    Missing,
    /// One of the keys is not what a key looks like.
    #[error("key {0} is not 32 bytes in urlsafe base64")]
    Malformed(usize),
}

/// The keys in use: the first encrypts, all decrypt.
#[derive(Clone)]
pub struct KeyRing(Arc<[SecretBox<[u8; 32]>]>);

impl KeyRing {
    /// Keys as `TOKEN_ENCRYPTION_KEY` holds them: urlsafe base64 of 32 bytes each, separated by commas.
    ///
    /// # Errors
    /// When there is none, or one can't be read. The error never repeats a key.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let keys = text
            .split(',')
            .map(str::trim)
            .filter(|key| !key.is_empty())
            .enumerate()
            .map(|(index, key)| {
                let bytes = URL_SAFE_ANY.decode(key).map_err(|_| KeyError::Malformed(index + 1))?;
                let bytes: [u8; 32] = bytes.try_into().map_err(|_| KeyError::Malformed(index + 1))?;
                Ok(SecretBox::new(Box::new(bytes)))
            })
            .collect::<Result<Arc<[_]>, _>>()?;
        if keys.is_empty() {
            Err(KeyError::Missing)
        } else {
            Ok(Self(keys))
        }
    }

    /// A new key in the form that [`Self::parse`] reads.
    #[must_use]
    pub fn generate_key() -> SecretString {
        URL_SAFE.encode(random::bytes::<32>()).into()
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing({} keys)", self.0.len())
    }
}

struct Key {
    id: [u8; KEY_ID],
    cipher: Aes256Gcm,
    audit: AuditKey,
    /// Derived from the key, for macs of what may hold a secret.
    mac: SecretBox<[u8; 32]>,
}

/// Seals and opens secrets with the ring's keys.
#[derive(Clone)]
pub struct Vault(Arc<[Key]>);

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vault({} keys)", self.0.len())
    }
}

impl Vault {
    /// A vault over these keys.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the vault is meant to be the keys' last owner"
    )]
    pub fn new(keys: KeyRing) -> Self {
        Self(
            keys.0
                .iter()
                .map(|key| {
                    let digest = Sha256::digest(key.expose_secret());
                    let mut id = [0; KEY_ID];
                    id.copy_from_slice(&digest[..KEY_ID]);
                    Key {
                        id,
                        cipher: Aes256Gcm::new(key.expose_secret().into()),
                        audit: AuditKey::derive(id, key.expose_secret()),
                        mac: SecretBox::new(Box::new(mac_of(key.expose_secret(), [MAC_DERIVATION]))),
                    }
                })
                .collect(),
        )
    }

    /// Seals `plain` for `purpose`, which names the table, column and row (or the like) that it belongs to.
    #[must_use]
    #[expect(clippy::expect_used, reason = "AES-GCM refuses nothing below 64 GiB")]
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> Vec<u8> {
        let key = &self.0[0];
        let nonce = random::bytes::<NONCE>();
        let payload = Payload {
            msg: plain,
            aad: purpose.as_bytes(),
        };
        let ciphertext = key
            .cipher
            .encrypt((&nonce).into(), payload)
            .expect("AES-GCM seals any message that fits in memory");
        let mut sealed = Vec::with_capacity(HEADER + ciphertext.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&key.id);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&ciphertext);
        sealed
    }

    /// Opens what was sealed for the same purpose.
    ///
    /// # Errors
    /// When it was not sealed here, not for this purpose, or with a key that is gone.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<SecretSlice<u8>, VaultError> {
        if sealed.len() < HEADER || sealed[0] != VERSION {
            return Err(VaultError::Malformed);
        }
        let (header, ciphertext) = sealed.split_at(HEADER);
        let (id, nonce) = header[1..].split_at(KEY_ID);
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| VaultError::Malformed)?;
        let key = self.0.iter().find(|key| key.id == id).ok_or(VaultError::UnknownKey)?;
        let payload = Payload {
            msg: ciphertext,
            aad: purpose.as_bytes(),
        };
        let plain = key
            .cipher
            .decrypt((&nonce).into(), payload)
            .map_err(|_| VaultError::Forged)?;
        Ok(plain.into())
    }

    /// What everything that this vault seals begins with. What doesn't was sealed with an older key (or not here).
    pub(crate) fn seal_prefix(&self) -> [u8; 1 + KEY_ID] {
        let mut prefix = [VERSION; 1 + KEY_ID];
        prefix[1..].copy_from_slice(&self.0[0].id);
        prefix
    }

    /// The first key's id, by which people tell keys apart.
    #[must_use]
    pub fn key_id(&self) -> String {
        hex::encode(self.0[0].id)
    }

    /// The ids of all keys.
    #[must_use]
    pub fn key_ids(&self) -> Vec<String> {
        self.0.iter().map(|key| hex::encode(key.id)).collect()
    }

    /// The mac of these parts for a purpose, by each key, the first one's first: to know something again that must not be kept,
    /// whoever may guess at it with the database in hand.
    pub(crate) fn macs(&self, purpose: &str, parts: &[&[u8]]) -> impl Iterator<Item = [u8; 32]> {
        let mut bytes = Vec::new();
        for part in [purpose.as_bytes()].iter().chain(parts) {
            // With its length in front, so that nothing moves from one part to its neighbour.
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part);
        }
        self.0
            .iter()
            .map(move |key| mac_of(key.mac.expose_secret(), [&bytes[..]]))
    }

    /// What the audit log's rows are written with: derived from the first key.
    pub(crate) fn audit_key(&self) -> &AuditKey {
        &self.0[0].audit
    }

    /// Those of all keys.
    pub(crate) fn audit_keys(&self) -> impl Iterator<Item = &AuditKey> {
        self.0.iter().map(|key| &key.audit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(keys: &[&SecretString]) -> KeyRing {
        let text = keys
            .iter()
            .map(|key| key.expose_secret())
            .collect::<Vec<_>>()
            .join(" , ");
        KeyRing::parse(&text).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_for_its_purpose_only() {
        let vault = Vault::new(ring(&[&KeyRing::generate_key()]));
        let sealed = vault.seal("table.column:1", b"secret");
        assert_eq!(
            vault.open("table.column:1", &sealed).unwrap().expose_secret(),
            b"secret"
        );
        assert_eq!(vault.open("table.column:2", &sealed).unwrap_err(), VaultError::Forged);
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
        assert_ne!(
            sealed,
            vault.seal("table.column:1", b"secret"),
            "the nonce is new each time"
        );
    }

    #[test]
    fn a_changed_byte_anywhere_is_noticed() {
        let vault = Vault::new(ring(&[&KeyRing::generate_key()]));
        let sealed = vault.seal("p", b"secret");
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(vault.open("p", &changed).is_err(), "byte {index}");
        }
        assert_eq!(
            vault.open("p", &sealed[..HEADER - 1]).unwrap_err(),
            VaultError::Malformed
        );
    }

    #[test]
    fn a_mac_is_of_its_purpose_and_of_parts_that_stay_apart() {
        let (old, new) = (KeyRing::generate_key(), KeyRing::generate_key());
        let mac = |keys: &[&SecretString], purpose: &str, parts: &[&[u8]]| {
            let vault = Vault::new(ring(keys));
            vault.macs(purpose, parts).collect::<Vec<_>>()
        };
        let known = mac(&[&old], "p", &[b"ab", b"c"]);
        assert_eq!(mac(&[&old], "p", &[b"ab", b"c"]), known);
        assert_eq!(mac(&[&new, &old], "p", &[b"ab", b"c"])[1], known[0]);
        for (keys, purpose, parts) in [
            (&old, "q", [&b"ab"[..], b"c"]),
            (&old, "p", [b"a", b"bc"]),
            (&new, "p", [b"ab", b"c"]),
        ] {
            assert_ne!(mac(&[keys], purpose, &parts), known, "{purpose} {parts:?}");
        }
    }

    #[test]
    fn an_old_key_still_opens_and_a_removed_one_does_not() {
        let (old, new) = (KeyRing::generate_key(), KeyRing::generate_key());
        let sealed = Vault::new(ring(&[&old])).seal("p", b"secret");
        assert!(Vault::new(ring(&[&new, &old])).open("p", &sealed).is_ok());
        assert_eq!(
            Vault::new(ring(&[&new])).open("p", &sealed).unwrap_err(),
            VaultError::UnknownKey
        );
    }

    #[test]
    fn keys_are_read_with_and_without_padding_and_errors_do_not_repeat_them() {
        let key = KeyRing::generate_key();
        assert!(KeyRing::parse(key.expose_secret().trim_end_matches('=')).is_ok());
        assert_eq!(KeyRing::parse(" , ").unwrap_err(), KeyError::Missing);
        let error = KeyRing::parse(&format!("{},hunter2", key.expose_secret())).unwrap_err();
        assert_eq!(error, KeyError::Malformed(2));
        assert!(!error.to_string().contains("hunter2"));
    }
}
