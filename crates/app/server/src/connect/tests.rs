//! Clients' settings are merged, kept private, and put back exactly.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::*;

const KEY: &str = "sy_key_secret";

fn target() -> Target {
    Target {
        url: "http://127.0.0.1:8000".to_owned(),
        key: Some(KEY.to_owned()),
        model: None,
    }
}

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn plan(&self, client: Client, target: &Target) -> Plan {
        let around = Surroundings {
            home: Some(self.0.path()),
            folder: None,
        };
        plan(client, target, around).unwrap()
    }

    fn file(&self, client: Client) -> PathBuf {
        self.plan(client, &target()).file
    }

    fn put(&self, client: Client, text: &str, mode: u32) -> PathBuf {
        let file = self.file(client);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        file
    }

    fn write(&self, client: Client) -> Written {
        write(&self.plan(client, &target()), None).unwrap()
    }

    /// Everything in the client's folder.
    fn names(&self, client: Client) -> Vec<String> {
        let folder = self.file(client).parent().unwrap().to_owned();
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn mode(file: &Path) -> u32 {
    std::fs::metadata(file).unwrap().permissions().mode() & 0o777
}

fn text(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap()
}

const CLAUDE: &str = "{\n    \"permissions\": {\"allow\": [\"Bash(ls:*)\"]},\n    \"env\": {\"ANTHROPIC_API_KEY\": \"sk-ant\", \"EDITOR\": \"vi\"}\n}";
const CODEX: &str = "# my settings\nmodel_provider = \"openai\"  # the usual one\nmodel = \"gpt-5\"\n\n[model_providers.other]\nname = \"Other\"   # keep\nbase_url = \"http://other/v1\"\n\n[tui]\nnotifications = true\n";

#[test]
fn claude_code_gets_its_variables_and_keeps_the_rest() {
    let home = Home::new();
    let file = home.put(Client::ClaudeCode, CLAUDE, 0o644);
    assert_eq!(home.write(Client::ClaudeCode), Written::Changed);
    let settings: serde_json::Value = serde_json::from_str(&text(&file)).unwrap();
    assert_eq!(
        settings["env"]["ANTHROPIC_BASE_URL"],
        "http://127.0.0.1:8000"
    );
    assert_eq!(settings["env"]["ANTHROPIC_AUTH_TOKEN"], KEY);
    assert_eq!(
        settings["env"]["CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY"],
        "1"
    );
    assert_eq!(settings["env"]["EDITOR"], "vi");
    assert_eq!(
        settings["env"].get("ANTHROPIC_API_KEY"),
        None,
        "it would be sent first"
    );
    assert_eq!(settings["permissions"]["allow"][0], "Bash(ls:*)");
    let around = Surroundings {
        home: Some(home.0.path()),
        folder: None,
    };
    assert_eq!(
        known_key(Client::ClaudeCode, "http://127.0.0.1:8000", around).as_deref(),
        Some(KEY)
    );
    assert_eq!(
        known_key(Client::ClaudeCode, "http://elsewhere", around),
        None
    );
}

#[test]
fn claude_code_never_asks_for_a_model_of_another_name_than_the_one_it_is_given() {
    let home = Home::new();
    let file = home.put(Client::ClaudeCode, CLAUDE, 0o644);
    for (model, sizes) in [
        ("gpt-5.6-terra", Some("gpt-5.6-terra")),
        ("claude-opus-5-5", None),
    ] {
        let target = Target {
            model: Some(model.to_owned()),
            ..target()
        };
        write(&home.plan(Client::ClaudeCode, &target), None).unwrap();
        let settings: serde_json::Value = serde_json::from_str(&text(&file)).unwrap();
        assert_eq!(settings["env"]["ANTHROPIC_MODEL"], model);
        let small = &settings["env"]["ANTHROPIC_DEFAULT_HAIKU_MODEL"];
        if let Some(sizes) = sizes {
            assert_eq!(small, sizes);
        }
    }
}

#[test]
fn codex_gets_its_provider_and_keeps_comments_and_order() {
    let home = Home::new();
    let file = home.put(Client::Codex, CODEX, 0o600);
    let target = Target {
        model: Some("gpt-5.6-codex".to_owned()),
        ..target()
    };
    write(&home.plan(Client::Codex, &target), None).unwrap();
    let expected = "# my settings\nmodel_provider = \"switchyard\"  # the usual one\nmodel = \"gpt-5.6-codex\"\n\n[model_providers.other]\nname = \"Other\"   # keep\nbase_url = \"http://other/v1\"\n\n[model_providers.switchyard]\nname = \"Switchyard\"\nbase_url = \"http://127.0.0.1:8000/v1\"\nenv_key = \"SWITCHYARD_API_KEY\"\nwire_api = \"responses\"\n\n[tui]\nnotifications = true\n";
    let written: toml::Table = text(&file).parse().unwrap();
    assert_eq!(written, expected.parse::<toml::Table>().unwrap());
    for kept in ["# my settings", "# the usual one", "# keep"] {
        assert!(text(&file).contains(kept), "{}", text(&file));
    }
    assert!(!text(&file).contains(KEY), "the key stays out of the file");
}

#[test]
fn undo_restores_every_byte_and_the_permissions() {
    for (client, before) in [(Client::ClaudeCode, CLAUDE), (Client::Codex, CODEX)] {
        let home = Home::new();
        let file = home.put(client, before, 0o644);
        home.write(client);
        assert_eq!(undo(&file).unwrap().0, Undone::Exactly);
        assert_eq!(text(&file), before);
        assert_eq!(mode(&file), 0o644);
        assert_eq!(home.names(client).len(), 1, "no record is left");
        assert_eq!(undo(&file).unwrap().0, Undone::Nothing);
    }
}

#[test]
fn a_file_that_was_not_there_goes_again() {
    for client in [Client::ClaudeCode, Client::Codex] {
        let home = Home::new();
        assert_eq!(home.write(client), Written::Changed);
        let file = home.file(client);
        assert_eq!(mode(&file), 0o600);
        undo(&file).unwrap();
        assert!(home.names(client).is_empty());
    }
}

#[test]
fn a_second_write_changes_nothing_and_undo_still_knows_the_first() {
    for (client, before) in [(Client::ClaudeCode, CLAUDE), (Client::Codex, CODEX)] {
        let home = Home::new();
        let file = home.put(client, before, 0o600);
        home.write(client);
        let once = text(&file);
        assert_eq!(home.write(client), Written::Same);
        assert_eq!(text(&file), once);
        undo(&file).unwrap();
        assert_eq!(text(&file), before);
    }
}

#[test]
fn what_the_person_changed_since_survives_undo() {
    let home = Home::new();
    let file = home.put(Client::ClaudeCode, CLAUDE, 0o600);
    home.write(Client::ClaudeCode);
    let changed = text(&file)
        .replace("\"vi\"", "\"emacs\"")
        .replace(KEY, "a key of their own");
    std::fs::write(&file, &changed).unwrap();
    // Writing again in between must not make their change part of ours.
    home.write(Client::ClaudeCode);
    let (undone, _) = undo(&file).unwrap();
    assert_eq!(undone, Undone::Values);
    let settings: serde_json::Value = serde_json::from_str(&text(&file)).unwrap();
    assert_eq!(settings["env"]["EDITOR"], "emacs");
    assert_eq!(settings["env"]["ANTHROPIC_API_KEY"], "sk-ant");
    assert_eq!(settings["env"].get("ANTHROPIC_BASE_URL"), None);

    let file = home.put(Client::Codex, CODEX, 0o600);
    home.write(Client::Codex);
    let changed = text(&file).replace("notifications = true", "notifications = false");
    std::fs::write(&file, &changed).unwrap();
    undo(&file).unwrap();
    assert_eq!(
        text(&file),
        CODEX.replace("notifications = true", "notifications = false")
    );
}

#[test]
fn no_secret_ever_stands_where_others_can_read() {
    let home = Home::new();
    let file = home.put(Client::ClaudeCode, CLAUDE, 0o664);
    home.write(Client::ClaudeCode);
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(&record::beside(&file)), 0o600);
    let names = home.names(Client::ClaudeCode);
    assert_eq!(names, ["settings.json", "settings.json.before-switchyard"]);
}

