//! The least that a proxy can be: hyper on both sides, bodies passed on frame by frame, nothing looked at.

use anyhow::{Context, Result};
use bytes::Bytes;
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Request, Response, StatusCode, Uri, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::serve;

/// Serves until the process is ended.
pub async fn run(upstream: String) -> Result<()> {
    let host = HeaderValue::from_str(&upstream)?;
    let authority: Authority = upstream.parse().context("the upstream is not host:port")?;
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Client<_, Incoming> = Client::builder(TokioExecutor::new()).build(connector);
    serve::serve(move |mut request: Request<Incoming>| {
        let client = client.clone();
        let authority = authority.clone();
        let host = host.clone();
        async move {
            let mut parts = std::mem::take(request.uri_mut()).into_parts();
            parts.scheme = Some(Scheme::HTTP);
            parts.authority = Some(authority);
            *request.uri_mut() = Uri::from_parts(parts).unwrap_or_default();
            request.headers_mut().insert(header::HOST, host);
            client
                .request(request)
                .await
                .map_or_else(|_| bad_gateway(), |response| response.map(BodyExt::boxed))
        }
    })
    .await
}

fn bad_gateway() -> Response<BoxBody<Bytes, hyper::Error>> {
    let body = Empty::new().map_err(|never| match never {}).boxed();
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response
}
