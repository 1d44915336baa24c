//! Text and values of one statement, grown together. It knows placeholders, no table.

use sea_orm::{DbBackend, Statement, Value};

/// A statement under construction for one of the two dialects.
pub(crate) struct Sql {
    backend: DbBackend,
    text: String,
    values: Vec<Value>,
}

impl Sql {
    /// Starts with fixed text.
    pub(crate) fn new(backend: DbBackend, text: &str) -> Self {
        Self {
            backend,
            text: text.to_owned(),
            values: Vec::new(),
        }
    }

    /// Adds fixed text; never anything that a caller sent.
    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Adds a placeholder and the value that stands in for it.
    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        placeholder(&mut self.text, self.backend, self.values.len());
        self
    }

    /// Adds ` AND column <operator> value` when there is a value.
    pub(crate) fn and<V: Into<Value>>(&mut self, test: &str, value: Option<V>) -> &mut Self {
        if let Some(value) = value {
            self.push(" AND ").push(test).push(" ").bind(value);
        }
        self
    }

    /// The finished statement.
    pub(crate) fn statement(self) -> Statement {
        Statement::from_sql_and_values(self.backend, self.text, self.values)
    }
}

/// Writes the placeholder of the `number`th value. SQLite's are unnumbered: it looks numbered ones up by name, one by
/// one, which makes a statement of a thousand values a million comparisons.
pub(crate) fn placeholder(text: &mut String, backend: DbBackend, number: usize) {
    if backend == DbBackend::Postgres {
        text.push('$');
        text.push_str(&number.to_string());
    } else {
        text.push('?');
    }
}
