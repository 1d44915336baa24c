//! The process environment and the flags, as the settings loader takes them. Read once, handed on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use config::{Loaded, Sources};
use toml::{Table, Value};

use crate::cli::{Cli, ServeArgs};

/// Everything around a command.
#[derive(Debug, Clone)]
pub struct Environment {
    /// The layers of settings.
    pub sources: Sources,
    /// The person's home.
    pub home: Option<PathBuf>,
}

impl Environment {
    /// Of this process.
    pub fn read(cli: &Cli) -> Self {
        let serve = match &cli.command {
            Some(crate::cli::Command::Serve(serve)) => Some(serve),
            _ => None,
        };
        // A variable that is no text names no setting of ours.
        let variables: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self {
            home: variables.get("HOME").map(PathBuf::from),
            sources: app::sources(
                cli.config.clone(),
                variables,
                flags(cli.data_dir.as_deref(), serve),
            ),
        }
    }

    /// A variable, where it is set and not empty.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.sources
            .env
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// The settings in force; every mistake where there are any.
    pub fn settings(&self) -> anyhow::Result<Loaded<app::Settings>> {
        app::settings::load(&self.sources).context("the settings do not hold")
    }
}

/// Flags as settings.
fn flags(data_dir: Option<&Path>, serve: Option<&ServeArgs>) -> Table {
    let mut server = Table::new();
    if let Some(dir) = data_dir {
        server.insert("data_dir".into(), dir.display().to_string().into());
    }
    if let Some(serve) = serve {
        if let Some(listen) = serve.listen {
            server.insert("host".into(), listen.ip().to_string().into());
            server.insert("port".into(), i64::from(listen.port()).into());
        }
        if !serve.roles.is_empty() {
            let roles = serve.roles.iter().cloned().map(Value::String).collect();
            server.insert("roles".into(), Value::Array(roles));
        }
    }
    let mut flags = Table::new();
    if !server.is_empty() {
        flags.insert("server".into(), Value::Table(server));
    }
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_settings_under_their_paths() {
        let serve = ServeArgs {
            listen: Some("0.0.0.0:81".parse().unwrap()),
            roles: vec!["gateway".to_owned()],
        };
        let flags = flags(Some(Path::new("/d")), Some(&serve));
        assert_eq!(flags["server"]["data_dir"].as_str(), Some("/d"));
        assert_eq!(flags["server"]["port"].as_integer(), Some(81));
        assert_eq!(flags["server"]["roles"][0].as_str(), Some("gateway"));
        assert!(super::flags(None, None).is_empty());
    }
}
