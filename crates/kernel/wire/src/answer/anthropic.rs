//! Anthropic's message object.

use kernel::Reported;
use kernel::tokens::Refusal;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::lenient::{List, Object, Text};
use crate::usage::anthropic::AnthropicUsage;

/// A message, whole or as `message_start` brings it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Message {
    pub id: Text,
    pub model: Text,
    pub usage: Object<AnthropicUsage>,
    content: List<IgnoredAny>,
    stop_reason: Text,
    stop_details: Object<StopDetails>,
}

/// Why a message ended: in the message, or in the `delta` of `message_delta`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Stop {
    stop_reason: Text,
    stop_details: Object<StopDetails>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StopDetails {
    category: Text,
}

impl Stop {
    /// Writes the reason into the report, where there is one.
    pub(crate) fn report(self, has_content: bool, reported: &mut Reported) {
        let Some(reason) = self.stop_reason.0 else {
            return;
        };
        if reason == "refusal" {
            reported.refusal = Some(Refusal {
                category: self.stop_details.0.unwrap_or_default().category.0,
                before_output: !has_content,
            });
        }
        reported.stop_reason = Some(reason);
    }
}

impl Message {
    pub(super) fn report(self) -> Reported {
        let mut reported = Reported {
            response_id: self.id.0,
            model: self.model.0,
            ..Reported::default()
        };
        if let Some(usage) = self.usage.as_ref() {
            usage.report(&mut reported);
        }
        let has_content = self
            .content
            .as_ref()
            .is_some_and(|content| !content.is_empty());
        let stop = Stop {
            stop_reason: self.stop_reason,
            stop_details: self.stop_details,
        };
        stop.report(has_content, &mut reported);
        reported
    }
}
