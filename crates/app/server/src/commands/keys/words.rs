//! Keys as people read them.

use serde_json::Value;

use crate::print;

/// The secret alone goes to standard output, so that `$(switchyard keys create …)` is the key.
pub fn show_secret(made: &Value, as_json: bool) {
    if as_json {
        print::json(made);
        return;
    }
    let id = made["id"].as_str().unwrap_or_default();
    print::note(&format!("{id}; its secret is shown this once:"));
    print::line(made["key"].as_str().unwrap_or_default());
    if let Some(end) = made["previous_expires_at"].as_str() {
        print::note(&format!("earlier secrets hold until {end}"));
    }
}

pub fn listed(rows: &[Value]) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|key| {
            vec![
                text(&key["id"]),
                text(&key["name"]),
                text(&key["status"]),
                joined(&key["scopes"], ","),
                joined(&key["models"], ","),
                text(&key["created_at"]),
                text(&key["expires_at"]),
            ]
        })
        .collect();
    print::table(
        &[
            "ID", "NAME", "STATUS", "SCOPES", "MODELS", "CREATED", "EXPIRES",
        ],
        &rows,
    )
}

/// The texts of a list in one line.
fn joined(list: &Value, separator: &str) -> String {
    let items = list.as_array().into_iter().flatten();
    let texts: Vec<&str> = items.filter_map(Value::as_str).collect();
    texts.join(separator)
}

/// One key, for people or as it was answered.
pub fn show(key: &Value, as_json: bool) {
    if as_json {
        print::json(key);
    } else {
        print::line(&described(key));
    }
}

fn described(key: &Value) -> String {
    let text = |field: &str| key[field].as_str();
    let or = |told: String, otherwise: &str| {
        if told.is_empty() {
            otherwise.to_owned()
        } else {
            told
        }
    };
    let capture = if key["capture"] == true {
        "kept"
    } else {
        "not kept"
    };
    let rows = [
        ("id", text("id").unwrap_or_default().to_owned()),
        ("name", text("name").unwrap_or_default().to_owned()),
        ("status", text("status").unwrap_or_default().to_owned()),
        ("project", text("project").unwrap_or_default().to_owned()),
        ("scopes", or(joined(&key["scopes"], ", "), "none")),
        ("models", or(joined(&key["models"], ", "), "all")),
        ("limits", or(limits(key), "none")),
        ("budgets", or(budgets(key), "none")),
        ("tags", or(tags(key), "none")),
        ("payloads", capture.to_owned()),
        ("created", text("created_at").unwrap_or_default().to_owned()),
        (
            "last used",
            text("last_used_at").unwrap_or("never").to_owned(),
        ),
        ("expires", text("expires_at").unwrap_or("never").to_owned()),
    ];
    let lines: Vec<String> = rows
        .iter()
        .map(|(name, value)| format!("{name:<10}  {value}"))
        .collect();
    lines.join("\n")
}

fn limits(key: &Value) -> String {
    let limits = &key["limits"];
    let mut told: Vec<String> = [
        ("requests_per_minute", "requests a minute"),
        ("tokens_per_minute", "tokens a minute"),
        ("concurrent_requests", "at once"),
    ]
    .into_iter()
    .filter_map(|(field, unit)| Some(format!("{} {unit}", limits[field].as_u64()?)))
    .collect();
    let models = limits["models"].as_object().into_iter().flatten();
    told.extend(models.map(|(pattern, _)| format!("others for {pattern}")));
    let mut told = told.join(", ");
    if key["limits_are_default"] == true && !told.is_empty() {
        told.push_str(" (the default)");
    }
    told
}

fn budgets(key: &Value) -> String {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let told: Vec<String> = key["budgets"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|budget| {
            let mut told = format!(
                "{}/{}",
                word(&budget["amount_usd"]),
                word(&budget["period"])
            );
            if budget["hard"] == false {
                told.push_str(" (soft)");
            }
            if let Some(spent) = budget["spent_usd"].as_str() {
                told.push_str(&format!(", {spent} spent"));
            }
            told
        })
        .collect();
    told.join("; ")
}

fn tags(key: &Value) -> String {
    let told: Vec<String> = key["tags"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
        .collect();
    told.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_key_is_described_with_its_limits_and_what_it_spent() {
        let told = described(&json!({
            "id": "key_1",
            "name": "app",
            "status": "active",
            "scopes": ["gateway:invoke", "models:read"],
            "models": [],
            "limits": {"requests_per_minute": 100, "concurrent_requests": 3},
            "limits_are_default": true,
            "budgets": [{"amount_usd": "2.5", "period": "day", "hard": true, "spent_usd": "0.1"}],
            "tags": {"team": "core"},
        }));
        for line in [
            "scopes      gateway:invoke, models:read",
            "models      all",
            "limits      100 requests a minute, 3 at once (the default)",
            "budgets     2.5/day, 0.1 spent",
            "tags        team=core",
            "expires     never",
        ] {
            assert!(told.lines().any(|told| told == line), "{line}:\n{told}");
        }
    }
}
