//! Gemini's paths, in which the model and the method stand.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What is written as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// The path of a method for a model, such as `/v1beta/models/gemini-3.8-flash:generateContent`. The model's name may
/// come from a caller: nothing in it leads to another path.
#[must_use]
pub fn path(model: &str, method: &str) -> String {
    let (folder, name) = match model.split_once('/') {
        Some((folder @ ("models" | "tunedModels"), name)) => (folder, name),
        _ => ("models", model),
    };
    let name = utf8_percent_encode(name, PLAIN);
    format!("/v1beta/{folder}/{name}:{method}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_stays_in_its_place() {
        let path = |model| path(model, "generateContent");
        let cases = [
            (
                "gemini-3.8-flash",
                "/v1beta/models/gemini-3.8-flash:generateContent",
            ),
            ("models/gemini-4", "/v1beta/models/gemini-4:generateContent"),
            ("tunedModels/x", "/v1beta/tunedModels/x:generateContent"),
            (
                "a/../b?c:d",
                "/v1beta/models/a%2F..%2Fb%3Fc%3Ad:generateContent",
            ),
        ];
        for (model, expected) in cases {
            assert_eq!(path(model), expected);
        }
    }
}
