//! The price book: what each model costs, when, and how a call is billed from what its answer says.
