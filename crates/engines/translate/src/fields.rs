//! What becomes of each field of a request, pair by pair: the tables stand beside the pairs' rules, those of fields that
//! fare alike everywhere beside their caller. The page in docs/ is made of them, and tests hold them to what the readers
//! know.

use std::fmt::Write as _;

use wire::Protocol;

use crate::pairs;

/// One field of a caller's request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    /// Its path: `messages[].content[].image`. The first segment is a top-level key.
    pub path: &'static str,
    pub fate: Fate,
    /// What it becomes, or why it does not.
    pub note: &'static str,
}

/// What becomes of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Arrives under the same or another name, with the same meaning.
    Carried,
    /// Arrives as something else.
    Mapped,
    /// Has no place; named in `x-switchyard-dropped` where the answer may differ for it.
    Dropped,
    /// The request is refused in words, because it would mean something else without it.
    Refused,
}

impl Fate {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Carried => "carried",
            Self::Mapped => "mapped",
            Self::Dropped => "dropped",
            Self::Refused => "**refused**",
        }
    }
}

/// A field that arrives as it is.
pub(crate) const fn carried(path: &'static str, note: &'static str) -> Field {
    Field {
        path,
        fate: Fate::Carried,
        note,
    }
}

/// A field that arrives as something else.
pub(crate) const fn mapped(path: &'static str, note: &'static str) -> Field {
    Field {
        path,
        fate: Fate::Mapped,
        note,
    }
}

/// A field without a place.
pub(crate) const fn dropped(path: &'static str, note: &'static str) -> Field {
    Field {
        path,
        fate: Fate::Dropped,
        note,
    }
}

/// A field that is refused.
pub(crate) const fn refused(path: &'static str, note: &'static str) -> Field {
    Field {
        path,
        fate: Fate::Refused,
        note,
    }
}

/// The page `docs/translation.md`.
#[must_use]
pub fn page() -> String {
    let mut page = String::from(HEAD);
    for definition in pairs::ALL {
        let caller = title(definition.caller());
        let upstream = definition.upstream();
        write!(page, "\n## {caller} to {upstream}\n\n").ok();
        page.push_str("| field | is | as |\n|---|---|---|\n");
        for field in definition.all_fields() {
            let (path, fate) = (field.path, field.fate.as_str());
            let note = field.note.replace('|', "\\|");
            writeln!(page, "| `{path}` | {fate} | {note} |").ok();
        }
    }
    page
}

fn title(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Chat => "Chat",
        Protocol::Responses => "Responses",
        Protocol::Messages => "Messages",
        Protocol::Embeddings => "Embeddings",
    }
}

const HEAD: &str = "\
# Translation

Made from the tables in `crates/engines/translate/src`, beside the rules of each pair and each caller; do not edit.

A model is asked in whatever protocol the caller speaks. Where its provider speaks another one, the call is translated.
Where it speaks the same, the body passes through byte for byte and nothing on this page applies.

- **carried**: arrives with the same meaning, under the provider's name for it.
- **mapped**: arrives as something else, which the table names.
- **dropped**: has no place. What may change the answer is named in the answer's header `x-switchyard-dropped`.
  A top-level field that is not listed is dropped and named too.
- **refused**: answered with 400 in words, because the request would mean something else without it.

Reasoning that is bound to a provider (signatures, encrypted text) comes back sealed in the caller's own place for it,
returns to the provider that made it, and is left out for every other.
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::RequestContext;
    use crate::dialect::Dialect;
    use crate::pair::Pair;

    /// The top-level keys that each caller's reader knows.
    fn known(protocol: Protocol) -> &'static [&'static str] {
        match protocol {
            Protocol::Chat => crate::chat::KNOWN_FIELDS,
            Protocol::Messages => crate::messages::KNOWN_FIELDS,
            Protocol::Responses => crate::responses::KNOWN_FIELDS,
            Protocol::Embeddings => crate::pairs::EMBEDDINGS_FIELDS,
        }
    }

    #[test]
    fn every_field_that_a_reader_knows_stands_in_the_tables_of_its_pairs() {
        for definition in pairs::ALL {
            let fields = definition.all_fields();
            let listed: Vec<&str> = fields
                .iter()
                .map(|field| field.path.split(['.', '[']).next().unwrap_or_default())
                .collect();
            for field in known(definition.caller()) {
                assert!(
                    listed.contains(field),
                    "{}: `{field}` is not in the table",
                    definition.name
                );
            }
            for field in &fields {
                assert!(
                    !field.note.is_empty(),
                    "{}: {}",
                    definition.name,
                    field.path
                );
            }
        }
    }

    /// A request without anything special, and room for a field.
    fn bare(protocol: Protocol, field: &str) -> String {
        let value = if field == "verbosity" {
            r#""low""#
        } else {
            "1"
        };
        match protocol {
            Protocol::Responses | Protocol::Embeddings => {
                format!(r#"{{"model":"m","input":"Hi","{field}":{value}}}"#)
            }
            _ => format!(
                r#"{{"model":"m","max_tokens":9,"messages":[{{"role":"user","content":"Hi"}}],"{field}":{value}}}"#
            ),
        }
    }

    #[test]
    fn what_a_table_calls_dropped_is_named() {
        for definition in pairs::ALL {
            let dialects = Dialect::ALL.into_iter();
            for dialect in dialects.filter(|dialect| dialect.upstream() == definition.upstream()) {
                let pair = Pair::find(definition.caller(), dialect).unwrap();
                let top = |field: &&Field| !field.path.contains(['.', '[']);
                let fields = definition.all_fields();
                let fields = fields.iter().filter(top);
                let dropped = fields.filter(|field| field.fate == Fate::Dropped);
                for path in dropped.map(|field| field.path).chain(["brand_new"]) {
                    let body = bare(definition.caller(), path);
                    let context = RequestContext::new("m", "1");
                    let translated = pair.request(body.as_bytes(), &context).unwrap();
                    let named = translated.dropped.iter().any(|name| name == path);
                    assert!(named, "{}: `{path}` is not named", definition.name);
                }
            }
        }
    }

    #[test]
    fn a_field_stands_once_in_a_table() {
        for definition in pairs::ALL {
            let fields = definition.all_fields();
            let mut paths: Vec<&str> = fields.iter().map(|field| field.path).collect();
            let before = paths.len();
            paths.dedup();
            assert_eq!(paths.len(), before, "{}", definition.name);
        }
    }
}
