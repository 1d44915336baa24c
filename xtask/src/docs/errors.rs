//! The table of error codes, read from the `Failure` of each crate: code, status, and the message as it is written there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::tidy::Source;

/// What is known of one code.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Code {
    statuses: BTreeSet<u16>,
    messages: BTreeSet<String>,
    rooms: BTreeSet<String>,
}

/// Every code of the sources given.
pub fn codes(sources: &[Source]) -> BTreeMap<String, Code> {
    let mut codes: BTreeMap<String, Code> = BTreeMap::new();
    for source in sources {
        if !source.path.starts_with("crates/") || source.path.contains("/tests") {
            continue;
        }
        let room = source.path.split('/').nth(2).unwrap_or_default();
        for (code, status, message) in of_source(&source.text) {
            let known = codes.entry(code).or_default();
            known.statuses.extend(status);
            known.messages.extend(message);
            known.rooms.insert(room.to_owned());
        }
    }
    codes
}

/// The table as markdown.
pub fn table(codes: &BTreeMap<String, Code>) -> String {
    let mut table = String::from("\n| code | status | from | message |\n|---|---|---|---|\n");
    for (code, known) in codes {
        let statuses: Vec<String> = known.statuses.iter().map(u16::to_string).collect();
        let rooms: Vec<&str> = known.rooms.iter().map(String::as_str).collect();
        let messages: Vec<String> = known
            .messages
            .iter()
            .map(|text| text.replace('|', "\\|"))
            .collect();
        writeln!(
            table,
            "| `{code}` | {} | {} | {} |",
            statuses.join(", "),
            rooms.join(", "),
            messages.join("; ")
        )
        .ok();
    }
    table.push('\n');
    table
}

type Found = (String, Option<u16>, Option<String>);

fn of_source(text: &str) -> Vec<Found> {
    // Tests have failures of their own, which nobody meets.
    let text = text.split("\n#[cfg(test)]").next().unwrap_or(text);
    let mut found = tabled(text);
    for (at, _) in text.match_indices("Failure for ") {
        let Some(body) = block(&text[at..]) else {
            continue;
        };
        let messages = messages(text);
        let kind = function(body, "fn kind");
        // Without `match`, the one kind belongs to the whole type; `_ => Kind::Name` to what is left.
        let whole = !kind.contains("=>");
        let kinds = arms(kind);
        for (variants, value) in arms(function(body, "fn code")) {
            let Some(code) = literal(&value) else {
                continue;
            };
            // Without `match`, the one code belongs to the whole type.
            let names: Vec<&str> = if variants.is_empty() {
                vec![""]
            } else {
                variants.iter().map(String::as_str).collect()
            };
            for name in names {
                let status = kinds
                    .iter()
                    .find(|(variants, _)| whole || variants.iter().any(|variant| variant == name))
                    .or_else(|| {
                        kinds.iter().find(|(variants, kind)| {
                            variants.is_empty() && kind.starts_with("Kind::")
                        })
                    })
                    .and_then(|(_, kind)| status(kind));
                found.push((code.clone(), status, messages.get(name).cloned()));
            }
        }
    }
    found
}

/// Rows of a table in a crate's own words: `("CODE", Kind::Name, "what it means")`.
fn tabled(text: &str) -> Vec<Found> {
    text.match_indices("Kind::")
        .filter_map(|(at, _)| {
            let before = text[..at].trim_end().strip_suffix("\",")?;
            let (row, code) = before.rsplit_once('"')?;
            row.trim_end().strip_suffix('(')?;
            Some((literal(&format!("\"{code}\""))?, status(&text[at..]), None))
        })
        .collect()
}

/// The text between the first brace and the one that closes it; braces in strings are balanced in practice.
fn block(text: &str) -> Option<&str> {
    let start = text.find('{')?;
    let mut depth = 0_usize;
    for (at, letter) in text[start..].char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(&text[start + 1..start + at]);
                }
            }
            _ => {}
        }
    }
    None
}

fn function<'a>(body: &'a str, name: &str) -> &'a str {
    body.find(name)
        .and_then(|at| block(&body[at..]))
        .unwrap_or_default()
}

/// The arms of the function's match as variants and value; one arm without variants where it has no match.
fn arms(body: &str) -> Vec<(Vec<String>, String)> {
    if !body.contains("=>") {
        return vec![(Vec::new(), body.trim().to_owned())];
    }
    let mut arms = Vec::new();
    let mut pattern = "";
    for part in body.split("=>") {
        let (value, next) = part
            .find("Self::")
            .filter(|_| !pattern.is_empty())
            .map_or_else(|| (part, part), |at| (&part[..at], &part[at..]));
        if !pattern.is_empty() {
            arms.push((
                variants(pattern),
                value.trim().trim_end_matches(',').to_owned(),
            ));
        }
        pattern = next;
    }
    arms
}

