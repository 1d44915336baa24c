//! The gateway's routes. They stand outside the router of the other rooms: no middleware, one match on the path.

mod docs;
mod models;
mod native;
mod responses;

pub use docs::document;

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use facts::Surface;
use http::header::{CONTENT_LENGTH, UPGRADE};
use http::{Method, Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming as IncomingBody;
use kernel::RequestId;
use tokio::time::timeout;
use wire::{ErrorShape, Protocol};

use crate::answer::failure;
use crate::body::AnswerBody;
use crate::error::GatewayError;
use crate::gateway::{Gateway, State};
use crate::invoke::{self, Incoming, Way};

const CHAT: Way = Way {
    protocol: Protocol::Chat,
    surface: Surface::Chat,
    suffix: "",
    path: "/v1/chat/completions",
};
const EMBEDDINGS: Way = Way {
    protocol: Protocol::Embeddings,
    surface: Surface::Embeddings,
    suffix: "",
    path: "/v1/embeddings",
};
const RESPONSES: Way = Way {
    protocol: Protocol::Responses,
    surface: Surface::Responses,
    suffix: "",
    path: "/v1/responses",
};
const INPUT_TOKENS: Way = Way {
    protocol: Protocol::Responses,
    surface: Surface::CountTokens,
    suffix: "/input_tokens",
    path: "/v1/responses/input_tokens",
};
const MESSAGES: Way = Way {
    protocol: Protocol::Messages,
    surface: Surface::Messages,
    suffix: "",
    path: "/v1/messages",
};
const COUNT_TOKENS: Way = Way {
    protocol: Protocol::Messages,
    surface: Surface::CountTokens,
    suffix: "/count_tokens",
    path: "/v1/messages/count_tokens",
};

/// A path of ours, read once.
#[derive(Debug, Clone, Copy)]
enum Route<'a> {
    Call(Way),
    /// `/v1/responses/{id}` and what is below it.
    Stored(&'a str),
    Models,
    Capabilities,
    Model(&'a str),
    Native(&'a str, &'a str),
}

impl<'a> Route<'a> {
    fn of(path: &'a str) -> Option<Self> {
        let path = path
            .strip_prefix("/api")
            .filter(|rest| rest.starts_with("/v1/"))
            .unwrap_or(path);
        if let Some(rest) = path.strip_prefix("/v1/") {
            return Some(match rest {
                "chat/completions" => Self::Call(CHAT),
                "messages" => Self::Call(MESSAGES),
                "responses" => Self::Call(RESPONSES),
                "embeddings" => Self::Call(EMBEDDINGS),
                "messages/count_tokens" => Self::Call(COUNT_TOKENS),
                "responses/input_tokens" => Self::Call(INPUT_TOKENS),
                "models" => Self::Models,
                "models/capabilities" => Self::Capabilities,
                _ => {
                    return match rest.split_once('/') {
                        Some(("models", id)) if !id.is_empty() => Some(Self::Model(id)),
                        Some(("responses", id)) if !id.is_empty() => Some(Self::Stored(id)),
                        _ => None,
                    };
                }
            });
        }
        let (name, rest) = path.strip_prefix("/providers/")?.split_once('/')?;
        (!name.is_empty()).then_some(Self::Native(name, rest))
    }

    /// The route as the API document writes it, for figures.
    const fn template(&self) -> &'static str {
        match self {
            Self::Call(way) => way.path,
            Self::Stored(_) => "/v1/responses/{id}",
            Self::Models => "/v1/models",
            Self::Capabilities => "/v1/models/capabilities",
            Self::Model(_) => "/v1/models/{id}",
            Self::Native(..) => "/providers/{name}/{path}",
        }
    }

    /// The error shape of this route's callers.
    fn shape<B>(&self, request: &Request<B>) -> ErrorShape {
        match self {
            Self::Call(way) => way.protocol.error_shape(),
            Self::Stored(_) => ErrorShape::OpenAi,
            Self::Models | Self::Model(_) | Self::Capabilities | Self::Native(..) => {
                if request.headers().contains_key("anthropic-version") {
                    ErrorShape::Anthropic
                } else {
                    ErrorShape::OpenAi
                }
            }
        }
    }
}

impl Gateway {
    /// Whether a path is the gateway's.
    #[must_use]
    pub fn owns(path: &str) -> bool {
        Route::of(path).is_some()
    }

    /// The template of one of the gateway's paths.
    #[must_use]
    pub fn template(path: &str) -> &'static str {
        Route::of(path).map_or("unmatched", |route| route.template())
    }

    /// Answers a request on one of the gateway's paths.
    pub async fn serve(
        &self,
        request: Request<IncomingBody>,
        id: RequestId,
    ) -> Response<AnswerBody> {
        let path = request.uri().path().to_owned();
        let Some(route) = Route::of(&path) else {
            return failure(ErrorShape::Own, &GatewayError::NoSuchPath, id);
        };
        let shape = route.shape(&request);
        let state = self.shared.state.load_full();
        match Box::pin(self.route(route, &state, request, id)).await {
            Ok(response) => response,
            Err(error) => {
                self.shared.metrics.refused(&error);
                tracing::debug!(request.id = %id, path, %error, "refused");
                failure(shape, &error, id)
            }
        }
    }

    async fn route(
        &self,
        route: Route<'_>,
        state: &std::sync::Arc<State>,
        request: Request<IncomingBody>,
        id: RequestId,
    ) -> Result<Response<AnswerBody>, GatewayError> {
        match route {
            Route::Call(way) => {
                if way.surface == Surface::Responses && asks_for_websocket(&request) {
                    return Err(GatewayError::NoWebSocket);
                }
                if request.method() != Method::POST {
                    return Err(GatewayError::Method { allow: "POST" });
                }
                let incoming = self.receive(state, request, id).await?;
                invoke::invoke(&self.shared, state, way, incoming).await
            }
            Route::Stored(rest) => responses::stored(self, state, request, id, rest).await,
            Route::Models => models::list(self, state, &request, id).await,
            Route::Model(model) => models::one(self, state, &request, id, model).await,
            Route::Capabilities => models::capabilities(self, state, &request, id).await,
            Route::Native(name, rest) => native::pass(self, state, request, id, name, rest).await,
        }
    }

    /// Finds out who is calling.
    async fn caller<B>(
        &self,
        request: &Request<B>,
    ) -> Result<std::sync::Arc<guard::Caller>, GatewayError> {
        let authenticate = &self.shared.deps.authenticate;
        let presented = web::presented(request.headers()).ok_or(web::AuthError::Missing)?;
        match authenticate.known(presented) {
            Some(found) => Ok(found?),
            None => Ok(authenticate.authenticate(presented).await?),
        }
    }

    /// Authenticates first, then reads the body: nobody unknown makes us hold megabytes.
    async fn receive(
        &self,
        state: &State,
        request: Request<IncomingBody>,
        id: RequestId,
    ) -> Result<Incoming, GatewayError> {
        let caller = self.caller(&request).await?;
        let (head, body) = request.into_parts();
        let limit_bytes = state.config.max_body_bytes;
        let announced = head
            .headers
            .get(CONTENT_LENGTH)
            .and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|length| length > limit_bytes) {
            return Err(GatewayError::BodyTooLarge { limit_bytes });
        }
        let limit_ms = state.config.body_read_ms;
        let body = timeout(
            Duration::from_millis(limit_ms),
            read(body, limit_bytes, announced),
        )
        .await
        .map_err(|_| GatewayError::BodyTimeout { limit_ms })??;
        Ok(Incoming {
            request: id,
            caller,
            query: head.uri.query().map(str::to_owned),
            headers: head.headers,
            body,
            pinned: None,
        })
    }
}

