//! Real clients, each at its pinned version, each doing a piece of work with a tool: once straight at the double, once
//! through the product. Both runs must come to the same end, and the product must know exactly what the work cost.

mod claude_code;
mod codex;
mod golden;
mod matrix;
mod python;

use std::path::{Path, PathBuf};
use std::time::Duration;

use doubles::provider::reply::Surface;
use doubles::provider::{Answer, Reply};
use serde_json::Value;
use tokio::process::Command;

use crate::ground::Ground;

/// Names the folder that `cargo xtask` installed the clients into.
const FOLDER: &str = "SWITCHYARD_TEST_CLIENTS";

/// What stands there once all of them are installed.
const STAMPS: [&str; 3] = [
    "venv/requirements.txt",
    "langchain/requirements.txt",
    "ai-sdk/package.json.installed",
];

/// Far beyond what a client needs that works.
const LONGEST: Duration = Duration::from_secs(90);

/// The clients as installed.
#[derive(Clone)]
pub struct Installed(PathBuf);

impl Installed {
    /// `None`, said aloud, where the clients were not installed and nobody asked for them.
    pub fn find() -> Option<Self> {
        let named = std::env::var_os(FOLDER).map(PathBuf::from);
        let usual = std::env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))
            .map(|cache| cache.join("switchyard/clients"))
            .filter(|folder| STAMPS.iter().all(|stamp| folder.join(stamp).is_file()));
        let found = named.or(usual);
        if found.is_none() {
            println!(
                "left out: the real clients are not installed; `cargo xtask test` installs them ({FOLDER})"
            );
        }
        found.map(Self)
    }

    /// The native program of an npm package, found by a path with `*` for the platform's folders.
    fn program(&self, pattern: &[&str]) -> PathBuf {
        let mut found = vec![self.0.join("node_modules")];
        for part in pattern {
            found = found
                .iter()
                .flat_map(|folder| matching(folder, part))
                .collect();
        }
        let first = found.into_iter().next();
        first.unwrap_or_else(|| panic!("{pattern:?} is not installed below {}", self.0.display()))
    }

    pub fn claude(&self) -> PathBuf {
        self.program(&["@anthropic-ai", "claude-code-*", "claude"])
    }

    pub fn codex(&self) -> PathBuf {
        self.program(&["@openai", "codex-*", "vendor", "*", "bin", "codex"])
    }

    pub fn python(&self) -> PathBuf {
        self.0.join("venv/bin/python")
    }

    /// Python with LangChain.
    pub fn langchain(&self) -> PathBuf {
        self.0.join("langchain/bin/python")
    }

    /// The Node that the AI SDK runs on.
    pub fn node(&self) -> PathBuf {
        let found = matching(&self.ai_sdk_modules(), "node-*")
            .into_iter()
            .next();
        found
            .unwrap_or_else(|| panic!("Node is not installed"))
            .join("bin/node")
    }

    pub fn ai_sdk_modules(&self) -> PathBuf {
        self.0.join("ai-sdk/node_modules")
    }

    /// The version of a Python package as it is installed in an environment of ours.
    pub fn python_version(&self, environment: &str, package: &str) -> String {
        let places = matching(&self.0.join(environment).join("lib"), "python*");
        let marks = places
            .iter()
            .flat_map(|place| matching(&place.join("site-packages"), &format!("{package}-*")));
        let name = marks
            .filter_map(|mark| {
                mark.file_name()?
                    .to_str()?
                    .strip_suffix(".dist-info")
                    .map(str::to_owned)
            })
            .next();
        let name = name.unwrap_or_else(|| panic!("{package} is not installed"));
        name[package.len() + 1..].to_owned()
    }

    /// The version of an npm package as it is installed below a folder of ours.
    pub fn npm_version(&self, folder: &str, package: &str) -> String {
        let folder = self.0.join(folder).join("node_modules");
        let manifest = std::fs::read(folder.join(package).join("package.json")).unwrap();
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        manifest["version"].as_str().unwrap().to_owned()
    }
}

fn matching(folder: &Path, part: &str) -> Vec<PathBuf> {
    let Some(start) = part.strip_suffix('*') else {
        return vec![folder.join(part)]
            .into_iter()
            .filter(|path| path.exists())
            .collect();
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(start))
        .map(|entry| entry.path())
        .collect()
}

/// A home and a work folder of one's own for one run of a client.
pub struct Desk(tempfile::TempDir);

impl Desk {
    pub fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir(desk.home()).unwrap();
        std::fs::create_dir(desk.work()).unwrap();
        desk
    }

    pub fn home(&self) -> PathBuf {
        self.0.path().join("home")
    }

    pub fn work(&self) -> PathBuf {
        self.0.path().join("work")
    }

    /// Runs a client here, with nothing of this process's environment but the path, and gives what it printed.
    pub async fn run(&self, program: &Path, configure: impl FnOnce(&mut Command)) -> String {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home())
            .env("LANG", "C.UTF-8")
            .current_dir(self.work())
            .stdin(std::process::Stdio::null())
            .kill_on_drop(true);
        configure(&mut command);
        let output = tokio::time::timeout(LONGEST, command.output()).await;
        let output = output
            .unwrap_or_else(|_| panic!("{} did not end", program.display()))
            .unwrap();
        let (out, err) = (
            String::from_utf8_lossy(&output.stdout).into_owned(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        );
        assert!(
            output.status.success(),
            "{}: {}\n{out}\n{err}",
            program.display(),
            output.status
        );
        out
    }
}

/// What a client printed as lines of JSON.
pub fn lines(output: &str) -> Vec<Value> {
    let lines = output.lines().filter(|line| line.starts_with('{'));
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Calls a tool first; once its result is there, says the last word.
pub fn conversation(first: Reply, last: Reply) -> Answer {
    Answer::from_request(move |request| {
        let body = String::from_utf8_lossy(&request.body);
        let results = [
            "\"tool_result\"",
            "\"function_call_output\"",
            "\"role\":\"tool\"",
        ];
        let answered = results.iter().any(|mark| body.contains(mark));
        if answered { &last } else { &first }.script(request)
    })
}

/// The costs of the calls so far, in nano-dollars; all must have gone well and be exact.
pub async fn exact_costs(ground: &Ground, count: usize, surface: Surface) -> Vec<i64> {
    let calls = ground.calls(count).await;
    for call in &calls {
        assert_eq!(call["status"], "ok", "{call}");
        assert_eq!(call["estimated"], false, "{call}");
        assert_eq!(
            call["surface"].as_str(),
            surface
                .path()
                .rsplit('/')
                .next()
                .map(|name| { if name == "completions" { "chat" } else { name } })
        );
    }
    calls
        .iter()
        .map(|call| call["cost_nano_usd"].as_i64().unwrap())
        .collect()
}
