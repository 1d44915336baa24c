//! Logs: pretty on terminals, JSON otherwise, the request id on every line, the level changed at run time. Crates that would
//! write headers or statements at low levels are held at `info`, so that no setting can make a secret show.

mod json;
mod level;
mod panics;
mod thin;

use std::io::IsTerminal;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tracing_subscriber::filter::FilterExt;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, fmt, reload};

pub use level::InvalidLevel;
use thin::Thin;

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Pretty where the output is a terminal, JSON otherwise.
    #[default]
    Auto,
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// What is logged and how; the application keeps it in the section `log`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogSettings {
    /// `fatal`, `error`, `warn`, `info`, `debug`, `trace`, or directives like `info,gateway=debug`.
    pub level: String,
    /// How lines look.
    pub format: LogFormat,
    /// Lines that one place in the code may write in a second before the rest is left out; errors are never left out. 0 means no
    /// bound.
    pub max_lines_per_second: u32,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            level: "info".to_owned(),
            format: LogFormat::Auto,
            max_lines_per_second: 200,
        }
    }
}

impl LogSettings {
    /// Checks the level, for settings' own validation.
    pub fn check(&self) -> Result<(), InvalidLevel> {
        level::filter(&self.level).map(|_| ())
    }
}

/// The running log; changes its level.
#[derive(Clone)]
pub struct Logs {
    reload: reload::Handle<EnvFilter, Registry>,
    level: Arc<Mutex<String>>,
    thin: Arc<Thin>,
}

impl Logs {
    /// The level (or directives) in force.
    #[must_use]
    pub fn level(&self) -> String {
        self.level.lock().clone()
    }

    /// Changes the level at once, for every line written from now on.
    pub fn set_level(&self, level: &str) -> Result<(), InvalidLevel> {
        let filter = level::filter(level)?;
        self.reload
            .reload(filter)
            .map_err(|_| InvalidLevel(level.to_owned()))?;
        level.trim().clone_into(&mut self.level.lock());
        Ok(())
    }
}

impl std::fmt::Debug for Logs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Logs")
            .field("level", &self.level())
            .finish_non_exhaustive()
    }
}

/// Starts logging to standard error. A second call in one process only changes the level.
pub fn init(settings: &LogSettings) -> Result<Logs, InvalidLevel> {
    static RUNNING: OnceLock<Logs> = OnceLock::new();
    let filter = level::filter(&settings.level)?;
    if let Some(running) = RUNNING.get() {
        running.set_level(&settings.level)?;
        running.thin.set_bound(settings.max_lines_per_second);
        return Ok(running.clone());
    }
    let (filter, reload) = reload::Layer::new(filter);
    let logs = Logs {
        reload,
        level: Arc::new(Mutex::new(settings.level.trim().to_owned())),
        thin: Arc::new(Thin::new(settings.max_lines_per_second)),
    };
    let terminal = std::io::stderr().is_terminal();
    let pretty = match settings.format {
        LogFormat::Auto => terminal,
        LogFormat::Pretty => true,
        LogFormat::Json => false,
    };
    let lines = lines(pretty, terminal, std::io::stderr);
    let filter = filter
        .and(tracing_subscriber::filter::filter_fn(level::may_show))
        .and(thin::ThinFilter(Arc::clone(&logs.thin)));
    // Somebody else's subscriber (a test's) stays where it is.
    let _ = tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .try_init();
    panics::install();
    Ok(RUNNING.get_or_init(|| logs).clone())
}

/// The layer that writes.
fn lines<S, W>(pretty: bool, colours: bool, out: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    W: for<'w> fmt::MakeWriter<'w> + Send + Sync + 'static,
{
    if pretty {
        fmt::layer().with_ansi(colours).with_writer(out).boxed()
    } else {
        fmt::layer()
            .fmt_fields(fmt::format::JsonFields::new())
            .event_format(json::JsonLines)
            .with_ansi(false)
            .with_writer(out)
            .boxed()
    }
}

#[cfg(test)]
mod tests;
