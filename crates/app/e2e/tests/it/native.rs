//! A provider's own routes under our identity and journal: metered where their protocol is known, unread elsewhere; and
//! stored responses, which go back to the provider that keeps them.

use doubles::Provider;
use doubles::provider::reply::Surface;
use doubles::provider::{Cut, Reply, Script};
use serde_json::{Value, json};

use crate::ground::{Ground, model};
use crate::raw::{Answer, Ask};
use crate::tags::response_id;

/// A key that may use native routes, with further fields.
async fn native_key(ground: &Ground, mut fields: Value) -> String {
    fields["scopes"] = json!(["gateway:invoke", "gateway:passthrough"]);
    fields["limits"] = json!({});
    ground.app.key(fields).await.key
}

fn method(method: &'static str, target: &str) -> Ask {
    Ask {
        method,
        ..Ask::get(target)
    }
}

/// What 12 tokens in and 7 out cost: 2 and 12, or 4 and 20 dollars per million.
const fn nano(surface: Surface) -> u64 {
    match surface {
        Surface::Messages => 12 * 4_000 + 7 * 20_000,
        Surface::Embeddings => 12 * 20,
        Surface::Gemini => 12 * 1_500 + 7 * 9_000,
        Surface::Chat | Surface::Responses => 12 * 2_000 + 7 * 12_000,
    }
}

#[tokio::test]
async fn paths_of_known_protocols_are_metered_in_every_spelling() {
    let ground = Ground::start().await;
    let key = native_key(&ground, json!({})).await;
    let mut count = 0;
    for (path, surface) in [
        ("/providers/openai/v1/chat/completions", Surface::Chat),
        ("/providers/openai/chat/completions", Surface::Chat),
        ("/providers/openai/v1/responses", Surface::Responses),
        ("/providers/openai/embeddings", Surface::Embeddings),
        (
            "/providers/anthropic/v1/messages?beta=true",
            Surface::Messages,
        ),
    ] {
        for stream in [false, true] {
            let body = surface.request(model(surface), stream).to_string();
            let answer = Ask::post(path, body).bearer(&key).send(ground.url()).await;
            assert_eq!(answer.status, 200, "{path} {}", answer.text());
            count += 1;
            let call = ground.calls(count).await.remove(count - 1);
            assert_eq!(call["cost_nano_usd"], nano(surface), "{call}");
            assert_eq!(call["model"], model(surface), "{call}");
            assert_ne!(call["surface"], "native", "{call}");
        }
        let seen = ground.upstream.requests().pop().unwrap();
        assert_eq!(seen.path(), surface.path());
    }
}

#[tokio::test]
async fn other_paths_pass_unread_and_unpriced() {
    let ground = Ground::start().await;
    let key = native_key(&ground, json!({})).await;
    let form =
        "--b\r\ncontent-disposition: form-data; name=\"file\"\r\n\r\n\u{0}\u{1}\r\n--b--\r\n";
    let mut upload = Ask::post("/providers/openai/v1/files?purpose=batch%20x", form);
    upload.headers[0].1 = "multipart/form-data; boundary=b".to_owned();
    let answer = upload
        .header("OpenAI-Project", "p")
        .bearer(&key)
        .send(ground.url())
        .await;
    assert_eq!((answer.status, answer.text().as_str()), (200, form));
    let target = answer.header("x-echo-target");
    assert_eq!(target, Some("/v1/files?purpose=batch%20x"));
    let seen = ground.upstream.requests().remove(0);
    assert_eq!(seen.header("authorization"), Some("Bearer upstream-openai"));
    assert_eq!(seen.header("openai-project"), Some("p"));

    let listed = method("GET", "/providers/openai/models").bearer(&key);
    let listed = listed.send(ground.url()).await.json();
    assert_eq!(listed["data"][0]["id"], "double-1");
    let gone = method("DELETE", "/providers/anthropic/v1/files/file_1").bearer(&key);
    let gone = gone.send(ground.url()).await;
    assert_eq!(gone.header("x-echo-method"), Some("DELETE"));
    assert_eq!(gone.header("x-echo-target"), Some("/v1/files/file_1"));

    for call in ground.calls(3).await {
        assert_eq!(
            (&call["surface"], &call["status"], &call["unpriced"]),
            (&json!("native"), &json!("ok"), &json!(true)),
            "{call}"
        );
        assert_eq!(call["input_tokens"], 0, "{call}");
    }
}

