//! Where things lie: the workspace, what cargo builds, what chores keep between runs.

use std::path::{Path, PathBuf};

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// Cargo's output folder.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// What chores install, outside the checkout: `SWITCHYARD_CACHE`, else `switchyard` in the user's cache folder.
pub fn cache() -> PathBuf {
    if let Some(dir) = std::env::var_os("SWITCHYARD_CACHE") {
        return PathBuf::from(dir);
    }
    std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")))
        .unwrap_or_else(std::env::temp_dir)
        .join("switchyard")
}

/// The product's binary of a cargo profile (`debug`, `release`, `dist`).
pub fn binary(profile: &str) -> PathBuf {
    target().join(profile).join("switchyard")
}
