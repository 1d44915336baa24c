//! The write-ahead file every call is recorded in, and its passage into the store.
