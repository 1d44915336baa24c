//! Files that hold a secret: readable by their owner only, whole or not there at all.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use kernel::SecretString;
use rand::RngCore;

use crate::CryptoError;

/// No secret is longer.
const MAX_BYTES: u64 = 64 * 1024;

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> CryptoError {
    let path = path.to_owned();
    move |source| CryptoError::File {
        doing,
        path,
        source,
    }
}

/// Reads a secret, without white space around it; `None` where there is no file. A file that others may read or
/// write is refused.
pub fn read(path: &Path) -> Result<Option<SecretString>, CryptoError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("open", path)(error)),
    };
    check_mode(&file, path)?;
    let mut text = String::new();
    file.take(MAX_BYTES)
        .read_to_string(&mut text)
        .map_err(failed("read", path))?;
    Ok(Some(SecretString::from(text.trim())))
}

/// Makes the file where there is none; false, with the file as it was, where there is one.
pub fn create(path: &Path, text: &str) -> Result<bool, CryptoError> {
    let draft = write_draft(path, text)?;
    // A link, unlike a rename, never takes another file's place.
    let linked = fs::hard_link(&draft, path);
    let removed = fs::remove_file(&draft);
    match linked {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
        Err(error) => return Err(failed("make", path)(error)),
    }
    removed.map_err(failed("remove", &draft))?;
    sync_folder(path)?;
    Ok(true)
}

/// Writes the file, in place of the one that may be there.
pub fn replace(path: &Path, text: &str) -> Result<(), CryptoError> {
    let draft = write_draft(path, text)?;
    fs::rename(&draft, path).map_err(failed("replace", path))?;
    sync_folder(path)
}

fn write_draft(path: &Path, text: &str) -> Result<PathBuf, CryptoError> {
    if let Some(folder) = folder(path) {
        fs::create_dir_all(folder).map_err(failed("make the folder", folder))?;
    }
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{:016x}", rand::rng().next_u64()));
    let draft = PathBuf::from(name);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft).map_err(failed("make", &draft))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.write_all(b"\n"))
        .and_then(|()| file.sync_all())
        .map_err(failed("write", &draft))?;
    Ok(draft)
}

fn folder(path: &Path) -> Option<&Path> {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
}

/// The name must survive a loss of power, not only the bytes.
fn sync_folder(path: &Path) -> Result<(), CryptoError> {
    let folder = folder(path).unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|file| file.sync_all())
        .map_err(failed("sync", folder))
}

#[cfg(unix)]
fn check_mode(file: &File, path: &Path) -> Result<(), CryptoError> {
    use std::os::unix::fs::PermissionsExt;

    let found = file.metadata().map_err(failed("inspect", path))?;
    let mode = found.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(CryptoError::OpenToOthers {
            path: path.to_owned(),
            mode,
        });
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_mode(_: &File, _: &Path) -> Result<(), CryptoError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::ExposeSecret;

    #[test]
    fn a_file_is_made_once_and_for_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/a.key");
        assert!(read(&path).unwrap().is_none());
        assert!(create(&path, "one").unwrap());
        assert!(!create(&path, "two").unwrap());
        assert_eq!(read(&path).unwrap().unwrap().expose_secret(), "one");
        replace(&path, "three").unwrap();
        assert_eq!(read(&path).unwrap().unwrap().expose_secret(), "three");
        let left = fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(left, 1, "no draft stays behind");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_open_to_others_is_refused_with_the_remedy() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.key");
        create(&path, "one").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = read(&path).unwrap_err().to_string();
        let shown = path.display();
        assert_eq!(
            error,
            format!("{shown} holds a secret but has mode 640; run `chmod 600 {shown}`")
        );
    }

    #[test]
    fn of_many_makers_one_wins() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.key");
        let made = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|number| {
                    let path = &path;
                    scope.spawn(move || create(path, &number.to_string()).unwrap())
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .filter(|made| *made)
                .count()
        });
        assert_eq!(made, 1);
    }
}
