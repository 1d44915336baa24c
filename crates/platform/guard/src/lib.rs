//! Limits, budgets, breakers and concurrency bounds, decided in memory.
