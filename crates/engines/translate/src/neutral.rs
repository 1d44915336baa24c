//! The model in the middle: whatever any protocol can say has a place here, and nothing here knows a protocol.
//! Sides read into it and write out of it; what a side cannot write it names in `Dropped`.

mod answer;
mod conversation;
mod event;
mod part;
mod reasoning;
mod request;
mod schema;
mod settings;
mod tool;
mod turns;

pub(crate) use answer::{Answer, Calls, Stop, StopReason};
pub(crate) use conversation::Conversation;
pub(crate) use event::{Emit, Event, EventReader, EventWriter, ToolStart};
pub(crate) use part::{
    Cache, Input, Media, Part, Source, TextPart, ToolCall, ToolResult, data_url,
};
pub(crate) use reasoning::{Bind, Bound, Reasoning};
pub(crate) use request::{Request, Role, Turn};
pub(crate) use schema::is_closed_schema;
pub(crate) use settings::{Effort, Format, Sampling, Thinking, ThinkingMode};
pub(crate) use tool::{Tool, ToolChoice, ToolKind};
pub(crate) use turns::{Keep, settle};
