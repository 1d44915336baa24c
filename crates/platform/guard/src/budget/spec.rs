//! What a budget is, as requests and rows spell it, and how it stands. It counts nothing.

use kernel::{Nano, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Period;

/// One budget of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetSpec {
    /// US dollars a window: a decimal string, or a number, with at most nine places.
    #[serde(
        rename = "amount_usd",
        serialize_with = "usd",
        deserialize_with = "read_usd"
    )]
    pub amount: Nano,
    /// How often it starts anew.
    pub period: Period,
    /// Whether it refuses calls; a soft one only shows that it is used up.
    #[serde(default = "yes")]
    pub hard: bool,
    /// Patterns of the models it counts; empty counts all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
}

const fn yes() -> bool {
    true
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
fn usd<S: Serializer>(amount: &Nano, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(amount)
}

/// A number is read through its shortest decimal form, so that `0.1` is one tenth and not its nearest double.
fn read_usd<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Nano, D::Error> {
    struct Usd;

    impl serde::de::Visitor<'_> for Usd {
        type Value = Nano;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("US dollars as a decimal string such as \"2.50\", or a number")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Nano, E> {
            text.parse().map_err(E::custom)
        }

        fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Nano, E> {
            self.visit_str(&number.to_string())
        }

        fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Nano, E> {
            self.visit_str(&number.to_string())
        }

        fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Nano, E> {
            self.visit_str(&number.to_string())
        }
    }

    deserializer.deserialize_any(Usd)
}

/// What had been spent in one window when the counting began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SpentWindow {
    /// When the window began.
    pub starts_at: Timestamp,
    /// What had been spent in it.
    pub spent: Nano,
}

/// How one budget stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetState {
    /// The budget.
    pub spec: BudgetSpec,
    /// Settled in the current window.
    pub spent: Nano,
    /// Held by calls under way that began in the current window.
    pub reserved: Nano,
    /// When the current window began.
    pub starts_at: Timestamp,
    /// When the next one begins; never for `total`.
    pub resets_at: Option<Timestamp>,
}

impl BudgetState {
    /// Whether all of it is spent or held.
    #[must_use]
    pub fn used_up(&self) -> bool {
        self.spent + self.reserved >= self.spec.amount
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(amount: &str) -> Result<BudgetSpec, serde_json::Error> {
        serde_json::from_str(&format!(r#"{{"amount_usd":{amount},"period":"day"}}"#))
    }

    #[test]
    fn amounts_are_exact_as_text_and_as_number() {
        for text in [r#""0.1""#, "0.1", r#"".10""#] {
            assert_eq!(read(text).unwrap().amount, Nano(100_000_000), "{text}");
        }
        assert_eq!(read("25").unwrap().amount, Nano(25_000_000_000));
        for text in ["-1", "null", r#""ten""#, "1e-12", r#""0.0000000001""#] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read("1").unwrap().hard);
    }

    #[test]
    fn it_is_written_as_decimal_text() {
        let spec = read("2.50").unwrap();
        assert_eq!(
            serde_json::to_string(&spec).unwrap(),
            r#"{"amount_usd":"2.5","period":"day","hard":true}"#
        );
    }
}
