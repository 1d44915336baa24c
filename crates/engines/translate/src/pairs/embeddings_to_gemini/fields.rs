//! What becomes of each field of an embeddings request that goes to Gemini.

use crate::fields::{Field, carried, mapped};

pub(super) const FIELDS: &[Field] = &[
    mapped("model", "the route's own model id"),
    mapped(
        "input",
        "one of `requests` for each text; token ids are refused, because they are OpenAI's own",
    ),
    carried(
        "dimensions",
        "`outputDimensionality`; older models do not scale a shortened vector to length 1",
    ),
    mapped(
        "encoding_format",
        "`base64`: the vectors are packed as OpenAI packs them",
    ),
    mapped("user", "nothing"),
];