/// Other upgrades, such as the `h2c` that Java's client offers with every request, are simply not taken up.
fn asks_for_websocket<B>(request: &Request<B>) -> bool {
    let mut upgrades = request.headers().get_all(UPGRADE).iter();
    upgrades.any(|value| {
        value
            .to_str()
            .is_ok_and(|text| text.trim().eq_ignore_ascii_case("websocket"))
    })
}

/// Collects a body up to a bound; one that comes in one piece is not copied.
async fn read(
    mut body: IncomingBody,
    limit_bytes: usize,
    announced: Option<usize>,
) -> Result<Bytes, GatewayError> {
    let mut first = Bytes::new();
    let mut more = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| GatewayError::BodyBroken)?.into_data() else {
            continue;
        };
        if first.len().max(more.len()) + data.len() > limit_bytes {
            return Err(GatewayError::BodyTooLarge { limit_bytes });
        }
        if first.is_empty() && more.is_empty() {
            first = data;
        } else {
            if more.is_empty() {
                more.reserve(announced.unwrap_or(2 * (first.len() + data.len())));
                more.extend_from_slice(&first);
            }
            more.extend_from_slice(&data);
        }
    }
    Ok(if more.is_empty() {
        first
    } else {
        more.freeze()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_routes_below_either_prefix() {
        for (path, template) in [
            ("/v1/chat/completions", "/v1/chat/completions"),
            ("/api/v1/messages", "/v1/messages"),
            ("/v1/responses/resp_1/cancel", "/v1/responses/{id}"),
            ("/v1/responses/input_tokens", "/v1/responses/input_tokens"),
            ("/v1/models/sim/echo", "/v1/models/{id}"),
            ("/v1/models/capabilities", "/v1/models/capabilities"),
            ("/providers/openai/v1/files", "/providers/{name}/{path}"),
        ] {
            assert_eq!(Gateway::template(path), template, "{path}");
        }
        for path in [
            "/v1/keys",
            "/v1/models/",
            "/providers//x",
            "/api/health",
            "/",
        ] {
            assert!(!Gateway::owns(path), "{path}");
        }
    }

    #[test]
    fn only_a_websocket_upgrade_is_one() {
        let with = |value: &str| Request::builder().header(UPGRADE, value).body(()).unwrap();
        assert!(asks_for_websocket(&with("WebSocket")));
        assert!(!asks_for_websocket(&with("h2c")));
        assert!(!asks_for_websocket(&Request::new(())));
    }
}
