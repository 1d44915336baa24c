//! The keyed hash under which credentials are kept: who has the store alone can try no guess against it.

use ring::hmac;

use crate::marker::Marker;

/// What a credential is kept as.
pub type Digest = [u8; 32];

/// A random key for HMAC-SHA-256. Losing it makes every kept credential worthless.
#[derive(Clone)]
pub struct Pepper(hmac::Key);

impl std::fmt::Debug for Pepper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pepper")
    }
}

impl Pepper {
    /// Takes 32 random bytes, as [`crate::SecretBox::random_key`] makes them.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The digest of what a caller showed. Look-ups by it leak nothing through their timing: who does not know the
    /// pepper cannot choose a digest.
    #[must_use]
    pub fn digest(&self, presented: &str) -> Digest {
        let tag = hmac::sign(&self.0, presented.as_bytes());
        let mut digest = [0u8; 32];
        digest.copy_from_slice(tag.as_ref());
        digest
    }

    /// A key of its own for marks of one purpose, the same in every process that has this pepper.
    #[must_use]
    pub fn marker(&self, purpose: &str) -> Marker {
        let mut context = hmac::Context::with_key(&self.0);
        // No text holds this byte, so that no credential shown has the key for its digest.
        context.update(&[0xff]);
        context.update(purpose.as_bytes());
        let mut key = [0u8; 32];
        key.copy_from_slice(context.sign().as_ref());
        Marker::new(&key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_hmac_sha_256() {
        // RFC 4231, test case 2 has a key of its own length; HMAC pads short keys with zeros.
        let mut key = [0u8; 32];
        key[..4].copy_from_slice(b"Jefe");
        let digest = Pepper::new(&key).digest("what do ya want for nothing?");
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn it_does_not_show_itself() {
        assert_eq!(format!("{:?}", Pepper::new(&[7; 32])), "Pepper");
    }
}
