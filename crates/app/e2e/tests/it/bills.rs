//! Worked examples of bills, to the nano-dollar, through the running product: plain and streamed, on the days and hours that
//! decide them.

use doubles::Provider;
use doubles::provider::Script;
use doubles::provider::reply::{Surface, data_event, named_event};
use kernel::{TestClock, Timestamp};
use serde_json::{Value, json};
use testkit::TestApp;

use crate::raw::Ask;

/// What a provider answers, when, and what it costs.
struct Example {
    name: &'static str,
    at: &'static str,
    surface: Surface,
    /// The model asked for; the answer names `model`.
    asked: &'static str,
    model: &'static str,
    usage: &'static str,
    /// Fields of the answer besides.
    more: Value,
    nano: i64,
}

const DAY: &str = "2026-11-18T12:00:00Z";

fn example(name: &'static str, model: &'static str, usage: &'static str, nano: i64) -> Example {
    let surface = match model.split('-').next() {
        Some("claude") => Surface::Messages,
        Some("deepseek") => Surface::Chat,
        _ => Surface::Responses,
    };
    Example {
        name,
        at: DAY,
        surface,
        asked: model,
        model,
        usage,
        more: json!({}),
        nano,
    }
}

const HALF: &str = r#"{"input_tokens":333,"cache_creation_input_tokens":1001,"cache_read_input_tokens":0,"output_tokens":99,"service_tier":"batch"}"#;
const TERRA: &str = r#"{"input_tokens":2600,"input_tokens_details":{"cached_tokens":2000,"cache_write_tokens":400},"output_tokens":300,"output_tokens_details":{"reasoning_tokens":120},"total_tokens":2900}"#;
const DEEPSEEK: &str = r#"{"prompt_tokens":100000,"prompt_cache_hit_tokens":90000,"prompt_cache_miss_tokens":10000,"completion_tokens":2000,"completion_tokens_details":{"reasoning_tokens":1500}}"#;
const PLAIN: &str = r#"{"input_tokens":1000,"output_tokens":100}"#;

fn refusal(category: Value) -> Value {
    json!({"content": [], "stop_reason": "refusal", "stop_details": {"type": "refusal", "category": category}})
}

