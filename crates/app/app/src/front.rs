//! One service for all connections. Model routes go straight to the gateway, everything else to the router of the
//! rooms. How connections come in stands in `door`.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use gateway::{Gateway, Route};
use http::uri::PathAndQuery;
use http::{Request, Response, Uri};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tower::ServiceExt;
use web::{Authenticate, Cors, RequestContext};

/// Everything that one request may need.
#[derive(Clone)]
pub(crate) struct Front {
    pub gateway: Gateway,
    pub router: axum::Router,
    pub authenticate: Arc<dyn Authenticate>,
    pub cors: Arc<Cors>,
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of an answer, from either side.
pub(crate) enum Answer {
    Gateway(gateway::AnswerBody),
    Router(axum::body::Body),
}

impl Body for Answer {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.get_mut() {
            Self::Gateway(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
            Self::Router(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Gateway(body) => body.is_end_stream(),
            Self::Router(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Gateway(body) => body.size_hint(),
            Self::Router(body) => body.size_hint(),
        }
    }
}

impl Front {
    /// Answers one request.
    pub(crate) async fn serve(self, peer: IpAddr, request: Request<Incoming>) -> Response<Answer> {
        if let Some(route) = Route::of(request.uri().path()) {
            let began = Instant::now();
            let template = route.template();
            let method = request.method().clone();
            let answer = if self.cors.is_closed() {
                let id = kernel::RequestId::new();
                self.gateway
                    .serve(route, request, id)
                    .await
                    .map(Answer::Gateway)
            } else {
                self.serve_with_cors(route, request).await
            };
            telemetry::http::observe(
                template,
                method.as_str(),
                answer.status().as_u16(),
                began.elapsed(),
            );
            return answer;
        }
        let mut request = request;
        strip_api(request.uri_mut());
        let context = RequestContext::new(peer, request.headers());
        let extensions = request.extensions_mut();
        extensions.insert(context);
        extensions.insert(self.authenticate.clone());
        let answer = self
            .router
            .oneshot(request.map(axum::body::Body::new))
            .await;
        match answer {
            Ok(response) => response.map(Answer::Router),
            Err(never) => match never {},
        }
    }

    /// Model routes for pages of other origins, where the settings name some.
    async fn serve_with_cors(self, route: Route, request: Request<Incoming>) -> Response<Answer> {
        if let Some(preflight) = self.cors.preflight(request.method(), request.headers()) {
            return preflight.map(Answer::Router);
        }
        let allowed = self.cors.allowed(request.headers());
        let mut response = self
            .gateway
            .serve(route, request, kernel::RequestId::new())
            .await;
        self.cors.mark(allowed, response.headers_mut());
        response.map(Answer::Gateway)
    }
}

/// `/api/v1/…` is `/v1/…`.
fn strip_api(uri: &mut Uri) {
    let Some(rest) = uri
        .path_and_query()
        .and_then(|path| path.as_str().strip_prefix("/api/v1/"))
    else {
        return;
    };
    let Ok(path) = PathAndQuery::try_from(format!("/v1/{rest}")) else {
        return;
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path);
    if let Ok(stripped) = Uri::from_parts(parts) {
        *uri = stripped;
    }
}
