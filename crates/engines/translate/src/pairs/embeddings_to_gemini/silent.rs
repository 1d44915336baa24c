//! A writer for a protocol that has no streams: it ends what nobody should have begun.

use kernel::Reported;
use wire::{ErrorView, Protocol, error_body};

use crate::error::TranslateError;
use crate::neutral::{Event, EventWriter};

/// Writes nothing but an end.
pub(super) struct Silent;

impl EventWriter for Silent {
    fn event(
        &mut self,
        event: Event<'_>,
        _reported: &Reported,
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError> {
        match event {
            Event::End => out.extend_from_slice(b"data: [DONE]\n\n"),
            Event::Failed(fault) => {
                fault.show(Protocol::Embeddings, "", |view| self.fail(view, out));
            }
            _ => {}
        }
        Ok(())
    }

    fn fail(&mut self, error: &ErrorView<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(&error_body(Protocol::Embeddings.error_shape(), error));
        out.extend_from_slice(b"\n\n");
    }

    fn keep_alive(&self, _out: &mut Vec<u8>) {}
}
