//! What is wrong with a value, as structure: the error type that every reader of trees raises.

use std::fmt;

use serde::de::{self, Expected, Unexpected};

use crate::suggest::closest;
use crate::tree::{Step, path_text};

/// A value that does not fit the type it is read into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The way to the value, outermost first.
    pub path: Vec<Step>,
    /// What is wrong there.
    pub what: What,
}

/// The sorts of mistakes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A key that the type does not have.
    Unknown {
        /// The key as it was written.
        key: String,
        /// The keys that would do.
        expected: Vec<String>,
    },
    /// A key that must be there and is not.
    Missing {
        /// The key.
        key: String,
    },
    /// Another kind of value is wanted. Neither side quotes the value, which may be a secret.
    Type {
        /// The kind that was found.
        got: String,
        /// What is expected.
        expected: String,
    },
    /// One of a few names is wanted.
    Choice {
        /// The name that was found.
        got: String,
        /// The names that would do.
        expected: Vec<String>,
    },
    /// In the words of the type itself.
    Other(String),
}

impl Mistake {
    /// A mistake in the words of the type itself, at the value being read.
    #[must_use]
    pub const fn new(what: What) -> Self {
        Self {
            path: Vec::new(),
            what,
        }
    }

    pub(crate) fn under(mut self, step: Step) -> Self {
        self.path.insert(0, step);
        self
    }

    /// The full name of the field that is at fault, e.g. `limits.requests_per_minute`; empty for the whole value.
    #[must_use]
    pub fn field(&self) -> String {
        let mut path = self.path.clone();
        if let What::Unknown { key, .. } | What::Missing { key } = &self.what {
            path.push(Step::Key(key.clone()));
        }
        path_text(&path)
    }

    /// The known name that was probably meant.
    #[must_use]
    pub fn suggestion(&self) -> Option<&str> {
        match &self.what {
            What::Unknown { key, expected } | What::Choice { got: key, expected } => {
                closest(key, expected.iter().map(String::as_str))
            }
            _ => None,
        }
    }

    /// What is wrong and what is expected, without the path.
    #[must_use]
    pub fn message(&self) -> String {
        match &self.what {
            What::Unknown { expected, .. } if expected.is_empty() => "unknown name".to_owned(),
            What::Unknown { expected, .. } => match self.suggestion() {
                Some(meant) => format!("unknown name; did you mean `{meant}`?"),
                None => format!("unknown name; expected {}", one_of(expected)),
            },
            What::Missing { .. } => "missing; set it".to_owned(),
            What::Type { got, expected } => format!("expected {expected}, got {got}"),
            What::Choice { got, expected } => match self.suggestion() {
                Some(meant) => format!("{got:?} is not offered; did you mean `{meant}`?"),
                None => format!("{got:?} is not offered; expected {}", one_of(expected)),
            },
            What::Other(message) => message.clone(),
        }
    }
}

fn one_of(names: &[String]) -> String {
    match names {
        [] => "nothing".to_owned(),
        [only] => format!("`{only}`"),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(|name| format!("`{name}`")).collect();
            format!("{} or `{last}`", first.join(", "))
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = self.field();
        if field.is_empty() {
            f.write_str(&self.message())
        } else {
            write!(f, "{field}: {}", self.message())
        }
    }
}

impl std::error::Error for Mistake {}

/// The kind that was found, without the value itself.
fn found(unexpected: &Unexpected<'_>) -> String {
    match unexpected {
        Unexpected::Bool(_) => "true or false".to_owned(),
        Unexpected::Unsigned(number) => number.to_string(),
        Unexpected::Signed(number) => number.to_string(),
        Unexpected::Float(number) => number.to_string(),
        Unexpected::Str(_) | Unexpected::Char(_) | Unexpected::Bytes(_) => "a text".to_owned(),
        Unexpected::Unit | Unexpected::Option => "null".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map | Unexpected::NewtypeStruct | Unexpected::TupleVariant => {
            "a table".to_owned()
        }
        Unexpected::Other(other) if other.starts_with("integer `") => other
            .trim_start_matches("integer ")
            .trim_matches('`')
            .to_owned(),
        other => other.to_string(),
    }
}

/// What a Rust type's name means to people who write settings.
fn wanted(expected: &dyn Expected) -> String {
    let text = expected.to_string();
    match text.as_str() {
        "u8" => "a whole number from 0 to 255".to_owned(),
        "u16" => "a whole number from 0 to 65535".to_owned(),
        "u32" => "a whole number from 0 to 4294967295".to_owned(),
        "u64" | "usize" | "u128" => "a whole number, 0 or more".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" | "i128" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a string" => "a text".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a table".to_owned(),
        text if text.starts_with("struct ") => "a table".to_owned(),
        text if text.starts_with("a nonzero ") => "a whole number above 0".to_owned(),
        _ => text,
    }
}

impl de::Error for Mistake {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(What::Other(message.to_string()))
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(What::Type {
            got: found(&unexpected),
            expected: wanted(expected),
        })
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(unexpected, expected)
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::new(What::Type {
            got: format!("a list of {length}"),
            expected: wanted(expected),
        })
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(What::Choice {
            got: variant.chars().take(64).collect(),
            expected: expected.iter().map(|name| (*name).to_owned()).collect(),
        })
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(What::Unknown {
            key: field.to_owned(),
            expected: expected.iter().map(|name| (*name).to_owned()).collect(),
        })
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(What::Missing {
            key: field.to_owned(),
        })
    }
}
