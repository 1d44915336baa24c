//! A settings file of a client, edited value by value: JSON in its own key order, TOML with its comments.

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use toml_edit::{DocumentMut, Item, Table};

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Syntax {
    /// JSON.
    Json,
    /// TOML.
    Toml,
}

/// One value to set, or to take out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Where: keys from the top.
    pub path: Vec<String>,
    /// The text to stand there; `None` takes out what stands there.
    pub value: Option<String>,
}

impl Edit {
    /// Sets a text.
    pub fn set(path: &[&str], value: impl Into<String>) -> Self {
        Self {
            path: path.iter().map(|key| (*key).to_owned()).collect(),
            value: Some(value.into()),
        }
    }

    /// Takes a value out.
    pub fn remove(path: &[&str]) -> Self {
        Self {
            path: path.iter().map(|key| (*key).to_owned()).collect(),
            value: None,
        }
    }
}

/// A parsed file.
pub enum Document {
    /// JSON; the top is an object.
    Json(Map<String, Value>),
    /// TOML.
    Toml(Box<DocumentMut>),
}

impl Document {
    /// Reads a file; one that is not there or blank is empty.
    pub fn parse(syntax: Syntax, text: Option<&str>) -> anyhow::Result<Self> {
        let text = text.unwrap_or_default();
        Ok(match syntax {
            Syntax::Json if text.trim().is_empty() => Self::Json(Map::new()),
            Syntax::Json => match serde_json::from_str(text).context("it is no JSON")? {
                Value::Object(map) => Self::Json(map),
                _ => bail!("it is no JSON object"),
            },
            Syntax::Toml => Self::Toml(Box::new(text.parse().context("it is no TOML")?)),
        })
    }

    /// What stands at a path, as text of the file's own syntax.
    pub fn get(&self, path: &[String]) -> Option<String> {
        let (last, above) = path.split_last()?;
        match self {
            Self::Json(map) => {
                let mut at = map;
                for key in above {
                    at = at.get(key)?.as_object()?;
                }
                at.get(last).map(Value::to_string)
            }
            Self::Toml(document) => {
                let mut at = document.as_item();
                for key in above {
                    at = at.as_table_like()?.get(key)?;
                }
                let item = at.as_table_like()?.get(last)?;
                item.as_value()
                    .map(|value| value.clone().decorated("", "").to_string())
            }
        }
    }

    /// Applies an edit.
    pub fn apply(&mut self, edit: &Edit) -> anyhow::Result<()> {
        match (&edit.value, &*self) {
            (None, _) => self.put(&edit.path, None),
            (Some(text), Self::Json(_)) => {
                self.put(&edit.path, Some(&Value::from(text.as_str()).to_string()))
            }
            (Some(text), Self::Toml(_)) => {
                let text = toml_edit::Value::from(text.as_str()).to_string();
                self.put(&edit.path, Some(&text))
            }
        }
    }

    /// Puts a text of the file's own syntax at a path, or takes out what stands there, with what is empty above it.
    pub fn put(&mut self, path: &[String], text: Option<&str>) -> anyhow::Result<()> {
        match self {
            Self::Json(map) => put_json(map, path, text),
            Self::Toml(document) => put_toml(document.as_table_mut(), path, text),
        }
    }

    /// The file's text.
    pub fn render(&self) -> anyhow::Result<String> {
        Ok(match self {
            Self::Json(map) => serde_json::to_string_pretty(map)? + "\n",
            Self::Toml(document) => document.to_string(),
        })
    }
}

fn put_json(
    map: &mut Map<String, Value>,
    path: &[String],
    text: Option<&str>,
) -> anyhow::Result<()> {
    match (path, text) {
        ([], _) => Ok(()),
        ([last], Some(text)) => {
            map.insert(last.clone(), serde_json::from_str(text)?);
            Ok(())
        }
        ([last], None) => {
            map.shift_remove(last);
            Ok(())
        }
        ([first, rest @ ..], text) => {
            if text.is_none() && !map.contains_key(first) {
                return Ok(());
            }
            let inner = map
                .entry(first.clone())
                .or_insert_with(|| Map::new().into())
                .as_object_mut()
                .with_context(|| format!("{first:?} is no object there"))?;
            put_json(inner, rest, text)?;
            if text.is_none() && inner.is_empty() {
                map.shift_remove(first);
            }
            Ok(())
        }
    }
}

fn put_toml(
    table: &mut dyn toml_edit::TableLike,
    path: &[String],
    text: Option<&str>,
) -> anyhow::Result<()> {
    match (path, text) {
        ([], _) => Ok(()),
        ([last], Some(text)) => {
            let mut value: toml_edit::Value =
                text.parse().context("a value that TOML does not take")?;
            match table.get_mut(last).and_then(Item::as_value_mut) {
                Some(old) => {
                    // The comment behind the old value stays.
                    *value.decor_mut() = old.decor().clone();
                    *old = value;
                }
                None => {
                    table.insert(last, Item::Value(value));
                }
            }
            Ok(())
        }
        ([last], None) => {
            table.remove(last);
            Ok(())
        }
        ([first, rest @ ..], text) => {
            if text.is_none() && !table.contains_key(first) {
                return Ok(());
            }
            if !table.contains_key(first) {
                let mut fresh = Table::new();
                // A table that only holds tables needs no head of its own.
                fresh.set_implicit(rest.len() > 1);
                table.insert(first, Item::Table(fresh));
            }
            let inner = table
                .get_mut(first)
                .and_then(Item::as_table_like_mut)
                .with_context(|| format!("{first:?} is no table there"))?;
            put_toml(inner, rest, text)?;
            if text.is_none() && inner.is_empty() {
                table.remove(first);
            }
            Ok(())
        }
    }
}
