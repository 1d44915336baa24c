//! Which headers pass and which do not, in both directions: invariant 1's list and nothing else.

use std::time::Duration;

use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_ENCODING, HeaderMap, HeaderName,
    HeaderValue, RETRY_AFTER,
};
use kernel::{CallId, Nano, RequestId};
use smallvec::SmallVec;

const PREFIX: &str = "x-switchyard-";
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const X_GOOG_API_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const UPSTREAM_REQUEST_ID: HeaderName = HeaderName::from_static("x-switchyard-upstream-request-id");

/// What the call costs, on answers where that is known before the end.
pub const COST: HeaderName = HeaderName::from_static("x-switchyard-cost-usd");
/// Names what of a request had no place at its provider.
pub const DROPPED: HeaderName = HeaderName::from_static("x-switchyard-dropped");
/// The call's id in `/v1/calls`.
const CALL: HeaderName = HeaderName::from_static("x-switchyard-call-id");
/// Tells the SDKs whether another try makes sense.
pub const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");
/// Tells proxies not to hold a stream back.
pub const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The encoding that a body is in, where it is in one.
pub fn encoding(headers: &HeaderMap) -> Option<&str> {
    let name = headers.get(CONTENT_ENCODING)?.to_str().ok()?;
    (!name.eq_ignore_ascii_case("identity")).then_some(name)
}

/// Headers that concern one connection only.
fn is_hop_by_hop(name: &str) -> bool {
    matches!(
        name,
        "connection"
            | "keep-alive"
            | "proxy-connection"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
    )
}

/// Whether the caller sends a credential of its own beside our key.
pub fn has_client_credential(headers: &HeaderMap) -> bool {
    headers.contains_key("x-switchyard-key")
        && [AUTHORIZATION, X_API_KEY, X_GOOG_API_KEY]
            .iter()
            .any(|name| headers.contains_key(name))
}

/// Turns a caller's headers into those sent upstream. `client_credential` leaves the caller's own in place;
/// `body_decoded` says that the body is no longer in the encoding that its header names.
pub fn to_upstream(headers: &mut HeaderMap, client_credential: bool, body_decoded: bool) {
    keep(headers, |name| match name {
        "host" | "content-length" | "cookie" => false,
        // Met already: the body is here.
        "expect" => false,
        "authorization" | "x-api-key" | "x-goog-api-key" => client_credential,
        "content-encoding" => !body_decoded,
        _ => true,
    });
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
}

/// Turns an upstream's headers into those of our answer, under the ids of the request and the call; gives back the
/// upstream's own request id.
pub fn to_client(headers: &mut HeaderMap, request: RequestId, call: CallId) -> Option<HeaderValue> {
    keep(headers, |name| {
        !matches!(name, "set-cookie" | "alt-svc" | "strict-transport-security")
    });
    let upstream = stamp(headers, request);
    if let Some(id) = &upstream {
        headers.insert(UPSTREAM_REQUEST_ID, id.clone());
    }
    self::call(headers, call);
    upstream
}

/// Says where the call is on record.
pub fn call(headers: &mut HeaderMap, call: CallId) {
    if let Ok(id) = HeaderValue::from_bytes(call.text().as_bytes()) {
        headers.insert(CALL, id);
    }
}

/// Puts our request id where each family of SDKs looks for it; gives back the id that stood there.
pub fn stamp(headers: &mut HeaderMap, request: RequestId) -> Option<HeaderValue> {
    let value = HeaderValue::from_bytes(request.text().as_bytes()).ok()?;
    let second = headers.insert(X_REQUEST_ID, value.clone());
    headers.insert(REQUEST_ID, value).or(second)
}

/// What the call cost, where it is known.
pub fn cost(headers: &mut HeaderMap, cost: Option<Nano>) {
    if let Some(cost) = cost
        && let Ok(value) = HeaderValue::from_str(&cost.to_string())
    {
        headers.insert(COST, value);
    }
}

/// How long a provider asks to wait: in milliseconds or in seconds; a date is not understood.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let number =
        |name: HeaderName| -> Option<f64> { headers.get(name)?.to_str().ok()?.trim().parse().ok() };
    let seconds = number(HeaderName::from_static("retry-after-ms"))
        .map(|millis| millis / 1_000.0)
        .or_else(|| number(RETRY_AFTER))?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// What a caller's headers say of whom a call is charged to; the first value of each.
#[derive(Debug, Default)]
pub struct Told<'h> {
    /// Labels for charging back.
    pub tags: Option<&'h HeaderValue>,
    user_agent: Option<&'h HeaderValue>,
    session: Option<&'h HeaderValue>,
    claude_code_session: Option<&'h HeaderValue>,
    codex_session: Option<&'h HeaderValue>,
}

impl<'h> Told<'h> {
    /// Looks at each header once.
    pub fn by(headers: &'h HeaderMap) -> Self {
        let mut told = Self::default();
        for (name, value) in headers {
            let place = match name.as_str() {
                "user-agent" => &mut told.user_agent,
                "x-switchyard-tags" => &mut told.tags,
                // Binds a call to a session of ours.
                "x-switchyard-session" => &mut told.session,
                "x-claude-code-session-id" => &mut told.claude_code_session,
                // Codex.
                "session-id" => &mut told.codex_session,
                _ => continue,
            };
            place.get_or_insert(value);
        }
        told
    }

