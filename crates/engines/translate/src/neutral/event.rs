//! What happens in a stream, in an order that every writer may count on:
//! `Start`; then text, refusals, reasoning and tool calls, those of different calls mixed as the upstream mixes them,
//! each call with one `ToolStart` and one `ToolEnd`; then `Stop`; then `End`. `Failed` may come at any time, and
//! nothing after it.

use kernel::Reported;
use serde_json::value::RawValue;
use wire::ErrorView;

use super::{Bound, Stop};
use crate::error::TranslateError;
use crate::fault::Fault;
use crate::json::Text;

/// One thing that happened.
#[derive(Debug)]
pub(crate) enum Event<'a> {
    /// The answer has begun. Writers get it once, before everything else but `Failed`; readers tell it where their
    /// upstream does.
    Start {
        id: Option<Text<'a>>,
        model: Option<Text<'a>>,
        created_s: Option<u64>,
    },
    /// More text; never empty.
    Text(Text<'a>),
    /// More of a refusal's words; never empty.
    Refusal(Text<'a>),
    /// More of what the model thinks; never empty.
    Thinking(Text<'a>),
    /// What binds the reasoning before it, which it ends; or reasoning of which nothing can be read.
    Bound(Bound<'a>),
    /// Text or reasoning that follows belongs to another block than what came before.
    Break,
    /// A call begins.
    ToolStart(ToolStart<'a>),
    /// More of a call's input: a piece of its JSON text.
    ToolInput { key: u32, piece: Text<'a> },
    /// A call's input has come whole.
    ToolEnd { key: u32 },
    /// A source of the text before it, as its protocol writes it.
    Annotation(&'a RawValue),
    /// A call or a result of a tool that the provider runs itself, under its own type's name.
    Server(Text<'a>),
    /// Why the answer ends.
    Stop(Stop<'a>),
    /// The upstream ended its stream as its grammar wants; usage is known now if ever.
    End,
    /// The upstream ended its stream with an error.
    Failed(Fault),
}

impl Event<'_> {
    /// A beginning of which nothing is known.
    pub(crate) const START: Self = Self::Start {
        id: None,
        model: None,
        created_s: None,
    };

    /// Whether a part of the answer itself has come: before it another provider may still be asked instead.
    pub(crate) fn is_semantic(&self) -> bool {
        !matches!(
            self,
            Self::Start { .. } | Self::Break | Self::End | Self::Failed(_)
        )
    }
}

/// A tool call's beginning.
#[derive(Debug)]
pub(crate) struct ToolStart<'a> {
    /// Tells the calls of one answer apart; 0, 1, 2 … in the order of their beginnings.
    pub key: u32,
    /// Empty where the upstream gave none.
    pub id: Text<'a>,
    /// As the upstream knows it.
    pub name: Text<'a>,
    /// Gemini signs calls.
    pub signature: Option<Bound<'a>>,
}

/// Where a reader puts its events.
pub(crate) type Emit<'e> = dyn FnMut(Event<'_>) -> Result<(), TranslateError> + 'e;

/// Reads an upstream's stream.
pub(crate) trait EventReader: Send + Sync {
    /// Takes one event as it was sent; `data` is never empty.
    fn event(
        &mut self,
        name: Option<&[u8]>,
        data: &str,
        emit: &mut Emit<'_>,
    ) -> Result<(), TranslateError>;

    /// The connection has ended where it may: emits what is missing of `Stop` and `End`.
    fn end(&mut self, emit: &mut Emit<'_>) -> Result<(), TranslateError>;
}

/// Writes a caller's stream. Whatever it is told, it writes whole events of one grammar, in order.
pub(crate) trait EventWriter: Send + Sync {
    /// Takes one event. `reported` is what the upstream has said of itself so far, usage included.
    fn event(
        &mut self,
        event: Event<'_>,
        reported: &Reported,
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError>;

    /// Ends the stream as failed.
    fn fail(&mut self, error: &ErrorView<'_>, out: &mut Vec<u8>);

    /// A sign of life that clients ignore.
    fn keep_alive(&self, out: &mut Vec<u8>);

    /// Signatures of tool calls for which the caller's protocol has no place, since it was last asked.
    fn take_signatures(&mut self) -> Vec<(String, String)> {
        Vec::new()
    }
}
