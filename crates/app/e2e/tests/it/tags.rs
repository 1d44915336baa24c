//! Responses go back to the account that keeps them, by the tag in their ids alone: from any process of the house, past the
//! route's own preference, and for nobody else. Sealed reasoning goes back the same way.

use bytes::Bytes;
use doubles::Provider;
use doubles::provider::reply::Surface;
use doubles::provider::{Cut, Reply, Script};
use serde_json::{Value, json};
use testkit::TestApp;

use crate::faults::assert_error_event;
use crate::ground::{Ground, model};
use crate::identity::untagged;
use crate::raw::{Answer, Ask};

const PATH: &str = "/v1/responses";

/// The id under which the caller knows a response, streamed or whole.
pub fn response_id(answer: &Answer) -> String {
    objects(answer)[0]["id"].as_str().unwrap().to_owned()
}

/// Every response object of an answer.
fn objects(answer: &Answer) -> Vec<Value> {
    let text = answer.text();
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let events: Vec<Value> = data
        .map(|data| serde_json::from_str::<Value>(data).unwrap()["response"].take())
        .filter(|response| !response.is_null())
        .collect();
    if events.is_empty() {
        vec![answer.json()]
    } else {
        events
    }
}

/// Two accounts of one kind behind one model, and the first of them is preferred.
struct Pair {
    app: TestApp,
    first: Provider,
    second: Provider,
    key: String,
}

impl Pair {
    async fn start() -> Self {
        let (first, second) = (Provider::start().await, Provider::start().await);
        let app = Self::app(&first, &second, None).await;
        let key = app.key(json!({"name": "tests", "limits": {}})).await.key;
        Self {
            app,
            first,
            second,
            key,
        }
    }

    async fn app(first: &Provider, second: &Provider, data: Option<&std::path::Path>) -> TestApp {
        let mut builder = TestApp::builder()
            .settings("[gateway]\nretries = 0\nbreaker_failures = 1000\n")
            .provider("first", "openai", &first.openai_url())
            .provider("second", "openai", &second.openai_url())
            .settings(
                "[[models]]\nid = \"house\"\nroute = [{ provider = \"first\", model = \"gpt-5.6-terra\" }]\n\
                 fallback = [{ provider = \"second\", model = \"gpt-5.6-terra\" }]\n\
                 [[models]]\nid = \"solo\"\nroute = [{ provider = \"first\", model = \"gpt-5.6-terra\" }]\n",
            );
        if let Some(data) = data {
            builder = builder.data_dir(data);
        }
        builder.start().await
    }

    async fn send(&self, ask: Ask) -> Answer {
        ask.bearer(&self.key).send(self.app.base()).await
    }

    async fn post(&self, body: &Value) -> Answer {
        self.send(Ask::post(PATH, body.to_string())).await
    }

