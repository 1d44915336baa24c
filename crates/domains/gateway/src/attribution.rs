//! Whom a call is charged to beside its key: tags, session, client program, end user.

use std::collections::BTreeMap;

use guard::Caller;
use http::{HeaderMap, HeaderValue};
use wire::Envelope;

use crate::error::GatewayError;
use crate::headers::Told;

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
        let told = Told::by(headers);
        let named = told.session().map(str::to_owned);
        Ok(Self {
            tags: tags(told.tags, caller)?,
            session: named.or_else(|| envelope.session.clone()).map(bounded),
            client: told.client(),
            end_user: envelope.end_user.clone().map(bounded),
        })
    }

    /// For routes whose body is not read.
    pub fn of_headers(headers: &HeaderMap, caller: &Caller) -> Result<Self, GatewayError> {
        let told = Told::by(headers);
        Ok(Self {
            tags: tags(told.tags, caller)?,
            client: told.client(),
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
fn tags(
    told: Option<&HeaderValue>,
    caller: &Caller,
) -> Result<BTreeMap<String, String>, GatewayError> {
    let Some(value) = told else {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::caller;

    fn with(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| {
                let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
                (http::HeaderName::from_static(name), value)
            })
            .collect()
    }

    fn read(value: &str) -> Result<BTreeMap<String, String>, GatewayError> {
        let mut caller = caller();
        caller.tags.insert("team".into(), "blue".into());
        let headers = with(&[("x-switchyard-tags", value)]);
        tags(Told::by(&headers).tags, &caller)
    }

    #[test]
    fn tags_join_those_of_the_key_which_stand() {
        let read = read(" run = a b , team=red,, x=y=z").unwrap();
        let read: Vec<_> = read.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(read, [("run", "a b"), ("team", "blue"), ("x", "y=z")]);
        let none = Attribution::of_headers(&HeaderMap::new(), &caller()).unwrap();
        assert!(none.tags.is_empty());
    }

    #[test]
    fn faulty_tags_are_refused_with_their_reason() {
        let long = "v".repeat(65);
        let many: Vec<String> = (0..10).map(|n| format!("t{n}=1")).collect();
        for (text, reason) in [
            ("plain", "has no ="),
            ("=v", "is empty"),
            ("k=", "is empty"),
            ("k=é", "visible ASCII"),
            ("k=1,k=2", "stands twice"),
            (&format!("k={long}"), "too long"),
            (&format!("{long}=1"), "too long"),
            (&many.join(","), "too many"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
        assert!(read(&many[..9].join(",")).is_ok());
    }

    #[test]
    fn sessions_come_from_headers_before_the_body() {
        let envelope = Envelope {
            session: Some("body".into()),
            end_user: Some("é".repeat(300)),
            ..Envelope::default()
        };
        let session = |pairs: &[(&'static str, &str)]| {
            let read = Attribution::read(&with(pairs), &caller(), &envelope).unwrap();
            read.session.unwrap()
        };
        assert_eq!(session(&[]), "body");
        assert_eq!(session(&[("session-id", "codex")]), "codex");
        let both = [("x-claude-code-session-id", "cc"), ("session-id", "codex")];
        assert_eq!(session(&both), "cc");
        assert_eq!(session(&[("x-switchyard-session", "own"), both[0]]), "own");
        let read = Attribution::read(&HeaderMap::new(), &caller(), &envelope).unwrap();
        assert_eq!(read.end_user.unwrap().chars().count(), LONGEST_NAME);
    }
}
