//! Which call a piece belongs to. The protocol says: by its index, with id and name in the first piece. Servers say:
//! by id, by order, or all of them at index 0.

use crate::chat::message::{Call, Function};
use crate::error::TranslateError;
use crate::json::Text;
use crate::neutral::{Emit, Event, ToolStart};

/// More calls than this in one answer are a runaway.
const MAX_CALLS: usize = 512;
/// A name that has not come after this much input never comes.
const MAX_NAMELESS_BYTES: usize = 64 << 10;

/// The calls of one answer.
#[derive(Debug, Default)]
pub(super) struct Calls {
    known: Vec<Known>,
    /// How many have been told of.
    started: u32,
}

#[derive(Debug)]
struct Known {
    index: Option<u32>,
    id: String,
    /// Given once its name is known.
    key: Option<u32>,
    /// Input that came before the name, escaped.
    held: String,
}

impl Calls {
    /// A piece of a call.
    pub(super) fn piece(
        &mut self,
        call: &Call<'_>,
        emit: &mut Emit<'_>,
    ) -> Result<(), TranslateError> {
        let id = call.id.as_ref().filter(|id| !id.is_empty());
        let place = self.place(call.index, id, call.name().is_some())?;
        let known = &mut self.known[place];
        if let (Some(id), true) = (id, known.id.is_empty()) {
            known.id = id.decoded().into_owned();
        }
        if let (Some(name), None) = (call.name(), known.key) {
            let key = self.started;
            self.started += 1;
            known.key = Some(key);
            emit(Event::ToolStart(ToolStart {
                key,
                id: Text::plain(known.id.as_str()),
                name,
                signature: call.signature(),
            }))?;
            let held = std::mem::take(&mut known.held);
            if !held.is_empty() {
                let piece = Text::Raw(&held);
                emit(Event::ToolInput { key, piece })?;
            }
        }
        let Some(piece) = call.input() else {
            return Ok(());
        };
        let Some(key) = known.key else {
            known.held.push_str(&piece.escaped());
            return if known.held.len() > MAX_NAMELESS_BYTES {
                Err(TranslateError::BufferFull {
                    what: "tool calls without a name",
                    limit_bytes: MAX_NAMELESS_BYTES,
                })
            } else {
                Ok(())
            };
        };
        emit(Event::ToolInput { key, piece })
    }

    /// A piece of the one call that the oldest servers make.
    pub(super) fn only(
        &mut self,
        function: &Function<'_>,
        emit: &mut Emit<'_>,
    ) -> Result<(), TranslateError> {
        let call = Call {
            index: Some(0),
            function: Some(Function {
                name: function.name.clone(),
                arguments: function.arguments,
            }),
            ..Call::default()
        };
        self.piece(&call, emit)
    }

    /// All of them have come whole.
    pub(super) fn end(&mut self, emit: &mut Emit<'_>) -> Result<(), TranslateError> {
        for key in 0..self.started {
            emit(Event::ToolEnd { key })?;
        }
        Ok(())
    }

    /// The call's place among the known ones; a new one where it is none of them.
    fn place(
        &mut self,
        index: Option<u32>,
        id: Option<&Text<'_>>,
        named: bool,
    ) -> Result<usize, TranslateError> {
        let same_id = |known: &Known| match id {
            // Whoever repeats a call's index with another id and a name means another call.
            Some(id) => known.id.is_empty() || *id.decoded() == *known.id || !named,
            None => true,
        };
        let found = match (index, id) {
            (Some(index), _) => self
                .known
                .iter()
                .rposition(|known| known.index == Some(index))
                .filter(|place| same_id(&self.known[*place])),
            (None, Some(id)) => {
                let id = id.decoded();
                self.known.iter().rposition(|known| *known.id == *id)
            }
            (None, None) if named => None,
            (None, None) => self.known.len().checked_sub(1),
        };
        if let Some(place) = found {
            return Ok(place);
        }
        if self.known.len() == MAX_CALLS {
            return Err(TranslateError::TooManyCalls(MAX_CALLS));
        }
        self.known.push(Known {
            index,
            id: String::new(),
            key: None,
            held: String::new(),
        });
        Ok(self.known.len() - 1)
    }
}
