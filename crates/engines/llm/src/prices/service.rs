//! Service levels, read from what an answer says of itself: each provider has its own words for them.

use kernel::Reported;

use super::vendor::Vendor;

/// How a call was served, as far as its price goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Standard,
    Batch,
    Flex,
    Fast,
    Ultrafast,
}

impl Service {
    /// The levels that need a price of their own.
    pub(super) const SPECIAL: [Self; 4] = [Self::Batch, Self::Flex, Self::Fast, Self::Ultrafast];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Batch => "batch",
            Self::Flex => "flex",
            Self::Fast => "fast",
            Self::Ultrafast => "ultrafast",
        }
    }

    /// Reads the answer's tier and speed. The flag is true when the words are clear; where they are not (a
    /// commitment contract, a word never seen) the standard price stands and the cost is an estimate.
    pub(super) fn of(reported: &Reported, vendor: Option<Vendor>) -> (Self, bool) {
        let tier = reported.service_tier.as_deref().unwrap_or_default();
        let (tier, clear) = match tier {
            "" | "default" | "auto" | "standard" | "on_demand" | "unspecified" => {
                (Self::Standard, true)
            }
            "batch" => (Self::Batch, true),
            "flex" => (Self::Flex, true),
            // At Anthropic this is a commitment without a public price; elsewhere the old name of fast.
            "priority" if vendor == Some(Vendor::Anthropic) => (Self::Standard, false),
            "priority" | "fast" => (Self::Fast, true),
            "ultrafast" => (Self::Ultrafast, true),
            _ => (Self::Standard, false),
        };
        match reported.speed.as_deref().unwrap_or_default() {
            "" | "standard" => (tier, clear),
            // Fast is never sold with another level: where both stand, the dearer one holds.
            "fast" => (Self::Fast, clear && tier == Self::Standard),
            _ => (tier, false),
        }
    }
}