/// In the order of their instants: the clock only goes forward.
fn examples() -> Vec<Example> {
    vec![
        Example {
            at: "2026-11-18T02:30:00Z",
            ..example("peak hour", "deepseek-v4-pro", DEEPSEEK, 25_080_000)
        },
        Example {
            at: "2026-11-18T04:00:00Z",
            ..example("end of the peak", "deepseek-v4-pro", DEEPSEEK, 12_540_000)
        },
        example(
            "two lifetimes of cache writes",
            "claude-opus-5-5",
            r#"{"input_tokens":2095,"cache_creation_input_tokens":12000,"cache_creation":{"ephemeral_5m_input_tokens":4000,"ephemeral_1h_input_tokens":8000},"cache_read_input_tokens":180000,"output_tokens":503,"output_tokens_details":{"thinking_tokens":310},"service_tier":"standard","speed":"standard"}"#,
            138_440_000,
        ),
        example(
            "exactly at the tier's edge",
            "claude-haiku-5-5",
            r#"{"input_tokens":1000,"cache_creation_input_tokens":9000,"cache_read_input_tokens":90000,"output_tokens":2000}"#,
            3_125_000,
        ),
        example(
            "one token over the tier's edge",
            "claude-haiku-5-5",
            r#"{"input_tokens":1001,"cache_creation_input_tokens":9000,"cache_read_input_tokens":90000,"output_tokens":2000}"#,
            15_625_500,
        ),
        example(
            "a compaction turn",
            "claude-sonnet-5-5",
            r#"{"input_tokens":23000,"output_tokens":1000,"iterations":[{"type":"compaction","input_tokens":180000,"output_tokens":3500},{"type":"message","input_tokens":23000,"output_tokens":1000}]}"#,
            451_000_000,
        ),
        example(
            "half a nano-dollar, in a batch",
            "claude-haiku-5-5",
            HALF,
            103_963,
        ),
        Example {
            more: refusal(json!("cyber")),
            ..example("a refusal that is free", "claude-haiku-5-5", HALF, 0)
        },
        Example {
            more: refusal(json!("bio")),
            ..example(
                "a refusal that is billed",
                "claude-haiku-5-5",
                HALF,
                103_963,
            )
        },
        example(
            "fast",
            "claude-opus-5-5",
            r#"{"input_tokens":1000,"output_tokens":100,"speed":"fast"}"#,
            12_000_000,
        ),
        example(
            "inference in one region",
            "claude-opus-5-5",
            r#"{"input_tokens":1000,"output_tokens":100,"inference_geo":"us"}"#,
            6_600_000,
        ),
        example(
            "three searches, in one region",
            "claude-opus-5-5",
            r#"{"input_tokens":1000,"output_tokens":100,"inference_geo":"us","server_tool_use":{"web_search_requests":3}}"#,
            36_600_000,
        ),
        Example {
            asked: "claude-opus-5-5",
            ..example(
                "the model that answered",
                "claude-haiku-5-5",
                PLAIN,
                150_000,
            )
        },
        example(
            "written and cached inside the input",
            "gpt-5.6-terra",
            TERRA,
            5_400_000,
        ),
        Example {
            more: json!({"service_tier": "flex"}),
            ..example("flex", "gpt-5.6-terra", TERRA, 2_700_000)
        },
        Example {
            more: json!({"service_tier": "priority"}),
            ..example("fast by its old name", "gpt-5.6-terra", TERRA, 10_800_000)
        },
        example(
            "exactly at 272,000",
            "gpt-6.1-sol",
            r#"{"input_tokens":272000,"input_tokens_details":{"cached_tokens":222000,"cache_write_tokens":40000,"cache_write_tokens_details":{"ttl_30m_tokens":40000,"ttl_12h_tokens":0}},"output_tokens":4000}"#,
            182_200_000,
        ),
        example(
            "one token over 272,000",
            "gpt-6.1-sol",
            r#"{"input_tokens":272001,"input_tokens_details":{"cached_tokens":222000,"cache_write_tokens":40000,"cache_write_tokens_details":{"ttl_30m_tokens":40000,"ttl_12h_tokens":0}},"output_tokens":4000}"#,
            344_404_000,
        ),
        Example {
            at: "2026-11-21T02:30:00Z",
            ..example("the weekend", "deepseek-v4-pro", DEEPSEEK, 12_540_000)
        },
    ]
}

