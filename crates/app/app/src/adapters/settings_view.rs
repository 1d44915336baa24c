//! ops shows the settings in force; they are swapped as a whole when they are loaded again.

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
    pub fn show(&self, loaded: &Loaded<Settings>) {
        self.0.store(Arc::new(loaded.entries()));
    }
}

impl SettingsView for View {
    fn entries(&self) -> Vec<Entry> {
        self.0.load().as_ref().clone()
    }
}
