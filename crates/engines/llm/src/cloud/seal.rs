//! The last step before a call to a cloud leaves: its credential, and with Amazon a signature over the very bytes that go.

use std::borrow::Cow;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderValue};
use http::{Method, Request, Uri, request};
use http_body_util::Full;

use super::bedrock::{AMZ_DATE, AMZ_TOKEN, Bedrock, SERVICE};
use super::sigv4::{self, Keys, Scope, Signed};
use super::{Cloud, Framing, Outgoing, Ready};
use crate::error::LlmError;
use crate::transport::{AnswerBody, Upstream};

/// Hashing more than this takes longer than a step of a call may.
const QUICK_BYTES: usize = 512 << 10;

impl Upstream {
    /// Makes a call to a cloud ready to be sent: into its envelope, then its credential. Only for a kind of provider that
    /// is a cloud ([`Upstream::is_cloud`]). It may wait for a token, at most as long as a connection may take.
    pub async fn ready(&self, call: Outgoing<'_>) -> Result<Ready, LlmError> {
        let unsendable = |reason: String| LlmError::Unsendable {
            provider: self.name.to_string(),
            reason,
        };
        let Some(cloud) = self.cloud() else {
            return Err(unsendable("its kind needs no envelope".to_owned()));
        };
        let mut headers = call.headers.clone();
        self.authorize(&mut headers);
        let dressed = cloud.dress(&call, &mut headers).map_err(unsendable)?;
        let (mut head, ()) = Request::new(()).into_parts();
        head.method = Method::POST;
        head.uri = self.address(&dressed.path, dressed.query.as_deref())?;
        head.headers = headers;
        Ok(Ready {
            request: self.seal(head, dressed.body).await?,
            framing: dressed.framing,
            dropped: dressed.dropped,
        })
    }

    /// Puts the credential of a cloud on a request that is otherwise complete; nothing may change after it. For other
    /// kinds of provider, and where the caller's own credential is used, the request stays as it is.
    pub async fn seal(
        &self,
        mut head: request::Parts,
        body: Bytes,
    ) -> Result<Request<Full<Bytes>>, LlmError> {
        match self.cloud() {
            Some(Cloud::Bedrock(bedrock)) => {
                if let Some(keys) = &bedrock.keys {
                    let payload = payload(&body).await;
                    let uri = head.uri.clone();
                    sign(
                        bedrock,
                        keys,
                        Utc::now(),
                        &head.method,
                        &uri,
                        &mut head.headers,
                        &payload,
                    )
                    .map_err(|reason| LlmError::Unsendable {
                        provider: self.name.to_string(),
                        reason,
                    })?;
                }
            }
            Some(Cloud::Vertex(vertex)) => {
                if let Some(tokens) = vertex.tokens() {
                    let bearer = tokens.bearer(&self.name).await?;
                    head.headers.insert(AUTHORIZATION, bearer);
                }
            }
            Some(Cloud::Azure(azure)) if head.uri.path().contains("/anthropic/") => {
                azure.anthropic_key(&mut head.headers);
            }
            Some(Cloud::Azure(_)) | None => {}
        }
        Ok(Request::from_parts(head, Full::new(body)))
    }

    /// Whether calls go by [`Upstream::ready`] and their answers by [`Upstream::undress`].
    #[must_use]
    pub fn is_cloud(&self) -> bool {
        self.cloud().is_some()
    }

    /// Takes an answer out of the envelope that its call went in.
    #[must_use]
    pub fn undress(
        &self,
        framing: Framing,
        answer: http::Response<AnswerBody>,
        max_event_bytes: usize,
    ) -> http::Response<AnswerBody> {
        framing.undress(answer, &self.name, max_event_bytes)
    }
}

async fn payload(body: &Bytes) -> String {
    if body.len() <= QUICK_BYTES {
        return sigv4::payload(body);
    }
    let copy = body.clone();
    match tokio::task::spawn_blocking(move || sigv4::payload(&copy)).await {
        Ok(hash) => hash,
        // The runtime is ending; the call will see it soon enough.
        Err(_) => sigv4::payload(body),
    }
}

/// Signs a request as it is addressed. What stands between may add headers, so only those are signed that Amazon asks for.
pub(super) fn sign(
    bedrock: &Bedrock,
    keys: &Keys,
    at: DateTime<Utc>,
    method: &Method,
    uri: &Uri,
    headers: &mut HeaderMap,
    payload: &str,
) -> Result<(), String> {
    let unsendable =
        |_| "the access key or its token holds characters that no header may hold".to_owned();
    let date = sigv4::amz_date(at);
    headers.insert(AMZ_DATE, HeaderValue::from_str(&date).map_err(unsendable)?);
    headers.remove(AMZ_TOKEN);
    if let Some(token) = &keys.session_token {
        let mut token = HeaderValue::from_str(token.expose()).map_err(unsendable)?;
        token.set_sensitive(true);
        headers.insert(AMZ_TOKEN, token);
    }
    let authorization = {
        let host = uri
            .authority()
            .map_or("", |authority| host(uri, authority.as_str()));
        let mut signed: Vec<(&str, Cow<'_, str>)> = vec![(HOST.as_str(), host.into())];
        for (name, value) in headers.iter() {
            if name == CONTENT_TYPE || name.as_str().starts_with("x-amz") {
                signed.push((name.as_str(), String::from_utf8_lossy(value.as_bytes())));
            }
        }
        let scope = Scope {
            region: &bedrock.region,
            service: SERVICE,
        };
        let request = Signed {
            method: method.as_str(),
            path: uri.path(),
            query: uri.query().unwrap_or_default(),
            headers: signed,
            payload,
        };
        sigv4::authorization(keys, scope, &date, &request)
    };
    let mut value = HeaderValue::from_str(&authorization).map_err(unsendable)?;
    value.set_sensitive(true);
    headers.insert(AUTHORIZATION, value);
    Ok(())
}

/// What the `host` header will say: the port only where it is not the scheme's own.
fn host<'a>(uri: &Uri, authority: &'a str) -> &'a str {
    let own = match uri.scheme_str() {
        Some("https") => ":443",
        _ => ":80",
    };
    authority.strip_suffix(own).unwrap_or(authority)
}