#[tokio::test]
async fn bounded_keys_use_only_what_is_metered() {
    let ground = Ground::start().await;
    let budget = json!([{"amount_usd": "1", "period": "total", "hard": true}]);
    let budgeted = native_key(&ground, json!({"budgets": budget})).await;
    let listed = native_key(&ground, json!({"models": ["gpt-5.6*"]})).await;
    for key in [&budgeted, &listed] {
        let files = Ask::get("/providers/openai/v1/files").bearer(key);
        refused(&ground, files, 403, "native routes").await;
        // A spelling that some servers know and others do not is not metered, so it is refused too.
        let body = Surface::Chat.request("gpt-5.6-terra", false).to_string();
        let path = "/providers/openai/v1/chat%2Fcompletions";
        let ask = Ask::post(path, body.clone());
        refused(&ground, ask.bearer(key), 403, "native routes").await;
        for path in [
            "/v1/chat/completions",
            "/v1//chat/completions",
            "/v1/chat/completions/",
            "/v1/%63hat/completions",
        ] {
            let ask = Ask::post(&format!("/providers/openai{path}"), body.clone());
            assert_eq!(ask.bearer(key).send(ground.url()).await.status, 200);
        }
    }
    let body = Surface::Chat.request("gpt-5", false).to_string();
    let ask = Ask::post("/providers/openai/v1/chat/completions", body);
    refused(&ground, ask.bearer(&listed), 403, "allow-list").await;
    let ask = Ask::get("/providers/openai/v1/files").bearer(&ground.key);
    refused(&ground, ask, 403, "gateway:passthrough").await;
    assert_eq!(ground.upstream.requests().len(), 8);
}

async fn refused(ground: &Ground, ask: Ask, status: u16, word: &str) {
    let what = ask.target.clone();
    let answer = ask.send(ground.url()).await;
    assert_eq!(answer.status, status, "{what}: {}", answer.text());
    assert!(answer.text().contains(word), "{what}: {}", answer.text());
}

#[tokio::test]
async fn no_path_leads_elsewhere() {
    let ground = Ground::start().await;
    let key = native_key(&ground, json!({})).await;
    for path in [
        "/providers/openai/../admin",
        "/providers/openai/v1/%2e%2E/admin",
        "/providers/sim/v1/models",
        "/v1/responses/..",
        "/v1/responses/%2e%2e/input_items",
        "/v1/responses/resp_1/anything",
    ] {
        refused(&ground, Ask::get(path).bearer(&key), 404, "no such path").await;
    }
    let strange = Ask::get("/providers/nobody/v1/models").bearer(&key);
    refused(&ground, strange, 404, "nobody").await;
    assert!(ground.upstream.requests().is_empty());
}

#[tokio::test]
async fn errors_of_unread_paths_pass_and_only_failures_count_against_the_provider() {
    let ground = Ground::with("[gateway]\nbreaker_failures = 3\n").await;
    let key = native_key(&ground, json!({})).await;
    let ask = Ask::get("/providers/openai/v1/files/f").bearer(&key);
    for status in [404, 429, 404, 500, 500] {
        let body = json!({"error": {"message": "no", "n": status}});
        ground
            .upstream
            .on("/v1/files/f", Script::json(status, &body));
        let answer = ask.send(ground.url()).await;
        assert_eq!((answer.status, answer.json()), (status, body));
    }
    let breakers = breakers(&ground).await;
    assert_eq!(breakers["openai"]["failures"], 2);
    assert_eq!(breakers["openai"]["models"], json!([]));
    ground.upstream.on(
        "/v1/files/f",
        Script::status(200).chunk("half").cut(Cut::Fin),
    );
    let cut = ask.send(ground.url()).await;
    // Half an answer must not look like a whole one.
    assert!(!cut.whole, "{}", cut.text());
    let calls = ground.calls(6).await;
    for call in &calls[..5] {
        assert_eq!(call["status"], "upstream_error", "{call}");
        assert_eq!(call["cost_nano_usd"], 0, "{call}");
    }
    assert_eq!(calls[5]["status"], "upstream_failed", "{}", calls[5]);
    assert_eq!(breakers_state(&ground, "openai").await, "open");
}

