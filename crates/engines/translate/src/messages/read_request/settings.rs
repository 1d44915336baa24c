//! Sampling, thinking, structured output and whom the caller acts for.

use serde::Deserialize;

use super::body::{Body, Message, OutputConfig};
use crate::dropped::Dropped;
use crate::json::Text;
use crate::neutral::{Effort, Format, Request, Sampling, Thinking, ThinkingMode};

/// Reads them into the request.
pub(super) fn read<'a>(body: &Body<'a>, request: &mut Request<'a>, dropped: &mut Dropped) {
    request.sampling = Sampling {
        temperature: body.temperature,
        top_p: body.top_p,
        top_k: body.top_k,
        ..Sampling::default()
    };
    request.thinking = thinking(body);
    request.hide_thinking = body
        .thinking
        .as_ref()
        .and_then(|thinking| thinking.display.as_ref())
        .is_some_and(|display| display.is("omitted"));
    if let Some(config) = &body.output_config
        && config.task_budget.is_some()
    {
        dropped.note("output_config.task_budget");
    }
    let format = body.output_config.as_ref().and_then(|c| c.format.as_ref());
    let schema = format
        .or(body.output_format.as_ref())
        .and_then(|f| f.schema);
    request.format = schema.map(|schema| Format::Schema {
        name: None,
        description: None,
        schema,
        strict: Some(true),
    });
    let user = body.metadata.as_ref().and_then(|m| m.user_id.as_ref());
    if let Some(user) = user {
        (request.user, request.cache_key) = identity(user);
    }
}

fn thinking(body: &Body<'_>) -> Thinking {
    let mut thinking = Thinking {
        effort: effort(body.output_config.as_ref()),
        ..Thinking::default()
    };
    if let Some(config) = &body.thinking {
        thinking.budget = config.budget_tokens;
        thinking.mode = match config.r#type.as_ref().map(Text::decoded).as_deref() {
            Some("enabled") => ThinkingMode::On,
            Some("disabled") => ThinkingMode::Off,
            Some("adaptive" | "between_tools") => ThinkingMode::Adaptive,
            _ => ThinkingMode::Unsaid,
        };
    }
    // A system message may set the effort of the turn that it stands in.
    let turn = body.messages.iter().rposition(Message::opens_a_turn);
    let of_turn = body.messages.iter().skip(turn.unwrap_or(0)).rev();
    let of_turn = of_turn.filter_map(|message| effort(message.output_config.as_ref()));
    if let Some(effort) = of_turn.take(1).next() {
        thinking.effort = Some(effort);
    }
    thinking
}

fn effort(config: Option<&OutputConfig<'_>>) -> Option<Effort> {
    Effort::named(&config?.effort.as_ref()?.decoded())
}

/// Who asks, and what belongs together. Claude Code packs both into one string.
fn identity<'a>(user: &Text<'a>) -> (Option<Text<'a>>, Option<Text<'a>>) {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Packed {
        device_id: Option<String>,
        account_uuid: Option<String>,
        session_id: Option<String>,
    }
    let plain = user.decoded();
    if let Ok(packed) = serde_json::from_str::<Packed>(&plain) {
        let known = |id: Option<String>| id.filter(|id| !id.is_empty());
        let user = known(packed.account_uuid).or_else(|| known(packed.device_id));
        return (
            user.map(Text::plain),
            known(packed.session_id).map(Text::plain),
        );
    }
    match plain.split_once("_session_") {
        Some((user, session)) => (
            Some(Text::plain(user.to_owned())),
            Some(Text::plain(session.to_owned())),
        ),
        None => (Some(user.clone()), None),
    }
}
