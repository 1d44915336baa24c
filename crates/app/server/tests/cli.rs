//! The binary as people run it: commands with and without a server, in a home and a data directory of its own.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_switchyard"));
        command
            .args(args)
            .arg("--data-dir")
            .arg(self.path("data"))
            .current_dir(self.0.path())
            .env_clear()
            .env("HOME", self.path("home"))
            // Nobody listens there, so that no other server is asked.
            .env("PORT", "1");
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    fn fine(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{args:?}: {told}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn serve(&self) -> Serving {
        let mut child = self
            .command(&["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let told = lines
            .map(|line| line.unwrap())
            .find(|line| line.contains("serves on"))
            .unwrap();
        let url = told.rsplit(' ').next().unwrap().to_owned();
        Serving { child, url }
    }
}

struct Serving {
    child: Child,
    url: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn keys_are_made_with_and_without_a_server() {
    let place = Place::new();
    let first = json(&place.fine(&["keys", "create", "first", "--json", "--budget", "5/day"]));
    assert!(first["key"].as_str().unwrap().starts_with("sy_key_"));
    let serving = place.serve();
    assert!(serving.url.starts_with("http://127.0.0.1:"));
    let second = place.fine(&["keys", "create", "second"]);
    assert!(second.starts_with("sy_key_") && second.lines().count() == 1);
    let rotated = json(&place.fine(&["keys", "rotate", first["id"].as_str().unwrap(), "--json"]));
    assert_ne!(rotated["key"], first["key"]);
    place.fine(&["keys", "revoke", first["id"].as_str().unwrap()]);
    let list = |args: &[&str]| {
        let names = json(&place.fine(args));
        let mut names: Vec<String> = names["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|key| key["name"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(list(&["keys", "list", "--json"]), ["admin", "second"]);
    drop(serving);
    assert_eq!(
        list(&["keys", "list", "--json", "--revoked"]),
        ["admin", "first", "second"]
    );
    assert!(
        !place
            .run(&["keys", "revoke", "key_nonsense"])
            .status
            .success()
    );
}

#[test]
fn a_client_is_connected_once_and_put_back() {
    let place = Place::new();
    std::fs::create_dir_all(place.path("home/.codex")).unwrap();
    let codex = place.path("home/.codex/config.toml");
    std::fs::write(&codex, "model = \"gpt-5\" # mine\n").unwrap();
    let serving = place.serve();
    let claude = place.path("home/.claude/settings.json");
    for _ in 0..2 {
        place.fine(&["connect", "claude-code", "--write"]);
        place.fine(&["connect", "codex", "--write"]);
    }
    let settings = json(&std::fs::read_to_string(&claude).unwrap());
    assert_eq!(settings["env"]["ANTHROPIC_BASE_URL"], serving.url.as_str());
    let keys = json(&place.fine(&["keys", "list", "--json"]));
    assert_eq!(
        keys["data"].as_array().unwrap().len(),
        3,
        "one key for each client"
    );
    assert!(
        std::fs::read_to_string(&codex)
            .unwrap()
            .contains("[model_providers.switchyard]")
    );
    place.fine(&["connect", "claude-code", "--undo"]);
    place.fine(&["connect", "codex", "--undo"]);
    assert!(!claude.exists());
    assert_eq!(
        std::fs::read_to_string(&codex).unwrap(),
        "model = \"gpt-5\" # mine\n"
    );
}

#[test]
fn every_mistake_in_the_settings_is_told_with_its_line() {
    let place = Place::new();
    std::fs::write(
        place.path("bad.toml"),
        "[server]\nmax_connections = \"many\"\n\n[gateway]\nbreaker_opne_ms = 5\n",
    )
    .unwrap();
    let output = place.run(&["config", "check", "--config", "bad.toml"]);
    assert!(!output.status.success());
    let told = String::from_utf8(output.stderr).unwrap();
    for part in ["bad.toml:2", "bad.toml:5", "breaker_open_ms"] {
        assert!(told.contains(part), "{told}");
    }
    assert!(place.fine(&["config", "show"]).contains("breaker_open_ms"));
}

#[test]
fn the_doctor_sees_the_running_server() {
    let place = Place::new();
    let serving = place.serve();
    let findings = json(&place.fine(&["doctor", "--offline", "--json"]));
    let server = findings["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["subject"].as_str().unwrap().ends_with(&serving.url))
        .unwrap();
    assert_eq!(server["level"], "fine");
}

#[test]
fn a_journal_is_moved_into_the_store_once() {
    let place = Place::new();
    drop(place.serve());
    let other = place.path("other");
    std::fs::create_dir_all(&other).unwrap();
    for file in std::fs::read_dir(place.path("data/journal")).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), other.join(file.file_name())).unwrap();
    }
    for dir in ["other", "data/journal"] {
        for _ in 0..2 {
            let told = place.fine(&["journal", "replay", dir]);
            assert!(told.starts_with("0 calls"), "{told}");
        }
    }
    let output = place.run(&["journal", "replay", "nowhere"]);
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("nowhere")
    );
}

#[test]
fn the_document_needs_no_server() {
    let place = Place::new();
    let document = json(&place.fine(&["openapi"]));
    assert!(document["paths"]["/v1/calls/{id}"].is_object());
    assert!(place.fine(&["version"]).starts_with("switchyard "));
    assert!(!place.path("data").exists(), "nothing was made");
}
