//! Whom a call is charged to beside its key: tags, session, client program, end user.

use std::collections::BTreeMap;

use guard::Caller;
use http::HeaderMap;
use wire::Envelope;

use crate::error::GatewayError;
use crate::headers;

const MOST_TAGS: usize = 10;
const LONGEST_TAG: usize = 64;
const LONGEST_NAME: usize = 200;

/// Labels of one call.
#[derive(Debug, Default)]
pub(crate) struct Attribution {
    pub tags: BTreeMap<String, String>,
    pub session: Option<String>,
    pub client: Option<String>,
    pub end_user: Option<String>,
}

impl Attribution {
    pub fn read(
        headers: &HeaderMap,
        caller: &Caller,
        envelope: &Envelope,
    ) -> Result<Self, GatewayError> {
        let named = [
            headers::SESSION,
            headers::CLAUDE_CODE_SESSION,
            headers::CODEX_SESSION,
        ]
        .iter()
        .find_map(|name| headers.get(name)?.to_str().ok().map(str::to_owned));
        Ok(Self {
            tags: tags(headers, caller)?,
            session: named.or_else(|| envelope.session.clone()).map(bounded),
            client: headers::client_name(headers),
            end_user: envelope.end_user.clone().map(bounded),
        })
    }

    /// For routes whose body is not read.
    pub fn of_headers(headers: &HeaderMap, caller: &Caller) -> Result<Self, GatewayError> {
        Ok(Self {
            tags: tags(headers, caller)?,
            client: headers::client_name(headers),
            ..Self::default()
        })
    }
}

fn bounded(mut text: String) -> String {
    if let Some((at, _)) = text.char_indices().nth(LONGEST_NAME) {
        text.truncate(at);
    }
    text
}

/// The request's tags over the key's own: a key's tag cannot be changed by a request.
fn tags(headers: &HeaderMap, caller: &Caller) -> Result<BTreeMap<String, String>, GatewayError> {
    let Some(value) = headers.get(headers::TAGS) else {
        return Ok(caller.tags.clone());
    };
    let text = value
        .to_str()
        .map_err(|_| GatewayError::Tags("only visible ASCII is allowed"))?;
    let mut tags = BTreeMap::new();
    for pair in text
        .split(',')
        .map(str::trim)
        .filter(|pair| !pair.is_empty())
    {
        let (name, value) = pair
            .split_once('=')
            .ok_or(GatewayError::Tags("a pair has no ="))?;
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() || value.is_empty() {
            return Err(GatewayError::Tags("a name or value is empty"));
        }
        if name.len() > LONGEST_TAG || value.len() > LONGEST_TAG {
            return Err(GatewayError::Tags("a name or value is too long"));
        }
        if tags.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(GatewayError::Tags("a name stands twice"));
        }
    }
    for (name, value) in &caller.tags {
        tags.insert(name.clone(), value.clone());
    }
    if tags.len() > MOST_TAGS {
        return Err(GatewayError::Tags(
            "there are too many, the key's own included",
        ));
    }
    Ok(tags)
}
