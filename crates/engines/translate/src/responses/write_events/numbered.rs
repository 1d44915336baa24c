//! Events one after the other, each with its number. Deltas are the bulk of every stream, so they are written without
//! any detour.

use kernel::Kind;
use wire::{ErrorShape, ErrorView, error_body};

use crate::json::{Object, Text};
use crate::responses::envelope::response_id;
use crate::state::PairState;

/// Where events go.
pub(super) struct Numbered<'n> {
    next: &'n mut u64,
    out: &'n mut Vec<u8>,
}

/// Where a delta belongs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'p> {
    pub item_id: &'p str,
    pub output_index: u64,
    /// The key of the index within the item, where there is one, and that index.
    pub part: Option<(&'static str, u64)>,
}

impl Place<'_> {
    pub(super) fn write(&self, event: &mut Object<'_>) {
        event.str("item_id", self.item_id);
        event.number("output_index", self.output_index);
        if let Some((key, index)) = self.part {
            event.number(key, index);
        }
    }
}

impl<'n> Numbered<'n> {
    pub(super) fn new(next: &'n mut u64, out: &'n mut Vec<u8>) -> Self {
        Self { next, out }
    }

    /// The same, for a while.
    pub(super) fn again(&mut self) -> Numbered<'_> {
        Numbered {
            next: self.next,
            out: self.out,
        }
    }

    /// Writes one event whose data bears its name as `type`.
    pub(super) fn event(&mut self, name: &'static str, write: impl FnOnce(&mut Object<'_>)) {
        self.name(name);
        {
            let mut object = Object::new(self.out);
            object.str("type", name);
            object.number("sequence_number", *self.next);
            write(&mut object);
        }
        *self.next += 1;
        self.out.extend_from_slice(b"\n\n");
    }

    /// Writes one event about a part of an item.
    pub(super) fn of_part(
        &mut self,
        name: &'static str,
        place: Place<'_>,
        write: impl FnOnce(&mut Object<'_>),
    ) {
        self.event(name, |event| {
            place.write(event);
            write(event);
        });
    }

    /// Writes one event that begins or ends an item.
    pub(super) fn of_item(
        &mut self,
        name: &'static str,
        output_index: u64,
        write: impl FnOnce(&mut Object<'_>),
    ) {
        self.event(name, |event| {
            event.number("output_index", output_index);
            write(&mut event.object("item"));
        });
    }

    /// Writes a piece of something; `tail` is what its event holds beside, as JSON that begins with a comma.
    pub(super) fn delta(
        &mut self,
        name: &'static str,
        place: Place<'_>,
        piece: &Text<'_>,
        tail: &[u8],
    ) {
        self.out.reserve(piece.len() + 256);
        self.name(name);
        self.out.extend_from_slice(b"{\"type\":\"");
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\",\"sequence_number\":");
        let mut digits = itoa::Buffer::new();
        self.out
            .extend_from_slice(digits.format(*self.next).as_bytes());
        self.out.extend_from_slice(b",\"item_id\":\"");
        self.out.extend_from_slice(place.item_id.as_bytes());
        self.out.extend_from_slice(b"\",\"output_index\":");
        self.out
            .extend_from_slice(digits.format(place.output_index).as_bytes());
        if let Some((key, index)) = place.part {
            self.out.extend_from_slice(b",\"");
            self.out.extend_from_slice(key.as_bytes());
            self.out.extend_from_slice(b"\":");
            self.out.extend_from_slice(digits.format(index).as_bytes());
        }
        self.out.extend_from_slice(b",\"delta\":\"");
        piece.write(self.out);
        self.out.push(b'"');
        self.out.extend_from_slice(tail);
        self.out.extend_from_slice(b"}\n\n");
        *self.next += 1;
    }

    /// Ends the stream as failed. Codex takes `response.failed` for a failure and nothing else; the SDKs raise for any
    /// event with an `error` at its top level and pass `response.failed` on as data. So it is the one event with the
    /// other's key.
    pub(super) fn failure(
        &mut self,
        state: &PairState,
        model: Option<&Text<'_>>,
        created_s: u64,
        error: &ErrorView<'_>,
    ) {
        self.event("response.failed", |event| {
            {
                let mut response = event.object("response");
                response.str("id", &response_id(state));
                response.str("object", "response");
                response.number("created_at", created_s);
                response.str("status", "failed");
                {
                    let mut inside = response.object("error");
                    inside.str("code", code(error));
                    inside.str("message", error.message);
                }
                response.null("incomplete_details");
                match model {
                    Some(model) => response.text("model", model),
                    None => response.str("model", &state.model),
                }
                drop(response.array("output"));
                response.flag("parallel_tool_calls", true);
                response.str("tool_choice", "auto");
                drop(response.array("tools"));
                response.null("usage");
            }
            let body = error_body(ErrorShape::OpenAi, error);
            let inside = body
                .strip_prefix(br#"{"error":"#)
                .and_then(|rest| rest.strip_suffix(b"}"));
            event
                .value("error")
                .extend_from_slice(inside.unwrap_or(b"{}"));
        });
    }

    fn name(&mut self, name: &str) {
        self.out.extend_from_slice(b"event: ");
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\ndata: ");
    }
}

/// The code by which Codex decides whether trying again makes sense.
fn code<'e>(error: &ErrorView<'e>) -> &'e str {
    match error.kind {
        _ if error.code == "context_length_exceeded" => error.code,
        Kind::RateLimited => "rate_limit_exceeded",
        Kind::BudgetExhausted => "insufficient_quota",
        Kind::Invalid | Kind::NotSupported | Kind::TooLarge => "invalid_prompt",
        _ => "server_error",
    }
}
