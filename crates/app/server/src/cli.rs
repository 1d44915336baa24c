//! The command line: names, flags and their help. It runs nothing.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// One self-hosted backend for AI models: every call through one identity, one policy, one budget and one journal.
#[derive(Debug, Parser)]
#[command(name = "switchyard", version, about, max_term_width = 110)]
pub struct Cli {
    /// The settings file (TOML).
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where local files live (default: ./switchyard-data).
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Without a command: serve.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve (what happens without a command, too).
    Serve(ServeArgs),
    /// Make, list, show, change, rotate and revoke API keys.
    Keys(KeysArgs),
    /// Check or show the settings in force.
    Config(ConfigArgs),
    /// Look for everything that keeps this machine from serving well.
    Doctor(DoctorArgs),
    /// Look after the write-ahead journal.
    Journal(JournalArgs),
    /// Point Claude Code or Codex at this gateway, or back.
    Connect(ConnectArgs),
    /// Print the API document (OpenAPI, JSON).
    Openapi,
    /// Print the version.
    Version,
}

/// `serve`.
#[derive(Debug, Default, Args)]
pub struct ServeArgs {
    /// Address to listen on (default: 127.0.0.1:8000).
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// What this process does: all or gateway; several with commas.
    #[arg(long, value_delimiter = ',', value_name = "ROLES")]
    pub roles: Vec<String>,
}

/// Where a running server is, for commands that talk to one.
#[derive(Debug, Default, Args)]
pub struct ServerArgs {
    /// Address of the server, e.g. http://127.0.0.1:8000 (default: where the settings say it listens).
    #[arg(long, global = true, env = "SWITCHYARD_URL", value_name = "URL")]
    pub url: Option<String>,
    /// Key to act with (default: SWITCHYARD_ADMIN_KEY, then admin.key in the data directory).
    #[arg(
        long,
        global = true,
        env = "SWITCHYARD_KEY",
        hide_env_values = true,
        value_name = "KEY"
    )]
    pub admin_key: Option<String>,
}

/// `keys`.
#[derive(Debug, Args)]
pub struct KeysArgs {
    #[command(flatten)]
    pub server: ServerArgs,
    /// Print JSON.
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub command: KeysCommand,
}

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Make a key; its secret is shown this once.
    Create(KeyCreateArgs),
    /// List keys, newest first.
    List {
        /// Revoked ones too.
        #[arg(long)]
        revoked: bool,
    },
    /// Show a key, its limits and what it has spent.
    Show {
        /// The key's id.
        id: String,
    },
    /// Change a key; what is not named stays as it is.
    Change(Box<KeyChangeArgs>),
    /// Give a key a new secret.
    Rotate {
        /// The key's id.
        id: String,
        /// How long earlier secrets still hold.
        #[arg(long, value_name = "SECONDS", default_value_t = 86_400)]
        overlap_seconds: u64,
    },
    /// Revoke a key, at once and for good.
    Revoke {
        /// The key's id.
        id: String,
    },
}

/// `keys create`.
#[derive(Debug, Args)]
pub struct KeyCreateArgs {
    /// Its name, for people.
    pub name: String,
    /// Project, by id or name; a new name makes one.
    #[arg(long)]
    pub project: Option<String>,
    #[command(flatten)]
    pub rules: KeyRules,
}

/// `keys change`.
#[derive(Debug, Args)]
pub struct KeyChangeArgs {
    /// The key's id.
    pub id: String,
    /// Another name, for people.
    #[arg(long)]
    pub name: Option<String>,
    #[command(flatten)]
    pub rules: KeyRules,
    /// Back to the limits of keys that bring none (limits.default).
    #[arg(long, conflicts_with_all = ["requests_per_minute", "tokens_per_minute", "concurrent_requests", "unlimited"])]
    pub default_limits: bool,
    /// No budget any more.
    #[arg(long, conflicts_with = "budget")]
    pub no_budget: bool,
    /// No tag any more.
    #[arg(long, conflicts_with = "tag")]
    pub no_tag: bool,
    /// It holds until it is revoked.
    #[arg(long, conflicts_with = "expires_at")]
    pub no_expiry: bool,
    /// Keep the payloads of its calls no longer.
    #[arg(long, conflicts_with = "capture")]
    pub no_capture: bool,
}