    /// The session, by the first header that is text.
    pub fn session(&self) -> Option<&'h str> {
        [self.session, self.claude_code_session, self.codex_session]
            .into_iter()
            .find_map(|value| value?.to_str().ok())
    }

    /// The client program: the user agent's first word before the slash, at most 40 characters.
    pub fn client(&self) -> Option<String> {
        // Text in headers is ASCII.
        let agent = self.user_agent?.to_str().ok()?;
        let name = agent.split(['/', ' ']).next()?;
        let name = &name[..name.len().min(40)];
        // Both SDK families send `OpenAI/Python 3.52.0` or `Anthropic/Python 2.11.0`: the second word tells the language.
        let language = agent
            .split('/')
            .nth(1)
            .and_then(|rest| rest.split(' ').next());
        match language {
            Some(language @ ("Python" | "JS")) => Some([name, "/", language].concat()),
            _ => (!name.is_empty()).then(|| name.to_owned()),
        }
    }
}

/// Keeps what `wanted` wants, and neither what concerns this connection nor what is ours. One walk over the few names
/// that are there costs less than a look-up for each of the many that may be.
fn keep(headers: &mut HeaderMap, wanted: impl Fn(&str) -> bool) {
    // Also what the connection header names concerns this connection only.
    let named: SmallVec<[HeaderName; 2]> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|named| named.to_str().ok())
        .flat_map(|named| named.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    let gone: SmallVec<[HeaderName; 6]> = headers
        .keys()
        .filter(|name| {
            let text = name.as_str();
            !wanted(text) || is_hop_by_hop(text) || text.starts_with(PREFIX) || named.contains(name)
        })
        .cloned()
        .collect();
    for name in gone {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use http::header::{CONTENT_ENCODING, SET_COOKIE};

    use super::*;

    fn map(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)))
            .collect()
    }

    #[test]
    fn only_the_listed_request_headers_go() {
        let mut headers = map(&[
            ("host", "gateway"),
            ("connection", "keep-alive, x-private-hop"),
            ("x-private-hop", "1"),
            ("authorization", "Bearer sy_key_x"),
            ("x-api-key", "sy_key_x"),
            ("cookie", "a=b"),
            ("expect", "100-continue"),
            ("x-switchyard-tags", "a=b"),
            ("accept-encoding", "gzip, br"),
            ("anthropic-beta", "a,b"),
            ("anthropic-version", "2023-06-01"),
            ("x-stainless-lang", "python"),
            ("x-unknown", "kept"),
        ]);
        to_upstream(&mut headers, false, false);
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "accept-encoding",
                "anthropic-beta",
                "anthropic-version",
                "x-stainless-lang",
                "x-unknown"
            ]
        );
        assert_eq!(headers[ACCEPT_ENCODING], "identity");
    }

    #[test]
    fn what_concerns_one_connection_stays_behind() {
        let mut headers = map(&[
            ("connection", "close, x-hop"),
            ("x-hop", "1"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "close"),
            ("proxy-authenticate", "Basic"),
            ("proxy-authorization", "Basic x"),
            ("te", "trailers"),
            ("trailer", "x"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("set-cookie", "a=b"),
            ("x-switchyard-cost-usd", "0"),
            ("content-length", "5"),
        ]);
        headers.append("set-cookie", HeaderValue::from_static("c=d"));
        keep(&mut headers, |name| name != "set-cookie");
        let left: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        assert_eq!(left, ["content-length"]);
    }

    #[test]
    fn a_callers_own_credential_stays_where_the_provider_takes_it() {
        let pairs = [
            ("authorization", "Bearer own"),
            ("x-switchyard-key", "sy_key_x"),
            ("content-encoding", "gzip"),
        ];
        let mut headers = map(&pairs);
        assert!(has_client_credential(&headers));
        assert!(!has_client_credential(&map(&pairs[..1])));
        assert!(!has_client_credential(&map(&pairs[1..])));
        to_upstream(&mut headers, true, true);
        assert_eq!(headers[AUTHORIZATION], "Bearer own");
        assert!(!headers.contains_key("x-switchyard-key"));
        assert!(!headers.contains_key(CONTENT_ENCODING));
    }

    #[test]
    fn the_upstreams_request_id_moves() {
        let mut headers = map(&[
            ("request-id", "req_up"),
            ("set-cookie", "a"),
            ("anthropic-ratelimit-x", "1"),
        ]);
        let (request, call) = (RequestId::from_u128(1), CallId::from_u128(2));
        assert_eq!(to_client(&mut headers, request, call).unwrap(), "req_up");
        assert_eq!(headers[X_REQUEST_ID], *request.to_string());
        assert_eq!(headers[CALL], *call.to_string());
        assert_eq!(headers[UPSTREAM_REQUEST_ID], "req_up");
        assert_eq!(headers[REQUEST_ID], headers[X_REQUEST_ID]);
        assert!(headers.get(SET_COOKIE).is_none() && headers.contains_key("anthropic-ratelimit-x"));
    }

    #[test]
    fn clients_are_told_apart() {
        for (agent, name) in [
            ("claude-cli/2.1.329 (external, sdk-cli)", "claude-cli"),
            ("OpenAI/Python 3.52.0", "OpenAI/Python"),
            ("codex_exec/0.169.0 (Debian 12)", "codex_exec"),
            ("Anthropic/JS 1.11.0", "Anthropic/JS"),
            ("curl", "curl"),
        ] {
            let headers = map(&[("user-agent", agent)]);
            assert_eq!(Told::by(&headers).client().as_deref(), Some(name));
        }
        assert_eq!(Told::by(&map(&[("user-agent", "/1.0")])).client(), None);
        assert_eq!(Told::by(&map(&[])).client(), None);
        let long = HeaderValue::from_str(&"x".repeat(50)).unwrap();
        let headers = [(http::header::USER_AGENT, long)].into_iter().collect();
        assert_eq!(Told::by(&headers).client().unwrap().len(), 40);
    }
}
