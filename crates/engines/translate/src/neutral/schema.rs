//! Whether a JSON Schema is as strict as OpenAI wants a strict one to be. Read only where strictness is asked for.

use serde_json::Value;

/// Schemas nested deeper are not called strict.
const MAX_DEPTH: usize = 32;

/// Whether every object in the schema names all of its properties as required and allows no others.
pub(crate) fn is_closed_schema(schema: &str) -> bool {
    serde_json::from_str(schema).is_ok_and(|schema| closed(&schema, 0))
}

fn closed(schema: &Value, depth: usize) -> bool {
    let Value::Object(object) = schema else {
        return match schema {
            Value::Array(list) => list.iter().all(|schema| closed(schema, depth)),
            _ => true,
        };
    };
    if depth == MAX_DEPTH {
        return false;
    }
    if let Some(Value::Object(properties)) = object.get("properties") {
        let required = object.get("required").and_then(Value::as_array);
        let named = |name: &String| required.is_some_and(|list| list.iter().any(|r| r == name));
        let others = object.get("additionalProperties");
        if others != Some(&Value::Bool(false)) || !properties.keys().all(named) {
            return false;
        }
        if !properties.values().all(|schema| closed(schema, depth + 1)) {
            return false;
        }
    }
    ["items", "anyOf", "$defs", "definitions"]
        .iter()
        .filter_map(|key| object.get(*key))
        .all(|inner| match (inner, object.get("$defs") == Some(inner)) {
            (Value::Object(defs), true) => defs.values().all(|schema| closed(schema, depth + 1)),
            (inner, _) => closed(inner, depth + 1),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_schemas_leave_nothing_open() {
        let closed = r#"{"type":"object","properties":{"a":{"type":"array","items":{"type":"string"}}},"required":["a"],"additionalProperties":false}"#;
        assert!(is_closed_schema(closed));
        let optional = r#"{"type":"object","properties":{"a":{},"b":{}},"required":["a"],"additionalProperties":false}"#;
        assert!(!is_closed_schema(optional));
        let open = r#"{"type":"object","properties":{"a":{}},"required":["a"]}"#;
        assert!(!is_closed_schema(open));
        let within = format!(
            r#"{{"type":"object","properties":{{"a":{open}}},"required":["a"],"additionalProperties":false}}"#
        );
        assert!(!is_closed_schema(&within));
        let defs = format!(r#"{{"$defs":{{"x":{open}}}}}"#);
        assert!(!is_closed_schema(&defs));
    }
}
