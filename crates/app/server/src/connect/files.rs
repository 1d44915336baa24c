//! Files of a client: read with their permissions, written whole or not at all, and never readable by others once a
//! secret stands in them.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context;

/// What others may do.
const OTHERS: u32 = 0o077;
const PRIVATE: u32 = 0o600;

/// A file as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    found: Option<(String, u32)>,
}

impl Snapshot {
    /// Reads a file, which need not be there.
    pub fn take(file: &Path) -> anyhow::Result<Self> {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self { found: None }),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", file.display()));
            }
        };
        let mode = std::fs::metadata(file)
            .with_context(|| format!("cannot look at {}", file.display()))?
            .permissions()
            .mode();
        Ok(Self {
            found: Some((text, mode & 0o777)),
        })
    }

    /// Its text, where it was there.
    pub fn text(&self) -> Option<&str> {
        self.found.as_ref().map(|(text, _)| text.as_str())
    }

    /// Its permissions, where it was there.
    pub fn mode(&self) -> Option<u32> {
        self.found.as_ref().map(|(_, mode)| *mode)
    }

    /// Whether nobody else may read it.
    pub fn is_private(&self) -> bool {
        self.mode().is_some_and(|mode| mode & OTHERS == 0)
    }
}

/// The file that a path stands for: a link is followed, so that it stays one.
pub fn resolve(path: &Path) -> anyhow::Result<PathBuf> {
    match std::fs::canonicalize(path) {
        Ok(file) => Ok(file),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(path.to_owned()),
        Err(error) => Err(error).with_context(|| format!("cannot follow {}", path.display())),
    }
}

/// Writes a file that may hold a secret: only its owner may read it, whatever was allowed before.
pub fn write_private(file: &Path, text: &str, mode: Option<u32>) -> anyhow::Result<()> {
    write(file, text, mode.unwrap_or(PRIVATE) & !OTHERS)
}

/// Writes a file beside the old one and puts it in its place, so that there is never half a file.
pub fn write(file: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    let trouble = || format!("cannot write {}", file.display());
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).with_context(trouble)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let fresh = folder.join(format!(".{name}.{}", std::process::id()));
    let written = (|| {
        let mut out = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(PRIVATE)
            .open(&fresh)?;
        out.write_all(text.as_bytes())?;
        out.set_permissions(Permissions::from_mode(mode))?;
        out.sync_all()?;
        std::fs::rename(&fresh, file)?;
        File::open(folder)?.sync_all()
    })();
    if written.is_err() {
        // The first failure is the one to tell of.
        let _ = std::fs::remove_file(&fresh);
    }
    written.with_context(trouble)
}

/// Takes a file away; one that is not there is as good.
pub fn remove(file: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", file.display()))
        }
        _ => Ok(()),
    }
}
