//! The gateway's routes. They stand outside the router of the other rooms: no middleware, one match on the path.

mod docs;
mod models;
mod native;
mod responses;

pub use docs::document;

use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use facts::Surface;
use http::header::{CONTENT_LENGTH, UPGRADE};
use http::{Method, Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming as IncomingBody;
use kernel::{Failure as _, RequestId};
use wire::{ErrorShape, Protocol};

use crate::answer::failure;
use crate::body::AnswerBody;
use crate::error::GatewayError;
use crate::gateway::{Gateway, State};
use crate::invoke::{self, Incoming, Way};
use crate::within::within;

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

/// One of the gateway's paths, read once.
#[derive(Debug, Clone)]
pub struct Route(Place);

/// What a path leads to. Only the rarer ones hold text of their own.
#[derive(Debug, Clone)]
enum Place {
    Call(Way),
    /// `/v1/responses/{id}` and what is below it.
    Stored(Box<str>),
    Models,
    Capabilities,
    Model(Box<str>),
    Native(Box<str>, Box<str>),
}

impl Route {
    /// The route of a path; `None` where the path is not the gateway's.
    #[must_use]
    pub fn of(path: &str) -> Option<Self> {
        let path = path
            .strip_prefix("/api")
            .filter(|rest| rest.starts_with("/v1/"))
            .unwrap_or(path);
        let place = if let Some(rest) = path.strip_prefix("/v1/") {
            match rest {
                "chat/completions" => Place::Call(CHAT),
                "messages" => Place::Call(MESSAGES),
                "responses" => Place::Call(RESPONSES),
                "embeddings" => Place::Call(EMBEDDINGS),
                "messages/count_tokens" => Place::Call(COUNT_TOKENS),
                "responses/input_tokens" => Place::Call(INPUT_TOKENS),
                "models" => Place::Models,
                "models/capabilities" => Place::Capabilities,
                _ => match rest.split_once('/')? {
                    (_, "") => return None,
                    ("models", id) => Place::Model(id.into()),
                    ("responses", id) => Place::Stored(id.into()),
                    _ => return None,
                },
            }
        } else {
            let (name, rest) = path.strip_prefix("/providers/")?.split_once('/')?;
            if name.is_empty() {
                return None;
            }
            Place::Native(name.into(), rest.into())
        };
        Some(Self(place))
    }

    /// The route as the API document writes it, for figures.
    #[must_use]
    pub const fn template(&self) -> &'static str {
        match &self.0 {
            Place::Call(way) => way.path,
            Place::Stored(_) => "/v1/responses/{id}",
            Place::Models => "/v1/models",
            Place::Capabilities => "/v1/models/capabilities",
            Place::Model(_) => "/v1/models/{id}",
            Place::Native(..) => "/providers/{name}/{path}",
        }
    }

    /// The error shape of this route's callers.
    fn shape<B>(&self, request: &Request<B>) -> ErrorShape {
        match &self.0 {
            Place::Call(way) => way.protocol.error_shape(),
            Place::Stored(_) => ErrorShape::OpenAi,
            Place::Models | Place::Model(_) | Place::Capabilities | Place::Native(..) => {
                if request.headers().contains_key("anthropic-version") {
                    ErrorShape::Anthropic
                } else {
                    ErrorShape::OpenAi
                }
            }
        }
    }
}

/// The path itself.
impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Stored(id) => write!(f, "/v1/responses/{id}"),
            Place::Model(id) => write!(f, "/v1/models/{id}"),
            Place::Native(name, rest) => write!(f, "/providers/{name}/{rest}"),
            Place::Call(_) | Place::Models | Place::Capabilities => f.write_str(self.template()),
        }
    }
}

impl Gateway {
    /// Answers a request on one of the gateway's paths.
    pub async fn serve(
        &self,
        route: Route,
        request: Request<IncomingBody>,
        id: RequestId,
    ) -> Response<AnswerBody> {
        let shape = route.shape(&request);
        let state = self.shared.state.load_full();
        match Box::pin(self.route(&route, &state, request, id)).await {
            Ok(response) => response,
            Err(error) => {
                self.shared.metrics.refused(&error);
                tracing::info!(request.id = %id, path = %route, error.code = error.code(), %error, "refused");
                failure(shape, &error, id)
            }
        }
    }

    async fn route(
        &self,
        route: &Route,
        state: &std::sync::Arc<State>,
        request: Request<IncomingBody>,
        id: RequestId,
    ) -> Result<Response<AnswerBody>, GatewayError> {
        match &route.0 {
            Place::Call(way) => {
                if way.surface == Surface::Responses && asks_for_websocket(&request) {
                    return Err(GatewayError::NoWebSocket);
                }
                if request.method() != Method::POST {
                    return Err(GatewayError::Method { allow: "POST" });
                }
                let incoming = self.receive(state, request, id).await?;
                invoke::invoke(&self.shared, state, *way, incoming).await
            }
            // Boxed apart, so that a call's future, which is moved with all its room, has none for the rarer routes.
            Place::Stored(rest) => {
                Box::pin(responses::stored(self, state, request, id, rest)).await
            }
            Place::Models => models::list(self, state, &request, id).await,
            Place::Model(model) => models::one(self, state, &request, id, model).await,
            Place::Capabilities => models::capabilities(self, state, &request, id).await,
            Place::Native(name, rest) => {
                Box::pin(native::pass(self, state, request, id, name, rest)).await
            }
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
        let body = within(
            || Duration::from_millis(limit_ms),
            read(body, limit_bytes, announced),
        )
        .await
        .ok_or(GatewayError::BodyTimeout { limit_ms })??;
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
            let route = Route::of(path).unwrap();
            assert_eq!(route.template(), template, "{path}");
            assert!(path.ends_with(&route.to_string()), "{path}");
        }
        for path in [
            "/v1/keys",
            "/v1/models/",
            "/providers//x",
            "/api/health",
            "/",
        ] {
            assert!(Route::of(path).is_none(), "{path}");
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
