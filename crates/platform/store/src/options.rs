//! Where the store lies and how many connections it may use. Reading settings is `config`'s business.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kernel::{ExposeSecret, SecretString};
use sqlx::postgres::PgConnectOptions;

/// Where the store lies.
#[derive(Debug, Clone)]
pub enum StoreUrl {
    /// A SQLite file; made when missing, its folder too.
    Sqlite(PathBuf),
    /// A PostgreSQL URL; secret because it may hold a password.
    Postgres(SecretString),
}

/// Why a text is no store URL. The text is not repeated: it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("database url must begin with `postgres://`, `postgresql://` or `sqlite:`")]
pub struct InvalidUrl;

impl StoreUrl {
    /// Reads `postgres://…`, `postgresql://…`, `sqlite:PATH` or `sqlite://PATH`.
    pub fn parse(text: &str) -> Result<Self, InvalidUrl> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(SecretString::from(text)));
        }
        let path = text.strip_prefix("sqlite:").ok_or(InvalidUrl)?;
        let path = path.strip_prefix("//").unwrap_or(path);
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        if path.is_empty() || path == ":memory:" {
            return Err(InvalidUrl);
        }
        Ok(Self::Sqlite(PathBuf::from(path)))
    }

    /// Where it lies, in words: without user, password and options.
    #[must_use]
    pub fn place(&self) -> String {
        let url = match self {
            Self::Sqlite(path) => return format!("SQLite in {}", path.display()),
            Self::Postgres(url) => url.expose_secret().parse::<PgConnectOptions>(),
        };
        // What is wrong with such a URL the connection itself will tell.
        let Ok(url) = url else {
            return "PostgreSQL".to_owned();
        };
        let mut place = format!("PostgreSQL at {}:{}", url.get_host(), url.get_port());
        if let Some(name) = url.get_database() {
            place.push('/');
            place.push_str(name);
        }
        place
    }
}

impl From<&Path> for StoreUrl {
    fn from(path: &Path) -> Self {
        Self::Sqlite(path.to_owned())
    }
}

/// How to connect.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Where.
    pub url: StoreUrl,
    /// SQLite: connections that read, opened when first needed. The writer is one more.
    pub readers: u32,
    /// PostgreSQL: connections in all.
    pub pool: u32,
    /// How long to wait for a connection, new or from the pool.
    pub connect_timeout: Duration,
    /// PostgreSQL: how long one statement may run.
    pub statement_timeout: Duration,
}

impl StoreOptions {
    /// The usual bounds for a store at `url`.
    #[must_use]
    pub const fn new(url: StoreUrl) -> Self {
        Self {
            url,
            readers: 4,
            pool: 10,
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_one_of_two_databases() {
        let path = |text: &str| match StoreUrl::parse(text) {
            Ok(StoreUrl::Sqlite(path)) => path,
            other => panic!("{other:?}"),
        };
        assert_eq!(path("sqlite:data/a.db"), Path::new("data/a.db"));
        assert_eq!(path("sqlite:///srv/a.db?mode=rwc"), Path::new("/srv/a.db"));
        assert!(matches!(
            StoreUrl::parse("postgresql://me:secret@host/db"),
            Ok(StoreUrl::Postgres(_))
        ));
        for wrong in ["", "mysql://host/db", "sqlite:", "sqlite::memory:"] {
            assert_eq!(StoreUrl::parse(wrong).err(), Some(InvalidUrl), "{wrong}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let url = StoreUrl::parse("postgres://me:secret@host/db").unwrap();
        assert_eq!(url.place(), "PostgreSQL at host:5432/db");
        assert!(!format!("{:?}", StoreOptions::new(url)).contains("secret"));
    }
}
