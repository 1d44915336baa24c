//! What becomes of the fields of a chat request that fare alike over every upstream.

use crate::fields::{Field, mapped};

pub(crate) const FIELDS: &[Field] = &[
    mapped(
        "stream_options.include_obfuscation",
        "nothing: no padding is added",
    ),
    mapped("max_tokens", "as `max_completion_tokens`"),
];
