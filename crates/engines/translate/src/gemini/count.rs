//! Counting tokens: `countTokens` takes a whole request, tools and system instruction included.

use serde::Deserialize;

use super::write_request::write_request;
use crate::context::RequestContext;
use crate::dialect::{Dialect, Upstream};
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::json::{self, Object};
use crate::names::Names;
use crate::neutral::Request;

/// Writes a request for a count.
pub(crate) fn write_count(
    request: &mut Request<'_>,
    dialect: Dialect,
    context: &RequestContext<'_>,
    names: &mut Names,
    dropped: &mut Dropped,
) -> Result<Vec<u8>, TranslateError> {
    if dialect == Dialect::VertexGemini {
        // Vertex counts a bare request, and has no place for a choice among its tools.
        request.tool_choice = None;
        return write_request(request, dialect, context, names, dropped);
    }
    let inner = write_request(request, dialect, context, names, dropped)?;
    let mut body = Vec::with_capacity(inner.len() + 96);
    {
        let mut object = Object::new(&mut body);
        let out = object.value("generateContentRequest");
        {
            let mut request = Object::new(out);
            request.str("model", &format!("models/{}", context.model));
            // The rest stands in the inner object, whose brace is ours.
        }
        out.pop();
        out.push(b',');
        out.extend_from_slice(&inner[1..]);
    }
    Ok(body)
}

/// Reads the count.
pub(crate) fn read_count(body: &str) -> Result<u64, TranslateError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Counted {
        #[serde(default)]
        total_tokens: u64,
    }
    let counted: Counted =
        json::read(body).map_err(|error| TranslateError::answer(Upstream::Gemini, &error))?;
    Ok(counted.total_tokens)
}
