//! One item at a time, whatever comes in which order.
