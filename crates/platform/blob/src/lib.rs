//! Objects outside the row store: captured payloads and exports.
