//! The route table: method, path, permission and audit class of every operation that the product documents.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::openapi;

const METHODS: &[&str] = &[
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// Prints the table.
pub fn run() -> Result<()> {
    let document = openapi::fetch()?;
    let rows = rows(&document)?;
    let wide = rows
        .keys()
        .map(|(path, _)| path.len())
        .max()
        .unwrap_or_default();
    println!(
        "{:<7} {:<wide$}  {:<22} {:<14} operation",
        "method", "path", "permission", "audit"
    );
    for ((path, method), row) in &rows {
        println!(
            "{:<7} {path:<wide$}  {:<22} {:<14} {}",
            method.to_uppercase(),
            row.permission,
            row.audit,
            row.operation
        );
    }
    println!("{} operations", rows.len());
    Ok(())
}

#[derive(Debug, PartialEq)]
struct Row {
    permission: String,
    audit: String,
    operation: String,
}

fn rows(document: &Value) -> Result<BTreeMap<(String, String), Row>> {
    let paths = document
        .get("paths")
        .and_then(Value::as_object)
        .context("the document has no paths")?;
    let text = |operation: &Value, key: &str| {
        operation
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or("-")
            .to_owned()
    };
    let mut rows = BTreeMap::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().into_iter().flatten() {
            if METHODS.contains(&method.as_str()) {
                let row = Row {
                    permission: text(operation, "x-permission"),
                    audit: text(operation, "x-audit"),
                    operation: text(operation, "operationId"),
                };
                rows.insert((path.clone(), method.clone()), row);
            }
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_become_rows_and_shared_parameters_do_not() {
        let document = serde_json::json!({"paths": {"/v1/keys": {
            "parameters": [],
            "post": {"operationId": "create_key", "x-permission": "keys:create", "x-audit": "key.create"},
            "get": {"operationId": "list_keys"}
        }}});
        let rows = rows(&document).unwrap();
        assert_eq!(rows.len(), 2);
        let post = &rows[&("/v1/keys".to_owned(), "post".to_owned())];
        assert_eq!(
            (post.permission.as_str(), post.audit.as_str()),
            ("keys:create", "key.create")
        );
        assert_eq!(
            rows[&("/v1/keys".to_owned(), "get".to_owned())].permission,
            "-"
        );
    }
}
