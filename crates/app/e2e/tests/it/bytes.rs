//! Byte identity: what the provider sees and what the caller gets is the same as in a direct call, but for the list.

use std::io::Write;

use bytes::Bytes;
use doubles::provider::reply::Surface;
use doubles::provider::{Reply, Script};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::ground::{Ground, model};
use crate::identity::{assert_same_answer, assert_same_request, untagged};
use crate::raw::Ask;

/// A body that only a passer-by leaves as it is: odd spaces, number spellings, escapes, unknown fields, twofold inner keys.
fn odd_body(surface: Surface, stream: bool) -> String {
    let model = model(surface);
    let own = match surface {
        Surface::Messages => r#""max_tokens" : 6.4e1,"messages":[{"role":"user","content":"hi"}]"#,
        Surface::Chat => {
            r#""stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]"#
        }
        Surface::Responses | Surface::Embeddings => r#""input":"hi""#,
        Surface::Gemini => unreachable!("nobody calls in Gemini's protocol"),
    };
    format!(
        " {{\n\t\"zeta\": 1.0E+2 , \"big\":123456789012345678901234567890,\"model\":\"{model}\",\r\n \"stream\":{stream},{own},\
         \"x\":{{\"a\":1,\"a\":2,\"u\":\"\\u00e9\\ud83c\\udf0d\\/\"}},\"é世\":[ ],\"neg\":-0.0 }}\n"
    )
}

fn odd_ask(surface: Surface, stream: bool) -> Ask {
    Ask::post(
        &format!("{}?beta=true&x=%20y", surface.path()),
        odd_body(surface, stream),
    )
    .header("Anthropic-Version", "2023-06-01")
    .header("anthropic-beta", "one,two")
    .header("Anthropic-Unheard-Of", "yes")
    .header("X-Twice", "1")
    .header("x-twice", "2")
    .header("User-Agent", "odd/1.0 (x; y)")
    .header("Accept", "text/event-stream, */*;q=0.1")
    .header("X-Latin", "caf\u{e9}")
    .header("OpenAI-Organization", "org-1")
}

fn odd_reply() -> Script {
    Script::whole(
        200,
        "application/json; charset=utf-8",
        Reply::text("né")
            .body(Surface::Messages, "m", 1)
            .to_string()
            + "  \n",
    )
    .header("X-Request-Id", "req_upstream")
    .header("Set-Cookie", "a=b")
    .header("alt-svc", "h3")
    .header("strict-transport-security", "max-age=1")
    .header("anthropic-ratelimit-requests-remaining", "7")
    .header("x-twice", "1")
    .header("x-twice", "2")
}

#[tokio::test]
async fn a_request_reaches_the_provider_as_it_was_sent() {
    let ground = Ground::start().await;
    for surface in [
        Surface::Messages,
        Surface::Chat,
        Surface::Responses,
        Surface::Embeddings,
    ] {
        for stream in [false, true] {
            if stream && surface == Surface::Embeddings {
                continue;
            }
            ground.upstream.forget();
            let ask = odd_ask(surface, stream);
            let direct = ask
                .clone()
                .bearer("direct")
                .send(&ground.upstream.url())
                .await;
            let through = ground.send(ask).await;
            let seen = ground.upstream.requests_at_least(2).await;
            assert_same_request(&seen[0], &seen[1]);
            assert_same_answer(&direct, &through);
            ground.upstream.idle().await;
        }
    }
}

#[tokio::test]
async fn an_answer_reaches_the_caller_as_it_was_sent() {
    let ground = Ground::start().await;
    ground.upstream.on("/v1/messages", odd_reply());
    let ask = odd_ask(Surface::Messages, false);
    let direct = ask
        .clone()
        .bearer("direct")
        .send(&ground.upstream.url())
        .await;
    let through = ground.send(ask).await;
    assert_same_answer(&direct, &through);
    for gone in ["set-cookie", "alt-svc", "strict-transport-security"] {
        assert_eq!(through.header(gone), None);
    }
    assert_eq!(
        through.header("x-switchyard-upstream-request-id"),
        Some("req_upstream")
    );
    let own = through.header("x-request-id");
    assert!(own.is_some() && own == through.header("request-id") && own != Some("req_upstream"));
}

#[tokio::test]
async fn encoded_bodies_reach_the_provider_encoded() {
    let ground = Ground::start().await;
    for surface in [Surface::Messages, Surface::Chat, Surface::Responses] {
        let plain = odd_body(surface, true);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(plain.as_bytes()).unwrap();
        let encodings = [
            ("gzip", gzip.finish().unwrap()),
            ("zstd", zstd::encode_all(plain.as_bytes(), 3).unwrap()),
        ];
        for (name, body) in encodings {
            ground.upstream.forget();
            let ask = Ask::post(surface.path(), body.clone()).header("content-encoding", name);
            let answer = ground.send(ask).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            let seen = ground.upstream.requests_at_least(1).await.remove(0);
            assert_eq!(seen.header("content-encoding"), Some(name));
            assert!(seen.body == body, "{name} on {surface:?}");
            ground.upstream.idle().await;
        }
    }
}

#[tokio::test]
async fn a_renamed_model_is_all_that_changes() {
    let route = "[[models]]\nid = \"house-*\"\nroute = [{ provider = \"anthropic\", model = \"claude-opus-5-5\" }]\n";
    let ground = Ground::with(route).await;
    let wanted = odd_body(Surface::Messages, true);
    for asked in ["house-large", "anthropic/claude-opus-5-5"] {
        let body = wanted.replace("claude-opus-5-5", asked);
        let encoded = zstd::encode_all(body.as_bytes(), 3).unwrap();
        let asks = [
            Ask::post("/v1/messages", body),
            Ask::post("/v1/messages", encoded).header("content-encoding", "zstd"),
        ];
        for ask in asks {
            ground.upstream.forget();
            let answer = ground.send(ask).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            let seen = ground.upstream.requests_at_least(1).await.remove(0);
            assert_eq!(String::from_utf8_lossy(&seen.body), wanted, "{asked}");
            assert_eq!(seen.header("content-encoding"), None);
            ground.upstream.idle().await;
        }
    }
}

