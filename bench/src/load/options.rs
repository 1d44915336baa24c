//! What to send, as the load generator's command line says it.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use crate::fixture::Surface;

/// What to send.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// host:port.
    #[arg(long)]
    pub target: String,
    /// A file with one key a line; requests take them in turn.
    #[arg(long)]
    pub keys: Option<PathBuf>,
    /// What is spoken.
    #[arg(long, value_enum, default_value_t = Surface::Chat)]
    pub surface: Surface,
    /// The model asked for; without it, the one that speaks the surface.
    #[arg(long)]
    pub model: Option<String>,
    /// The answer comes from another protocol: its text, end and length are compared instead of its bytes.
    #[arg(long)]
    pub translated: bool,
    /// A further header of each request, as `name: value`.
    #[arg(long = "header")]
    pub headers: Vec<String>,
    /// Connections, each with one request in flight.
    #[arg(long, default_value_t = 1)]
    pub connections: usize,
    /// How long to measure, in milliseconds, after a warm-up of a fifth of it.
    #[arg(long, default_value_t = 1_000)]
    pub millis: u64,
    /// Send exactly this many instead, without a warm-up.
    #[arg(long)]
    pub requests: Option<u64>,
    /// Ask for streams.
    #[arg(long)]
    pub stream: bool,
    /// Microseconds between two chunks of a stream.
    #[arg(long, default_value_t = 0)]
    pub pace_us: u64,
    /// Size of the request body.
    #[arg(long, default_value_t = 300)]
    pub body_bytes: usize,
}

impl Options {
    /// Whole answers over chat, for so long on so many connections.
    pub const fn chat(connections: usize, millis: u64) -> Self {
        Self {
            target: String::new(),
            keys: None,
            surface: Surface::Chat,
            model: None,
            translated: false,
            headers: Vec::new(),
            connections,
            millis,
            requests: None,
            stream: false,
            pace_us: 0,
            body_bytes: 300,
        }
    }

    /// The same as words of a command line.
    pub fn arguments(&self) -> Vec<OsString> {
        let mut words: Vec<OsString> = Vec::new();
        let mut option = |name: &str, value: OsString| words.extend([name.into(), value]);
        option("--target", self.target.as_str().into());
        option("--surface", self.surface.as_str().into());
        option("--connections", self.connections.to_string().into());
        option("--millis", self.millis.to_string().into());
        option("--pace-us", self.pace_us.to_string().into());
        option("--body-bytes", self.body_bytes.to_string().into());
        if let Some(requests) = self.requests {
            option("--requests", requests.to_string().into());
        }
        if let Some(keys) = &self.keys {
            option("--keys", keys.into());
        }
        if let Some(model) = &self.model {
            option("--model", model.into());
        }
        for header in &self.headers {
            option("--header", header.into());
        }
        for (flag, set) in [("--stream", self.stream), ("--translated", self.translated)] {
            words.extend(set.then(|| flag.into()));
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    #[test]
    fn the_words_say_the_same() {
        let options = Options {
            target: "127.0.0.1:1".to_owned(),
            keys: Some("keys".into()),
            surface: Surface::Responses,
            model: Some("m".to_owned()),
            translated: true,
            headers: vec!["a: b".to_owned(), "c: d".to_owned()],
            requests: Some(3),
            stream: true,
            ..Options::chat(8, 200)
        };
        let line = std::iter::once("load".into()).chain(options.arguments());
        let read = Line::try_parse_from(line).unwrap().options;
        assert_eq!(format!("{read:?}"), format!("{options:?}"));
    }
}
