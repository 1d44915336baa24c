//! Reads any deserialisable type from a tree. It tells every mistake by its path, takes texts of the environment for the kind
//! that is asked for, resolves secrets, and remembers which keys nobody asked for.

mod access;
pub(crate) mod lenient;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{self, DeserializeOwned, Expected, Unexpected, Visitor};

use crate::mistake::{Mistake, What};
use crate::secret::{self, SECRET};
use crate::tree::{Node, Step, Value, path_text};
use access::{Items, Pairs};

/// A key that no type asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ignored {
    pub(crate) path: Vec<Step>,
    pub(crate) expected: &'static [&'static str],
}

/// What reading needs beside the tree, and what it notices on the way.
#[derive(Debug, Default)]
pub(crate) struct Context<'a> {
    /// Where `env:NAME` and `file:PATH` are looked up; without it secrets stay references.
    secrets_from: Option<SecretSources<'a>>,
    pub(crate) ignored: RefCell<Vec<Ignored>>,
    /// Paths that were read as secrets.
    pub(crate) secrets: RefCell<BTreeSet<String>>,
    path: RefCell<Vec<Step>>,
}

/// Where references to secrets lead.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SecretSources<'a> {
    pub(crate) env: &'a BTreeMap<String, String>,
    /// Relative file names start here.
    pub(crate) base: &'a Path,
}

impl<'a> Context<'a> {
    pub(crate) fn with_secrets(sources: SecretSources<'a>) -> Self {
        Self {
            secrets_from: Some(sources),
            ..Self::default()
        }
    }

    fn enter(&self, step: Step) {
        self.path.borrow_mut().push(step);
    }

    fn leave(&self) {
        self.path.borrow_mut().pop();
    }
}

/// Reads a type from a tree: the first mistake ends it. Keys that the type does not have are its own matter
/// (`deny_unknown_fields`).
pub fn read<T: DeserializeOwned>(node: &Node) -> Result<T, Mistake> {
    read_with(node, &Context::default())
}

pub(crate) fn read_with<T: DeserializeOwned>(
    node: &Node,
    context: &Context<'_>,
) -> Result<T, Mistake> {
    context.path.borrow_mut().clear();
    T::deserialize(Reader {
        node,
        context,
        fields: &[],
    })
}

/// Reads one value; `fields` are the names that the surrounding struct has.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a, 'c> {
    pub(crate) node: &'a Node,
    pub(crate) context: &'a Context<'c>,
    /// The names that would have done where this value's key is unknown.
    pub(crate) fields: &'static [&'static str],
}

impl Reader<'_, '_> {
    fn unfit(&self, expected: &dyn Expected) -> Mistake {
        <Mistake as de::Error>::invalid_type(Unexpected::Other(self.node.kind()), expected)
    }