#[tokio::test]
async fn native_routes_pass_any_path_query_and_body() {
    let ground = Ground::start().await;
    let body: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let ask = |target: &str| {
        let mut ask = Ask::post(target, body.clone()).header("X-Odd", "1");
        ask.headers[0].1 = "application/x-odd".to_owned();
        ask
    };
    let target = "/v1/files/a%2Fb;c?x=%20y&x=2&z";
    let direct = ask(target)
        .bearer("direct")
        .send(&ground.upstream.url())
        .await;
    let native = serde_json::json!({"scopes": ["gateway:passthrough"], "limits": {}});
    let key = ground.app.key(native).await.key;
    let ask = ask(&format!("/providers/anthropic{target}")).bearer(&key);
    let through = ask.send(ground.url()).await;
    assert_eq!(through.status, 200, "{}", through.text());
    let seen = ground.upstream.requests_at_least(2).await;
    assert_same_request(&seen[0], &seen[1]);
    assert_same_answer(&direct, &through);
}

#[tokio::test]
async fn a_chat_stream_without_usage_is_metered_and_looks_as_asked() {
    let ground = Ground::start().await;
    let plain = Surface::Chat
        .request(model(Surface::Chat), true)
        .to_string();
    let ask = Ask::post("/v1/chat/completions", plain.clone());
    let direct = ask.clone().send(&ground.upstream.url()).await;
    let through = ground.send(ask).await;
    // The provider was asked for usage, so its chunks carry `"usage":null`; the chunk with the counts is hidden.
    let without = through.text().replace(",\"usage\":null", "");
    assert_eq!(without, direct.text());
    let seen = ground.upstream.requests_at_least(2).await.remove(1);
    assert_eq!(seen.json()["stream_options"]["include_usage"], true);
    let mut back = seen.json();
    back.as_object_mut().unwrap().shift_remove("stream_options");
    assert_eq!(back.to_string(), plain);
    let call = ground.calls(1).await.remove(0);
    assert_eq!(
        (call["estimated"].as_bool(), call["output_tokens"].as_i64()),
        (Some(false), Some(7))
    );
}

#[tokio::test]
async fn events_of_several_megabytes_pass() {
    let ground = Ground::start().await;
    for surface in Surface::STREAMING {
        let text = "é世🌍x".repeat(500_000);
        let events = Reply::text(&text)
            .pieces(1)
            .events(surface, model(surface), true);
        let script = Script::stream(events);
        let sent = script.body();
        let offsets: Vec<usize> = (1..sent.len()).step_by(100_003).collect();
        ground
            .upstream
            .on(surface.path(), script.split_at(&offsets));
        let mut body = surface.request(model(surface), true);
        if surface == Surface::Chat {
            body["stream_options"] = serde_json::json!({"include_usage": true});
        }
        let answer = ground
            .send(Ask::post(surface.path(), body.to_string()))
            .await;
        assert!(
            untagged(&answer.body) == sent,
            "{surface:?}: {} of {}",
            answer.body.len(),
            sent.len()
        );
    }
}

/// One line end or the other, comments, and cuts anywhere.
fn streams() -> impl Strategy<Value = (usize, String, u8, bool, Vec<prop::sample::Index>)> {
    (
        0..3_usize,
        "\\PC{0,40}",
        0..3_u8,
        any::<bool>(),
        prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    )
}

#[test]
fn a_stream_passes_unchanged_however_it_is_cut_into_writes() {
    let cases = if std::env::var_os("SWITCHYARD_PROVE").is_some() {
        2_000
    } else {
        96
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ground = runtime.block_on(Ground::start());
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    });
    let checked = runner.run(&streams(), |(surface, text, line_end, comments, cuts)| {
        let surface = Surface::STREAMING[surface];
        let reply =
            Reply::text(&text).and_tool("call_1", "f", &serde_json::json!({"a": text}).to_string());
        let mut events = reply.events(surface, model(surface), true);
        if comments {
            events.insert(1, Bytes::from_static(b": keepalive\n\n"));
        }
        let whole = String::from_utf8(events.concat()).unwrap();
        let whole = match line_end {
            0 => whole,
            1 => whole.replace('\n', "\r\n"),
            _ => whole.replace("\n\n", "\r\n\r\n"),
        };
        let mut offsets: Vec<usize> = cuts.iter().map(|cut| cut.index(whole.len())).collect();
        offsets.sort_unstable();
        let script = Script::stream([Bytes::from(whole.clone())]).split_at(&offsets);
        ground.upstream.on(surface.path(), script);
        let mut body = surface.request(model(surface), true);
        if surface == Surface::Chat {
            body["stream_options"] = serde_json::json!({"include_usage": true});
        }
        let ask = Ask::post(surface.path(), body.to_string());
        let answer = runtime.block_on(ground.send(ask));
        let text = String::from_utf8(untagged(&answer.body)).unwrap();
        prop_assert_eq!(text, whole);
        prop_assert!(answer.whole);
        Ok(())
    });
    checked.unwrap();
    let calls = runtime.block_on(ground.calls(ground.upstream.requests().len()));
    assert!(
        calls
            .iter()
            .all(|call| call["estimated"] == false && call["status"] == "ok")
    );
    println!(
        "proof: streams cut into writes at random => {cases} of {cases} unchanged and priced exactly"
    );
}
