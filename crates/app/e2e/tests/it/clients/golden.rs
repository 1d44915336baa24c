//! What each real client sends, kept as a digest: headers and the shape of the body, without texts, ids and what belongs to
//! a machine. `SWITCHYARD_BLESS=1` writes the files anew.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use doubles::provider::Recorded;
use serde_json::{Value, json};

use crate::identity::request_headers;

/// Holds what a provider saw against the file of this client.
pub fn assert_recorded(client: &str, requests: &[Arc<Recorded>]) {
    let digests: Vec<Value> = requests.iter().map(|request| digest(request)).collect();
    let seen = serde_json::to_string_pretty(&digests).unwrap() + "\n";
    let file = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/golden"))
        .join(format!("{client}.json"));
    if std::env::var_os("SWITCHYARD_BLESS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &seen).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == seen, "{} differs; seen:\n{seen}", file.display());
}

fn digest(request: &Recorded) -> Value {
    let headers = request_headers(request);
    let headers: Vec<Value> = headers
        .iter()
        .map(|(name, value)| json!([name, header(name, value)]))
        .collect();
    json!({
        "request": format!("{} {}", request.method, request.target),
        "headers": headers,
        "body": body(&request.json()),
    })
}

fn header(name: &str, value: &str) -> String {
    let of_this_machine = [
        "x-stainless-arch",
        "x-stainless-os",
        "x-stainless-runtime-version",
    ];
    if of_this_machine.contains(&name) {
        return "(machine)".to_owned();
    }
    if value.starts_with('{') {
        return "(json)".to_owned();
    }
    if is_id(value) {
        return "(id)".to_owned();
    }
    if name == "user-agent" {
        return value.split(' ').next().unwrap_or_default().to_owned();
    }
    value.to_owned()
}

/// Hyphenated hexadecimal of some length: ids of sessions, threads, windows.
fn is_id(value: &str) -> bool {
    value.len() >= 32
        && value
            .chars()
            .all(|letter| letter.is_ascii_hexdigit() || matches!(letter, '-' | ':'))
}

/// Names in order, small values as they are, turns and tools by kind and name.
fn body(body: &Value) -> Value {
    let Some(fields) = body.as_object() else {
        return Value::Null;
    };
    let shown = fields.iter().map(|(name, value)| {
        let shown = match name.as_str() {
            "messages" | "input" => kinds(value),
            "tools" => tools(value),
            "system" => json!(value.as_array().map_or(1, Vec::len)),
            _ => match value {
                Value::String(text) if text.len() > 60 || is_id(text) => json!("(text)"),
                // Codex writes some of its objects in another order each time.
                Value::Object(inner) => json!(inner.keys().collect::<BTreeSet<_>>()),
                other => other.clone(),
            },
        };
        (name.clone(), shown)
    });
    Value::Object(shown.collect())
}

fn kinds(turns: &Value) -> Value {
    let turns = turns.as_array().into_iter().flatten();
    let shown = turns.map(|turn| {
        let role = turn["role"]
            .as_str()
            .or(turn["type"].as_str())
            .unwrap_or_default();
        let blocks = turn["content"].as_array().into_iter().flatten();
        let blocks: Vec<&str> = blocks.filter_map(|block| block["type"].as_str()).collect();
        if blocks.is_empty() {
            role.to_owned()
        } else {
            format!("{role}: {}", blocks.join(", "))
        }
    });
    shown.collect::<Vec<String>>().into()
}

fn tools(tools: &Value) -> Value {
    let tools = tools.as_array().into_iter().flatten();
    let named = tools.map(|tool| {
        tool["name"]
            .as_str()
            .or(tool["type"].as_str())
            .unwrap_or_default()
    });
    named.collect::<Vec<&str>>().into()
}
