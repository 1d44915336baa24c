//! ops shows the settings in force; they are swapped as a whole when they are loaded again.

use std::collections::BTreeSet;
use std::sync::Arc;

use arc_swap::ArcSwap;
use config::Loaded;
use config::show::Entry;
use ops::SettingsView;

use crate::settings::Settings;

/// The settings in force, as rows.
#[derive(Clone, Default)]
pub(crate) struct View(Arc<ArcSwap<Vec<Entry>>>);

impl View {
    /// Shows the settings of a start.
    pub fn show(&self, loaded: &Loaded<Settings>) {
        self.0.store(Arc::new(loaded.entries()));
    }

    /// Shows the sections that a reload put in force; the rows of all others stay. Gives the settings of those others
    /// that are set to something else than what is in force.
    pub fn renew(&self, loaded: &Loaded<Settings>, sections: &[&str]) -> BTreeSet<String> {
        let (rows, waiting) = renewed(&self.0.load(), loaded.entries(), sections);
        self.0.store(Arc::new(rows));
        waiting
    }
}

impl SettingsView for View {
    fn entries(&self) -> Vec<Entry> {
        self.0.load().as_ref().clone()
    }
}

fn renewed(
    in_force: &[Entry],
    loaded: Vec<Entry>,
    sections: &[&str],
) -> (Vec<Entry>, BTreeSet<String>) {
    let mut order: Vec<String> = Vec::new();
    for row in in_force.iter().chain(&loaded) {
        let section = section(&row.path);
        if !order.iter().any(|known| known == section) {
            order.push(section.to_owned());
        }
    }
    let is_renewed = |entry: &Entry| sections.contains(&section(&entry.path));
    let (renewed, others): (Vec<Entry>, Vec<Entry>) = loaded.into_iter().partition(is_renewed);
    let kept: Vec<&Entry> = in_force.iter().filter(|row| !is_renewed(row)).collect();
    let value = |rows: &[&Entry], path: &str| {
        let row = rows.iter().find(|row| row.path == path);
        row.map(|row| row.value.clone())
    };
    let others: Vec<&Entry> = others.iter().collect();
    let waiting = kept
        .iter()
        .chain(&others)
        .map(|row| row.path.as_str())
        .filter(|path| value(&kept, path) != value(&others, path))
        .map(ToOwned::to_owned)
        .collect();
    let mut rows: Vec<Entry> = kept.into_iter().cloned().chain(renewed).collect();
    rows.sort_by_key(|row| order.iter().position(|known| known == section(&row.path)));
    (rows, waiting)
}

/// The first step of a path: `providers` of `providers[0].name`.
fn section(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[(&str, i64)]) -> Vec<Entry> {
        rows.iter()
            .map(|(path, value)| Entry {
                path: (*path).to_owned(),
                value: (*value).into(),
                origin: "default".to_owned(),
            })
            .collect()
    }

    #[test]
    fn rows_of_other_sections_stay_and_are_told_where_they_differ() {
        let in_force = rows(&[
            ("server.port", 1),
            ("server.workers", 2),
            ("gateway.retries", 4),
            ("log.lines", 3),
            ("providers[0].name", 5),
        ]);
        let loaded = rows(&[
            ("server.port", 9),
            ("server.workers", 2),
            ("database.url", 9),
            ("gateway.retries", 9),
            ("models[0].id", 9),
        ]);
        let (shown, waiting) = renewed(&in_force, loaded, &["gateway", "providers", "models"]);
        let expected = rows(&[
            ("server.port", 1),
            ("server.workers", 2),
            ("gateway.retries", 9),
            ("log.lines", 3),
            ("models[0].id", 9),
        ]);
        assert_eq!(shown, expected);
        let waiting: Vec<&str> = waiting.iter().map(String::as_str).collect();
        assert_eq!(waiting, ["database.url", "log.lines", "server.port"]);
    }
}
