//! Layers, faults and places, through the front door.

use std::path::PathBuf;

use serde::Deserialize;

use super::*;
use crate::Secret;

const DEFAULTS: &str = "
# Where to listen.
[http]
listen = \"127.0.0.1\"
port = 8000
cors_origins = []
slow = false
ratio = 0.5

[limits]
default = { requests = 100 }
";

const ALIASES: &[(&str, &str)] = &[("PORT", "http.port"), ("DATABASE_URL", "store.url")];

#[derive(Debug, Deserialize)]
struct Settings {
    http: Http,
    #[serde(default)]
    store: Store,
    limits: Limits,
    #[serde(default)]
    providers: Vec<Provider>,
}

#[derive(Debug, Deserialize)]
struct Http {
    listen: String,
    port: u16,
    cors_origins: Vec<String>,
    slow: bool,
    ratio: f64,
}

#[derive(Debug, Default, Deserialize)]
struct Store {
    url: Option<Secret>,
}

#[derive(Debug, Deserialize)]
struct Limits {
    default: BTreeMap<String, u64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Anthropic,
    OpenaiCompatible,
}

#[derive(Debug, Deserialize)]
struct Provider {
    name: String,
    kind: Kind,
    base_url: Option<String>,
    api_key: Option<Secret>,
    #[serde(default)]
    headers: BTreeMap<String, Secret>,
}

impl Validate for Settings {
    fn validate(&self, check: &mut Check) {
        check.at("http", |check| {
            check.require(self.http.port >= 1024, "port", "must be 1024 or more");
        });
        check.require(
            self.http.ratio <= 1.0e3,
            "http.ratio",
            "must be 1000 or less",
        );
        check.each("providers", &self.providers, |provider, check| {
            let holds = provider
                .base_url
                .as_deref()
                .is_none_or(|url| url.starts_with("http"));
            check.require(holds, "base_url", "must start with http:// or https://");
        });
    }
}

struct Desk {
    dir: tempfile::TempDir,
    sources: Sources,
}

fn desk(file: &str) -> Desk {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("switchyard.toml");
    std::fs::write(&path, file).unwrap();
    let sources = Sources {
        defaults: DEFAULTS,
        file: Some(path),
        aliases: ALIASES,
        ..Sources::default()
    };
    Desk { dir, sources }
}

impl Desk {
    fn env(mut self, name: &str, value: &str) -> Self {
        self.sources.env.insert(name.into(), value.into());
        self
    }

    fn load(&self) -> Result<Loaded<Settings>, Faults> {
        load(&self.sources)
    }

    /// Every fault as it is told, the folder left out.
    fn faults(&self) -> Vec<String> {
        let folder = format!("{}/", self.dir.path().display());
        let faults = self.load().unwrap_err();
        faults
            .0
            .iter()
            .map(|fault| fault.to_string().replace(&folder, ""))
            .collect()
    }
}

#[test]
fn each_layer_lies_over_the_one_before() {
    let mut desk = desk("[http]\nport = 9000\nlisten = \"0.0.0.0\"\nslow = true")
        .env("PORT", "9001")
        .env(
            "SWITCHYARD__HTTP__CORS_ORIGINS",
            "https://a.example, https://b.example",
        )
        .env("SWITCHYARD__HTTP__RATIO", "2")
        .env("SWITCHYARD__HTTP__LISTEN", "");
    desk.sources.flags = toml::from_str("[http]\nport = 9002").unwrap();
    let loaded = desk.load().unwrap();
    let http = &loaded.settings.http;
    assert_eq!(
        (http.port, http.listen.as_str(), http.slow),
        (9002, "0.0.0.0", true)
    );
    assert_eq!(
        http.cors_origins,
        ["https://a.example", "https://b.example"]
    );
    assert!((http.ratio - 2.0).abs() < f64::EPSILON);
    assert_eq!(loaded.settings.limits.default["requests"], 100);
    let origin = |path: &str| loaded.origin(path).unwrap().to_string();
    assert_eq!(origin("http.port"), "flag --port");
    assert!(origin("http.slow").ends_with("switchyard.toml:4:1"));
    assert_eq!(origin("http.ratio"), "env SWITCHYARD__HTTP__RATIO");
    assert_eq!(origin("limits.default.requests"), "default");
}

