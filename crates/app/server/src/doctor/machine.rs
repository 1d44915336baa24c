//! The data folder, its private files, and what the system allows this process.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Finding;

/// Streams held at once need two descriptors each, and some are needed besides.
const ENOUGH_FILES: u64 = 4_096;
/// Below this the journal has little room for an outage of the store.
const ENOUGH_BYTES: u64 = 1 << 30;

/// The data folder.
pub fn data_dir(dir: &Path) -> Vec<Finding> {
    let subject = format!("data directory {}", dir.display());
    if !dir.exists() {
        return vec![Finding::fine(
            subject,
            "not there yet; the first start makes it",
        )];
    }
    let mut findings = Vec::new();
    if rustix::fs::access(
        dir,
        rustix::fs::Access::READ_OK | rustix::fs::Access::WRITE_OK,
    )
    .is_err()
    {
        let remedy = "give it to the user that runs switchyard, or choose another with --data-dir";
        findings.push(Finding::failure(&subject, "cannot be written", remedy));
    } else {
        findings.push(space(&subject, dir));
    }
    for name in ["admin.key", "secret.key"] {
        findings.extend(private(&dir.join(name)));
    }
    findings
}

fn space(subject: &str, dir: &Path) -> Finding {
    let Ok(system) = rustix::fs::statvfs(dir) else {
        return Finding::fine(subject, "can be written");
    };
    let free = system.f_bavail.saturating_mul(system.f_frsize);
    let found = format!("can be written, {} MiB free", free >> 20);
    if free < ENOUGH_BYTES {
        return Finding::warning(
            subject,
            found,
            "free at least 1 GiB: with the disk full, calls are refused",
        );
    }
    Finding::fine(subject, found)
}

/// A file that holds a secret; nothing is said of one that is not there.
fn private(file: &Path) -> Option<Finding> {
    let mode = std::fs::metadata(file).ok()?.permissions().mode();
    let subject = file.display().to_string();
    Some(if mode & 0o077 == 0 {
        Finding::fine(subject, "is private")
    } else {
        let remedy = format!("chmod 600 {}", file.display());
        Finding::failure(
            subject,
            format!("can be read by others ({:o})", mode & 0o777),
            remedy,
        )
    })
}

/// What the system allows this process.
pub fn limits() -> Finding {
    let allowed = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    match allowed {
        Some(files) if files < ENOUGH_FILES => Finding::warning(
            "open files",
            format!("{files} allowed, enough for about {} streams", files / 2),
            format!("raise it to {ENOUGH_FILES} or more (ulimit -n, or LimitNOFILE in systemd)"),
        ),
        Some(files) => Finding::fine("open files", format!("{files} allowed")),
        None => Finding::fine("open files", "not limited"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    #[test]
    fn a_secret_that_others_can_read_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let key = dir.path().join("admin.key");
        std::fs::write(&key, "secret").unwrap();
        for (mode, level) in [(0o600, Level::Fine), (0o640, Level::Failure)] {
            std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).unwrap();
            let findings = data_dir(dir.path());
            assert_eq!(findings.last().map(|finding| finding.level), Some(level));
            assert!(
                findings
                    .iter()
                    .all(|finding| !finding.found.contains("secret"))
            );
        }
    }

    #[test]
    fn a_folder_that_is_not_there_yet_is_fine() {
        let dir = tempfile::tempdir().unwrap();
        let findings = data_dir(&dir.path().join("later"));
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].level, Level::Fine);
    }
}
