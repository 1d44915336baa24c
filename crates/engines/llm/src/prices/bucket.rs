//! The token classes that have a price of their own, one for each bucket of `kernel::Usage`.

use kernel::Usage;

/// One class of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bucket {
    Input,
    CacheRead,
    CacheWrite5m,
    CacheWrite1h,
    CacheWrite30m,
    CacheWrite12h,
    AudioIn,
    ImageIn,
    Output,
    Reasoning,
    AudioOut,
    ImageOut,
}

/// How many classes there are.
pub(super) const BUCKETS: usize = 12;

impl Bucket {
    /// All classes, in the order of every array of rates here.
    pub(super) const ALL: [Self; BUCKETS] = [
        Self::Input,
        Self::CacheRead,
        Self::CacheWrite5m,
        Self::CacheWrite1h,
        Self::CacheWrite30m,
        Self::CacheWrite12h,
        Self::AudioIn,
        Self::ImageIn,
        Self::Output,
        Self::Reasoning,
        Self::AudioOut,
        Self::ImageOut,
    ];

    /// The name in settings, the price book and price lines.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::CacheRead => "cache_read",
            Self::CacheWrite5m => "cache_write_5m",
            Self::CacheWrite1h => "cache_write_1h",
            Self::CacheWrite30m => "cache_write_30m",
            Self::CacheWrite12h => "cache_write_12h",
            Self::AudioIn => "audio_in",
            Self::ImageIn => "image_in",
            Self::Output => "output",
            Self::Reasoning => "reasoning",
            Self::AudioOut => "audio_out",
            Self::ImageOut => "image_out",
        }
    }

    /// The class whose price holds where this one has none: who sells no cached price charges cached input as
    /// input, reasoning is output. `None` for the two that every price must name.
    pub(super) const fn falls_back_to(self) -> Option<Self> {
        match self {
            Self::Input | Self::Output => None,
            Self::CacheRead
            | Self::CacheWrite5m
            | Self::CacheWrite30m
            | Self::AudioIn
            | Self::ImageIn => Some(Self::Input),
            Self::CacheWrite1h => Some(Self::CacheWrite5m),
            Self::CacheWrite12h => Some(Self::CacheWrite30m),
            Self::Reasoning | Self::AudioOut | Self::ImageOut => Some(Self::Output),
        }
    }

    /// The count of this class.
    pub(super) const fn of(self, usage: &Usage) -> u64 {
        match self {
            Self::Input => usage.input,
            Self::CacheRead => usage.cache_read,
            Self::CacheWrite5m => usage.cache_write_5m,
            Self::CacheWrite1h => usage.cache_write_1h,
            Self::CacheWrite30m => usage.cache_write_30m,
            Self::CacheWrite12h => usage.cache_write_12h,
            Self::AudioIn => usage.audio_in,
            Self::ImageIn => usage.image_in,
            Self::Output => usage.output,
            Self::Reasoning => usage.reasoning,
            Self::AudioOut => usage.audio_out,
            Self::ImageOut => usage.image_out,
        }
    }
}
