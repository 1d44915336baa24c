//! OpenAI's answer objects: chat completions, embeddings, responses.

use kernel::Reported;
use kernel::tokens::ServerTools;
use serde::Deserialize;

use crate::lenient::{Count, List, Object, Text};
use crate::usage::openai::OpenAiUsage;

/// A chat completion or a list of embeddings.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ChatAnswer {
    id: Text,
    model: Text,
    service_tier: Text,
    usage: Object<OpenAiUsage>,
    choices: List<Object<Choice>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Choice {
    finish_reason: Text,
}

impl ChatAnswer {
    pub(super) fn report(self) -> Reported {
        let last = self.choices.0.and_then(|mut choices| choices.pop());
        Reported {
            response_id: self.id.0,
            model: self.model.0,
            usage: self.usage.as_ref().and_then(OpenAiUsage::buckets),
            service_tier: self.service_tier.0,
            stop_reason: last
                .and_then(|choice| choice.0)
                .and_then(|choice| choice.finish_reason.0),
            ..Reported::default()
        }
    }
}

/// A response, whole or as the events of its stream bring it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct ResponseObject {
    id: Text,
    model: Text,
    pub created_at: Count,
    status: Text,
    service_tier: Text,
    usage: Object<OpenAiUsage>,
    incomplete_details: Object<IncompleteDetails>,
    output: List<Object<OutputItem>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct IncompleteDetails {
    reason: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OutputItem {
    r#type: Text,
    action: Object<Action>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Action {
    r#type: Text,
}

impl ResponseObject {
    /// Writes what this object knows into the report; what it does not know stays.
    pub(crate) fn report(self, reported: &mut Reported) {
        set(&mut reported.response_id, self.id);
        set(&mut reported.model, self.model);
        set(&mut reported.service_tier, self.service_tier);
        if let Some(usage) = self.usage.as_ref().and_then(OpenAiUsage::buckets) {
            reported.usage = Some(usage);
        }
        let running = matches!(self.status.0.as_deref(), Some("queued" | "in_progress"));
        if !running {
            let reason = self.incomplete_details.0.unwrap_or_default().reason;
            set(&mut reported.stop_reason, self.status);
            set(&mut reported.stop_reason, reason);
        }
        let mut tools = ServerTools::default();
        for item in self.output.0.iter().flatten().filter_map(Object::as_ref) {
            let action = item
                .action
                .as_ref()
                .and_then(|action| action.r#type.0.as_deref());
            count_tool(
                &mut tools,
                item.r#type.0.as_deref().unwrap_or_default(),
                action,
            );
        }
        if tools != ServerTools::default() {
            reported.tools = tools;
        }
    }
}

fn set(known: &mut Option<String>, newer: Text) {
    if newer.0.is_some() {
        *known = newer.0;
    }
}

/// Counts an output item that is a use of a server-side tool. Of web search only searches are charged, not the pages
/// opened or searched afterwards.
pub(crate) fn count_tool(tools: &mut ServerTools, kind: &str, action: Option<&str>) {
    match kind {
        "web_search_call" => match action {
            None | Some("search") => tools.web_search += 1,
            Some(_) => tools.web_fetch += 1,
        },
        "file_search_call" => tools.file_search += 1,
        "code_interpreter_call" => tools.code_execution += 1,
        _ => {}
    }
}
