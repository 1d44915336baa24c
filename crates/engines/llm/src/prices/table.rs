//! Prices as people write them: in settings, in the book's file and in `/v1/models/capabilities`, all under one set
//! of names. Nothing is checked here beyond names and types; `compile` does the rest.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::bucket::{BUCKETS, Bucket};

/// A decimal number as it was written: `"0.125"`, or a bare number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal(pub String);

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

struct DecimalVisitor;

impl Visitor<'_> for DecimalVisitor {
    type Value = Decimal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a decimal number such as \"2.50\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Decimal, E> {
        Ok(Decimal(text.to_owned()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Decimal, E> {
        Ok(Decimal(number.to_string()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Decimal, E> {
        Ok(Decimal(number.to_string()))
    }

    // The shortest text that reads back as this number is what was written, for any price that one would write.
    fn visit_f64<E: Error>(self, number: f64) -> Result<Decimal, E> {
        Ok(Decimal(number.to_string()))
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DecimalVisitor)
    }
}

/// Declares a table of prices: the twelve token classes and what else it may hold.
macro_rules! price_table {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $kind,)*
            /// Fresh input. All token prices are in USD per million.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub input: Option<Decimal>,
            /// Input read from the provider's cache; without it, cached input costs as input.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub cache_read: Option<Decimal>,
            /// Input written to a cache for five minutes.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub cache_write_5m: Option<Decimal>,
            /// Input written to a cache for an hour.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub cache_write_1h: Option<Decimal>,
            /// Input written to a cache for thirty minutes.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub cache_write_30m: Option<Decimal>,
            /// Input written to a cache for twelve hours.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub cache_write_12h: Option<Decimal>,
            /// Fresh audio input; without it as input.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub audio_in: Option<Decimal>,
            /// Fresh image input; without it as input.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub image_in: Option<Decimal>,
            /// Output.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub output: Option<Decimal>,
            /// Reasoning; without it as output.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub reasoning: Option<Decimal>,
            /// Audio output; without it as output.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub audio_out: Option<Decimal>,
            /// Image output; without it as output.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub image_out: Option<Decimal>,
        }

        impl $name {
            pub(super) const fn tokens(&self) -> [Option<&Decimal>; BUCKETS] {
                [
                    self.input.as_ref(),
                    self.cache_read.as_ref(),
                    self.cache_write_5m.as_ref(),
                    self.cache_write_1h.as_ref(),
                    self.cache_write_30m.as_ref(),
                    self.cache_write_12h.as_ref(),
                    self.audio_in.as_ref(),
                    self.image_in.as_ref(),
                    self.output.as_ref(),
                    self.reasoning.as_ref(),
                    self.audio_out.as_ref(),
                    self.image_out.as_ref(),
                ]
            }

            pub(super) const fn slot(&mut self, bucket: Bucket) -> &mut Option<Decimal> {
                match bucket {
                    Bucket::Input => &mut self.input,
                    Bucket::CacheRead => &mut self.cache_read,
                    Bucket::CacheWrite5m => &mut self.cache_write_5m,
                    Bucket::CacheWrite1h => &mut self.cache_write_1h,
                    Bucket::CacheWrite30m => &mut self.cache_write_30m,
                    Bucket::CacheWrite12h => &mut self.cache_write_12h,
                    Bucket::AudioIn => &mut self.audio_in,
                    Bucket::ImageIn => &mut self.image_in,
                    Bucket::Output => &mut self.output,
                    Bucket::Reasoning => &mut self.reasoning,
                    Bucket::AudioOut => &mut self.audio_out,
                    Bucket::ImageOut => &mut self.image_out,
                }
            }
        }
    };
}

