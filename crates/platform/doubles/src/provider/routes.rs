//! Which script answers which request: what the test set for the path, else a realistic answer of that endpoint.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::json;

use super::record::Recorded;
use super::reply::{Reply, Surface};
use super::script::Script;

/// Something that answers requests.
#[derive(Clone)]
pub struct Answer(Arc<dyn Fn(&Recorded) -> Script + Send + Sync>);

impl Answer {
    /// An answer that depends on the request.
    pub fn from_request(answer: impl Fn(&Recorded) -> Script + Send + Sync + 'static) -> Self {
        Self(Arc::new(answer))
    }
}

impl From<Script> for Answer {
    fn from(script: Script) -> Self {
        Self::from_request(move |_| script.clone())
    }
}

impl From<Reply> for Answer {
    /// The reply in the protocol of the path, streamed where the request asks for it.
    fn from(reply: Reply) -> Self {
        Self::from_request(move |request| reply.script(request))
    }
}

#[derive(Default)]
struct Table {
    always: HashMap<String, Answer>,
    next: HashMap<String, VecDeque<Answer>>,
    otherwise: Option<Answer>,
}

/// The routes of one provider.
#[derive(Default)]
pub(super) struct Routes(Mutex<Table>);

impl Routes {
    pub(super) fn always(&self, path: &str, answer: Answer) {
        self.0.lock().always.insert(path.to_owned(), answer);
    }

    pub(super) fn next(&self, path: &str, answer: Answer) {
        let mut table = self.0.lock();
        let queue = table.next.entry(path.to_owned()).or_default();
        queue.push_back(answer);
    }

    pub(super) fn otherwise(&self, answer: Answer) {
        self.0.lock().otherwise = Some(answer);
    }

    pub(super) fn script(&self, request: &Recorded) -> Script {
        let answer = {
            let mut table = self.0.lock();
            // Gemini's endpoints bear the model in their paths.
            let surface = Surface::of(request.path());
            let path = surface.map_or(request.path(), |surface| surface.path());
            let queued = table.next.get_mut(path);
            let queued = queued.and_then(VecDeque::pop_front);
            queued
                .or_else(|| table.always.get(path).cloned())
                .or_else(|| table.otherwise.clone())
        };
        match answer {
            Some(answer) => answer.0(request),
            None => usual(request),
        }
    }
}

/// What a provider in good health answers.
fn usual(request: &Recorded) -> Script {
    let id = request.path().strip_prefix("/v1/responses/");
    match (request.method.as_str(), request.path(), id) {
        ("POST", "/v1/messages/count_tokens", _) => Script::json(200, &json!({"input_tokens": 42})),
        ("POST", "/v1/responses/input_tokens", _) => Script::json(
            200,
            &json!({"object": "response.input_tokens", "input_tokens": 42}),
        ),
        (
            "POST",
            "/v1/chat/completions" | "/v1/messages" | "/v1/responses" | "/v1/embeddings",
            _,
        ) => Reply::text("Hello from the double.").script(request),
        ("POST", path, _) if Surface::of(path) == Some(Surface::Gemini) => {
            Reply::text("Hello from the double.").script(request)
        }
        ("GET", _, Some(id)) => {
            let mut body = Reply::text("Hello from the double.").responses_body("gpt-5");
            body["id"] = json!(id);
            Script::json(200, &body)
        }
        ("DELETE", _, Some(id)) => Script::json(
            200,
            &json!({"id": id, "object": "response", "deleted": true}),
        ),
        ("POST", _, Some(id)) if id.ends_with("/cancel") => {
            let mut body = Reply::text("").responses_body("gpt-5");
            body["id"] = json!(id.trim_end_matches("/cancel"));
            body["status"] = json!("cancelled");
            Script::json(200, &body)
        }
        ("GET", "/v1/models", _) => Script::json(
            200,
            &json!({"object": "list", "data": [{"id": "double-1", "object": "model", "created": 0, "owned_by": "double"}]}),
        ),
        _ => echo(request),
    }
}

/// The request's own body back, with what else was asked in headers.
fn echo(request: &Recorded) -> Script {
    let kind = request.header("content-type");
    Script::whole(
        200,
        kind.unwrap_or("application/octet-stream"),
        request.body.clone(),
    )
    .header("x-echo-method", &request.method)
    .header("x-echo-target", &request.target)
}