/// What a key may do, in the words of `keys create` and `keys change` alike.
#[derive(Debug, Args)]
pub struct KeyRules {
    /// Scopes such as gateway:invoke or analytics:read; several with commas (a new key's default:
    /// gateway:invoke, models:read).
    #[arg(long, value_delimiter = ',')]
    pub scopes: Vec<String>,
    /// Models it may call, with `*`; several with commas (a new key's default: all).
    #[arg(long, value_delimiter = ',')]
    pub models: Vec<String>,
    /// Requests in 60 seconds.
    #[arg(long, value_name = "N")]
    pub requests_per_minute: Option<u64>,
    /// Tokens in 60 seconds: uncached input, cache writes and output.
    #[arg(long, value_name = "N")]
    pub tokens_per_minute: Option<u64>,
    /// Requests at the same time.
    #[arg(long, value_name = "N")]
    pub concurrent_requests: Option<u64>,
    /// No limits at all, not even the default ones.
    #[arg(long, conflicts_with_all = ["requests_per_minute", "tokens_per_minute", "concurrent_requests"])]
    pub unlimited: bool,
    /// A hard budget, AMOUNT_USD/PERIOD with hour, day, week, month or total, e.g. 25/month; may stand several times.
    /// Those given take the place of all that the key had.
    #[arg(long, value_name = "BUDGET")]
    pub budget: Vec<String>,
    /// A tag that all of its calls carry, name=value; may stand several times. Those given take the place of all that
    /// the key had.
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    /// When it stops to hold (RFC 3339).
    #[arg(long, value_name = "TIME")]
    pub expires_at: Option<String>,
    /// Keep the payloads of its calls.
    #[arg(long)]
    pub capture: bool,
}

impl KeyRules {
    /// The limits by the names of their fields.
    pub const fn limits(&self) -> [(&'static str, Option<u64>); 3] {
        [
            ("requests_per_minute", self.requests_per_minute),
            ("tokens_per_minute", self.tokens_per_minute),
            ("concurrent_requests", self.concurrent_requests),
        ]
    }

    /// Whether a limit is given.
    pub fn names_limits(&self) -> bool {
        self.limits().iter().any(|(_, limit)| limit.is_some())
    }
}

/// `config`.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    #[command(subcommand)]
    pub command: ConfigCommand,
}

/// What to do with the settings.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum ConfigCommand {
    /// List every mistake with file and line; says nothing but "fine" where there is none.
    Check,
    /// Print the settings in force and where each comes from, without secrets.
    Show,
}

/// `doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Ask no provider; look at this machine only.
    #[arg(long)]
    pub offline: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// `journal`.
#[derive(Debug, Args)]
pub struct JournalArgs {
    #[command(subcommand)]
    pub command: JournalCommand,
}

/// What to do with a journal.
#[derive(Debug, Subcommand)]
pub enum JournalCommand {
    /// Move the calls in a journal's directory into the store, each once: for the disk of a machine that did not come back.
    Replay {
        /// The journal's directory, e.g. switchyard-data/journal.
        dir: PathBuf,
    },
}

/// `connect`.
#[derive(Debug, Args)]
pub struct ConnectArgs {
    /// The client.
    pub client: Client,
    /// Merge it into the client's own settings instead of printing it.
    #[arg(long, conflicts_with = "undo")]
    pub write: bool,
    /// Put the client's settings back as they were before --write.
    #[arg(long)]
    pub undo: bool,
    /// Address of the gateway (default: where the settings say it listens).
    #[arg(long, env = "SWITCHYARD_URL", value_name = "URL")]
    pub url: Option<String>,
    /// API key for the client (default with --write: one is made for it).
    #[arg(
        long,
        env = "SWITCHYARD_API_KEY",
        hide_env_values = true,
        value_name = "KEY"
    )]
    pub key: Option<String>,
    /// Model for the client to start with, of any provider.
    #[arg(long)]
    pub model: Option<String>,
}

/// A client that can be pointed at the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Client {
    /// Anthropic's Claude Code.
    ClaudeCode,
    /// OpenAI's Codex.
    Codex,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_argument_at_all_serves() {
        assert!(Cli::parse_from(["switchyard"]).command.is_none());
    }

    #[test]
    fn common_flags_may_stand_after_the_command() {
        let cli = Cli::parse_from([
            "switchyard",
            "serve",
            "--config",
            "a.toml",
            "--roles",
            "gateway,data",
        ]);
        assert_eq!(cli.config.as_deref(), Some("a.toml".as_ref()));
        let Some(Command::Serve(serve)) = cli.command else {
            panic!("serve");
        };
        assert_eq!(serve.roles, ["gateway", "data"]);
    }

    #[test]
    fn where_the_server_is_may_stand_before_and_after_what_to_do_with_keys() {
        let server = ["--url", "http://gateway", "--admin-key", "k"];
        let id = ["key_1"];
        for command in ["list", "show", "change", "rotate", "revoke"] {
            let id = if command == "list" { &id[..0] } else { &id[..] };
            let keys = ["switchyard", "keys"];
            let before = [&keys[..], &server[..], &[command], id].concat();
            let after = [&keys[..], &[command], id, &server[..]].concat();
            for line in [before, after] {
                let Some(Command::Keys(keys)) = Cli::parse_from(&line).command else {
                    panic!("keys: {line:?}");
                };
                assert_eq!(keys.server.url.as_deref(), Some("http://gateway"));
                assert_eq!(keys.server.admin_key.as_deref(), Some("k"));
            }
        }
    }
}
