//! The real binary as a process of its own: found beside the tests, started in a folder of its own, told to stop or killed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use doubles::patience;
use rustix::process::{Pid, Signal};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;

/// Names the binary to test; without it, the one that cargo built beside these tests is taken.
const VARIABLE: &str = "SWITCHYARD_BINARY";

/// The admin key of every process here but those that make their own.
pub const ADMIN_KEY: &str = "an-admin-key-of-the-tests-0123456789-abcdef";

/// How often a condition is looked at that gives no notice.
pub const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The binary.
///
/// # Panics
/// When it was not built; the message says how.
pub fn binary() -> PathBuf {
    let named = std::env::var_os(VARIABLE).map(PathBuf::from);
    let path = named.unwrap_or_else(|| {
        // target/<profile>/deps/<this test>
        let tests = std::env::current_exe().unwrap();
        tests.ancestors().nth(2).unwrap().join("switchyard")
    });
    assert!(
        path.is_file(),
        "{} is not there; build it first: cargo build -p server --bin switchyard (or name it in {VARIABLE})",
        path.display()
    );
    path
}

/// Whether the counts of a proof are asked for.
pub fn proving() -> bool {
    std::env::var_os("SWITCHYARD_PROVE").is_some_and(|value| !value.is_empty())
}

/// Where a process runs: home, settings file, data folder, environment. It outlives the processes.
pub struct Place {
    root: tempfile::TempDir,
    env: BTreeMap<String, String>,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    pub out: String,
    pub err: String,
}

impl Ended {
    /// Insists that it went well.
    pub fn well(self) -> Self {
        assert!(self.status.success(), "{self:#?}");
        self
    }

    /// Insists that it did not.
    pub fn badly(self) -> Self {
        assert!(!self.status.success(), "{self:#?}");
        self
    }
}

impl Place {
    /// With these settings; a free port and an admin key are given by the environment.
    pub fn new(settings: &str) -> Self {
        let place = Self {
            root: tempfile::tempdir().unwrap(),
            env: BTreeMap::new(),
        };
        std::fs::create_dir(place.home()).unwrap();
        place.write_settings(settings);
        place
            .env("PORT", "0")
            .env("SWITCHYARD_ADMIN_KEY", ADMIN_KEY)
            .env("SECRET_KEY", "a-secret-key-of-the-tests-0123456789")
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.env.remove(name);
        self
    }

    pub fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    pub fn data_dir(&self) -> PathBuf {
        self.root.path().join("data")
    }

    pub fn settings_file(&self) -> PathBuf {
        self.root.path().join("switchyard.toml")
    }

    pub fn write_settings(&self, settings: &str) {
        std::fs::write(self.settings_file(), settings).unwrap();
    }

    /// The binary with these arguments, here, with nothing of this process's environment but the path.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .args(arguments)
            .arg("--config")
            .arg(self.settings_file())
            .arg("--data-dir")
            .arg(self.data_dir())
            .current_dir(self.root.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home())
            .envs(&self.env)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Runs a command to its end.
    pub async fn run(&self, arguments: &[&str]) -> Ended {
        let output = self.command(arguments).output();
        let what = format!("{arguments:?} to end");
        let output = patience::expect(&what, output).await.unwrap();
        Ended {
            status: output.status,
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Starts the server, which needs no argument for that, and waits until it is ready.
    pub async fn start(&self) -> Product {
        let began = Instant::now();
        let mut child = self
            .command(&[])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (words, log) = watch::channel(String::new());
        follow(child.stdout.take().unwrap(), words.clone());
        follow(child.stderr.take().unwrap(), words);
        let mut product = Product {
            child,
            log,
            base: String::new(),
            client: client(),
            ready_after: Duration::ZERO,
        };
        product.says(" serves on http://").await;
        let log = product.log();
        let (_, address) = log.split_once(" serves on ").unwrap();
        address
            .lines()
            .next()
            .unwrap()
            .clone_into(&mut product.base);
        product.status(200).await;
        product.ready_after = began.elapsed();
        product
    }
}

fn follow(pipe: impl AsyncRead + Unpin + Send + 'static, words: watch::Sender<String>) {
    tokio::spawn(async move {
        let mut lines = BufReader::new(pipe).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            words.send_modify(|log| {
                log.push_str(&line);
                log.push('\n');
            });
        }
    });
}

/// A client for our own routes.
pub fn client() -> reqwest::Client {
    app::choose_cryptography();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// A serving process.
pub struct Product {
    child: Child,
    log: watch::Receiver<String>,
    base: String,
    client: reqwest::Client,
    /// From its start to its first good word on readiness.
    pub ready_after: Duration,
}

impl Drop for Product {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("--- the product said:\n{}---", self.log());
        }
    }
}

impl Product {
    /// Its address, without a slash at the end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// What it has written so far.
    pub fn log(&self) -> String {
        self.log.borrow().clone()
    }

    /// Resolves once it has written this.
    pub async fn says(&self, words: &str) {
        let mut log = self.log.clone();
        let said = log.wait_for(|log| log.contains(words));
        let what = format!("the product to say {words:?}");
        if patience::expect(&what, said).await.is_err() {
            panic!("it ended without saying {words:?}:\n{}", self.log());
        }
    }

    /// Resolves with the answer of `/health/ready` once it has this status.
    pub async fn status(&self, status: u16) -> Value {
        self.ready_when(&format!("readiness {status}"), |code, _| code == status)
            .await
    }

    /// Resolves with the answer of `/health/ready` once it is as asked.
    pub async fn ready_when(&self, what: &str, holds: impl Fn(u16, &Value) -> bool) -> Value {
        let mut look = tokio::time::interval(LOOK_EVERY);
        patience::expect(what, async {
            loop {
                look.tick().await;
                let (code, told) = self.get("/health/ready").await;
                if holds(code, &told) {
                    return told;
                }
            }
        })
        .await
    }

    /// `GET` with the admin key; status 0 where nobody answers.
    pub async fn get(&self, path: &str) -> (u16, Value) {
        let url = format!("{}{path}", self.base);
        let Ok(answer) = self.client.get(url).bearer_auth(ADMIN_KEY).send().await else {
            return (0, Value::Null);
        };
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
    }

    /// `GET` that must go well.
    pub async fn read(&self, path: &str) -> Value {
        let (status, told) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {told}");
        told
    }

    /// `POST` with the admin key.
    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}{path}", self.base);
        let request = self.client.post(url).bearer_auth(ADMIN_KEY).json(body);
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
    }

    /// Makes a key; its id and secret.
    pub async fn key(&self, fields: &Value) -> (String, String) {
        let (status, made) = self.post("/v1/keys", fields).await;
        assert_eq!(status, 201, "{made}");
        let field = |name: &str| made[name].as_str().unwrap().to_owned();
        (field("id"), field("key"))
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id().unwrap()).unwrap()).unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        rustix::process::kill_process(self.pid(), signal).unwrap();
    }

    /// Ends it as a power cut would, and waits until it is gone.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Resolves once it has ended by itself.
    pub async fn ended(mut self) -> (ExitStatus, String) {
        let status = patience::expect("the product to end", self.child.wait()).await;
        (status.unwrap(), self.log())
    }

    /// Tells it to stop and waits until it has, in good order.
    pub async fn stop(self) {
        self.signal(Signal::TERM);
        let (status, log) = self.ended().await;
        assert!(status.success(), "{status}:\n{log}");
    }

    /// Resident memory in kibibytes, as the system counts it.
    pub fn memory(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id().unwrap());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let figure = line.and_then(|line| line.split_whitespace().nth(1));
        figure.unwrap().parse().unwrap()
    }
}
