//! Which headers pass and which do not, in both directions: invariant 1's list and nothing else.

use http::header::{
    ACCEPT_ENCODING, ALT_SVC, AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, COOKIE,
    EXPECT, HOST, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION,
    SET_COOKIE, STRICT_TRANSPORT_SECURITY, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use kernel::RequestId;

const PREFIX: &str = "x-switchyard-";
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const X_GOOG_API_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const UPSTREAM_REQUEST_ID: HeaderName = HeaderName::from_static("x-switchyard-upstream-request-id");

/// What the call costs, on answers where that is known before the end.
pub const COST: HeaderName = HeaderName::from_static("x-switchyard-cost-usd");
/// The call's id in `/v1/calls`.
pub const CALL: HeaderName = HeaderName::from_static("x-switchyard-call-id");
/// Tells the SDKs whether another try makes sense.
pub const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");
/// Tells proxies not to hold a stream back.
pub const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
/// The session that Claude Code names.
pub const CLAUDE_CODE_SESSION: HeaderName = HeaderName::from_static("x-claude-code-session-id");
/// The session that Codex names.
pub const CODEX_SESSION: HeaderName = HeaderName::from_static("session-id");
/// Binds a call to a session of ours.
pub const SESSION: HeaderName = HeaderName::from_static("x-switchyard-session");
/// Labels for charging back.
pub const TAGS: HeaderName = HeaderName::from_static("x-switchyard-tags");

const HOP_BY_HOP: [HeaderName; 9] = [
    CONNECTION,
    KEEP_ALIVE,
    PROXY_CONNECTION,
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

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
    remove_hop_by_hop(headers);
    headers.remove(HOST);
    headers.remove(CONTENT_LENGTH);
    headers.remove(COOKIE);
    // Met already: the body is here.
    headers.remove(EXPECT);
    if !client_credential {
        headers.remove(AUTHORIZATION);
        headers.remove(X_API_KEY);
        headers.remove(X_GOOG_API_KEY);
    }
    if body_decoded {
        headers.remove(CONTENT_ENCODING);
    }
    remove_own(headers);
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
}

/// Turns an upstream's headers into those of our answer; gives back the upstream's own request id.
pub fn to_client(headers: &mut HeaderMap) -> Option<HeaderValue> {
    remove_hop_by_hop(headers);
    headers.remove(SET_COOKIE);
    headers.remove(ALT_SVC);
    headers.remove(STRICT_TRANSPORT_SECURITY);
    remove_own(headers);
    let first = headers.remove(REQUEST_ID);
    let second = headers.remove(X_REQUEST_ID);
    let upstream = first.or(second);
    if let Some(id) = &upstream {
        headers.insert(UPSTREAM_REQUEST_ID, id.clone());
    }
    upstream
}

/// Puts our request id where each family of SDKs looks for it.
pub fn stamp(headers: &mut HeaderMap, request: RequestId) {
    if let Ok(value) = HeaderValue::from_str(request.text().as_str()) {
        headers.insert(X_REQUEST_ID, value.clone());
        headers.insert(REQUEST_ID, value);
    }
}

/// The client program: the user agent's first word before the slash, at most 40 characters.
#[must_use]
pub fn client_name(headers: &HeaderMap) -> Option<String> {
    let agent = headers.get(http::header::USER_AGENT)?.to_str().ok()?;
    let name: String = agent.split(['/', ' ']).next()?.chars().take(40).collect();
    // Both SDK families send `OpenAI/Python 3.52.0` or `Anthropic/Python 2.11.0`: the second word tells the language.
    let language = agent
        .split('/')
        .nth(1)
        .and_then(|rest| rest.split(' ').next());
    match language {
        Some(language @ ("Python" | "JS")) => Some(format!("{name}/{language}")),
        _ => (!name.is_empty()).then_some(name),
    }
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    if let Some(named) = headers.get(CONNECTION) {
        let named: Vec<HeaderName> = named
            .to_str()
            .unwrap_or("")
            .split(',')
            .filter_map(|name| name.trim().parse().ok())
            .filter(|name| *name != CONNECTION)
            .collect();
        for name in named {
            headers.remove(name);
        }
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

fn remove_own(headers: &mut HeaderMap) {
    let own: smallvec::SmallVec<[HeaderName; 4]> = headers
        .keys()
        .filter(|name| name.as_str().starts_with(PREFIX))
        .cloned()
        .collect();
    for name in own {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
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
        assert_eq!(to_client(&mut headers).unwrap(), "req_up");
        stamp(&mut headers, RequestId::from_u128(1));
        assert_eq!(headers[UPSTREAM_REQUEST_ID], "req_up");
        assert_ne!(headers[REQUEST_ID], "req_up");
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
            assert_eq!(
                client_name(&map(&[("user-agent", agent)])).as_deref(),
                Some(name)
            );
        }
        assert_eq!(client_name(&map(&[("user-agent", "/1.0")])), None);
        assert_eq!(client_name(&map(&[])), None);
    }
}
