//! Google Vertex for Claude and Gemini, with the token endpoint of its service accounts. The endpoint checks each assertion's
//! signature and claims; the models answer only those tokens that it gave out.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::Utc;
use parking_lot::Mutex;
use ring::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde_json::{Value, json};

use crate::provider::reply::{Reply, Surface};
use crate::provider::{Answer, Provider, Recorded, Script};

/// A key made for tests; it opens nothing.
const KEY: &str = include_str!("../../data/service-account.pk8.base64");
/// Whom the account's key belongs to.
const EMAIL: &str = "gateway@double.iam.gserviceaccount.com";
const KEY_ID: &str = "0123456789abcdef";
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// Vertex and its token endpoint.
pub struct Vertex {
    /// The server behind both.
    pub provider: Provider,
    state: Arc<State>,
}

struct State {
    audience: String,
    public_key: Vec<u8>,
    given: Mutex<Vec<String>>,
}

impl Vertex {
    /// Starts both on one port; the models say this.
    pub async fn start(reply: Reply) -> Self {
        let provider = Provider::start().await;
        let pair = RsaKeyPair::from_pkcs8(&der()).expect("the test key is one");
        let state = Arc::new(State {
            audience: format!("{}/token", provider.url()),
            public_key: pair.public_key().as_ref().to_vec(),
            given: Mutex::default(),
        });
        let of_token = Arc::clone(&state);
        provider.on(
            "/token",
            Answer::from_request(move |request| of_token.token(request)),
        );
        let of_models = Arc::clone(&state);
        provider.otherwise(Answer::from_request(move |request| {
            of_models.model(&reply, request)
        }));
        Self { provider, state }
    }

    /// The JSON of an account that the endpoint knows.
    #[must_use]
    pub fn service_account(&self) -> String {
        let key = STANDARD.encode(der());
        let lines: Vec<&str> = key
            .as_bytes()
            .chunks(64)
            .filter_map(|line| std::str::from_utf8(line).ok())
            .collect();
        let label = "PRIVATE KEY";
        let pem = format!(
            "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
            lines.join("\n")
        );
        json!({
            "type": "service_account",
            "project_id": "double-project",
            "private_key_id": KEY_ID,
            "private_key": pem,
            "client_email": EMAIL,
            "client_id": "1",
            "token_uri": self.state.audience,
            "universe_domain": "googleapis.com",
        })
        .to_string()
    }

    /// The tokens given out so far.
    #[must_use]
    pub fn given(&self) -> Vec<String> {
        self.state.given.lock().clone()
    }
}

fn der() -> Vec<u8> {
    let text: String = KEY.split_whitespace().collect();
    STANDARD.decode(text).expect("the test key is base64")
}

impl State {
    fn token(&self, request: &Recorded) -> Script {
        match self.checked(request) {
            Ok(()) => {
                let mut given = self.given.lock();
                let token = format!("ya29.double-{}", given.len() + 1);
                given.push(token.clone());
                Script::json(
                    200,
                    &json!({"access_token": token, "expires_in": 3_600, "token_type": "Bearer"}),
                )
            }
            Err(words) => Script::json(
                400,
                &json!({"error": "invalid_grant", "error_description": words}),
            ),
        }
    }

