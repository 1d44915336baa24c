//! What a Responses stream must look like: events numbered without gaps, one item open at a time, each told whole when
//! it ends as it was told in pieces, all of them told again at the end.

use serde_json::{Value, json};

/// The item that is open, as its pieces tell it.
#[derive(Default)]
struct Item {
    index: Value,
    id: Value,
    /// What its deltas come to, part by part.
    parts: Vec<String>,
    /// A part is open.
    in_part: bool,
}

/// Checks a stream.
pub fn check(events: &[(Option<String>, String)]) {
    let mut open: Option<Item> = None;
    let mut output: Vec<Value> = Vec::new();
    for (place, (name, data)) in events.iter().enumerate() {
        let event: Value =
            serde_json::from_str(data).unwrap_or_else(|error| panic!("{error}: {data}"));
        let kind = event["type"].as_str().unwrap();
        assert_eq!(name.as_deref(), Some(kind));
        assert_eq!(event["sequence_number"], place);
        let last = place + 1 == events.len();
        let opening = ["response.created", "response.in_progress"].get(place);
        if let Some(opening) = opening {
            assert!(kind == *opening || (kind == "response.failed" && last));
        }
        match kind {
            "response.created" | "response.in_progress" => {
                assert!(opening.is_some());
                response(&event["response"], "in_progress");
                assert_eq!(event["response"]["output"], json!([]));
            }
            "response.completed" | "response.incomplete" => {
                assert!(last && open.is_none());
                let status = kind.strip_prefix("response.").unwrap();
                response(&event["response"], status);
                assert_eq!(event["response"]["output"], Value::Array(output.clone()));
            }
            "response.failed" => {
                assert!(last);
                assert!(event["response"]["error"]["code"].is_string());
                assert!(event["response"]["error"]["message"].is_string());
                assert!(event["error"]["message"].is_string());
            }
            "response.output_item.added" => {
                assert!(open.is_none());
                assert_eq!(event["output_index"], output.len());
                open = Some(Item {
                    index: event["output_index"].clone(),
                    id: event["item"]["id"].clone(),
                    ..Item::default()
                });
            }
            "response.output_item.done" => {
                let item = open.take().unwrap();
                assert_eq!(item.index, event["output_index"]);
                assert_eq!(item.id, event["item"]["id"]);
                assert!(!item.in_part);
                assert_eq!(told(&event["item"]), item.parts);
                output.push(event["item"].clone());
            }
            _ => open.as_mut().unwrap().event(kind, &event),
        }
        assert!(
            !last || kind.strip_prefix("response.").is_some_and(is_end),
            "ends with {kind}"
        );
    }
}

fn is_end(kind: &str) -> bool {
    matches!(kind, "completed" | "incomplete" | "failed")
}

impl Item {
    fn event(&mut self, kind: &str, event: &Value) {
        assert_eq!(
            (&event["item_id"], &event["output_index"]),
            (&self.id, &self.index)
        );
        let at = event.get("content_index").or(event.get("summary_index"));
        let kind = kind.strip_prefix("response.").unwrap();
        match kind {
            "content_part.added" | "reasoning_summary_part.added" => {
                assert!(!self.in_part);
                assert_eq!(at.unwrap(), self.parts.len());
                self.in_part = true;
                self.parts.push(String::new());
            }
            "content_part.done" | "reasoning_summary_part.done" => {
                assert!(self.in_part);
                self.in_part = false;
                self.ended(text(&event["part"]));
            }
            "output_text.delta" | "refusal.delta" | "reasoning_summary_text.delta" => {
                assert!(self.in_part);
                assert_eq!(*at.unwrap(), self.parts.len() - 1);
                self.piece(event);
            }
            "function_call_arguments.delta" | "custom_tool_call_input.delta" => {
                assert!(at.is_none());
                if self.parts.is_empty() {
                    self.parts.push(String::new());
                }
                self.piece(event);
            }
            "output_text.done" | "refusal.done" | "reasoning_summary_text.done" => {
                self.ended(text(event));
            }
            "function_call_arguments.done" => self.ended(event["arguments"].as_str().unwrap()),
            "custom_tool_call_input.done" => self.ended(event["input"].as_str().unwrap()),
            other => panic!("unknown event {other}"),
        }
    }

    fn piece(&mut self, event: &Value) {
        let piece = event["delta"].as_str().unwrap();
        self.parts.last_mut().unwrap().push_str(piece);
    }

    fn ended(&self, whole: &str) {
        assert_eq!(self.parts.last().unwrap(), whole);
    }
}

/// The text of a part or of the event that ends one.
fn text(part: &Value) -> &str {
    part["text"].as_str().or(part["refusal"].as_str()).unwrap()
}

/// What an item tells, part by part.
fn told(item: &Value) -> Vec<String> {
    let texts = |parts: &Value| -> Vec<String> {
        let parts = parts.as_array().unwrap().iter();
        parts.map(|part| text(part).to_owned()).collect()
    };
    match item["type"].as_str().unwrap() {
        "message" => texts(&item["content"]),
        "reasoning" => texts(&item["summary"]),
        "function_call" => vec![item["arguments"].as_str().unwrap().to_owned()],
        "custom_tool_call" => vec![item["input"].as_str().unwrap().to_owned()],
        other => panic!("unknown item {other}"),
    }
}

fn response(response: &Value, status: &str) {
    assert_eq!(response["status"], status);
    assert!(response["id"].is_string() && response["created_at"].is_u64());
    let usage = &response["usage"];
    assert!(usage.is_null() || usage["input_tokens_details"]["cached_tokens"].is_u64());
    assert!(usage.is_null() || usage["output_tokens_details"]["reasoning_tokens"].is_u64());
}
