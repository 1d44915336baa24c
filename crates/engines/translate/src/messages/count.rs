//! Counting tokens at `/v1/messages/count_tokens`, which takes what a count depends on and refuses every other field.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::write_request::write_request;
use crate::context::RequestContext;
use crate::dialect::{Dialect, Upstream};
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::json::{self, Object};
use crate::names::Names;
use crate::neutral::Request;

/// What a count depends on.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Counted<'a> {
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    system: Option<&'a RawValue>,
    messages: Option<&'a RawValue>,
    tools: Option<&'a RawValue>,
    tool_choice: Option<&'a RawValue>,
    thinking: Option<&'a RawValue>,
    output_config: Option<&'a RawValue>,
}

/// Writes a request for a count.
pub(crate) fn write_count(
    request: &mut Request<'_>,
    dialect: Dialect,
    context: &RequestContext<'_>,
    names: &mut Names,
    dropped: &mut Dropped,
) -> Result<Vec<u8>, TranslateError> {
    let whole = write_request(request, dialect, context, names, dropped)?;
    let broken = |error: serde_json::Error| TranslateError::answer(Upstream::Messages, &error);
    let kept: Counted<'_> = serde_json::from_slice(&whole).map_err(broken)?;
    let mut body = Vec::with_capacity(whole.len());
    {
        let mut object = Object::new(&mut body);
        object.raw_if("model", kept.model);
        object.raw_if("system", kept.system);
        object.raw_if("messages", kept.messages);
        object.raw_if("tools", kept.tools);
        object.raw_if("tool_choice", kept.tool_choice);
        object.raw_if("thinking", kept.thinking);
        object.raw_if("output_config", kept.output_config);
    }
    Ok(body)
}

/// Reads the count.
pub(crate) fn read_count(body: &str) -> Result<u64, TranslateError> {
    #[derive(Deserialize)]
    struct Count {
        #[serde(default)]
        input_tokens: u64,
    }
    let count: Count =
        json::read(body).map_err(|error| TranslateError::answer(Upstream::Messages, &error))?;
    Ok(count.input_tokens)
}