#[test]
fn a_link_stays_a_link() {
    let home = Home::new();
    let file = home.file(Client::ClaudeCode);
    let real = home.0.path().join("dotfiles.json");
    std::fs::write(&real, CLAUDE).unwrap();
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(&real, &file).unwrap();
    home.write(Client::ClaudeCode);
    assert!(std::fs::symlink_metadata(&file).unwrap().is_symlink());
    assert!(text(&real).contains(KEY));
    undo(&file).unwrap();
    assert_eq!(text(&real), CLAUDE);
}

#[test]
fn a_file_that_cannot_be_read_is_left_alone() {
    for (client, broken) in [
        (Client::ClaudeCode, "{ // a comment\n}"),
        (Client::ClaudeCode, "[]"),
        (Client::ClaudeCode, "{\"env\": \"none\"}"),
        (Client::Codex, "model = "),
        (Client::Codex, "model_providers = 3"),
    ] {
        let home = Home::new();
        let file = home.put(client, broken, 0o600);
        write(&home.plan(client, &target()), None).unwrap_err();
        assert_eq!(text(&file), broken);
        assert_eq!(home.names(client).len(), 1);
    }
}

#[test]
fn the_folder_of_the_environment_is_respected() {
    let around = Surroundings {
        home: None,
        folder: Some("/elsewhere"),
    };
    let file = |client| plan(client, &target(), around).unwrap().file;
    assert_eq!(
        file(Client::ClaudeCode),
        Path::new("/elsewhere/settings.json")
    );
    assert_eq!(file(Client::Codex), Path::new("/elsewhere/config.toml"));
    let nowhere = Surroundings {
        home: None,
        folder: None,
    };
    assert!(plan(Client::Codex, &target(), nowhere).is_err());
}

#[test]
fn keys_that_were_made_are_remembered() {
    let home = Home::new();
    let plan = home.plan(Client::ClaudeCode, &target());
    write(&plan, Some("key_1")).unwrap();
    assert_eq!(undo(&plan.file).unwrap().1, ["key_1"]);
}