#[test]
fn all_faults_are_told_at_once_with_their_places() {
    let desk = desk(
        "[http]
port = \"many\"
lisen = \"x\"
slow = 3

[[providers]]
name = 5
kind = \"antropic\"
base_url = \"ftp://x\"
colour = 1

[[providers]]
kind = \"anthropic\"
api_key = \"env:NOWHERE\"

[[providers]]
name = \"fine\"
kind = \"openai-compatible\"
base_url = \"localhost\"

[limts]
",
    )
    .env("SWITCHYARD__HTTP__RATIO", "half")
    .env("SWITCHYARD__STORE__ULR", "x");
    assert_eq!(
        desk.faults(),
        [
            "switchyard.toml:2:1: http.port: expected a whole number from 0 to 65535, got a text",
            "switchyard.toml:3:1: http.lisen: unknown name; did you mean `listen`?",
            "switchyard.toml:4:1: http.slow: expected true or false, got a whole number",
            "switchyard.toml:7:1: providers[0].name: expected a text, got a whole number",
            "switchyard.toml:8:1: providers[0].kind: \"antropic\" is not offered; did you mean `anthropic`?",
            "switchyard.toml:10:1: providers[0].colour: unknown name; expected `name`, `kind`, `base_url`, `api_key` or `headers`",
            "switchyard.toml:12:1: providers[1].name: missing; set it",
            "switchyard.toml:14:1: providers[1].api_key: the environment variable NOWHERE is not set; set it or write the secret another way",
            "switchyard.toml:19:1: providers[2].base_url: must start with http:// or https://",
            "switchyard.toml:21:2: limts: unknown name; did you mean `limits`?",
            "env SWITCHYARD__HTTP__RATIO: http.ratio: expected a number, got a text",
            "env SWITCHYARD__STORE__ULR: store.ulr: unknown name; did you mean `url`?",
        ]
    );
}

#[test]
fn rules_point_at_the_setting_however_they_name_it() {
    let faults = desk("[http]\nport = 80\nratio = 2000.0\n").faults();
    assert_eq!(
        faults,
        [
            "switchyard.toml:2:1: http.port: must be 1024 or more",
            "switchyard.toml:3:1: http.ratio: must be 1000 or less",
        ]
    );
}

#[test]
fn broken_toml_is_told_with_its_line_beside_the_rest() {
    let faults = desk("[http]\nport = = 3\nslow = 7\n").faults();
    assert!(faults[0].starts_with("switchyard.toml:2:"), "{faults:?}");
    assert!(
        faults.iter().any(|fault| fault.contains("http.slow")),
        "{faults:?}"
    );
}

#[test]
fn a_file_that_is_not_there_is_a_fault() {
    let mut desk = desk("");
    desk.sources.file = Some(PathBuf::from("/nowhere/switchyard.toml"));
    let faults = desk.faults();
    assert_eq!(faults.len(), 1);
    assert!(faults[0].contains("cannot read the settings file /nowhere/switchyard.toml"));
}

#[test]
fn a_list_item_is_set_by_its_number() {
    let text = "[[providers]]\nname = \"a\"\nkind = \"anthropic\"\n";
    let loaded = desk(text)
        .env("SWITCHYARD__PROVIDERS__0__BASE_URL", "http://b")
        .load();
    assert_eq!(
        loaded.unwrap().settings.providers[0].base_url.as_deref(),
        Some("http://b")
    );
    let faults = desk(text)
        .env("SWITCHYARD__PROVIDERS__1__BASE_URL", "http://b")
        .faults();
    assert!(
        faults[0].ends_with("the list has 1 items, counted from 0"),
        "{faults:?}"
    );
}

