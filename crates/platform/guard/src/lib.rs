//! Limits, budgets, breakers and concurrency bounds, decided in memory in well under a microsecond.
//! It knows no store, no protocol and no transport: who loads and saves these is the rooms' business.

pub mod breaker;
pub mod budget;
pub mod bulkhead;
pub mod caller;
pub mod glob;
pub mod limits;

pub use breaker::{
    Breaker, BreakerOpen, BreakerSettings, BreakerSnapshot, BreakerState, Breakers, CooledModel,
    Pass, Verdict,
};
pub use budget::{
    BudgetExceeded, BudgetSpec, BudgetState, Budgets, Period, Reservation, SpentWindow,
};
pub use bulkhead::{Bulkhead, Overloaded, Slot};
pub use caller::{Caller, ModelAllow};
pub use glob::Glob;
pub use limits::{Admission, Gauge, KeyLimits, LimitExceeded, LimitState, Limits};
