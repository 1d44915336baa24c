//! What is counted of a call, and along which lines it is summed. No queries, no protocol.

mod lots;

use facts::{CallClosed, Surface};
use kernel::{KeyId, Nano, OrgId, ProjectId};

pub(crate) use lots::{Lot, Row, gather, rollups};

/// Longest text of a caller's making that stands in a column; the record itself keeps the whole.
const COLUMN_CHARS: usize = 200;
/// No real call comes near these; beyond them one bad count would run a sum over and stop every later delivery.
const MOST_TOKENS: u64 = 1_000_000_000_000;
const MOST_NANO: i64 = 1_000_000_000_000_000;
const MOST_MICROS: u64 = 1_000_000_000_000;

macro_rules! sums {
    ($($(#[$doc:meta])* $field:ident = $column:literal;)*) => {
        /// Totals over calls. Token counts are disjoint: a token stands in exactly one of the five.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct Sums {
            $($(#[$doc])* pub $field: i64,)*
        }

        impl Sums {
            /// The columns, in the order of [`Sums::values`].
            pub(crate) const COLUMNS: &'static [&'static str] = &[$($column),*];

            /// The values, in the order of [`Sums::COLUMNS`].
            pub(crate) const fn values(&self) -> [i64; Self::COLUMNS.len()] {
                [$(self.$field),*]
            }

            /// The inverse of [`Sums::values`].
            pub(crate) const fn from_values(values: &[i64; Self::COLUMNS.len()]) -> Self {
                let [$($field),*] = *values;
                Self { $($field),* }
            }
        }
    };
}

sums! {
    /// Calls that ended.
    calls = "calls";
    /// Those that ended in an error; a client that left is none.
    errors = "errors";
    /// Fresh input: neither read from a cache nor written to one.
    input_tokens = "input_tokens";
    /// Output without reasoning.
    output_tokens = "output_tokens";
    /// Reasoning output.
    reasoning_tokens = "reasoning_tokens";
    /// Input read from the provider's cache.
    cache_read_tokens = "cache_read_tokens";
    /// Input written to the provider's cache, whatever its time to live.
    cache_write_tokens = "cache_write_tokens";
    /// Calls with a count that was estimated.
    estimated_calls = "estimated_calls";
    /// Calls without a known price.
    unpriced_calls = "unpriced_calls";
    /// Nano-dollars spent here.
    cost_nano = "cost_nano";
    /// Nano-dollars at list price that the provider bills to the caller's own subscription.
    client_cost_nano = "client_cost_nano";
    /// Microseconds from admission to end.
    duration_us = "duration_us";
    /// Microseconds from admission to the first byte, over the calls that had one.
    first_byte_us = "first_byte_us";
    /// Calls that had a first byte.
    first_byte_calls = "first_byte_calls";
    /// The longest call in microseconds.
    max_duration_us = "max_duration_us";
}

/// The one column that is no sum.
pub(crate) const MAX_COLUMN: &str = "max_duration_us";

fn count(number: u64, most: u64) -> i64 {
    i64::try_from(number.min(most)).unwrap_or(i64::MAX)
}

impl Sums {
    /// One call.
    #[must_use]
    pub fn of(call: &CallClosed) -> Self {
        let usage = &call.usage;
        let tokens = |number| count(number, MOST_TOKENS);
        let nano = call.cost.nano_usd.0.clamp(-MOST_NANO, MOST_NANO);
        let (own, client) = if call.cost.billed_by_client {
            (0, nano)
        } else {
            (nano, 0)
        };
        let duration = count(call.duration_us, MOST_MICROS);
        Self {
            calls: 1,
            errors: i64::from(call.status.is_error()),
            input_tokens: tokens(
                usage
                    .input
                    .saturating_add(usage.audio_in)
                    .saturating_add(usage.image_in),
            ),
            output_tokens: tokens(
                usage
                    .output
                    .saturating_add(usage.audio_out)
                    .saturating_add(usage.image_out),
            ),
            reasoning_tokens: tokens(usage.reasoning),
            cache_read_tokens: tokens(usage.cache_read),
            cache_write_tokens: tokens(
                usage
                    .cache_write_5m
                    .saturating_add(usage.cache_write_1h)
                    .saturating_add(usage.cache_write_30m)
                    .saturating_add(usage.cache_write_12h),
            ),
            estimated_calls: i64::from(call.cost.estimated),
            unpriced_calls: i64::from(call.cost.unpriced),
            cost_nano: own,
            client_cost_nano: client,
            duration_us: duration,
            first_byte_us: count(call.first_byte_us.unwrap_or(0), MOST_MICROS),
            first_byte_calls: i64::from(call.first_byte_us.is_some()),
            max_duration_us: duration,
        }
    }

    /// Adds another total to this one.
    pub fn add(&mut self, other: &Self) {
        let longest = self.max_duration_us.max(other.max_duration_us);
        *self = self.zip(other, i64::saturating_add);
        self.max_duration_us = longest;
    }

    /// What is left of this total once a part of it is taken out; the longest call stays that of the whole.
    #[must_use]
    pub fn without(&self, part: &Self) -> Self {
        let longest = self.max_duration_us;
        let mut rest = self.zip(part, i64::saturating_sub);
        rest.max_duration_us = longest;
        rest
    }

    fn zip(&self, other: &Self, both: impl Fn(i64, i64) -> i64) -> Self {
        let (mut values, others) = (self.values(), other.values());
        for (value, other) in values.iter_mut().zip(others) {
            *value = both(*value, other);
        }
        Self::from_values(&values)
    }

    /// Money spent here.
    #[must_use]
    pub const fn cost(&self) -> Nano {
        Nano(self.cost_nano)
    }
}

/// Which row of `usage_rollups` a call falls into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct RollupKey<'a> {
    pub(crate) bucket: i64,
    pub(crate) org: OrgId,
    pub(crate) project: ProjectId,
    pub(crate) key: KeyId,
    pub(crate) requested_model: &'a str,
    pub(crate) model: &'a str,
    pub(crate) provider: &'a str,
    pub(crate) surface: Surface,
}

impl<'a> RollupKey<'a> {
    pub(crate) fn of(call: &'a CallClosed) -> Self {
        Self {
            bucket: call.started_at.quarter_hour().micros(),
            org: call.org,
            project: call.project,
            key: call.key,
            requested_model: cut(&call.requested_model),
            model: cut(&call.model),
            provider: cut(&call.provider),
            surface: call.surface,
        }
    }

    /// The order in which rows are locked.
    pub(crate) fn order(&self) -> impl Ord + '_ {
        (
            (self.org, self.bucket, self.project, self.key),
            (self.requested_model, self.model, self.provider),
            self.surface.as_str(),
        )
    }
}

