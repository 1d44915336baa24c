//! Secrets show nowhere: not in a log line at any level, not in metrics, settings, errors or records. The product runs in
//! a process of its own, so that every line it writes is seen.

use std::process::Stdio;

use doubles::Provider;
use doubles::postgres::Postgres;
use doubles::provider::reply::Surface;
use doubles::provider::{Cut, Script};
use serde_json::{Value, json};
use testkit::TestApp;

use crate::ground::model;
use crate::raw::Ask;

const PROVIDER_KEY: &str = "canary-provider-key-5b1f0c";
const PROVIDER_HEADER: &str = "canary-provider-header-91ac";
const PROVIDER_QUERY_SAFE: &str = "plain-query-value";
const MISTYPED_KEY: &str = "canary-mistyped-key-77e2";
const SECRET_KEY: &str = "canary-secret-key-0123456789-0123456789";
const ADMIN_KEY: &str = "canary-admin-key-0123456789-0123456789-abcdef";
const DATABASE_PASSWORD: &str = "canary-database-password-3d9";
const WRONG_KEY: &str = "canary-wrong-key-0c0c0c0c";
const CLIENTS_OWN: &str = "canary-clients-own-key-44aa";

/// The secrets that are known beforehand.
const SECRETS: [&str; 8] = [
    PROVIDER_KEY,
    PROVIDER_HEADER,
    MISTYPED_KEY,
    SECRET_KEY,
    ADMIN_KEY,
    DATABASE_PASSWORD,
    WRONG_KEY,
    CLIENTS_OWN,
];

/// Marks the lines by which the inner process tells which secrets were made on the way.
const MADE: &str = "secret made on the way: ";

/// Names this module's inner test to the test binary.
const INNER: &str = "canary::inner";

#[tokio::test]
async fn no_line_of_the_log_holds_a_secret() {
    let child = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args([INNER, "--exact", "--ignored", "--nocapture"])
        .env("CANARY_INNER", "1")
        .env_remove("NO_COLOR")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let out = child.await.unwrap();
    let (stdout, stderr) = (
        String::from_utf8_lossy(&out.stdout).into_owned(),
        String::from_utf8_lossy(&out.stderr).into_owned(),
    );
    assert!(out.status.success(), "{stdout}\n{stderr}");
    let made: Vec<&str> = stdout
        .lines()
        .filter_map(|line| Some(line.split_once(MADE)?.1.trim()))
        .collect();
    assert_eq!(made.len(), 2, "{stdout}");
    let lines = stderr.lines().filter(|line| line.starts_with('{')).count();
    assert!(lines > 50, "only {lines} lines were logged: {stderr}");
    for secret in SECRETS.into_iter().chain(made) {
        let found = stderr.lines().find(|line| line.contains(secret));
        assert_eq!(found, None, "{secret} stands in the log");
    }
}

/// Uses the product in every way in which a secret could slip out.
#[tokio::test]
#[ignore = "run by the test above in a process of its own"]
async fn inner() {
    let server = Postgres::private().await.unwrap();
    let url = server.database().await;
    let url = url.replacen('@', &format!(":{DATABASE_PASSWORD}@"), 1);
    let upstream = Provider::start().await;
    let providers = providers(&upstream);
    let app = TestApp::builder()
        .settings(&providers)
        .env("SECRET_KEY", SECRET_KEY)
        .env("SWITCHYARD_ADMIN_KEY", ADMIN_KEY)
        .env("LOG_LEVEL", "trace")
        .database(&url)
        .start()
        .await;
    let mut walk = Walk {
        app: &app,
        secrets: SECRETS.iter().map(ToString::to_string).collect(),
    };
    let key = app
        .request(reqwest::Method::POST, "/v1/keys", ADMIN_KEY)
        .json(&json!({"name": "leaky", "capture": true}));
    let key = app.answer(key).await.expect(201).json();
    let (id, secret) = (
        key["id"].as_str().unwrap().to_owned(),
        key["key"].as_str().unwrap().to_owned(),
    );
    let rotate = format!("/v1/keys/{id}/rotate");
    let rotated = app.post(&rotate, ADMIN_KEY, &json!({})).await.expect(200);
    let rotated = rotated.json()["key"].as_str().unwrap().to_owned();
    walk.secrets.extend([secret.clone(), rotated.clone()]);
    println!("\n{MADE}{secret}\n{MADE}{rotated}");

    walk.calls(&upstream, &secret, &rotated).await;
    walk.reload(&providers);
    walk.looks(&id).await;
    // The store goes away: its errors name the server, not how one logs in.
    server.stop().await;
    walk.looks(&id).await;
    server.start().await;
    app.stop().await;
}

