//! Sealing at rest with AES-256-GCM. Sealed bytes name their key and are bound to the place that they belong to.
//!
//! Layout: version (1 byte, = 1), key tag (8), nonce (12), ciphertext, tag (16). Nonces are random: seal at most 2³²
//! times with one key.

use std::fmt;

use kernel::{ExposeSecret, SecretString};
use rand::RngCore;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf;

use crate::CryptoError;

const VERSION: u8 = 1;
const TAG: usize = 8;
const HEADER: usize = 1 + TAG + NONCE_LEN;

/// Names a key without telling anything of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyTag([u8; TAG]);

impl fmt::Display for KeyTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A key that seals and opens.
pub struct SecretBox {
    key: LessSafeKey,
    tag: KeyTag,
}

impl fmt::Debug for SecretBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBox({})", self.tag)
    }
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

impl SecretBox {
    /// 32 random bytes: a pepper, or a key of its own for [`SecretBox::new`].
    #[must_use]
    pub fn random_key() -> [u8; 32] {
        let mut key = [0u8; 32];
        rand::rng().fill_bytes(&mut key);
        key
    }

    /// Seals with a key derived from 32 random bytes.
    pub fn new(key: &[u8; 32]) -> Result<Self, CryptoError> {
        Self::derive(key)
    }

    /// Seals with a key derived from a text of enough randomness: `SECRET_KEY`, or the content of the file in its
    /// place. It should seal keys only, so that it can be changed by sealing those anew.
    pub fn of_secret(secret: &SecretString) -> Result<Self, CryptoError> {
        Self::derive(secret.expose_secret().as_bytes())
    }

    fn derive(material: &[u8]) -> Result<Self, CryptoError> {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"switchyard secret box");
        let root = salt.extract(material);
        let (mut key, mut tag) = ([0u8; 32], [0u8; TAG]);
        for (purpose, into) in [("key", key.as_mut_slice()), ("tag", tag.as_mut_slice())] {
            root.expand(&[purpose.as_bytes()], Length(into.len()))
                .and_then(|expanded| expanded.fill(into))
                .map_err(|_| CryptoError::Damaged)?;
        }
        let key = UnboundKey::new(&AES_256_GCM, &key).map_err(|_| CryptoError::Damaged)?;
        Ok(Self {
            key: LessSafeKey::new(key),
            tag: KeyTag(tag),
        })
    }

    /// The name of this key.
    #[must_use]
    pub const fn tag(&self) -> KeyTag {
        self.tag
    }

    /// Seals `plain` for one place: `place` says which (`table.column/row`) and must be the same to open it.
    pub fn seal(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut nonce = [0u8; NONCE_LEN];
        rand::rng().fill_bytes(&mut nonce);
        let mut sealed = Vec::with_capacity(HEADER + plain.len() + AES_256_GCM.tag_len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&self.tag.0);
        sealed.extend_from_slice(&nonce);
        let mut body = plain.to_vec();
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                associated(&sealed, place),
                &mut body,
            )
            .map_err(|_| CryptoError::Damaged)?;
        sealed.append(&mut body);
        Ok(sealed)
    }

    /// Opens what [`SecretBox::seal`] sealed for the same place.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let (header, body) = sealed
            .split_at_checked(HEADER)
            .filter(|(header, _)| header[0] == VERSION)
            .ok_or(CryptoError::Damaged)?;
        let sealed_with = tag_of(header);
        if sealed_with != self.tag {
            return Err(CryptoError::OtherKey {
                sealed_with,
                at_hand: self.tag,
            });
        }
        let nonce = Nonce::try_assume_unique_for_key(&header[1 + TAG..])
            .map_err(|_| CryptoError::Damaged)?;
        let mut body = body.to_vec();
        let plain = self
            .key
            .open_in_place(nonce, associated(header, place), &mut body)
            .map_err(|_| CryptoError::Damaged)?
            .len();
        body.truncate(plain);
        Ok(body)
    }

    /// Opens with this key and seals for the same place with another.
    pub fn rewrap(&self, place: &str, sealed: &[u8], to: &Self) -> Result<Vec<u8>, CryptoError> {
        to.seal(place, &self.open(place, sealed)?)
    }

    /// Which key sealed these bytes.
    pub fn sealed_with(sealed: &[u8]) -> Result<KeyTag, CryptoError> {
        sealed
            .get(..HEADER)
            .filter(|header| header[0] == VERSION)
            .map(tag_of)
            .ok_or(CryptoError::Damaged)
    }
}

fn tag_of(header: &[u8]) -> KeyTag {
    let mut tag = [0u8; TAG];
    tag.copy_from_slice(&header[1..=TAG]);
    KeyTag(tag)
}

/// The header cannot be exchanged, nor the bytes moved to another place.
fn associated(header: &[u8], place: &str) -> Aad<Vec<u8>> {
    Aad::from([header, place.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn secret(text: &str) -> SecretBox {
        SecretBox::of_secret(&SecretString::from(text)).unwrap()
    }

    #[test]
    fn sealed_bytes_open_in_their_place_with_their_key_only() {
        let (ours, theirs) = (secret("ours"), secret("theirs"));
        let sealed = ours.seal("keys/1", b"pepper").unwrap();
        assert_eq!(ours.open("keys/1", &sealed).unwrap(), b"pepper");
        assert!(matches!(
            ours.open("keys/2", &sealed),
            Err(CryptoError::Damaged)
        ));
        let error = theirs.open("keys/1", &sealed).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "sealed with key {}, but only {} is at hand; give the secret key that it was sealed with",
                ours.tag(),
                theirs.tag()
            )
        );
        assert_eq!(SecretBox::sealed_with(&sealed).unwrap(), ours.tag());
    }

    #[test]
    fn a_secret_can_be_exchanged() {
        let (old, new) = (secret("old"), secret("new"));
        let sealed = old.seal("p", b"data").unwrap();
        let again = old.rewrap("p", &sealed, &new).unwrap();
        assert_eq!(new.open("p", &again).unwrap(), b"data");
        assert!(old.open("p", &again).is_err());
    }

    proptest! {
        #[test]
        fn whatever_goes_in_comes_out(plain in prop::collection::vec(any::<u8>(), 0..300)) {
            let sealer = SecretBox::new(&SecretBox::random_key()).unwrap();
            let sealed = sealer.seal("p", &plain).unwrap();
            prop_assert_eq!(sealer.open("p", &sealed).unwrap(), plain);
        }

        #[test]
        fn any_flipped_bit_and_any_cut_is_found(at in any::<prop::sample::Index>(), bit in 0..8u8) {
            let sealer = secret("s");
            let mut sealed = sealer.seal("p", b"forty-two").unwrap();
            let at = at.index(sealed.len());
            prop_assert!(sealer.open("p", &sealed[..at]).is_err());
            sealed[at] ^= 1 << bit;
            prop_assert!(sealer.open("p", &sealed).is_err());
        }
    }
}
