//! The model gateway: surfaces, pass-through, money and the journal behind every call.
