//! Embeddings: OpenAI's request as `batchEmbedContents`, whose answer becomes OpenAI's list.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kernel::Reported;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::context::RequestContext;
use crate::dialect::Upstream;
use crate::error::TranslateError;
use crate::fault::Fault;
use crate::json::{self, Object, Text};

/// Writes a request for the vectors of these texts.
pub(crate) fn write_embeddings(
    texts: &[Text<'_>],
    dimensions: Option<&RawValue>,
    context: &RequestContext<'_>,
) -> Vec<u8> {
    let size: usize = texts.iter().map(Text::len).sum();
    let mut body = Vec::with_capacity(size + 128 * texts.len());
    {
        let mut object = Object::new(&mut body);
        let mut requests = object.array("requests");
        for text in texts {
            let mut request = requests.object();
            request.str("model", &format!("models/{}", context.model));
            {
                let mut content = request.object("content");
                let mut parts = content.array("parts");
                parts.object().text("text", text);
            }
            request.raw_if("outputDimensionality", dimensions);
        }
    }
    body
}

/// Reads the vectors and writes them as OpenAI's; `packed` as base64 of 32-bit floats.
pub(crate) fn read_embeddings(
    body: &str,
    model: &str,
    packed: bool,
    reported: &Reported,
) -> Result<Vec<u8>, TranslateError> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Embedded<'a> {
        #[serde(borrow)]
        embeddings: Option<Vec<Embedding<'a>>>,
        error: Option<&'a RawValue>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Embedding<'a> {
        #[serde(borrow)]
        values: Option<&'a RawValue>,
    }
    let broken = |error: serde_json::Error| TranslateError::answer(Upstream::Gemini, &error);
    let embedded: Embedded<'_> = json::read(body).map_err(broken)?;
    if embedded.error.is_some() {
        let fault = Fault::read(0, body.as_bytes());
        return Err(TranslateError::UpstreamError {
            kind: fault.kind,
            message: fault.message,
        });
    }
    let Some(embeddings) = embedded.embeddings else {
        return Err(TranslateError::NotAnAnswer {
            upstream: Upstream::Gemini,
            reason: "it has no embeddings".to_owned(),
        });
    };
    let mut out = Vec::with_capacity(body.len());
    {
        let mut object = Object::new(&mut out);
        object.str("object", "list");
        {
            let mut data = object.array("data");
            for (index, embedding) in (0..).zip(&embeddings) {
                let values = embedding.values.map_or("[]", RawValue::get);
                let mut item = data.object();
                item.str("object", "embedding");
                item.number("index", index);
                if packed {
                    item.str("embedding", &pack(values).map_err(broken)?);
                } else {
                    item.raw("embedding", values);
                }
            }
        }
        object.str("model", model);
        let tokens = reported.usage.map_or(0, |usage| usage.total_input());
        let mut usage = object.object("usage");
        usage.number("prompt_tokens", tokens);
        usage.number("total_tokens", tokens);
    }
    Ok(out)
}

fn pack(values: &str) -> Result<String, serde_json::Error> {
    let floats: Vec<f32> = json::read(values)?;
    let bytes: Vec<u8> = floats.into_iter().flat_map(f32::to_le_bytes).collect();
    Ok(STANDARD.encode(bytes))
}