#[test]
fn secrets_are_resolved_and_never_shown() {
    let desk = desk(
        "[[providers]]
name = \"a\"
kind = \"anthropic\"
api_key = \"env:THE_KEY\"
headers = { authorization = \"canary-header\" }
base_url = \"http://user:canary-url@host:1/x\"
",
    )
    .env("THE_KEY", "canary-env")
    .env("DATABASE_URL", "postgres://u:canary-db@h/d");
    let loaded = desk.load().unwrap();
    let provider = &loaded.settings.providers[0];
    assert_eq!(provider.name, "a");
    assert!(matches!(provider.kind, Kind::Anthropic));
    assert_eq!(provider.api_key.as_ref().unwrap().expose(), "canary-env");
    assert_eq!(provider.headers["authorization"].expose(), "canary-header");
    let url = loaded.settings.store.url.as_ref().unwrap();
    assert_eq!(url.expose(), "postgres://u:canary-db@h/d");

    let shown = loaded.show();
    let rows = serde_json::to_string(&loaded.entries()).unwrap();
    let debug = format!("{:?}", loaded.settings.store);
    for text in [&shown, &rows, &debug] {
        assert!(!text.contains("canary"), "{text}");
    }
    assert!(shown.contains("api_key = \"env:THE_KEY\"  # "), "{shown}");
    assert!(
        shown.contains("base_url = \"http://[redacted]@host:1/x\""),
        "{shown}"
    );
}

#[test]
fn what_is_shown_can_be_read_again() {
    let desk = desk("[[providers]]\nname = \"a \\\"b\\\"\"\nkind = \"openai-compatible\"\n")
        .env("PORT", "9001");
    let loaded = desk.load().unwrap();
    assert!(matches!(
        loaded.settings.providers[0].kind,
        Kind::OpenaiCompatible
    ));
    let shown = loaded.show();
    assert!(shown.contains("port = 9001  # env PORT\n"), "{shown}");
    let again: Settings = toml::from_str(&shown).unwrap();
    assert_eq!(again.http.port, 9001);
    assert_eq!(again.providers[0].name, "a \"b\"");
}

#[test]
fn a_rule_may_keep_silent_about_a_list_that_lost_items() {
    struct Names;
    impl<'de> Deserialize<'de> for Names {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            #[derive(Deserialize)]
            struct Inner {
                #[serde(rename = "providers")]
                _providers: Vec<Provider>,
            }
            Inner::deserialize(deserializer).map(|_| Self)
        }
    }
    impl Validate for Names {
        fn validate(&self, check: &mut Check) {
            check.require(check.is_partial("providers"), "models", "names nobody");
        }
    }
    let desk = desk("[[providers]]\nname = 1\n");
    let sources = Sources {
        defaults: "",
        ..desk.sources
    };
    let faults = load::<Names>(&sources).err().unwrap();
    assert!(!faults.to_string().contains("names nobody"), "{faults}");
}

#[test]
fn a_default_that_is_itself_at_fault_ends_the_search() {
    let sources = Sources {
        defaults: "[store]\nurl = \"env:NOWHERE\"\n",
        ..Sources::default()
    };
    #[derive(Deserialize)]
    struct Strict {
        #[serde(rename = "store")]
        _store: Inner,
    }
    #[derive(Deserialize)]
    struct Inner {
        #[serde(rename = "url")]
        _url: Secret,
    }
    impl Validate for Strict {
        fn validate(&self, _check: &mut Check) {}
    }
    let faults = load::<Strict>(&sources).err().unwrap();
    assert_eq!(faults.0.len(), 1, "{faults}");
    assert!(faults.0[0].message.contains("NOWHERE is not set"));
}

#[test]
fn no_damage_to_a_file_is_worse_than_faults() {
    let text = "[http]\nport = 9000\n[limits.default]\nrequests = 5\n[[providers]]\nname = \"a\"\n\
        kind = \"anthropic\"\nheaders = { a = \"b\" }\n[[providers]]\nname = \"b\"\nkind = \"x\"\n";
    let whole = desk(text);
    let path = whole.sources.file.clone().unwrap();
    for at in (0..text.len()).step_by(2) {
        for damage in ["", "[", "\"", "=", "\n", "{", "9", "\u{e9}"] {
            let damaged = format!("{}{damage}{}", &text[..at], &text[at + 1..]);
            std::fs::write(&path, damaged).unwrap();
            if let Err(faults) = whole.load() {
                assert!(!faults.0.is_empty() && faults.0.len() < 60, "{faults}");
            }
        }
    }
}