/// Which row of `usage_tag_rollups` a call falls into, for one of its tags.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct TagRollupKey<'a> {
    pub(crate) bucket: i64,
    pub(crate) org: OrgId,
    pub(crate) tag: &'a str,
    pub(crate) value: &'a str,
    pub(crate) project: ProjectId,
    pub(crate) model: &'a str,
    pub(crate) provider: &'a str,
}

impl<'a> TagRollupKey<'a> {
    pub(crate) fn all(call: &'a CallClosed) -> impl Iterator<Item = Self> + 'a {
        call.tags.iter().map(|(tag, value)| Self {
            bucket: call.started_at.quarter_hour().micros(),
            org: call.org,
            tag: cut(tag),
            value: cut(value),
            project: call.project,
            model: cut(&call.model),
            provider: cut(&call.provider),
        })
    }

    /// The order in which rows are locked.
    pub(crate) fn order(&self) -> impl Ord + '_ {
        (
            (self.org, self.tag, self.bucket, self.value),
            (self.project, self.model, self.provider),
        )
    }
}

/// The part of a caller's text that a column takes. PostgreSQL bounds what an index holds and refuses NUL outright; one
/// such text must not hold up the delivery of every call after it, so it is cut there.
pub(crate) fn cut(text: &str) -> &str {
    let end = text.bytes().position(|byte| byte == 0);
    let text = end.map_or(text, |end| &text[..end]);
    if text.len() <= COLUMN_CHARS {
        return text;
    }
    text.char_indices()
        .nth(COLUMN_CHARS)
        .map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_take_only_what_both_databases_hold() {
        assert_eq!(cut("plain"), "plain");
        assert_eq!(cut("a\0b"), "a");
        assert_eq!(cut(&"é".repeat(500)).chars().count(), COLUMN_CHARS);
    }

    #[test]
    fn taking_out_a_part_leaves_the_rest() {
        let part = Sums {
            calls: 1,
            cost_nano: 5,
            max_duration_us: 7,
            ..Sums::default()
        };
        let mut whole = part;
        whole.add(&Sums {
            calls: 2,
            max_duration_us: 9,
            ..Sums::default()
        });
        assert_eq!(whole.max_duration_us, 9);
        assert_eq!(whole.without(&part).calls, 2);
        assert_eq!(whole.without(&part).cost_nano, 0);
    }
}
