//! What a model says, told in whichever protocol it was asked in: text, thinking, tool calls and exact usage.
//! The protocols' own shapes are in the files below.

mod chat;
mod embeddings;
mod gemini;
mod messages;
mod responses;

use bytes::Bytes;
use kernel::Usage;
use serde_json::{Value, json};

use super::record::Recorded;
use super::script::Script;

/// A protocol that a provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Surface {
    /// `/v1/chat/completions`
    Chat,
    /// `/v1/responses`
    Responses,
    /// `/v1/messages`
    Messages,
    /// `/v1/embeddings`
    Embeddings,
    /// All that hangs below `/v1beta/models`; the model stands in the path.
    Gemini,
}

impl Surface {
    /// The three that stream.
    pub const STREAMING: [Self; 3] = [Self::Chat, Self::Responses, Self::Messages];

    /// Its path.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Chat => "/v1/chat/completions",
            Self::Responses => "/v1/responses",
            Self::Messages => "/v1/messages",
            Self::Embeddings => "/v1/embeddings",
            Self::Gemini => "/v1beta/models",
        }
    }

    /// The surface whose path this is.
    #[must_use]
    pub fn of(path: &str) -> Option<Self> {
        if path.starts_with("/v1beta/models/") && path.contains(':') {
            return Some(Self::Gemini);
        }
        [
            Self::Chat,
            Self::Responses,
            Self::Messages,
            Self::Embeddings,
        ]
        .into_iter()
        .find(|surface| surface.path() == path)
    }

    /// A small valid request in this protocol.
    #[must_use]
    pub fn request(self, model: &str, stream: bool) -> Value {
        match self {
            Self::Chat => json!({"model": model, "stream": stream,
                "messages": [{"role": "user", "content": "Say hello."}]}),
            Self::Responses => json!({"model": model, "stream": stream, "input": "Say hello."}),
            Self::Messages => json!({"model": model, "max_tokens": 64, "stream": stream,
                "messages": [{"role": "user", "content": "Say hello."}]}),
            Self::Embeddings => json!({"model": model, "input": "Say hello."}),
            Self::Gemini => {
                json!({"contents": [{"role": "user", "parts": [{"text": "Say hello."}]}]})
            }
        }
    }
}

/// One call of a tool by the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall {
    /// Its id.
    pub id: String,
    /// The tool.
    pub name: String,
    /// The arguments exactly as they are to arrive.
    pub arguments: String,
}

/// What a model says to one request.
#[derive(Debug, Clone)]
pub struct Reply {
    id: Option<String>,
    model: Option<String>,
    thinking: Option<(String, String)>,
    text: Option<String>,
    tools: Vec<ToolCall>,
    usage: Usage,
    usage_extra: Option<Value>,
    stop: Option<String>,
    pieces: usize,
}

impl Default for Reply {
    fn default() -> Self {
        Self {
            id: None,
            model: None,
            thinking: None,
            text: None,
            tools: Vec::new(),
            usage: Usage {
                input: 12,
                output: 7,
                ..Usage::default()
            },
            usage_extra: None,
            stop: None,
            pieces: 3,
        }
    }
}

