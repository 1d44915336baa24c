//! The running server, if there is one, and the store and journal behind it.

use std::path::Path;
use std::time::Duration;

use ::store::{Store, StoreOptions, StoreUrl};
use serde_json::Value;

use super::Finding;

/// Journal bytes that should long have been in the store.
const MUCH: u64 = 64 << 20;

/// Whether a server runs where the settings say, and how it is; else whether its address is free.
pub async fn server(settings: &app::Settings) -> Finding {
    let url = crate::address::url(settings);
    let subject = format!("server {url}");
    let client = match crate::api::client(Duration::from_secs(3)) {
        Ok(client) => client,
        Err(error) => return Finding::failure(subject, error.to_string(), "see the reason given"),
    };
    if let Ok(answer) = client.get(format!("{url}/health/ready")).send().await {
        let status = answer.status();
        let told: Value = answer.json().await.unwrap_or(Value::Null);
        let word = told["status"].as_str().unwrap_or("no word").to_owned();
        return match (status.as_u16(), word.as_str()) {
            (200, "degraded") => Finding::warning(
                subject,
                "serves, degraded",
                format!("see {url}/health/detailed with an admin key"),
            ),
            (200, _) => Finding::fine(subject, format!("serves ({word})")),
            (status, _) => Finding::failure(
                subject,
                format!("answers {status} ({word})"),
                format!(
                    "see {url}/health/detailed with an admin key; something else may listen there"
                ),
            ),
        };
    }
    match tokio::net::TcpListener::bind(settings.listen()).await {
        Ok(_) => Finding::fine(subject, "does not run; the address is free"),
        Err(error) => Finding::failure(
            subject,
            format!("does not run and cannot listen there: {error}"),
            "choose another address with --listen or PORT",
        ),
    }
}

/// Whether the store answers. A SQLite file that is not there yet is not made.
pub async fn store(settings: &app::Settings) -> Finding {
    let subject = "store";
    let url = match &settings.database.url {
        None => Ok(StoreUrl::Sqlite(
            settings.server.data_dir.join("switchyard.db"),
        )),
        Some(url) => StoreUrl::parse(url.expose()),
    };
    let url = match url {
        Ok(url) => url,
        Err(error) => return Finding::failure(subject, error.to_string(), "mend database.url"),
    };
    if matches!(&url, StoreUrl::Sqlite(path) if !path.exists()) {
        return Finding::fine(subject, "SQLite; the first start makes the file");
    }
    let kind = url.place();
    let mut options = StoreOptions::new(url);
    options.connect_timeout = Duration::from_secs(5);
    match Store::connect(&options).await {
        Ok(store) if store.healthy().await => Finding::fine(subject, format!("{kind} answers")),
        Ok(_) => Finding::failure(
            subject,
            format!("{kind} does not answer in time"),
            "look at the database's own log",
        ),
        Err(error) => {
            let reason = std::error::Error::source(&error).map(ToString::to_string);
            Finding::failure(
                subject,
                format!(
                    "{kind}: {error}{}",
                    reason
                        .map(|reason| format!(" ({reason})"))
                        .unwrap_or_default()
                ),
                "check database.url, that the server runs, and that this machine may reach it",
            )
        }
    }
}

/// Whether the key in `admin.key` still holds; nothing is said where there is no file, or it cannot be told.
pub async fn admin_key(settings: &app::Settings) -> Option<Finding> {
    let holds = Box::pin(app::offline::admin_key_file_holds(settings)).await?;
    let file = settings.server.data_dir.join("admin.key");
    let subject = format!("key in {}", file.display());
    Some(if holds {
        Finding::fine(subject, "holds")
    } else {
        Finding::warning(
            subject,
            "no longer holds: SWITCHYARD_ADMIN_KEY or a rotation took its place",
            format!(
                "act with the key that took its place, and remove {}",
                file.display()
            ),
        )
    })
}

/// How much waits in the journal.
pub fn journal(dir: &Path) -> Finding {
    let subject = "journal";
    let bytes: u64 = std::fs::read_dir(dir)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.metadata().ok()?.len()))
        .sum();
    let found = format!("{} MiB in {}", bytes >> 20, dir.display());
    if bytes > MUCH {
        return Finding::warning(
            subject,
            found,
            "calls wait to be moved into the store; see that the store answers",
        );
    }
    Finding::fine(subject, found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    #[test]
    fn a_journal_that_piles_up_is_found() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(journal(&dir.path().join("none")).level, Level::Fine);
        let file = std::fs::File::create(dir.path().join("1.wal")).unwrap();
        file.set_len(MUCH + 1).unwrap();
        assert_eq!(journal(dir.path()).level, Level::Warning);
    }
}
