//! Levels from `fatal` to `trace`, and which crates may not go below `info`.

use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;

/// Why a text is no level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no log level; expected fatal, error, warn, info, debug, trace or directives like `info,gateway=debug`"
)]
pub struct InvalidLevel(pub String);

impl kernel::Failure for InvalidLevel {
    fn kind(&self) -> kernel::Kind {
        kernel::Kind::Invalid
    }

    fn code(&self) -> &'static str {
        "INVALID_LOG_LEVEL"
    }

    fn field(&self) -> Option<&str> {
        Some("level")
    }
}

const MAX_DIRECTIVES_BYTES: usize = 1_000;

/// Crates that write headers, statements or keys at low levels.
const HELD: [&str; 12] = [
    "h2",
    "hyper",
    "hyper_util",
    "hyper_rustls",
    "rustls",
    "reqwest",
    "sqlx",
    "sea_orm",
    "sea_orm_migration",
    "tower",
    "tungstenite",
    "mio",
];

/// The filter of a level or of directives.
pub(super) fn filter(level: &str) -> Result<EnvFilter, InvalidLevel> {
    let level = level.trim();
    let invalid = || InvalidLevel(level.chars().take(100).collect());
    if level.is_empty() || level.len() > MAX_DIRECTIVES_BYTES {
        return Err(invalid());
    }
    let directives = match level.to_ascii_lowercase().as_str() {
        "fatal" => "off,fatal=error".to_owned(),
        "warning" => "warn".to_owned(),
        name @ ("error" | "warn" | "info" | "debug" | "trace" | "off") => name.to_owned(),
        // A bare word that is no level would be taken for a target and log everything of it.
        _ if !level.contains(['=', ',']) => return Err(invalid()),
        _ => level.to_owned(),
    };
    EnvFilter::try_new(directives).map_err(|_| invalid())
}

/// Whether a line may ever show, whatever the level is.
pub(super) fn may_show(metadata: &Metadata<'_>) -> bool {
    if *metadata.level() <= Level::INFO {
        // Statements are info at these crates.
        return !(metadata.target().starts_with("sqlx::query") && *metadata.level() == Level::INFO);
    }
    let root = metadata.target().split("::").next().unwrap_or("");
    !HELD.contains(&root)
}