    fn number<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match &self.node.value {
            Value::Integer(number) => visit_integer(*number, visitor),
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Lenient(text) => {
                let text = text.trim();
                if let Ok(number) = text.parse::<i128>() {
                    visit_integer(number, visitor)
                } else if let Some(number) = lenient::decimal(text) {
                    visitor.visit_f64(number)
                } else {
                    Err(self.unfit(&visitor))
                }
            }
            _ => Err(self.unfit(&visitor)),
        }
    }

    fn text<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match &self.node.value {
            Value::Text(text) | Value::Lenient(text) => visitor.visit_str(text),
            // A visitor may take other kinds too; where it does not, the value stays unsaid: it may be a secret.
            _ => self
                .deserialize_any_kind(visitor)
                .map_err(|mistake| match mistake.what {
                    What::Type { expected, .. } if mistake.path.is_empty() => {
                        Mistake::new(What::Type {
                            got: self.node.kind().to_owned(),
                            expected,
                        })
                    }
                    what => Mistake { what, ..mistake },
                }),
        }
    }

    fn table<'de, V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        match &self.node.value {
            Value::Table(entries) => visitor.visit_map(Pairs::new(entries, self.context, fields)),
            Value::Lenient(text) => {
                match lenient::structure(text, '{', self.node)
                    .as_ref()
                    .map(|node| &node.value)
                {
                    Some(Value::Table(entries)) => {
                        visitor.visit_map(Pairs::new(entries, self.context, fields))
                    }
                    _ => Err(self.unfit(&visitor)),
                }
            }
            _ => Err(self.unfit(&visitor)),
        }
    }

    fn list<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match &self.node.value {
            Value::List(items) => visitor.visit_seq(Items::new(items, self.context)),
            Value::Lenient(text) => {
                let items = lenient::list(text, self.node);
                visitor.visit_seq(Items::new(&items, self.context))
            }
            _ => Err(self.unfit(&visitor)),
        }
    }

    fn deserialize_any_kind<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match &self.node.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Integer(number) => visit_integer(*number, visitor),
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Text(text) => visitor.visit_str(text),
            Value::List(items) => visitor.visit_seq(Items::new(items, self.context)),
            Value::Table(entries) => visitor.visit_map(Pairs::new(entries, self.context, &[])),
            Value::Lenient(text) => {
                let node = lenient::guess(text, self.node);
                match &node.value {
                    Value::Lenient(text) => visitor.visit_str(text),
                    _ => Reader {
                        node: &node,
                        ..self
                    }
                    .deserialize_any_kind(visitor),
                }
            }
        }
    }
}

fn visit_integer<'de, V: Visitor<'de>>(number: i128, visitor: V) -> Result<V::Value, Mistake> {
    if let Ok(number) = i64::try_from(number) {
        visitor.visit_i64(number)
    } else if let Ok(number) = u64::try_from(number) {
        visitor.visit_u64(number)
    } else {
        visitor.visit_i128(number)
    }
}

macro_rules! as_number {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
            self.number(visitor)
        })*
    };
}

macro_rules! as_text {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
            self.text(visitor)
        })*
    };
}

impl<'de> de::Deserializer<'de> for Reader<'_, '_> {
    type Error = Mistake;

    as_number! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64
    }

    as_text! {
        deserialize_char deserialize_str deserialize_string deserialize_bytes
        deserialize_byte_buf deserialize_identifier
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_any_kind(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match &self.node.value {
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Lenient(text) => match lenient::boolean(text) {
                Some(value) => visitor.visit_bool(value),
                None => Err(self.unfit(&visitor)),
            },
            _ => Err(self.unfit(&visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match &self.node.value {
            Value::Null => visitor.visit_none(),
            Value::Lenient(text) if text.is_empty() => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match &self.node.value {
            Value::Null => visitor.visit_unit(),
            _ => Err(self.unfit(&visitor)),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        if name != SECRET {
            return visitor.visit_newtype_struct(self);
        }
        let (Value::Text(text) | Value::Lenient(text)) = &self.node.value else {
            return Err(self.unfit(&visitor));
        };
        let path = path_text(&self.context.path.borrow());
        self.context.secrets.borrow_mut().insert(path);
        match self.context.secrets_from {
            None => visitor.visit_str(text),
            Some(sources) => {
                let pair = secret::look_up(text, sources)
                    .map_err(|error| Mistake::new(What::Other(error.to_string())))?;
                visitor.visit_seq(de::value::SeqDeserializer::new(pair.into_iter()))
            }
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.list(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        self.list(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        self.list(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.table(&[], visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        self.table(fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        match &self.node.value {
            Value::Text(text) | Value::Lenient(text) => {
                visitor.visit_enum(StrDeserializer::new(text))
            }
            Value::Table(entries) => visitor.visit_enum(MapAccessDeserializer::new(Pairs::new(
                entries,
                self.context,
                &[],
            ))),
            _ => Err(self.unfit(&"a text")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.context.ignored.borrow_mut().push(Ignored {
            path: self.context.path.borrow().clone(),
            expected: self.fields,
        });
        visitor.visit_unit()
    }
}

#[cfg(test)]
mod tests;
