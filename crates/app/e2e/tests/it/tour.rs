//! The README's tour against the running product: the simulated models on every surface, a key, its cost, its record.

use serde_json::json;
use testkit::TestApp;

#[tokio::test]
async fn the_simulated_model_answers_on_every_surface() {
    let app = TestApp::start().await;
    let key = app.admin_key();
    let hello = json!([{"role": "user", "content": "hello there"}]);

    let chat = app
        .post(
            "/v1/chat/completions",
            key,
            &json!({"model": "sim/echo", "messages": hello}),
        )
        .await
        .expect(200);
    assert_eq!(
        chat.json()["choices"][0]["message"]["content"],
        "hello there"
    );
    assert!(
        !chat.header("x-switchyard-cost-usd").is_empty()
            && chat.header("x-request-id").starts_with("req_")
    );

    let messages = app
        .post(
            "/v1/messages",
            key,
            &json!({"model": "sim/echo", "max_tokens": 50, "messages": hello}),
        )
        .await
        .expect(200);
    assert_eq!(messages.json()["content"][0]["text"], "hello there");

    let responses = app
        .post(
            "/v1/responses",
            key,
            &json!({"model": "sim/echo", "input": "hello there"}),
        )
        .await
        .expect(200);
    assert_eq!(
        responses.json()["output"][0]["content"][0]["text"],
        "hello there"
    );

    let embeddings = app
        .post(
            "/v1/embeddings",
            key,
            &json!({"model": "sim/echo", "input": ["a", "b"]}),
        )
        .await
        .expect(200);
    assert_eq!(embeddings.json()["data"].as_array().unwrap().len(), 2);

    let counted = app
        .post(
            "/api/v1/messages/count_tokens",
            key,
            &json!({"model": "sim/echo", "messages": hello}),
        )
        .await
        .expect(200);
    assert!(counted.json()["input_tokens"].as_u64().unwrap() > 0);

    let calls = app.calls_at_least(5).await;
    let costs: Vec<i64> = calls
        .iter()
        .map(|call| call["cost_nano_usd"].as_i64().unwrap_or(-1))
        .collect();
    assert!(costs.iter().all(|cost| *cost >= 0), "{calls:#?}");
    let one = app.call(chat.header("x-switchyard-call-id")).await;
    assert_eq!(one["status"], "ok", "{one:#}");

    let usage = app.usage().await;
    assert_eq!(usage["data"][0]["model"], "sim/echo", "{usage:#}");
}

#[tokio::test]
async fn streams_end_in_their_own_grammar_and_hide_what_nobody_asked_for() {
    let app = TestApp::start().await;
    let hello = json!([{"role": "user", "content": "one two three"}]);
    let chat = app
        .post(
            "/v1/chat/completions",
            app.admin_key(),
            &json!({"model": "sim/echo", "stream": true, "messages": hello}),
        )
        .await
        .expect(200);
    let text = chat.text();
    assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
    assert!(
        !text.contains("\"choices\":[]"),
        "the usage chunk was not asked for: {text}"
    );
    let call = app.call(chat.header("x-switchyard-call-id")).await;
    assert_eq!(
        (&call["status"], &call["estimated"]),
        (&json!("ok"), &json!(false)),
        "{call:#}"
    );

    let messages = app
        .post(
            "/v1/messages",
            app.admin_key(),
            &json!({"model": "sim/tools", "stream": true, "max_tokens": 50, "messages": hello,
                "tools": [{"name": "look", "input_schema": {"type": "object", "required": ["what"],
                    "properties": {"what": {"type": "string"}}}}]}),
        )
        .await
        .expect(200);
    assert!(
        messages.text().contains("input_json_delta")
            && messages.text().contains("event: message_stop")
    );
}

#[tokio::test]
async fn a_key_made_for_calls_administers_nothing_and_models_show_their_price() {
    let app = TestApp::start().await;
    let key = app.key(json!({"name": "tour", "budgets": [{"amount_usd": "1.50", "period": "day", "hard": true}]})).await;
    let refused = app
        .post("/v1/keys", &key.key, &json!({"name": "more"}))
        .await
        .expect(403);
    assert_eq!(refused.json()["code"], "PERMISSION_DENIED");
    let models = app.get("/v1/models", &key.key).await.expect(200).json();
    assert!(
        models["data"]
            .as_array()
            .unwrap()
            .iter()
            .any(|model| model["id"] == "sim/echo"),
        "{models:#}"
    );
    let capable = app
        .get("/v1/models/capabilities", &key.key)
        .await
        .expect(200)
        .json();
    assert!(
        capable["data"][0]["pricing"]["input"].is_string(),
        "{capable:#}"
    );
    app.post(
        "/v1/chat/completions",
        &key.key,
        &json!({"model": "sim/echo", "messages": [{"role": "user", "content": "hi"}]}),
    )
    .await
    .expect(200);
    let shown = app
        .get(&format!("/v1/keys/{}", key.id), app.admin_key())
        .await
        .expect(200)
        .json();
    assert_ne!(shown["budgets"][0]["spent_usd"], "0", "{shown:#}");
}

#[tokio::test]
async fn pages_of_operations_answer() {
    let app = TestApp::start().await;
    for path in [
        "/health",
        "/health/live",
        "/health/ready",
        "/ready",
        "/",
        "/openapi.json",
        "/metrics",
        "/docs",
    ] {
        let answer = app.get(path, app.admin_key()).await;
        assert!(
            answer.status.is_success() || answer.status.is_redirection(),
            "{path}: {}",
            answer.text()
        );
    }
    for path in [
        "/health/detailed",
        "/v1/circuit-breakers",
        "/v1/debug/settings",
        "/v1/debug/streams",
    ] {
        app.get(path, app.admin_key()).await.expect(200);
    }
}