fn merge(mut body: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

impl Example {
    fn plain(&self) -> Value {
        let usage: Value = serde_json::from_str(self.usage).unwrap();
        let body = match self.surface {
            Surface::Messages => {
                json!({"id": "msg_1", "type": "message", "role": "assistant", "model": self.model,
                "content": [{"type": "text", "text": "x"}], "stop_reason": "end_turn", "stop_sequence": null,
                "usage": usage})
            }
            Surface::Responses => {
                json!({"id": "resp_1", "object": "response", "status": "completed", "error": null,
                "model": self.model, "output": [], "service_tier": "default", "usage": usage})
            }
            _ => {
                json!({"id": "c_1", "object": "chat.completion", "created": 1, "model": self.model,
                "choices": [{"index": 0, "message": {"role": "assistant", "content": "x"}, "finish_reason": "stop"}],
                "usage": usage})
            }
        };
        merge(body, &self.more)
    }

    fn streamed(&self) -> Script {
        let body = self.plain();
        let events = match self.surface {
            Surface::Messages => {
                let opening = merge(
                    body.clone(),
                    &json!({"content": [], "stop_reason": null, "stop_details": null,
                        "usage": {"input_tokens": 1, "output_tokens": 1}}),
                );
                let mut events = vec![json!({"type": "message_start", "message": opening})];
                if body["content"][0].is_object() {
                    events.push(json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}));
                    events.push(json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "x"}}));
                    events.push(json!({"type": "content_block_stop", "index": 0}));
                }
                let delta = json!({"stop_reason": body["stop_reason"], "stop_sequence": null, "stop_details": body["stop_details"]});
                events
                    .push(json!({"type": "message_delta", "delta": delta, "usage": body["usage"]}));
                events.push(json!({"type": "message_stop"}));
                events.iter().map(named_event).collect::<Vec<_>>()
            }
            Surface::Responses => {
                let opening = merge(
                    body.clone(),
                    &json!({"status": "in_progress", "usage": null}),
                );
                let created =
                    json!({"type": "response.created", "sequence_number": 0, "response": opening});
                let completed =
                    json!({"type": "response.completed", "sequence_number": 1, "response": body});
                vec![named_event(&created), named_event(&completed)]
            }
            _ => {
                let chunk = |choices: Value, usage: &Value| {
                    data_event(
                        &json!({"id": "c_1", "object": "chat.completion.chunk", "created": 1,
                        "model": self.model, "choices": choices, "usage": usage}),
                    )
                };
                vec![
                    chunk(
                        json!([{"index": 0, "delta": {"role": "assistant", "content": "x"}, "finish_reason": null}]),
                        &Value::Null,
                    ),
                    chunk(
                        json!([{"index": 0, "delta": {}, "finish_reason": "stop"}]),
                        &Value::Null,
                    ),
                    chunk(json!([]), &body["usage"]),
                    "data: [DONE]\n\n".into(),
                ]
            }
        };
        Script::stream(events)
    }
}

/// The record of the call with this id, once it is in the store.
async fn record(app: &TestApp, id: &str) -> Value {
    doubles::patience::expect("the call in the store", async {
        let mut look = tokio::time::interval(std::time::Duration::from_millis(25));
        loop {
            let answer = app.get(&format!("/v1/calls/{id}"), app.admin_key()).await;
            if answer.status.is_success() {
                return answer.json();
            }
            look.tick().await;
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worked_examples_to_the_nano_dollar() {
    let upstream = Provider::start().await;
    let clock = TestClock::at(Timestamp::parse("2026-11-18T00:00:00Z").unwrap());
    let app = TestApp::builder()
        .clock(clock.clone())
        .provider("anthropic", "anthropic", &upstream.url())
        .provider("openai", "openai", &upstream.openai_url())
        .provider("deepseek", "deepseek", &upstream.openai_url())
        .start()
        .await;
    let key = app.key(json!({"name": "bills", "limits": {}})).await.key;
    let examples = examples();
    for example in &examples {
        let name = example.name;
        clock.set(Timestamp::parse(example.at).unwrap());
        for stream in [false, true] {
            let script = if stream {
                example.streamed()
            } else {
                Script::json(200, &example.plain())
            };
            upstream.on(example.surface.path(), script);
            let body = example.surface.request(example.asked, stream).to_string();
            let answer = Ask::post(example.surface.path(), body)
                .bearer(&key)
                .send(app.base())
                .await;
            assert_eq!(answer.status, 200, "{name}: {}", answer.text());
            let call = record(&app, answer.header("x-switchyard-call-id").unwrap()).await;
            assert_eq!(
                call["cost_nano_usd"], example.nano,
                "{name}, stream {stream}: {call:#}"
            );
            assert_eq!(call["unpriced"], false, "{name}");
            assert_eq!(call["model"], example.model, "{name}");
            if !stream {
                let told = answer.header("x-switchyard-cost-usd");
                assert_eq!(told, call["cost_usd"].as_str(), "{name}");
            }
        }
    }
    println!(
        "proof: worked examples of bills, plain and streamed => {} of {} to the nano-dollar",
        examples.len(),
        examples.len()
    );
}
