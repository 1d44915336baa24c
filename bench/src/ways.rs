//! The ways through the gateway: what the caller speaks and what the provider behind speaks.

use crate::fixture::Surface;
use crate::load::Options;

/// One way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// What the caller speaks.
    pub caller: Surface,
    /// What the provider speaks.
    pub upstream: Surface,
}

/// Every caller over every provider of another protocol. Chat over Responses is no way of its own: whoever speaks
/// Responses speaks chat, too, and is then called without translation.
pub const TRANSLATED: [Way; 8] = [
    way(Surface::Messages, Surface::Chat),
    way(Surface::Messages, Surface::Responses),
    way(Surface::Messages, Surface::Gemini),
    way(Surface::Chat, Surface::Messages),
    way(Surface::Chat, Surface::Gemini),
    way(Surface::Responses, Surface::Chat),
    way(Surface::Responses, Surface::Messages),
    way(Surface::Responses, Surface::Gemini),
];

/// The surfaces that callers speak, each passed through.
pub const PASSED_THROUGH: [Way; 3] = [
    way(Surface::Chat, Surface::Chat),
    way(Surface::Messages, Surface::Messages),
    way(Surface::Responses, Surface::Responses),
];

const fn way(caller: Surface, upstream: Surface) -> Way {
    Way { caller, upstream }
}

impl Way {
    /// The name in reports.
    pub fn name(self) -> String {
        if self.is_translated() {
            format!("{} over {}", self.caller.as_str(), self.upstream.as_str())
        } else {
            format!("{} passed through", self.caller.as_str())
        }
    }

    /// Whether the two differ.
    pub fn is_translated(self) -> bool {
        self.caller != self.upstream
    }

    /// Whether its caller is the same as another's.
    pub fn has_caller_of(self, other: Self) -> bool {
        self.caller == other.caller
    }

    /// That load on this way; the gateway has the settings of [`crate::gateway::Settings::every_way`].
    pub fn load(self, load: &Options) -> Options {
        Options {
            surface: self.caller,
            model: self.is_translated().then(|| model_over(self.upstream)),
            translated: self.is_translated(),
            ..load.clone()
        }
    }
}

/// The model id that leads to a provider of that protocol, whatever the caller speaks.
pub fn model_over(upstream: Surface) -> String {
    format!("over-{}", upstream.as_str())
}

/// Whether a load failed because the gateway has no such way, which older ones have not.
pub fn is_unserved(error: &anyhow::Error) -> bool {
    format!("{error:#}").contains("could be translated to")
}
