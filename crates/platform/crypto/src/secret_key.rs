//! Where the secret comes from that wraps all other keys: `SECRET_KEY`, else a file of the data directory.

use std::path::Path;

use kernel::{ExposeSecret, SecretString};
use rand::distr::{Alphanumeric, SampleString};

use crate::{CryptoError, private_file};

/// The file that stands in for `SECRET_KEY`.
pub const SECRET_FILE: &str = "secret.key";
/// What `SECRET_KEY` needs at least: shorter ones could be guessed.
pub const SECRET_KEY_LEAST_CHARS: usize = 16;

/// Where a secret key came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretSource {
    /// The settings.
    Settings,
    /// The file, which was there.
    File,
    /// The file, which was made now.
    NewFile,
}

/// The secret key: the one of the settings, else that of `<data_dir>/secret.key`, which is made where it is missing.
pub fn secret_key(
    from_settings: Option<&SecretString>,
    data_dir: &Path,
) -> Result<(SecretString, SecretSource), CryptoError> {
    if let Some(secret) = from_settings {
        return long_enough(secret.clone(), "SECRET_KEY").map(|it| (it, SecretSource::Settings));
    }
    let path = data_dir.join(SECRET_FILE);
    if let Some(secret) = private_file::read(&path)? {
        let name = path.display().to_string();
        return long_enough(secret, &name).map(|it| (it, SecretSource::File));
    }
    // 44 characters of 62 are over 256 bits.
    let made = Alphanumeric.sample_string(&mut rand::rng(), 44);
    if private_file::create(&path, &made)? {
        return Ok((SecretString::from(made), SecretSource::NewFile));
    }
    // Another process was faster; its file is whole once it has its name.
    let theirs = private_file::read(&path)?.unwrap_or_default();
    long_enough(theirs, &path.display().to_string()).map(|it| (it, SecretSource::File))
}

fn long_enough(secret: SecretString, name: &str) -> Result<SecretString, CryptoError> {
    let got = secret.expose_secret().chars().count();
    if got < SECRET_KEY_LEAST_CHARS {
        return Err(CryptoError::TooShort {
            name: name.to_owned(),
            got,
            least: SECRET_KEY_LEAST_CHARS,
        });
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_made_once_and_the_settings_go_first() {
        let folder = tempfile::tempdir().unwrap();
        let (made, source) = secret_key(None, folder.path()).unwrap();
        assert_eq!(source, SecretSource::NewFile);
        let (read, source) = secret_key(None, folder.path()).unwrap();
        assert_eq!(source, SecretSource::File);
        assert_eq!(made.expose_secret(), read.expose_secret());
        let set = SecretString::from("sixteen chars ok");
        let (used, source) = secret_key(Some(&set), folder.path()).unwrap();
        assert_eq!(source, SecretSource::Settings);
        assert_eq!(used.expose_secret(), set.expose_secret());
    }

    #[test]
    fn a_short_secret_is_refused_with_the_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let error = secret_key(Some(&SecretString::from("short")), folder.path()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "SECRET_KEY has 5 characters; it needs at least 16, for instance from `openssl rand -base64 32`"
        );
        private_file::create(&folder.path().join(SECRET_FILE), "").unwrap();
        assert!(matches!(
            secret_key(None, folder.path()),
            Err(CryptoError::TooShort { .. })
        ));
    }
}
