//! Content blocks into neutral parts.

use std::borrow::Cow;

use serde_json::value::RawValue;
use wire::Protocol;

use super::tools::Changes;
use crate::context::RequestContext;
use crate::dialect::Origin;
use crate::error::TranslateError;
use crate::json::{self, Text};
use crate::messages::block::{Block, BlockSource, Content};
use crate::neutral::{
    Bind, Bound, Input, Media, Part, Reasoning, Source, TextPart, ToolCall, ToolResult,
};
use crate::seal;

/// Tool results hold blocks, whose documents may hold blocks again; nobody means more than this.
const MAX_DEPTH: usize = 4;

/// Reads blocks, and keeps what they say of tools.
pub(super) struct Parts<'a, 'c> {
    context: &'c RequestContext<'c>,
    depth: usize,
    /// What the conversation says of its tools.
    pub changes: Changes<'a>,
    /// The blocks read last begin with a compaction.
    pub compacted: bool,
}

impl<'a, 'c> Parts<'a, 'c> {
    pub(super) fn new(context: &'c RequestContext<'c>) -> Self {
        Self {
            context,
            depth: 0,
            changes: Changes::default(),
            compacted: false,
        }
    }

    pub(super) fn content(
        &mut self,
        content: Content<'a>,
    ) -> Result<Vec<Part<'a>>, TranslateError> {
        let blocks = match content {
            Content::Text(text) if text.is_empty() => return Ok(Vec::new()),
            Content::Text(text) => return Ok(vec![Part::text(text)]),
            Content::List(blocks) => blocks,
        };
        let mut parts = Vec::with_capacity(blocks.len());
        for block in blocks {
            if block.is("compaction") {
                parts.clear();
                self.compacted = true;
            }
            if let Some(part) = self.block(block)? {
                parts.push(part);
            }
        }
        Ok(parts)
    }

    fn block(&mut self, mut block: Block<'a>) -> Result<Option<Part<'a>>, TranslateError> {
        let cache = block.cache_control.take().map(|control| control.hint());
        let kind = block.r#type.take().unwrap_or(Text::Raw("text"));
        Ok(match kind.decoded().as_ref() {
            "text" => block.text.filter(|text| !text.is_empty()).map(|text| {
                Part::Text(TextPart {
                    text,
                    cache,
                    signature: None,
                    citations: block.citations,
                })
            }),
            "thinking" => Some(Part::Reasoning(thinking(block))),
            "redacted_thinking" => block.data.map(|data| {
                let bound = seal::open(&data)
                    .unwrap_or_else(|| Bound::new(Origin::Anthropic, Bind::Redacted, data));
                Part::Reasoning(Reasoning {
                    text: Text::EMPTY,
                    bound: Some(bound),
                })
            }),
            "tool_use" => Some(self.tool_use(block, cache)),
            "tool_result" => Some(Part::ToolResult(ToolResult {
                id: block.tool_use_id.unwrap_or(Text::EMPTY),
                name: None,
                parts: self.nested(block.content)?,
                is_error: block.is_error.unwrap_or(false),
                cache,
            })),
            "image" => Some(Part::Image(Media {
                cache,
                ..self.media(&block)?
            })),
            "document" => Some(Part::Document(Media {
                cache,
                title: block.title.take(),
                context: block.context.take(),
                ..self.media(&block)?
            })),
            "search_result" => Some(Part::Document(Media {
                cache,
                title: block.title.take(),
                context: block.source.and_then(|raw| Text::of(raw.get())),
                ..Media::new(Source::Parts(self.nested(block.content)?), "")
            })),
            "tool_reference" => block.tool_name.map(|name| self.changes.reference(name)),
            "tool_addition" | "tool_removal" => {
                self.changes.change(kind.is("tool_addition"), block.tool);
                None
            }
            "compaction" => self.nested(block.content)?.into_iter().next(),
            _ => Some(Part::Server(kind)),
        })
    }

    fn tool_use(&mut self, block: Block<'a>, cache: Option<crate::neutral::Cache>) -> Part<'a> {
        let id = block.id.unwrap_or(Text::EMPTY);
        let name = block.name.unwrap_or(Text::EMPTY);
        self.changes.called(&name);
        let signature = self.context.signature_of.and_then(|of| of(&id.decoded()));
        let input = block.input.map_or("{}", RawValue::get);
        Part::ToolCall(ToolCall {
            id,
            namespace: None,
            name,
            input: Input::Object(Cow::Borrowed(input)),
            signature: signature
                .map(|data| Bound::new(Origin::Gemini, Bind::Signature, Text::plain(data))),
            cache,
        })
    }

    /// Blocks within a block.
    fn nested(&mut self, raw: Option<&'a RawValue>) -> Result<Vec<Part<'a>>, TranslateError> {
        let Some(raw) = raw.filter(|raw| raw.get() != "null") else {
            return Ok(Vec::new());
        };
        if self.depth == MAX_DEPTH {
            return Err(TranslateError::NotARequest {
                protocol: Protocol::Messages,
                reason: format!("`content` is nested more than {MAX_DEPTH} times"),
            });
        }
        let content: Content<'a> = Content::of(raw)
            .map_err(|error| TranslateError::request(Protocol::Messages, &error))?;
        self.depth += 1;
        let parts = self.content(content);
        self.depth -= 1;
        parts
    }

    fn media(&mut self, block: &Block<'a>) -> Result<Media<'a>, TranslateError> {
        let raw = block.source.map_or("{}", RawValue::get);
        let source: BlockSource<'a> =
            json::read(raw).map_err(|error| TranslateError::request(Protocol::Messages, &error))?;
        let kind = source.r#type.as_ref().map(Text::decoded);
        let media_type = source
            .media_type
            .map(Text::into_decoded)
            .unwrap_or_default();
        let data = source.data.unwrap_or(Text::EMPTY);
        Ok(match kind.as_deref() {
            Some("url") => Media::new(Source::Url(source.url.unwrap_or(Text::EMPTY)), media_type),
            Some("file") => Media::new(
                Source::File(source.file_id.unwrap_or(Text::EMPTY)),
                media_type,
            ),
            Some("text") => Media::new(Source::Text(data), media_type),
            Some("content") => Media::new(Source::Parts(self.nested(source.content)?), media_type),
            _ => Media::new(Source::Base64(data), media_type),
        })
    }
}

/// A thinking block whose signature is Anthropic's own, or a seal of ours around another maker's.
fn thinking(block: Block<'_>) -> Reasoning<'_> {
    let text = block.thinking.unwrap_or(Text::EMPTY);
    let signature = block.signature.filter(|signature| !signature.is_empty());
    let Some(signature) = signature else {
        return Reasoning { text, bound: None };
    };
    match seal::open(&signature) {
        // Hidden from its client, the text travelled inside.
        Some(mut bound) => Reasoning {
            text: bound
                .text
                .take()
                .filter(|_| text.is_empty())
                .unwrap_or(text),
            bound: Some(bound),
        },
        None => Reasoning {
            text,
            bound: Some(Bound::new(Origin::Anthropic, Bind::Signature, signature)),
        },
    }
}
