//! Exact money: integer pico-dollars while counting, nano-dollars in every record.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;

/// Nano-dollars (10⁻⁹ USD): what a call costs, a budget holds, a report sums.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(transparent)]
pub struct Nano(pub i64);

impl Nano {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// Sum that stops at the bounds of the type instead of wrapping.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Add for Nano {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.saturating_add(other)
    }
}

impl AddAssign for Nano {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Nano {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Sum for Nano {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

/// USD as a decimal string without needless zeros: `0.13844`, `0`, `12.5`.
impl fmt::Display for Nano {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Written from its end, one digit after another: every priced answer shows an amount.
        let mut text = [0u8; LONGEST_TEXT];
        let mut start = text.len();
        let mut end = text.len();
        let mut left = self.0.unsigned_abs();
        let mut places = 0;
        while left > 0 || places <= PLACES {
            if places == PLACES {
                start -= 1;
                text[start] = b'.';
            }
            start -= 1;
            text[start] = b'0' + (left % 10) as u8;
            left /= 10;
            places += 1;
        }
        let part = text.len() - PLACES..text.len();
        let needless = text[part].iter().rev().take_while(|digit| **digit == b'0');
        end -= needless.count();
        if end == text.len() - PLACES {
            end -= 1;
        }
        if self.0 < 0 {
            start -= 1;
            text[start] = b'-';
        }
        f.write_str(std::str::from_utf8(&text[start..end]).unwrap_or_default())
    }
}

/// Decimal places of a nano-dollar.
const PLACES: usize = 9;
/// A sign, ten digits of whole dollars, the point and the places.
const LONGEST_TEXT: usize = 1 + 10 + 1 + PLACES;

/// Why a text is no amount of money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a decimal number of US dollars such as \"2.50\", with at most {places} places, got {text:?}"
)]
pub struct InvalidAmount {
    text: String,
    places: u32,
}

/// Reads a non-negative decimal into units of 10^-places.
fn decimal(text: &str, places: u32) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() && part.is_empty() || part.len() > places as usize {
        return None;
    }
    if !whole
        .bytes()
        .chain(part.bytes())
        .all(|b| b.is_ascii_digit())
    {
        return None;
    }
    let scale = 10u64.checked_pow(places)?;
    let whole: u64 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let fraction: u64 = if part.is_empty() {
        0
    } else {
        part.parse::<u64>()
            .ok()?
            .checked_mul(10u64.checked_pow(places - u32::try_from(part.len()).ok()?)?)?
    };
    whole.checked_mul(scale)?.checked_add(fraction)
}

impl FromStr for Nano {
    type Err = InvalidAmount;

    fn from_str(text: &str) -> Result<Self, InvalidAmount> {
        decimal(text, 9)
            .and_then(|nano| i64::try_from(nano).ok())
            .map(Self)
            .ok_or_else(|| InvalidAmount {
                text: text.to_owned(),
                places: 9,
            })
    }
}

/// A price: pico-dollars (10⁻¹² USD) per unit. One USD per million tokens is 1,000,000 of them per token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Pico(pub u64);

impl Pico {
    /// Reads USD per million units: `"4"` is 4,000,000 pico-dollars a token.
    pub fn per_million(text: &str) -> Result<Self, InvalidAmount> {
        decimal(text, 6).map(Self).ok_or_else(|| InvalidAmount {
            text: text.to_owned(),
            places: 6,
        })
    }

    /// Reads USD per thousand units: `"10"` is 10,000,000,000 pico-dollars a call.
    pub fn per_thousand(text: &str) -> Result<Self, InvalidAmount> {
        decimal(text, 9).map(Self).ok_or_else(|| InvalidAmount {
            text: text.to_owned(),
            places: 9,
        })
    }

    /// Reads USD per unit: `"0.01"` is 10,000,000,000 pico-dollars a request.
    pub fn per_unit(text: &str) -> Result<Self, InvalidAmount> {
        decimal(text, 12).map(Self).ok_or_else(|| InvalidAmount {
            text: text.to_owned(),
            places: 12,
        })
    }

    /// USD per million units as a decimal string, the inverse of [`Pico::per_million`].
    #[must_use]
    pub fn to_per_million(self) -> String {
        let (whole, part) = (self.0 / 1_000_000, self.0 % 1_000_000);
        if part == 0 {
            return whole.to_string();
        }
        let digits = format!("{part:06}");
        format!("{whole}.{}", digits.trim_end_matches('0'))
    }
}

/// Rounds a sum of pico-dollars to nano-dollars, half up, once.
#[must_use]
pub fn round_half_up(pico: u128) -> Nano {
    Nano(i64::try_from((pico + 500) / 1_000).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prices_and_amounts_read_exactly() {
        assert_eq!(Pico::per_million("4"), Ok(Pico(4_000_000)));
        assert_eq!(Pico::per_million("0.125"), Ok(Pico(125_000)));
        assert_eq!(Pico::per_million("0.003625"), Ok(Pico(3_625)));
        assert_eq!(Pico::per_thousand("10"), Ok(Pico(10_000_000_000)));
        assert!(Pico::per_million("-1").is_err());
        assert!(Pico::per_million("1e3").is_err());
        assert!(Pico::per_million("0.1234567").is_err());
        assert_eq!("2.5".parse(), Ok(Nano(2_500_000_000)));
        assert!("".parse::<Nano>().is_err());
        assert!(".".parse::<Nano>().is_err());
    }

    #[test]
    fn half_a_nano_goes_up_once() {
        assert_eq!(round_half_up(103_962_500), Nano(103_963));
        assert_eq!(round_half_up(103_962_499), Nano(103_962));
        assert_eq!(round_half_up(0), Nano::ZERO);
    }

    proptest! {
        #[test]
        fn display_and_parse_agree(nano in 0..i64::MAX) {
            let text = Nano(nano).to_string();
            prop_assert_eq!(text.parse::<Nano>(), Ok(Nano(nano)));
            prop_assert!(!text.contains('.') || !text.ends_with(['0', '.']), "{}", text);
            prop_assert_eq!(Nano(-nano).to_string(), if nano == 0 { text } else { format!("-{text}") });
        }

        #[test]
        fn per_million_round_trips(pico in 0..10_000_000_000u64) {
            prop_assert_eq!(Pico::per_million(&Pico(pico).to_per_million()), Ok(Pico(pico)));
        }
    }
}
