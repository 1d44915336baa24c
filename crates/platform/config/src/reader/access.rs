//! Walks lists and tables for the reader; puts the path on mistakes as they come up.

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess};

use super::{Context, Reader};
use crate::mistake::Mistake;
use crate::tree::{Node, Step};

/// The items of a list.
pub(super) struct Items<'a, 'c> {
    items: std::iter::Enumerate<std::slice::Iter<'a, Node>>,
    context: &'a Context<'c>,
}

impl<'a, 'c> Items<'a, 'c> {
    pub(super) fn new(items: &'a [Node], context: &'a Context<'c>) -> Self {
        Self {
            items: items.iter().enumerate(),
            context,
        }
    }
}

impl<'de> SeqAccess<'de> for Items<'_, '_> {
    type Error = Mistake;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Mistake> {
        let Some((index, node)) = self.items.next() else {
            return Ok(None);
        };
        let step = Step::Index(index);
        self.context.enter(step.clone());
        let value = seed.deserialize(Reader {
            node,
            context: self.context,
            fields: &[],
        });
        self.context.leave();
        value.map(Some).map_err(|mistake| mistake.under(step))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// The entries of a table; `fields` are the names that the struct has, none for a map.
pub(super) struct Pairs<'a, 'c> {
    entries: std::slice::Iter<'a, (String, Node)>,
    current: Option<&'a (String, Node)>,
    context: &'a Context<'c>,
    fields: &'static [&'static str],
}

impl<'a, 'c> Pairs<'a, 'c> {
    pub(super) fn new(
        entries: &'a [(String, Node)],
        context: &'a Context<'c>,
        fields: &'static [&'static str],
    ) -> Self {
        Self {
            entries: entries.iter(),
            current: None,
            context,
            fields,
        }
    }
}

impl<'de> MapAccess<'de> for Pairs<'_, '_> {
    type Error = Mistake;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Mistake> {
        self.current = self.entries.next();
        match self.current {
            None => Ok(None),
            Some((key, _)) => seed.deserialize(StrDeserializer::new(key)).map(Some),
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Mistake> {
        let Some((key, node)) = self.current.take() else {
            return Err(<Mistake as serde::de::Error>::custom(
                "a value was asked for before its key",
            ));
        };
        let step = Step::Key(key.clone());
        self.context.enter(step.clone());
        let value = seed.deserialize(Reader {
            node,
            context: self.context,
            fields: self.fields,
        });
        self.context.leave();
        value.map_err(|mistake| mistake.under(step))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}