    /// Form, header, signature and claims of an assertion, as RFC 7523 and the endpoint's own rules want them.
    fn checked(&self, request: &Recorded) -> Result<(), String> {
        let wrong = |what: &str| format!("Invalid JWT: {what}");
        if request.header("content-type") != Some("application/x-www-form-urlencoded") {
            return Err("content-type".to_owned());
        }
        let form = String::from_utf8_lossy(&request.body).into_owned();
        let field = |name: &str| {
            form.split('&')
                .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
                .map(str::to_owned)
                .ok_or_else(|| format!("Missing parameter: {name}"))
        };
        if field("grant_type")? != "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer" {
            return Err("unsupported grant_type".to_owned());
        }
        let assertion = field("assertion")?;
        let parts: Vec<&str> = assertion.split('.').collect();
        let [head, claims, signature] = parts[..] else {
            return Err(wrong("three parts"));
        };
        let bytes = |part: &str| {
            URL_SAFE_NO_PAD
                .decode(part)
                .map_err(|error| wrong(&error.to_string()))
        };
        let value = |part: &str| -> Result<Value, String> {
            serde_json::from_slice(&bytes(part)?).map_err(|error| wrong(&error.to_string()))
        };
        let head = value(head)?;
        if head["alg"] != "RS256" || head["typ"] != "JWT" || head["kid"] != KEY_ID {
            return Err(wrong("header"));
        }
        let signed = assertion.len() - signature.len() - 1;
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.public_key)
            .verify(&assertion.as_bytes()[..signed], &bytes(signature)?)
            .map_err(|_| "Invalid JWT Signature.".to_owned())?;
        let claims = value(claims)?;
        let now = Utc::now().timestamp();
        let (issued, ends) = (claims["iat"].as_i64(), claims["exp"].as_i64());
        let (Some(issued), Some(ends)) = (issued, ends) else {
            return Err(wrong("iat and exp"));
        };
        if claims["iss"] != EMAIL
            || claims["aud"] != self.audience.as_str()
            || claims["scope"] != SCOPE
        {
            return Err(wrong("iss, aud or scope"));
        }
        if (now - issued).abs() > 60 || ends <= now || ends - issued > 3_600 {
            return Err(wrong("Token must be a short-lived token (60 minutes)"));
        }
        Ok(())
    }

    fn model(&self, reply: &Reply, request: &Recorded) -> Script {
        let token = request
            .header("authorization")
            .and_then(|text| text.strip_prefix("Bearer "));
        let known = token.is_some_and(|token| self.given.lock().iter().any(|given| given == token));
        if !known {
            return fault(
                401,
                "UNAUTHENTICATED",
                "Request had invalid authentication credentials.",
            );
        }
        let ours = "/v1/projects/double-project/locations/us-east5/publishers/";
        let below = request.target.strip_prefix(ours).unwrap_or_default();
        if let Some(asked) = below.strip_prefix("google/models/") {
            return gemini(reply, request, asked);
        }
        let Some(asked) = below.strip_prefix("anthropic/models/") else {
            return fault(404, "NOT_FOUND", &request.target);
        };
        let body = request.json();
        if body["anthropic_version"] != "vertex-2023-10-16" {
            return fault(400, "INVALID_ARGUMENT", "anthropic_version: Field required");
        }
        let stream = body["stream"].as_bool().unwrap_or(false);
        match asked.split_once(':') {
            Some(("count-tokens", "rawPredict")) if body["model"].is_string() => {
                Script::json(200, &json!({"input_tokens": 42}))
            }
            Some((_, verb)) if !body["model"].is_null() => fault(
                400,
                "INVALID_ARGUMENT",
                &format!("model: Extra inputs are not permitted ({verb})"),
            ),
            Some((_, "rawPredict")) if !stream => reply.script_as(Surface::Messages, request),
            Some((_, "streamRawPredict")) if stream => reply.script_as(Surface::Messages, request),
            _ => fault(404, "NOT_FOUND", asked),
        }
    }
}

/// Gemini, with the fields of its own API that Vertex does not know.
fn gemini(reply: &Reply, request: &Recorded, asked: &str) -> Script {
    let body = request.json();
    let unknown = |name: &str, place: &str| {
        let words = format!(
            "Invalid JSON payload received. Unknown name \"{name}\" at '{place}': Cannot find field."
        );
        fault(400, "INVALID_ARGUMENT", &words)
    };
    for name in ["generateContentRequest", "serviceTier", "model"] {
        if !body[name].is_null() {
            return unknown(name, "");
        }
    }
    let contents = body["contents"].as_array().into_iter().flatten();
    for part in contents.flat_map(|content| content["parts"].as_array().into_iter().flatten()) {
        for place in ["functionCall", "functionResponse"] {
            if !part[place]["id"].is_null() {
                return unknown("id", place);
            }
        }
    }
    let (method, query) = asked.split_once('?').unwrap_or((asked, ""));
    let method = method.split_once(':').map_or("", |(_, method)| method);
    match (method, query) {
        ("countTokens", "") if !body["toolConfig"].is_null() => unknown("toolConfig", ""),
        ("generateContent" | "countTokens", "") | ("streamGenerateContent", "alt=sse") => {
            reply.script_as(Surface::Gemini, request)
        }
        _ => fault(404, "NOT_FOUND", asked),
    }
}

fn fault(status: u16, kind: &str, words: &str) -> Script {
    Script::json(
        status,
        &json!({"error": {"code": status, "message": words, "status": kind}}),
    )
}
