//! Answers taken out of the cloud's envelope: an event stream re-framed, a fault and a count of tokens in Anthropic's
//! shape. Everything else passes as it is.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
};
use http::{Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use serde::Deserialize;

use super::bedrock::stream::EventStream;
use super::error;
use crate::transport::{AnswerBody, ExchangeError};

const AMZN_REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const AMZN_ERROR: HeaderName = HeaderName::from_static("x-amzn-errortype");
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// Faults and counts are short; a longer answer is neither and passes as it is.
const MAX_WHOLE_BYTES: usize = 1 << 20;

/// What an answer needs before a caller can read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Nothing.
    Plain,
    /// Its faults in Anthropic's shape.
    Messages,
    /// The same, and its event stream as server-sent events.
    EventStream,
    /// The same, each event under the name that it has there.
    Converse,
    /// The same, and its count of tokens under Anthropic's name.
    TokenCount,
}

impl Framing {
    /// Takes an answer out of its envelope. `provider` is named where a stream cannot be read on; a single event holds at
    /// most `max_event_bytes`.
    #[must_use]
    pub fn undress(
        self,
        answer: Response<AnswerBody>,
        provider: &str,
        max_event_bytes: usize,
    ) -> Response<AnswerBody> {
        if self == Self::Plain {
            return answer;
        }
        let (mut head, body) = answer.into_parts();
        if let Some(id) = head.headers.get(AMZN_REQUEST_ID)
            && !head.headers.contains_key(REQUEST_ID)
        {
            let id = id.clone();
            head.headers.insert(REQUEST_ID, id);
        }
        let turn = if is_encoded(&head.headers) {
            None
        } else if !head.status.is_success() {
            Some(Turn::Fault {
                status: head.status,
                name: text(&head.headers, &AMZN_ERROR).map(str::to_owned),
            })
        } else if self == Self::TokenCount {
            Some(Turn::Count)
        } else if is_event_stream(&head.headers) {
            head.headers.insert(
                CONTENT_TYPE,
                HeaderValue::from_static("text/event-stream; charset=utf-8"),
            );
            Some(Turn::Stream(Stream {
                events: match self {
                    Self::Converse => EventStream::named(max_event_bytes),
                    _ => EventStream::new(max_event_bytes),
                },
                provider: provider.into(),
                out: Vec::new(),
            }))
        } else {
            None
        };
        let Some(turn) = turn else {
            return Response::from_parts(head, body);
        };
        head.headers.remove(CONTENT_LENGTH);
        let undressed = Undressed {
            inner: body,
            turn,
            held: BytesMut::new(),
            over: false,
        };
        Response::from_parts(head, AnswerBody::Cloud(Box::new(undressed)))
    }
}

/// An answer's body on its way out of the envelope.
#[derive(Debug)]
pub struct Undressed {
    inner: AnswerBody,
    turn: Turn,
    /// A whole answer as far as it has come.
    held: BytesMut,
    over: bool,
}

#[derive(Debug)]
enum Turn {
    Stream(Stream),
    Fault {
        status: StatusCode,
        name: Option<String>,
    },
    Count,
    /// It turned out to be something else.
    None,
}

#[derive(Debug)]
struct Stream {
    events: EventStream,
    provider: Box<str>,
    out: Vec<u8>,
}

impl Stream {
    /// The events that a piece makes whole, and whether nothing can follow.
    fn take(&mut self, piece: &[u8]) -> (Bytes, bool) {
        let fault = self.events.push(piece, &mut self.out).err();
        if let Some(fault) = &fault {
            let words = format!(
                "provider {} sent a stream that cannot be read on: {fault}",
                self.provider
            );
            self.out
                .extend_from_slice(error::event("api_error", &words).as_bytes());
        }
        (std::mem::take(&mut self.out).into(), fault.is_some())
    }
}

impl Undressed {
    fn whole(&mut self) -> Bytes {
        let body = std::mem::take(&mut self.held).freeze();
        let turned = match &self.turn {
            Turn::Fault { status, name } => error::body(status.as_u16(), name.as_deref(), &body),
            Turn::Count => count(&body),
            Turn::Stream(_) | Turn::None => None,
        };
        turned.unwrap_or(body)
    }

    /// What a piece lets out.
    fn piece(&mut self, piece: Bytes) -> Bytes {
        match &mut self.turn {
            Turn::Stream(stream) => {
                let (out, over) = stream.take(&piece);
                self.over = over;
                out
            }
            Turn::None => piece,
            Turn::Fault { .. } | Turn::Count => {
                self.held.extend_from_slice(&piece);
                if self.held.len() > MAX_WHOLE_BYTES {
                    self.turn = Turn::None;
                    return std::mem::take(&mut self.held).freeze();
                }
                Bytes::new()
            }
        }
    }
}

impl Body for Undressed {
    type Data = Bytes;
    type Error = ExchangeError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ExchangeError>>> {
        let this = self.get_mut();
        loop {
            if this.over {
                return Poll::Ready(None);
            }
            let out = match ready!(Pin::new(&mut this.inner).poll_frame(cx)) {
                Some(Err(error)) => {
                    this.over = true;
                    return Poll::Ready(Some(Err(error)));
                }
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => this.piece(data),
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                None => {
                    this.over = true;
                    this.whole()
                }
            };
            if !out.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(out))));
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.over
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

fn count(body: &[u8]) -> Option<Bytes> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Counted {
        input_tokens: u64,
    }
    let counted: Counted = serde_json::from_slice(body).ok()?;
    Some(format!("{{\"input_tokens\":{}}}", counted.input_tokens).into())
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn is_encoded(headers: &HeaderMap) -> bool {
    text(headers, &CONTENT_ENCODING).is_some_and(|coding| !coding.eq_ignore_ascii_case("identity"))
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    let kind = text(headers, &CONTENT_TYPE).and_then(|kind| kind.split(';').next());
    kind.is_some_and(|kind| {
        kind.trim()
            .eq_ignore_ascii_case(wire::eventstream::CONTENT_TYPE)
    })
}