impl Reply {
    /// Says this.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self {
            text: Some(text.to_owned()),
            ..Self::default()
        }
    }

    /// Calls a tool and says nothing.
    #[must_use]
    pub fn tool(id: &str, name: &str, arguments: &str) -> Self {
        Self::default().and_tool(id, name, arguments)
    }

    /// Calls one more tool, in parallel.
    #[must_use]
    pub fn and_tool(mut self, id: &str, name: &str, arguments: &str) -> Self {
        self.tools.push(ToolCall {
            id: id.to_owned(),
            name: name.to_owned(),
            arguments: arguments.to_owned(),
        });
        self
    }

    /// Thinks first; the signature must come back unharmed.
    #[must_use]
    pub fn thinking(mut self, text: &str, signature: &str) -> Self {
        self.thinking = Some((text.to_owned(), signature.to_owned()));
        self
    }

    /// Under this id.
    #[must_use]
    pub fn id(mut self, id: &str) -> Self {
        self.id = Some(id.to_owned());
        self
    }

    /// As this model; without it, the one that was asked for.
    #[must_use]
    pub fn model(mut self, model: &str) -> Self {
        self.model = Some(model.to_owned());
        self
    }

    /// With these counts.
    #[must_use]
    pub const fn usage(mut self, usage: Usage) -> Self {
        self.usage = usage;
        self
    }

    /// With these fields besides in the usage object (service tier, speed, iterations …).
    #[must_use]
    pub fn usage_extra(mut self, fields: Value) -> Self {
        self.usage_extra = Some(fields);
        self
    }

    /// Ending for this reason, as the protocol spells it, instead of the one that fits.
    #[must_use]
    pub fn stop(mut self, reason: &str) -> Self {
        self.stop = Some(reason.to_owned());
        self
    }

    /// With each text and each argument string in this many deltas.
    #[must_use]
    pub const fn pieces(mut self, pieces: usize) -> Self {
        self.pieces = pieces;
        self
    }

    /// Its text.
    #[must_use]
    pub fn said(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Its calls.
    #[must_use]
    pub fn calls(&self) -> &[ToolCall] {
        &self.tools
    }

    /// Its counts.
    #[must_use]
    pub const fn counts(&self) -> Usage {
        self.usage
    }

    /// The answer to this request, in the protocol of its path.
    #[must_use]
    pub fn script(&self, request: &Recorded) -> Script {
        self.script_as(
            Surface::of(request.path()).unwrap_or(Surface::Chat),
            request,
        )
    }

    /// The answer to this request in this protocol, whatever its path.
    #[must_use]
    pub fn script_as(&self, surface: Surface, request: &Recorded) -> Script {
        let body = request.json();
        let asked = body["model"].as_str().unwrap_or("double-1");
        let stream = body["stream"].as_bool().unwrap_or(false);
        if surface == Surface::Gemini {
            return self.gemini_script(request.path(), &body);
        }
        if stream && surface != Surface::Embeddings {
            let usage = body["stream_options"]["include_usage"].as_bool();
            Script::stream(self.events(surface, asked, usage.unwrap_or(false)))
        } else {
            let inputs = body["input"].as_array().map_or(1, Vec::len);
            Script::json(200, &self.body(surface, asked, inputs))
        }
    }

    /// Gemini's model and method stand in the path.
    fn gemini_script(&self, path: &str, body: &Value) -> Script {
        let name = path.rsplit('/').next().unwrap_or_default();
        let (model, method) = name.split_once(':').unwrap_or((name, ""));
        match method {
            "streamGenerateContent" => Script::stream(self.gemini_events(model)),
            "countTokens" => Script::json(200, &json!({"totalTokens": 42})),
            "batchEmbedContents" => {
                let inputs = body["requests"].as_array().map_or(1, Vec::len);
                Script::json(200, &self.gemini_embeddings(inputs))
            }
            _ => Script::json(200, &self.gemini_body(model)),
        }
    }

    /// The stream, one entry per event.
    #[must_use]
    pub fn events(&self, surface: Surface, asked_model: &str, include_usage: bool) -> Vec<Bytes> {
        match surface {
            Surface::Chat => self.chat_events(asked_model, include_usage),
            Surface::Responses => self.responses_events(asked_model),
            Surface::Messages => self.messages_events(asked_model),
            Surface::Gemini => self.gemini_events(asked_model),
            Surface::Embeddings => Vec::new(),
        }
    }

    /// The whole answer; `inputs` is how many texts an embeddings request holds.
    #[must_use]
    pub fn body(&self, surface: Surface, asked_model: &str, inputs: usize) -> Value {
        match surface {
            Surface::Chat => self.chat_body(asked_model),
            Surface::Responses => self.responses_body(asked_model),
            Surface::Messages => self.messages_body(asked_model),
            Surface::Embeddings => self.embeddings_body(asked_model, inputs),
            Surface::Gemini => self.gemini_body(asked_model),
        }
    }

    fn id_or(&self, usual: &str) -> String {
        self.id.clone().unwrap_or_else(|| usual.to_owned())
    }

    fn model_or<'a>(&'a self, asked: &'a str) -> &'a str {
        self.model.as_deref().unwrap_or(asked)
    }

    fn with_extra(&self, mut usage: Value) -> Value {
        if let (Some(Value::Object(extra)), Some(fields)) =
            (&self.usage_extra, usage.as_object_mut())
        {
            for (name, value) in extra {
                fields.insert(name.clone(), value.clone());
            }
        }
        usage
    }

    /// A text in as many pieces as it is sent in.
    #[must_use]
    pub fn split<'a>(&self, text: &'a str) -> Vec<&'a str> {
        split(text, self.pieces)
    }
}

/// `text` in at most `pieces` parts, none of them empty, cut between characters.
#[must_use]
pub fn split(text: &str, pieces: usize) -> Vec<&str> {
    let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let size = starts.len().div_ceil(pieces.max(1)).max(1);
    let mut cuts: Vec<usize> = starts.into_iter().step_by(size).collect();
    cuts.push(text.len());
    cuts.windows(2)
        .map(|pair| &text[pair[0]..pair[1]])
        .collect()
}

/// An event with a name, as Anthropic and the Responses API send them.
#[must_use]
pub fn named_event(data: &Value) -> Bytes {
    let name = data["type"].as_str().unwrap_or_default();
    format!("event: {name}\ndata: {data}\n\n").into()
}

/// A nameless event, as OpenAI chat sends them.
#[must_use]
pub fn data_event(data: &Value) -> Bytes {
    format!("data: {data}\n\n").into()
}
