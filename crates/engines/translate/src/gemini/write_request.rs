//! Writes the neutral request as a `generateContent` body. Model and streaming stand in the path, not in here; safety
//! settings are left as the provider has them.

mod contents;
mod parts;
mod settings;
mod tools;

use super::model::Model;
use crate::context::RequestContext;
use crate::dialect::Dialect;
use crate::dropped::Dropped;
use crate::error::TranslateError;
use crate::json::Object;
use crate::names::Names;
use crate::neutral::Request;

/// Writes a request; its turns are used up.
pub(crate) fn write_request(
    request: &mut Request<'_>,
    dialect: Dialect,
    context: &RequestContext<'_>,
    names: &mut Names,
    dropped: &mut Dropped,
) -> Result<Vec<u8>, TranslateError> {
    let turns = std::mem::take(&mut request.turns);
    let room: usize = turns.iter().map(|turn| turn.parts.len() * 256).sum();
    let mut body = Vec::with_capacity(4_096 + room);
    {
        let mut object = Object::new(&mut body);
        let model = Model::of(context, dialect);
        let has_tools = tools::write(&mut object, request, names, dropped);
        let format = settings::structured(request, has_tools, model, dropped);
        let conversation = contents::settled(turns);
        contents::write(&mut object, conversation, &format, model, dropped)?;
        settings::write(&mut object, request, &format, model, context, dropped);
    }
    Ok(body)
}

#[cfg(test)]
mod tests;