fn providers(upstream: &Provider) -> String {
    let mut text = String::new();
    for (name, kind, url) in [
        ("anthropic", "anthropic", upstream.url()),
        ("openai", "openai", upstream.openai_url()),
        ("gone", "openai", "http://127.0.0.1:9/v1".to_owned()),
    ] {
        text += &format!(
            "[[providers]]\nname = \"{name}\"\nkind = \"{kind}\"\nbase_url = \"{url}\"\napi_key = \"{PROVIDER_KEY}\"\nheaders = {{ x-team = \"{PROVIDER_HEADER}\" }}\nquery = {{ version = \"{PROVIDER_QUERY_SAFE}\" }}\n"
        );
    }
    text + "[[providers]]\nname = \"theirs\"\nkind = \"openai\"\ncredential = \"client\"\nserves = [\"theirs-*\"]\nbase_url = \"http://127.0.0.1:9/v1\"\n"
}

struct Walk<'a> {
    app: &'a TestApp,
    secrets: Vec<String>,
}

impl Walk<'_> {
    /// Holds a text to be free of secrets.
    fn clean(&self, what: &str, text: &str) {
        for secret in &self.secrets {
            assert!(!text.contains(secret), "{secret} stands in {what}: {text}");
        }
    }

    async fn ask(&self, ask: Ask, what: &str) -> u16 {
        let answer = ask.send(self.app.base()).await;
        let headers = format!("{:?}", answer.headers);
        self.clean(what, &headers);
        self.clean(what, &answer.text());
        answer.status
    }

    /// Calls that go well and calls that go wrong in every way.
    async fn calls(&self, upstream: &Provider, first: &str, second: &str) {
        for surface in Surface::STREAMING {
            let path = surface.path();
            let body = |model: &str, stream| surface.request(model, stream).to_string();
            let own = model(surface);
            for (key, stream) in [(first, false), (second, true)] {
                let ask = Ask::post(path, body(own, stream)).bearer(key);
                assert_eq!(self.ask(ask, "an answer").await, 200);
            }
            let wrong = [
                Script::json(
                    401,
                    &json!({"error": {"type": "authentication_error", "message": "no"}}),
                ),
                Script::json(500, &json!({"error": "broken"})),
                Script::whole(200, "application/json", "no JSON"),
                Script::refuse(Cut::Reset),
            ];
            for script in wrong {
                upstream.next(path, script);
                self.ask(Ask::post(path, body(own, false)).bearer(first), "a failure")
                    .await;
            }
            for (ask, status) in [
                (Ask::post(path, body(own, false)).bearer(WRONG_KEY), 401),
                (
                    Ask::post(path, body(own, false)).header("x-api-key", WRONG_KEY),
                    401,
                ),
                (
                    Ask::post(
                        &format!("{path}?key={WRONG_KEY}&api_key={first}"),
                        body(own, false),
                    ),
                    401,
                ),
                (Ask::post(path, "{").bearer(first), 400),
                (Ask::post(path, body("nobody", false)).bearer(first), 404),
            ] {
                assert_eq!(self.ask(ask, "a refusal").await, status);
            }
        }
        self.repeated(upstream).await;
        // A provider that cannot be reached, and one that takes the caller's own credential.
        let chat = |model: &str| Surface::Chat.request(model, true).to_string();
        let path = Surface::Chat.path();
        let ask = Ask::post(path, chat("gone/gpt-5.2")).bearer(first);
        assert_eq!(self.ask(ask, "an unreachable provider").await, 502);
        let ask = Ask::post(path, chat("theirs-1"))
            .header("x-switchyard-key", first)
            .bearer(CLIENTS_OWN);
        assert_eq!(self.ask(ask, "a client's own").await, 502);
        let ask = Ask::post(
            "/v1/keys",
            format!("{{\"name\":\"x\",\"key\":\"{MISTYPED_KEY}\"}}"),
        );
        assert_eq!(
            self.ask(ask.bearer(ADMIN_KEY), "an unknown field").await,
            400
        );
    }

    /// A provider that repeats the credential in its error. The caller gets its words as they are, the record does not.
    async fn repeated(&self, upstream: &Provider) {
        for surface in Surface::STREAMING {
            let message = format!("no such key: {PROVIDER_KEY}, team {PROVIDER_HEADER}");
            let error = json!({"type": "error", "error": {"type": "authentication_error", "message": message}});
            upstream.next(surface.path(), Script::json(401, &error));
            let request = surface.request(model(surface), false).to_string();
            let ask = Ask::post(surface.path(), request).bearer(ADMIN_KEY);
            let answer = ask.send(self.app.base()).await;
            assert_eq!(answer.json(), error);
        }
    }

    /// Files with faults around a secret.
    fn reload(&self, good: &str) {
        let file = self.app.settings_file();
        for bad in [
            format!(
                "{good}\n[[providers]]\nname = \"q\"\nkind = \"openai\"\napikey = \"{MISTYPED_KEY}\"\n"
            ),
            format!(
                "{good}\n[[providers]]\nname = \"q\"\nkind = \"openai\"\napi_key = [\"{MISTYPED_KEY}\"]\n"
            ),
            format!(
                "{good}\n[[providers]]\nname = \"q\"\nkind = \"openai\"\napi_key = {{ v = \"{MISTYPED_KEY}\" }}\n"
            ),
            format!(
                "{good}\n[[providers]]\nname = \"q\"\nkind = \"openai\"\napi_key = \"{MISTYPED_KEY}\nheaders = 1\n"
            ),
            format!("[database]\nurl = \"mysql://u:{MISTYPED_KEY}@h/d\"\n{good}"),
            format!("[database]\nurl = \"postgres://u:{MISTYPED_KEY}@h:port/d\"\n{good}"),
            format!("[security]\nadmin_key = \"{}\"\n{good}", &MISTYPED_KEY),
            good.to_owned(),
        ] {
            std::fs::write(file, bad).unwrap();
            self.app.running().reload();
        }
    }

    /// Every place that shows something of the inside.
    async fn looks(&self, id: &str) {
        for path in [
            "/metrics",
            "/health",
            "/health/detailed",
            "/v1/debug/settings",
            "/v1/debug/streams",
            "/v1/debug/tasks",
            "/v1/debug/memory",
            "/v1/circuit-breakers",
            "/v1/calls?limit=500",
            "/v1/calls/export",
            "/v1/keys",
            &format!("/v1/keys/{id}"),
            "/v1/models",
            "/v1/models/capabilities",
            "/v1/analytics/usage?group_by=key",
            "/openapi.json",
        ] {
            let answer = self.app.get(path, ADMIN_KEY).await;
            self.clean(path, &answer.text());
        }
        let calls = self.app.get("/v1/calls?limit=500", ADMIN_KEY).await;
        if calls.status != 200 {
            return;
        }
        let calls = calls.json();
        let calls: &Vec<Value> = calls["data"].as_array().unwrap();
        assert!(calls.len() > 15, "{calls:#?}");
        for call in calls {
            let path = format!("/v1/calls/{}", call["id"].as_str().unwrap());
            for path in [format!("{path}/payload"), path] {
                let answer = self.app.get(&path, ADMIN_KEY).await;
                self.clean(&path, &answer.text());
            }
        }
    }
}