    /// Has the second account make a response, because the first is down.
    async fn made_by_second(&self, reply: Reply, body: &Value) -> Answer {
        self.first.next(PATH, Script::json(500, &json!({})));
        self.second.next(PATH, reply);
        let answer = self.post(body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer
    }
}

fn request(stream: bool) -> Value {
    Surface::Responses.request("house", stream)
}

fn going_on_from(id: &str, stream: bool) -> Value {
    let mut body = request(stream);
    body["previous_response_id"] = json!(id);
    body
}

/// The double's answer to a request that goes on from another.
fn follower(stream: bool) -> Script {
    let script = if stream {
        Script::stream(
            Reply::text("on")
                .id("resp_2")
                .responses_events("gpt-5.6-terra"),
        )
    } else {
        Script::json(
            200,
            &Reply::text("on")
                .id("resp_2")
                .responses_body("gpt-5.6-terra"),
        )
    };
    script.map_body(|body| {
        let text = String::from_utf8(body.to_vec()).unwrap();
        let before = "\"previous_response_id\":null";
        assert!(text.contains(before));
        Bytes::from(text.replace(before, "\"previous_response_id\":\"resp_1\""))
    })
}

fn refused(answer: &Answer, status: u16, code: &str, word: &str) {
    let body = answer.json();
    assert_eq!(answer.status, status, "{body}");
    assert_eq!(body["error"]["code"], code, "{body}");
    let message = body["error"]["message"].as_str().unwrap();
    assert!(message.contains(word), "{body}");
}

#[tokio::test]
async fn a_response_is_continued_where_it_was_made() {
    let pair = Pair::start().await;
    for stream in [false, true] {
        let reply = Reply::text("hello").id("resp_1");
        let made = pair.made_by_second(reply, &request(stream)).await;
        let id = response_id(&made);
        assert!(id.starts_with("resp_1-sy1") && id.len() == 28, "{id}");
        assert!(objects(&made).iter().all(|object| object["id"] == *id));

        let before = pair.first.requests().len();
        pair.second.next(PATH, follower(stream));
        let next = pair.post(&going_on_from(&id, stream)).await;
        assert_eq!(next.status, 200, "{}", next.text());
        assert_eq!(
            pair.first.requests().len(),
            before,
            "it is preferred, but not asked"
        );
        let seen = pair.second.requests().pop().unwrap();
        let direct = going_on_from("resp_1", stream).to_string();
        let direct = direct.replace("\"house\"", "\"gpt-5.6-terra\"");
        assert_eq!(String::from_utf8_lossy(&seen.body), direct);
        for object in objects(&next) {
            assert!(object["id"].as_str().unwrap().starts_with("resp_2-sy1"));
            assert_eq!(object["previous_response_id"], *id, "as it was asked for");
        }
        assert_eq!(untagged(&next.body), follower(stream).body());

        // Counting goes there as well.
        let ask = Ask::post(
            "/v1/responses/input_tokens",
            going_on_from(&id, false).to_string(),
        );
        assert_eq!(pair.send(ask).await.json()["input_tokens"], 42);
        let seen = pair.second.requests().pop().unwrap();
        assert_eq!(seen.json()["previous_response_id"], "resp_1");
    }
}

#[tokio::test]
async fn a_kept_response_is_read_under_the_id_that_callers_know() {
    let pair = Pair::start().await;
    let reply = Reply::text("hello").id("resp_1");
    let made = pair.made_by_second(reply, &request(false)).await;
    let id = response_id(&made);
    for (method, below) in [("GET", ""), ("POST", "/cancel"), ("DELETE", "")] {
        let ask = Ask {
            method,
            ..Ask::get(&format!("{PATH}/{id}{below}"))
        };
        let answer = pair.send(ask).await;
        assert_eq!(
            (answer.status, answer.json()["id"].as_str()),
            (200, Some(&*id))
        );
        let seen = pair.second.requests().pop().unwrap();
        assert_eq!(seen.target, format!("{PATH}/resp_1{below}"));
    }
    // What it goes on from was made at the same account, so it bears the same kind of tag.
    for stream in [false, true] {
        let script = follower(stream).map_body(|body| {
            let text = String::from_utf8(body.to_vec()).unwrap();
            Bytes::from(text.replace("resp_1", "resp_0").replace("resp_2", "resp_1"))
        });
        let sent = script.body();
        let cuts: Vec<usize> = (1..sent.len()).step_by(7).collect();
        let path = format!("{PATH}/resp_1");
        pair.second.next(&path, script.split_at(&cuts));
        let answer = pair
            .send(Ask::get(&format!("{PATH}/{id}?stream={stream}")))
            .await;
        assert!(answer.whole && answer.status == 200, "{}", answer.text());
        assert_eq!(untagged(&answer.body), sent);
        for object in objects(&answer) {
            assert_eq!(object["id"], *id);
            let before = object["previous_response_id"].as_str().unwrap();
            assert!(before.starts_with("resp_0-sy1"), "{object}");
            let next = pair.post(&going_on_from(before, false)).await;
            assert_eq!(next.status, 200, "{}", next.text());
            let seen = pair.second.requests().pop().unwrap();
            assert_eq!(seen.json()["previous_response_id"], "resp_0");
        }
    }
}

#[tokio::test]
async fn a_kept_stream_that_breaks_off_ends_in_its_own_grammar() {
    let pair = Pair::start().await;
    let reply = Reply::text("hello").id("resp_1");
    let id = response_id(&pair.made_by_second(reply, &request(false)).await);
    let events = Reply::text("hello once more").id("resp_1").events(
        Surface::Responses,
        model(Surface::Responses),
        true,
    );
    let kept: usize = events[..3].iter().map(Bytes::len).sum();
    let script = Script::stream(events).cut_after_bytes(kept + 25, Cut::Fin);
    pair.second.next(&format!("{PATH}/resp_1"), script);
    let answer = pair
        .send(Ask::get(&format!("{PATH}/{id}?stream=true")))
        .await;
    assert!(answer.whole && answer.status == 200, "{}", answer.text());
    assert_error_event(Surface::Responses, &answer.body);
}

#[tokio::test]
async fn another_process_of_the_house_finds_it_and_another_house_does_not() {
    let pair = Pair::start().await;
    let reply = Reply::text("hello").id("resp_1");
    let id = response_id(&pair.made_by_second(reply, &request(false)).await);
    let Pair {
        app,
        first,
        second,
        key,
    } = pair;
    let folder = app.stop().await.unwrap();
    let app = Pair::app(&first, &second, Some(&folder.path().join("data"))).await;
    let pair = Pair {
        app,
        first,
        second,
        key,
    };
    let read = pair.send(Ask::get(&format!("{PATH}/{id}"))).await;
    assert_eq!((read.status, read.json()["id"].as_str()), (200, Some(&*id)));
    let next = pair.post(&going_on_from(&id, false)).await;
    assert_eq!(next.status, 200, "{}", next.text());
    assert_eq!(pair.second.requests().len(), 3);

    // The same secret and the same providers, but other tenants.
    let other = Pair::app(&pair.first, &pair.second, None).await;
    let key = other.admin_key();
    let ask = async |ask: Ask| ask.bearer(key).send(other.base()).await;
    let read = ask(Ask::get(&format!("{PATH}/{id}"))).await;
    refused(&read, 404, "RESPONSE_NOT_FOUND", &id);
    let next = ask(Ask::post(PATH, going_on_from(&id, false).to_string())).await;
    refused(&next, 404, "RESPONSE_NOT_FOUND", &id);
    assert_eq!(next.json()["error"]["param"], "previous_response_id");
    assert_eq!(pair.second.requests().len(), 3);
}

#[tokio::test]
async fn ids_that_were_not_made_here_are_refused() {
    let pair = Pair::start().await;
    let reply = Reply::text("hello").id("resp_1");
    let id = response_id(&pair.made_by_second(reply, &request(false)).await);
    let before = (pair.first.requests().len(), pair.second.requests().len());
    let last = if id.ends_with('A') { "E" } else { "A" };
    let forged = format!("{}{last}", &id[..id.len() - 1]);
    for unknown in ["resp_1", &forged, &id.replace("resp_1", "resp_2")] {
        for below in ["", "/input_items"] {
            let read = pair
                .send(Ask::get(&format!("{PATH}/{unknown}{below}")))
                .await;
            refused(&read, 404, "RESPONSE_NOT_FOUND", unknown);
        }
        for stream in [false, true] {
            let next = pair.post(&going_on_from(unknown, stream)).await;
            refused(&next, 404, "RESPONSE_NOT_FOUND", unknown);
        }
    }
    let mut elsewhere = going_on_from(&id, false);
    elsewhere["model"] = json!("solo");
    let answer = pair.post(&elsewhere).await;
    refused(&answer, 400, "RESPONSE_KEPT_ELSEWHERE", "second/solo");
    let after = (pair.first.requests().len(), pair.second.requests().len());
    assert_eq!(before, after, "nobody was asked");
}

#[tokio::test]
async fn what_is_not_stored_stays_as_it_came() {
    let pair = Pair::start().await;
    for stream in [false, true] {
        let mut body = request(stream);
        body["store"] = json!(false);
        pair.first.next(PATH, Reply::text("hello").id("resp_1"));
        let answer = pair.post(&body).await;
        let reply = Reply::text("hello").id("resp_1");
        let sent = if stream {
            Script::stream(reply.responses_events("gpt-5.6-terra")).body()
        } else {
            Script::json(200, &reply.responses_body("gpt-5.6-terra")).body()
        };
        assert_eq!(answer.body, sent);
    }
}

#[tokio::test]
async fn our_own_end_of_a_stream_speaks_of_the_same_response() {
    let pair = Pair::start().await;
    let events = Reply::text("hello").id("resp_1");
    let events = events.responses_events("gpt-5.6-terra");
    let script = Script::stream(events[..5].to_vec()).cut(Cut::Fin);
    pair.first.next(PATH, script);
    let mut body = request(true);
    body["model"] = json!("solo");
    let answer = pair.post(&body).await;
    let objects = objects(&answer);
    assert_eq!(
        objects.last().unwrap()["status"],
        "failed",
        "{}",
        answer.text()
    );
    let id = response_id(&answer);
    assert!(id.starts_with("resp_1-sy1"), "{id}");
    assert!(objects.iter().all(|object| object["id"] == *id));
}

#[tokio::test]
async fn answers_too_large_or_encoded_are_tagged_as_well() {
    let ground = Ground::with("[gateway]\nmax_answer_bytes = 65536\n").await;
    for text in ["small".to_owned(), "large".repeat(40_000)] {
        let body = Reply::text(&text)
            .id("resp_1")
            .responses_body("gpt-5.6-terra");
        for encoded in [false, true] {
            let script = Script::json(200, &body);
            let sent = script.body();
            let script = if encoded { script.gzip() } else { script };
            ground.upstream.next(PATH, script);
            let request = Surface::Responses.request("gpt-5.6-terra", false);
            let answer = ground.send(Ask::post(PATH, request.to_string())).await;
            assert!(answer.whole && answer.status == 200);
            if encoded && text.len() > 5 {
                assert_eq!(answer.header("content-encoding"), Some("gzip"));
                continue;
            }
            assert_eq!(answer.header("content-encoding"), None);
            assert_eq!(untagged(&answer.body), sent);
            assert!(response_id(&answer).starts_with("resp_1-sy1"));
        }
    }
}

#[tokio::test]
async fn sealed_reasoning_goes_back_to_the_account_that_sealed_it() {
    let pair = Pair::start().await;
    let sealed = "c2VhbGVk".repeat(40);
    for stream in [false, true] {
        let mut body = request(stream);
        body["store"] = json!(false);
        let reply = Reply::text("hello").thinking("hm", &sealed).id("resp_1");
        let made = pair.made_by_second(reply, &body).await;
        assert!(!made.text().contains("resp_1-sy1"));
        let object = objects(&made).pop().unwrap();
        let item = &object["output"][0];
        let content = item["encrypted_content"].as_str().unwrap();
        assert!(
            content.starts_with("sy1.") && content.ends_with(&sealed),
            "{content}"
        );

        let before = pair.first.requests().len();
        body["input"] = json!([item, {"role": "user", "content": "go on"}]);
        pair.second.next(PATH, Reply::text("on"));
        assert_eq!(pair.post(&body).await.status, 200);
        assert_eq!(pair.first.requests().len(), before);
        let seen = pair.second.requests().pop().unwrap().json();
        assert_eq!(seen["input"][0]["encrypted_content"], *sealed);

        // Where its maker is not on the route, and where the tag is none of ours, the provider is the judge.
        let tampered = content.replace(&sealed, &sealed.to_uppercase());
        for (model, content, reached) in [
            ("solo", content, &sealed),
            ("house", &tampered, &sealed.to_uppercase()),
        ] {
            body["model"] = json!(model);
            body["input"][0]["encrypted_content"] = json!(content);
            pair.first.next(PATH, Reply::text("on"));
            assert_eq!(pair.post(&body).await.status, 200);
            let seen = pair.first.requests().pop().unwrap().json();
            assert_eq!(seen["input"][0]["encrypted_content"], **reached);
        }

        // One account alone needs no tag.
        body["model"] = json!("solo");
        let reply = Reply::text("hello").thinking("hm", &sealed);
        pair.first.next(PATH, reply);
        assert!(!pair.post(&body).await.text().contains("sy1."));
    }
}

#[tokio::test]
async fn ids_of_the_callers_own_account_and_of_native_routes_are_its_own() {
    let own = Provider::start().await;
    let app = TestApp::builder()
        .settings(&format!(
            "[[providers]]\nname = \"theirs\"\nkind = \"openai\"\nbase_url = \"{}\"\ncredential = \"client\"\n",
            own.openai_url()
        ))
        .provider("ours", "openai", &own.openai_url())
        .start()
        .await;
    own.on(PATH, Reply::text("hello").id("resp_1"));
    let key = app.key(json!({"scopes": ["gateway:invoke", "gateway:passthrough"], "limits": {}}));
    let key = key.await.key;
    let body = |model: &str| {
        let mut body = going_on_from("resp_0", false);
        body["model"] = json!(model);
        body.to_string()
    };
    let client = async |ask: Ask| {
        let ask = ask.header("x-switchyard-key", &key).bearer("their own");
        ask.send(app.base()).await
    };
    let answer = client(Ask::post(PATH, body("theirs/gpt-5.6-terra"))).await;
    assert_eq!(response_id(&answer), "resp_1", "{}", answer.text());
    let seen = own.requests().pop().unwrap();
    assert_eq!(seen.json()["previous_response_id"], "resp_0");
    let read = client(Ask::get(&format!("{PATH}/resp_1"))).await;
    assert_eq!(
        (read.status, response_id(&read)),
        (200, "resp_1".to_owned())
    );
    let seen = own.requests().pop().unwrap();
    assert_eq!(seen.header("authorization"), Some("Bearer their own"));

    let native = Ask::post("/providers/ours/v1/responses", body("gpt-5.6-terra"));
    let answer = native.bearer(&key).send(app.base()).await;
    assert_eq!(response_id(&answer), "resp_1", "{}", answer.text());
    let read = Ask::get("/providers/ours/v1/responses/resp_1").bearer(&key);
    assert_eq!(response_id(&read.send(app.base()).await), "resp_1");
    // Without its own credential the caller has no account of its own.
    let read = Ask::get(&format!("{PATH}/resp_1")).bearer(&key);
    refused(
        &read.send(app.base()).await,
        404,
        "RESPONSE_NOT_FOUND",
        "resp_1",
    );
}