price_table! {
    /// The price of a model over a stretch of time: `[[models]] price = { … }`.
    RateTable {
        /// The first day or instant of this price (`2026-12-01` or RFC 3339); none: since ever.
        #[serde(skip_serializing_if = "Option::is_none")]
        valid_from: Option<String>,
        /// The first day or instant after it; none: until further notice.
        #[serde(skip_serializing_if = "Option::is_none")]
        valid_to: Option<String>,
        /// USD per 1,000 web searches (or grounding queries).
        #[serde(skip_serializing_if = "Option::is_none")]
        web_search: Option<Decimal>,
        /// Input tokens that each web search adds beside what the answer counts.
        #[serde(skip_serializing_if = "Option::is_none")]
        web_search_input_tokens: Option<u64>,
        /// USD per 1,000 file searches.
        #[serde(skip_serializing_if = "Option::is_none")]
        file_search: Option<Decimal>,
        /// USD per request.
        #[serde(skip_serializing_if = "Option::is_none")]
        request: Option<Decimal>,
        /// Cached audio, where it costs other than cached text.
        #[serde(skip_serializing_if = "Option::is_none")]
        audio_cache_read: Option<Decimal>,
        /// Cached images, where they cost other than cached text.
        #[serde(skip_serializing_if = "Option::is_none")]
        image_cache_read: Option<Decimal>,
        /// Prices of larger requests, by size.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tiers: Vec<TierTable>,
        /// Prices of other service levels.
        #[serde(skip_serializing_if = "ServiceTable::is_empty")]
        service: ServiceTable,
        /// Prices by the place of inference.
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        regions: BTreeMap<String, Variation>,
        /// Prices at other times of the day or week; the first that fits holds.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        hours: Vec<HourTable>,
    }
}

price_table! {
    /// What a request costs whole once its input, all classes together, is strictly greater than `above`.
    TierTable {
        /// The bound, in tokens.
        above: u64,
    }
}

price_table! {
    /// The price at certain times, in UTC.
    HourTable {
        /// `mon` to `sun`; none: every day.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        days: Vec<String>,
        /// From this time of day on, `HH:MM`; none: 00:00.
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// Until before this time of day, up to `24:00`; none: 24:00.
        #[serde(skip_serializing_if = "Option::is_none")]
        to: Option<String>,
        /// Only on the public holidays of this calendar of the book (`china`).
        #[serde(skip_serializing_if = "Option::is_none")]
        holidays: Option<String>,
        /// Multiplies every price instead of naming them.
        #[serde(skip_serializing_if = "Option::is_none")]
        multiplier: Option<Decimal>,
        /// Prices of larger requests at these times.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tiers: Vec<TierTable>,
    }
}

price_table! {
    /// Prices that differ by service level or region.
    VariationTable {
        /// Multiplies every price instead of naming them.
        #[serde(skip_serializing_if = "Option::is_none")]
        multiplier: Option<Decimal>,
        /// Prices of larger requests; a size that has a tier at the standard level but none here is not sold.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tiers: Vec<TierTable>,
    }
}

/// Service levels besides the standard one. A level that is not named is not sold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServiceTable {
    /// Answers within a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<Variation>,
    /// Slower answers for less.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flex: Option<Variation>,
    /// Faster answers for more; "priority" at some providers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fast: Option<Variation>,
    /// The fastest level of some OpenAI models.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ultrafast: Option<Variation>,
}

impl ServiceTable {
    pub(super) const fn is_empty(&self) -> bool {
        self.batch.is_none()
            && self.flex.is_none()
            && self.fast.is_none()
            && self.ultrafast.is_none()
    }
}

/// A multiplier (`"0.5"`) or a table of prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Variation {
    /// Multiplies every class of every tier.
    Multiplier(Decimal),
    /// Prices one by one.
    Table(Box<VariationTable>),
}

impl Serialize for Variation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Multiplier(multiplier) => multiplier.serialize(serializer),
            Self::Table(table) => table.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Variation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct VariationVisitor;

        impl<'de> Visitor<'de> for VariationVisitor {
            type Value = Variation;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a multiplier such as \"0.5\" or a table of prices")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Variation, E> {
                DecimalVisitor.visit_str(text).map(Variation::Multiplier)
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Variation, E> {
                DecimalVisitor.visit_u64(number).map(Variation::Multiplier)
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Variation, E> {
                DecimalVisitor.visit_i64(number).map(Variation::Multiplier)
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Variation, E> {
                DecimalVisitor.visit_f64(number).map(Variation::Multiplier)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Variation, A::Error> {
                VariationTable::deserialize(MapAccessDeserializer::new(map))
                    .map(|table| Variation::Table(Box::new(table)))
            }
        }

        deserializer.deserialize_any(VariationVisitor)
    }
}
