//! A refusal, for the caller.

use std::fmt;

use kernel::{Failure, Kind, Nano, Timestamp};

use super::Period;

/// A call or a further step refused by a hard budget.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct BudgetExceeded {
    /// Which of the key's budgets, counted from 0.
    pub index: usize,
    /// Its amount.
    pub amount: Nano,
    /// Its period.
    pub period: Period,
    /// Settled in the window.
    pub spent: Nano,
    /// Held by calls under way.
    pub reserved: Nano,
    /// What was asked for.
    pub asked: Nano,
    /// What the call would have held in all.
    pub call: Nano,
    /// When the next window begins; never for `total`.
    pub resets_at: Option<Timestamp>,
    /// Seconds from the refused step until then.
    pub resets_in_s: Option<u64>,
}

impl BudgetExceeded {
    /// The call would not fit into an untouched window either, so that waiting does not help.
    fn never_fits(&self) -> bool {
        self.call > self.amount
    }
}

impl fmt::Display for BudgetExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "budgets[{}] of {} USD ", self.index, self.amount)?;
        match self.period {
            Period::Total => f.write_str("in total ")?,
            period => write!(f, "per {} ", period.as_str())?,
        }
        if self.never_fits() {
            return write!(
                f,
                "is less than this call alone may cost, {} USD; send a smaller max_tokens or raise amount_usd",
                self.call
            );
        }
        write!(
            f,
            "is used up: {} spent, {} held by calls under way, {} asked for; raise amount_usd",
            self.spent, self.reserved, self.asked
        )?;
        match self.resets_at {
            Some(at) => write!(f, " or wait until {at}"),
            None => Ok(()),
        }
    }
}

impl Failure for BudgetExceeded {
    fn kind(&self) -> Kind {
        Kind::BudgetExhausted
    }

    fn code(&self) -> &'static str {
        "BUDGET_EXHAUSTED"
    }

    fn retry_after_s(&self) -> Option<u64> {
        self.resets_in_s.filter(|_| !self.never_fits())
    }

    fn details(&self) -> Option<serde_json::Value> {
        Some(serde_json::json!({
            "budget": format!("budgets[{}]", self.index),
            "amount_usd": self.amount.to_string(),
            "period": self.period.as_str(),
            "spent_usd": self.spent.to_string(),
            "reserved_usd": self.reserved.to_string(),
            "asked_usd": self.asked.to_string(),
            "resets_at": self.resets_at.map(|at| at.to_string()),
        }))
    }
}