pub async fn breakers(ground: &Ground) -> Value {
    let app = &ground.app;
    let listed = app.get("/v1/circuit-breakers", app.admin_key()).await;
    let listed = listed.expect(200).json();
    let by_name = listed["data"].as_array().unwrap().iter();
    by_name
        .map(|one| (one["name"].as_str().unwrap().to_owned(), one.clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

pub async fn breakers_state(ground: &Ground, name: &str) -> String {
    breakers(ground).await[name]["state"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn stored_responses_go_back_to_their_provider() {
    let second = Provider::start().await;
    let ground = Ground::with(&format!(
        "[[providers]]\nname = \"second\"\nkind = \"openai\"\nbase_url = \"{}\"\napi_key = \"two\"\nserves = []\n",
        second.openai_url()
    ))
    .await;
    let mut tagged = String::new();
    for (stream, id) in [(false, "resp_whole"), (true, "resp_stream")] {
        second.on("/v1/responses", Reply::text("kept").id(id));
        let body = Surface::Responses.request("second/gpt-5.6-terra", stream);
        let made = ground.send(Ask::post("/v1/responses", body.to_string()));
        let made = made.await;
        assert_eq!(made.status, 200);
        tagged = response_id(&made);
        for (verb, below) in [
            ("GET", ""),
            ("GET", "/input_items?limit=2&order=asc"),
            ("POST", "/cancel"),
            ("DELETE", ""),
        ] {
            let target = format!("/v1/responses/{tagged}{below}");
            let answer: Answer = ground.send(method(verb, &target)).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            let seen = second.requests().pop().unwrap();
            let target = format!("/v1/responses/{id}{below}");
            assert_eq!(
                (seen.method.as_str(), seen.target.as_str()),
                (verb, &*target)
            );
            assert_eq!(seen.header("authorization"), Some("Bearer two"));
        }
    }
    assert!(ground.upstream.requests().is_empty());
    // One that nobody here made is asked for nowhere.
    second.forget();
    let unknown = ground.send(Ask::get("/v1/responses/resp_whole")).await;
    assert_eq!(unknown.status, 404);
    assert_eq!(unknown.json()["error"]["code"], "RESPONSE_NOT_FOUND");
    assert!(ground.upstream.requests().is_empty() && second.requests().is_empty());

    let head = ground
        .app
        .request(
            reqwest::Method::HEAD,
            &format!("/v1/responses/{tagged}"),
            &ground.key,
        )
        .send()
        .await
        .unwrap();
    assert_eq!(head.status().as_u16(), 200);
    let wrong = ground
        .send(method("POST", &format!("/v1/responses/{tagged}")))
        .await;
    assert_eq!(
        (wrong.status, wrong.header("allow")),
        (405, Some("GET, HEAD, DELETE"))
    );

    let calls = ground.calls(11).await;
    let paid = |call: &&Value| call["cost_nano_usd"].as_u64() > Some(0);
    assert_eq!(calls.iter().filter(paid).count(), 2, "{calls:#?}");
    assert!(calls.iter().all(|call| call["unpriced"] == false));
}

#[tokio::test]
async fn head_is_answered_where_get_is() {
    let ground = Ground::start().await;
    for (path, status) in [
        ("/v1/models", 200),
        ("/v1/models/sim%2Fecho", 200),
        ("/v1/models/capabilities", 200),
        ("/v1/models/nothing", 404),
        ("/v1/chat/completions", 405),
    ] {
        let ask = |method| ground.app.request(method, path, &ground.key).send();
        let head = ask(reqwest::Method::HEAD).await.unwrap();
        assert_eq!(head.status().as_u16(), status, "{path}");
        let get = ask(reqwest::Method::GET).await.unwrap();
        assert_eq!(get.status().as_u16(), status, "{path}");
        let length = |answer: &reqwest::Response| {
            let value = answer.headers().get("content-length");
            value.map(|value| value.to_str().unwrap().to_owned())
        };
        if status == 200 {
            assert_eq!(length(&head), length(&get), "{path}");
        }
        assert!(head.bytes().await.unwrap().is_empty());
    }
}
