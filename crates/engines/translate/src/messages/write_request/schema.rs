//! Whether Claude's provider can enforce a JSON Schema, and what has to change so that it can. What it cannot enforce
//! it refuses, so a bound becomes words in the description, which the model reads.

use serde_json::{Map, Value};

/// Schemas nested deeper are not enforced.
const MAX_DEPTH: usize = 32;

/// Keywords that are refused.
const REFUSED: [&str; 24] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "contains",
    "minContains",
    "maxContains",
    "prefixItems",
    "minProperties",
    "maxProperties",
    "patternProperties",
    "propertyNames",
    "dependentRequired",
    "dependentSchemas",
    "if",
    "then",
    "else",
    "not",
];

/// What can be done with a schema.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// It can be enforced as it is.
    AsIs,
    /// It can be enforced like this; what was taken out stands in descriptions.
    Changed(String),
    /// It allows what nobody listed: no such schema is enforced.
    Never,
}

/// Looks at a schema.
pub(super) fn fit(schema: &str) -> Fit {
    let Ok(mut value) = serde_json::from_str::<Value>(schema) else {
        return Fit::Never;
    };
    match change(&mut value, 0) {
        None => Fit::Never,
        Some(false) => Fit::AsIs,
        Some(true) => Fit::Changed(value.to_string()),
    }
}

/// Changes a schema; whether something was to change, `None` where it cannot be enforced.
fn change(schema: &mut Value, depth: usize) -> Option<bool> {
    let Value::Object(object) = schema else {
        // `true` allows everything.
        return None;
    };
    if depth == MAX_DEPTH {
        return None;
    }
    let mut changed = describe(object);
    if let Some(choice) = object.shift_remove("oneOf") {
        object.insert("anyOf".to_owned(), choice);
        changed = true;
    }
    changed |= close(object)?;
    for key in ["properties", "$defs", "definitions"] {
        if let Some(Value::Object(named)) = object.get_mut(key) {
            for schema in named.values_mut() {
                changed |= change(schema, depth + 1)?;
            }
        }
    }
    for key in ["anyOf", "allOf"] {
        if let Some(Value::Array(list)) = object.get_mut(key) {
            for schema in list {
                changed |= change(schema, depth + 1)?;
            }
        }
    }
    if let Some(items) = object.get_mut("items") {
        changed |= change(items, depth + 1)?;
    }
    Some(changed)
}

/// An object must list all that it may hold.
fn close(object: &mut Map<String, Value>) -> Option<bool> {
    let kind = object.get("type");
    let says = |kind: &Value| kind == "object";
    let is_object = kind.is_some_and(|kind| {
        says(kind) || kind.as_array().is_some_and(|kinds| kinds.iter().any(says))
    });
    if !is_object && !object.contains_key("properties") {
        return Some(false);
    }
    match object.get("additionalProperties") {
        Some(Value::Bool(false)) => Some(false),
        None if object.contains_key("properties") => {
            object.insert("additionalProperties".to_owned(), Value::Bool(false));
            Some(true)
        }
        _ => None,
    }
}

/// Puts what is refused into the description.
fn describe(object: &mut Map<String, Value>) -> bool {
    let mut words = Vec::new();
    for key in REFUSED {
        let enforced = key == "minItems"
            && matches!(object.get(key), Some(Value::Number(n)) if n.as_u64().is_some_and(|n| n < 2));
        if enforced {
            continue;
        }
        if let Some(value) = object.shift_remove(key) {
            words.push(format!("{key}: {value}"));
        }
    }
    if words.is_empty() {
        return false;
    }
    let words = format!("({})", words.join(", "));
    let told = match object.get("description").and_then(Value::as_str) {
        Some(before) if !before.is_empty() => format!("{before} {words}"),
        _ => words,
    };
    object.insert("description".to_owned(), Value::from(told));
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_schemas_stay_as_they_are() {
        let schema = r#"{"type":"object","properties":{"a":{"type":"array","items":{"type":"string"},"minItems":1}},"required":["a"],"additionalProperties":false}"#;
        assert_eq!(fit(schema), Fit::AsIs);
    }

    #[test]
    fn bounds_become_words() {
        let schema = r#"{"type":"object","properties":{"n":{"type":"integer","minimum":1,"description":"How many."},"x":{"oneOf":[{"type":"string","maxLength":3},{"type":"null"}]}}}"#;
        let expected = r#"{"type":"object","properties":{"n":{"type":"integer","description":"How many. (minimum: 1)"},"x":{"anyOf":[{"type":"string","description":"(maxLength: 3)"},{"type":"null"}]}},"additionalProperties":false}"#;
        assert_eq!(fit(schema), Fit::Changed(expected.to_owned()));
    }

    #[test]
    fn what_allows_anything_is_never_enforced() {
        for schema in [
            r#"{"type":"object"}"#,
            r#"{"type":"object","properties":{},"additionalProperties":true}"#,
            r#"{"type":"object","properties":{"a":{"type":"object","additionalProperties":{"type":"string"}}}}"#,
            "true",
            "{",
        ] {
            assert_eq!(fit(schema), Fit::Never, "{schema}");
        }
        let deep = format!("{}{{}}{}", r#"{"items":"#.repeat(40), "}".repeat(40));
        assert_eq!(fit(&deep), Fit::Never);
    }
}