fn variants(pattern: &str) -> Vec<String> {
    pattern
        .match_indices("Self::")
        .map(|(at, prefix)| identifier(&pattern[at + prefix.len()..]))
        .collect()
}

fn identifier(text: &str) -> String {
    text.chars()
        .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
        .collect()
}

/// An UPPER_SNAKE text between quotes.
fn literal(value: &str) -> Option<String> {
    let code = value.split('"').nth(1)?;
    let upper = code
        .chars()
        .all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_');
    (upper && code.len() > 2).then(|| code.to_owned())
}

/// The status of a `Kind::Name`, as `kernel::Kind::status` has it.
fn status(value: &str) -> Option<u16> {
    let name = identifier(value.split("Kind::").nth(1)?);
    Some(match name.as_str() {
        "Invalid" | "NotSupported" => 400,
        "Unauthenticated" => 401,
        "Forbidden" => 403,
        "NotFound" => 404,
        "MethodNotAllowed" => 405,
        "Conflict" => 409,
        "TooLarge" => 413,
        "UpgradeRequired" => 426,
        // Only model routes spend, and they answer with 429 where `kernel` has 402.
        "RateLimited" | "BudgetExhausted" => 429,
        "Internal" => 500,
        "Upstream" => 502,
        "Unavailable" => 503,
        "UpstreamTimeout" => 504,
        _ => return None,
    })
}

/// Messages of `#[error("…")]` by the variant below each; of a struct under the empty name.
fn messages(text: &str) -> BTreeMap<String, String> {
    let mut messages = BTreeMap::new();
    for (at, mark) in text.match_indices("#[error(") {
        let rest = &text[at + mark.len()..];
        let Some((inside, after)) = rest.split_once(")]") else {
            continue;
        };
        let Some(words) = inside.trim().strip_prefix('"').map(quoted).map(joined) else {
            continue;
        };
        if words == "…" {
            continue;
        }
        let after = after.trim_start();
        let name = if after.starts_with("pub ") {
            String::new()
        } else {
            identifier(after)
        };
        messages.insert(name, words);
    }
    messages
}

/// A string literal's text up to the quote that ends it.
fn quoted(text: &str) -> &str {
    let mut escaped = false;
    for (at, letter) in text.char_indices() {
        match letter {
            '"' if !escaped => return &text[..at],
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text
}

/// A message as the caller reads it: one line, no escapes, values as `{name}` or `…`.
fn joined(message: &str) -> String {
    let message = message
        .replace("\\n", " ")
        .replace("\\\"", "\"")
        .replace('\\', "")
        .replace(":?}", "}");
    let words: Vec<&str> = message.split_whitespace().collect();
    let mut words = words.join(" ");
    for place in ["{0}", "{1}", "{2}", "{}"] {
        words = words.replace(place, "…");
    }
    words.replace("{{", "{").replace("}}", "}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r#"
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Gone.
    #[error("no key {0:?}; GET /v1/keys \
             lists them")]
    NotFound(String),
    #[error("{field} is | wrong")]
    Invalid { field: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}
impl Failure for KeyError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound(_) => Kind::NotFound,
            Self::Invalid { .. } => Kind::Invalid,
            Self::Store(error) => error.kind(),
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "KEY_NOT_FOUND",
            Self::Invalid { .. } | Self::Other => "INVALID_KEY",
            Self::Store(error) => error.code(),
        }
    }
}
"#;

    #[test]
    fn a_table_of_codes_gives_their_status() {
        let found = of_source(
            "const CODES: &[T] = &[(\"DRAINING\", Kind::Unavailable, \"going down\"), (\"a\", 1)];",
        );
        assert_eq!(found, [("DRAINING".to_owned(), Some(503), None)]);
    }

    #[test]
    fn codes_are_read_with_their_status_and_message() {
        let sources = [Source {
            path: "crates/domains/identity/src/error.rs".to_owned(),
            text: SOURCE.to_owned(),
        }];
        let codes = codes(&sources);
        assert_eq!(
            codes.keys().collect::<Vec<_>>(),
            ["INVALID_KEY", "KEY_NOT_FOUND"]
        );
        let table = table(&codes);
        assert!(
            table.contains(
                "| `KEY_NOT_FOUND` | 404 | identity | no key …; GET /v1/keys lists them |"
            ),
            "{table}"
        );
        assert!(
            table.contains("| `INVALID_KEY` | 400 | identity | {field} is \\| wrong |"),
            "{table}"
        );
    }
}
